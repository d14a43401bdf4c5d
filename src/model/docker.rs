//! Containers of a Docker Engine (apis.md §9).

use jiff::Timestamp;

use super::Uid;
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

/// What a container takes, as the engine counted it at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Nanoseconds of processors the container has had, and all of them together.
    pub cpu: u64,
    pub system: u64,
    pub processors: u32,
    /// Bytes, without what the kernel may take back at once (inactive files).
    pub memory: Option<u64>,
    /// `None`: it may take all there is.
    pub memory_limit: Option<u64>,
}

impl Counted {
    /// Share of one processor since `before`, as `docker stats` counts: 2.0 are two of them busy.
    #[must_use]
    pub fn share_since(&self, before: &Self) -> Option<f64> {
        let cpu = self.cpu.checked_sub(before.cpu)?;
        let system = self.system.checked_sub(before.system).filter(|system| *system > 0)?;
        Some(cpu as f64 / system as f64 * f64::from(self.processors.max(1)))
    }
}

/// What is read of a container only while somebody looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    pub container: Uid,
    /// `Err`: why it is not known.
    pub taken: Result<Taken, Safe>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// `None` until there were two readings.
    pub cpu: Option<f64>,
    pub memory: Option<u64>,
    pub memory_limit: Option<u64>,
}
