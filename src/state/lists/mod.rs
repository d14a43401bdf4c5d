//! The rows of every list on the screen. Only the visible ones are ever made; the number of rows
//! and the place of one are known without making any: a flat table is its own order, everything
//! else is counted once by `update` ([`settled`]) and again only when something it was made from
//! has changed.

mod filter;
mod order;
mod tree;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::access;
use super::asides::{self, Beside};
use super::containers::{self, Project};
use super::groups::{self, Group};
use super::lane::Station;
use super::ui::{ListId, Pane, Place, RowId};
use super::waiting::Waiting;
use super::{State, derived, differences, images, runners, runs, security, slos, steps};
use crate::action::Operation;
use crate::model::applications::{AppResource, Application, Deployed};
use crate::model::builds::CatalogueImage;
use crate::model::docker::DockerContainer;
use crate::model::helm::Revision;
use crate::model::images::{Image, Platform, Variant};
use crate::model::kubernetes::{Container, Deployment, Event, Pod, ReplicaSet};
use crate::model::pipelines::{Job, JobStep, Run};
use crate::model::rollouts::{AnalysisRun, Experiment, Measurement, Metric, Rollout};
use crate::model::slo::{Alert, Burn, Slo};
use crate::model::workloads::{Beside as BesideRow, Controlled};
use crate::model::{Kind, Name, SourceId, Uid};
use crate::text::Safe;

pub use order::Order;
use order::{Entry, Flat, Ref, Rows};

/// A row to draw, with its depth in the tree.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: RowId,
    pub depth: u8,
    pub item: Item,
}

