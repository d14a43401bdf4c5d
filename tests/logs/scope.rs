//! The transitions of the log's scope.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::command::{Command, Keymap};
use quarterdeck::model::kubernetes::{Container, ContainerState, Meta, Owner, Pod, PodHealth, ReplicaSet};
use quarterdeck::model::log::{LogEvent, LogOf, LogRequest, LogSince, StoredPods, TailId};
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, Now, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::state::State;
use quarterdeck::state::log::Tailing;
use quarterdeck::state::ui::{Overlay, Place, PromptKind};
use quarterdeck::text::Safe;
use quarterdeck::update::{Effect, log};

use super::{chunk, pod, shown};

fn state() -> State {
    let now = Now { wall: "2026-11-21T02:03:04Z".parse().unwrap(), mono: Duration::from_secs(10) };
    let mut state = State::new(now, Vec::new(), Keymap::default(), (100, 30));
    state.world.pods.upsert(Arc::new(pod_row(
        "checkout-1",
        None,
        &[("setup", true), ("app", false), ("proxy", false)],
    )));
    state
}

fn meta(id: &ObjectId, owner: Option<(&str, &str)>) -> Meta {
    Meta {
        cluster: SourceId(0),
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        uid: id.uid.clone(),
        resource_version: Arc::from("1"),
        generation: 1,
        created: None,
        deleting: None,
        owner: owner.map(|(kind, uid)| Owner {
            kind: Safe::line(kind),
            name: Name::new(uid),
            uid: Uid::new(SourceId(0), uid),
        }),
    }
}

fn pod_row(name: &str, owner: Option<(&str, &str)>, containers: &[(&str, bool)]) -> Pod {
    let container = |(name, init): &(&str, bool)| Container {
        name: Name::new(name),
        init: *init,
        image: Safe::of("image"),
        digest: None,
        ready: true,
        restarts: 0,
        state: ContainerState::Unknown,
        last: None,
    };
    Pod {
        meta: meta(&pod(name), owner),
        status: Safe::of("Running"),
        health: PodHealth::Running,
        ready: 1,
        containers: 1,
        restarts: 0,
        node: None,
        template_hash: None,
        states: containers.iter().map(container).collect(),
        default_container: None,
        message: None,
    }
}

fn opened() -> State {
    let mut state = state();
    state.ui.place = Place::Log(pod("checkout-1"));
    log::settle(&mut state);
    state
}

fn asked(effects: &[Effect]) -> LogRequest {
    match effects {
        [Effect::Tail(_, request)] | [Effect::StopTail(_), Effect::Tail(_, request)] => request.clone(),
        other => panic!("no tail: {other:?}"),
    }
}

#[test]
fn the_log_of_the_place_is_the_one_that_is_open() {
    let mut state = state();
    assert!(log::settle(&mut state).is_empty());
    state.ui.place = Place::Log(pod("checkout-1"));
    let request = asked(&log::settle(&mut state));
    assert_eq!(request.container.unwrap().raw(), "app", "not the one that only prepares");
    assert!(log::settle(&mut state).is_empty(), "once");
    state.ui.place = Place::Log(pod("checkout-2"));
    assert_eq!(log::settle(&mut state).len(), 2);
    state.ui.place = Place::Pods;
    assert_eq!(log::settle(&mut state), [Effect::StopTail(TailId(2))]);
    assert!(state.log.is_none());
}

