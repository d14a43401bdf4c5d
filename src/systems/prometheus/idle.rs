//! The mean of an objective's ratios over a window in which nobody asked for a while. Sloth records
//! 0/0 as NaN, and one NaN makes its own mean NaN for the whole window (slo.md §1.6): thirty days
//! without a figure after a quiet night. What was recorded while nobody asked is left out of ours.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::discover::{Found, Key, MARK, times};
use super::ingest::{self, Series};
use super::slos::{Slos, ask, due, window_text};
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
    /// Which were asked for last, answered or not, and when.
    asked: HashSet<Key>,
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
pub(super) fn step(span: Duration, interval: Duration) -> Duration {
    let least = (span.as_secs_f64() / SAMPLES).max(interval.as_secs_f64()).max(1.0);
    Duration::from_secs(least.ceil() as u64)
}

/// A comparison without `bool` drops what is NaN.
pub(super) fn query(key: &Key, span: Duration, step: Duration) -> String {
    let (select, span, step) = (key.selector(), events::text(span), events::text(step));
    format!("avg_over_time((slo:sli_error:ratio_rate5m{{{select}}} >= 0)[{span}:{step}])")
}

/// The means of whole windows of so many points from those of their steps, for each point that has
/// a window before it. A step in which nobody asked counts nothing.
pub(super) fn sliding(steps: &[Option<f64>], window: usize) -> Vec<Option<f64>> {
    let mean = |steps: &[Option<f64>]| {
        let (sum, count) = steps.iter().flatten().fold((0.0, 0.0), |(sum, count), ratio| (sum + ratio, count + 1.0));
        (count > 0.0).then(|| sum / count)
    };
    let all: Vec<Option<f64>> = steps.windows(window).map(mean).collect();
    all[all.len().saturating_sub(window)..].to_vec()
}

/// How far back the last request is looked for.
const LOOK_BACK: &str = "6h:1m";
/// A ratio of so many minutes is a number as long after the last request.
const SEEN_FOR: i64 = 300;
/// Objectives of one request.
const TOGETHER: usize = 10;

impl Slos {
    /// Finds out since when nobody asks, once for each spell. Where it cannot be found out it is not
    /// known.
    pub(super) async fn note_idle(&mut self, at: Timestamp) {
        let recorded = self.found.values().filter(|(found, _)| now(found)).map(|(found, _)| {
            let ratio = format!("slo:sli_error:ratio_rate5m{{{}}} >= 0", found.key.selector());
            (found.name.clone(), ratio)
        });
        let of_files = self.objectives.iter().filter_map(|spec| {
            let id = spec.id.raw();
            let all = events::all(spec, Duration::from_secs(SEEN_FOR.unsigned_abs()))?;
            self.of_specs.get(id)?.is_idle().then(|| (id.to_owned(), format!("({all}) > 0")))
        });
        let idle: BTreeMap<String, String> = recorded.chain(of_files).collect();
        self.idle.retain(|id, _| idle.contains_key(id));
        let new: Vec<(String, String)> = idle.into_iter().filter(|(id, _)| !self.idle.contains_key(id)).collect();
        for some in new.chunks(TOGETHER) {
            let part = |(number, (_, query)): (usize, &(String, String))| {
                let last = format!("max_over_time(timestamp({query})[{LOOK_BACK}])");
                format!("label_replace({last}, \"{MARK}\", \"{number}\", \"\", \"\")")
            };
            let all: Vec<String> = some.iter().enumerate().map(part).collect();
            // Without an answer it is asked again at the next turn.
            let Ok(told) = ask(&self.poll, &all.join(" or "), at).await else { continue };
            for (number, (id, _)) in some.iter().enumerate() {
                let of = told.series.iter().filter(|one| one.label(MARK) == number.to_string());
                let last = of.filter_map(Series::value).filter(|last| last.is_finite()).fold(f64::NAN, f64::max);
                let since = ingest::time(last - SEEN_FOR as f64).filter(|_| last.is_finite());
                self.idle.insert(id.clone(), since);
            }
        }
    }

    /// The mean of each step of a chart, seconds; `None` where the recorded mean is a number.
    pub(super) fn each_step(&self, id: &str, step: i64) -> Option<String> {
        let key = &self.of_sloth(id)?.key;
        self.means.of(key)?;
        let step = Duration::from_secs(step.unsigned_abs());
        // 36 samples: every 5 m of the 3 h that a point of a month is.
        Some(query(key, step, Duration::from_secs((step.as_secs() / 36).max(1))))
    }

    /// Reads the mean of those objectives whose own is NaN because it is a mean of ratios.
    pub(super) async fn mean_without_idle(&mut self, at: Timestamp) {
        let mut queries = HashMap::new();
        for (found, _) in self.found.values() {
            let rules = self.rules.get(&found.key);
            let window = window_text(found);
            let is_mean = rules.is_none_or(|rules| rules.mean_of_ratios);
            if is_mean && found.ratios.get(&window).is_some_and(|ratio| ratio.is_nan()) {
                let interval = rules.and_then(|rules| rules.interval).unwrap_or(ingest::INTERVAL);
                queries.insert(found.key.clone(), query(&found.key, found.window, step(found.window, interval)));
            }
        }
        self.means.known.retain(|key, _| queries.contains_key(key));
        let new = queries.keys().any(|key| !self.means.asked.contains(key));
        if queries.is_empty() || !(new || due(self.means.read, EVERY, self.poll.mono())) {
            return;
        }
        self.means.asked = queries.keys().cloned().collect();
        self.means.read = Some(self.poll.mono());
        let all: Vec<&str> = queries.values().map(String::as_str).collect();
        // Without an answer those of before stay, or there is none.
        let Ok(told) = ask(&self.poll, &all.join(" or "), at).await else { return };
        for ((key, _), ratio) in times(&told.series) {
            if let (true, Some(query)) = (ratio.is_finite(), queries.remove(&key)) {
                self.means.known.insert(key, Mean { ratio, query });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_slides_over_the_steps_and_leaves_the_idle_ones_out() {
        let steps = [Some(0.1), None, Some(0.3), None, None, Some(0.2)];
        let near = |found: &[Option<f64>], wanted: &[Option<f64>]| {
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(wanted) {
                assert!(
                    found.zip(*wanted).map_or(found == wanted, |(a, b)| (a - b).abs() < 1e-12),
                    "{found:?} {wanted:?}"
                );
            }
        };
        near(&sliding(&steps, 3), &[Some(0.3), Some(0.3), Some(0.2)]);
        near(&sliding(&steps, 2), &[None, Some(0.2)]);
        near(&sliding(&[], 3), &[]);
    }

    #[test]
    fn a_month_is_looked_at_every_five_minutes_and_no_window_finer_than_its_rule() {
        let days = |days: u64| Duration::from_hours(24 * days);
        assert_eq!(step(days(30), Duration::from_secs(30)), Duration::from_mins(5));
        assert_eq!(step(days(7), Duration::from_secs(30)), Duration::from_secs(70));
        assert_eq!(step(Duration::from_mins(100), Duration::from_mins(1)), Duration::from_mins(1));
    }
}
