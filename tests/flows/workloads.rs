//! A Deployment is restarted and scaled: what was sent is seen in the object, and what came of it is told
//! by the cluster alone.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::model::kubernetes::Deployment;
use quarterdeck::state::ui::{ListId, Overlay, Place, PromptKind, RowId};
use quarterdeck::state::verbs;

use super::harness::Story;
use super::steps::{highlight, outcome, press, wait_for};

const LIST: ListId = ListId::Place(Place::Environments);

fn payments(console: &Headless) -> &Deployment {
    let rows = console.state().world.deployments.rows();
    let found = rows.iter().find(|row| row.meta.name.raw() == "payments" && row.meta.namespace.raw() == "staging");
    found.expect("the Deployment of staging")
}

/// Its page.
async fn at_payments(story: &mut Story) {
    assert!(story.console.press(Command::ShowEnvironments));
    wait_for(story, "the workloads", |console| console.state().ui.place == Place::Environments).await;
    let wanted = payments(&story.console).meta.id(Kind::Deployment);
    highlight(story, &LIST, |_, row| matches!(row, RowId::Object(id) if *id == wanted)).await;
    assert!(story.console.press(Command::Open));
    wait_for(story, "its page", |console| matches!(&console.state().ui.place, Place::Workload(_))).await;
}

async fn confirm(story: &mut Story) {
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

async fn until_observed(story: &mut Story) {
    for _ in 0..240 {
        if outcome(&story.console) == "observed" {
            return;
        }
        story.advance(1);
        let now = story.console.state().world.revision();
        let moved = |console: &Headless| console.state().world.revision() > now || outcome(console) == "observed";
        wait_for(story, "the world to move", moved).await;
    }
    panic!("the action was never observed:\n{}", story.console.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_is_restarted_until_every_pod_is_another() {
    let mut story = Story::begin().await;
    at_payments(&mut story).await;
    let id = payments(&story.console).meta.id(Kind::Deployment);
    let revision = payments(&story.console).revision;
    press(&mut story, Command::RestartContainer).await;
    confirm(&mut story).await;
    until_observed(&mut story).await;
    assert!(payments(&story.console).revision > revision, "another template is another revision");
    let operation = story.console.state().operations.last().expect("the operation");
    assert_eq!((operation.action.target.clone(), operation.action.change.verb().as_str()), (id, "restart"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_is_scaled_until_its_replicas_are_there() {
    let mut story = Story::begin().await;
    at_payments(&mut story).await;
    assert_eq!(payments(&story.console).replicas.desired, 2);
    let offered = |console: &Headless| verbs::check(console.state(), Command::Scale).is_ok();
    wait_for(&mut story, "the verb to be on offer", offered).await;
    assert!(story.console.press(Command::Scale));
    let asked = |console: &Headless| {
        matches!(&console.state().ui.overlay, Some(Overlay::Prompt { kind: PromptKind::Replicas, .. }))
    };
    wait_for(&mut story, "the number to be asked for", asked).await;
    // Behind the 2 that is there.
    story.console.type_text("0").await;
    story.until("20 of them", |screen| screen.contains("20")).await;
    story.console.key(quarterdeck::command::Key::plain(quarterdeck::command::KeyCode::Enter));
    confirm(&mut story).await;
    until_observed(&mut story).await;
    assert_eq!((payments(&story.console).replicas.desired, payments(&story.console).replicas.ready), (20, 20));
}
