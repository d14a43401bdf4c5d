//! Where facts come from and how fresh they are. Freshness is a state, not a decoration.

use std::sync::Arc;
use std::time::Duration;

use super::access::AccessRead;
use super::applications::{Application, ApplicationsRead};
use super::approvals::PendingRead;
use super::asides::AsideRead;
use super::builds::FolderRead;
use super::differences::DifferencesRead;
use super::docker::{DockerContainer, Usage};
use super::gitops::{OverlayRead, RangeRead};
use super::helm::{ContentRead, Revision};
use super::images::Image;
use super::kubernetes::{Deployment, Event, Meta, Namespace, Pod, ReplicaSet};
use super::nodes::NodesRead;
use super::pipelines::{CiPipeline, JobsRead, Quota, Run};
use super::projects::AppProject;
use super::revisions::RevisionsRead;
use super::rollouts::{AnalysisRun, Experiment, Rollout};
use super::routing::Routing;
use super::runners::RunnersRead;
use super::security::SecurityRead;
use super::slo::{Alert, Comparison, Slo, Spent};
use super::tekton::{PipelineRun, TaskRun};
use super::workflows::{StartablesRead, WorkflowRead};
use super::workloads::{Beside, Controlled};
use super::{Kind, Name, SourceId, SystemId, Uid};
use crate::text::Safe;

/// The namespace Argo CD is installed in by its own manifests.
const ARGOCD: &str = "argocd";

/// One source of the scope, pinned at start: a Kubernetes cluster, a GitHub host, a Prometheus, a
/// Docker Engine, a container registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceScope {
    pub id: SourceId,
    /// [`SystemId::Kubernetes`] for a cluster, which serves Argo Rollouts, Argo CD and Tekton too.
    pub system: SystemId,
    /// The kubeconfig context, or `demo`; of other sources the host.
    pub name: Name,
    pub server: Safe,
    pub user: Safe,
    /// What is read; `None` = all namespaces (`-A`). Never empty. Of GitHub: the repositories;
    /// of a registry: those of images; of a server of Argo CD: the contexts of its clusters.
    pub namespaces: Option<Vec<Name>>,
    /// Why it cannot be used at all (kubeconfig missing, unknown context …), with the next step.
    pub unusable: Option<Safe>,
    /// Where it was found, when no file and no flag named it: `git remote origin`, `PROMETHEUS_URL`.
    pub discovered: Option<Safe>,
}

impl SourceScope {
    /// The systems that are read from it.
    #[must_use]
    pub const fn systems(&self) -> &'static [SystemId] {
        match self.system {
            SystemId::Kubernetes | SystemId::Rollouts | SystemId::ArgoCd | SystemId::Helm | SystemId::Tekton => {
                &[SystemId::Kubernetes, SystemId::Rollouts, SystemId::ArgoCd, SystemId::Helm, SystemId::Tekton]
            }
            SystemId::GitHub => &[SystemId::GitHub],
            SystemId::RustCi => &[SystemId::RustCi],
            SystemId::Prometheus => &[SystemId::Prometheus],
            SystemId::Docker => &[SystemId::Docker],
            SystemId::Registry => &[SystemId::Registry],
            SystemId::Loki => &[SystemId::Loki],
            SystemId::Grafana => &[SystemId::Grafana],
            SystemId::ArgoServer => &[SystemId::ArgoServer],
        }
    }

    /// What is read of it: a feed per kind and namespace; namespaces themselves by name.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedId> {
        let namespaces: Vec<Option<Name>> = match &self.namespaces {
            None => vec![None],
            Some(names) => names.iter().cloned().map(Some).collect(),
        };
        let feed = |kind, namespace: &Option<Name>| FeedId { cluster: self.id, kind, namespace: namespace.clone() };
        let kinds = Kind::ALL.iter().filter(|kind| self.systems().contains(&kind.system()));
        let mut feeds: Vec<FeedId> = kinds.flat_map(|kind| namespaces.iter().map(|name| feed(*kind, name))).collect();
        // What keeps the objects of a namespace lives in another one.
        let home = Some(Name::new(ARGOCD));
        if self.systems().contains(&SystemId::ArgoCd) && !namespaces.contains(&None) && !namespaces.contains(&home) {
            feeds.extend([Kind::Application, Kind::AppProject].map(|kind| feed(kind, &home)));
        }
        feeds
    }
}

/// One list+watch, or list that is polled: a kind in one namespace (or all) of one source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId {
    pub cluster: SourceId,
    pub kind: Kind,
    /// `None` = all namespaces, or a cluster-scoped kind.
    pub namespace: Option<Name>,
}

impl FeedId {
    #[must_use]
    pub const fn system(&self) -> SystemId {
        self.kind.system()
    }
}

