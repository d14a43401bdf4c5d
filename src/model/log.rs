//! What a log tail is asked for and what it says.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Kind, Name, ObjectId, SourceId};
use crate::text::Safe;

/// One open tail; a new request is a new tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TailId(pub u64);

/// The log of a pod (`GET …/pods/{p}/log`, apis.md §3.5), of a container of a Docker Engine (§9) or of
/// a finished job of a workflow run (§6.3): `pod` says by its kind which. Timestamps are always asked for: they are needed
/// to go on after a break, and can then be shown or hidden without asking again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    pub pod: ObjectId,
    pub container: Option<Name>,
    pub previous: bool,
    pub since: LogSince,
    pub of: LogOf,
}

/// What is read as a log is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LogOf {
    #[default]
    Log,
    /// The pods of a workload, in the order in which they are to be followed.
    Pods(Arc<[Followed]>),
    /// What a store of logs has kept of pods that are gone.
    Stored(Box<Stored>),
    /// The object itself, once.
    Yaml,
    Description,
}

/// Lines that a store of logs is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub store: SourceId,
    /// Of which cluster they were, by its name here.
    pub cluster: Name,
    pub pods: StoredPods,
    pub life: Life,
    /// From the first of these moments until before the second.
    pub window: (Timestamp, Timestamp),
    /// They stand behind lines that were read from the pod itself: there need not be any more.
    pub behind: bool,
}

/// Whose lines these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredPods {
    One(Name),
    /// Those that are named as pods of such a workload are.
    Of(Kind, Name),
}

/// From when until when pods are known to have been there, as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Life {
    pub began: Option<Timestamp>,
    pub ended: Option<Timestamp>,
}

/// One pod of several, and which of its containers: a server asks for a name where there is more than one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    pub pod: ObjectId,
    pub container: Option<Name>,
}

impl LogOf {
    /// It is an object that was read once, and no log.
    #[must_use]
    pub const fn is_sheet(&self) -> bool {
        matches!(self, Self::Yaml | Self::Description)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSince {
    /// The last lines only.
    Tail(u32),
    /// From the beginning.
    Head,
    Last(Duration),
}

/// What the tail's task says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    Opened,
    /// Whole lines, oldest first.
    Lines(LogChunk),
    /// There is no log yet; it is asked for again until there is.
    Waiting {
        message: Safe,
    },
    /// The connection broke; it is opened again from the last timestamp.
    Reconnecting {
        message: Safe,
    },
    /// The container ended, or the server closed a log that does not follow.
    Ended,
    Failed {
        message: Safe,
    },
    /// The pod is not there any more; its name, where the log was asked for by another.
    Gone {
        pod: Option<Name>,
        message: Safe,
    },
}

/// Lines as the server sent them, unread: only the visible ones are ever presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    pub bytes: Box<[u8]>,
    /// End (exclusive, without the line feed) and start of the next are one byte apart:
    /// line `i` is `bytes[ends[i-1]+1 .. ends[i]]`.
    pub ends: Box<[u32]>,
    /// Lines of it that were longer than the limit of a line; what was left of them was not kept.
    pub cut: u32,
}
