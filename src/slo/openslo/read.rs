//! An SLO document becomes an [`ObjectiveSpec`].

use std::sync::Arc;
use std::time::Duration;

use super::tree::Node;
use super::words::{billionths, is_true, keys, required, span, unknown};
use super::{File, quote};
use crate::model::Name;
use crate::model::slo::{Budgeting, BurnSeverity, Calendar, Indicator, Objective, ObjectiveSpec, ThresholdOp};
use crate::slo::{budget, events};
use crate::text::Safe;

const WINDOW: &str = "{{.window}}";
const DAY: Duration = Duration::from_hours(24);

pub(super) fn objective<'a>(file: &mut File<'a>, document: &'a Node) -> Option<ObjectiveSpec> {
    let before = file.problems.iter().filter(|problem| !problem.warning).count();
    let id = document.get("metadata")?.get("name")?.word()?.to_owned();
    let Some(spec) = document.get("spec") else {
        file.tell(document.at, "spec is missing");
        return None;
    };
    keys(
        file,
        spec,
        &[
            "description",
            "service",
            "indicator",
            "indicatorRef",
            "timeWindow",
            "budgetingMethod",
            "objectives",
            "alertPolicies",
        ],
    );
    let service = required(file, spec, "service").and_then(Node::word).map(Safe::identity);
    let window = window(file, spec);
    let objective = first_objective(file, spec);
    let (target, budgeting, threshold) = match objective {
        Some(node) => (target(file, node), budgeting(file, spec, node), threshold(file, node)),
        None => (None, None, None),
    };
    let indicator = indicator(file, spec, threshold, budgeting);
    let policies = target.map(|target| policies(file, spec, target)).unwrap_or_default();
    let after = file.problems.iter().filter(|problem| !problem.warning).count();
    if after > before {
        return None;
    }
    let (window, window_text, calendar) = window?;
    Some(ObjectiveSpec {
        id: Name::new(&id),
        service: service?,
        objective: target?,
        window,
        window_text,
        calendar,
        indicator: indicator?,
        budgeting: budgeting?,
        policies,
    })
}

fn window(file: &mut File<'_>, spec: &Node) -> Option<(Duration, Safe, Option<Calendar>)> {
    let Some(windows) = spec.get("timeWindow") else {
        file.tell(spec.at, "timeWindow is missing");
        return None;
    };
    let [only] = windows.items() else {
        file.tell(windows.at, "exactly one timeWindow is expected");
        return None;
    };
    keys(file, only, &["duration", "isRolling", "calendar"]);
    let node = required(file, only, "duration")?;
    let found = span(file, node);
    if let Some(found) = found.filter(|found| *found < DAY) {
        let minutes = node.word().is_some_and(|word| word.ends_with('m'));
        let hint = if minutes { ": m is minutes, M months" } else { "" };
        file.warn(node.at, format!("a window of {} s is shorter than a day{hint}", found.as_secs()));
    }
    let calendar = only.get("calendar");
    let rolling = only.get("isRolling").map_or(calendar.is_none(), |node| is_true(Some(node)));
    let calendar = match (rolling, calendar) {
        (true, Some(calendar)) => {
            file.tell(calendar.at, "a rolling window has no calendar");
            None
        }
        (true, None) => None,
        (false, None) => {
            file.tell(only.at, "a window that does not roll needs a calendar with startTime and timeZone");
            None
        }
        (false, Some(calendar)) => {
            keys(file, calendar, &["startTime", "timeZone"]);
            period(file, node, calendar)
        }
    };
    Some((found?, Safe::identity(node.word()?), calendar))
}

/// The period of a calendar: all of it must be known, or the window would silently roll.
fn period(file: &mut File<'_>, length: &Node, calendar: &Node) -> Option<Calendar> {
    keys(file, calendar, &["startTime", "timeZone"]);
    if length.word().is_some_and(|word| word.ends_with(['s', 'm', 'h'])) {
        file.hint(length.at, "a calendar has no periods of hours or less", "write d, w, M (months), Q or Y");
    }
    let mut known = |key: &str, what: &str, hint: &str, is: fn(&str) -> bool| {
        let node = required(file, calendar, key)?;
        let word = node.word()?;
        if !is(word) {
            file.hint(node.at, format!("\"{}\" is no {what}", quote(word)), hint);
        }
        Some(Arc::from(word))
    };
    let start = known("startTime", "time", "write it as 2026-01-01 00:00:00", |word| events::start(word).is_some());
    let zone = known("timeZone", "time zone", "a name of the IANA list, as Europe/Madrid", events::is_zone);
    start.zip(zone).map(|(start, zone)| Calendar { start, zone })
}

/// The first one gates; the others are only shown, and not here.
fn first_objective<'a>(file: &mut File<'_>, spec: &'a Node) -> Option<&'a Node> {
    let objectives = spec.get("objectives").map(Node::items).unwrap_or_default();
    for objective in objectives {
        keys(
            file,
            objective,
            &[
                "displayName",
                "op",
                "value",
                "target",
                "targetPercent",
                "timeSliceTarget",
                "timeSliceWindow",
                "compositeWeight",
                "indicator",
                "indicatorRef",
            ],
        );
    }
    if objectives.is_empty() {
        file.tell(spec.at, "objectives is missing");
    }
    objectives.first()
}

