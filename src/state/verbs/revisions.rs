//! Going back to an earlier revision of a StatefulSet or a DaemonSet, as `kubectl rollout undo` does (apis.md §3.2).

use std::sync::Arc;

use jiff::Timestamp;

use super::facts;
use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::model::kubernetes::{ContainerImage, Pod, PodHealth};
use crate::model::revisions::{ControlRevision, RevisionsWanted, Stand};
use crate::model::workloads::{Controlled, Selector, Update};
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::state::{State, access, gitops, workload_status};
use crate::text::Safe;

/// Whose revisions are wanted: those of the StatefulSet or DaemonSet that a verb would act on, else of the last one
/// that went back, which they prove.
#[must_use]
pub fn wanted(state: &State) -> Option<RevisionsWanted> {
    let has_them = |id: &ObjectId| matches!(id.kind, Kind::StatefulSet | Kind::DaemonSet);
    let undone = || {
        let mut open = state.operations.iter().rev().filter(|it| !it.outcome.is_final());
        let found = open.find(|it| matches!(it.action.change, Change::Undo { .. }) && has_them(&it.action.target));
        found.map(|it| it.action.target.clone())
    };
    let id = super::target(state).filter(has_them).or_else(undone)?;
    let row = state.world.controlled.get(&id.uid)?;
    // What its controller itself finds its revisions by: its template always has these labels.
    let labels = row.selector.as_ref().and_then(Selector::parameter);
    Some(RevisionsWanted { cluster: id.cluster, namespace: id.namespace, owner: id.uid, labels, stand: stand(row) })
}

const fn stand(row: &Controlled) -> Stand {
    (row.meta.generation, row.observed_generation)
}

/// Its revisions as they are now, the newest first: that is what it is at.
fn known(state: &State, row: &Controlled) -> Result<Arc<[ControlRevision]>, Safe> {
    let now = self::stand(row);
    match state.world.details.revisions(&row.meta.uid) {
        Some((stand, rows)) if *stand == now => {
            rows.clone().map_err(|why| safe!("its revisions cannot be read: {}", why))
        }
        _ => Err(Safe::of("its revisions are being read; press again")),
    }
}

/// Back to the revision before the newest.
pub(super) fn undo(state: &State, target: &ObjectId) -> Result<Change, Safe> {
    let row = state.world.controlled.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    if row.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    let kept = gitops::of_workload(state, target.kind, &row.meta).is_some();
    if let Some(manager) = row.managed_by.as_ref().filter(|_| !kept) {
        return Err(safe!("{} writes its template and would bring the change back: undo it there", manager));
    }
    if row.observed_generation < row.meta.generation {
        return Err(Safe::of("the controller has not seen the last change of its spec yet"));
    }
    // Without these its revisions could not be read either.
    access::check(state, target, access::to_undo(target.kind))?;
    let rows = known(state, row)?;
    let to = rows.get(1).ok_or_else(|| Safe::of("there is no earlier revision"))?;
    Ok(Change::Undo {
        resource_version: Arc::clone(&row.meta.resource_version),
        replica_set: to.name.clone(),
        replica_set_uid: to.uid.clone(),
        to_revision: to.number,
    })
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    let Change::Undo { replica_set_uid, to_revision, .. } = &action.change else { return };
    let Some(row) = state.world.controlled.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let rows = known(state, row).unwrap_or_default();
    let (now, to) = (rows.first(), rows.iter().find(|it| it.uid == *replica_set_uid));
    let number = now.map_or_else(|| Safe::of("?"), |it| safe!("{}", it.number));
    words.summary = safe!("revision {} → {}", number, to_revision);
    words.expects = safe!("the template of revision {}, seen by the controller", to_revision);
    words.line("from", safe!("rev {}  {}", number, images(&row.images)));
    // A time and no age: words that change by themselves would ask to be read again.
    let made = |at: jiff::Timestamp| safe!("  of {}", Safe::line(&at.strftime("%m-%d %H:%MZ").to_string()));
    let to_words = to.map_or_else(
        || Safe::of("unknown"),
        |it| safe!("rev {}  {}{}", it.number, images(&it.images), it.created.map(made).unwrap_or_default()),
    );
    words.line("to", to_words);
    let how = match &row.update {
        Update::Stateful { rolling: false, .. } | Update::Daemon { rolling: false } => {
            Safe::of("and its pods stay as they are until somebody deletes them (OnDelete)")
        }
        Update::Stateful { partition: Some(Some(from @ 1..)), .. } => {
            safe!("and replace its pods from number {} on (partition), the last first", from)
        }
        Update::Stateful { .. } => Safe::of("and replace its pods one after the other, the last first"),
        _ => Safe::of("and replace its pods, node after node"),
    };
    words.lines("this will", vec![safe!("write the template of revision {} into the spec", to_revision), how]);
    let mut not = super::kept::of_undo(state, action, row.managed_by.as_ref());
    not.extend(left_standing(state, &action.target, row));
    if action.target.kind == Kind::StatefulSet {
        not.push(Safe::of("change what its pods have written to their volumes"));
    }
    words.lines("it will not", not);
    words.line(
        "undo",
        safe!("undo again: {} keeps this template as an earlier revision", workload_status::word(row.kind)),
    );
}

