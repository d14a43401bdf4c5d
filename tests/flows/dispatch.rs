//! A workflow started by hand from the terminal: the form of its inputs is filled in, what is wrong is
//! said, the dialog asks, and the run that the answer names is in the list.

use std::time::Duration;

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::{Kind, ObjectId, Uid};
use quarterdeck::state::choice::Row;
use quarterdeck::state::form::{self, Form, Value};
use quarterdeck::state::ui::Overlay;
use quarterdeck::update::Msg;
use serde_json::Value as Json;

use super::harness::Story;
use super::steps::{among_pipelines, outcome, wait_for};
use crate::demo::http::Http;

const HEADERS: [(&str, &str); 2] = [("User-Agent", "somebody else"), ("Authorization", "Bearer other")];

/// Moves to the newest run of a workflow.
async fn choose(story: &mut Story, workflow: &str) {
    let of = |console: &Headless, id: &ObjectId| {
        let run = console.state().world.runs.get(&id.uid);
        run.is_some_and(|run| run.kind == Kind::Run && run.workflow.raw() == workflow)
    };
    among_pipelines(story, of).await;
}

fn filled(console: &Headless) -> Vec<(String, String)> {
    let fields = form::open(console.state()).map_or(&[][..], |form| &form.fields);
    fields.iter().map(|field| (field.input.name.raw().to_owned(), field.text())).collect()
}

/// Goes to the row with this name; the last one is the one that goes on.
async fn row(story: &mut Story, name: &str) {
    let place = |form: &Form| {
        let at = form.fields.iter().position(|field| field.input.name.raw() == name);
        at.map_or(form.rows() - 1, |at| form.place(at))
    };
    for _ in 0..20 {
        let (now, wanted) = form::open(story.console.state()).map(|form| (form.at, place(form))).expect("the form");
        if now == wanted {
            return;
        }
        story.console.key(Key::plain(KeyCode::Tab));
        wait_for(story, "the next field", |console| form::open(console.state()).is_some_and(|form| form.at != now))
            .await;
    }
    panic!("no row {name}:\n{}", story.console.screen());
}

/// The form of checkout's pipeline, read.
async fn open() -> Story {
    let mut story = Story::begin().await;
    choose(&mut story, "ci-cd-pipeline").await;
    assert!(story.console.press(Command::DispatchWorkflow));
    wait_for(&mut story, "the inputs", |console| filled(console).len() == 5).await;
    story
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_is_started_with_its_inputs_and_its_run_is_known_from_the_answer() {
    let mut story = open().await;
    let defaults =
        [("environment", "production"), ("log-level", "info"), ("dry-run", "false"), ("shards", "4"), ("note", "")];
    assert_eq!(filled(&story.console), defaults.map(|(name, value)| (name.to_owned(), value.to_owned())));
    row(&mut story, "environment").await;
    story.console.key(Key::plain(KeyCode::Right));
    wait_for(&mut story, "the other one", |console| filled(console)[0].1 == "staging").await;
    row(&mut story, "dry-run").await;
    story.console.key(Key::plain(KeyCode::Char(' ')));
    // A number that is none keeps it from going on.
    row(&mut story, "shards").await;
    story.console.type_text("x").await;
    row(&mut story, "note").await;
    story.console.send(Msg::Paste("till 2.0\nsecond line\u{1b}[31m".to_owned()));
    wait_for(&mut story, "what was pasted", |console| filled(console)[4].1.contains("till 2.0 second line")).await;
    row(&mut story, "go on").await;
    story.console.key(Key::plain(KeyCode::Enter));
    story.until("what is wrong", |screen| screen.contains("is no number")).await;
    wait_for(&mut story, "the field that is wrong", |console| {
        form::open(console.state()).is_some_and(|form| form.at == form.place(3))
    })
    .await;
    story.console.key(Key::plain(KeyCode::Backspace));
    wait_for(&mut story, "the number", |console| filled(console)[3].1 == "4").await;
    row(&mut story, "go on").await;
    story.console.key(Key::plain(KeyCode::Enter));
    story.until("the dialog", |screen| screen.contains("Trigger ci-cd-pipeline in staging")).await;
    story.until("an input", |screen| screen.contains("dry-run: true")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "it to be observed", |console| outcome(console) == "observed").await;

    let operation = story.console.state().operations.last().expect("an operation").clone();
    let made = operation.made.clone().expect("the answer names the run");
    let run = story.console.state().world.runs.get(&Uid::new(operation.action.target.cluster, made.raw())).cloned();
    let run = run.expect("it is in the list");
    assert_eq!((run.event.as_str(), run.workflow.raw()), ("workflow_dispatch", "ci-cd-pipeline"));
    assert!(run.title.as_str().starts_with("till 2.0 second line"), "{:?}", run.title);
    let path = "/github/repos/shop/checkout/actions/runs?event=workflow_dispatch";
    let (code, _, text) = Http::new(&story.demo.url).exchange("GET", path, &HEADERS).await;
    let list: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, list["total_count"].as_u64()), (200, Some(1)), "once: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_comes_back_to_what_was_filled_in_and_another_branch_is_read_anew() {
    let mut story = open().await;
    row(&mut story, "note").await;
    story.console.type_text("again").await;
    row(&mut story, "go on").await;
    story.console.key(Key::plain(KeyCode::Enter));
    wait_for(&mut story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    story.console.key(Key::plain(KeyCode::Esc));
    wait_for(&mut story, "the form", |console| filled(console).get(4).is_some_and(|(_, note)| note == "again")).await;
    // To the branch, over the last line and what the form is of.
    for _ in 0..3 {
        story.console.key(Key::plain(KeyCode::Tab));
    }
    wait_for(&mut story, "the branch", |console| {
        form::open(console.state()).is_some_and(|form| form.row(form.at) == Row::Branch)
    })
    .await;
    story.console.key(Key { ctrl: true, ..Key::plain(KeyCode::Char('u')) });
    story.console.type_text("nowhere").await;
    story.console.key(Key::plain(KeyCode::Down));
    story.until("that there is none", |screen| screen.contains("or no such branch or tag")).await;
    // What was filled in is not lost to one key.
    story.console.key(Key::plain(KeyCode::Esc));
    story.until("the question", |screen| screen.contains("esc again leaves it")).await;
    // A key that is held is no second one.
    let later = story.console.state().now.mono + Duration::from_secs(1);
    wait_for(&mut story, "a hand's pause", |console| console.state().now.mono > later).await;
    story.console.key(Key::plain(KeyCode::Esc));
    wait_for(&mut story, "the end of it", |console| console.state().ui.overlay.is_none()).await;
    assert_eq!(outcome(&story.console), "", "nothing was asked for");
}

/// A workflow that nobody can start, and one without inputs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_without_the_trigger_says_so() {
    let mut story = Story::begin().await;
    choose(&mut story, "deploy-prod").await;
    assert!(story.console.press(Command::DispatchWorkflow));
    story.until("why not", |screen| screen.contains("has no workflow_dispatch trigger")).await;
    story.console.key(Key::plain(KeyCode::Down));
    story.console.key(Key::plain(KeyCode::Enter));
    story.until("the answer", |screen| screen.contains("run workflow: ")).await;
    assert!(matches!(story.console.state().ui.overlay, Some(Overlay::Form(_))));
    assert!(
        form::open(story.console.state())
            .is_some_and(|form| { form.fields.iter().all(|field| !matches!(field.value, Value::Typed(_))) })
    );
    assert_eq!(outcome(&story.console), "");
}
