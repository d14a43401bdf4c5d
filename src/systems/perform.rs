//! The one way out: intent on disk, then one send, then what the server said. What a system can be
//! asked to do stands in its own `perform`; the order of things is the same for all of them.

use std::future::Future;

use serde_json::Value;
use tokio::sync::mpsc;

use super::patches::patch_for;
use super::revision::{hash_label, same_template};
use super::{Intent, Upstream, argocd, docker, github, grafana, helm, kubernetes, rollouts, rustci, supervise, tekton};
use crate::action::{Action, Change, Found, Operation, OperationId, Progress};
use crate::model::{Kind, Name};
use crate::net::{
    ArgoServer, Cluster, GitHub, Grafana, Helm, NetError, Patch, Post, ReadStack, Rollback, RustCi, Sent, Turn, Writes,
};
use crate::safe;
use crate::text::Safe;

/// Runs an operation; every step of it is told to `tx`.
pub(super) async fn perform(
    (way, writes): (Option<Way>, Option<Writes>),
    operation: Box<Operation>,
    intent: Intent,
    tx: mpsc::Sender<(OperationId, Progress)>,
) {
    let id = operation.id.clone();
    let tell = async |progress| {
        // A loop that is gone leaves the journal's open intent; the next start reads the evidence.
        let _ = tx.send((id.clone(), progress)).await;
    };
    let Some(writes) = writes else {
        return tell(Progress::Refused { message: Safe::of("started to read only; nothing was sent") }).await;
    };
    let Some(way) = way else {
        return tell(Progress::Refused {
            message: Safe::of("its source cannot be reached from here; nothing was sent"),
        })
        .await;
    };
    // fsync takes its time.
    let written = tokio::task::spawn_blocking(move || intent(&operation).map(|()| operation)).await;
    let operation = match written {
        Ok(Ok(operation)) => operation,
        Ok(Err(message)) => return tell(Progress::Refused { message }).await,
        Err(_) => {
            let message = Safe::of("the intent could not be written to the journal; nothing was sent");
            return tell(Progress::Refused { message }).await;
        }
    };
    let ready = match way.prepare(&operation).await {
        Ok(ready) => ready,
        Err(reason) => {
            return tell(Progress::Refused { message: Safe::line(&format!("{reason}; nothing was sent")) }).await;
        }
    };
    tell(Progress::Sent).await;
    let progress = match ready.send(writes).await {
        Sent::Accepted(object) => {
            if let Some(id) = way.made(&operation.action, &object) {
                tell(Progress::Made { id }).await;
            }
            Progress::Accepted { generation: object.pointer("/metadata/generation").and_then(Value::as_i64) }
        }
        Sent::NotSent { message } => Progress::Refused { message: Safe::line(&format!("{message}; nothing was sent")) },
        Sent::Unknown { message } => Progress::Unknown { message: Safe::line(&message) },
        Sent::Refused { code, message, .. } => {
            // 422 is a guard that failed, or an object that is none; one look tells which.
            let changed = match &way {
                Way::Cluster(cluster) if code == 422 => what_changed(&cluster.read(), &operation.action).await,
                _ => None,
            };
            let message = match changed {
                Some(changed) => format!("changed since you looked: {changed}; nothing was changed by this"),
                // What a stream says has no code.
                None if code == 0 => message,
                None => format!("{message} ({code})"),
            };
            Progress::Refused { message: Safe::line(&message) }
        }
    };
    tell(progress).await;
}

/// Where mutations can go.
pub(super) enum Way {
    Cluster(Cluster),
    GitHub(GitHub),
    RustCi(RustCi),
    Docker(Box<docker::perform::Engine>),
    Grafana(Grafana),
    /// Where an Application is asked by the API of its server, and not by its object.
    Argo(ArgoServer),
}

/// A request that can leave.
enum Ready {
    Patch(Cluster, Patch),
    Create(Cluster, Post),
    Rollback(Helm, Rollback),
    Post(GitHub, Turn, github::perform::Post),
    Call(RustCi, rustci::perform::Call),
    Engine(Box<docker::perform::Engine>, Box<docker::perform::Call>),
    Annotation(Grafana, Value),
    Argo(ArgoServer, Box<argocd::request::Request>),
}

