//! Reading it: joined names, stages only while looked at, and every way in which it goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quarterdeck::model::log::{LogEvent, LogOf, LogRequest, LogSince, TailId};
use quarterdeck::model::scope::SecretSource;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::model::{Kind, ObjectId, Uid};
use quarterdeck::net::{Deadlines, NetError, RustCi, Sent, Writes};
use serde_json::json;
use tokio::sync::mpsc;

use super::ci::{RUNNING, Reading, SOURCE, client, deadlines, done, object, refusal, running, server, whole};
use crate::faults::proxy::{Mode, Proxy};
use crate::faults::server::{Reply, Server};
use crate::faults::support::{block_on, next};

#[test]
fn executions_are_listed_and_stages_read_only_while_looked_at() {
    block_on(async {
        let server = Server::answering(server(|_| refusal(500, "no write"))).await;
        let mut reading = Reading::start(client(&server.url));
        let runs = reading.runs().await;
        assert_eq!(
            runs.iter().map(|run| run.meta.name.raw()).collect::<Vec<_>>(),
            ["nightly 11111111", "nightly 22222222"]
        );
        reading.find(|event| matches!(event, FeedEvent::Alive).then_some(())).await;
        let details =
            |server: &Server| server.requests().iter().filter(|request| request.path.ends_with(RUNNING)).count();
        assert_eq!(details(&server), 0);
        reading.look_at(&[RUNNING]);
        let row = reading.runs().await;
        assert_eq!(row[0].branch.as_ref().unwrap().raw(), "main", "the row learns what started it");
        assert_eq!(reading.jobs().await.unwrap().jobs.len(), 3);
        let all = server.requests();
        assert!(all.iter().all(|request| request.method == "GET"));
        assert!(all.iter().all(|request| request.head.contains("authorization: Bearer hunter2")));
        reading.stop().await;
    });
}

#[test]
fn one_odd_row_is_counted_and_the_others_are_shown() {
    block_on(async {
        let server = Server::answering(|request| match request.path.as_str() {
            "/api/ci/executions" => Reply::json(json!([done(), { "status": "running" }, running()])),
            _ => Reply::json("[{\"id\":"),
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        assert_eq!(reading.runs().await.len(), 2, "pipelines that cannot be read hide no execution");
        let left = reading.find(|event| if let FeedEvent::LeftOut(count) = event { Some(*count) } else { None }).await;
        assert_eq!(left, 1);
        reading.stop().await;
    });
}

#[test]
fn each_failure_has_its_sentence() {
    block_on(async {
        let html =
            |code| Reply::Whole(code, "Content-Type: text/html\r\n".to_owned(), "<html>Sign in</html>".to_owned());
        let page = Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), "<html>".to_owned());
        let moved = Reply::Whole(302, "Location: https://login.example/\r\n".to_owned(), String::new());
        let nested =
            json!({ "error": { "code": "AUTHORIZATION_ERROR", "message": "Missing permission: ReadPipelines" } });
        let table = [
            (
                refusal(401, "Invalid token"),
                "denied",
                "RustCI wants to know who asks: Invalid token; renew the token of the demo",
            ),
            (
                Reply::Whole(403, String::new(), nested.to_string()),
                "denied",
                "forbids it: Missing permission: ReadPipelines",
            ),
            (refusal(500, "Database error: timeout"), "failed", "Database error: timeout"),
            (Reply::Whole(502, String::new(), "bad gateway".to_owned()), "failed", "bad gateway"),
            (html(503), "failed", "answers with a web page"),
            (html(200), "failed", "answers with a web page"),
            (page, "failed", "it is a web page; is it RustCI that answers? check sources.rustci.url"),
            (moved, "failed", "a redirect to login.example, which is not followed"),
            (Reply::Whole(404, String::new(), String::new()), "failed", "does not know it"),
            (Reply::json("{\"executions\":[]}"), "failed", "not the JSON that was expected"),
            (Reply::Cut("[".to_owned()), "failed", "closed the connection"),
        ];
        for (reply, how, words) in table {
            let shown = format!("{reply:?}");
            let server = Server::answering(move |_| reply.clone()).await;
            let mut reading = Reading::start(client(&server.url));
            let (said, message) = reading.trouble().await;
            assert!(said == how && message.contains(words), "{shown}: {said} {message}");
            assert!(!message.contains("hunter2"), "{message}");
            reading.stop().await;
        }
    });
}

#[test]
fn a_list_that_fails_later_is_stale_and_comes_back() {
    block_on(async {
        let broken = Arc::new(AtomicBool::new(false));
        let (now, good) = (Arc::clone(&broken), server(|_| refusal(500, "x")));
        let server =
            Server::answering(
                move |request| {
                    if now.load(Ordering::SeqCst) { refusal(500, "Database error") } else { good(request) }
                },
            )
            .await;
        let mut reading = Reading::start(client(&server.url));
        reading.runs().await;
        broken.store(true, Ordering::SeqCst);
        let (said, message) = reading.trouble().await;
        assert!(said == "stale" && message.contains("Database error"), "{said} {message}");
        broken.store(false, Ordering::SeqCst);
        reading.find(|event| matches!(event, FeedEvent::Listed).then_some(())).await;
        reading.stop().await;
    });
}

