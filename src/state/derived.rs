//! What is made from the whole world and drawn in every frame: made once after a change, by
//! `update`, so that a frame costs what is on the screen and not what is in the world.

mod again;

use std::sync::Arc;

use super::blocker::{self, Blocker, Causes};
use super::drift::{self, Drift, Drifts};
use super::gitops::{self, Kept};
use super::helm::{self, Releases};
use super::images::{self, Joined};
use super::kinship::{self, Stranger};
use super::lane::{self, Lane};
use super::matrix::{self, Matrix};
use super::runners::{self, Demand};
use super::security::{self, AllNews, News, Page};
use super::slos::{self, Deploys};
use super::ui::Place;
use super::waiting::{self, Waiting};
use super::{State, holds};
use crate::model::{Name, ObjectId, SourceId, Uid};
use crate::text::Safe;

/// Each with the revision it was made at; where a second one stands, that of all that [`again`] does not follow.
#[derive(Debug, Clone, Default)]
pub struct Derived {
    matrix: Option<(u64, Arc<Matrix>)>,
    causes: Option<(u64, u64, Arc<Causes>)>,
    blockers: Option<(u64, Arc<[Blocker]>)>,
    /// Those of runs and sources among them.
    others: Vec<Blocker>,
    waiting: Option<(u64, Arc<[Waiting]>)>,
    stranger: Option<(u64, Option<Stranger>)>,
    images: Option<(u64, Arc<Joined>)>,
    deploys: Option<(u64, Arc<Deploys>)>,
    kept: Option<(u64, Arc<Kept>)>,
    drifts: Option<(u64, u64, Arc<Drifts>)>,
    releases: Option<(u64, Arc<Releases>)>,
    /// Of the environments, while they are looked at.
    told: Option<Told>,
    demand: Option<(u64, Arc<Demand>)>,
    news: Option<(u64, AllNews)>,
    /// Of the place that is looked at.
    lane: Option<(u64, ObjectId, Option<Arc<Lane>>)>,
    /// Of the page that is looked at.
    security: Option<(u64, Uid, Option<Arc<Page>>)>,
}

/// Which columns of the environments say anything of any workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    pub drift: bool,
    pub hold: bool,
}

impl Derived {
    /// Time passed.
    pub fn forget_blockers(&mut self) {
        self.causes = None;
        self.told = None;
        self.stranger = None;
        self.blockers = None;
        self.waiting = None;
    }
}

/// Makes what is missing or old: of what stands for each object alone, only what news were about.
pub fn settle(state: &mut State) {
    let (touched, same_kept) = again::begin(state);
    state.derived.releases = Some((state.world.releases.revision(), releases(state)));
    state.derived.demand = Some((demand_revision(state), demand(state)));
    state.derived.images = Some((images::revision(state), images(state)));
    if state.derived.news.as_ref().is_none_or(|(at, _)| *at != security::revision(state)) {
        state.derived.news = Some((security::revision(state), security::all_news(state)));
    }
    state.derived.security = match state.ui.place.clone() {
        Place::Security(id) => Some((security::revision(state), id.uid.clone(), security(state, &id.uid))),
        _ => None,
    };
    // What these are made of stands above.
    again::settle(state, &touched, same_kept);
    // Once a second is soon enough for columns to come and go.
    state.derived.told = (state.ui.place == Place::Environments).then(|| told(state));
    state.derived.deploys = Some((slos::revision(state), deploys(state)));
    let lane = match state.ui.place.clone() {
        Place::Lane(id) => Some((lane::revision(state), lane(state, &id), id)),
        _ => None,
    };
    state.derived.lane = lane.map(|(at, lane, id)| (at, id, lane));
    state.derived.stranger = Some((kinship::revision(state), stranger(state)));
}

fn blockers_revision(state: &State) -> u64 {
    state.world.revision() + state.world.details.revision() + state.operations_revision
}

fn demand_revision(state: &State) -> u64 {
    state.world.runs.revision() + state.world.details.revision()
}

/// Workloads by service and environment, as they stand now.
#[must_use]
pub fn matrix(state: &State) -> Arc<Matrix> {
    match &state.derived.matrix {
        Some((at, matrix)) if *at == matrix::revision(state) => Arc::clone(matrix),
        _ => Arc::new(matrix::build(state)),
    }
}

/// The same as it was made last: between two frames nothing is joined.
#[must_use]
pub fn last_matrix(state: &State) -> Option<&Arc<Matrix>> {
    state.derived.matrix.as_ref().map(|(_, matrix)| matrix)
}

/// What does not move, worst first.
#[must_use]
pub fn blockers(state: &State) -> Arc<[Blocker]> {
    match &state.derived.blockers {
        Some((at, blockers)) if *at == blockers_revision(state) => Arc::clone(blockers),
        _ => causes(state).ordered(state, &blocker::others(state)).into(),
    }
}

