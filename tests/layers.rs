//! The shape of the house, checked: which module may know which (the table in `src/lib.rs`), how
//! long a file may get, and what lies at the top of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a part of `src` may name: modules of ours, packages, and parts of the standard library it
/// must leave alone.
struct Layer {
    modules: &'static [&'static str],
    packages: &'static [&'static str],
    not_std: &'static [&'static str],
}

const PURE: &[&str] = &["fs", "net", "process", "thread", "env", "io", "os"];
const TEXT: &[&str] = &["jiff", "serde", "thiserror", "unicode_width", "unicode_segmentation"];

/// The table. `None`: not in it, so nothing may stand there.
fn layer(module: &[String]) -> Option<Layer> {
    let ingest = module.len() > 2 && module[2].starts_with("ingest");
    Some(match module[0].as_str() {
        "text" => Layer { modules: &["text"], packages: TEXT, not_std: PURE },
        "model" => Layer { modules: &["model", "text"], packages: TEXT, not_std: PURE },
        "clock" => Layer { modules: &["model"], packages: TEXT, not_std: PURE },
        "command" => Layer { modules: &["command", "model", "text"], packages: TEXT, not_std: PURE },
        "slo" => Layer {
            modules: &["slo", "model", "text"],
            packages: &["jiff", "promql_parser", "serde", "serde_json", "serde_yaml", "thiserror"],
            not_std: PURE,
        },
        "action" => Layer { modules: &["action", "model", "text"], packages: TEXT, not_std: PURE },
        "state" => Layer {
            modules: &["state", "slo", "action", "command", "model", "text"],
            packages: &[
                "jiff",
                "serde",
                "regex",
                "tui_textarea",
                "ratatui::layout",
                "unicode_width",
                "unicode_segmentation",
            ],
            not_std: PURE,
        },
        "update" => Layer {
            modules: &["update", "state", "slo", "action", "command", "model", "text"],
            packages: &[
                "jiff",
                "serde",
                "regex",
                "tui_textarea",
                "ratatui::layout",
                "unicode_width",
                "unicode_segmentation",
            ],
            not_std: PURE,
        },
        "config" => Layer {
            modules: &["config", "slo", "command", "model", "text"],
            packages: &["etcetera", "jiff", "rustix", "serde", "serde_yaml", "thiserror"],
            not_std: &["net", "process", "thread"],
        },
        "ui" => Layer {
            modules: &["ui", "state", "slo", "config", "action", "command", "model", "text"],
            packages: &["jiff", "ratatui", "tui_textarea", "unicode_width", "unicode_segmentation"],
            not_std: PURE,
        },
        "term" => Layer {
            modules: &["term"],
            packages: &[
                "crossterm",
                "futures",
                "ratatui",
                "rustix",
                "thiserror",
                "tokio",
                "tokio_util",
                "tracing",
                "unicode_width",
            ],
            not_std: &["net"],
        },
        "net" => Layer { modules: &["net", "clock", "model", "text"], packages: CLIENTS, not_std: &[] },
        "systems" if ingest => Layer {
            modules: &["systems", "slo", "model", "text"],
            packages: &["base64", "jiff", "serde", "serde_json", "serde_yaml", "kube", "k8s_openapi", "thiserror"],
            not_std: PURE,
        },
        "systems" => Layer {
            modules: &["systems", "net", "slo", "action", "model", "text", "clock"],
            packages: CLIENTS,
            not_std: &["fs", "process"],
        },
        "journal" => Layer {
            modules: &["journal", "action", "model", "text"],
            packages: &["jiff", "rustix", "serde", "serde_json", "thiserror", "tracing"],
            not_std: &["net", "process"],
        },
        "demo" => Layer {
            modules: &["demo", "clock"],
            packages: &[
                "async_stream",
                "axum",
                "base64",
                "futures",
                "http",
                "jiff",
                "hashing",
                "promql_parser",
                "regex",
                "serde",
                "serde_json",
                "serde_yaml",
                "thiserror",
                "tokio",
                "tokio_util",
                "tracing",
            ],
            not_std: &["process"],
        },
        "app" | "cli" | "main" | "lib" => Layer { modules: ANY, packages: ANY, not_std: &[] },
        _ => return None,
    })
}

