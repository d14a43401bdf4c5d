//! What GitHub is asked to do: after a look, once, and never again by itself (R34).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quarterdeck::action::{Change, Found, Operation, OperationId, Outcome, Progress};
use quarterdeck::model::Kind;
use quarterdeck::model::Name;
use quarterdeck::model::log::{LogEvent, LogOf, LogRequest, LogSince, TailId};
use quarterdeck::net::{Deadlines, Sent, Wanted, Writes};
use quarterdeck::text::Safe;
use serde_json::json;
use tokio::sync::mpsc;

use super::hub::{
    LIMITS, Reading, TOKEN, action, answer, client, client_with, deadlines, hub, object, refusal, run_row, spec,
};
use super::proxy::{Mode, Proxy, WRITE_MODES};
use super::server::{Refusing, Reply, Request, Server};
use super::support::{block_on, evidence, next, perform};

pub fn operation(run: &str, change: Change) -> Operation {
    Operation {
        id: OperationId("1".to_owned()),
        action: action(run, change),
        cluster: Name::new("github"),
        environment: Name::new("github"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: jiff::Timestamp::UNIX_EPOCH,
        started_mono: Duration::ZERO,
        changed: jiff::Timestamp::UNIX_EPOCH,
    }
}

const RERUN: Change = Change::RerunFailed { attempt: 1, debug: false };
const CANCEL: Change = Change::Cancel { attempt: 1 };

fn posts(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.method == "POST").count()
}

async fn told(server: &Server, run: &str, change: Change) -> Vec<Progress> {
    perform(spec(client(&server.url)), operation(run, change), None).await
}

#[test]
fn failed_jobs_are_run_again_and_a_run_is_cancelled() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
        let accepted = Progress::Accepted { generation: None };
        assert_eq!(told(&server, "1", RERUN).await, [Progress::Sent, accepted.clone()]);
        assert_eq!(told(&server, "2", CANCEL).await, [Progress::Sent, accepted]);
        let requests = server.requests();
        let sent: Vec<&Request> = requests.iter().filter(|request| request.method == "POST").collect();
        assert_eq!(sent[0].path, "/repos/acme/checkout/actions/runs/1/rerun-failed-jobs");
        assert_eq!(sent[0].body, b"{\"enable_debug_logging\":false}");
        assert_eq!((sent[1].path.as_str(), sent[1].body.len()), ("/repos/acme/checkout/actions/runs/2/cancel", 0));
        assert_eq!(sent.len(), 2);
    });
}

fn one_job(job: &str, attempt: u32, debug: bool) -> Change {
    Change::RerunJob { attempt, job: object(Kind::Job, job).uid, name: Name::new("e2e"), debug }
}

#[test]
fn all_jobs_or_one_are_run_again_with_debug_logs_and_a_cancel_is_forced() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
        let accepted = Progress::Accepted { generation: None };
        for (run, change) in [
            ("1", Change::RerunAll { attempt: 1, debug: true }),
            ("1", one_job("11", 2, true)),
            ("1", Change::RerunFailed { attempt: 3, debug: true }),
            ("2", Change::ForceCancel { attempt: 1 }),
        ] {
            assert_eq!(told(&server, run, change.clone()).await, [Progress::Sent, accepted.clone()], "{change:?}");
        }
        let requests = server.requests();
        let sent: Vec<(&str, &[u8])> = requests
            .iter()
            .filter(|request| request.method == "POST")
            .map(|request| (request.path.strip_prefix("/repos/acme/checkout/actions/").unwrap(), &request.body[..]))
            .collect();
        let debug = &b"{\"enable_debug_logging\":true}"[..];
        let wanted = [
            ("runs/1/rerun", debug),
            ("jobs/11/rerun", debug),
            ("runs/1/rerun-failed-jobs", debug),
            ("runs/2/force-cancel", &b""[..]),
        ];
        assert_eq!(sent, wanted);
    });
}

