//! Where an object differs from what is wanted: its state without what Argo CD leaves out of the comparison, beside
//! the state that a sync would make of it. The paths come from what is told, the values from copies of it that are
//! masked as an object is that is shown whole: what may be a secret is seen in neither. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::differences::{Difference, Differs, How};
use crate::systems::secrets;
use crate::text::Safe;

/// Paths of one object that are kept; the rest is counted.
pub const MOST: usize = 40;
/// How deep a path leads; below, the whole value is one.
const DEPTH: usize = 40;
/// Columns of a path: keys may be as long as annotations are.
const PATH: usize = 200;
/// Letters of a value.
const VALUE: usize = 60;
/// By what the items of a list are told apart, the first that all of them have. As Kubernetes merges its lists.
const KEYS: [&str; 8] = ["name", "key", "type", "mountPath", "containerPort", "port", "ip", "id"];

/// Both states as JSON in a text, `null` or empty where there is none.
#[must_use]
pub fn difference(live: &str, wanted: &str, secret: bool, most: usize) -> Difference {
    let (live, wanted) = match (state(live), state(wanted)) {
        (Ok(live), Ok(wanted)) => (live, wanted),
        (Err(why), _) => return Difference::Unread(crate::safe!("its state in the cluster is no JSON: {}", why)),
        (_, Err(why)) => return Difference::Unread(crate::safe!("its wanted state is no JSON: {}", why)),
    };
    let (live, wanted) = match (live, wanted) {
        (None, None) => return Difference::Unread(Safe::of("its states are not told")),
        (None, Some(_)) => return Difference::Missing,
        (Some(_), None) => return Difference::Surplus,
        (Some(live), Some(wanted)) => (live, wanted),
    };
    let (seen_live, seen_wanted) = (masked(&live), masked(&wanted));
    let mut found = Found { rows: Vec::new(), more: 0, most, secret };
    let (live, wanted) = (Side::of(&live, &seen_live), Side::of(&wanted, &seen_wanted));
    found.walk(&mut String::new(), live, wanted, 0);
    let Found { rows, more, .. } = found;
    if rows.is_empty() { Difference::Same } else { Difference::Paths { rows, more } }
}

fn masked(state: &Value) -> Value {
    let mut copy = state.clone();
    secrets::tidy(&mut copy);
    copy
}

/// What stands on one side of a path, and what of it may be seen: nothing where that was left out.
#[derive(Clone, Copy)]
struct Side<'a> {
    raw: &'a Value,
    seen: Option<&'a Value>,
}

impl<'a> Side<'a> {
    fn of(raw: &'a Value, seen: &'a Value) -> Self {
        Self { raw, seen: Some(seen) }
    }

    fn field(self, name: &str) -> Option<Self> {
        let seen = self.seen.and_then(|seen| seen.get(name));
        self.raw.get(name).map(|raw| Self { raw, seen })
    }

    /// Masking leaves every item of a list at its place.
    fn item(self, at: usize) -> Option<Self> {
        let seen = self.seen.and_then(|seen| seen.get(at));
        self.raw.get(at).map(|raw| Self { raw, seen })
    }

    /// What may be seen of it, where that is more than that there is something.
    fn shown(self) -> Option<&'a Value> {
        self.seen.filter(|seen| seen.as_str() != Some(secrets::MASK))
    }
}

fn state(text: &str) -> Result<Option<Value>, Safe> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Null) => Ok(None),
        Ok(value) => Ok(Some(value)),
        // Where it breaks, and nothing of what stands there.
        Err(error) => Err(Safe::line(&format!("line {}, column {}", error.line(), error.column()))),
    }
}

struct Found {
    rows: Vec<Differs>,
    more: usize,
    most: usize,
    /// Only paths are told.
    secret: bool,
}

impl Found {
    fn add(&mut self, path: &str, how: impl FnOnce() -> How) {
        if self.rows.len() >= self.most {
            self.more += 1;
            return;
        }
        let how = if self.secret { How::Hidden } else { how() };
        let path = Some(path.strip_prefix('.').unwrap_or(path)).filter(|path| !path.is_empty());
        self.rows.push(Differs { path: Safe::line(path.unwrap_or(".")).middle(PATH), how });
    }

    fn walk(&mut self, path: &mut String, live: Side<'_>, wanted: Side<'_>, depth: usize) {
        if live.raw == wanted.raw {
            return;
        }
        match (live.raw, wanted.raw) {
            (Value::Object(here), Value::Object(there)) if depth < DEPTH => {
                let keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
                for key in keys {
                    self.at(path, &step(key), (live.field(key), wanted.field(key)), depth);
                }
            }
            (Value::Array(here), Value::Array(there)) if depth < DEPTH => {
                self.lists(path, (live, here), (wanted, there), depth);
            }
            _ => self.add(path, || changed(live, wanted)),
        }
    }

