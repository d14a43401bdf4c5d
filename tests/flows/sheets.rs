//! An object read whole, as YAML and in words, and the merged log of a workload's pods.

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::Kind;
use quarterdeck::model::log::LogOf;
use quarterdeck::state::log::Tailing;
use quarterdeck::state::ui::{ListId, Place, RowId, Sheet};

use super::harness::Story;
use super::steps::{highlight, wait_for};

const LIST: ListId = ListId::Place(Place::Environments);

/// The highlighted row is the Deployment `payments` of production.
async fn at_payments(story: &mut Story) {
    assert!(story.console.press(Command::ShowEnvironments));
    wait_for(story, "the workloads", |console| console.state().ui.place == Place::Environments).await;
    let rows = story.console.state().world.deployments.rows();
    let found = rows.iter().find(|row| row.meta.name.raw() == "payments" && row.meta.namespace.raw() == "production");
    let wanted = found.expect("the Deployment").meta.id(Kind::Deployment);
    highlight(story, &LIST, |_, row| matches!(row, RowId::Object(id) if *id == wanted)).await;
}

fn is_read(console: &Headless) -> bool {
    console.state().log.as_ref().is_some_and(|log| log.tailing == Tailing::Ended)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_read_as_yaml_searched_and_left() {
    let mut story = Story::begin().await;
    at_payments(&mut story).await;
    assert!(story.console.press(Command::ShowYaml));
    wait_for(&mut story, "the YAML", is_read).await;
    assert!(matches!(&story.console.state().ui.place, Place::Sheet(id, Sheet::Yaml) if id.name.raw() == "payments"));
    story
        .until("its beginning", |screen| {
            screen.contains("YAML payments in production") && screen.contains("kind: Deployment")
        })
        .await;
    let all = String::from_utf8(story.console.state().log.as_ref().expect("the text").export()).expect("UTF-8");
    for (words, there) in [("replicas: 4", true), ("  - image: ghcr.io/shop/payments", true), ("managedFields", false)]
    {
        assert_eq!(all.contains(words), there, "{words}: {all}");
    }
    assert!(story.console.press(Command::Filter), "the keys are those of a log");
    story.console.type_text("progressDeadline").await;
    story.console.key(Key::plain(KeyCode::Enter));
    story.until("what was searched for", |screen| screen.contains("progressDeadlineSeconds: ")).await;
    assert!(story.console.press(Command::Leave));
    assert!(story.console.press(Command::Leave));
    wait_for(&mut story, "the list", |console| console.state().ui.place == Place::Environments).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_told_in_words() {
    let mut story = Story::begin().await;
    at_payments(&mut story).await;
    assert!(story.console.press(Command::Describe));
    wait_for(&mut story, "the description", is_read).await;
    story
        .until("conditions and events", |screen| {
            screen.contains("DESCRIBE payments in production")
                && screen.contains("CONDITIONS")
                && screen.contains("EVENTS")
        })
        .await;
    // What is no object of a cluster has none.
    assert!(story.console.press(Command::ShowJournal));
    wait_for(&mut story, "the journal", |console| console.state().ui.place == Place::Journal).await;
    assert!(story.console.press(Command::Describe));
    story.until("why not", |screen| screen.contains("select an object of a cluster first")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_workload_is_that_of_all_its_pods() {
    let mut story = Story::begin().await;
    at_payments(&mut story).await;
    assert!(story.console.press(Command::Logs));
    let merged = |console: &Headless| {
        let log = console.state().log.as_ref();
        log.is_some_and(|log| matches!(&log.request.of, LogOf::Pods(pods) if pods.len() == 4) && log.ring.end() > 4)
    };
    wait_for(&mut story, "lines of its pods", merged).await;
    let Some(log) = &story.console.state().log else { panic!("no log") };
    let LogOf::Pods(pods) = &log.request.of else { panic!("not merged") };
    let ends: Vec<String> =
        pods.iter().map(|pod| format!("[{}] ", pod.pod.name.raw().rsplit('-').next().unwrap_or_default())).collect();
    let all_there = move |console: &Headless| {
        let text = console
            .state()
            .log
            .as_ref()
            .map(|log| String::from_utf8_lossy(&log.export()).into_owned())
            .unwrap_or_default();
        text.contains("━━ 4 pods") && ends.iter().all(|end| text.contains(end.as_str()))
    };
    wait_for(&mut story, "lines of each of them", all_there).await;
    story.until("whose it is", |screen| screen.contains("LOG payments") && screen.contains("4 pods")).await;
}
