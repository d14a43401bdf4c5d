//! Objectives of the configuration's files: what was read of them ([`super::batch`]), as readings of
//! every window.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::ingest_slo::{Head, WINDOWS};
use super::slos::seconds;
use crate::model::slo::{Budgeting, ObjectiveSpec, Period, Reading, SloSource};
use crate::slo::events;
use crate::slo::reading::{self, Beside, Range, Sample};
use crate::text::Safe;

/// What was read of one objective.
#[derive(Debug, Clone, Default)]
pub(super) struct OfSpec {
    /// By window: the ratio, and all events (`None` = there is no such series).
    pub(super) ratios: BTreeMap<String, (Option<f64>, Option<f64>)>,
    /// Points that had data, of [`events::POINTS`].
    pub(super) points: Option<f64>,
    pub(super) warning: Option<Safe>,
    /// Why it was not read last; the query itself is at fault, or else nobody answered in time.
    pub(super) fault: Option<(Wrong, Safe)>,
    /// It did not go well together with others: it is asked alone.
    pub(super) alone: bool,
    /// When its long windows were read.
    pub(super) long_read: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Query,
    Server,
}

/// The whole window as it is asked: what is over of a calendar's period.
pub(super) fn whole(spec: &ObjectiveSpec, at: Timestamp) -> (Duration, Option<Period>) {
    let Some(calendar) = &spec.calendar else { return (spec.window, None) };
    match events::period(calendar, spec.window_text.as_str(), at) {
        Some((elapsed, length)) => (elapsed.max(Duration::from_mins(1)), Some(Period { elapsed, length })),
        None => (spec.window, None),
    }
}

/// How far back it is looked for data: as far as the longest of all windows.
pub(super) fn looked(spec: &ObjectiveSpec, at: Timestamp) -> Duration {
    const LONGEST: Duration = Duration::from_hours(72);
    whole(spec, at).0.max(LONGEST)
}

/// Those that are read of it, by name.
pub(super) fn windows(spec: &ObjectiveSpec, at: Timestamp) -> Vec<(String, Duration)> {
    let table = WINDOWS.iter().map(|&text| (text.to_owned(), Duration::from_secs(seconds(text) as u64)));
    table.chain([(spec.window_text.as_str().to_owned(), whole(spec, at).0)]).collect()
}

impl OfSpec {
    /// Nobody asked in the last minutes.
    pub(super) fn is_idle(&self) -> bool {
        self.fault.is_none() && matches!(self.ratios.get("5m"), Some((None, Some(_))))
    }

    /// The reading of every window. `last`, `since` and `idle` come from the caller's memory.
    pub(super) fn readings(
        &self,
        spec: &ObjectiveSpec,
        at: Timestamp,
        idle: Option<Timestamp>,
        known: impl Fn(&str) -> (Option<f64>, Option<Timestamp>),
    ) -> BTreeMap<String, Reading<f64>> {
        let covered = self.points.map(|points| (points / events::POINTS as f64).min(1.0));
        let span = looked(spec, at).as_secs_f64();
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
                return (text, Reading::NoTraffic { since: idle, last });
            }
            let beside = Beside {
                coverage: Some(coverage),
                warnings: self.warning.clone().into_iter().collect(),
                last,
                since,
                idle,
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
    let (window, period) = whole(spec, at);
    let query = |what: &'static str, text: String| (Safe::of(what), Safe::line(&text));
    let ratio = |window| events::error_ratio(spec, window);
    let id = spec.id.raw();
    let name = id.strip_prefix(spec.service.as_str()).and_then(|rest| rest.strip_prefix('-')).unwrap_or(id);
    Head {
        id: id.to_owned(),
        extras: Vec::new(),
        service: spec.service.clone(),
        name: Safe::line(name),
        objective: spec.objective,
        window: spec.window,
        window_text: spec.window_text.as_str().to_owned(),
        rolling: spec.calendar.is_none(),
        period,
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
            query("points of the window that had data", events::points(spec, looked(spec, at))),
        ],
        alerts: spec.policies.iter().filter_map(alert).collect(),
    }
}

/// A row of the table that the file's own policy sets; others are not in the table.
fn alert((severity, ppb, long): &(crate::model::slo::BurnSeverity, u64, Duration)) -> Option<super::ingest_slo::Alert> {
    let row = crate::slo::budget::TABLE.iter().find(|row| row.severity == *severity && row.long == *long)?;
    Some((*severity, row.names.1.to_owned(), row.names.0.to_owned(), *ppb as f64 / 1e9))
}
