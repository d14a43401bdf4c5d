//! The lists: rules with their state, alerts, series, labels. An alert is what its expression says.

use std::collections::BTreeSet;

use jiff::Timestamp;
use promql_parser::parser::{Expr, VectorSelector};
use serde_json::{Value, json};

use super::encode;
use super::eval::{Eval, Sample};
use super::labels::Labels;
use super::params::Params;
use super::rules::{INTERVAL, Rule};
use super::snapshot::{Snapshot, matches};
use super::{Failure, Good, truncate};

/// An alert that is active is not followed further back than this many evaluations.
const LONGEST: i64 = 14 * 2_880;

pub(super) fn alerts(snapshot: &Snapshot, now: i64) -> String {
    let alerting = snapshot.rules.all.iter().filter(|rule| rule.summary.is_some());
    let alerts: Vec<Value> = alerting.flat_map(|rule| active(snapshot, rule, now)).collect();
    json!({ "alerts": alerts }).to_string()
}

/// The alerts of a rule as they are now.
fn active(snapshot: &Snapshot, rule: &Rule, now: i64) -> Vec<Value> {
    let tick = now.div_euclid(INTERVAL);
    let firing = |tick: i64| -> Vec<Sample> {
        Eval::instant(snapshot, tick * INTERVAL, now).vector(&rule.expr, tick * INTERVAL).unwrap_or_default()
    };
    let alert = |sample: Sample| {
        let of = |labels: &Labels| labels.nameless();
        let mine = of(&sample.labels);
        let fires = |tick: i64| firing(tick).iter().any(|other| of(&other.labels) == mine);
        let labels = mine.clone().over(&rule.labels).over(&Labels::of(&[("alertname", &rule.name)]));
        json!({
            "labels": encode::labels(&labels),
            "annotations": { "summary": rule.summary },
            "state": "firing",
            "activeAt": time(since(tick, fires) * INTERVAL),
            "value": encode::exponent(sample.value),
        })
    };
    firing(tick).into_iter().map(alert).collect()
}

/// The evaluation from which on it fires: back in growing steps, then the place between two of them.
fn since(tick: i64, fires: impl Fn(i64) -> bool) -> i64 {
    let (mut good, mut step) = (tick, 1);
    while tick - good < LONGEST && fires(good - step) {
        good -= step;
        step *= 2;
    }
    let mut bad = good - step;
    while good - bad > 1 {
        let middle = i64::midpoint(bad, good);
        if fires(middle) { good = middle } else { bad = middle }
    }
    good
}

