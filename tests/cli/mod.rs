//! The built program without a screen: arguments, exit codes, and what it says of bad input.

pub mod bad_input;
mod beside;
mod certificates;
mod config_errors;
pub mod doctor;
mod doctor_argocd;
mod grafana;
mod odd_answers;
mod plugins;
mod proxy;
mod sources;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Runs the program in a home of its own, without the caller's kubeconfig.
fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("TERM", "xterm-256color")
        .env("QUARTERDECK_SOURCES", "{}")
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn help_and_version_are_no_mistakes() {
    let home = TempDir::new().unwrap();
    let (code, out, _) = said(&run(home.path(), &["--help"]));
    assert_eq!(code, Some(0));
    for word in ["--kubeconfig", "--context", "--namespace", "--all-namespaces", "demo", "status", "tty-reset"] {
        assert!(out.contains(word), "{word} in {out}");
    }
    let (code, out, _) = said(&run(home.path(), &["--version"]));
    assert_eq!((code, out.trim()), (Some(0), concat!("quarterdeck ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_say_what_was_meant() {
    let home = TempDir::new().unwrap();
    let table: [(&[&str], &str); 7] = [
        (&["--contxt", "x"], "--context"),
        (&["statsu"], "status"),
        (&["-A", "-n", "x", "status"], "cannot be used with"),
        (&["status", "--timeout", "soon"], "10s"),
        (&["--log-memory", "1TiB"], "64MiB"),
        (&["--view", "attic"], "deck"),
        (&["demo", "--speed", "fast"], "--speed"),
    ];
    for (arguments, wanted) in table {
        let (code, out, err) = said(&run(home.path(), arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {err}");
        assert!(err.contains(wanted), "{arguments:?}: {wanted:?} in {err}");
        assert_eq!(out, "", "{arguments:?}");
    }
}

#[test]
fn a_missing_kubeconfig_is_a_source_that_says_so() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(&run(home.path(), &["status", "--json"]));
    assert_eq!(code, Some(0), "every source has answered: {err}");
    let document: serde_json::Value = serde_json::from_str(&out).expect("one JSON document");
    assert_eq!(document["version"], 1);
    let sources = document["sources"].as_array().unwrap();
    assert!(!sources.is_empty());
    for source in sources {
        assert_eq!(source["status"], "failed");
        let message = source["message"].as_str().unwrap();
        assert!(message.contains("kubeconfig") && message.contains("quarterdeck demo"), "{message}");
    }
    let (code, out, _) = said(&run(home.path(), &["status"]));
    assert_eq!(code, Some(0));
    assert!(out.contains("no kubeconfig"), "{out}");
}

#[test]
fn a_kubeconfig_that_is_empty_broken_or_without_the_context_says_which() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("config");
    let cluster = "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
        clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n\
        users: [{name: u, user: {}}]\n\
        contexts: [{name: one, context: {cluster: c, user: u}}]\n";
    let table: [(&str, &[&str], &str); 3] =
        [("", &[], "config"), ("{[", &[], "config"), (cluster, &["--context", "two"], "two")];
    for (text, more, wanted) in table {
        std::fs::write(&file, text).unwrap();
        let path = file.display().to_string();
        let mut arguments = vec!["status", "--json", "--kubeconfig", &path];
        arguments.extend(more);
        let (code, out, err) = said(&run(home.path(), &arguments));
        assert_eq!(code, Some(0), "{err}");
        let document: serde_json::Value = serde_json::from_str(&out).expect("one JSON document");
        let message = document["sources"][0]["message"].as_str().unwrap_or_else(|| panic!("{text:?}: {out}"));
        assert_eq!(document["sources"][0]["status"], "failed");
        assert!(message.contains(wanted), "{text:?}: {message}");
    }
}

#[test]
fn an_unreachable_server_is_said_within_the_time_given() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("config");
    // Port 1 of the loopback answers nobody.
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
        clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n\
        users: [{name: u, user: {}}]\n\
        contexts: [{name: one, context: {cluster: c, user: u}}]\n";
    std::fs::write(&file, text).unwrap();
    let path = file.display().to_string();
    let (code, out, err) = said(&run(home.path(), &["status", "--json", "--kubeconfig", &path]));
    assert_eq!(code, Some(0), "failed is an answer: {err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    for source in document["sources"].as_array().unwrap() {
        assert_eq!(source["status"], "failed", "{out}");
    }
}

#[test]
fn broken_settings_are_told_all_at_once_before_anything_else() {
    let home = TempDir::new().unwrap();
    let theme = home.path().join("theme.yaml");
    let keymap = home.path().join("keymap.yaml");
    std::fs::write(&theme, "palette: {}\nroles:\n  acent: red\n").unwrap();
    std::fs::write(&keymap, "base: default\nglobal:\n  x: quitt\n").unwrap();
    let (theme, keymap) = (theme.display().to_string(), keymap.display().to_string());
    let (code, out, err) = said(&run(home.path(), &["--theme", &theme, "--keymap", &keymap]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("theme.yaml:3:") && err.contains("keymap.yaml:3:"), "{err}");
    assert!(err.contains("quit"), "a suggestion: {err}");
}

#[test]
fn without_a_terminal_the_console_refuses_in_one_line() {
    let home = TempDir::new().unwrap();
    for arguments in [&[][..], &["demo"][..]] {
        let (code, out, err) = said(&run(home.path(), arguments));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(!err.contains('\x1b'));
    }
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "nothing was written: {left:?}");
}

#[test]
fn a_server_that_never_answers_exits_with_5_and_what_is_known_is_printed() {
    let home = TempDir::new().unwrap();
    // It takes connections (the system does, into its backlog) and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let file = home.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
         clusters: [{{name: c, cluster: {{server: 'http://{}'}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n\
         contexts: [{{name: one, context: {{cluster: c, user: u}}}}]\n",
        silent.local_addr().unwrap()
    );
    std::fs::write(&file, text).unwrap();
    let path = file.display().to_string();
    let (code, out, err) = said(&run(home.path(), &["status", "--json", "--timeout", "300ms", "--kubeconfig", &path]));
    assert_eq!(code, Some(5), "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["sources"][0]["status"], "connecting", "{out}");
}
