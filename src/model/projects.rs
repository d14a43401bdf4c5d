//! Argo CD's AppProjects, as far as their sync windows go (apis.md §2).

use std::sync::Arc;

use jiff::SignedDuration;

use super::kubernetes::{Meta, SetBy};
use super::schedule::Schedule;
use crate::text::Safe;

/// What a project says of when its Applications may be synced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppProject {
    pub meta: Meta,
    pub windows: Vec<SyncWindow>,
    /// Who set the windows last, where that is recorded.
    pub set_by: Option<SetBy>,
}

/// `spec.syncWindows[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncWindow {
    pub kind: WindowKind,
    /// As it is written.
    pub schedule: Safe,
    pub length_written: Safe,
    /// `None`: Argo CD cannot read it either, and then allows no sync at all.
    pub times: Option<Times>,
    /// Globs.
    pub applications: Vec<Arc<str>>,
    pub namespaces: Vec<Arc<str>>,
    pub clusters: Vec<Arc<str>>,
    /// `andOperator`: all of those that are named must fit, not one of them.
    pub all: bool,
    /// `manualSync`: whoever asks for a sync gets one all the same.
    pub manual: bool,
    pub zone: Safe,
    pub description: Safe,
}

/// When a window is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    pub schedule: Schedule,
    pub length: SignedDuration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    Allow,
    Deny,
    /// A word that Argo CD does not know: it opens and closes nothing.
    Unknown,
}

impl WindowKind {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "allow" => Self::Allow,
            "deny" => Self::Deny,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Unknown => "unknown",
        }
    }
}