#[test]
fn the_log_of_a_workload_is_that_of_the_first_pod_of_its_newest_revision() {
    let mut state = state();
    let rollout = ObjectId { kind: Kind::Rollout, uid: Uid::new(SourceId(0), "r"), ..pod("checkout") };
    for (uid, revision) in [("old", 1), ("new", 2), ("empty", 3)] {
        let id = ObjectId { kind: Kind::ReplicaSet, uid: Uid::new(SourceId(0), uid), ..pod(uid) };
        state.world.replica_sets.upsert(Arc::new(ReplicaSet {
            meta: meta(&id, Some(("Rollout", "r"))),
            revision: Some(revision),
            template_hash: None,
            desired: 1,
            current: 1,
            ready: 1,
            available: 1,
            observed_generation: 1,
            conditions: Vec::new(),
            images: Vec::new(),
            scale_down_at: None,
            change_cause: None,
            experiment_template: None,
        }));
    }
    state.world.pods.upsert(Arc::new(pod_row("a-old", Some(("ReplicaSet", "old")), &[])));
    state.world.pods.upsert(Arc::new(pod_row("b-new", Some(("ReplicaSet", "new")), &[])));
    assert_eq!(log::pod_of(&state, &rollout).unwrap().name.raw(), "b-new");
    let old = ObjectId { kind: Kind::ReplicaSet, uid: Uid::new(SourceId(0), "old"), ..pod("old") };
    assert_eq!(log::pod_of(&state, &old).unwrap().name.raw(), "a-old");
    let empty = ObjectId { kind: Kind::ReplicaSet, uid: Uid::new(SourceId(0), "empty"), ..pod("empty") };
    assert_eq!(log::pod_of(&state, &empty), None);
    assert_eq!(log::pod_of(&state, &pod("x")), Some(pod("x")));
}

#[test]
fn the_presets_ask_anew_from_another_beginning() {
    let minutes = |n: u64| LogSince::Last(Duration::from_secs(60 * n));
    for (command, since) in [
        (Command::SinceTail, LogSince::Tail(log::TAIL)),
        (Command::SinceHead, LogSince::Head),
        (Command::Since1m, minutes(1)),
        (Command::Since5m, minutes(5)),
        (Command::Since15m, minutes(15)),
        (Command::Since30m, minutes(30)),
        (Command::Since1h, minutes(60)),
    ] {
        let mut state = opened();
        log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk(["old"])));
        let effects = log::command(&mut state, command);
        assert_eq!(asked(&effects).since, since);
        assert_eq!(effects[0], Effect::StopTail(TailId(1)));
        log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk(["late"])));
        let open = state.log.as_ref().unwrap();
        assert_eq!(open.ring.end(), 0, "the old lines are gone and the old tail is not heard");
        assert_eq!(open.follow, since != LogSince::Head);
    }
}

#[test]
fn previous_and_the_next_container_are_asked_for() {
    let mut state = opened();
    restarted(&mut state);
    let request = asked(&log::command(&mut state, Command::Previous));
    assert!(request.previous);
    let names: Vec<String> = (0..3)
        .map(|_| {
            let request = asked(&log::command(&mut state, Command::NextContainer));
            assert!(!request.previous);
            request.container.unwrap().raw().to_owned()
        })
        .collect();
    assert_eq!(names, ["proxy", "setup", "app"]);
    state.world.pods.upsert(Arc::new(pod_row("checkout-1", None, &[("app", false)])));
    assert!(log::command(&mut state, Command::NextContainer).is_empty(), "there is no other");
}

/// Each container of the pod was started again once.
fn restarted(state: &mut State) {
    let mut row = pod_row("checkout-1", None, &[("setup", true), ("app", false), ("proxy", false)]);
    for container in &mut row.states {
        container.restarts = 1;
    }
    state.world.pods.upsert(Arc::new(row));
}

#[test]
fn without_a_previous_container_the_log_stays() {
    let mut state = opened();
    log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk(["good"])));
    assert!(log::command(&mut state, Command::Previous).is_empty(), "nothing is asked for");
    let open = state.log.as_ref().unwrap();
    assert_eq!((open.id, open.ring.end()), (TailId(1), 1));
    assert_eq!(state.ui.toasts[0].text.as_str(), "there is no previous container of app");
}

#[test]
fn a_previous_container_that_the_server_forgot_leads_back() {
    let mut state = opened();
    restarted(&mut state);
    log::command(&mut state, Command::Previous);
    let id = state.log.as_ref().unwrap().id;
    let said = "previous terminated container \"app\" in pod \"checkout-1\" not found (400 BadRequest)";
    let effects = log::tail_event(&mut state, id, LogEvent::Failed { message: Safe::line(said) });
    assert!(!asked(&effects).previous, "the log there is, again");
    assert_eq!(state.ui.toasts[0].text.as_str(), "there is no previous container of app");
}

