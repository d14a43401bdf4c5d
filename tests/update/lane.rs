//! The lane of a release: joined by SHA and digest from whatever part of it is looked at, and where it stands.

use quarterdeck::command::Command;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::lane::{self, Lane};
use quarterdeck::state::ui::{Place, RowId, Sheet};
use quarterdeck::state::{State, lists};
use quarterdeck::text::Safe;
use quarterdeck::update;
use serde_json::{Value, json};

use crate::ingest::blockers::gitops::application;
use crate::ingest::blockers::objects::{aborted, canary, crashed, event, merge, now, with_pod};
use crate::ingest::world::with;
use crate::screens::run_world;

const SHA: &str = "9f8e7d1c44aa0b6f1d2e3c4b5a69788796a5b4c3";

/// A canary at 25 % whose image is named after a commit, kept by an Application.
fn world(rollout: &Value, kept: Option<&Value>) -> Value {
    let image = format!("ghcr.io/acme/checkout:sha-{}", &SHA[..7]);
    let mut row =
        canary(&json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": image }] } } } }));
    merge(&mut row, rollout);
    json!({ "rollouts": [row], "applications": kept.into_iter().map(application).collect::<Vec<_>>() })
}

fn state(objects: &Value, runs: impl FnOnce(&State) -> Vec<Run>) -> State {
    let mut state = with(now(), objects);
    run_world::github(&mut state);
    let runs = runs(&state);
    run_world::list(&mut state, runs);
    update::settle(&mut state);
    state
}

fn run(state: &State) -> Run {
    run_world::run(state, "acme/checkout", "ci", 12, 7_200, Some(6_600))
}

/// `commit passed 9f8e7d1 | run …`, and where it stands.
fn told(lane: &Lane) -> String {
    let all =
        lane.stations.iter().map(|it| format!("{} {} {}", it.part.as_str(), it.standing.as_str(), it.what.as_str()));
    let here = lane.here.map_or("through", |at| lane.stations[at].part.as_str());
    format!("{} => {here}", all.collect::<Vec<_>>().join(" | "))
}

fn rollout(state: &State) -> ObjectId {
    state.world.rollouts.rows()[0].meta.id(Kind::Rollout)
}

const BUILT: &str = "commit passed 9f8e7d1 | run passed ci #12 | image unknown sha-9f8e7d1 | ";

#[test]
fn a_lane_says_where_a_release_stands() {
    let in_order = json!({});
    let paused = json!({ "status": { "phase": "Paused", "message": "CanaryPauseStep", "currentStepIndex": 1,
        "pauseConditions": [{ "reason": "CanaryPauseStep", "startTime": "2026-11-21T01:54:00Z" }], "controllerPause": true } });
    let done = json!({ "status": { "phase": "Healthy", "message": "", "stableRS": "new", "currentStepIndex": 4 } });
    let weights =
        json!({ "status": { "canary": { "weights": { "canary": { "weight": 25 }, "stable": { "weight": 75 } } } } });
    let at = |change: &Value| {
        let mut all = weights.clone();
        merge(&mut all, change);
        all
    };
    let out = json!([{ "group": "argoproj.io", "kind": "Rollout", "namespace": "production", "name": "checkout", "status": "OutOfSync" }]);
    let stray = |more: &Value| {
        let mut all = json!({ "status": { "sync": { "status": "OutOfSync" }, "resources": out } });
        merge(&mut all, more);
        all
    };
    let git = "git passed a1b2c3d | ";
    let cases: Vec<(&str, Value, Option<Value>, String)> = vec![
        (
            "moves",
            at(&json!({})),
            Some(in_order.clone()),
            format!("{BUILT}{git}argo cd passed Synced | rollout moving 25 % | budget none – => rollout"),
        ),
        (
            "waits for a person",
            at(&paused),
            Some(in_order.clone()),
            format!("{BUILT}{git}argo cd passed Synced | rollout waiting 25 % | budget none – => rollout"),
        ),
        (
            "was aborted",
            at(&aborted("metric error-rate")),
            Some(in_order.clone()),
            format!("{BUILT}{git}argo cd passed Synced | rollout stopped 25 % | budget none – => rollout"),
        ),
        (
            "is through",
            at(&done),
            Some(in_order.clone()),
            format!("{BUILT}{git}argo cd passed Synced | rollout passed 100 % | budget none – => through"),
        ),
        (
            "nothing keeps it",
            at(&done),
            None,
            format!("{BUILT}git none – | argo cd none – | rollout passed 100 % | budget none – => through"),
        ),
        (
            "is held",
            at(&done),
            Some(stray(&json!({ "spec": { "syncPolicy": null } }))),
            format!("{BUILT}{git}argo cd held OutOfSync | rollout passed 100 % | budget none – => argo cd"),
        ),
        (
            "waits for the next sync",
            at(&done),
            Some(stray(&json!({}))),
            format!("{BUILT}{git}argo cd waiting OutOfSync | rollout passed 100 % | budget none – => argo cd"),
        ),
        (
            "could not be synced",
            at(&done),
            Some(stray(&json!({ "status": { "operationState": { "phase": "Failed", "message": "denied" } } }))),
            format!("{BUILT}{git}argo cd stopped sync failed | rollout passed 100 % | budget none – => argo cd"),
        ),
        (
            "is being synced",
            at(&done),
            Some(stray(&json!({ "status": { "operationState": { "phase": "Running", "finishedAt": null } } }))),
            format!("{BUILT}{git}argo cd moving syncing | rollout passed 100 % | budget none – => argo cd"),
        ),
        (
            "was not compared",
            at(&done),
            Some(json!({ "status": { "sync": { "status": "Unknown" } } })),
            format!(
                "{BUILT}git unknown a1b2c3d | argo cd unknown Unknown | rollout passed 100 % | budget none – => through"
            ),
        ),
    ];
    for (what, change, kept, expected) in cases {
        let state = state(&world(&change, kept.as_ref()), |state| vec![run(state)]);
        let lane = lane::of(&state, &rollout(&state)).unwrap_or_else(|| panic!("{what}: no lane"));
        assert_eq!(told(&lane), expected, "{what}");
        assert_eq!((lane.service.as_str(), lane.version.as_str()), ("checkout", "sha-9f8e7d1"), "{what}");
    }
}

#[test]
fn a_run_leads_to_what_it_built_and_what_runs_it() {
    let objects = world(&json!({}), Some(&json!({})));
    let ended = |how: Option<Conclusion>, status: RunStatus| {
        state(&objects, |state| vec![run_world::with(run(state), |run| (run.conclusion, run.status) = (how, status))])
    };
    let ask = |state: &State| told(&lane::of(state, &state.world.runs.rows()[0].id()).expect("a lane"));
    let well = ended(Some(Conclusion::Success), RunStatus::Completed);
    assert_eq!(ask(&well), told(&lane::of(&well, &rollout(&well)).unwrap()), "the same lane from both ends");
    let application = well.world.applications.rows()[0].id();
    assert_eq!(ask(&well), told(&lane::of(&well, &application).unwrap()));

    for (how, status, expected) in [
        (Some(Conclusion::Failure), RunStatus::Completed, "run stopped ci #12"),
        (None, RunStatus::InProgress, "run moving ci #12"),
        (None, RunStatus::Waiting, "run waiting ci #12"),
    ] {
        let state = ended(how, status);
        let told = ask(&state);
        assert!(told.contains(expected) && told.ends_with("=> run"), "{told}");
    }

    // Of another commit: nothing runs it yet.
    let other = state(&objects, |state| {
        let run = run_world::with(run(state), |run| {
            run.sha = Safe::of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
            (run.conclusion, run.status) = (None, RunStatus::InProgress);
        });
        vec![run]
    });
    let told = ask(&other);
    assert!(told.ends_with("image not there yet – | git not there yet – | argo cd none – | rollout not there yet – | budget none – => run"), "{told}");
}

#[test]
fn what_cannot_be_joined_is_unknown_and_says_why() {
    let unread = state(&world(&json!({}), None), |_| Vec::new());
    let lane = lane::of(&unread, &rollout(&unread)).unwrap();
    assert_eq!(lane.stations[1].standing, lane::Standing::Unknown);
    assert_eq!(lane.stations[1].facts[0].as_str(), "no run of 9f8e7d1 is among those that were read");
    assert_eq!(lane.stations[2].facts[0].as_str(), "no registry is read for ghcr.io/acme/checkout:sha-9f8e7d1");

    let plain = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": "ghcr.io/acme/checkout:latest" }] } } } });
    let unnamed = state(&world(&plain, None), |state| vec![run(state)]);
    let lane = lane::of(&unnamed, &rollout(&unnamed)).unwrap();
    assert_eq!(lane.stations[0].standing, lane::Standing::Unknown, "`latest` is no commit");
    assert_eq!(lane.stations[1].facts[0].as_str(), "without its commit its run cannot be found");

    let alone = with(now(), &world(&json!({}), None));
    let lane = lane::of(&alone, &rollout(&alone)).unwrap();
    assert_eq!(
        (lane.stations[1].standing, lane.stations[1].facts[0].as_str()),
        (lane::Standing::Absent, "no pipelines are read")
    );

    let mut gone = rollout(&alone);
    gone.uid = quarterdeck::model::Uid::new(gone.cluster, "another");
    assert_eq!(lane::of(&alone, &gone), None);
}

#[test]
fn a_tag_is_a_commit_only_where_it_looks_like_nothing_else() {
    let state = with(now(), &world(&json!({}), None));
    for (tag, expected) in [
        ("9f8e7d1", Some("9f8e7d1")),
        ("sha-9f8e7d1", Some("9f8e7d1")),
        ("sha-1234567", Some("1234567")),
        ("20261121", None),
        ("deadbeef", None),
        ("9f8e7d", None),
        ("latest", None),
    ] {
        let told = lane::commit_of(&state, &Safe::line(&format!("ghcr.io/acme/checkout:{tag}")));
        assert_eq!(told.as_ref().map(Safe::as_str), expected, "{tag}");
    }
}

#[test]
fn what_is_not_read_is_not_none_and_what_is_not_live_says_so() {
    let mut state = with(now(), &world(&json!({}), None));
    let id = rollout(&state);
    let feed = |kind| FeedId { cluster: id.cluster, kind, namespace: None };
    let message = Safe::of("forbidden");
    let denied = FeedEvent::Status(FeedStatus::Denied { message: message.clone() });
    let mono = state.now.mono;
    assert!(told(&lane::of(&state, &id).unwrap()).contains("git none – | argo cd none –"));
    state.world.apply(&feed(Kind::Application), mono, denied);
    update::settle(&mut state);
    let lane = lane::of(&state, &id).unwrap();
    assert!(told(&lane).contains("git unknown unknown | argo cd unknown unknown"), "{}", told(&lane));
    assert_eq!(lane.stations[4].facts[0].as_str(), "its Applications are not shown to us: forbidden");

    let station = &lane.stations[5];
    assert_eq!(lane::doubt(&state, station), None);
    let stale = FeedEvent::Status(FeedStatus::Stale { since: mono, message, retry_at: None });
    state.world.apply(&feed(Kind::Rollout), mono, stale);
    let why = lane::doubt(&state, station).expect("it is stale");
    assert!(why.as_str().contains("stale") && why.as_str().contains("forbidden"), "{why:?}");
}

#[test]
fn an_application_asks_only_for_what_it_keeps() {
    let kept = |kind: &str, namespace: &str| {
        json!({ "status": { "resources": [{ "group": "apps", "kind": kind, "namespace": namespace, "name": "checkout",
            "status": "Synced" }] } })
    };
    for (kind, namespace, expected) in [
        ("Rollout", "production", "git passed a1b2c3d | argo cd passed Synced | rollout moving"),
        ("Rollout", "staging", "git unknown a1b2c3d | argo cd passed Synced | rollout unknown"),
        ("StatefulSet", "production", "git unknown a1b2c3d | argo cd passed Synced | rollout unknown"),
    ] {
        let state = with(now(), &world(&json!({}), Some(&kept(kind, namespace))));
        let told = told(&lane::of(&state, &state.world.applications.rows()[0].id()).unwrap());
        assert!(told.contains(expected), "{kind} in {namespace}: {told}");
    }
}

#[test]
fn each_station_opens_its_own_page_and_the_lane_begins_where_it_stands() {
    let state = state(&world(&json!({}), Some(&json!({}))), |state| vec![run(state)]);
    let id = rollout(&state);
    let mut console = super::world::Console { state, effects: Vec::new() };
    console.state.keymap = quarterdeck::config::keymap::load(None, None).unwrap();
    console.state.ui.place = Place::Rollout(id.clone());
    console.press(Command::Lane);
    assert_eq!(console.state.ui.place, Place::Lane(id.clone()));
    let chosen =
        |console: &super::world::Console| match lists::selected_line(&console.state, &console.state.ui.list_id()) {
            Some(lists::Line { item: lists::Item::Station(row), .. }) => row.part,
            other => panic!("{other:?}"),
        };
    assert_eq!(chosen(&console), lane::Part::Workload, "where it stands");
    let mut seen = Vec::new();
    console.press(Command::Top);
    for _ in 0..7 {
        console.press(Command::Open);
        seen.push(match &console.state.ui.place {
            Place::Run(_) => "run",
            Place::Application(_) => "application",
            Place::Rollout(_) => "rollout",
            Place::Lane(_) => "none",
            other => panic!("{other:?}"),
        });
        if !matches!(console.state.ui.place, Place::Lane(_)) {
            console.press(Command::HistoryBack);
        }
        console.press(Command::Down);
    }
    assert_eq!(seen, ["run", "run", "none", "application", "application", "rollout", "none"]);
}

/// One level up from what a lane, or an Application, opened is back there; then on to where that was opened.
#[test]
fn what_a_lane_or_an_application_opened_leads_back_to_it() {
    let state = state(&world(&json!({}), Some(&json!({}))), |state| vec![run(state)]);
    let (id, application) = (rollout(&state), state.world.applications.rows()[0].id());
    let mut console = super::world::Console { state, effects: Vec::new() };
    console.state.keymap = quarterdeck::config::keymap::load(None, None).unwrap();
    console.press(Command::ShowRollouts);
    console.press(Command::Open);
    let (page, lane) = (Place::Rollout(id.clone()), Place::Lane(id));
    console.press(Command::Lane);
    console.press(Command::Open);
    let mut seen = vec![console.state.ui.place.clone()];
    for _ in 0..4 {
        console.press(Command::Leave);
        seen.push(console.state.ui.place.clone());
    }
    assert_eq!(seen, [page.clone(), lane.clone(), page.clone(), Place::Rollouts, Place::Deck]);

    // The highlighted station is what the other keys mean too.
    console.press(Command::ShowRollouts);
    console.press(Command::Lane);
    for (command, sheet) in [(Command::ShowYaml, Sheet::Yaml), (Command::Describe, Sheet::Description)] {
        console.press(command);
        assert_eq!(console.state.ui.place, Place::Sheet(rollout(&console.state), sheet));
        console.press(Command::HistoryBack);
        assert_eq!(console.state.ui.place, lane);
    }

    console.press(Command::ShowDeck);
    console.press(Command::Applications);
    console.press(Command::Open);
    assert_eq!(console.state.ui.place, Place::Application(application.clone()));
    let list = console.state.ui.list_id();
    let mut kept = (0..lists::len(&console.state, &list)).filter_map(|at| lists::at(&console.state, &list, at));
    let row = kept.find(|row| matches!(row, RowId::Kept(kind, ..) if kind.as_str() == "Rollout"));
    console.state.ui.lists.entry(list).or_default().selected = row;
    console.press(Command::Open);
    assert_eq!(console.state.ui.place, page);
    console.press(Command::Leave);
    assert_eq!(console.state.ui.place, Place::Application(application));
    console.press(Command::Leave);
    assert_eq!(console.state.ui.place, Place::Applications);
}

/// The last end of a container is another with each restart; it crashes since the first of them.
#[test]
fn how_long_a_release_crashes_only_grows() {
    let since = |ended: &str, waited: Option<&str>| {
        let row = canary(&json!({}));
        let last = json!({ "exitCode": 1, "finishedAt": ended });
        let mut objects = with_pod(&row, "checkout", &crashed(&last));
        objects["pods"][0]["metadata"]["creationTimestamp"] = json!("2026-11-21T01:40:00Z");
        if let Some(at) = waited {
            let mut waits = event("BackOff", "Back-off restarting failed container app");
            waits["metadata"]["creationTimestamp"] = json!(at);
            objects["events"] = json!([waits]);
        }
        let state = state(&objects, |_| Vec::new());
        let lane = lane::of(&state, &rollout(&state)).expect("a lane");
        let station = &lane.stations[5];
        assert!(station.facts[0].as_str().contains("is crashing"), "{:?}", station.facts);
        station.since.expect("a time").to_string()
    };
    for ended in ["2026-11-21T01:50:00Z", "2026-11-21T01:59:59Z"] {
        assert_eq!(since(ended, None), "2026-11-21T01:40:00Z");
        assert_eq!(since(ended, Some("2026-11-21T01:45:00Z")), "2026-11-21T01:45:00Z", "it ran well at first");
    }
}
