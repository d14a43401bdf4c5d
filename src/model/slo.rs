//! Service level objectives, alerts, and the canary beside the stable arm, as Prometheus tells them
//! (slo.md §1, §3.4). Ratios are 0..1, spans are seconds; the arithmetic stands in [`crate::slo`].

mod spec;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::kubernetes::Meta;
use super::{Kind, ObjectId, Uid};
use crate::text::Safe;

pub use spec::{Budgeting, Calendar, Indicator, ObjectiveSpec, ThresholdOp};

/// A figure, or why there is none (slo.md §1.6). Only [`Reading::value`] gives a number that may
/// decide anything; [`Reading::shown`] gives what may be shown with its doubt beside it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<T> {
    Value(T),
    /// 0/0: nobody asked. `last` is what was known before.
    NoTraffic {
        last: Option<T>,
    },
    /// The series are gone, since then as far as it is known.
    NoData {
        since: Option<Timestamp>,
        last: Option<T>,
    },
    /// The rule group stands still: the sample is of then.
    Stale {
        at: Timestamp,
        last: T,
    },
    /// Timeout, refused, 5xx, 422.
    Unreachable {
        why: Safe,
        last: Option<T>,
    },
    /// 200 with warnings: a lower bound.
    Partial {
        why: Safe,
        last: T,
    },
    /// Fewer than 0.90 of the samples that the window should have; `coverage` 0..1.
    Immature {
        coverage: f64,
        last: T,
    },
    /// Negative, more good than all, no number: the metric is wrong.
    Invalid {
        why: Safe,
    },
}

impl<T> Reading<T> {
    /// The figure, when it may be relied on.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The figure that may be shown, with the reading's doubt beside it.
    #[must_use]
    pub const fn shown(&self) -> Option<&T> {
        match self {
            Self::Value(value)
            | Self::Stale { last: value, .. }
            | Self::Partial { last: value, .. }
            | Self::Immature { last: value, .. } => Some(value),
            Self::NoTraffic { last } | Self::NoData { last, .. } | Self::Unreachable { last, .. } => last.as_ref(),
            Self::Invalid { .. } => None,
        }
    }

    /// The word in `status --json`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Value(_) => "value",
            Self::NoTraffic { .. } => "no_traffic",
            Self::NoData { .. } => "no_data",
            Self::Stale { .. } => "stale",
            Self::Unreachable { .. } => "unreachable",
            Self::Partial { .. } => "partial",
            Self::Immature { .. } => "immature",
            Self::Invalid { .. } => "invalid",
        }
    }

    /// The same kind of reading of something made from the figure.
    pub fn map<U>(self, f: impl Fn(T) -> U) -> Reading<U> {
        match self {
            Self::Value(value) => Reading::Value(f(value)),
            Self::NoTraffic { last } => Reading::NoTraffic { last: last.map(f) },
            Self::NoData { since, last } => Reading::NoData { since, last: last.map(f) },
            Self::Stale { at, last } => Reading::Stale { at, last: f(last) },
            Self::Unreachable { why, last } => Reading::Unreachable { why, last: last.map(f) },
            Self::Partial { why, last } => Reading::Partial { why, last: f(last) },
            Self::Immature { coverage, last } => Reading::Immature { coverage, last: f(last) },
            Self::Invalid { why } => Reading::Invalid { why },
        }
    }
}

/// An objective in parts per billion: decimal text is parsed into integers, so that 99.9 % leaves a
/// budget of exactly 0.001 (slo.md §1.1, W19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Objective {
    pub ppb: u32,
}

impl Objective {
    /// Ratio 0..1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.ppb) / 1e9
    }

    /// The error budget β, ratio 0..1.
    #[must_use]
    pub fn budget(self) -> f64 {
        f64::from(1_000_000_000 - self.ppb) / 1e9
    }
}

/// Where an objective was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SloSource {
    /// Recording rules that Sloth generates.
    Sloth,
    /// A file of the configuration.
    OpenSlo,
}

impl SloSource {
    /// The word in `status --json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sloth => "sloth",
            Self::OpenSlo => "openslo",
        }
    }
}

/// A service level objective with its figures. `meta.namespace` is the service, `meta.name` the id
/// (`checkout-availability`), `meta.uid` the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    pub meta: Meta,
    pub service: Safe,
    /// Its name within the service (`availability`).
    pub name: Safe,
    pub objective: Objective,
    /// The window W, seconds, and as it is written (`30d`, `1M`).
    pub window: Duration,
    pub window_text: Safe,
    pub rolling: bool,
    pub source: SloSource,
    /// How C is counted: `events`, `mean of ratios`, `time slices` (slo.md §1.7).
    pub method: &'static str,
    pub figures: Reading<Figures>,
    pub burns: Vec<Burn>,
    /// Burn over 6 h beside those of the table's short windows; the gauge shows 5m, 1h, 6h.
    pub rates: Vec<(Safe, Reading<f64>)>,
    /// Evaluation time of the figures.
    pub at: Option<Timestamp>,
    /// Every query whose answer is on the screen, with what it is for.
    pub queries: Vec<(Safe, Safe)>,
    /// Remaining budget over the window, oldest first, gaps as `None`; at most 240 points.
    pub history: Vec<Option<f64>>,
}

