//! The demo's engine on the screen.

use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::state::log::Tailing;
use quarterdeck::state::ui::Place;

use crate::flows::harness::Story;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn containers_are_listed_and_their_logs_are_followed() {
    let mut story = Story::begin().await;
    story.console.press(Command::ShowEnvironments);
    story.console.wait_for("the view", |console| console.state().ui.place == Place::Environments).await.unwrap();
    assert!(story.console.press(Command::Containers), "the view of environments has a key for containers");
    for word in ["shop-checkout-1", "healthy", "OOMKilled", "restarting", "127.0.0.1:8081→8080/tcp"] {
        story.until(word, |screen| screen.contains(word)).await;
    }
    // The second row: one that writes every second, to both streams.
    story.console.press(Command::Down);
    assert!(story.console.press(Command::Logs));
    let held = |console: &quarterdeck::app::Headless| {
        console.state().log.as_ref().is_some_and(|log| log.request.pod.kind == Kind::Container && log.ring.end() > 100)
    };
    story.console.wait_for("its lines", held).await.unwrap();
    story.until("its title", |screen| screen.contains("LOG shop-checkout-1 of shop")).await;
    let before = story.console.state().log.as_ref().unwrap().ring.end();
    story.advance(30);
    let more = |console: &quarterdeck::app::Headless| {
        console.state().log.as_ref().is_some_and(|log| log.ring.end() >= before + 30 && log.tailing == Tailing::Live)
    };
    story.console.wait_for("what is written meanwhile", more).await.unwrap();
    story.console.press(Command::Previous);
    story.until("why not", |screen| screen.contains("only a pod keeps the log from before its last restart")).await;
    assert!(story.console.state().log.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deck_follows_a_pod_of_the_canary_while_it_is_on_the_screen() {
    let mut story = Story::begin().await;
    let lines = |console: &quarterdeck::app::Headless| {
        console.state().deck_log.as_ref().is_some_and(|deck| deck.log.ring.end() > 0)
    };
    story.console.wait_for("lines of a pod", lines).await.unwrap();
    let pod = story.console.state().deck_log.as_ref().unwrap().log.request.pod.clone();
    story.until("its name", |screen| screen.contains(&format!("{} · ", pod.name.raw()))).await;
    story.until("counts", |screen| screen.contains("a minute · ") && screen.contains("dropped")).await;
    story.console.press(Command::Logs);
    story
        .console
        .wait_for("the same log, whole", |console| console.state().ui.place == Place::Log(pod.clone()))
        .await
        .unwrap();
    assert!(story.console.state().deck_log.is_none(), "its tail ends when the Deck is left");
}
