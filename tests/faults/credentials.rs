//! Exec plug-ins: run without a terminal, with a deadline; what they print to standard output never
//! is in a message.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use quarterdeck::net::{Cluster, Deadlines, NetError, Patch, Sent, Target, Writes};

use super::server::{Reply, Server};
use super::support::block_on;

/// A kubeconfig whose user is this script; the script may use `$1` as a scratch file.
fn cluster(folder: &Path, url: &str, script: &str) -> Cluster {
    let plugin = folder.join("plugin");
    fs::write(&plugin, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o700)).unwrap();
    named(folder, url, &plugin.display().to_string())
}

fn named(folder: &Path, url: &str, plugin: &str) -> Cluster {
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "east",
        "clusters": [{ "name": "c", "cluster": { "server": url } }],
        "users": [{ "name": "ada", "user": { "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": plugin,
            "args": [folder.join("scratch")], "interactiveMode": "IfAvailable",
        } } }],
        "contexts": [{ "name": "east", "context": { "cluster": "c", "user": "ada" } }],
    });
    let path = folder.join("config");
    fs::write(&path, config.to_string()).unwrap();
    let target = Target::Kubeconfig { path: Some(path), context: None };
    let deadlines =
        Deadlines { exec: Duration::from_millis(700), probe: Duration::from_millis(100), ..Deadlines::default() };
    target.pin_with(deadlines).unwrap()
}

const TOKEN: &str = r#"echo '{"kind":"ExecCredential","status":{"token":"hunter2"}}'"#;

async fn failure(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let cluster = cluster(folder.path(), &server.url, script);
    let error = cluster.read().get("/x").await.unwrap_err();
    assert!(matches!(error, NetError::Credential(_)), "{error:?}");
    let sent = cluster.write(Writes::granted()).send(Patch { path: "/x".to_owned(), body: b"[]".to_vec() }).await;
    assert!(matches!(sent, Sent::NotSent { .. }), "{sent:?}");
    assert_eq!(server.requests().len(), 0, "nothing is asked without a credential");
    error.to_string()
}

#[test]
fn a_plugin_that_fails_is_named_with_its_last_words_and_without_its_output() {
    block_on(async {
        let said = failure("echo hunter2; echo first >&2; echo 'session expired' >&2; exit 3").await;
        assert!(said.contains("/plugin failed") && said.contains("exit status: 3"), "{said}");
        assert!(said.contains("session expired") && said.contains("log in again"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");

        let said = failure("echo 'token: hunter2 {{'").await;
        assert!(said.contains("did not print an ExecCredential"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");

        let said = failure("echo '{\"kind\":\"ExecCredential\",\"status\":{}}'").await;
        assert!(said.contains("neither a token nor a certificate"), "{said}");
    });
}

#[test]
fn a_plugin_that_hangs_asks_or_floods_is_ended() {
    block_on(async {
        let said = failure("exec sleep 60").await;
        assert!(said.contains("gave no answer within 0.7 s"), "{said}");
        // A question gets the end of input, not the operator's keys.
        let said = failure("read answer || { echo 'no input' >&2; exit 1; }").await;
        assert!(said.contains("no input"), "{said}");
        let said = failure("exec yes hunter2").await;
        assert!(!said.contains("hunter2"), "{said}");
    });
}

#[test]
fn a_plugin_that_is_not_there_is_said() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        let cluster = named(folder.path(), &server.url, "quarterdeck-no-such-plugin");
        let error = cluster.read().get("/x").await.unwrap_err().to_string();
        assert!(error.contains("quarterdeck-no-such-plugin did not start"), "{error}");
    });
}

#[test]
fn a_token_is_asked_for_once_and_after_a_401_once_more() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        let cluster = cluster(folder.path(), &server.url, &format!("echo run >> \"$1\"; {TOKEN}"));
        let runs = || fs::read_to_string(folder.path().join("scratch")).unwrap_or_default().lines().count();
        let read = cluster.read();
        let (a, b) = tokio::join!(read.get("/a"), read.get("/b"));
        a.and(b).unwrap();
        assert_eq!(runs(), 1);
        assert!(server.requests().iter().all(|request| request.head.contains("Bearer hunter2")));

        server.answer(|_| Reply::status(401, "Unauthorized", "Unauthorized"));
        let error = read.get("/a").await.unwrap_err();
        assert_eq!((error.code(), runs()), (Some(401), 2));
    });
}

/// A login that takes its time is not a server that is silent.
#[test]
fn r23_a_heartbeat_waits_for_a_slow_plugin_and_then_counts() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        // Longer than the heartbeat's deadline, shorter than the plug-in's.
        let cluster = cluster(folder.path(), &server.url, &format!("sleep 0.3; {TOKEN}"));
        cluster.read().probe("/version").await.unwrap();
        server.answer(|_| Reply::Silence);
        let error = cluster.read().probe("/version").await.unwrap_err();
        assert!(matches!(error, NetError::Deadline { what: "answer", .. }), "{error:?}");
    });
}

#[test]
fn a_plugin_nobody_waits_for_any_more_ends_with_all_it_started() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        // The child of the plug-in holds the pipe open for as long as it lives.
        let pipe = folder.path().join("scratch");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let cluster = cluster(folder.path(), &server.url, "sleep 600 > \"$1\" & wait");
        let asking = tokio::spawn(async move { cluster.read().get("/x").await });
        // Opens when the child has; ends when the last writer has.
        let mut reader = tokio::task::spawn_blocking(move || fs::File::open(pipe)).await.unwrap().unwrap();
        asking.abort();
        let rest = tokio::task::spawn_blocking(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let ended = tokio::time::timeout(Duration::from_mins(1), rest).await.expect("the child ends with the plug-in");
        assert_eq!(ended.unwrap().unwrap(), 0);
    });
}
