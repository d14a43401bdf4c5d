//! Objects of one kind over all clusters and namespaces, in the order they are listed in:
//! cluster, namespace, name. The n-th row costs nothing to find, so a list of ten thousand draws
//! like one of ten.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::kubernetes::Meta;
use crate::model::source::FeedId;
use crate::model::{Name, SourceId, Uid};

/// What a [`Table`] needs to know of its rows.
pub trait Row {
    fn meta(&self) -> &Meta;
}

/// Sorted rows with an index by uid and by owner.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Vec<Arc<T>>,
    by_uid: HashMap<Uid, Arc<T>>,
    owned: HashMap<Uid, Vec<Uid>>,
    revision: u64,
    members: u64,
}

/// The order of the rows.
fn compare(a: &Meta, b: &Meta) -> std::cmp::Ordering {
    a.cluster
        .cmp(&b.cluster)
        .then_with(|| a.namespace.cmp(&b.namespace))
        .then_with(|| a.name.cmp(&b.name))
        .then_with(|| a.uid.cmp(&b.uid))
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), by_uid: HashMap::new(), owned: HashMap::new(), revision: 0, members: 0 }
    }
}

impl<T: Row> Table<T> {
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Grows with every change; who caches something derived compares it.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Grows when a row comes, goes or moves, and not when one changes where it stands.
    #[must_use]
    pub fn members(&self) -> u64 {
        self.members
    }

    #[must_use]
    pub fn rows(&self) -> &[Arc<T>] {
        &self.rows
    }

    /// Those of one namespace, which stand side by side; a repository is the namespace of its runs.
    #[must_use]
    pub fn of_namespace(&self, cluster: SourceId, namespace: &Name) -> &[Arc<T>] {
        let place = |row: &Arc<T>| (row.meta().cluster, &row.meta().namespace).cmp(&(cluster, namespace));
        let from = self.rows.partition_point(|row| place(row).is_lt());
        let to = self.rows.partition_point(|row| place(row).is_le());
        &self.rows[from..to]
    }

    /// Those of this name, of which there is one unless two were made one after the other.
    pub fn named(&self, cluster: SourceId, namespace: &Name, name: &Name) -> impl Iterator<Item = &Arc<T>> {
        let rows = self.of_namespace(cluster, namespace);
        let from = rows.partition_point(|row| row.meta().name < *name);
        rows[from..].iter().take_while(move |row| row.meta().name == *name)
    }

    #[must_use]
    pub fn get(&self, uid: &Uid) -> Option<&Arc<T>> {
        self.by_uid.get(uid)
    }

    /// The row number of an object, now.
    #[must_use]
    pub fn position(&self, uid: &Uid) -> Option<usize> {
        self.search(self.by_uid.get(uid)?.meta()).ok()
    }

    /// Rows whose controlling owner is this object, in order of their names.
    pub fn owned_by(&self, owner: &Uid) -> impl Iterator<Item = &Arc<T>> {
        self.owned.get(owner).into_iter().flatten().filter_map(|uid| self.get(uid))
    }

    pub fn upsert(&mut self, row: Arc<T>) {
        self.revision += 1;
        let uid = row.meta().uid.clone();
        if let Some(before) = self.by_uid.get(&uid) {
            if compare(before.meta(), row.meta()).is_eq()
                && let Ok(at) = self.search(before.meta())
            {
                let old = std::mem::replace(&mut self.rows[at], Arc::clone(&row));
                let owner = row.meta().owner.as_ref().map(|owner| owner.uid.clone());
                self.by_uid.insert(uid.clone(), row);
                let old_owner = old.meta().owner.as_ref().map(|owner| owner.uid.clone());
                if owner != old_owner {
                    self.disown(old_owner.as_ref(), &uid);
                    self.own(owner, uid);
                }
                return;
            }
            self.remove(&uid);
        }
        self.members += 1;
        self.own(row.meta().owner.as_ref().map(|owner| owner.uid.clone()), uid.clone());
        let at = match self.rows.last() {
            Some(last) if compare(last.meta(), row.meta()).is_lt() => self.rows.len(),
            _ => self.search(row.meta()).unwrap_or_else(|at| at),
        };
        self.rows.insert(at, Arc::clone(&row));
        self.by_uid.insert(uid, row);
    }

    pub fn remove(&mut self, uid: &Uid) -> Option<Arc<T>> {
        let row = self.by_uid.remove(uid)?;
        self.revision += 1;
        self.members += 1;
        self.rows.remove(self.search(row.meta()).ok()?);
        self.disown(row.meta().owner.as_ref().map(|owner| &owner.uid), uid);
        Some(row)
    }

    /// Removes what belongs to the feed and was not seen in its last whole list; returns it.
    pub fn retain_listed(&mut self, feed: &FeedId, seen: &std::collections::HashSet<Uid>) -> Vec<Arc<T>> {
        self.retain_listed_of(feed, seen, |_| true)
    }

    /// The same of those rows that the feed brings, where several feeds fill one table.
    pub fn retain_listed_of(
        &mut self,
        feed: &FeedId,
        seen: &std::collections::HashSet<Uid>,
        its: impl Fn(&T) -> bool,
    ) -> Vec<Arc<T>> {
        let gone: Vec<Uid> = self
            .rows
            .iter()
            .filter(|row| its(row))
            .map(|row| row.meta())
            .filter(|meta| covers(feed, meta) && !seen.contains(&meta.uid))
            .map(|meta| meta.uid.clone())
            .collect();
        gone.iter().filter_map(|uid| self.remove(uid)).collect()
    }

    fn search(&self, place: &Meta) -> Result<usize, usize> {
        self.rows.binary_search_by(|row| compare(row.meta(), place))
    }

    fn own(&mut self, owner: Option<Uid>, uid: Uid) {
        if let Some(owner) = owner {
            self.owned.entry(owner).or_default().push(uid);
        }
    }

    fn disown(&mut self, owner: Option<&Uid>, uid: &Uid) {
        if let Some(owner) = owner
            && let Some(owned) = self.owned.get_mut(owner)
        {
            owned.retain(|other| other != uid);
            if owned.is_empty() {
                self.owned.remove(owner);
            }
        }
    }
}

fn covers(feed: &FeedId, meta: &Meta) -> bool {
    feed.cluster == meta.cluster && feed.namespace.as_ref().is_none_or(|namespace| *namespace == meta.namespace)
}

impl Row for crate::model::tekton::PipelineRun {
    fn meta(&self) -> &Meta {
        &self.run.meta
    }
}

macro_rules! rows {
    ($($kind:path),*) => { $(impl Row for $kind { fn meta(&self) -> &Meta { &self.meta } })* };
}
rows!(
    crate::model::kubernetes::Namespace,
    crate::model::kubernetes::Deployment,
    crate::model::kubernetes::ReplicaSet,
    crate::model::kubernetes::Pod,
    crate::model::kubernetes::Event,
    crate::model::workloads::Controlled,
    crate::model::workloads::Beside,
    crate::model::routing::Routing,
    crate::model::rollouts::Rollout,
    crate::model::rollouts::AnalysisRun,
    crate::model::rollouts::Experiment,
    crate::model::applications::Application,
    crate::model::projects::AppProject,
    crate::model::helm::Revision,
    crate::model::pipelines::Run,
    crate::model::tekton::TaskRun,
    crate::model::slo::Slo,
    crate::model::slo::Alert,
    crate::model::docker::DockerContainer,
    crate::model::images::Image
);
