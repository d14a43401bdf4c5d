//! What the server of Argo CD answers → model (apis.md §2.3). Pure.

use serde::Deserialize;

use super::ingest::HealthWire;
use super::ingest_differences::{self, MOST};
use crate::model::Name;
use crate::model::applications::AppHealth;
use crate::model::differences::{Difference, KeptId};
use crate::systems::wire::{Flag, List, Obj, Text};
use crate::text::Safe;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RowsWire<'a> {
    #[serde(borrow)]
    items: List<Obj<RowWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RowWire<'a> {
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    hook: Flag,
    #[serde(borrow)]
    normalized_live_state: Text<'a>,
    #[serde(borrow)]
    predicted_live_state: Text<'a>,
}

/// Where one object differs, in an answer that may tell of others too.
pub fn difference(body: &[u8], of: &KeptId) -> Result<Difference, serde_json::Error> {
    let wire: RowsWire<'_> = serde_json::from_slice(body)?;
    let mut rows = wire.items.0.iter().filter_map(|row| row.0.as_ref()).filter(|row| !row.hook.is_true());
    let Some(row) = rows.find(|row| is(row, of)) else { return Ok(Difference::Unlisted) };
    let secret = row.kind.as_str() == "Secret" && row.group.as_str().is_empty();
    let (live, wanted) = (row.normalized_live_state.as_str(), row.predicted_live_state.as_str());
    Ok(ingest_differences::difference(live, wanted, secret, MOST))
}

fn is(row: &RowWire<'_>, of: &KeptId) -> bool {
    row.kind.as_str() == of.kind.as_str()
        && row.group.as_str() == of.group.as_str()
        && row.namespace.as_str() == of.namespace.raw()
        && row.name.as_str() == of.name.raw()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TreeWire<'a> {
    #[serde(borrow)]
    nodes: List<Obj<NodeWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NodeWire<'a> {
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    health: Obj<HealthWire<'a>>,
}

/// The health of every object of which one is told.
pub fn tree(body: &[u8]) -> Result<Vec<(KeptId, AppHealth, Safe)>, serde_json::Error> {
    let wire: TreeWire<'_> = serde_json::from_slice(body)?;
    let rows = wire.nodes.0.iter().filter_map(|node| node.0.as_ref());
    let told = rows.filter_map(|node| {
        let health = node.health.0.as_ref()?;
        let id = KeptId {
            group: node.group.line(),
            kind: node.kind.line(),
            namespace: Name::new(node.namespace.as_str()),
            name: Name::new(node.name.as_str()),
        };
        Some((id, AppHealth::parse(health.status.as_str()), health.message.line()))
    });
    Ok(told.collect())
}

/// Whether a sync by hand is let through now; `None` where it does not say.
pub fn can_sync(body: &[u8]) -> Result<Option<bool>, serde_json::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Wire {
        can_sync: Flag,
    }
    serde_json::from_slice::<Wire>(body).map(|wire| wire.can_sync.0)
}

/// `yes` or `no`, whether an account may do something.
pub fn may(body: &[u8]) -> Result<bool, Safe> {
    #[derive(Deserialize)]
    struct Wire {
        value: String,
    }
    let odd = |why: &str| Safe::line(&format!("{why}; is it Argo CD that answers there?"));
    let wire: Wire = serde_json::from_slice(body).map_err(|error| odd(&error.to_string()))?;
    match wire.value.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(odd(&format!("it says {other:?} where it should say yes or no"))),
    }
}

/// Who it takes us for; `None`: nobody.
pub fn who(body: &[u8]) -> Result<Option<Safe>, serde_json::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Wire<'a> {
        logged_in: Flag,
        #[serde(borrow)]
        username: Text<'a>,
    }
    let wire: Wire<'_> = serde_json::from_slice(body)?;
    Ok(wire.logged_in.is_true().then(|| wire.username.line()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::differences::{Differs, How};

    fn id(group: &str, kind: &str, name: &str) -> KeptId {
        let (group, kind) = (Safe::line(group), Safe::line(kind));
        KeptId { group, kind, namespace: Name::new("production"), name: Name::new(name) }
    }

    #[test]
    fn the_object_is_found_among_others_and_hooks_are_none_of_it() {
        let row = |group: &str, kind: &str, hook: bool, replicas: i64| {
            json!({ "group": group, "kind": kind, "namespace": "production", "name": "search", "hook": hook,
                "normalizedLiveState": json!({ "spec": { "replicas": replicas } }).to_string(),
                "predictedLiveState": json!({ "spec": { "replicas": 3 } }).to_string() })
        };
        let all = json!({ "items": [null, 7, row("apps", "Deployment", true, 1), row("x", "Deployment", false, 2),
            row("apps", "Deployment", false, 7)] });
        let told = difference(all.to_string().as_bytes(), &id("apps", "Deployment", "search")).unwrap();
        let changed = How::Changed { live: Safe::of("7"), wanted: Safe::of("3") };
        let rows = vec![Differs { path: Safe::of("spec.replicas"), how: changed }];
        assert_eq!(told, Difference::Paths { rows, more: 0 });
        for none in [r#"{"items":[]}"#, "{}", r#"{"items":null}"#, r#"{"items":{"x":1}}"#] {
            let told = difference(none.as_bytes(), &id("apps", "Deployment", "search")).unwrap();
            assert_eq!(told, Difference::Unlisted, "{none}");
        }
        assert!(difference(b"<html>", &id("", "Service", "x")).is_err());
    }

    #[test]
    fn health_windows_and_who_we_are_are_read_or_not_known() {
        let body = json!({ "nodes": [{ "kind": "Service", "name": "x", "namespace": "production" },
            { "group": "apps", "kind": "Deployment", "name": "web", "namespace": "production", "health": { "status": "Degraded", "message": "late" } }] });
        let told = tree(body.to_string().as_bytes()).unwrap();
        assert_eq!(told, vec![(id("apps", "Deployment", "web"), AppHealth::Degraded, Safe::of("late"))]);
        assert_eq!(can_sync(br#"{"canSync":false}"#).unwrap(), Some(false));
        assert_eq!(can_sync(b"{}").unwrap(), None);
        assert_eq!(may(br#"{"value":"no"}"#), Ok(false));
        assert!(may(br#"{"value":"perhaps"}"#).unwrap_err().as_str().contains("is it Argo CD"));
        assert_eq!(who(br#"{"loggedIn":true,"username":"ana"}"#).unwrap(), Some(Safe::of("ana")));
        assert_eq!(who(b"{}").unwrap(), None);
    }
}
