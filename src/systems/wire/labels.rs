//! Labels and annotations: of the many that objects carry, the few that anything here reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Text;

/// Labels or annotations: only those in [`KEPT`], the rest is skipped unread.
#[derive(Debug, Clone, Default)]
pub struct Labels<'a>(Vec<(&'static str, Text<'a>)>);

/// The labels and annotations that anything here reads.
const KEPT: &[&str] = &[
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "argocd.argoproj.io/instance",
    "argocd.argoproj.io/refresh",
    "argocd.argoproj.io/skip-reconcile",
    "argocd.argoproj.io/tracking-id",
    "createdAt",
    "deployment.kubernetes.io/revision",
    "environment",
    "experiment.argoproj.io/name",
    "experiment.argoproj.io/template-name",
    "helm.toolkit.fluxcd.io/name",
    "k8s.io/initial-events-end",
    "kubectl.kubernetes.io/default-container",
    "kubernetes.io/change-cause",
    "kustomize.toolkit.fluxcd.io/name",
    "meta.helm.sh/release-name",
    "modifiedAt",
    "name",
    "pipelinesascode.tekton.dev/branch",
    "pipelinesascode.tekton.dev/event-type",
    "pipelinesascode.tekton.dev/sender",
    "pipelinesascode.tekton.dev/sha",
    "pipelinesascode.tekton.dev/sha-title",
    "pod-template-hash",
    "rollout-type",
    "rollout.argoproj.io/revision",
    "rollout.argoproj.io/workload-generation",
    "rollouts-pod-template-hash",
    "scale-down-deadline",
    "status",
    "step-index",
    "tekton.dev/memberOf",
    "tekton.dev/pipeline",
    "tekton.dev/pipelineTask",
    "tekton.dev/task",
    "triggers.tekton.dev/trigger",
    "version",
];

impl Labels<'_> {
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(kept, _)| *kept == key).map(|(_, value)| value.as_str())
    }
}

struct LabelsVisitor;

impl<'de> Visitor<'de> for LabelsVisitor {
    type Value = Labels<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels<'de>, A::Error> {
        let mut labels = Vec::new();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match KEPT.binary_search(&key.as_str()) {
                Ok(at) => labels.push((KEPT[at], map.next_value()?)),
                Err(_) => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Labels(labels))
    }

    forgive!(visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str));
    forgive!(unit);
    forgive!(seq);
}

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::KEPT;

    #[test]
    fn the_kept_labels_can_be_found() {
        assert!(KEPT.is_sorted(), "they are searched by halves");
    }
}
