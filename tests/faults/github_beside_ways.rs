//! Lists beside the runs whose pages go on and on, who looks away and back, and who names nobody.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::model::interest::Interest;
use quarterdeck::model::security::{SecurityRead, Unread};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Kind, Name};
use quarterdeck::net::Wanted;
use quarterdeck::systems::Pace;
use serde_json::{Value, json};

use super::github_beside::{alert, security};
use super::hub::{LIMITS, Reading, SOURCE, answer, client, client_with, deadlines, job_row, object, refusal, run_row};
use super::server::{Reply, Request, Server};
use super::support::block_on;
use super::watches::quick;

fn looks() -> Arc<Interest> {
    Arc::new(Interest { security: vec![(SOURCE, Name::new("acme/checkout"))], ..Interest::default() })
}

/// Nothing is due a second time.
fn patient() -> Pace {
    Pace { runs: (Duration::from_millis(50), Duration::from_mins(10)), ..quick() }
}

fn runs() -> Reply {
    answer(&json!({ "total_count": 1, "workflow_runs": [run_row(1, 1, "completed", Some("success"))] }))
}

/// Alerts without an end, two pages of scans, a secret that is cut in half.
fn pages(request: &Request) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let page: u64 = query.split('&').find_map(|part| part.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
    let (rows, last) = match path.rsplit_once('/') {
        Some(("/repos/acme/checkout/actions", "runs")) => return runs(),
        Some(("/repos/acme/checkout/code-scanning", "alerts")) => (alert(page, Some("high")), u64::MAX),
        Some(("/repos/acme/checkout/code-scanning", "analyses")) => (
            json!({ "ref": "refs/heads/main", "commit_sha": format!("aaaaaaa{page}"), "tool": { "name": "Trivy" } }),
            2,
        ),
        Some(("/repos/acme/checkout/secret-scanning", "alerts")) => (json!({ "state": "open" }), 1),
        _ => return refusal(404, LIMITS, "Not Found"),
    };
    let next = (page < last).then(|| format!("Link: <http://{host}{path}?page={}>; rel=\"next\"\r\n", page + 1));
    let headers = format!("{LIMITS}ETag: \"{page}\"\r\n{}", next.unwrap_or_default());
    if request.head.contains(&format!("if-none-match: \"{page}\"")) {
        return Reply::Whole(304, headers, String::new());
    }
    Reply::Whole(200, headers, Value::Array(vec![rows]).to_string())
}

fn of_findings(server: &Server) -> usize {
    server.requests().iter().filter(|one| one.path.contains("-scanning/")).count()
}

#[test]
fn pages_are_read_by_their_links_to_a_bound_and_more_is_told() {
    block_on(async {
        let server = Server::answering(pages).await;
        let mut reading = Reading::start(client(&server.url));
        reading.systems.look_at(looks());
        for turn in ["at first", "unchanged"] {
            let SecurityRead { findings, analyses, secrets, .. } = security(&mut reading).await;
            let (findings, analyses, secrets) = (findings.unwrap(), analyses.unwrap(), secrets.unwrap());
            let numbers: Vec<i64> = findings.rows.iter().map(|row| row.number).collect();
            assert_eq!((numbers, findings.more), ((1..=10).collect(), true), "{turn}");
            assert_eq!((analyses.rows.len(), analyses.is_whole()), (2, true), "{turn}");
            assert_eq!((secrets.rows.len(), secrets.is_whole()), (0, false), "{turn}");
        }
        let fresh = |one: &Request| one.path.contains("code-scanning/alerts") && !one.head.contains("if-none-match");
        assert_eq!(server.requests().iter().filter(|one| fresh(one)).count(), 10, "each page once");
        reading.stop().await;
    });
}

#[test]
fn who_looks_away_and_back_makes_nothing_asked_and_nothing_younger_than_it_is() {
    block_on(async {
        let server = Server::answering(|request| match request.path.split('?').next().unwrap_or_default() {
            path if path.ends_with("/jobs") => answer(&json!({ "jobs": [job_row(11, "completed", None)] })),
            _ => pages(request),
        })
        .await;
        let mut reading = Reading::at(client(&server.url), patient());
        reading.systems.look_at(looks());
        security(&mut reading).await;
        let asked = of_findings(&server);
        // That two other things were read, one after the other, proves that the look away was seen.
        for run in ["1", "2"] {
            reading.look_at(&[run]);
            assert!(reading.jobs().await.is_ok());
        }
        // What is told again would be taken for what was read just now.
        let mut told = 0;
        for run in ["3", "4"] {
            let jobs = vec![object(Kind::Run, run)];
            reading.systems.look_at(Arc::new(Interest { jobs, ..(*looks()).clone() }));
            let found = |event: &FeedEvent| match event {
                FeedEvent::Detail(Detail::Security(_)) => {
                    told += 1;
                    None
                }
                FeedEvent::Detail(Detail::Jobs(_)) => Some(()),
                _ => None,
            };
            reading.find(found).await;
        }
        assert_eq!((told, of_findings(&server)), (0, asked));
        reading.stop().await;
    });
}

#[test]
fn nothing_is_asked_about_findings_in_nobodys_name() {
    block_on(async {
        let server = Server::answering(pages).await;
        let mut reading = Reading::start(client_with(&server.url, Wanted::Nothing, deadlines()));
        reading.systems.look_at(looks());
        let read = reading
            .find(|event| match event {
                FeedEvent::Detail(Detail::Security(read)) => Some(read.as_ref().clone()),
                _ => None,
            })
            .await;
        for why in [read.findings.unwrap_err(), read.analyses.unwrap_err(), read.secrets.unwrap_err()] {
            assert!(matches!(&why, Unread::NotAllowed(words) if words.as_str().contains("set GH_TOKEN")), "{why:?}");
        }
        assert_eq!(of_findings(&server), 0);
        reading.stop().await;
    });
}
