//! A workflow that is started by hand: its form is read from its file, the file is compared before the
//! send, the answer names the run, and one nobody heard is looked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quarterdeck::action::{Action, Change, Found, Operation, Progress};
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::workflows::{Dispatchable, InputKind, WorkflowWanted};
use quarterdeck::model::{Kind, Name, Uid};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::github_writes::operation;
use super::hub::{LIMITS, Reading, SOURCE, answer, client, object, refusal, run_row, spec};
use super::server::{Reply, Request, Server};
use super::support::{block_on, evidence, perform};

const PATH: &str = ".github/workflows/ci.yml";
/// `on: { workflow_dispatch: { inputs: { where: { type: environment }, note: {} } } }`
const FILE: &str = "b246IHsgd29ya2Zsb3dfZGlzcGF0Y2g6IHsgaW5wdXRzOiB7IHdoZXJlOiB7
IHR5cGU6IGVudmlyb25tZW50IH0sIG5vdGU6IHt9IH0gfSB9Cg==
";

/// A file with this blob; how a dispatch is answered; runs that began by hand.
pub fn hub(sha: &'static str, dispatch: Reply, runs: Value) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let path = request.path.strip_prefix("/repos/acme/checkout/").unwrap_or_default();
        match (request.method.as_str(), path) {
            ("GET", "actions/workflows?per_page=100") => answer(&json!({ "total_count": 2, "workflows": [
                { "id": 9, "name": "ci", "path": PATH, "state": "active" },
                { "id": 8, "name": "old", "path": ".github/workflows/old.yml", "state": "disabled_manually" },
            ] })),
            ("GET", "contents/.github%2Fworkflows%2Fci.yml?ref=main") => {
                answer(&json!({ "type": "file", "encoding": "base64", "content": FILE, "sha": sha }))
            }
            ("GET", "contents/.github%2Fworkflows%2Fci.yml?ref=plain") => {
                answer(&json!({ "type": "file", "encoding": "base64", "content": "b246IHB1c2gK", "sha": "3" }))
            }
            ("GET", "environments?per_page=100") => {
                answer(&json!({ "total_count": 1, "environments": [{ "name": "staging" }] }))
            }
            ("GET", "actions/runs?per_page=100") => {
                answer(&json!({ "total_count": 1, "workflow_runs": [run_row(1, 1, "completed", None)] }))
            }
            ("GET", _) if path.starts_with("actions/workflows/ci.yml/runs?event=workflow_dispatch&branch=main") => {
                answer(&json!({ "workflow_runs": runs }))
            }
            ("POST", "actions/workflows/ci.yml/dispatches") => dispatch.clone(),
            _ if request.path == "/user" => answer(&json!({ "login": "ada" })),
            _ => refusal(404, LIMITS, "Not Found"),
        }
    }
}

pub fn made() -> Reply {
    let body = json!({ "workflow_run_id": 77, "run_url": "x", "html_url": "y" });
    Reply::Whole(200, LIMITS.to_owned(), body.to_string())
}

pub fn wanted(path: &str, reference: &str) -> WorkflowWanted {
    WorkflowWanted {
        source: SOURCE,
        repository: Name::new("acme/checkout"),
        path: Name::new(path),
        reference: Name::new(reference),
    }
}

/// The operation as the form makes it.
pub fn dispatch() -> Operation {
    let change = Change::Dispatch {
        path: Name::new(PATH),
        reference: Name::new("main"),
        sha: Name::new("1"),
        inputs: vec![(Name::new("where"), Name::new("staging")), (Name::new("note"), Name::new("a \"b\"\\n"))],
        environment: Some(Name::new("staging")),
        last: Some(Uid::new(SOURCE, "50")),
    };
    let mut operation = operation("9", change.clone());
    operation.started = "2026-11-21T12:00:00Z".parse().unwrap();
    operation.action = Action { target: object(Kind::Workflow, "acme/checkout ci"), change };
    operation
}

pub async fn read(reading: &mut Reading, wanted: WorkflowWanted) -> Result<Arc<Dispatchable>, Safe> {
    let interest = Interest { workflow: Some(wanted.clone()), ..Interest::default() };
    reading.systems.look_at(Arc::new(interest));
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Workflow(read)) if read.wanted == wanted => Some(read.workflow.clone()),
            _ => None,
        })
        .await
}

#[test]
fn the_form_is_read_from_the_file_at_the_branch() {
    block_on(async {
        let server = Server::answering(hub("1", made(), json!([]))).await;
        let mut reading = Reading::start(client(&server.url));
        let form = read(&mut reading, wanted(PATH, "main")).await.unwrap();
        assert_eq!((form.id, form.name.raw(), form.sha.raw()), (9, "ci", "1"));
        let inputs: Vec<(&str, &InputKind)> = form.inputs.iter().map(|one| (one.name.raw(), &one.kind)).collect();
        let environments = InputKind::Environment(Ok(vec![Name::new("staging")]));
        assert_eq!(inputs, [("where", &environments), ("note", &InputKind::Text)]);
        for (path, reference, words) in [
            (PATH, "plain", "has no workflow_dispatch trigger"),
            (PATH, "gone", "no such branch or tag"),
            (".github/workflows/old.yml", "main", "not active: disabled_manually"),
            (".github/workflows/none.yml", "main", "has no workflow .github/workflows/none.yml any more"),
        ] {
            let why = read(&mut reading, wanted(path, reference)).await.unwrap_err();
            assert!(why.as_str().contains(words), "{why:?}");
        }
        // What is asked for is read once, and nobody asks when nobody looks.
        let count = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("/contents/")).count();
        let before = count(&server.requests());
        let lists = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("/runs?")).count();
        let seen = lists(&server.requests());
        let requests = server.until(|requests| lists(requests) > seen + 4).await;
        assert_eq!(count(&requests), before);
        reading.stop().await;
    });
}

