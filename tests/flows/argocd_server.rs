//! What is asked of an Application by the API of its server: each verb to what the cluster shows, and to a refusal.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::SystemId;
use quarterdeck::model::applications::{AppWay, Application, SyncStatus};
use quarterdeck::model::scope::Settings;
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::verbs;

use super::harness::Story;
use super::steps::{highlight, outcome, press, wait_for};

const LIST: ListId = ListId::Place(Place::Applications);

fn options() -> Options {
    Options { scenario: "out-of-sync".to_owned(), held: true, ..Options::default() }
}

async fn begin() -> Story {
    Story::of(options()).await
}

fn application<'a>(console: &'a Headless, name: &str) -> &'a Application {
    let found = console.state().world.applications.rows().iter().find(|row| row.meta.name.raw() == name);
    found.unwrap_or_else(|| panic!("no application {name}"))
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

/// Asks for it, with a dialog that names the way, and confirms.
async fn ask(story: &mut Story, command: Command) {
    press(story, command).await;
    story.until("the way in the dialog", |screen| screen.contains("Argo CD's API at http://127.0.0.1:")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

async fn accepted(story: &mut Story) {
    wait_for(story, "the answer", |console| outcome(console) == "accepted").await;
}

async fn observed(story: &mut Story) {
    accepted(story).await;
    story.advance(1);
    story.advance(5);
    wait_for(story, "its end", |console| outcome(console) == "observed").await;
}

/// What became of the last one, once it is refused.
async fn refused(story: &mut Story) -> String {
    wait_for(story, "the refusal", |console| outcome(console) == "refused").await;
    let last = story.console.state().operations.last().map(|operation| format!("{:?}", operation.outcome));
    last.expect("an operation")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_synced_and_gone_back_by_its_server_and_seen_to_succeed() {
    let mut story = begin().await;
    choose(&mut story, "shop-staging").await;
    let deployed = application(&story.console, "shop-staging").history.len();
    let writes = story.demo.handle.writes();
    ask(&mut story, Command::SyncApplication).await;
    observed(&mut story).await;
    let row = application(&story.console, "shop-staging");
    assert_eq!(row.history.len(), deployed + 1);
    assert_eq!(row.history.last().and_then(|last| last.by.clone()).expect("who").as_str(), "demo", "its own account");
    assert_eq!(story.demo.handle.writes(), writes + 1, "it left once, and no other way");
    let way = story.console.state().operations[0].action.change.way().cloned();
    assert!(matches!(way, Some(AppWay::Server { .. })), "{way:?}");

    ask(&mut story, Command::Undo).await;
    observed(&mut story).await;
    let row = application(&story.console, "shop-staging");
    assert_eq!((row.sync, row.history.len()), (SyncStatus::OutOfSync, deployed + 2), "Git still asks for the new one");
    assert_eq!(story.demo.handle.writes(), writes + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_compared_by_its_server_at_once() {
    let mut story = begin().await;
    choose(&mut story, "shop-dev").await;
    // Its times are whole seconds.
    story.advance(2);
    let before = application(&story.console, "shop-dev").reconciled;
    ask(&mut story, Command::CompareApplication).await;
    wait_for(&mut story, "the comparison", |console| outcome(console) == "observed").await;
    assert!(application(&story.console, "shop-dev").reconciled > before);
    assert_eq!(story.demo.handle.writes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_ended_by_its_server() {
    let mut story = begin().await;
    choose(&mut story, "shop-staging").await;
    ask(&mut story, Command::SyncApplication).await;
    accepted(&mut story).await;
    story.advance(1);
    let runs = |console: &Headless| {
        application(console, "shop-staging").operation.as_ref().is_some_and(|last| last.phase.is_running())
    };
    wait_for(&mut story, "it to run", runs).await;
    ask(&mut story, Command::TerminateOperation).await;
    accepted(&mut story).await;
    story.advance(3);
    wait_for(&mut story, "its end", |console| outcome(console) == "observed").await;
    let first = |console: &Headless| console.state().operations[0].outcome.as_str();
    wait_for(&mut story, "the sync's end", |console| first(console) == "failed").await;
}

/// Its RBAC says yes when it is asked for, and no when it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_rbac_refuses_is_told_in_its_words() {
    let mut story = begin().await;
    choose(&mut story, "shop-staging").await;
    ask(&mut story, Command::SyncApplication).await;
    accepted(&mut story).await;
    story.advance(1);
    let runs = |console: &Headless| {
        application(console, "shop-staging").operation.as_ref().is_some_and(|last| last.phase.is_running())
    };
    wait_for(&mut story, "it to run", runs).await;
    story.demo.handle.forbid("argocd", "applications/sync", false);
    let words = "permission denied: applications, sync, shop/shop-staging, sub: demo; its RBAC must let this account";
    ask(&mut story, Command::TerminateOperation).await;
    let said = refused(&mut story).await;
    assert!(said.contains(words), "{said}");
    story.advance(5);
    wait_for(&mut story, "the sync's end", |console| console.state().operations[0].outcome.as_str() == "observed")
        .await;
    for command in [Command::SyncApplication, Command::Undo] {
        let open = story.console.state().operations.len();
        ask(&mut story, command).await;
        wait_for(&mut story, "another operation", |console| console.state().operations.len() > open).await;
        let said = refused(&mut story).await;
        assert!(said.contains(words), "{command:?}: {said}");
    }
    // Who may not even get it hears so before anything is sent.
    story.demo.handle.forbid("argocd", "applications/get", false);
    let (open, writes) = (story.console.state().operations.len(), story.demo.handle.writes());
    ask(&mut story, Command::CompareApplication).await;
    wait_for(&mut story, "another operation", |console| console.state().operations.len() > open).await;
    let said = refused(&mut story).await;
    assert!(said.contains("permission denied: applications, get") && said.contains("nothing was sent"), "{said}");
    assert_eq!(story.demo.handle.writes(), writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_rbac_is_known_to_refuse_is_not_offered_on_its_page() {
    let mut story = begin().await;
    story.demo.handle.forbid("argocd", "applications/sync", true);
    choose(&mut story, "shop-staging").await;
    assert!(story.console.press(Command::Open));
    let target = application(&story.console, "shop-staging").id();
    let why = |console: &Headless, command| {
        verbs::available(console.state(), command, &target).err().map(|why| why.as_str().to_owned())
    };
    let told = |console: &Headless| why(console, Command::SyncApplication).is_some();
    wait_for(&mut story, "what its RBAC says", told).await;
    for command in [Command::SyncApplication, Command::Undo] {
        let why = why(&story.console, command).expect("a reason");
        assert!(why.contains("does not let this account sync shop/shop-staging"), "{why}");
    }
    assert_eq!(why(&story.console, Command::CompareApplication), None);
    assert!(story.console.press(Command::SyncApplication));
    story.until("why not", |screen| screen.contains("Argo CD's RBAC at http://127.0.0.1:")).await;
    assert!(story.console.state().operations.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_server_that_does_not_know_the_token_it_goes_by_the_object_and_says_so() {
    let mut story = Story::at_argocd(options(), |known| known.map(|(url, _)| (url, "old"))).await;
    let denied = |console: &Headless| {
        console.state().world.feeds.iter().any(|(id, feed)| {
            id.system() == SystemId::ArgoServer
                && matches!(feed.status, quarterdeck::model::source::FeedStatus::Denied { .. })
        })
    };
    wait_for(&mut story, "what its server says", denied).await;
    choose(&mut story, "shop-staging").await;
    press(&mut story, Command::SyncApplication).await;
    story
        .until("the other way, and why", |screen| {
            let words: String = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            words.contains("the Application in Kubernetes, not by its server:")
                && words.contains("signature is invalid")
        })
        .await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    observed(&mut story).await;
    let row = application(&story.console, "shop-staging");
    assert_eq!(row.history.last().and_then(|last| last.by.clone()).expect("who").as_str(), "quarterdeck");
}

/// Who may not list Applications in the cluster sees those that the token of its server may get.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_cluster_does_not_show_is_read_from_its_server_and_synced() {
    let story = begin().await;
    story.demo.handle.forbid("", "list applications", false);
    let mut story = story.again(Settings::default()).await;
    wait_for(&mut story, "the rows", |console| console.state().world.applications.len() == 3).await;
    let withheld = |console: &Headless| console.state().world.feeds.values().any(|feed| feed.withheld.is_some());
    assert!(withheld(&story.console), "the cluster does not show them");
    choose(&mut story, "shop-staging").await;
    ask(&mut story, Command::SyncApplication).await;
    accepted(&mut story).await;
    story.advance(1);
    story.advance(5);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "its end", |console| outcome(console) == "observed").await;
    assert!(story.console.press(Command::Open));
    story.until("who told", |screen| screen.contains("read from http://127.0.0.1:")).await;

    story.demo.handle.forbid("argocd", "applications/get", false);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "none", |console| console.state().world.applications.is_empty()).await;
}
