//! Against GitHub's own description of its API, served by `tests/openapi/run`: what we send is valid,
//! what it answers is read. `QUARTERDECK_OPENAPI` names the server that refuses what is not valid,
//! `QUARTERDECK_OPENAPI_EXAMPLES` the one that answers with GitHub's examples, and
//! `QUARTERDECK_OPENAPI_DYNAMIC` the one that makes up answers that are valid.

#![allow(clippy::print_stdout, reason = "what was held against the description is told")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use quarterdeck::action::{Change, Progress};
use quarterdeck::model::asides::Moves;
use quarterdeck::model::interest::{FolderInterest, Interest};
use quarterdeck::model::log::{LogEvent, LogOf, LogRequest, LogSince, TailId};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Kind, Name, SourceId};
use quarterdeck::net::{Deadlines, NetError, Sent, Writes};
use quarterdeck::systems::github::{
    ingest, ingest_asides, ingest_beside, ingest_folders, ingest_gates, ingest_workflow,
};
use quarterdeck::systems::ingest::IngestError;
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::faults::github_reviews::{self, both, review, waiting};
use crate::faults::github_writes::operation;
use crate::faults::hub::{Reading, answer, client, client_with, hub, object, run_row, spec};
use crate::faults::server::{Request, Server};
use crate::faults::support::{block_on, evidence, next, perform};
use crate::faults::{github_asides, github_dispatch};

/// Answers of every read that are made up, and how often it is asked for them: some that the server
/// makes up do not fit its own description, which it says itself.
const ANSWERS: usize = 50;
const TRIES: usize = 20 * ANSWERS;

fn url(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: ${variable} names no server; see tests/openapi/run");
    }
    url
}

fn patient() -> Deadlines {
    Deadlines { headers: Duration::from_secs(20), ..Deadlines::default() }
}

/// One of every request that the console sends to GitHub, as it stood on the wire.
async fn every_request() -> BTreeMap<String, Request> {
    let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
    let mut reading = Reading::start(client(&server.url));
    reading.look_at(&["1"]);
    reading.jobs().await.unwrap();
    let (tx, mut rx) = mpsc::channel(16);
    let pod = object(Kind::Job, "11");
    reading.systems.tail(
        TailId(1),
        LogRequest { pod, container: None, previous: false, since: LogSince::Head, of: LogOf::Log },
        tx,
    );
    while !matches!(next(&mut rx).await.unwrap().1, LogEvent::Ended) {}
    reading.stop().await;
    let job = |attempt| {
        let (job, name) = (object(Kind::Job, "11").uid, Name::new("e2e"));
        Change::RerunJob { attempt, job, name, debug: true }
    };
    // Each rerun counts on.
    for (run, change) in [
        ("2", Change::Cancel { attempt: 1 }),
        ("2", Change::ForceCancel { attempt: 1 }),
        ("1", Change::RerunFailed { attempt: 1, debug: false }),
        ("1", Change::RerunAll { attempt: 2, debug: true }),
        ("1", job(3)),
    ] {
        perform(spec(client(&server.url)), operation(run, change), None).await;
    }
    // What a run waits for, a decision on it, and a run from a fork.
    let fork = run_row(3, 1, "completed", Some("action_required"));
    let mut reviews = Vec::new();
    for (run, change) in [(waiting(), review(true)), (fork, Change::ApproveRun { attempt: 1 })] {
        let server = Server::answering(github_reviews::hub(both(), serde_json::json!([]), run)).await;
        perform(spec(client(&server.url)), operation("3", change.clone()), None).await;
        evidence(spec(client(&server.url)), operation("3", change)).await;
        client(&server.url).get("/user").await.unwrap();
        reviews.extend(server.requests());
    }
    // A workflow that is started: its form, the send, the look for the run that nobody heard of.
    let server_of_forms =
        Server::answering(github_dispatch::hub("1", github_dispatch::made(), serde_json::json!([]))).await;
    let mut reading = Reading::start(client(&server_of_forms.url));
    github_dispatch::read(&mut reading, github_dispatch::wanted(".github/workflows/ci.yml", "main")).await.unwrap();
    reading.stop().await;
    perform(spec(client(&server_of_forms.url)), github_dispatch::dispatch(), None).await;
    evidence(spec(client(&server_of_forms.url)), github_dispatch::dispatch()).await;
    reviews.extend(server_of_forms.requests());
    reviews.extend(beside().await);
    reviews.extend(asides().await);
    // What `doctor` asks beside the runs.
    client(&server.url).get("/repos/acme/checkout/actions/runs?per_page=1").await.unwrap();
    client(&server.url).get("/rate_limit").await.unwrap_err();
    // Where a log lies is not GitHub's API.
    let ours = server.requests().into_iter().chain(reviews).filter(|request| !request.path.starts_with("/signed/"));
    ours.map(|request| (format!("{} {}", request.method, request.path), request)).collect()
}

