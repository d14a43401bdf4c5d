//! Keys, names, spans and numbers of OpenSLO.

use std::time::Duration;

use super::tree::{At, Node, What};
use super::{File, quote};

/// Every key of a mapping is one of these, and stands there once.
pub(super) fn keys(file: &mut File<'_>, node: &Node, known: &[&str]) {
    let What::Map(entries) = &node.what else {
        return file.tell(node.at, "a mapping is expected here");
    };
    for (number, (key, at, _)) in entries.iter().enumerate() {
        if !known.contains(&key.as_str()) {
            unknown(file, *at, "key", key, known);
        } else if let Some((_, first, _)) = entries[..number].iter().find(|(other, ..)| other == key) {
            file.tell(*at, format!("{key} is already on line {}", first.line));
        }
    }
}

pub(super) fn unknown(file: &mut File<'_>, at: At, what: &str, word: &str, known: &[&str]) {
    let near = known.iter().find(|known| known.eq_ignore_ascii_case(word) || is_near(known, word));
    let hint = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("known are {}", known.join(", ")),
    };
    file.hint(at, format!("unknown {what} \"{}\"", quote(word)), hint);
}

/// One letter more, less or other.
fn is_near(known: &str, word: &str) -> bool {
    let (a, b) = (known.as_bytes(), word.as_bytes());
    let front = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let back = a[front..].iter().rev().zip(b[front..].iter().rev()).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()) - front - back <= 2 && a.len() > 3
}

/// The name of a document: RFC 1123.
pub(super) fn metadata(file: &mut File<'_>, document: &Node) {
    let Some(metadata) = document.get("metadata") else {
        return file.tell(document.at, "metadata is missing");
    };
    keys(file, metadata, &["name", "displayName", "labels", "annotations"]);
    let Some(name) = metadata.get("name") else {
        return file.tell(metadata.at, "name is missing");
    };
    let word = name.word().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = word.bytes().all(|byte| plain(byte) || byte == b'-');
    let ends = word.bytes().next().is_some_and(plain) && word.bytes().last().is_some_and(plain);
    if !inner || !ends || word.len() > 63 {
        let message = format!("\"{}\" is no name of RFC 1123", quote(word));
        file.hint(name.at, message, "small letters, digits and -, at most 63 of them");
    }
}

/// A word that must be there.
pub(super) fn required<'a>(file: &mut File<'_>, node: &'a Node, key: &str) -> Option<&'a Node> {
    let found = node.get(key);
    match found {
        None => file.tell(node.at, format!("{key} is missing")),
        Some(value) if value.word().is_none_or(str::is_empty) => {
            file.tell(value.at, format!("{key} must be a single value"));
            return None;
        }
        Some(_) => {}
    }
    found
}

/// `30d`, `5m` (minutes), `1M` (a month).
pub(super) fn span(file: &mut File<'_>, node: &Node) -> Option<Duration> {
    const DAY: u64 = 86_400;
    let word = node.word().unwrap_or_default();
    let (number, unit) = word.split_at(word.bytes().take_while(u8::is_ascii_digit).count());
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(DAY),
        "w" => Some(7 * DAY),
        "M" => Some(30 * DAY),
        "Q" => Some(91 * DAY),
        "Y" => Some(365 * DAY),
        _ => None,
    };
    let found = number.parse::<u64>().ok().filter(|number| *number > 0).zip(seconds);
    let found = found.and_then(|(number, seconds)| number.checked_mul(seconds)).map(Duration::from_secs);
    if found.is_none() {
        let message = format!("\"{}\" is no span of time", quote(word));
        file.hint(node.at, message, "a number and one of m (minutes), h, d, w, M (months), Q, Y");
    }
    found
}

pub(super) fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::word) == Some("true")
}

/// A decimal number in billionths, as far as it has them.
pub(super) fn billionths(word: &str) -> Option<i64> {
    let value = word.trim().parse::<f64>().ok().filter(|value| value.is_finite())?;
    let scaled = (value * 1e9).round();
    (scaled.abs() < 9e18).then_some(scaled as i64)
}
