//! What it is asked to do: after a look, once, and never again by itself (R34).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quarterdeck::action::{Change, Found, Progress};
use quarterdeck::model::Name;
use quarterdeck::net::{Deadlines, RustCi, Sent, Writes};
use serde_json::json;

use super::ci::{
    DONE, OPERATION, PIPELINE, RUNNING, client, deadlines, done, file, operation, refusal, row, running, server, spec,
    trigger, whole,
};
use crate::faults::proxy::{Mode, Proxy, WRITE_MODES};
use crate::faults::server::{Refusing, Reply, Request, Server};
use crate::faults::support::{block_on, evidence, perform};

const CANCEL: Change = Change::Cancel { attempt: 1 };
const NEW: &str = "33333333-0000-4000-a000-000000000003";

fn writes(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.method != "GET").collect()
}

async fn told(server: &Server, change: Change) -> Vec<Progress> {
    perform(spec(client(&server.url)), operation(change), None).await
}

#[test]
fn a_trigger_a_cancel_and_an_upload_are_sent_once_each() {
    block_on(async {
        let server = Server::answering(server(|request| match request.path.as_str() {
            path if path.ends_with("/trigger") => Reply::json(json!({ "execution_id": NEW, "message": "ok" })),
            path if path.ends_with("/cancel") => Reply::json(json!({ "message": "ok", "execution_id": RUNNING })),
            _ => Reply::json(json!({ "id": NEW, "name": "nightly" })),
        }))
        .await;
        let accepted = Progress::Accepted { generation: None };
        let made = |id: &str| Progress::Made { id: Name::new(id) };
        assert_eq!(told(&server, trigger(Some(RUNNING))).await, [Progress::Sent, made(NEW), accepted.clone()]);
        assert_eq!(told(&server, CANCEL).await, [Progress::Sent, made(RUNNING), accepted.clone()]);
        assert_eq!(told(&server, file(1)).await, [Progress::Sent, made(NEW), accepted]);
        let sent = writes(&server);
        let paths: Vec<_> = sent.iter().map(|request| (request.method.as_str(), request.path.as_str())).collect();
        assert_eq!(
            paths,
            [
                ("POST", format!("/api/ci/pipelines/{PIPELINE}/trigger").as_str()),
                ("DELETE", format!("/api/ci/executions/{RUNNING}/cancel").as_str()),
                ("POST", "/api/ci/pipelines/upload"),
            ]
        );
        let body: serde_json::Value = serde_json::from_slice(&sent[0].body).unwrap();
        assert_eq!(body, json!({ "trigger_type": "manual", "environment": { "QUARTERDECK_OPERATION": OPERATION } }));
        assert!(sent[1].body.is_empty());
        let form = String::from_utf8_lossy(&sent[2].body).into_owned();
        assert!(sent[2].head.contains("multipart/form-data; boundary=quarterdeck-"), "{}", sent[2].head);
        assert!(form.contains("name=\"pipeline\"; filename=\"nightly.yaml\""), "{form}");
        assert!(form.contains("\r\n\r\nname: nightly\nstages: []\n\r\n--quarterdeck-"), "{form}");
    });
}

#[test]
fn what_moved_since_it_was_looked_at_is_left_alone() {
    block_on(async {
        let server = Server::answering(server(|_| Reply::json("{}"))).await;
        let ended = Change::Cancel { attempt: 1 };
        let mut of_ended = operation(ended);
        of_ended.action.target = super::ci::object(quarterdeck::model::Kind::Execution, DONE);
        let mut of_none = operation(CANCEL);
        of_none.action.target = super::ci::object(quarterdeck::model::Kind::Execution, NEW);
        for (operation, words) in [
            (operation(trigger(Some(DONE))), "another execution came"),
            (operation(trigger(None)), "another execution came"),
            (of_ended, "it has ended (success)"),
            (of_none, "cannot be found any more"),
            (operation(file(0)), "it has 1 pipelines of that name now, not 0"),
        ] {
            let told = perform(spec(client(&server.url)), operation, None).await;
            let [Progress::Refused { message }] = &told[..] else { panic!("{words}: {told:?}") };
            assert!(message.as_str().contains(words) && message.as_str().contains("nothing was sent"), "{message:?}");
        }
        assert!(writes(&server).is_empty());
    });
}