#[test]
fn switches_and_movements_change_what_is_shown() {
    let mut state = opened();
    log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk((0..200).map(|n| format!("line {n}")))));
    let first = |state: &State| {
        let log = state.log.as_ref().unwrap();
        shown(log, log::window(state)).first().unwrap().clone()
    };
    let height = usize::from(log::window(&state).height);
    assert!(height > 10);
    assert_eq!(first(&state), format!("line {}", 200 - height));
    log::command(&mut state, Command::PageUp);
    assert_eq!(first(&state), format!("line {}", 200 - 2 * height + 1));
    log::command(&mut state, Command::PageDown);
    assert!(state.log.as_ref().unwrap().follow);
    log::command(&mut state, Command::Up);
    assert_eq!(first(&state), format!("line {}", 200 - height - 1));
    log::command(&mut state, Command::Top);
    assert_eq!(first(&state), "line 0");
    log::command(&mut state, Command::Bottom);
    assert!(state.log.as_ref().unwrap().follow);
    log::command(&mut state, Command::Follow);
    assert!(!state.log.as_ref().unwrap().follow);
    log::command(&mut state, Command::ScrollRight);
    assert_eq!(first(&state), "");
    log::command(&mut state, Command::ScrollLeft);
    log::command(&mut state, Command::Wrap);
    log::command(&mut state, Command::Timestamps);
    let log = state.log.as_ref().unwrap();
    assert!(log.wrap && log.timestamps && log.left == 0);
}

#[test]
fn patterns_are_prompted_for_and_cleared_one_by_one() {
    let mut state = opened();
    log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk((0..200).map(|n| format!("line {n}")))));
    for (command, expected) in
        [(Command::Filter, PromptKind::Search), (Command::Keep, PromptKind::Keep), (Command::Drop, PromptKind::Drop)]
    {
        log::command(&mut state, command);
        assert!(matches!(state.ui.overlay.take(), Some(Overlay::Prompt { kind, .. }) if kind == expected));
    }
    log::typed(&mut state, PromptKind::Keep, "1", false);
    assert!(!state.log.as_ref().unwrap().filter.is_active(), "only when entered");
    log::typed(&mut state, PromptKind::Keep, "1", true);
    log::typed(&mut state, PromptKind::Drop, "2", true);
    log::typed(&mut state, PromptKind::Search, "line 1", false);
    let open = state.log.as_ref().unwrap();
    assert_eq!(open.search.as_ref().unwrap().at, Some(199));
    assert_eq!(open.filter.keep.as_ref().unwrap().text(), "1");
    log::command(&mut state, Command::SearchPrevious);
    log::typed(&mut state, PromptKind::Search, "line 1", true);
    assert_eq!(state.log.as_ref().unwrap().search.as_ref().unwrap().at, Some(198), "entering stays on the match");
    assert!(log::leave(&mut state));
    assert!(state.log.as_ref().unwrap().search.is_none());
    assert!(log::leave(&mut state));
    assert!(!state.log.as_ref().unwrap().filter.is_active());
    assert!(!log::leave(&mut state));
}

#[test]
fn a_long_search_goes_on_with_every_tick() {
    let mut state = opened();
    for block in 0..300 {
        let lines = chunk((0..1_000).map(|n| format!("{block} {n}")));
        log::tail_event(&mut state, TailId(1), LogEvent::Lines(lines));
    }
    log::typed(&mut state, PromptKind::Search, "^0 0$", true);
    assert!(log::is_busy(&state));
    let mut ticks = 0;
    while log::is_busy(&state) {
        log::tick(&mut state);
        ticks += 1;
    }
    assert!(ticks > 1);
    assert_eq!(state.log.as_ref().unwrap().search.as_ref().unwrap().at, Some(0));
}

#[test]
fn what_the_tail_says_is_kept() {
    let mut state = opened();
    let tailing = |state: &State| state.log.as_ref().unwrap().tailing.clone();
    assert_eq!(tailing(&state), Tailing::Opening);
    log::tail_event(&mut state, TailId(1), LogEvent::Opened);
    assert_eq!(tailing(&state), Tailing::Live);
    log::tail_event(&mut state, TailId(1), LogEvent::Reconnecting { message: Safe::of("why") });
    assert_eq!(tailing(&state), Tailing::Reconnecting(Safe::of("why")));
    log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk(["x"])));
    assert_eq!(tailing(&state), Tailing::Live);
    log::tail_event(&mut state, TailId(9), LogEvent::Ended);
    assert_eq!(tailing(&state), Tailing::Live, "another tail");
    log::tail_event(&mut state, TailId(1), LogEvent::Ended);
    assert_eq!(tailing(&state), Tailing::Ended);
}

