//! RustCI as a person lives it: a pipeline made from a file, triggered, followed, cancelled; and what
//! the server refuses, in its three shapes.

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::demo::Options;
use quarterdeck::journal::Journal;
use quarterdeck::model::Kind;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::state::ui::Overlay;
use tempfile::TempDir;

use crate::flows::harness::Story;
use crate::flows::steps::{choose, outcome, wait_for};

const YAML: &str = "name: till-image\ndescription: The image of the till\nstages:\n  - name: build\n    steps:\n      - { name: compile, step_type: shell, config: { command: cargo build } }\n  - name: test\n    steps:\n      - { name: unit, step_type: shell, config: { command: cargo test } }\n";

async fn begin() -> Story {
    Story::of(Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() }).await
}

fn execution_of(console: &Headless, workflow: &str, wanted: impl Fn(&Run) -> bool) -> Option<Run> {
    let all = console.state().world.runs.rows().iter();
    let mine = all.filter(|run| run.kind == Kind::Execution && run.workflow.raw() == workflow && wanted(run));
    mine.max_by_key(|run| run.created).map(|run| run.as_ref().clone())
}

fn asks(console: &Headless) -> bool {
    matches!(console.state().ui.overlay, Some(Overlay::Prompt { .. }))
}

/// Opens a line with this command, empties it and enters a text.
async fn enter(story: &mut Story, command: Command, text: &str) {
    assert!(story.console.press(command), "{command:?} has a key here");
    wait_for(story, "the line to type in", asks).await;
    story.console.key(Key { ctrl: true, ..Key::plain(KeyCode::Char('u')) });
    story.console.type_text(text).await;
    story.console.key(Key::plain(KeyCode::Enter));
}

async fn confirm(story: &mut Story, words: &str) {
    story.until("the dialog", |screen| screen.contains(words)).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

fn toast_has(console: &Headless, words: &str) -> bool {
    console.state().ui.toasts.iter().any(|toast| toast.text.as_str().contains(words))
}

/// What is said beside an open line.
fn wrong(console: &Headless) -> String {
    match &console.state().ui.overlay {
        Some(Overlay::Prompt { wrong: Some(why), .. }) => why.as_str().to_owned(),
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_is_created_triggered_followed_and_cancelled() {
    let mut story = begin().await;
    let files = TempDir::new().unwrap();
    let path = files.path().join("till.yaml");
    std::fs::write(&path, YAML).unwrap();
    assert!(story.console.press(Command::ShowPipelines));
    story
        .until("executions in the one list", |screen| screen.contains("firmware-image") && screen.contains("checkout"))
        .await;

    enter(&mut story, Command::CreatePipeline, &path.display().to_string()).await;
    confirm(&mut story, "build, test").await;
    wait_for(&mut story, "the pipeline to be observed", |console| outcome(console) == "observed").await;

    // What was made last is what is likely meant.
    assert!(story.console.press(Command::TriggerPipeline));
    wait_for(&mut story, "the line to type in", asks).await;
    story.until("the pipeline's name in it", |screen| screen.contains("trigger pipeline till-image")).await;
    story.console.key(Key::plain(KeyCode::Enter));
    confirm(&mut story, "it has never run").await;
    wait_for(&mut story, "the trigger to be observed", |console| outcome(console) == "observed").await;
    let execution = execution_of(&story.console, "till-image", |_| true).expect("an execution");
    let made = story.console.state().operations.last().unwrap().made.clone();
    assert_eq!(
        made.as_ref().map(quarterdeck::model::Name::raw),
        Some(execution.meta.uid.raw()),
        "its id is that of the answer"
    );

    // Its page, its stages, and the log of the first while it is written.
    choose(&mut story, &execution).await;
    assert!(story.console.press(Command::Open));
    story.advance(4);
    assert!(story.console.press(Command::Refresh));
    story
        .until("its stages", |screen| {
            screen.contains("build") && screen.contains("compile") && screen.contains("running")
        })
        .await;
    assert!(story.console.press(Command::Logs));
    story.until("the live log", |screen| screen.contains("Executing step in a shell: compile")).await;
    story.advance(60);
    story
        .until("what came since", |screen| {
            screen.contains("$ cargo build") || screen.contains("Step completed: compile")
        })
        .await;

    // Another one, which is cancelled while it runs; its task has the last word.
    enter(&mut story, Command::TriggerPipeline, "till-image").await;
    confirm(&mut story, "a new execution of all its stages").await;
    wait_for(&mut story, "the trigger to be observed", |console| outcome(console) == "observed").await;
    story.advance(3);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "it to run", |console| {
        execution_of(console, "till-image", |run| {
            run.status == RunStatus::InProgress && run.meta.uid != execution.meta.uid
        })
        .is_some()
    })
    .await;
    let running = execution_of(&story.console, "till-image", |run| run.status == RunStatus::InProgress).unwrap();
    choose(&mut story, &running).await;
    assert!(story.console.press(Command::CancelRun));
    confirm(&mut story, "RustCI lets").await;
    wait_for(&mut story, "the cancel to be observed in two readings", |console| outcome(console) == "observed").await;
    let now = story.console.state().world.runs.get(&running.meta.uid).cloned().unwrap();
    assert_eq!(now.conclusion, Some(Conclusion::Cancelled));
    story.advance(300);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the task's last word", |console| {
        let run = console.state().world.runs.get(&running.meta.uid);
        run.is_some_and(|run| run.conclusion == Some(Conclusion::Success))
    })
    .await;

    let Story { console, folder, demo, .. } = story;
    let sources = console.state().world.sources.clone();
    console.finish().await;
    let left = Journal::open(folder.path()).take(&sources);
    let told: Vec<_> =
        left.iter().map(|operation| (operation.action.change.verb().as_str(), operation.outcome.as_str())).collect();
    assert_eq!(
        told,
        [("create", "observed"), ("trigger", "observed"), ("trigger", "observed"), ("cancel", "observed")]
    );
    drop(demo);
}

