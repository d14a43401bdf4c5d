//! Which objects are worth a second look, kept up to date as they come in, so that finding a
//! blocker among ten thousand pods costs what the pods in trouble cost.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::table::Table;
use crate::model::kubernetes::{Pod, PodHealth, SpecHash};
use crate::model::source::Object;
use crate::model::{Kind, Uid};

/// How long a controller may take to notice a change before it is called silent.
const SILENCE: Duration = Duration::from_secs(10);

/// How far behind a controller may be while an autoscaler goes on.
const GENERATIONS: usize = 32;

#[derive(Debug, Clone, Default)]
pub(super) struct Attention {
    /// Pods that are neither running nor done, by owner.
    troubled: HashMap<Uid, BTreeSet<Uid>>,
    /// Workloads whose controller has not seen their latest change, since when (monotonic).
    unobserved: HashMap<Uid, Duration>,
    /// Of Deployments and Rollouts: which generations had the spec of now.
    alike: HashMap<Uid, Alike>,
}

/// The latest generations that were heard of one after the other with the same spec, but for `replicas`.
#[derive(Debug, Clone)]
struct Alike {
    spec: SpecHash,
    generations: VecDeque<i64>,
}

impl Attention {
    /// Takes note of an object before it enters its table.
    pub(super) fn note(&mut self, object: &Object, mono: Duration) {
        match object {
            Object::Pod(pod) => self.pod(pod),
            Object::Deployment(row) => {
                self.change(&row.meta.uid, row.meta.generation > row.observed_generation, mono);
                self.see(&row.meta.uid, row.spec, row.meta.generation);
            }
            // A Job is not asked to become another one.
            Object::Controlled(row) if row.kind != Kind::BatchJob => {
                self.change(&row.meta.uid, row.meta.generation > row.observed_generation, mono);
            }
            Object::Rollout(row) => {
                // Without any status the controller has never been there; a number larger than the
                // generation is a hash of a controller before 0.10.
                let observed = match row.observed_generation {
                    Some(observed) => observed >= row.meta.generation,
                    None => !row.phase.is_empty() || !row.conditions.is_empty(),
                };
                self.change(&row.meta.uid, !observed, mono);
                self.see(&row.meta.uid, row.spec, row.meta.generation);
            }
            Object::Controlled(_)
            | Object::Beside(_)
            | Object::Routing(_)
            | Object::Application(_)
            | Object::AppProject(_)
            | Object::Release(_)
            | Object::Namespace(_)
            | Object::ReplicaSet(_)
            | Object::Event(_)
            | Object::AnalysisRun(_)
            | Object::Experiment(_)
            | Object::Run(_)
            | Object::PipelineRun(_)
            | Object::TaskRun(_)
            | Object::Slo(_)
            | Object::Alert(_)
            | Object::Container(_)
            | Object::Image(_) => {}
        }
    }

    fn pod(&mut self, pod: &Pod) {
        let Some(owner) = &pod.meta.owner else { return };
        let troubled = match pod.health {
            PodHealth::Broken | PodHealth::Starting => true,
            PodHealth::Running | PodHealth::Done | PodHealth::Ending | PodHealth::Unknown => false,
        };
        if troubled {
            self.troubled.entry(owner.uid.clone()).or_default().insert(pod.meta.uid.clone());
        } else {
            self.forget_pod(&owner.uid, &pod.meta.uid);
        }
    }

    /// The pod is well again, or gone.
    pub(super) fn forget_pod(&mut self, owner: &Uid, pod: &Uid) {
        if let Some(pods) = self.troubled.get_mut(owner) {
            pods.remove(pod);
            if pods.is_empty() {
                self.troubled.remove(owner);
            }
        }
    }

    fn change(&mut self, uid: &Uid, waits: bool, mono: Duration) {
        if waits {
            self.unobserved.entry(uid.clone()).or_insert(mono);
        } else {
            self.unobserved.remove(uid);
        }
    }

    fn see(&mut self, uid: &Uid, spec: Option<SpecHash>, generation: i64) {
        let Some(spec) = spec else { return drop(self.alike.remove(uid)) };
        let alike = self.alike.entry(uid.clone()).or_insert_with(|| Alike { spec, generations: VecDeque::new() });
        if alike.spec != spec {
            *alike = Alike { spec, generations: VecDeque::new() };
        }
        if alike.generations.back() != Some(&generation) {
            alike.generations.push_back(generation);
        }
        if alike.generations.len() > GENERATIONS {
            alike.generations.pop_front();
        }
    }

    /// That generation was heard of, and had the spec of now but for how many replicas.
    pub(super) fn is_alike(&self, uid: &Uid, generation: i64) -> bool {
        self.alike.get(uid).is_some_and(|alike| alike.generations.contains(&generation))
    }

    /// Forgets a workload that is gone.
    pub(super) fn forget(&mut self, uid: &Uid) {
        self.alike.remove(uid);
        self.unobserved.remove(uid);
        self.troubled.remove(uid);
    }

    /// Forgets every pod that is no longer there.
    pub(super) fn prune(&mut self, pods: &Table<Pod>) {
        self.troubled.retain(|_, uids| {
            uids.retain(|uid| pods.get(uid).is_some());
            !uids.is_empty()
        });
    }

    pub(super) fn troubled(&self, owner: &Uid) -> impl Iterator<Item = &Uid> {
        self.troubled.get(owner).into_iter().flatten()
    }

    /// How long the controller has been silent about a change, once it is too long.
    pub(super) fn unobserved(&self, uid: &Uid, now: Duration) -> Option<Duration> {
        let since = self.unobserved.get(uid)?;
        Some(now.saturating_sub(*since)).filter(|lag| *lag >= SILENCE)
    }
}
