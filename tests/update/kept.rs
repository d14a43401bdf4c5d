//! A workload that Argo CD keeps: an undo that would be taken back is refused with the way that lasts, and
//! where nothing is synced by itself the Application is rolled back instead.

use jiff::{SignedDuration, Timestamp};
use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::ui::{Place, RowId};
use quarterdeck::state::{State, verbs};
use serde_json::{Value, json};

use super::world::{Console, moment};
use crate::ingest::blockers::gitops::application;

/// The canary of the recordings, kept by an Application whose newest deploy made it.
fn kept(change: &Value) -> (Console, ObjectId) {
    kept_since(change, 5)
}

/// The same, its newest deploy so many seconds after the canary's ReplicaSet was made.
fn kept_since(change: &Value, after: i64) -> (Console, ObjectId) {
    let mut world = moment("regression/02-half-the-traffic");
    let mut kept = application(change);
    let hash = world["rollouts"][0]["status"]["currentPodHash"].clone();
    let sets = world["replicasets"].as_array().expect("its sets");
    let set = sets.iter().find(|set| set["metadata"]["labels"]["rollouts-pod-template-hash"] == hash).expect("its set");
    let made: Timestamp = set["metadata"]["creationTimestamp"].as_str().expect("a time").parse().expect("a time");
    if let Some(newest) = kept["status"]["history"].get_mut(1) {
        newest["deployedAt"] = json!((made + SignedDuration::from_secs(after)).to_string());
        kept["status"]["history"][0]["deployedAt"] = json!((made - SignedDuration::from_hours(2)).to_string());
    }
    world["applications"] = json!([kept]);
    let console = Console::new(&world);
    let target = console.state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
    (console, target)
}

fn said(state: &State, command: Command, target: &ObjectId) -> String {
    match verbs::available(state, command, target) {
        Ok(offer) => {
            let confirm = verbs::preview(state, &offer.action);
            let lines = confirm.lines.iter().flat_map(|(label, texts)| {
                texts.iter().map(move |text| format!("{}: {}", label.as_str(), text.as_str()))
            });
            format!("{}\n{}", confirm.title.as_str(), lines.collect::<Vec<_>>().join("\n"))
        }
        Err(why) => format!("refused: {}", why.as_str()),
    }
}

const LASTS: &str =
    "revert overlays/production in https://github.com/shop/gitops in Git, from a1b2c3d back to 0f0e0d0 (deployed ";

#[test]
fn what_would_be_taken_back_is_refused_with_the_way_that_lasts() {
    for (policy, why) in [
        (json!({ "selfHeal": true }), "would bring this version back at once (self-heal): "),
        (json!({ "selfHeal": false }), "applies it again with the next commit (auto-sync): "),
        (json!({ "selfHeal": null }), "applies it again with the next commit (auto-sync): "),
    ] {
        let (console, target) = kept(&json!({ "spec": { "syncPolicy": { "automated": policy } } }));
        let said = said(&console.state, Command::Undo, &target);
        assert!(said.starts_with("refused: ") && said.contains(why) && said.contains(LASTS), "{said}");
    }
}

#[test]
fn where_nothing_is_synced_by_itself_the_application_is_rolled_back() {
    for policy in
        [Value::Null, json!({ "automated": null }), json!({ "automated": { "enabled": false, "selfHeal": true } })]
    {
        let (console, target) = kept(&json!({ "spec": { "syncPolicy": policy } }));
        let offer = verbs::available(&console.state, Command::Undo, &target).expect("another way");
        assert_eq!(offer.action.target.kind, Kind::Application);
        assert!(matches!(offer.action.change, Change::RollBack { id: 6, .. }), "{:?}", offer.action.change);
        let said = said(&console.state, Command::Undo, &target);
        assert!(said.starts_with("Roll back checkout in "), "{said}");
        assert!(said.contains("it will not: change Git") && said.contains(&format!("then: {LASTS}")), "{said}");
    }
}

#[test]
fn what_somebody_points_at_and_what_no_history_tells_is_undone_with_a_warning() {
    let manual = json!({ "spec": { "syncPolicy": null } });
    let (mut console, target) = kept(&manual);
    let rollout = console.state.world.rollouts.rows()[0].clone();
    let sets = console.state.world.replica_sets.owned_by(&rollout.meta.uid);
    let stable = sets.into_iter().find(|set| set.template_hash == rollout.stable_hash).expect("the stable set");
    let stable = RowId::Object(stable.meta.id(Kind::ReplicaSet));
    console.state.ui.place = Place::Rollout(target.clone());
    let list = console.state.ui.list_id();
    console.state.ui.lists.entry(list).or_default().selected = Some(stable);
    let told = said(&console.state, Command::Undo, &target);
    assert!(told.starts_with("Undo checkout in "), "{told}");
    assert!(told.contains("a sync brings that version back (auto-sync is off). To last: revert"), "{told}");

    let once = json!({ "spec": { "syncPolicy": null }, "status": { "history": [] } });
    let (console, target) = kept(&once);
    let told = said(&console.state, Command::Undo, &target);
    assert!(told.starts_with("Undo checkout in ") && told.contains("which commit changed it is not known"), "{told}");

    let left = json!({ "metadata": { "annotations": { "argocd.argoproj.io/skip-reconcile": "true" } } });
    let (console, target) = kept(&left);
    let told = said(&console.state, Command::Undo, &target);
    assert!(told.starts_with("Undo checkout in ") && told.contains("(skip-reconcile)"), "{told}");
}

