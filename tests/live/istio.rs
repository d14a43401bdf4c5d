//! The weights in a VirtualService beside the Rollout's, with the real controller writing them.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::blocked::{Stage, stage};
use super::cluster::{Cluster, said};
use super::operator::CONTROLLER;

const WORLD: &str = "\
apiVersion: v1
kind: Service
metadata: { name: app-stable }
spec: { selector: { app: app }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: app-canary }
spec: { selector: { app: app }, ports: [{ port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: app }
spec:
  hosts: [app.example]
  http:
    - name: other
      match: [{ headers: { x-test: { exact: one } } }]
      route: [{ destination: { host: app-stable }, weight: 100 }]
    - name: primary
      route:
        - { destination: { host: app-stable }, weight: 100 }
        - { destination: { host: app-canary }, weight: 0 }
---
";

fn rollout(version: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{ name: app }}\nspec:\n  replicas: 2\n  \
         selector: {{ matchLabels: {{ app: app }} }}\n  template:\n    metadata: {{ labels: {{ app: app }} }}\n    \
         spec: {{ containers: [{{ name: app, image: 'registry.k8s.io/pause:{version}' }}] }}\n  strategy:\n    canary:\n      \
         canaryService: app-canary\n      stableService: app-stable\n      \
         trafficRouting: {{ istio: {{ virtualService: {{ name: app, routes: [primary] }} }} }}\n      \
         steps: [{{setWeight: 25}}, {{pause: {{}}}}, {{setWeight: 60}}, {{pause: {{}}}}]\n"
    )
}

/// What is told of its route.
fn routing(stage: &Stage<'_>) -> Value {
    let status = stage.status();
    let row = status["rollouts"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == "app")).cloned();
    row.unwrap_or_else(|| panic!("no rollout app: {status}"))["routing"].clone()
}

/// Waits until its canary has this share there.
fn carries(stage: &Stage<'_>, canary: u64) -> Value {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let told = routing(stage);
        if told[0]["canary"] == canary {
            return told;
        }
        assert!(Instant::now() < until, "{told}");
    }
}

#[test]
fn the_weights_that_the_controller_writes_are_read_back_equal_and_a_foreign_hand_is_told() {
    let Some(cluster) = Cluster::lab() else { return };
    let stage = stage(&cluster, WORLD);
    stage.apply(&rollout("3.8"));
    stage.namespace.wait("rollout/app", "{.status.phase}", "Healthy");
    stage.apply(&rollout("3.9"));
    for weight in ["25", "60"] {
        stage.namespace.wait("rollout/app", "{.status.canary.weights.canary.weight}", weight);
        let told = carries(&stage, weight.parse().expect("a number"));
        said(&format!("{weight}: {told}"));
        assert_eq!(told[0]["virtual_service"], "app primary", "{told}");
        assert_eq!((told[0]["all"].as_u64(), told[0]["agrees"].as_bool()), (Some(100), Some(true)), "{told}");
        assert_eq!(told.as_array().map(Vec::len), Some(1), "the other route is not the Rollout's: {told}");
        let real = stage.namespace.kubectl(&["get", "virtualservice/app", "-o", "json"], "");
        let real: Value = serde_json::from_str(&real).expect("JSON");
        assert_eq!(real["spec"]["http"][1]["route"][1]["weight"], told[0]["canary"], "{real}");
        if weight == "25" {
            let patch = r#"{"status":{"pauseConditions":null}}"#;
            stage
                .namespace
                .kubectl(&["patch", "rollout/app", "--subresource=status", "--type=merge", "--patch", patch], "");
        }
    }
    // Nobody reconciles, and something writes Git's state over it.
    let console = stage.namespace.console();
    console.wait_for("the rollout", CONTROLLER, |screen| screen.contains("istio ✔"));
    cluster.signal("rollouts-controller", "KILL");
    let back = Back(&cluster);
    let over = r#"[{"op":"replace","path":"/spec/http/1/route/0/weight","value":90},{"op":"replace","path":"/spec/http/1/route/1/weight","value":10}]"#;
    stage.namespace.kubectl(&["patch", "virtualservice/app", "--type=json", "--patch", over], "");
    let told = carries(&stage, 10);
    said(&format!("written over: {told}"));
    assert_eq!(told[0]["agrees"], false, "{told}");
    console.wait_for("what is written over", CONTROLLER, |screen| {
        screen.contains("gets 10 % by VirtualService app primary, and the Rollout says 60 %")
    });
    drop(back);
    console.wait_for("that it is put right", CONTROLLER, |screen| {
        screen.contains("istio ✔") && !screen.contains("and the Rollout says")
    });
    assert_eq!(carries(&stage, 60)[0]["agrees"], true);
}

/// Brings the controller back, however the test ends.
struct Back<'a>(&'a Cluster);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.restart("rollouts-controller");
    }
}
