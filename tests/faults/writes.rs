//! R34: every verb through every fault. At most one request with a body ever leaves, and what is
//! said of it is true.

use std::time::Duration;

use quarterdeck::action::{CancelHow, Change, Operation, Progress};
use quarterdeck::model::{Kind, Name, Uid};
use quarterdeck::net::{Deadlines, Patch, Sent, Writes};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::proxy::{Mode, Proxy};
use super::server::{Refusing, Reply, Request, Server, spec, spec_with};
use super::support::{block_on, perform};
use crate::journal::operation;

pub(super) fn template(image: &str, hash: Option<(&str, &str)>) -> Value {
    let mut labels = json!({ "app": "checkout" });
    if let Some((label, value)) = hash {
        labels[label] = value.into();
    }
    json!({
        "metadata": { "creationTimestamp": null, "labels": labels },
        "spec": { "containers": [{ "name": "app", "image": image }] },
    })
}

/// A run of Tekton that goes on, or has ended.
fn tekton_run(kind: &str, name: &str, succeeded: &str) -> Value {
    json!({
        "kind": kind,
        "metadata": { "name": name, "namespace": "production", "uid": "4b7f", "generation": 7 },
        "spec": { "pipelineRef": { "name": "release" } },
        "status": { "conditions": [{ "type": "Succeeded", "status": succeeded, "reason": "Running" }] },
    })
}

/// What Tekton's API knows: two runs that go on, one that has ended, and a Pipeline; a POST makes a new run.
fn tekton(request: &Request, of_namespace: &str) -> Reply {
    if request.method == "POST" {
        return Reply::json(json!({ "kind": "PipelineRun", "metadata": { "name": "release-new", "generation": 7 } }));
    }
    match of_namespace {
        "pipelineruns/checkout" => Reply::json(tekton_run("PipelineRun", "checkout", "Unknown")),
        "taskruns/checkout" => Reply::json(tekton_run("TaskRun", "checkout", "Unknown")),
        "pipelineruns/done" => Reply::json(tekton_run("PipelineRun", "done", "True")),
        "pipelines/release" => Reply::json(json!({
            "metadata": { "name": "release", "uid": "p", "resourceVersion": "7" },
            "spec": { "params": [{ "name": "revision", "type": "string" }] },
        })),
        _ => Reply::status(404, "NotFound", "nothing here"),
    }
}

/// A world with one Rollout, one Deployment, a ReplicaSet of each, and runs of Tekton.
fn world(request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap();
    let name = |uid: &str, version: &str| json!({ "name": "checkout", "uid": uid, "resourceVersion": version, "generation": 7 });
    let set = |label: &str, annotation: &str| {
        json!({
            "metadata": {
                "name": "checkout-1", "uid": "rs1", "ownerReferences": [{ "uid": "4b7f", "controller": true }],
                "annotations": { annotation: "1", "note": "of revision 1" },
            },
            "spec": { "template": template("shop:1", Some((label, "1"))) },
        })
    };
    if let Some(of_namespace) = path.strip_prefix("/apis/tekton.dev/v1/namespaces/production/") {
        return tekton(request, of_namespace);
    }
    match path.trim_start_matches("/apis/") {
        "argoproj.io/v1alpha1/namespaces/production/rollouts/checkout"
        | "argoproj.io/v1alpha1/namespaces/production/rollouts/checkout/status" => Reply::json(json!({
            "metadata": name("4b7f", "90"),
            "spec": { "template": template("shop:2", None), "paused": true },
            "status": {
                "currentPodHash": "67c9f6889f", "currentStepIndex": 3,
                "pauseConditions": [{ "reason": "CanaryPauseStep" }],
            },
        })),
        "apps/v1/namespaces/production/deployments/checkout" => {
            let mut metadata = name("4b7f", "90");
            metadata["annotations"] = json!({ "deployment.kubernetes.io/revision": "2", "note": "of revision 2" });
            Reply::json(json!({ "metadata": metadata, "spec": { "template": template("shop:2", None) } }))
        }
        "apps/v1/namespaces/production/deployments/checkout/scale" => {
            Reply::json(json!({ "metadata": name("4b7f", "90") }))
        }
        "apps/v1/namespaces/production/statefulsets/checkout" | "apps/v1/namespaces/production/daemonsets/checkout" => {
            Reply::json(json!({ "metadata": name("4b7f", "90"), "spec": { "template": template("shop:2", None) } }))
        }
        "apps/v1/namespaces/production/controllerrevisions/checkout-c" => {
            let mut kept = template("shop:1", None);
            kept["$patch"] = "replace".into();
            Reply::json(json!({
                "metadata": { "name": "checkout-c", "uid": "rs1", "ownerReferences": [{ "uid": "4b7f", "controller": true }] },
                "revision": 1, "data": { "spec": { "template": kept } },
            }))
        }
        "apps/v1/namespaces/production/replicasets/checkout-r" => {
            Reply::json(set("rollouts-pod-template-hash", "rollout.argoproj.io/revision"))
        }
        "apps/v1/namespaces/production/replicasets/checkout-d" => {
            Reply::json(set("pod-template-hash", "deployment.kubernetes.io/revision"))
        }
        _ => Reply::status(404, "NotFound", "nothing here"),
    }
}

