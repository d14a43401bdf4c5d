//! What can be asked of an Application, what the dialog says of it, and what proves it.

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::applications::AppWay;
use quarterdeck::model::{Name, ObjectId};
use quarterdeck::state::State;
use quarterdeck::state::ui::Tier;
use quarterdeck::state::verbs::{self, Verdict};
use serde_json::{Value, json};

use crate::ingest::blockers::gitops::application;
use crate::ingest::blockers::objects::now;
use crate::ingest::world::with;

const SYNCED: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const BEFORE: &str = "0f0e0d0c0b0a09080706050403020100ffeeddcc";

fn of(change: &Value) -> (State, ObjectId) {
    let state = with(now(), &json!({ "applications": [application(change)] }));
    let target = state.world.applications.rows()[0].id();
    (state, target)
}

fn asked(command: Command, change: &Value) -> Result<Change, String> {
    let (state, target) = of(change);
    verbs::available(&state, command, &target).map(|offer| offer.action.change).map_err(|why| why.as_str().to_owned())
}

fn manual() -> Value {
    json!({ "spec": { "syncPolicy": null } })
}

/// When the fixture was compared.
fn compare() -> Change {
    Change::CompareAgain { way: AppWay::Object, before: Some("2026-11-21T01:59:30Z".parse().unwrap()) }
}

/// The same, asked for a while before.
fn compare_since() -> Change {
    Change::CompareAgain { way: AppWay::Object, before: Some("2026-11-21T01:56:00Z".parse().unwrap()) }
}

fn running(phase: &str) -> Value {
    json!({ "status": { "operationState": { "phase": phase, "startedAt": "2026-11-21T01:58:00Z", "finishedAt": null } } })
}

#[test]
fn each_verb_has_its_preconditions() {
    let before = Some("2026-11-21T01:30:00Z".parse().unwrap());
    let sync = |pinned, prune| {
        Ok(Change::Sync { way: AppWay::Object, revisions: vec![Name::new(SYNCED)], pinned, prune, before })
    };
    assert_eq!(asked(Command::SyncApplication, &json!({})), sync(false, true), "the head of its branch");
    assert_eq!(asked(Command::SyncApplication, &manual()), sync(true, false), "what was looked at");
    let busy = Err("another operation is asked for or runs: wait for it, or terminate it first".to_owned());
    assert_eq!(asked(Command::SyncApplication, &running("Running")), busy);
    assert_eq!(asked(Command::SyncApplication, &json!({ "operation": { "sync": {} } })), busy);
    let mut unknown = manual();
    unknown["status"] = json!({ "sync": { "revision": null } });
    assert!(asked(Command::SyncApplication, &unknown).unwrap_err().contains("compare it first"));
    let annotated = |key: &str, value: &str| json!({ "metadata": { "annotations": { key: value } } });
    let skipped = asked(Command::SyncApplication, &annotated("argocd.argoproj.io/skip-reconcile", "true"));
    assert!(skipped.unwrap_err().contains("leave it alone"));
    let leaving = json!({ "metadata": { "deletionTimestamp": "2026-11-21T01:59:00Z" } });
    assert_eq!(asked(Command::SyncApplication, &leaving).unwrap_err(), "it is being deleted");

    assert_eq!(asked(Command::CompareApplication, &json!({})), Ok(compare()));
    let twice = asked(Command::CompareApplication, &annotated("argocd.argoproj.io/refresh", "normal"));
    assert_eq!(twice.unwrap_err(), "it is asked to compare again already");

    assert_eq!(asked(Command::TerminateOperation, &json!({})).unwrap_err(), "no operation runs");
    let started = "2026-11-21T01:58:00Z".parse().unwrap();
    assert_eq!(
        asked(Command::TerminateOperation, &running("Running")),
        Ok(Change::Terminate { way: AppWay::Object, started })
    );
    let ending = asked(Command::TerminateOperation, &running("Terminating"));
    assert_eq!(ending.unwrap_err(), "its operation is ending already");
    assert!(asked(Command::Promote, &json!({})).is_err(), "what is asked of a workload");

    let back = Change::RollBack { way: AppWay::Object, id: 6, revision: Name::new(BEFORE), before };
    assert_eq!(asked(Command::Undo, &manual()), Ok(back));
    let on = asked(Command::Undo, &json!({})).unwrap_err();
    assert!(on.starts_with("Argo CD rolls nothing back while auto-sync is on: revert overlays/production in"), "{on}");
    let with = |change: Value| {
        let mut all = manual();
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        asked(Command::Undo, &all)
    };
    assert_eq!(with(json!({ "operation": { "sync": {} } })), busy);
    let first = with(json!({ "status": { "history": [{ "id": 7, "revision": SYNCED }] } })).unwrap_err();
    assert_eq!(first, "its history has no other revision to go back to");
    let skipped = with(annotated("argocd.argoproj.io/skip-reconcile", "true")).unwrap_err();
    assert!(skipped.contains("nothing would answer"), "{skipped}");

    // Each change is asked for anew by its own command.
    for (command, change) in [
        (
            Command::SyncApplication,
            Change::Sync { way: AppWay::Object, revisions: Vec::new(), pinned: false, prune: false, before: None },
        ),
        (Command::CompareApplication, compare()),
        (Command::TerminateOperation, Change::Terminate { way: AppWay::Object, started }),
        (Command::Undo, Change::RollBack { way: AppWay::Object, id: 6, revision: Name::new(BEFORE), before }),
    ] {
        assert_eq!(verbs::command_for(&change), command);
    }
}

