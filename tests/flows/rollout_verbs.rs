//! Every verb of a Rollout from the keyboard: to *observed*, and to *refused* when somebody else was
//! faster, with the object as the server has it for proof.

use std::time::Duration;

use quarterdeck::action::Change;
use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::Kind;
use quarterdeck::state::ui::{Confirm, Overlay, Place};
use quarterdeck::state::verbs;
use serde_json::{Value, json};

use super::harness::Story;
use super::steps::{outcome, press, wait_for};
use crate::demo::ROLLOUT;
use crate::demo::http::Http;

const IMAGE: &str = "ghcr.io/shop/checkout:1.99.0";

/// The page of `checkout`, in its pause at 25 %.
async fn begin() -> Story {
    let mut story = Story::begin().await;
    story.until("the paused canary", |screen| screen.contains("25 % set")).await;
    story.console.press(Command::ShowRollouts);
    wait_for(&mut story, "the rollouts", |console| console.state().ui.place == Place::Rollouts).await;
    let is_it =
        |console: &Headless| verbs::target(console.state()).is_some_and(|target| target.name.raw() == "checkout");
    wait_for(&mut story, "checkout highlighted", is_it).await;
    story
}

/// Asks for the verb; the dialog stands and takes keys.
async fn ask(story: &mut Story, command: Command) {
    if command == Command::SetImage {
        assert!(story.console.press(command));
        wait_for(story, "the line", |console| matches!(console.state().ui.overlay, Some(Overlay::Prompt { .. }))).await;
        story.console.key(Key { ctrl: true, ..Key::plain(KeyCode::Char('u')) });
        story.console.type_text(IMAGE).await;
        story.console.key(Key::plain(KeyCode::Enter));
        // The Enter that ended the line may still be held: for so long it confirms nothing.
        let since = story.console.state().now.mono;
        let held = Duration::from_millis(1_500);
        wait_for(story, "the key to be let go", |console| console.state().now.mono > since + held).await;
    } else {
        press(story, command).await;
    }
    takes_keys(story).await;
}

async fn takes_keys(story: &mut Story) {
    wait_for(story, "a dialog that takes keys", |console| {
        // What scanners found comes a moment later than the dialog, which then asks to be read again.
        dialog(console).is_some_and(|dialog| dialog.takes_keys(console.state().now.mono))
            && !said(console).contains("not read yet")
    })
    .await;
}

fn dialog(console: &Headless) -> Option<&Confirm> {
    match &console.state().ui.overlay {
        Some(Overlay::Confirm(dialog)) => Some(dialog),
        _ => None,
    }
}

/// All that the dialog says.
fn said(console: &Headless) -> String {
    let dialog = dialog(console).expect("a dialog");
    let lines = dialog
        .lines
        .iter()
        .flat_map(|(label, lines)| lines.iter().map(move |line| format!("{} {}", label.as_str(), line.as_str())));
    let all: Vec<String> =
        lines.chain([dialog.title.as_str().to_owned(), dialog.summary.as_str().to_owned()]).collect();
    all.join("\n")
}

/// Confirms, lets the world move on, and waits for the end.
async fn to_observed(story: &mut Story, seconds: u64) -> Value {
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(story, "the answer", |console| matches!(outcome(console), "accepted" | "observed")).await;
    for _ in 0..seconds {
        story.advance(1);
    }
    wait_for(story, "the effect", |console| outcome(console) == "observed").await;
    Http::new(&story.demo.url).get(ROLLOUT).await
}

/// Confirms what somebody else has just made untrue: keys go before news, so it is sent, and the
/// server's precondition says no.
async fn to_refused(story: &mut Story, path: &str, other: &Value) {
    let server = Http::new(&story.demo.url);
    // What arrives while the name is typed disarms the dialog: it is to be read again first.
    for letter in "production".chars() {
        takes_keys(story).await;
        story.console.type_text(letter.encode_utf8(&mut [0; 4])).await;
    }
    takes_keys(story).await;
    let (code, _) = server.patch(path, "application/merge-patch+json", other).await;
    assert_eq!(code, 200, "{path}");
    let before = server.get(path.trim_end_matches("/status")).await;
    story.console.key(Key::plain(KeyCode::Enter));
    wait_for(story, "a refusal", |console| outcome(console) == "refused").await;
    assert_eq!(server.get(path.trim_end_matches("/status")).await, before, "nothing was changed");
    assert_eq!(story.console.state().operations.len(), 1, "one send, and no more");
}

