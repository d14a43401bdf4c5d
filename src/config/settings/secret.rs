//! Where a secret is taken from. A secret that stands in the file itself is refused, and nothing that
//! might be one is ever printed.

use super::tree::{Faults, Fields, Node, What};
use super::words::{self, checked};
use crate::config::errors::nearest;
use crate::model::scope::SecretSource;

const KEYS: [&str; 3] = ["env", "file", "command"];
const HELP: &str = "take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }";

/// `{ env: NAME }`, `{ file: PATH }` or `{ command: [PROGRAM, …] }`.
pub(super) fn read(node: &Node, faults: &mut Faults) -> Option<SecretSource> {
    let entries = match &node.what {
        What::Map(entries) => entries,
        What::Word(_) => {
            faults.tell(&node.at, "a secret must not stand here", Some(HELP.to_owned()));
            return None;
        }
        What::List(_) | What::Other => {
            faults.tell(&node.at, "this names no secret", Some(HELP.to_owned()));
            return None;
        }
    };
    let mut sound = true;
    for entry in entries {
        if !KEYS.contains(&entry.key.as_str()) {
            // The key may be the secret: only one that is nearly a known word is told.
            let hint = nearest(&entry.key, KEYS.into_iter()).map(|near| format!("did you mean \"{near}\"?"));
            faults.tell(&entry.at, "unknown key of a secret", Some(hint.unwrap_or_else(|| HELP.to_owned())));
            sound = false;
        }
    }
    if !sound {
        return None;
    }
    let [entry] = &entries[..] else {
        faults.tell(&node.at, "a secret comes from one place", Some(HELP.to_owned()));
        return None;
    };
    match entry.key.as_str() {
        "env" => checked(&entry.value, "env", words::variable, faults).map(SecretSource::Env),
        "file" => file(&entry.value, faults),
        _ => command(&entry.value, faults),
    }
}

fn file(node: &Node, faults: &mut Faults) -> Option<SecretSource> {
    let path = node.word("file", faults)?;
    if words::looks_secret(path) {
        faults.tell(&node.at, "this looks like a token itself", Some("name the file that holds it".to_owned()));
        return None;
    }
    if path.is_empty() || path.starts_with('~') {
        let hint = "write the whole path, or one that begins at the folder of this file".to_owned();
        faults.tell(&node.at, "this is no path", Some(hint));
        return None;
    }
    Some(SecretSource::File(node.at.origin.folder.join(path)))
}

fn command(node: &Node, faults: &mut Faults) -> Option<SecretSource> {
    let hint = || Some("write program and arguments as a list, such as [gh, auth, token]; no shell is used".to_owned());
    let What::List(items) = &node.what else {
        faults.tell(&node.at, "a command is a list of words", hint());
        return None;
    };
    let mut words = Vec::new();
    for item in items {
        let What::Word(word) = &item.what else {
            faults.tell(&item.at, "a command is a list of words", hint());
            return None;
        };
        words.push(word.clone());
    }
    if words.first().is_none_or(String::is_empty) {
        faults.tell(&node.at, "the command names no program", hint());
        return None;
    }
    Some(SecretSource::Command(words))
}

/// The secret under this key, if there is one.
pub(super) fn of(fields: &Fields, key: &str, faults: &mut Faults) -> Option<SecretSource> {
    fields.get(key).and_then(|node| read(node, faults))
}
