//! What each arm of a service answered: flows of requests, of failed ones and of slow ones, from the
//! scenario's objectives and from where the router of the world sent the traffic.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::flow::Flow;
use super::series::Life;
use crate::demo::scenario::{Objective, Scenario, Traffic};
use crate::demo::traffic::Story;
use crate::demo::value::seconds;

const DAY: i64 = 86_400_000;
/// Nothing is older: twice the window of an objective.
const KEPT: i64 = 60 * DAY;
const WINDOW: i64 = 30 * DAY;
/// Nothing failed before this: budget does not come back while somebody watches.
const QUIET: i64 = 29 * DAY;
const OUTAGE: i64 = 2 * 3_600_000;

/// An arm's traffic.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    /// The label `arm`.
    pub(super) name: &'static str,
    pub(super) all: Arc<Flow>,
    pub(super) failed: Arc<Flow>,
    /// Slower than the latency objective allows.
    pub(super) slow: Arc<Flow>,
    /// 95th percentile of its answers, seconds.
    pub(super) p95: f64,
}

/// A service as its objectives and the story of the world make it.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) arms: Vec<Arm>,
    pub(super) life: Life,
}

/// Shares of bad requests, from each of these moments on.
type Shares = Vec<(i64, f64)>;

/// The service of these objectives.
pub(super) fn service(scenario: &Scenario, story: &Story, objectives: &[&Objective]) -> Option<Service> {
    let first = objectives.first()?;
    let opens = scenario.opens.as_millisecond();
    let watched = watched(scenario) == first.service;
    let traffic = &scenario.traffic;
    let base = if watched { traffic.base_ratio } else { 0.0 };
    let shares = |name: &str| {
        let of_name = objectives.iter().find(|it| it.name == name);
        of_name.map_or_else(
            || vec![(opens - KEPT, if name == "latency" { 0.002 } else { base })],
            |it| history(it, if watched { traffic.base_ratio } else { it.bad }, opens),
        )
    };
    let made = Made {
        traffic,
        story: if watched { Some(story) } else { None },
        rate: if watched { traffic.requests_per_second } else { first.requests_per_second },
        from: opens - KEPT,
        idle: before(opens, first.idle_since.as_ref()),
        failed: shares("availability"),
        slow: shares("latency"),
    };
    let life = Life { from: opens - KEPT, to: before(opens, first.gone_since.as_ref()) };
    Some(Service { name: first.service.clone(), arms: made.arms(), life })
}

/// The name of the workload whose traffic the scenario tells.
pub(super) fn watched(scenario: &Scenario) -> &str {
    scenario.traffic.workload.rsplit('/').next().unwrap_or_default()
}

fn before(opens: i64, span: Option<&String>) -> i64 {
    span.and_then(|span| seconds(span)).map_or(i64::MAX, |span| opens + span * 1_000)
}

/// The shares of an objective; the outage is as bad as the budget consumed at the opening asks for.
fn history(objective: &Objective, base: f64, opens: i64) -> Shares {
    let end = before(opens, objective.gone_since.as_ref()).min(before(opens, objective.idle_since.as_ref())).min(opens);
    let begin = opens - QUIET;
    let mut shares = vec![(opens - KEPT, 0.0), (begin, base)];
    let lately = objective.lately.as_ref();
    let since = lately.map_or(end, |it| before(opens, Some(&it.since)));
    let lasts = lately.and_then(|it| seconds(it.lasts.as_ref()?)).map_or(end - since, |span| span * 1_000);
    if let Some(lately) = lately {
        shares.extend([(since, lately.bad), (since + lasts, if lately.lasts.is_some() { base } else { lately.bad })]);
    }
    let well = (since - begin) + (end - since - lasts);
    let known = base * well as f64 + lately.map_or(0.0, |it| it.bad) * lasts as f64;
    let window = (end - (opens - WINDOW)) as f64;
    let missing = objective.consumed * objective.budget() * window - known;
    let from = before(opens, Some(&objective.outage));
    if missing > 0.0 && from < since {
        let share = (base + missing / OUTAGE as f64).min(1.0);
        shares.extend([(from, share), (from + OUTAGE, base)]);
    }
    shares.sort_by_key(|(at, _)| *at);
    shares
}

