//! What leaves for a server of Argo CD and what does not: the bytes, once at most, and what is said of each fault
//! (reliability.md R30, R33, R34, R35).

use std::time::Duration;

use quarterdeck::action::{Change, Found, Operation, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::model::applications::AppWay;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::net::Deadlines;
use quarterdeck::systems::{Spec, Systems};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::argocd::{error, quickly, source, spec};
use super::proxy::{Proxy, WRITE_MODES};
use super::server::{Refusing, Reply, Request, Server};
use super::support::{block_on, evidence, next, perform};
use crate::update::accepted;

const BEGUN: &str = "2026-11-21T01:58:00Z";

fn way() -> AppWay {
    AppWay::Server { source: SourceId(0), address: Safe::of("https://argocd.example"), project: Name::new("shop") }
}

fn sync(pinned: bool) -> Change {
    let before = BEGUN.parse().ok();
    Change::Sync { way: way(), revisions: vec![Name::new("a1")], pinned, prune: true, before }
}

fn roll_back() -> Change {
    Change::RollBack { way: way(), id: 6, revision: Name::new("0f"), before: BEGUN.parse().ok() }
}

fn compare() -> Change {
    Change::CompareAgain { way: way(), before: BEGUN.parse().ok() }
}

fn terminate() -> Change {
    Change::Terminate { way: way(), started: BEGUN.parse().unwrap() }
}

fn all() -> [Change; 4] {
    [sync(true), roll_back(), compare(), terminate()]
}

fn operation(change: Change) -> Operation {
    let cluster = SourceId(3);
    let (namespace, name) = (Name::new("argocd"), Name::new("shop-prod"));
    let target = ObjectId { cluster, kind: Kind::Application, namespace, name, uid: Uid::new(cluster, "app-1") };
    accepted(target, change)
}

/// Nothing is read by itself.
fn quiet(url: &str) -> Spec {
    let deadlines = Deadlines { write: Duration::from_millis(700), ..quickly() };
    let mut spec = spec(&source(url), deadlines).unwrap();
    spec.scope.namespaces = Some(Vec::new());
    spec
}

/// The Application as this change finds it.
fn object(change: &Change) -> Value {
    let phase = if matches!(change, Change::Terminate { .. }) { "Running" } else { "Succeeded" };
    json!({
        "metadata": { "name": "shop-prod", "namespace": "argocd", "uid": "app-1", "resourceVersion": "41" },
        "spec": { "project": "shop", "source": { "targetRevision": "main" } },
        "status": {
            "sync": { "status": "OutOfSync", "revision": "a1" },
            "reconciledAt": BEGUN,
            "operationState": { "phase": phase, "startedAt": BEGUN },
            "history": [{ "id": 6, "revision": "0f", "source": { "path": "prod" } }, { "id": 7, "revision": "a1" }],
        },
    })
}

fn is_read(request: &Request) -> bool {
    request.method == "GET" && !request.path.contains("refresh=")
}

/// Shows the Application, and answers what changes something so.
fn showing(object: Value, answer: impl Fn() -> Reply + Send + Sync + 'static) -> impl Fn(&Request) -> Reply {
    move |request| if is_read(request) { Reply::json(&object) } else { answer() }
}

fn writes(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| !is_read(request)).collect()
}

fn last(told: &[Progress]) -> String {
    format!("{:?}", told.last())
}

