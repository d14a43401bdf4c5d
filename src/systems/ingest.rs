//! From the bytes of an answer to the model: one object, one page of a list, one frame of a watch.
//! Pure. What is odd in one field costs that field, what is odd in one object costs that object,
//! and both are said; no input makes it panic.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::meta::{MetaWire, Pool, StatusWire};
use super::wire::{Int, Obj, Text};
use super::{argocd, helm, istio, kubernetes, rollouts, tekton};
use crate::model::source::Object;
use crate::model::{Kind, SourceId, Uid};
use crate::text::Safe;

/// Why an answer could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The bytes end in the middle: a connection that broke, a proxy that cut.
    #[error("{what}: the answer is cut off after {bytes} bytes")]
    Truncated { what: &'static str, bytes: usize },
    #[error("{what}: the answer is not the JSON that was expected: {message}")]
    Invalid { what: &'static str, message: String },
    /// An object without name or uid cannot be shown or acted on.
    #[error("{what} without {field}")]
    Missing { what: &'static str, field: &'static str },
    #[error("{what}: watch frame of the unknown type {kind:?}")]
    UnknownFrame { what: &'static str, kind: String },
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub objects: Vec<Object>,
    /// `metadata.resourceVersion` of the list: where a watch begins.
    pub resource_version: Arc<str>,
    /// `metadata.continue`, when there are more pages.
    pub continue_token: Option<String>,
    /// `metadata.remainingItemCount`, when the server says it.
    pub remaining: Option<u64>,
    /// Objects that could not be read; the others are there all the same.
    pub rejected: Vec<Rejected>,
}

/// An object of a page that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its name, or `item 3` where it has none.
    pub name: Safe,
    pub error: IngestError,
}

/// One line of a watch. `resource_version` is where the watch resumes after it.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// `ADDED` or `MODIFIED`.
    Applied { object: Object, resource_version: Arc<str> },
    /// `DELETED`.
    Deleted { uid: Uid, resource_version: Arc<str> },
    /// `BOOKMARK`; `initial_end` when it ends the first events of a streaming list.
    Bookmark { resource_version: Arc<str>, initial_end: bool },
    /// `ERROR`: a Status. Code 410 means list again.
    Error { code: u16, reason: Safe, message: Safe },
}

/// Calls a function with the converter and the wrapper of a kind.
macro_rules! for_kind {
    ($kind:expr, $call:ident($($argument:expr),*)) => {
        match $kind {
            Kind::Namespace => $call(kubernetes::ingest::namespace, Object::Namespace, $($argument),*),
            Kind::Deployment => $call(kubernetes::ingest::deployment, Object::Deployment, $($argument),*),
            Kind::StatefulSet => $call(kubernetes::ingest_workload::stateful_set, Object::Controlled, $($argument),*),
            Kind::DaemonSet => $call(kubernetes::ingest_workload::daemon_set, Object::Controlled, $($argument),*),
            Kind::BatchJob => $call(kubernetes::ingest_workload::job, Object::Controlled, $($argument),*),
            Kind::HorizontalPodAutoscaler => $call(kubernetes::ingest_beside::autoscaler, Object::Beside, $($argument),*),
            Kind::PodDisruptionBudget => $call(kubernetes::ingest_beside::budget, Object::Beside, $($argument),*),
            Kind::ResourceQuota => $call(kubernetes::ingest_beside::quota, Object::Beside, $($argument),*),
            Kind::NetworkPolicy => $call(kubernetes::ingest_beside::policy, Object::Beside, $($argument),*),
            Kind::VirtualService => $call(istio::ingest::virtual_service, Object::Routing, $($argument),*),
            Kind::DestinationRule => $call(istio::ingest::destination_rule, Object::Routing, $($argument),*),
            Kind::Lease => $call(kubernetes::ingest_beside::lock, Object::Beside, $($argument),*),
            Kind::ReplicaSet => $call(kubernetes::ingest::replica_set, Object::ReplicaSet, $($argument),*),
            Kind::Pod => $call(kubernetes::ingest_pod::pod, Object::Pod, $($argument),*),
            Kind::Event => $call(kubernetes::ingest::event, Object::Event, $($argument),*),
            Kind::Rollout => $call(rollouts::ingest::rollout, Object::Rollout, $($argument),*),
            Kind::AnalysisRun => $call(rollouts::ingest_analysis::analysis_run, Object::AnalysisRun, $($argument),*),
            Kind::Experiment => $call(rollouts::ingest_analysis::experiment, Object::Experiment, $($argument),*),
            Kind::Application => $call(argocd::ingest::application, Object::Application, $($argument),*),
            Kind::AppProject => $call(argocd::ingest_project::project, Object::AppProject, $($argument),*),
            Kind::Release => $call(helm::ingest::revision, Object::Release, $($argument),*),
            Kind::PipelineRun => $call(tekton::ingest::pipeline_run, Object::PipelineRun, $($argument),*),
            Kind::TaskRun => $call(tekton::ingest_task::task_run, Object::TaskRun, $($argument),*),
            other => Err(IngestError::Missing { what: other.as_str(), field: "a place in the Kubernetes API" }),
        }
    };
}

