//! Who paused a workload, as the real API server records it (`managedFields`): the program that set the field, not the
//! one that wrote last; and this console, where it was this console.

use quarterdeck::command::Command;
use serde_json::Value;

use super::blocked::Stage;
use super::cluster::{Cluster, said, status_in};
use super::operator::{ask, at_the_canary, wait_outcome};

#[test]
fn whoever_paused_is_named_and_not_whoever_wrote_last() {
    let Some(cluster) = Cluster::lab() else { return };
    let stage = Stage { namespace: cluster.namespace("dev") };
    stage.namespace.start_canary();
    let patch = |object: &str, by: &str, patch: &str| {
        let manager = format!("--field-manager={by}");
        stage.namespace.kubectl(&["patch", object, "--type=merge", &manager, "--patch", patch], "");
    };
    let (pause, resume) = (r#"{"spec":{"paused":true}}"#, r#"{"spec":{"paused":false}}"#);
    let paused = |name: &str| stage.blocked(name, "manual_pause").sentence;

    patch("rollout/checkout", "night-watch", pause);
    let told = paused("checkout");
    assert!(told.contains("was paused by a person with night-watch"), "{told}");
    // Others write other fields of it, later.
    patch(
        "rollout/checkout",
        "passer-by",
        r#"{"metadata":{"annotations":{"seen":"yes"}},"spec":{"revisionHistoryLimit":7}}"#,
    );
    let told = paused("checkout");
    assert!(told.contains("with night-watch"), "{told}");
    // Who sets what is set already takes no part in it; who lets go and pauses again does.
    patch("rollout/checkout", "passer-by", pause);
    let told = paused("checkout");
    assert!(told.contains("with night-watch"), "{told}");
    patch("rollout/checkout", "day-watch", resume);
    patch("rollout/checkout", "day-watch", pause);
    let told = paused("checkout");
    assert!(told.contains("was paused by a person with day-watch"), "{told}");

    let image = r#"{"spec":{"paused":true,"template":{"spec":{"containers":[{"name":"app","image":"registry.k8s.io/pause:3.9"}]}}}}"#;
    let manager = ["--field-manager=night-watch", "--type=strategic", "--patch"];
    stage.namespace.kubectl(&[&["patch", "deployment/payments"][..], &manager, &[image]].concat(), "");
    let told = paused("payments");
    assert!(told.contains("is paused with night-watch: 0 of 2 replicas are updated"), "{told}");
}

#[test]
fn what_was_paused_from_here_is_told_as_that() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    namespace.start_canary();
    let mut console = at_the_canary(&namespace);
    ask(&mut console, Command::PauseRollout, "y pause");
    console.press(Command::ConfirmYes);
    wait_outcome(&mut console, "pause", "observed");
    let world = status_in(console.home(), &cluster.kubeconfig, &["-n", &namespace.name]);
    let rows = world["blocked"].as_array().expect("blocked");
    let of_checkout = |row: &&Value| row["name"] == "checkout" && row["reason"] == "manual_pause";
    let row = rows.iter().find(of_checkout).unwrap_or_else(|| panic!("{}", world["blocked"]));
    let sentence = row["sentence"].as_str().unwrap_or_default();
    said(sentence);
    assert!(sentence.contains("was paused by a person from here"), "{sentence}");
}