#[test]
fn a_job_that_is_gone_or_another_runs_is_not_run_again() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
        for (run, change, words) in [
            ("1", one_job("12", 1, false), "the job is gone"),
            ("1", one_job("31", 1, false), "one of another run"),
            ("1", one_job("11", 2, false), "attempt 1 now, not 2"),
            ("2", one_job("21", 1, false), "it is in_progress again"),
            ("2", Change::RerunAll { attempt: 1, debug: false }, "it is in_progress again"),
            ("1", Change::ForceCancel { attempt: 1 }, "it has ended (failure)"),
        ] {
            let told = told(&server, run, change).await;
            let [Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
            assert!(message.as_str().contains(words) && message.as_str().contains("nothing was sent"), "{message:?}");
        }
        assert_eq!(posts(&server.requests()), 0);
    });
}

#[test]
fn a_run_that_moved_since_is_left_alone() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(2)))).await;
        for (run, change, words) in [
            ("1", RERUN, "attempt 2 now, not 1"),
            ("1", Change::Cancel { attempt: 2 }, "it has ended (failure)"),
            ("2", RERUN, "it is in_progress again"),
            ("3", RERUN, "gone"),
        ] {
            let told = told(&server, run, change).await;
            let [Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
            assert!(message.as_str().contains(words) && message.as_str().contains("nothing was sent"), "{message:?}");
        }
        assert_eq!(posts(&server.requests()), 0);
    });
}

#[test]
fn what_is_left_of_the_hour_is_for_writes_and_what_became_of_them() {
    block_on(async {
        // A window whose share is spent by six answers.
        let reset = quarterdeck::clock::Clock::system().now().wall.as_second() + 1_800;
        let limits = format!(
            "x-ratelimit-limit: 10\r\nx-ratelimit-remaining: 4\r\nx-ratelimit-reset: {reset}\r\nx-ratelimit-resource: core\r\n"
        );
        let row = run_row(1, 1, "completed", Some("failure"));
        let server = Server::answering(move |request| {
            let code = if request.method == "POST" { 201 } else { 200 };
            Reply::Whole(code, limits.clone(), row.to_string())
        })
        .await;
        let client = client(&server.url);
        for _ in 0..6 {
            client.get("/repos/acme/checkout/actions/runs/1").await.unwrap();
        }
        let held = client.get("/repos/acme/checkout/actions/runs/1").await.unwrap_err().to_string();
        assert!(held.contains("the rest is left to you"), "{held}");
        let told = perform(spec(client.clone()), operation("1", RERUN), None).await;
        assert_eq!(told, [Progress::Sent, Progress::Accepted { generation: None }]);
        assert_eq!(evidence(spec(client.clone()), operation("1", RERUN)).await.0, Found::Missing);
        assert_eq!(posts(&server.requests()), 1);
        // A pause the host asks for holds for everything.
        server.answer(|_| refusal(403, "Retry-After: 600\r\n", "You have exceeded a secondary rate limit"));
        assert_eq!(evidence(spec(client.clone()), operation("1", RERUN)).await.0, Found::Untold);
        let before = server.requests().len();
        let told = perform(spec(client), operation("1", RERUN), None).await;
        assert!(matches!(&told[..], [Progress::Refused { .. }]), "{told:?}");
        assert_eq!(server.requests().len(), before);
    });
}

