//! A small RustCI for tests: one pipeline and two executions; a client of it, and a feed that reads it.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome, PipelineFile};
use quarterdeck::model::scope::SecretSource;
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::net::{Deadlines, RustCi};
use quarterdeck::systems::{Spec, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

pub use crate::faults::reading::Reading;
use crate::faults::reading::Source;
use crate::faults::server::{Reply, Request};

pub const SOURCE: SourceId = SourceId(0);
pub const PIPELINE: &str = "7a1f0c3e-0000-4000-a000-000000000001";
pub const DONE: &str = "11111111-0000-4000-a000-000000000001";
pub const RUNNING: &str = "22222222-0000-4000-a000-000000000002";
/// Of the operation that [`operation`] makes.
pub const OPERATION: &str = "1";

pub fn deadlines() -> Deadlines {
    Deadlines { headers: Duration::from_secs(3), total: Duration::from_secs(5), ..Deadlines::default() }
}

pub fn client(url: &str) -> RustCi {
    RustCi::with(url, Some(&SecretSource::Fixed("hunter2")), deadlines()).unwrap()
}

pub fn spec(client: RustCi) -> Spec {
    let scope = SourceScope {
        system: SystemId::RustCi,
        discovered: None,
        id: SOURCE,
        name: Name::new("ci"),
        server: Safe::identity(client.url()),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
    };
    Spec { scope, upstream: Some(Upstream::RustCi(client)) }
}

impl Source for RustCi {
    fn spec(self) -> Spec {
        spec(self)
    }

    fn run(id: &str) -> ObjectId {
        object(Kind::Execution, id)
    }
}

pub fn object(kind: Kind, id: &str) -> ObjectId {
    let (namespace, name) = (Name::new(""), Name::new("nightly"));
    ObjectId { cluster: SOURCE, kind, namespace, name, uid: Uid::new(SOURCE, id) }
}

pub fn file(before: u32) -> Change {
    let text = "name: nightly\nstages: []\n";
    let file = PipelineFile {
        name: Name::new("nightly.yaml"),
        path: Safe::of("nightly.yaml"),
        pipeline: Some(Name::new("nightly")),
        stages: Vec::new(),
        bytes: text.len() as u64,
        text: Arc::from(text),
    };
    Change::CreatePipeline { file: Arc::new(file), before }
}

pub fn trigger(last: Option<&str>) -> Change {
    Change::Trigger { last: last.map(|id| Uid::new(SOURCE, id)) }
}

/// On the pipeline, or on the running execution for a cancel.
pub fn operation(change: Change) -> Operation {
    let target = match change {
        Change::Cancel { .. } => object(Kind::Execution, RUNNING),
        _ => object(Kind::CiPipeline, PIPELINE),
    };
    Operation {
        id: OperationId(OPERATION.to_owned()),
        action: Action { target, change },
        cluster: Name::new("ci"),
        environment: Name::new(""),
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

pub fn row(id: &str, status: &str, started: &str, finished: Option<&str>) -> Value {
    json!({
        "id": id, "pipeline_id": PIPELINE, "status": status, "started_at": started, "finished_at": finished,
        "duration": null,
    })
}

pub fn done() -> Value {
    row(DONE, "success", "2026-11-21T10:00:00Z", Some("2026-11-21T10:05:00Z"))
}

pub fn running() -> Value {
    row(RUNNING, "running", "2026-11-21T12:00:00Z", None)
}

/// All that is told of an execution; `mark`: of which operation it carries the id.
pub fn whole(row: &Value, mark: &str) -> Value {
    let mut whole = row.clone();
    let more = json!({
        "trigger_info": { "trigger_type": "manual", "triggered_by": "api", "branch": "main", "commit_hash": "4f2a9c1e" },
        "environment": { "QUARTERDECK_OPERATION": mark },
        "stages": [
            { "name": "build", "status": "success", "started_at": "2026-11-21T12:00:01Z",
              "finished_at": "2026-11-21T12:00:31Z", "steps": [
                { "name": "compile", "status": "success", "exit_code": 0, "stdout": "Finished release\n", "stderr": "",
                  "started_at": "2026-11-21T12:00:01Z", "finished_at": "2026-11-21T12:00:31Z" }] },
            { "name": "test", "status": "running", "started_at": "2026-11-21T12:00:31Z", "finished_at": null,
              "steps": [{ "name": "unit", "status": "running", "started_at": "2026-11-21T12:00:31Z" }] },
            { "name": "publish", "status": "pending", "steps": [{ "name": "push", "status": "pending" }] }],
        "logs": [
            { "timestamp": "2026-11-21T12:00:01Z", "level": "info", "stage": "build", "step": "compile", "message": "Compiling" },
            { "timestamp": "2026-11-21T12:00:32Z", "level": "warn", "stage": "test", "step": "unit", "message": "slow\nvery" }],
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole
}

/// The error of its main branch.
pub fn refusal(code: u16, message: &str) -> Reply {
    let body = json!({ "error": message, "status": code, "timestamp": "2026-11-21T12:00:00Z" });
    Reply::Whole(code, "Content-Type: application/json\r\n".to_owned(), body.to_string())
}

/// Answers reads; `write` answers the rest.
pub fn server(write: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| match (request.method.as_str(), request.path.split('?').next().unwrap_or_default()) {
        ("GET", "/api/ci/pipelines") => Reply::json(json!([{
            "id": PIPELINE, "name": "nightly", "description": "Every night", "created_at": "2026-01-01T00:00:00Z",
        }])),
        ("GET", "/api/ci/executions") => Reply::json(json!([done(), running()])),
        ("GET", path) if path.ends_with(RUNNING) => Reply::json(whole(&running(), "")),
        ("GET", path) if path.ends_with(DONE) => Reply::json(whole(&done(), "")),
        ("GET", _) => refusal(404, "Not found"),
        _ => write(request),
    }
}