/// The same for each object, before they are put in order.
#[must_use]
pub fn causes(state: &State) -> Arc<Causes> {
    match &state.derived.causes {
        Some((at, _, causes)) if *at == blockers_revision(state) => Arc::clone(causes),
        _ => Arc::new(Causes::of(state)),
    }
}

/// What waits for a person, longest first.
#[must_use]
pub fn waiting(state: &State) -> Arc<[Waiting]> {
    match &state.derived.waiting {
        Some((at, waiting)) if *at == blockers_revision(state) => Arc::clone(waiting),
        _ => waiting::all(state).into(),
    }
}

/// Which columns of the environments say anything.
#[must_use]
pub fn told(state: &State) -> Told {
    state.derived.told.unwrap_or_else(|| {
        let (matrix, drifts) = (matrix(state), drifts(state));
        let all = || matrix.services.iter().flat_map(|service| service.cells.values().flatten());
        Told {
            drift: all().any(|it| *drifts.of(&it.meta().uid) != Drift::Untold),
            hold: all().any(|it| !matches!(holds::known(state, it), Ok(None))),
        }
    })
}

/// Which runners there are for what jobs ask for.
#[must_use]
pub fn demand(state: &State) -> Arc<Demand> {
    match &state.derived.demand {
        Some((at, demand)) if *at == demand_revision(state) => Arc::clone(demand),
        _ => Arc::new(runners::demand(state)),
    }
}

/// What is new in a repository whose findings were read; `Err`: why that is not known.
#[must_use]
pub fn news(state: &State, source: SourceId, repository: &Name) -> Option<Arc<Result<News, Safe>>> {
    let key = (source, repository.clone());
    match &state.derived.news {
        Some((at, all)) if *at == security::revision(state) => all.get(&key).cloned(),
        _ => security::all_news(state).remove(&key),
    }
}

/// What scanners found in the repository of a run, against what is deployed; `None` before it was read.
#[must_use]
pub fn security(state: &State, run: &Uid) -> Option<Arc<Page>> {
    match &state.derived.security {
        Some((at, of, page)) if of == run && *at == security::revision(state) => page.clone(),
        _ => security::page(state, run).map(Arc::new),
    }
}

/// The lane of the release that an object is a part of; `None` where it is gone.
#[must_use]
pub fn lane(state: &State, object: &ObjectId) -> Option<Arc<Lane>> {
    match &state.derived.lane {
        Some((at, of, lane)) if of == object && *at == lane::revision(state) => lane.clone(),
        _ => lane::of(state, object).map(Arc::new),
    }
}

/// What images are for.
#[must_use]
pub fn images(state: &State) -> Arc<Joined> {
    match &state.derived.images {
        Some((at, joined)) if *at == images::revision(state) => Arc::clone(joined),
        _ => Arc::new(images::join(state)),
    }
}

/// Which rollout each service's budget is spent by.
#[must_use]
pub fn deploys(state: &State) -> Arc<Deploys> {
    match &state.derived.deploys {
        Some((at, deploys)) if *at == slos::revision(state) => Arc::clone(deploys),
        _ => Arc::new(slos::deploys(state)),
    }
}

/// How what runs stands to what Git asks for.
#[must_use]
pub fn drifts(state: &State) -> Arc<Drifts> {
    match &state.derived.drifts {
        Some((at, _, drifts)) if *at == drift::revision(state) => Arc::clone(drifts),
        _ => Arc::new(drift::build(state)),
    }
}

/// The same as it was made last: between two frames nothing is joined.
#[must_use]
pub fn last_drifts(state: &State) -> Option<&Arc<Drifts>> {
    state.derived.drifts.as_ref().map(|(.., drifts)| drifts)
}

/// Which Application keeps which workload.
#[must_use]
pub fn kept(state: &State) -> Arc<Kept> {
    match &state.derived.kept {
        Some((at, kept)) if *at == state.world.applications.revision() => Arc::clone(kept),
        _ => Arc::new(gitops::kept(state)),
    }
}

/// The revisions of each release of Helm's.
#[must_use]
pub fn releases(state: &State) -> Arc<Releases> {
    match &state.derived.releases {
        Some((at, releases)) if *at == state.world.releases.revision() => Arc::clone(releases),
        _ => Arc::new(helm::join(state)),
    }
}

/// The same as it was made last: between two frames nothing is joined.
#[must_use]
pub fn last_images(state: &State) -> Option<&Arc<Joined>> {
    state.derived.images.as_ref().map(|(_, joined)| joined)
}

/// A discovered repository that nothing in the clusters seems to be built by.
#[must_use]
pub fn stranger(state: &State) -> Option<Stranger> {
    match &state.derived.stranger {
        Some((at, stranger)) if *at == kinship::revision(state) => stranger.clone(),
        _ => kinship::find(state),
    }
}
