//! Figures that cannot be mistaken for what they are not.

use jiff::Timestamp;

use crate::text::Safe;

/// A figure, or why there is none (slo.md §1.6). Only [`Reading::value`] gives a number that may
/// decide anything; [`Reading::shown`] gives what may be shown with its doubt beside it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<T> {
    Value(T),
    /// 0/0: nobody asks, since then as far as it is known. `last` is what was known before.
    NoTraffic {
        since: Option<Timestamp>,
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
            Self::NoTraffic { last, .. } | Self::NoData { last, .. } | Self::Unreachable { last, .. } => last.as_ref(),
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
            Self::NoTraffic { since, last } => Reading::NoTraffic { since, last: last.map(f) },
            Self::NoData { since, last } => Reading::NoData { since, last: last.map(f) },
            Self::Stale { at, last } => Reading::Stale { at, last: f(last) },
            Self::Unreachable { why, last } => Reading::Unreachable { why, last: last.map(f) },
            Self::Partial { why, last } => Reading::Partial { why, last: f(last) },
            Self::Immature { coverage, last } => Reading::Immature { coverage, last: f(last) },
            Self::Invalid { why } => Reading::Invalid { why },
        }
    }
}
