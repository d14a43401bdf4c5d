//! Releases that the real `helm` wrote: read back with their charts, one whose helm was killed on its way,
//! and rolled back from the console.

use std::path::Path;
use std::process::{Command as Program, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::command::Command;

use super::cluster::{Cluster, Namespace, lab_program};
use super::operator::{CONTROLLER, ask, confirm_typed, wait_outcome};
use crate::pty::{Home, PATIENCE, Pty, key_of};

const CHART: &str = "apiVersion: v2\nname: shop\nversion: VERSION\nappVersion: '7.1'\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop }\ndata: { version: VERSION, key: '{{ .Values.password }}' }\n";
/// Its pods never become ready: who waits for them waits.
const SLOW: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop, lab/behaviour: notready } }
    spec: { containers: [{ name: app, image: 'registry.k8s.io/pause:3.9', readinessProbe: { httpGet: { path: /, port: 80 } } }] }
";

/// The chart of a version, with what is in it.
fn chart(folder: &Path, version: &str, extra: &str) {
    std::fs::create_dir_all(folder.join("templates")).expect("a folder");
    let files = [("Chart.yaml", CHART), ("values.yaml", "password: hunter2\n"), ("templates/config.yaml", CONFIG)];
    for (name, text) in files {
        std::fs::write(folder.join(name), text.replace("VERSION", version)).expect("a file of the chart");
    }
    std::fs::write(folder.join("templates/extra.yaml"), extra).expect("a file of the chart");
}

fn helm(namespace: &Namespace<'_>) -> Program {
    let mut program = Program::new(lab_program("helm"));
    program.arg("--kubeconfig").arg(&namespace.cluster.kubeconfig).args(["--namespace", &namespace.name]);
    program
}

fn run(namespace: &Namespace<'_>, arguments: &[&str]) -> Output {
    let done = helm(namespace).args(arguments).output();
    done.unwrap_or_else(|error| panic!("helm of the lab ({}): {error}", lab_program("helm")))
}

fn well(namespace: &Namespace<'_>, arguments: &[&str]) -> String {
    let done = run(namespace, arguments);
    assert!(done.status.success(), "helm {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The console with `helm` on its path, on the list of releases.
fn console(namespace: &Namespace<'_>) -> Pty {
    let programs = lab_program("");
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let kubeconfig = namespace.cluster.kubeconfig.to_string_lossy();
    let arguments = ["--kubeconfig", &kubeconfig, "--namespace", &namespace.name];
    let home = Arc::new(Home::new());
    let mut console = Pty::spawn_in(&home, &arguments, &[("PATH", &path)], (160, 48));
    console.press(Command::ShowEnvironments);
    console.wait_text(&format!("{} releases", key_of(Command::Releases)));
    console.press(Command::Releases);
    console.wait_text("HELM RELEASES");
    console
}

#[test]
fn helm_releases_are_read_back_and_rolled_back() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.empty_namespace("production");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_string_lossy().into_owned();
    chart(folder.path(), "1.0.0", "");
    well(&namespace, &["install", "shop", &place]);
    chart(folder.path(), "1.1.0", "");
    well(&namespace, &["upgrade", "shop", &place]);
    // The server does not take it.
    chart(folder.path(), "1.2.0", "apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec: { ports: [] }\n");
    assert!(!run(&namespace, &["upgrade", "shop", &place]).status.success());

    let mut console = console(&namespace);
    console.wait_for("the failed release", PATIENCE, |screen| {
        screen.lines().any(|line| line.contains("failed") && line.contains("shop") && line.contains(" 3 "))
    });
    console.press(Command::Open);
    console.wait_for("its history", PATIENCE, |screen| {
        ["shop-1.2.0", "7.1", "1.1.0", "1.0.0", "Install complete", "Upgrade \"shop\" failed", "superseded", "deployed"]
            .iter()
            .all(|word| screen.contains(word))
    });
    assert!(!console.screen().contains("hunter2"));

    ask(&mut console, Command::Undo, "type production and Enter to undo");
    console.wait_text("revision 2, deployed, shop-1.1.0");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "undo", "observed");
    let history = well(&namespace, &["history", "shop", "--output", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&history).expect("the history");
    let last = rows.as_array().and_then(|rows| rows.last()).expect("a revision");
    assert_eq!(
        (&last["revision"], &last["status"], &last["chart"], &last["description"]),
        (&4.into(), &"deployed".into(), &"shop-1.1.0".into(), &"Rollback to 2".into()),
        "{history}"
    );
    assert_eq!(namespace.field("configmap/shop", "{.data.version}"), "1.1.0");
}

#[test]
fn helm_a_release_whose_helm_was_killed_stands_as_pending_upgrade() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.empty_namespace("production");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_string_lossy().into_owned();
    chart(folder.path(), "1.0.0", "");
    well(&namespace, &["install", "shop", &place]);
    chart(folder.path(), "2.0.0", SLOW);
    let mut upgrade = helm(&namespace)
        .args(["upgrade", "shop", &place, "--wait"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("helm starts");
    let mut console = console(&namespace);
    console.wait_for("the upgrade on its way", CONTROLLER, |screen| {
        screen.lines().any(|line| line.contains("pending-upgrade") && line.contains(" 2 "))
    });
    namespace.wait("deployment/shop", "{.spec.replicas}", "1");
    upgrade.kill().expect("it ran");
    drop(upgrade.wait());
    // Nothing tells from outside that it is dead; only time does.
    console.press(Command::Open);
    console.wait_text("shop-2.0.0");
    assert!(console.within(Duration::from_secs(5), |screen| screen.contains("Preparing upgrade")));
    let refused = run(&namespace, &["upgrade", "shop", &place]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("another operation (install/upgrade/rollback) is in progress"), "{said}");
    console.press(Command::Help);
    console.wait_text("it is pending-upgrade: a helm");
}
