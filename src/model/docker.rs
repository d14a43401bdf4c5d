//! Containers of a Docker Engine (apis.md §9).

use jiff::Timestamp;

use super::kubernetes::Meta;
use crate::text::Safe;

/// A container. `meta.namespace` is its Compose project (empty without one), `meta.name` its name
/// without the slash, `meta.uid` its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerContainer {
    pub meta: Meta,
    pub image: Safe,
    pub state: ContainerState,
    /// In the engine's words: `Up 3 minutes (healthy)`.
    pub status: Safe,
    pub health: Option<Safe>,
    /// Of one that has exited.
    pub exit_code: Option<i64>,
    pub oom_killed: bool,
    pub restarts: u64,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// With a TTY the log has no frames and no streams.
    pub tty: bool,
    /// `0.0.0.0:8080→80/tcp`.
    pub ports: Vec<Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
    Removing,
    Dead,
    /// A word this version does not know.
    Other(Safe),
}

impl ContainerState {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "restarting" => Self::Restarting,
            "exited" => Self::Exited,
            "removing" => Self::Removing,
            "dead" => Self::Dead,
            other => Self::Other(Safe::line(other)),
        }
    }

    /// The engine's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Removing => "removing",
            Self::Dead => "dead",
            Self::Other(word) => word.as_str(),
        }
    }
}
