//! `doctor` as the built program runs it: on a world where everything works, and on broken ones.

use std::path::Path;
use std::process::{Output, Stdio};

use quarterdeck::demo::{self, Demo, Options};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::faults::server::{Reply, Server};
use crate::faults::support::block_on;
use crate::ingest::served::kubeconfig;

/// Runs it with a configuration, and nothing else of anybody's.
async fn doctor(home: &Path, config: &str, more: &[&str]) -> Output {
    let folder = home.join(".config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yaml"), config).unwrap();
    Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .arg("doctor")
        .args(more)
        .env_clear()
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("DEMO_TOKEN", "demo")
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program runs")
}

/// Exit code, and the findings as `area check status message`.
fn found(output: &Output) -> (Option<i32>, bool, Vec<String>) {
    let text = String::from_utf8_lossy(&output.stdout);
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(document["version"], 1);
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = document["findings"].as_array().unwrap().iter();
    let rows = rows.map(|row| {
        assert!(["ok", "warn", "fail"].contains(&word(row, "status").as_str()), "{row}");
        assert!(word(row, "status") != "fail" || !word(row, "next").is_empty(), "a failure has a next step: {row}");
        ["area", "check", "status", "message"].map(|key| word(row, key)).join(" ")
    });
    (output.status.code(), document["ok"].as_bool().unwrap(), rows.collect())
}

fn has(rows: &[String], wanted: &str) {
    assert!(rows.iter().any(|row| row.contains(wanted)), "{wanted:?} in\n{}", rows.join("\n"));
}

/// The demo's sources, as a configuration names them. A service names the repositories.
fn sources(demo: &Demo) -> String {
    let mut text = "version: 1\nsources:\n".to_owned();
    if let Some(url) = &demo.prometheus {
        text += &["  prometheus: { url: '", url, "' }\n"].concat();
    }
    if let Some(host) = &demo.docker {
        text += &["  docker: { host: '", host, "' }\n"].concat();
    }
    if let Some(url) = &demo.github {
        text += &["  github: { url: '", url, "', token: { env: DEMO_TOKEN } }\nservices:\n"].concat();
        for (number, name) in demo.repositories.iter().enumerate() {
            text += &format!("  - {{ name: s{number}, repo: {name} }}\n");
        }
    }
    text
}

#[test]
fn a_world_where_everything_works_exits_with_0() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let config = kubeconfig(home.path(), &[("demo", &demo.url)]);
        let output = doctor(home.path(), &sources(&demo), &["--json", "--kubeconfig", &config, "-A"]).await;
        let (code, ok, rows) = found(&output);
        assert_eq!((code, ok), (Some(0), true), "{}", rows.join("\n"));
        has(&rows, "kubernetes reach ok");
        has(&rows, "kubernetes permission ok all namespaces: may read namespaces, deployments, replicasets, pods");
        has(&rows, "journal folder ok is made when the console starts");
        for (is_there, area) in [
            (demo.prometheus.is_some(), "prometheus"),
            (demo.docker.is_some(), "docker"),
            (demo.github.is_some(), "github"),
        ] {
            if is_there {
                has(&rows, &format!("{area} reach ok"));
                has(&rows, &format!("{area} permission ok"));
            }
        }
        // For people: a sign and a word on every line, nothing that moves the cursor.
        let output = doctor(home.path(), &sources(&demo), &["--kubeconfig", &config, "-A"]).await;
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("✔ ok    kubernetes demo  reach: "), "{text}");
        assert!(!text.contains('\x1b') && output.status.success(), "{text}");
        let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "kubeconfig and .config, nothing was made: {left:?}");
    });
}