#[test]
fn silence_and_endless_answers_end_by_themselves() {
    block_on(async {
        let short = Deadlines {
            headers: Duration::from_millis(300),
            idle: Duration::from_millis(300),
            total: Duration::from_millis(900),
            ..deadlines()
        };
        for (reply, words) in [(Reply::Silence, "no answer of RustCI within"), (Reply::Drip, "no whole answer within")]
        {
            let shown = format!("{reply:?}");
            let server = Server::answering(move |_| reply.clone()).await;
            let client = RustCi::with(&server.url, None, short).unwrap();
            let error = client.get("/api/ci/executions").await.unwrap_err();
            assert!(error.to_string().contains(words), "{shown}: {error}");
        }
        let huge = format!("[{}]", "1,".repeat(20 << 20));
        let server = Server::answering(move |_| Reply::json(huge.clone())).await;
        let error = client(&server.url).get("/api/ci/executions").await.unwrap_err();
        assert!(matches!(error, NetError::TooLarge { .. }), "{error}");
        for mode in [Mode::ResetBefore, Mode::ResetAfter, Mode::Cut(5)] {
            let server = Server::answering(|_| Reply::json("[]")).await;
            let proxy = Proxy::start(&server.url, mode).await;
            // A GET has no body, so the proxy's faults that wait for one do not come.
            let _ = client(&proxy.url).get("/api/ci/executions").await;
        }
    });
}

#[test]
fn addresses_and_tokens_that_cannot_be_used_are_said_before_anything_is_sent() {
    block_on(async {
        let token = Some(SecretSource::Fixed("hunter2"));
        for (url, words) in [
            ("nowhere", "needs http:// or https://"),
            ("http://ci.example:8000", "for everybody to read"),
            ("https://ada:hunter3@ci.example", "holds a user or a password"),
            ("ftp://ci.example", "needs http:// or https://"),
            ("http://", "needs http:// or https://"),
        ] {
            let error = RustCi::new(url, token.as_ref()).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("sources.rustci"), "{url}: {error}");
            assert!(!error.contains("hunter"), "{error}");
        }
        let server = Server::answering(|_| Reply::json("[]")).await;
        // A token with a line feed in it.
        let odd = SecretSource::Fixed("hunter2\nX-Evil: 1");
        let client = RustCi::new(&server.url, Some(&odd)).unwrap();
        let error = client.get("/api/ci/executions").await.unwrap_err().to_string();
        assert!(error.contains("has a line break in it") && !error.contains("hunter2"), "{error}");
        assert!(server.requests().is_empty());
    });
}

#[test]
fn r33_no_redirect_takes_the_token_along_and_no_write_follows_one() {
    block_on(async {
        let elsewhere = Server::answering(|_| Reply::json("[]")).await;
        let ways = [
            elsewhere.url.clone(),
            elsewhere.url.replace("127.0.0.1", "localhost"),
            elsewhere.url.replace("http://", "http://ana:pa55word@"),
            elsewhere.url.replace("http://", "//"),
            "/elsewhere".to_owned(),
            String::new(),
            "http://".to_owned(),
        ];
        for to in ways {
            for code in [301, 302, 303, 307, 308] {
                let head = format!("Location: {to}\r\n");
                let server = Server::answering(move |_| Reply::Whole(code, head.clone(), String::new())).await;
                let client = client(&server.url);
                let error = client.get("/api/ci/executions").await.unwrap_err();
                assert!(matches!(error, NetError::Redirected { .. }), "{to} {code}: {error}");
                let sent = [
                    client.post(Writes::granted(), "/api/ci/pipelines/1/trigger", &json!({})).await,
                    client.delete(Writes::granted(), "/api/ci/executions/1/cancel").await,
                    client.upload(Writes::granted(), "/api/ci/pipelines/upload", "pipeline", "a.yaml", "name: a").await,
                ];
                for sent in sent {
                    let refused = matches!(&sent, Sent::Refused { code: told, message, .. }
                        if *told == code && message.contains("which is not followed"));
                    assert!(refused, "{to} {code}: {sent:?}");
                }
                assert_eq!(server.requests().len(), 4, "{to} {code}: each was sent once");
            }
        }
        assert!(elsewhere.requests().is_empty());
    });
}