#[test]
fn each_leaves_once_with_these_bytes_after_the_application_was_read() {
    block_on(async {
        let body = |fields: Value| {
            let mut all = json!({ "dryRun": false, "prune": false, "appNamespace": "argocd", "project": "shop" });
            all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            Some(all)
        };
        let of_sync =
            json!({ "prune": true, "strategy": { "hook": {} }, "infos": [{ "name": "quarterdeck", "value": "7-1" }] });
        let mut pinned = of_sync.clone();
        pinned["revision"] = "a1".into();
        let base = "/api/v1/applications/shop-prod";
        for (change, method, path, body) in [
            (sync(true), "POST", format!("{base}/sync"), body(pinned)),
            // One that is synced by itself takes the head of its branch.
            (sync(false), "POST", format!("{base}/sync"), body(of_sync)),
            (roll_back(), "POST", format!("{base}/rollback"), body(json!({ "id": 6 }))),
            (compare(), "GET", format!("{base}?refresh=normal&appNamespace=argocd&project=shop"), None),
            (terminate(), "DELETE", format!("{base}/operation?appNamespace=argocd&project=shop"), None),
        ] {
            let (shown, answered) = (object(&change), object(&change));
            let server = Server::answering(showing(shown, move || Reply::json(&answered))).await;
            let told = perform(quiet(&server.url), operation(change.clone()), None).await;
            assert_eq!(told[0], Progress::Sent, "{change:?}");
            assert!(matches!(told[1..], [Progress::Accepted { .. }]), "{change:?}: {told:?}");
            let [read, write] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
            assert_eq!(read.path, format!("{base}?appNamespace=argocd&project=shop"));
            assert_eq!((write.method.as_str(), &write.path), (method, &path), "{change:?}");
            assert!(write.head.contains("authorization: Bearer hunter2"), "{}", write.head);
            // Its server refuses what is none for what may change something.
            assert_eq!(write.head.contains("content-type: application/json"), method != "GET", "{}", write.head);
            let sent: Option<Value> = serde_json::from_slice(&write.body).ok();
            assert_eq!(sent, body, "{change:?}");
        }
    });
}

#[test]
fn what_is_no_longer_as_it_was_shown_is_not_sent() {
    block_on(async {
        let table = [
            (sync(true), json!({ "metadata": { "uid": "app-2" } }), "deleted and created anew"),
            (sync(true), json!({ "status": { "sync": { "revision": "b2" } } }), "it was compared with b2 since"),
            (sync(true), json!({ "operation": { "sync": {} } }), "another operation is asked for or runs"),
            (sync(true), json!({ "status": { "operationState": { "phase": "Running" } } }), "another operation"),
            (roll_back(), json!({ "operation": { "sync": {} } }), "another operation is asked for or runs"),
            (roll_back(), json!({ "spec": { "syncPolicy": { "automated": {} } } }), "auto-sync is on"),
            (roll_back(), json!({ "status": { "history": [{ "id": 6, "revision": "1e" }] } }), "deploy 6 is 1e now"),
            (roll_back(), json!({ "status": { "history": [] } }), "no longer in its history"),
            (terminate(), json!({ "status": { "operationState": { "phase": "Succeeded" } } }), "no operation runs any"),
            (
                terminate(),
                json!({ "status": { "operationState": { "startedAt": "2026-11-21T01:59:00Z" } } }),
                "another operation runs",
            ),
            (compare(), json!({ "metadata": { "uid": "app-2" } }), "deleted and created anew"),
        ];
        for (change, moved, words) in table {
            let mut now = object(&change);
            super::writes::merge(&mut now, &moved);
            let server = Server::answering(move |_| Reply::json(&now)).await;
            let told = perform(quiet(&server.url), operation(change.clone()), None).await;
            let said = last(&told);
            assert!(said.contains("Refused") && said.contains(words) && said.contains("nothing was sent"), "{said}");
            assert!(writes(&server).is_empty(), "{change:?} {moved}");
        }
        // Nor what cannot be read first.
        for (reply, words) in [
            (error(401, 16, "invalid session: token is expired"), "make a new token"),
            (
                error(403, 7, "permission denied: applications, get, shop/shop-prod"),
                "its RBAC must let this account get",
            ),
            (error(404, 5, "applications.argoproj.io \"shop-prod\" not found"), "does it serve that cluster?"),
            (Reply::json("<html>"), "is it Argo CD that answers there?"),
            (Reply::Silence, "no answer of Argo CD within 0.7 s"),
        ] {
            for change in all() {
                let reply = reply.clone();
                let server = Server::answering(move |_| reply.clone()).await;
                let said = last(&perform(quiet(&server.url), operation(change), None).await);
                assert!(said.contains("Refused") && said.contains(words), "{words}: {said}");
                assert!(said.contains("nothing was sent") && writes(&server).is_empty(), "{said}");
            }
        }
    });
}

