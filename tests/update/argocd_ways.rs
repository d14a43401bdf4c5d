//! By which way an Application is asked: which one is chosen, what the dialog says of it, whose rights decide.

use std::collections::BTreeMap;
use std::sync::Arc;

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::access::{AccessRead, Answer, Right};
use quarterdeck::model::applications::AppWay;
use quarterdeck::model::differences::{Differences, DifferencesRead};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId};
use quarterdeck::state::ui::Place;
use quarterdeck::state::verbs::{self, Verdict};
use quarterdeck::state::{State, differences};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::accepted;
use crate::ingest::blockers::gitops::application;
use crate::ingest::blockers::objects::now;
use crate::ingest::world::{CLUSTER, with};

const SERVER: SourceId = SourceId(1);
const ADDRESS: &str = "https://argocd.example";
const BEFORE: &str = "0f0e0d0c0b0a09080706050403020100ffeeddcc";

/// An Application on its page, that nothing syncs by itself.
fn world(change: &Value) -> (State, ObjectId) {
    let mut row = application(&json!({ "spec": { "syncPolicy": null } }));
    for (key, value) in change.as_object().into_iter().flatten() {
        row["status"][key] = value.clone();
    }
    let mut state = with(now(), &json!({ "applications": [row] }));
    let target = state.world.applications.rows()[0].id();
    state.ui.place = Place::Application(target.clone());
    (state, target)
}

/// The same with a server that says this of itself.
fn served(change: &Value, event: Option<FeedEvent>) -> (State, ObjectId) {
    let (mut state, target) = world(change);
    let like = state.world.sources[0].clone();
    let scope =
        SourceScope { id: SERVER, system: SystemId::ArgoServer, server: Safe::of(ADDRESS), namespaces: None, ..like };
    state.world.sources.push(scope);
    tell(&mut state, event.unwrap_or(FeedEvent::Listed));
    (state, target)
}

fn tell(state: &mut State, event: FeedEvent) {
    let feed = FeedId { cluster: SERVER, kind: Kind::Managed, namespace: None };
    let mono = state.now.mono;
    state.world.apply(&feed, mono, event);
}

fn hear(state: &mut State, read: Differences) {
    let row = Arc::clone(&state.world.applications.rows()[0]);
    let (application, version) = (row.meta.uid.clone(), Arc::clone(&row.meta.resource_version));
    let told = Ok(Arc::new(read));
    tell(state, FeedEvent::Detail(Detail::Differences(DifferencesRead { application, version, told })));
}

fn by_server() -> AppWay {
    AppWay::Server { source: SERVER, address: Safe::of(ADDRESS), project: Name::new("shop") }
}

fn asked(state: &State, command: Command, target: &ObjectId) -> Result<Change, String> {
    verbs::available(state, command, target).map(|offer| offer.action.change).map_err(|why| why.as_str().to_owned())
}

/// The way, and the line of the dialog.
fn way(state: &State, target: &ObjectId) -> (AppWay, String) {
    let offer = verbs::available(state, Command::SyncApplication, target).expect("a sync");
    let confirm = verbs::preview(state, &offer.action);
    let line = confirm.lines.iter().find(|(label, _)| label.as_str() == "by");
    let line = line.map_or_else(String::new, |(_, lines)| lines[0].as_str().to_owned());
    (offer.action.change.way().cloned().expect("a way"), line)
}

