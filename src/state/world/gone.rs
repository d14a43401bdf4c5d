//! What a source says is gone.

use std::collections::HashSet;

use super::World;
use crate::model::pipelines::Run;
use crate::model::source::FeedId;
use crate::model::{Kind, Uid};
use crate::state::tekton;

impl World {
    pub(super) fn remove(&mut self, kind: Kind, uid: &Uid) {
        self.attention.forget(uid);
        match kind {
            Kind::Namespace => drop(self.namespaces.remove(uid)),
            Kind::Deployment => drop(self.deployments.remove(uid)),
            Kind::StatefulSet | Kind::DaemonSet | Kind::BatchJob => drop(self.controlled.remove(uid)),
            Kind::HorizontalPodAutoscaler
            | Kind::PodDisruptionBudget
            | Kind::ResourceQuota
            | Kind::NetworkPolicy
            | Kind::Lease => {
                drop(self.beside.remove(uid));
            }
            Kind::VirtualService | Kind::DestinationRule => drop(self.routing.remove(uid)),
            Kind::ReplicaSet => drop(self.replica_sets.remove(uid)),
            Kind::Pod => {
                if let Some(owner) = self.pods.remove(uid).and_then(|pod| pod.meta.owner.clone()) {
                    self.attention.forget_pod(&owner.uid, uid);
                }
            }
            Kind::Event => drop(self.events.remove(uid)),
            Kind::Rollout => {
                drop(self.rollouts.remove(uid));
                self.prune(kind);
            }
            Kind::AnalysisRun => drop(self.analysis_runs.remove(uid)),
            Kind::Experiment => drop(self.experiments.remove(uid)),
            Kind::Application => drop(self.applications.remove(uid)),
            Kind::AppProject => drop(self.projects.remove(uid)),
            Kind::Release => drop(self.releases.remove(uid)),
            Kind::Run | Kind::PipelineRun | Kind::LoneTaskRun | Kind::Execution => {
                if let Some(run) = self.runs.remove(uid) {
                    self.ordered_runs.remove(&run);
                }
                drop(self.pipeline_runs.remove(uid));
                self.prune(kind);
            }
            Kind::TaskRun => {
                let gone = self.task_runs.remove(uid);
                if gone.as_ref().is_some_and(|row| tekton::is_lone(row)) {
                    self.remove(Kind::LoneTaskRun, uid);
                }
                let owner = gone.and_then(|row| row.meta.owner.clone());
                self.regroup(&owner.into_iter().map(|owner| owner.uid).collect());
            }
            Kind::Job
            | Kind::Stage
            | Kind::CiPipeline
            | Kind::Workflow
            | Kind::Pipeline
            | Kind::Build
            | Kind::LogStore
            | Kind::Annotation
            | Kind::Managed => {}
            Kind::Slo => {
                drop(self.slos.remove(uid));
                self.prune(kind);
            }
            Kind::Alert => drop(self.alerts.remove(uid)),
            Kind::Container => {
                drop(self.containers.remove(uid));
                self.prune(kind);
            }
            Kind::Image => drop(self.images.remove(uid)),
        }
    }

    pub(super) fn retain_listed(&mut self, id: &FeedId, seen: &HashSet<Uid>) {
        match id.kind {
            Kind::Namespace => drop(self.namespaces.retain_listed(id, seen)),
            Kind::Deployment => {
                for row in self.deployments.retain_listed(id, seen) {
                    self.attention.forget(&row.meta.uid);
                }
            }
            kind @ (Kind::StatefulSet | Kind::DaemonSet | Kind::BatchJob) => {
                drop(self.controlled.retain_listed_of(id, seen, |row| row.kind == kind));
            }
            kind @ (Kind::HorizontalPodAutoscaler
            | Kind::PodDisruptionBudget
            | Kind::ResourceQuota
            | Kind::NetworkPolicy
            | Kind::Lease) => {
                drop(self.beside.retain_listed_of(id, seen, |row| row.what.kind() == kind));
            }
            kind @ (Kind::VirtualService | Kind::DestinationRule) => {
                drop(self.routing.retain_listed_of(id, seen, |row| row.what.kind() == kind));
            }
            Kind::ReplicaSet => drop(self.replica_sets.retain_listed(id, seen)),
            Kind::Pod => {
                drop(self.pods.retain_listed(id, seen));
                self.attention.prune(&self.pods);
            }
            Kind::Event => drop(self.events.retain_listed(id, seen)),
            Kind::Rollout => {
                for row in self.rollouts.retain_listed(id, seen) {
                    self.attention.forget(&row.meta.uid);
                }
            }
            Kind::AnalysisRun => drop(self.analysis_runs.retain_listed(id, seen)),
            Kind::Experiment => drop(self.experiments.retain_listed(id, seen)),
            Kind::Application => drop(self.applications.retain_listed(id, seen)),
            Kind::AppProject => drop(self.projects.retain_listed(id, seen)),
            Kind::Release => {
                for row in self.releases.retain_listed(id, seen) {
                    self.details.forget_release(&row.meta.uid);
                }
            }
            Kind::Run | Kind::PipelineRun | Kind::Execution => {
                let its = |run: &Run| run.kind == id.kind;
                self.runs.retain_listed_of(id, seen, its).iter().for_each(|run| self.ordered_runs.remove(run));
                drop(self.pipeline_runs.retain_listed(id, seen));
            }
            Kind::TaskRun => {
                let gone = self.task_runs.retain_listed(id, seen);
                for row in gone.iter().filter(|row| tekton::is_lone(row)) {
                    self.remove(Kind::LoneTaskRun, &row.meta.uid);
                }
                let owners = gone.iter().filter_map(|row| row.meta.owner.as_ref().map(|owner| owner.uid.clone()));
                self.regroup(&owners.collect());
            }
            Kind::Job
            | Kind::LoneTaskRun
            | Kind::Stage
            | Kind::CiPipeline
            | Kind::Workflow
            | Kind::Pipeline
            | Kind::Build
            | Kind::LogStore
            | Kind::Annotation
            | Kind::Managed => {}
            Kind::Slo => drop(self.slos.retain_listed(id, seen)),
            Kind::Alert => drop(self.alerts.retain_listed(id, seen)),
            Kind::Container => drop(self.containers.retain_listed(id, seen)),
            Kind::Image => drop(self.images.retain_listed(id, seen)),
        }
        self.prune(id.kind);
    }

    /// Forgets what was read of rows of this kind that are gone.
    fn prune(&mut self, kind: Kind) {
        match kind {
            kind if kind.is_run() => self.details.keep_runs(|uid| self.runs.get(uid).is_some()),
            Kind::Rollout => self.details.keep_rollouts(|uid| self.rollouts.get(uid).is_some()),
            Kind::Slo => self.details.keep_objectives(|uid| self.slos.get(uid).is_some()),
            Kind::Container => self.details.keep_containers(|uid| self.containers.get(uid).is_some()),
            _ => {}
        }
    }
}
