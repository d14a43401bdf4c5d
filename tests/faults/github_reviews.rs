//! What runs wait for, read only of those that wait; and decisions on it: after a look, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quarterdeck::action::{Change, Found, Gate, Progress};
use quarterdeck::model::approvals::Pending;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Kind, Name, Uid};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::github_writes::operation;
use super::hub::{LIMITS, Reading, SOURCE, answer, client, object, refusal, run_row, spec};
use super::server::{Reply, Request, Server};
use super::support::{block_on, evidence, perform};

pub fn review(approve: bool) -> Change {
    let gate = |environment, name: &str| Gate { environment, name: Name::new(name) };
    Change::Review {
        attempt: 1,
        approve,
        gates: vec![gate(7, "production"), gate(8, "database")],
        comment: Safe::of("checked"),
        jobs: vec![Uid::new(SOURCE, "31")],
    }
}

fn row(id: u64, name: &str, may: bool) -> Value {
    json!({ "environment": { "id": id, "name": name }, "wait_timer": 0, "wait_timer_started_at": null,
        "current_user_can_approve": may,
        "reviewers": [{ "type": "User", "reviewer": { "login": "ada" } }] })
}

pub fn both() -> Value {
    json!([row(7, "production", true), row(8, "database", true)])
}

/// Run 3 waits for `pending`, and this was said of it.
pub fn hub(pending: Value, said: Value, run: Value) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let path = request.path.strip_prefix("/repos/acme/checkout/actions/").unwrap_or_default();
        match (request.method.as_str(), path.split('?').next().unwrap_or_default()) {
            ("GET", "runs") => answer(&json!({ "total_count": 1, "workflow_runs": [run] })),
            ("GET", "runs/3") => answer(&run),
            ("GET", "runs/3/jobs") => answer(&json!({ "jobs": [] })),
            ("GET", "runs/3/pending_deployments") => answer(&pending),
            ("GET", "runs/3/approvals") => answer(&said),
            ("POST", "runs/3/pending_deployments") => answer(&json!([{ "id": 1 }])),
            ("POST", "runs/3/approve") => Reply::Whole(201, LIMITS.to_owned(), "{}".to_owned()),
            _ if request.path == "/user" => answer(&json!({ "login": "ada" })),
            _ => refusal(404, LIMITS, "Not Found"),
        }
    }
}

pub fn waiting() -> Value {
    run_row(3, 1, "waiting", None)
}

fn posts(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.method == "POST").collect()
}

#[test]
fn two_environments_are_decided_on_in_one_request() {
    block_on(async {
        for (approve, word) in [(true, "approved"), (false, "rejected")] {
            let server = Server::answering(hub(both(), json!([]), waiting())).await;
            let told = perform(spec(client(&server.url)), operation("3", review(approve)), None).await;
            assert_eq!(told, [Progress::Sent, Progress::Accepted { generation: None }]);
            let sent = posts(&server);
            assert_eq!(sent.len(), 1);
            assert_eq!(sent[0].path, "/repos/acme/checkout/actions/runs/3/pending_deployments");
            let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
            assert_eq!(body, json!({ "environment_ids": [7, 8], "state": word, "comment": "checked" }));
        }
    });
}