#[test]
fn it_goes_by_the_server_that_answers_else_by_its_object_and_the_dialog_says_why() {
    let (state, target) = world(&json!({}));
    assert_eq!(way(&state, &target), (AppWay::Object, String::new()), "there is but one way");

    let (state, target) = served(&json!({}), None);
    assert_eq!(way(&state, &target), (by_server(), format!("Argo CD's API at {ADDRESS}")));
    // Of which nothing was heard yet is asked: it is read before anything is sent.
    let (state, target) = served(&json!({}), Some(FeedEvent::Status(FeedStatus::Connecting)));
    assert_eq!(way(&state, &target).0, by_server());

    let message = Safe::of("it does not know the token");
    let since = std::time::Duration::ZERO;
    for status in [
        FeedStatus::Denied { message: message.clone() },
        FeedStatus::Failed { message: message.clone(), retry_at: None },
        FeedStatus::Stale { since, message: message.clone(), retry_at: None },
    ] {
        let (state, target) = served(&json!({}), Some(FeedEvent::Status(status)));
        let words = "the Application in Kubernetes, not by its server: it does not know the token";
        assert_eq!(way(&state, &target), (AppWay::Object, words.to_owned()));
    }
    let (mut state, target) = served(&json!({}), None);
    state.world.sources[1].unusable = Some(Safe::of("mend its address"));
    assert_eq!(way(&state, &target).1, "the Application in Kubernetes, not by its server: mend its address");
    let other = SourceScope { id: SourceId(2), unusable: None, ..state.world.sources[1].clone() };
    state.world.sources.push(other);
    let second = AppWay::Server { source: SourceId(2), address: Safe::of(ADDRESS), project: Name::new("shop") };
    assert_eq!(way(&state, &target).0, second, "another one serves it as well");
    state.world.sources.pop();
    state.world.sources[1].namespaces = Some(vec![Name::new("other")]);
    assert_eq!(way(&state, &target), (AppWay::Object, String::new()), "it serves another cluster");
    state.world.sources[1].namespaces = None;
    let other = SourceScope { id: SourceId(2), ..state.world.sources[0].clone() };
    state.world.sources.push(other);
    assert!(way(&state, &target).1.contains("name the context in sources.argocd"), "{:?}", way(&state, &target));
}

#[test]
fn every_verb_of_it_goes_the_same_way() {
    let (state, target) = served(&json!({}), None);
    for command in [Command::SyncApplication, Command::CompareApplication, Command::Undo] {
        assert_eq!(asked(&state, command, &target).unwrap().way(), Some(&by_server()), "{command:?}");
    }
    let running = json!({ "operationState": { "phase": "Running", "startedAt": "2026-11-21T01:58:00Z" } });
    let (state, target) = served(&running, None);
    assert_eq!(asked(&state, Command::TerminateOperation, &target).unwrap().way(), Some(&by_server()));
}

/// What the cluster says of the right to patch Applications.
fn without_patch(state: &mut State, target: &ObjectId) {
    let answer = |right| {
        let denied = right == Right::PatchApplications;
        if denied { Answer::Denied(Safe::of("no")) } else { Answer::Allowed }
    };
    let answers: BTreeMap<Right, Answer> = Right::ALL.into_iter().map(|right| (right, answer(right))).collect();
    let read = AccessRead { namespace: target.namespace.clone(), all: false, answers };
    let feed = FeedId { cluster: CLUSTER, kind: Kind::Pod, namespace: None };
    let mono = state.now.mono;
    state.world.apply(&feed, mono, FeedEvent::Detail(Detail::Access(read)));
}

#[test]
fn on_each_way_those_rights_decide_that_are_asked_for_there() {
    let (mut state, target) = world(&json!({}));
    without_patch(&mut state, &target);
    assert!(asked(&state, Command::SyncApplication, &target).unwrap_err().contains("may not patch applications"));

    let (mut state, target) = served(&json!({}), None);
    without_patch(&mut state, &target);
    assert!(asked(&state, Command::SyncApplication, &target).is_ok(), "nothing is patched");
    hear(&mut state, Differences { may_sync: Some(true), ..Differences::default() });
    assert!(asked(&state, Command::SyncApplication, &target).is_ok());
    hear(&mut state, Differences { may_sync: Some(false), ..Differences::default() });
    let why = format!("Argo CD's RBAC at {ADDRESS} does not let this account sync shop/checkout");
    for command in [Command::SyncApplication, Command::Undo] {
        assert_eq!(asked(&state, command, &target).unwrap_err(), why);
    }
    assert!(asked(&state, Command::CompareApplication, &target).is_ok(), "who may get it may compare it");
    // What its server refuses is not gone around.
    let denied = FeedStatus::Denied { message: Safe::of("it does not know the token") };
    tell(&mut state, FeedEvent::Status(denied));
    assert!(asked(&state, Command::SyncApplication, &target).unwrap_err().contains("may not patch applications"));

    let running = json!({ "operationState": { "phase": "Running", "startedAt": "2026-11-21T01:58:00Z" } });
    let (mut state, target) = served(&running, None);
    hear(&mut state, Differences { may_sync: Some(false), ..Differences::default() });
    assert_eq!(asked(&state, Command::TerminateOperation, &target).unwrap_err(), why);
}