type Convert<W, T> = fn(SourceId, &W, &mut Pool) -> Result<T, IngestError>;

/// One object, as a GET or a PATCH answers it.
pub fn object(kind: Kind, cluster: SourceId, bytes: &[u8]) -> Result<Object, IngestError> {
    for_kind!(kind, one(kind, cluster, bytes, &mut Pool::default()))
}

/// One page of a list.
pub fn page(kind: Kind, cluster: SourceId, bytes: &[u8]) -> Result<Page, IngestError> {
    for_kind!(kind, whole_page(kind, cluster, bytes))
}

/// One line of a watch, with or without its line feed.
pub fn frame(kind: Kind, cluster: SourceId, line: &[u8]) -> Result<Frame, IngestError> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(rename = "type", default, borrow)]
        kind: Text<'a>,
        #[serde(borrow)]
        object: &'a RawValue,
    }
    let what = kind.as_str();
    let wire: Wire<'_> = read(what, line)?;
    let bytes = wire.object.get().as_bytes();
    match wire.kind.as_str() {
        "ADDED" | "MODIFIED" => {
            let object = object(kind, cluster, bytes)?;
            Ok(Frame::Applied { resource_version: Arc::clone(&object.meta().resource_version), object })
        }
        "DELETED" => {
            let meta = meta(what, bytes)?;
            let uid = meta.uid.some().ok_or(IngestError::Missing { what, field: "metadata.uid" })?;
            Ok(Frame::Deleted { uid: Uid::new(cluster, uid), resource_version: meta.version() })
        }
        "BOOKMARK" => {
            let meta = meta(what, bytes)?;
            let initial_end = meta.annotation("k8s.io/initial-events-end") == Some("true");
            Ok(Frame::Bookmark { resource_version: meta.version(), initial_end })
        }
        "ERROR" => {
            let status: StatusWire<'_> = read(what, bytes)?;
            Ok(Frame::Error {
                code: status.code.0.and_then(|code| u16::try_from(code).ok()).unwrap_or(0),
                reason: status.reason.line(),
                message: status.message.line(),
            })
        }
        other => Err(IngestError::UnknownFrame { what, kind: other.chars().take(40).collect() }),
    }
}

/// Just enough of any object.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Any<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
}

fn meta<'a>(what: &'static str, bytes: &'a [u8]) -> Result<MetaWire<'a>, IngestError> {
    let any: Any<'a> = read(what, bytes)?;
    Ok(any.metadata.0.unwrap_or_default())
}

fn read<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, IngestError> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() {
            IngestError::Truncated { what, bytes: bytes.len() }
        } else {
            IngestError::Invalid { what, message: plain(&error, bytes) }
        }
    })
}