#[test]
fn refusals_in_all_shapes_are_told_whole() {
    block_on(async {
        let long = "Invalid YAML configuration: stages[2].steps[0]: unknown variant `shel`, expected one of ".repeat(4);
        let docs = json!({ "error": "validation_failed", "message": long, "details": { "line": 7 }, "suggestions": ["see the docs"] });
        let nested = json!({ "error": { "code": "VALIDATION_ERROR", "message": long, "recovery_suggestions": ["see the docs"] } });
        let bodies = [
            (400, json!({ "error": long, "status": 400 }).to_string()),
            (400, docs.to_string()),
            (422, nested.to_string()),
            (415, long.clone()),
            (413, long.clone()),
            (501, long.clone()),
        ];
        for (code, body) in bodies {
            let server = Server::answering(server(move |_| Reply::Whole(code, String::new(), body.clone()))).await;
            let told = told(&server, file(1)).await;
            let [Progress::Sent, Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
            assert!(message.as_str().contains(long.trim()), "{code}: {message:?}");
            assert!(message.as_str().ends_with(&format!("({code})")), "{message:?}");
            assert_eq!(writes(&server).len(), 1);
        }
    });
}

#[test]
fn r34_whatever_happens_to_it_a_write_is_sent_once() {
    block_on(async {
        for mode in WRITE_MODES {
            let server = Server::answering(server(|_| Reply::json("{}"))).await;
            let proxy = Proxy::start(&server.url, mode).await;
            let short = Deadlines { write: Duration::from_millis(800), ..deadlines() };
            let client = RustCi::with(&proxy.url, None, short).unwrap();
            // A pool full of connections that die now.
            client.get("/api/ci/executions").await.unwrap();
            proxy.kill_idle();
            let sent = client
                .post(Writes::granted(), "/api/ci/pipelines/1/trigger", &json!({ "trigger_type": "manual" }))
                .await;
            match mode {
                Mode::Answer(429) => assert!(matches!(sent, Sent::Refused { code: 429, .. }), "{mode:?}: {sent:?}"),
                _ => assert!(matches!(sent, Sent::Unknown { .. }), "{mode:?}: {sent:?}"),
            }
            assert_eq!(proxy.bodies(), usize::from(mode != Mode::ResetBefore), "{mode:?}");
            assert!(writes(&server).len() <= 1);
        }
        let gone = Refusing::new();
        let sent = client(&gone.url).post(Writes::granted(), "/x", &json!({})).await;
        assert!(matches!(&sent, Sent::NotSent { .. }), "{sent:?}");
    });
}

#[test]
fn an_execution_is_known_by_the_mark_of_its_operation() {
    block_on(async {
        let new = row(NEW, "running", "2026-11-21T13:00:00Z", None);
        let told_as = |mark: Option<&'static str>| {
            let new = new.clone();
            server_with(vec![done(), running(), new.clone()], move |path| {
                let mut told = whole(&new, mark.unwrap_or_default());
                if mark.is_none() {
                    told.as_object_mut().unwrap().remove("environment");
                }
                path.ends_with(NEW).then_some(told)
            })
        };
        let table = [
            (told_as(Some(OPERATION)), Found::Applied, "carries the mark"),
            // Somebody else's.
            (told_as(Some("2")), Found::Missing, "no execution carries the mark"),
            (told_as(None), Found::Untold, "does not say which"),
        ];
        for (answers, found, words) in table {
            let server = Server::answering(answers).await;
            let (told, message) = evidence(spec(client(&server.url)), operation(trigger(Some(RUNNING)))).await;
            assert!(told == found && message.contains(words), "{told:?} {message}");
            assert!(writes(&server).is_empty());
        }
        let server = Server::answering(server(|_| Reply::json("{}"))).await;
        let (told, _) = evidence(spec(client(&server.url)), operation(trigger(Some(RUNNING)))).await;
        assert_eq!(told, Found::Missing);
    });
}

type Answers = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

/// The small server with other executions; `more` answers for the new one.
fn server_with(
    rows: Vec<serde_json::Value>,
    more: impl Fn(&str) -> Option<serde_json::Value> + Send + Sync + 'static,
) -> Answers {
    let rest = server(|_| Reply::json("{}"));
    Box::new(move |request| match request.path.split('?').next().unwrap_or_default() {
        "/api/ci/executions" => Reply::json(json!(rows)),
        path => more(path).map_or_else(|| rest(request), Reply::json),
    })
}

#[test]
fn the_server_tells_what_became_of_a_cancel_and_an_upload() {
    block_on(async {
        let at = Some("2026-11-21T13:00:00Z");
        let table =
            [("running", None, Found::Missing), ("cancelled", at, Found::Applied), ("success", at, Found::Passed)];
        for (status, finished, found) in table {
            let now = row(RUNNING, status, "2026-11-21T12:00:00Z", finished);
            let server = Server::answering(move |_| Reply::json(whole(&now, ""))).await;
            let (told, message) = evidence(spec(client(&server.url)), operation(CANCEL)).await;
            assert_eq!(told, found, "{status}: {message}");
        }
        let server = Server::answering(server(|_| Reply::json("{}"))).await;
        assert_eq!(evidence(spec(client(&server.url)), operation(file(0))).await.0, Found::Applied);
        assert_eq!(evidence(spec(client(&server.url)), operation(file(1))).await.0, Found::Missing);
        server.answer(|_| refusal(404, "gone"));
        assert_eq!(evidence(spec(client(&server.url)), operation(CANCEL)).await.0, Found::Gone);
        server.answer(|_| refusal(500, "x"));
        assert_eq!(evidence(spec(client(&server.url)), operation(CANCEL)).await.0, Found::Untold);
    });
}

#[test]
fn a_401_reads_the_token_anew_for_reads_and_sends_no_write_twice() {
    block_on(async {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let server = Server::answering(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            refusal(401, "Token expired")
        })
        .await;
        let client = client(&server.url);
        client.get("/api/ci/executions").await.unwrap_err();
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let sent = client.delete(Writes::granted(), "/api/ci/executions/x/cancel").await;
        assert!(matches!(sent, Sent::Refused { code: 401, .. }), "{sent:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    });
}
