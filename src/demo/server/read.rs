//! GET and LIST.

use std::fmt::Write as _;

use axum::response::Response;

use super::failure::Failure;
use super::select::Selector;
use super::{Params, Place, Shared, json};
use crate::demo::kinds::{Key, Kind};

pub(super) fn get(shared: &Shared, place: &Place) -> Result<Response, Failure> {
    let name = place.name.unwrap_or_default();
    let world = shared.world();
    let key = Key::new(place.row.kind, place.namespace, name);
    let object = world.store.get(&key).ok_or_else(|| Failure::not_found(place.row, name))?;
    Ok(json(object.whole()))
}

/// One page. A `continue` token holds the version of the first page and the last key; the real
/// server reads later pages as of that version, here they are read as of now, and a watch from the
/// list's version brings whatever changed on the way.
pub(super) fn list(shared: &Shared, place: &Place, params: &Params) -> Result<Response, Failure> {
    let selector = Selector::read(place.row, params)?;
    let limit = params.get("limit").and_then(|limit| limit.parse::<usize>().ok()).filter(|limit| *limit > 0);
    let world = shared.world();
    let store = &world.store;
    let (version, after) = match params.get("continue").filter(|token| !token.is_empty()) {
        Some(token) => {
            let (version, key) = read_token(place.row.kind, token)
                .ok_or_else(|| Failure::bad_request("continue key is not valid: invalid encoding"))?;
            if version < store.compacted() {
                let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.";
                return Err(Failure::expired(message));
            }
            (version, Some(key))
        }
        None => (store.version(), None),
    };
    let custom = place.row.custom();
    let mut page = Vec::with_capacity(64 * 1_024);
    let (mut count, mut last, mut more) = (0, None, false);
    for (key, object) in store.range(place.row.kind, place.namespace, after.as_ref()) {
        if !selector.is_empty() && !selector.matches(&object.value()) {
            continue;
        }
        if limit.is_some_and(|limit| count >= limit) {
            more = true;
            break;
        }
        if count > 0 {
            page.push(b',');
        }
        page.extend_from_slice(&object.item(custom));
        (count, last) = (count + 1, Some(key));
    }
    let token = last.filter(|_| more).map(|key| write_token(version, key)).unwrap_or_default();
    let token = match (token.is_empty(), custom) {
        (true, false) => String::new(),
        (true, true) => "\"continue\":\"\",".to_owned(),
        (false, _) => format!("\"continue\":\"{token}\","),
    };
    let head = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{{{token}\"resourceVersion\":\"{version}\"}},\"items\":[",
        place.row.name,
        place.row.api_version()
    );
    let mut body = Vec::with_capacity(head.len() + page.len() + 2);
    body.extend_from_slice(head.as_bytes());
    body.append(&mut page);
    body.extend_from_slice(b"]}");
    Ok(json(body))
}

fn write_token(version: u64, key: &Key) -> String {
    let plain = format!("{version} {} {}", key.namespace, key.name);
    plain.bytes().fold(String::new(), |mut token, byte| {
        let _ = write!(token, "{byte:02x}");
        token
    })
}

fn read_token(kind: Kind, token: &str) -> Option<(u64, Key)> {
    let digits = token.as_bytes().chunks(2);
    let plain: Option<Vec<u8>> =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let plain = String::from_utf8(plain?).ok()?;
    let mut words = plain.split(' ');
    let version = words.next()?.parse().ok()?;
    Some((version, Key::new(kind, words.next()?, words.next()?)))
}