/// R35: without the right to write nothing leaves, not even a comparison.
#[test]
fn r35_a_run_that_only_reads_sends_nothing() {
    block_on(async {
        for change in all() {
            let server = Server::answering(showing(object(&change), || Reply::json("{}"))).await;
            let (feeds, _kept) = mpsc::channel(64);
            let mut systems = Systems::start(vec![quiet(&server.url)], &feeds, Clock::system());
            systems.only_read();
            let (tx, mut rx) = mpsc::channel(8);
            systems.perform(Box::new(operation(change)), Box::new(|_| Ok(())), tx);
            let (_, progress) = next(&mut rx).await.unwrap();
            assert!(format!("{progress:?}").contains("started to read only; nothing was sent"), "{progress:?}");
            assert!(systems.shutdown(Duration::from_secs(10)).await);
            assert!(server.requests().is_empty());
        }
    });
}

/// R30 and R34: what each answer means, and that none of them makes it leave again.
#[test]
fn r34_each_answer_has_its_meaning_and_nothing_is_sent_again() {
    block_on(async {
        let page = Reply::Whole(200, "Content-Type: text/html\r\n".to_owned(), "<html>Sign in".to_owned());
        let moved = Reply::Whole(307, "Location: https://login.example/\r\n".to_owned(), String::new());
        let table = [
            (
                error(403, 7, "cannot sync: blocked by sync window"),
                "Refused",
                "refuses it: cannot sync: blocked by sync window; wait for its end",
            ),
            (
                error(403, 7, "permission denied: applications, sync, shop/shop-prod, sub: ci"),
                "Refused",
                "its RBAC must let this account sync it",
            ),
            (
                error(400, 9, "another operation is already in progress"),
                "Refused",
                "refuses it: another operation is already in progress; wait for it",
            ),
            (error(400, 9, "Cannot sync to a1: auto-sync currently set to main"), "Refused", "currently set to main"),
            (
                error(400, 9, "rollback cannot be initiated when auto-sync is enabled"),
                "Refused",
                "when auto-sync is enabled; revert it in Git",
            ),
            (error(400, 3, "Unable to terminate operation. No operation is in progress"), "Refused", "No operation is"),
            (error(401, 16, "invalid session: token has been revoked"), "Refused", "revoked; make a new token"),
            (error(409, 10, "the object has been modified"), "Refused", "refuses it: the object has been modified"),
            (Reply::Whole(415, String::new(), "Invalid content type".to_owned()), "Refused", "Invalid content type"),
            (error(429, 8, ""), "Refused", "is throttling; ask again later"),
            (error(500, 13, "Failed to terminate app. Too many conflicts"), "Unknown", "has trouble of its own"),
            (
                error(504, 4, "application refresh deadline exceeded"),
                "Unknown",
                "application refresh deadline exceeded",
            ),
            (page, "Unknown", "answers with a web page, not as Argo CD does"),
            (moved, "Refused", "which is not followed"),
            (Reply::Silence, "Unknown", "no answer within 0.7 s"),
            (Reply::json("[]"), "Unknown", "answers with something else than the Application"),
        ];
        for (reply, how, words) in table {
            for change in all() {
                let answer = reply.clone();
                let server = Server::answering(showing(object(&change), move || answer.clone())).await;
                let said = last(&perform(quiet(&server.url), operation(change), None).await);
                assert!(said.contains(how) && said.contains(words), "{reply:?}: {said}");
                assert!(!said.contains("hunter2"), "{said}");
                assert_eq!(writes(&server).len(), 1, "{reply:?}");
            }
        }
        // Another Application answers, or none that the request is about.
        for change in [sync(true), roll_back(), compare()] {
            let mut other = object(&change);
            other["metadata"]["uid"] = "app-2".into();
            let server = Server::answering(showing(object(&change), move || Reply::json(&other))).await;
            let said = last(&perform(quiet(&server.url), operation(change), None).await);
            assert!(said.contains("Unknown") && said.contains("something else than the Application"), "{said}");
        }
        // The status line is the server's word, also where the rest is cut.
        let server = Server::answering(showing(object(&sync(true)), || Reply::Cut("{\"met".to_owned()))).await;
        let told = perform(quiet(&server.url), operation(sync(true)), None).await;
        assert!(matches!(told.last(), Some(Progress::Accepted { .. })), "{told:?}");
        let said = last(&perform(quiet(&Refusing::new().url), operation(sync(true)), None).await);
        assert!(said.contains("Refused") && said.contains("refused the connection"), "{said}");
    });
}

