//! Sync windows of a project: decided as Argo CD decides them, and said where they keep something back.

use std::sync::Arc;

use jiff::Timestamp;
use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, SystemId};
use quarterdeck::state::matrix::Workload;
use quarterdeck::state::{State, holds, optional, verbs, windows};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use crate::ingest::blockers::gitops::{application, night, project};
use crate::ingest::blockers::objects::{canary, now};
use crate::ingest::world::{CLUSTER, with};

fn world(at: &str, change: &Value, list: &Value) -> State {
    let wall: Timestamp = at.parse().unwrap();
    with(
        wall,
        &json!({ "applications": [application(change)], "appprojects": [project(list)], "rollouts": [canary(&json!({}))] }),
    )
}

/// What is let through by the policy and by hand, and when either changes.
fn told(at: &str, change: &Value, list: &Value) -> String {
    let state = world(at, change, list);
    let row = &state.world.applications.rows()[0];
    let found = windows::of(&state, row).expect("its project was read");
    let (standing, now) = (found.at(state.now.wall), state.now.wall);
    let word = |by_hand| if standing.lets(by_hand) { "open" } else { "shut" };
    let until = |by_hand| {
        found.changes(now, by_hand).map_or_else(|| "ever".to_owned(), |at| at.strftime("%dT%H:%M").to_string())
    };
    format!("{} to {}, by hand {} to {}", word(false), until(false), word(true), until(true))
}

fn allow(change: &Value) -> Value {
    let mut window = night(&json!({ "kind": "allow" }));
    crate::ingest::blockers::objects::merge(&mut window, change);
    window
}

#[test]
fn windows_open_and_close_as_argo_cd_decides() {
    let (deny, none) = (night(&json!({})), json!({}));
    let manual = night(&json!({ "manualSync": true }));
    for (name, at, list, expected) in [
        ("no windows", "2026-11-20T23:00:00Z", json!([]), "open to ever, by hand open to ever"),
        ("in a deny window", "2026-11-20T23:00:00Z", json!([deny]), "shut to 21T06:00, by hand shut to 21T06:00"),
        ("after it", "2026-11-20T06:00:01Z", json!([deny]), "open to 20T22:00, by hand open to 20T22:00"),
        ("at its very beginning", "2026-11-20T22:00:00Z", json!([deny]), "open to 20T22:00, by hand open to 20T22:00"),
        ("just after that", "2026-11-20T22:00:01Z", json!([deny]), "shut to 21T06:00, by hand shut to 21T06:00"),
        ("at its very end", "2026-11-21T06:00:00Z", json!([deny]), "open to 21T22:00, by hand open to 21T22:00"),
        (
            "by hand it is let through",
            "2026-11-20T23:00:00Z",
            json!([manual]),
            "shut to 21T06:00, by hand open to ever",
        ),
        (
            "one strict deny window is enough",
            "2026-11-20T23:00:00Z",
            json!([manual, night(&json!({ "duration": "2h" }))]),
            "shut to 21T06:00, by hand shut to 21T00:00",
        ),
        (
            "in an allow window",
            "2026-11-20T23:00:00Z",
            json!([allow(&none)]),
            "open to 21T06:00, by hand open to 21T06:00",
        ),
        (
            "outside of all allow windows",
            "2026-11-20T12:00:00Z",
            json!([allow(&none)]),
            "shut to 20T22:00, by hand shut to 20T22:00",
        ),
        (
            "outside of one that lets hands through",
            "2026-11-20T12:00:00Z",
            json!([allow(&json!({ "manualSync": true }))]),
            "shut to 20T22:00, by hand open to ever",
        ),
        (
            "deny wins over allow",
            "2026-11-20T23:00:00Z",
            json!([allow(&none), night(&json!({ "duration": "2h" }))]),
            "shut to 21T00:00, by hand shut to 21T00:00",
        ),
        (
            "two that follow each other",
            "2026-11-20T23:00:00Z",
            json!([deny, night(&json!({ "schedule": "0 5 * * *", "duration": "3h" }))]),
            "shut to 21T08:00, by hand shut to 21T08:00",
        ),
        (
            "a zone in winter",
            "2026-11-20T21:30:00Z",
            json!([night(&json!({ "timeZone": "Europe/Berlin" }))]),
            "shut to 21T05:00, by hand shut to 21T05:00",
        ),
        (
            "a zone that nobody knows is UTC",
            "2026-11-20T21:30:00Z",
            json!([night(&json!({ "timeZone": "Middle/Earth" }))]),
            "open to 20T22:00, by hand open to 20T22:00",
        ),
        (
            "again before it ends",
            "2026-11-20T21:30:00Z",
            json!([night(&json!({ "schedule": "*/5 * * * *", "duration": "10m" }))]),
            "shut to ever, by hand shut to ever",
        ),
        (
            "a day that never comes is always",
            "2026-11-20T21:30:00Z",
            json!([night(&json!({ "schedule": "0 0 30 2 *" }))]),
            "shut to ever, by hand shut to ever",
        ),
        (
            "no schedule",
            "2026-11-20T12:00:00Z",
            json!([night(&json!({ "schedule": "@daily" }))]),
            "shut to ever, by hand shut to ever",
        ),
        (
            "no duration",
            "2026-11-20T12:00:00Z",
            json!([allow(&json!({ "duration": "long" }))]),
            "shut to ever, by hand shut to ever",
        ),
        (
            "a word unknown",
            "2026-11-20T23:00:00Z",
            json!([night(&json!({ "kind": "maybe" }))]),
            "open to ever, by hand open to ever",
        ),
        (
            "for a month",
            "2026-12-20T23:00:00Z",
            json!([night(&json!({ "schedule": "0 0 15 12 *", "duration": "480h" }))]),
            "shut to 04T00:00, by hand shut to 04T00:00",
        ),
    ] {
        assert_eq!(told(at, &none, &list), expected, "{name}");
    }
}

