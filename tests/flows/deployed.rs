//! A deployment is told to Grafana once it was observed, and its dashboard is a key away.

use std::sync::Arc;

use quarterdeck::action::{Action, Change, Outcome};
use quarterdeck::app::{Headless, Recorder};
use quarterdeck::command::Command;
use quarterdeck::demo::{Demo, Options};
use quarterdeck::journal::Journal;
use quarterdeck::model::scope::{Dashboards, Settings};
use quarterdeck::model::{Kind, Name, ObjectId, SystemId, Uid};
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::text::Safe;

use super::harness::Story;
use super::steps::{highlight, press, wait_for};
use crate::demo::http::Http;

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

/// An annotation whose answer was not heard before the program ended: the next run reads the journal, and looks for it
/// by its tag. It is neither sent again nor forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_annotation_of_an_earlier_run_is_looked_for_and_not_made_twice() {
    for made in [true, false] {
        let story = Story::with(Options { held: true, ..Options::default() }, settings(true)).await;
        let source = story.console.state().world.of_system(SystemId::Grafana).next().expect("a Grafana").clone();
        let mut open = crate::journal::abort(1);
        open.cluster = source.name.clone();
        open.action = Action {
            target: ObjectId {
                cluster: source.id,
                kind: Kind::Annotation,
                namespace: Name::new(""),
                name: Name::new("checkout"),
                uid: Uid::new(source.id, "1785836000000-0001"),
            },
            change: Change::Annotate {
                text: Safe::of("abort of checkout in production: weight 25 → 0"),
                tags: vec![Name::new("deploy")],
                from: open.started,
                to: open.started,
            },
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        Journal::open(folder.path()).intent(&open).expect("a journal that can be written");
        if made {
            let body = r#"{"text":"abort","tags":["quarterdeck","operation:1785836000000-0001"]}"#;
            let http = Http::new(&story.demo.url);
            let (code, _) = http.send("POST", "/grafana/api/annotations", "application/json", body).await;
            assert_eq!(code, 200);
        }
        let mut next = story.beside(Recorder::new(Journal::open(folder.path())));
        let wanted = if made { "observed" } else { "unknown" };
        let told = |console: &Headless| {
            let last = console.state().operations.last();
            last.is_some_and(|last| match &last.outcome {
                Outcome::Unknown { message } => {
                    !made && message.as_str() == "Grafana has no annotation of this operation"
                }
                outcome => made && outcome.as_str() == wanted,
            })
        };
        next.wait_for("what became of it", told).await.unwrap_or_else(|lost| panic!("{lost}"));
        assert_eq!(next.state().operations.len(), 1, "and no other one is begun");
        next.finish().await;
        assert_eq!(story.demo.handle.annotations().len(), usize::from(made));
    }
}
