//! Servers that hang, die and come back under the running console.

use std::time::Duration;

use quarterdeck::command::Command;

use super::cluster::{Cluster, Namespace};
use super::operator::{CONTROLLER, ask, at_the_canary, confirm_typed, newest, wait_outcome};
use crate::pty::{PATIENCE, Pty};

/// Within this time a console whose server is silent says that what it shows is old.
const STALE: Duration = Duration::from_secs(15);

/// The API server stops answering but keeps its connections (SIGSTOP).
#[test]
fn a_hanging_api_server_makes_the_data_stale_and_then_fresh_again() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let mut console = at_the_canary(&namespace);
    cluster.signal("kube-apiserver", "STOP");
    let stopped = Continue(&cluster);
    console.wait_for("stale, and said so", STALE, |screen| screen.contains("stale"));
    keys_are_alive(&mut console);
    drop(stopped);
    recovers(&namespace, &console);
}

/// The API server is killed: every connection is refused until it is back.
#[test]
fn a_killed_api_server_makes_the_data_stale_and_then_fresh_again() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let mut console = at_the_canary(&namespace);
    cluster.signal("kube-apiserver", "KILL");
    let killed = Restart(&cluster, "kube-apiserver");
    console.wait_for("stale, and said so", STALE, |screen| screen.contains("stale"));
    keys_are_alive(&mut console);
    drop(killed);
    recovers(&namespace, &console);
}

/// Nobody reconciles: an abort is accepted, never observed, and the console says what it waits for.
#[test]
fn without_the_controller_an_abort_is_accepted_and_observed_only_later() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let mut console = at_the_canary(&namespace);
    cluster.signal("rollouts-controller", "KILL");
    let killed = Restart(&cluster, "rollouts-controller");

    ask(&mut console, Command::Abort, "type production and Enter to abort");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "abort", "accepted");
    console.wait_for("what it waits for", PATIENCE, |screen| screen.contains("waits for the controller to act"));
    console.wait_text("the rollouts controller has not acted yet");
    assert_eq!(namespace.field("rollout/checkout", "{.status.abort}"), "true", "the server has it");
    assert_eq!(namespace.field("rollout/checkout", "{.status.abortedAt}"), "", "nobody has acted on it");
    assert_eq!(newest(&namespace, &console, 1), [("abort".to_owned(), "accepted".to_owned())]);

    drop(killed);
    wait_outcome(&mut console, "abort", "observed");
    assert_eq!(namespace.field("rollout/checkout", "{.status.phase}"), "Degraded");
}

fn keys_are_alive(console: &mut Pty) {
    console.press(Command::Help);
    console.wait_for("help opens", Duration::from_secs(2), |screen| screen.contains("KEYS ──"));
    console.press(Command::Leave);
    console.wait_for("help closes", Duration::from_secs(2), |screen| !screen.contains("KEYS ──"));
}

/// Fresh again without a key pressed, and a change made now is seen.
fn recovers(namespace: &Namespace, console: &Pty) {
    console.wait_for("fresh again", CONTROLLER, |screen| !screen.contains("stale"));
    namespace.start_canary();
    console.wait_for("the canary that started since", CONTROLLER, |screen| screen.contains("aused"));
}

/// Lets the API server go on, however the test ends.
struct Continue<'a>(&'a Cluster);

impl Drop for Continue<'_> {
    fn drop(&mut self) {
        self.0.signal("kube-apiserver", "CONT");
    }
}

/// Brings a killed program back, however the test ends.
struct Restart<'a>(&'a Cluster, &'static str);

impl Drop for Restart<'_> {
    fn drop(&mut self) {
        self.0.restart(self.1);
    }
}