#[test]
fn where_projects_are_not_shown_its_server_says_whether_a_window_is_closed() {
    let (mut state, target) = served(&json!({}), None);
    let projects = FeedId { cluster: CLUSTER, kind: Kind::AppProject, namespace: None };
    let denied = FeedStatus::Denied { message: Safe::of("appprojects is forbidden") };
    let mono = state.now.mono;
    state.world.apply(&projects, mono, FeedEvent::Status(denied));
    let said = |state: &State| {
        let offer =
            verbs::available(state, Command::SyncApplication, &target).map_err(|why| why.as_str().to_owned())?;
        Ok::<_, String>(format!("{:?}", verbs::preview(state, &offer.action).lines))
    };
    assert!(said(&state).unwrap().contains("whether one is closed is not known"));
    hear(&mut state, Differences { can_sync: Some(true), ..Differences::default() });
    assert!(said(&state).unwrap().contains("asked for by hand it is let through now, as its server says"));
    hear(&mut state, Differences { can_sync: Some(false), ..Differences::default() });
    let why = "a sync window of its project is closed, also by hand, as its server says";
    assert_eq!(said(&state).unwrap_err(), why);
    assert_eq!(asked(&state, Command::Undo, &target).unwrap_err(), why);
}

#[test]
fn its_rbac_is_asked_while_somebody_may_act_on_its_page() {
    let (mut state, _) = served(&json!({}), None);
    assert!(matches!(&differences::wanted(&state)[..], [wanted] if wanted.rights && wanted.strays.is_empty()));
    state.read_only = Some(Safe::of("started with --read-only"));
    assert!(differences::wanted(&state).is_empty(), "nothing is offered");
}

/// A rollback that its server makes carries no mark.
#[test]
fn a_way_back_by_its_server_is_seen_by_where_it_leads() {
    let before = Some("2026-11-21T01:30:00Z".parse().unwrap());
    let verdict = |state: Value, way: AppWay| {
        let (world, target) = served(&json!({ "operationState": state }), None);
        let change = Change::RollBack { way, id: 6, revision: Name::new(BEFORE), before };
        match verbs::expected(&world, &accepted(target, change)) {
            Verdict::Seen => "seen".to_owned(),
            Verdict::Waiting(what) => format!("waiting: {}", what.as_str()),
            Verdict::Lost(why) => format!("lost: {}", why.as_str()),
            other => format!("{other:?}"),
        }
    };
    let operation = |at: &str, phase: &str, revision: &str| {
        json!({ "phase": phase, "message": "because", "startedAt": at,
            "operation": { "initiatedBy": { "username": "ci" }, "sync": { "revision": revision } } })
    };
    let newer = "2026-11-21T01:58:00Z";
    for (state, expected) in [
        (operation("2026-11-21T01:30:00Z", "Succeeded", BEFORE), "waiting: the operation in its status"),
        (operation(newer, "Running", BEFORE), "waiting: the operation to succeed: because"),
        (operation(newer, "Succeeded", BEFORE), "seen"),
        (operation(newer, "Failed", BEFORE), "lost: the sync failed: because"),
        (operation(newer, "Succeeded", "b2"), "lost: another operation came meanwhile"),
    ] {
        assert_eq!(verdict(state.clone(), by_server()), expected, "{state}");
    }
    let unmarked = operation(newer, "Succeeded", BEFORE);
    assert_eq!(verdict(unmarked, AppWay::Object), "lost: another operation came meanwhile", "ours has a mark there");
}
