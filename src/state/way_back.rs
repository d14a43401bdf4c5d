//! The way back that lasts, for one object of those that an Application keeps. Its history tells of deploys of
//! all of them; which one changed this object is known only where it changed when that one was made.

use jiff::{SignedDuration, Timestamp};

use super::{State, gitops};
use crate::model::applications::Application;
use crate::model::kubernetes::ReplicaSet;
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::text::Safe;

/// An entry of the history is written when its sync has ended: what it changed came at most so long before.
const SYNC: SignedDuration = SignedDuration::from_mins(10);
/// The controller of a workload makes the ReplicaSet of another template at most so long after.
const ANSWER: SignedDuration = SignedDuration::from_mins(1);

/// What is to be done in Git to have this object as it was.
#[must_use]
pub fn of(state: &State, row: &Application, target: &ObjectId) -> Safe {
    if is_of_newest(state, row, target) {
        return gitops::revert(state, row);
    }
    let what = earlier(state, target).unwrap_or_else(|| Safe::of("what it ran before"));
    safe!("put {} back in {} in Git; which commit changed it is not known", what, gitops::written_in(row))
}

/// The newest deploy of the Application is the one that changed this object: its ReplicaSet was made then.
fn is_of_newest(state: &State, row: &Application, target: &ObjectId) -> bool {
    let ours = |at: Option<Timestamp>| at.map(|at| state.ours(row.meta.cluster, at));
    let Some(newest) = row.history.last() else { return false };
    // One revision may be synced several times: the first of them changed what it changes.
    let same = row.history.iter().rev().take_while(|it| it.revisions == newest.revisions).count();
    let Some(at) = row.history.len().checked_sub(same).and_then(|first| row.history.get(first)) else { return false };
    let before = row.history.len().checked_sub(same + 1).and_then(|before| row.history.get(before));
    let made = sets(state, target).into_iter().next().and_then(|set| set.meta.created);
    let (Some(made), Some(at), Some(before)) =
        (made.map(|made| state.ours(target.cluster, made)), ours(at.at), before.and_then(|it| ours(it.at)))
    else {
        return false;
    };
    let later = made.duration_since(at);
    made > before && later <= ANSWER && later >= -SYNC
}

/// Its ReplicaSets, that of now first.
fn sets<'a>(state: &'a State, target: &ObjectId) -> Vec<&'a ReplicaSet> {
    let owned = state.world.replica_sets.owned_by(&target.uid);
    let mut sets: Vec<&ReplicaSet> = owned.map(AsRef::as_ref).filter(|set| set.revision.is_some()).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(set.revision));
    sets
}

/// The images of the version before that the one of now has not.
fn earlier(state: &State, target: &ObjectId) -> Option<Safe> {
    let sets = sets(state, target);
    let (now, rest) = sets.split_first()?;
    let rollout = (target.kind == Kind::Rollout).then(|| state.world.rollouts.get(&target.uid)).flatten();
    let stable = rollout.and_then(|row| row.stable_hash.as_ref());
    let before =
        rest.iter().find(|set| stable.is_some() && set.template_hash.as_ref() == stable).or_else(|| rest.first())?;
    let other = before.images.iter().filter(|image| !now.images.contains(image)).map(|image| &image.image);
    let all: Vec<&Safe> = other.collect();
    (!all.is_empty()).then(|| Safe::join(all, ", "))
}
