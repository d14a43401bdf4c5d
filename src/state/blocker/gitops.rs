//! Why an Application is not as its repository says.

use super::{Cause, Reason, Severity};
use crate::command::Command;
use crate::model::applications::{AppHealth, AppOperation, AppResource, Application, OperationPhase, SyncStatus};
use crate::safe;
use crate::state::{State, differences, gitops, windows};
use crate::text::{self, Safe};

pub(super) fn cause(state: &State, row: &Application) -> Option<Cause> {
    invalid(row)
        .or_else(|| operation(state, row))
        .or_else(|| leftovers(row))
        .or_else(|| window(state, row))
        .or_else(|| looped(state, row))
        .or_else(|| held(row))
        .or_else(|| degraded(state, row))
        .filter(|_| state.world.source(row.meta.cluster).is_some())
}

fn made(reason: Reason, severity: Severity, since: Option<jiff::Timestamp>, words: Safe) -> Cause {
    Cause { reason, severity, since, part: "", words, keys: vec![Command::Look] }
}

fn invalid(row: &Application) -> Option<Cause> {
    let of = |kind: &str| row.conditions.iter().find(|condition| condition.kind.as_str() == kind);
    if let Some(condition) = of("InvalidSpecError") {
        let words = safe!("has an invalid spec: {}", condition.message);
        return Some(made(Reason::InvalidSpec, Severity::Broken, condition.since, words));
    }
    let condition = of("ComparisonError")?;
    let words = safe!("cannot be compared with its repository: {}", condition.message);
    Some(made(Reason::SyncFailed, Severity::Broken, condition.since, words))
}

fn operation(state: &State, row: &Application) -> Option<Cause> {
    let last = row.operation.as_ref()?;
    match last.phase {
        OperationPhase::Running if last.message.as_str().contains("sync window") => {
            let now = windows::there(state, row);
            let windows = windows::of(state, row).unwrap_or_default();
            // Whoever asked by hand may be kept by fewer of them.
            let by_hand = last.by.is_some();
            let why = windows::closed(&windows, now, by_hand).unwrap_or_else(|| Safe::of("a sync window is closed"));
            let words = safe!("waits to sync {}: {}", gitops::short(&last.revision()), why);
            Some(made(Reason::SyncWindow, planned(&windows, now, by_hand), last.started, words))
        }
        OperationPhase::Running | OperationPhase::Terminating if last.retries > 0 => {
            Some(failed(row, last, &safe!(", tried {} times", last.retries + 1)))
        }
        // What failed long ago and is well since is history.
        OperationPhase::Failed | OperationPhase::Error if row.sync != SyncStatus::Synced => {
            let once = row.automated.is_some() && (!row.revisions.is_empty() && row.revisions == last.revisions);
            let next = if once { "; it is not tried again before the repository changes" } else { "" };
            Some(failed(row, last, &Safe::of(next)))
        }
        _ => None,
    }
}

fn failed(row: &Application, last: &AppOperation, after: &Safe) -> Cause {
    let to = if last.revisions.is_empty() { gitops::revision(row) } else { gitops::short(&last.revision()) };
    let why = match last.failed.first() {
        Some(first) if !first.message.is_empty() => safe!("{} {}: {}", first.kind, first.name, first.message),
        _ => last.message.clone(),
    };
    let words = safe!("could not be synced to {}: {}{}", to, why, after);
    made(Reason::SyncFailed, Severity::Broken, last.finished.or(last.started), words)
}

/// Healed so often without staying so, it is not a matter of a moment.
const HEALS: i64 = 3;

/// Applied again and again, and changed back each time.
fn looped(state: &State, row: &Application) -> Option<Cause> {
    if is_busy(row) || !gitops::drifted(row) {
        return None;
    }
    let automated = row.automated?;
    let last = row.operation.as_ref()?;
    if automated.self_heal && last.heals < HEALS {
        return None;
    }
    let what = differences::fought(state, row).unwrap_or_else(|| gitops::named(gitops::strays(row)));
    let (reason, words) = if automated.self_heal {
        let words = safe!(
            "is out of sync again after {} syncs to {}: something else changes {}{}",
            last.heals,
            gitops::revision(row),
            what,
            gitops::rival(state, row).map_or_else(Safe::default, |words| safe!("; {}", words))
        );
        (Reason::OutOfSyncLoop, words)
    } else {
        let words = safe!("has drifted from {}: {}; nothing syncs it (self-heal is off)", gitops::revision(row), what);
        (Reason::Hold, words)
    };
    let severity = if automated.self_heal { Severity::Broken } else { Severity::Waiting };
    Some(made(reason, severity, last.finished, words))
}

