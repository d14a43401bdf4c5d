//! What can be asked of an Application of Argo CD (apis.md §2.2, §2.4): a sync, another comparison, the end of
//! an operation that runs, the way back to what was deployed before.

use jiff::Timestamp;

use super::outcome::Verdict;
use super::preview::Words;
use super::way;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::applications::{AppOperation, AppWay, Application, Deployed, OperationPhase, SyncStatus};
use crate::model::{Name, ObjectId};
use crate::safe;
use crate::state::ui::RowId;
use crate::state::{State, differences, gitops, lists, windows};
use crate::text::{Safe, plural};

/// The change a command means for this Application now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    let row = state.world.applications.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    if row.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    let running = row.operation.as_ref().filter(|last| last.phase.is_running());
    let way = way::of(state, row);
    let denied = way::denied(state, row, &way);
    match command {
        Command::SyncApplication => {
            if row.requested || running.is_some() {
                return Err(Safe::of("another operation is asked for or runs: wait for it, or terminate it first"));
            }
            if row.skipped {
                return Err(Safe::of("Argo CD is told to leave it alone (skip-reconcile): nothing would answer"));
            }
            if let Some(why) = shut(state, row) {
                return Err(why);
            }
            // What a policy applies by itself it takes from the head of the branch.
            let pinned = row.automated.is_none();
            if pinned && row.revisions.is_empty() {
                return Err(Safe::of("what it would be synced to is not known: compare it first"));
            }
            if let Some(why) = denied {
                return Err(why);
            }
            Ok(Change::Sync {
                way,
                revisions: row.revisions.clone(),
                pinned,
                prune: row.automated.is_some_and(|policy| policy.prune),
                before: row.operation.as_ref().and_then(|last| last.started),
            })
        }
        Command::CompareApplication if row.skipped => {
            Err(Safe::of("Argo CD is told to leave it alone (skip-reconcile): nothing would answer"))
        }
        Command::CompareApplication if row.refreshing.is_some() => {
            Err(Safe::of("it is asked to compare again already"))
        }
        Command::CompareApplication => Ok(Change::CompareAgain { way, before: row.reconciled }),
        Command::TerminateOperation => match running {
            None => Err(Safe::of("no operation runs")),
            Some(last) if last.phase == OperationPhase::Terminating => Err(Safe::of("its operation is ending already")),
            Some(last) => {
                let started = last.started.ok_or_else(|| Safe::of("when its operation began is not known"))?;
                denied.map_or(Ok(Change::Terminate { way, started }), Err)
            }
        },
        Command::Undo => {
            let highlighted = match lists::selected(state, &state.ui.list_id()) {
                Some(RowId::Deployed(id)) => Some(id),
                _ => None,
            };
            roll_back(state, target, highlighted)
        }
        _ => Err(Safe::of("an application can be synced, compared, rolled back, or its operation ended")),
    }
}

/// Back to this entry of its history; without one to the newest of another revision.
pub(super) fn roll_back(state: &State, target: &ObjectId, wanted: Option<i64>) -> Result<Change, Safe> {
    let row = state.world.applications.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    if row.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    if row.skipped {
        return Err(Safe::of("Argo CD is told to leave it alone (skip-reconcile): nothing would answer"));
    }
    if row.automated.is_some() {
        return Err(safe!("Argo CD rolls nothing back while auto-sync is on: {}", gitops::revert(state, row)));
    }
    if row.requested || row.operation.as_ref().is_some_and(|last| last.phase.is_running()) {
        return Err(Safe::of("another operation is asked for or runs: wait for it, or terminate it first"));
    }
    if let Some(why) = shut(state, row) {
        return Err(why);
    }
    let to = match wanted {
        Some(id) => row.history.iter().find(|it| it.id == id).ok_or_else(|| gone_from_history(id))?,
        None => gitops::before(row).ok_or_else(nothing_before)?,
    };
    if row.history.last().is_some_and(|last| last.id == to.id) {
        return Err(safe!("deploy {} is the one that is there now: highlight an earlier one", to.id));
    }
    if to.revision.is_empty() {
        return Err(safe!("its history does not say which revision deploy {} was", to.id));
    }
    let way = way::of(state, row);
    if let Some(why) = way::denied(state, row, &way) {
        return Err(why);
    }
    Ok(Change::RollBack {
        way,
        id: to.id,
        revision: Name::new(to.revision.as_str()),
        before: row.operation.as_ref().and_then(|last| last.started),
    })
}

/// A window that keeps back what is asked for by hand: Argo CD would let the operation wait for its end.
fn shut(state: &State, row: &Application) -> Option<Safe> {
    let Ok(found) = windows::of(state, row) else {
        let closed = differences::can_sync(state, row) == Some(false);
        return closed.then(|| Safe::of("a sync window of its project is closed, also by hand, as its server says"));
    };
    let now = windows::there(state, row);
    let why = windows::closed(&found, now, true)?;
    Some(safe!("{}: Argo CD would not begin before, by hand neither (manualSync is off)", why))
}

