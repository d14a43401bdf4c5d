//! What an engine is asked to do, through every fault (R34): it takes no guard, so what left once never leaves
//! again, and no answer of a gateway counts as the engine's word.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use quarterdeck::action::{Change, Found, Operation, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::model::builds::BuildPlan;
use quarterdeck::model::{Kind, Name, SourceId, Uid};
use quarterdeck::net::{Answered, Docker, EngineAsk, Writes};
use quarterdeck::systems::Systems;
use quarterdeck::text::Safe;
use serde_json::json;
use tokio::sync::mpsc;

use super::engine::spec;
use super::proxy::{Mode, Proxy, WRITE_MODES};
use super::server::{Refusing, Reply, Request, Server};
use super::support::{block_on, evidence, next};
use crate::journal::operation;

const IMAGE: &str = "ghcr.io/acme/python:latest";
const DIGEST: &str = "sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730";

/// An engine with one container and one image; it does what it is asked.
fn engine(request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    let of_version = path.strip_prefix("/v1.41").unwrap_or(path);
    match (request.method.as_str(), of_version) {
        ("GET", "/version") => Reply::json(r#"{"Version":"20.10.24","ApiVersion":"1.41"}"#),
        ("GET", "/containers/c1/json") => Reply::json(json!({
            "Id": "c1", "State": { "Status": "running", "StartedAt": "2026-08-01T10:00:00Z" }, "Config": { "Image": IMAGE },
        })),
        ("GET", "/images/ghcr.io/acme/python%3Alatest/json") => Reply::json(json!({ "Id": "sha256:12" })),
        ("POST", "/containers/c1/restart") => Reply::Whole(204, String::new(), String::new()),
        ("POST", "/images/create") => Reply::json("{\"status\":\"Downloaded newer image\"}\n"),
        ("POST", "/build") => Reply::json("{\"stream\":\"Step 1/1\\n\"}\n{\"aux\":{\"ID\":\"sha256:12\"}}\n"),
        ("POST", "/images/ghcr.io/acme/python/push") => {
            Reply::json(json!({ "aux": { "Tag": "latest", "Digest": DIGEST, "Size": 527 } }))
        }
        (method, path) => panic!("{method} {path}"),
    }
}

/// Everything an engine can be asked for.
fn verbs() -> Vec<Operation> {
    let started = "2026-08-01T10:00:00Z".parse().ok();
    let plan = Arc::new(BuildPlan::told(IMAGE, "images/python", "Dockerfile", None));
    let of = |number: u32, kind: Kind, uid: &str, change: Change| {
        let mut operation = operation(number, change);
        let target = &mut operation.action.target;
        (target.cluster, target.kind, target.name) = (SourceId(0), kind, Name::new(IMAGE));
        target.uid = Uid::new(SourceId(0), uid);
        operation
    };
    vec![
        of(1, Kind::Container, "c1", Change::RestartContainer { state: Safe::line("running"), started }),
        of(2, Kind::Container, "c1", Change::PullImage { image: Name::new(IMAGE) }),
        of(3, Kind::Build, "build", Change::BuildImage { plan }),
        of(4, Kind::Build, "build", Change::PushImage { id: Safe::identity("sha256:12") }),
    ]
}

/// What is told of an operation, with a context of two pieces where it builds.
async fn told(url: &str, operation: Operation) -> Vec<Progress> {
    let (feeds, _kept) = mpsc::channel(64);
    let mut systems = Systems::start(vec![spec(url)], &feeds, Clock::system());
    systems.pack_with(Arc::new(|_| {
        let (tx, rx) = mpsc::channel(2);
        for piece in ["FROM scratch\n", "COPY . .\n"] {
            tx.try_send(Ok(Bytes::from_static(piece.as_bytes()))).unwrap();
        }
        rx
    }));
    let (tx, mut rx) = mpsc::channel(8);
    systems.perform(Box::new(operation), Box::new(|_| Ok(())), tx);
    let mut told = Vec::new();
    while let Some((_, progress)) = next(&mut rx).await {
        told.push(progress);
    }
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    told
}

fn posts(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.method == "POST").collect()
}