#[test]
fn a_dispatch_is_sent_once_and_the_answer_names_its_run() {
    block_on(async {
        let server = Server::answering(hub("1", made(), json!([]))).await;
        let told = perform(spec(client(&server.url)), dispatch(), None).await;
        let made = Progress::Made { id: Name::new("77") };
        assert_eq!(told, [Progress::Sent, made, Progress::Accepted { generation: None }]);
        let requests = server.requests();
        let sent: Vec<&Request> = requests.iter().filter(|one| one.method == "POST").collect();
        assert_eq!(sent.len(), 1);
        let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
        let inputs = json!({ "where": "staging", "note": "a \"b\"\\n" });
        assert_eq!(body, json!({ "ref": "main", "inputs": inputs, "return_run_details": true }));
        // A server that names no run has taken it all the same.
        server.answer(super::github_dispatch::hub("1", Reply::Whole(204, LIMITS.to_owned(), String::new()), json!([])));
        let told = perform(spec(client(&server.url)), dispatch(), None).await;
        assert_eq!(told, [Progress::Sent, Progress::Accepted { generation: None }]);
    });
}

#[test]
fn another_file_or_branch_is_not_started_and_a_refusal_is_said() {
    block_on(async {
        let server = Server::answering(hub("2", made(), json!([]))).await;
        let refused = |told: &[Progress]| match told.last() {
            Some(Progress::Refused { message }) => message.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
        let told = perform(spec(client(&server.url)), dispatch(), None).await;
        assert!(refused(&told).contains("ci.yml at main is another one now; nothing was sent"), "{told:?}");
        let mut gone = dispatch();
        if let Change::Dispatch { reference, .. } = &mut gone.action.change {
            *reference = Name::new("gone");
        }
        let told = perform(spec(client(&server.url)), gone, None).await;
        assert!(refused(&told).contains("at gone any more; nothing was sent"), "{told:?}");
        assert!(server.requests().iter().all(|one| one.method == "GET"));
        server.answer(hub("1", refusal(422, LIMITS, "Unexpected inputs provided: [\"note\"]"), json!([])));
        let told = perform(spec(client(&server.url)), dispatch(), None).await;
        assert!(refused(&told).contains("Unexpected inputs provided"), "{told:?}");
    });
}

/// A run by hand, of somebody, at a time.
pub fn by_hand(id: u64, actor: &str, created: &str) -> Value {
    let mut row = run_row(id, 1, "queued", None);
    (row["event"], row["actor"]) = ("workflow_dispatch".into(), json!({ "login": actor }));
    row["created_at"] = created.into();
    row
}

#[test]
fn r34_a_dispatch_nobody_heard_the_end_of_is_looked_for_and_not_sent_again() {
    block_on(async {
        let sent = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&sent);
        let plain = hub("1", made(), json!([]));
        let server = Server::answering(move |request| {
            if request.method == "POST" {
                count.fetch_add(1, Ordering::SeqCst);
                return refusal(502, LIMITS, "Bad Gateway");
            }
            plain(request)
        })
        .await;
        let told = perform(spec(client(&server.url)), dispatch(), None).await;
        assert!(matches!(told.last(), Some(Progress::Unknown { .. })), "{told:?}");
        assert_eq!(sent.load(Ordering::SeqCst), 1);
        let at = "2026-11-21T12:00:03Z";
        for (runs, found, words) in [
            (json!([]), Found::Missing, "no run of it began since"),
            (json!([by_hand(50, "ada", at)]), Found::Missing, "no run"),
            (json!([by_hand(60, "ben", at)]), Found::Missing, "no run"),
            (json!([by_hand(60, "ada", "2026-11-21T11:50:00Z")]), Found::Missing, "no run"),
            (json!([by_hand(61, "ben", at), by_hand(60, "ada", at)]), Found::Applied, "ci #60 began"),
            (
                json!([by_hand(61, "ada", at), by_hand(60, "ada", at)]),
                Found::Untold,
                "one of these may be it: ci #61, ci #60",
            ),
        ] {
            server.answer(hub("1", made(), runs.clone()));
            let (is, said) = evidence(spec(client(&server.url)), dispatch()).await;
            assert_eq!(is, found, "{runs}");
            assert!(said.contains(words), "{said}");
        }
        // Who asks is not known: a run of somebody else is not taken for ours.
        for (code, words) in [(502, "whose runs are yours cannot be read"), (403, "nobody says whose it is")] {
            let plain = hub("1", made(), json!([by_hand(60, "ben", at)]));
            server.answer(move |request| match request.path.as_str() {
                "/user" => refusal(code, LIMITS, "no"),
                _ => plain(request),
            });
            let (is, said) = evidence(spec(client(&server.url)), dispatch()).await;
            assert!(is == Found::Untold && said.contains(words), "{code}: {is:?} {said}");
        }
        server.answer(|_| refusal(502, LIMITS, "Bad Gateway"));
        assert_eq!(evidence(spec(client(&server.url)), dispatch()).await.0, Found::Untold);
    });
}
