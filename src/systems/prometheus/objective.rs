//! Objectives of the configuration's files: their ratios are computed by Prometheus from the counters,
//! every window of one objective in one query, and the long windows less often than the short ones.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;

use super::discover::MARK;
use super::ingest::Told;
use super::ingest_slo::{Head, WINDOWS};
use super::poll::{Fault, Poll};
use super::slos::{ask, due, seconds};
use crate::model::slo::{Budgeting, ObjectiveSpec, Reading, SloSource};
use crate::slo::events;
use crate::slo::reading::{self, Beside, Range, Sample};
use crate::text::Safe;

/// Windows up to this are read at every turn.
const SHORT: Duration = Duration::from_hours(6);
/// Between two readings of the long windows.
const LONG_EVERY: Duration = Duration::from_secs(45);
/// Asked at a time, so that a small server is not swamped.
const AT_ONCE: usize = 4;

/// What was read of one objective.
#[derive(Debug, Clone, Default)]
pub(super) struct OfSpec {
    /// By window: the ratio, and all events (`None` = there is no such series).
    ratios: BTreeMap<String, (Option<f64>, Option<f64>)>,
    /// Points that had data, of [`events::POINTS`].
    points: Option<f64>,
    warning: Option<Safe>,
    /// Why it was not read last; the query itself is at fault, or else nobody answered in time.
    fault: Option<(Wrong, Safe)>,
    /// When its long windows were read.
    pub(super) long_read: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Query,
    Server,
}

/// The whole window as it is asked: what is over of a calendar's period.
fn whole(spec: &ObjectiveSpec, at: Timestamp) -> (Duration, Option<(Duration, Duration)>) {
    let Some(calendar) = &spec.calendar else { return (spec.window, None) };
    match events::period(calendar, spec.window_text.as_str(), at) {
        Some((elapsed, period)) => (elapsed.max(Duration::from_mins(1)), Some((elapsed, period))),
        None => (spec.window, None),
    }
}

fn windows(spec: &ObjectiveSpec, at: Timestamp) -> Vec<(String, Duration)> {
    let table = WINDOWS.iter().map(|&text| (text.to_owned(), Duration::from_secs(seconds(text) as u64)));
    table.chain([(spec.window_text.as_str().to_owned(), whole(spec, at).0)]).collect()
}

/// Reads all of them, the long windows only when they are due; what is not read stays. One that
/// cannot be read says so itself and costs no other.
pub(super) async fn read(poll: &Poll, specs: &[ObjectiveSpec], at: Timestamp, known: &mut BTreeMap<String, OfSpec>) {
    let read_last = |spec: &ObjectiveSpec| known.get(spec.id.raw()).and_then(|of| of.long_read);
    let jobs: Vec<_> = specs
        .iter()
        .map(|spec| {
            let long = due(read_last(spec), LONG_EVERY, poll.mono());
            async move { (spec, long, one(poll, spec, at, long).await) }
        })
        .collect();
    let mut jobs = futures::stream::iter(jobs).buffered(AT_ONCE);
    while let Some((spec, long, answer)) = jobs.next().await {
        let kept = known.entry(spec.id.raw().to_owned()).or_default();
        match answer {
            Ok(read) => {
                kept.ratios.extend(read.ratios);
                if long {
                    (kept.points, kept.long_read) = (read.points, Some(poll.mono()));
                }
                (kept.warning, kept.fault) = (read.warning, None);
            }
            Err(fault) if fault.is_invalid() => kept.fault = Some((Wrong::Query, fault.words())),
            Err(fault) => kept.fault = Some((Wrong::Server, fault.words())),
        }
    }
}

async fn one(poll: &Poll, spec: &ObjectiveSpec, at: Timestamp, long: bool) -> Result<OfSpec, Fault> {
    let asked: Vec<(String, Duration)> =
        windows(spec, at).into_iter().filter(|(_, window)| long || *window <= SHORT).collect();
    let mark = |query: String, kind: &str, text: &str| {
        format!("label_replace({query}, \"{MARK}\", \"{kind} {text}\", \"\", \"\")")
    };
    let mut parts = Vec::new();
    for (text, window) in &asked {
        parts.push(mark(events::error_ratio(spec, *window), "ratio", text));
        parts.extend(events::all(spec, *window).map(|query| mark(query, "all", text)));
    }
    if long {
        parts.push(mark(events::points(spec, whole(spec, at).0), "points", ""));
    }
    let Told { series, warning, .. } = ask(poll, &parts.join(" or "), at).await?;
    let mut read = OfSpec { warning, ..OfSpec::default() };
    read.ratios = asked.iter().map(|(text, _)| (text.clone(), (None, None))).collect();
    for one in series {
        let Some((kind, text)) = one.label(MARK).split_once(' ') else { continue };
        if kind == "points" {
            read.points = one.value();
        } else if let Some(slot) = read.ratios.get_mut(text) {
            if kind == "ratio" { slot.0 = one.value() } else { slot.1 = one.value() }
        }
    }
    Ok(read)
}

