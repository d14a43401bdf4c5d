//! The shape of the house, checked: which module may know which (the table in `src/lib.rs`), how
//! long a file may get, and what lies at the top of the repository.

mod read;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use read::{forbidden, paths};
use table::layer;

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
