//! An evening with pods that are gone: the log that is open goes on from Loki, the revision of before is read there,
//! and the keys of a log are what they are everywhere.

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::log::LogOf;
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::log::Tailing;
use quarterdeck::state::ui::{ListId, Place, RowId};

use super::harness::Story;
use super::steps::{highlight, wait_for};
use quarterdeck::demo::Options;

async fn begin() -> Story {
    Story::of(Options { scenario: "crash-loop".to_owned(), held: true, ..Options::default() }).await
}

fn is_stored(console: &Headless) -> bool {
    let log = console.state().log.as_ref();
    log.is_some_and(|log| matches!(log.request.of, LogOf::Stored(_)) && log.tailing == Tailing::Ended)
}

fn pods_of(console: &Headless, namespace: &str, start: &str) -> Vec<ObjectId> {
    let rows = console.state().world.pods.rows();
    let its = rows.iter().filter(|row| row.meta.namespace.raw() == namespace && row.meta.name.raw().starts_with(start));
    its.map(|row| row.meta.id(Kind::Pod)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_pod_that_is_deleted_goes_on_from_loki() {
    let mut story = begin().await;
    assert!(story.console.press(Command::ShowEnvironments));
    wait_for(&mut story, "the workloads", |console| console.state().ui.place == Place::Environments).await;
    assert!(story.console.press(Command::AllPods));
    wait_for(&mut story, "the pods", |console| console.state().ui.place == Place::Pods).await;
    // Another version of it comes half a minute after the opening.
    let pod = pods_of(&story.console, "staging", "catalog").remove(0);
    let wanted = pod.clone();
    highlight(&mut story, &ListId::Place(Place::Pods), move |_, row| matches!(row, RowId::Object(id) if *id == wanted))
        .await;
    assert!(story.console.press(Command::Logs));
    let live = |console: &Headless| console.state().log.as_ref().is_some_and(|log| log.ring.end() > 100);
    wait_for(&mut story, "its lines", live).await;
    let before = story.console.state().log.as_ref().expect("the log").ring.end();
    let first = story.console.state().log.as_ref().and_then(|log| log.ring.line(0).map(<[u8]>::to_vec));
    for _ in 0..30 {
        story.advance(10);
        let now = story.console.state().world.revision();
        if !pods_of(&story.console, "staging", "catalog").contains(&pod) {
            break;
        }
        wait_for(&mut story, "the world to move", |console| console.state().world.revision() > now).await;
    }
    assert!(!pods_of(&story.console, "staging", "catalog").contains(&pod), "a new version takes its place");
    wait_for(&mut story, "Loki's lines", is_stored).await;
    let log = story.console.state().log.as_ref().expect("the log");
    assert_eq!(log.ring.line(0).map(<[u8]>::to_vec), first, "what was read from the pod stays where it stands");
    assert!(log.ring.end() >= before);
    story
        .until("whose they are", |screen| screen.contains("Loki's lines of 09:") && screen.contains("as Loki has it"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_revision_of_before_is_read_from_loki_with_the_keys_of_a_log() {
    let mut story = begin().await;
    assert!(story.console.press(Command::ShowEnvironments));
    wait_for(&mut story, "the workloads", |console| console.state().ui.place == Place::Environments).await;
    let rows = story.console.state().world.deployments.rows();
    let found = rows.iter().find(|row| row.meta.name.raw() == "web" && row.meta.namespace.raw() == "staging");
    let wanted = found.expect("the Deployment").meta.id(Kind::Deployment);
    let list = ListId::Place(Place::Environments);
    let page = wanted.clone();
    highlight(&mut story, &list, move |_, row| matches!(row, RowId::Object(id) if *id == wanted)).await;
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "its page", |console| matches!(&console.state().ui.place, Place::Workload(_))).await;
    let empty = |console: &Headless, row: &RowId| match row {
        RowId::Object(id) if id.kind == Kind::ReplicaSet => {
            console.state().world.replica_sets.get(&id.uid).is_some_and(|set| set.current == 0)
        }
        _ => false,
    };
    highlight(&mut story, &ListId::Place(Place::Workload(page)), empty).await;
    assert!(story.console.press(Command::Logs));
    wait_for(&mut story, "Loki's lines", is_stored).await;
    let all = |console: &Headless| console.state().log.as_ref().map_or(0, |log| log.ring.end());
    assert!(all(&story.console) > 10, "{}", story.console.screen());
    story
        .until("each line with its pod", |screen| screen.contains("Loki's lines of ") && screen.contains("] INFO "))
        .await;
    // A search, a filter and another beginning.
    assert!(story.console.press(Command::Filter));
    story.console.type_text("status=200").await;
    story.console.key(Key::plain(KeyCode::Enter));
    story.until("what was searched for", |screen| screen.contains("/status=200")).await;
    wait_for(&mut story, "the prompt to close", |console| console.state().ui.overlay.is_none()).await;
    let id = story.console.state().log.as_ref().expect("the log").id;
    assert!(story.console.press(Command::SinceHead));
    wait_for(&mut story, "all lines", |console| {
        is_stored(console) && console.state().log.as_ref().is_some_and(|log| log.id != id)
    })
    .await;
    assert!(story.console.press(Command::Previous));
    story.until("why not", |screen| screen.contains("Loki's, which keeps those from before a restart")).await;
}