pub(super) fn undo(replica_set: &str) -> Change {
    Change::Undo {
        resource_version: "90".into(),
        replica_set: Name::new(replica_set),
        replica_set_uid: Uid::new(quarterdeck::model::SourceId(3), "rs1"),
        to_revision: 1,
    }
}

pub(super) fn set_image() -> Change {
    Change::SetImage {
        resource_version: "90".into(),
        container: Name::new("app"),
        from: Name::new("shop:2"),
        to: Name::new("shop:3"),
    }
}

/// Restarts and a scale; and what Tekton is asked for: its cancels are patches, a new run is a POST.
fn others() -> Vec<Operation> {
    let of = |number: u32, kind: Kind, name: &str, change: Change| {
        let mut operation = operation(number, change);
        operation.action.target.kind = kind;
        operation.action.target.name = Name::new(name);
        operation
    };
    let start = Change::Dispatch {
        path: Name::new(""),
        reference: Name::new("release"),
        sha: Name::new("p/7/"),
        inputs: vec![(Name::new("revision"), Name::new("main"))],
        environment: None,
        last: None,
    };
    let cancel = |how| Change::CancelRun { how };
    let version = || std::sync::Arc::from("90");
    vec![
        of(300, Kind::Deployment, "checkout", Change::RestartWorkload { resource_version: version() }),
        of(301, Kind::Deployment, "checkout", Change::Scale { resource_version: version(), from: 2, to: 3 }),
        of(302, Kind::Rollout, "checkout", Change::RestartRollout { pod_hash: Safe::identity("67c9f6889f") }),
        of(200, Kind::PipelineRun, "checkout", cancel(CancelHow::Cancelled)),
        of(201, Kind::PipelineRun, "checkout", cancel(CancelHow::CancelledRunFinally)),
        of(202, Kind::PipelineRun, "checkout", cancel(CancelHow::StoppedRunFinally)),
        of(203, Kind::LoneTaskRun, "checkout", cancel(CancelHow::Cancelled)),
        of(204, Kind::PipelineRun, "done", Change::RunAgain),
        of(205, Kind::Pipeline, "release", start),
    ]
}

/// What a rollout and its revisions are asked for.
fn patches() -> Vec<Operation> {
    let hash = || Safe::identity("67c9f6889f");
    let changes = [
        Change::PromotePause { pod_hash: hash(), step: Some(3) },
        Change::PromoteInconclusive { pod_hash: hash(), step: 3, next: 4 },
        Change::Unpause,
        Change::PromoteFull { pod_hash: hash() },
        Change::SkipStep { pod_hash: hash(), step: 3, to: 4, last: 10 },
        Change::Pause { pod_hash: hash() },
        set_image(),
        Change::Abort { pod_hash: hash() },
        Change::Retry { pod_hash: hash() },
        undo("checkout-r"),
    ];
    let mut operations: Vec<_> = (0..).zip(changes).map(|(number, change)| operation(number, change)).collect();
    let mut deployment = operation(99, undo("checkout-d"));
    deployment.action.target.kind = Kind::Deployment;
    operations.push(deployment);
    for (number, kind) in [(100, Kind::StatefulSet), (101, Kind::DaemonSet)] {
        let mut controlled = operation(number, undo("checkout-c"));
        controlled.action.target.kind = kind;
        operations.push(controlled);
    }
    operations
}