#[test]
fn a_log_is_saved_under_the_name_of_pod_container_and_time() {
    let mut state = opened();
    log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk(["2026-11-21T02:03:04Z hello"])));
    let effects = log::command(&mut state, Command::Save);
    assert_eq!(effects, [Effect::Save("checkout-1-app-20261121T020304Z.log".into(), b"hello\n".to_vec())]);
    let hostile = pod("../../etc/.x\u{1b}[31m");
    state.ui.place = Place::Log(hostile);
    log::settle(&mut state);
    match &log::command(&mut state, Command::Save)[..] {
        [Effect::Save(path, _)] => assert_eq!(path.components().count(), 1, "{path:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_container_that_an_annotation_names_comes_first() {
    let mut state = state();
    let mut row = pod_row("checkout-1", None, &[("setup", true), ("proxy", false), ("app", false)]);
    let containers = |state: &mut State, row: &Pod| {
        state.world.pods.upsert(Arc::new(row.clone()));
        log::close(state);
        state.ui.place = Place::Log(pod("checkout-1"));
        asked(&log::settle(state)).container.expect("a container").raw().to_owned()
    };
    assert_eq!(containers(&mut state, &row), "proxy");
    row.default_container = Some(Name::new("app"));
    assert_eq!(containers(&mut state, &row), "app");
    // One that the pod does not have says nothing.
    row.default_container = Some(Name::new("gone"));
    assert_eq!(containers(&mut state, &row), "proxy");
}

fn state_loki() -> SourceScope {
    SourceScope {
        id: SourceId(0),
        system: SystemId::Loki,
        name: Name::new("loki"),
        server: Safe::of(""),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    }
}

fn gone(pod: Option<&str>) -> LogEvent {
    LogEvent::Gone { pod: pod.map(Name::new), message: Safe::of("the pod is gone") }
}

#[test]
fn without_a_store_of_logs_the_next_step_is_to_name_one() {
    let mut state = opened();
    assert!(log::tail_event(&mut state, TailId(1), gone(None)).is_empty());
    let Tailing::Failed(why) = &state.log.as_ref().unwrap().tailing else { panic!("it is gone") };
    assert!(why.as_str().starts_with("the pod is gone; name a Loki in sources.loki"), "{why:?}");
}

#[test]
fn with_a_store_the_lines_go_on_behind_those_of_the_pod() {
    let mut state = opened();
    state.world.sources.push(state_loki());
    // Nothing was read of it: all that is known is asked for, of the pod that its task had.
    let effects = log::tail_event(&mut state, TailId(1), gone(Some("build-pod")));
    let request = asked(&effects);
    let LogOf::Stored(stored) = &request.of else { panic!("{request:?}") };
    assert_eq!(stored.pods, StoredPods::One(Name::new("build-pod")));
    assert_eq!((request.since, stored.behind), (LogSince::Tail(log::TAIL), false));
    // Some of it was: it stays, and the rest is asked for.
    let mut state = opened();
    state.world.sources.push(state_loki());
    log::tail_event(&mut state, TailId(1), LogEvent::Lines(chunk(["2026-11-21T02:00:00.000000007Z good"])));
    let request = asked(&log::tail_event(&mut state, TailId(1), gone(None)));
    let LogOf::Stored(stored) = &request.of else { panic!("{request:?}") };
    assert!(stored.behind && stored.window.0.to_string() == "2026-11-21T02:00:00.000000008Z", "{stored:?}");
    assert_eq!(state.log.as_ref().unwrap().ring.end(), 1, "nothing was taken away");
    // Another beginning begins anew.
    let request = asked(&log::command(&mut state, Command::Since5m));
    let LogOf::Stored(stored) = &request.of else { panic!("{request:?}") };
    assert!(!stored.behind && state.log.as_ref().unwrap().ring.end() == 0);
}
