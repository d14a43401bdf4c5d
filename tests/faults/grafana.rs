//! What leaves for Grafana and what does not: the bytes, once at most, and what is said of each fault (R30, R33, R34).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::action::{Change, Found, Operation, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::model::scope::{GrafanaSource, Login, SecretSource};
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::net::{Deadlines, Grafana};
use quarterdeck::systems::{Spec, Systems, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::proxy::{Proxy, WRITE_MODES};
use super::server::{Refusing, Reply, Server};
use super::support::{block_on, evidence, next, perform};
use crate::update::accepted;

fn spec(url: &str) -> Spec {
    let deadlines =
        Deadlines { headers: Duration::from_millis(700), write: Duration::from_millis(700), ..Deadlines::default() };
    let login = Login::Token(SecretSource::Fixed("hunter2"));
    let source = GrafanaSource { url: url.to_owned(), login, ca: None, discovered: None };
    let scope = SourceScope {
        id: SourceId(0),
        system: SystemId::Grafana,
        name: Name::new("grafana"),
        server: Safe::of(""),
        user: Safe::of(""),
        // Nothing is read by itself.
        namespaces: Some(Vec::new()),
        unusable: None,
        discovered: None,
    };
    Spec { scope, upstream: Some(Upstream::Grafana(Grafana::with(&source, deadlines).unwrap())) }
}

fn annotation() -> Operation {
    let cluster = SourceId(0);
    let target = ObjectId {
        cluster,
        kind: Kind::Annotation,
        namespace: Name::new(""),
        name: Name::new("checkout"),
        uid: Uid::new(cluster, "1785836000000-0001"),
    };
    let change = Change::Annotate {
        text: Safe::of("promote of checkout in production: step 5 of 10"),
        tags: ["deploy", "service:checkout"].map(Name::new).to_vec(),
        from: "2026-08-04T09:30:00Z".parse().unwrap(),
        to: "2026-08-04T09:31:00.5Z".parse().unwrap(),
    };
    accepted(target, change)
}

fn last(told: &[Progress]) -> String {
    format!("{:?}", told.last())
}

#[test]
fn an_annotation_leaves_once_with_these_bytes() {
    block_on(async {
        let server = Server::answering(|_| Reply::json(r#"{"message":"Annotation added","id":7}"#)).await;
        let told = perform(spec(&server.url), annotation(), None).await;
        assert_eq!(told[0], Progress::Sent);
        assert_eq!(told[1], Progress::Made { id: Name::new("7") });
        assert!(matches!(told[2], Progress::Accepted { .. }), "{told:?}");
        let [request] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/annotations"));
        assert!(request.head.contains("authorization: Bearer hunter2"), "{}", request.head);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            body,
            json!({
                "text": "promote of checkout in production: step 5 of 10",
                "tags": ["quarterdeck", "operation:1785836000000-0001", "deploy", "service:checkout"],
                "time": 1_785_835_800_000_i64, "timeEnd": 1_785_835_860_500_i64,
            })
        );
    });
}

#[test]
fn a_run_that_only_reads_sends_nothing() {
    block_on(async {
        let server = Server::answering(|_| Reply::json(r#"{"id":7}"#)).await;
        let (feeds, _kept) = mpsc::channel(64);
        let mut systems = Systems::start(vec![spec(&server.url)], &feeds, Clock::system());
        systems.only_read();
        let (tx, mut rx) = mpsc::channel(8);
        systems.perform(Box::new(annotation()), Box::new(|_| Ok(())), tx);
        let (_, progress) = next(&mut rx).await.unwrap();
        assert!(format!("{progress:?}").contains("started to read only; nothing was sent"), "{progress:?}");
        assert!(systems.shutdown(Duration::from_secs(10)).await);
        assert!(server.requests().is_empty());
    });
}

#[test]
fn each_refusal_is_told_and_nothing_is_sent_again() {
    block_on(async {
        let text = |code: u16, body: &str| Reply::Whole(code, String::new(), body.to_owned());
        let page = Reply::Whole(200, "Content-Type: text/html\r\n".to_owned(), "<html>Sign in".to_owned());
        let moved = Reply::Whole(307, "Location: https://login.example/\r\n".to_owned(), String::new());
        let table = [
            (
                text(401, r#"{"message":"Invalid API key"}"#),
                "Refused",
                "does not accept the login: Invalid API key; renew what sources.grafana names",
            ),
            (
                text(
                    403,
                    r#"{"message":"You'll need additional permissions to perform this action. Permissions needed: annotations:create"}"#,
                ),
                "Refused",
                "the token needs the right to read and create annotations",
            ),
            (
                text(404, r#"{"message":"Not found"}"#),
                "Refused",
                "has no Grafana at this path: Not found; check the path in sources.grafana.url",
            ),
            (text(429, ""), "Refused", "is throttling"),
            (
                text(500, r#"{"message":"Failed to save annotation"}"#),
                "Unknown",
                "has trouble of its own: Failed to save annotation",
            ),
            (text(502, ""), "Unknown", "is not there behind its proxy"),
            (page, "Unknown", "answers with a web page, not as Grafana does"),
            (moved, "Refused", "which is not followed"),
            (Reply::json("{}"), "Unknown", "answers without the id of an annotation"),
            (Reply::Silence, "Unknown", "no answer within 0.7 s"),
        ];
        for (reply, how, words) in table {
            let shown = format!("{reply:?}");
            let server = Server::answering(move |_| reply.clone()).await;
            let said = last(&perform(spec(&server.url), annotation(), None).await);
            assert!(said.contains(how) && said.contains(words) && !said.contains("hunter2"), "{shown}: {said}");
            assert_eq!(server.requests().len(), 1, "{shown}");
        }
        let said = last(&perform(spec(&Refusing::new().url), annotation(), None).await);
        assert!(said.contains("Refused") && said.contains("refused the connection"), "{said}");
    });
}

/// R34: whatever happens to it, it leaves once at most.
#[test]
fn r34_at_most_one_annotation_leaves() {
    block_on(async {
        for mode in WRITE_MODES {
            let server = Server::answering(|_| Reply::json(r#"{"id":7}"#)).await;
            let proxy = Proxy::start(&server.url, mode).await;
            let told = perform(spec(&proxy.url), annotation(), None).await;
            assert!(server.requests().len() <= 1 && proxy.bodies() <= 1, "{mode:?}: {told:?}");
        }
    });
}

#[test]
fn what_nobody_heard_the_end_of_is_found_by_its_tag() {
    block_on(async {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let server = Server::answering(|request| {
            let mark = "/api/annotations?type=annotation&limit=1&tags=quarterdeck&tags=operation%3A1785836000000-0001";
            assert_eq!(request.path, mark);
            Reply::json(if ASKED.fetch_add(1, Ordering::SeqCst) == 0 { "[]" } else { r#"[{"id":7}]"# })
        })
        .await;
        assert_eq!(evidence(spec(&server.url), annotation()).await.0, Found::Missing);
        assert_eq!(evidence(spec(&server.url), annotation()).await.0, Found::Applied);
        server.answer(|_| Reply::Whole(403, String::new(), String::new()));
        assert_eq!(evidence(spec(&server.url), annotation()).await.0, Found::Untold);
    });
}
