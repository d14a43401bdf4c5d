//! Why is it not moving: situations of Rollouts staged on the lab with the real controller, and what
//! `status --json` says of each.

use super::blocked::{Stage, stage};
use super::cluster::Cluster;
use super::operator::CONTROLLER;

/// A Rollout of two pods at version 3.8 with this strategy; `labels` come to those of its pods.
fn rollout(name: &str, labels: &str, image: &str, strategy: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{ name: {name} }}\nspec:\n  replicas: 2\n  \
         progressDeadlineSeconds: 8\n  selector: {{ matchLabels: {{ app: {name} }} }}\n  template:\n    \
         metadata: {{ labels: {{ app: {name}{labels} }} }}\n    \
         spec: {{ containers: [{{ name: app, image: 'registry.k8s.io/pause:{image}' }}] }}\n  strategy: {strategy}\n---\n"
    )
}

/// A template that ends in one way, asking the lab's Prometheus for a constant.
fn template(name: &str, address: &str, query: &str, rest: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{ name: {name} }}\nspec:\n  metrics:\n  \
         - {{ name: error-rate, interval: 2s, count: 5, {rest}, \
         provider: {{ prometheus: {{ address: '{address}', query: '{query}' }} }} }}\n---\n"
    )
}

fn canary(steps: &str) -> String {
    format!("{{ canary: {{ steps: [{steps}] }} }}")
}

const SERVICES: &str = "{ canary: { canaryService: c, stableService: s, trafficRouting: { istio: { virtualService: ";

/// Applied at 3.8, healthy, then at 3.9 with these labels on its pods.
fn begin(stage: &Stage<'_>, name: &str, labels: &str, strategy: &str) {
    stage.apply(&rollout(name, "", "3.8", strategy));
    stage.namespace.wait(&format!("rollout/{name}"), "{.status.phase}", "Healthy");
    stage.apply(&rollout(name, labels, "3.9", strategy));
}

/// Each verdict of an analysis names the metric, its value and its limit.
#[test]
fn an_analysis_that_failed_was_undecided_or_erred_is_named_with_value_and_limit() {
    let Some(cluster) = Cluster::lab() else { return };
    let at = cluster.prometheus();
    let templates = [
        template("bad", &at, "vector(0.08)", "failureLimit: 1, successCondition: 'result[0] <= 0.01'"),
        template(
            "unsure",
            &at,
            "vector(0.005)",
            "inconclusiveLimit: 2, successCondition: 'result[0] <= 0.002', failureCondition: 'result[0] > 0.01'",
        ),
        template("erring", &at, "no_such_series", "consecutiveErrorLimit: 1, successCondition: 'result[0] <= 0.01'"),
    ];
    let stage = stage(&cluster, &templates.concat());
    let analysis =
        |name: &str| canary(&format!("{{setWeight: 50}}, {{analysis: {{templates: [{{templateName: {name}}}]}}}}"));
    for (name, template) in [("failed", "bad"), ("undecided", "unsure"), ("erred", "erring")] {
        begin(&stage, name, "", &analysis(template));
    }
    for (name, reason, words) in [
        ("failed", "analysis_failed", "was aborted: error-rate 0.08 (must be ≤ 0.01), failed 2 > failureLimit 1"),
        (
            "undecided",
            "analysis_inconclusive",
            "analysis error-rate inconclusive, 3 of 3 measurements (0.005 is neither ≤ 0.002 nor > 0.01, 2 allowed)",
        ),
        ("erred", "analysis_error", "was aborted: error-rate, 2 errors in a row > consecutiveErrorLimit 1: "),
    ] {
        // While it measures the same reason may be told in the words of what is going on.
        let phase = if reason == "analysis_inconclusive" { "Paused" } else { "Degraded" };
        stage.namespace.wait(&format!("rollout/{name}"), "{.status.phase}", phase);
        let told = stage.blocked(name, reason);
        assert!(told.sentence.contains(words), "{told:?}");
        assert!(!told.unblock.is_empty(), "{told:?}");
    }
}