#[derive(Debug, Clone)]
pub enum Item {
    Deployment(Arc<Deployment>),
    Controlled(Arc<Controlled>),
    Beside(Arc<BesideRow>),
    Rollout(Arc<Rollout>),
    ReplicaSet(Arc<ReplicaSet>),
    Pod(Arc<Pod>),
    AnalysisRun(Arc<AnalysisRun>),
    Experiment(Arc<Experiment>),
    Event(Arc<Event>),
    Step {
        index: usize,
        what: Safe,
        state: StepState,
    },
    Revision(i64),
    Container(Container),
    Metric(Metric),
    Measurement(Measurement),
    Operation(Box<Operation>),
    Run(Arc<Run>),
    Group(Arc<Group>),
    Job(Box<Job>),
    /// A job of an earlier attempt.
    Earlier(Box<Job>),
    JobStep(JobStep),
    Aside(asides::Row, Box<Beside>),
    Slo(Arc<Slo>),
    Burn(Burn),
    Alert(Arc<Alert>),
    Project(Arc<Project>),
    Folder(Box<CatalogueImage>),
    Docker(Arc<DockerContainer>),
    Image(Arc<Image>),
    Application(Arc<Application>),
    Kept(Box<AppResource>),
    /// Where an object of an Application differs; without an object why that is not known.
    Differs(Option<Box<AppResource>>, differences::Row),
    Deployed(SourceId, Deployed),
    /// A release of Helm, at its newest revision.
    Release(Arc<Revision>),
    /// A revision on the page of its release.
    Recorded(Arc<Revision>),
    Variant(Variant),
    /// A platform that is asked for and that the image does not have.
    Missing(Platform),
    User(Box<images::Use>, images::Runs),
    Pool(Box<runners::Pool>),
    Access(Box<access::Row>),
    Security(Box<security::Row>),
    Waiting(Box<Waiting>),
    Station(Box<Station>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Done,
    Current,
    Next,
    /// Here the canary was when it was aborted.
    Aborted,
    /// It does not come unless the canary is started again.
    Left,
}

/// How many rows the list has now (after its filter).
#[must_use]
pub fn len(state: &State, list: &ListId) -> usize {
    order_of(state, list).len()
}

/// How many of them count: a row that only stands above others does not.
#[must_use]
pub fn counted(state: &State, list: &ListId) -> usize {
    match &order_of(state, list).rows {
        Rows::Tree(entries) => entries.iter().filter(|entry| !matches!(entry.row, Ref::Project(_))).count(),
        Rows::All(_, len) => *len,
        Rows::Some(_, places) => places.len(),
    }
}

/// How many rows it would have without its filter: the N of "n of N".
#[must_use]
pub fn total(state: &State, list: &ListId) -> usize {
    order_of(state, list).total
}

/// These rows; positions past the end are left out.
#[must_use]
pub fn rows(state: &State, list: &ListId, range: Range<usize>) -> Vec<Line> {
    let order = order_of(state, list);
    let end = range.end.min(order.len());
    (range.start..end).filter_map(|at| line(state, list, &order, at)).collect()
}

/// Where a row stands in the list now.
#[must_use]
pub fn position(state: &State, list: &ListId, row: &RowId) -> Option<usize> {
    let order = order_of(state, list);
    match &order.rows {
        Rows::All(flat, _) => natural(state, *flat, row),
        Rows::Some(flat, places) => {
            let place = u32::try_from(natural(state, *flat, row)?).ok()?;
            places.binary_search(&place).ok()
        }
        Rows::Tree(entries) => {
            let same = |entry: &Entry| match row {
                RowId::Object(id) => entry.is(&id.uid) && identity(state, list, entry).is_some_and(|id| id == *row),
                _ => identity(state, list, entry).is_some_and(|id| id == *row),
            };
            // Most of the time it stands where it stood.
            let before = state.ui.list(list).map_or(0, |list| list.place);
            if entries.get(before).is_some_and(same) { Some(before) } else { entries.iter().position(same) }
        }
    }
}

/// Looks at the workloads among the rows of a list, without making any row.
pub fn each_workload(state: &State, list: &ListId, look: impl FnMut(&Uid)) {
    order_of(state, list).workloads().for_each(look);
}

/// The identity of the row at this place.
#[must_use]
pub fn at(state: &State, list: &ListId, at: usize) -> Option<RowId> {
    line(state, list, &order_of(state, list), at).map(|line| line.id)
}

/// The highlighted row, when it is still there.
#[must_use]
pub fn selected(state: &State, list: &ListId) -> Option<RowId> {
    let row = state.ui.list(list)?.selected.clone()?;
    position(state, list, &row).map(|_| row)
}

/// The highlighted row with what it shows.
#[must_use]
pub fn selected_line(state: &State, list: &ListId) -> Option<Line> {
    let row = state.ui.list(list)?.selected.clone()?;
    let at = position(state, list, &row)?;
    line(state, list, &order_of(state, list), at)
}

/// Counts the rows of a list, for `update` to keep.
#[must_use]
pub fn settled(state: &State, list: &ListId) -> Order {
    order::build(state, list)
}

fn order_of<'a>(state: &'a State, list: &ListId) -> Cow<'a, Order> {
    if let Some(order) = state.ui.list(list).and_then(|list| list.order.as_ref())
        && order::is_current(state, list, order)
    {
        return Cow::Borrowed(order);
    }
    Cow::Owned(order::build(state, list))
}

/// Whether what `update` counted still holds.
#[must_use]
pub fn is_settled(state: &State, list: &ListId) -> bool {
    state.ui.list(list).and_then(|list| list.order.as_ref()).is_some_and(|order| order::is_current(state, list, order))
}

/// Where a row of a flat table stands in that table.
fn natural(state: &State, flat: Flat, row: &RowId) -> Option<usize> {
    match (flat, row) {
        (Flat::Pods, RowId::Object(id)) => state.world.pods.position(&id.uid),
        (Flat::Rollouts, RowId::Object(id)) => state.world.rollouts.position(&id.uid),
        (Flat::Applications, RowId::Object(id)) => state.world.applications.position(&id.uid),
        (Flat::Runs, RowId::Object(id)) => runs::ordered(state).position(state.world.runs.get(&id.uid)?),
        (Flat::Journal, RowId::Operation(id)) => {
            let at = state.operations.iter().position(|operation| operation.id == *id)?;
            Some(state.operations.len() - 1 - at)
        }
        _ => None,
    }
}

fn line(state: &State, list: &ListId, order: &Order, at: usize) -> Option<Line> {
    match &order.rows {
        Rows::All(flat, _) => flat_line(state, *flat, at),
        Rows::Some(flat, places) => flat_line(state, *flat, *places.get(at)? as usize),
        Rows::Tree(entries) => tree_line(state, list, entries.get(at)?),
    }
}

