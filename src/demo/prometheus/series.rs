//! A series: a counter that is the integral of flows, or a gauge that stands still. It has a sample
//! every [`SCRAPE`]; increases are taken from the flow itself, as if it were scraped without a pause,
//! so a number does not depend on where the scrapes fall.

use std::sync::Arc;

use super::flow::Flow;
use super::labels::Labels;

/// Milliseconds between two samples.
pub(super) const SCRAPE: i64 = 15_000;

#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) shape: Shape,
    pub(super) life: Life,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// Parts of flows, summed.
    Counter(Vec<(f64, Arc<Flow>)>),
    Gauge(f64),
}

/// From the first to the last sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Life {
    /// The part of a window in which it lived.
    pub(super) fn within(self, from: i64, to: i64) -> Option<(i64, i64)> {
        let (from, to) = (from.max(self.from), to.min(self.to));
        (from < to).then_some((from, to))
    }
}

/// The multiples of `every` after `from` and until `to`.
pub(super) fn ticks(from: i64, to: i64, every: i64) -> i64 {
    to.div_euclid(every) - from.div_euclid(every)
}

impl Series {
    /// The newest sample at a moment and when it was taken.
    pub(super) fn at(&self, time: i64, lookback: i64) -> Option<(f64, i64)> {
        let sampled = time.min(self.life.to).div_euclid(SCRAPE) * SCRAPE;
        (sampled >= self.life.from && time - sampled < lookback).then(|| (self.sample(sampled), sampled))
    }

    /// Counters count whole events.
    pub(super) fn sample(&self, at: i64) -> f64 {
        match &self.shape {
            Shape::Gauge(value) => *value,
            Shape::Counter(_) => self.between(self.life.from, at).floor(),
        }
    }

    /// What a counter counted in a window of at least two samples.
    pub(super) fn increase(&self, from: i64, to: i64) -> Option<f64> {
        let (from, to) = self.life.within(from, to)?;
        (to - from > SCRAPE).then(|| self.between(from, to))
    }

    fn between(&self, from: i64, to: i64) -> f64 {
        match &self.shape {
            Shape::Gauge(_) => 0.0,
            Shape::Counter(parts) => {
                let sum: f64 = parts.iter().map(|(share, flow)| share * flow.between(from, to)).sum();
                // Thirty requests are thirty, not 30.000000000000004.
                (sum * 1e9).round() / 1e9
            }
        }
    }
}