/// The three numbers and the time they leave (slo.md §1.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// SLI over W, ratio 0..1.
    pub attained: f64,
    /// C, unbounded.
    pub consumed: f64,
    /// R = 1 − C; negative when overspent.
    pub remaining: f64,
    pub exhausted_in: Exhaustion,
}

/// When nothing will be left (TTE).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exhaustion {
    /// How fast it burns is not known, or cannot be relied on.
    Unknown,
    /// Not at this rate.
    Never,
    /// Seconds; 0 when nothing is left.
    In(f64),
}

impl Exhaustion {
    #[must_use]
    pub const fn seconds(self) -> Option<f64> {
        match self {
            Self::In(seconds) => Some(seconds),
            Self::Unknown | Self::Never => None,
        }
    }
}

/// A row of the multi-window table: it alerts when both rates are over the threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Burn {
    pub severity: BurnSeverity,
    pub short: Safe,
    pub long: Safe,
    pub short_rate: Reading<f64>,
    pub long_rate: Reading<f64>,
    pub threshold: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BurnSeverity {
    Page,
    Ticket,
}

/// Two figures this near are the same: what is left of a subtraction in floating point must neither
/// cross a threshold nor stay below one.
pub const SLACK: f64 = 1e-9;

/// `value` is over a strict threshold, as burn alerts are written.
#[must_use]
pub fn exceeds(value: f64, threshold: f64) -> bool {
    value > threshold + SLACK
}

/// Both windows burn over the threshold.
#[must_use]
pub fn fires(short: f64, long: f64, threshold: f64) -> bool {
    exceeds(short, threshold) && exceeds(long, threshold)
}

impl Burn {
    /// Both windows burn faster than the threshold; only figures that may be relied on count.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        let rates = (self.short_rate.value(), self.long_rate.value());
        matches!(rates, (Some(short), Some(long)) if fires(*short, *long, self.threshold))
    }
}

impl Slo {
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.meta.id(Kind::Slo)
    }
}

/// A row of `/api/v1/alerts`. `meta.namespace` is the label `namespace` or `service` or empty,
/// `meta.name` the label `alertname`, `meta.uid` made from all labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub meta: Meta,
    pub firing: bool,
    pub severity: Safe,
    /// `activeAt`.
    pub since: Option<Timestamp>,
    /// The annotation `summary`, else `description`, else `message`.
    pub summary: Safe,
    /// The SLO it is about, where it carries the labels that Sloth gives.
    pub slo: Option<Safe>,
    pub labels: Vec<(Safe, Safe)>,
}

/// What a comparison of the two arms is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArmMetric {
    /// Failed requests of all requests.
    Errors,
    /// Seconds, usually the 95th percentile.
    Latency,
}

/// The queries of one comparison, complete: what Prometheus is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ComparisonQuery {
    /// The Rollout.
    pub rollout: Uid,
    pub metric: ArmMetric,
    /// What it is called: `errors`, `p95`, or the metric's name in the template.
    pub label: Safe,
    pub canary: ArmQuery,
    pub stable: ArmQuery,
    /// Margin δ in ppb of a ratio (default half of the service's error budget, 0.0005 without one).
    pub margin_ppb: u32,
    /// The rollout began to send traffic to the canary then; nothing before it counts.
    pub since: Option<Timestamp>,
}

/// The queries of one arm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArmQuery {
    /// The value that is shown: a ratio, or seconds.
    pub value: Arc<str>,
    /// Failed and all requests over the window, where they can be told apart.
    pub counts: Option<(Arc<str>, Arc<str>)>,
}

/// The answer to a [`ComparisonQuery`].
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub query: ComparisonQuery,
    pub canary: Arm,
    pub stable: Arm,
    pub verdict: ArmVerdict,
    /// Evaluation time.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    pub value: Reading<f64>,
    /// Failed and all requests over the window, rounded to whole ones.
    pub counts: Option<(u64, u64)>,
    /// The last half hour, oldest first, gaps as `None`.
    pub history: Vec<Option<f64>>,
}

/// The two-proportion verdict (slo.md §3.4): Newcombe's interval of the difference, one-sided.
#[derive(Debug, Clone, PartialEq)]
pub enum ArmVerdict {
    /// lo > δ and at least five failures of the canary.
    Worse {
        lo: f64,
        hi: f64,
    },
    /// hi < δ.
    NotWorse {
        lo: f64,
        hi: f64,
    },
    Inconclusive {
        lo: f64,
        hi: f64,
    },
    /// Too few requests: so many of so many, and how long the rest takes at this rate.
    Insufficient {
        have: u64,
        need: u64,
        eta: Option<Duration>,
    },
    /// Nothing that could be counted (a latency without a threshold, no data).
    None,
}

/// Budget spent since a rollout began: ΔC, ratio of the whole budget (slo.md §1.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    pub slo: Uid,
    pub since: Timestamp,
    pub spent: Reading<f64>,
}
