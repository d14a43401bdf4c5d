//! Runners and findings over HTTP: read only while somebody looks, conditionally, and a refusal is never
//! "there are none".

use std::sync::Arc;

use quarterdeck::model::interest::Interest;
use quarterdeck::model::runners::{RunnerStatus, RunnersRead};
use quarterdeck::model::security::{SecurityRead, Severity, Unread};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Kind, Name};
use serde_json::{Value, json};

use super::hub::{LIMITS, Reading, SOURCE, answer, client, job_row, object, refusal, run_row};
use super::server::{Reply, Request, Server};
use super::support::block_on;

fn runner(id: u64, status: &str, busy: bool) -> Value {
    json!({ "id": id, "name": format!("arm-{id}"), "os": "linux", "status": status, "busy": busy,
        "labels": [{ "id": 1, "name": "self-hosted", "type": "read-only" }, { "id": 2, "name": "arm64" }] })
}

/// What each of the lists answers; the runs are there.
fn hub(beside: impl Fn(&str) -> Reply + Send + Sync + 'static) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let path = request.path.split('?').next().unwrap_or_default();
        if path.ends_with("/actions/runs") {
            return answer(
                &json!({ "total_count": 1, "workflow_runs": [run_row(1, 1, "completed", Some("success"))] }),
            );
        }
        match beside(path) {
            Reply::Whole(200, ..) if request.head.contains("if-none-match: \"1\"") => {
                Reply::Whole(304, LIMITS.to_owned(), String::new())
            }
            Reply::Whole(200, headers, body) => Reply::Whole(200, format!("{headers}ETag: \"1\"\r\n"), body),
            other => other,
        }
    }
}

fn here() -> (quarterdeck::model::SourceId, Name) {
    (SOURCE, Name::new("acme/checkout"))
}

async fn runners(reading: &mut Reading) -> RunnersRead {
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Runners(read)) => Some(read.clone()),
            _ => None,
        })
        .await
}

pub async fn security(reading: &mut Reading) -> SecurityRead {
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Security(read)) => Some(read.as_ref().clone()),
            _ => None,
        })
        .await
}

#[test]
fn runners_are_read_while_somebody_waits_for_them_and_are_unchanged_for_free() {
    block_on(async {
        let server = Server::answering(hub(|path| match path {
            "/repos/acme/checkout/actions/runners" => answer(&json!({ "total_count": 3, "runners": [
                runner(1, "online", true), runner(2, "offline", false), runner(3, "online", false), { "name": "odd" },
            ] })),
            _ => refusal(404, LIMITS, "Not Found"),
        }))
        .await;
        let mut reading = Reading::start(client(&server.url));
        reading.listed().await;
        assert!(!server.requests().iter().any(|one| one.path.contains("/runners")), "nobody looks");
        reading.systems.look_at(Arc::new(Interest { runners: vec![here()], ..Interest::default() }));
        let read = runners(&mut reading).await;
        let own = read.own.unwrap();
        let stands: Vec<RunnerStatus> = own.rows.iter().map(|row| row.stands).collect();
        assert_eq!(stands, [RunnerStatus::Busy, RunnerStatus::Offline, RunnerStatus::Idle]);
        assert_eq!(own.left_out, 1);
        let why = read.shared.unwrap_err();
        assert!(why.as_str().contains("acme is no organization, or its runners are not to be seen"), "{why:?}");
        let again = runners(&mut reading).await;
        assert_eq!(again.own.unwrap().rows.len(), 3, "unchanged is what it was");
        let of_own = server.requests().into_iter().filter(|one| one.path.contains("checkout/actions/runners"));
        assert!(of_own.skip(1).all(|one| one.head.contains("if-none-match")), "conditional");
        let refused = || server.requests().iter().filter(|one| one.path.contains("/orgs/acme/actions/runners")).count();
        assert_eq!(refused(), 1, "who was refused does not ask every time");
        assert!(again.shared.unwrap_err().as_str().contains("acme is no organization"), "and knows why");
        reading.systems.refresh();
        while refused() < 2 {
            runners(&mut reading).await;
        }
        reading.stop().await;
    });
}