/// A person's pause, a step that waits for one, an abort; a timed pause moves by itself and is none.
#[test]
fn a_pause_by_a_person_a_step_that_waits_and_an_abort_are_told_apart() {
    let Some(cluster) = Cluster::lab() else { return };
    let stage = stage(&cluster, "");
    let waits = canary("{setWeight: 50}, {pause: {}}");
    for name in ["paused", "waits", "aborted"] {
        begin(&stage, name, "", &waits);
        stage.namespace.wait(&format!("rollout/{name}"), "{.status.phase}", "Paused");
    }
    begin(&stage, "timed", "", &canary("{setWeight: 50}, {pause: {duration: 1h}}"));
    stage.namespace.wait("rollout/timed", "{.status.phase}", "Paused");
    stage.namespace.kubectl(&["patch", "rollout/paused", "--type=merge", "--patch", r#"{"spec":{"paused":true}}"#], "");
    let abort = r#"{"status":{"abort":true}}"#;
    stage
        .namespace
        .kubectl(&["patch", "rollout/aborted", "--subresource=status", "--type=merge", "--patch", abort], "");
    for (name, reason, words) in [
        ("paused", "manual_pause", "was paused by a person"),
        ("waits", "pause_step", "canary waits at step 2 of 2 (50 %) for a person"),
        ("aborted", "aborted", "was aborted, all traffic is on the stable version"),
    ] {
        let words = if name == "waits" { words.split_once("canary ").expect("words").1 } else { words };
        let told = stage.blocked(name, reason);
        assert!(told.sentence.contains(words), "{told:?}");
    }
    assert!(stage.told("timed").is_none(), "{:?}", stage.told("timed"));
}

/// What the controller calls an invalid spec: a service that is not there, a weight that cannot be, a
/// VirtualService that is missing or has no route for the services.
#[test]
fn what_is_missing_or_invalid_is_named() {
    let Some(cluster) = Cluster::lab() else { return };
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{ name: {name} }}\nspec: {{ selector: {{ app: x }}, \
             ports: [{{ port: 80 }}] }}\n---\n"
        )
    };
    let foreign = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: foreign }\nspec: { hosts: \
         [a.example], http: [{ name: primary, route: [{ destination: { host: other }, weight: 100 }] }] }\n---\n";
    let stage = stage(&cluster, &[service("s"), service("c"), foreign.to_owned()].concat());
    let istio =
        |name: &str| format!("{SERVICES}{{ name: {name}, routes: [primary] }} }} }}, steps: [{{setWeight: 50}}] }} }}");
    for (name, strategy) in [
        ("noservice", "{ canary: { canaryService: nowhere, stableService: s, steps: [{setWeight: 50}] } }".to_owned()),
        ("heavy", canary("{setWeight: 130}")),
        ("novirtual", istio("nowhere")),
        ("foreign", istio("foreign")),
    ] {
        stage.apply(&rollout(name, "", "3.8", &strategy));
    }
    for (name, reason, words) in [
        ("noservice", "service_missing", "service \"nowhere\" not found"),
        ("heavy", "invalid_spec", "130"),
        ("novirtual", "invalid_spec", "nowhere"),
        ("foreign", "invalid_spec", "foreign"),
    ] {
        let told = stage.blocked(name, reason);
        assert!(told.sentence.contains(words), "{told:?}");
    }
}

/// New pods that crash, and new pods that are not ready in time.
#[test]
fn a_canary_that_crashes_or_comes_too_late() {
    let Some(cluster) = Cluster::lab() else { return };
    let stage = stage(&cluster, "");
    let steps = canary("{setWeight: 50}, {pause: {}}");
    begin(&stage, "crashing", ", lab/behaviour: crashloop", &steps);
    begin(&stage, "late", ", lab/behaviour: never", &steps);
    let told = stage.blocked("crashing", "crash_loop");
    assert!(told.sentence.contains("is crashing: container app ended"), "{told:?}");
    let told = stage.blocked("late", "deadline");
    assert!(told.sentence.contains("passed its progress deadline"), "{told:?}");
}

/// Nobody reconciles: the change of a spec that no controller has seen is told after a while.
#[test]
fn a_controller_that_stopped_is_silent() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let console = super::operator::at_the_canary(&namespace);
    cluster.signal("rollouts-controller", "KILL");
    let back = Back(&cluster);
    namespace.set_version("rollout/checkout", "3.9");
    console
        .wait_for("its silence", CONTROLLER, |screen| screen.contains("waits for the rollouts controller, silent for"));
    drop(back);
    console.wait_for("that it moves", CONTROLLER, |screen| !screen.contains("silent for"));
}

/// Brings the controller back, however the test ends.
struct Back<'a>(&'a Cluster);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.restart("rollouts-controller");
    }
}