#[test]
fn where_its_policy_is_not_known_now_nobody_guesses() {
    let (mut console, target) = kept(&json!({ "spec": { "syncPolicy": null } }));
    let message = quarterdeck::text::Safe::of("connection refused");
    console.feed(Kind::Application, FeedEvent::Status(FeedStatus::Failed { message, retry_at: None }));
    let told = said(&console.state, Command::Undo, &target);
    assert!(told.starts_with("refused: application checkout keeps it, and whether it would take"), "{told}");
}

#[test]
fn of_several_sources_a_deploy_of_any_is_one_to_go_back_to() {
    let entry = |id: i64, revisions: [&str; 2]| json!({ "id": id, "revisions": revisions, "deployedAt": "2026-11-21T01:00:00Z" });
    let history = [entry(4, ["a1", "1.0.0"]), entry(5, ["b2", "5.1.0"]), entry(6, ["b2", "5.2.0"])];
    let manual = json!({ "spec": { "syncPolicy": null }, "status": { "history": history } });
    let (console, target) = kept(&manual);
    let offer = verbs::available(&console.state, Command::Undo, &target).expect("another way");
    assert!(matches!(offer.action.change, Change::RollBack { id: 5, .. }), "{:?}", offer.action.change);
    let said = said(&console.state, Command::Undo, &target);
    assert!(said.contains("b2, 5.2.0") && said.contains("b2, 5.1.0"), "{said}");
}

#[test]
fn while_applications_were_not_read_nobody_takes_it_for_kept_by_none() {
    let message = || quarterdeck::text::Safe::of("forbidden");
    let stale = FeedStatus::Stale { since: std::time::Duration::ZERO, message: message(), retry_at: None };
    let being = "refused: not known yet whether Argo CD keeps it: its Applications are being read";
    let cases = [
        (FeedStatus::Connecting, being),
        (stale, "refused: not known yet whether Argo CD keeps it: its Applications were not read (forbidden)"),
        (
            FeedStatus::Denied { message: message() },
            "whether an application of Argo CD keeps it is not known: forbidden",
        ),
        (FeedStatus::Absent { message: message() }, "it will not: change Git, if a repository describes this object"),
    ];
    for (status, expected) in cases {
        let mut console = Console::new(&moment("regression/02-half-the-traffic"));
        let target = console.state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
        let id = FeedId { cluster: target.cluster, kind: Kind::Application, namespace: None };
        let feed = console.state.world.feeds.entry(id).or_default();
        (feed.status, feed.complete) = (status, false);
        let told = said(&console.state, Command::Undo, &target);
        assert!(told.contains(expected), "{told}");
        assert_eq!(told.starts_with("refused: "), expected.starts_with("refused: "), "{told}");
    }
}

#[test]
fn an_abort_lasts_and_says_what_git_goes_on_asking_for() {
    let (console, target) = kept(&json!({}));
    let told = said(&console.state, Command::Abort, &target);
    assert!(told.contains("in Git: application checkout takes nothing of this back, and stays Degraded;"), "{told}");
    assert!(told.contains(&format!("in Git: to last: {LASTS}")), "{told}");
}

/// What is kept is not only Rollouts and Deployments.
#[test]
fn a_stateful_set_that_argo_cd_keeps_is_not_undone_in_the_cluster() {
    let row = json!({ "metadata": { "name": "db", "namespace": "production", "uid": "db", "resourceVersion": "7",
        "generation": 2 }, "spec": { "replicas": 2 }, "status": { "observedGeneration": 2 } });
    let resources = json!([{ "group": "apps", "kind": "StatefulSet", "namespace": "production", "name": "db", "status": "Synced" }]);
    let world = json!({ "statefulsets": [row], "applications": [application(&json!({ "status": { "resources": resources } }))] });
    let console = Console::new(&world);
    let target = console.state.world.controlled.rows()[0].meta.id(Kind::StatefulSet);
    let said = said(&console.state, Command::Undo, &target);
    assert!(said.starts_with("refused: ") && said.contains("(self-heal)"), "{said}");
    let unknown =
        "put what it ran before back in overlays/production of https://github.com/shop/gitops in Git; which commit";
    assert!(said.contains(unknown), "nothing says when it changed: {said}");
}

/// An Application keeps many objects: its newest deploy need not be the one that changed this one.
#[test]
fn a_deploy_of_another_service_is_not_told_as_the_way_back() {
    let put =
        "back in overlays/production of https://github.com/shop/gitops in Git; which commit changed it is not known";
    for (after, known) in [(-30, true), (5, true), (500, true), (-90, false), (700, false), (86_400, false)] {
        let (console, target) = kept_since(&json!({}), after);
        let rollout = console.state.world.rollouts.rows()[0].clone();
        let sets: Vec<_> = console.state.world.replica_sets.owned_by(&rollout.meta.uid).collect();
        let stable = sets.iter().find(|set| set.template_hash == rollout.stable_hash).expect("the stable set");
        let put = format!("put {} {put}", stable.images[0].image.as_str());
        for command in [Command::Undo, Command::Abort] {
            let said = said(&console.state, command, &target);
            assert_eq!((said.contains(LASTS), said.contains(&put)), (known, !known), "{after} {command:?}: {said}");
        }
    }
}

#[test]
fn another_image_is_refused_with_the_place_where_it_is_set() {
    let (console, target) = kept(&json!({}));
    let why = verbs::rollout::set_image(&console.state, &target, "app=shop/checkout:9").unwrap_err();
    let place = "(self-heal): set the image in overlays/production of https://github.com/shop/gitops in Git";
    assert!(why.as_str().ends_with(place), "{}", why.as_str());
}
