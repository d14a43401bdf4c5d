//! The objects of a world, their resource versions, and the history that watchers read: what etcd
//! is to the real server. One sequence of resource versions for all kinds.
//!
//! The history is bounded, as etcd's is by compaction: a watch or a page that asks for something
//! older is told 410.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use serde_json::Value;

use super::kinds::{Key, Kind};
use super::value::set;

/// Frames kept for watchers that come back.
const HISTORY: usize = 8_192;

/// One version of one object, serialised when it is first asked for.
#[derive(Debug)]
pub(super) struct Object {
    /// Its resource version.
    pub(super) version: u64,
    body: Body,
    whole: OnceLock<Bytes>,
    item: OnceLock<Bytes>,
}

/// How an object is kept.
#[derive(Debug)]
pub(super) enum Body {
    /// Parsed, for worlds that change it.
    Json(Value),
    /// As it is sent, and parsed once somebody asks: a tree takes several times as much memory.
    Text(Bytes, OnceLock<Value>),
    /// A page shared by thousands, with the few words that differ: the scale world's pods.
    Cut(Arc<Cut>, Box<[Box<str>]>),
}

/// Text with numbered holes.
#[derive(Debug)]
pub(super) struct Cut {
    /// Literal text, then the number of the word that follows it; the last has none.
    pub(super) parts: Vec<(String, Option<usize>)>,
}

impl Cut {
    fn fill(&self, words: &[Box<str>], version: u64) -> Bytes {
        let mut out = String::with_capacity(8_192);
        let version = version.to_string();
        for (literal, word) in &self.parts {
            out.push_str(literal);
            match word {
                Some(0) => out.push_str(&version),
                Some(number) => out.push_str(words.get(number - 1).map_or("", |word| word)),
                None => {}
            }
        }
        Bytes::from(out)
    }
}

impl Object {
    fn new(version: u64, body: Body) -> Self {
        Self { version, body, whole: OnceLock::new(), item: OnceLock::new() }
    }

    /// Its content.
    pub(super) fn value(&self) -> Value {
        match &self.body {
            Body::Json(value) => value.clone(),
            Body::Text(text, _) => parse(text),
            Body::Cut(cut, words) => parse(&cut.fill(words, self.version)),
        }
    }

    /// As GET and watch frames carry it.
    pub(super) fn whole(&self) -> Bytes {
        match &self.body {
            Body::Json(value) => self.whole.get_or_init(|| encode(value)).clone(),
            Body::Text(text, _) => text.clone(),
            // Not kept: ten thousand of them would be seventy megabytes.
            Body::Cut(cut, words) => cut.fill(words, self.version),
        }
    }

    /// As an item of a list: built-in kinds without `kind` and `apiVersion`.
    pub(super) fn item(&self, custom: bool) -> Bytes {
        match &self.body {
            Body::Json(value) if !custom => self.item.get_or_init(|| encode(&bare(value.clone()))).clone(),
            Body::Text(text, _) if !custom => encode(&bare(parse(text))),
            _ => self.whole(),
        }
    }

    /// Parsed, where it can be.
    fn tree(&self) -> Option<&Value> {
        match &self.body {
            Body::Json(value) => Some(value),
            Body::Text(text, tree) => Some(tree.get_or_init(|| parse(text))),
            Body::Cut(..) => None,
        }
    }
}

fn bare(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.remove("kind");
        map.remove("apiVersion");
    }
    value
}

fn parse(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or(Value::Null)
}

fn encode(value: &Value) -> Bytes {
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Modified,
    Deleted,
}

impl Change {
    /// The frame's `type`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One entry of the history.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) version: u64,
    pub(super) change: Change,
    pub(super) key: Key,
    pub(super) object: Arc<Object>,
}

