//! The mean of an objective's ratios over a window in which nobody asked for a while. Sloth records
//! 0/0 as NaN, and one NaN makes its own mean NaN for the whole window (slo.md §1.6): thirty days
//! without a figure after a quiet night. What was recorded while nobody asked is left out of ours.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::discover::{Found, Key, times};
use super::slos::{INTERVAL, Slos, ask, due, seconds, window_text};
use crate::slo::events;

/// Between two readings of the means.
const EVERY: Duration = Duration::from_mins(1);
/// At most so many samples are looked at: one every 5 m of 30 d, each of which is the ratio of 5 m.
const SAMPLES: f64 = 8640.0;

/// A mean without the idle spells.
#[derive(Debug, Clone)]
pub(super) struct Mean {
    pub(super) ratio: f64,
    pub(super) query: String,
}

/// Of the objectives whose recorded mean is no number.
#[derive(Debug, Default)]
pub(super) struct Means {
    known: HashMap<Key, Mean>,
    read: Option<Duration>,
}

impl Means {
    pub(super) fn of(&self, key: &Key) -> Option<&Mean> {
        self.known.get(key)
    }
}

/// Nobody asks at present.
pub(super) fn now(found: &Found) -> bool {
    found.ratios.get("5m").is_some_and(|ratio| ratio.is_nan())
}

/// Whole seconds from sample to sample, of a rule that is evaluated at this interval.
pub(super) fn step(span: Duration, interval: f64) -> Duration {
    Duration::from_secs_f64((span.as_secs_f64() / SAMPLES).max(interval).ceil().max(1.0))
}

/// A comparison without `bool` drops what is NaN.
pub(super) fn query(key: &Key, span: Duration, step: Duration) -> String {
    let (select, span, step) = (key.selector(), events::text(span), events::text(step));
    format!("avg_over_time((slo:sli_error:ratio_rate5m{{{select}}} >= 0)[{span}:{step}])")
}

impl Slos {
    /// Reads the mean of those objectives whose own is NaN because it is a mean of ratios.
    pub(super) async fn mean_without_idle(&mut self, at: Timestamp) {
        let mut queries = HashMap::new();
        for (found, _) in self.found.values() {
            let rules = self.rules.get(&found.key.id);
            let window = window_text(found);
            let is_mean = rules.is_none_or(|rules| rules.mean_of_ratios);
            if is_mean && found.ratios.get(&window).is_some_and(|ratio| ratio.is_nan()) {
                let span = Duration::from_secs_f64(seconds(&window).max(1.0));
                let interval = rules.and_then(|rules| rules.interval).unwrap_or(INTERVAL);
                queries.insert(found.key.clone(), query(&found.key, span, step(span, interval)));
            }
        }
        self.means.known.retain(|key, _| queries.contains_key(key));
        let new = queries.keys().any(|key| !self.means.known.contains_key(key));
        if queries.is_empty() || !(new || due(self.means.read, EVERY, self.poll.mono())) {
            return;
        }
        let all: Vec<&str> = queries.values().map(String::as_str).collect();
        // Without an answer those of before stay, or there is none.
        let Ok(told) = ask(&self.poll, &all.join(" or "), at).await else { return };
        for ((key, _), ratio) in times(&told.series) {
            if let (true, Some(query)) = (ratio.is_finite(), queries.remove(&key)) {
                self.means.known.insert(key, Mean { ratio, query });
            }
        }
        self.means.read = Some(self.poll.mono());
    }
}