/// Older runs, runners, findings, secrets and folders: whatever the answer, they are asked for.
async fn beside() -> Vec<Request> {
    let server = Server::answering(|request| {
        if request.path.contains("/commits?path=") {
            return answer(&serde_json::json!([{ "sha": "9f8e7d1", "commit": { "message": "Update pip" } }]));
        }
        if request.path.contains("/actions/workflows?") {
            return answer(&serde_json::json!({ "total_count": 0, "workflows": [] }));
        }
        let newest = request.path.contains("/runs?per_page=100");
        let (count, rows) = if newest { (250, vec![run_row(1, 1, "completed", None)]) } else { (0, Vec::new()) };
        answer(&serde_json::json!({ "total_count": count, "workflow_runs": rows }))
    })
    .await;
    let reading = Reading::start(client(&server.url));
    let here = (SourceId(0), Name::new("acme/checkout"));
    let folder = FolderInterest {
        source: here.0,
        repository: here.1.clone(),
        folder: Arc::from("python"),
        built: vec![Safe::of("4f2a9c1")],
        busy: false,
    };
    let interest = Interest {
        runners: vec![here.clone()],
        security: vec![here.clone()],
        startable: Some(here),
        folders: vec![folder],
        ..Interest::default()
    };
    reading.systems.look_at(Arc::new(interest));
    let all = [
        "status=queued",
        "checkout/actions/runners",
        "acme/actions/runners",
        "hosted-runners",
        "secret-scanning",
        "/analyses",
        "/commits?path=",
        "/compare/",
    ];
    let asked = |requests: &[Request]| {
        let whole = requests.iter().any(|one| one.path == REPOSITORY);
        whole && all.iter().all(|part| requests.iter().any(|one| one.path.contains(part)))
    };
    let requests = server.until(asked).await;
    reading.stop().await;
    requests
}

/// What stands beside a run.
async fn asides() -> Vec<Request> {
    let server = Server::answering(github_asides::hub).await;
    let mut reading = Reading::start(client(&server.url));
    let wanted = github_asides::beside().map(|(what, _)| what);
    github_asides::look(&reading, &wanted, Moves::Never);
    for _ in &wanted {
        reading.find(|event| matches!(event, FeedEvent::Detail(Detail::Aside(_))).then_some(())).await;
    }
    reading.stop().await;
    server.requests()
}

/// The same bytes to another server: its status, head and body.
async fn replay(url: &str, request: &Request) -> (u16, String) {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.expect("the server of tests/openapi/run");
    let head = request.head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&request.body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
    (status, answer)
}

#[test]
fn every_request_is_valid() {
    let Some(url) = url("QUARTERDECK_OPENAPI") else { return };
    block_on(async {
        let requests = every_request().await;
        assert!(requests.len() >= 36, "{:?}", requests.keys());
        // What is decoded below is all that is read of GitHub, but for what has no body of ours.
        let sent = |method: &str| -> BTreeSet<String> {
            requests.keys().filter(|what| what.starts_with(method)).map(|what| operation_of(what)).collect()
        };
        let read = READS.iter().map(|read| operation_of(&format!("GET {read}")));
        let others = UNDECODED.iter().map(|read| operation_of(&format!("GET {read}")));
        assert_eq!(sent("GET"), read.chain(others).collect());
        for (what, request) in &requests {
            let (status, answer) = replay(&url, request).await;
            println!("{status} {what}");
            // 500 with faults in the response alone: an example that does not fit its own schema.
            let own =
                status == 500 && answer.contains("\"location\":[\"response\"") && !answer.contains("[\"request\"");
            assert!(status < 400 || own, "{what}:\n{answer}");
        }
        // It does refuse what is not valid.
        let rerun = requests.iter().find(|(what, _)| what.ends_with("rerun-failed-jobs")).expect("a rerun").1;
        // As long as `false`, so that the head fits.
        let body = b"{\"enable_debug_logging\":\"yes\"}".to_vec();
        assert_eq!(body.len(), rerun.body.len());
        let (status, answer) = replay(&url, &Request { body, ..rerun.clone() }).await;
        assert_eq!(status, 422, "{answer}");
    });
}

