//! Objectives as files define them.

use std::sync::Arc;
use std::time::Duration;

use super::{BurnSeverity, Objective};
use crate::model::Name;
use crate::text::Safe;

/// An objective as a file defines it (slo.md §6). Queries hold `{{.window}}` where the window stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectiveSpec {
    /// `checkout-availability`.
    pub id: Name,
    pub service: Safe,
    pub objective: Objective,
    pub window: Duration,
    pub window_text: Safe,
    /// `None` = rolling.
    pub calendar: Option<Calendar>,
    pub indicator: Indicator,
    /// `budgetingMethod`.
    pub budgeting: Budgeting,
    /// Rows of the burn table of its own alert policies: severity, threshold in ppb of 1, long window.
    pub policies: Vec<(BurnSeverity, u64, Duration)>,
}

/// A calendar window: when it began first, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub start: Arc<str>,
    /// IANA name.
    pub zone: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indicator {
    /// Exactly one of `good` and `bad`.
    Ratio { good: Option<Arc<str>>, bad: Option<Arc<str>>, total: Arc<str> },
    /// A ratio of its own: `rawType` success or failure.
    Raw { query: Arc<str>, failure: bool },
    /// A value against a threshold; only with time slices.
    Threshold { query: Arc<str>, op: ThresholdOp, value_ppb: i64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdOp {
    Lt,
    Lte,
    Gt,
    Gte,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budgeting {
    Occurrences,
    /// A slice counts as good from this share on (ppb).
    Timeslices {
        target_ppb: u32,
        slice: Duration,
    },
    RatioTimeslices {
        slice: Duration,
    },
}