fn share(shares: &Shares, at: i64) -> f64 {
    let index = shares.partition_point(|(from, _)| *from <= at);
    index.checked_sub(1).map_or(0.0, |index| shares[index].1)
}

/// What the arms are made of.
struct Made<'a> {
    traffic: &'a Traffic,
    /// Of the watched service.
    story: Option<&'a Story>,
    rate: f64,
    from: i64,
    idle: i64,
    failed: Shares,
    slow: Shares,
}

impl Made<'_> {
    fn arms(&self) -> Vec<Arm> {
        let turns = self.turns();
        let stable_p95 = if self.story.is_some() { self.traffic.latency_p95 * 0.94 } else { 0.12 };
        let arm = |name, canary: bool, p95| {
            let weight = |at: i64| {
                let share = self.canary(at);
                (if canary { share } else { 1.0 - share }) * if at < self.idle { self.rate } else { 0.0 }
            };
            let of = |what: &dyn Fn(i64) -> f64| {
                let mut pieces: Vec<(i64, f64)> = turns.iter().map(|at| (*at, weight(*at) * what(*at))).collect();
                pieces.dedup_by(|next, last| next.1.to_bits() == last.1.to_bits());
                Arc::new(Flow::of(pieces))
            };
            Arm {
                name,
                all: of(&|_| 1.0),
                failed: of(&|at| self.failing(at, canary).unwrap_or_else(|| share(&self.failed, at))),
                slow: of(&|at| share(&self.slow, at)),
                p95,
            }
        };
        let mut arms = vec![arm("stable", false, stable_p95)];
        if self.story.is_some() {
            arms.push(arm("canary", true, self.traffic.latency_p95));
        }
        arms
    }

    /// Every moment at which a rate changes.
    fn turns(&self) -> BTreeSet<i64> {
        let mut turns: BTreeSet<i64> = [self.from].into();
        turns.extend(self.failed.iter().chain(&self.slow).map(|(at, _)| *at));
        if self.idle < i64::MAX {
            turns.insert(self.idle);
        }
        let Some(story) = self.story else { return turns };
        turns.extend(story.routed().iter().map(|it| it.at.as_millisecond()));
        for (from, to) in story.failing() {
            let from = from.as_millisecond();
            turns.extend((0..=self.grows_for()).map(|minute| from + minute * 60_000));
            turns.extend(to.map(Timestamp::as_millisecond));
        }
        turns.retain(|at| *at >= self.from);
        turns
    }

    /// Minutes until the share of failures has reached its ceiling.
    fn grows_for(&self) -> i64 {
        let traffic = self.traffic;
        if traffic.growth_per_minute <= 0.0 {
            return 0;
        }
        let grows = ((traffic.ceiling - traffic.base_ratio) / traffic.growth_per_minute).ceil() as i64;
        (traffic.fails_after_minutes + grows).clamp(0, 10_000)
    }

    /// Share of the traffic that the canary has.
    fn canary(&self, at: i64) -> f64 {
        let routed = self.story.map_or(&[][..], Story::routed);
        let index = routed.partition_point(|it| it.at.as_millisecond() <= at);
        index.checked_sub(1).map_or(0.0, |index| routed[index].canary as f64 / 100.0)
    }

    /// The share of failures while the arm is the bad version and fails.
    fn failing(&self, at: i64, canary: bool) -> Option<f64> {
        let story = self.story?;
        let routed = story.routed().iter().rev().find(|it| it.at.as_millisecond() <= at)?;
        if canary == routed.bad_is_stable {
            return None;
        }
        let open = |(from, to): &&(Timestamp, Option<Timestamp>)| {
            from.as_millisecond() <= at && to.is_none_or(|to| at < to.as_millisecond())
        };
        let (from, _) = story.failing().iter().rev().find(open)?;
        Some(self.traffic.failing((at - from.as_millisecond()).div_euclid(60_000) + 1))
    }
}
