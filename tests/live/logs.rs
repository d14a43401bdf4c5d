//! A pod's log on the real API, followed.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use quarterdeck::command::{Command, Key, KeyCode};

use super::cluster::Cluster;
use crate::pty::PATIENCE;

/// A line that the container writes now is on the screen within seconds; a container that never
/// restarted has no earlier log, and the one that is read stays.
#[test]
fn a_log_is_followed() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let mut console = namespace.console();
    console.wait_text("checkout");
    console.press(Command::ShowEnvironments);
    console.press(Command::AllPods);
    console.wait_for("six pods", PATIENCE, |screen| screen.matches("checkout-").count() >= 4);
    console.press(Command::Logs);
    console.wait_text("level=info");

    // All pods of the lab share one log file, in the format of a container runtime.
    let line = "2026-01-01T00:00:00.000000000Z stdout F level=info msg=\"written just now\" order=4711\n";
    let path = cluster.state().join("pod.log");
    OpenOptions::new().append(true).open(path).unwrap().write_all(line.as_bytes()).unwrap();
    console.wait_for("the new line", Duration::from_secs(10), |screen| screen.contains("order=4711"));

    console.press(Command::Previous);
    console.wait_text("there is no previous container");
    console.key(Key::plain(KeyCode::Esc));
    console.wait_for("back at the pods", PATIENCE, |screen| screen.matches("checkout-").count() >= 4);
}
