//! Where facts come from and how fresh they are. Freshness is a state, not a decoration.

use std::sync::Arc;
use std::time::Duration;

use super::kubernetes::{Deployment, Event, Meta, Namespace, Pod, ReplicaSet};
use super::rollouts::{AnalysisRun, Experiment, Rollout};
use super::{ClusterId, Kind, Name, SystemId, Uid};
use crate::text::Safe;

/// One cluster of the scope, pinned at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterScope {
    pub id: ClusterId,
    /// The kubeconfig context, or `demo`.
    pub name: Name,
    pub server: Safe,
    pub user: Safe,
    /// What is read; `None` = all namespaces (`-A`). Never empty.
    pub namespaces: Option<Vec<Name>>,
    /// Why it cannot be used at all (kubeconfig missing, unknown context …), with the next step.
    pub unusable: Option<Safe>,
}

impl ClusterScope {
    /// What is read of it: a feed per kind and namespace; namespaces themselves by name.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedId> {
        let namespaces: Vec<Option<Name>> = match &self.namespaces {
            None => vec![None],
            Some(names) => names.iter().cloned().map(Some).collect(),
        };
        let feed = |kind, namespace: &Option<Name>| FeedId { cluster: self.id, kind, namespace: namespace.clone() };
        Kind::ALL.iter().flat_map(|kind| namespaces.iter().map(|name| feed(*kind, name))).collect()
    }
}

/// One list+watch: a kind in one namespace (or all) of one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId {
    pub cluster: ClusterId,
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
    /// `metadata.remainingItemCount` of the page just applied, when the server says it.
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
}

impl FeedEvent {
    /// It says only that the source is there and how far it is.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        matches!(self, Self::Alive | Self::Remaining(_))
    }
}

/// An object as ingest makes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    Namespace(Arc<Namespace>),
    Deployment(Arc<Deployment>),
    ReplicaSet(Arc<ReplicaSet>),
    Pod(Arc<Pod>),
    Event(Arc<Event>),
    Rollout(Arc<Rollout>),
    AnalysisRun(Arc<AnalysisRun>),
    Experiment(Arc<Experiment>),
}

impl Object {
    #[must_use]
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Namespace(row) => &row.meta,
            Self::Deployment(row) => &row.meta,
            Self::ReplicaSet(row) => &row.meta,
            Self::Pod(row) => &row.meta,
            Self::Event(row) => &row.meta,
            Self::Rollout(row) => &row.meta,
            Self::AnalysisRun(row) => &row.meta,
            Self::Experiment(row) => &row.meta,
        }
    }
}