#[test]
fn who_may_not_see_runners_is_told_so_and_not_that_there_are_none() {
    block_on(async {
        let words = "Resource not accessible by personal access token";
        let server = Server::answering(hub(move |_| refusal(403, LIMITS, words))).await;
        let mut reading = Reading::start(client(&server.url));
        reading.systems.look_at(Arc::new(Interest { runners: vec![here()], ..Interest::default() }));
        let read = runners(&mut reading).await;
        for (part, permission) in [(read.own, "Administration: read"), (read.shared, "Self-hosted runners: read")] {
            let why = part.unwrap_err();
            assert!(why.as_str().contains("not allowed to see runners (403)"), "{why:?}");
            assert!(why.as_str().contains(permission), "{why:?}");
        }
        reading.stop().await;
    });
}

#[test]
fn jobs_of_queued_runs_are_read_in_turn_while_somebody_looks_and_unchanged_for_free() {
    block_on(async {
        let server = Server::answering(hub(|path| match path.rsplit_once("/runs/") {
            Some((_, rest)) if rest.ends_with("/jobs") => answer(&json!({ "jobs": [job_row(11, "queued", None)] })),
            _ => refusal(404, LIMITS, "Not Found"),
        }))
        .await;
        let mut reading = Reading::start(client(&server.url));
        reading.listed().await;
        let queued: Vec<_> = ["1", "2", "3"].map(|id| object(Kind::Run, id)).into();
        reading.systems.look_at(Arc::new(Interest { queued, ..Interest::default() }));
        for _ in 0..3 {
            assert_eq!(reading.jobs().await.unwrap().jobs.len(), 1);
        }
        let asked = |run: &str| {
            let path = format!("/runs/{run}/jobs");
            server.requests().into_iter().filter(|one| one.path.contains(&path)).collect::<Vec<_>>()
        };
        // Each once before any of them again; from then on only what is new costs.
        while ["1", "2", "3"].iter().any(|run| asked(run).len() < 2) {
            reading.listed().await;
        }
        for run in ["1", "2", "3"] {
            assert!(asked(run).iter().skip(1).all(|one| one.head.contains("if-none-match")), "conditional");
        }
        reading.stop().await;
    });
}

pub fn alert(number: u64, level: Option<&str>) -> Value {
    json!({ "number": number, "created_at": "2026-11-20T12:00:00Z", "html_url": "https://github.com/x",
        "rule": { "id": "CVE-1", "severity": "warning", "security_severity_level": level, "description": "Odd" },
        "tool": { "name": "Trivy" }, "most_recent_instance": { "ref": "refs/heads/main", "commit_sha": "aaaaaaa1",
        "location": { "path": "Cargo.lock", "start_line": 7 } } })
}

#[test]
fn findings_secrets_and_scans_are_read_each_for_itself() {
    block_on(async {
        let server = Server::answering(hub(|path| match path.rsplit_once('/') {
            Some(("/repos/acme/checkout/code-scanning", "alerts")) => {
                answer(&json!([alert(1, Some("high")), alert(2, None), null, { "state": "open" }]))
            }
            Some(("/repos/acme/checkout/code-scanning", "analyses")) => refusal(503, LIMITS, "Service Unavailable"),
            Some(("/repos/acme/checkout/secret-scanning", "alerts")) => {
                refusal(404, LIMITS, "Secret scanning is disabled on this repository.")
            }
            _ => refusal(404, LIMITS, "Not Found"),
        }))
        .await;
        let mut reading = Reading::start(client(&server.url));
        reading.systems.look_at(Arc::new(Interest { security: vec![here()], ..Interest::default() }));
        let read = security(&mut reading).await;
        let findings = read.findings.unwrap();
        let severities: Vec<Severity> = findings.rows.iter().map(|row| row.severity).collect();
        assert_eq!((severities, findings.left_out), (vec![Severity::High, Severity::Warning], 2));
        let first = &findings.rows[0];
        assert_eq!((first.branch.name().as_str(), first.commit.as_str()), ("main", "aaaaaaa1"));
        assert_eq!(first.place.as_ref().map(|place| place.as_str().to_owned()), Some("Cargo.lock:7".to_owned()));
        assert!(matches!(read.analyses, Err(Unread::Failed(_))), "{:?}", read.analyses);
        assert!(matches!(read.secrets, Err(Unread::Off(_))), "{:?}", read.secrets);
        let requests = server.requests();
        let of = |part: &str| requests.iter().find(|one| one.path.contains(part)).map(|one| one.path.clone());
        assert!(of("secret-scanning").unwrap().contains("hide_secret=true"), "secrets stay where they are");
        reading.stop().await;
    });
}
