//! Argo CD and an autoscaler fight over one Deployment (S4): the fight is named, with what they fight
//! for, and what keeps each workload is found from its page.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::applications::{Application, SyncStatus};
use quarterdeck::model::{Kind, SystemId};
use quarterdeck::state::blocker::{self, Blocker, Reason};
use quarterdeck::state::drift::Drift;
use quarterdeck::state::ui::{ListId, Overlay, Place, RowId};
use quarterdeck::state::{derived, gitops, verbs};

use super::harness::Story;
use super::steps::{highlight, outcome, press, wait_for};
use crate::demo::http::Http;

const LIST: ListId = ListId::Place(Place::Applications);

/// Without the server of Argo CD: what is asked for goes by the objects in the cluster.
async fn begin() -> Story {
    let options = Options { scenario: "out-of-sync".to_owned(), held: true, ..Options::default() };
    Story::at_argocd(options, |_| None).await
}

fn application<'a>(console: &'a Headless, name: &str) -> &'a Application {
    let found = console.state().world.applications.rows().iter().find(|row| row.meta.name.raw() == name);
    found.unwrap_or_else(|| panic!("no application {name}"))
}

fn fight(console: &Headless) -> Option<Blocker> {
    blocker::blockers(console.state()).into_iter().find(|row| row.reason == Reason::OutOfSyncLoop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fight_is_named_once_it_is_one() {
    let mut story = begin().await;
    assert_eq!(story.console.state().world.applications.len(), 3);
    assert!(fight(&story.console).is_none(), "nothing was healed yet");
    let healed = |console: &Headless| {
        application(console, "shop-production").operation.as_ref().map_or(0, |operation| operation.heals)
    };
    for times in 1..=4 {
        // Until the rival has acted, Argo CD has waited and the healing has ended.
        for _ in 0..90 {
            story.advance(1);
        }
        wait_for(&mut story, "another healing", |console| healed(console) >= times).await;
    }
    wait_for(&mut story, "the fight", |console| fight(console).is_some()).await;
    let told = fight(&story.console).expect("a fight").sentence.as_str().to_owned();
    assert!(told.starts_with("application shop-production in production is out of sync again"), "{told}");
    let who =
        "something else changes Deployment search; autoscaler search sets spec.replicas of Deployment search, now to 7";
    assert!(told.contains(who), "{told}");

    let first = blocker::blockers(story.console.state()).into_iter().next().map(|row| row.sentence.as_str().to_owned());
    assert_eq!(first.as_deref(), Some(told.as_str()), "it is the worst of all");
    assert!(story.console.press(Command::Look), "the line leads to it");
    let there = |console: &Headless| matches!(&console.state().ui.place, Place::Application(id) if id.name.raw() == "shop-production");
    wait_for(&mut story, "its page", there).await;
    story
        .until("what they fight for, and the policy", |screen| {
            screen.contains("Deployment search in production") && screen.contains("self-heal")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_workload_stands_on_its_page_and_a_hold_beside_it() {
    let mut story = begin().await;
    let state = story.console.state();
    let rows = state.world.deployments.rows();
    let staging = rows.iter().find(|row| row.meta.name.raw() == "web" && row.meta.namespace.raw() == "staging");
    let meta = staging.expect("the Deployment").meta.clone();
    let kept = gitops::of_workload(state, Kind::Deployment, &meta).expect("its application");
    assert_eq!((kept.meta.name.raw(), kept.sync), ("shop-staging", SyncStatus::Synced));
    let rollout = state.world.rollouts.rows()[0].meta.clone();
    let of_rollout = gitops::of_workload(state, Kind::Rollout, &rollout).expect("its application");
    assert_eq!(of_rollout.meta.name.raw(), "shop-production");
    // Off and in order is worth a word where one looks, and no alarm.
    assert!(blocker::blockers(state).iter().all(|row| row.reason != Reason::Hold));

    assert!(story.console.press(Command::Applications));
    story
        .until("the list", |screen| {
            let held = screen.lines().find(|line| line.contains("shop-staging")).unwrap_or_default();
            held.contains("Synced") && held.contains("off") && screen.contains("3 applications")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_argo_cd_is_not_installed_nothing_is_said_of_it() {
    let mut story = Story::begin().await;
    let told = blocker::blockers(story.console.state());
    assert!(told.iter().all(|row| !row.sentence.as_str().contains(SystemId::ArgoCd.as_str())), "{told:?}");
    story.until("a header without it", |screen| !screen.contains("argocd")).await;
}

/// The list, with this one highlighted.
async fn choose(story: &mut Story, name: &str) {
    if story.console.state().ui.place != Place::Applications {
        assert!(story.console.press(Command::Applications));
        wait_for(story, "the list", |console| console.state().ui.place == Place::Applications).await;
    }
    let wanted = RowId::Object(application(&story.console, name).id());
    highlight(story, &LIST, |_, row| *row == wanted).await;
}

async fn confirm(story: &mut Story) {
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_nothing_syncs_by_itself_is_synced_and_seen_to_succeed() {
    let mut story = begin().await;
    choose(&mut story, "shop-staging").await;
    let deployed = application(&story.console, "shop-staging").history.len();
    press(&mut story, Command::SyncApplication).await;
    story.until("what it will do", |screen| screen.contains("apply every object again")).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    // Not twice at a time.
    let target = application(&story.console, "shop-staging").id();
    let again = verbs::available(story.console.state(), Command::SyncApplication, &target);
    assert!(again.unwrap_err().as_str().contains("already syncing"));
    story.advance(1);
    story.advance(5);
    wait_for(&mut story, "its end", |console| outcome(console) == "observed").await;
    let row = application(&story.console, "shop-staging");
    assert_eq!(row.history.len(), deployed + 1);
    assert_eq!(row.history.last().and_then(|last| last.by.clone()).expect("by us").as_str(), "quarterdeck");
    assert!(!row.requested, "the controller took it away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_window_is_named_and_keeps_a_sync_back_until_it_lets_hands_through() {
    let mut story = begin().await;
    wait_for(&mut story, "the project", |console| console.state().world.projects.len() == 1).await;
    choose(&mut story, "shop-dev").await;
    let target = application(&story.console, "shop-dev").id();
    let refused = verbs::available(story.console.state(), Command::SyncApplication, &target).unwrap_err();
    let why = "deny window of project shop until 17:30Z (load test): Argo CD would not begin before";
    assert!(refused.as_str().starts_with(why), "{}", refused.as_str());
    assert!(story.console.press(Command::SyncApplication));
    story.until("why not", |screen| screen.contains("deny window of project shop until 17:30Z")).await;
    assert!(story.console.state().operations.is_empty() && story.console.state().ui.overlay.is_none());
    assert!(story.console.press(Command::Open));
    story
        .until("the windows on its page", |screen| {
            screen.contains("‖ deny window of project shop until 17:30Z (load test)")
                && screen.contains("deny 0 16 * * * for 90m UTC  active at least until 17:30Z")
        })
        .await;

    let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/shop";
    let windows = serde_json::json!([{ "kind": "deny", "schedule": "0 16 * * *", "duration": "90m", "applications": ["shop-*"],
        "manualSync": true }]);
    let patch = serde_json::json!({ "spec": { "syncWindows": windows } });
    Http::new(&story.demo.url).patch(path, "application/merge-patch+json", &patch).await;
    let open = |console: &Headless| verbs::available(console.state(), Command::SyncApplication, &target).is_ok();
    wait_for(&mut story, "the window to let hands through", open).await;
    press(&mut story, Command::SyncApplication).await;
    story.until("the window in the dialog", |screen| screen.contains("asked for by hand it is let")).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_compared_again_at_once() {
    let mut story = begin().await;
    choose(&mut story, "shop-dev").await;
    // Its times are whole seconds.
    story.advance(2);
    let before = application(&story.console, "shop-dev").reconciled;
    press(&mut story, Command::CompareApplication).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(2);
    wait_for(&mut story, "the comparison", |console| outcome(console) == "observed").await;
    let row = application(&story.console, "shop-dev");
    assert!(row.reconciled > before && row.refreshing.is_none(), "{:?}", row.reconciled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_ended_and_the_sync_says_what_became_of_it() {
    let mut story = begin().await;
    choose(&mut story, "shop-staging").await;
    press(&mut story, Command::SyncApplication).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(1);
    let runs = |console: &Headless| {
        application(console, "shop-staging").operation.as_ref().is_some_and(|last| last.phase.is_running())
    };
    wait_for(&mut story, "it to run", runs).await;
    // Ours is open still: what ends it is another person's hand.
    let target = application(&story.console, "shop-staging").id();
    let refused = verbs::available(story.console.state(), Command::TerminateOperation, &target);
    assert!(refused.is_ok(), "what was begun here can be ended here: {refused:?}");
    press(&mut story, Command::TerminateOperation).await;
    story.until("what it does not", |screen| screen.contains("take back what was applied already")).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(3);
    wait_for(&mut story, "its end", |console| outcome(console) == "observed").await;
    let first = |console: &Headless| console.state().operations[0].outcome.as_str();
    wait_for(&mut story, "the sync's end", |console| !matches!(first(console), "accepted")).await;
    assert_eq!(first(&story.console), "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_argo_cd_begins_meanwhile_stops_the_hand() {
    let mut story = begin().await;
    choose(&mut story, "shop-production").await;
    press(&mut story, Command::SyncApplication).await;
    wait_for(&mut story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    // The rival acts, and Argo CD begins to heal.
    for _ in 0..17 {
        story.advance(1);
    }
    wait_for(&mut story, "the dialog to say so", |console| match &console.state().ui.overlay {
        Some(Overlay::Confirm(dialog)) => dialog.disarmed.is_some(),
        _ => false,
    })
    .await;
    assert!(story.console.state().operations.is_empty(), "nothing was sent");
}

/// The Deployment of a namespace on the list of environments, highlighted.
async fn choose_workload(story: &mut Story, namespace: &str, name: &str) {
    assert!(story.console.press(Command::ShowEnvironments));
    wait_for(story, "the list", |console| console.state().ui.place == Place::Environments).await;
    let is = |_: &Headless, row: &RowId| matches!(row, RowId::Object(id) if id.namespace.raw() == namespace && id.name.raw() == name);
    highlight(story, &ListId::Place(Place::Environments), is).await;
}

fn image(console: &Headless, namespace: &str, name: &str) -> String {
    let rows = console.state().world.deployments.rows();
    let found = rows.iter().find(|row| row.meta.namespace.raw() == namespace && row.meta.name.raw() == name);
    found.map_or_else(String::new, |row| row.images[0].image.as_str().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_argo_cd_would_take_back_is_refused_and_git_is_named() {
    let mut story = begin().await;
    choose_workload(&mut story, "production", "payments").await;
    assert!(story.console.press(Command::Undo));
    story
        .until("why not, and the way that lasts", |screen| {
            let words: String = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            words.contains("would bring this version back at once (self-heal)")
                && !words.contains("revert k8s/overlays/prod")
        })
        .await;
    assert!(story.console.state().ui.overlay.is_none() && story.console.state().operations.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_goes_back_with_its_application_where_nothing_is_synced_by_itself() {
    let mut story = begin().await;
    assert_eq!(image(&story.console, "staging", "web"), "ghcr.io/shop/web:7.4.0");
    let before = application(&story.console, "shop-staging").history.len();
    choose_workload(&mut story, "staging", "web").await;
    press(&mut story, Command::Undo).await;
    story.until("the other way", |screen| screen.contains("Roll back shop-staging in staging")).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(1);
    story.advance(5);
    wait_for(&mut story, "its end", |console| outcome(console) == "observed").await;
    wait_for(&mut story, "the version before", |console| image(console, "staging", "web") == "ghcr.io/shop/web:7.3.0")
        .await;
    let row = application(&story.console, "shop-staging");
    assert_eq!((row.sync, row.history.len()), (SyncStatus::OutOfSync, before + 1), "Git still asks for the new one");
    let story_of = |console: &Headless| console.state().operations.last().map(|last| last.action.target.kind);
    assert_eq!(story_of(&story.console), Some(Kind::Application), "the journal names what was changed");

    // How far that is, by the overlay's file and the commits of the two versions.
    assert!(story.console.press(Command::ShowEnvironments));
    let behind = |console: &Headless| {
        let rows = console.state().world.deployments.rows();
        let web = rows.iter().find(|row| row.meta.namespace.raw() == "staging" && row.meta.name.raw() == "web");
        let drifts = derived::drifts(console.state());
        web.is_some_and(|web| matches!(drifts.of(&web.meta.uid), Drift::Behind { commits: 1.., .. }))
    };
    wait_for(&mut story, "the drift", behind).await;
    story
        .until("the drift and the hold beside the version", |screen| {
            screen.lines().any(|line| line.contains("behind") && line.contains("auto-sync off"))
        })
        .await;

    // What Git asks for comes back by a sync.
    choose(&mut story, "shop-staging").await;
    press(&mut story, Command::SyncApplication).await;
    confirm(&mut story).await;
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(1);
    story.advance(5);
    wait_for(&mut story, "the new one", |console| image(console, "staging", "web") == "ghcr.io/shop/web:7.4.0").await;
    wait_for(&mut story, "its end", |console| outcome(console) == "observed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_is_refused_when_auto_sync_is_on_again_at_the_send() {
    let mut story = begin().await;
    choose(&mut story, "shop-staging").await;
    press(&mut story, Command::Undo).await;
    wait_for(&mut story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop-staging";
    let on = serde_json::json!({ "spec": { "syncPolicy": { "automated": {} } } });
    Http::new(&story.demo.url).patch(path, "application/merge-patch+json", &on).await;
    wait_for(&mut story, "the dialog to say so", |console| match &console.state().ui.overlay {
        Some(Overlay::Confirm(dialog)) => dialog.disarmed.is_some(),
        _ => false,
    })
    .await;
    story.until("why", |screen| screen.contains("rolls nothing back while auto-sync is on")).await;
    assert!(story.console.state().operations.is_empty(), "nothing was sent");
}