const RUN: &str = "/repos/acme/checkout/actions/runs/1";
const REPOSITORY: &str = "/repos/acme/checkout";
const READS: [&str; 29] = [
    REPOSITORY,
    "/user",
    "/repos/acme/checkout/actions/runs?per_page=100",
    "/repos/acme/checkout/actions/runs?status=waiting&per_page=100",
    RUN,
    "/repos/acme/checkout/actions/runs/1/jobs?filter=latest&per_page=100",
    "/repos/acme/checkout/actions/jobs/11",
    "/repos/acme/checkout/actions/runs/1/pending_deployments",
    "/repos/acme/checkout/actions/runs/1/approvals",
    "/repos/acme/checkout/actions/workflows?per_page=100",
    "/repos/acme/checkout/contents/.github%2Fworkflows%2Fci.yml?ref=main",
    "/repos/acme/checkout/environments?per_page=100",
    "/repos/acme/checkout/actions/runners?per_page=100",
    "/orgs/acme/actions/runners?per_page=100",
    "/orgs/acme/actions/hosted-runners?per_page=100",
    "/repos/acme/checkout/code-scanning/alerts?state=open&sort=created&direction=desc&per_page=100",
    "/repos/acme/checkout/code-scanning/analyses?per_page=100",
    "/repos/acme/checkout/secret-scanning/alerts?state=open&hide_secret=true&per_page=100",
    "/repos/acme/checkout/actions/runs/1/jobs?filter=all&per_page=100",
    "/repos/acme/checkout/actions/runs/1/attempts/1",
    "/repos/acme/checkout/actions/runs/1/attempts/1/jobs?per_page=100",
    "/repos/acme/checkout/actions/runs/1/artifacts?per_page=100",
    "/repos/acme/checkout/commits/4f2a9c1/check-runs?filter=latest&per_page=100",
    "/repos/acme/checkout/check-runs/11/annotations?per_page=100",
    "/repos/acme/checkout/deployments?environment=production&per_page=10",
    "/repos/acme/checkout/deployments/1/statuses?per_page=100",
    "/repos/acme/checkout/actions/workflows/ci.yml/runs?event=workflow_dispatch&branch=main&per_page=30",
    "/repos/acme/checkout/commits?path=python&per_page=1",
    "/repos/acme/checkout/compare/4f2a9c1...9f8e7d1?per_page=1",
];

/// What is left of the hour, and where the log lies.
const UNDECODED: [&str; 2] = ["/rate_limit", "/repos/acme/checkout/actions/jobs/11/logs"];

