//! Why is it not moving: situations staged on the lab, with the real controllers, and what
//! `status --json` says of each.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::cluster::{Cluster, Namespace, said, status};

/// Within this time a staged situation is told.
const TOLD: Duration = Duration::from_secs(90);

/// What was applied, in a namespace of its own.
pub struct Stage<'a> {
    pub namespace: Namespace<'a>,
}

/// A row of `blocked`.
#[derive(Debug)]
pub struct Told {
    pub reason: String,
    pub sentence: String,
    pub unblock: String,
}

/// Applies a world to a new namespace of the environment `dev`.
pub fn stage<'a>(cluster: &'a Cluster, yaml: &str) -> Stage<'a> {
    let namespace = cluster.empty_namespace("dev");
    let stage = Stage { namespace };
    if !yaml.is_empty() {
        stage.apply(yaml);
    }
    stage
}

impl Stage<'_> {
    pub fn apply(&self, yaml: &str) {
        self.namespace.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], yaml);
    }

    /// Everything that is said now, as the lab's administrator.
    pub fn status(&self) -> Value {
        status(&self.namespace.cluster.kubeconfig, &["-n", &self.namespace.name])
    }

    /// What is said now of the object of this name, if anything.
    pub fn told(&self, name: &str) -> Option<Told> {
        let status = self.status();
        let row = status["blocked"].as_array()?.iter().find(|row| row["name"] == name)?;
        let word = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        Some(Told { reason: word("reason"), sentence: word("sentence"), unblock: word("unblock") })
    }

    /// Waits until this reason is told of the object of this name.
    pub fn blocked(&self, name: &str, reason: &str) -> Told {
        let until = Instant::now() + TOLD;
        let mut last = None;
        while Instant::now() < until {
            last = self.told(name);
            if let Some(told) = last.take_if(|told| told.reason == reason) {
                said(&format!("{reason}: {} [{}]", told.sentence, told.unblock));
                return told;
            }
        }
        panic!("{name}: {reason} was not told within {TOLD:?}, the last was {last:?}");
    }
}

/// A Deployment whose pods carry these labels (`lab/behaviour: …`), with `extra` in the spec of its pods.
pub fn deployment(name: &str, labels: &str, extra: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name} }}\nspec:\n  replicas: 2\n  \
         selector: {{ matchLabels: {{ app: {name} }} }}\n  template:\n    \
         metadata: {{ labels: {{ app: {name}{labels} }} }}\n    spec:\n{extra}      \
         containers:\n        - {{ name: app, image: 'registry.k8s.io/pause:3.8' }}\n"
    )
}

#[test]
fn what_keeps_a_pod_from_running() {
    let Some(cluster) = Cluster::lab() else { return };
    let worlds = [
        deployment("crashing", ", lab/behaviour: crashloop", ""),
        deployment("greedy", ", lab/behaviour: oom", ""),
        deployment("unpulled", ", lab/behaviour: imagepull", ""),
        deployment("elsewhere", "", "      nodeSelector: { kubernetes.io/arch: s390x }\n"),
    ];
    let stage = stage(&cluster, &worlds.join("---\n"));
    for (name, reason, words) in [
        ("crashing", "crash_loop", "is crashing: container app ended"),
        ("greedy", "out_of_memory", "killed for using more memory than its limit"),
        ("unpulled", "image_pull", "cannot pull the image"),
        ("elsewhere", "unschedulable", "no node"),
    ] {
        let told = stage.blocked(name, reason);
        assert!(told.sentence.contains(words), "{told:?}");
        assert!(told.sentence.starts_with(&format!("{name} in dev ")), "{told:?}");
        assert!(!told.unblock.is_empty(), "{told:?}");
    }
}
