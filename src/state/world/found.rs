//! Objects by their identity, whatever their kind.

use super::World;
use crate::model::{Kind, ObjectId, Uid};

impl World {
    /// Whether the object is still there, by its identity.
    #[must_use]
    pub fn contains(&self, id: &ObjectId) -> bool {
        let uid = &id.uid;
        match id.kind {
            Kind::Namespace => self.namespaces.get(uid).is_some(),
            Kind::Deployment => self.deployments.get(uid).is_some(),
            Kind::StatefulSet | Kind::DaemonSet | Kind::BatchJob => self.controlled.get(uid).is_some(),
            Kind::HorizontalPodAutoscaler
            | Kind::PodDisruptionBudget
            | Kind::ResourceQuota
            | Kind::NetworkPolicy
            | Kind::Lease => self.beside.get(uid).is_some(),
            Kind::VirtualService | Kind::DestinationRule => self.routing.get(uid).is_some(),
            Kind::ReplicaSet => self.replica_sets.get(uid).is_some(),
            Kind::Pod => self.pods.get(uid).is_some(),
            Kind::Event => self.events.get(uid).is_some(),
            Kind::Rollout => self.rollouts.get(uid).is_some(),
            Kind::AnalysisRun => self.analysis_runs.get(uid).is_some(),
            Kind::Experiment => self.experiments.get(uid).is_some(),
            Kind::Application => self.applications.get(uid).is_some(),
            Kind::AppProject => self.projects.get(uid).is_some(),
            Kind::Release => self.releases.rows().iter().any(|row| row.release_id().uid == *uid),
            Kind::Run | Kind::PipelineRun | Kind::LoneTaskRun | Kind::Execution => self.runs.get(uid).is_some(),
            Kind::Job | Kind::TaskRun | Kind::Stage => self.details.job(uid).is_some(),
            Kind::CiPipeline => self.details.pipeline(uid).is_some(),
            // Read only while somebody starts it; a log that is kept where it was made.
            Kind::Workflow | Kind::Pipeline | Kind::Build | Kind::LogStore | Kind::Annotation | Kind::Managed => false,
            Kind::Slo => self.slos.get(uid).is_some(),
            Kind::Alert => self.alerts.get(uid).is_some(),
            Kind::Container => self.containers.get(uid).is_some(),
            Kind::Image => self.images.get(uid).is_some(),
        }
    }

    /// The object with this uid, whatever its kind; events aside.
    #[must_use]
    pub fn find(&self, uid: &Uid) -> Option<ObjectId> {
        let pod = self.pods.get(uid).map(|row| row.meta.id(Kind::Pod));
        pod.or_else(|| self.rollouts.get(uid).map(|row| row.meta.id(Kind::Rollout)))
            .or_else(|| self.deployments.get(uid).map(|row| row.meta.id(Kind::Deployment)))
            .or_else(|| self.controlled.get(uid).map(|row| row.meta.id(row.kind)))
            .or_else(|| self.replica_sets.get(uid).map(|row| row.meta.id(Kind::ReplicaSet)))
            .or_else(|| self.analysis_runs.get(uid).map(|row| row.meta.id(Kind::AnalysisRun)))
            .or_else(|| self.experiments.get(uid).map(|row| row.meta.id(Kind::Experiment)))
            .or_else(|| self.applications.get(uid).map(|row| row.id()))
            .or_else(|| self.runs.get(uid).map(|row| row.id()))
            .or_else(|| self.slos.get(uid).map(|row| row.meta.id(Kind::Slo)))
            .or_else(|| self.containers.get(uid).map(|row| row.meta.id(Kind::Container)))
            .or_else(|| self.images.get(uid).map(|row| row.id()))
    }
}