/// All that differs is to be pruned, which auto-sync may not do.
fn leftovers(row: &Application) -> Option<Cause> {
    if is_busy(row) || row.sync != SyncStatus::OutOfSync || row.automated?.prune {
        return None;
    }
    let mut strays = gitops::strays(row).peekable();
    strays.peek()?;
    if !strays.all(|it| it.prune) {
        return None;
    }
    let words = safe!(
        "is out of sync with {}{}: Git no longer has it, and auto-prune is off",
        gitops::revision(row),
        differing(row)
    );
    let mut cause = made(Reason::Hold, Severity::Waiting, None, words);
    cause.keys.push(Command::SyncApplication);
    Some(cause)
}

/// A window that opens by itself is no trouble.
fn planned(windows: &windows::Windows, now: jiff::Timestamp, by_hand: bool) -> Severity {
    if windows.changes(now, by_hand).is_some() { Severity::Planned } else { Severity::Waiting }
}

/// What would be applied by itself waits for a window.
fn window(state: &State, row: &Application) -> Option<Cause> {
    if is_busy(row) || row.sync != SyncStatus::OutOfSync || gitops::hold(row).is_some() {
        return None;
    }
    // What was synced already is not synced again by itself without self-heal, window or not.
    if gitops::drifted(row) && row.automated.is_some_and(|how| !how.self_heal) {
        return None;
    }
    let (now, windows) = (windows::there(state, row), windows::of(state, row).ok()?);
    let why = windows::closed(&windows, now, false)?;
    let (since, by_hand) = match windows.at(now) {
        windows::Standing::Denied { by, manual } => (windows::began(by, now), manual),
        windows::Standing::NotAllowed { manual } => (None, manual),
        _ => (None, false),
    };
    let next = if by_hand { "; it syncs by itself then, or by hand now" } else { "; it syncs by itself then" };
    let next = if windows.changes(now, false).is_some() { next } else { "" };
    let words = safe!("is out of sync with {}{}; {}{}", gitops::revision(row), differing(row), why, Safe::of(next));
    let mut cause = made(
        Reason::SyncWindow,
        planned(&windows, now, false),
        since.map(|at| state.ours(row.meta.cluster, at)),
        words,
    );
    if by_hand {
        cause.keys.push(Command::SyncApplication);
    }
    Some(cause)
}

/// `, 3 objects differ: Deployment web, Service web and 1 more`.
fn differing(row: &Application) -> Safe {
    match gitops::strays(row).count() as u64 {
        0 => Safe::of(""),
        strays => {
            safe!(
                ", {}: {}",
                text::plural(strays, "object differs", "objects differ"),
                gitops::named(gitops::strays(row))
            )
        }
    }
}

fn held(row: &Application) -> Option<Cause> {
    if is_busy(row) || row.sync != SyncStatus::OutOfSync {
        return None;
    }
    let why = gitops::hold(row)?;
    let words = safe!("is out of sync with {}{}; {}", gitops::revision(row), differing(row), why);
    Some(made(Reason::Hold, Severity::Waiting, None, words))
}

/// What differs is being dealt with.
fn is_busy(row: &Application) -> bool {
    row.requested || row.operation.as_ref().is_some_and(|last| last.phase.is_running())
}

/// Of what no row of its own tells.
fn degraded(state: &State, row: &Application) -> Option<Cause> {
    if row.health != AppHealth::Degraded && row.health != AppHealth::Missing {
        return None;
    }
    let unwell: Vec<_> =
        row.resources.iter().filter(|it| matches!(it.health, AppHealth::Degraded | AppHealth::Missing)).collect();
    let told = |it: &AppResource| {
        matches!(it.kind.as_str(), "ReplicaSet" | "Pod") || gitops::workload_of(state, &row.meta.uid, it).is_some()
    };
    let Some(worst) = unwell.iter().find(|it| !told(it)) else {
        // Which object it is may stand elsewhere (`resourceHealthSource: appTree`).
        let words = safe!("is {}: {}", Safe::of(row.health.as_str()), row.health_message);
        let untold = unwell.is_empty() && !row.health_message.is_empty();
        return untold.then(|| made(Reason::Degraded, Severity::Broken, None, words));
    };
    let word = Safe::of(worst.health.as_str());
    let words = if worst.message.is_empty() {
        safe!("is {}: {} {}", word, worst.kind, worst.name)
    } else {
        safe!("is {}: {} {}: {}", word, worst.kind, worst.name, worst.message)
    };
    Some(made(Reason::Degraded, Severity::Broken, None, words))
}
