//! Tekton as a person lives it: runs of the cluster beside the others, a log that is followed, an end in
//! each of the three ways, a new run of the same spec; and a TaskRun of its own.

use quarterdeck::action::Change;
use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::state::runs;
use quarterdeck::state::ui::{Overlay, Place};

use super::harness::Story;
use super::steps::{choose, outcome, wait_for};
use crate::demo::http::Http;

pub(super) async fn begin() -> Story {
    Story::of(Options { scenario: "pipelines".to_owned(), held: true, ..Options::default() }).await
}

pub(super) fn found(console: &Headless, kind: Kind, workflow: &str, wanted: impl Fn(&Run) -> bool) -> Option<Run> {
    let all = console.state().world.runs.rows().iter();
    let mine = all.filter(|run| run.kind == kind && run.workflow.raw() == workflow && wanted(run));
    mine.max_by_key(|run| run.created).map(|run| run.as_ref().clone())
}

pub(super) fn moves(run: &Run) -> bool {
    run.status == RunStatus::InProgress
}

/// Presses a verb, reads its dialog, says yes.
async fn act(story: &mut Story, command: Command, words: &str) {
    assert!(story.console.press(command), "{command:?} has a key here");
    wait_for(story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    story.until(words, |screen| screen.contains(words)).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(story, "the server's answer", |console| matches!(outcome(console), "accepted" | "observed")).await;
}

/// Moves the world on until the console sees that the action took.
pub(super) async fn observed(story: &mut Story) {
    for _ in 0..40 {
        if outcome(&story.console) == "observed" {
            return;
        }
        let before = story.console.state().world.revision();
        story.advance(2);
        wait_for(story, "news", |console| console.state().world.revision() != before || outcome(console) == "observed")
            .await;
    }
    panic!("it was never observed:\n{}", story.console.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_watched_read_and_ended_and_made_anew() {
    let mut story = begin().await;
    let run = found(&story.console, Kind::PipelineRun, "build-and-deploy", moves).expect("one that runs");
    choose(&mut story, &run).await;
    story.until("its tasks beside it", |screen| screen.contains("clone") && screen.contains("unit")).await;

    // The log of what runs: its lines come as the world's time goes on.
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "its page", |console| matches!(console.state().ui.place, Place::Run(_))).await;
    assert!(story.console.press(Command::Logs));
    story.until("the log of a step", |screen| screen.contains("step install") || screen.contains("step ruff")).await;
    story.advance(60);
    story.until("what came since", |screen| screen.contains("passed") || screen.contains("Success")).await;

    choose(&mut story, &run).await;
    act(&mut story, Command::CancelRun, "stop the tasks that run").await;
    observed(&mut story).await;
    let ended = found(&story.console, Kind::PipelineRun, "build-and-deploy", |it| it.meta.uid == run.meta.uid);
    assert_eq!(ended.expect("it").conclusion, Some(Conclusion::Cancelled));

    choose(&mut story, &run).await;
    act(&mut story, Command::RerunFailed, "a new run like").await;
    observed(&mut story).await;
    let made = story.console.state().operations.last().and_then(|last| last.made.clone()).expect("its name");
    let path = format!("/apis/tekton.dev/v1/namespaces/ci-cd/pipelineruns/{}", made.raw());
    let object = Http::new(&story.demo.url).get(&path).await;
    assert!(object["metadata"]["labels"]["quarterdeck.dev/operation"].is_string(), "{object}");
    assert_eq!(
        object["spec"]["params"],
        serde_json::json!([
            { "name": "revision", "value": "main" }, { "name": "service", "value": "orders" },
        ])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gentle_ends_run_what_stands_in_finally() {
    for (command, words) in [
        (Command::CancelFinally, "then run its finally tasks: clean-up"),
        (Command::StopFinally, "let the tasks that run come to their end"),
    ] {
        let mut story = begin().await;
        let run = found(&story.console, Kind::PipelineRun, "nightly-load", moves).expect("one that runs");
        choose(&mut story, &run).await;
        act(&mut story, command, words).await;
        story.advance(200);
        observed(&mut story).await;
        let how = |console: &Headless, name: &str| {
            let jobs = runs::jobs(console.state(), &run.meta.uid)?;
            let job = jobs.jobs.iter().find(|job| job.id.name.safe().as_str().starts_with(name));
            job.and_then(|job| job.conclusion.clone())
        };
        // The TaskRuns have a watch of their own, which may bring them later than their run.
        let load = if command == Command::StopFinally { Conclusion::Success } else { Conclusion::Cancelled };
        wait_for(&mut story, "how its tasks ended", |console| {
            how(console, "clean-up") == Some(Conclusion::Success) && how(console, "load") == Some(load.clone())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taskrun_of_its_own_is_cancelled_and_run_again() {
    let mut story = begin().await;
    let run = found(&story.console, Kind::LoneTaskRun, "backup-database", moves).expect("one that runs");
    choose(&mut story, &run).await;
    assert!(story.console.press(Command::CancelFinally));
    story.until("why there is none", |screen| screen.contains("has no finally tasks")).await;
    act(&mut story, Command::CancelRun, "stop its steps").await;
    observed(&mut story).await;
    choose(&mut story, &run).await;
    act(&mut story, Command::RerunFailed, "a new TaskRun").await;
    observed(&mut story).await;
    let changes = story.console.state().operations.iter().map(|operation| operation.action.change.clone());
    assert!(changes.clone().any(|change| change == Change::RunAgain), "{:?}", changes.collect::<Vec<_>>());
    let again =
        found(&story.console, Kind::LoneTaskRun, "backup-database", |it| it.meta.uid != run.meta.uid && it.is_active());
    assert!(again.is_some(), "{}", story.console.screen());
}