/// Every verb of a cluster.
fn verbs() -> Vec<Operation> {
    let mut all = patches();
    all.extend(others());
    all
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Accepted,
    Refused,
    Unknown,
}

fn last(progress: &[Progress]) -> Told {
    match progress.last().expect("nothing was told") {
        Progress::Accepted { generation } => {
            assert!(matches!(generation, Some(7) | None));
            Told::Accepted
        }
        Progress::Refused { .. } => Told::Refused,
        Progress::Unknown { .. } => Told::Unknown,
        other => panic!("ends with {other:?}"),
    }
}

#[test]
fn r34_every_verb_through_every_fault_sends_at_most_once() {
    let modes = [
        (Mode::Pass, Told::Accepted, 1),
        (Mode::Answer(429), Told::Refused, 1),
        (Mode::Answer(502), Told::Unknown, 1),
        (Mode::Answer(503), Told::Unknown, 1),
        (Mode::Answer(504), Told::Unknown, 1),
        (Mode::Answer(307), Told::Refused, 1),
        (Mode::ResetBefore, Told::Unknown, 0),
        (Mode::ResetAfter, Told::Unknown, 1),
        (Mode::ResetAnswered, Told::Unknown, 1),
        (Mode::Stall, Told::Unknown, 1),
        // Within the status line, and within the body after it.
        (Mode::Cut(7), Told::Unknown, 1),
        (Mode::Cut(60), Told::Accepted, 1),
    ];
    block_on(async {
        let server = Server::answering(world).await;
        for (mode, expected, sends) in modes {
            // All verbs of a mode at once: a stall costs its deadline once.
            let runs = verbs().into_iter().map(|operation| async {
                let proxy = Proxy::start(&server.url, mode).await;
                let change = operation.action.change.clone();
                // Only the stall waits its deadline out.
                let write = Duration::from_secs(if mode == Mode::Stall { 1 } else { 60 });
                let spec = spec_with(&proxy.url, Deadlines { write, ..Deadlines::default() });
                let progress = perform(spec, operation, None).await;
                assert_eq!(last(&progress), expected, "{change:?} through {mode:?}: {progress:?}");
                assert_eq!(proxy.bodies(), sends, "{change:?} through {mode:?}");
                assert_eq!(progress[0], Progress::Sent, "{change:?} through {mode:?}");
            });
            futures::future::join_all(runs).await;
        }
    });
}

#[test]
fn r34_a_dead_pooled_connection_is_not_used_for_a_write() {
    block_on(async {
        let server = Server::answering(world).await;
        for operation in verbs() {
            let proxy = Proxy::start(&server.url, Mode::Pass).await;
            let spec = spec(&proxy.url);
            // Fills the pool of the reads, then kills what is in it.
            super::server::cluster(&spec).read().get("/version").await.unwrap_err();
            proxy.kill_idle();
            let progress = perform(spec, operation, None).await;
            assert_eq!((last(&progress), proxy.bodies()), (Told::Accepted, 1), "{progress:?}");
        }
    });
}

#[test]
fn r34_without_a_server_nothing_is_sent_and_that_is_what_is_said() {
    block_on(async {
        let gone = Refusing::new();
        let url = &gone.url;
        let runs = verbs().into_iter().map(|operation| async move {
            let progress = perform(spec(url), operation, None).await;
            let Some(Progress::Refused { message }) = progress.last() else { panic!("{progress:?}") };
            assert!(message.as_str().ends_with("nothing was sent"), "{message:?}");
        });
        futures::future::join_all(runs).await;
    });
}

