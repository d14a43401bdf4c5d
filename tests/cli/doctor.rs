//! `doctor` as the built program runs it: on a world where everything works, and on broken ones.

use std::path::Path;
use std::process::{Output, Stdio};

use quarterdeck::demo::{self, Demo, Options};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::faults::server::{Reply, Request, Server};
use crate::faults::support::block_on;
use crate::ingest::served::kubeconfig;

/// Runs it with a configuration, and nothing else of anybody's.
pub async fn doctor(home: &Path, config: &str, more: &[&str]) -> Output {
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
        .env("GH_HOST", "github.invalid")
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program runs")
}

/// Exit code, and the findings as `area check status message`.
pub fn found(output: &Output) -> (Option<i32>, bool, Vec<String>) {
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

pub fn has(rows: &[String], wanted: &str) {
    assert!(rows.iter().any(|row| row.contains(wanted)), "{wanted:?} in\n{}", rows.join("\n"));
}

/// The demo's sources, as a configuration names them. A service names the repositories.
fn sources(demo: &Demo) -> String {
    let mut text = "version: 1\nsources:\n".to_owned();
    if let Some(url) = &demo.prometheus {
        text += &["  prometheus: { url: '", url, "' }\n"].concat();
    }
    if let Some(url) = &demo.loki {
        text += &["  loki: { url: '", url, "' }\n"].concat();
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
        has(&rows, "kubernetes permission ok all namespaces: may watch namespaces, deployments, replicasets, pods");
        has(
            &rows,
            "kubernetes act ok all namespaces: may patch rollouts/status, patch rollouts, patch deployments, patch deployments/scale, get pods/log",
        );
        has(&rows, "journal folder ok is made when the console starts");
        for (is_there, area) in [
            (demo.prometheus.is_some(), "prometheus"),
            (demo.docker.is_some(), "docker"),
            (demo.github.is_some(), "github"),
        ] {
            if is_there {
                has(&rows, &format!("{area} reach ok"));
                has(&rows, &format!("{area} permission ok"));
                has(&rows, &format!("{area} clock "));
            }
        }
        has(&rows, "loki reach ok");
        has(&rows, "loki data ok lines have the labels namespace, pod, container");
        has(&rows, "github scopes ok repo, workflow");
        has(&rows, "requests left this hour; all again in ");
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
            } else if request.path.contains("argoproj.io") || request.path == "/apis/tekton.dev/v1" {
                Reply::Whole(404, "Content-Type: text/plain\r\n".to_owned(), "404 page not found\n".to_owned())
            } else if request.path.contains("tekton.dev") {
                // Refused, and not even there.
                Reply::status(403, "Forbidden", "pipelineruns.tekton.dev is forbidden: User \"ada\" cannot list")
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
        assert!(!rows.iter().any(|row| row.contains("pipelineruns")), "{}", rows.join("\n"));
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

/// Answers reviews as `allowed` says of verb, resource/subresource and namespace; lists are empty.
fn reviewing(allowed: fn(&str, &str, &str) -> bool) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        if request.method != "POST" {
            return Reply::json(json!({ "gitVersion": "v1.34.0", "metadata": {}, "items": [] }));
        }
        assert_eq!(request.path, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
        let mut review: Value = serde_json::from_slice(&request.body).unwrap();
        let word = |name: &str| review["spec"]["resourceAttributes"][name].as_str().unwrap().to_owned();
        let resource = format!("{}.{}/{}", word("resource"), word("group"), word("subresource"));
        let yes = allowed(&word("verb"), resource.trim_end_matches(['.', '/']), &word("namespace"));
        review["status"] = json!({ "allowed": yes, "reason": if yes { "" } else { "no role gives it" } });
        Reply::Whole(201, String::new(), review.to_string())
    }
}

#[test]
fn what_may_be_done_is_told_of_each_namespace_with_a_next_step() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server = Server::answering(reviewing(|verb, resource, namespace| {
            verb == "watch" || namespace == "shop" && resource != "deployments.apps"
        }))
        .await;
        let config = kubeconfig(home.path(), &[("east", &server.url)]);
        let arguments = ["--json", "--kubeconfig", &config, "-n", "shop", "-n", "bank"];
        let output = doctor(home.path(), "version: 1\n", &arguments).await;
        let (code, ok, rows) = found(&output);
        // Whoever may look and not act has a console that works.
        assert_eq!((code, ok), (Some(0), true), "{}", rows.join("\n"));
        has(&rows, "act ok shop: may patch rollouts/status, patch rollouts, patch deployments/scale, get pods/log");
        has(
            &rows,
            "act warn shop: may not patch deployments (no role gives it): no undo and restart of a Deployment there",
        );
        has(
            &rows,
            "act warn bank: may not patch rollouts/status (no role gives it): no promote, abort and retry there",
        );
        has(&rows, "act warn bank: may not get pods/log");
        let lost = "no sync, comparing again and terminating of an Application there";
        has(&rows, &format!("act warn bank: may not patch applications.argoproj.io (no role gives it): {lost}"));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("ask whoever runs the cluster for patch rollouts/status in bank"), "{text}");
        let asked: Vec<Request> = server.requests().into_iter().filter(|one| one.method != "GET").collect();
        // Twenty-three kinds are watched, fifteen things done, in two namespaces: each asked once.
        assert_eq!(asked.len(), 2 * (23 + 15));
        let bodies: std::collections::BTreeSet<Vec<u8>> = asked.into_iter().map(|one| one.body).collect();
        assert_eq!(bodies.len(), 2 * (23 + 15));

        server.answer(reviewing(|verb, resource, _| verb != "watch" || resource != "pods"));
        let (code, _, rows) = found(&doctor(home.path(), "version: 1\n", &arguments).await);
        assert_eq!(code, Some(1), "what cannot be followed is not shown as it is");
        has(&rows, "permission fail bank: may not watch pods (no role gives it)");
        has(&rows, "permission ok bank: may watch namespaces, deployments, replicasets, events");

        let plain = reviewing(|_, _, _| true);
        server.answer(move |request| match request.method.as_str() {
            "POST" => Reply::status(403, "Forbidden", "reviews are forbidden"),
            _ => plain(request),
        });
        let (code, _, rows) = found(&doctor(home.path(), "version: 1\n", &arguments).await);
        assert_eq!(code, Some(0));
        has(&rows, "act warn shop: what may be watched and done cannot be asked: reviews are forbidden");
    });
}