#[test]
fn what_does_not_work_exits_with_1_and_costs_no_other_line() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server = Server::answering(|request| {
            if request.path.starts_with("/version") {
                Reply::json(json!({ "gitVersion": "v1.34.0" }))
            } else if request.path.contains("/pods") {
                Reply::status(403, "Forbidden", "pods is forbidden: User \"ada\" cannot list resource \"pods\"")
            } else if request.path.contains("argoproj.io") {
                Reply::Whole(404, "Content-Type: text/plain\r\n".to_owned(), "404 page not found\n".to_owned())
            } else {
                Reply::json(json!({ "metadata": { "resourceVersion": "1" }, "items": [] }))
            }
        })
        .await;
        let config = kubeconfig(home.path(), &[("east", &server.url), ("west", "http://127.0.0.1:1")]);
        let text = "version: 1
environments:
  - { name: a, cluster: east, gates: { soak: 1h } }
  - { name: b, cluster: west }
sources:
  prometheus: { url: 'http://127.0.0.1:1' }
  docker: { host: 'unix:///nowhere/docker.sock' }
  github: { url: 'http://127.0.0.1:1', token: { env: NOT_SET } }
services: [{ name: checkout, repo: acme/checkout }]
";
        let (code, ok, rows) = found(&doctor(home.path(), text, &["--json", "--kubeconfig", &config]).await);
        assert_eq!((code, ok), (Some(1), false), "{}", rows.join("\n"));
        has(&rows, "configuration section warn environments[].gates");
        has(&rows, "kubernetes reach ok");
        has(&rows, "Kubernetes v1.34.0");
        has(&rows, "kubernetes permission ok all namespaces: may read namespaces, deployments, replicasets, events");
        has(&rows, "kubernetes permission fail pods is forbidden: User \"ada\"");
        has(&rows, "kubernetes permission warn all namespaces: this cluster does not know rollouts");
        has(&rows, "kubernetes reach fail http://127.0.0.1:1 refused the connection");
        has(&rows, "prometheus reach fail http://127.0.0.1:1 refused the connection");
        has(&rows, "docker reach fail");
        has(&rows, "github token fail");
        has(&rows, "NOT_SET");
    });
}

#[test]
fn what_nobody_named_may_be_missing_and_a_cluster_may_not() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server =
            Server::answering(|_| Reply::json(json!({ "gitVersion": "v1", "metadata": {}, "items": [] }))).await;
        let config = kubeconfig(home.path(), &[("east", &server.url)]);
        let run = |arguments: Vec<String>| {
            let home = home.path().to_path_buf();
            async move {
                Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
                    .args(["doctor", "--json"])
                    .args(arguments)
                    .env_clear()
                    .env("HOME", &home)
                    .env("PROMETHEUS_URL", "http://ada:s3cr3t@127.0.0.1:1")
                    .env("DOCKER_HOST", "tcp://127.0.0.1:1")
                    .current_dir(&home)
                    .stdin(Stdio::null())
                    .kill_on_drop(true)
                    .output()
                    .await
                    .expect("the program runs")
            }
        };
        let output = run(vec!["--kubeconfig".to_owned(), config]).await;
        let (code, ok, rows) = found(&output);
        assert_eq!((code, ok), (Some(0), true), "{}", rows.join("\n"));
        has(&rows, "prometheus found ok discovered: PROMETHEUS_URL");
        has(&rows, "prometheus reach warn http://127.0.0.1:1 refused the connection");
        has(&rows, "docker reach warn");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("s3cr3t"));
        let (code, ok, rows) = found(&run(vec![]).await);
        assert_eq!((code, ok), (Some(1), false));
        has(&rows, "kubernetes reach fail no kubeconfig at");
    });
}

#[test]
fn a_broken_configuration_is_a_finding_and_no_source_is_asked() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let text = "version: 1\nthema: deck\nsources: { prometheus: { url: x } }\n";
        let (code, ok, rows) = found(&doctor(home.path(), text, &["--json"]).await);
        assert_eq!((code, ok), (Some(1), false));
        has(&rows, "config.yaml:2:1: unknown key \"thema\"; did you mean \"theme\"?");
        has(&rows, "config.yaml:3:31: \"x\" is no URL");
        assert!(!rows.iter().any(|row| row.starts_with("kubernetes")), "{}", rows.join("\n"));
        has(&rows, "terminal kind warn");
    });
}
