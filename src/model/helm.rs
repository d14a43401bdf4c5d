//! Releases of Helm, as it keeps them itself: a Secret for each revision (apis.md §3.13). Its labels say
//! which and how it stands; what is in it is read for the page of one release only.

use std::sync::Arc;

use jiff::Timestamp;

use super::kubernetes::Meta;
use super::{Kind, Name, ObjectId, SourceId, Uid};
use crate::safe;
use crate::text::Safe;

/// One revision of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Of the Secret.
    pub meta: Meta,
    pub release: Name,
    pub number: i64,
    pub status: ReleaseStatus,
    /// The same in Helm's word.
    pub word: Safe,
    /// When its status was written last.
    pub modified: Option<Timestamp>,
}

/// The words of Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStatus {
    Deployed,
    Superseded,
    Failed,
    Uninstalled,
    Uninstalling,
    PendingInstall,
    PendingUpgrade,
    PendingRollback,
    Unknown,
    Other(Safe),
}

impl ReleaseStatus {
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "deployed" => Self::Deployed,
            "superseded" => Self::Superseded,
            "failed" => Self::Failed,
            "uninstalled" => Self::Uninstalled,
            "uninstalling" => Self::Uninstalling,
            "pending-install" => Self::PendingInstall,
            "pending-upgrade" => Self::PendingUpgrade,
            "pending-rollback" => Self::PendingRollback,
            "unknown" | "" => Self::Unknown,
            other => Self::Other(Safe::line(other)),
        }
    }

    #[must_use]
    pub fn word(&self) -> Safe {
        Safe::of(match self {
            Self::Deployed => "deployed",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalled => "uninstalled",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Unknown => "unknown",
            Self::Other(word) => return word.clone(),
        })
    }

    /// A program is at work on it, or was when it ended.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback | Self::Uninstalling)
    }
}

impl Revision {
    /// The release, whatever revision it is at.
    #[must_use]
    pub fn release_id(&self) -> ObjectId {
        let cluster = self.meta.cluster;
        ObjectId {
            cluster,
            kind: Kind::Release,
            namespace: self.meta.namespace.clone(),
            name: self.release.clone(),
            uid: uid(cluster, &self.meta.namespace, &self.release),
        }
    }
}

/// A release has no object of its own: this stands for it. No uid of a server has a slash.
#[must_use]
pub fn uid(cluster: SourceId, namespace: &Name, release: &Name) -> Uid {
    Uid::new(cluster, &format!("helm/{}/{}", namespace.raw(), release.raw()))
}

/// What the Secret of a revision says, as far as it is shown: neither values nor manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub chart: Safe,
    /// Of the chart.
    pub version: Safe,
    pub app_version: Safe,
    /// `Upgrade complete`, or what went wrong.
    pub description: Safe,
    pub deployed: Option<Timestamp>,
}

impl Content {
    /// `checkout-1.4.0`, as `helm list` has it.
    #[must_use]
    pub fn chart_name(&self) -> Safe {
        if self.version.is_empty() { self.chart.clone() } else { safe!("{}-{}", self.chart, self.version) }
    }
}

/// Secrets that somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentWanted {
    pub cluster: SourceId,
    pub namespace: Name,
    /// The name of the Secret, and its uid.
    pub secret: Name,
    pub uid: Uid,
    /// It is written again when the program is done.
    pub version: Arc<str>,
}

/// What came of reading one; `Err`: why it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentRead {
    pub uid: Uid,
    /// As it was asked for.
    pub version: Arc<str>,
    pub content: Result<Arc<Content>, Safe>,
}

/// As Helm describes the revision that a rollback made.
#[must_use]
pub fn rolled_back(to: i64) -> String {
    format!("Rollback to {to}")
}
