//! What the users of the watched service meet: how many requests fail on which version at which
//! moment. Measurements and logs are both taken from here, so they tell the same story.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::kinds::Key;
use super::scenario::Measure;
use super::value::{at, hash, int, text};
use super::world::World;

/// What the story of a world remembers beside its objects.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// Rollouts whose next update is promoted in full at once.
    pub(super) promote_in_full: BTreeSet<Key>,
    /// When the bad version began to fail, and when its traffic was taken away.
    failing: Vec<(Timestamp, Option<Timestamp>)>,
    /// When analyses began, to the nanosecond; the objects carry whole seconds.
    began: BTreeMap<String, Timestamp>,
}

impl Story {
    /// Notes the beginning of an analysis.
    pub(super) fn began(&mut self, run: &str, at: Timestamp) {
        self.began.insert(run.to_owned(), at);
    }

    /// When an analysis began.
    pub(super) fn begin_of(&self, run: &str) -> Option<Timestamp> {
        self.began.get(run).copied()
    }

    /// The minutes that the bad version has been failing for at `now`; none when it does not.
    pub(super) fn failing_for(&self, now: Timestamp) -> Option<f64> {
        let (from, _) = self.failing.iter().rev().find(|(from, to)| *from <= now && to.is_none_or(|to| now < to))?;
        Some(now.duration_since(*from).as_secs_f64() / 60.0)
    }
}

impl World {
    /// The router gives `weight` percent to the version of `image`, or all if it is the stable one.
    pub(super) fn traffic_moved(&mut self, rollout: &Key, image: &str, weight: i64, stable: bool) {
        let traffic = &self.scenario.traffic;
        if traffic.workload != format!("{}/{}", rollout.namespace, rollout.name) {
            return;
        }
        let bad = image.ends_with(&format!(":{}", traffic.bad_version));
        let reached = bad && (stable || weight >= traffic.from_weight);
        let open = self.story.failing.last().is_some_and(|(_, to)| to.is_none());
        if reached && !open {
            self.story.failing.push((self.now, None));
        } else if !(reached || bad && weight > 0)
            && open
            && let Some(last) = self.story.failing.last_mut()
        {
            last.1 = Some(self.now);
        }
    }

    /// Share of failed requests of the bad version in minute `minute` since it began to fail.
    pub(super) fn error_ratio(&self, minute: i64) -> f64 {
        let traffic = &self.scenario.traffic;
        if minute <= 0 {
            return traffic.base_ratio;
        }
        (traffic.base_ratio + traffic.growth_per_minute * minute as f64).min(traffic.ceiling)
    }

    /// Failed and all requests of the canary over the window that ends at minute `minute`.
    fn window(&self, minute: i64, weight: i64) -> (f64, f64) {
        let traffic = &self.scenario.traffic;
        let a_minute = traffic.requests_per_second * 60.0 * weight as f64 / 100.0;
        let minutes = minute - traffic.window_minutes + 1..=minute;
        let failed: f64 = minutes.map(|minute| self.error_ratio(minute) * a_minute).sum();
        (failed.round(), a_minute * traffic.window_minutes as f64)
    }

    /// The value of a metric now.
    pub(super) fn measure(&self, rollout: &Key, metric: &Value, count: i64) -> f64 {
        let weight = self.store.value(rollout).map_or(0, |it| int(it, "/status/canary/weights/canary/weight"));
        let name = text(metric, "/name");
        let minutes = self.story.failing_for(self.now).map_or(0, |minutes| minutes.round() as i64);
        match self.metric(name).map(|metric| metric.measures) {
            Some(Measure::LatencyP95) => {
                let noise = hash(&format!("{count}{weight}")) % 24;
                self.scenario.traffic.latency_p95 + noise as f64 / 1_000.0
            }
            Some(Measure::ErrorRate) | None => {
                let (failed, all) = self.window(minutes, weight);
                if all > 0.0 { failed / all } else { 0.0 }
            }
        }
    }

    fn metric(&self, name: &str) -> Option<&super::scenario::Metric> {
        self.scenario.templates.iter().flat_map(|it| &it.metrics).find(|it| it.name == name)
    }

    /// Share of the answers of a pod that fail at `time`.
    pub(super) fn pod_error_ratio(&self, pod: &Value, time: Timestamp) -> f64 {
        let traffic = &self.scenario.traffic;
        let image = text(pod, "/spec/containers/0/image");
        let mine = at(pod, "/metadata/labels/rollouts-pod-template-hash").is_string();
        let bad = mine && image.ends_with(&format!("checkout:{}", traffic.bad_version));
        let minutes = self.story.failing_for(time).filter(|_| bad);
        minutes.map_or(traffic.base_ratio, |minutes| self.error_ratio(minutes.ceil() as i64))
    }
}
