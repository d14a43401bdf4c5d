//! Environment health: which workloads of a service stand in which environment. Every workload is in
//! exactly one cell; a cell may hold several (two clusters, two namespaces or two kinds of one name).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::shared::Shared;
use super::ui::ListId;
use super::{State, World, deployment_status, environment, lists, rollout_phase, shared, workload_status};
use crate::model::kubernetes::{ContainerImage, Deployment, Meta, Replicas, RolloutVerdict};
use crate::model::rollouts::Rollout;
use crate::model::scope::Environment;
use crate::model::workloads::{Controlled, Update};
use crate::model::{Kind, Name, SourceId, Uid};
use crate::safe;
use crate::text::Safe;

/// Services in rows, in order of their names; environments in columns, in the order a change travels.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    pub environments: Vec<Name>,
    pub services: Vec<Service>,
    /// Workloads that are well.
    pub well: usize,
    /// Cells in which something is not well: service and environment.
    pub unwell: Vec<(usize, usize)>,
    /// The clusters that each environment is in, as far as it is known.
    pub clusters: Vec<BTreeSet<SourceId>>,
    /// What several clusters have: it has a column for each of them.
    pub shared: Shared,
    places: HashMap<Uid, (usize, usize)>,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub name: Name,
    /// By the number of the environment; never empty, worst first.
    pub cells: BTreeMap<usize, Vec<Workload>>,
}

#[derive(Debug, Clone)]
pub enum Workload {
    Rollout(Arc<Rollout>),
    Deployment(Arc<Deployment>),
    Controlled(Arc<Controlled>),
}

/// How a workload stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Broken,
    Waiting,
    Unknown,
    Moving,
    Well,
}

impl Workload {
    #[must_use]
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Rollout(row) => &row.meta,
            Self::Deployment(row) => &row.meta,
            Self::Controlled(row) => &row.meta,
        }
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Rollout(_) => Kind::Rollout,
            Self::Deployment(_) => Kind::Deployment,
            Self::Controlled(row) => row.kind,
        }
    }

    /// The row it stands in: its own name; of a Job that a CronJob makes again and again that one's.
    fn service(&self) -> &Name {
        match self {
            Self::Controlled(row) => row.meta.owner.as_ref().map_or(&row.meta.name, |owner| &owner.name),
            _ => &self.meta().name,
        }
    }

    /// The workload with this uid, as it is now.
    #[must_use]
    pub fn find(world: &World, uid: &Uid) -> Option<Self> {
        let rollout = world.rollouts.get(uid).map(|row| Self::Rollout(Arc::clone(row)));
        rollout
            .or_else(|| world.deployments.get(uid).map(|row| Self::Deployment(Arc::clone(row))))
            .or_else(|| world.controlled.get(uid).map(|row| Self::Controlled(Arc::clone(row))))
    }

    /// How those of one cell follow each other: worst first, then as the tables stand.
    fn order(&self) -> impl Ord + use<> {
        let (kind, meta) = (self.kind(), self.meta());
        let kind = (kind != Kind::Rollout, kind != Kind::Deployment);
        (self.health(), kind, meta.cluster, meta.namespace.clone(), meta.name.clone(), meta.uid.clone())
    }

    #[must_use]
    pub fn images(&self) -> &[ContainerImage] {
        match self {
            Self::Rollout(row) => &row.images,
            Self::Deployment(row) => &row.images,
            Self::Controlled(row) => &row.images,
        }
    }

    /// The word for its state: the plug-in's for a Rollout, kubectl's verdict for a Deployment.
    #[must_use]
    pub fn status(&self) -> Safe {
        match self {
            Self::Rollout(row) => rollout_phase::phase(row).0,
            Self::Deployment(row) => word(deployment_status::status(row).verdict),
            Self::Controlled(row) => word(workload_status::status(row).verdict),
        }
    }

    #[must_use]
    pub fn health(&self) -> Health {
        if let Self::Deployment(row) = self
            && deployment_status::is_complete(row)
        {
            return Health::Well;
        }
        match self.status().as_str() {
            "Healthy" | "Complete" => Health::Well,
            "Progressing" => Health::Moving,
            "Paused" => Health::Waiting,
            "Degraded" | "Failed" => Health::Broken,
            _ => Health::Unknown,
        }
    }
}

/// Of a Job that has come to its end what it completed is there.
#[must_use]
pub const fn shown(row: &Controlled) -> Replicas {
    let replicas = row.replicas;
    match row.update {
        Update::Job { .. } => Replicas { ready: replicas.available, ..replicas },
        Update::Stateful { .. } | Update::Daemon { .. } => replicas,
    }
}

fn word(verdict: RolloutVerdict) -> Safe {
    Safe::of(match verdict {
        RolloutVerdict::Complete => "Complete",
        RolloutVerdict::Progressing => "Progressing",
        RolloutVerdict::Failed => "Failed",
    })
}

impl Matrix {
    /// The cell an object is in: service and environment.
    #[must_use]
    pub fn place(&self, uid: &Uid) -> Option<(usize, usize)> {
        self.places.get(uid).copied()
    }
}

/// The services that the filter of a list of workloads lets through, in their order.
#[must_use]
pub fn passing(state: &State, list: &ListId, matrix: &Matrix) -> Vec<usize> {
    let narrowed = state.ui.list(list).is_some_and(|list| !list.filter.is_empty() || list.faults_only);
    if !narrowed {
        return (0..matrix.services.len()).collect();
    }
    let mut rows = BTreeSet::new();
    lists::each_workload(state, list, |uid| rows.extend(matrix.place(uid).map(|(row, _)| row)));
    rows.into_iter().collect()
}

