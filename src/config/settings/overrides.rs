//! `QUARTERDECK_SOURCES__PROMETHEUS__URL=…`: a value of the configuration from the environment. Two
//! underscores are one level down, one is a hyphen; a number is the position in a list, from 0.

use std::path::Path;
use std::sync::Arc;

use super::tree::{At, Entry, Faults, Node, Origin, What, read};
use crate::config::errors::quoted;

const PREFIX: &str = "QUARTERDECK_";

/// Puts what the environment says into the tree.
pub(super) fn apply(root: &mut Option<Node>, environment: &[(String, String)], folder: &Path, faults: &mut Faults) {
    let mut found: Vec<(Vec<String>, &str, &str)> =
        environment.iter().filter_map(|(name, value)| Some((path(name)?, name.as_str(), value.as_str()))).collect();
    // A shorter path first: what is more exact has the last word.
    found.sort();
    for (path, name, value) in found {
        let origin = Arc::new(Origin { name: format!("${name}"), folder: folder.to_path_buf(), rank: 2 });
        let at = At { origin: Arc::clone(&origin), line: 0, column: 0 };
        if path.iter().any(String::is_empty) {
            let hint = Some("two underscores go one level down, such as QUARTERDECK_SOURCES__GITHUB__URL".to_owned());
            faults.tell(&at, "a part of its name is empty", hint);
            continue;
        }
        let node = value_of(value, &origin, &at);
        if path == ["version"] && !matches!(&node.what, What::Word(word) if word == "1") {
            let hint = Some("this program reads version 1".to_owned());
            faults.tell(&at, format!("unknown version {}", quoted(value)), hint);
        }
        let root = root.get_or_insert_with(|| map(&at));
        if let Err(message) = set(root, &path, node, &at) {
            faults.tell(&at, message, None);
        }
    }
}

/// Of the program and of its tests, and no value of the configuration.
const OTHERS: [&str; 6] = [
    "QUARTERDECK_LOG",
    "QUARTERDECK_LAB",
    "QUARTERDECK_LIVE_KUBECONFIG",
    "QUARTERDECK_DOCKER",
    "QUARTERDECK_REGISTRY",
    "QUARTERDECK_RECORDINGS",
];

/// The path that a variable names; what is not known is refused where it is read.
fn path(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(PREFIX)?;
    let part = |part: &str| part.to_ascii_lowercase().replace('_', "-");
    if OTHERS.contains(&name) || name.starts_with("QUARTERDECK_OPENAPI") {
        return None;
    }
    Some(rest.split("__").map(part).collect())
}

/// A mapping or a list where it is written as one; everything else as it stands.
fn value_of(value: &str, origin: &Arc<Origin>, at: &At) -> Node {
    let text = || Node { at: at.clone(), what: What::Word(value.to_owned()) };
    if !value.trim_start().starts_with(['{', '[']) {
        return text();
    }
    let mut scratch = Faults::default();
    match read(value, origin, &mut scratch) {
        Some(mut node) if scratch.is_empty() => {
            forget_lines(&mut node);
            node
        }
        _ => text(),
    }
}

/// The lines of a variable mean nothing to anybody.
fn forget_lines(node: &mut Node) {
    (node.at.line, node.at.column) = (0, 0);
    match &mut node.what {
        What::Map(entries) => {
            for entry in entries {
                (entry.at.line, entry.at.column) = (0, 0);
                forget_lines(&mut entry.value);
            }
        }
        What::List(items) => items.iter_mut().for_each(forget_lines),
        What::Word(_) | What::Other => {}
    }
}

fn map(at: &At) -> Node {
    Node { at: at.clone(), what: What::Map(Vec::new()) }
}

fn set(node: &mut Node, path: &[String], value: Node, at: &At) -> Result<(), String> {
    let Some((key, rest)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    if node.is_nothing() {
        node.what = if key == "0" { What::List(Vec::new()) } else { What::Map(Vec::new()) };
    }
    match &mut node.what {
        What::Map(entries) => {
            let place = entries.iter().position(|entry| entry.key == *key);
            let place = place.unwrap_or_else(|| {
                let value = Node { at: at.clone(), what: What::Word(String::new()) };
                entries.push(Entry { key: key.clone(), at: at.clone(), value });
                entries.len() - 1
            });
            set(&mut entries[place].value, rest, value, at)
        }
        What::List(items) => {
            let count = items.len();
            let place = key.parse::<usize>().ok().filter(|place| *place <= count);
            let Some(place) = place else {
                return Err(format!("the list has no such item: count from 0, up to {count} for a new one"));
            };
            if place == count {
                items.push(Node { at: at.clone(), what: What::Word(String::new()) });
            }
            set(&mut items[place], rest, value, at)
        }
        What::Word(_) | What::Other => Err("there is a single value, which has nothing below it".to_owned()),
    }
}