#[test]
fn an_answer_that_cannot_be_read_is_not_called_a_lost_connection() {
    block_on(async {
        for (body, words) in
            [("<html>".to_owned(), "a run"), (run_row(9, 1, "completed", None).to_string(), "about another run")]
        {
            let server = Server::answering(move |_| Reply::Whole(200, LIMITS.to_owned(), body.clone())).await;
            let told = told(&server, "1", RERUN).await;
            let [Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
            let said = message.as_str();
            assert!(said.contains(words) && said.contains("cannot be read before the send"), "{said}");
            assert!(!said.contains("connection"), "{said}");
            assert_eq!(posts(&server.requests()), 0);
        }
    });
}

#[test]
fn a_refusal_is_repeated_word_for_word() {
    block_on(async {
        for (code, words) in [
            (403, "This workflow run cannot be retried, it is too old"),
            (409, "Cannot cancel a workflow run that is completed."),
            (422, "The workflow run containing this job is already running"),
        ] {
            let read = hub(Arc::new(AtomicU32::new(1)));
            let server =
                Server::answering(
                    move |request| {
                        if request.method == "POST" { refusal(code, LIMITS, words) } else { read(request) }
                    },
                )
                .await;
            let told = told(&server, "1", RERUN).await;
            let [Progress::Sent, Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
            assert_eq!(message.as_str(), format!("{words} ({code})"));
            assert_eq!(posts(&server.requests()), 1);
        }
    });
}

#[test]
fn r34_whatever_happens_to_it_a_write_is_sent_once() {
    block_on(async {
        for mode in WRITE_MODES {
            let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
            let proxy = Proxy::start(&server.url, mode).await;
            let short = Deadlines { write: Duration::from_millis(800), ..deadlines() };
            let client = client_with(&proxy.url, Wanted::Nothing, short);
            // A pool full of connections that die now.
            client.get("/repos/acme/checkout/actions/runs/1").await.unwrap();
            proxy.kill_idle();
            let sent = client
                .post(
                    Writes::granted(),
                    client.turn().await,
                    "/repos/acme/checkout/actions/runs/1/rerun-failed-jobs",
                    Some(&json!({})),
                )
                .await;
            match mode {
                Mode::Answer(429) => assert!(matches!(sent, Sent::Refused { code: 429, .. }), "{mode:?}: {sent:?}"),
                _ => assert!(matches!(sent, Sent::Unknown { .. }), "{mode:?}: {sent:?}"),
            }
            // A second send would come whole: the proxy resets the first bytes of each.
            assert_eq!(proxy.bodies(), usize::from(mode != Mode::ResetBefore), "{mode:?}");
            assert!(posts(&server.requests()) <= 1);
        }
        let gone = Refusing::new();
        let client = client(&gone.url);
        let sent = client.post(Writes::granted(), client.turn().await, "/x", Some(&json!({}))).await;
        assert!(matches!(&sent, Sent::NotSent { message } if message.contains("refused")), "{sent:?}");
    });
}

#[test]
fn the_run_tells_what_became_of_a_write_nobody_heard_the_end_of() {
    block_on(async {
        for (row, change, found) in [
            (run_row(1, 2, "queued", None), RERUN, Found::Applied),
            (run_row(1, 1, "completed", Some("failure")), RERUN, Found::Missing),
            (run_row(1, 1, "completed", Some("cancelled")), CANCEL, Found::Applied),
            (run_row(1, 1, "in_progress", None), CANCEL, Found::Untold),
            (run_row(1, 1, "completed", Some("success")), CANCEL, Found::Passed),
            (run_row(1, 2, "in_progress", None), CANCEL, Found::Passed),
            (run_row(9, 2, "in_progress", None), CANCEL, Found::Untold),
            (run_row(1, 2, "queued", None), one_job("11", 1, false), Found::Applied),
            (run_row(1, 1, "completed", None), Change::RerunAll { attempt: 1, debug: true }, Found::Missing),
            (run_row(1, 1, "completed", Some("cancelled")), Change::ForceCancel { attempt: 1 }, Found::Applied),
            (run_row(1, 1, "in_progress", None), Change::ForceCancel { attempt: 1 }, Found::Untold),
        ] {
            let server = Server::answering({
                let row = row.clone();
                move |_| answer(&row)
            })
            .await;
            let told = evidence(spec(client(&server.url)), operation("1", change)).await;
            assert_eq!(told.0, found, "{row}: {}", told.1);
        }
        let server = Server::answering(|_| refusal(404, LIMITS, "Not Found")).await;
        assert_eq!(evidence(spec(client(&server.url)), operation("1", RERUN)).await.0, Found::Gone);
    });
}

/// What a tail of this job says, up to its end.
async fn log(server: &Server, job: &str, enough: fn(&LogEvent) -> bool) -> (String, String) {
    let mut reading = Reading::start(client(&server.url));
    let (tx, mut rx) = mpsc::channel(16);
    let request = LogRequest {
        pod: object(Kind::Job, job),
        container: None,
        previous: false,
        since: LogSince::Head,
        of: LogOf::Log,
    };
    reading.systems.tail(TailId(1), request, tx);
    let (mut text, mut said) = (String::new(), String::new());
    loop {
        let (_, event) = next(&mut rx).await.expect("a tail that speaks");
        match &event {
            LogEvent::Lines(chunk) => text.push_str(&String::from_utf8_lossy(&chunk.bytes)),
            LogEvent::Failed { message }
            | LogEvent::Gone { message, .. }
            | LogEvent::Reconnecting { message }
            | LogEvent::Waiting { message } => {
                message.as_str().clone_into(&mut said);
            }
            LogEvent::Opened | LogEvent::Ended => {}
        }
        if enough(&event) {
            break;
        }
    }
    reading.stop().await;
    (text, said)
}

#[test]
fn the_log_of_a_finished_job_is_read_and_a_running_one_names_the_browser() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
        let (text, _) = log(&server, "11", |event| matches!(event, LogEvent::Ended)).await;
        assert!(text.starts_with("2026-11-21T12:00:03.1234567Z ##[group]Run e2e\n"), "{text:?}");
        assert!(text.contains("##[error]3 failed"), "{text}");
        let signed: Vec<Request> =
            server.requests().into_iter().filter(|one| one.path.starts_with("/signed")).collect();
        assert_eq!(signed.len(), 1);
        assert!(!signed[0].head.contains(TOKEN) && !signed[0].head.to_lowercase().contains("authorization"));

        let (text, said) = log(&server, "21", |event| matches!(event, LogEvent::Waiting { .. })).await;
        assert_eq!(text, "");
        assert!(said.contains("no live log") && said.contains("in_progress") && said.contains("/job/21"), "{said}");

        let read = hub(Arc::new(AtomicU32::new(1)));
        server.answer(move |request| {
            if request.path.contains("/signed/") {
                Reply::Whole(410, String::new(), String::new())
            } else {
                read(request)
            }
        });
        let (_, said) = log(&server, "11", |event| matches!(event, LogEvent::Failed { .. })).await;
        assert!(said.contains("expired") && !said.contains("s3cret"), "{said}");
    });
}