/// The flip comes between two readings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_is_written_over_is_not_called_done() {
    let mut story = begin().await;
    let running = execution_of(&story.console, "firmware-image", |run| run.status == RunStatus::InProgress);
    let running = running.expect("one that runs");
    choose(&mut story, &running).await;
    assert!(story.console.press(Command::CancelRun));
    confirm(&mut story, "running → cancelled").await;
    wait_for(&mut story, "the first reading", |console| !console.state().ui.once.is_empty()).await;
    story.advance(600);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the truth", |console| outcome(console) == "failed").await;
    wait_for(&mut story, "the words", |console| toast_has(console, "its task went on to its end: success")).await;
}

/// Somebody else triggers between the last look and the send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_that_came_second_is_refused_and_sends_nothing() {
    let mut story = begin().await;
    let newest = execution_of(&story.console, "nightly-schema", |_| true).expect("an execution");
    assert!(story.console.press(Command::ShowPipelines));
    enter(&mut story, Command::TriggerPipeline, "nightly-schema").await;
    wait_for(&mut story, "the dialog to take keys", |console| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.takes_keys(console.state().now.mono),
        _ => false,
    })
    .await;
    let http = crate::demo::http::Http::new(&story.demo.url);
    let path = format!("/rustci/api/ci/pipelines/{}/trigger", newest.path.raw());
    let (code, said) = http.send("POST", &path, "application/json", "{\"trigger_type\":\"webhook\"}").await;
    assert_eq!(code, 200, "{said}");
    assert!(story.console.press(Command::ConfirmYes));
    wait_for(&mut story, "the trigger to be refused", |console| outcome(console) == "refused").await;
    wait_for(&mut story, "the words", |console| toast_has(console, "another execution came")).await;
    let all = http.get(&format!("/rustci/api/ci/executions?pipeline_id={}", newest.path.raw())).await;
    assert_eq!(all.as_array().unwrap().len(), 3, "that of somebody else, and no other");
}

