//! The canary beside the stable arm (slo.md §3.4).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Reading;
use crate::model::Uid;
use crate::text::Safe;

/// What a comparison of the two arms is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArmMetric {
    /// Failed requests of all requests.
    Errors,
    /// Slow requests of all requests.
    Slow,
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
    /// Error budget of the objective that it is about, in ppb; `None` without one.
    pub budget_ppb: Option<u32>,
    /// Of a quantile: what is counted are the requests that took longer.
    pub slow_over: Option<Duration>,
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
    /// Requests since the rollout began; `None` where they cannot be counted.
    pub exposed: Option<Exposed>,
    /// Evaluation time.
    pub at: Timestamp,
}

impl ArmVerdict {
    /// It rests on an interval of the difference of two shares.
    #[must_use]
    pub const fn has_interval(&self) -> bool {
        matches!(
            self,
            Self::Worse { .. } | Self::NotWorse { .. } | Self::Inconclusive { .. } | Self::EnvironmentDegraded { .. }
        )
    }
}

/// Requests that each arm answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    pub canary: u64,
    pub stable: u64,
}

impl Exposed {
    /// Of all requests those that the canary answered; `None` while there are none.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        let all = self.canary.saturating_add(self.stable);
        (all > 0).then(|| self.canary as f64 / all as f64)
    }
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
    /// Not worse, but the stable arm alone spends the budget faster than it returns: both suffer from
    /// something that is not the canary. So many times as fast.
    EnvironmentDegraded {
        lo: f64,
        hi: f64,
        burn: f64,
    },
    /// Too few requests: so many of so many, and how long the rest takes at this rate.
    Insufficient {
        have: u64,
        need: u64,
        eta: Option<Duration>,
    },
    /// Of two series: the canary's lies higher.
    Higher(SeriesShift),
    NotHigher(SeriesShift),
    /// Of two series: too few points that share no data, and how long the rest takes.
    FewPoints {
        have: u64,
        need: u64,
        eta: Option<Duration>,
    },
    /// Nothing that could be counted (no data).
    None,
}

/// How far one series lies above the other, with its 98 % interval, in the unit of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesShift {
    pub median: f64,
    pub lo: f64,
    pub hi: f64,
    /// Of each arm.
    pub points: u64,
}
