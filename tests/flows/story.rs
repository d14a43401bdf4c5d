//! The regression: seen, aborted from the keyboard, recovered, journalled.

use quarterdeck::action::{Change, Outcome};
use quarterdeck::app::{Headless, Recorder};
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::journal::Journal;
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::ui::Overlay;
use quarterdeck::text::Safe;

use super::harness::Story;
use crate::demo::http::Http;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_is_aborted_from_the_deck_and_the_console_sees_it_recover() {
    let mut story = Story::begin().await;
    story.until("the canary on the Deck", |screen| screen.contains("CANARY") && screen.contains("checkout")).await;
    story.advance(180);
    story.until("the canary at 50 %", |screen| screen.contains("50 %")).await;

    assert!(story.console.press(Command::Abort), "abort has a key on the Deck");
    story.until("the dialog", |screen| screen.contains("Abort checkout in production")).await;
    story.until("what to type", |screen| screen.contains("type production and Enter to abort")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));

    // The world stands still: nothing but the server's answer can have come.
    let is = |console: &Headless, outcome: &str| {
        console.state().operations.last().is_some_and(|operation| operation.outcome.as_str() == outcome)
    };
    let accepted = story.console.wait_for("the abort to be accepted", |console| is(console, "accepted")).await;
    accepted.unwrap_or_else(|lost| panic!("{lost}"));
    story.until("what it waits for", |screen| screen.contains("accepted, waiting for the controller")).await;
    story.advance(5);
    let observed = story.console.wait_for("the abort to be observed", |console| is(console, "observed")).await;
    observed.unwrap_or_else(|lost| panic!("{lost}"));
    story.until("weight 0 on the screen", |screen| screen.contains("0 % set") && screen.contains("Degraded")).await;

    story.console.press(Command::ShowJournal);
    story.until("the journal's row", |screen| screen.contains("abort") && screen.contains("observed")).await;

    // Another console that starts later reads the same from the disk.
    let Story { console, folder, demo, .. } = story;
    let clusters = console.state().world.sources.clone();
    console.finish().await;
    let left = Journal::open(folder.path()).take(&clusters);
    let told: Vec<_> = left.iter().map(|operation| operation.outcome.as_str()).collect();
    assert_eq!(told, ["observed"]);
    drop(demo);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_whose_step_moved_between_dialog_and_send_is_refused_and_changes_nothing() {
    let mut story = Story::begin().await;
    let paused = |console: &Headless| step(console).is_some_and(|(paused, _)| paused);
    story.console.wait_for("the canary in its pause", paused).await.unwrap_or_else(|lost| panic!("{lost}"));
    assert!(story.console.press(Command::Promote), "promote has a key on the Deck");
    let armed = |console: &Headless| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.takes_keys(console.state().now.mono),
        _ => false,
    };
    story.console.wait_for("a dialog that takes keys", armed).await.unwrap_or_else(|lost| panic!("{lost}"));
    let before = step(&story.console).expect("the canary").1;

    // The name is typed while the world moves on; the news is still on its way.
    for letter in ["p", "r", "o", "d", "u", "c", "t", "i", "o", "n", ""] {
        // What arrives meanwhile changes its words, and then it is to be read again first.
        story.console.wait_for("a dialog that takes keys", armed).await.unwrap_or_else(|lost| panic!("{lost}"));
        story.console.type_text(letter).await;
    }
    story.console.key(Key::plain(KeyCode::Enter));
    story.advance(90);
    let ended = |console: &Headless| console.state().operations.last().is_some_and(|last| last.outcome.is_final());
    story.console.wait_for("the end of the promotion", ended).await.unwrap_or_else(|lost| panic!("{lost}"));
    let operation = story.console.state().operations.last().expect("an operation").clone();
    assert_eq!(operation.outcome.as_str(), "refused", "{:?}", operation.outcome);
    story.until("the refusal", |screen| screen.contains("refused, nothing was changed")).await;

    // The step is where the world took it, not one further.
    let path = "/apis/argoproj.io/v1alpha1/namespaces/production/rollouts/checkout";
    let object = Http::new(&story.demo.url).get(path).await;
    assert_eq!(object["status"]["currentStepIndex"], before + 2, "set weight is done, the analysis runs");
    assert_eq!(object["status"]["pauseConditions"], serde_json::Value::Null);
}

/// Whether the canary is paused, and at which step.
fn step(console: &Headless) -> Option<(bool, i64)> {
    let rollout = console.state().world.rollouts.rows().iter().find(|row| row.meta.name.raw() == "checkout")?;
    Some((!rollout.pause_conditions.is_empty(), rollout.current_step_index?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_reads_the_journal_settles_nothing_in_it() {
    let story = Story::begin().await;
    let rollout = story.console.state().world.rollouts.rows()[0].clone();
    let mut open = crate::journal::abort(1);
    open.cluster = Name::new("demo");
    open.action.target = rollout.meta.id(Kind::Rollout);
    open.action.change = Change::Abort { pod_hash: rollout.current_pod_hash.clone().expect("a hash") };
    let folder = tempfile::tempdir().expect("a temporary folder");
    Journal::open(folder.path()).intent(&open).expect("a journal that can be written");

    // Its evidence would say: not aborted. The console that sends it is at work elsewhere.
    let mut reader = story.beside(Recorder::new(Journal::read(folder.path())));
    let heard = super::harness::all_heard;
    reader.wait_for("every list", heard).await.unwrap_or_else(|lost| panic!("{lost}"));
    let message = Safe::of("the journal does not say what became of it");
    assert_eq!(reader.state().operations.last().map(|last| &last.outcome), Some(&Outcome::Unknown { message }));
    reader.finish().await;

    // The next console that holds the journal looks, and stays careful: one look is no proof.
    let mut owner = story.beside(Recorder::new(Journal::open(folder.path())));
    let told = |console: &Headless| {
        let last = console.state().operations.last();
        last.is_some_and(
            |last| matches!(&last.outcome, Outcome::Unknown { message } if message.as_str() == "it is not aborted"),
        )
    };
    owner.wait_for("the evidence", told).await.unwrap_or_else(|lost| panic!("{lost}"));
    owner.finish().await;
}
