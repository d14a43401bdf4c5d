//! What keeps a workload from changing by itself, and who set that, as far as anything recorded it: this
//! console's journal, else the API server's `managedFields`, which name programs and no persons.

use jiff::{SignedDuration, Timestamp};

use super::matrix::Workload;
use super::{State, gitops, windows};
use crate::action::{Change, Operation, Outcome};
use crate::model::applications::Application;
use crate::model::kubernetes::SetBy;
use crate::model::{SourceId, Uid};
use crate::safe;
use crate::text::{self, Safe};

/// Our own requests, as the API server names whoever sends none.
const OURS: &str = "quarterdeck";
/// An entry is written with the request; so much later it is another one's.
const LAG: SignedDuration = SignedDuration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// In a few words: `auto-sync off`.
    pub what: Safe,
    pub by: By,
}

/// Who set it. Times are ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// It was done from here, as the journal has it, with the reason that was typed.
    Us {
        at: Timestamp,
        reason: Safe,
    },
    Program {
        name: Safe,
        at: Option<Timestamp>,
    },
    Unrecorded,
}

impl By {
    /// `with kubectl-patch`, for a sentence; empty where nobody knows.
    #[must_use]
    pub fn brief(&self) -> Safe {
        match self {
            Self::Us { .. } => Safe::of(" from here"),
            Self::Program { name, .. } => safe!(" with {}", name),
            Self::Unrecorded => Safe::default(),
        }
    }

    /// `set with kubectl-patch 2h ago`.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> Safe {
        let ago = |at: &Timestamp| text::age(now.duration_since(*at).as_secs());
        match self {
            Self::Us { at, reason } if reason.is_empty() => safe!("set from here {} ago", ago(at)),
            Self::Us { at, reason } => safe!("set from here {} ago: {}", ago(at), reason),
            Self::Program { name, at: Some(at) } => safe!("set with {} {} ago", name, ago(at)),
            Self::Program { name, at: None } => safe!("set with {}", name),
            Self::Unrecorded => Safe::of("by whom is not recorded"),
        }
    }
}

/// What holds a workload: what was done to itself before what is said of its Application.
#[must_use]
pub fn of(state: &State, workload: &Workload) -> Option<Hold> {
    let paused = match workload {
        Workload::Rollout(row) => row.paused.then_some(&row.paused_by),
        Workload::Deployment(row) => row.paused.then_some(&row.paused_by),
        Workload::Controlled(_) => None,
    };
    if let Some(by) = paused {
        let meta = workload.meta();
        let by = paused_by(state, &meta.uid, meta.cluster, by.as_ref());
        return Some(Hold { what: Safe::of("paused by hand"), by });
    }
    of_application(state, gitops::of_workload(state, workload.kind(), workload.meta())?)
}

/// The same where it is known; `Err`: why it is not, so that nothing is taken for free that may be held.
pub fn known(state: &State, workload: &Workload) -> Result<Option<Hold>, Safe> {
    if let Some(hold) = of(state, workload) {
        return Ok(Some(hold));
    }
    let meta = workload.meta();
    match gitops::of_workload(state, workload.kind(), meta) {
        Some(row) => windows::of(state, row).map(|_| None),
        None => gitops::untold(state, Some(meta.cluster)).map_or(Ok(None), Err),
    }
}

/// What keeps an Application from being synced by itself.
#[must_use]
pub fn of_application(state: &State, row: &Application) -> Option<Hold> {
    let program = |by: Option<&SetBy>| told(state, row.meta.cluster, by);
    let held = |what| Some(Hold { what: Safe::of(what), by: program(row.held_by.as_ref()) });
    match (row.skipped, row.automated) {
        (true, _) => held("skip-reconcile"),
        (false, None) => held("auto-sync off"),
        (false, Some(_)) => {
            // Whether one is closed may not be known: that is no hold, and the Application's page tells it.
            let found = windows::of(state, row).ok()?;
            let what = windows::brief(&found, windows::there(state, row))?;
            Some(Hold { what, by: program(found.project.and_then(|project| project.set_by.as_ref())) })
        }
    }
}

/// Who set `spec.paused` of a workload.
#[must_use]
pub fn paused_by(state: &State, uid: &Uid, cluster: SourceId, recorded: Option<&SetBy>) -> By {
    let is_its = |it: &&Operation| {
        let done = matches!(it.outcome, Outcome::Accepted | Outcome::Observed);
        done && it.action.target.uid == *uid && matches!(it.action.change, Change::Pause { .. })
    };
    let recorded = told(state, cluster, recorded);
    let ours = state.operations.iter().rev().find(is_its);
    match (ours, &recorded) {
        (Some(operation), By::Program { name, at }) => {
            let later = at.is_some_and(|at| at.duration_since(operation.changed) > LAG);
            if name.as_str() == OURS && !later { us(operation) } else { recorded }
        }
        // Without an entry nobody says that it is still the one that was set from here.
        (_, _) => recorded,
    }
}

fn us(operation: &Operation) -> By {
    By::Us { at: operation.started, reason: operation.reason.clone() }
}

fn told(state: &State, cluster: SourceId, by: Option<&SetBy>) -> By {
    by.map_or(By::Unrecorded, |by| By::Program {
        name: by.manager.clone(),
        at: by.at.map(|at| state.ours(cluster, at)),
    })
}
