//! A release of Helm goes back to an earlier revision (apis.md §3.13).

use std::sync::Arc;

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::ObjectId;
use crate::model::helm::{ReleaseStatus, Revision, rolled_back};
use crate::safe;
use crate::state::ui::RowId;
use crate::state::{State, derived, helm, lists};
use crate::text::Safe;

/// The change a command means for this release now, or why there is none. Which revision: the one that is
/// highlighted on its page, else the newest that was deployed before.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    if command != Command::Undo {
        return Err(Safe::of("a release can only be rolled back to an earlier revision"));
    }
    if let Some(why) = &state.settings.no_helm {
        return Err(why.clone());
    }
    let releases = derived::releases(state);
    let history = releases.history(&target.uid);
    let newest = history.first().ok_or_else(|| Safe::of("it is gone"))?;
    if newest.status.is_pending() && helm::stuck(state, newest).is_none() {
        return Err(safe!("it is {}: a helm may be at work on it", newest.status.word()));
    }
    let to = match highlighted(state, history) {
        Some(row) if row.number != newest.number => row,
        _ => helm::before(history).ok_or_else(|| Safe::of("no earlier revision of it was ever deployed"))?,
    };
    Ok(Change::RollbackRelease {
        from: newest.number,
        resource_version: Arc::clone(&newest.meta.resource_version),
        to: to.number,
    })
}

fn highlighted<'a>(state: &State, history: &'a [Arc<Revision>]) -> Option<&'a Arc<Revision>> {
    let Some(RowId::Revision(number)) = lists::selected(state, &state.ui.list_id()) else { return None };
    history.iter().find(|row| row.number == number)
}

/// Whether the world shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let Change::RollbackRelease { from, to, .. } = &operation.action.change else {
        return Verdict::Lost(Safe::of("a release knows no such action"));
    };
    let releases = derived::releases(state);
    let history = releases.history(&operation.action.target.uid);
    let Some(newest) = history.first() else {
        return Verdict::Lost(Safe::of("the release was uninstalled meanwhile"));
    };
    // Others may have gone on since.
    let Some(ours) = history.iter().find(|row| row.number == from + 1) else {
        return if newest.number <= *from {
            Verdict::Waiting(safe!("revision {}", from + 1))
        } else {
            Verdict::Lost(safe!("it is at revision {} already", newest.number))
        };
    };
    match ours.status {
        ReleaseStatus::Deployed | ReleaseStatus::Superseded => made_by_us(state, ours, *to),
        ReleaseStatus::Failed => Verdict::Lost(safe!("revision {} failed", ours.number)),
        _ => Verdict::Waiting(safe!("revision {} to be deployed (now {})", ours.number, ours.status.word())),
    }
}

/// Somebody else's upgrade has the same number.
fn made_by_us(state: &State, ours: &Revision, to: i64) -> Verdict {
    match helm::content_now(state, ours) {
        Some(Ok(content)) if content.description.as_str() == rolled_back(to) => Verdict::Seen,
        Some(Ok(content)) => Verdict::Lost(safe!("revision {} is another's: {}", ours.number, content.description)),
        Some(Err(why)) => Verdict::Blind(safe!("the record of revision {} is not known: {}", ours.number, why)),
        None => Verdict::Waiting(safe!("the record of revision {}", ours.number)),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    let Change::RollbackRelease { from, to, .. } = &action.change else { return };
    words.summary = safe!("roll back to revision {}", to);
    words.expects = safe!("revision {}, deployed", from + 1);
    let releases = derived::releases(state);
    let history = releases.history(&action.target.uid);
    let told = |number: i64| {
        let row = history.iter().find(|row| row.number == number);
        let chart = row.and_then(|row| helm::content(state, row)?.as_ref().ok()).map(|content| content.chart_name());
        let status = row.map_or_else(|| Safe::of("gone"), |row| row.status.word());
        if let Some(chart) = chart {
            safe!("revision {}, {}, {}", number, status, chart)
        } else {
            safe!("revision {}, {}", number, status)
        }
    };
    words.line("from", told(*from));
    words.line("to", told(*to));
    words.line("this will", safe!("run helm rollback, which applies chart and values of revision {} as a new one", to));
    words.line("it may", Safe::of("run the chart's rollback hooks; helm waits for those"));
    if history.first().is_some_and(|newest| newest.status.is_pending()) {
        words.line("it may", Safe::of("meet a helm that still waits on purpose: nothing here can tell"));
    }
    words.line("undo", safe!("a rollback to revision {}", from));
}
