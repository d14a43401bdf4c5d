//! The configuration as a tree whose every value knows where it was written, and the reader that
//! collects what is wrong with it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::errors::{ConfigError, ConfigErrors, quoted, suggest};
use crate::config::yaml::{self, Word};

/// Where something was written. Line 0 stands for the whole of it: a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub origin: Arc<Origin>,
    pub line: usize,
    pub column: usize,
}

/// A file, or a variable of the environment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// As shown in messages.
    pub name: String,
    /// What relative paths in it start from.
    pub folder: PathBuf,
    /// The order in which mistakes are told.
    pub rank: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: At,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Word(String),
    Map(Vec<Entry>),
    List(Vec<Node>),
    Other,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub at: At,
    pub value: Node,
}

/// The tree of a text; nothing for an empty one, which is no mistake here.
pub(super) fn read(text: &str, origin: &Arc<Origin>, faults: &mut Faults) -> Option<Node> {
    match yaml::tree(text) {
        Ok(node) => node.map(|node| placed(node, origin)),
        Err(error) => {
            let at = At { origin: Arc::clone(origin), line: error.line, column: error.column };
            faults.tell(&at, error.message, error.hint);
            None
        }
    }
}

fn placed(node: yaml::Node, origin: &Arc<Origin>) -> Node {
    let at = |word: &Word| At { origin: Arc::clone(origin), line: word.line, column: word.column };
    match node {
        yaml::Node::Word(word) => Node { at: at(&word), what: What::Word(word.text) },
        yaml::Node::Other(word) => Node { at: at(&word), what: What::Other },
        yaml::Node::List(word, items) => {
            Node { at: at(&word), what: What::List(items.into_iter().map(|item| placed(item, origin)).collect()) }
        }
        yaml::Node::Map(word, entries) => {
            let entry =
                |(key, value): (Word, yaml::Node)| Entry { at: at(&key), key: key.text, value: placed(value, origin) };
            Node { at: at(&word), what: What::Map(entries.into_iter().map(entry).collect()) }
        }
    }
}

/// What is wrong, wherever it was written.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<(usize, String, ConfigError)>,
}

impl Faults {
    pub(super) fn tell(&mut self, at: &At, message: impl Into<String>, hint: Option<String>) {
        let mut error = ConfigError::new(at.line, at.column, message.into());
        error.hint = hint;
        self.found.push((at.origin.rank, at.origin.name.clone(), error));
    }

    /// With the words that are known, or the one that was meant.
    pub(super) fn unknown<'a>(
        &mut self,
        at: &At,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        self.tell(at, format!("unknown {what} {}", quoted(word)), Some(suggest(word, known)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// In the order of the files, and of the lines in each.
    pub(super) fn into_errors(mut self) -> ConfigErrors {
        self.found.sort_by(|a, b| (a.0, &a.1, a.2.line, a.2.column).cmp(&(b.0, &b.1, b.2.line, b.2.column)));
        ConfigErrors { errors: self.found.into_iter().map(|(_, file, error)| (file, error)).collect() }
    }
}

/// A mapping whose keys have been checked.
pub(super) struct Fields<'a> {
    pub at: &'a At,
    /// It holds a key that is not known: what seems to be missing may be that one.
    pub strange: bool,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value).filter(|node| !node.is_nothing())
    }

    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key).filter(|entry| !entry.value.is_nothing())
    }
}

impl Node {
    /// `key:` with nothing after it says nothing.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(&self.what, What::Word(text) if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// A mapping with these keys; another key, or one twice, is a mistake.
    pub(super) fn fields<'a>(&'a self, name: &str, known: &[&str], faults: &mut Faults) -> Option<Fields<'a>> {
        let What::Map(entries) = &self.what else {
            let hint = format!("its keys are {}", known.join(", "));
            faults.tell(&self.at, format!("{} must be a mapping", quoted(name)), Some(hint));
            return None;
        };
        let mut strange = false;
        let mut lines = HashMap::new();
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                faults.unknown(&entry.at, "key", &entry.key, known.iter().copied());
                strange = true;
            }
            let first = *lines.entry(entry.key.as_str()).or_insert(entry);
            if !std::ptr::eq(first, entry) {
                faults.tell(
                    &entry.at,
                    format!("key {} is already on line {}", quoted(&entry.key), first.at.line),
                    None,
                );
            }
        }
        Some(Fields { at: &self.at, strange, entries })
    }

    /// The items of a list.
    pub(super) fn items<'a>(&'a self, name: &str, faults: &mut Faults) -> &'a [Node] {
        if let What::List(items) = &self.what {
            return items;
        }
        let hint = Some("begin each item with \"- \", or put them between [ and ]".to_owned());
        faults.tell(&self.at, format!("{} must be a list", quoted(name)), hint);
        &[]
    }

    /// A single value.
    pub(super) fn word<'a>(&'a self, name: &str, faults: &mut Faults) -> Option<&'a str> {
        if let What::Word(text) = &self.what {
            return Some(text);
        }
        faults.tell(&self.at, format!("{} must be a single value", quoted(name)), None);
        None
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, name: &str, known: &[(&str, T)], faults: &mut Faults) -> Option<T> {
        let word = self.word(name, faults)?;
        let found = known.iter().find(|(known, _)| *known == word);
        if found.is_none() {
            faults.unknown(&self.at, name, word, known.iter().map(|(known, _)| *known));
        }
        found.map(|(_, value)| *value)
    }
}
