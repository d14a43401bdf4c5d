//! Tekton's own definitions on a real API server; the test plays its controller and writes status.

use std::collections::HashMap;

use quarterdeck::action::{Action, CancelHow, Change, Operation, OperationId, Outcome, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::model::log::{LogEvent, LogOf, LogRequest, LogSince, TailId};
use quarterdeck::model::tekton::attempt_uid;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::net::Target;
use quarterdeck::systems::{Namespaces, Systems, resolve};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::cluster::{Cluster, Namespace, status};
use crate::ingest::tekton::{pipeline_runs, task_runs};
use crate::pty::PATIENCE;

/// Makes an object as somebody would, then writes its status as the controller does. Its uid.
fn make(namespace: &Namespace, mut object: Value, uids: &HashMap<String, String>) -> String {
    let status = object.as_object_mut().and_then(|fields| fields.remove("status"));
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    for field in ["uid", "resourceVersion", "creationTimestamp", "namespace"] {
        metadata.remove(field);
    }
    for owner in object["metadata"]["ownerReferences"].as_array_mut().into_iter().flatten() {
        owner["uid"] = uids[owner["uid"].as_str().expect("a uid")].clone().into();
    }
    let name = format!(
        "{}/{}",
        object["kind"].as_str().expect("a kind").to_lowercase(),
        object["metadata"]["name"].as_str().expect("a name")
    );
    namespace.kubectl(&["create", "-f", "-"], &object.to_string());
    if let Some(status) = status {
        let patch = json!({ "status": status }).to_string();
        namespace.kubectl(&["patch", &name, "--subresource=status", "--type=merge", "--patch", &patch], "");
    }
    namespace.field(&name, "{.metadata.uid}")
}

/// A run that goes on.
fn running(name: &str) -> Value {
    json!({ "apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": { "name": name },
        "spec": { "pipelineRef": { "name": "release" }, "params": [{ "name": "revision", "value": "main" },
            { "name": "platforms", "value": ["linux/amd64"] }, { "name": "chart", "value": { "name": "checkout" } }] },
        "status": { "conditions": [{ "type": "Succeeded", "status": "Unknown", "reason": "Running" }],
            "startTime": "2026-08-03T09:00:00Z" } })
}

fn target(namespace: &Namespace, kind: Kind, name: &str) -> ObjectId {
    let plural = format!("{}/{name}", kind.plural());
    ObjectId {
        cluster: SourceId(0),
        kind,
        namespace: Name::new(&namespace.name),
        name: Name::new(name),
        uid: Uid::new(SourceId(0), &namespace.field(&plural, "{.metadata.uid}")),
    }
}

pub fn operation(target: ObjectId, change: Change, id: &str) -> Operation {
    let now = Clock::system().now();
    Operation {
        id: OperationId(id.to_owned()),
        action: Action { target, change },
        cluster: Name::new("live"),
        environment: Name::new("dev"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: now.wall,
        started_mono: now.mono,
        changed: now.wall,
    }
}

/// The systems of the namespace; nothing is read of the feeds.
fn systems(
    namespace: &Namespace,
) -> (Systems, mpsc::Receiver<(quarterdeck::model::source::FeedId, quarterdeck::model::source::FeedEvent)>) {
    let target = Target::Kubeconfig { path: Some(namespace.cluster.kubeconfig.clone()), context: None };
    let spec = resolve(SourceId(0), &target, &Namespaces::Named(vec![namespace.name.clone()]));
    let (feeds, news) = mpsc::channel(4_096);
    (Systems::start(vec![spec], &feeds, Clock::system()), news)
}

/// What became of it, step by step.
pub fn perform(namespace: &Namespace, operation: Operation) -> Vec<Progress> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (systems, mut news) = systems(namespace);
        let (progress, mut said) = mpsc::channel(8);
        systems.perform(Box::new(operation), Box::new(|_| Ok(())), progress);
        let mut all = Vec::new();
        while let Some((_, progress)) = said.recv().await {
            all.push(progress);
        }
        news.close();
        systems.shutdown(PATIENCE).await;
        all
    })
}

