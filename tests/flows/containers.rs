//! Containers of an engine: by their projects, what they take, restarted and pulled.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::model::docker::ContainerState;
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::lists::{self, Item};
use quarterdeck::state::ui::{ListId, Overlay, Place, RowId};

use super::harness::Story;
use super::steps::{highlight, outcome, wait_for};

const LIST: ListId = ListId::Place(Place::Containers);

fn selected(console: &Headless) -> Option<RowId> {
    lists::selected(console.state(), &LIST)
}

fn named(console: &Headless, name: &str) -> Option<ObjectId> {
    let rows = console.state().world.containers.rows();
    rows.iter().find(|row| row.meta.name.raw() == name).map(|row| row.meta.id(Kind::Container))
}

async fn choose(story: &mut Story, name: &str) {
    let wanted = RowId::Object(named(&story.console, name).expect("the container"));
    highlight(story, &LIST, |_, row| *row == wanted).await;
}

async fn open() -> Story {
    let mut story = Story::begin().await;
    assert!(story.console.press(Command::ShowEnvironments));
    assert!(story.console.press(Command::Containers));
    story.until("the containers", |screen| screen.contains("shop-checkout-1")).await;
    story
}

#[tokio::test]
async fn they_stand_below_their_project_which_folds() {
    let mut story = open().await;
    story
        .until("the heading of the project", |screen| screen.contains("▾ shop") && screen.contains("3 of 6 run"))
        .await;
    let screen = story.console.screen();
    assert!(screen.contains("7 containers"), "a project is none of them:\n{screen}");
    wait_for(&mut story, "the first row", |console| matches!(selected(console), Some(RowId::Project(_)))).await;
    assert!(story.console.press(Command::Open));
    story.until("the folded project", |screen| screen.contains("▸ shop") && !screen.contains("shop-redis-1")).await;
    assert!(story.console.screen().contains("actions-runner"), "what is of no project stays");
    assert!(story.console.press(Command::Open));
    story.until("it open again", |screen| screen.contains("shop-redis-1")).await;
}

#[tokio::test]
async fn what_they_take_is_read_while_they_are_on_the_screen() {
    let mut story = open().await;
    let usage = |console: &Headless, name: &str| {
        let id = named(console, name)?;
        console.state().world.details.usage(&id.uid).and_then(|(_, taken)| taken.as_ref().ok().copied())
    };
    wait_for(&mut story, "what postgres takes", |console| usage(console, "shop-postgres-1").is_some()).await;
    let taken = usage(&story.console, "shop-postgres-1").unwrap();
    assert!(taken.cpu.is_some_and(|cpu| (0.0..4.0).contains(&cpu)), "{taken:?}");
    assert!(taken.memory.is_some_and(|memory| memory > 1 << 20 && memory < 1 << 30), "{taken:?}");
    assert!(usage(&story.console, "shop-migrate-1").is_none(), "what does not run is not asked for");
    choose(&mut story, "shop-postgres-1").await;
    story.until("it in full", |screen| screen.contains("of one processor") && screen.contains("counted")).await;
    assert!(story.console.press(Command::ShowSlo));
    wait_for(&mut story, "that nobody looks", |console| console.state().interest.containers.is_empty()).await;
}

#[tokio::test]
async fn a_container_is_restarted_and_seen_to_run() {
    let mut story = open().await;
    choose(&mut story, "shop-loadtest-1").await;
    let before = |console: &Headless| {
        let id = named(console, "shop-loadtest-1")?;
        console.state().world.containers.get(&id.uid).cloned()
    };
    assert_eq!(before(&story.console).unwrap().state, ContainerState::Exited);
    assert!(story.console.press(Command::RestartContainer), "restart has a key here");
    story.until("the dialog", |screen| screen.contains("exited → started again")).await;
    assert!(story.console.screen().contains("take a newer image"));
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "it to be observed", |console| outcome(console) == "observed").await;
    let now = before(&story.console).unwrap();
    assert_eq!((&now.state, now.oom_killed), (&ContainerState::Running, false));
    assert!(story.console.press(Command::ShowJournal));
    story.until("the journal's row", |screen| screen.contains("restart") && screen.contains("observed")).await;
}

#[tokio::test]
async fn a_container_that_was_restarted_by_somebody_else_is_left_alone() {
    let mut story = open().await;
    choose(&mut story, "shop-redis-1").await;
    assert!(story.console.press(Command::RestartContainer));
    story.until("the dialog", |screen| screen.contains("running → started again")).await;
    let id = named(&story.console, "shop-redis-1").unwrap();
    let engine = story.demo.docker.clone().unwrap().replace("tcp://", "http://");
    let path = format!("/v1.41/containers/{}/restart", id.uid.raw());
    let (code, ..) = crate::demo::http::Http::new(&engine).exchange("POST", &path, &[]).await;
    assert_eq!(code, 204);
    // The dialog is about another start now.
    wait_for(&mut story, "the dialog to say so", |console| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.disarmed.is_some(),
        _ => false,
    })
    .await;
}

#[tokio::test]
async fn an_image_is_pulled_and_one_that_is_gone_from_its_registry_says_so() {
    let mut story = open().await;
    choose(&mut story, "shop-postgres-1").await;
    assert!(story.console.press(Command::PullImage), "pull has a key here");
    story.until("the dialog", |screen| screen.contains("Pull the image of shop-postgres-1")).await;
    assert!(
        story.console.screen().contains("docker compose up -d"),
        "what it does not do:\n{}",
        story.console.screen()
    );
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "it to be observed", |console| outcome(console) == "observed").await;
    let made = story.console.state().operations.last().and_then(|operation| operation.made.clone());
    assert!(made.is_some_and(|id| id.raw().starts_with("sha256:")));
    let rows = lists::rows(story.console.state(), &LIST, 0..40);
    assert!(rows.iter().any(|line| matches!(line.item, Item::Docker(_))));
}
