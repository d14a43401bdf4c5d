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

/// Each of these is told of the object of this name, with these words.
fn all_told(stage: &Stage<'_>, table: &[(&str, &str, &str)]) {
    for (name, reason, words) in table {
        let told = stage.blocked(name, reason);
        assert!(told.sentence.contains(words), "wanted {words:?}: {told:?}");
        assert!(told.sentence.starts_with(&format!("{name} ")) && told.sentence.contains(" in dev "), "{told:?}");
    }
}

#[test]
fn what_keeps_a_pod_from_running() {
    let Some(cluster) = Cluster::lab() else { return };
    let worlds = [
        deployment("crashing", ", lab/behaviour: crashloop", ""),
        deployment("greedy", ", lab/behaviour: oom", ""),
        deployment("foreign", ", lab/behaviour: imagepull", ""),
        deployment("unpulled", ", lab/behaviour: noimage", ""),
        deployment("unsettled", ", lab/behaviour: noconfig", ""),
        deployment("elsewhere", "", "      nodeSelector: { kubernetes.io/arch: s390x }\n"),
        deployment("volumes", "", "      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]\n"),
        deployment("nobodys", "", "      serviceAccountName: nobodys\n"),
    ];
    let stage = stage(&cluster, &worlds.join("---\n"));
    all_told(
        &stage,
        &[
            ("crashing", "crash_loop", "is crashing: container app ended with exit code 1"),
            ("greedy", "out_of_memory", "killed for using more memory than its limit"),
            ("foreign", "image_platform", "has no image for the platform of node"),
            ("unpulled", "image_pull", "cannot pull the image registry.k8s.io/pause:3.8"),
            ("unsettled", "config_missing", "lacks configuration for container app: configmap \"settings\" not found"),
            ("elsewhere", "unschedulable", "has a pod that no node takes: 0/3 nodes are available"),
            ("volumes", "config_missing", "whose volume claim is missing"),
            ("nobodys", "config_missing", "its service account is missing"),
        ],
    );
}

/// A StatefulSet, a DaemonSet or a Job.
fn controlled(kind: &str, group: &str, name: &str, spec: &str, pod: &str) -> String {
    format!(
        "apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n{spec}  template:\n    \
         metadata: {{ labels: {{ app: {name} }} }}\n    spec:\n{pod}      \
         containers:\n        - {{ name: app, image: 'registry.k8s.io/pause:3.8' }}\n"
    )
}

#[test]
fn what_keeps_controllers_from_their_work() {
    let Some(cluster) = Cluster::lab() else { return };
    let select = |name: &str| format!("  selector: {{ matchLabels: {{ app: {name} }} }}\n");
    let never = "      restartPolicy: Never\n";
    let worlds = [
        controlled(
            "StatefulSet",
            "apps",
            "db",
            &format!("  replicas: 1\n  serviceName: db\n{}", select("db")),
            "      serviceAccountName: nobodys\n",
        ),
        controlled(
            "DaemonSet",
            "apps",
            "agent",
            &select("agent"),
            "      nodeSelector: { kubernetes.io/os: linux }\n      serviceAccountName: nobodys\n",
        ),
        controlled("Job", "batch", "late", "  activeDeadlineSeconds: 2\n", never),
        controlled("Job", "batch", "asleep", "  suspend: true\n", never),
        deployment("stopped", "", "").replace("spec:\n  replicas", "spec:\n  paused: true\n  replicas"),
        deployment("late-start", ", lab/behaviour: never", "")
            .replace("spec:\n  replicas", "spec:\n  progressDeadlineSeconds: 5\n  replicas"),
        deployment("unready", ", lab/behaviour: notready", ""),
    ];
    let stage = stage(&cluster, &worlds.join("---\n"));
    all_told(
        &stage,
        &[
            ("db", "config_missing", "its service account is missing"),
            ("agent", "config_missing", "its service account is missing"),
            ("late", "deadline", "passed its deadline"),
            ("asleep", "manual_pause", "is suspended"),
            ("stopped", "manual_pause", "is paused with kubectl: 0 of 2 replicas are updated"),
            ("late-start", "deadline", "passed its progress deadline: 0 of 2 updated replicas are available"),
            ("unready", "probe_failing", "has a pod that is not ready: Readiness probe failed"),
        ],
    );
}

#[test]
fn what_a_namespace_and_a_policy_allow() {
    let Some(cluster) = Cluster::lab() else { return };
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: few }\nspec: { hard: { pods: '1' } }\n";
    let stage = stage(&cluster, quota);
    stage.namespace.wait("resourcequota/few", "{.status.hard.pods}", "1");
    stage.apply(&deployment("crowded", "", ""));
    all_told(&stage, &[("crowded", "quota", "the quota is used up")]);

    let strict = self::stage(&cluster, "");
    let label = "pod-security.kubernetes.io/enforce=restricted";
    cluster.kubectl(&["label", "namespace", &strict.namespace.name, label], "");
    strict.apply(&deployment("root", "", ""));
    all_told(&strict, &[("root", "invalid_spec", "violates PodSecurity")]);
}

