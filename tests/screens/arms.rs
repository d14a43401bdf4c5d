//! What compares the arms of checkout in production, and the answer.

use quarterdeck::model::slo::{Arm, ArmMetric, ArmQuery, ArmVerdict, Comparison, ComparisonQuery, Exposed};
use quarterdeck::slo::stats::{self, Counts};
use quarterdeck::state::arms;

use super::*;

fn arm(value: f64, counts: Option<(u64, u64)>, slope: f64) -> Arm {
    let history = (0..30).map(|at| (at > 3).then(|| value * (1.0 - slope * f64::from(29 - at) / 29.0)));
    Arm { value: Reading::Value(value), counts, history: history.collect() }
}

/// The comparison that S2 shows after some minutes: failures of 30 000 requests each.
fn told(state: &State, metric: ArmMetric, canary: Arm, stable: Arm, verdict: ArmVerdict) -> Comparison {
    let id = world::rollout(state, "checkout", "production");
    let rollout = state.world.rollouts.get(&id.uid).unwrap();
    let query = || ArmQuery { value: "x".into(), counts: None };
    let label = if metric == ArmMetric::Errors { "errors" } else { "p95" };
    let query = ComparisonQuery {
        rollout: id.uid,
        metric,
        label: Safe::of(label),
        canary: query(),
        stable: query(),
        margin_ppb: 500_000,
        budget_ppb: Some(1_000_000),
        slow_over: None,
        since: arms::began(state, rollout),
    };
    let of = |arm: &Arm| arm.counts.map(|(_, all)| 6 * all);
    let exposed = of(&canary).zip(of(&stable)).map(|(canary, stable)| Exposed { canary, stable });
    Comparison { query, canary, stable, verdict, exposed, at: ago(200) }
}

pub fn counted(state: &State, canary: (u64, u64), stable: (u64, u64)) -> Comparison {
    let counts = |(failed, all): (u64, u64)| Counts { failed: failed as f64, all: all as f64 };
    let verdict = stats::verdict(counts(canary), counts(stable), 0.0005, Duration::from_mins(5));
    let arm = |pair: (u64, u64), slope| arm(pair.0 as f64 / pair.1 as f64, Some(pair), slope);
    told(state, ArmMetric::Errors, arm(canary, 0.9), arm(stable, 0.1), verdict)
}

pub fn with(rows: impl Fn(&State) -> Vec<Comparison>) -> State {
    let mut state = budgets();
    for row in rows(&state) {
        state.world.apply(&feed(Kind::Slo), HEARD, FeedEvent::Detail(Detail::Comparison(Box::new(row))));
    }
    state
}

fn latency(state: &State) -> Comparison {
    let metric = ArmMetric::Latency;
    told(state, metric, arm(0.212, None, 0.1), arm(0.205, None, 0.0), ArmVerdict::None)
}

/// The world in which both arms differ: the deck has all of it.
pub fn compared() -> State {
    with(|state| vec![counted(state, (54, 30_000), (6, 30_000)), latency(state)])
}

#[test]
fn the_canary_beside_the_stable_arm() {
    let worse = compared();
    compare!("arms-160x48", shot(&worse, FULL));
    compare!("arms-80x24", shot(&worse, SMALL));
    let id = world::rollout(&worse, "checkout", "production");
    compare!("arms-rollout-160x48", shot(&at(worse.clone(), Place::Rollout(id.clone())), FULL));
    // What the interval is held against stands on the page of the rollout at any width.
    for size in [FULL, SMALL] {
        let page = text(&draw(&at(worse.clone(), Place::Rollout(id.clone())), &theme("mono"), size));
        assert!(size == SMALL && !page.contains("worse") || page.contains("δ 0.05"), "{page}");
    }
    let mut aborted = worse;
    let mut rollout = quarterdeck::model::rollouts::Rollout::clone(aborted.world.rollouts.get(&id.uid).unwrap());
    rollout.abort = true;
    let feed = FeedId { cluster: id.cluster, kind: Kind::Rollout, namespace: Some(id.namespace) };
    aborted.world.apply(&feed, HEARD, FeedEvent::Applied(vec![Object::Rollout(Arc::new(rollout))]));
    compare!("arms-aborted-80x24", shot(&aborted, SMALL));
}

/// Where there is room each arm has a line of its own, with what it counted, and the canary what it was
/// exposed to.
#[test]
fn both_arms_below_each_other_where_there_is_room() {
    let state = compared();
    let id = world::rollout(&state, "checkout", "production");
    let page = at(state.clone(), Place::Rollout(id));
    compare!("arms-rollout-300x100", shot(&page, (300, 100)));
    compare!("arms-300x100", shot(&state, (300, 100)));
    for size in [FULL, (300, 100)] {
        let page = text(&draw(&page, &theme("mono"), size));
        for words in
            ["54 of 30 000", "6 of 30 000", "δ 0.05 pp", "exposed 50.0 % of requests, 180 000 so far", "traffic for"]
        {
            assert!(page.contains(words), "{words} is not in\n{page}");
        }
    }
}