#[test]
fn tekton_a_run_is_told_with_its_tasks_steps_retries_and_results() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("dev");
    let mut uids = HashMap::new();
    for run in pipeline_runs() {
        let fake = run["metadata"]["uid"].as_str().expect("a uid").to_owned();
        let uid = make(&namespace, run, &uids);
        uids.insert(fake, uid);
    }
    for task in task_runs() {
        make(&namespace, task, &uids);
    }
    let told = status(&cluster.kubeconfig, &["--namespace", &namespace.name]);
    let source = told["sources"].as_array().expect("sources").iter().find(|source| source["system"] == "tekton");
    assert_eq!(source.expect("Tekton")["status"], "live");
    let runs = told["runs"].as_array().expect("runs");
    // Three PipelineRuns, and the TaskRun that belongs to none.
    assert_eq!(runs.len(), 4, "{runs:?}");
    let run = runs.iter().find(|run| run["id"] == *uids["pr-1"]).expect("the run");
    assert_eq!((&run["system"], &run["conclusion"]), (&json!("tekton"), &json!("failure")));
    let jobs = run["jobs"].as_array().expect("jobs");
    let line = |job: &Value| {
        let word = |field: &str| job[field].as_str().unwrap_or("-").to_owned();
        let steps = job["steps"].as_array().expect("steps").len();
        format!("{} {} {} {steps}", word("name"), word("conclusion"), word("runner"))
    };
    let lines: Vec<String> = jobs.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "release-run-x7f2k-clone success release-run-x7f2k-clone-pod 1",
            "release-run-x7f2k-unit failure release-run-x7f2k-unit-pod 3",
            "release-run-x7f2k-unit success release-run-x7f2k-unit-pod-retry1 3",
            "release-run-x7f2k-build-0 success release-run-x7f2k-build-0-pod 1",
            "release-run-x7f2k-build-1 success release-run-x7f2k-build-1-pod 1",
            "release-run-x7f2k-scan failure release-run-x7f2k-scan-pod 1",
            "release-run-x7f2k-notify success release-run-x7f2k-notify-pod 1",
            "lint skipped - 0",
            "deploy skipped - 0",
        ]
    );
}

#[test]
fn tekton_each_way_to_cancel_is_taken_by_the_server_and_a_run_is_made_again() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("dev");
    let none = HashMap::new();
    for how in [CancelHow::Cancelled, CancelHow::CancelledRunFinally, CancelHow::StoppedRunFinally] {
        let name = how.as_str().to_lowercase();
        make(&namespace, running(&name), &none);
        let asked = operation(target(&namespace, Kind::PipelineRun, &name), Change::CancelRun { how }, "1-1");
        let said = perform(&namespace, asked.clone());
        assert!(matches!(said.as_slice(), [Progress::Sent, Progress::Accepted { .. }]), "{how:?}: {said:?}");
        assert_eq!(namespace.field(&format!("pipelinerun/{name}"), "{.spec.status}"), how.as_str());
        // Not twice.
        let said = perform(&namespace, asked);
        let [Progress::Refused { message }] = said.as_slice() else { panic!("{said:?}") };
        assert!(message.as_str().contains("already asked for"), "{}", message.as_str());
    }
    // One that was never seen by a controller has no status to guard.
    let mut fresh = running("fresh");
    fresh.as_object_mut().expect("an object").remove("status");
    make(&namespace, fresh, &none);
    let change = Change::CancelRun { how: CancelHow::Cancelled };
    let said = perform(&namespace, operation(target(&namespace, Kind::PipelineRun, "fresh"), change.clone(), "1-2"));
    assert!(matches!(said.as_slice(), [Progress::Sent, Progress::Accepted { .. }]), "{said:?}");

    // What has ended is not cancelled, and is run again as a new run.
    let patch = json!({ "status": { "completionTime": "2026-08-03T09:05:00Z", "conditions": [
        { "type": "Succeeded", "status": "False", "reason": "Cancelled", "message": "it was cancelled" }] } });
    let patch = patch.to_string();
    namespace
        .kubectl(&["patch", "pipelinerun/cancelled", "--subresource=status", "--type=merge", "--patch", &patch], "");
    let said = perform(&namespace, operation(target(&namespace, Kind::PipelineRun, "cancelled"), change, "1-3"));
    let [Progress::Refused { message }] = said.as_slice() else { panic!("{said:?}") };
    assert!(message.as_str().contains("it has ended (Cancelled)"), "{}", message.as_str());
    let again = operation(target(&namespace, Kind::PipelineRun, "cancelled"), Change::RunAgain, "1-4");
    let said = perform(&namespace, again);
    let [Progress::Sent, Progress::Made { id }, Progress::Accepted { .. }] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert!(id.raw().starts_with("cancelled-") && id.raw().len() > "cancelled-".len(), "{}", id.raw());
    let made: Value = serde_json::from_str(&namespace.field(&format!("pipelinerun/{}", id.raw()), "{.spec}")).unwrap();
    assert_eq!(made["params"], running("x")["spec"]["params"]);
    assert_eq!(made["status"], Value::Null, "it is not asked to end");
}

