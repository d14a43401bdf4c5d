//! Service level objectives, alerts, and the canary beside the stable arm, as Prometheus tells them
//! (slo.md §1, §3.4). Ratios are 0..1, spans are seconds; the arithmetic stands in [`crate::slo`].

mod arms;
mod reading;
mod spec;

use std::time::Duration;

use jiff::Timestamp;

use super::kubernetes::Meta;
use super::{Kind, ObjectId, Uid};
use crate::text::Safe;

pub use arms::{Arm, ArmMetric, ArmQuery, ArmVerdict, Comparison, ComparisonQuery, Exposed, SeriesShift};
pub use reading::Reading;
pub use spec::{Budgeting, Calendar, Indicator, ObjectiveSpec, ThresholdOp};

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
    /// The labels that tell it from another of the same id; none where there is no other.
    pub extras: Vec<(Safe, Safe)>,
    pub objective: Objective,
    /// The window W, seconds, and as it is written (`30d`, `1M`).
    pub window: Duration,
    pub window_text: Safe,
    pub rolling: bool,
    /// Of a calendar window: where it stands now.
    pub period: Option<Period>,
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

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// How much of it is over.
    pub elapsed: Duration,
    pub length: Duration,
}

impl Period {
    /// Until the budget begins anew.
    #[must_use]
    pub const fn left(self) -> Duration {
        self.length.saturating_sub(self.elapsed)
    }
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
    /// Both rates are over the threshold, but of so few events that they prove nothing (slo.md §1.5):
    /// all events of the window with too few.
    pub few: Option<u64>,
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
    /// Both windows burn faster than the threshold, and enough events say so; only figures that may be
    /// relied on count.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.few.is_none() && self.is_over()
    }

    /// Both rates are over the threshold, of however few events.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let rates = (self.short_rate.value(), self.long_rate.value());
        matches!(rates, (Some(short), Some(long)) if fires(*short, *long, self.threshold))
    }
}

impl Slo {
    /// Of a row of the burn table that too few events keep from firing: how many, the fewest of all.
    #[must_use]
    pub fn few(&self) -> Option<u64> {
        self.burns.iter().filter_map(|burn| burn.few).min()
    }

    /// Nobody asks now, since then: the figure of a whole window may stand there all the same.
    #[must_use]
    pub fn idle_since(&self) -> Option<Timestamp> {
        let of_minutes = self.rates.iter().find(|(window, _)| window.as_str() == "5m").map(|(_, rate)| rate);
        match (&self.figures, of_minutes) {
            (Reading::NoTraffic { since, .. }, _) | (Reading::Value(_), Some(Reading::NoTraffic { since, .. })) => {
                *since
            }
            _ => None,
        }
    }

    /// The alert speaks of this one: by its id, and by what tells it from another where the alert says
    /// that as well.
    #[must_use]
    pub fn is_of(&self, alert: &Alert) -> bool {
        let Some(id) = &alert.slo else { return false };
        let rest = self.meta.name.raw().strip_prefix(id.as_str());
        let is_named = rest.is_some_and(|rest| rest.is_empty() || !self.extras.is_empty() && rest.starts_with('{'));
        let differs = |(name, value): &(Safe, Safe)| alert.labels.iter().any(|(of, own)| of == name && own != value);
        is_named && !self.extras.iter().any(differs)
    }

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

/// Budget spent since a rollout began: ΔC, ratio of the whole budget (slo.md §1.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    pub slo: Uid,
    pub since: Timestamp,
    pub spent: Reading<f64>,
}
