//! What each of the lab's users may do, in the console and as `kubectl auth can-i` says it.

use std::process::Command as Program;

use quarterdeck::command::Command;

use super::cluster::{Cluster, lab_program};
use crate::pty::{PATIENCE, Pty};

/// Verb, resource and subresource under each column of the view, in its order.
const COLUMNS: [&[(&str, &str, &str)]; 10] = [
    &[("list", "rollouts.argoproj.io", ""), ("list", "pods", "")],
    &[("get", "pods", "log")],
    &[("patch", "rollouts.argoproj.io", "status")],
    &[("patch", "rollouts.argoproj.io", "")],
    &[("patch", "deployments.apps", "")],
    &[("patch", "statefulsets.apps", ""), ("patch", "daemonsets.apps", "")],
    &[
        ("patch", "deployments.apps", "scale"),
        ("patch", "statefulsets.apps", "scale"),
        ("patch", "rollouts.argoproj.io", "scale"),
    ],
    &[("patch", "analysisruns.argoproj.io", "")],
    &[("patch", "applications.argoproj.io", "")],
    &[("patch", "pipelineruns.tekton.dev", ""), ("create", "pipelineruns.tekton.dev", "")],
];

#[test]
fn each_user_is_told_what_the_server_would_decide() {
    let Some(cluster) = Cluster::lab() else { return };
    for (user, nearest) in [
        ("oncall", [("dev", "Read Only"), ("staging", "Site Rel"), ("production", "Site Rel")]),
        ("developer", [("dev", "Developer"), ("staging", "Read Only"), ("production", "Read Only")]),
        ("viewer", [("dev", "Read Only, without"), ("staging", "none"), ("production", "none")]),
        ("nobody", [("dev", "none"), ("staging", "none"), ("production", "none")]),
    ] {
        let kubeconfig = cluster.kubeconfig_of(user);
        let path = kubeconfig.to_string_lossy();
        let scope = ["--kubeconfig", &path, "-n", "dev", "-n", "staging", "-n", "production"];
        let mut console = Pty::spawn(&scope, &[], (300, 48));
        console.press(Command::Access);
        console.wait_for("the answers", PATIENCE, |screen| {
            nearest.iter().all(|(namespace, role)| row(screen, namespace).is_some_and(|row| row.contains(role)))
        });
        let screen = console.screen();
        for (namespace, _) in nearest {
            let row = row(&screen, namespace).expect("its row");
            let wanted: Vec<String> = COLUMNS.iter().map(|rights| expected(&path, namespace, rights)).collect();
            assert_eq!(marks(&row), wanted, "{user} in {namespace}: {row}");
        }
    }
}

/// The row of a namespace.
fn row(screen: &str, namespace: &str) -> Option<String> {
    let is_row = |line: &&str| {
        let mut words = line.split_whitespace().filter(|word| !matches!(*word, "│" | "▌"));
        words.next().is_some_and(|word| word.trim_start_matches(['│', '▌']) == namespace)
    };
    screen.lines().find(is_row).map(str::to_owned)
}

/// Its marks, in their order.
fn marks(row: &str) -> Vec<String> {
    let words: Vec<&str> = row.split_whitespace().collect();
    let mark = |pair: &[&str]| match pair {
        ["✔", "yes"] => Some("yes"),
        ["–", "no"] => Some("no"),
        ["some", _] => Some("some"),
        _ => None,
    };
    words.windows(2).filter_map(mark).map(str::to_owned).collect()
}

fn expected(kubeconfig: &str, namespace: &str, rights: &[(&str, &str, &str)]) -> String {
    let may = |(verb, resource, sub): &(&str, &str, &str)| {
        let mut program = Program::new(lab_program("controlplane"));
        program.args(["kubectl", "--kubeconfig", kubeconfig, "-n", namespace, "auth", "can-i", verb, resource]);
        if !sub.is_empty() {
            program.args(["--subresource", sub]);
        }
        let output = program.output().expect("kubectl runs");
        String::from_utf8_lossy(&output.stdout).trim() == "yes"
    };
    let allowed = rights.iter().filter(|right| may(right)).count();
    match allowed {
        0 => "no",
        all if all == rights.len() => "yes",
        _ => "some",
    }
    .to_owned()
}
