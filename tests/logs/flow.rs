//! A story: the log of the canary's pods, from its row to its lines and back.

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::state::log::{Log, Tailing};
use quarterdeck::state::ui::Place;

use crate::flows::harness::Story;

fn open(console: &Headless) -> &Log {
    console.state().log.as_ref().expect("a log is open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_canarys_log_is_followed_searched_filtered_and_left() {
    let mut story = Story::begin().await;
    story.console.press(Command::ShowRollouts);
    story.until("the rollouts", |screen| screen.contains("checkout")).await;
    assert!(story.console.press(Command::Logs), "a rollout's row has a key for logs");
    story
        .console
        .wait_for("lines", |console| console.state().log.as_ref().is_some_and(|log| log.ring.end() > 10))
        .await
        .unwrap();
    story
        .until("the workload's name in the title", |screen| {
            screen.contains("LOG checkout in production · ") && screen.contains("following")
        })
        .await;
    assert_eq!(open(&story.console).tailing, Tailing::Live);

    let before = open(&story.console).ring.end();
    story.advance(60);
    story.console.wait_for("new lines", |console| open(console).ring.end() > before + 10).await.unwrap();

    assert!(story.console.press(Command::Filter));
    story.console.wait_for("a prompt", |console| console.state().ui.overlay.is_some()).await.unwrap();
    story.console.type_text("200").await;
    story.console.key(Key::plain(KeyCode::Enter));
    story.console.wait_for("no prompt", |console| console.state().ui.overlay.is_none()).await.unwrap();
    story
        .console
        .wait_for("a match, and the prompt closed", |console| {
            let found = open(console).search.as_ref().is_some_and(|search| search.at.is_some());
            found && console.state().ui.overlay.is_none()
        })
        .await
        .unwrap();
    let at = open(&story.console).search.as_ref().unwrap().at;
    assert!(story.console.press(Command::SearchPrevious));
    story.console.wait_for("the match before", |console| open(console).search.as_ref().unwrap().at < at).await.unwrap();

    assert!(story.console.press(Command::Drop));
    story.console.wait_for("a prompt", |console| console.state().ui.overlay.is_some()).await.unwrap();
    story.console.type_text(" 200 ").await;
    story.console.key(Key::plain(KeyCode::Enter));
    story.console.wait_for("the filter", |console| open(console).filter.is_active()).await.unwrap();
    story.until("what is dropped, said", |screen| screen.contains("drop  200")).await;

    for what in ["the search", "the filter", "the log"] {
        assert!(story.console.press(Command::Leave), "{what} is left");
    }
    story.console.wait_for("the rollouts again", |console| console.state().ui.place == Place::Rollouts).await.unwrap();
    assert!(story.console.state().log.is_none(), "the tail is stopped and its lines are forgotten");
}
