//! Runs of the demo's GitHub, as a person lives them: a red job, its log, its failed jobs run again
//! and passed; a run that is cancelled; a rerun that somebody else was faster with.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::journal::Journal;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::state::{runs, verbs};
use serde_json::Value;

use super::harness::Story;
use super::steps::{choose, outcome, press, wait_for};
use crate::demo::http::Http;

const HEADERS: [(&str, &str); 2] = [("User-Agent", "somebody else"), ("Authorization", "Bearer other")];

async fn flaky() -> Story {
    Story::of(Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() }).await
}

/// The newest run of a repository that is as wanted.
fn run_of(console: &Headless, repository: &str, wanted: impl Fn(&Run) -> bool) -> Option<Run> {
    let all = console.state().world.runs.rows().iter();
    let mine = all.filter(|run| run.repository().raw() == repository && wanted(run));
    mine.max_by_key(|run| run.created).map(|run| run.as_ref().clone())
}

/// POST by somebody else; the code of the answer.
async fn other(story: &Story, run: &Run, verb: &str) -> u16 {
    let path = format!("/github/repos/{}/actions/runs/{}/{verb}", run.repository().raw(), run.meta.uid.raw());
    Http::new(&story.demo.url).exchange("POST", &path, &HEADERS).await.0
}

async fn served(story: &Story, run: &Run) -> Value {
    let path = format!("/github/repos/{}/actions/runs/{}", run.repository().raw(), run.meta.uid.raw());
    let (code, _, text) = Http::new(&story.demo.url).exchange("GET", &path, &HEADERS).await;
    assert_eq!(code, 200, "{text}");
    serde_json::from_str(&text).expect("a run")
}

/// `slo.md` §7, S6.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_red_job_is_read_and_run_again_and_passes() {
    let mut story = flaky().await;
    let red = run_of(&story.console, "shop/checkout", |run| run.conclusion == Some(Conclusion::Failure));
    let red = red.expect("the red run");
    story.until("which job is red", |screen| screen.contains("e2e failed at 'End-to-end tests', attempt 1")).await;
    choose(&mut story, &red).await;
    assert!(story.console.press(Command::Open));
    story.until("the failed job on the run's page", |screen| screen.contains("e2e") && screen.contains("failed")).await;
    let failed = |console: &Headless| {
        runs::jobs(console.state(), &red.meta.uid)
            .and_then(|jobs| runs::worst(jobs))
            .map(|job| job.id.name.raw().to_owned())
    };
    assert_eq!(failed(&story.console).as_deref(), Some("e2e"));

    // Its log, and the lines in it that say why.
    assert!(story.console.press(Command::Logs), "the log has a key on the run's page");
    story.until("the end of the job's log", |screen| screen.contains("Process completed with exit code 1")).await;
    assert!(story.console.press(Command::NextError), "the next error has a key in the log");
    story.until("the first error", |screen| screen.contains("price session expired: version mismatch")).await;
    assert!(story.console.press(Command::NextError));
    story.until("the one after it", |screen| screen.contains("expect(locator).toHaveText(expected) failed")).await;

    assert!(story.console.press(Command::Back));
    wait_for(&mut story, "the run's page", |console| matches!(console.state().ui.place, Place::Run(_))).await;

    // The failed jobs run again: accepted by the server, then observed, then green.
    choose(&mut story, &red).await;
    press(&mut story, Command::RerunFailed).await;
    story.until("the dialog", |screen| screen.contains("attempt 2 of the same run, on the same commit")).await;
    story.until("what runs again", |screen| screen.contains("run 1 job again: e2e")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the rerun to be observed", |console| outcome(console) == "observed").await;
    let again = served(&story, &red).await;
    assert_eq!((&again["run_attempt"], &again["head_sha"]), (&2.into(), &red.sha.as_str().into()));

    story.advance(14 * 60);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "attempt 2 to pass", |console| {
        let run = console.state().world.runs.get(&red.meta.uid);
        run.is_some_and(|run| run.attempt == 2 && run.conclusion == Some(Conclusion::Success) && run.sha == red.sha)
    })
    .await;
    // What it built is on its way: the canary that waited for it begins.
    wait_for(&mut story, "the canary", |console| {
        let rollouts = console.state().world.rollouts.rows();
        rollouts
            .iter()
            .any(|rollout| rollout.meta.name.raw() == "checkout" && rollout.current_pod_hash != rollout.stable_hash)
    })
    .await;

    assert!(story.console.press(Command::ShowJournal));
    story.until("the journal's row", |screen| screen.contains("rerun") && screen.contains("observed")).await;
    let Story { console, folder, demo, .. } = story;
    let sources = console.state().world.sources.clone();
    console.finish().await;
    let left = Journal::open(folder.path()).take(&sources);
    let told: Vec<_> = left.iter().map(|operation| operation.outcome.as_str()).collect();
    assert_eq!(told, ["observed"]);
    drop(demo);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_run_is_cancelled_and_seen_to_end() {
    let mut story = Story::begin().await;
    let running = |run: &Run| run.status == RunStatus::InProgress;
    let running = run_of(&story.console, "shop/checkout", running).expect("a running run");
    choose(&mut story, &running).await;
    press(&mut story, Command::CancelRun).await;
    story.until("the dialog", |screen| screen.contains("running → cancelled")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    // The world stands still: the wish is noted, nothing has ended.
    wait_for(&mut story, "the cancel to be accepted", |console| outcome(console) == "accepted").await;
    assert_eq!(served(&story, &running).await["status"], "in_progress");
    story.advance(5);
    wait_for(&mut story, "the cancel to be observed", |console| outcome(console) == "observed").await;
    assert_eq!(served(&story, &running).await["conclusion"], "cancelled");
    story.until("the word on the screen", |screen| screen.contains("cancelled")).await;
}

/// Somebody else reruns between the last look and the send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerun_of_a_run_that_moved_on_is_refused_and_sends_nothing() {
    let mut story = flaky().await;
    let red = run_of(&story.console, "shop/checkout", |run| run.conclusion == Some(Conclusion::Failure));
    let red = red.expect("the red run");
    choose(&mut story, &red).await;
    press(&mut story, Command::RerunFailed).await;
    let armed = |console: &Headless| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.takes_keys(console.state().now.mono),
        _ => false,
    };
    wait_for(&mut story, "the dialog to take keys", armed).await;
    assert_eq!(other(&story, &red, "rerun-failed-jobs").await, 201);
    // Keys go before news: the console confirms what it saw.
    assert!(story.console.press(Command::ConfirmYes));
    wait_for(&mut story, "the rerun to be refused", |console| outcome(console) == "refused").await;
    assert_eq!(served(&story, &red).await["run_attempt"], 2, "nothing was sent a second time");
    story.until("the refusal", |screen| screen.contains("refused, nothing was changed")).await;
}

