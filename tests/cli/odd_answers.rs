//! `doctor` before servers that answer with 200, and not with what the console could read.

use serde_json::json;
use tempfile::TempDir;

use super::doctor::{doctor, found, has};
use crate::faults::server::{Reply, Server};
use crate::faults::support::block_on;
use crate::ingest::served::kubeconfig;

fn told(body: &str) -> Reply {
    let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
    Reply::Whole(200, format!("Content-Type: {kind}\r\n"), body.to_owned())
}

#[test]
fn an_answer_of_another_shape_is_no_source() {
    block_on(async {
        let cluster =
            Server::answering(|_| Reply::json(json!({ "gitVersion": "v1", "metadata": {}, "items": [] }))).await;
        for body in ["<html>log in</html>", "", "null", "[]", "{}"] {
            let home = TempDir::new().unwrap();
            let config = kubeconfig(home.path(), &[("east", &cluster.url)]);
            let server = Server::answering(move |_| told(body)).await;
            let text = format!(
                "version: 1\nsources:\n  prometheus: {{ url: '{0}' }}\n  github: {{ url: '{0}', token: {{ env: \
                 DEMO_TOKEN }} }}\nservices: [{{ name: checkout, repo: acme/checkout }}]\n",
                server.url
            );
            let (code, ok, rows) = found(&doctor(home.path(), &text, &["--json", "--kubeconfig", &config]).await);
            assert_eq!((code, ok), (Some(1), false), "{body:?}: {}", rows.join("\n"));
            has(&rows, "github reach fail");
            has(&rows, "prometheus reach fail");
            assert!(!rows.iter().any(|row| row.contains("struct ") || row.contains("requests left")), "{rows:?}");
            // A host whose limit is told as it should be, and whose runs are not.
            server.answer(move |request| match request.path.as_str() {
                "/rate_limit" => Reply::json(json!({ "resources": { "core": {} } })),
                _ => told(body),
            });
            let (code, _, rows) = found(&doctor(home.path(), &text, &["--json", "--kubeconfig", &config]).await);
            assert_eq!(code, Some(1), "{body:?}");
            has(&rows, "github reach ok");
            has(&rows, "github permission fail the runs: ");
            assert!(!rows.iter().any(|row| row.contains("struct ")), "{rows:?}");
        }
    });
}

#[test]
fn a_theme_and_a_keymap_that_do_not_exist_are_mistakes_of_the_configuration_everywhere() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let text = "version: 1\ntheme: dekc\nkeymap: vmi\nsources: {}\n";
        let (code, ok, rows) = found(&doctor(home.path(), text, &["--json"]).await);
        assert_eq!((code, ok), (Some(1), false), "{}", rows.join("\n"));
        has(&rows, "there is no theme \"dekc\"; did you mean \"deck\"?");
        has(&rows, "there is no keymap \"vmi\"; did you mean \"vim\"?");
    });
}

#[test]
fn what_is_neither_configured_nor_discovered_has_a_line() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let (_, _, rows) = found(&doctor(home.path(), "version: 1\nsources: {}\n", &["--json"]).await);
        for system in ["github", "prometheus", "docker"] {
            has(&rows, &format!("{system} found warn not configured, not discovered"));
        }
    });
}
