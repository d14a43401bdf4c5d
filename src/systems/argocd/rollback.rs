//! Back to an entry of an Application's history (apis.md §2.4): a sync of the source and the revision that it
//! names, as Argo CD's own server writes it. Only while nothing is synced by itself.

use serde_json::{Map, Value, json};

use crate::action::{Found, OperationId};
use crate::model::Name;
use crate::systems::perform::text;

/// `.operation` for this entry, as the Application stands now.
pub(super) fn operation(object: &Value, entry: i64, revision: &Name, id: &OperationId) -> Result<Value, String> {
    if let Some(why) = moved(object, entry, revision) {
        return Err(why);
    }
    let row = find(object, entry).ok_or_else(|| gone(entry))?;
    let mut sync = Map::new();
    let several = |name: &str| row.get(name).and_then(Value::as_array).filter(|all| !all.is_empty()).cloned();
    if let (Some(revisions), Some(sources)) = (several("revisions"), several("sources")) {
        sync.insert("revisions".to_owned(), revisions.into());
        sync.insert("sources".to_owned(), sources.into());
    } else {
        let source = row.get("source").filter(|source| source.is_object());
        let source = source.ok_or_else(|| format!("its history does not say what deploy {entry} was made from"))?;
        sync.insert("revision".to_owned(), revision.raw().into());
        sync.insert("source".to_owned(), source.clone());
    }
    sync.insert("syncStrategy".to_owned(), json!({ "apply": {} }));
    if let Some(options) = object.pointer("/spec/syncPolicy/syncOptions").filter(|options| options.is_array()) {
        sync.insert("syncOptions".to_owned(), options.clone());
    }
    Ok(super::perform::asked(object, &sync, id))
}

fn gone(entry: i64) -> String {
    format!("deploy {entry} is no longer in its history")
}

fn find(object: &Value, entry: i64) -> Option<&Value> {
    let history = object.pointer("/status/history").and_then(Value::as_array)?;
    history.iter().find(|row| row.get("id").and_then(Value::as_i64) == Some(entry))
}

/// What is no longer as the dialog showed it.
pub(super) fn moved(object: &Value, entry: i64, revision: &Name) -> Option<String> {
    let automated = object.pointer("/spec/syncPolicy/automated").filter(|it| it.is_object());
    if automated.is_some_and(|it| it.get("enabled") != Some(&Value::Bool(false))) {
        return Some("auto-sync is on: Argo CD rolls nothing back".to_owned());
    }
    let Some(row) = find(object, entry) else { return Some(gone(entry)) };
    let first = text(row, "/revision").filter(|it| !it.is_empty()).or_else(|| text(row, "/revisions/0"));
    (first != Some(revision.raw())).then(|| format!("deploy {entry} is {} now", first.unwrap_or("unknown")))
}

