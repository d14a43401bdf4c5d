//! Names that the screen does not show as they are written: a branch with characters that mean something
//! in an address, and one with characters that no cell gets. Asked for as GitHub writes it.

use quarterdeck::action::{Change, Found, Operation, Progress};
use quarterdeck::model::Name;
use quarterdeck::model::pipelines::Run;
use quarterdeck::model::source::{FeedEvent, Object};
use serde_json::{Value, json};

use super::github_dispatch::{dispatch, made, read, wanted};
use super::hub::{LIMITS, Reading, answer, client, refusal, run_row, spec};
use super::server::{Reply, Request, Server};
use super::support::{block_on, evidence, perform};

const PATH: &str = ".github/workflows/ci.yml";
/// `on: { workflow_dispatch: { inputs: { note: {} } } }`
const FILE: &str = "b246IHsgd29ya2Zsb3dfZGlzcGF0Y2g6IHsgaW5wdXRzOiB7IG5vdGU6IHt9IH0gfSB9Cg==";
/// As it is written, and as it stands in an address.
const ODD: [(&str, &str); 2] =
    [("feature/ü%20#1", "feature%2F%C3%BC%2520%231"), ("topic/\u{202e}x\u{200b}", "topic%2F%E2%80%AEx%E2%80%8B")];

/// Knows the branch under this name alone.
fn hub(branch: &'static str, encoded: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let row = |id, status| {
            let mut row = run_row(id, 1, status, None);
            (row["head_branch"], row["event"]) = (branch.into(), "workflow_dispatch".into());
            (row["actor"], row["created_at"]) = (json!({ "login": "ada" }), "2026-11-21T12:00:03Z".into());
            row
        };
        let path = request.path.strip_prefix("/repos/acme/checkout/").unwrap_or_default();
        match (request.method.as_str(), path) {
            ("GET", "actions/workflows?per_page=100") => answer(&json!({ "total_count": 1, "workflows": [
                { "id": 9, "name": "ci", "path": PATH, "state": "active" },
            ] })),
            ("GET", "actions/runs?per_page=100") => {
                answer(&json!({ "total_count": 1, "workflow_runs": [row(7, "completed")] }))
            }
            ("GET", _) if path == format!("contents/.github%2Fworkflows%2Fci.yml?ref={encoded}") => {
                answer(&json!({ "type": "file", "encoding": "base64", "content": FILE, "sha": "1" }))
            }
            ("GET", _) if path.contains(&format!("/ci.yml/runs?event=workflow_dispatch&branch={encoded}&")) => {
                answer(&json!({ "workflow_runs": [row(60, "queued")] }))
            }
            ("POST", "actions/workflows/ci.yml/dispatches") => made(),
            _ if request.path == "/user" => answer(&json!({ "login": "ada" })),
            _ => refusal(404, LIMITS, "Not Found"),
        }
    }
}

fn on(branch: &str) -> Operation {
    let mut operation = dispatch();
    if let Change::Dispatch { reference, .. } = &mut operation.action.change {
        *reference = Name::new(branch);
    }
    operation
}

#[test]
fn a_branch_is_asked_for_as_github_writes_it() {
    block_on(async {
        for (branch, encoded) in ODD {
            let server = Server::answering(hub(branch, encoded)).await;
            let mut reading = Reading::start(client(&server.url));
            let listed = |event: &FeedEvent| match event {
                FeedEvent::Applied(rows) => rows.iter().find_map(|row| match row {
                    Object::Run(run) => Some(run.clone()),
                    _ => None,
                }),
                _ => None,
            };
            let run: std::sync::Arc<Run> = reading.find(listed).await;
            let of_run = run.branch.clone().unwrap();
            assert_eq!(of_run.raw(), branch, "a run keeps the name, whatever is shown of it");
            let form = read(&mut reading, wanted(PATH, of_run.raw())).await;
            assert!(form.is_ok(), "{branch:?}: {form:?}");
            reading.stop().await;

            let told = perform(spec(client(&server.url)), on(of_run.raw()), None).await;
            assert!(matches!(told.last(), Some(Progress::Accepted { .. })), "{branch:?}: {told:?}");
            let requests = server.requests();
            let sent: Vec<&Request> = requests.iter().filter(|one| one.method == "POST").collect();
            let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
            assert_eq!((sent.len(), body["ref"].as_str()), (1, Some(branch)));

            let (found, said) = evidence(spec(client(&server.url)), on(of_run.raw())).await;
            assert!(found == Found::Applied, "{branch:?}: {said}");
        }
    });
}