/// What the dialog says of the windows.
fn of_windows(state: &State, row: &Application, words: &mut Words) {
    let now = windows::there(state, row);
    match windows::of(state, row) {
        Err(_) if differences::can_sync(state, row) == Some(true) => {
            words.line("sync window", Safe::of("asked for by hand it is let through now, as its server says"));
        }
        Err(why) => words.line("sync window", safe!("whether one is closed is not known: {}", why)),
        Ok(found) => match windows::closed(&found, now, false) {
            Some(why) => words.line("sync window", safe!("{}; asked for by hand it is let through (manualSync)", why)),
            None => {
                if let Some(at) = windows_change(&found, now) {
                    words.line("sync window", safe!("open until {}", windows::time(now, at)));
                }
            }
        },
    }
}

fn windows_change(found: &windows::Windows<'_>, now: Timestamp) -> Option<Timestamp> {
    found.project.and_then(|_| found.changes(now, true))
}

fn gone_from_history(id: i64) -> Safe {
    safe!("deploy {} is no longer in its history", id)
}

fn nothing_before() -> Safe {
    Safe::of("its history has no other revision to go back to")
}

/// Whether the world shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let Some(row) = state.world.applications.get(&operation.action.target.uid) else {
        return Verdict::Lost(Safe::of("the application was deleted meanwhile"));
    };
    match &operation.action.change {
        Change::Sync { before, .. } | Change::RollBack { before, .. } => synced(row, operation, *before),
        Change::CompareAgain { .. } if row.refreshing.is_some() => Verdict::Waiting(Safe::of("Argo CD to compare it")),
        Change::CompareAgain { before, .. } => {
            if row.reconciled > *before {
                Verdict::Seen
            } else {
                Verdict::Waiting(Safe::of("Argo CD to compare it"))
            }
        }
        Change::Terminate { started, .. } => {
            let Some(last) = row.operation.as_ref().filter(|last| last.started == Some(*started)) else {
                return Verdict::Lost(Safe::of("another operation came meanwhile"));
            };
            match last.phase {
                OperationPhase::Running => Verdict::Waiting(Safe::of("the operation to be asked to end")),
                OperationPhase::Terminating => Verdict::Waiting(Safe::of("the operation to end")),
                OperationPhase::Succeeded => {
                    Verdict::Lost(Safe::of("the operation succeeded before it could be ended"))
                }
                OperationPhase::Failed | OperationPhase::Error => Verdict::Seen,
                OperationPhase::Unknown => Verdict::Waiting(Safe::of("the operation to say how it stands")),
            }
        }
        _ => Verdict::Lost(Safe::of("an application knows no such action")),
    }
}

fn synced(row: &Application, operation: &Operation, before: Option<Timestamp>) -> Verdict {
    let ours = |last: &&AppOperation| is_ours(last, operation, before);
    let Some(last) = row.operation.as_ref().filter(ours) else {
        let other = row.operation.as_ref().and_then(|last| last.started).is_some_and(|at| Some(at) != before);
        return match (row.requested, other) {
            (true, _) => Verdict::Waiting(Safe::of("Argo CD to begin")),
            (false, true) => Verdict::Lost(Safe::of("another operation came meanwhile")),
            (false, false) => Verdict::Waiting(Safe::of("the operation in its status")),
        };
    };
    match last.phase {
        OperationPhase::Running if last.message.is_empty() => Verdict::Waiting(Safe::of("the operation to succeed")),
        OperationPhase::Running => Verdict::Waiting(safe!("the operation to succeed: {}", last.message)),
        OperationPhase::Terminating => Verdict::Waiting(Safe::of("the operation to end: somebody terminates it")),
        OperationPhase::Failed | OperationPhase::Error => Verdict::Lost(safe!("the sync failed: {}", last.message)),
        OperationPhase::Unknown => Verdict::Waiting(Safe::of("the operation to say how it stands")),
        // Git asks for something else than what was gone back to.
        OperationPhase::Succeeded if matches!(operation.action.change, Change::RollBack { .. }) => Verdict::Seen,
        OperationPhase::Succeeded if row.sync == SyncStatus::Synced => Verdict::Seen,
        OperationPhase::Succeeded => Verdict::Waiting(safe!("status Synced (now {})", Safe::of(row.sync.as_str()))),
    }
}