#[test]
fn a_window_is_for_what_its_globs_name() {
    let shut = |change: &Value, window: &Value| {
        let mut window = window.clone();
        if window.get("applications").is_none() {
            window["applications"] = json!([]);
        }
        told("2026-11-20T23:00:00Z", change, &json!([night(&window)])).starts_with("shut")
    };
    let none = json!({});
    for (window, expected) in [
        (json!({ "applications": ["check*"] }), true),
        (json!({ "applications": ["web", "api"] }), false),
        (json!({ "namespaces": ["prod*"] }), true),
        (json!({ "clusters": ["https://kubernetes.default.svc"] }), true),
        (json!({ "clusters": ["in-cluster"] }), false),
        (json!({ "applications": ["web"], "namespaces": ["production"] }), true),
        (json!({ "applications": ["web"], "namespaces": ["production"], "andOperator": true }), false),
        (json!({ "applications": ["checkout"], "namespaces": ["production"], "andOperator": true }), true),
        (json!({}), false),
        (json!({ "andOperator": true }), false),
    ] {
        assert_eq!(shut(&none, &window), expected, "{window}");
    }
    let elsewhere = json!({ "spec": { "project": "other" } });
    assert!(!shut(&elsewhere, &json!({ "applications": ["*"] })), "another project has no windows");
}

fn asked(state: &State, command: Command) -> Result<Change, String> {
    let target = state.world.applications.rows()[0].id();
    verbs::available(state, command, &target).map(|offer| offer.action.change).map_err(|why| why.as_str().to_owned())
}

fn words(state: &State) -> String {
    let target = state.world.applications.rows()[0].id();
    let offer = verbs::available(state, Command::SyncApplication, &target).expect("it may be synced");
    format!("{:?}", verbs::preview(state, &offer.action).lines)
}

#[test]
fn a_closed_window_keeps_back_a_sync_by_hand_unless_it_lets_hands_through() {
    let manual = json!({ "spec": { "syncPolicy": null } });
    let state = world("2026-11-20T23:00:00Z", &manual, &json!([night(&json!({}))]));
    let why = asked(&state, Command::SyncApplication).unwrap_err();
    assert!(why.contains("deny window of project shop until 06:00Z") && why.contains("manualSync is off"), "{why}");
    let why = asked(&state, Command::Undo).unwrap_err();
    assert!(why.contains("deny window of project shop"), "{why}");

    let state = world("2026-11-20T23:00:00Z", &manual, &json!([night(&json!({ "manualSync": true }))]));
    assert!(matches!(asked(&state, Command::SyncApplication), Ok(Change::Sync { .. })));
    assert!(words(&state).contains("asked for by hand it is let through"), "{}", words(&state));
    let state = world("2026-11-20T12:00:00Z", &manual, &json!([night(&json!({}))]));
    assert!(words(&state).contains("open until 22:00Z"), "{}", words(&state));
}

#[test]
fn what_is_not_known_of_windows_is_said_and_keeps_nothing_back() {
    let mut state = with(now(), &json!({ "applications": [application(&json!({ "spec": { "syncPolicy": null } }))] }));
    assert!(!words(&state).contains("window"), "its project was read, and has none");
    let feed = FeedId { cluster: CLUSTER, kind: Kind::AppProject, namespace: None };
    let denied = FeedStatus::Denied { message: Safe::of("appprojects is forbidden") };
    state.world.apply(&feed, state.now.mono, FeedEvent::Status(denied));
    assert!(
        words(&state).contains("whether one is closed is not known: its project is not shown to us"),
        "{}",
        words(&state)
    );
    let row = &state.world.applications.rows()[0];
    assert!(windows::of(&state, row).is_err());
    // Where projects are not shown to us, nothing else is less known.
    assert!(asked(&state, Command::SyncApplication).is_ok());
    for kind in [Kind::Application, Kind::AppProject] {
        let feed = FeedId { cluster: CLUSTER, kind, namespace: None };
        let mut alone = crate::ingest::world::state(now());
        let denied = FeedStatus::Denied { message: Safe::of("no") };
        alone.world.apply(&feed, alone.now.mono, FeedEvent::Status(denied));
        let there = optional::is_in(&alone, CLUSTER, SystemId::ArgoCd);
        assert_eq!(there, kind == Kind::Application, "projects alone do not make it known");
    }
}

#[test]
fn a_window_is_a_hold_in_the_matrix() {
    let hold = |at: &str, list: &Value| {
        let state = world(at, &json!({}), list);
        let row = Workload::Rollout(Arc::clone(&state.world.rollouts.rows()[0]));
        holds::of(&state, &row).map(|hold| hold.what.as_str().to_owned())
    };
    let deny = json!([night(&json!({}))]);
    assert_eq!(hold("2026-11-20T23:00:00Z", &deny).as_deref(), Some("deny until 06:00Z"));
    assert_eq!(hold("2026-11-20T12:00:00Z", &deny), None);
    assert_eq!(hold("2026-11-20T12:00:00Z", &json!([allow(&json!({}))])).as_deref(), Some("closed to 22:00Z"));
    let long = json!([night(&json!({ "schedule": "0 0 15 12 *", "duration": "480h" }))]);
    assert_eq!(hold("2026-12-20T23:00:00Z", &long).as_deref(), Some("deny until 4 Jan"));
}