/// Another revision is the current one now.
fn replaced() -> Value {
    json!({ "status": { "currentPodHash": "another" } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promoted_in_full_it_skips_every_step_and_becomes_the_stable_one() {
    let mut story = begin().await;
    ask(&mut story, Command::PromoteFull).await;
    let words = said(&story.console);
    assert!(words.contains("Promote in full checkout in production"), "{words}");
    assert!(words.contains("skip 6 steps from step 5 of 10") && words.contains("3 pauses and 1 analyses"), "{words}");
    let after = to_observed(&mut story, 30).await;
    assert_eq!(after["status"]["stableRS"], after["status"]["currentPodHash"]);
    assert_eq!(after["status"]["promoteFull"], Value::Null, "the controller has finished");
    // A second one would change nothing, and is not to be had.
    let target = verbs::target(story.console.state()).expect("the rollout");
    let again = verbs::available(story.console.state(), Command::PromoteFull, &target).expect_err("done");
    assert!(again.as_str().contains("would change nothing"), "{again:?}");

    let mut story = begin().await;
    ask(&mut story, Command::PromoteFull).await;
    to_refused(&mut story, &format!("{ROLLOUT}/status"), &replaced()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_skipped_or_all_that_are_left() {
    let mut story = begin().await;
    ask(&mut story, Command::SkipStep).await;
    let words = said(&story.console);
    assert!(words.contains("skip step 5 of 10 (pause 5m)"), "{words}");
    assert!(words.contains("go on with step 6 of 10 (set weight 50 %), at 50 % of the traffic"), "{words}");
    let after = to_observed(&mut story, 5).await;
    assert!(after["status"]["currentStepIndex"].as_i64() >= Some(5), "{after}");

    let mut story = begin().await;
    ask(&mut story, Command::SkipStep).await;
    story.until("the choice", |screen| screen.contains("all steps")).await;
    assert!(story.console.press(Command::ConfirmDebug));
    wait_for(&mut story, "the other question", |console| said(console).contains("promote fully")).await;
    let after = to_observed(&mut story, 30).await;
    assert_eq!(after["status"]["currentStepIndex"], 10);
    assert_eq!(after["status"]["stableRS"], after["status"]["currentPodHash"]);

    let mut story = begin().await;
    ask(&mut story, Command::SkipStep).await;
    to_refused(&mut story, &format!("{ROLLOUT}/status"), &json!({ "status": { "currentStepIndex": 6 } })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_is_paused_where_it_stands_and_resumed_without_skipping() {
    let mut story = begin().await;
    ask(&mut story, Command::PauseRollout).await;
    assert!(said(&story.console).contains("hold it also when the pause of its step ends"), "{}", said(&story.console));
    let after = to_observed(&mut story, 400).await;
    assert_eq!((&after["spec"]["paused"], &after["status"]["phase"]), (&json!(true), &json!("Paused")));
    assert_eq!(after["status"]["currentStepIndex"], 4, "its own pause has ended long ago");

    ask(&mut story, Command::PauseRollout).await;
    assert!(said(&story.console).contains("Resume checkout in production"), "{}", said(&story.console));
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    let resumed = |console: &Headless| {
        let last = console.state().operations.last();
        last.is_some_and(|last| last.action.change == Change::Unpause && last.outcome.as_str() == "observed")
    };
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(2);
    wait_for(&mut story, "that it goes on", resumed).await;
    let after = Http::new(&story.demo.url).get(ROLLOUT).await;
    assert_ne!(after["spec"]["paused"], json!(true));

    let mut story = begin().await;
    ask(&mut story, Command::PauseRollout).await;
    to_refused(&mut story, &format!("{ROLLOUT}/status"), &replaced()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_of_what_somebody_else_resumed_is_refused() {
    let mut story = begin().await;
    let server = Http::new(&story.demo.url);
    let paused = |paused: bool| json!({ "spec": { "paused": paused } });
    let (code, _) = server.patch(ROLLOUT, "application/merge-patch+json", &paused(true)).await;
    assert_eq!(code, 200);
    story.advance(1);
    let is_paused = |console: &Headless| {
        let mut rows = console.state().world.rollouts.rows().iter();
        rows.any(|row| row.paused && row.phase.as_str() == "Paused")
    };
    wait_for(&mut story, "the pause", is_paused).await;
    ask(&mut story, Command::PauseRollout).await;
    to_refused(&mut story, ROLLOUT, &paused(false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_image_begins_a_new_revision() {
    let mut story = begin().await;
    ask(&mut story, Command::SetImage).await;
    let words = said(&story.console);
    assert!(words.contains(&format!("to {IMAGE}")), "{words}");
    assert!(words.contains("give up the version that is being rolled out now"), "{words}");
    let after = to_observed(&mut story, 5).await;
    assert_eq!(after["spec"]["template"]["spec"]["containers"][0]["image"], IMAGE);

    let mut story = begin().await;
    ask(&mut story, Command::SetImage).await;
    to_refused(&mut story, ROLLOUT, &json!({ "metadata": { "labels": { "by": "somebody else" } } })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_is_restarted_by_its_own_field() {
    let mut story = begin().await;
    ask(&mut story, Command::RestartContainer).await;
    assert!(said(&story.console).contains("set spec.restartAt"), "{}", said(&story.console));
    let after = to_observed(&mut story, 20).await;
    assert!(after["spec"]["restartAt"].is_string(), "{after}");
    assert_eq!(after["status"]["restartedAt"], after["spec"]["restartAt"]);
    assert_eq!(after["status"]["currentStepIndex"], 4, "no step was walked");

    let mut story = begin().await;
    ask(&mut story, Command::RestartContainer).await;
    to_refused(&mut story, &format!("{ROLLOUT}/status"), &replaced()).await;
}

/// Past the pause, in the analysis of step 7.
async fn in_the_analysis() -> Story {
    let mut story = begin().await;
    story.advance(70);
    let runs = |console: &Headless| {
        let target = verbs::target_of(console.state(), Command::EndAnalysis);
        target.is_some_and(|target| target.kind == Kind::AnalysisRun)
    };
    wait_for(&mut story, "an analysis that runs", runs).await;
    story
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_analysis_that_runs_is_ended() {
    let mut story = in_the_analysis().await;
    ask(&mut story, Command::EndAnalysis).await;
    let words = said(&story.console);
    assert!(words.contains("nothing more is measured") && words.contains("until now error-rate:"), "{words}");
    let target = dialog(&story.console).expect("a dialog").action.target.clone();
    to_observed(&mut story, 3).await;
    let path = format!("/apis/argoproj.io/v1alpha1/namespaces/production/analysisruns/{}", target.name.raw());
    let run = Http::new(&story.demo.url).get(&path).await;
    assert_eq!(run["spec"]["terminate"], true);
    assert!(run["status"]["completedAt"].is_string(), "{run}");

    let mut story = in_the_analysis().await;
    ask(&mut story, Command::EndAnalysis).await;
    to_refused(&mut story, &path, &json!({ "status": { "phase": "Failed" } })).await;
}
