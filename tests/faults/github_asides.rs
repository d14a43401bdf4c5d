//! What stands beside a run: asked for only while somebody looks, again only where it may change, and
//! free of charge where it has not; one that cannot be read says why and holds nothing else up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quarterdeck::model::asides::{Aside, Moves, Told, Wanted, What};
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Name, Uid};
use quarterdeck::net::Wanted as Token;
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::hub::{LIMITS, Reading, SOURCE, answer, client, client_with, deadlines, job_row, refusal, run_row};
use super::server::{Reply, Request, Server};
use super::support::block_on;

const CHECK: &str = include_str!("../../demo/recordings/github/check_run.json");
const ANNOTATION: &str = include_str!("../../demo/recordings/github/annotation.json");
const ARTIFACT: &str = include_str!("../../demo/recordings/github/artifact.json");
const DEPLOYMENT: &str = include_str!("../../demo/recordings/github/deployment.json");
const STATUS: &str = include_str!("../../demo/recordings/github/deployment_status.json");

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub fn beside() -> [(What, &'static str); 5] {
    let (run, check) = (Uid::new(SOURCE, "1"), Uid::new(SOURCE, "11"));
    [
        (What::Checks { sha: Name::new("4f2a9c1") }, "/commits/4f2a9c1/check-runs?filter=latest&per_page=100"),
        (What::Annotations { check }, "/check-runs/11/annotations?per_page=100"),
        (What::Attempt { run: run.clone(), number: 1 }, "/actions/runs/1/attempts/1"),
        (What::Artifacts { run }, "/actions/runs/1/artifacts?per_page=100"),
        (
            What::Deployments { environment: Name::new("eu west/1") },
            "/deployments?environment=eu%20west%2F1&per_page=10",
        ),
    ]
}

/// Answers all of it; the runs have ended.
pub fn hub(request: &Request) -> Reply {
    let path = request.path.strip_prefix("/repos/acme/checkout").unwrap_or_default();
    match path.split('?').next().unwrap_or_default() {
        "/actions/runs" => answer(&json!({ "workflow_runs": [run_row(1, 2, "completed", Some("success"))] })),
        "/commits/4f2a9c1/check-runs" => answer(&json!({ "total_count": 1, "check_runs": [value(CHECK)] })),
        "/check-runs/11/annotations" => answer(&json!([value(ANNOTATION)])),
        "/actions/runs/1/attempts/1" => answer(&run_row(1, 1, "completed", Some("failure"))),
        "/actions/runs/1/attempts/1/jobs" => answer(&json!({ "jobs": [job_row(11, "completed", Some("failure"))] })),
        "/actions/runs/1/artifacts" => answer(&json!({ "total_count": 1, "artifacts": [value(ARTIFACT)] })),
        "/deployments" => answer(&json!([value(DEPLOYMENT)])),
        "/deployments/1/statuses" => answer(&json!([value(STATUS)])),
        _ => refusal(404, LIMITS, "Not Found"),
    }
}

pub fn look(reading: &Reading, what: &[What], moves: Moves) {
    let aside = |what: &What| Aside { source: SOURCE, repository: Name::new("acme/checkout"), what: what.clone() };
    let asides = what.iter().map(|what| Wanted { aside: aside(what), moves }).collect();
    reading.systems.look_at(Arc::new(Interest { asides, ..Interest::default() }));
}

async fn told(reading: &mut Reading) -> (What, Result<Arc<Told>, Safe>) {
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Aside(read)) => Some((read.aside.what.clone(), read.told.clone())),
            _ => None,
        })
        .await
}

#[test]
fn each_is_read_once_while_it_is_looked_at_and_cannot_change() {
    block_on(async {
        let server = Server::answering(hub).await;
        let mut reading = Reading::start(client(&server.url));
        reading.listed().await;
        assert!(server.requests().iter().all(|request| request.path.contains("/actions/runs?")), "nobody looks");
        look(&reading, &beside().map(|(what, _)| what), Moves::Never);
        for (wanted, _) in beside() {
            let (what, read) = told(&mut reading).await;
            assert_eq!(what, wanted);
            match &*read.unwrap() {
                Told::Checks(rows) => assert_eq!((rows.rows.len(), rows.total), (1, Some(1))),
                Told::Annotations(rows) => assert_eq!((rows.rows.len(), rows.more), (1, false)),
                Told::Attempt(attempt) => {
                    assert_eq!((attempt.run.attempt, attempt.jobs.jobs.len()), (1, 1));
                    assert_eq!(attempt.jobs.jobs[0].run, attempt.run.meta.uid);
                }
                Told::Artifacts(rows) => assert_eq!((rows.rows.len(), rows.total), (1, Some(1))),
                Told::Deployments(rows) => assert_eq!(rows[0].state, Some(Safe::of("success"))),
            }
        }
        // Two more lists, and nothing of it was asked for again.
        reading.listed().await;
        reading.listed().await;
        for (what, path) in beside() {
            let path = format!("/repos/acme/checkout{path}");
            let asked = server.requests().iter().filter(|request| request.path == path).count();
            assert_eq!(asked, 1, "{what:?}");
        }
        reading.stop().await;
    });
}

