//! A workload that Argo CD keeps: what a way back in the cluster alone comes to, and the way that lasts
//! (apis.md §2.4).

use super::facts;
use super::preview::Words;
use crate::action::{Action, Change};
use crate::command::Command;
use crate::model::applications::Application;
use crate::model::source::FeedStatus;
use crate::model::{Kind, ObjectId, SystemId, Uid};
use crate::safe;
use crate::state::world::Feed;
use crate::state::{State, gitops, way_back};
use crate::text::Safe;

fn application<'a>(state: &'a State, target: &ObjectId) -> Option<&'a Application> {
    let meta = match target.kind {
        Kind::Rollout => &state.world.rollouts.get(&target.uid)?.meta,
        Kind::Deployment => &state.world.deployments.get(&target.uid)?.meta,
        kind if kind.is_controlled() => &state.world.controlled.get(&target.uid)?.meta,
        _ => return None,
    };
    gitops::of_workload(state, target.kind, meta).map(AsRef::as_ref)
}

/// Whether another image would stay: `Err` says who would take it back, and where it lasts.
pub(super) fn lasts(state: &State, target: &ObjectId) -> Result<(), Safe> {
    match application(state, target) {
        Some(row) => taken_back(state, row, || safe!("set the image in {} in Git", gitops::written_in(row))),
        None => none_keeps(state, target),
    }
}

/// No Application is known that keeps it: `Err` while they may still come, as one of them may take it back.
fn none_keeps(state: &State, target: &ObjectId) -> Result<(), Safe> {
    let mut feeds = applications(state, target);
    let never = |status: &FeedStatus| matches!(status, FeedStatus::Denied { .. } | FeedStatus::Absent { .. });
    match feeds.find(|feed| !feed.complete && !never(&feed.status)).map(|feed| &feed.status) {
        None => Ok(()),
        Some(FeedStatus::Stale { message, .. } | FeedStatus::Failed { message, .. }) => {
            Err(safe!("not known yet whether Argo CD keeps it: its Applications were not read ({})", message))
        }
        Some(_) => Err(Safe::of("not known yet whether Argo CD keeps it: its Applications are being read")),
    }
}

/// Where the Applications of its cluster come from; what its projects say keeps nothing.
fn applications<'a>(state: &'a State, target: &ObjectId) -> impl Iterator<Item = &'a Feed> {
    let feeds = state.world.feeds_of(target.cluster, SystemId::ArgoCd);
    feeds.filter(|(id, _)| id.kind == Kind::Application).map(|(_, feed)| feed)
}

/// Why it is not known whether an Application keeps it, and will not be.
fn untold(state: &State, target: &ObjectId) -> Option<Safe> {
    let mut feeds = applications(state, target).map(|feed| &feed.status);
    feeds.find_map(|status| match status {
        FeedStatus::Denied { message } => Some(message.clone()),
        _ => None,
    })
}

/// Both: what may keep it, where no Application is known that does.
pub(super) fn doubt(state: &State, target: &ObjectId) -> Option<Safe> {
    let denied = || Some(safe!("not known whether Argo CD keeps it: {}", untold(state, target)?));
    none_keeps(state, target).err().or_else(denied)
}

fn taken_back(state: &State, row: &Application, lasting: impl Fn() -> Safe) -> Result<(), Safe> {
    let name = &row.meta.name;
    if let Some(why) = facts::not_live(state, &row.id()) {
        return Err(safe!(
            "application {} keeps it, and whether it would take the change back is not known: {}",
            name,
            why
        ));
    }
    match row.automated {
        _ if row.skipped => Ok(()),
        Some(how) if how.self_heal => {
            Err(safe!("application {} would bring this version back at once (self-heal): {}", name, lasting()))
        }
        Some(_) => Err(safe!(
            "Git still asks for this version, and application {} applies it again with the next commit (auto-sync): {}",
            name,
            lasting()
        )),
        None => Ok(()),
    }
}

/// What is to be done instead of an undo: nothing where it lasts, a rollback of the Application where that is
/// the right way. `Err`: an undo would be taken back, or nobody knows whether it would.
pub(super) fn instead(state: &State, target: &ObjectId, wanted: Option<&Uid>) -> Result<Option<Action>, Safe> {
    let Some(row) = application(state, target) else { return none_keeps(state, target).map(|()| None) };
    taken_back(state, row, || way_back::of(state, row, target))?;
    match row.automated {
        Some(_) => Ok(None),
        _ if row.skipped => Ok(None),
        // Somebody points at a revision of the workload, of which the history of the Application says nothing.
        None if is_chosen(state, target, wanted) || gitops::before(row).is_none() => Ok(None),
        None => {
            let target = row.id();
            super::offer::may_act(state, Command::Undo, &target)?;
            let change = super::application::roll_back(state, &target, None)?;
            Ok(Some(Action { target, change }))
        }
    }
}

/// A ReplicaSet of it is highlighted that is not the current one.
fn is_chosen(state: &State, target: &ObjectId, wanted: Option<&Uid>) -> bool {
    let sets = facts::revisions(state, &target.uid);
    let newest = sets.first().map(|set| &set.meta.uid);
    wanted.is_some_and(|wanted| Some(wanted) != newest && sets.iter().any(|set| set.meta.uid == *wanted))
}

/// What an undo leaves as it is.
pub(super) fn of_undo(state: &State, action: &Action, manager: Option<&Safe>) -> Vec<Safe> {
    let mut all = left(state, action, manager);
    if application(state, &action.target).is_none()
        && let Some(why) = untold(state, &action.target)
    {
        all.push(safe!("whether an application of Argo CD keeps it is not known: {}", why));
    }
    all
}

fn left(state: &State, action: &Action, manager: Option<&Safe>) -> Vec<Safe> {
    match (application(state, &action.target), manager) {
        (Some(row), _) => vec![
            safe!(
                "change Git: it still asks for the version of now, and application {} stays OutOfSync;",
                row.meta.name
            ),
            if row.skipped {
                Safe::of("it is told to leave everything alone (skip-reconcile) for as long as that stands")
            } else {
                safe!(
                    "a sync brings that version back (auto-sync is off). To last: {}",
                    way_back::of(state, row, &action.target)
                )
            },
        ],
        (None, Some(manager)) => vec![
            safe!("change Git: {} writes this template,", manager),
            Safe::of("Git still asks for the version of now and may bring it back"),
        ],
        (None, None) => vec![Safe::of("change Git, if a repository describes this object")],
    }
}

/// An abort writes status only, which is no drift; Git and the spec go on naming the version.
pub(super) fn of_abort(state: &State, action: &Action, words: &mut Words) {
    if !matches!(action.change, Change::Abort { .. }) {
        return;
    }
    let Some(row) = application(state, &action.target) else { return };
    words.lines(
        "in Git",
        vec![
            safe!("application {} takes nothing of this back, and stays Degraded;", row.meta.name),
            safe!("to last: {}", way_back::of(state, row, &action.target)),
        ],
    );
}