/// All objects and the recent history.
#[derive(Debug)]
pub(super) struct Store {
    version: u64,
    objects: BTreeMap<Key, Arc<Object>>,
    history: VecDeque<Frame>,
    /// The newest version that is no longer in the history.
    compacted: u64,
    /// What is written is kept as text.
    as_text: bool,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { version: 100, objects: BTreeMap::new(), history: VecDeque::new(), compacted: 100, as_text: false }
    }

    /// Keeps what is written from now on as text: for thousands of objects that nothing acts on by itself.
    pub(super) fn keep_text(&mut self) {
        self.as_text = true;
    }

    /// The newest resource version.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The newest version that watchers can no longer start from.
    pub(super) fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Forgets the history, as a compaction does.
    pub(super) fn compact(&mut self) {
        self.history.clear();
        self.compacted = self.version;
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.objects.get(key)
    }

    /// The content of an object.
    pub(super) fn value(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)?.tree()
    }

    /// The objects of a kind in the order of the API (namespace, name), after `from` if given.
    pub(super) fn range<'a>(
        &'a self,
        kind: Kind,
        namespace: &'a str,
        from: Option<&Key>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Object>)> + use<'a> {
        let first = Key::new(kind, namespace, "");
        let lower = match from {
            Some(key) => std::ops::Bound::Excluded(key.clone()),
            None => std::ops::Bound::Included(first),
        };
        self.objects
            .range((lower, std::ops::Bound::Unbounded))
            .take_while(move |(key, _)| key.kind == kind && (namespace.is_empty() || key.namespace == namespace))
    }

    /// The parsed objects of a kind in a namespace.
    pub(super) fn values<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        self.range(kind, namespace, None).filter_map(|(key, object)| Some((key, object.tree()?)))
    }

    /// Writes an object; says whether anything changed. `metadata.resourceVersion` is set here.
    pub(super) fn put(&mut self, key: &Key, mut value: Value) -> bool {
        let before = self.value(key);
        if let Some(before) = before {
            let version = before.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
            set(&mut value, "/metadata/resourceVersion", version);
            if *before == value {
                return false;
            }
        }
        let change = if self.objects.contains_key(key) { Change::Modified } else { Change::Added };
        set(&mut value, "/metadata/resourceVersion", (self.version + 1).to_string());
        let body = if self.as_text { Body::Text(encode(&value), OnceLock::new()) } else { Body::Json(value) };
        self.record(key, change, body);
        true
    }

    /// Writes an object that is kept as a filled page.
    pub(super) fn put_cut(&mut self, key: &Key, cut: Arc<Cut>, words: Box<[Box<str>]>) {
        let change = if self.objects.contains_key(key) { Change::Modified } else { Change::Added };
        self.record(key, change, Body::Cut(cut, words));
    }

    /// Removes an object. The frame carries its last content under a new version.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Value> {
        let mut value = self.objects.get(key)?.value();
        set(&mut value, "/metadata/resourceVersion", (self.version + 1).to_string());
        self.record(key, Change::Deleted, Body::Json(value.clone()));
        Some(value)
    }

    fn record(&mut self, key: &Key, change: Change, body: Body) {
        self.version += 1;
        let object = Arc::new(Object::new(self.version, body));
        if change == Change::Deleted {
            self.objects.remove(key);
        } else {
            self.objects.insert(key.clone(), Arc::clone(&object));
        }
        self.history.push_back(Frame { version: self.version, change, key: key.clone(), object });
        if self.history.len() > HISTORY
            && let Some(frame) = self.history.pop_front()
        {
            self.compacted = frame.version;
        }
    }

    /// The frames of a kind after a version, oldest first.
    pub(super) fn since<'a>(&'a self, kind: Kind, namespace: &'a str, version: u64) -> impl Iterator<Item = &'a Frame> {
        let start = self.history.partition_point(|frame| frame.version <= version);
        self.history
            .range(start..)
            .filter(move |frame| frame.key.kind == kind && (namespace.is_empty() || frame.key.namespace == namespace))
    }
}
