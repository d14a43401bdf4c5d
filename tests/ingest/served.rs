//! Same objects, same answer, all the way: every moment is served over HTTP as an API server serves
//! it, and the built program is asked.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use futures::StreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::golden::{moments, read};
use crate::faults::server::{Reply, Request, Server};
use crate::faults::support::block_on;

/// Programs that run at once.
const AT_ONCE: usize = 3;
/// Objects of a page, whatever more is asked for: most lists take several.
const PAGE: usize = 2;
/// Where each kind is listed in all namespaces.
const LISTS: [(&str, &str); 8] = [
    ("/api/v1/namespaces", "namespaces"),
    ("/api/v1/pods", "pods"),
    ("/api/v1/events", "events"),
    ("/apis/apps/v1/deployments", "deployments"),
    ("/apis/apps/v1/replicasets", "replicasets"),
    ("/apis/argoproj.io/v1alpha1/rollouts", "rollouts"),
    ("/apis/argoproj.io/v1alpha1/analysisruns", "analysisruns"),
    ("/apis/argoproj.io/v1alpha1/experiments", "experiments"),
];

/// The objects of a moment; namespaces and events as recorded around it.
fn objects(told: &Path) -> Value {
    let mut objects: Value = serde_json::from_str(&read(&told.with_extension("json"))).expect("recorded JSON");
    let scenario = told.parent().and_then(Path::parent).expect("a scenario");
    let namespaces = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("demo/recordings/namespaces.list.json");
    for (kind, list) in [("namespaces", namespaces), ("events", scenario.join("events.list.json"))] {
        if list.exists() {
            let list: Value = serde_json::from_str(&read(&list)).expect("a recorded list");
            objects[kind] = list["items"].clone();
        }
    }
    objects
}

/// Lists page by page, watches that stay quiet, 404 for anything else.
fn answer(objects: &Value, request: &Request) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if path == "/version" {
        return Reply::json("{}");
    }
    let Some((_, kind)) = LISTS.iter().find(|(list, _)| *list == path) else {
        return Reply::status(404, "NotFound", "the server could not find the requested resource");
    };
    if request.is_watch() {
        return Reply::Held(Vec::new());
    }
    let items = objects[*kind].as_array().cloned().unwrap_or_default();
    let from = query.split('&').find_map(|part| part.strip_prefix("continue=")).map_or(0, |at| at.parse().unwrap());
    let to = items.len().min(from + PAGE);
    let next = if to < items.len() { to.to_string() } else { String::new() };
    Reply::json(json!({
        "kind": "List", "apiVersion": "v1",
        "metadata": { "resourceVersion": "7", "continue": next, "remainingItemCount": items.len() - to },
        "items": items[from..to],
    }))
}

/// A kubeconfig in this folder with a context for each name and server; the first one is current.
pub fn kubeconfig(folder: &Path, servers: &[(&str, &str)]) -> String {
    let each =
        |entry: fn(&str, &str) -> Value| -> Vec<Value> { servers.iter().map(|(name, url)| entry(name, url)).collect() };
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": servers[0].0,
        "clusters": each(|name, url| json!({ "name": name, "cluster": { "server": url } })),
        "users": [{ "name": "ada", "user": {} }],
        "contexts": each(|name, _| json!({ "name": name, "context": { "cluster": name, "user": "ada" } })),
    });
    let path = folder.join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    path.display().to_string()
}

/// The built program, in a home of its own.
pub async fn program(home: &Path, arguments: &[&str]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("QUARTERDECK_SOURCES", "{}")
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program runs")
}

/// What `status --json` says, over the servers of a kubeconfig.
pub async fn status(home: &Path, arguments: &[&str], config: &str) -> Value {
    let always = ["status", "--json", "--timeout", "60s", "--kubeconfig", config];
    let output = program(home, &[&always[..], arguments].concat()).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

#[test]
fn every_moment_served_over_http_is_told_by_the_program_as_the_tools_tell_it() {
    block_on(async {
        let asked = moments().into_iter().map(|(told, check)| async move {
            let objects = objects(&told);
            let server = Server::answering(move |request| answer(&objects, request)).await;
            let home = TempDir::new().unwrap();
            let config = kubeconfig(home.path(), &[("lab", &server.url)]);
            let document = status(home.path(), &["-A"], &config).await;
            for source in document["sources"].as_array().unwrap() {
                assert_eq!(source["status"], "live", "{}: {source}", told.display());
            }
            check(&document, &told);
        });
        futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    });
}
