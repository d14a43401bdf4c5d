//! What exactly runs: the tag, digest and commit of a workload's first image, as far as something tells them.

use jiff::Timestamp;

use super::matrix::Workload;
use super::{State, drift, lane};
use crate::model::images::{Digest, Reference};
use crate::text::Safe;

/// Letters of a digest that tell it from others.
const SHORT: usize = 7;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    pub tag: Option<Safe>,
    /// Of the pods it has, else as it is pinned.
    pub digest: Option<Digest>,
    pub commit: Option<Safe>,
    /// Since when all of its users have it, by our clock.
    pub since: Option<Timestamp>,
}

/// Costs what its own pods and image cost, whatever else there is.
#[must_use]
pub fn of(state: &State, workload: &Workload) -> Origin {
    let Some(image) = workload.images().first() else { return Origin::default() };
    let reference = Reference::parse(image.image.as_str());
    let tag = reference.as_ref().and_then(|reference| reference.tag.as_deref()).map(Safe::line);
    let pinned = reference.and_then(|reference| reference.digest);
    Origin {
        tag,
        digest: running(state, workload, &image.container).or(pinned),
        commit: lane::commit_told(state, &image.image),
        since: drift::soaks_since(state, workload),
    }
}

/// The digest that all of its pods have; `None` where they differ or none says.
fn running(state: &State, workload: &Workload, container: &Safe) -> Option<Digest> {
    let uid = &workload.meta().uid;
    let sets = state.world.replica_sets.owned_by(uid).flat_map(|set| state.world.pods.owned_by(&set.meta.uid));
    let pods = sets.chain(state.world.pods.owned_by(uid));
    let named = pods.flat_map(|pod| &pod.states).filter(|it| it.name.raw() == container.as_str());
    let mut digests = named.filter_map(|it| it.digest.as_ref());
    let first = digests.next()?;
    digests.all(|other| other == first).then(|| first.clone())
}

/// `sha256:a1b2c3d`.
#[must_use]
pub fn short(digest: &Digest) -> Safe {
    let raw = digest.raw();
    let end = raw.find(':').map_or(raw.len(), |at| (at + 1 + SHORT).min(raw.len()));
    Safe::line(&raw[..end])
}