/// By its mark. Argo CD's server makes a rollback without one: that is known by where it leads.
fn is_ours(last: &AppOperation, operation: &Operation, before: Option<Timestamp>) -> bool {
    let marked = |(name, value): &(Safe, Safe)| name.as_str() == "quarterdeck" && value.as_str() == operation.id.0;
    match &operation.action.change {
        Change::RollBack { way: AppWay::Server { .. }, revision, .. } => {
            last.started > before && last.revisions.first() == Some(revision)
        }
        _ => last.info.iter().any(marked),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    let Some(row) = state.world.applications.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    if let Some(way) = action.change.way() {
        way::words(state, row, way, words);
    }
    match &action.change {
        Change::Sync { pinned, prune, .. } => {
            sync(row, *pinned, *prune, words);
            if let Some(what) = differences::fought(state, row) {
                let others = if gitops::strays(row).nth(1).is_some() { ", among others" } else { "" };
                words.line("it changes", safe!("{}{}", what, Safe::of(others)));
            }
            of_windows(state, row, words);
        }
        Change::RollBack { id, .. } => {
            rolled_back(state, row, *id, words);
            of_windows(state, row, words);
        }
        Change::CompareAgain { .. } => {
            words.summary = Safe::of("compare it with its repository again");
            words.expects = Safe::of("a new comparison");
            words.line("this will", Safe::of("read the repository and every object now, not at the next poll"));
            if row.automated.is_some_and(|policy| policy.self_heal) {
                words.line("it may", Safe::of("begin a sync: what differs is healed by itself here"));
            }
        }
        Change::Terminate { way, .. } => {
            let to = row.operation.as_ref().and_then(|last| last.revisions.first());
            words.summary = match to {
                Some(to) => safe!("end the sync to {}", gitops::short(to.safe())),
                None => Safe::of("end the operation that runs"),
            };
            words.expects = Safe::of("phase Failed");
            words.line("this will", Safe::of("stop it between two objects; hooks that run are ended"));
            words.line("it will not", Safe::of("take back what was applied already"));
            if matches!(way, AppWay::Server { .. }) {
                words.line(
                    "it may",
                    Safe::of("end the operation after this one: the API ends what runs when it arrives"),
                );
            }
            words.line("undo", Safe::of("sync begins a new one"));
        }
        _ => {}
    }
}

fn rolled_back(state: &State, row: &Application, id: i64, words: &mut Words) {
    let described =
        |it: &Deployed| safe!("{}  deploy {}, {} ago", gitops::deployed(it), it.id, gitops::since(state, row, it.at));
    let to = row.history.iter().find(|it| it.id == id);
    words.summary = if let Some(to) = to {
        safe!("back to {} (deploy {})", gitops::deployed(to), id)
    } else {
        safe!("back to deploy {}", id)
    };
    words.expects = Safe::of("phase Succeeded");
    words.line("from", row.history.last().map_or_else(|| gitops::revision(row), described));
    words.line("to", to.map_or_else(|| Safe::of("unknown"), described));
    let objects = plural(row.resource_count as u64, "object", "objects");
    words.line(
        "this will",
        safe!("apply what {} said of its {}", to.map_or_else(|| Safe::of("it"), gitops::deployed), objects),
    );
    if let Some(others) = workloads(row) {
        words.line("with it", safe!("go back all workloads of the Application, not one alone: {}", others));
    }
    words.lines(
        "it will not",
        vec![
            Safe::of("change Git: it still asks for the version of now, and the application stays OutOfSync"),
            Safe::of("delete objects that came since"),
        ],
    );
    words.line("then", gitops::revert(state, row));
    words.line("undo", Safe::of("a sync applies what Git asks for again"));
}

/// What runs of it: `Rollout checkout, Deployment payments and 7 more`; `None` where that is at most one.
fn workloads(row: &Application) -> Option<Safe> {
    const NAMED: usize = 6;
    let runs = |kind: &str| matches!(kind, "Rollout" | "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" | "Job");
    let all = row.resources.iter().filter(|it| runs(it.kind.as_str()));
    let all: Vec<Safe> = all.map(|it| safe!("{} {}", it.kind, it.name)).collect();
    match all.len() {
        0 | 1 => None,
        2..=NAMED => Some(Safe::join(&all, ", ")),
        more => Some(safe!("{} and {} more", Safe::join(&all[..NAMED], ", "), more - NAMED)),
    }
}

fn sync(row: &Application, pinned: bool, prune: bool, words: &mut Words) {
    let strays: Vec<_> = gitops::strays(row).collect();
    let to = if let (false, Some(source)) = (pinned, row.sources.first()) {
        safe!("the newest of {} ({} when compared)", source.target, gitops::revision(row))
    } else {
        let all: Vec<Safe> = row.revisions.iter().map(|it| gitops::short(it.safe())).collect();
        Safe::join(&all, ", ")
    };
    words.summary = safe!("sync to {}", to);
    words.expects = Safe::of("phase Succeeded and status Synced");
    words.line("from", Safe::of(row.sync.as_str()));
    words.line("to", to);
    if strays.is_empty() {
        words.line("this will", Safe::of("apply every object again; none is known to differ"));
    } else {
        let count = plural(strays.len() as u64, "object", "objects");
        words.line("this will", safe!("apply {}: {}", count, gitops::named(strays.iter().copied())));
    }
    let pruned = strays.iter().filter(|it| it.prune);
    let gone = gitops::named(pruned.copied());
    match (gone.is_empty(), prune) {
        (true, _) => {}
        (false, true) => words.line("it will", safe!("delete what the repository no longer has: {}", gone)),
        (false, false) => words.line("it will not", safe!("delete what the repository no longer has: {}", gone)),
    }
    if prune && !pinned {
        words.line("it may", Safe::of("delete what newer commits dropped since the comparison (prune is on)"));
    }
    words.line("undo", Safe::of("a commit that reverts, or a sync of an earlier revision, where auto-sync is off"));
}
