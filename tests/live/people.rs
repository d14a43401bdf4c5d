//! Users who may see little or nothing: they see what they may, and a named reason for the rest.

use quarterdeck::command::Command;
use serde_json::Value;

use super::cluster::{Cluster, status};
use crate::pty::{PATIENCE, Pty};

/// `vera` may see the workloads and pods of `dev`, no rollouts, no events and no namespace.
#[test]
fn a_viewer_sees_what_she_may_and_why_not_the_rest() {
    let Some(cluster) = Cluster::lab() else { return };
    let _guest = Guest::in_dev(&cluster);
    let kubeconfig = cluster.kubeconfig_of("viewer");
    let world = status(&kubeconfig, &["-n", "dev"]);
    let seen: Vec<&str> = names(&world["deployments"]);
    assert!(seen.contains(&"live-guest"), "{world:#}");
    assert!(names(&world["rollouts"]).is_empty(), "{world:#}");
    let rollouts = source(&world, "rollouts");
    assert_eq!(rollouts["status"], "denied", "{world:#}");
    let message = rollouts["message"].as_str().unwrap_or_default();
    for part in ["vera", "list", "rollouts", "dev"] {
        assert!(message.contains(part), "`{part}` in `{message}`");
    }

    let kubeconfig = kubeconfig.to_string_lossy();
    let mut console = Pty::spawn(&["--kubeconfig", &kubeconfig, "-n", "dev"], &[], (160, 48));
    console.wait_text("live-guest");
    console.press(Command::ShowRollouts);
    console.wait_for("the reason", PATIENCE, |screen| screen.contains("vera") && screen.contains("rollouts"));
}

/// `nobody` may see nothing: a console that says so, and keeps running.
#[test]
fn nobody_sees_nothing_and_is_told_why() {
    let Some(cluster) = Cluster::lab() else { return };
    let kubeconfig = cluster.kubeconfig_of("nobody");
    let world = status(&kubeconfig, &["-n", "production"]);
    assert!(names(&world["deployments"]).is_empty() && names(&world["rollouts"]).is_empty(), "{world:#}");
    for system in ["kubernetes", "rollouts"] {
        let source = source(&world, system);
        assert_eq!(source["status"], "denied", "{world:#}");
        assert!(source["message"].as_str().is_some_and(|message| message.contains("nobody")), "{world:#}");
    }
    let kubeconfig = kubeconfig.to_string_lossy();
    let mut console = Pty::spawn(&["--kubeconfig", &kubeconfig, "-n", "production"], &[], (160, 48));
    console.wait_for("the reason", PATIENCE, |screen| screen.contains("nobody") && screen.contains("denied"));
    console.press(Command::Help);
    console.wait_text("KEYS ──");
}

/// `dev` may read everything and change nothing here: the console says who may not do what, and nothing
/// is sent.
#[test]
fn a_developer_is_refused_by_name() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let kubeconfig = cluster.kubeconfig_of("developer");
    let before = namespace.field("rollout/checkout", "{.status}");
    let kubeconfig = kubeconfig.to_string_lossy();
    let mut console = Pty::spawn(&["--kubeconfig", &kubeconfig, "-n", &namespace.name], &[], (160, 48));
    console.wait_text("checkout");
    console.press(Command::ShowRollouts);
    console.wait_text("checkout");
    // The API server has said so before anything is sent: no key offers it, and the key says why.
    console.wait_for("no offer", PATIENCE, |screen| !screen.contains("abort…"));
    console.press(Command::Abort);
    console.wait_for("who may not do what", PATIENCE, |screen| screen.contains("may not patch rollouts/status in"));
    assert_eq!(namespace.field("rollout/checkout", "{.status}"), before, "nothing was changed");
}

/// A Deployment in `dev`, the namespace that the lab's viewer is bound to; deleted when dropped.
struct Guest<'a>(&'a Cluster);

impl<'a> Guest<'a> {
    fn in_dev(cluster: &'a Cluster) -> Self {
        let image = "--image=registry.k8s.io/pause:3.8";
        cluster.kubectl(&["-n", "dev", "create", "deployment", "live-guest", image], "");
        let guest = Self(cluster);
        cluster.kubectl(&["-n", "dev", "rollout", "status", "deployment/live-guest", "--timeout=120s"], "");
        guest
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        drop(self.0.try_kubectl(&["-n", "dev", "delete", "deployment", "live-guest", "--wait=false"], ""));
    }
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().into_iter().flatten().filter_map(|row| row["name"].as_str()).collect()
}

fn source<'a>(world: &'a Value, system: &str) -> &'a Value {
    world["sources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|source| source["system"] == system)
        .unwrap_or_else(|| panic!("no source {system}: {world:#}"))
}
