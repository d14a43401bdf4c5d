//! What the account may do: a verb that is not allowed says so and sends nothing (R44), one that is
//! allowed and then refused changed nothing; the view of it all; a run that only looks (R45).

use quarterdeck::app::{Headless, Recorder};
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::config::keymap;
use quarterdeck::demo::Options;
use quarterdeck::journal::Journal;
use quarterdeck::model::Name;
use quarterdeck::model::access::{Answer, Right};
use quarterdeck::state::ui::Place;
use quarterdeck::state::{access, verbs};

use super::harness::{Story, all_heard};
use super::steps::{outcome, press, wait_for};
use crate::demo::ROLLOUT;
use crate::demo::http::Http;

/// The regression on a server that forbids patches of `rollouts/status`, and tells so or not.
async fn forbidden(told: bool) -> Story {
    let options = Options { held: true, ..Options::default() };
    let mut story = Story::with(options, |demo| {
        demo.handle.forbid("production", "rollouts/status", told);
        std::sync::Arc::default()
    })
    .await;
    story.until("the paused canary", |screen| screen.contains("25 % set")).await;
    story.console.press(Command::ShowRollouts);
    wait_for(&mut story, "the server's answer", |console| right(console).is_some()).await;
    story
}

/// What is known of the right to patch the status of the Rollout that is meant.
fn right(console: &Headless) -> Option<Answer> {
    let target = verbs::target(console.state())?;
    access::answer(console.state(), target.cluster, &target.namespace, Right::PatchRolloutStatus).cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r44_what_is_denied_is_not_sent_and_says_why() {
    let mut story = forbidden(true).await;
    assert!(matches!(right(&story.console), Some(Answer::Denied(_))));
    let before = Http::new(&story.demo.url).get(ROLLOUT).await;
    let target = verbs::target(story.console.state()).expect("the rollout");
    let denied = [Command::Promote, Command::Abort, Command::PromoteFull, Command::SkipStep];
    for command in denied {
        let why = verbs::available(story.console.state(), command, &target).expect_err("denied");
        assert_eq!(why.as_str(), "demo may not patch rollouts/status in production", "{command:?}");
        assert!(story.console.press(command), "the key still says why");
        story.until("the reason", |screen| screen.contains("may not patch rollouts/status in production")).await;
    }
    // What needs another right is still on offer, and the footer offers only that.
    for command in [Command::PauseRollout, Command::Undo] {
        assert!(verbs::available(story.console.state(), command, &target).is_ok(), "{command:?}");
    }
    let footer = story.console.screen().lines().last().unwrap_or_default().to_owned();
    assert!(!footer.contains("abort…") && footer.contains("pause…"), "{footer}");
    story.console.press(Command::Help);
    story.until("the reason in the help", |screen| screen.contains(": not now: demo may not patch")).await;
    assert_eq!(story.demo.handle.writes(), 0, "nothing was sent");
    assert!(story.console.state().operations.is_empty());
    assert_eq!(Http::new(&story.demo.url).get(ROLLOUT).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r44_what_was_allowed_and_is_refused_all_the_same_changed_nothing() {
    let mut story = forbidden(false).await;
    assert_eq!(right(&story.console), Some(Answer::Allowed));
    let before = Http::new(&story.demo.url).get(ROLLOUT).await;
    press(&mut story, Command::Abort).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the refusal", |console| outcome(console) == "refused").await;
    story
        .until("that nothing was changed", |screen| {
            screen.contains("refused, nothing was changed") && screen.contains("is forbidden: User")
        })
        .await;
    assert_eq!(story.demo.handle.writes(), 1, "one send, and no more");
    assert_eq!(Http::new(&story.demo.url).get(ROLLOUT).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_view_tells_each_namespace_as_the_server_does() {
    let mut story = forbidden(true).await;
    assert!(story.console.press(Command::Access));
    wait_for(&mut story, "the view", |console| console.state().ui.place == Place::Access).await;
    let read = |console: &Headless| {
        let rows = access::rows(console.state());
        rows.len() == 3 && rows.iter().all(|row| row.read.is_some())
    };
    wait_for(&mut story, "every namespace", read).await;
    let source = story.console.state().world.sources[0].id;
    for (namespace, wanted) in [("production", false), ("staging", true), ("dev", true)] {
        let answer = access::answer(story.console.state(), source, &Name::new(namespace), Right::PatchRolloutStatus);
        assert_eq!(answer == Some(&Answer::Allowed), wanted, "{namespace}: {answer:?}");
    }
    story.until("the rows", |screen| screen.contains("promote abort") && screen.contains("comes nearest to")).await;
}

/// A run that only looks: whatever is pressed, wherever, nothing leaves that could change something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r45_twenty_thousand_keys_of_a_run_that_only_looks_change_nothing() {
    const KEYS: usize = 20_000;
    let story = Story::of(Options { scenario: "pipelines".to_owned(), ..Options::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut console = story.beside(Recorder::looking(Journal::read(folder.path())));
    console.wait_for("every list", all_heard).await.unwrap_or_else(|lost| panic!("{lost}"));
    let before = story.demo.handle.writes();
    let map = keymap::load(None, None).expect("the keymap");
    let mut keys: Vec<Key> = map.iter().map(|(_, key, _)| key).collect();
    keys.extend("yproduction".chars().map(|letter| Key::plain(KeyCode::Char(letter))));
    keys.extend([KeyCode::Enter, KeyCode::Esc, KeyCode::Enter, KeyCode::Down].map(Key::plain));
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for pressed in 0..KEYS {
        // xorshift64: the same keys each time.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        console.key(keys[(random % keys.len() as u64) as usize]);
        if pressed % 40 == 39 {
            console.turn().await;
        }
    }
    assert!(console.state().operations.is_empty(), "{:?}", console.state().operations);
    assert!(console.state().read_only.is_some());
    console.finish().await;
    assert_eq!(story.demo.handle.writes(), before, "nothing was sent");
}