    /// What stands at a path on one side or on both.
    fn at(&mut self, path: &mut String, part: &str, sides: (Option<Side<'_>>, Option<Side<'_>>), depth: usize) {
        let before = path.len();
        path.push_str(part);
        match sides {
            (Some(live), Some(wanted)) => self.walk(path, live, wanted, depth + 1),
            (None, Some(wanted)) => self.add(path, || wanted.shown().map_or(How::Hidden, |it| How::Added(shown(it)))),
            (Some(live), None) => self.add(path, || live.shown().map_or(How::Hidden, |it| How::Removed(shown(it)))),
            (None, None) => {}
        }
        path.truncate(before);
    }

    fn lists(
        &mut self,
        path: &mut String,
        (live, live_items): (Side<'_>, &[Value]),
        (wanted, wanted_items): (Side<'_>, &[Value]),
        depth: usize,
    ) {
        if let Some((key, here, there)) = keyed((live, live_items.len()), (wanted, wanted_items.len())) {
            let before = (self.rows.len(), self.more);
            // In the order of what is wanted, then what only the cluster has.
            let names = there.order.iter().chain(here.order.iter().filter(|name| !there.rows.contains_key(*name)));
            for name in names {
                let sides = (here.rows.get(name).copied(), there.rows.get(name).copied());
                self.at(path, &format!("[{key}={name}]"), sides, depth);
            }
            if (self.rows.len(), self.more) == before {
                self.add(path, || How::Reordered);
            }
            return;
        }
        let plain = |list: &[Value]| list.iter().all(|item| !item.is_object() && !item.is_array());
        if live_items.len() != wanted_items.len() && plain(live_items) && plain(wanted_items) {
            // One item more moves all that follow: the lists say it better than their places.
            return self.add(path, || changed(live, wanted));
        }
        for at in 0..live_items.len().max(wanted_items.len()) {
            self.at(path, &format!("[{at}]"), (live.item(at), wanted.item(at)), depth);
        }
    }
}

/// The items of a list by their keys.
struct Keyed<'a> {
    order: Vec<String>,
    rows: BTreeMap<String, Side<'a>>,
}

/// Both lists by a key that every item has, and each once.
fn keyed<'a>(live: (Side<'a>, usize), wanted: (Side<'a>, usize)) -> Option<(&'static str, Keyed<'a>, Keyed<'a>)> {
    let of = |(list, count): (Side<'a>, usize), key: &str| -> Option<Keyed<'a>> {
        let mut keyed = Keyed { order: Vec::new(), rows: BTreeMap::new() };
        for at in 0..count {
            let item = list.item(at)?;
            let value = item.field(key)?;
            // It would stand in the path.
            if value.seen != Some(value.raw) {
                return None;
            }
            let name = match value.raw {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            keyed.order.push(name.clone());
            if keyed.rows.insert(name, item).is_some() {
                return None;
            }
        }
        Some(keyed)
    };
    if live.1 == 0 && wanted.1 == 0 {
        return None;
    }
    KEYS.into_iter().find_map(|key| Some((key, of(live, key)?, of(wanted, key)?)))
}

/// `.spec`, or `['app.kubernetes.io/name']` where a key has letters that mean something in a path.
fn step(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(plain) { format!(".{key}") } else { format!("['{key}']") }
}

/// Two values, from a little before the place where they part; hidden where one may not be seen, or what may be
/// seen of both is the same.
fn changed(live: Side<'_>, wanted: Side<'_>) -> How {
    let (Some(live), Some(wanted)) = (live.shown(), wanted.shown()) else { return How::Hidden };
    if live == wanted {
        return How::Hidden;
    }
    let (live, wanted) = (live.to_string(), wanted.to_string());
    let alike = live.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
    let from = if live.chars().count().max(wanted.chars().count()) <= VALUE { 0 } else { alike.saturating_sub(20) };
    How::Changed { live: cut(&live, from), wanted: cut(&wanted, from) }
}

fn shown(value: &Value) -> Safe {
    cut(&value.to_string(), 0)
}

/// So many letters of it from there on.
fn cut(text: &str, from: usize) -> Safe {
    let mut letters = text.chars().skip(from);
    let mut out = String::new();
    if from > 0 {
        out.push('…');
    }
    out.extend(letters.by_ref().take(VALUE));
    if letters.next().is_some() {
        out.push('…');
    }
    Safe::line(&out)
}