/// The folders of `systems`, one for each upstream system.
const SYSTEMS: &[&str] = &[
    "alertmanager",
    "argocd",
    "docker",
    "github",
    "gitops",
    "grafana",
    "helm",
    "istio",
    "kubernetes",
    "loki",
    "notify",
    "prometheus",
    "registry",
    "rollouts",
    "rustci",
    "tekton",
];

const ANY: &[&str] = &["*"];
/// Clients of every kind, and nothing of the terminal, the command line or the demo's server.
const CLIENTS: &[&str] = &["*", "!axum", "!clap", "!color_eyre", "!crossterm", "!ratatui", "!tui_textarea"];

#[test]
fn every_module_names_only_what_its_layer_may() {
    let root = root();
    let (modules, packages) = (top_modules(&root), packages(&root));
    let mut wrong = Vec::new();
    for file in files(&root.join("src"), "rs") {
        let here = module_of(&root, &file);
        let Some(layer) = layer(&here) else {
            wrong.push(format!("{}: no layer is agreed for it", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for (line, path) in paths(&text, &here, &packages) {
            if let Some(why) = forbidden(&layer, &here, &path, &modules, &packages) {
                wrong.push(format!("{}:{line}: `{}` {why}", file.display(), path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} forbidden imports:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rules bite: what is forbidden in one place is found, however it is written.
#[test]
fn a_forbidden_import_is_found() {
    let packages: BTreeSet<String> = ["tokio", "ratatui", "kube"].map(str::to_owned).into();
    let modules: BTreeSet<String> = ["state", "ui", "update", "systems", "model", "net"].map(str::to_owned).into();
    let broken = |module: &[&str], text: &str| {
        let here: Vec<String> = module.iter().map(|&part| part.to_owned()).collect();
        let layer = layer(&here).unwrap();
        paths(text, &here, &packages)
            .iter()
            .any(|(_, path)| forbidden(&layer, &here, path, &modules, &packages).is_some())
    };
    assert!(broken(&["state", "world"], "use crate::ui::draw;"));
    assert!(broken(&["state", "world"], "use crate::{model::Uid, ui};"));
    assert!(broken(&["state", "world"], "use super::super::ui;"));
    assert!(broken(&["state", "world"], "fn f() { crate::systems::start(); }"));
    assert!(broken(&["state"], "fn f() { tokio::spawn(g()); }"));
    assert!(broken(&["state"], "use ratatui::Frame;"));
    assert!(broken(&["update"], "use std::fs::File;"));
    assert!(broken(&["update"], "use std::{collections::BTreeMap, fs};"));
    assert!(broken(&["systems", "rollouts", "watch"], "use crate::systems::kubernetes::ingest;"));
    assert!(broken(&["systems", "rollouts", "watch"], "use super::super::kubernetes::ingest;"));
    assert!(broken(&["systems", "rollouts", "ingest"], "use tokio::sync::mpsc;"));
    assert!(!broken(&["state"], "use ratatui::layout::Rect; mod tests { use super::ui; use super::super::model; }"));
    assert!(!broken(&["state"], "// use tokio::spawn\nconst A: &str = \"crate::ui\"; const B: char = '\"';"));
    assert!(!broken(&["systems", "rollouts", "watch"], "use super::ingest; use crate::systems::rollouts::ingest;"));
}

#[test]
fn no_file_of_the_sources_is_too_long_to_read() {
    let long: Vec<String> = files(&root().join("src"), "rs")
        .into_iter()
        .filter_map(|file| {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            (lines > 450).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    assert!(long.is_empty(), "over 450 lines:\n{}", long.join("\n"));
}

#[test]
fn the_top_of_the_repository_is_the_agreed_one() {
    const AGREED: &[&str] = &[
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "demo",
        "keymaps",
        "snapshots",
        "src",
        "tests",
        "themes",
    ];
    let tops = tracked_tops().unwrap_or_else(folder_tops);
    let found: BTreeSet<String> = tops.into_iter().filter(|name| !name.starts_with('.') && name != "target").collect();
    let agreed: BTreeSet<String> = AGREED.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, agreed);
}

/// What is in the repository: a file that merely lies in the folder (a log saved there) is not.
/// `None` without git, or where this is no clone.
fn tracked_tops() -> Option<BTreeSet<String>> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().ok()?;
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let tops: BTreeSet<String> = names
        .split('\0')
        .filter_map(|path| path.split('/').next())
        .filter(|top| !top.is_empty())
        .map(str::to_owned)
        .collect();
    (listed.status.success() && tops.contains("Cargo.toml")).then_some(tops)
}

fn folder_tops() -> BTreeSet<String> {
    fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder with this extension (all of them for none), without what tools keep there.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_symlink() || name == ".git" || name == "target" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if extension.is_empty() || path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `src/systems/rollouts/watch.rs` → `systems rollouts watch`; `src/ui/mod.rs` → `ui`.
fn module_of(root: &Path, file: &Path) -> Vec<String> {
    let inside = file.strip_prefix(root.join("src")).unwrap().with_extension("");
    let mut parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

fn top_modules(root: &Path) -> BTreeSet<String> {
    let lib = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

/// The packages of `[dependencies]`, as code names them.
fn packages(root: &Path) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once('=')?.0.trim().replace('-', "_")))
        .collect()
}

/// Why this path may not stand here, if so.
fn forbidden(
    layer: &Layer,
    here: &[String],
    path: &[String],
    modules: &BTreeSet<String>,
    packages: &BTreeSet<String>,
) -> Option<&'static str> {
    let may = |list: &[&str], name: &str| {
        (list.contains(&"*") && !list.contains(&format!("!{name}").as_str())) || list.contains(&name)
    };
    let second = path.get(1).map_or("", String::as_str);
    match path[0].as_str() {
        "crate" if second == "systems" && here[0] == "systems" => {
            // Another system's folder: `systems::X::…` where X is a folder that is not ours.
            let other = path.get(2).is_some_and(|system| {
                SYSTEMS.contains(&system.as_str())
                    // The files beside the folders are the table of all systems.
                    && here.get(1).is_some_and(|own| SYSTEMS.contains(&own.as_str()) && own != system)
            });
            other.then_some("is another system")
        }
        "crate" => {
            (modules.contains(second) && !may(layer.modules, second)).then_some("is not a layer this one may see")
        }
        "std" => layer.not_std.contains(&second).then_some("does input or output"),
        package if packages.contains(package) => {
            let part = format!("{package}::{second}");
            (!may(layer.packages, package) && !layer.packages.contains(&part.as_str()))
                .then_some("is a package this layer may not use")
        }
        _ => None,
    }
}

/// Every path in a file that starts at the crate, the standard library or a package, with its
/// line; `super` resolved, groups taken apart.
fn paths(text: &str, here: &[String], packages: &BTreeSet<String>) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let (line, token) = &tokens[at];
        match token.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.retain(|(_, opened)| *opened <= depth);
            }
            "mod" if tokens.get(at + 2).is_some_and(|(_, token)| token == "{") => {
                inline.push((tokens[at + 1].1.clone(), depth + 1));
            }
            start if at == 0 || tokens[at - 1].1 != "::" => {
                let begins = start == "crate" || start == "std" || start == "super" || packages.contains(start);
                if begins && tokens.get(at + 1).is_some_and(|(_, token)| token == "::") {
                    let mut module = here.to_vec();
                    module.extend(inline.iter().map(|(name, _)| name.clone()));
                    for path in expand(&tokens, at).0 {
                        found.push((*line, resolve(&module, path)));
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// `super::super::x` seen from `module` → `crate::…::x`.
fn resolve(module: &[String], path: Vec<String>) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    if ups == 0 {
        return path;
    }
    let mut absolute = vec!["crate".to_owned()];
    absolute.extend(module.iter().take(module.len().saturating_sub(ups)).cloned());
    absolute.extend(path.into_iter().skip(ups));
    absolute
}

/// The paths that begin at a token, groups taken apart, and where they end.
fn expand(tokens: &[(usize, String)], mut at: usize) -> (Vec<Vec<String>>, usize) {
    let mut path = Vec::new();
    loop {
        match tokens.get(at).map(|(_, token)| token.as_str()) {
            Some("{") => {
                let mut all = Vec::new();
                at += 1;
                while let Some((_, token)) = tokens.get(at) {
                    match token.as_str() {
                        "}" => return (all, at + 1),
                        "," => at += 1,
                        _ => {
                            let (inner, end) = expand(tokens, at);
                            all.extend(inner.into_iter().map(|inner| [path.clone(), inner].concat()));
                            at = end.max(at + 1);
                        }
                    }
                }
                return (all, at);
            }
            Some(part) if part == "*" || is_word(part) => path.push(part.to_owned()),
            _ => return (vec![path], at),
        }
        at += 1;
        if tokens.get(at).is_none_or(|(_, token)| token != "::") {
            return (vec![path], at);
        }
        at += 1;
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Words and the signs that paths are made of, with their lines; no comments, no strings.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let letters: Vec<char> = text.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    let next = |at: usize| letters.get(at + 1).copied().unwrap_or(' ');
    while at < letters.len() {
        match letters[at] {
            '\n' => line += 1,
            '/' if next(at) == '/' => {
                while at + 1 < letters.len() && letters[at + 1] != '\n' {
                    at += 1;
                }
            }
            '/' if next(at) == '*' => {
                while at + 1 < letters.len() && !(letters[at] == '*' && letters[at + 1] == '/') {
                    line += usize::from(letters[at] == '\n');
                    at += 1;
                }
                at += 1;
            }
            'r' if raw_string(&letters, at).is_some() => {
                let end = raw_string(&letters, at).unwrap();
                line += letters[at..end].iter().filter(|letter| **letter == '\n').count();
                at = end - 1;
            }
            '"' => {
                at += 1;
                while at < letters.len() && letters[at] != '"' {
                    line += usize::from(letters[at] == '\n');
                    at += 1 + usize::from(letters[at] == '\\');
                }
            }
            // A character, not a lifetime: 'x' or '\…'.
            '\'' if next(at) == '\\' || letters.get(at + 2) == Some(&'\'') => {
                at += 2;
                while at < letters.len() && letters[at] != '\'' {
                    at += 1;
                }
            }
            ':' if next(at) == ':' => {
                found.push((line, "::".to_owned()));
                at += 1;
            }
            sign @ ('{' | '}' | ',' | '*' | ';') => found.push((line, sign.to_string())),
            first if first == '_' || first.is_alphanumeric() => {
                let start = at;
                while at + 1 < letters.len() && (letters[at + 1] == '_' || letters[at + 1].is_alphanumeric()) {
                    at += 1;
                }
                found.push((line, letters[start..=at].iter().collect()));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where a raw string that begins at `at` ends, if one does.
fn raw_string(letters: &[char], at: usize) -> Option<usize> {
    if at > 0 && (letters[at - 1] == '_' || letters[at - 1].is_alphanumeric()) && letters[at - 1] != 'b' {
        return None;
    }
    let hashes = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(at + 1 + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + 2 + hashes;
    while end < letters.len() {
        if letters[end] == '"'
            && letters[end + 1..].iter().take(hashes).filter(|letter| **letter == '#').count() == hashes
        {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    None
}