/// A list of four pages, of which one row cannot be read: three are asked for, and the rest is counted.
#[test]
fn a_long_list_is_read_for_a_few_pages_and_the_rest_is_counted() {
    block_on(async {
        let server = Server::answering(|request| {
            let path = request.path.split('?').next().unwrap_or_default();
            let (name, row) = match path.rsplit('/').next().unwrap_or_default() {
                "check-runs" => ("check_runs", value(CHECK)),
                "artifacts" => ("artifacts", value(ARTIFACT)),
                _ => return hub(request),
            };
            let page = request.path.split("&page=").nth(1).map_or(1, |page| page.parse::<u32>().unwrap());
            let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
            let next = format!("Link: <http://{host}{path}?per_page=100&page={}>; rel=\"next\"\r\n", page + 1);
            let mut body = json!({ name: [row.clone(), row] });
            if page == 2 {
                body[name][1] = json!({ "id": null });
            }
            if name == "artifacts" {
                body["total_count"] = 8.into();
            }
            Reply::Whole(200, format!("{LIMITS}{}", if page < 4 { next } else { String::new() }), body.to_string())
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let (all, run) = (beside(), Uid::new(SOURCE, "1"));
        look(&reading, &[all[0].0.clone(), What::Artifacts { run }], Moves::Never);
        let (_, checks) = told(&mut reading).await;
        let Told::Checks(checks) = &*checks.unwrap() else { panic!("no checks") };
        assert_eq!((checks.rows.len(), checks.rest()), (5, Some((1, true))), "they do not say how many there are");
        let (_, artifacts) = told(&mut reading).await;
        let Told::Artifacts(artifacts) = &*artifacts.unwrap() else { panic!("no artifacts") };
        assert_eq!((artifacts.rows.len(), artifacts.rest()), (5, Some((3, false))));
        let asked = |part: &str| server.requests().iter().filter(|request| request.path.contains(part)).count();
        assert_eq!((asked("/check-runs?"), asked("/artifacts?")), (3, 3));
        reading.stop().await;
    });
}

#[test]
fn what_may_change_is_asked_for_again_and_unchanged_is_no_news() {
    block_on(async {
        let changed = Arc::new(AtomicU32::new(0));
        let version = Arc::clone(&changed);
        let server = Server::answering(move |request| {
            let now = version.load(Ordering::SeqCst);
            let tag = format!("\"{now}\"");
            if !request.path.contains("/deployments") {
                return hub(request);
            }
            if request.head.contains(&format!("if-none-match: {tag}")) {
                return Reply::Whole(304, format!("{LIMITS}ETag: {tag}\r\n"), String::new());
            }
            let mut status = value(STATUS);
            status["state"] = if now == 0 { "in_progress" } else { "success" }.into();
            let body = if request.path.contains("/statuses") { json!([status]) } else { json!([value(DEPLOYMENT)]) };
            Reply::Whole(200, format!("{LIMITS}ETag: {tag}\r\n"), body.to_string())
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let what = What::Deployments { environment: Name::new("production") };
        look(&reading, &[what], Moves::Soon);
        let state = |read: Result<Arc<Told>, Safe>| match &*read.unwrap() {
            Told::Deployments(rows) => rows[0].state.clone().unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(state(told(&mut reading).await.1), Safe::of("in_progress"));
        let unchanged = || server.requests().iter().filter(|it| it.head.contains("if-none-match: \"0\"")).count();
        while unchanged() < 4 {
            let quiet = reading.find(|event| Some(!matches!(event, FeedEvent::Detail(Detail::Aside(_))))).await;
            assert!(quiet, "what has not changed is no news");
        }
        changed.store(1, Ordering::SeqCst);
        assert_eq!(state(told(&mut reading).await.1), Safe::of("success"));
        reading.stop().await;
    });
}

#[test]
fn one_that_cannot_be_read_says_why_and_the_others_come() {
    block_on(async {
        let server = Server::answering(|request| match () {
            () if request.path.contains("/check-runs?") => refusal(403, LIMITS, "Resource not accessible by token"),
            () if request.path.contains("/artifacts") => Reply::Whole(200, LIMITS.to_owned(), "<html>".to_owned()),
            () => hub(request),
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        look(&reading, &beside().map(|(what, _)| what), Moves::Never);
        let mut refused = Vec::new();
        for _ in 0..5 {
            let (what, read) = told(&mut reading).await;
            if let Err(why) = read {
                refused.push((what, why.as_str().to_owned()));
            }
        }
        let [(What::Checks { .. }, first), (What::Artifacts { .. }, second)] = &refused[..] else {
            panic!("{refused:?}")
        };
        assert!(first.contains("Resource not accessible by token"), "{first}");
        assert!(!second.is_empty());
        reading.stop().await;
    });
}

#[test]
fn without_a_token_nothing_of_it_is_asked_for() {
    block_on(async {
        let server = Server::answering(hub).await;
        let mut reading = Reading::start(client_with(&server.url, Token::Nothing, deadlines()));
        reading.listed().await;
        look(&reading, &beside().map(|(what, _)| what), Moves::Late);
        for _ in 0..5 {
            let why = told(&mut reading).await.1.unwrap_err();
            assert!(why.as_str().contains("not read without a token"), "{why:?}");
        }
        assert!(server.requests().iter().all(|request| request.path.contains("/actions/runs?")));
        reading.stop().await;
    });
}
