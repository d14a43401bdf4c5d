//! Runs that wait before they may deploy: for which environments, since when and until when, who may
//! approve. Whether the operator may is said plainly; what has not been read is said to be unread.

use std::sync::Arc;

use jiff::Timestamp;

use super::ui::{ListId, Place, RowId};
use super::{State, lists, runs};
use crate::model::approvals::{self, Pending, PendingDeployment, Reviewer};
use crate::model::pipelines::{Conclusion, Job, Run, RunStatus};
use crate::model::{Kind, ObjectId, Uid};
use crate::safe;
use crate::text::{Safe, age};

/// Runs whose approvals are asked for at a time.
const MOST: usize = 40;

/// What a run waits for, when it has been read.
#[must_use]
pub fn pending<'a>(state: &'a State, run: &Uid) -> Option<&'a Arc<Pending>> {
    state.world.details.pending(run)?.as_ref().ok()
}

/// It waits for something, by its own word, by that of a job, or by what was read of it.
#[must_use]
pub fn is_waiting(state: &State, run: &Run) -> bool {
    run.kind == Kind::Run
        && (run.status == RunStatus::Waiting
            || pending(state, &run.meta.uid).is_some_and(|pending| pending.is_open())
            || (run.is_active() && waiting_jobs(state, run).next().is_some()))
}

/// It waits for a person.
#[must_use]
pub fn asks(state: &State, run: &ObjectId) -> bool {
    state
        .world
        .runs
        .get(&run.uid)
        .is_some_and(|run| run.conclusion == Some(Conclusion::ActionRequired) || is_waiting(state, run))
}

/// The runs whose approvals are to be read: those that wait, and those that are not known to have
/// ceased to.
#[must_use]
pub fn wanted(state: &State) -> Vec<ObjectId> {
    let open = runs::ordered(state).open().iter().filter(|run| is_waiting(state, run)).map(|run| run.id());
    let mut all: Vec<ObjectId> = open.collect();
    let known = state.world.details.with_pending().filter(|uid| !all.iter().any(|run| run.uid == **uid));
    let mut known: Vec<ObjectId> = known.filter_map(|uid| Some(state.world.runs.get(uid)?.id())).collect();
    known.sort();
    all.append(&mut known);
    all.truncate(MOST);
    all
}

/// The jobs of the present attempt that wait.
pub fn waiting_jobs<'a>(state: &'a State, run: &Run) -> impl Iterator<Item = &'a Job> {
    let jobs = runs::current_jobs(state, run).into_iter().flat_map(|jobs| &jobs.jobs);
    jobs.filter(|job| job.status == RunStatus::Waiting)
}

/// Since when: its first job that waits was made then; while its jobs are unread, its last change.
#[must_use]
pub fn since(state: &State, run: &Run) -> Option<Timestamp> {
    waiting_jobs(state, run).filter_map(|job| job.created).min().or(run.updated)
}

/// Whether the operator may approve or reject, and if not, why not.
pub fn may(pending: &Pending, run: &Run, row: &PendingDeployment) -> Result<(), Safe> {
    match (row.can_approve, &pending.login) {
        (Some(true), _) => Ok(()),
        (None, _) => Err(Safe::of("GitHub does not say whether you may approve it")),
        (Some(false), _) if row.reviewers.is_empty() && row.wait_timer > 0 => {
            Err(Safe::of("nobody approves it: it waits for its timer"))
        }
        // No person and no time: GitHub asks a program, and does not say which.
        (Some(false), _) if row.reviewers.is_empty() => {
            Err(Safe::of("nobody approves it: an app decides on it (a custom protection rule)"))
        }
        (Some(false), Some(login)) => {
            let named = |reviewer: &Reviewer| match reviewer {
                Reviewer::User(name) => name == login,
                // Who is in a team is not for everybody to see.
                Reviewer::Team(_) => true,
            };
            if run.actor.as_ref() == Some(login) && row.reviewers.iter().any(named) {
                Err(Safe::of("you may not approve your own run"))
            } else {
                Err(Safe::of("you are not among its reviewers"))
            }
        }
        (Some(false), None) => {
            Err(Safe::of("you may not approve it: you are not among its reviewers, or the run is your own"))
        }
    }
}

