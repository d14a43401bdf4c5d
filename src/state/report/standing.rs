//! Drift, soak and hold of a workload as data (`status --json`): fields beside those of its row.

use jiff::Timestamp;
use serde::Serialize;

use crate::state::drift::Drift;
use crate::state::holds::{self, By};
use crate::state::matrix::Workload;
use crate::state::{State, derived, drift, origin};
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandingRow {
    /// How it stands to what Git asks for; absent where nothing says where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftRow>,
    /// How long all of its users have had this version; absent where they have not, or nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soak_seconds: Option<i64>,
    /// Null where nothing holds it; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Option<HoldRow>>,
    /// Of its first image, as its pods have it, else as it is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// That its first image was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftRow {
    /// `in_step`, `behind`, `ahead`, `diverged`, `differs` or `unknown`.
    pub status: &'static str,
    /// Commits that Git asks for and that do not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<u64>,
    /// Commits that run and that Git does not ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u64>,
    /// Among those behind; at least so many unless `whole`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<bool>,
    /// The version that Git asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// It was so when it was read last; it could not be read again.
    pub old: bool,
    /// Null when there is nothing more to say.
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldRow {
    pub what: String,
    /// The program that set it, or `quarterdeck` where it was done from here; absent: not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

fn word(text: &Safe) -> String {
    text.as_str().to_owned()
}

pub(super) fn of(state: &State, workload: &Workload) -> StandingRow {
    let origin = origin::of(state, workload);
    StandingRow {
        drift: drifted(derived::drifts(state).of(&workload.meta().uid), false),
        soak_seconds: drift::soaks_since(state, workload).map(|at| state.now.wall.duration_since(at).as_secs()),
        hold: holds::known(state, workload).ok().map(|hold| hold.map(held)),
        digest: origin.digest.map(|digest| digest.raw().to_owned()),
        commit: origin.commit.map(|commit| word(&commit)),
    }
}

fn drifted(drift: &Drift, old: bool) -> Option<DriftRow> {
    let row = |status| DriftRow {
        status,
        behind: None,
        ahead: None,
        migrations: None,
        whole: None,
        to: None,
        old,
        why: drift.why().map(|why| word(&why)),
    };
    Some(match drift {
        Drift::Untold => return None,
        Drift::InStep => row("in_step"),
        Drift::Behind { commits, migrations, whole, to } => DriftRow {
            behind: Some(*commits),
            migrations: Some(*migrations),
            whole: Some(*whole),
            to: Some(word(to)),
            ..row("behind")
        },
        Drift::Ahead { commits, to } => DriftRow { ahead: Some(*commits), to: Some(word(to)), ..row("ahead") },
        Drift::Diverged { after, before, to } => {
            DriftRow { behind: Some(*after), ahead: Some(*before), to: Some(word(to)), ..row("diverged") }
        }
        Drift::Differs { to, .. } => DriftRow { to: Some(word(to)), ..row("differs") },
        Drift::Unknown(_) => row("unknown"),
        Drift::Old(was, _) => DriftRow { why: drift.why().map(|why| word(&why)), ..drifted(was, true)? },
    })
}

fn held(hold: holds::Hold) -> HoldRow {
    let (by, since) = match hold.by {
        By::Us { at, .. } => (Some("quarterdeck".to_owned()), Some(at)),
        By::Program { name, at } => (Some(word(&name)), at),
        By::Unrecorded => (None, None),
    };
    HoldRow { what: word(&hold.what), by, since }
}
