//! A kubeconfig that could hold the program up: its plug-in hangs, or the file has no end.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tempfile::TempDir;

use super::doctor::{doctor, found, has};
use super::{run, said};
use crate::faults::server::Server;
use crate::faults::support::block_on;

#[test]
fn doctor_names_a_plugin_that_hangs() {
    block_on(async {
        let (home, server) = (TempDir::new().unwrap(), Server::start().await);
        let plugin = home.path().join("login-helper");
        std::fs::write(&plugin, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o700)).unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "east",
            "clusters": [{ "name": "c", "cluster": { "server": server.url } }],
            "users": [{ "name": "ada", "user": { "exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "interactiveMode": "Never",
            } } }],
            "contexts": [{ "name": "east", "context": { "cluster": "c", "user": "ada" } }],
        });
        let path = home.path().join("kubeconfig");
        std::fs::write(&path, config.to_string()).unwrap();
        let output =
            doctor(home.path(), "version: 1\n", &["--json", "--kubeconfig", &path.display().to_string()]).await;
        let (code, _, rows) = found(&output);
        assert_eq!(code, Some(1));
        has(&rows, "login-helper of the kubeconfig gave no credential within 8 s");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("run it in a shell to see what it waits for"), "{text}");
    });
}

#[test]
fn a_kubeconfig_that_is_a_pipe_is_refused_at_once() {
    let home = TempDir::new().unwrap();
    let pipe = home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (code, out, _) = said(&run(home.path(), &["status", "--json", "--kubeconfig", &pipe.display().to_string()]));
    assert_eq!(code, Some(0), "that it cannot be used is an answer");
    assert!(out.contains("is a pipe and no file") && out.contains("put the kubeconfig in a file"), "{out}");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["status", "--json"])
        .env_clear()
        .env("HOME", home.path())
        .env("KUBECONFIG", &pipe)
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("is a pipe and no file"));
}
