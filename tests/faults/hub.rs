//! A small GitHub for tests: one repository, two runs, their jobs and logs; and a feed that reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quarterdeck::action::{Action, Change};
use quarterdeck::model::scope::SecretSource;
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::net::{Deadlines, GitHub, Wanted};
use quarterdeck::systems::{Spec, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

pub use super::reading::Reading;
use super::reading::Source;
use super::server::{Reply, Request};

pub const SOURCE: SourceId = SourceId(0);
pub const TOKEN: &str = "hunter2";
/// Headers of an answer by GitHub.
pub const LIMITS: &str = "X-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 4900\r\nX-RateLimit-Resource: core\r\n";

pub fn deadlines() -> Deadlines {
    Deadlines { headers: Duration::from_secs(3), total: Duration::from_secs(5), ..Deadlines::default() }
}

pub fn client(url: &str) -> GitHub {
    client_with(url, Wanted::Of(SecretSource::Fixed(TOKEN)), deadlines())
}

pub fn client_with(url: &str, wanted: Wanted, deadlines: Deadlines) -> GitHub {
    GitHub::with(url, wanted, deadlines).unwrap()
}

pub fn spec(client: GitHub) -> Spec {
    let scope = SourceScope {
        system: SystemId::GitHub,
        discovered: None,
        id: SOURCE,
        name: Name::new("github"),
        server: Safe::identity(client.url()),
        user: Safe::of(""),
        namespaces: Some(vec![Name::new("acme/checkout")]),
        unusable: None,
    };
    Spec { scope, upstream: Some(Upstream::GitHub(client)) }
}

impl Source for GitHub {
    fn spec(self) -> Spec {
        spec(self)
    }

    fn run(id: &str) -> ObjectId {
        object(Kind::Run, id)
    }
}

pub fn object(kind: Kind, id: &str) -> ObjectId {
    ObjectId {
        cluster: SOURCE,
        kind,
        namespace: Name::new("acme/checkout"),
        name: Name::new("ci #1"),
        uid: Uid::new(SOURCE, id),
    }
}

pub fn action(run: &str, change: Change) -> Action {
    Action { target: object(Kind::Run, run), change }
}

pub fn run_row(id: u64, attempt: u32, status: &str, conclusion: Option<&str>) -> Value {
    json!({
        "id": id, "name": "ci", "display_title": "Add the till", "head_branch": "main", "head_sha": "4f2a9c1",
        "path": ".github/workflows/ci.yml", "run_number": id, "run_attempt": attempt, "event": "push",
        "status": status, "conclusion": conclusion, "workflow_id": 9,
        "html_url": format!("https://github.com/acme/checkout/actions/runs/{id}"),
        "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:05:00Z",
        "run_started_at": "2026-11-21T12:00:01Z", "actor": { "login": "ada" },
    })
}

pub fn job_row(id: u64, status: &str, conclusion: Option<&str>) -> Value {
    json!({
        "id": id, "run_id": 1, "run_attempt": 1, "name": "e2e", "status": status, "conclusion": conclusion,
        "html_url": format!("https://github.com/acme/checkout/actions/runs/1/job/{id}"),
        "created_at": "2026-11-21T12:00:00Z", "started_at": "2026-11-21T12:00:02Z", "labels": ["ubuntu-24.04"],
        "steps": [{ "number": 1, "name": "Set up job", "status": "completed", "conclusion": "success" }],
    })
}

/// Answers with GitHub's headers.
pub fn answer(body: &Value) -> Reply {
    Reply::Whole(200, LIMITS.to_owned(), body.to_string())
}

pub fn refusal(code: u16, headers: &str, message: &str) -> Reply {
    Reply::Whole(code, headers.to_owned(), json!({ "message": message, "status": code.to_string() }).to_string())
}

/// Run 1 has failed (job 11), run 2 is running (job 21). Reruns count on; `url` is its own.
pub fn hub(attempt: Arc<AtomicU32>) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let now = attempt.load(Ordering::SeqCst);
        let first = run_row(1, now, "completed", Some("failure"));
        let second = run_row(2, 1, "in_progress", None);
        let path = request.path.strip_prefix("/repos/acme/checkout/actions/").unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        match (request.method.as_str(), path) {
            ("GET", "runs") => answer(&json!({ "total_count": 2, "workflow_runs": [second, first] })),
            ("GET", "runs/1") => answer(&first),
            ("GET", "runs/2") => answer(&second),
            ("GET", "runs/1/jobs") => answer(&json!({ "jobs": [job_row(11, "completed", Some("failure"))] })),
            ("GET", "runs/2/jobs") => answer(&json!({ "jobs": [job_row(21, "in_progress", None)] })),
            ("GET", "jobs/11") => answer(&job_row(11, "completed", Some("failure"))),
            ("GET", "jobs/21") => answer(&job_row(21, "in_progress", None)),
            ("GET", "jobs/11/logs") => {
                let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
                Reply::Whole(302, format!("Location: http://{host}/signed/11?sig=s3cret\r\n"), String::new())
            }
            ("GET", "jobs/31") => {
                let mut other = job_row(31, "completed", Some("failure"));
                other["run_id"] = 3.into();
                answer(&other)
            }
            ("POST", "runs/1/rerun-failed-jobs" | "runs/1/rerun" | "jobs/11/rerun") => {
                attempt.fetch_add(1, Ordering::SeqCst);
                Reply::Whole(201, LIMITS.to_owned(), "{}".to_owned())
            }
            ("POST", "runs/2/cancel" | "runs/2/force-cancel") => Reply::Whole(202, LIMITS.to_owned(), "{}".to_owned()),
            _ if request.path.starts_with("/signed/11") => Reply::Whole(200, String::new(), LOG.to_owned()),
            _ => refusal(404, LIMITS, "Not Found"),
        }
    }
}

pub const LOG: &str =
    "\u{feff}2026-11-21T12:00:03.1234567Z ##[group]Run e2e\n2026-11-21T12:00:04.0000000Z ##[error]3 failed\n";
