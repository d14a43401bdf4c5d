//! Runs that wait for a person, decided on from the Inbox: two environments at once, one that the
//! operator may not approve, one rejected, and one that somebody else was faster with.

use std::time::Duration;

use quarterdeck::app::Headless;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::Uid;
use quarterdeck::state::report::report;
use quarterdeck::state::ui::{ConfirmField, ListId, Overlay, Place, RowId};
use quarterdeck::state::{gates, lists};
use serde_json::{Value, json};

use super::harness::Story;
use super::steps::{highlight, outcome, wait_for};
use crate::demo::http::Http;

const HEADERS: [(&str, &str); 2] = [("User-Agent", "somebody else"), ("Authorization", "Bearer other")];
const INBOX: ListId = ListId::Place(Place::Inbox);

/// The run of a repository that waits, and what for.
fn pending(console: &Headless, repository: &str) -> Vec<(Uid, i64, String)> {
    let runs = console.state().world.runs.rows().iter().filter(|run| run.repository().raw() == repository);
    let known = runs.filter_map(|run| Some((run.meta.uid.clone(), gates::pending(console.state(), &run.meta.uid)?)));
    known
        .flat_map(|(run, read)| {
            let of = |row: &quarterdeck::model::approvals::PendingDeployment| {
                (run.clone(), row.environment, row.name.raw().to_owned())
            };
            read.deployments.iter().map(of).collect::<Vec<_>>()
        })
        .collect()
}

/// The Inbox with everything read that waits.
async fn inbox() -> Story {
    let mut story = Story::begin().await;
    wait_for(&mut story, "what the runs wait for", |console| {
        pending(console, "shop/payments").len() == 2 && pending(console, "shop/catalog").len() == 1
    })
    .await;
    assert!(story.console.press(Command::ShowInbox));
    wait_for(&mut story, "the Inbox", |console| lists::selected(console.state(), &INBOX).is_some()).await;
    story
}

/// Moves to the row of an environment.
async fn choose(story: &mut Story, repository: &str, environment: &str) {
    let wanted = pending(&story.console, repository).into_iter().find(|(_, _, name)| name == environment);
    let (run, id, _) = wanted.expect("it waits");
    highlight(story, &INBOX, |_, row| matches!(row, RowId::Gate(of, gate) if of.uid == run && *gate == id)).await;
}

fn path(run: &Uid, repository: &str, rest: &str) -> String {
    format!("/github/repos/{repository}/actions/runs/{}{rest}", run.raw())
}

async fn served(story: &Story, run: &Uid, repository: &str, rest: &str) -> Value {
    let (code, _, text) = Http::new(&story.demo.url).exchange("GET", &path(run, repository, rest), &HEADERS).await;
    assert_eq!(code, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn job(story: &Story, run: &Uid, name: &str) -> Value {
    let jobs = served(story, run, "shop/payments", "/jobs").await;
    let mut all = jobs["jobs"].as_array().expect("jobs").iter();
    all.find(|job| job["name"] == name).cloned().unwrap_or_default()
}

/// Types the comment, and goes on to the confirmation once keys are taken.
async fn comment_on(story: &mut Story, comment: &str) {
    story.console.type_text(comment).await;
    wait_for(story, "the dialog to take keys", |console| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.takes_keys(console.state().now.mono),
        _ => false,
    })
    .await;
    story.console.key(Key::plain(KeyCode::Enter));
    wait_for(story, "the confirmation", |console| match &console.state().ui.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.focus == ConfirmField::Typed,
        _ => false,
    })
    .await;
}