#[test]
fn a_log_that_stops_coming_is_broken_and_read_again() {
    block_on(async {
        let stalls = Arc::new(AtomicU32::new(1));
        let read = hub(Arc::new(AtomicU32::new(1)));
        let server = Server::answering(move |request| {
            let stall = request.path.starts_with("/signed/11") && stalls.swap(0, Ordering::SeqCst) == 1;
            if stall {
                Reply::Held(vec!["2026-11-21T12:00:03.1234567Z ##[group]Run e2e".to_owned()])
            } else {
                read(request)
            }
        })
        .await;
        let short = Deadlines { idle: Duration::from_millis(300), ..deadlines() };
        let mut reading = Reading::start(client_with(&server.url, Wanted::Nothing, short));
        let (tx, mut rx) = mpsc::channel(16);
        let request = LogRequest {
            pod: object(Kind::Job, "11"),
            container: None,
            previous: false,
            since: LogSince::Head,
            of: LogOf::Log,
        };
        reading.systems.tail(TailId(1), request, tx);
        let (mut text, mut said) = (String::new(), Vec::new());
        while let Some((_, event)) = next(&mut rx).await {
            match event {
                LogEvent::Lines(chunk) => text.push_str(&String::from_utf8_lossy(&chunk.bytes)),
                LogEvent::Reconnecting { message } => said.push(message),
                LogEvent::Ended => break,
                _ => {}
            }
        }
        assert!(said.len() == 1 && said[0].as_str().contains("no more of the answer within 0.3 s"), "{said:?}");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("##[error]3 failed"), "{text}");
        reading.stop().await;
    });
}