/// Each of the shapes reaches the person whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_is_shown_in_its_words() {
    let files = TempDir::new().unwrap();
    let path = files.path().join("empty.yaml");
    std::fs::write(&path, "name: empty\nstages: []\n").unwrap();
    for (branch, words) in [
        ("/rustci", "RustCI refuses it: Pipeline must have at least one stage (400)"),
        (
            "/rustci-docs",
            "VALIDATION_ERROR: Pipeline must have at least one stage; Check the request against the documentation (400)",
        ),
        (
            "/rustci-runners",
            "You are not logged in, please provide a token: AUTHENTICATION_ERROR; Log in again; give sources.rustci.token",
        ),
    ] {
        let mut story = Story::at_rustci(branch).await;
        assert!(story.console.press(Command::ShowPipelines));
        enter(&mut story, Command::CreatePipeline, &path.display().to_string()).await;
        if branch == "/rustci-runners" {
            // Nothing may be read there without a token, so nothing is sent either.
            wait_for(&mut story, "why not", |console| toast_has(console, words)).await;
            assert!(story.console.state().operations.is_empty());
        } else {
            confirm(&mut story, "none found in it").await;
            wait_for(&mut story, "the refusal", |console| outcome(console) == "refused").await;
            wait_for(&mut story, "its words", |console| toast_has(console, words)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_wrong_is_told_and_nothing_is_sent() {
    let mut story = begin().await;
    assert!(story.console.press(Command::ShowPipelines));
    enter(&mut story, Command::TriggerPipeline, "nightly").await;
    wait_for(&mut story, "what there is", |console| {
        wrong(console).contains("no pipeline is called nightly; there are nightly-schema, firmware-image")
    })
    .await;
    // The line stays with its text: what is typed next is no command.
    story.console.key(Key::plain(KeyCode::Esc));
    wait_for(&mut story, "the line to close", |console| !asks(console)).await;
    enter(&mut story, Command::CreatePipeline, "no-such-file.yaml").await;
    wait_for(&mut story, "why not", |console| toast_has(console, "No such file")).await;
    enter(&mut story, Command::CreatePipeline, "  ").await;
    wait_for(&mut story, "nothing to be asked", |console| toast_has(console, "left as it is")).await;
    assert!(story.console.state().operations.is_empty());
}

/// The form tells an execution of its source.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_is_started_for_a_branch_and_a_commit() {
    let mut story = begin().await;
    let before = execution_of(&story.console, "firmware-image", |_| true).expect("an execution");
    choose(&mut story, &before).await;
    assert!(story.console.press(Command::DispatchWorkflow));
    story.until("the form", |screen| screen.contains("branch") && screen.contains("commit")).await;
    let clear = Key { ctrl: true, ..Key::plain(KeyCode::Char('u')) };
    let enter = Key::plain(KeyCode::Enter);
    story.console.key(clear);
    story.console.type_text("release").await;
    story.console.key(enter);
    story.console.type_text("not-one").await;
    story.console.key(enter);
    story.console.key(enter);
    story.console.key(enter);
    story.until("what is wrong with it", |screen| screen.contains("is no commit")).await;
    story.console.key(clear);
    story.console.type_text("9f8e7d1").await;
    story.console.key(enter);
    story.console.key(enter);
    story.console.key(enter);
    confirm(&mut story, "a new execution of all its stages").await;
    wait_for(&mut story, "the trigger to be observed", |console| outcome(console) == "observed").await;
    let made = story.console.state().operations.last().and_then(|last| last.made.clone()).expect("its id");
    let http = crate::demo::http::Http::new(&story.demo.url);
    let execution = http.get(&format!("/rustci/api/ci/executions/{}", made.raw())).await;
    assert_eq!(execution["trigger_info"]["branch"], "release", "{execution}");
    assert_eq!(execution["trigger_info"]["commit_hash"], "9f8e7d1", "{execution}");
}