/// Its last job runs whatever happens: only force ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_jobs_run_again_with_debug_logs_and_what_a_cancel_leaves_is_ended_by_force() {
    let mut story = flaky().await;
    let red = run_of(&story.console, "shop/checkout", |run| run.conclusion == Some(Conclusion::Failure));
    let red = red.expect("the red run");
    choose(&mut story, &red).await;
    press(&mut story, Command::RerunAll).await;
    story.until("the dialog", |screen| screen.contains("also those that passed")).await;
    story.until("keys are taken", |screen| screen.contains("with debug logs")).await;
    let armed = |console: &Headless| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.takes_keys(console.state().now.mono),
        _ => false,
    };
    wait_for(&mut story, "the dialog to take keys", armed).await;
    assert!(story.console.press(Command::ConfirmDebug), "the choice has a key");
    story.until("debug logs", |screen| screen.contains("on: runner and steps write all they do")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the rerun to be observed", |console| outcome(console) == "observed").await;

    // It runs; the cancel is taken, and its last job goes on all the same.
    story.advance(120);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "attempt 2 to run", |console| {
        let run = console.state().world.runs.get(&red.meta.uid);
        run.is_some_and(|run| run.attempt == 2 && run.status == RunStatus::InProgress)
    })
    .await;
    choose(&mut story, &red).await;
    press(&mut story, Command::CancelRun).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the cancel to be accepted", |console| outcome(console) == "accepted").await;
    story.advance(40);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "force to be offered", |console| {
        verbs::available(console.state(), Command::ForceCancel, &red.id()).is_ok()
    })
    .await;
    assert_eq!(served(&story, &red).await["status"], "in_progress");
    press(&mut story, Command::ForceCancel).await;
    story.until("the dialog", |screen| screen.contains("it goes on although its cancel was accepted")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    // The world stands still until the request is there: time that passed before it ends nothing.
    let taken = |console: &Headless| matches!(outcome(console), "accepted" | "observed");
    wait_for(&mut story, "the force to be accepted", taken).await;
    story.advance(10);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the end to be observed", |console| outcome(console) == "observed").await;
    assert_eq!(served(&story, &red).await["conclusion"], "cancelled");
    let ends = story.console.state().operations.iter().map(|operation| operation.outcome.as_str());
    assert_eq!(ends.collect::<Vec<_>>(), ["observed", "observed", "observed"]);
}