fn flat_line(state: &State, flat: Flat, at: usize) -> Option<Line> {
    let (id, item) = match flat {
        Flat::Pods => {
            let pod = state.world.pods.rows().get(at)?;
            (RowId::Object(pod.meta.id(Kind::Pod)), Item::Pod(Arc::clone(pod)))
        }
        Flat::Rollouts => {
            let rollout = state.world.rollouts.rows().get(at)?;
            (RowId::Object(rollout.meta.id(Kind::Rollout)), Item::Rollout(Arc::clone(rollout)))
        }
        Flat::Applications => {
            let row = state.world.applications.rows().get(at)?;
            (RowId::Object(row.id()), Item::Application(Arc::clone(row)))
        }
        Flat::Runs => {
            let run = runs::ordered(state).runs().get(at)?;
            (RowId::Object(run.id()), Item::Run(Arc::clone(run)))
        }
        Flat::Journal => {
            let operation = state.operations.iter().rev().nth(at)?;
            (RowId::Operation(operation.id.clone()), Item::Operation(Box::new(operation.clone())))
        }
        Flat::Nothing => return None,
    };
    Some(Line { id, depth: 0, item })
}

fn tree_line(state: &State, list: &ListId, entry: &Entry) -> Option<Line> {
    let world = &state.world;
    let item = match &entry.row {
        Ref::Deployment(uid) => Item::Deployment(Arc::clone(world.deployments.get(uid)?)),
        Ref::Controlled(uid) => Item::Controlled(Arc::clone(world.controlled.get(uid)?)),
        Ref::Beside(uid) => Item::Beside(Arc::clone(world.beside.get(uid)?)),
        Ref::Rollout(uid) => Item::Rollout(Arc::clone(world.rollouts.get(uid)?)),
        Ref::ReplicaSet(uid) => Item::ReplicaSet(Arc::clone(world.replica_sets.get(uid)?)),
        Ref::Pod(uid) => Item::Pod(Arc::clone(world.pods.get(uid)?)),
        Ref::AnalysisRun(uid) => Item::AnalysisRun(Arc::clone(world.analysis_runs.get(uid)?)),
        Ref::Experiment(uid) => Item::Experiment(Arc::clone(world.experiments.get(uid)?)),
        Ref::Event(uid) => Item::Event(Arc::clone(world.events.get(uid)?)),
        Ref::Group(group) => Item::Group(Arc::clone(group)),
        Ref::Job(uid) => Item::Job(Box::new(world.details.job(uid)?.clone())),
        Ref::Earlier(uid) => Item::Earlier(Box::new(world.details.job(uid)?.clone())),
        Ref::JobStep(job, number) => Item::JobStep(job_step(state, job, *number)?.clone()),
        Ref::Aside(row) => Item::Aside(row.clone(), Box::new(aside(state, list, row)?)),
        Ref::Slo(uid) => Item::Slo(slos::as_known(state, world.slos.get(uid)?)),
        Ref::Burn(index) => Item::Burn(slos::as_known(state, tree::page_slo(state, list)?).burns.get(*index)?.clone()),
        Ref::Alert(uid) => Item::Alert(Arc::clone(world.alerts.get(uid)?)),
        Ref::Folder(at) => Item::Folder(Box::new(state.settings.catalogue.get(*at)?.clone())),
        Ref::Project(project) => Item::Project(Arc::clone(project)),
        Ref::Docker(uid) => Item::Docker(Arc::clone(world.containers.get(uid)?)),
        Ref::Image(uid) => Item::Image(Arc::clone(world.images.get(uid)?)),
        Ref::Kept(at) => {
            let row = tree::page_application(state, list)?;
            Item::Kept(Box::new(differences::with_health(state, row, row.resources.get(*at)?)))
        }
        Ref::Differs(of, at) => {
            let (object, row) = tree::differs(state, list, *of, *at)?;
            Item::Differs(object.map(|object| Box::new(object.clone())), row)
        }
        Ref::Deployed(at) => {
            let row = tree::page_application(state, list)?;
            Item::Deployed(row.meta.cluster, row.history.get(*at)?.clone())
        }
        Ref::Release(uid) => Item::Release(Arc::clone(derived::releases(state).history(uid).first()?)),
        Ref::Recorded(at) => Item::Recorded(Arc::clone(tree::page_release(state, list).get(*at)?)),
        Ref::Platform(at) => platform(state, tree::page_image(state, list)?, *at)?,
        Ref::User(at) => {
            let (user, runs) = images::users(state, tree::page_image(state, list)?).into_iter().nth(*at)?;
            Item::User(Box::new(user), runs)
        }
        Ref::Access(at) => Item::Access(Box::new(access::rows(state).get(*at)?.clone())),
        Ref::Pool(at) => Item::Pool(Box::new(derived::demand(state).rows.get(*at)?.clone())),
        Ref::Security(at) => {
            let page = derived::security(state, tree::page_security(list)?)?;
            Item::Security(Box::new(page.rows.get(*at)?.clone()))
        }
        Ref::Waiting(index) => Item::Waiting(Box::new(derived::waiting(state).get(*index)?.clone())),
        Ref::Station(at) => Item::Station(Box::new(tree::page_lane(state, list)?.stations.get(*at)?.clone())),
        Ref::Step(index) => {
            let rollout = tree::page_rollout(state, list)?;
            let what = steps::what(rollout, steps::of(rollout).get(*index)?);
            Item::Step { index: *index, what, state: order::step_state(state, rollout, *index) }
        }
        Ref::Revision(revision) => Item::Revision(*revision),
        Ref::Container(index) => Item::Container(tree::page_pod(state, list)?.states.get(*index)?.clone()),
        Ref::Metric(index) => Item::Metric(tree::page_run(state, list)?.metrics.get(*index)?.clone()),
        Ref::Measurement(metric, index) => {
            Item::Measurement(tree::page_run(state, list)?.metrics.get(*metric)?.measurements.get(*index)?.clone())
        }
    };
    Some(Line { id: identity(state, list, entry)?, depth: entry.depth, item })
}

