//! One release on its way, from the commit to its users: commit, run, image, what Git asks for, Argo CD, the
//! workload, the budget; joined by SHA and digest, with the place where it stands and since when. What cannot
//! be joined is said to be unknown, and why.

mod join;
mod stations;

use jiff::Timestamp;

use super::{State, derived, verbs};
use crate::model::{Kind, Name, ObjectId};
use crate::text::Safe;

pub use join::{commit_of, commit_told, subject};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The name of the workload, else of the repository.
    pub service: Safe,
    /// Where it is on its way to, as far as it has come to a workload.
    pub environment: Option<Name>,
    /// `1.43.0`, `9f8e7d1`.
    pub version: Safe,
    /// In the order in which a release passes them.
    pub stations: Vec<Station>,
    /// The first one that it has not passed; `None`: it has passed all that are known.
    pub here: Option<usize>,
}

impl Lane {
    /// The run of GitHub that built it.
    #[must_use]
    pub fn run(&self) -> Option<&ObjectId> {
        let station = self.stations.iter().find(|station| station.part == Part::Run)?;
        station.opens.as_ref().filter(|id| id.kind == Kind::Run)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Commit,
    Run,
    Image,
    Git,
    ArgoCd,
    Workload,
    Budget,
}

impl Part {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Run => "run",
            Self::Image => "image",
            Self::Git => "git",
            Self::ArgoCd => "argo cd",
            Self::Workload => "rollout",
            Self::Budget => "budget",
        }
    }
}

/// How a release stands at a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Passed,
    Moving,
    Waiting,
    Broken,
    Held,
    /// It has not come there.
    Ahead,
    /// There is one, and how it stands is not known.
    Unknown,
    /// Nothing says that there is such a station.
    Absent,
}

impl Standing {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Moving => "moving",
            Self::Waiting => "waiting",
            Self::Broken => "stopped",
            Self::Held => "held",
            Self::Ahead => "not there yet",
            Self::Unknown => "unknown",
            Self::Absent => "none",
        }
    }

    /// It is not past it.
    const fn holds(self) -> bool {
        matches!(self, Self::Moving | Self::Waiting | Self::Broken | Self::Held)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    pub part: Part,
    pub standing: Standing,
    /// In a few columns: `9f8e7d1`, `ci #4812`, `25 %`.
    pub what: Safe,
    /// The rest of what is known, most important first.
    pub facts: Vec<Safe>,
    /// Since when it stands so, by our clock.
    pub since: Option<Timestamp>,
    /// What Enter opens.
    pub opens: Option<ObjectId>,
}

impl Station {
    fn new(part: Part, standing: Standing, what: Safe) -> Self {
        Self { part, standing, what, facts: Vec::new(), since: None, opens: None }
    }

    fn because(part: Part, standing: Standing, what: Safe, why: Safe) -> Self {
        Self { facts: vec![why], ..Self::new(part, standing, what) }
    }
}

/// What has a lane of its own.
#[must_use]
pub const fn is_subject(kind: Kind) -> bool {
    kind.is_run() || matches!(kind, Kind::Rollout | Kind::Deployment | Kind::Application | Kind::Image)
}

/// The lane of the release that this object is a part of; `None` where it is gone.
#[must_use]
pub fn of(state: &State, object: &ObjectId) -> Option<Lane> {
    let joined = join::of(state, object)?;
    let mut stations = vec![
        stations::commit(state, &joined),
        stations::run(state, &joined),
        stations::image(state, &joined),
        stations::git(state, &joined),
        stations::argo_cd(state, &joined),
        stations::workload(state, &joined),
        stations::budget(state, &joined),
    ];
    for station in &mut stations {
        blocked(state, station);
    }
    let here = stations.iter().position(|it| it.standing.holds());
    let here = here.or_else(|| stations.iter().position(|it| it.standing == Standing::Ahead));
    Some(Lane {
        service: joined.service(state),
        environment: joined.environment(state),
        version: joined.version(),
        stations,
        here,
    })
}

/// Why what is shown of a station may not be true now: its source is not live.
#[must_use]
pub fn doubt(state: &State, station: &Station) -> Option<Safe> {
    verbs::doubt(state, station.opens.as_ref()?)
}

/// What stops the object of a station comes first among its facts.
fn blocked(state: &State, station: &mut Station) {
    let Some(object) = &station.opens else { return };
    // The one object of two stations says once why it stands.
    let is_its = station.standing.holds() && station.part != Part::Commit;
    let all = derived::blockers(state);
    let Some(blocker) = all.iter().find(|it| is_its && it.object.as_ref() == Some(object)) else { return };
    station.facts.insert(0, blocker.words.clone());
    station.since = blocker.since.map(|at| state.ours(blocker.cluster, at)).or(station.since);
}

/// Changes whenever a lane does.
#[must_use]
pub fn revision(state: &State) -> u64 {
    state.world.revision() + state.world.details.revision()
}
