//! From readings of error ratios, one for each window, to an objective with its figures.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::ingest::meta;
use crate::model::SourceId;
use crate::model::slo::{Burn, BurnSeverity, Figures, Objective, Period, Reading, Slo, SloSource};
use crate::slo::budget;
use crate::text::Safe;

/// Windows of the burn table (slo.md §1.4), as Sloth names them.
pub const WINDOWS: [&str; 7] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];
/// Those of the gauge.
const RATES: [&str; 3] = ["5m", "1h", "6h"];

/// What an objective is, without its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    pub id: String,
    /// As in [`Slo::extras`].
    pub extras: Vec<(Safe, Safe)>,
    pub service: Safe,
    pub name: Safe,
    pub objective: Objective,
    pub window: Duration,
    pub window_text: String,
    pub rolling: bool,
    /// Of a calendar window: where it stands.
    pub period: Option<Period>,
    pub source: SloSource,
    pub method: &'static str,
    pub queries: Vec<(Safe, Safe)>,
    pub alerts: Vec<Alert>,
}

/// Severity, short and long window, threshold: where an objective's own alerts set them.
pub type Alert = (BurnSeverity, String, String, f64);

/// What was known last of each window of each objective, and since when it is.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    ratios: HashMap<(String, String), (Option<f64>, Timestamp)>,
}

impl Memory {
    #[must_use]
    pub fn last(&self, id: &str, window: &str) -> Option<f64> {
        self.ratios.get(&(id.to_owned(), window.to_owned())).and_then(|known| known.0)
    }

    #[must_use]
    pub fn seen(&self, id: &str, window: &str) -> Option<Timestamp> {
        self.ratios.get(&(id.to_owned(), window.to_owned())).map(|known| known.1)
    }

    /// A sample was there; `None` keeps the figure of before.
    pub fn keep(&mut self, id: &str, window: &str, ratio: Option<f64>, at: Timestamp) {
        let known = self.ratios.entry((id.to_owned(), window.to_owned())).or_insert((None, at));
        *known = (ratio.or(known.0), at);
    }

    pub fn forget(&mut self, id: &str) {
        self.ratios.retain(|(of, _), _| of != id);
    }
}

/// The objective as it is shown. `ratios` by window, `at` their evaluation time.
#[must_use]
pub fn slo(
    source: SourceId,
    head: &Head,
    ratios: &BTreeMap<String, Reading<f64>>,
    at: Timestamp,
    history: Vec<Option<f64>>,
) -> Slo {
    let none = Reading::NoData { since: None, last: None };
    let ratio = |window: &str| ratios.get(window).unwrap_or(&none).clone();
    let burn = |window: &str| ratio(window).map(|ratio| budget::burn(head.objective, ratio));
    // A rate that cannot be relied on leaves the time unknown; it is not "never".
    let now = burn("5m").value().copied().or_else(|| burn("1h").value().copied());
    let figures = ratio(&head.window_text).map(|ratio| match head.period {
        // The gauge of a calendar window uses the whole period (slo.md §1.3).
        Some(period) => budget::of_calendar(head.objective, ratio, period, now),
        None => budget::figures(head.objective, ratio, head.window, now),
    });
    let figures = while_seen(figures, &ratio("5m"));
    Slo {
        meta: meta(source, head.service.as_str(), &head.id, &head.id),
        service: head.service.clone(),
        name: head.name.clone(),
        extras: head.extras.clone(),
        objective: head.objective,
        window: head.window,
        window_text: Safe::line(&head.window_text),
        rolling: head.rolling,
        period: head.period,
        source: head.source,
        method: head.method,
        figures,
        burns: table(head, &burn),
        rates: RATES.iter().map(|window| (Safe::of(window), burn(window))).collect(),
        at: Some(at),
        queries: head.queries.clone(),
        history,
    }
}

/// The mean of a long window outlives what it was made of: with nothing in the last minutes the
/// series are gone, and the figure is what was known (slo.md §1.6).
fn while_seen(figures: Reading<Figures>, minutes: &Reading<f64>) -> Reading<Figures> {
    match (figures, minutes) {
        (doubted @ (Reading::Invalid { .. } | Reading::Unreachable { .. }), _) => doubted,
        (known, Reading::NoData { since, .. }) => Reading::NoData { since: *since, last: known.shown().copied() },
        (known, _) => known,
    }
}

/// The table of slo.md §1.4, with the thresholds that its own alerts set.
fn table(head: &Head, burn: &impl Fn(&str) -> Reading<f64>) -> Vec<Burn> {
    let of = |severity, short: &str, long: &str, threshold| Burn {
        severity,
        short: Safe::line(short),
        long: Safe::line(long),
        short_rate: burn(short),
        long_rate: burn(long),
        threshold,
        few: None,
    };
    let own = |row: &budget::Row| {
        let pair = |(severity, short, long, _): &&Alert| {
            *severity == row.severity && short == row.names.1 && long == row.names.0
        };
        head.alerts.iter().find(pair).map(|alert| alert.3)
    };
    let row = |row: &budget::Row| {
        of(row.severity, row.names.1, row.names.0, own(row).unwrap_or_else(|| row.threshold(head.window)))
    };
    budget::TABLE.iter().map(row).collect()
}

/// Nobody answers: what was known stays, with the reason.
fn unreachable<T: Clone>(reading: &Reading<T>, why: &Safe) -> Reading<T> {
    match reading {
        // A metric that is wrong stays wrong.
        Reading::Invalid { why } => Reading::Invalid { why: why.clone() },
        other => Reading::Unreachable { why: why.clone(), last: other.shown().cloned() },
    }
}

/// The same objective when nobody answers: its last figures, and the reason.
#[must_use]
pub fn without_answer(slo: &Slo, why: &Safe) -> Slo {
    let mut slo = slo.clone();
    slo.figures = unreachable(&slo.figures, why);
    for (_, rate) in &mut slo.rates {
        *rate = unreachable(rate, why);
    }
    for burn in &mut slo.burns {
        burn.short_rate = unreachable(&burn.short_rate, why);
        burn.long_rate = unreachable(&burn.long_rate, why);
    }
    slo
}

/// An objective whose own query is wrong.
#[must_use]
pub fn invalid(source: SourceId, head: &Head, why: &Safe, at: Timestamp) -> Slo {
    let every = WINDOWS.iter().copied().chain([head.window_text.as_str()]);
    let ratios = every.map(|window| (window.to_owned(), Reading::Invalid { why: why.clone() })).collect();
    slo(source, head, &ratios, at, Vec::new())
}