/// Cheap compared with [`tree_line`]: no item is made.
fn identity(state: &State, list: &ListId, entry: &Entry) -> Option<RowId> {
    let world = &state.world;
    Some(match &entry.row {
        Ref::Deployment(uid) => RowId::Object(world.deployments.get(uid)?.meta.id(Kind::Deployment)),
        Ref::Controlled(uid) => {
            let row = world.controlled.get(uid)?;
            RowId::Object(row.meta.id(row.kind))
        }
        Ref::Beside(uid) => {
            let row = world.beside.get(uid)?;
            RowId::Object(row.meta.id(row.what.kind()))
        }
        Ref::Rollout(uid) => RowId::Object(world.rollouts.get(uid)?.meta.id(Kind::Rollout)),
        Ref::ReplicaSet(uid) => RowId::Object(world.replica_sets.get(uid)?.meta.id(Kind::ReplicaSet)),
        Ref::Pod(uid) => RowId::Object(world.pods.get(uid)?.meta.id(Kind::Pod)),
        Ref::AnalysisRun(uid) => RowId::Object(world.analysis_runs.get(uid)?.meta.id(Kind::AnalysisRun)),
        Ref::Experiment(uid) => RowId::Object(world.experiments.get(uid)?.meta.id(Kind::Experiment)),
        Ref::Event(uid) => RowId::Object(world.events.get(uid)?.meta.id(Kind::Event)),
        Ref::Job(uid) | Ref::Earlier(uid) => RowId::Object(world.details.job(uid)?.id.clone()),
        Ref::Group(group) => RowId::Group(groups::key(group.what, group.path.as_str())),
        Ref::JobStep(job, number) => RowId::JobStep(job.clone(), *number),
        // It opens as a group of jobs does.
        Ref::Aside(asides::Row::Attempt(number)) => RowId::Group(asides::attempt_key(*number)),
        Ref::Aside(row) => RowId::Aside(row.clone()),
        Ref::Slo(uid) => RowId::Object(world.slos.get(uid)?.id()),
        Ref::Burn(index) => RowId::Burn(*index),
        Ref::Alert(uid) => RowId::Object(world.alerts.get(uid)?.meta.id(Kind::Alert)),
        Ref::Folder(at) => RowId::Folder(state.settings.catalogue.get(*at)?.image.clone()),
        Ref::Project(project) => RowId::Project(containers::key(project.source, &project.name)),
        Ref::Docker(uid) => RowId::Object(world.containers.get(uid)?.meta.id(Kind::Container)),
        Ref::Image(uid) => RowId::Object(world.images.get(uid)?.id()),
        Ref::Kept(at) => {
            let row = tree::page_application(state, list)?.resources.get(*at)?;
            RowId::Kept(row.kind.clone(), row.namespace.clone(), row.name.clone(), row.group.clone())
        }
        Ref::Differs(of, at) => match tree::differs(state, list, *of, *at)? {
            (Some(it), row) => {
                let of = (it.kind.clone(), it.namespace.clone(), it.name.clone(), it.group.clone());
                RowId::Differs(Box::new(of), row.key())
            }
            (None, row) => {
                let none = (Safe::default(), Name::new(""), Name::new(""), Safe::default());
                RowId::Differs(Box::new(none), row.key())
            }
        },
        Ref::Deployed(at) => RowId::Deployed(tree::page_application(state, list)?.history.get(*at)?.id),
        Ref::Release(uid) => RowId::Object(derived::releases(state).history(uid).first()?.release_id()),
        Ref::Recorded(at) => RowId::Revision(tree::page_release(state, list).get(*at)?.number),
        Ref::Platform(at) => RowId::Platform(*at),
        Ref::User(at) => {
            let (user, _) = images::users(state, tree::page_image(state, list)?).into_iter().nth(*at)?;
            RowId::User(user.workload, user.digest)
        }
        Ref::Access(at) => {
            let row = access::rows(state).into_iter().nth(*at)?;
            RowId::Access(row.source, row.namespace)
        }
        Ref::Pool(at) => {
            let demand = derived::demand(state);
            let pool = demand.rows.get(*at)?;
            let labels: Vec<&str> = pool.labels.iter().map(Safe::as_str).collect();
            RowId::Pool(pool.repository.clone(), labels.join(","))
        }
        Ref::Security(at) => {
            let (secret, number) = derived::security(state, tree::page_security(list)?)?.rows.get(*at)?.key();
            RowId::Security(secret, number)
        }
        Ref::Waiting(index) => {
            let row = derived::waiting(state).get(*index)?.clone();
            match row.gate {
                Some(gate) => RowId::Gate(row.object, gate.environment),
                None => RowId::Waiting(row.kind, row.object),
            }
        }
        Ref::Station(at) => RowId::Station(*at),
        Ref::Step(index) => RowId::Step(*index),
        Ref::Revision(revision) => RowId::Revision(*revision),
        Ref::Container(index) => RowId::Container(tree::page_pod(state, list)?.states.get(*index)?.name.clone()),
        Ref::Metric(index) => RowId::Metric(*index),
        Ref::Measurement(metric, index) => RowId::Measurement(*metric, *index),
    })
}

fn job_step<'a>(state: &'a State, job: &Uid, number: u32) -> Option<&'a JobStep> {
    state.world.details.job(job)?.steps.iter().find(|step| step.number == number)
}

fn aside(state: &State, list: &ListId, row: &asides::Row) -> Option<Beside> {
    let ListId::Place(place) = list else { return None };
    let turned = state.ui.list(list).map(|list| list.turned.clone()).unwrap_or_default();
    asides::beside(state, place, row, &turned)
}

fn platform(state: &State, image: &Image, at: usize) -> Option<Item> {
    let variants = image.manifest.as_ref().map_or(&[][..], |manifest| &manifest.variants);
    match variants.get(at) {
        Some(variant) => Some(Item::Variant(variant.clone())),
        None => images::missing(state, image).into_iter().nth(at - variants.len()).map(Item::Missing),
    }
}

/// Every list that is on the screen now.
#[must_use]
pub fn on_screen(state: &State) -> Vec<ListId> {
    match &state.ui.place {
        Place::Deck => Pane::ALL.into_iter().map(ListId::Pane).collect(),
        place => vec![ListId::Place(place.clone())],
    }
}