#[test]
fn the_bytes_that_leave_are_the_guarded_patches() {
    block_on(async {
        let server = Server::answering(world).await;
        let mut sent = Vec::new();
        for operation in patches() {
            perform(spec(&server.url), operation, None).await;
            let requests = server.requests();
            let patch = requests.iter().rfind(|request| request.method == "PATCH").unwrap();
            assert!(patch.head.to_lowercase().contains("content-type: application/json-patch+json\r\n"));
            assert!(patch.head.to_lowercase().contains("user-agent: quarterdeck/"));
            let body: Value = serde_json::from_slice(&patch.body).unwrap();
            assert_eq!(body[0], json!({ "op": "test", "path": "/metadata/uid", "value": "4b7f" }));
            sent.push((patch.path.rsplit_once("checkout").unwrap().1.to_owned(), body));
        }
        let hash = json!({ "op": "test", "path": "/status/currentPodHash", "value": "67c9f6889f" });
        let step = json!({ "op": "test", "path": "/status/currentStepIndex", "value": 3 });
        let unpause = json!({ "op": "remove", "path": "/status/pauseConditions" });
        let rest = |index: usize| sent[index].1.as_array().unwrap()[1..].to_vec();
        assert_eq!(
            sent.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["/status", "/status", "", "/status", "/status", "", "", "/status", "/status", "", "", "", ""]
        );
        assert_eq!(rest(0), [hash.clone(), step.clone(), unpause.clone()]);
        assert_eq!(
            rest(1),
            [
                hash.clone(),
                step.clone(),
                unpause,
                json!({ "op": "add", "path": "/status/controllerPause", "value": false }),
                json!({ "op": "replace", "path": "/status/currentStepIndex", "value": 4 }),
            ]
        );
        assert_eq!(
            rest(2),
            [
                json!({ "op": "test", "path": "/spec/paused", "value": true }),
                json!({ "op": "replace", "path": "/spec/paused", "value": false }),
            ]
        );
        assert_eq!(rest(3), [hash.clone(), json!({ "op": "add", "path": "/status/promoteFull", "value": true })]);
        assert_eq!(
            rest(4),
            [hash.clone(), step, json!({ "op": "replace", "path": "/status/currentStepIndex", "value": 4 })]
        );
        assert_eq!(rest(5), [hash.clone(), json!({ "op": "add", "path": "/spec/paused", "value": true })]);
        let fence = json!({ "op": "test", "path": "/metadata/resourceVersion", "value": "90" });
        let container = |field: &str| format!("/spec/template/spec/containers/0/{field}");
        assert_eq!(
            rest(6),
            [
                fence.clone(),
                json!({ "op": "test", "path": container("name"), "value": "app" }),
                json!({ "op": "test", "path": container("image"), "value": "shop:2" }),
                json!({ "op": "replace", "path": container("image"), "value": "shop:3" }),
            ]
        );
        assert_eq!(rest(7), [hash.clone(), json!({ "op": "add", "path": "/status/abort", "value": true })]);
        assert_eq!(
            rest(8),
            [
                hash,
                json!({ "op": "test", "path": "/status/abort", "value": true }),
                json!({ "op": "replace", "path": "/status/abort", "value": false }),
            ]
        );
        let replace = json!({ "op": "replace", "path": "/spec/template", "value": template("shop:1", None) });
        assert_eq!(rest(9), [fence.clone(), replace.clone()]);
        let annotations = json!({ "deployment.kubernetes.io/revision": "2", "note": "of revision 1" });
        assert_eq!(
            rest(10),
            [
                fence.clone(),
                replace.clone(),
                json!({ "op": "add", "path": "/metadata/annotations", "value": annotations }),
            ]
        );
        // Of a StatefulSet and a DaemonSet the template alone, without the word that makes a patch of it replace.
        assert_eq!(rest(11), [fence.clone(), replace.clone()]);
        assert_eq!(rest(12), [fence, replace]);
    });
}

/// The world, with a server that refuses every patch as one whose guard failed.
pub(super) fn refusing(moved: Value) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        if request.method == "PATCH" {
            return Reply::status(422, "Invalid", "the server rejected our request due to an error in our request");
        }
        let Reply::Whole(200, _, body) = world(request) else { return world(request) };
        let mut object: Value = serde_json::from_str(&body).unwrap();
        merge(&mut object, &moved);
        Reply::json(object)
    }
}

pub(super) fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

