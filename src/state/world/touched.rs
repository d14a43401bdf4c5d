//! Which workloads and Applications news were about: what is derived of each of them is made again for
//! these alone, so that a change costs what it is about and not what is in the world.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::World;
use crate::model::kubernetes::{Event, Meta, Owner};
use crate::model::source::{FeedEvent, FeedId, Object};
use crate::model::workloads::Beside;
use crate::model::{Kind, Uid};
use crate::state::table::{Row, Table};

/// More of them than this are not told apart.
const MANY: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// By their uids; what is not among them is as it was.
    These(BTreeSet<Uid>),
    /// Nobody knows which.
    All,
}

impl Default for Touched {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Touched {
    fn add(&mut self, uids: impl IntoIterator<Item = Uid>) {
        if let Self::These(all) = self {
            all.extend(uids);
            if all.len() > MANY {
                *self = Self::All;
            }
        }
    }
}

impl World {
    /// What was touched since this was asked last.
    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    pub(super) fn touch_all(&mut self) {
        self.touched = Touched::All;
    }

    /// Notes what an event is about, before it is applied: of what goes, the owner is known only now.
    pub(super) fn touch(&mut self, id: &FeedId, event: &FeedEvent) {
        if self.touched == Touched::All || event.is_quiet() {
            return;
        }
        let found = match event {
            FeedEvent::Applied(objects) => objects.iter().try_fold(Vec::new(), |mut all, object| {
                all.extend(self.about(object)?);
                Some(all)
            }),
            FeedEvent::Deleted(uid) => self.about_gone(id.kind, uid),
            _ => None,
        };
        match found {
            Some(uids) => self.touched.add(uids),
            None => self.touch_all(),
        }
    }

    /// The workloads and Applications that an object says something of; `None`: any.
    fn about(&self, object: &Object) -> Option<Vec<Uid>> {
        match object {
            Object::Rollout(row) => known(&self.rollouts, &row.meta),
            Object::Deployment(row) => known(&self.deployments, &row.meta),
            Object::Controlled(row) => known(&self.controlled, &row.meta),
            Object::Application(row) => known(&self.applications, &row.meta),
            Object::ReplicaSet(row) => Some(self.owners(&self.replica_sets, &row.meta)),
            Object::Pod(row) => Some(self.owners(&self.pods, &row.meta)),
            Object::AnalysisRun(row) => Some(self.owners(&self.analysis_runs, &row.meta)),
            Object::Experiment(row) => Some(self.owners(&self.experiments, &row.meta)),
            Object::Event(row) => self.about_event(row),
            Object::Beside(row) => Some(self.beside_of(row)),
            Object::Release(_)
            | Object::Run(_)
            | Object::PipelineRun(_)
            | Object::TaskRun(_)
            | Object::Slo(_)
            | Object::Alert(_)
            | Object::Container(_) => Some(Vec::new()),
            Object::Namespace(_) | Object::Routing(_) | Object::AppProject(_) | Object::Image(_) => None,
        }
    }

    fn about_gone(&self, kind: Kind, uid: &Uid) -> Option<Vec<Uid>> {
        match kind {
            Kind::ReplicaSet => Some(self.owners(&self.replica_sets, &self.replica_sets.get(uid)?.meta)),
            Kind::Pod => Some(self.owners(&self.pods, &self.pods.get(uid)?.meta)),
            Kind::AnalysisRun => Some(self.owners(&self.analysis_runs, &self.analysis_runs.get(uid)?.meta)),
            Kind::Experiment => Some(self.owners(&self.experiments, &self.experiments.get(uid)?.meta)),
            Kind::Event => self.about_event(self.events.get(uid)?),
            kind if kind.is_run() => Some(Vec::new()),
            Kind::Slo | Kind::Alert | Kind::Container | Kind::Release => Some(Vec::new()),
            _ => None,
        }
    }

    /// Those that own an object now and owned it before, and those above them.
    fn owners<T: Row>(&self, table: &Table<T>, meta: &Meta) -> Vec<Uid> {
        let before = table.get(&meta.uid).and_then(|row| row.meta().owner.as_ref());
        [meta.owner.as_ref(), before].into_iter().flatten().flat_map(|owner| self.upwards(owner)).collect()
    }

    fn upwards(&self, owner: &Owner) -> Vec<Uid> {
        let above = |uid: &Uid| {
            let set = self.replica_sets.get(uid).and_then(|row| row.meta.owner.as_ref());
            let experiment = || self.experiments.get(uid).and_then(|row| row.meta.owner.as_ref());
            Some(set.or_else(experiment)?.uid.clone())
        };
        // A pod, its ReplicaSet, an Experiment that made it, the Rollout.
        std::iter::successors(Some(owner.uid.clone()), |uid| above(uid)).take(3).collect()
    }

    /// An event about a pod is one about its workload. One that does not say which object it is about may be
    /// about any of that name.
    fn about_event(&self, event: &Event) -> Option<Vec<Uid>> {
        let uid = event.about_uid.as_ref()?;
        let meta = self.pods.get(uid).map(|row| &row.meta).or_else(|| self.replica_sets.get(uid).map(|row| &row.meta));
        let owner = meta.and_then(|meta| meta.owner.as_ref());
        Some(owner.map_or_else(|| vec![uid.clone()], |owner| self.upwards(owner)))
    }

    /// What stands beside workloads says something of any in its namespace.
    fn beside_of(&self, row: &Arc<Beside>) -> Vec<Uid> {
        fn uids<'a, T: Row>(table: &'a Table<T>, meta: &'a Meta) -> impl Iterator<Item = Uid> + 'a {
            table.of_namespace(meta.cluster, &meta.namespace).iter().map(|row| row.meta().uid.clone())
        }
        let meta = &row.meta;
        uids(&self.rollouts, meta).chain(uids(&self.deployments, meta)).chain(uids(&self.controlled, meta)).collect()
    }
}

/// An object that is there and stands where it stood; of another one nobody knows who looks at it.
fn known<T: Row>(table: &Table<T>, meta: &Meta) -> Option<Vec<Uid>> {
    let before = table.get(&meta.uid)?.meta();
    let same = (&before.name, &before.namespace, &before.owner) == (&meta.name, &meta.namespace, &meta.owner);
    same.then(|| vec![meta.uid.clone()])
}