#[test]
fn what_moved_since_is_left_alone() {
    block_on(async {
        let one = json!([row(7, "production", true)]);
        let not_mine = json!([row(7, "production", true), row(8, "database", false)]);
        for (pending, run, words) in [
            (one, waiting(), "does not wait for database any more"),
            (not_mine, waiting(), "may not decide on database now"),
            (both(), run_row(3, 2, "waiting", None), "attempt 2 now, not 1"),
            (both(), run_row(3, 1, "completed", Some("cancelled")), "it has ended (cancelled)"),
            (json!({ "message": "odd" }), waiting(), "cannot be read before the send"),
        ] {
            let server = Server::answering(hub(pending, json!([]), run)).await;
            let told = perform(spec(client(&server.url)), operation("3", review(true)), None).await;
            let [Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
            assert!(message.as_str().contains(words) && message.as_str().contains("nothing was sent"), "{message:?}");
            assert_eq!(posts(&server).len(), 0);
        }
        // Without a comment, or without an environment, GitHub would refuse it.
        let server = Server::answering(hub(both(), json!([]), waiting())).await;
        let mut empty = review(true);
        if let Change::Review { comment, .. } = &mut empty {
            *comment = Safe::default();
        }
        let told = perform(spec(client(&server.url)), operation("3", empty), None).await;
        assert!(matches!(&told[..], [Progress::Refused { .. }]), "{told:?}");
        assert_eq!(posts(&server).len(), 0);
    });
}

#[test]
fn a_run_from_a_fork_is_let_begin_once() {
    block_on(async {
        let change = Change::ApproveRun { attempt: 1 };
        let asks = run_row(3, 1, "completed", Some("action_required"));
        let server = Server::answering(hub(json!([]), json!([]), asks)).await;
        let told = perform(spec(client(&server.url)), operation("3", change.clone()), None).await;
        assert_eq!(told, [Progress::Sent, Progress::Accepted { generation: None }]);
        assert_eq!(evidence(spec(client(&server.url)), operation("3", change.clone())).await.0, Found::Missing);
        let sent = posts(&server);
        assert_eq!((sent.len(), sent[0].body.len()), (1, 0));
        assert!(sent[0].path.ends_with("/runs/3/approve"));
        let server = Server::answering(hub(json!([]), json!([]), run_row(3, 1, "queued", None))).await;
        let told = perform(spec(client(&server.url)), operation("3", change.clone()), None).await;
        assert!(matches!(&told[..], [Progress::Refused { .. }]), "{told:?}");
        assert_eq!(evidence(spec(client(&server.url)), operation("3", change)).await.0, Found::Applied);
    });
}

#[test]
fn after_an_unknown_outcome_the_list_and_what_people_said_tell() {
    block_on(async {
        let said = |comment: &str, state: &str| {
            json!([{ "state": state, "comment": comment, "user": { "login": "ada" },
                "environments": [{ "id": 8, "name": "database" }, { "id": 7, "name": "production" }] }])
        };
        let taken = json!([row(7, "production", false)]);
        for (pending, said, run, found) in [
            (json!([]), said("checked", "approved"), waiting(), Found::Applied),
            // Approved, and its wait timer keeps it in the list.
            (taken, said("checked", "approved"), waiting(), Found::Applied),
            (both(), json!([]), waiting(), Found::Missing),
            // Of an attempt before: this one still asks.
            (both(), said("checked", "approved"), waiting(), Found::Missing),
            (json!([]), said("fine", "approved"), waiting(), Found::Passed),
            (json!([]), said("checked", "rejected"), waiting(), Found::Passed),
            (json!([]), json!([]), waiting(), Found::Passed),
            (json!([]), said("checked", "approved"), run_row(3, 2, "queued", None), Found::Passed),
            (json!({}), json!([]), waiting(), Found::Untold),
        ] {
            let server = Server::answering(hub(pending.clone(), said.clone(), run)).await;
            let told = evidence(spec(client(&server.url)), operation("3", review(true))).await;
            assert_eq!(told.0, found, "{pending} {said}: {}", told.1);
            assert_eq!(posts(&server).len(), 0, "evidence sends nothing");
        }
    });
}

async fn heard(reading: &mut Reading) -> Result<Arc<Pending>, Safe> {
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Pending(read)) => Some(read.pending.clone()),
            _ => None,
        })
        .await
}

fn look(reading: &Reading) {
    let pending = vec![object(Kind::Run, "3")];
    reading.systems.look_at(Arc::new(Interest { pending, ..Interest::default() }));
}

#[test]
fn what_a_run_waits_for_is_read_when_somebody_wants_it_and_who_asks_only_where_that_matters() {
    block_on(async {
        let asked = |server: &Server, what: &str| {
            server.requests().iter().filter(|request| request.path.ends_with(what)).count()
        };
        let server = Server::answering(hub(both(), json!([]), waiting())).await;
        let mut reading = Reading::start(client(&server.url));
        reading.listed().await;
        assert_eq!(asked(&server, "pending_deployments"), 0, "nobody looks");
        look(&reading);
        let pending = heard(&mut reading).await.unwrap();
        assert_eq!((pending.deployments.len(), &pending.login), (2, &None));
        assert_eq!(asked(&server, "/user"), 0, "nothing is refused, so it does not matter whose run it is");
        reading.stop().await;

        let refused = json!([row(7, "production", false)]);
        let server = Server::answering(hub(refused, json!([]), waiting())).await;
        let mut reading = Reading::start(client(&server.url));
        look(&reading);
        for _ in 0..2 {
            assert_eq!(heard(&mut reading).await.unwrap().login, Some(Safe::of("ada")));
        }
        assert_eq!(asked(&server, "/user"), 1);
        reading.stop().await;
    });
}

/// R26: trouble with it is said, and is no trouble of the list.
#[test]
fn r26_what_cannot_be_read_is_said_and_asked_for_again() {
    block_on(async {
        let count = Arc::new(AtomicU32::new(0));
        let server = Server::answering({
            let (count, rest) = (Arc::clone(&count), hub(both(), json!([]), waiting()));
            move |request| {
                if !request.path.ends_with("/pending_deployments") {
                    return rest(request);
                }
                match count.fetch_add(1, Ordering::SeqCst) {
                    0 => refusal(500, LIMITS, "Server Error"),
                    1 => Reply::Whole(200, LIMITS.to_owned(), "{\"odd\":1}".to_owned()),
                    _ => rest(request),
                }
            }
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        look(&reading);
        let mut told = Vec::new();
        while told.last() != Some(&true) {
            told.push(heard(&mut reading).await.is_ok());
        }
        assert!(told.len() >= 2 && !told[0], "{told:?}");
        reading.stop().await;
    });
}