/// Types the comment, and confirms as the dialog asks.
async fn decide(story: &mut Story, comment: &str) {
    comment_on(story, comment).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_environments_are_approved_at_once_and_their_jobs_are_seen_to_leave_waiting() {
    let mut story = inbox().await;
    let run = pending(&story.console, "shop/payments")[0].0.clone();
    for environment in ["database", "production"] {
        choose(&mut story, "shop/payments", environment).await;
        let before = story.console.state().ui.marked.len();
        assert!(story.console.press(Command::Mark));
        wait_for(&mut story, "the mark", |console| console.state().ui.marked.len() == before + 1).await;
    }
    assert!(story.console.press(Command::Approve));
    story.until("the dialog", |screen| screen.contains("for production, database")).await;
    story.until("what goes on", |screen| screen.contains("let begin: deploy, migrate")).await;
    decide(&mut story, "checked with the bank").await;
    wait_for(&mut story, "it to be observed", |console| outcome(console) == "observed").await;
    let operation = story.console.state().operations.last().expect("an operation").clone();
    assert_eq!((operation.reason.as_str(), operation.environment.raw()), ("checked with the bank", "production"));
    assert!(story.console.state().ui.marked.is_empty(), "what was decided is marked no more");
    assert_eq!(pending(&story.console, "shop/payments"), []);

    let said = served(&story, &run, "shop/payments", "/approvals").await;
    let rows = said.as_array().expect("approvals");
    assert_eq!(rows.len(), 1, "one request for both: {said}");
    assert_eq!((&rows[0]["state"], &rows[0]["comment"]), (&"approved".into(), &"checked with the bank".into()));
    for name in ["migrate", "deploy"] {
        assert_ne!(job(&story, &run, name).await["status"], "waiting", "{name}");
    }
    story.advance(300);
    assert_eq!(served(&story, &run, "shop/payments", "").await["conclusion"], "success");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_run_is_not_on_offer_and_the_document_says_why() {
    let mut story = inbox().await;
    choose(&mut story, "shop/catalog", "docs").await;
    story.until("why not", |screen| screen.contains("you may not approve your own run")).await;
    story.until("its wait timer", |screen| screen.contains("opens in")).await;
    assert!(story.console.press(Command::Approve));
    story.until("the answer", |screen| screen.contains("docs: you may not approve your own run")).await;
    assert!(story.console.state().ui.overlay.is_none());
    assert_eq!(outcome(&story.console), "");
    let report = report(story.console.state());
    let row = report.waiting.iter().find(|row| row.environment.as_deref() == Some("docs")).expect("its row");
    assert_eq!((row.may_approve, row.unblock.as_deref()), (Some(false), None));
    assert!(row.opens_at.is_some() && row.expires_at > row.opens_at, "{row:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_with_its_comment_fails_the_job_and_leaves_the_other_environment() {
    let mut story = inbox().await;
    let run = pending(&story.console, "shop/payments")[0].0.clone();
    choose(&mut story, "shop/payments", "production").await;
    assert!(story.console.press(Command::Reject));
    story.until("the dialog", |screen| screen.contains("reject production of attempt 1")).await;
    decide(&mut story, "the bank is closed").await;
    wait_for(&mut story, "it to be observed", |console| outcome(console) == "observed").await;
    assert_eq!(job(&story, &run, "deploy").await["conclusion"], "failure");
    assert_eq!(job(&story, &run, "migrate").await["status"], "waiting");
    let left: Vec<String> = pending(&story.console, "shop/payments").into_iter().map(|(_, _, name)| name).collect();
    assert_eq!(left, ["database"]);
    let said = served(&story, &run, "shop/payments", "/approvals").await;
    assert_eq!((&said[0]["state"], &said[0]["comment"]), (&"rejected".into(), &"the bank is closed".into()));
}

/// Somebody else decides between the last look and the send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_approved_meanwhile_is_refused_and_nothing_is_sent() {
    let mut story = inbox().await;
    let all = pending(&story.console, "shop/payments");
    let (run, id, _) = all.iter().find(|(_, _, name)| name == "database").cloned().expect("it waits");
    choose(&mut story, "shop/payments", "database").await;
    assert!(story.console.press(Command::Approve));
    story.until("the dialog", |screen| screen.contains("database: pending → approved")).await;
    comment_on(&mut story, "fine").await;
    // Two keys that come at once confirm nothing.
    let entered = story.console.state().now.mono;
    wait_for(&mut story, "a moment", |console| console.state().now.mono > entered + Duration::from_millis(20)).await;
    let body = json!({ "environment_ids": [id], "state": "approved", "comment": "I was faster" });
    let path = path(&run, "shop/payments", "/pending_deployments");
    let answer = Http::new(&story.demo.url).with_body("POST", &path, &HEADERS, &body.to_string()).await;
    assert_eq!(answer.0, 200, "{}", answer.2);
    // Keys go before news: the console confirms what it saw.
    assert!(story.console.press(Command::ConfirmYes));
    wait_for(&mut story, "it to be refused", |console| outcome(console) == "refused").await;
    let said = served(&story, &run, "shop/payments", "/approvals").await;
    assert_eq!(said.as_array().map(Vec::len), Some(1), "{said}");
    story.until("the refusal", |screen| screen.contains("it does not wait for database any more")).await;
}
