//! From the bytes of an answer to series, rules and alerts. What one entry lacks or has too much
//! costs that entry, not the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::model::kubernetes::Meta;
use crate::model::slo::Alert;
use crate::model::{Name, SourceId, Uid};
use crate::systems::ingest::plain;
use crate::text::Safe;

/// Where a group does not tell its own: Prometheus' default.
pub const INTERVAL: Duration = Duration::from_mins(1);
/// What a span that is told may be.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

pub type Labels = BTreeMap<String, String>;

/// A series of an answer: one point of an instant query, many of a range query. Seconds, and values
/// that may be NaN and infinite.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: Labels,
    pub points: Vec<(f64, f64)>,
}

impl Series {
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.points.last().map(|point| point.1)
    }
}

/// What a query was answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    pub series: Vec<Series>,
    /// `warnings`: some of the data could not be had, so the figures are a lower bound.
    pub warning: Option<Safe>,
    /// Entries that are no series of numbers: native histograms, odd ones.
    pub left_out: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default)]
    status: String,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

fn odd(why: &str) -> Safe {
    crate::safe!(
        "the answer is not what Prometheus sends: {}; is something else there? check its address",
        Safe::line(why)
    )
}

/// The `data` of an answer, and its warnings.
fn open(body: &[u8]) -> Result<(Value, Option<Safe>), Safe> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| odd(&plain(&error, body)))?;
    match (envelope.status.as_str(), envelope.error) {
        // A list is taken for the fields in their order.
        ("success", _) if body.trim_ascii_start().starts_with(b"{") => {}
        (_, Some(error)) => {
            let kind = envelope.error_type.filter(|kind| !kind.is_empty());
            let kind = kind.map_or_else(|| Safe::of(""), |kind| crate::safe!(" ({})", Safe::line(&kind)));
            return Err(crate::safe!("Prometheus says: {}{}; look at its log", Safe::line(&error), kind));
        }
        ("error", None) => return Err(Safe::of("Prometheus tells of an error without a word; look at its log")),
        (_, None) => return Err(odd("it does not say that it is a success")),
    }
    let warning = envelope.warnings.filter(|words| !words.is_empty()).map(|words| Safe::line(&words.join("; ")));
    Ok((envelope.data, warning))
}

/// The answer of `/query` and `/query_range`.
pub fn told(body: &[u8]) -> Result<Told, Safe> {
    let (mut data, warning) = open(body)?;
    let kind = data.get("resultType").and_then(Value::as_str).unwrap_or_default().to_owned();
    let result = data.get_mut("result").map(Value::take).unwrap_or_default();
    let mut told = Told { warning, ..Told::default() };
    match (kind.as_str(), result) {
        ("scalar", pair) => match point(&pair) {
            Some(point) => told.series.push(Series { labels: Labels::new(), points: vec![point] }),
            None => told.left_out += 1,
        },
        ("vector" | "matrix", Value::Array(entries)) => {
            for entry in entries {
                match series(&entry) {
                    Some(series) => told.series.push(series),
                    None => told.left_out += 1,
                }
            }
        }
        (other, _) => {
            return Err(crate::safe!("the answer has the type \"{}\", which is no series", Safe::line(other)));
        }
    }
    Ok(told)
}

fn series(entry: &Value) -> Option<Series> {
    let labels = entry.get("metric")?.as_object()?;
    let labels = labels.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    // A native histogram has `histogram(s)` here instead.
    let points = match (entry.get("value"), entry.get("values").and_then(Value::as_array)) {
        (Some(pair), _) => vec![point(pair)?],
        (None, Some(pairs)) => pairs.iter().filter_map(point).collect(),
        (None, None) => return None,
    };
    Some(Series { labels, points })
}

/// `[<seconds>, "<value>"]`; the value may be `"NaN"`, `"+Inf"`, `"-Inf"`, `"1e+00"`.
fn point(pair: &Value) -> Option<(f64, f64)> {
    let [time, value] = pair.as_array()?.as_slice() else { return None };
    Some((time.as_f64()?, value.as_str()?.parse().ok()?))
}