fn target(file: &mut File<'_>, node: &Node) -> Option<Objective> {
    let (value, parsed) = match (node.get("target"), node.get("targetPercent")) {
        (Some(ratio), None) => (ratio, budget::of_ratio(ratio.word().unwrap_or_default())),
        (None, Some(percent)) => (percent, budget::of_percent(percent.word().unwrap_or_default())),
        (Some(_), Some(second)) => {
            file.tell(second.at, "target and targetPercent exclude each other");
            return None;
        }
        (None, None) => {
            file.tell(node.at, "target or targetPercent is missing");
            return None;
        }
    };
    match parsed {
        Ok(objective) => Some(objective),
        Err(error) => {
            file.tell(value.at, format!("\"{}\": {error}", quote(value.word().unwrap_or_default())));
            None
        }
    }
}

fn budgeting(file: &mut File<'_>, spec: &Node, objective: &Node) -> Option<Budgeting> {
    let node = required(file, spec, "budgetingMethod")?;
    let slice = |file: &mut File<'_>| required(file, objective, "timeSliceWindow").and_then(|node| span(file, node));
    match node.word()? {
        "Occurrences" => Some(Budgeting::Occurrences),
        "Timeslices" => {
            let slice = slice(file);
            let share = required(file, objective, "timeSliceTarget")?;
            match budget::of_ratio(share.word()?) {
                Ok(share) => Some(Budgeting::Timeslices { target_ppb: share.ppb, slice: slice? }),
                Err(error) => {
                    file.tell(share.at, format!("timeSliceTarget: {error}"));
                    None
                }
            }
        }
        "RatioTimeslices" => Some(Budgeting::RatioTimeslices { slice: slice(file)? }),
        word => {
            unknown(file, node.at, "budgetingMethod", word, &["Occurrences", "Timeslices", "RatioTimeslices"]);
            None
        }
    }
}

/// `op` and `value` of an objective over a value.
fn threshold(file: &mut File<'_>, node: &Node) -> Option<(ThresholdOp, i64)> {
    let (op, value) = (node.get("op")?, node.get("value")?);
    let found = match op.word() {
        Some("lt") => Some(ThresholdOp::Lt),
        Some("lte") => Some(ThresholdOp::Lte),
        Some("gt") => Some(ThresholdOp::Gt),
        Some("gte") => Some(ThresholdOp::Gte),
        other => {
            let word = other.unwrap_or_default().to_owned();
            unknown(file, op.at, "op", &word, &["lt", "lte", "gt", "gte"]);
            None
        }
    };
    let number = value.word().and_then(billionths);
    if number.is_none() {
        file.tell(value.at, "value must be a number");
    }
    found.zip(number)
}

fn indicator(
    file: &mut File<'_>,
    spec: &Node,
    threshold: Option<(ThresholdOp, i64)>,
    budgeting: Option<Budgeting>,
) -> Option<Indicator> {
    let inner = match (spec.get("indicator"), spec.get("indicatorRef")) {
        (Some(inline), None) => inline.get("spec"),
        (None, Some(reference)) => {
            let found = reference.word().and_then(|name| file.named.get(&("SLI", name)).copied());
            if found.is_none() {
                let name = quote(reference.word().unwrap_or_default());
                file.tell(reference.at, format!("there is no SLI \"{name}\" in this file"));
                return None;
            }
            found.and_then(|found| found.get("spec"))
        }
        (Some(_), Some(second)) => {
            file.tell(second.at, "indicator and indicatorRef exclude each other");
            return None;
        }
        (None, None) => None,
    };
    let Some(inner) = inner else {
        file.tell(spec.at, "indicator.spec is missing");
        return None;
    };
    keys(file, inner, &["description", "ratioMetric", "thresholdMetric"]);
    match (inner.get("ratioMetric"), inner.get("thresholdMetric")) {
        (Some(ratio), None) => ratio_of(file, ratio),
        (None, Some(metric)) => {
            if !matches!(budgeting, Some(Budgeting::Timeslices { .. }) | None) {
                file.tell(metric.at, "a thresholdMetric needs budgetingMethod: Timeslices");
            }
            let query = query(file, metric, None)?;
            let Some((op, value_ppb)) = threshold else {
                file.tell(metric.at, "the objective of a thresholdMetric needs op and value");
                return None;
            };
            Some(Indicator::Threshold { query, op, value_ppb })
        }
        _ => {
            file.tell(inner.at, "exactly one of ratioMetric and thresholdMetric is expected");
            None
        }
    }
}