/// `ana, team sre`.
#[must_use]
pub fn reviewers(row: &PendingDeployment) -> Safe {
    let named = |reviewer: &Reviewer| match reviewer {
        Reviewer::User(name) => name.clone(),
        Reviewer::Team(name) => safe!("team {}", name),
    };
    Safe::join(&row.reviewers.iter().map(named).collect::<Vec<_>>(), ", ")
}

/// ` and 2 that could not be read`.
#[must_use]
pub fn unread(pending: &Pending) -> Safe {
    match pending.left_out {
        0 => Safe::default(),
        count => safe!(" and {} that could not be read", count),
    }
}

/// What it waits for is not asked for: so many others wait as well.
#[must_use]
pub fn is_beyond(state: &State, run: &Run) -> bool {
    let asked = &state.interest.pending;
    asked.len() >= MOST && !asked.iter().any(|id| id.uid == run.meta.uid)
}

/// What is said of one.
#[must_use]
pub fn beyond() -> Safe {
    safe!("for which environment is not read: only of {} runs that wait at a time", MOST)
}

/// Names of environments in one line.
#[must_use]
pub fn names<'a>(rows: impl Iterator<Item = &'a PendingDeployment>) -> Safe {
    Safe::join(rows.map(|row| row.name.safe()), ", ")
}

/// `opens in 12m`, while the wait timer of an environment runs.
#[must_use]
pub fn opens(state: &State, run: &Run, row: &PendingDeployment) -> Option<Safe> {
    let opens = state.ours(run.meta.cluster, row.opens()?);
    (opens > state.now.wall).then(|| safe!("opens in {}", age(seconds_until(state, opens))))
}

/// `expires in 29d`: GitHub fails the job then.
#[must_use]
pub fn expires(state: &State, run: &Run) -> Option<Safe> {
    let expires = state.ours(run.meta.cluster, approvals::expires(since(state, run)?)?);
    let left = seconds_until(state, expires);
    Some(if left > 0 { safe!("expires in {}", age(left)) } else { Safe::of("expires now") })
}

fn seconds_until(state: &State, then: Timestamp) -> i64 {
    then.duration_since(state.now.wall).as_secs().max(0)
}

/// Who may, until when: `opens in 12m · you may approve · expires in 29d · reviewers: ana, team sre`.
#[must_use]
pub fn words(state: &State, run: &Run, pending: &Pending, row: &PendingDeployment) -> Safe {
    let may = may(pending, run, row).err().unwrap_or_else(|| Safe::of("you may approve"));
    let who = (!row.reviewers.is_empty()).then(|| safe!("reviewers: {}", reviewers(row)));
    let parts: Vec<Safe> =
        [opens(state, run, row), Some(may), expires(state, run), who].into_iter().flatten().collect();
    Safe::join(&parts, " · ")
}

/// The environments of the Inbox that are marked, run by run, in the order of the list.
#[must_use]
pub fn marked(state: &State) -> Vec<(ObjectId, Vec<i64>)> {
    let list = ListId::Place(Place::Inbox);
    let mut groups: Vec<(ObjectId, Vec<i64>)> = Vec::new();
    if state.ui.marked.is_empty() {
        return groups;
    }
    for at in 0..lists::len(state, &list) {
        let Some(RowId::Gate(run, environment)) = lists::at(state, &list, at) else { continue };
        if !state.ui.marked.contains(&(run.uid.clone(), environment)) {
            continue;
        }
        match groups.iter_mut().find(|(of, _)| of.uid == run.uid) {
            Some((_, all)) => all.push(environment),
            None => groups.push((run, vec![environment])),
        }
    }
    groups
}

/// What an approval would be about: the marked rows of the Inbox, those of the highlighted run first;
/// else the highlighted row. `None`: everything the run waits for.
#[must_use]
pub fn chosen(state: &State) -> Option<(ObjectId, Vec<i64>)> {
    if state.ui.place != Place::Inbox {
        return None;
    }
    let row = match lists::selected(state, &ListId::Place(Place::Inbox)) {
        Some(RowId::Gate(run, environment)) => Some((run, environment)),
        _ => None,
    };
    let mut groups = marked(state);
    if groups.is_empty() {
        return row.map(|(run, environment)| (run, vec![environment]));
    }
    let at = groups.iter().position(|(run, _)| row.as_ref().is_some_and(|(of, _)| of.uid == run.uid));
    Some(groups.swap_remove(at.unwrap_or(0)))
}