/// Method and path, with no number, commit or question in it.
fn operation_of(what: &str) -> String {
    let path = what.split('?').next().unwrap_or_default();
    let part =
        |part: &str| if part.bytes().any(|byte| byte.is_ascii_digit()) { "1".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Decodes an answer to one of [`READS`]: rows, and rows left out.
fn decode(read: &str, body: &[u8]) -> (usize, u64) {
    let (source, repository, run) = (SourceId(0), Name::new("acme/checkout"), object(Kind::Run, "1"));
    match read.split('?').next().unwrap().rsplit('/').next().unwrap() {
        "1" => ingest::run(source, &repository, body).map(|_| (1, 0)).unwrap(),
        "11" => ingest::job_head(SourceId(0), body).map(|_| (1, 0)).unwrap(),
        "pending_deployments" => {
            let pending = ingest_gates::pending(body).unwrap();
            (pending.deployments.len(), pending.left_out)
        }
        "user" => (usize::from(ingest_gates::login(body).is_some()), 0),
        "approvals" => (ingest_gates::approvals(body).unwrap().len(), 0),
        "jobs" => {
            let jobs = ingest::jobs(&run, 1, &[body]).unwrap();
            (jobs.jobs.len(), jobs.left_out)
        }
        "artifacts" => {
            let all = ingest_asides::artifacts(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "check-runs" => {
            let all = ingest_asides::checks(source, body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "annotations" => {
            let all = ingest_asides::annotations(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "deployments" => {
            let all = ingest_asides::deployments(source, body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "statuses" => (usize::from(ingest_asides::stands(body).unwrap().is_some()), 0),
        "workflows" => {
            let all = ingest_workflow::workflows(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        // GitHub's example is cut and no base64 any more, made up ones never were, and a folder has none.
        ".github%2Fworkflows%2Fci.yml" => {
            (1, u64::from(matches!(ingest_workflow::file(body), Err(IngestError::Truncated { .. }))))
        }
        "environments" => (ingest_workflow::environments(body).unwrap().len(), 0),
        "checkout" => ingest_workflow::default_branch(body).map(|_| (1, 0)).unwrap(),
        "commits" => (usize::from(ingest_folders::newest(body).unwrap().is_some()), 0),
        "4f2a9c1...9f8e7d1" => ingest_folders::relation(body).map(|_| (1, 0)).unwrap(),
        "hosted-runners" => {
            let all = ingest_beside::larger(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "runners" => {
            let all = ingest_beside::runners(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "alerts" if read.contains("code-scanning") => {
            let all = ingest_beside::findings(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "alerts" => {
            let all = ingest_beside::secrets(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        "analyses" => {
            let all = ingest_beside::analyses(body).unwrap();
            (all.rows.len(), all.left_out)
        }
        _ => {
            let page = ingest::runs(source, &repository, body).unwrap();
            (page.runs.len(), page.left_out)
        }
    }
}

#[test]
fn every_example_is_read() {
    let Some(url) = url("QUARTERDECK_OPENAPI_EXAMPLES") else { return };
    block_on(async {
        let client = client_with(&url, quarterdeck::net::Wanted::Nothing, patient());
        for read in READS {
            let body = client.get(read).await.unwrap_or_else(|error| panic!("{read}: {error}"));
            let (rows, left_out) = decode(read, &body);
            assert!(rows >= 1 && left_out == 0, "{read}: {rows}, {left_out} left out");
        }
        let log = client.get("/repos/acme/checkout/actions/jobs/11/logs").await.unwrap_err();
        assert!(matches!(log, NetError::Redirected { .. }), "{log}");
    });
}

#[test]
fn no_made_up_answer_costs_a_page_or_a_row() {
    let Some(url) = url("QUARTERDECK_OPENAPI_DYNAMIC") else { return };
    block_on(async {
        let client = client_with(&url, quarterdeck::net::Wanted::Nothing, patient());
        for read in READS {
            let (mut answers, mut rows, mut refused) = (0, 0, 0);
            while answers < ANSWERS {
                match client.get(read).await {
                    Ok(body) => {
                        let (read_here, left_out) = decode(read, &body);
                        assert_eq!(left_out, 0, "{read}: {}", String::from_utf8_lossy(&body));
                        (answers, rows) = (answers + 1, rows + read_here);
                    }
                    // What was made up does not fit its schema: said by the server, not read by us.
                    Err(NetError::Api { code: 500, .. }) => refused += 1,
                    Err(error) => panic!("{read}, after {answers}: {error}"),
                }
                assert!(answers + refused < TRIES, "{read}: {answers} answers, {refused} refused by the server itself");
            }
            println!("{answers} answers, {rows} rows, {refused} refused by the server itself: {read}");
        }
    });
}

/// Every write that the console sends, to a server that answers as GitHub's description says: what was answered.
async fn answers(url: &str, writes: &BTreeMap<String, Request>) -> BTreeMap<String, Sent> {
    let client = client_with(url, quarterdeck::net::Wanted::Nothing, patient());
    let mut all = BTreeMap::new();
    for (what, request) in writes {
        let body = (!request.body.is_empty()).then(|| serde_json::from_slice(&request.body).unwrap());
        let sent = client.post(Writes::granted(), client.turn().await, &request.path, body.as_ref()).await;
        all.insert(what.clone(), sent);
    }
    all
}

/// What comes of an answer to a start, and of one to a decision.
async fn told(started: &Value, decided: &Value) -> [Vec<Progress>; 2] {
    let server = Server::answering(github_dispatch::hub("1", answer(started), json!([]))).await;
    let start = perform(spec(client(&server.url)), github_dispatch::dispatch(), None).await;
    let (looks, said) = (github_reviews::hub(both(), json!([]), waiting()), answer(decided));
    let server =
        Server::answering(move |request| if request.method == "POST" { said.clone() } else { looks(request) }).await;
    let decide = perform(spec(client(&server.url)), operation("3", review(true)), None).await;
    [start, decide]
}

/// The answer to the write whose address ends so.
fn answer_to<'a>(all: &'a BTreeMap<String, Sent>, end: &str) -> &'a Sent {
    all.iter().find(|(what, _)| what.ends_with(end)).map(|(_, sent)| sent).expect("the write")
}

async fn every_write() -> BTreeMap<String, Request> {
    let mut all = every_request().await;
    all.retain(|what, _| what.starts_with("POST "));
    assert!(all.len() >= 8, "{:?}", all.keys());
    all
}

#[test]
fn every_example_of_an_answer_to_a_write_is_taken() {
    let Some(url) = url("QUARTERDECK_OPENAPI_EXAMPLES") else { return };
    block_on(async {
        let all = answers(&url, &every_write().await).await;
        for (what, sent) in &all {
            assert!(matches!(sent, Sent::Accepted(_)), "{what}: {sent:?}");
        }
        let (Sent::Accepted(started), Sent::Accepted(decided)) =
            (answer_to(&all, "/dispatches"), answer_to(&all, "/pending_deployments"))
        else {
            panic!("{all:?}")
        };
        // A decision is answered with the deployments it was about.
        assert!(decided.as_array().is_some_and(|rows| !rows.is_empty()), "{decided}");
        let id = started["workflow_run_id"].as_i64().expect("the run that was made").to_string();
        let [start, decide] = told(started, decided).await;
        let accepted = Progress::Accepted { generation: None };
        assert_eq!(start, [Progress::Sent, Progress::Made { id: Name::new(&id) }, accepted.clone()]);
        assert_eq!(decide, [Progress::Sent, accepted]);
    });
}

#[test]
fn no_made_up_answer_to_a_write_is_lost() {
    let Some(url) = url("QUARTERDECK_OPENAPI_DYNAMIC") else { return };
    block_on(async {
        let mut writes = every_write().await;
        writes.retain(|what, _| what.ends_with("/dispatches") || what.ends_with("/pending_deployments"));
        let (mut taken, mut tries) = ([0, 0], 0);
        while taken.iter().any(|taken| *taken < ANSWERS) {
            let all = answers(&url, &writes).await;
            let value = |end: &str| match answer_to(&all, end) {
                Sent::Accepted(value) => Some(value.clone()),
                // What was made up does not fit its schema, and its server says so.
                Sent::Unknown { .. } => None,
                other => panic!("{other:?}"),
            };
            let (started, decided) = (value("/dispatches"), value("/pending_deployments"));
            taken[0] += usize::from(started.is_some());
            taken[1] += usize::from(decided.is_some());
            let run = started.as_ref().and_then(|started| started["workflow_run_id"].as_i64());
            let [start, decide] = told(&started.clone().unwrap_or(Value::Null), &decided.unwrap_or(Value::Null)).await;
            assert_eq!(decide.last(), Some(&Progress::Accepted { generation: None }));
            assert_eq!(start.last(), Some(&Progress::Accepted { generation: None }));
            let made = start.iter().find_map(|progress| match progress {
                Progress::Made { id } => Some(id.raw().to_owned()),
                _ => None,
            });
            assert_eq!(made, run.map(|id| id.to_string()), "{started:?}");
            tries += 1;
            assert!(tries < TRIES, "{taken:?} answers of {tries}");
        }
        println!("{taken:?} answers of {tries} to a start and to a decision");
    });
}
