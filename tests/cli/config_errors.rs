//! The configuration as the built program takes it: what is wrong is told before anything else, and
//! what is right reaches the sources. What is said of each mistake stands beside its check.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::said;

/// Runs the program in that home and working directory, with these variables and no other.
fn run(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied())
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn home(text: &str) -> TempDir {
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yaml"), text).unwrap();
    home
}

#[test]
fn a_broken_configuration_exits_with_2_and_every_mistake_with_its_place() {
    let home = home("version: 1\ntheme: dekc\nsources:\n  github: { token: ghp_s3cr3t }\n  prometeus: {}\n");
    for arguments in [&[][..], &["status"][..], &["status", "--json"][..]] {
        let (code, out, err) = said(&run(home.path(), arguments, &[]));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains("config.yaml:4:20: a secret must not stand here; take it from"), "{err}");
        assert!(err.contains("config.yaml:5:3: unknown key \"prometeus\"; did you mean \"prometheus\"?"), "{err}");
        assert!(err.contains("config.yaml:2:8: there is no theme \"dekc\""), "{err}");
        assert_eq!(err.lines().count(), 3, "{err}");
        assert!(!err.contains("s3cr3t"), "{err}");
    }
}

#[test]
fn a_theme_and_a_keymap_that_are_not_there_are_told_where_they_were_chosen() {
    let home = home("version: 1\ntheme: dekc\nkeymap: vmi\nsources: {}\n");
    let (code, _, err) = said(&run(home.path(), &[], &[]));
    assert_eq!(code, Some(2));
    assert!(err.contains("config.yaml:2:8: there is no theme \"dekc\"; did you mean \"deck\"?"), "{err}");
    assert!(err.contains("config.yaml:3:9: there is no keymap \"vmi\"; did you mean \"vim\"?"), "{err}");
    // A flag wins, and what it wins over is not looked at.
    let (_, _, err) = said(&run(home.path(), &["--theme", "light", "--keymap", "vim"], &[]));
    assert!(!err.contains("theme") && err.contains("terminal"), "{err}");
}

#[test]
fn another_file_and_the_environment_are_read_and_a_missing_file_is_told() {
    let home = home("version: 1\nsources: {}\n");
    let (code, _, err) = said(&run(home.path(), &["status", "--config", "none.yaml"], &[]));
    assert_eq!(code, Some(2));
    assert!(err.contains("none.yaml: cannot be read: No such file"), "{err}");
    std::fs::write(home.path().join("other.yaml"), "version: 3\n").unwrap();
    let (code, _, err) = said(&run(home.path(), &["--config", "other.yaml", "status"], &[]));
    assert_eq!(code, Some(2));
    assert!(err.contains("other.yaml:1:10: unknown version \"3\""), "{err}");
    let wrong = [("QUARTERDECK_SOURCES__PROMETHEUS__URL", "ftp://x")];
    let (code, _, err) = said(&run(home.path(), &["status"], &wrong));
    assert_eq!(code, Some(2));
    assert!(err.contains("$QUARTERDECK_SOURCES__PROMETHEUS__URL: \"ftp://x\" is no URL of a web server"), "{err}");
}

/// The sources that `status --json` names, as `system target`.
fn sources(output: &Output) -> Vec<String> {
    let (code, out, err) = said(output);
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{code:?} {err}"));
    let rows = document["sources"].as_array().unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| format!("{} {}", text(row, "system"), text(row, "target"))).collect()
}

#[test]
fn what_the_configuration_names_is_what_is_spoken_to() {
    let home = home(
        "version: 1\nenvironments:\n  - { name: staging, cluster: west, namespace: shop }\nsources:\n  prometheus: { url: 'http://127.0.0.1:1' }\n  docker: { host: 'unix:///nowhere.sock' }\n",
    );
    let all = ["kubernetes west", "rollouts west", "prometheus 127.0.0.1:1", "docker /nowhere.sock"];
    assert_eq!(sources(&run(home.path(), &["status", "--json"], &[])), all);
    // Flags win over the clusters of the environments, and leave the other sources alone.
    let flagged = sources(&run(home.path(), &["status", "--json", "--context", "east"], &[]));
    assert_eq!(flagged, ["kubernetes east", "rollouts east", all[2], all[3]]);
}