/// A time in seconds as Prometheus writes it.
#[must_use]
pub fn time(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

/// A span that is told in seconds. `None`: no time at all, infinite, or more than ten years; nobody
/// means those, and not all of them are a [`Duration`].
#[must_use]
pub fn span(seconds: f64) -> Option<Duration> {
    let found = Duration::try_from_secs_f64(seconds).ok()?;
    (SHORTEST..=LONGEST).contains(&found).then_some(found)
}

/// A rule of `/rules`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub name: String,
    pub query: String,
    /// Those that the rule adds.
    pub labels: Labels,
    pub alerting: bool,
    /// Between two evaluations of its group.
    pub interval: Duration,
    /// `lastError`, when the last evaluation failed.
    pub error: Option<Safe>,
}

/// A list that an answer has to have: without it nothing is known, which is not that there is nothing.
fn list<'a>(data: &'a Value, key: &'static str) -> Result<&'a [Value], Safe> {
    let found = data.get(key).and_then(Value::as_array);
    found.map(Vec::as_slice).ok_or_else(|| crate::safe!("the answer is not what Prometheus sends: no list of {}", key))
}

/// The answer of `/rules`, and its warning: some are missing then.
pub fn rules(body: &[u8]) -> Result<(Vec<Rule>, Option<Safe>), Safe> {
    let (data, warning) = open(body)?;
    let mut rules = Vec::new();
    for group in list(&data, "groups")? {
        let interval = group.get("interval").and_then(Value::as_f64).and_then(span);
        let listed = group.get("rules").and_then(Value::as_array).into_iter().flatten();
        rules.extend(listed.filter_map(|entry| rule(entry, interval.unwrap_or(INTERVAL))));
    }
    Ok((rules, warning))
}

fn rule(entry: &Value, interval: Duration) -> Option<Rule> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    Some(Rule {
        name: text("name")?.to_owned(),
        query: text("query")?.to_owned(),
        labels: labels(entry.get("labels")),
        alerting: text("type") == Some("alerting"),
        interval,
        error: text("lastError").filter(|words| !words.is_empty()).map(Safe::line),
    })
}

fn labels(of: Option<&Value>) -> Labels {
    let listed = of.and_then(Value::as_object).into_iter().flatten();
    listed.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// What `/alerts` was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    pub alerts: Vec<Alert>,
    /// How many could not be read.
    pub left_out: u64,
    /// Some are missing.
    pub warning: Option<Safe>,
}

/// The answer of `/alerts`.
pub fn alerts(source: SourceId, body: &[u8]) -> Result<Alerts, Safe> {
    let (data, warning) = open(body)?;
    let entries = list(&data, "alerts")?;
    let alerts: Vec<Alert> = entries.iter().filter_map(|entry| alert(source, entry)).collect();
    let left_out = (entries.len() - alerts.len()) as u64;
    Ok(Alerts { alerts, left_out, warning })
}

fn alert(source: SourceId, entry: &Value) -> Option<Alert> {
    let found = labels(entry.get("labels"));
    let annotations = labels(entry.get("annotations"));
    let label = |name: &str| found.get(name).map_or("", String::as_str);
    let name = found.get("alertname")?;
    let namespace = [label("namespace"), label("sloth_service"), label("service")];
    let namespace = namespace.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let severity = [label("severity"), label("sloth_severity")].into_iter().find(|text| !text.is_empty());
    let summary = ["summary", "description", "message"].iter().find_map(|key| annotations.get(*key));
    let uid: Vec<String> = found.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    Some(Alert {
        meta: meta(source, namespace, name, &uid.join(",")),
        firing: entry.get("state").and_then(Value::as_str) == Some("firing"),
        severity: Safe::line(severity.unwrap_or_default()),
        since: entry
            .get("activeAt")
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok())
            .filter(|time: &Timestamp| time.as_second() >= 0),
        summary: Safe::line(summary.map_or("", String::as_str)),
        slo: found.get("sloth_id").map(|id| Safe::line(id)),
        labels: found.iter().map(|(name, value)| (Safe::line(name), Safe::line(value))).collect(),
    })
}

/// What has no version and no owner.
#[must_use]
pub fn meta(cluster: SourceId, namespace: &str, name: &str, uid: &str) -> Meta {
    Meta {
        cluster,
        namespace: Name::new(namespace),
        name: Name::new(name),
        uid: Uid::new(cluster, uid),
        resource_version: Arc::from(""),
        generation: 0,
        created: None,
        deleting: None,
        owner: None,
    }
}