/// The lab has no metrics API, so the real controller never wants more: its maximum is told by a status
/// that the test writes itself.
#[test]
fn an_autoscaler_at_its_maximum() {
    let Some(cluster) = Cluster::lab() else { return };
    let hpa = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: wide }\nspec:\n  \
               scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: wide }\n  minReplicas: 1\n  maxReplicas: 2\n  \
               metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } }]\n";
    let stage = stage(&cluster, &format!("{}{hpa}", deployment("wide", "", "")));
    stage.namespace.wait("deployment/wide", "{.status.readyReplicas}", "2");
    let patch = r#"{"status":{"currentReplicas":2,"desiredReplicas":2,"conditions":[{"type":"ScalingLimited","status":"True","reason":"TooManyReplicas","message":"the desired replica count is more than the maximum replica count","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}"#;
    stage.namespace.kubectl(&["patch", "hpa/wide", "--subresource=status", "--type=merge", "--patch", patch], "");
    all_told(&stage, &[("wide", "hpa_at_max", "is at the maximum of 2 replicas that autoscaler wide may give it")]);
}

/// Without a metrics API the real controller says by itself that it cannot measure.
#[test]
fn an_autoscaler_that_cannot_measure() {
    let Some(cluster) = Cluster::lab() else { return };
    let hpa = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: blind }\nspec:\n  \
               scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: blind }\n  minReplicas: 1\n  maxReplicas: 4\n  \
               metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } }]\n";
    let stage = stage(&cluster, &format!("{}{hpa}", deployment("blind", "", "")));
    stage.namespace.wait("deployment/blind", "{.status.readyReplicas}", "2");
    stage.namespace.wait("hpa/blind", "{.status.conditions[?(@.type==\"ScalingActive\")].status}", "False");
    all_told(
        &stage,
        &[(
            "blind",
            "hpa_inactive",
            "stays at 2 replicas whatever it gets, autoscaler blind cannot scale it (FailedGetResourceMetric)",
        )],
    );
}

/// Puts a node back to work, however the test ends.
struct Uncordon<'a>(&'a Cluster, String);

impl Drop for Uncordon<'_> {
    fn drop(&mut self) {
        self.0.kubectl(&["uncordon", &self.1], "");
    }
}

#[test]
fn a_disruption_budget_keeps_a_node_from_being_emptied() {
    let Some(cluster) = Cluster::lab() else { return };
    let pdb = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: all }\n\
               spec: { minAvailable: 2, selector: { matchLabels: { app: pinned } } }\n";
    let stage = stage(&cluster, &format!("{}{pdb}", deployment("pinned", "", "")));
    stage.namespace.wait("deployment/pinned", "{.status.readyReplicas}", "2");
    stage.namespace.wait("pdb/all", "{.status.currentHealthy}", "2");
    assert!(stage.told("pinned").is_none(), "nothing is to move");
    let node = stage.namespace.field("pods", "{.items[0].spec.nodeName}");
    cluster.kubectl(&["cordon", &node], "");
    let _back = Uncordon(&cluster, node.clone());
    let told = stage.blocked("pinned", "pdb");
    assert!(told.sentence.contains("disruption budget all allows no disruption, 2 of 2 pods are healthy"), "{told:?}");
    assert!(told.sentence.contains("which is cordoned"), "{told:?}");
}

/// Who may not read rollouts is told so, once, and nothing else is called broken.
#[test]
fn a_permission_that_is_missing() {
    let Some(cluster) = Cluster::lab() else { return };
    let world = status(&cluster.kubeconfig_of("viewer"), &["-n", "dev"]);
    let rows = world["blocked"].as_array().cloned().unwrap_or_default();
    let told: Vec<&Value> = rows.iter().filter(|row| row["reason"] == "permission").collect();
    assert!(
        told.iter().any(|row| row["sentence"].as_str().is_some_and(|words| words.contains("rollouts"))),
        "{world:#}"
    );
    for kind in
        ["statefulsets", "horizontalpodautoscalers", "poddisruptionbudgets", "networkpolicies", "resourcequotas"]
    {
        let named = told.iter().any(|row| row["sentence"].as_str().is_some_and(|words| words.contains(kind)));
        assert!(!named, "{kind} are optional: {told:?}");
    }
}

/// Brings a program of the lab back, however the test ends.
struct Restart<'a>(&'a Cluster, &'static str);

impl Drop for Restart<'_> {
    fn drop(&mut self) {
        self.0.restart(self.1);
    }
}

/// Nobody makes another ReplicaSet: a console that looks on says so. One look cannot know.
#[test]
fn a_controller_that_is_stopped() {
    let Some(cluster) = Cluster::lab() else { return };
    let stage = stage(&cluster, &deployment("still", "", ""));
    stage.namespace.wait("deployment/still", "{.status.readyReplicas}", "2");
    let console = stage.namespace.console();
    console.wait_text("still");
    cluster.signal("kube-controller-manager", "KILL");
    let _back = Restart(&cluster, "kube-controller-manager");
    stage.namespace.set_version("deployment/still", "3.9");
    console.wait_text("waits for the deployment controller, silent for");
}