/// Whether an operation is the way back to this entry: it carries no mark, so what it was asked to do is what tells.
/// `newer`: the last one that began is another than the one of then.
pub(super) fn evidence(object: &Value, entry: i64, revision: &Name, newer: bool) -> (Found, &'static str) {
    let goes_back = |at: &str| {
        let Some(sync) = object.pointer(at).and_then(|asked| asked.get("sync")) else { return false };
        let source = ["source", "sources"].iter().find_map(|name| sync.get(*name).map(|source| (*name, source)));
        let first = text(sync, "/revision").filter(|it| !it.is_empty()).or_else(|| text(sync, "/revisions/0"));
        let Some((name, source)) = source else { return false };
        // A plain sync may name its source, too; a way back never runs hooks.
        if sync.pointer("/syncStrategy/apply").is_none() {
            return false;
        }
        let was = find(object, entry).and_then(|row| row.get(name));
        first == Some(revision.raw()) && was.is_none_or(|was| was == source)
    };
    // None was there right before the send.
    if goes_back("/operation") {
        return (Found::Applied, "it is asked to go back to that deploy");
    }
    match (newer, goes_back("/status/operationState/operation")) {
        (true, true) => (Found::Applied, "its last operation goes back to that deploy"),
        (true, false) => (Found::Passed, "another operation came since"),
        (false, _) => (Found::Missing, "no operation goes back to that deploy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_entry_says_and_nothing_else() {
        let id = OperationId("7-1".to_owned());
        let source = json!({ "repoURL": "https://git.example/shop.git", "path": "overlays/prod" });
        let mut object = json!({
            "spec": { "source": { "path": "elsewhere" }, "syncPolicy": { "syncOptions": ["CreateNamespace=true"] } },
            "status": { "history": [{ "id": 6, "revision": "a1", "source": source }, { "id": 7, "revision": "b2" },
                { "id": 8, "revisions": ["c3", "d4"], "sources": [source, {}] }] },
        });
        let made = operation(&object, 6, &Name::new("a1"), &id).unwrap();
        assert_eq!(made["sync"]["source"], source, "of that time, not of now");
        assert_eq!((&made["sync"]["revision"], &made["sync"]["prune"]), (&json!("a1"), &Value::Null));
        assert_eq!(made["sync"]["syncStrategy"], json!({ "apply": {} }));
        assert_eq!(made["sync"]["syncOptions"], json!(["CreateNamespace=true"]));
        assert_eq!(made["info"][0]["value"], "7-1");
        let several = operation(&object, 8, &Name::new("c3"), &id).unwrap();
        assert_eq!((&several["sync"]["revisions"], &several["sync"]["revision"]), (&json!(["c3", "d4"]), &Value::Null));

        let refused =
            |object: &Value, entry, revision: &str| operation(object, entry, &Name::new(revision), &id).unwrap_err();
        assert!(refused(&object, 5, "a1").contains("no longer in its history"));
        assert!(refused(&object, 6, "b2").contains("deploy 6 is a1 now"));
        assert!(refused(&object, 7, "b2").contains("does not say what deploy 7 was made from"));
        object["spec"]["syncPolicy"]["automated"] = json!({ "enabled": false, "selfHeal": true });
        assert!(operation(&object, 6, &Name::new("a1"), &id).is_ok(), "it is off");
        object["spec"]["syncPolicy"]["automated"] = json!({});
        assert!(refused(&object, 6, "a1").contains("auto-sync is on"));
    }
    #[test]
    fn the_way_back_is_known_by_what_it_goes_back_to() {
        let source = json!({ "path": "overlays/prod" });
        let history = json!([{ "id": 6, "revision": "a1", "source": source }]);
        let object = |asked: &Value, last: &Value| json!({ "operation": asked, "status": { "history": history, "operationState": { "operation": last } } });
        let found = |asked: &Value, last: &Value, newer| evidence(&object(asked, last), 6, &Name::new("a1"), newer).0;
        let ours = json!({ "sync": { "revision": "a1", "source": source, "syncStrategy": { "apply": {} } } });
        let hooks = json!({ "sync": { "revision": "a1", "source": source, "syncStrategy": { "hook": {} } } });
        let sync = json!({ "sync": { "revision": "a1" } });
        let elsewhere = json!({ "sync": { "revision": "a1", "source": { "path": "overlays/dev" }, "syncStrategy": { "apply": {} } } });
        assert_eq!(found(&ours, &Value::Null, false), Found::Applied);
        assert_eq!(found(&Value::Null, &ours, true), Found::Applied);
        assert_eq!(found(&Value::Null, &ours, false), Found::Missing, "that one was there before");
        assert_eq!(found(&Value::Null, &sync, true), Found::Passed, "a sync says no source");
        assert_eq!(found(&Value::Null, &hooks, true), Found::Passed, "a sync that says its source");
        assert_eq!(found(&Value::Null, &elsewhere, true), Found::Passed);
        assert_eq!(found(&Value::Null, &Value::Null, false), Found::Missing);
    }
}
