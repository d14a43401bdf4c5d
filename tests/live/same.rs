//! `status --json` beside the reference tool, on live objects: the same words at the same moment.

use std::process::Command;

use super::cluster::{Cluster, lab_program, status};
use crate::ingest::golden::ours;
use crate::ingest::shown::{Shown, parse};

/// A canary with traffic routing and analysis, from one version to the next and back, and a
/// blue-green rollout whose preview waits: at each moment both say the same of it.
#[test]
fn the_console_says_what_the_plug_in_says() {
    let Some(cluster) = Cluster::lab() else { return };
    let world = World(&cluster);
    world.reset();
    world.compare("healthy");

    world.set_version("checkout", "ghcr.io/shop/checkout:1.42.0");
    world.set_version("web", "ghcr.io/shop/web:7.4.0");
    world.compare("just changed");
    world.wait("checkout", "{.status.currentStepIndex}", "1");
    world.compare("at the first weight");
    world.wait("web", "{.status.phase}", "Paused");
    world.compare("the preview waits");
    world.wait("checkout", "{.status.currentStepIndex}", "2");
    world.compare("an analysis runs");
    world.wait("checkout", "{.status.currentStepIndex}", "7");
    world.compare("a person is waited for");

    for rollout in ["checkout", "web"] {
        world.status(rollout, r#"{"status":{"abort":true}}"#);
        world.wait(rollout, "{.status.phase}", "Degraded");
    }
    world.compare("aborted");
    world.reset();
    world.compare("healthy again");
}

struct World<'a>(&'a Cluster);

impl World<'_> {
    fn kubectl(&self, arguments: &[&str]) -> String {
        self.0.kubectl(&[&["--namespace", "production"], arguments].concat(), "")
    }

    fn wait(&self, rollout: &str, path: &str, value: &str) {
        let condition = format!("--for=jsonpath={path}={value}");
        self.kubectl(&["wait", &format!("rollout/{rollout}"), &condition, "--timeout=120s"]);
    }

    /// The first version of both, wherever somebody left them.
    fn reset(&self) {
        for (rollout, image) in [("checkout", "ghcr.io/shop/checkout:1.41.0"), ("web", "ghcr.io/shop/web:7.3.0")] {
            self.set_version(rollout, image);
            self.wait(rollout, "{.status.phase}", "Healthy");
        }
    }

    fn set_version(&self, rollout: &str, image: &str) {
        let patch =
            format!(r#"[{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"{image}"}}]"#);
        self.kubectl(&["patch", "rollout", rollout, "--type=json", "--patch", &patch]);
    }

    fn status(&self, rollout: &str, patch: &str) {
        self.kubectl(&["patch", "rollout", rollout, "--subresource=status", "--type=merge", "--patch", patch]);
    }

    /// The world moves while it is looked at: the tool is asked before and after, and only where it
    /// said the same twice can we be held to it.
    fn compare(&self, moment: &str) {
        for rollout in ["checkout", "web"] {
            let agreed = (0..20).find_map(|_| {
                let before = self.plug_in(rollout);
                let world = status(&self.0.kubeconfig, &["-n", "production"]);
                (self.plug_in(rollout) == before).then_some((before, world))
            });
            let (theirs, world) = agreed.unwrap_or_else(|| panic!("{moment}: {rollout} never stood still"));
            let row = world["rollouts"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|row| row["name"] == rollout)
                .unwrap_or_else(|| panic!("{moment}: no {rollout} in {world:#}"));
            assert_eq!(ours(row), theirs, "{moment}: ours on the left");
        }
        self.compare_deployments(moment);
    }

    fn plug_in(&self, rollout: &str) -> Shown {
        let output = Command::new(lab_program("kubectl-argo-rollouts"))
            .arg("--kubeconfig")
            .arg(&self.0.kubeconfig)
            .args(["--namespace", "production", "get", "rollout", rollout, "--no-color"])
            .output()
            .expect("the plug-in runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        parse(&String::from_utf8(output.stdout).expect("it speaks UTF-8"))
    }

    /// A Deployment beside `kubectl rollout status`.
    fn compare_deployments(&self, moment: &str) {
        let world = status(&self.0.kubeconfig, &["-n", "production"]);
        for row in world["deployments"].as_array().expect("deployments") {
            let name = format!("deployment/{}", row["name"].as_str().expect("a name"));
            let said = self.kubectl(&["rollout", "status", &name, "--watch=false"]);
            let message = row["rollout"]["message"].as_str().unwrap_or_default();
            assert_eq!(message, said.trim_end(), "{moment}: {name}");
        }
    }
}