#[test]
fn where_it_leads_is_asked_for_by_name_unless_it_is_known_to_be_open() {
    let tier = |environment: Option<&str>, change: &Value| {
        let label = |name: &str| json!({ "metadata": { "name": "production", "uid": "ns", "labels": { "environment": name } } });
        let namespaces: Vec<Value> = environment.into_iter().map(label).collect();
        let state = with(now(), &json!({ "namespaces": namespaces, "applications": [application(change)] }));
        let target = state.world.applications.rows()[0].id();
        let offer = verbs::available(&state, Command::SyncApplication, &target).expect("a sync");
        verbs::preview(&state, &offer.action).tier
    };
    assert_eq!(tier(Some("dev"), &json!({})), Tier::Yes);
    assert_eq!(tier(Some("prod"), &json!({})), Tier::Typed { expected: "prod".to_owned() });
    assert_eq!(tier(None, &json!({})), Tier::Typed { expected: "production".to_owned() }, "its label was not read");
    let is_typed = |change: Value| matches!(tier(Some("dev"), &change), Tier::Typed { .. });
    let elsewhere = json!({ "server": "https://10.0.0.1:6443", "namespace": "dev" });
    assert!(is_typed(json!({ "spec": { "destination": elsewhere } })), "a cluster that is not in the scope");
    let other = json!([{ "kind": "Deployment", "namespace": "live", "name": "web", "status": "Synced" }]);
    assert!(is_typed(json!({ "status": { "resources": other } })), "an object in a namespace of its own");
    let nowhere = json!({ "spec": { "destination": { "namespace": "" } }, "status": { "resources": [] } });
    assert!(is_typed(nowhere), "nothing says where");
}

#[test]
fn the_dialog_says_what_is_applied_and_what_is_deleted() {
    let said = |change: &Value| {
        let (state, target) = of(change);
        let offer = verbs::available(&state, Command::SyncApplication, &target).expect("a sync");
        let confirm = verbs::preview(&state, &offer.action);
        let lines = confirm
            .lines
            .iter()
            .flat_map(|(label, texts)| texts.iter().map(move |text| format!("{}: {}", label.as_str(), text.as_str())));
        let lines: Vec<String> = lines.collect();
        format!("{}\n{}\n{}", confirm.title.as_str(), confirm.summary.as_str(), lines.join("\n"))
    };
    let strays = json!({ "status": { "sync": { "status": "OutOfSync" }, "resources": [
        { "kind": "Deployment", "name": "web", "namespace": "production", "status": "OutOfSync" },
        { "kind": "Secret", "name": "old", "namespace": "production", "status": "OutOfSync", "requiresPruning": true }] } });
    let automated = said(&strays);
    assert!(automated.starts_with("Sync checkout in production\nsync to the newest of main"), "{automated}");
    assert!(automated.contains("this will: apply 2 objects: Deployment web, Secret old"), "{automated}");
    assert!(automated.contains("it will: delete what the repository no longer has: Secret old"), "{automated}");
    let mut held = strays.clone();
    held["spec"] = manual()["spec"].clone();
    let held = said(&held);
    assert!(held.contains("\nsync to a1b2c3d\n"), "{held}");
    assert!(held.contains("it will not: delete what the repository no longer has: Secret old"), "{held}");
    assert!(said(&json!({})).contains("apply every object again; none is known to differ"));
}

