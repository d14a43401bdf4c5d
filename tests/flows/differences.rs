//! Where an Application differs from Git, as its server tells: seen on its page, synced, gone.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::applications::{Application, SyncStatus};
use quarterdeck::state::blocker::{self, Reason};
use quarterdeck::state::ui::{ListId, Place, RowId};

use super::harness::Story;
use super::steps::{highlight, outcome, press, wait_for};

const LIST: ListId = ListId::Place(Place::Applications);

fn options() -> Options {
    Options { scenario: "out-of-sync".to_owned(), held: true, ..Options::default() }
}

fn application<'a>(console: &'a Headless, name: &str) -> &'a Application {
    let found = console.state().world.applications.rows().iter().find(|row| row.meta.name.raw() == name);
    found.unwrap_or_else(|| panic!("no application {name}"))
}

async fn choose(story: &mut Story, name: &str) {
    if story.console.state().ui.place != Place::Applications {
        assert!(story.console.press(Command::Applications));
        wait_for(story, "the list", |console| console.state().ui.place == Place::Applications).await;
    }
    let wanted = RowId::Object(application(&story.console, name).id());
    highlight(story, &LIST, |_, row| *row == wanted).await;
}

async fn open(story: &mut Story, name: &str) {
    choose(story, name).await;
    assert!(story.console.press(Command::Open));
    let there =
        |console: &Headless| matches!(&console.state().ui.place, Place::Application(id) if id.name.raw() == name);
    wait_for(story, "its page", there).await;
}

async fn confirmed(story: &mut Story) {
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(1);
    story.advance(5);
    wait_for(story, "its end", |console| outcome(console) == "observed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_rolled_back_is_told_beside_what_git_asks_for_until_it_is_synced() {
    let mut story = Story::of(options()).await;
    choose(&mut story, "shop-staging").await;
    press(&mut story, Command::Undo).await;
    confirmed(&mut story).await;
    let out = |console: &Headless| application(console, "shop-staging").sync == SyncStatus::OutOfSync;
    wait_for(&mut story, "it to differ", out).await;

    open(&mut story, "shop-staging").await;
    story
        .until("what runs and what is wanted", |screen| {
            let path = r#"].image: "ghcr.io/shop/web:7.3.0" → "ghcr.io/shop/web:7.4.0""#;
            screen.lines().any(|line| line.contains("spec.template.spec.containers[name=") && line.contains(path))
                && screen.contains("differences read ")
        })
        .await;
    // A line leads to the object it is about.
    let page = ListId::Place(story.console.state().ui.place.clone());
    highlight(&mut story, &page, |_, row| matches!(row, RowId::Differs(..))).await;
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "the workload", |console| matches!(console.state().ui.place, Place::Workload(_))).await;
    assert!(story.console.press(Command::Back));
    wait_for(&mut story, "the page", |console| matches!(console.state().ui.place, Place::Application(_))).await;

    press(&mut story, Command::SyncApplication).await;
    confirmed(&mut story).await;
    story.until("nothing that differs", |screen| screen.contains("Synced") && !screen.contains("].image: ")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_fight_over_is_named_on_the_page_and_then_in_the_sentence() {
    let mut story = Story::of(options()).await;
    open(&mut story, "shop-production").await;
    let healed = |console: &Headless| {
        application(console, "shop-production").operation.as_ref().map_or(0, |operation| operation.heals)
    };
    // The rival acts; each time it waits longer until it is healed.
    for _ in 0..13 {
        story.advance(1);
    }
    story.until("the field", |screen| screen.contains("spec.replicas: 7 → 3")).await;
    for times in 1..=4 {
        for _ in 0..90 {
            story.advance(1);
        }
        wait_for(&mut story, "another healing", |console| healed(console) >= times).await;
    }
    let fight = |console: &Headless| {
        let all = blocker::blockers(console.state());
        all.into_iter().find(|row| row.reason == Reason::OutOfSyncLoop).map(|row| row.sentence.as_str().to_owned())
    };
    let named = "something else changes spec.replicas of Deployment search (7, Git says 3)";
    wait_for(&mut story, "what is fought over", |console| fight(console).is_some_and(|told| told.contains(named)))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_the_page_says_how_to_name_one_and_with_a_wrong_token_what_to_do() {
    let mut story = Story::at_argocd(options(), |_| None).await;
    open(&mut story, "shop-production").await;
    for _ in 0..13 {
        story.advance(1);
    }
    story
        .until("the quiet line", |screen| screen.contains("where they differ: name its server in sources.argocd"))
        .await;

    let mut story = Story::at_argocd(options(), |known| known.map(|(url, _)| (url, "old"))).await;
    story.until("the source in the header", |screen| screen.contains("argocd-server")).await;
    open(&mut story, "shop-production").await;
    for _ in 0..13 {
        story.advance(1);
    }
    story
        .until("why nothing is known", |screen| {
            screen.contains("Deployment search") && screen.contains("signature is invalid; make a new token")
        })
        .await;
}
