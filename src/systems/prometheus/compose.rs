//! From what was read to the objectives as they are told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::discover::{Found, Key};
use super::idle;
use super::ingest;
use super::ingest_slo::{self, Head, WINDOWS};
use super::objective;
use super::rules::OfRules;
use super::slos::{Slos, seconds, window_text};
use crate::model::slo::{Reading, SloSource};
use crate::slo::events;
use crate::slo::reading::{self, Beside, Range, Sample};
use crate::text::Safe;

impl Slos {
    pub(super) fn compose(&mut self, at: Timestamp, warning: Option<&Safe>, times: &HashMap<(Key, String), f64>) {
        let source = self.poll.outlet.id.cluster;
        let mut known = BTreeMap::new();
        for (found, _) in self.found.values() {
            let rules = self.rules.get(&found.key);
            let mut head = head(found, rules);
            let mean = self.means.of(&found.key);
            if let (Some(mean), Some(first)) = (mean, head.queries.first_mut()) {
                first.1 = Safe::line(&mean.query);
            }
            let interval = rules.and_then(|rules| rules.interval).or_else(|| self.observed(&found.key));
            let mut ratios = BTreeMap::new();
            let windows = WINDOWS.iter().map(|&window| window.to_owned()).chain([head.window_text.clone()]);
            for window in windows {
                let marked = (found.key.clone(), window.clone());
                let mean = mean.filter(|_| window == head.window_text);
                let beside = Beside {
                    now: at,
                    interval: Some(interval.unwrap_or(ingest::INTERVAL)),
                    coverage: Some(interval.map_or(0.0, |each| coverage(self.samples.get(&marked), each, &window))),
                    warnings: warning.cloned().into_iter().collect(),
                    last: mean.map(|mean| mean.ratio).or_else(|| self.memory.last(&head.id, &window)),
                    since: self.memory.seen(&head.id, &window),
                    idle: self.idle.get(&head.id).copied().flatten(),
                };
                let made = times.get(&marked).or_else(|| times.get(&(found.key.clone(), "5m".to_owned())));
                let made = made.and_then(|seconds| ingest::time(*seconds)).unwrap_or(at);
                let active = mean.filter(|_| !idle::now(found)).map(|mean| mean.ratio);
                let text = found.ratios.get(&window).map(|recorded| active.unwrap_or(*recorded).to_string());
                let sample = text.as_deref().map(|text| Sample { text, at: made });
                let reading = reading::of(sample, Range::Ratio, &beside);
                if sample.is_some() {
                    let ratio = reading.shown().copied();
                    self.memory.keep(&head.id, &window, ratio, made);
                }
                ratios.insert(window, reading);
            }
            let history = self.known.get(&head.id).map(|slo| slo.history.clone()).unwrap_or_default();
            known.insert(head.id.clone(), Arc::new(ingest_slo::slo(source, &head, &ratios, at, history)));
        }
        self.known = known;
    }

    /// Between two samples, where no rule tells it: as they lie in the densest window, of which the last
    /// minutes are one. A guess would call half of a window the whole of it.
    fn observed(&self, key: &Key) -> Option<Duration> {
        let between = |window: &&str| {
            let count = self.samples.get(&(key.clone(), (**window).to_owned()))?;
            // Both ends may be in it.
            (*count >= 2.0).then(|| seconds(window) / (count - 1.0))
        };
        ingest::span(WINDOWS.iter().filter_map(between).min_by(f64::total_cmp)?)
    }

    /// An objective of a file stands before one of the same id that Sloth's rules tell of.
    pub(super) fn compose_specs(&mut self, at: Timestamp) {
        let source = self.poll.outlet.id.cluster;
        for spec in self.objectives.iter() {
            let head = objective::head(spec, at);
            let Some(of) = self.of_specs.get(&head.id) else { continue };
            let memory = &self.memory;
            let known = |window: &str| (memory.last(&head.id, window), memory.seen(&head.id, window));
            let idle = self.idle.get(&head.id).copied().flatten();
            let readings = of.readings(spec, at, idle, known);
            for (window, reading) in &readings {
                if !matches!(reading, Reading::NoData { .. } | Reading::Unreachable { .. }) {
                    self.memory.keep(&head.id, window, reading.shown().copied(), at);
                }
            }
            let history = self.known.get(&head.id).map(|slo| slo.history.clone()).unwrap_or_default();
            self.known.insert(head.id.clone(), Arc::new(ingest_slo::slo(source, &head, &readings, at, history)));
        }
    }
}

fn coverage(samples: Option<&f64>, interval: Duration, window: &str) -> f64 {
    let (Some(count), Some(window)) = (samples, ingest::span(seconds(window))) else { return 0.0 };
    reading::coverage(*count, interval, window)
}

fn head(found: &Found, rules: Option<&OfRules>) -> Head {
    let (window, select) = (window_text(found), found.key.selector());
    let query = |what: &'static str, text: String| (Safe::of(what), Safe::line(&text));
    let ratio = |window: &str| format!("slo:sli_error:ratio_rate{window}{{{select}}}");
    Head {
        id: found.name.clone(),
        extras: found.told_apart().map(|(name, value)| (Safe::line(name), Safe::line(value))).collect(),
        service: Safe::line(&found.service),
        name: Safe::line(&found.slo),
        objective: found.objective,
        window: found.window,
        rolling: true,
        period: None,
        source: SloSource::Sloth,
        method: if rules.is_none_or(|rules| rules.mean_of_ratios) { "mean of ratios" } else { "events" },
        queries: vec![
            query("failed over the window", ratio(&window)),
            query("failed over 5m", ratio("5m")),
            query("failed over 1h", ratio("1h")),
            query("failed over 6h", ratio("6h")),
            query("samples of the window", format!("count_over_time({}[{}])", ratio("5m"), events::text(found.window))),
        ],
        alerts: rules.map(|rules| rules.alerts.clone()).unwrap_or_default(),
        window_text: window,
    }
}
