//! R30 behind TLS, in the built program: `doctor`, `status` and the screen say what is wrong with a
//! certificate, each of its own source, and the sources beside it go on. The machine's authorities
//! are those of `SSL_CERT_FILE`.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use quarterdeck::command::Command;
use quarterdeck::demo::{self, Demo, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::doctor::{found, has};
use crate::faults::server::{Reply, Request};
use crate::faults::support::block_on;
use crate::faults::tls::{Authority, Flaw};
use crate::ingest::served::kubeconfig;
use crate::pty::{Home, PATIENCE, Pty};

/// A cluster, a GitHub and a Prometheus in one, with nothing in them.
pub fn world(request: &Request) -> Reply {
    let typed = |body: Value| Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string());
    let success = |data: Value| typed(json!({ "status": "success", "data": data }));
    match request.path.split('?').next().unwrap_or_default() {
        "/rate_limit" => typed(json!({ "resources": { "core": { "limit": 5000, "remaining": 4000 } } })),
        path if path.ends_with("/runs") => typed(json!({ "total_count": 0, "workflow_runs": [] })),
        "/api/v1/query" => success(json!({ "resultType": "vector", "result": [] })),
        "/api/v1/rules" => success(json!({ "groups": [] })),
        "/api/v1/alerts" => success(json!({ "alerts": [] })),
        "/api/v1/status/buildinfo" => success(json!({ "version": "2.42.0" })),
        _ => Reply::json(json!({ "gitVersion": "v1.34.0", "metadata": { "resourceVersion": "1" }, "items": [] })),
    }
}

/// The program in that home, with that file of authorities.
async fn run(home: &Path, authorities: &str, arguments: &[&str]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("SSL_CERT_FILE", authorities)
        .env("DEMO_TOKEN", "demo")
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program runs")
}

/// A configuration whose Prometheus, GitHub and cluster `west` are at this URL; `east` and the engine
/// are the demo's.
fn configure(folder: &Path, url: &str, demo: &Demo) -> String {
    let text = format!(
        "version: 1\nenvironments:\n  - {{ name: a, cluster: east, namespace: production }}\n  - {{ name: b, cluster: \
         west, namespace: production }}\nsources:\n  prometheus: {{ url: '{url}' }}\n  github: {{ url: '{url}', token: {{ env: \
         DEMO_TOKEN }} }}\n  docker: {{ host: '{}' }}\nservices: [{{ name: checkout, repo: acme/checkout }}]\n",
        demo.docker.as_ref().unwrap()
    );
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.yaml"), text).unwrap();
    kubeconfig(folder, &[("east", &demo.url), ("west", url)])
}

const FLAWS: [(bool, Flaw, &str); 5] = [
    (true, Flaw::Expired, "has a certificate that has expired; renew it"),
    (true, Flaw::NotYet, "has a certificate that is not valid yet; check the clock"),
    (true, Flaw::OtherHost, "has a certificate for other names: other.example; check the server in "),
    (true, Flaw::SelfSigned, "has a certificate that it signed itself; "),
    (false, Flaw::Nothing, "has a certificate of an unknown authority; "),
];

#[test]
fn r30_doctor_and_status_say_what_is_wrong_with_a_certificate_and_the_others_go_on() {
    block_on(async {
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
        for (known, flaw, words) in FLAWS {
            let home = TempDir::new().unwrap();
            let authorities = ours.file(home.path());
            let server = if known { &ours } else { &theirs }.serve(flaw, world);
            let config = configure(&home.path().join(".config/quarterdeck"), &server.url, &demo);
            let doctor = ["doctor", "--json", "--kubeconfig", &config];
            let status = ["status", "--json", "--timeout", "60s", "--kubeconfig", &config];
            let (doctor, status) =
                tokio::join!(run(home.path(), &authorities, &doctor), run(home.path(), &authorities, &status));
            let (code, ok, rows) = found(&doctor);
            assert_eq!((code, ok), (Some(1), false), "{flaw:?}: {}", rows.join("\n"));
            let wrong = format!("{} {words}", server.url);
            for area in ["kubernetes", "github", "prometheus"] {
                has(&rows, &format!("{area} reach fail {wrong}"));
            }
            has(&rows, &format!("kubernetes reach ok {}", demo.url));
            has(&rows, "docker reach ok");

            let document: Value = serde_json::from_slice(&status.stdout).unwrap();
            for source in document["sources"].as_array().unwrap() {
                let text = |key: &str| source[key].as_str().unwrap_or_default();
                let good = text("target") == "east" || text("system") == "docker";
                assert_eq!(text("status"), if good { "live" } else { "failed" }, "{flaw:?}: {source}");
                assert!(good || text("message").contains(&wrong), "{flaw:?}: {source}");
            }
        }
    });
}

#[test]
fn r30_a_certificate_of_a_known_authority_is_read_everywhere() {
    block_on(async {
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let (home, ours) = (TempDir::new().unwrap(), Authority::new("ours"));
        let authorities = ours.file(home.path());
        let server = ours.serve(Flaw::Nothing, world);
        let config = configure(&home.path().join(".config/quarterdeck"), &server.url, &demo);
        let (code, ok, rows) =
            found(&run(home.path(), &authorities, &["doctor", "--json", "--kubeconfig", &config]).await);
        assert_eq!((code, ok), (Some(0), true), "{}", rows.join("\n"));
        has(&rows, &format!("prometheus reach ok {} answers queries over TLS: version 2.42.0", server.url));
        has(&rows, &format!("github reach ok {} answers over TLS", server.url));
        has(&rows, &format!("kubernetes reach ok {} answers over TLS", server.url));
    });
}

#[test]
fn r30_the_panes_say_what_is_wrong_with_a_certificate_beside_those_that_go_on() {
    block_on(async {
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let ours = Authority::new("ours");
        let server = ours.serve(Flaw::OtherHost, world);
        let home = Arc::new(Home::new());
        let config = configure(&home.config(), &server.url, &demo);
        let (authorities, url) = (ours.file(home.path()), server.url.clone());
        let screen = tokio::task::spawn_blocking(move || {
            let environment = [
                ("SSL_CERT_FILE", authorities.as_str()),
                ("DEMO_TOKEN", "demo"),
                ("QUARTERDECK_SOURCES__PROMETHEUS__URL", &url),
                ("QUARTERDECK_SOURCES__GITHUB__URL", &url),
                ("QUARTERDECK_SOURCES__GITHUB__TOKEN", "{ env: DEMO_TOKEN }"),
            ];
            let mut run = Pty::spawn_in(&home, &["--kubeconfig", &config], &environment, (200, 60));
            let words = ["runs cannot be read", "objectives cannot be read", "other.example"];
            let screen = run.wait_for("the panes", PATIENCE, |screen| {
                words.iter().all(|word| screen.contains(word)) && screen.contains("checkout")
            });
            run.press(Command::Quit);
            assert!(run.wait_exit(PATIENCE).success());
            screen
        });
        let screen = screen.await.unwrap();
        assert!(screen.matches("has a certificate for other").count() >= 2, "{screen}");
    });
}