/// What the world says of the change.
fn verdict(change: Change, world: &Value) -> String {
    let (state, target) = of(world);
    match verbs::expected(&state, &super::accepted(target, change)) {
        Verdict::Seen => "seen".to_owned(),
        Verdict::Once(_) => "once".to_owned(),
        Verdict::Waiting(what) => format!("waiting: {}", what.as_str()),
        Verdict::Blind(why) => format!("blind: {}", why.as_str()),
        Verdict::Lost(why) => format!("lost: {}", why.as_str()),
    }
}

#[test]
fn only_what_argo_cd_shows_proves_it() {
    let before = Some("2026-11-21T01:30:00Z".parse().unwrap());
    let sync = || Change::Sync {
        way: AppWay::Object,
        revisions: vec![Name::new(SYNCED)],
        pinned: false,
        prune: false,
        before,
    };
    let ours = |phase: &str, status: &str| {
        let mut world = running(phase);
        world["status"]["operationState"]["operation"] = json!({ "info": [{ "name": "quarterdeck", "value": "7-1" }] });
        world["status"]["operationState"]["message"] = "because".into();
        world["status"]["sync"] = json!({ "status": status });
        world
    };
    for (world, expected) in [
        (json!({}), "waiting: the operation in its status"),
        (json!({ "operation": { "sync": {} } }), "waiting: Argo CD to begin"),
        (running("Running"), "lost: another operation came meanwhile"),
        (ours("Running", "OutOfSync"), "waiting: the operation to succeed: because"),
        (ours("Succeeded", "OutOfSync"), "waiting: status Synced (now OutOfSync)"),
        (ours("Succeeded", "Synced"), "seen"),
        (ours("Failed", "OutOfSync"), "lost: the sync failed: because"),
        (ours("Error", "OutOfSync"), "lost: the sync failed: because"),
    ] {
        assert_eq!(verdict(sync(), &world), expected, "{world}");
    }

    // Git asks for something else than what was gone back to.
    let back = || Change::RollBack { way: AppWay::Object, id: 6, revision: Name::new(BEFORE), before };
    assert_eq!(verdict(back(), &ours("Succeeded", "OutOfSync")), "seen");
    assert_eq!(verdict(back(), &ours("Failed", "OutOfSync")), "lost: the sync failed: because");

    let asked = json!({ "metadata": { "annotations": { "argocd.argoproj.io/refresh": "normal" } } });
    assert_eq!(verdict(compare_since(), &asked), "waiting: Argo CD to compare it");
    let before = json!({ "status": { "reconciledAt": "2026-11-21T01:56:00Z" } });
    assert_eq!(verdict(compare_since(), &before), "waiting: Argo CD to compare it", "not read yet");
    assert_eq!(verdict(compare_since(), &json!({})), "seen");

    let terminate = || Change::Terminate { way: AppWay::Object, started: "2026-11-21T01:58:00Z".parse().unwrap() };
    assert_eq!(verdict(terminate(), &running("Running")), "waiting: the operation to be asked to end");
    assert_eq!(verdict(terminate(), &running("Terminating")), "waiting: the operation to end");
    assert_eq!(verdict(terminate(), &running("Failed")), "seen");
    assert_eq!(verdict(terminate(), &running("Succeeded")), "lost: the operation succeeded before it could be ended");
    assert_eq!(verdict(terminate(), &json!({})), "lost: another operation came meanwhile");
}