impl Way {
    /// `engine` makes of a client of Docker what a change of it needs.
    pub(super) fn to(
        upstream: Upstream,
        engine: impl FnOnce(crate::net::Docker) -> docker::perform::Engine,
    ) -> Option<Self> {
        match upstream {
            Upstream::Cluster(cluster) => Some(Self::Cluster(cluster)),
            Upstream::GitHub(client) => Some(Self::GitHub(client)),
            Upstream::RustCi(client) => Some(Self::RustCi(client)),
            Upstream::Docker(client) => Some(Self::Docker(Box::new(engine(client)))),
            Upstream::Grafana(client) => Some(Self::Grafana(client)),
            Upstream::ArgoServer(client) => Some(Self::Argo(client)),
            Upstream::Prometheus(..) | Upstream::Registry(_) | Upstream::Loki(..) => None,
        }
    }

    /// Reads what it needs; sends nothing.
    async fn prepare(&self, operation: &Operation) -> Result<Ready, String> {
        let action = &operation.action;
        match self {
            Self::Cluster(cluster) if action.change == Change::RunAgain => {
                let post = tekton::perform::run_again(&cluster.read(), action, &operation.id).await?;
                Ok(Ready::Create(cluster.clone(), post))
            }
            Self::Cluster(cluster) if action.target.kind == Kind::Pipeline => {
                let post = tekton::start::prepare(&cluster.read(), action, &operation.id).await?;
                Ok(Ready::Create(cluster.clone(), post))
            }
            Self::Cluster(cluster) if action.target.kind == Kind::Application => {
                let path = object_path(action);
                let object =
                    get(&cluster.read(), &path).await.map_err(|error| format!("{}: {error}", describe(action)))?;
                let patch = argocd::perform::patch(path, &object, action, &operation.id)?;
                Ok(Ready::Patch(cluster.clone(), patch))
            }
            Self::Cluster(cluster) if action.target.kind == Kind::Release => {
                let (helm, asked) = helm::perform::prepare(&cluster.read(), cluster.helm(), action).await?;
                Ok(Ready::Rollback(helm, asked))
            }
            Self::Cluster(cluster) => {
                patch_for(&cluster.read(), operation).await.map(|patch| Ready::Patch(cluster.clone(), patch))
            }
            Self::GitHub(client) => {
                let turn = client.turn().await;
                github::perform::prepare(client, action).await.map(|post| Ready::Post(client.clone(), turn, post))
            }
            Self::RustCi(client) => {
                rustci::perform::prepare(client, operation).await.map(|call| Ready::Call(client.clone(), call))
            }
            Self::Grafana(client) => grafana::perform::body(action).map(|body| Ready::Annotation(client.clone(), body)),
            Self::Argo(client) => {
                let request = argocd::request::prepare(client, action, &operation.id).await?;
                Ok(Ready::Argo(client.clone(), Box::new(request)))
            }
            Self::Docker(engine) => docker::perform::prepare(engine, operation)
                .await
                .map(|call| Ready::Engine(engine.clone(), Box::new(call))),
        }
    }
}

impl Way {
    /// What an accepted request made, as its answer names it.
    fn made(&self, action: &Action, answer: &Value) -> Option<Name> {
        match self {
            Self::Cluster(_) if matches!(action.change, Change::RunAgain | Change::Dispatch { .. }) => {
                tekton::perform::made(answer).map(Name::new)
            }
            Self::RustCi(_) => rustci::perform::made(answer).map(Name::new),
            Self::GitHub(_) => github::perform::made(action, answer).map(|id| Name::new(&id)),
            Self::Docker(_) => docker::perform::made(answer).map(Name::new),
            Self::Grafana(_) => grafana::perform::made(answer).map(|id| Name::new(&id)),
            Self::Cluster(_) | Self::Argo(_) => None,
        }
    }
}

