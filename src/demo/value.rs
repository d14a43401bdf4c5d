//! Small helpers over [`Value`]: read and write by JSON pointer, times as the servers write them,
//! and the deterministic randomness of a world.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What stands at a JSON pointer, `Null` when nothing does.
pub(super) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The string at a pointer, empty when there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).as_str().unwrap_or_default()
}

/// The integer at a pointer, 0 when there is none.
pub(super) fn int(value: &Value, pointer: &str) -> i64 {
    at(value, pointer).as_i64().unwrap_or_default()
}

/// True when `true` stands there.
pub(super) fn yes(value: &Value, pointer: &str) -> bool {
    at(value, pointer).as_bool().unwrap_or_default()
}

/// The items of the array at a pointer.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).as_array().map_or(&[], Vec::as_slice)
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Writes at a pointer and makes the objects on the way.
pub(super) fn set(value: &mut Value, pointer: &str, new: impl Into<Value>) {
    let mut here = value;
    for part in pointer.split('/').skip(1) {
        if let Value::Array(list) = here {
            let Some(next) = part.parse::<usize>().ok().and_then(|index| list.get_mut(index)) else { return };
            here = next;
            continue;
        }
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(map) = here else { return };
        here = map.entry(unescape(part)).or_insert(Value::Null);
    }
    *here = new.into();
}

/// Removes what stands at a pointer.
pub(super) fn unset(value: &mut Value, pointer: &str) {
    let Some((parent, leaf)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = value.pointer_mut(parent) {
        map.remove(&unescape(leaf));
    }
}

/// Writes a count the way the servers do: a zero is left out.
pub(super) fn set_count(value: &mut Value, pointer: &str, count: i64) {
    if count == 0 { unset(value, pointer) } else { set(value, pointer, count) }
}

/// RFC 3339 in whole seconds, as `metav1.Time` is written.
pub(super) fn rfc3339(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// A `metav1.Time` that an object carries.
pub(super) fn time_at(value: &Value, pointer: &str) -> Option<Timestamp> {
    at(value, pointer).as_str()?.parse().ok()
}

/// `time + seconds`, never failing.
pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `time - seconds`, never failing.
pub(super) fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// A span as scenario files and Argo's durations write it: `90s`, `5m`, `2h`, `9d`, or plain
/// seconds; a leading minus means "before".
pub(super) fn seconds(text: &str) -> Option<i64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let unit = match rest.get(digits..)? {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(sign * rest.get(..digits)?.parse::<i64>().ok()? * unit)
}

/// One step of SplitMix64: the same input gives the same number on every machine.
pub(super) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a over a text, mixed.
pub(super) fn hash(text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    mix(fnv)
}

/// `len` letters of the alphabet that Kubernetes uses for generated names.
pub(super) fn letters(mut number: u64, len: usize) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut out = String::with_capacity(len);
    for _ in 0..len {
        let index = (number % ALPHABET.len() as u64) as usize;
        out.push(char::from(ALPHABET[index]));
        number = mix(number);
    }
    out
}

/// A uid as the servers make them.
pub(super) fn uid(number: u64) -> String {
    let (a, b) = (mix(number), mix(number ^ 0x5555_5555));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xFFFF,
        a & 0xFFF,
        b >> 52,
        b & 0xFFFF_FFFF_FFFF
    )
}