#[test]
fn r34_every_verb_of_an_engine_through_every_fault_leaves_once() {
    block_on(async {
        let modes = WRITE_MODES.into_iter().chain([Mode::Pass, Mode::Answer(307), Mode::Answer(404)]);
        // What waits its deadline out has a test of its own.
        for mode in modes.filter(|mode| *mode != Mode::Stall) {
            let runs = verbs().into_iter().map(|operation| async move {
                let server = Server::answering(engine).await;
                let proxy = Proxy::start(&server.url, mode).await;
                let change = operation.action.change.clone();
                let told = told(&proxy.url, operation).await;
                let what = format!("{} through {mode:?}: {told:?}", change.verb().as_str());
                let last = told.last().expect("an end");
                match mode {
                    Mode::Pass => assert!(matches!(last, Progress::Accepted { .. }), "{what}"),
                    Mode::Answer(307 | 404 | 429) => assert!(matches!(last, Progress::Refused { .. }), "{what}"),
                    _ => assert!(matches!(last, Progress::Unknown { .. }), "{what}"),
                }
                assert_eq!(told.iter().filter(|progress| **progress == Progress::Sent).count(), 1, "{what}");
                assert_eq!(proxy.writes(), usize::from(mode != Mode::ResetBefore), "{what}");
                assert!(posts(&server).len() <= 1, "{what}");
            });
            futures::future::join_all(runs).await;
        }
    });
}

/// At the client, whose deadline is short here: a restart may take a minute and a half, a build ten.
#[test]
fn r34_an_engine_that_is_silent_was_asked_once_and_nobody_knows() {
    block_on(async {
        let server = Server::answering(engine).await;
        let proxy = Proxy::start(&server.url, Mode::Stall).await;
        let client = Docker::new(&proxy.url.replace("http://", "tcp://")).unwrap();
        for context in [false, true] {
            let before = proxy.writes();
            let (tx, rx) = mpsc::channel(1);
            tx.try_send(Ok(Bytes::from_static(b"FROM scratch\n"))).unwrap();
            drop(tx);
            let path = if context { "/build?t=x" } else { "/containers/c1/restart" };
            let head = Duration::from_millis(500);
            let ask = EngineAsk { path: path.to_owned(), login: None, context: context.then_some(rx), head };
            let answered = client.post(Writes::granted(), ask).await;
            let Answered::Unknown { message } = &answered else { panic!("{path}: {answered:?}") };
            assert!(message.contains("0.5 s") || message.contains("answer"), "{message}");
            assert_eq!(proxy.writes() - before, 1, "{path}");
        }
        assert_eq!(posts(&server).len(), 0, "it never went on");
    });
}

#[test]
fn without_an_engine_nothing_is_sent_and_that_is_said() {
    block_on(async {
        let gone = Refusing::new();
        for operation in verbs() {
            let told = told(&gone.url, operation).await;
            let Some(Progress::Refused { message }) = told.last() else { panic!("{told:?}") };
            assert!(message.as_str().contains("nothing was sent"), "{message:?}");
        }
    });
}

/// R33, R35: wherever it points, nobody follows it, and what a login holds goes nowhere else.
#[test]
fn r33_a_write_to_an_engine_follows_no_redirect() {
    block_on(async {
        for status in [301, 302, 303, 307, 308] {
            let elsewhere = Server::start().await;
            let there = elsewhere.url.clone();
            let server = Server::answering(move |request| match request.method.as_str() {
                "POST" => Reply::Whole(status, format!("Location: {there}{}\r\n", request.path), String::new()),
                _ => engine(request),
            })
            .await;
            for operation in verbs() {
                let told = told(&server.url, operation).await;
                let Some(Progress::Refused { message }) = told.last() else { panic!("{status}: {told:?}") };
                assert!(message.as_str().contains("in DOCKER_HOST"), "{status}: {message:?}");
            }
            assert_eq!(posts(&server).len(), 4, "{status}");
            assert_eq!(elsewhere.requests().len(), 0, "{status}");
        }
    });
}