impl Ready {
    /// Once.
    async fn send(self, writes: Writes) -> Sent {
        match self {
            Self::Patch(cluster, patch) => cluster.write(writes).send(patch).await,
            Self::Create(cluster, post) => cluster.write(writes).create(post).await,
            Self::Post(client, turn, post) => github::perform::send(writes, &client, turn, post).await,
            Self::Call(client, call) => rustci::perform::send(writes, &client, call).await,
            Self::Engine(engine, call) => docker::perform::send(writes, &engine, *call).await,
            Self::Annotation(client, body) => grafana::perform::send(writes, &client, &body).await,
            Self::Argo(client, request) => argocd::request::send(writes, &client, *request).await,
            Self::Rollback(helm, asked) => helm.rollback(writes, &asked).await,
        }
    }
}

/// Runs a task of an operation; should it panic, `told` is what is said of it.
pub(super) async fn guard(
    id: OperationId,
    task: impl Future<Output = ()> + Send + 'static,
    tx: mpsc::Sender<(OperationId, Progress)>,
    told: fn(Safe) -> Progress,
) {
    if let Err(error) = tokio::spawn(task).await {
        let message = supervise::panic_message(error);
        tracing::error!(message = message.as_str(), "the task of an operation stopped");
        let _ = tx.send((id, told(safe!("the program stumbled ({})", message)))).await;
    }
}

/// Reads the object of an operation whose end nobody heard, and says whether it took.
pub(super) async fn read_evidence(
    way: Option<Way>,
    operation: Box<Operation>,
    tx: mpsc::Sender<(OperationId, Progress)>,
) {
    let (found, message) = match way {
        None => (Found::Untold, "its source is not in the scope of this run".to_owned()),
        Some(Way::Cluster(cluster)) if operation.action.target.kind.system() == crate::model::SystemId::Tekton => {
            tekton::perform::evidence(&cluster.read(), &operation.action, &operation.id).await
        }
        Some(Way::Cluster(cluster)) if operation.action.target.kind == Kind::Release => {
            helm::perform::evidence(&cluster.read(), &operation.action).await
        }
        Some(Way::Cluster(cluster)) => evidence(&cluster.read(), &operation).await,
        Some(Way::GitHub(client)) => github::perform::evidence(&client, &operation).await,
        Some(Way::RustCi(client)) => rustci::perform::evidence(&client, &operation).await,
        Some(Way::Docker(engine)) => docker::perform::evidence(&engine, &operation).await,
        Some(Way::Grafana(client)) => grafana::perform::evidence(&client, &operation.action).await,
        Some(Way::Argo(client)) => argocd::request::evidence(&client, &operation).await,
    };
    let _ = tx.send((operation.id, Progress::Evidence { found, message: Safe::line(&message) })).await;
}

async fn evidence(read: &ReadStack, operation: &Operation) -> (Found, String) {
    let action = &operation.action;
    let object = match get(read, &object_path(action)).await {
        Ok(object) => object,
        Err(NetError::Api { code: 404, .. }) => return (Found::Gone, format!("{} is gone", describe(action))),
        Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
    };
    if text(&object, "/metadata/uid") != Some(action.target.uid.raw()) {
        return (Found::Gone, format!("{} was deleted and created anew", describe(action)));
    }
    match &action.change {
        Change::Undo { resource_version, .. } if action.target.kind.is_controlled() => {
            if text(&object, "/metadata/resourceVersion") == Some(&**resource_version) {
                return (Found::Missing, "it is as it was before the send".to_owned());
            }
            match kubernetes::revisions::wanted_by(read, action)
                .await
                .map(|revision| kubernetes::perform::is_at(&object, &revision))
            {
                Ok(true) => (Found::Applied, "its template is that of the revision".to_owned()),
                // Its resourceVersion never comes back, so the guard fails from now on.
                Ok(false) => (Found::Passed, "it changed, and its template is not that of the revision".to_owned()),
                Err(error) => (Found::Untold, error),
            }
        }
        Change::Undo { resource_version, replica_set, .. } => {
            if text(&object, "/metadata/resourceVersion") == Some(&**resource_version) {
                return (Found::Missing, "it is as it was before the send".to_owned());
            }
            match get(read, &replica_set_path(action, replica_set.raw())).await {
                Ok(set) if same_template(&object, &set, hash_label(action.target.kind)) => {
                    (Found::Applied, "its template is that of the revision".to_owned())
                }
                // Its resourceVersion never comes back, so the guard fails from now on.
                Ok(_) => (Found::Passed, "it changed, and its template is not that of the revision".to_owned()),
                Err(NetError::Api { code: 404, .. }) => {
                    (Found::Passed, "it changed, and the ReplicaSet of the revision is gone".to_owned())
                }
                Err(error) => (Found::Untold, format!("the revision cannot be read: {error}")),
            }
        }
        Change::RestartWorkload { .. } | Change::Scale { .. } => {
            kubernetes::perform::evidence(&action.change, &object, operation.started)
        }
        change if action.target.kind == Kind::Application => argocd::perform::evidence(change, &object, &operation.id),
        Change::RestartRollout { .. } => {
            rollouts::perform::restarted(&object, &kubernetes::perform::stamp(operation.started))
        }
        change => rollouts::perform::evidence(change, &object),
    }
}