impl OfSpec {
    /// The reading of every window. `last` and `since` come from the caller's memory.
    pub(super) fn readings(
        &self,
        spec: &ObjectiveSpec,
        at: Timestamp,
        known: impl Fn(&str) -> (Option<f64>, Option<Timestamp>),
    ) -> BTreeMap<String, Reading<f64>> {
        let covered = self.points.map(|points| (points / events::POINTS as f64).min(1.0));
        let span = whole(spec, at).0.as_secs_f64();
        let lost = spec.calendar.as_ref().is_some_and(|of| events::period(of, spec.window_text.as_str(), at).is_none());
        let reading = |(text, window): (String, Duration)| {
            if lost && text == spec.window_text.as_str() {
                let why =
                    Safe::of("the calendar's period of now is not known: it begins later, or its zone is unknown");
                return (text, Reading::Invalid { why });
            }
            let (last, since) = known(&text);
            match self.fault.clone() {
                Some((Wrong::Query, why)) => return (text, Reading::Invalid { why }),
                Some((Wrong::Server, why)) => return (text, Reading::Unreachable { why, last }),
                None => {}
            }
            // Data of so many seconds covers a shorter window whole.
            let coverage = covered.map_or(0.0, |share| (share * span / window.as_secs_f64()).min(1.0));
            let (ratio, all) = self.ratios.get(&text).copied().unwrap_or_default();
            if ratio.is_none() && all.is_some() {
                return (text, Reading::NoTraffic { last });
            }
            let beside = Beside {
                coverage: Some(coverage),
                warnings: self.warning.clone().into_iter().collect(),
                last,
                since,
                ..Beside::at(at)
            };
            let value = ratio.map(|ratio| ratio.to_string());
            (text, reading::of(value.as_deref().map(|text| Sample { text, at }), Range::Ratio, &beside))
        };
        windows(spec, at).into_iter().map(reading).collect()
    }
}

/// What the objective is, as the file says.
pub(super) fn head(spec: &ObjectiveSpec, at: Timestamp) -> Head {
    let (window, projected) = whole(spec, at);
    let query = |what: &'static str, text: String| (Safe::of(what), Safe::line(&text));
    let ratio = |window| events::error_ratio(spec, window);
    let id = spec.id.raw();
    let name = id.strip_prefix(spec.service.as_str()).and_then(|rest| rest.strip_prefix('-')).unwrap_or(id);
    Head {
        id: id.to_owned(),
        service: spec.service.clone(),
        name: Safe::line(name),
        objective: spec.objective,
        window: spec.window,
        window_text: spec.window_text.as_str().to_owned(),
        rolling: spec.calendar.is_none(),
        projected,
        source: SloSource::OpenSlo,
        method: match spec.budgeting {
            Budgeting::Occurrences => "events",
            Budgeting::Timeslices { .. } => "time slices",
            Budgeting::RatioTimeslices { .. } => "mean of ratios",
        },
        queries: vec![
            query("failed over the window", ratio(window)),
            query("failed over 5m", ratio(Duration::from_mins(5))),
            query("failed over 1h", ratio(Duration::from_hours(1))),
            query("failed over 6h", ratio(Duration::from_hours(6))),
            query("points of the window that had data", events::points(spec, window)),
        ],
        alerts: spec.policies.iter().filter_map(alert).collect(),
    }
}

/// A row of the table that the file's own policy sets; others are not in the table.
fn alert((severity, ppb, long): &(crate::model::slo::BurnSeverity, u64, Duration)) -> Option<super::ingest_slo::Alert> {
    let row = crate::slo::budget::TABLE.iter().find(|row| row.severity == *severity && row.long == *long)?;
    Some((*severity, row.names.1.to_owned(), row.names.0.to_owned(), *ppb as f64 / 1e9))
}
