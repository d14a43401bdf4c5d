//! What is read beside runs: of containers, releases, nodes, and of what Git asks for.

use std::sync::Arc;
use std::time::Duration;

use super::{Details, RANGES, Recorded};
use crate::model::builds::Folder;
use crate::model::docker::Taken;
use crate::model::gitops::{Apart, Overlay, Pins, Range};
use crate::model::nodes::Nodes;
use crate::model::revisions::{Revisions, Stand};
use crate::model::{Name, SourceId, Uid};
use crate::text::Safe;

impl Details {
    /// What a container takes, and when that was read; `Err`: why it is not known.
    #[must_use]
    pub fn usage(&self, container: &Uid) -> Option<&(Duration, Result<Taken, Safe>)> {
        self.usage.get(container)
    }

    /// What is in a revision of Helm's, and in which version of its record.
    #[must_use]
    pub fn release(&self, uid: &Uid) -> Option<&Recorded> {
        self.releases.get(uid)
    }

    /// The revisions of a StatefulSet or a DaemonSet, and of which of its states they are.
    #[must_use]
    pub fn revisions(&self, owner: &Uid) -> Option<(&Stand, &Revisions)> {
        let read = self.revisions.as_ref().filter(|read| read.owner == *owner)?;
        Some((&read.stand, &read.rows))
    }

    pub(in crate::state) fn forget_release(&mut self, uid: &Uid) {
        self.releases.remove(uid);
    }

    /// The nodes of a cluster; `Err`: why they are not known.
    #[must_use]
    pub fn nodes(&self, cluster: SourceId) -> Option<&Result<Arc<Nodes>, Safe>> {
        self.nodes.get(&cluster)
    }

    /// Why nodes that were read could not be read again.
    #[must_use]
    pub fn old_nodes(&self, cluster: SourceId) -> Option<&Safe> {
        self.old_nodes.get(&cluster)
    }

    /// The same of an overlay.
    #[must_use]
    pub fn old_overlay(&self, overlay: &Overlay) -> Option<&Safe> {
        self.old_overlays.get(overlay)
    }

    /// Comparisons that nobody needs go, one by one, where there are too many.
    pub fn bound_ranges(&mut self, needed: impl Fn(&Range) -> bool) {
        let over = self.ranges.len().saturating_sub(RANGES);
        let unneeded: Vec<Range> = self.ranges.keys().filter(|it| !needed(it)).take(over).cloned().collect();
        for range in &unneeded {
            self.ranges.remove(range);
        }
    }

    /// What an overlay pins; `Err`: why that is not known.
    #[must_use]
    pub fn overlay(&self, overlay: &Overlay) -> Option<&Result<Arc<Pins>, Safe>> {
        self.overlays.get(overlay)
    }

    /// How two commits stand to each other.
    #[must_use]
    pub fn range(&self, range: &Range) -> Option<&Result<Apart, Safe>> {
        self.ranges.get(range)
    }

    /// What is known of a folder of a repository.
    #[must_use]
    pub fn folder(&self, repository: &Name, folder: &str) -> Option<&Result<Folder, Safe>> {
        self.folders.get(&(repository.clone(), folder.to_owned()))
    }

    /// Grows with every change.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }
}