/// After a failed guard: which one it was.
async fn what_changed(read: &ReadStack, action: &Action) -> Option<String> {
    let object = match get(read, &object_path(action)).await {
        Ok(object) => object,
        Err(NetError::Api { code: 404, .. }) => return Some("it was deleted".to_owned()),
        Err(_) => return None,
    };
    if text(&object, "/metadata/uid") != Some(action.target.uid.raw()) {
        return Some("it was deleted and created anew".to_owned());
    }
    match &action.change {
        Change::Undo { resource_version, .. }
        | Change::SetImage { resource_version, .. }
        | Change::RestartWorkload { resource_version }
        | Change::Scale { resource_version, .. } => (text(&object, "/metadata/resourceVersion")
            != Some(&**resource_version))
        .then(|| format!("it is at generation {} now", object.pointer("/metadata/generation").unwrap_or(&Value::Null))),
        Change::CancelRun { .. } => tekton::perform::moved(&object),
        change if action.target.kind == Kind::Application => argocd::perform::moved(change, &object)
            .or_else(|| Some("Argo CD wrote its status in between; ask again".to_owned())),
        change => rollouts::perform::moved(change, &object),
    }
}

pub(super) async fn get(read: &ReadStack, path: &str) -> Result<Value, NetError> {
    let answer = read.get(path).await?;
    serde_json::from_slice(&answer.body).map_err(|error| NetError::Transport(format!("the answer is no JSON: {error}")))
}

pub(super) fn object_path(action: &Action) -> String {
    let target = &action.target;
    let (collection, _) = super::place(target.kind, Some(&target.namespace)).unwrap_or_default();
    format!("{collection}/{}", crate::net::segment(target.name.raw()))
}

pub(super) fn replica_set_path(action: &Action, name: &str) -> String {
    let (collection, _) = super::place(Kind::ReplicaSet, Some(&action.target.namespace)).unwrap_or_default();
    format!("{collection}/{}", crate::net::segment(name))
}

pub(super) fn describe(action: &Action) -> String {
    format!("{} {}", action.target.kind.as_str(), action.target.name.safe().as_str())
}

/// A guard: the server refuses the whole patch if the field has another value.
pub(super) fn test(path: &str, value: impl Into<Value>) -> Value {
    serde_json::json!({ "op": "test", "path": path, "value": value.into() })
}

pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_operation_whose_task_panics_is_unknown() {
        let (tx, mut rx) = mpsc::channel(1);
        let id = OperationId("1".to_owned());
        let task = async { panic!("index 3 out of range") };
        guard(id.clone(), task, tx.clone(), |message| Progress::Unknown { message }).await;
        let Some((of, Progress::Unknown { message })) = rx.recv().await else { panic!("nothing unknown was told") };
        assert_eq!(of, id);
        assert!(message.as_str().contains("index 3 out of range"), "{message:?}");
        // One that ends by itself has told its own end.
        guard(id, async {}, tx, |message| Progress::Unknown { message }).await;
        assert!(rx.try_recv().is_err());
    }
}