/// R34: whatever happens to it on the way, it leaves once at most.
#[test]
fn r34_at_most_one_of_each_leaves() {
    block_on(async {
        for mode in WRITE_MODES {
            for change in [sync(true), roll_back(), terminate()] {
                let answered = object(&change);
                let server = Server::answering(showing(object(&change), move || Reply::json(&answered))).await;
                let proxy = Proxy::start(&server.url, mode).await;
                let told = perform(quiet(&proxy.url), operation(change), None).await;
                assert_eq!(told[0], Progress::Sent, "{mode:?}: {told:?}");
                assert!(writes(&server).len() <= 1 && proxy.writes() <= 1, "{mode:?}: {told:?}");
            }
        }
    });
}

/// R33: a write takes its token nowhere else.
#[test]
fn r33_no_redirect_takes_a_write_along() {
    block_on(async {
        let other = Server::answering(|_| Reply::json("{}")).await;
        for code in [301, 302, 303, 307, 308] {
            for change in all() {
                let head = format!("Location: {}/api/v1/applications/shop-prod\r\n", other.url);
                let moved = Reply::Whole(code, head, String::new());
                let server = Server::answering(showing(object(&change), move || moved.clone())).await;
                let said = last(&perform(quiet(&server.url), operation(change), None).await);
                assert!(said.contains("which is not followed"), "{code}: {said}");
            }
        }
        assert!(other.requests().is_empty(), "{:?}", other.requests());
    });
}

#[test]
fn what_nobody_heard_the_end_of_is_read_from_the_application() {
    block_on(async {
        let newer = "2026-11-21T01:59:00Z";
        let ours = json!({ "info": [{ "name": "quarterdeck", "value": "7-1" }] });
        let back =
            json!({ "sync": { "revision": "0f", "source": { "path": "prod" }, "syncStrategy": { "apply": {} } } });
        let state = |at: &str, phase: &str, asked: &Value| json!({ "status": { "operationState": { "startedAt": at, "phase": phase, "operation": asked } } });
        let table = [
            (sync(true), json!({}), Found::Missing),
            (sync(true), json!({ "operation": ours }), Found::Applied),
            (sync(true), state(newer, "Running", &ours), Found::Applied),
            (sync(true), state(newer, "Running", &json!({})), Found::Overtaken),
            (roll_back(), json!({}), Found::Missing),
            (roll_back(), json!({ "operation": back }), Found::Applied),
            (roll_back(), state(newer, "Running", &back), Found::Applied),
            (roll_back(), state(newer, "Running", &ours), Found::Overtaken),
            (compare(), json!({}), Found::Missing),
            (compare(), json!({ "status": { "reconciledAt": newer } }), Found::Applied),
            (terminate(), json!({}), Found::Missing),
            (terminate(), state(BEGUN, "Terminating", &json!({})), Found::Applied),
            (terminate(), state(BEGUN, "Failed", &json!({})), Found::Overtaken),
            (terminate(), state(newer, "Running", &json!({})), Found::Overtaken),
            (sync(true), json!({ "metadata": { "uid": "app-2" } }), Found::Gone),
        ];
        for (change, world, expected) in table {
            let mut now = object(&change);
            super::writes::merge(&mut now, &world);
            let server = Server::answering(move |_| Reply::json(&now)).await;
            let (found, words) = evidence(quiet(&server.url), operation(change.clone())).await;
            assert_eq!(found, expected, "{change:?} and {world}: {words}");
            assert!(writes(&server).is_empty(), "evidence is only read");
        }
        let told = async |reply: Reply| {
            let server = Server::answering(move |_| reply.clone()).await;
            evidence(quiet(&server.url), operation(sync(true))).await.0
        };
        assert_eq!(told(error(404, 5, "applications.argoproj.io \"shop-prod\" not found")).await, Found::Gone);
        // What stands before the server knows nothing of Applications.
        let plain = Reply::Whole(404, "Content-Type: text/plain\r\n".to_owned(), "404 page not found".to_owned());
        assert_eq!(told(plain).await, Found::Untold);
        assert_eq!(told(error(404, 12, "Not Found")).await, Found::Untold);
        assert_eq!(told(error(403, 7, "permission denied")).await, Found::Untold);
        assert_eq!(told(Reply::json("<html>")).await, Found::Untold);
    });
}