fn time(at: i64) -> String {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

pub(super) fn rules(snapshot: &Snapshot, params: &Params, now: i64) -> String {
    let kind = params.get("type");
    let wanted = |rule: &&Rule| match kind {
        Some("alert") => rule.summary.is_some(),
        Some("record") => rule.summary.is_none(),
        _ => true,
    };
    let names: Vec<&str> = params.all("rule_name[]").collect();
    let groups: Vec<&str> = params.all("rule_group[]").collect();
    let last = time(now.div_euclid(INTERVAL) * INTERVAL);
    let mut out = Vec::new();
    for (name, range) in &snapshot.rules.groups {
        let named = |rule: &&Rule| names.is_empty() || names.contains(&&*rule.name);
        if !groups.is_empty() && !groups.contains(&name.as_str()) {
            continue;
        }
        let rules: Vec<Value> = snapshot.rules.all[range.clone()]
            .iter()
            .filter(wanted)
            .filter(named)
            .map(|rule| written(snapshot, rule, now, &last))
            .collect();
        if rules.is_empty() {
            continue;
        }
        out.push(json!({
            "name": name, "file": "/etc/prometheus/slos.yaml", "interval": INTERVAL / 1_000, "limit": 0,
            "evaluationTime": 0.000_7, "lastEvaluation": last, "rules": rules,
        }));
    }
    json!({ "groups": out }).to_string()
}

fn written(snapshot: &Snapshot, rule: &Rule, now: i64, last: &str) -> Value {
    let mut value = json!({
        "name": &*rule.name, "query": rule.query, "labels": encode::labels(&rule.labels), "health": "ok",
        "evaluationTime": 0.000_2, "lastEvaluation": last, "type": "recording",
    });
    if rule.summary.is_some() {
        let alerts = active(snapshot, rule, now);
        value["type"] = "alerting".into();
        value["state"] = if alerts.is_empty() { "inactive" } else { "firing" }.into();
        value["duration"] = 0.into();
        value["keepFiringFor"] = 0.into();
        value["annotations"] = json!({ "summary": rule.summary });
        value["alerts"] = alerts.into();
    }
    value
}

/// The labels of everything: of counters and of what rules record.
fn known(snapshot: &Snapshot) -> Vec<Labels> {
    let recording = snapshot.rules.all.iter().filter(|rule| rule.summary.is_none());
    let counters = snapshot.series.iter().map(|series| series.labels.clone());
    counters.chain(recording.map(|rule| rule.written.clone())).collect()
}

/// What `match[]` asks for; parse errors in Prometheus' words.
fn selectors(params: &Params) -> Result<Vec<VectorSelector>, Failure> {
    let wrong = |error: &str| Failure::parameter("match[]", format!("1:1: parse error: {error}"));
    let one = |text| match promql_parser::parser::parse(text) {
        Ok(Expr::VectorSelector(selector)) => Ok(selector),
        Ok(_) => Err(wrong("unexpected expression, a series selector is wanted")),
        Err(error) => Err(wrong(&error)),
    };
    params.all("match[]").map(one).collect()
}

/// The labels of what one of the selectors selects and has a sample since `start`.
fn selected(
    snapshot: &Snapshot,
    params: &Params,
    selectors: &[VectorSelector],
    now: i64,
) -> Result<Vec<Labels>, Failure> {
    let start = params.time("start")?.unwrap_or(i64::MIN);
    let gone = |labels: &Labels| {
        let of = snapshot.series.iter().find(|series| series.labels == *labels);
        of.is_some_and(|series| series.life.to < start.min(now))
    };
    let wanted =
        |labels: &Labels| selectors.iter().any(|it| matches(&it.matchers, it.name.as_deref(), labels)) && !gone(labels);
    Ok(known(snapshot).into_iter().filter(wanted).collect())
}

/// A list, cut as `limit` says.
fn list(mut found: Vec<Value>, params: &Params) -> Good {
    let mut warnings = Vec::new();
    truncate(&mut found, params, &mut warnings);
    Good { data: Value::from(found).to_string(), warnings }
}

pub(super) fn series(snapshot: &Snapshot, params: &Params, now: i64) -> Result<Good, Failure> {
    let selectors = selectors(params)?;
    if selectors.is_empty() {
        return Err(Failure::bad_data("no match[] parameter provided"));
    }
    let found = selected(snapshot, params, &selectors, now)?;
    Ok(list(found.iter().map(encode::labels).collect(), params))
}

/// Those that the lists of labels look at: all, or what `match[]` selects.
fn looked_at(snapshot: &Snapshot, params: &Params, now: i64) -> Result<Vec<Labels>, Failure> {
    let selectors = selectors(params)?;
    if selectors.is_empty() { Ok(known(snapshot)) } else { selected(snapshot, params, &selectors, now) }
}

pub(super) fn labels(snapshot: &Snapshot, params: &Params, now: i64) -> Result<Good, Failure> {
    let all = looked_at(snapshot, params, now)?;
    let names: BTreeSet<&str> = all.iter().flat_map(Labels::pairs).map(|(name, _)| name).collect();
    Ok(list(names.into_iter().map(Value::from).collect(), params))
}

pub(super) fn values(snapshot: &Snapshot, name: &str, params: &Params, now: i64) -> Result<Good, Failure> {
    let all = looked_at(snapshot, params, now)?;
    let values: BTreeSet<&str> = all.iter().map(|labels| labels.get(name)).filter(|value| !value.is_empty()).collect();
    Ok(list(values.into_iter().map(Value::from).collect(), params))
}
