//! Addresses of dashboards, made of the configuration's templates and of what is looked at.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::{State, environment};
use crate::model::kubernetes::Meta;
use crate::model::{Kind, ObjectId};
use crate::text::Safe;

/// Before the revision began: what it was like without it.
const BEFORE: Duration = Duration::from_mins(10);
/// An older revision says nothing of the last hours.
const RECENT: Duration = Duration::from_hours(24);

/// The dashboard of an object; `None` where the configuration names none for its kind.
#[must_use]
pub fn of_object(state: &State, id: &ObjectId) -> Option<Safe> {
    let dashboards = state.settings.grafana.as_ref()?;
    let (template, service, slo) = match id.kind {
        Kind::Slo => {
            let row = state.world.slos.get(&id.uid)?;
            let template = dashboards.slo.as_ref().or(dashboards.service.as_ref());
            (template?, row.service.as_str().to_owned(), row.name.as_str().to_owned())
        }
        Kind::Rollout | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {
            let template = dashboards.service.as_ref().or(dashboards.environment.as_ref());
            (template?, id.name.raw().to_owned(), String::new())
        }
        Kind::Namespace => (dashboards.environment.as_ref()?, String::new(), String::new()),
        _ => return None,
    };
    let cluster = state.world.source(id.cluster).map_or("", |source| source.name.raw());
    let environment = environment::of_object(state, id);
    let environment = environment.as_ref().map_or("", |name| name.raw());
    let (from, to) = (from(state, id), "now".to_owned());
    let words = [
        ("service", service.as_str()),
        ("slo", slo.as_str()),
        ("namespace", id.namespace.raw()),
        ("environment", environment),
        ("cluster", cluster),
        ("from", from.as_str()),
        ("to", to.as_str()),
    ];
    let mut address = filled(template, &words);
    if !template.contains("{from}") {
        let joint = if address.contains('?') { '&' } else { '?' };
        // Writing to a String cannot fail.
        let _ = write!(address, "{joint}from={from}&to={to}");
    }
    Some(Safe::line(&format!("{}/{}", dashboards.url, address.trim_start_matches('/'))))
}

/// Since a little before its newest revision, where that is of this day; else the last hour.
fn from(state: &State, id: &ObjectId) -> String {
    let sets = state.world.replica_sets.owned_by(&id.uid);
    let newest = sets.filter(|set| set.revision.is_some()).max_by_key(|set| set.revision);
    let created = newest.and_then(|set| created(&set.meta, state.now.wall));
    let begun = created.and_then(|at| at.checked_sub(BEFORE).ok());
    begun.map_or_else(|| "now-1h".to_owned(), |at| at.as_millisecond().to_string())
}

fn created(meta: &Meta, now: Timestamp) -> Option<Timestamp> {
    let recent = |at: &Timestamp| now.checked_sub(RECENT).is_ok_and(|earliest| *at > earliest);
    meta.created.filter(recent)
}

/// With what stands in braces put in, so that nothing of it reaches another part of the address.
fn filled(template: &str, words: &[(&str, &str)]) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((word, behind)) = after.split_once('}') else { break };
        let value = words.iter().find(|(name, _)| *name == word).map_or("", |(_, value)| value);
        out.push_str(&encoded(value));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn encoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_braces_is_put_in_and_encoded() {
        let words = [("service", "check out&x=1"), ("namespace", "../prod")];
        let template = "d/abc/red?var-service={service}&var-namespace={namespace}&viewPanel=2";
        assert_eq!(
            filled(template, &words),
            "d/abc/red?var-service=check%20out%26x%3D1&var-namespace=..%2Fprod&viewPanel=2"
        );
        assert_eq!(filled("d/abc", &words), "d/abc");
    }
}
