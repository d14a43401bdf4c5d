//! Empty, loading, denied, absent, stale and failed: six screens that nobody mistakes for another.

use std::time::Duration;

use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;

use super::shot::{compare, draw, roles, shot, styles, text};
use super::world::{HEARD, at, deploying, empty, hear, silent, stale};

const ROLLOUTS: [Kind; 3] = [Kind::Rollout, Kind::AnalysisRun, Kind::Experiment];

fn with(mut state: State, kinds: &[Kind], status: FeedStatus) -> State {
    hear(&mut state, kinds, &FeedEvent::Status(status));
    state
}

fn denied() -> State {
    let message = "rollouts.argoproj.io is forbidden: User \"viewer\" cannot list resource \"rollouts\" in API group \
                   \"argoproj.io\" in the namespace \"production\"";
    with(empty(), &ROLLOUTS, FeedStatus::Denied { message: Safe::line(message) })
}

fn absent() -> State {
    let message = Safe::of("the server could not find the requested resource (rollouts.argoproj.io)");
    with(empty(), &ROLLOUTS, FeedStatus::Absent { message })
}

fn failed() -> State {
    let message = Safe::of("127.0.0.1:6443 refused the connection");
    with(
        silent(&["production"]),
        &super::world::KINDS,
        FeedStatus::Failed { message, retry_at: Some(HEARD + Duration::from_secs(4)) },
    )
}

fn loading() -> State {
    let mut state = silent(&["production"]);
    hear(&mut state, &[Kind::Pod], &FeedEvent::ListBegins);
    hear(&mut state, &[Kind::Pod], &FeedEvent::Remaining(8_500));
    state
}

fn all() -> Vec<(&'static str, State)> {
    vec![
        ("empty", empty()),
        ("loading", loading()),
        ("denied", denied()),
        ("absent", absent()),
        ("stale", stale(deploying(), Duration::from_secs(41))),
        ("failed", failed()),
    ]
}

#[test]
fn the_deck_in_every_state() {
    for (name, state) in all() {
        compare!(format!("deck-{name}"), shot(&state, (160, 48)));
    }
}

#[test]
fn a_list_in_every_state() {
    for (name, state) in all() {
        compare!(format!("rollouts-{name}"), shot(&at(state.clone(), Place::Rollouts), (80, 24)));
        compare!(format!("pods-{name}"), shot(&at(state, Place::Pods), (80, 24)));
    }
}

/// Told apart by their words alone, and by their looks alone.
#[test]
fn no_two_states_look_alike() {
    for place in [Place::Deck, Place::Rollouts] {
        let screens: Vec<_> = all()
            .into_iter()
            .map(|(name, state)| (name, draw(&at(state, place.clone()), &roles(), (80, 24))))
            .collect();
        for (at, (a_name, a)) in screens.iter().enumerate() {
            for (b_name, b) in &screens[at + 1..] {
                assert_ne!(text(a), text(b), "{place:?}: {a_name} and {b_name}");
                assert_ne!(styles(a), styles(b), "{place:?}: {a_name} and {b_name}");
            }
        }
    }
}

/// A count is a lower bound until the list is whole.
#[test]
fn an_incomplete_count_is_at_least() {
    let state = at(loading(), Place::Pods);
    let mut some = deploying();
    for kind in [Kind::Pod] {
        let ids: Vec<_> = some.world.feeds.keys().filter(|id| id.kind == kind).cloned().collect();
        for id in ids {
            if let Some(feed) = some.world.feeds.get_mut(&id) {
                feed.complete = false;
            }
        }
    }
    assert!(text(&draw(&state, &roles(), (80, 24))).contains("8 500 still to come"));
    let listed = text(&draw(&at(some, Place::Pods), &roles(), (80, 24)));
    assert!(listed.contains("≥ "), "{listed}");
}

#[test]
fn a_context_that_cannot_be_used_says_why() {
    let mut state = silent(&["production"]);
    state.world.feeds.clear();
    state.world.sources[0].unusable =
        Some(Safe::of("there is no context \"prd\" in /home/ana/.kube/config; known are prod, staging"));
    compare!("deck-unusable", shot(&state, (80, 24)));
}

/// Whatever has to give way on a narrow screen, who does what to which thing stays.
#[test]
fn at_80_columns_the_line_keeps_who_fights_over_what_and_the_tag_of_an_image() {
    use crate::ingest::blockers::{gitops, objects};
    use crate::ingest::world::with;
    use serde_json::json;

    let scaler = json!([gitops::scaler()]);
    let fight = gitops::fought(&scaler, "2026-11-21T01:59:00Z");
    let image = "registry.eu-central-1.shop.example/teams/checkout/web:2.11.0-rc.4";
    let mut pull = objects::with_pod(
        &objects::deployment(&json!({})),
        "payments",
        &json!({ "phase": "Pending", "containerStatuses": [{ "name": "app", "image": image, "ready": false, "restartCount": 0,
            "state": { "waiting": { "reason": "ErrImagePull",
                "message": "rpc error: code = NotFound desc = failed to pull and unpack: not found" } } }] }),
    );
    pull["pods"][0]["spec"]["containers"][0]["image"] = json!(image);
    for (world, parts) in [
        (fight, ["application checkout", "autoscaler scaler sets spec.replicas of Deployment web"]),
        (pull, ["payments in production cannot pull the image", "/web:2.11.0-rc.4"]),
    ] {
        for place in [Place::Rollouts, Place::Applications, Place::Journal] {
            let mut state = with(super::world::noon(), &world);
            (state.ui.place, state.ui.size) = (place, (80, 24));
            quarterdeck::update::settle(&mut state);
            let screen = text(&draw(&state, &super::shot::theme("deck"), (80, 24)));
            let top: Vec<&str> = screen.lines().skip(1).take(3).flat_map(str::split_whitespace).collect();
            let top = top.join(" ");
            for part in parts {
                assert!(top.contains(part), "{part} in\n{screen}");
            }
        }
    }
}