#[test]
fn what_may_be_meant_otherwise_in_an_objective_is_told() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let slo = r#"apiVersion: openslo/v1
kind: SLO
metadata: { name: quick }
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 6h, isRolling: true }]
  indicator:
    metadata: { name: errors }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: 'r{code=~"5.."}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'r' } } }
  objectives: [{ displayName: non-5xx, targetPercent: 99.9 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: fast }
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: { name: fast }
            spec:
              severity: page
              condition: { kind: burnrate, op: lte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 2m }
"#;
        std::fs::create_dir_all(home.path().join(".config/quarterdeck")).unwrap();
        std::fs::write(home.path().join(".config/quarterdeck/quick.yaml"), slo).unwrap();
        let config = "version: 1\nservices: [{ name: checkout, slos: [quick.yaml] }]\n";
        let (_, _, rows) = found(&doctor(home.path(), config, &["--json"]).await);
        has(&rows, "configuration file ok");
        has(&rows, "quick.yaml:7:");
        has(&rows, "configuration objective warn");
        has(&rows, "a window of 21600 s is shorter than a day");
        has(&rows, "this alerts when the budget burns slowly; gt is meant?");
    });
}

#[test]
fn every_failure_has_the_step_that_helps() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let step = async |config: String, handler: fn(&Request) -> Reply| {
            let server = Server::answering(handler).await;
            let config = config.replace("URL", &server.url).replace("TCP", &server.url.replace("http:", "tcp:"));
            let output = doctor(home.path(), &format!("version: 1\n{config}"), &["--json"]).await;
            (found(&output).2, String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let services = "services: [{ name: checkout, repo: acme/checkout }]\n";
        let github = format!("{services}sources: {{ github: {{ url: 'URL' }} }}\n");

        let docker = "sources: { docker: { host: 'TCP' } }\n".to_owned();
        let (rows, text) = step(docker, |_| Reply::Whole(401, String::new(), "no".to_owned())).await;
        has(&rows, "docker reach fail");
        assert!(text.contains("an engine asks for no login: a proxy before it does"), "{text}");

        let (rows, text) = step(github.clone(), |request| {
            let server = request
                .head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned));
            Reply::Whole(302, format!("Location: http://{}/login\r\n", server.unwrap_or_default()), String::new())
        })
        .await;
        has(&rows, "github reach fail http://127.0.0.1");
        assert!(text.contains("answers with a redirect"), "{text}");
        assert!(text.contains("it sends back to itself, as a login or a wrong path does"), "{text}");

        let alone = "sources: { github: { url: 'URL' } }\n".to_owned();
        let (rows, text) = step(alone, |_| Reply::json("{}")).await;
        has(&rows, "github reach fail no repository is named");
        assert!(text.contains("services: [{ name: checkout, repo: acme/checkout }]"), "{text}");

        let (_, text) = step(github, |_| {
            let headers = "X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 4102444800\r\nRetry-After: 60\r\n";
            Reply::Whole(403, headers.to_owned(), "{\"message\":\"API rate limit exceeded\"}".to_owned())
        })
        .await;
        assert!(text.contains("a token has more requests: gh auth login"), "{text}");

        let away = format!("{services}sources: {{ github: {{ url: 'https://ghe.invalid' }} }}\n");
        let (rows, text) = step(away, |_| Reply::json("{}")).await;
        has(&rows, "github token warn");
        assert!(
            text.contains("gh auth login --hostname ghe.invalid, GH_ENTERPRISE_TOKEN (GH_TOKEN is for github.com)"),
            "{text}"
        );
    });
}

#[test]
fn alerts_that_cannot_be_read_are_told_too() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server = Server::answering(|request| {
            let json =
                |body: Value| Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string());
            match request.path.split('?').next().unwrap_or_default() {
                "/api/v1/query" => {
                    json(json!({ "status": "success", "data": { "resultType": "vector", "result": [] } }))
                }
                "/api/v1/rules" => json(json!({ "status": "success", "data": { "groups": [] } })),
                _ => Reply::status(403, "Forbidden", "not for you"),
            }
        })
        .await;
        let config = format!("version: 1\nsources: {{ prometheus: {{ url: '{}' }} }}\n", server.url);
        let (code, _, rows) = found(&doctor(home.path(), &config, &["--json"]).await);
        assert_eq!(code, Some(1));
        has(&rows, "prometheus permission ok may read rules");
        has(&rows, "prometheus permission fail alerts cannot be read, so that none that fires is counted");
    });
}