/// An engine tells its own trouble in its own words; a page of whoever stands before it is nobody's word. Of a restart,
/// which stops first, the engine's own trouble does not say what was done by then.
#[test]
fn the_words_of_an_engine_are_a_refusal_and_a_gateways_are_not() {
    let own = |code| Reply::Whole(code, String::new(), r#"{"message":"no space left on device"}"#.to_owned());
    let page = |code| Reply::Whole(code, String::new(), "<html>Bad Gateway</html>".to_owned());
    let table = [
        (own(500), Some("the engine's disk is full")),
        (own(404), Some("")),
        (own(409), Some("")),
        (page(500), None),
        (page(502), None),
        (own(502), None),
        (own(503), None),
        (own(504), None),
    ];
    block_on(async {
        let said = Arc::new(Mutex::new(page(500)));
        let answers = Arc::clone(&said);
        let server = Server::answering(move |request| match request.method.as_str() {
            "POST" => answers.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => engine(request),
        })
        .await;
        for (reply, refused) in table {
            *said.lock().unwrap() = reply.clone();
            for operation in verbs() {
                let restart = matches!(operation.action.change, Change::RestartContainer { .. });
                let halfway = restart && matches!(reply, Reply::Whole(500.., ..));
                let told = told(&server.url, operation).await;
                match (told.last(), refused) {
                    (Some(Progress::Unknown { message }), Some(words)) if halfway => {
                        let message = message.as_str();
                        assert!(message.contains(words) && message.contains("may be stopped by now"), "{message}");
                    }
                    (Some(Progress::Refused { message }), Some(words)) if !halfway => {
                        assert!(message.as_str().contains(words), "{reply:?}: {message:?}");
                    }
                    (Some(Progress::Unknown { .. }), None) => {}
                    (last, _) => panic!("{reply:?}: {last:?}"),
                }
            }
        }
    });
}

/// Of a restart nobody heard the end of: only what is as it was shows that nothing took.
#[test]
fn a_container_that_a_restart_left_stopped_is_not_said_to_run() {
    let began = "2026-08-01T10:00:00Z";
    let now = || quarterdeck::clock::Clock::system().now().wall.to_string();
    let old = "2026-08-01T11:00:00Z".to_owned();
    let table = [
        (("running", "running"), began, String::new(), Found::Missing, "it runs since before"),
        (("exited", "exited"), began, old.clone(), Found::Missing, "it is exited, as before"),
        (("running", "running"), "2026-08-01T12:00:00Z", String::new(), Found::Applied, "it was started again"),
        // It may be between its stop and its start.
        (("running", "exited"), began, now(), Found::Untold, "was stopped and is not running (exited) yet"),
        (("running", "exited"), began, String::new(), Found::Untold, "docker start"),
        (("running", "exited"), began, old.clone(), Found::Passed, "was stopped and is not running (exited): look at"),
        (("paused", "dead"), began, old, Found::Passed, "restart it here once more"),
        (("running", "paused"), began, String::new(), Found::Untold, "it is paused now, and was running"),
    ];
    block_on(async {
        for ((before, state), started, finished, wanted, words) in table {
            let of = json!({ "Id": "c1", "Config": { "Image": IMAGE },
                "State": { "Status": state, "StartedAt": started, "FinishedAt": finished } });
            let server = Server::answering(move |request| {
                if request.path.ends_with("/containers/c1/json") { Reply::json(of.clone()) } else { engine(request) }
            })
            .await;
            let mut operation = verbs().remove(0);
            let started = began.parse().ok();
            operation.action.change = Change::RestartContainer { state: Safe::line(before), started };
            let (found, said) = evidence(spec(&server.url), operation).await;
            assert_eq!(found, wanted, "{before} {state}: {said}");
            assert!(said.contains(words), "{before} {state}: {said}");
        }
    });
}
