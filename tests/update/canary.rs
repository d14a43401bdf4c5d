//! When an analysis measures next, how long a canary has had traffic.

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::state::canary::{self, Next};
use serde_json::{Value, json};

use crate::ingest::blockers::objects::{canary as rollout, merge, meta};
use crate::ingest::world::with;

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

/// A run with this metric's results.
fn next(spec: &Value, result: &Value) -> Option<Next> {
    let mut metric = json!({ "name": "error-rate", "interval": "30s", "count": 10, "provider": { "prometheus": {} } });
    merge(&mut metric, spec);
    let mut row = json!({ "name": "error-rate", "phase": "Running" });
    merge(&mut row, result);
    let run = json!({ "metadata": meta("run", None), "spec": { "metrics": [metric] },
        "status": { "phase": "Running", "startedAt": "2026-11-21T01:59:00Z", "metricResults": [row] } });
    let state = with(now(), &json!({ "analysisruns": [run] }));
    let run = &state.world.analysis_runs.rows()[0];
    canary::next(run, &run.metrics[0], now())
}

#[test]
fn a_metric_is_measured_again_after_its_interval_and_ten_seconds_after_an_error() {
    let measured = |phase: &str, finished: &str| json!({ "measurements": [{ "phase": phase, "startedAt": "2026-11-21T01:59:30Z", "finishedAt": finished }] });
    let seconds = |count| Some(Next::In(Duration::from_secs(count)));
    let (early, late) = ("2026-11-21T01:59:50Z", "2026-11-21T01:59:58Z");
    for (name, spec, result, expected) in [
        ("after its interval", json!({}), measured("Successful", early), seconds(20)),
        ("a failure waits as long", json!({}), measured("Failed", late), seconds(28)),
        ("after an error", json!({}), measured("Error", late), seconds(8)),
        ("due", json!({}), measured("Successful", "2026-11-21T01:59:30Z"), Some(Next::Now)),
        ("being measured", json!({}), json!({ "measurements": [{ "startedAt": late }] }), Some(Next::Now)),
        ("the first at once", json!({}), json!({}), Some(Next::Now)),
        ("the first after a delay", json!({ "initialDelay": "2m" }), json!({}), seconds(60)),
        ("once only", json!({ "interval": null }), measured("Successful", early), None),
        ("over", json!({}), json!({ "phase": "Failed", "measurements": [{ "finishedAt": early }] }), None),
    ] {
        assert_eq!(next(&spec, &result), expected, "{name}");
    }
}

/// slo.md D5: the hours with traffic count, not those of a canary that is aborted or has none yet.
#[test]
fn a_canary_dwells_while_it_has_traffic() {
    let set = json!({ "metadata": meta("set", Some("checkout")), "spec": { "replicas": 1 } });
    let dwell = |change: &Value| {
        let state = with(now(), &json!({ "rollouts": [rollout(change)], "replicasets": [set] }));
        canary::dwell(&state, &state.world.rollouts.rows()[0])
    };
    assert_eq!(dwell(&json!({})), Some(Duration::from_mins(1)));
    assert_eq!(dwell(&json!({ "status": { "abort": true } })), None);
    assert_eq!(dwell(&json!({ "status": { "stableRS": "new" } })), None, "nothing is on its way");
    let first = json!({ "spec": { "strategy": { "canary": { "steps": [{ "pause": {} }, { "setWeight": 25 }] } } },
        "status": { "currentStepIndex": 0 } });
    assert_eq!(dwell(&first), None, "no weight is set yet");
    assert_eq!(canary::DWELL, Duration::from_hours(24));
}

/// The controller counts from 0 again as soon as it has aborted: the analysis that it aborted for tells where.
#[test]
fn an_aborted_canary_stands_at_no_step_and_is_marked_where_it_was_aborted() {
    use super::world::{Console, moment};
    use quarterdeck::model::Kind;
    use quarterdeck::state::lists::{self, Item, StepState};
    use quarterdeck::state::ui::{ListId, Place};

    let states = |at: &str| {
        let mut console = Console::new(&moment(at));
        let id = console.state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
        console.state.ui.place = Place::Rollout(id.clone());
        let all = lists::rows(&console.state, &ListId::Place(Place::Rollout(id)), 0..10);
        let of = |line: &lists::Line| if let Item::Step { state, .. } = line.item { Some(state) } else { None };
        all.iter().filter_map(of).collect::<Vec<_>>()
    };
    let (done, aborted, left) = (StepState::Done, StepState::Aborted, StepState::Left);
    let by_analysis = states("regression/03-aborted-by-analysis");
    assert_eq!(by_analysis, [&[done; 6][..], &[aborted], &[left; 3]].concat());
    // Nothing tells: none is marked, above all not the first.
    for at in ["crashing/04-aborted", "regression/06-aborted-by-a-person"] {
        assert_eq!(states(at), [left; 10], "{at}");
    }
}

/// Two minutes after an abort nobody has pushed a fix: then it is said wherever the Rollout is named.
#[test]
fn after_an_abort_git_still_asks_for_the_new_version_and_that_is_said_after_a_while() {
    use crate::ingest::blockers::gitops::application;
    use crate::ingest::blockers::objects::aborted;
    use quarterdeck::state::{aborted as after, blocker};
    use quarterdeck::update;

    let told = |at: &str, sync: &str| {
        let mut row = rollout(&aborted("Rollout aborted update to revision 2"));
        row["status"]["abortedAt"] = json!(at);
        let kept =
            application(&json!({ "status": { "sync": { "status": sync }, "health": { "status": "Degraded" } } }));
        let mut state = with(now(), &json!({ "rollouts": [row], "applications": [kept] }));
        update::settle(&mut state);
        let row = &state.world.rollouts.rows()[0];
        let words = blocker::aborted(&state, row).expect("it was aborted").as_str().to_owned();
        (words, after::git(&state, row).map(|it| it.as_str().to_owned()), after::align(&state, row))
    };
    let (words, git, align) = told("2026-11-21T01:57:59Z", "Synced");
    assert_eq!(words, "was aborted, all traffic is on the stable version; Git still asks for the new version");
    let why = "Git still asks for the new version: application checkout is Synced, as an abort changes no spec, and Degraded \
               with the rollout";
    assert_eq!(git.as_deref(), Some(why));
    let way = "put what it ran before back in overlays/production of ";
    assert!(align.expect("the way that lasts").as_str().starts_with(way), "no ReplicaSet says when it changed");
    let (words, git, _) = told("2026-11-21T01:58:01Z", "Synced");
    assert_eq!((words.as_str(), git.is_some()), ("was aborted, all traffic is on the stable version", true));
    // Git asks for something else by now: a fix is on its way.
    let (words, git, align) = told("2026-11-21T01:50:00Z", "OutOfSync");
    assert_eq!((words.as_str(), git, align), ("was aborted, all traffic is on the stable version", None, None));
}