#[test]
fn a_failed_guard_says_what_changed() {
    let hash = || Safe::identity("67c9f6889f");
    let promote = || Change::PromotePause { pod_hash: hash(), step: Some(3) };
    let skip = || Change::SkipStep { pod_hash: hash(), step: 3, to: 4, last: 10 };
    let cases = [
        (promote(), json!({ "status": { "currentStepIndex": 4 } }), "step 4 to step 5"),
        (promote(), json!({ "status": { "pauseConditions": null } }), "no longer paused"),
        (promote(), json!({ "status": { "currentPodHash": "77" } }), "67c9f6889f → 77"),
        (promote(), json!({ "metadata": { "uid": "other" } }), "created anew"),
        (Change::Unpause, json!({ "spec": { "paused": false } }), "no longer paused"),
        (Change::PromoteFull { pod_hash: hash() }, json!({ "status": { "currentPodHash": "77" } }), "67c9f6889f → 77"),
        (Change::Pause { pod_hash: hash() }, json!({ "status": { "currentPodHash": "77" } }), "67c9f6889f → 77"),
        (skip(), json!({ "status": { "currentStepIndex": 5 } }), "step 4 to step 6"),
        (Change::Retry { pod_hash: hash() }, json!({}), "no longer aborted"),
    ];
    block_on(async {
        let server = Server::start().await;
        for (change, moved, expected) in cases {
            server.answer(refusing(moved));
            let progress = perform(spec(&server.url), operation(1, change.clone()), None).await;
            let Some(Progress::Refused { message }) = progress.last() else { panic!("{change:?}: {progress:?}") };
            assert!(message.as_str().starts_with("changed since you looked: "), "{message:?}");
            assert!(message.as_str().contains(expected), "{message:?} should say {expected:?}");
        }
        // A refusal for another reason keeps the server's words.
        server.answer(|request| match request.method.as_str() {
            "PATCH" => {
                Reply::status(403, "Forbidden", "rollouts.argoproj.io \"checkout\" is forbidden: User \"viewer\"")
            }
            _ => world(request),
        });
        let progress = perform(spec(&server.url), operation(1, promote()), None).await;
        let Some(Progress::Refused { message }) = progress.last() else { panic!("{progress:?}") };
        assert!(message.as_str().contains("User \"viewer\""), "{message:?}");
    });
}

#[test]
fn an_undo_that_cannot_be_is_refused_before_it_is_sent() {
    let deployment = |change: Change| {
        let mut operation = operation(1, change);
        operation.action.target.kind = Kind::Deployment;
        operation
    };
    let same = json!({ "spec": { "template": template("shop:1", None) } });
    let reference = json!({ "spec": { "workloadRef": { "kind": "Deployment", "name": "checkout" } } });
    let renumbered = json!({ "metadata": { "annotations": { "rollout.argoproj.io/revision": "5" } } });
    let cases = [
        (operation(1, undo("checkout-r")), same, "nothing to undo"),
        (operation(1, undo("checkout-r")), reference, "workloadRef"),
        (operation(1, undo("checkout-r")), renumbered, "is revision 5 now"),
        (operation(1, undo("checkout-r")), json!({ "metadata": { "uid": "other" } }), "was replaced"),
        (operation(1, undo("gone")), json!({}), "cannot be read"),
        (
            operation(1, set_image()),
            json!({ "spec": { "template": template("shop:9", None) } }),
            "its image is shop:9 now",
        ),
        (
            operation(1, set_image()),
            json!({ "spec": { "template": { "spec": { "containers": [] } } } }),
            "no container app any more",
        ),
        (deployment(undo("checkout-d")), json!({ "spec": { "paused": true } }), "paused"),
        (deployment(Change::Unpause), json!({}), "cannot be asked to resume"),
    ];
    block_on(async {
        let server = Server::start().await;
        for (operation, world, expected) in cases {
            server.answer(refusing(world));
            let progress = perform(spec(&server.url), operation, None).await;
            let [Progress::Refused { message }] = &progress[..] else { panic!("{expected}: {progress:?}") };
            assert!(message.as_str().contains(expected), "{message:?} should say {expected:?}");
        }
        assert_eq!(server.bodies(), 0);
    });
}

#[test]
fn a_body_that_drips_ends_with_the_write_and_the_word_of_its_head_stands() {
    block_on(async {
        let server = Server::answering(|_| Reply::Drip).await;
        let deadlines = Deadlines { write: Duration::from_millis(300), ..Deadlines::default() };
        let cluster = super::server::cluster(&spec_with(&server.url, deadlines));
        let patch = Patch { path: "/x".to_owned(), body: b"[]".to_vec() };
        let sent = tokio::time::timeout(Duration::from_mins(1), cluster.write(Writes::granted()).send(patch)).await;
        assert_eq!(sent.expect("an end"), Sent::Accepted(Value::Null));
    });
}
