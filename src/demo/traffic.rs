//! What the users of the watched service meet: how many requests fail on which version at which
//! moment. Measurements and logs are both taken from here, so they tell the same story.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::kinds::Key;
use super::scenario::Traffic;
use super::value::{at, earlier, text};
use super::world::World;

/// What the story of a world remembers beside its objects.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// Rollouts whose next update is promoted in full at once.
    pub(super) promote_in_full: BTreeSet<Key>,
    /// When the bad version began to fail, and when its traffic was taken away.
    failing: Vec<(Timestamp, Option<Timestamp>)>,
    /// Where the router sent the watched service's traffic, in order of time.
    routed: Vec<Routed>,
    /// When analyses began, to the nanosecond; the objects carry whole seconds.
    began: BTreeMap<String, Timestamp>,
}

/// Where the traffic goes from a moment on. In whole seconds, so that a measurement every minute
/// looks back over whole minutes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Routed {
    pub(super) at: Timestamp,
    /// Percent that reach the canary.
    pub(super) canary: i64,
    /// The stable version is the bad one.
    pub(super) bad_is_stable: bool,
}

impl Story {
    /// Where the traffic went.
    pub(super) fn routed(&self) -> &[Routed] {
        &self.routed
    }

    /// When the bad version failed: from, to, or to this day.
    pub(super) fn failing(&self) -> &[(Timestamp, Option<Timestamp>)] {
        &self.failing
    }

    /// Grows with everything that the series of the watched service depend on.
    pub(super) fn turns(&self) -> usize {
        self.routed.len() + self.failing.iter().map(|(_, to)| 1 + usize::from(to.is_some())).sum::<usize>()
    }

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

impl Traffic {
    /// Share of failed requests of the bad version in minute `minute` since it began to fail.
    pub(super) fn failing(&self, minute: i64) -> f64 {
        let minute = minute - self.fails_after_minutes;
        if minute <= 0 {
            return self.base_ratio;
        }
        (self.base_ratio + self.growth_per_minute * minute as f64).min(self.ceiling)
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
        let now = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        let canary = if stable { 0 } else { weight };
        let routed = Routed { at: now, canary, bad_is_stable: bad && stable };
        let same = |last: &Routed| last.canary == routed.canary && last.bad_is_stable == routed.bad_is_stable;
        if !self.story.routed.last().is_some_and(same) {
            self.story.routed.push(routed);
        }
        let reached = bad && (stable || weight >= traffic.from_weight);
        let open = self.story.failing.last().is_some_and(|(_, to)| to.is_none());
        if reached && !open {
            self.story.failing.push((now, None));
        } else if !(reached || bad && weight > 0)
            && open
            && let Some(last) = self.story.failing.last_mut()
        {
            last.1 = Some(now);
        }
    }

    /// The value of a metric now: what Prometheus answers to its query.
    pub(super) fn measure(&mut self, metric: &Value, service: &str) -> f64 {
        let query = text(metric, "/provider/prometheus/query").replace("{{args.service}}", service);
        let now = self.measured_at();
        self.prometheus().value(&query, now).unwrap_or(f64::NAN)
    }

    /// Now, or the whole half minute of the failure that has just passed: a controller that measures every
    /// minute, or twice in it, is a moment late, and the incident's numbers are those of the whole one.
    fn measured_at(&self) -> Timestamp {
        let Some(minutes) = self.story.failing_for(self.now) else { return self.now };
        let late = (minutes * 60.0) % 30.0;
        if late < 2.0 { earlier(self.now, Duration::from_secs_f64(late)) } else { self.now }
    }

    /// Share of the answers of a pod that fail at `time`.
    pub(super) fn pod_error_ratio(&self, pod: &Value, time: Timestamp) -> f64 {
        let traffic = &self.scenario.traffic;
        let image = text(pod, "/spec/containers/0/image");
        let mine = at(pod, "/metadata/labels/rollouts-pod-template-hash").is_string();
        let bad = mine && image.ends_with(&format!("checkout:{}", traffic.bad_version));
        let minutes = self.story.failing_for(time).filter(|_| bad);
        minutes.map_or(traffic.base_ratio, |minutes| traffic.failing(minutes.ceil() as i64))
    }
}
