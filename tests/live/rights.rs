//! Scaling, restarting and undoing as the lab's users may: what the console offers is what the server decides.

use std::path::Path;
use std::process::Command as Program;

use quarterdeck::command::{Command, Key, KeyCode};

use super::cluster::{Cluster, Namespace, lab_program, said};
use super::operator::ask;
use crate::pty::{PATIENCE, Pty};

/// A Deployment, a StatefulSet and a DaemonSet, each with an earlier revision.
fn workloads(namespace: &Namespace) {
    let of = |kind: &str, name: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n  {more}selector: {{ matchLabels: {{ app: {name} }} }}\n  \
             template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    \
             spec: {{ containers: [{{ name: app, image: 'registry.k8s.io/pause:3.8' }}] }}\n"
        )
    };
    let all = [
        of("Deployment", "web", "replicas: 1\n  "),
        of("StatefulSet", "db", "replicas: 1\n  serviceName: db\n  "),
        of("DaemonSet", "agent", ""),
    ];
    namespace.kubectl(&["apply", "-f", "-"], &all.join("---\n"));
    for object in OBJECTS {
        namespace.kubectl(&["rollout", "status", object, "--timeout=120s"], "");
        namespace.set_version(object, "3.9");
        namespace.kubectl(&["rollout", "status", object, "--timeout=120s"], "");
    }
}

const OBJECTS: [&str; 3] = ["deployment/web", "statefulset/db", "daemonset/agent"];

/// What each user is given here: the roles of the lab, as in the environments.
fn bind(namespace: &Namespace) {
    for (group, kind, role) in [("oncall", "clusterrole", "lab-deployer"), ("viewers", "role", "look")] {
        if kind == "role" {
            let role = ["create", "role", "look", "--verb=get,list,watch"];
            let of = ["--resource=pods,deployments.apps,replicasets.apps,statefulsets.apps,daemonsets.apps"];
            namespace.kubectl(&[&role[..], &of].concat(), "");
        }
        let (binding, role) = (format!("{group}-here"), format!("--{kind}={role}"));
        namespace.kubectl(&["create", "rolebinding", &binding, &role, &format!("--group={group}")], "");
    }
}

/// `kubectl auth can-i`, of that user.
fn may(kubeconfig: &Path, namespace: &str, right: &str) -> bool {
    let (verb, resource) = right.split_once(' ').expect("verb and resource");
    let (resource, sub) = resource.split_once('/').unwrap_or((resource, ""));
    let mut program = Program::new(lab_program("controlplane"));
    program.arg("kubectl").arg("--kubeconfig").arg(kubeconfig);
    program.args(["-n", namespace, "auth", "can-i", verb, &format!("{resource}.apps")]);
    if !sub.is_empty() {
        program.args(["--subresource", sub]);
    }
    let output = program.output().expect("kubectl runs");
    String::from_utf8_lossy(&output.stdout).trim() == "yes"
}

fn on_page(kubeconfig: &Path, namespace: &str, kind: &str, name: &str) -> Pty {
    let mut console = Pty::spawn(&["--kubeconfig", &kubeconfig.to_string_lossy(), "-n", namespace], &[], (160, 48));
    console.wait_text(name);
    console.press(Command::ShowEnvironments);
    console.wait_text(name);
    console.press(Command::Filter);
    console.type_text(name);
    console.key(Key::plain(KeyCode::Enter));
    console.wait_for("it highlighted", PATIENCE, |screen| screen.contains(&format!("{kind} {name} in ")));
    console.press(Command::Open);
    console.wait_text(&format!("{kind} {name}"));
    console
}

/// Of each verb the rights that its write needs, in the order in which they are told.
const VERBS: [(&str, &str, Command, &[&str]); 7] = [
    ("Deployment", "web", Command::Scale, &["patch deployments/scale"]),
    ("Deployment", "web", Command::Undo, &["patch deployments", "get replicasets"]),
    ("StatefulSet", "db", Command::Scale, &["patch statefulsets/scale"]),
    ("StatefulSet", "db", Command::RestartContainer, &["patch statefulsets"]),
    (
        "StatefulSet",
        "db",
        Command::Undo,
        &["patch statefulsets", "list controllerrevisions", "get controllerrevisions"],
    ),
    ("DaemonSet", "agent", Command::RestartContainer, &["patch daemonsets"]),
    ("DaemonSet", "agent", Command::Undo, &["patch daemonsets", "list controllerrevisions", "get controllerrevisions"]),
];

#[test]
fn each_user_is_offered_what_the_server_would_let_through() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.empty_namespace("dev");
    workloads(&namespace);
    bind(&namespace);
    let versions = || {
        OBJECTS
            .map(|object| namespace.field(object, "{.metadata.generation} {.spec.template.spec.containers[0].image}"))
    };
    let before = versions();
    let mut counts = (0, 0);
    for user in ["oncall", "developer", "viewer"] {
        let kubeconfig = cluster.kubeconfig_of(user);
        for pair in VERBS.chunk_by(|one, next| one.1 == next.1) {
            let mut console = on_page(&kubeconfig, &namespace.name, pair[0].0, pair[0].1);
            for (_, name, verb, rights) in pair {
                let missing: Vec<&str> =
                    rights.iter().copied().filter(|right| !may(&kubeconfig, &namespace.name, right)).collect();
                if missing.is_empty() {
                    counts.0 += 1;
                    // Offered, asked for and left: nothing is sent.
                    let prompt = if *verb == Command::Scale { "▏" } else { "will not" };
                    ask(&mut console, *verb, prompt);
                    console.key(Key::plain(KeyCode::Esc));
                    console.wait_for("it closed", PATIENCE, |screen| !screen.contains(prompt));
                } else {
                    counts.1 += 1;
                    let wanted = format!("may not {} in", missing.join(", "));
                    console.wait_for(&format!("{user}: {wanted}"), PATIENCE, |screen| {
                        !screen.contains(&format!(" {}…", verb.row().hint))
                    });
                    console.press(*verb);
                    console.wait_for(&format!("{user}, {name}: {wanted}"), PATIENCE, |screen| {
                        let words: Vec<&str> = screen.split_whitespace().filter(|word| *word != "│").collect();
                        words.join(" ").contains(&wanted)
                    });
                }
            }
        }
    }
    said(&format!("offered {}, refused by name {}", counts.0, counts.1));
    assert_eq!(counts, (4, 17), "oncall moves Deployments, and StatefulSets but for their number; the others nothing");
    assert_eq!(versions(), before, "nothing was changed");
}