/// What its controller leaves standing whatever the template is, for it waits for it to become ready ("forced
/// rollback" in the documentation of StatefulSets).
fn left_standing(state: &State, target: &ObjectId, row: &Controlled) -> Option<Safe> {
    if !matches!(row.update, Update::Stateful { rolling: true, ordered: true, .. }) {
        return None;
    }
    let pods = ObjectId { kind: Kind::Pod, ..target.clone() };
    if facts::not_live(state, &pods).is_some() {
        return Some(Safe::of("replace a pod that is not ready; whether one is so is not known now"));
    }
    match unready(state, row, Timestamp::MAX).as_slice() {
        [] => None,
        [one] => Some(safe!("replace {}, which is not ready: delete it afterwards", one)),
        all => Some(safe!("replace {}, which are not ready: delete them afterwards", Safe::join(all, ", "))),
    }
}

/// Its pods that are not ready, by name; of those that were made later than that none.
fn unready(state: &State, row: &Controlled, before: Timestamp) -> Vec<Safe> {
    let is_held = |pod: &&Arc<Pod>| {
        let is_ready = !matches!(pod.health, PodHealth::Starting | PodHealth::Broken | PodHealth::Unknown);
        !is_ready && pod.meta.created.is_none_or(|at| at <= before)
    };
    let pods = state.world.pods.owned_by(&row.meta.uid);
    let mut all: Vec<Safe> = pods.filter(is_held).map(|pod| pod.meta.name.safe().clone()).collect();
    all.sort();
    all
}

/// What an undo waits for, with the pod that must be deleted first.
pub(super) fn waits(state: &State, operation: &Operation, message: Safe) -> Safe {
    let held = |row: &Controlled| match unready(state, row, operation.started).first() {
        Some(pod) if matches!(row.update, Update::Stateful { rolling: true, ordered: true, .. }) => {
            Some(safe!("{} {} is not ready and is not replaced: delete it", message, pod))
        }
        _ => None,
    };
    let is_undo = matches!(operation.action.change, Change::Undo { .. });
    let row = state.world.controlled.get(&operation.action.target.uid).filter(|_| is_undo);
    row.and_then(|row| held(row)).unwrap_or(message)
}

/// What its template says against an undo: `None` where it is that of the revision gone back to.
pub(super) fn apart(state: &State, operation: &Operation) -> Option<Verdict> {
    let Change::Undo { replica_set, replica_set_uid, to_revision, .. } = &operation.action.change else { return None };
    let row = state.world.controlled.get(&operation.action.target.uid)?;
    if matches!(&row.update, Update::Stateful { update_revision, .. } if update_revision.as_str() == replica_set.raw())
    {
        return None;
    }
    let unread = || Verdict::Waiting(Safe::of("its revisions to be read"));
    let other = || match operation.generation {
        Some(_) => Verdict::Lost(Safe::of("somebody changed it meanwhile")),
        // What is shown may be of before.
        None => Verdict::Waiting(safe!("the template of revision {} to be the current one", to_revision)),
    };
    match state.world.details.revisions(&row.meta.uid) {
        Some((read, Ok(rows))) => match rows.iter().find(|it| it.uid == *replica_set_uid) {
            Some(to) => (to.images != row.images).then(other),
            None if *read == stand(row) => Some(other()),
            None => Some(unread()),
        },
        Some((_, Err(why))) => Some(Verdict::Waiting(safe!("its revisions, which cannot be read: {}", why))),
        None => Some(unread()),
    }
}

fn images(all: &[ContainerImage]) -> Safe {
    let all: Vec<Safe> = all.iter().map(|one| one.image.clone()).collect();
    if all.is_empty() { Safe::of("no image") } else { Safe::join(&all, ", ") }
}
