//! An evening on call: a new version is deployed, its canary fails, the budget burns, the two arms
//! differ; somebody aborts from the keyboard, and the budget stops falling.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quarterdeck::command::Command;

use super::cluster::{Cluster, status_with};
use super::operator::{ask, confirm_typed, wait_outcome};
use crate::pty::{Home, Pty};

/// The canary walks through its weights, pauses and analyses until it waits for a person.
const WALK: Duration = Duration::from_mins(3);
/// Two windows of the comparison, and a poll.
const NOTICE: Duration = Duration::from_mins(2);
/// The share of its worst that the consumption falls below: more than what single failures and the edges
/// of a window that is still filling make of it.
const RECOVERED: f64 = 0.97;

/// The version that the lab's world begins with.
const GOOD: &str = "ghcr.io/shop/checkout:1.41.0";
const HEALTHY: [&str; 6] =
    ["-n", "production", "wait", "rollout/checkout", "--for=jsonpath={.status.phase}=Healthy", "--timeout=120s"];

/// Ports of the lab beside its API server's (tests/lab/lib.sh).
const PROMETHEUS: u16 = 2;
const TRAFFIC: u16 = 4;

fn port(cluster: &Cluster, beside: u16) -> u16 {
    let text = std::fs::read_to_string(&cluster.kubeconfig).expect("the kubeconfig");
    let (_, rest) = text.split_once("https://127.0.0.1:").expect("the lab's server");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u16>().expect("a port") + beside
}

/// How the canary answers from now on: the share of its requests that fail.
fn canary_fails(cluster: &Cluster, share: f64) {
    let mut stream = TcpStream::connect(("127.0.0.1", port(cluster, TRAFFIC))).expect("the traffic");
    let request = format!("POST /set?service=checkout&arm=canary&errors={share} HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.contains(" 200 "), "{answer}");
}

/// The configuration of this evening: an objective counted in events, whose
/// consumption is the failed share of all requests and nothing else.
fn configure(home: &Home) {
    let folder = home.config();
    std::fs::create_dir_all(&folder).expect("a folder");
    let query = |code: &str| format!("'http_requests_total{{service=\"checkout\"{code}}}'");
    let source = "metricSource: { type: Prometheus, spec: { query: ";
    let slo = format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: checkout-events }}\nspec:\n  service: checkout\n  \
         budgetingMethod: Occurrences\n  timeWindow: [{{ duration: 30d, isRolling: true }}]\n  indicator:\n    \
         metadata: {{ name: checkout-5xx }}\n    spec:\n      ratioMetric:\n        counter: true\n        \
         bad: {{ {source}{} }} }} }}\n        total: {{ {source}{} }} }} }}\n  \
         objectives: [{{ displayName: non-5xx, targetPercent: 99.9 }}]\n",
        query(",code=~\"5..\""),
        query("")
    );
    std::fs::write(folder.join("checkout.slo.yaml"), slo).expect("a file");
    let config = "version: 1\nservices:\n  - name: checkout\n    slos: [checkout.slo.yaml]\n";
    std::fs::write(folder.join("config.yaml"), config).expect("a file");
}

/// The lab's Prometheus, as the environment names it: a home of a test names no source at all.
fn sources(cluster: &Cluster) -> String {
    format!("{{ prometheus: {{ url: \"http://127.0.0.1:{}\" }} }}", port(cluster, PROMETHEUS))
}

/// What is consumed of the budget that is counted in events.
fn consumed(cluster: &Cluster, home: &Home) -> Option<f64> {
    let sources = sources(cluster);
    let environment = [("QUARTERDECK_SOURCES", sources.as_str())];
    let world = status_with(home, &cluster.kubeconfig, &["-n", "production"], &environment);
    let slos = world["slos"].as_array()?;
    slos.iter().find(|slo| slo["id"] == "checkout-events")?["consumed"].as_f64()
}

fn until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < patience, "{what}: not within {patience:?}");
    }
}

fn rollout(cluster: &Cluster, path: &str) -> String {
    let arguments = ["-n", "production", "get", "rollout/checkout", "-o", &format!("jsonpath={path}")];
    cluster.kubectl(&arguments, "")
}

fn set_image(cluster: &Cluster, image: &str) {
    let patch = format!(r#"[{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"{image}"}}]"#);
    cluster.kubectl(&["-n", "production", "patch", "rollout/checkout", "--type=json", "--patch", &patch], "");
}

#[test]
fn an_evening_the_canary_burns_the_budget_until_somebody_aborts() {
    let Some(cluster) = Cluster::lab() else { return };
    canary_fails(&cluster, 0.0005);
    // Whatever an evening before this one left.
    set_image(&cluster, GOOD);
    cluster.kubectl(&HEALTHY, "");
    set_image(&cluster, "ghcr.io/shop/checkout:1.43.0-evening");

    let home = Arc::new(Home::new());
    configure(&home);
    let sources = sources(&cluster);
    let environment = [("QUARTERDECK_SOURCES", sources.as_str())];
    let kubeconfig = cluster.kubeconfig.to_string_lossy().into_owned();
    let mut console = Pty::spawn_in(&home, &["--kubeconfig", &kubeconfig, "-n", "production"], &environment, (160, 48));
    console.wait_text("checkout");
    until("the canary waits at 50 %", WALK, || {
        rollout(&cluster, "{.status.currentStepIndex} {.status.phase}") == "7 Paused"
    });

    // It was good until here.
    let before = consumed(&cluster, &home).expect("the budget is known");
    canary_fails(&cluster, 0.3);
    console.wait_for("the canary is worse", NOTICE, |screen| screen.contains("worse"));
    until("the budget falls", NOTICE, || consumed(&cluster, &home).is_some_and(|now| now > before + 1.0));

    console.press(Command::ShowRollouts);
    console.wait_text("checkout");
    ask(&mut console, Command::Abort, "type production and Enter to abort");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "abort", "observed");
    assert_eq!(rollout(&cluster, "{.status.abort}"), "true");

    // What is scraped last of the canary is counted with the next poll; then it only gets better.
    until("nothing reaches the canary", NOTICE, || rollout(&cluster, "{.status.canary.weights.canary.weight}") == "0");
    // Then only good requests are added, and the failed share of all of them falls below what it was.
    let mut peak = before;
    until("the budget recovers", NOTICE, || {
        let now = consumed(&cluster, &home).expect("the budget is known");
        peak = peak.max(now);
        now < peak * RECOVERED
    });

    // The lab is left as it was found: the good version, in full.
    canary_fails(&cluster, 0.0005);
    set_image(&cluster, GOOD);
    cluster.kubectl(&HEALTHY, "");
}