/// What was found instead, without the names of our types.
pub(super) fn plain(error: &serde_json::Error, bytes: &[u8]) -> String {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return "it is empty".to_owned(),
        Some(b'<') => return "it is a web page".to_owned(),
        Some(_) => {}
    }
    let said = error.to_string();
    match said.split_once("expected struct ") {
        Some((before, rest)) => {
            let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
            format!("{before}expected an object {rest}").trim_end().to_owned()
        }
        None => said,
    }
}

fn one<'a, W: Deserialize<'a>, T>(
    convert: Convert<W, T>,
    wrap: fn(Arc<T>) -> Object,
    kind: Kind,
    cluster: SourceId,
    bytes: &'a [u8],
    pool: &mut Pool,
) -> Result<Object, IngestError> {
    let wire: W = read(kind.as_str(), bytes)?;
    Ok(wrap(Arc::new(convert(cluster, &wire, pool)?)))
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "W: Deserialize<'de>"))]
struct ListWire<'a, W> {
    #[serde(default, borrow)]
    metadata: Obj<ListMeta<'a>>,
    /// Must be there: an answer without it is no list, and taking it for an empty one would wipe
    /// what is known. `null` is how Go writes an empty one.
    #[serde(deserialize_with = "items")]
    items: Vec<W>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta<'a> {
    #[serde(borrow)]
    resource_version: Text<'a>,
    #[serde(rename = "continue", borrow)]
    next: Text<'a>,
    remaining_item_count: Int,
}

fn items<'de, D: Deserializer<'de>, W: Deserialize<'de>>(deserializer: D) -> Result<Vec<W>, D::Error> {
    Option::<Vec<W>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a page in one go; only when that fails, object by object, to lose none but the broken ones.
fn whole_page<'a, W: Deserialize<'a>, T>(
    convert: Convert<W, T>,
    wrap: fn(Arc<T>) -> Object,
    kind: Kind,
    cluster: SourceId,
    bytes: &'a [u8],
) -> Result<Page, IngestError> {
    let mut pool = Pool::default();
    let mut objects = Vec::new();
    let mut rejected = Vec::new();
    let metadata = if let Ok(list) = read::<ListWire<'a, Obj<W>>>(kind.plural(), bytes) {
        objects.reserve(list.items.len());
        for (index, item) in list.items.iter().enumerate() {
            let converted = match &item.0 {
                Some(wire) => convert(cluster, wire, &mut pool),
                None => Err(IngestError::Invalid { what: kind.as_str(), message: "not an object".to_owned() }),
            };
            match converted {
                Ok(object) => objects.push(wrap(Arc::new(object))),
                Err(error) => rejected.push(Rejected { name: position(index), error }),
            }
        }
        list.metadata.0
    } else {
        let list: ListWire<'a, &'a RawValue> = read(kind.plural(), bytes)?;
        for (index, item) in list.items.iter().enumerate() {
            let item = item.get().as_bytes();
            match one(convert, wrap, kind, cluster, item, &mut pool) {
                Ok(object) => objects.push(object),
                Err(error) => rejected.push(Rejected { name: name_of(item, index), error }),
            }
        }
        list.metadata.0
    };
    let metadata = metadata.unwrap_or_default();
    Ok(Page {
        objects,
        resource_version: Arc::from(metadata.resource_version.as_str()),
        continue_token: metadata.next.some().map(str::to_owned),
        remaining: metadata.remaining_item_count.0.and_then(|count| u64::try_from(count).ok()),
        rejected,
    })
}

fn position(index: usize) -> Safe {
    Safe::line(&format!("item {index}"))
}

fn name_of(item: &[u8], index: usize) -> Safe {
    match meta("", item) {
        Ok(meta) if meta.name.some().is_some() => Safe::identity(meta.name.as_str()),
        _ => position(index),
    }
}