#[test]
fn each_verdict_in_words() {
    let said = |canary, stable| {
        let state = with(|state| vec![counted(state, canary, stable)]);
        let text = text(&draw(&state, &theme("mono"), SMALL));
        text.lines().skip_while(|line| !line.contains("canary   ")).skip(1).take(2).collect::<Vec<_>>().join("\n")
    };
    for (canary, stable, words) in [
        ((54, 30_000), (6, 30_000), "⚠ worse +0.12…+0.21 pp · n 30 000"),
        ((24, 30_000), (6, 30_000), "? inconclusive +0.031…+0.093 pp · n 30k"),
        ((605, 2_880_000), (576, 2_880_000), "✔ not worse −0.0010…+0.0030 pp · n 2.8M"),
        ((1, 412), (10, 10_000), "· too few requests: 412 of "),
    ] {
        let said = said(canary, stable);
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
}

/// A verdict that is longer than its column does not take the last measurement's line.
#[test]
fn a_long_verdict_hides_no_measurement() {
    let mut state = with(|state| {
        let mut errors = counted(state, (3, 13_350), (3, 13_350));
        errors.query.label = Safe::of("error-rate");
        let mut slow = counted(state, (1, 13_350), (1, 13_350));
        (slow.query.label, slow.query.metric) = (Safe::of("latency-p95"), ArmMetric::Latency);
        vec![errors, slow]
    });
    state.ui.pane = quarterdeck::state::ui::Pane::Canary;
    let text = text(&draw(&state, &theme("mono"), FULL));
    assert_eq!(text.matches("pp · n 13k").count(), 2, "{text}");
    assert!(text.contains("wants"), "{text}");
}

/// Wherever the comparison is drawn, it is read.
#[test]
fn what_is_compared_is_asked_for_in_every_place_that_shows_it() {
    let state = compared();
    let id = world::rollout(&state, "checkout", "production");
    for place in [Place::Deck, Place::Rollouts, Place::Environments, Place::Rollout(id.clone())] {
        let mut state = at(state.clone(), place.clone());
        if !matches!(place, Place::Rollout(_) | Place::Deck) {
            world::select(&mut state, quarterdeck::state::ui::ListId::Place(place.clone()), "checkout", "production");
        }
        let text = text(&draw(&state, &theme("mono"), FULL));
        assert!(text.contains("⚠ worse"), "{place:?} {text}");
        let asked = quarterdeck::state::interest::of(&state).comparisons;
        assert!(asked.iter().any(|query| query.rollout == id.uid), "{place:?}: {asked:?}");
    }
}

/// What was measured of an earlier version is not shown beside this one.
#[test]
fn a_comparison_of_another_rollout_is_not_shown() {
    let state = with(|state| {
        let mut old = counted(state, (54, 30_000), (6, 30_000));
        old.query.since = Some(ago(90_000));
        vec![old]
    });
    let text = text(&draw(&state, &theme("mono"), SMALL));
    assert!(!text.contains("worse"), "{text}");
}

/// Back to a version made an hour ago: its ReplicaSet is there since, the rollout began after the
/// version in between was made.
#[test]
fn a_young_version_that_comes_back_began_after_the_one_it_follows() {
    let mut state = budgets();
    let id = world::rollout(&state, "checkout", "production");
    let rollout = Arc::clone(state.world.rollouts.get(&id.uid).unwrap());
    let current = rollout.current_pod_hash.clone();
    let set = {
        let mut sets = state.world.replica_sets.owned_by(&id.uid);
        Arc::clone(sets.find(|set| set.template_hash == current).unwrap())
    };
    let uid = |name: &str| Uid::new(id.cluster, name);
    let mut back = quarterdeck::model::kubernetes::ReplicaSet::clone(&set);
    // Nothing was analysed of this revision yet.
    (back.meta.created, back.revision) = (Some(ago(3600)), Some(99));
    let mut between = back.clone();
    (between.meta.uid, between.meta.name) = (uid("between"), Name::new("checkout-between"));
    (between.template_hash, between.meta.created) = (Some(Safe::of("between")), Some(ago(5)));
    let of_sets = |feed: &&FeedId| feed.cluster == id.cluster && feed.kind == Kind::ReplicaSet;
    let feed = state.world.feeds.keys().find(of_sets).cloned().unwrap();
    let mut told = |set| {
        state.world.apply(&feed, HEARD, FeedEvent::Applied(vec![Object::ReplicaSet(Arc::new(set))]));
        arms::began(&state, &rollout)
    };
    assert!(told(back) < Some(ago(5)));
    assert_eq!(told(between), Some(ago(5)));
}
