//! A change in an entry, with the values its guards tested: an object's change as it is written, and
//! the change that is read from it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::{CancelHow, Change, Gate, PipelineFile};
use crate::model::applications::AppWay;
use crate::model::builds::BuildPlan;
use crate::model::source::SourceScope;
use crate::model::{Name, SourceId, SystemId, Uid, masked};
use crate::text::Safe;

/// A source that is not in the scope of this run.
pub(super) const ELSEWHERE: SourceId = SourceId(u16::MAX);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum ChangeEntry {
    PromotePause {
        pod_hash: String,
        step: Option<i64>,
    },
    PromoteInconclusive {
        pod_hash: String,
        step: i64,
        next: i64,
    },
    Unpause,
    PromoteFull {
        pod_hash: String,
    },
    SkipStep {
        pod_hash: String,
        step: i64,
        to: i64,
        last: i64,
    },
    Pause {
        pod_hash: String,
    },
    SetImage {
        resource_version: String,
        container: String,
        from: String,
        to: String,
    },
    EndAnalysis,
    RestartRollout {
        pod_hash: String,
    },
    Abort {
        pod_hash: String,
    },
    Retry {
        pod_hash: String,
    },
    Undo {
        resource_version: String,
        replica_set: String,
        replica_set_uid: String,
        to_revision: i64,
    },
    RerunFailed {
        attempt: u32,
        #[serde(default)]
        debug: bool,
    },
    RerunAll {
        attempt: u32,
        debug: bool,
    },
    RerunJob {
        attempt: u32,
        job: String,
        name: String,
        debug: bool,
    },
    Cancel {
        attempt: u32,
    },
    ForceCancel {
        attempt: u32,
    },
    CancelRun {
        how: CancelHow,
    },
    RunAgain,
    Trigger {
        last: Option<String>,
    },
    Dispatch {
        path: String,
        reference: String,
        sha: String,
        inputs: Vec<(String, String)>,
        environment: Option<String>,
        last: Option<String>,
    },
    CreatePipeline {
        file: String,
        pipeline: Option<String>,
        bytes: u64,
        before: u32,
    },
    Review {
        attempt: u32,
        approve: bool,
        gates: Vec<GateEntry>,
        comment: String,
        jobs: Vec<String>,
    },
    ApproveRun {
        attempt: u32,
    },
    RestartContainer {
        state: String,
        started: Option<Timestamp>,
    },
    RestartWorkload {
        resource_version: String,
    },
    Scale {
        resource_version: String,
        from: i64,
        to: i64,
    },
    PullImage {
        image: String,
    },
    BuildImage {
        image: String,
        folder: String,
        dockerfile: String,
        revision: Option<String>,
    },
    PushImage {
        id: String,
    },
    Sync {
        #[serde(default)]
        server: Option<ServerEntry>,
        revisions: Vec<String>,
        pinned: bool,
        prune: bool,
        before: Option<Timestamp>,
    },
    CompareAgain {
        #[serde(default)]
        server: Option<ServerEntry>,
        before: Option<Timestamp>,
    },
    Terminate {
        #[serde(default)]
        server: Option<ServerEntry>,
        started: Timestamp,
    },
    RollBack {
        #[serde(default)]
        server: Option<ServerEntry>,
        id: i64,
        revision: String,
        before: Option<Timestamp>,
    },
    RollbackRelease {
        from: i64,
        resource_version: String,
        to: i64,
    },
    Annotate {
        text: String,
        tags: Vec<String>,
        from: Timestamp,
        to: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GateEntry {
    environment: i64,
    name: String,
}

/// The server of an Application that was asked, and not the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServerEntry {
    address: String,
    project: String,
}

impl ServerEntry {
    fn of(way: &AppWay) -> Option<Self> {
        let AppWay::Server { address, project, .. } = way else { return None };
        Some(Self { address: address.as_str().to_owned(), project: project.raw().to_owned() })
    }

    fn way(entry: Option<&Self>, sources: &[SourceScope]) -> AppWay {
        let Some(Self { address, project }) = entry else { return AppWay::Object };
        let is_its =
            |scope: &&SourceScope| scope.system == SystemId::ArgoServer && scope.server.as_str() == address.as_str();
        let source = sources.iter().find(is_its).map_or(ELSEWHERE, |scope| scope.id);
        AppWay::Server { source, address: Safe::identity(address), project: Name::new(project) }
    }
}

impl ChangeEntry {
    pub(super) fn of(change: &Change) -> Self {
        let text = |safe: &Safe| safe.as_str().to_owned();
        match change {
            Change::PromotePause { pod_hash, step } => Self::PromotePause { pod_hash: text(pod_hash), step: *step },
            Change::PromoteInconclusive { pod_hash, step, next } => {
                Self::PromoteInconclusive { pod_hash: text(pod_hash), step: *step, next: *next }
            }
            Change::Unpause => Self::Unpause,
            Change::PromoteFull { pod_hash } => Self::PromoteFull { pod_hash: text(pod_hash) },
            Change::SkipStep { pod_hash, step, to, last } => {
                Self::SkipStep { pod_hash: text(pod_hash), step: *step, to: *to, last: *last }
            }
            Change::Pause { pod_hash } => Self::Pause { pod_hash: text(pod_hash) },
            Change::SetImage { resource_version, container, from, to } => Self::SetImage {
                resource_version: resource_version.to_string(),
                container: container.raw().to_owned(),
                from: from.raw().to_owned(),
                to: to.raw().to_owned(),
            },
            Change::EndAnalysis => Self::EndAnalysis,
            Change::RestartRollout { pod_hash } => Self::RestartRollout { pod_hash: text(pod_hash) },
            Change::RerunFailed { attempt, debug } => Self::RerunFailed { attempt: *attempt, debug: *debug },
            Change::RerunAll { attempt, debug } => Self::RerunAll { attempt: *attempt, debug: *debug },
            Change::RerunJob { attempt, job, name, debug } => Self::RerunJob {
                attempt: *attempt,
                job: job.raw().to_owned(),
                name: name.raw().to_owned(),
                debug: *debug,
            },
            Change::Cancel { attempt } => Self::Cancel { attempt: *attempt },
            Change::CancelRun { how } => Self::CancelRun { how: *how },
            Change::RunAgain => Self::RunAgain,
            Change::Trigger { last } => Self::Trigger { last: last.as_ref().map(|uid| uid.raw().to_owned()) },
            Change::Dispatch { path, reference, sha, inputs, environment, last } => Self::Dispatch {
                path: path.raw().to_owned(),
                reference: reference.raw().to_owned(),
                sha: sha.raw().to_owned(),
                inputs: inputs.iter().map(|(name, value)| (name.raw().to_owned(), masked::kept(name, value))).collect(),
                environment: environment.as_ref().map(|name| name.raw().to_owned()),
                last: last.as_ref().map(|uid| uid.raw().to_owned()),
            },
            Change::CreatePipeline { file, before } => Self::CreatePipeline {
                file: file.name.raw().to_owned(),
                pipeline: file.pipeline.as_ref().map(|name| name.raw().to_owned()),
                bytes: file.bytes,
                before: *before,
            },
            Change::ForceCancel { attempt } => Self::ForceCancel { attempt: *attempt },
            Change::ApproveRun { attempt } => Self::ApproveRun { attempt: *attempt },
            Change::Review { attempt, approve, gates, comment, jobs } => Self::Review {
                attempt: *attempt,
                approve: *approve,
                gates: gates
                    .iter()
                    .map(|gate| GateEntry { environment: gate.environment, name: gate.name.raw().to_owned() })
                    .collect(),
                comment: text(comment),
                jobs: jobs.iter().map(|job| job.raw().to_owned()).collect(),
            },
            Change::RestartContainer { state, started } => {
                Self::RestartContainer { state: text(state), started: *started }
            }
            Change::RestartWorkload { resource_version } => {
                Self::RestartWorkload { resource_version: resource_version.to_string() }
            }
            Change::Scale { resource_version, from, to } => {
                Self::Scale { resource_version: resource_version.to_string(), from: *from, to: *to }
            }
            Change::PullImage { image } => Self::PullImage { image: image.raw().to_owned() },
            Change::BuildImage { plan } => Self::BuildImage {
                image: plan.image.raw().to_owned(),
                folder: plan.shown.as_str().to_owned(),
                dockerfile: plan.dockerfile.clone(),
                revision: plan.revision.as_ref().map(text),
            },
            Change::PushImage { id } => Self::PushImage { id: text(id) },
            Change::Sync { way, revisions, pinned, prune, before } => Self::Sync {
                server: ServerEntry::of(way),
                revisions: revisions.iter().map(|name| name.raw().to_owned()).collect(),
                pinned: *pinned,
                prune: *prune,
                before: *before,
            },
            Change::CompareAgain { way, before } => {
                Self::CompareAgain { server: ServerEntry::of(way), before: *before }
            }
            Change::Terminate { way, started } => Self::Terminate { server: ServerEntry::of(way), started: *started },
            Change::RollBack { way, id, revision, before } => Self::RollBack {
                server: ServerEntry::of(way),
                id: *id,
                revision: revision.raw().to_owned(),
                before: *before,
            },
            Change::RollbackRelease { from, resource_version, to } => {
                Self::RollbackRelease { from: *from, resource_version: resource_version.to_string(), to: *to }
            }
            Change::Annotate { text: words, tags, from, to } => Self::Annotate {
                text: text(words),
                tags: tags.iter().map(|tag| tag.raw().to_owned()).collect(),
                from: *from,
                to: *to,
            },
            Change::Abort { pod_hash } => Self::Abort { pod_hash: text(pod_hash) },
            Change::Retry { pod_hash } => Self::Retry { pod_hash: text(pod_hash) },
            Change::Undo { resource_version, replica_set, replica_set_uid, to_revision } => Self::Undo {
                resource_version: resource_version.to_string(),
                replica_set: replica_set.raw().to_owned(),
                replica_set_uid: replica_set_uid.raw().to_owned(),
                to_revision: *to_revision,
            },
        }
    }

    /// The change again, with its sources as they are called in this run.
    pub(super) fn change(&self, cluster: SourceId, sources: &[SourceScope]) -> Change {
        let way = |server: &Option<ServerEntry>| ServerEntry::way(server.as_ref(), sources);
        match self {
            Self::PromotePause { pod_hash, step } => {
                Change::PromotePause { pod_hash: Safe::identity(pod_hash), step: *step }
            }
            Self::PromoteInconclusive { pod_hash, step, next } => {
                Change::PromoteInconclusive { pod_hash: Safe::identity(pod_hash), step: *step, next: *next }
            }
            Self::Unpause => Change::Unpause,
            Self::PromoteFull { pod_hash } => Change::PromoteFull { pod_hash: Safe::identity(pod_hash) },
            Self::SkipStep { pod_hash, step, to, last } => {
                Change::SkipStep { pod_hash: Safe::identity(pod_hash), step: *step, to: *to, last: *last }
            }
            Self::Pause { pod_hash } => Change::Pause { pod_hash: Safe::identity(pod_hash) },
            Self::SetImage { resource_version, container, from, to } => Change::SetImage {
                resource_version: Arc::from(resource_version.as_str()),
                container: Name::new(container),
                from: Name::new(from),
                to: Name::new(to),
            },
            Self::EndAnalysis => Change::EndAnalysis,
            Self::RestartRollout { pod_hash } => Change::RestartRollout { pod_hash: Safe::identity(pod_hash) },
            Self::RerunFailed { attempt, debug } => Change::RerunFailed { attempt: *attempt, debug: *debug },
            Self::RerunAll { attempt, debug } => Change::RerunAll { attempt: *attempt, debug: *debug },
            Self::RerunJob { attempt, job, name, debug } => Change::RerunJob {
                attempt: *attempt,
                job: Uid::new(cluster, job),
                name: Name::new(name),
                debug: *debug,
            },
            Self::Cancel { attempt } => Change::Cancel { attempt: *attempt },
            Self::CancelRun { how } => Change::CancelRun { how: *how },
            Self::RunAgain => Change::RunAgain,
            Self::Trigger { last } => Change::Trigger { last: last.as_ref().map(|uid| Uid::new(cluster, uid)) },
            Self::Dispatch { path, reference, sha, inputs, environment, last } => Change::Dispatch {
                path: Name::new(path),
                reference: Name::new(reference),
                sha: Name::new(sha),
                inputs: inputs.iter().map(|(name, value)| (Name::new(name), Name::new(value))).collect(),
                environment: environment.as_deref().map(Name::new),
                last: last.as_ref().map(|uid| Uid::new(cluster, uid)),
            },
            Self::CreatePipeline { file, pipeline, bytes, before } => Change::CreatePipeline {
                file: Arc::new(PipelineFile {
                    name: Name::new(file),
                    path: Safe::identity(file),
                    pipeline: pipeline.as_deref().map(Name::new),
                    stages: Vec::new(),
                    bytes: *bytes,
                    text: Arc::from(""),
                }),
                before: *before,
            },
            Self::ForceCancel { attempt } => Change::ForceCancel { attempt: *attempt },
            Self::ApproveRun { attempt } => Change::ApproveRun { attempt: *attempt },
            Self::Review { attempt, approve, gates, comment, jobs } => Change::Review {
                attempt: *attempt,
                approve: *approve,
                gates: gates
                    .iter()
                    .map(|gate| Gate { environment: gate.environment, name: Name::new(&gate.name) })
                    .collect(),
                comment: Safe::line(comment),
                jobs: jobs.iter().map(|job| Uid::new(cluster, job)).collect(),
            },
            Self::RestartContainer { state, started } => {
                Change::RestartContainer { state: Safe::line(state), started: *started }
            }
            Self::RestartWorkload { resource_version } => {
                Change::RestartWorkload { resource_version: Arc::from(resource_version.as_str()) }
            }
            Self::Scale { resource_version, from, to } => {
                Change::Scale { resource_version: Arc::from(resource_version.as_str()), from: *from, to: *to }
            }
            Self::PullImage { image } => Change::PullImage { image: Name::new(image) },
            Self::BuildImage { image, folder, dockerfile, revision } => {
                Change::BuildImage { plan: Arc::new(BuildPlan::told(image, folder, dockerfile, revision.as_deref())) }
            }
            Self::PushImage { id } => Change::PushImage { id: Safe::line(id) },
            Self::Sync { server, revisions, pinned, prune, before } => Change::Sync {
                way: way(server),
                revisions: revisions.iter().map(|name| Name::new(name)).collect(),
                pinned: *pinned,
                prune: *prune,
                before: *before,
            },
            Self::CompareAgain { server, before } => Change::CompareAgain { way: way(server), before: *before },
            Self::Terminate { server, started } => Change::Terminate { way: way(server), started: *started },
            Self::RollBack { server, id, revision, before } => {
                Change::RollBack { way: way(server), id: *id, revision: Name::new(revision), before: *before }
            }
            Self::RollbackRelease { from, resource_version, to } => {
                Change::RollbackRelease { from: *from, resource_version: Arc::from(resource_version.as_str()), to: *to }
            }
            Self::Annotate { text, tags, from, to } => Change::Annotate {
                text: Safe::line(text),
                tags: tags.iter().map(|tag| Name::new(tag)).collect(),
                from: *from,
                to: *to,
            },
            Self::Abort { pod_hash } => Change::Abort { pod_hash: Safe::identity(pod_hash) },
            Self::Retry { pod_hash } => Change::Retry { pod_hash: Safe::identity(pod_hash) },
            Self::Undo { resource_version, replica_set, replica_set_uid, to_revision } => Change::Undo {
                resource_version: Arc::from(resource_version.as_str()),
                replica_set: Name::new(replica_set),
                replica_set_uid: Uid::new(cluster, replica_set_uid),
                to_revision: *to_revision,
            },
        }
    }
}
