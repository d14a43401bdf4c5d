//! The demo's story as a person lives it: the regression shows in the measurements, an abort is
//! accepted by the server and observed in the world; and a second operator who was faster.

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::state::ui::Overlay;
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::harness::Story;
use super::steps::{outcome, press, wait_for};
use crate::demo::ROLLOUT;
use crate::demo::http::Http;

/// The line of the screen that holds a word.
fn line(screen: &str, word: &str) -> String {
    screen.lines().find(|line| line.contains(word)).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_regression_is_seen_in_the_measurements_and_aborted() {
    let mut story = Story::begin().await;
    let server = Http::new(&story.demo.url);
    story.until("the canary before the step", |screen| screen.contains("25 % set")).await;
    story.advance(61);
    story.until("half of the traffic", |screen| screen.contains("50 % set, 50 % actual")).await;
    story.until("a passing measurement", |screen| line(screen, "wants ≤ 0.001").contains("passing")).await;

    // Ten minutes at 50 %: 54 of 30 000 requests failed in the last five.
    story.advance(600);
    let failing = |screen: &str| {
        let metric = line(screen, "wants ≤ 0.001");
        ["error-rate", "0.0018", "✖ failing", "✖ 4 of 43"].iter().all(|part| metric.contains(part))
    };
    story.until("the failing metric against its limit", failing).await;
    let screen = story.console.screen();
    assert!(line(&screen, "wants ≤ 0.5").contains("✔ passing"), "{screen}");
    assert!(screen.contains("checkout canary in production is failing at 50 %"), "{screen}");

    press(&mut story, Command::Abort).await;
    story.until("the dialog", |screen| screen.contains("type production and Enter to abort")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    // The world stands still: the server has written the wish, no controller has acted on it.
    wait_for(&mut story, "the abort to be accepted", |console| outcome(console) == "accepted").await;
    let rollout = server.get(ROLLOUT).await;
    assert_eq!(rollout["status"]["abort"], true);
    assert_eq!(rollout["status"]["canary"]["weights"]["canary"]["weight"], 50);

    story.advance(2);
    wait_for(&mut story, "the abort to be observed", |console| outcome(console) == "observed").await;
    let rollout = server.get(ROLLOUT).await;
    assert_eq!(rollout["status"]["phase"], "Degraded");
    assert_eq!(rollout["status"]["canary"]["weights"]["canary"]["weight"], 0);
    story.until("weight 0 on the screen", |screen| screen.contains("0 % set") && screen.contains("Degraded")).await;
    assert!(story.console.press(Command::ShowJournal));
    story.until("the journal's row", |screen| screen.contains("abort") && screen.contains("observed")).await;
}

/// Somebody else promotes between the last look and the send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_of_a_step_that_is_over_is_refused_and_changes_nothing() {
    let mut story = Story::begin().await;
    let server = Http::new(&story.demo.url);
    story.until("the paused canary", |screen| screen.contains("25 % set")).await;
    press(&mut story, Command::Promote).await;
    story.until("the dialog", |screen| screen.contains("Promote checkout in production")).await;
    // What scanners found comes a moment later than the dialog, which then asks to be read again.
    let armed = |console: &Headless| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => {
            let read = |line: &Safe| !line.as_str().contains("not read yet");
            confirm.takes_keys(console.state().now.mono) && confirm.lines.iter().flat_map(|(_, lines)| lines).all(read)
        }
        _ => false,
    };
    for letter in "production".chars() {
        wait_for(&mut story, "the dialog to take keys", armed).await;
        story.console.type_text(letter.encode_utf8(&mut [0; 4])).await;
    }
    wait_for(&mut story, "the dialog to take keys", armed).await;

    let other = json!([{ "op": "remove", "path": "/status/pauseConditions" }]);
    let (code, _) = server.patch(&format!("{ROLLOUT}/status"), "application/json-patch+json", &other).await;
    assert_eq!(code, 200);
    story.advance(1);
    let moved: Value = server.get(ROLLOUT).await;
    assert_eq!(moved["status"]["currentStepIndex"], 5);

    // Keys go before news: the console confirms what it saw, the server's precondition says no.
    story.console.key(Key::plain(KeyCode::Enter));
    wait_for(&mut story, "the promotion to be refused", |console| outcome(console) == "refused").await;
    assert_eq!(server.get(ROLLOUT).await, moved, "nothing was changed");
    story.console.press(Command::ShowJournal);
    story.until("the journal's row", |screen| screen.contains("promote") && screen.contains("refused")).await;
}