/// Changes whenever anything the matrix is made from does.
#[must_use]
pub fn revision(state: &State) -> u64 {
    let world = &state.world;
    world.deployments.revision() + world.controlled.revision() + world.rollouts.revision() + world.namespaces.revision()
}

/// The same of which workloads there are, and where.
#[must_use]
pub fn members(state: &State) -> u64 {
    let world = &state.world;
    world.deployments.members() + world.controlled.members() + world.rollouts.members() + world.namespaces.revision()
}

/// All workloads by service and environment.
#[must_use]
pub fn build(state: &State) -> Matrix {
    let world = &state.world;
    let rollouts = world.rollouts.rows().iter().map(|row| Workload::Rollout(Arc::clone(row)));
    let deployments = world.deployments.rows().iter().map(|row| Workload::Deployment(Arc::clone(row)));
    let others = workload_status::listed(world).into_iter().map(|row| Workload::Controlled(Arc::clone(row)));
    let mut names: HashMap<(SourceId, Name), Name> = HashMap::new();
    let mut services: BTreeMap<Name, Vec<(Name, Workload)>> = BTreeMap::new();
    for workload in rollouts.chain(deployments).chain(others) {
        let meta = workload.meta();
        let place = names
            .entry((meta.cluster, meta.namespace.clone()))
            .or_insert_with(|| environment::of(state, meta.cluster, &meta.namespace))
            .clone();
        services.entry(workload.service().clone()).or_default().push((place, workload));
    }
    let places = names.iter().map(|((cluster, namespace), name)| (*cluster, namespace, name));
    let mut matrix = Matrix { shared: Shared::of(state, places), ..Matrix::default() };
    let columns = matrix.columns(state, names.into_values().collect());
    for (name, workloads) in services {
        matrix.add(name, workloads, &columns);
    }
    matrix
}

/// An environment, and of one that several clusters have the cluster.
type Column = (Name, Option<SourceId>);

/// Environments of the configuration that are a place of their own, and the clusters they are in.
fn places(state: &State) -> impl Iterator<Item = (&Environment, Vec<SourceId>)> {
    let own = state.settings.environments.iter().filter(|row| row.cluster.is_some() || row.namespace.is_some());
    let all = own.map(|row| {
        let clusters = state.world.clusters().filter(|it| row.cluster.as_ref().is_none_or(|name| *name == it.name));
        (row, clusters.map(|cluster| cluster.id).collect::<Vec<_>>())
    });
    all.filter(|(_, clusters)| !clusters.is_empty())
}

impl Matrix {
    /// Lays out the columns: these environments, and those where nothing may be known of what is there.
    fn columns(&mut self, state: &State, mut names: Vec<Name>) -> HashMap<Column, usize> {
        names.extend(places(state).map(|(environment, _)| environment.name.clone()));
        names.sort_by_cached_key(|name| (environment::rank(state, name), name.clone()));
        names.dedup();
        let mut columns: HashMap<Column, usize> = HashMap::new();
        let configured: Vec<(&Environment, Vec<SourceId>)> = places(state).collect();
        for name in names {
            let own = configured.iter().filter(|(row, _)| row.name == name).flat_map(|(_, clusters)| clusters);
            let own = own.copied().collect::<BTreeSet<SourceId>>();
            let Some(clusters) = self.shared.clusters(&name) else {
                columns.insert((name.clone(), None), self.environments.len());
                self.environments.push(name);
                self.clusters.push(own);
                continue;
            };
            for cluster in clusters.chain(own).collect::<BTreeSet<SourceId>>() {
                columns.insert((name.clone(), Some(cluster)), self.environments.len());
                let of = shared::cluster(state, cluster);
                let raw = format!("{}@{}", name.raw(), of.as_str());
                self.environments.push(Name::known_as(&raw, safe!("{}@{}", name, of)));
                self.clusters.push(BTreeSet::from([cluster]));
            }
        }
        columns
    }

    fn add(&mut self, name: Name, workloads: Vec<(Name, Workload)>, columns: &HashMap<Column, usize>) {
        let row = self.services.len();
        let mut cells: BTreeMap<usize, Vec<Workload>> = BTreeMap::new();
        for (place, workload) in workloads {
            let cluster = self.shared.clusters(&place).map(|_| workload.meta().cluster);
            let Some(column) = columns.get(&(place, cluster)) else { continue };
            self.places.insert(workload.meta().uid.clone(), (row, *column));
            self.clusters[*column].insert(workload.meta().cluster);
            cells.entry(*column).or_default().push(workload);
        }
        for (column, cell) in &mut cells {
            cell.sort_by_cached_key(Workload::order);
            let well = well(cell);
            self.well += well;
            if well < cell.len() {
                self.unwell.push((row, *column));
            }
        }
        self.services.push(Service { name, cells });
    }

    /// Looks again at these workloads, which stand where they stood.
    pub fn again(&mut self, world: &World, uids: &BTreeSet<Uid>) {
        for uid in uids {
            let (Some(place), Some(now)) = (self.place(uid), Workload::find(world, uid)) else { continue };
            let Some(cell) = self.services.get_mut(place.0).and_then(|row| row.cells.get_mut(&place.1)) else {
                continue;
            };
            self.well -= well(cell);
            if let Some(it) = cell.iter_mut().find(|it| it.meta().uid == *uid) {
                *it = now;
            }
            cell.sort_by_cached_key(Workload::order);
            let (well, len) = (well(cell), cell.len());
            self.well += well;
            match (self.unwell.binary_search(&place), well < len) {
                (Err(at), true) => self.unwell.insert(at, place),
                (Ok(at), false) => drop(self.unwell.remove(at)),
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
    }
}

/// How many of a cell are well.
fn well(cell: &[Workload]) -> usize {
    cell.iter().filter(|it| it.health() == Health::Well).count()
}
