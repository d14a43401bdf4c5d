//! What is asked of the sources only while somebody looks at it, so that polling costs what is on the
//! screen. Made by [`crate::state::interest`] from the state, handed to the systems as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::access::AccessInterest;
use super::applications::ApplicationsWanted;
use super::asides::Wanted;
use super::differences::DifferencesWanted;
use super::gitops::{OverlayInterest, RangeInterest};
use super::helm::ContentWanted;
use super::images::Digest;
use super::nodes::Depth;
use super::revisions::RevisionsWanted;
use super::slo::ComparisonQuery;
use super::workflows::WorkflowWanted;
use super::{Name, ObjectId, SourceId, Uid};
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interest {
    /// Runs whose jobs and steps are shown or wanted.
    pub jobs: Vec<ObjectId>,
    /// How often jobs that nobody looked at were forgotten: what was read before may be needed again.
    pub forgotten: u64,
    /// Runs that stand in a queue or go on, whose jobs say who waits for which runner: the oldest ones, and many
    /// while somebody looks at the runners.
    pub queued: Vec<ObjectId>,
    /// Runs that ended well, whose jobs are read once, when there is nothing more urgent: how long they
    /// took is what is expected of the run that is shown.
    pub past: Vec<ObjectId>,
    /// Runs that wait for an approval, over all repositories.
    pub pending: Vec<ObjectId>,
    /// The workflow that is about to be started.
    pub workflow: Option<WorkflowWanted>,
    /// The repository of which somebody chooses a workflow to start.
    pub startable: Option<(SourceId, Name)>,
    /// Repositories whose runners somebody looks at or waits for.
    pub runners: Vec<(SourceId, Name)>,
    /// Repositories whose findings are looked at, or decide about what is about to be done.
    pub security: Vec<(SourceId, Name)>,
    /// What stands beside the run or workload whose page is shown.
    pub asides: Vec<Wanted>,
    /// Canaries that are compared with their stable arm.
    pub comparisons: Vec<ComparisonQuery>,
    /// Budget spent of this objective since then.
    pub spent: Vec<(Uid, Timestamp)>,
    /// The objective whose chart is shown.
    pub history: Option<Uid>,
    /// What of each image repository matters.
    pub images: Vec<ImageInterest>,
    /// Containers on the screen that run: what they take.
    pub containers: Vec<ObjectId>,
    /// What this account may do there.
    pub access: AccessInterest,
    /// Folders that images are built from.
    pub folders: Vec<FolderInterest>,
    /// Clusters whose nodes matter one by one: which is cordoned, which under pressure.
    pub nodes: BTreeMap<SourceId, Depth>,
    /// Overlays of GitOps repositories.
    pub overlays: Vec<OverlayInterest>,
    /// What runs and what is asked for, where these are two commits.
    pub ranges: Vec<RangeInterest>,
    /// Revisions of the release whose page is shown.
    pub releases: Vec<ContentWanted>,
    /// The StatefulSet or DaemonSet that somebody may undo.
    pub revisions: Option<RevisionsWanted>,
    /// Applications whose differences are looked at.
    pub differences: Vec<DifferencesWanted>,
    /// Clusters that do not show their Applications.
    pub applications: Vec<ApplicationsWanted>,
}

/// A folder of a repository: which commit changed it last, and whether the image has that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderInterest {
    pub source: SourceId,
    /// `acme/images`.
    pub repository: Name,
    /// Without a slash at either end; empty = all of it.
    pub folder: Arc<str>,
    /// The commits that its images say they were built from.
    pub built: Vec<Safe>,
    /// Somebody looks at it.
    pub busy: bool,
}

/// Tags of an image repository that somebody runs or has just built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageInterest {
    pub source: SourceId,
    /// With its host.
    pub repository: Name,
    /// Those that workloads name.
    pub tags: Vec<Arc<str>>,
    /// Those that a recent commit or branch may have; read where they are there.
    pub likely: Vec<Arc<str>>,
    /// What pods run.
    pub digests: Vec<Digest>,
    /// Something of it moves, or somebody looks at it.
    pub busy: bool,
}

impl Default for ImageInterest {
    fn default() -> Self {
        Self {
            source: SourceId(u16::MAX),
            repository: Name::new(""),
            tags: Vec::new(),
            likely: Vec::new(),
            digests: Vec::new(),
            busy: false,
        }
    }
}