fn ratio_of(file: &mut File<'_>, ratio: &Node) -> Option<Indicator> {
    keys(file, ratio, &["counter", "good", "bad", "total", "raw", "rawType"]);
    if let Some(raw) = ratio.get("raw") {
        let query = query(file, raw, Some(false))?;
        let kind = required(file, ratio, "rawType")?;
        return match kind.word()? {
            "success" => Some(Indicator::Raw { query, failure: false }),
            "failure" => Some(Indicator::Raw { query, failure: true }),
            word => {
                unknown(file, kind.at, "rawType", word, &["success", "failure"]);
                None
            }
        };
    }
    let counter = is_true(ratio.get("counter"));
    let Some(total) = ratio.get("total") else {
        file.tell(ratio.at, "total is missing");
        return None;
    };
    let total = query(file, total, Some(counter));
    match (ratio.get("good"), ratio.get("bad")) {
        (Some(good), None) => {
            Some(Indicator::Ratio { good: Some(query(file, good, Some(counter))?), bad: None, total: total? })
        }
        (None, Some(bad)) => {
            Some(Indicator::Ratio { good: None, bad: Some(query(file, bad, Some(counter))?), total: total? })
        }
        _ => {
            file.tell(ratio.at, "exactly one of good and bad is expected");
            None
        }
    }
}

/// The query of a metric. `counter`: it looks back over the window, and a bare selector is counted.
fn query(file: &mut File<'_>, metric: &Node, counter: Option<bool>) -> Option<Arc<str>> {
    let Some(source) = metric.get("metricSource") else {
        file.tell(metric.at, "metricSource is missing");
        return None;
    };
    keys(file, metric, &["metricSource"]);
    keys(file, source, &["metricSourceRef", "type", "spec"]);
    if let Some(kind) =
        source.get("type").filter(|kind| !kind.word().is_some_and(|w| w.eq_ignore_ascii_case("prometheus")))
    {
        file.tell(kind.at, "only Prometheus is read");
    }
    let Some(spec) = source.get("spec") else {
        file.tell(source.at, "spec is missing");
        return None;
    };
    keys(file, spec, &["query"]);
    let node = required(file, spec, "query")?;
    let text = node.word()?.trim();
    match counter {
        Some(_) | None if text.contains(WINDOW) => Some(Arc::from(text)),
        Some(true) => Some(Arc::from(format!("sum(increase({text}[{WINDOW}]))"))),
        Some(false) => {
            file.hint(
                node.at,
                "the query does not look back over {{.window}}",
                "write counter: true for a bare counter",
            );
            None
        }
        None => Some(Arc::from(text)),
    }
}

/// Conditions of the alert policies: severity, threshold, long window.
fn policies<'a>(file: &mut File<'a>, spec: &'a Node, objective: Objective) -> Vec<(BurnSeverity, u64, Duration)> {
    let mut rows = Vec::new();
    for policy in spec.get("alertPolicies").map(Node::items).unwrap_or_default() {
        let Some(policy) = resolved(file, policy, "alertPolicyRef", "AlertPolicy") else { continue };
        let conditions = policy.get("spec").and_then(|spec| spec.get("conditions")).map(Node::items);
        for condition in conditions.unwrap_or_default() {
            let Some(found) = resolved(file, condition, "conditionRef", "AlertCondition") else { continue };
            rows.extend(found.get("spec").and_then(|spec| condition_of(file, spec, objective)));
        }
    }
    rows
}

/// What stands here, or in the document that a reference names.
fn resolved<'a>(file: &mut File<'a>, node: &'a Node, key: &str, kind: &'static str) -> Option<&'a Node> {
    let reference = if node.word().is_some() { Some(node) } else { node.get(key) };
    let Some(reference) = reference else { return Some(node) };
    let name = reference.word()?;
    let found = file.named.iter().find(|((other, own), _)| *other == kind && *own == name).map(|(_, found)| *found);
    if found.is_none() {
        file.tell(reference.at, format!("there is no {kind} \"{}\" in this file", quote(name)));
    }
    found
}

fn condition_of(file: &mut File<'_>, spec: &Node, objective: Objective) -> Option<(BurnSeverity, u64, Duration)> {
    keys(file, spec, &["description", "severity", "condition"]);
    let condition = spec.get("condition")?;
    keys(file, condition, &["kind", "op", "threshold", "lookbackWindow", "alertAfter"]);
    let severity = match required(file, spec, "severity")?.word()? {
        "page" | "critical" => BurnSeverity::Page,
        _ => BurnSeverity::Ticket,
    };
    if let Some(op) = condition.get("op").filter(|op| matches!(op.word(), Some("lt" | "lte"))) {
        file.warn(op.at, "this alerts when the budget burns slowly; gt is meant?");
    }
    let threshold = required(file, condition, "threshold")?;
    let Some(ppb) = threshold.word().and_then(billionths).and_then(|ppb| u64::try_from(ppb).ok()) else {
        file.tell(threshold.at, "threshold must be a number");
        return None;
    };
    if let Some(most) = budget::never_fires(objective, ppb as f64 / 1e9) {
        file.tell(threshold.at, format!("this alert can never fire: the fastest burn of this objective is {most:.4}"));
    }
    let window = required(file, condition, "lookbackWindow")?;
    Some((severity, ppb, span(file, window)?))
}
