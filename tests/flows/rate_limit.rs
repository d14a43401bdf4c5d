//! GitHub's limits as a person meets them (S8): what is left, why nothing is asked, and that it comes back.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::pipelines::Quota;

use super::harness::Story;
use super::steps::wait_for;

/// The hour ends so soon after whatever moment the world is held at.
const HOUR: Duration = Duration::from_secs(10);

async fn begin() -> Story {
    let options = Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() };
    let story = Story::with(options, |demo| {
        demo.handle.limit_github(4_000, HOUR);
        Arc::default()
    });
    story.await
}

fn quota(console: &Headless) -> Option<&Quota> {
    console.state().world.details.quotas.values().next()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_requests_are_left_and_the_next_hour_brings_the_runs_back() {
    let mut story = begin().await;
    story.demo.handle.limit_github(41, HOUR);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the hold", |console| quota(console).is_some_and(|quota| quota.held_until.is_some())).await;
    let all = ["held for", "left to what you do", "is not asked for"];
    story.until("header, pane and blocker", |screen| all.iter().all(|words| screen.contains(words))).await;
    let held = quota(&story.console).expect("a quota").clone();
    assert!(held.remaining <= 41, "{held:?}");
    assert!(!story.console.state().world.runs.is_empty(), "what was read stays");

    story.advance(HOUR.as_secs() + 1);
    wait_for(&mut story, "the next hour", |console| {
        quota(console).is_some_and(|quota| quota.held_until.is_none() && quota.remaining > 4_000)
    })
    .await;
    story.until("no more of it", |screen| !screen.contains("is not asked for")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_tenth_is_said_while_it_is_still_read() {
    let options = Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() };
    let mut story = Story::with(options, |demo| {
        demo.handle.limit_github(480, Duration::from_mins(30));
        Arc::default()
    })
    .await;
    story.until("how many are left", |screen| screen.contains("of 5 000 requests left for 30m")).await;
    assert!(quota(&story.console).is_some_and(|quota| quota.is_scarce() && quota.held_until.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secondary_limit_is_obeyed_as_long_as_the_host_says() {
    let mut story = begin().await;
    story.demo.handle.pause_github(Duration::from_secs(2));
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the pause", |console| quota(console).is_some_and(|quota| quota.held_until.is_some())).await;
    story.until("why", |screen| screen.contains("secondary rate limit")).await;
    story.advance(3);
    wait_for(&mut story, "the end of it", |console| quota(console).is_some_and(|quota| quota.held_until.is_none()))
        .await;
}
