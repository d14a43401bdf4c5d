//! StatefulSets, DaemonSets and Jobs beside the real kubectl, and workloads restarted and scaled from the
//! keyboard, to the object that proves it.

use quarterdeck::command::{Command, Key, KeyCode};
use serde_json::Value;

use super::blocked::stage;
use super::cluster::{Cluster, Namespace, said};
use super::operator::{ask, at_the_deployment, wait_outcome};
use crate::pty::PATIENCE;

/// The last line of `kubectl rollout status --watch=false`, without `error: `.
fn kubectl_says(namespace: &Namespace, object: &str) -> String {
    let arguments = ["--namespace", &namespace.name, "rollout", "status", object, "--watch=false"];
    let output = namespace.cluster.try_kubectl(&arguments, "");
    let words = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[test]
fn stateful_and_daemon_sets_stand_as_kubectl_says() {
    let Some(cluster) = Cluster::lab() else { return };
    let set = |name: &str, image: &str, update: &str, labels: &str| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{ name: {name} }}\nspec:\n  replicas: 3\n  serviceName: {name}\n  \
             podManagementPolicy: Parallel\n  updateStrategy: {update}\n  selector: {{ matchLabels: {{ app: {name} }} }}\n  template:\n    \
             metadata: {{ labels: {{ app: {name}{labels} }} }}\n    spec: {{ containers: [{{ name: app, image: '{image}' }}] }}\n"
        )
    };
    let daemon = |name: &str, labels: &str| {
        format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{ name: {name} }}\nspec:\n  selector: {{ matchLabels: {{ app: {name} }} }}\n  \
             template:\n    metadata: {{ labels: {{ app: {name}{labels} }} }}\n    \
             spec: {{ containers: [{{ name: app, image: 'registry.k8s.io/pause:3.8' }}] }}\n"
        )
    };
    let rolling = "{ type: RollingUpdate }";
    let worlds = [
        set("well", "registry.k8s.io/pause:3.8", rolling, ""),
        set("unready", "registry.k8s.io/pause:3.8", rolling, ", lab/behaviour: notready"),
        set("by-hand", "registry.k8s.io/pause:3.8", "{ type: OnDelete }", ""),
        set("parted", "registry.k8s.io/pause:3.8", "{ type: RollingUpdate, rollingUpdate: { partition: 2 } }", ""),
        daemon("agent", ""),
        daemon("stuck", ", lab/behaviour: notready"),
    ];
    let stage = stage(&cluster, &worlds.join("---\n"));
    let namespace = &stage.namespace;
    for ready in ["statefulset/well", "statefulset/by-hand", "statefulset/parted"] {
        namespace.wait(ready, "{.status.readyReplicas}", "3");
    }
    namespace.wait("daemonset/agent", "{.status.numberReady}", "3");
    namespace.set_version("statefulset/parted", "3.9");
    namespace.wait("statefulset/parted", "{.status.updatedReplicas}", "1");
    namespace.wait("statefulset/parted", "{.status.readyReplicas}", "3");
    let world = stage.status();
    let rows = world["workloads"].as_array().expect("workloads");
    assert_eq!(rows.len(), 6, "{rows:#?}");
    for row in rows {
        let word = |field: &str| row[field].as_str().unwrap_or_default().to_lowercase();
        let object = format!("{}/{}", word("kind"), word("name"));
        let ours = row["rollout"]["message"].as_str().unwrap_or_default();
        let theirs = kubectl_says(namespace, &object);
        said(&format!("{object}: {theirs}"));
        assert_eq!(ours, theirs, "{object}");
    }
}

/// Both go back as `kubectl rollout undo` does: the history that kubectl tells afterwards is the same.
#[test]
fn stateful_and_daemon_sets_are_undone() {
    let Some(cluster) = Cluster::lab() else { return };
    let of = |kind: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{ name: kept }}\nspec:\n  {more}selector: {{ matchLabels: {{ app: kept }} }}\n  \
             template:\n    metadata: {{ labels: {{ app: kept }} }}\n    \
             spec: {{ containers: [{{ name: app, image: 'registry.k8s.io/pause:3.8' }}] }}\n"
        )
    };
    for (kind, more) in [("StatefulSet", "replicas: 2\n  serviceName: kept\n  "), ("DaemonSet", "")] {
        let namespace = cluster.empty_namespace("dev");
        let object = format!("{}/kept", kind.to_lowercase());
        namespace.kubectl(&["apply", "-f", "-"], &of(kind, more));
        let image = "{.spec.template.spec.containers[0].image}";
        let revisions = || -> Vec<i64> {
            let all = namespace.field("controllerrevisions", "{.items[*].revision}");
            let mut all: Vec<i64> = all.split_whitespace().map(|number| number.parse().expect("a number")).collect();
            all.sort_unstable();
            all
        };
        namespace.kubectl(&["rollout", "status", &object, "--timeout=90s"], "");
        namespace.set_version(&object, "3.9");
        namespace.kubectl(&["rollout", "status", &object, "--timeout=90s"], "");
        assert_eq!(revisions(), [1, 2], "{kind}");
        let mut console = namespace.console();
        console.press(Command::ShowEnvironments);
        console.wait_text("kept");
        console.press(Command::Open);
        console.wait_text(&format!("{kind} kept"));
        ask(&mut console, Command::Undo, "y undo");
        console.wait_text("revision 2 → 1");
        confirm(&mut console, "undo");
        assert!(namespace.field(&object, image).ends_with("pause:3.8"), "{kind}");
        let history = namespace.kubectl(&["rollout", "history", &object], "");
        said(&format!("{kind}: {}", history.split_whitespace().collect::<Vec<_>>().join(" ")));
        assert_eq!(revisions(), [2, 3], "{kind}: the one that was gone back to is the newest");
        // And kubectl finds nothing left to do there.
        let again = namespace.kubectl(&["rollout", "undo", &object, "--to-revision=3"], "");
        assert!(again.contains("skipped rollback"), "{kind}: {again}");
    }
}

/// The key's dialog in an environment that asks for no name.
fn confirm(console: &mut crate::pty::Pty, verb: &str) {
    console.press(Command::ConfirmYes);
    wait_outcome(console, verb, "observed");
}

#[test]
fn a_deployment_is_restarted_and_scaled() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("dev");
    let stamp = "{.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}";
    assert_eq!(namespace.field("deployment/payments", stamp), "");
    let before = namespace.field("pods", "{.items[*].metadata.uid}");
    let mut console = at_the_deployment(&namespace);
    ask(&mut console, Command::RestartContainer, "y restart");
    confirm(&mut console, "restart");
    assert!(namespace.field("deployment/payments", stamp).ends_with('Z'), "it is stamped as kubectl stamps it");
    assert_eq!(kubectl_says(&namespace, "deployment/payments"), "deployment \"payments\" successfully rolled out");
    let after = namespace.field("pods", "{.items[*].metadata.uid}");
    assert!(after.split(' ').any(|uid| !before.contains(uid)), "there are other pods: {after}");

    console.press(Command::LastPlace);
    console.wait_text("payments");
    console.press(Command::Scale);
    console.wait_text("replicas 2");
    console.key(Key::plain(KeyCode::Backspace));
    console.type_text("4");
    console.wait_text("replicas 4");
    console.key(Key::plain(KeyCode::Enter));
    console.wait_for("the dialog", PATIENCE, |screen| screen.contains("y scale"));
    confirm(&mut console, "scale");
    let replicas: Value = namespace.field("deployment/payments", "{.status.readyReplicas}").parse().expect("a number");
    assert_eq!(replicas, 4);
}
