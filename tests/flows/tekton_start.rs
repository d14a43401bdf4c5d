//! A Pipeline of Tekton is started from the form: parameters of every type, from a run that is there, from
//! one that was pruned meanwhile, and another Pipeline than the one the form was opened for.

use std::sync::Arc;

use quarterdeck::app::{self, Headless};
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::demo::Options;
use quarterdeck::model::pipelines::Run;
use quarterdeck::model::scope::{CanaryQueries, PipelineOf, Service, Settings};
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::ui::Overlay;
use quarterdeck::state::{form, lists};
use serde_json::{Value, json};

use super::harness::Story;
use super::steps::{choose, outcome, wait_for};
use super::tekton::{begin, found, moves, observed};
use crate::demo::http::Http;

/// Empties the field that has the keys, and types into it.
async fn fill(story: &mut Story, text: &str) {
    story.console.key(Key { ctrl: true, ..Key::plain(KeyCode::Char('u')) });
    story.console.type_text(text).await;
    story.until("what was typed", |screen| screen.contains(text)).await;
}

fn enter(story: &mut Story) {
    story.console.key(Key::plain(KeyCode::Enter));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_is_started_with_parameters_of_every_type() {
    let mut story = begin().await;
    let run = found(&story.console, Kind::PipelineRun, "build-and-deploy", moves).expect("one that runs");
    choose(&mut story, &run).await;
    assert!(story.console.press(Command::DispatchWorkflow));
    story
        .until("the form", |screen| {
            ["platforms", "array", "chart", "object", "orders"].iter().all(|word| screen.contains(word))
        })
        .await;
    enter(&mut story);
    fill(&mut story, "develop").await;
    enter(&mut story);
    enter(&mut story);
    fill(&mut story, "linux/arm64").await;
    enter(&mut story);
    // What does not fit its type goes nowhere.
    fill(&mut story, "values").await;
    enter(&mut story);
    enter(&mut story);
    story.until("what is wrong with it", |screen| screen.contains("is no list of key=value")).await;
    fill(&mut story, "name=shop, values=dev").await;
    enter(&mut story);
    enter(&mut story);
    wait_for(&mut story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    story.until("what will be sent", |screen| screen.contains("a new PipelineRun of build-and-deploy")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the server's answer", |console| matches!(outcome(console), "accepted" | "observed")).await;
    observed(&mut story).await;
    let made = story.console.state().operations.last().and_then(|last| last.made.clone()).expect("its name");
    assert!(made.raw().starts_with("build-and-deploy-"), "{}", made.raw());
    let path = format!("/apis/tekton.dev/v1/namespaces/ci-cd/pipelineruns/{}", made.raw());
    let object = Http::new(&story.demo.url).get(&path).await;
    assert_eq!(
        object["spec"],
        json!({ "pipelineRef": { "name": "build-and-deploy" }, "params": [
            { "name": "revision", "value": "develop" },
            { "name": "service", "value": "orders" },
            { "name": "platforms", "value": ["linux/arm64"] },
            { "name": "chart", "value": { "name": "shop", "values": "dev" } },
        ] })
    );
    assert!(object["metadata"]["labels"]["quarterdeck.dev/operation"].is_string(), "{object}");

    // One that is not there is said where its name was typed.
    let again = found(&story.console, Kind::PipelineRun, "build-and-deploy", |_| true).expect("one");
    choose(&mut story, &again).await;
    assert!(story.console.press(Command::DispatchWorkflow));
    story.until("the form", |screen| screen.contains("platforms")).await;
    fill(&mut story, "no-such-pipeline").await;
    enter(&mut story);
    story.until("why not", |screen| screen.contains("there is no Pipeline no-such-pipeline in ci-cd")).await;
}

/// Goes to the last row of the form, which goes on, and says yes to what the dialog shows.
async fn go(story: &mut Story, words: &str) {
    let rows = form::open(story.console.state()).map(form::Form::rows).expect("the form");
    for _ in 0..rows {
        enter(story);
    }
    wait_for(story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    story.until(words, |screen| screen.contains(words)).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

/// The run that the last operation made, as the server has it.
async fn made(story: &mut Story) -> Value {
    wait_for(story, "the server's answer", |console| matches!(outcome(console), "accepted" | "observed")).await;
    observed(story).await;
    let made = story.console.state().operations.last().and_then(|last| last.made.clone()).expect("its name");
    Http::new(&story.demo.url).get(&format!("{RUNS}/{}", made.raw())).await
}

/// Names another Pipeline in the first row, which has so many parameters.
async fn name(story: &mut Story, pipeline: &str, fields: usize) {
    fill(story, pipeline).await;
    enter(story);
    wait_for(story, "its fields", |console| {
        form::open(console.state()).is_some_and(|form| form.at == 1 && form.fields.len() == fields)
    })
    .await;
}

const RUNS: &str = "/apis/tekton.dev/v1/namespaces/ci-cd/pipelineruns";

/// A run of `build-and-deploy` that somebody else made, and that has this beside its parameters.
async fn given(story: &mut Story, params: &Value) -> Run {
    let run = json!({
        "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
        "metadata": { "generateName": "by-hand-", "namespace": "ci-cd" },
        "spec": { "pipelineRef": { "name": "build-and-deploy" }, "params": params,
                  "taskRunTemplate": { "serviceAccountName": "builder" } },
    });
    let (code, answer) = Http::new(&story.demo.url).send("POST", RUNS, "application/json", &run.to_string()).await;
    assert_eq!(code, 201, "{answer}");
    let name = serde_json::from_str::<Value>(&answer).unwrap()["metadata"]["name"].as_str().unwrap().to_owned();
    let is_it = |run: &Run| run.meta.name.raw() == name;
    wait_for(story, "the run", |console| found(console, Kind::PipelineRun, "build-and-deploy", is_it).is_some()).await;
    found(&story.console, Kind::PipelineRun, "build-and-deploy", is_it).unwrap()
}

/// Opens the form of a run, its fields read.
async fn open(story: &mut Story, run: &Run) {
    choose(story, run).await;
    assert!(story.console.press(Command::DispatchWorkflow));
    wait_for(story, "the fields", |console| form::open(console.state()).is_some_and(|form| form.fields.len() == 4))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_was_given_stands_in_the_form_and_is_given_again() {
    let mut story = begin().await;
    let params = json!([
        { "name": "revision", "value": " größe, \\ \"main\" " },
        { "name": "service", "value": "" },
        { "name": "platforms", "value": ["", " linux/amd64 ", "a,b", "\\", "\"\"", "雪"] },
        { "name": "chart", "value": { "name": "a,b=c\\", "values": " " } },
    ]);
    let run = given(&mut story, &params).await;
    open(&mut story, &run).await;
    go(&mut story, "workspaces and").await;
    let object = made(&mut story).await;
    assert_eq!(object["spec"]["params"], params);
    assert_eq!(object["spec"]["taskRunTemplate"]["serviceAccountName"], "builder", "as in the run before");
}

/// The run is deleted, and the console has heard of it.
async fn prune(story: &mut Story, run: &Run) {
    story.demo.handle.prune_run("ci-cd", run.meta.name.raw());
    wait_for(story, "the list without it", |console| {
        found(console, Kind::PipelineRun, "build-and-deploy", |it| it.meta.uid == run.meta.uid).is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_pruned_meanwhile_is_not_taken_for_what_it_was() {
    let mut story = begin().await;
    // Nothing in it names a protected place: that would have to be typed.
    let params = json!([
        { "name": "service", "value": "orders" }, { "name": "chart", "value": { "name": "shop", "values": "dev" } },
    ]);
    let run = given(&mut story, &params).await;
    open(&mut story, &run).await;
    // Between the form and the send: nothing is sent as another account than the dialog said.
    prune(&mut story, &run).await;
    go(&mut story, "workspaces and").await;
    story
        .until("why nothing was sent", |screen| screen.contains("is gone, whose workspaces and service account"))
        .await;
    assert_eq!(outcome(&story.console), "refused");

    // Before the form was read: what the Pipeline says by itself is all there is, and that is said.
    let run = given(&mut story, &params).await;
    open(&mut story, &run).await;
    name(&mut story, "nightly-load", 1).await;
    prune(&mut story, &run).await;
    story.console.key(Key::plain(KeyCode::Up));
    wait_for(&mut story, "its first row", |console| form::open(console.state()).is_some_and(|form| form.at == 0)).await;
    name(&mut story, "build-and-deploy", 4).await;
    enter(&mut story);
    fill(&mut story, "payments").await;
    enter(&mut story);
    enter(&mut story);
    fill(&mut story, "name=shop, values=dev").await;
    go(&mut story, "as the namespace's default").await;
    let object = made(&mut story).await;
    assert_eq!(object["spec"]["params"][1], json!({ "name": "service", "value": "payments" }));
    assert_eq!(object["spec"]["taskRunTemplate"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_pipeline_that_is_typed_takes_nothing_over() {
    let mut story = begin().await;
    let run = given(&mut story, &json!([{ "name": "service", "value": "orders" }])).await;
    open(&mut story, &run).await;
    name(&mut story, "nightly-load", 1).await;
    enter(&mut story);
    story.until("that nothing is taken over", |screen| screen.contains("nothing is taken over from by-hand-")).await;
    go(&mut story, "as the namespace's default").await;
    let object = made(&mut story).await;
    let wanted = json!({ "pipelineRef": { "name": "nightly-load" }, "params": [{ "name": "minutes", "value": "2" }] });
    assert_eq!(object["spec"], wanted);
}

/// It is there, it never ran, and so no row leads to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_that_never_ran_is_started_where_no_run_is_looked_at() {
    let options = Options { scenario: "pipelines".to_owned(), held: true, ..Options::default() };
    let mut story = Story::with(options, |demo| {
        let mut settings: Settings = app::settings_of(demo);
        let of = |pipeline: &str| PipelineOf { pipeline: Name::new(pipeline), namespace: Some(Name::new("ci-cd")) };
        // The first one has runs: those lead to it.
        settings.services.push(Service {
            name: Name::new("load"),
            repository: None,
            workflows: Vec::new(),
            tekton: vec![of("build-and-deploy"), of("nightly-load")],
            images: Vec::new(),
            platforms: Vec::new(),
            canary: CanaryQueries::default(),
        });
        Arc::new(settings)
    })
    .await;
    let ran = |console: &Headless| found(console, Kind::PipelineRun, "nightly-load", |_| true);
    for _ in 0..4 {
        let Some(run) = ran(&story.console) else { break };
        story.demo.handle.prune_run("ci-cd", run.meta.name.raw());
        wait_for(&mut story, "the list without it", |console| {
            ran(console).is_none_or(|left| left.meta.uid != run.meta.uid)
        })
        .await;
    }
    assert!(ran(&story.console).is_none(), "it never ran");
    assert!(story.console.press(Command::ShowPipelines));
    assert!(story.console.press(Command::Filter));
    story.console.type_text("no-such-run").await;
    enter(&mut story);
    wait_for(&mut story, "no row", |console| {
        let state = console.state();
        state.ui.overlay.is_none() && lists::selected(state, &state.ui.list_id()).is_none()
    })
    .await;
    assert!(story.console.press(Command::DispatchWorkflow));
    wait_for(&mut story, "its parameter", |console| {
        form::open(console.state()).is_some_and(|form| form.reference.raw() == "nightly-load" && form.fields.len() == 1)
    })
    .await;
    enter(&mut story);
    fill(&mut story, "7").await;
    go(&mut story, "as the namespace's default").await;
    let object = made(&mut story).await;
    let wanted = json!({ "pipelineRef": { "name": "nightly-load" }, "params": [{ "name": "minutes", "value": "7" }] });
    assert_eq!(object["spec"], wanted);
}