#[test]
fn tekton_a_pipeline_is_started_with_parameters_that_the_server_takes() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("dev");
    let pipeline = json!({ "apiVersion": "tekton.dev/v1", "kind": "Pipeline", "metadata": { "name": "release" },
        "spec": {
            "params": [{ "name": "revision", "type": "string", "default": "main" }, { "name": "platforms", "type": "array" }],
            "tasks": [{ "name": "build", "taskSpec": { "steps": [{ "name": "build", "image": "busybox" }] } }],
        } });
    make(&namespace, pipeline, &HashMap::new());
    let field = |path: &str| namespace.field("pipelines.tekton.dev/release", path);
    let change = |sha: &str| Change::Dispatch {
        path: Name::new("no-run"),
        reference: Name::new("release"),
        sha: Name::new(sha),
        inputs: vec![
            (Name::new("revision"), Name::new("develop")),
            (Name::new("platforms"), Name::new("linux/amd64, a\\,b, \"\", \\ x")),
        ],
        environment: None,
        last: None,
    };
    let target = || ObjectId {
        cluster: SourceId(0),
        kind: Kind::Pipeline,
        namespace: Name::new(&namespace.name),
        name: Name::new("release"),
        uid: Uid::new(SourceId(0), "release"),
    };
    let said = perform(&namespace, operation(target(), change("another"), "1-8"));
    let [Progress::Refused { message }] = said.as_slice() else { panic!("{said:?}") };
    assert!(message.as_str().contains("is another one now"), "{}", message.as_str());
    // The run that the form was made from, which is none here, stands behind the version.
    let sha = format!("{}/{}/", field("{.metadata.uid}"), field("{.metadata.resourceVersion}"));
    let said = perform(&namespace, operation(target(), change(&format!("{sha}pruned")), "1-7"));
    let [Progress::Refused { message }] = said.as_slice() else { panic!("{said:?}") };
    assert!(message.as_str().contains("no-run is gone, whose workspaces"), "{}", message.as_str());
    let said = perform(&namespace, operation(target(), change(&sha), "1-9"));
    let [Progress::Sent, Progress::Made { id }, Progress::Accepted { .. }] = said.as_slice() else {
        panic!("{said:?}")
    };
    let spec = namespace.field(&format!("pipelineruns.tekton.dev/{}", id.raw()), "{.spec}");
    let spec: Value = serde_json::from_str(&spec).unwrap();
    assert_eq!(spec["params"][1], json!({ "name": "platforms", "value": ["linux/amd64", "a,b", "", " x"] }));
}

/// The lab's kubelet serves one log for every container: what is seen is which ones are read.
#[test]
fn tekton_the_log_of_a_task_is_that_of_its_steps_in_their_order() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let pod = |name: &str| {
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": { "restartPolicy": "Never",
            "containers": [{ "name": "step-prepare", "image": "registry.k8s.io/pause:3.9" },
                { "name": "step-pytest", "image": "registry.k8s.io/pause:3.9" }] } })
    };
    for name in ["unit-pod", "unit-pod-retry1"] {
        namespace.kubectl(&["create", "-f", "-"], &pod(name).to_string());
        namespace.wait(&format!("pod/{name}"), "{.status.phase}", "Running");
    }
    let step = |name: &str| {
        json!({ "name": name, "container": format!("step-{name}"),
            "terminated": { "exitCode": 0, "startedAt": "2026-08-03T09:00:00Z", "finishedAt": "2026-08-03T09:01:00Z" } })
    };
    let attempt = |pod: &str| {
        json!({ "podName": pod, "steps": [step("prepare"), step("pytest")],
            "conditions": [{ "type": "Succeeded", "status": "True", "reason": "Succeeded" }] })
    };
    let mut status = attempt("unit-pod-retry1");
    status["retriesStatus"] = json!([attempt("unit-pod"), attempt("pruned-pod")]);
    let run = json!({ "apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": { "name": "unit" },
        "spec": { "taskRef": { "name": "unit" } }, "status": status });
    make(&namespace, run, &HashMap::new());
    let task = target(&namespace, Kind::TaskRun, "unit");

    let read = |pod: ObjectId, container: Option<&str>, until: &str| -> String {
        let request = LogRequest {
            pod,
            container: container.map(Name::new),
            previous: false,
            since: LogSince::Tail(5),
            of: LogOf::Log,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (mut systems, mut news) = systems(&namespace);
            let (tx, mut said) = mpsc::channel(64);
            systems.tail(TailId(1), request, tx);
            let mut text = String::new();
            let heard = timeout(PATIENCE, async {
                while let Some((_, event)) = said.recv().await {
                    match event {
                        LogEvent::Lines(chunk) => text += &String::from_utf8_lossy(&chunk.bytes),
                        LogEvent::Failed { message } | LogEvent::Gone { message, .. } => text += message.as_str(),
                        _ => {}
                    }
                    if text.contains(until) {
                        return;
                    }
                }
            });
            heard.await.unwrap_or_else(|_| panic!("waited for {until}: {text}"));
            news.close();
            systems.stop_tail(TailId(1));
            systems.shutdown(PATIENCE).await;
            text
        })
    };
    // The first step's container still runs for the kubelet: its log is followed.
    let text = read(task.clone(), None, "level=");
    assert!(text.contains("##[group]step prepare"), "{text}");
    let text = read(task.clone(), Some("step-pytest"), "level=");
    assert!(text.contains("##[group]step pytest"), "{text}");
    let before = ObjectId { uid: attempt_uid(&task, 0), ..task.clone() };
    assert!(read(before, None, "level=").contains("##[group]step prepare"));
    let pruned = ObjectId { uid: attempt_uid(&task, 1), ..task.clone() };
    assert!(read(pruned, None, "its log with it").contains("its pod is gone"));
}
