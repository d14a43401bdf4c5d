//! What the built program says of sources that are not there, not allowed, or out of reach: three
//! answers, one for each, and no source takes another one down.

use std::path::Path;
use std::sync::Arc;

use quarterdeck::command::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faults::server::{Refusing, Reply, Request, Server};
use crate::faults::support::block_on;
use crate::ingest::served::{kubeconfig, status};
use crate::pty::{Home, PATIENCE, Pty};

/// A cluster with one Deployment; whatever is asked of Argo Rollouts is answered like this.
fn cluster(argo: Option<Reply>) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| match &argo {
        Some(reply) if request.path.starts_with("/apis/argoproj.io/") => reply.clone(),
        _ if request.path == "/version" => Reply::json("{}"),
        _ if request.is_watch() => Reply::Held(Vec::new()),
        _ => {
            let deployment = json!({
                "metadata": { "name": "payments", "namespace": "default", "uid": "one-uid", "generation": 1 },
                "spec": { "replicas": 1 },
                "status": { "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 },
            });
            let items = if request.path.contains("/deployments") { vec![deployment] } else { Vec::new() };
            Reply::json(json!({ "metadata": { "resourceVersion": "7" }, "items": items }))
        }
    }
}

fn absent() -> Reply {
    Reply::Whole(404, "Content-Type: text/plain\r\n".to_owned(), "404 page not found\n".to_owned())
}

const FORBIDDEN: &str = "rollouts.argoproj.io is forbidden: User \"ada\" cannot list resource \"rollouts\"";

fn denied() -> Reply {
    Reply::status(403, "Forbidden", FORBIDDEN)
}

/// Status and message of a source.
fn source(document: &Value, target: &str, system: &str) -> (String, String) {
    let rows = document["sources"].as_array().unwrap();
    let row = rows.iter().find(|row| row["target"] == target && row["system"] == system).expect("the source");
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("message"))
}

fn clusters_of_deployments(document: &Value) -> Vec<&str> {
    document["deployments"].as_array().unwrap().iter().map(|row| row["cluster"].as_str().unwrap()).collect()
}

async fn told(home: &Path, url: &str) -> Value {
    status(home, &[], &kubeconfig(home, &[("east", url)])).await
}

#[test]
fn an_absent_definition_a_denied_verb_and_an_unreachable_server_are_three_answers() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server = Server::answering(cluster(Some(absent()))).await;
        let document = told(home.path(), &server.url).await;
        let (status, message) = source(&document, "east", "rollouts");
        assert_eq!(status, "absent", "{document}");
        assert!(message.contains("not installed"), "{message}");
        assert_eq!(source(&document, "east", "kubernetes").0, "live");
        assert_eq!(document["blocked"], json!([]), "no Argo Rollouts is a fact, not a fault");

        server.answer(cluster(Some(denied())));
        let document = told(home.path(), &server.url).await;
        let (status, message) = source(&document, "east", "rollouts");
        assert_eq!(status, "denied", "{document}");
        assert!(message.contains(FORBIDDEN), "{message}");
        assert_eq!(source(&document, "east", "kubernetes").0, "live");
        assert_eq!(document["blocked"][0]["reason"], "permission", "{document}");

        let document = told(home.path(), &Refusing::new().url).await;
        for system in ["kubernetes", "rollouts"] {
            let (status, message) = source(&document, "east", system);
            assert_eq!(status, "failed", "{document}");
            assert!(message.contains("refused the connection"), "{message}");
        }
        assert_eq!(document["blocked"][0]["reason"], "source_stale", "{document}");
    });
}

#[test]
fn two_contexts_are_two_clusters_and_one_out_of_reach_costs_only_its_own() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let (server, gone) = (Server::answering(cluster(None)).await, Refusing::new());
        let both = ["--context", "east", "--context", "west"];
        let config = kubeconfig(home.path(), &[("east", &server.url), ("west", &gone.url)]);
        let document = status(home.path(), &both, &config).await;
        for system in ["kubernetes", "rollouts"] {
            assert_eq!(source(&document, "east", system).0, "live", "{document}");
            assert_eq!(source(&document, "west", system).0, "failed", "{document}");
        }
        assert_eq!(clusters_of_deployments(&document), ["east"]);

        // Two contexts of one server: the same uids come through both.
        let config = kubeconfig(home.path(), &[("east", &server.url), ("west", &server.url)]);
        let document = status(home.path(), &both, &config).await;
        assert_eq!(clusters_of_deployments(&document), ["east", "west"]);
    });
}

#[test]
fn absent_denied_and_unreachable_are_three_screens() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server = Server::answering(cluster(Some(absent()))).await;
        let gone = Refusing::new();
        let cases = [
            (server.url.clone(), Some(absent()), "this cluster does not know rollouts"),
            (server.url.clone(), Some(denied()), "not allowed to read rollouts"),
            (gone.url.clone(), None, "rollouts cannot be read"),
        ];
        for (url, argo, words) in cases {
            server.answer(cluster(argo));
            let config = kubeconfig(home.path(), &[("east", &url)]);
            let shown = tokio::task::spawn_blocking(move || {
                let arguments = ["--kubeconfig", &config, "--view", "rollouts"];
                let mut run = Pty::spawn_in(&Arc::new(Home::new()), &arguments, &[], (160, 48));
                run.wait_text(words);
                run.press(Command::Quit);
                run.wait_exit(PATIENCE)
            });
            assert!(shown.await.unwrap().success());
        }
    });
}