/// How a feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedStatus {
    /// Nothing has come yet.
    Connecting,
    /// Listed and watching.
    Live,
    /// There was data, and the connection is in trouble since `since`.
    Stale { since: Duration, message: Safe, retry_at: Option<Duration> },
    /// 403 (or 401): the server names who may not do what.
    Denied { message: Safe },
    /// 404 on the list: the definition (CRD) is not installed.
    Absent { message: Safe },
    /// Never had data and cannot get it: unreachable, wrong answer.
    Failed { message: Safe, retry_at: Option<Duration> },
}

/// What a feed's task says. All times are [`super::Now::mono`].
#[derive(Debug, Clone, PartialEq)]
pub enum FeedEvent {
    /// A list begins; what is known stays until `Listed`.
    ListBegins,
    /// A page of the list, or a changed object of the watch. Applied at once.
    Applied(Vec<Object>),
    /// Objects beyond those applied: `metadata.remainingItemCount` of the page, or what is older than the
    /// pages that are read.
    Remaining(u64),
    /// Objects of the list being read that could not be decoded.
    LeftOut(u64),
    /// The list is whole: what was not applied since `ListBegins` is gone.
    Listed,
    Deleted(Uid),
    /// Something was heard (a bookmark, a heartbeat beside an open watch): nothing changed, still fresh.
    Alive,
    Status(FeedStatus),
    /// The task itself stopped (a panic) and starts again.
    TaskStopped {
        message: Safe,
        restart_at: Duration,
    },
    /// `Date` of the server minus our wall clock, seconds.
    Skew(i64),
    /// What an [`super::interest::Interest`] asked for.
    Detail(Detail),
}

/// Read beside the lists of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    Quota(Quota),
    Jobs(JobsRead),
    /// Of a run that ended, for how long they took: nothing else of them is kept.
    Past(JobsRead),
    /// All pipelines of a RustCI server.
    Pipelines(Arc<[CiPipeline]>),
    Pending(PendingRead),
    Workflow(WorkflowRead),
    /// The names of objectives that could not be read, of all that Prometheus has.
    UnreadObjectives(Arc<[Safe]>),
    /// What can be started by hand in a repository.
    Startables(StartablesRead),
    Runners(RunnersRead),
    Security(Box<SecurityRead>),
    Aside(AsideRead),
    Comparison(Box<Comparison>),
    Spent(Spent),
    Usage(Usage),
    Folder(FolderRead),
    Overlay(OverlayRead),
    Range(RangeRead),
    /// Of a cluster.
    Nodes(NodesRead),
    /// What is in a revision of Helm's.
    Release(ContentRead),
    /// Of a StatefulSet or a DaemonSet.
    Revisions(RevisionsRead),
    /// Of a cluster.
    Access(AccessRead),
    /// Of an Application, as its server compares it.
    Differences(DifferencesRead),
    /// Rows of a cluster that does not show them itself, as the server of its Argo CD tells them.
    Applications(ApplicationsRead),
}

impl FeedEvent {
    /// It says only that the source is there and how far it is.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        matches!(self, Self::Alive | Self::Remaining(_) | Self::Detail(Detail::Quota(_)))
    }
}

/// An object as ingest makes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    Namespace(Arc<Namespace>),
    Deployment(Arc<Deployment>),
    Controlled(Arc<Controlled>),
    Beside(Arc<Beside>),
    Routing(Arc<Routing>),
    ReplicaSet(Arc<ReplicaSet>),
    Pod(Arc<Pod>),
    Event(Arc<Event>),
    Rollout(Arc<Rollout>),
    AnalysisRun(Arc<AnalysisRun>),
    Experiment(Arc<Experiment>),
    Application(Arc<Application>),
    AppProject(Arc<AppProject>),
    Release(Arc<Revision>),
    Run(Arc<Run>),
    PipelineRun(Arc<PipelineRun>),
    TaskRun(Arc<TaskRun>),
    Slo(Arc<Slo>),
    Alert(Arc<Alert>),
    Container(Arc<DockerContainer>),
    Image(Arc<Image>),
}

impl Object {
    #[must_use]
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Namespace(row) => &row.meta,
            Self::Deployment(row) => &row.meta,
            Self::Controlled(row) => &row.meta,
            Self::Beside(row) => &row.meta,
            Self::Routing(row) => &row.meta,
            Self::ReplicaSet(row) => &row.meta,
            Self::Pod(row) => &row.meta,
            Self::Event(row) => &row.meta,
            Self::Rollout(row) => &row.meta,
            Self::AnalysisRun(row) => &row.meta,
            Self::Experiment(row) => &row.meta,
            Self::Application(row) => &row.meta,
            Self::AppProject(row) => &row.meta,
            Self::Release(row) => &row.meta,
            Self::Run(row) => &row.meta,
            Self::PipelineRun(row) => &row.run.meta,
            Self::TaskRun(row) => &row.meta,
            Self::Slo(row) => &row.meta,
            Self::Alert(row) => &row.meta,
            Self::Container(row) => &row.meta,
            Self::Image(row) => &row.meta,
        }
    }
}
