//! Back to an entry of an Application's history (apis.md §2.4): a sync of the source and the revision that it
//! names, as Argo CD's own server writes it. Only while nothing is synced by itself.

use serde_json::{Map, Value, json};

use crate::action::OperationId;
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
}