#[test]
fn r35_what_cannot_stand_in_a_header_is_told_and_not_sent() {
    block_on(async {
        for secret in ["line\nbreak", "line\r\nX-Evil: 1", "nul\0l", "grün", "tab\tin it", "\u{7f}", "雪"] {
            let server = Server::answering(|_| Reply::json("[]")).await;
            let client = RustCi::new(&server.url, Some(&SecretSource::Fixed(secret))).unwrap();
            let read = client.get("/api/ci/executions").await;
            let sent = client.post(Writes::granted(), "/api/ci/pipelines/1/trigger", &json!({})).await;
            // A tab and letters beyond ASCII are allowed there (RFC 9110 §5.5): they leave as they are, or not at all.
            if let Err(error) = &read {
                assert!(matches!(error, NetError::Credential(_)), "{secret:?}: {error}");
                assert!(!error.to_string().contains(secret), "{error}");
                assert!(matches!(sent, Sent::NotSent { .. }), "{secret:?}: {sent:?}");
                assert!(server.requests().is_empty(), "{secret:?}");
            }
            let broken = secret.contains(['\n', '\r', '\0', '\u{7f}']);
            assert!(!broken || read.is_err(), "{secret:?}");
            assert!(server.requests().iter().all(|request| !request.head.contains("X-Evil")), "{secret:?}");
        }
    });
}

/// `Retry-After` of any shape: no panic, no wait beyond a minute, and the time is told.
#[test]
fn r26_who_is_told_to_wait_waits_and_says_until_when() {
    let date = "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n";
    let later = format!("{date}Retry-After: Sat, 21 Nov 2026 12:00:40 GMT\r\n");
    let before = format!("{date}Retry-After: Sat, 21 Nov 2026 11:00:00 GMT\r\n");
    let table = [
        ("Retry-After: 30\r\n", 30, 30),
        ("Retry-After:  45 \r\n", 45, 45),
        (later.as_str(), 40, 40),
        ("Retry-After: 7200\r\n", 60, 60),
        ("Retry-After: 18446744073709551615\r\n", 60, 60),
        ("Retry-After: 99999999999999999999999999\r\n", 0, 60),
        ("Retry-After: -5\r\n", 0, 5),
        ("Retry-After: soon\r\n", 0, 5),
        ("Retry-After: 1.5\r\n", 0, 5),
        ("Retry-After: Sat, 21 Nov 2026 12:00:40 GMT\r\n", 0, 5),
        (before.as_str(), 0, 5),
        ("", 0, 5),
    ];
    block_on(async {
        for (head, least, most) in table {
            for code in [429, 503] {
                let head = head.to_owned();
                let shown = format!("{code} {head:?}");
                let server = Server::answering(move |_| Reply::Whole(code, head.clone(), "{}".to_owned())).await;
                let mut reading = Reading::start(client(&server.url));
                let retry_at = reading
                    .find(|event| match event {
                        FeedEvent::Status(FeedStatus::Failed { retry_at, .. }) => *retry_at,
                        _ => None,
                    })
                    .await;
                // Its clock began with it.
                let wait = retry_at.as_secs_f32();
                assert!(wait >= least as f32 && wait <= most as f32 + 3.0, "{shown}: {wait}");
                reading.stop().await;
            }
        }
    });
}

#[test]
fn the_log_of_a_stage_goes_on_until_it_has_ended() {
    block_on(async {
        let over = Arc::new(AtomicBool::new(false));
        let now = Arc::clone(&over);
        let server = Server::answering(move |_| {
            let mut told = whole(&running(), "");
            if now.load(Ordering::SeqCst) {
                told = whole(&done(), "");
                told["id"] = json!(RUNNING);
                told["stages"][1]["status"] = json!("failed");
                told["stages"][1]["finished_at"] = json!("2026-11-21T12:01:00Z");
                let last =
                    json!({ "timestamp": "2026-11-21T12:01:00Z", "level": "error", "stage": "test", "message": "red" });
                told["logs"].as_array_mut().unwrap().push(last);
            }
            Reply::json(told)
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let (tx, mut rx) = mpsc::channel(16);
        let stage = ObjectId {
            uid: Uid::new(SOURCE, &format!("{RUNNING}/1")),
            name: quarterdeck::model::Name::new("test"),
            ..object(Kind::Stage, "")
        };
        let request =
            LogRequest { pod: stage, container: None, previous: false, since: LogSince::Head, of: LogOf::Log };
        reading.systems.tail(TailId(1), request, tx);
        let mut lines = String::new();
        let mut events = Vec::new();
        loop {
            let (_, event) = next(&mut rx).await.expect("the tail says when it ends");
            if let LogEvent::Lines(chunk) = &event {
                lines.push_str(&String::from_utf8_lossy(&chunk.bytes));
                over.store(true, Ordering::SeqCst);
            }
            let ended = matches!(event, LogEvent::Ended);
            events.push(event);
            if ended {
                break;
            }
        }
        assert!(matches!(events[0], LogEvent::Opened), "{events:?}");
        assert_eq!((lines.matches("slow").count(), lines.matches("red").count()), (1, 1), "{lines}");
        reading.stop().await;
    });
}
