//! Every view and page, in the world of a deploy that goes wrong.

use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome};
use quarterdeck::model::Name;
use quarterdeck::state::State;
use quarterdeck::state::lists;
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::text::Safe;

use super::shot::{compare, shot};
use super::world::{self, at, deploying, rollout, select, select_at};

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);
const WIDE: (u16, u16) = (300, 100);

#[test]
fn environments() {
    let mut state = at(deploying(), Place::Environments);
    select(&mut state, ListId::Place(Place::Environments), "checkout", "dev");
    compare!("environments-160x48", shot(&state, FULL));
    compare!("environments-80x24", shot(&state, SMALL));
}

#[test]
fn the_badge_names_the_environment_of_what_is_looked_at() {
    let header = |state: &State| shot(state, FULL).lines().next().unwrap().to_owned();
    let mut state = at(deploying(), Place::Pods);
    for namespace in ["dev", "staging", "production"] {
        let uid = |pod: &&std::sync::Arc<quarterdeck::model::kubernetes::Pod>| pod.meta.namespace.raw() == namespace;
        let id = state.world.pods.rows().iter().find(uid).unwrap().meta.id(quarterdeck::model::Kind::Pod);
        select(&mut state, ListId::Place(Place::Pods), id.name.raw(), namespace);
        for place in [Place::Pods, Place::Pod(id.clone()), Place::Log(id)] {
            let state = at(state.clone(), place.clone());
            assert!(header(&state).ends_with(&format!(" {namespace}")), "{place:?}: {}", header(&state));
        }
    }
    let nowhere = header(&at(deploying(), Place::Slo));
    assert!(nowhere.ends_with("argo"), "three environments and no object: {nowhere}");
}

#[test]
fn all_pods() {
    let mut state = at(deploying(), Place::Pods);
    let list = ListId::Place(Place::Pods);
    state.ui.size = SMALL;
    select_at(&mut state, list.clone(), 30);
    compare!("pods-80x24", shot(&state, SMALL));
    state.ui.size = WIDE;
    select_at(&mut state, list, 4);
    compare!("pods-300x100", shot(&state, WIDE));
}

#[test]
fn a_filtered_list_says_so() {
    let mut state = at(deploying(), Place::Pods);
    let entry = state.ui.lists.entry(ListId::Place(Place::Pods)).or_default();
    entry.filter = "payments".to_owned();
    compare!("pods-filtered", shot(&state, SMALL));
    state.ui.lists.entry(ListId::Place(Place::Pods)).or_default().filter = "no such pod".to_owned();
    compare!("pods-filtered-out", shot(&state, SMALL));
}

#[test]
fn rollouts() {
    let mut state = at(deploying(), Place::Rollouts);
    select(&mut state, ListId::Place(Place::Rollouts), "checkout", "production");
    compare!("rollouts-80x24", shot(&state, SMALL));
    compare!("rollouts-160x48", shot(&state, FULL));
    compare!("rollouts-300x100", shot(&state, WIDE));
}

#[test]
fn a_rollout() {
    let state = deploying();
    let place = Place::Rollout(rollout(&state, "checkout", "production"));
    let mut state = at(state, place.clone());
    state.ui.size = FULL;
    select_at(&mut state, ListId::Place(place), 6);
    compare!("rollout-160x48", shot(&state, FULL));
    compare!("rollout-80x24", shot(&state, SMALL));
    compare!("rollout-300x100", shot(&state, WIDE));
}

#[test]
fn a_blue_green_waits() {
    let mut state = world::silent(&["production"]);
    world::play(&mut state, "blue-green", 2_300, "production");
    let place = Place::Rollout(rollout(&state, "checkout", "production"));
    compare!("rollout-blue-green", shot(&at(state, place), FULL));
}

#[test]
fn an_aborted_rollout() {
    let mut state = world::silent(&["production"]);
    world::play(&mut state, "regression", 43_900, "production");
    state.now.wall = state.now.wall.checked_add(SignedDuration::from_secs(10)).unwrap();
    compare!("deck-aborted", shot(&state, FULL));
}

#[test]
fn a_deployment() {
    let mut state = world::silent(&["production"]);
    world::play(&mut state, "deployment", 47_400, "production");
    let row = state.world.deployments.rows()[0].meta.id(quarterdeck::model::Kind::Deployment);
    compare!("workload-160x48", shot(&at(state, Place::Workload(row)), FULL));
}

#[test]
fn a_pod_that_crashes() {
    let state = deploying();
    let pods = state.world.pods.rows().iter();
    let pod = pods.clone().find(|pod| pod.status.as_str() == "CrashLoopBackOff").expect("a pod crashes");
    let place = Place::Pod(pod.meta.id(quarterdeck::model::Kind::Pod));
    let state = at(state, place);
    compare!("pod-160x48", shot(&state, FULL));
    compare!("pod-80x24", shot(&state, SMALL));
}

#[test]
fn an_analysis_that_fails() {
    let state = deploying();
    let list = ListId::Place(Place::Rollout(rollout(&state, "checkout", "production")));
    let run = (0..lists::len(&state, &list)).find_map(|row| match lists::at(&state, &list, row) {
        Some(RowId::Object(id)) if id.name.raw().ends_with("-2-6") => Some(id),
        _ => None,
    });
    let state = at(state, Place::Analysis(run.expect("the analysis of step 7 runs")));
    compare!("analysis-160x48", shot(&state, FULL));
    compare!("analysis-80x24", shot(&state, SMALL));
}

/// Operations in every outcome.
pub fn acted(mut state: State) -> State {
    let target = rollout(&state, "checkout", "production");
    let outcomes = [
        Outcome::Observed,
        Outcome::Refused { message: Safe::of("it changed since you looked: step 7 is now step 8") },
        Outcome::Unknown { message: Safe::of("no answer within 10 s; reading evidence") },
        Outcome::Failed { message: Safe::of("deleted meanwhile") },
        Outcome::Accepted,
    ];
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let wall = state.now.wall.checked_sub(SignedDuration::from_secs(600 - 100 * number as i64)).unwrap();
        state.operations.push(Operation {
            id: OperationId(format!("1-{number}")),
            action: Action { target: target.clone(), change: Change::Abort { pod_hash: Safe::of("787fdd664b") } },
            cluster: Name::new("eks-prod"),
            environment: Name::new("production"),
            reason: Safe::of("errors come from the payment provider"),
            summary: Safe::of("canary 50 % → 0 %"),
            expects: Safe::of("weight 0 and status Degraded"),
            outcome,
            generation: None,
            made: None,
            started: wall,
            started_mono: Duration::from_secs(50),
            changed: wall,
        });
    }
    state
}

#[test]
fn the_journal() {
    let mut state = at(acted(deploying()), Place::Journal);
    select_at(&mut state, ListId::Place(Place::Journal), 0);
    compare!("journal-160x48", shot(&state, FULL));
    compare!("journal-80x24", shot(&state, SMALL));
    compare!("journal-empty", shot(&at(deploying(), Place::Journal), SMALL));
}

#[test]
fn the_inbox_lists_what_waits_with_the_keys_that_help() {
    compare!("inbox-80x24", shot(&at(deploying(), Place::Inbox), SMALL));
    compare!("inbox-160x48", shot(&at(deploying(), Place::Inbox), FULL));
}

#[test]
fn views_without_a_source_say_so() {
    for (name, place) in [("pipelines", Place::Pipelines), ("slo", Place::Slo)] {
        compare!(format!("{name}-80x24"), shot(&at(deploying(), place), SMALL));
    }
}
