//! A deployment is told to Grafana once it was observed, and its dashboard is a key away.

use std::sync::Arc;

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::{Demo, Options};
use quarterdeck::model::Kind;
use quarterdeck::model::scope::{Dashboards, Settings};
use quarterdeck::state::ui::{ListId, Place, RowId};

use super::harness::Story;
use super::steps::{highlight, press, wait_for};

fn settings(annotate: bool) -> impl Fn(&Demo) -> Arc<Settings> {
    move |demo| {
        let url = demo.grafana.clone().expect("a Grafana");
        let service = Some("d/red/service?var-service={service}&var-namespace={namespace}".to_owned());
        let grafana = Some(Dashboards { url, service, annotate, ..Dashboards::default() });
        Arc::new(Settings { grafana, ..Settings::default() })
    }
}

async fn at_checkout(story: &mut Story) {
    assert!(story.console.press(Command::ShowRollouts));
    wait_for(story, "the rollouts", |console| console.state().ui.place == Place::Rollouts).await;
    let wanted = |console: &Headless, row: &RowId| match row {
        RowId::Object(id) => {
            id.kind == Kind::Rollout
                && id.name.raw() == "checkout"
                && console.state().world.rollouts.get(&id.uid).is_some()
        }
        _ => false,
    };
    highlight(story, &ListId::Place(Place::Rollouts), wanted).await;
}

/// Aborts the canary, and lets the world show it.
async fn abort(story: &mut Story) {
    at_checkout(story).await;
    press(story, Command::Abort).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    let of = |console: &Headless| console.state().operations.first().map(|operation| operation.outcome.as_str());
    for _ in 0..120 {
        if of(&story.console) == Some("observed") {
            return;
        }
        story.advance(1);
        let now = story.console.state().world.revision();
        wait_for(story, "the world to move", |console| {
            console.state().world.revision() > now || of(console) == Some("observed")
        })
        .await;
    }
    panic!("never observed:\n{}", story.console.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_that_was_observed_is_an_annotation() {
    let mut story = Story::with(Options { held: true, ..Options::default() }, settings(true)).await;
    abort(&mut story).await;
    wait_for(&mut story, "Grafana to be told", |console| {
        let all = &console.state().operations;
        all.len() == 2 && all.iter().all(|operation| operation.outcome.as_str() == "observed")
    })
    .await;
    let [annotation] = &story.demo.handle.annotations()[..] else { panic!("one") };
    let text = annotation["text"].as_str().expect("a text");
    assert!(text.starts_with("abort of checkout in production: "), "{text}");
    let of = &story.console.state().operations[0];
    let tags = annotation["tags"].as_array().expect("tags");
    for tag in
        ["quarterdeck", "deploy", "verb:abort", "service:checkout", "namespace:production", "environment:production"]
    {
        assert!(tags.iter().any(|it| it == tag), "{tag}: {tags:?}");
    }
    assert!(tags.iter().any(|it| *it == format!("operation:{}", of.id.0)), "{tags:?}");
    assert!(!story.console.screen().contains("annotate of"), "what went well is no news");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_nothing_is_told() {
    let mut story = Story::with(Options { held: true, ..Options::default() }, settings(false)).await;
    abort(&mut story).await;
    assert_eq!(story.console.state().operations.len(), 1);
    assert!(story.demo.handle.annotations().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_of_a_rollout_is_copied() {
    let mut story = Story::with(Options { held: true, ..Options::default() }, settings(false)).await;
    at_checkout(&mut story).await;
    assert!(story.console.press(Command::Browse));
    story
        .until("its address", |screen| {
            screen.contains("/grafana/d/red/service?var-service=checkout&var-namespace=production&from=1785")
        })
        .await;
}
