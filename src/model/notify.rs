//! "Tell me when": what an armed watch tells, and whom.

use std::time::Duration;

use jiff::Timestamp;

use super::{Kind, Name};
use crate::text::Safe;

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    /// It ended well.
    Finished,
    Failed,
    /// It waits for a person.
    Waiting,
    /// Its source is not heard any more: nobody knows how it stands. The watch stays armed.
    Silent,
    /// It is not listed any more.
    Gone,
}

impl Occasion {
    pub const ALL: [Self; 5] = [Self::Finished, Self::Failed, Self::Waiting, Self::Silent, Self::Gone];

    /// As written in the configuration and in what a hook reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Waiting => "waiting",
            Self::Silent => "silent",
            Self::Gone => "gone",
        }
    }
}

/// How something stood, and when that was first seen here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub at: Timestamp,
    pub words: Safe,
}

/// What a watch answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub occasion: Occasion,
    pub kind: Kind,
    /// `ci #4812`; of a step with its job.
    pub name: Safe,
    /// Repository or namespace.
    pub namespace: Name,
    pub source: Name,
    /// How it stands, in words.
    pub words: Safe,
    /// Page in the browser.
    pub url: Option<Safe>,
    pub armed: Timestamp,
    pub at: Timestamp,
    /// Oldest first.
    pub seen: Vec<Seen>,
}

/// A program that is told. Program and arguments; no shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub command: Vec<String>,
    /// On which occasions.
    pub on: Vec<Occasion>,
}

/// A hook that has not ended by then is ended.
pub const HOOK_DEADLINE: Duration = Duration::from_secs(10);
