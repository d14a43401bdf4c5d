//! From what Prometheus answers to a [`Reading`] (slo.md §1.6): a sample's text, its age, how much of
//! its window was covered, the warnings beside it.

use std::time::Duration;

use jiff::Timestamp;

use super::budget::{SLACK, snap};
use crate::model::slo::Reading;
use crate::safe;
use crate::text::Safe;

/// Fewer samples than this share of the expected ones do not cover a window.
pub const COVERED: f64 = 0.90;

/// A sample as it stands in the answer: `"NaN"`, `"+Inf"`, `"1.5e-3"`.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    pub text: &'a str,
    /// When it was made, not when it was asked for.
    pub at: Timestamp,
}

/// What a sample may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// 0..1.
    Ratio,
    /// 0 and more: a burn rate, a count, seconds.
    Positive,
    /// Any number.
    Any,
}

/// What is known beside the sample.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Time of the evaluation.
    pub now: Timestamp,
    /// Of the rule that made the sample; `None` = it was computed at `now`.
    pub interval: Option<Duration>,
    /// Observed of expected samples, where it was counted.
    pub coverage: Option<f64>,
    /// `warnings` of the answer.
    pub warnings: Vec<Safe>,
    /// Last figure that could be relied on, and since when there is none.
    pub last: Option<f64>,
    pub since: Option<Timestamp>,
    /// Since when nobody asks, where that is known.
    pub idle: Option<Timestamp>,
}

impl Beside {
    /// Computed at `now`, and nothing doubtful about it.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now, interval: None, coverage: None, warnings: Vec::new(), last: None, since: None, idle: None }
    }
}

/// A figure, or why there is none. `None`: the series is not in the answer.
#[must_use]
pub fn of(sample: Option<Sample<'_>>, range: Range, beside: &Beside) -> Reading<f64> {
    let Some(sample) = sample else { return Reading::NoData { since: beside.since, last: beside.last } };
    let Ok(value) = sample.text.trim().parse::<f64>() else {
        return Reading::Invalid { why: safe!("the answer is no number: {}", Safe::line(sample.text)) };
    };
    if value.is_nan() {
        return Reading::NoTraffic { since: beside.idle, last: beside.last };
    }
    if let Some(why) = impossible(value, range) {
        return Reading::Invalid { why };
    }
    let value = snap(value);
    if is_old(sample.at, beside) {
        return Reading::Stale { at: sample.at, last: value };
    }
    if let Some(first) = beside.warnings.first() {
        return Reading::Partial { why: first.clone(), last: value };
    }
    match beside.coverage {
        Some(coverage) if coverage < COVERED - SLACK => Reading::Immature { coverage, last: value },
        _ => Reading::Value(value),
    }
}

fn impossible(value: f64, range: Range) -> Option<Safe> {
    if value.is_infinite() {
        return Some(Safe::of("the value is infinite: something is divided by nothing"));
    }
    match range {
        Range::Any => None,
        _ if value < -SLACK => Some(Safe::of("the value is negative: more good events than all")),
        Range::Ratio if value > 1.0 + SLACK => Some(Safe::of("the ratio is over 1: more bad events than all")),
        _ => None,
    }
}

/// Older than two evaluations and a minute: the rule group stands still.
fn is_old(at: Timestamp, beside: &Beside) -> bool {
    let Some(interval) = beside.interval else { return false };
    let allowed = interval.as_secs_f64() * 2.0 + 60.0;
    beside.now.duration_since(at).as_secs_f64() > allowed
}

/// Observed of expected samples of a window, at most 1.
#[must_use]
pub fn coverage(samples: f64, interval: Duration, window: Duration) -> f64 {
    (samples * interval.as_secs_f64() / window.as_secs_f64()).min(1.0)
}

/// A figure made of two: as doubtful as the more doubtful of them.
pub fn both<A, B, C>(a: &Reading<A>, b: &Reading<B>, made: impl Fn(&A, &B) -> C) -> Reading<C> {
    let shown = match (a.shown(), b.shown()) {
        (Some(a), Some(b)) => Some(made(a, b)),
        _ => None,
    };
    if doubt(a) >= doubt(b) { with(a, shown) } else { with(b, shown) }
}

/// The same kind of reading with another figure.
fn with<T, C>(reading: &Reading<T>, shown: Option<C>) -> Reading<C> {
    let lost = || Reading::NoData { since: None, last: None };
    match (reading, shown) {
        (Reading::Value(_), Some(value)) => Reading::Value(value),
        (Reading::Stale { at, .. }, Some(last)) => Reading::Stale { at: *at, last },
        (Reading::Partial { why, .. }, Some(last)) => Reading::Partial { why: why.clone(), last },
        (Reading::Immature { coverage, .. }, Some(last)) => Reading::Immature { coverage: *coverage, last },
        (Reading::NoTraffic { since, .. }, last) => Reading::NoTraffic { since: *since, last },
        (Reading::NoData { since, .. }, last) => Reading::NoData { since: *since, last },
        (Reading::Unreachable { why, .. }, last) => Reading::Unreachable { why: why.clone(), last },
        (Reading::Invalid { why }, _) => Reading::Invalid { why: why.clone() },
        // The less doubtful of two always has a figure where the more doubtful has one.
        (Reading::Value(_) | Reading::Stale { .. } | Reading::Partial { .. } | Reading::Immature { .. }, None) => {
            lost()
        }
    }
}

const fn doubt<T>(reading: &Reading<T>) -> u8 {
    match reading {
        Reading::Value(_) => 0,
        Reading::Immature { .. } => 1,
        Reading::Partial { .. } => 2,
        Reading::Stale { .. } => 3,
        Reading::NoTraffic { .. } => 4,
        Reading::NoData { .. } => 5,
        Reading::Invalid { .. } => 6,
        Reading::Unreachable { .. } => 7,
    }
}
