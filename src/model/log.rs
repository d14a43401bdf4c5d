//! What a log tail is asked for and what it says.

use std::sync::Arc;
use std::time::Duration;

use super::{Name, ObjectId};
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
    /// The object itself, once.
    Yaml,
    Description,
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