#[test]
fn without_a_configuration_the_sources_are_discovered() {
    let home = TempDir::new().unwrap();
    let place = [("PROMETHEUS_URL", "http://127.0.0.1:1"), ("DOCKER_HOST", "tcp://127.0.0.1:1")];
    let found = sources(&run(home.path(), &["status", "--json"], &place));
    let all =
        ["kubernetes current context", "rollouts current context", "prometheus 127.0.0.1:1", "docker 127.0.0.1:1"];
    assert_eq!(found, all);
}

#[test]
fn a_demo_refuses_what_it_has_no_use_for_and_wrong_numbers_before_it_looks_for_a_terminal() {
    let home = TempDir::new().unwrap();
    let table: [(&[&str], &str); 7] = [
        (&["demo", "--kubeconfig", "x"], "--kubeconfig has no place in a demo"),
        (&["--context", "x", "demo"], "--context has no place in a demo"),
        (&["demo", "-n", "x"], "--namespace has no place in a demo"),
        (&["demo", "--config", "x"], "--config has no place in a demo"),
        (&["demo", "--speed", "1e99"], "--speed 1e99 is out of range: from 0.01 to 10000"),
        (&["demo", "--speed", "-1"], "--speed -1 is out of range: from 0.01 to 10000"),
        (&["demo", "nonsense"], "no scenario is named \"nonsense\""),
    ];
    for (arguments, wanted) in table {
        let (code, out, err) = said(&run(home.path(), arguments, &[]));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.contains(wanted), "{arguments:?}: {err}");
        assert!(!err.contains("terminal"), "{err}");
    }
}

#[test]
fn themes_and_keymaps_are_told_beside_everything_else() {
    let home = home("version: 1\ntheme: dekc\nkeymap: vmi\nprometeus: {}\n");
    for arguments in [&[][..], &["status"][..]] {
        let (code, _, err) = said(&run(home.path(), arguments, &[]));
        assert_eq!((code, err.lines().count()), (Some(2), 3), "{err}");
        assert!(err.contains("there is no theme \"dekc\"") && err.contains("there is no keymap \"vmi\""), "{err}");
        assert!(err.contains("unknown key \"prometeus\""), "{err}");
    }
}

#[test]
fn a_variable_of_another_version_or_without_a_name_is_told() {
    let home = home("version: 1\nsources: {}\n");
    let told = |name: &str, value: &str| said(&run(home.path(), &["status"], &[(name, value)]));
    let (code, _, err) = told("QUARTERDECK_VERSION", "2");
    assert_eq!(code, Some(2));
    assert!(err.contains("$QUARTERDECK_VERSION: unknown version \"2\"; this program reads version 1"), "{err}");
    let (code, _, err) = told("QUARTERDECK_", "1");
    assert_eq!(code, Some(2));
    assert!(err.contains("$QUARTERDECK_: a part of its name is empty"), "{err}");
}

#[test]
fn many_mistakes_are_told_as_a_page_and_a_number() {
    use std::fmt::Write as _;
    let mut text = "version: 1\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "key-{number}: 1").unwrap();
    }
    let home = home(&text);
    let (code, _, err) = said(&run(home.path(), &["status"], &[]));
    assert_eq!((code, err.lines().count()), (Some(2), 51));
    assert!(err.ends_with("… and 19950 more\n"), "{err}");
}

/// What a command has no use for is not offered.
#[test]
fn the_help_of_a_command_offers_what_it_uses() {
    let home = home("version: 1\n");
    let help = |name: &str| said(&run(home.path(), &[name, "--help"], &[])).1;
    for flag in ["--kubeconfig", "--context", "--config ", "--namespace", "--all-namespaces"] {
        assert!(!help("demo").contains(flag), "{flag}: {}", help("demo"));
        assert!(help("status").contains(flag), "{flag}: {}", help("status"));
    }
    for flag in ["--theme", "--keymap", "--view", "--seed"] {
        assert!(help("demo").contains(flag), "{flag}");
    }
    assert!(!help("tty-reset").contains("--theme") && !help("doctor").contains("--view"));
    // It is still a mistake with a sentence of its own.
    let (code, _, err) = said(&run(home.path(), &["demo", "--context", "east"], &[]));
    assert_eq!(code, Some(2));
    assert!(err.contains("--context has no place in a demo"), "{err}");
}
