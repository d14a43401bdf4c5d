//! Going back to an earlier revision, by the program itself. The history is read again before: the newest
//! revision must be the one that was looked at.

use std::sync::Arc;

use serde_json::Value;

use crate::action::{Action, Change, Found};
use crate::model::Name;
use crate::model::helm::{ContentWanted, ReleaseStatus, rolled_back};
use crate::net::{Helm, NetError, ReadStack, Rollback, segment};
use crate::systems::perform::text;

/// Records of one release; helm keeps ten unless told otherwise.
const MOST: u32 = 500;

/// What `helm` is to be asked, when nothing has changed since it was looked at.
pub async fn prepare(read: &ReadStack, helm: Option<Helm>, action: &Action) -> Result<(Helm, Rollback), String> {
    let Change::RollbackRelease { from, resource_version, to } = &action.change else {
        return Err("a release can only be rolled back".to_owned());
    };
    let helm = helm.ok_or("helm needs a kubeconfig, and this cluster has none")?;
    let records = records(read, action).await.map_err(|error| format!("its history cannot be read: {error}"))?;
    let newest = records.last().ok_or("it is gone")?;
    if newest.number != *from || newest.resource_version != **resource_version {
        return Err(format!(
            "changed since you looked: it is at revision {}, {}",
            newest.number,
            newest.status.word().as_str()
        ));
    }
    if !records.iter().any(|record| record.number == *to) {
        return Err(format!("revision {to} is gone from its history"));
    }
    let target = &action.target;
    let (namespace, release) = (target.namespace.raw().to_owned(), target.name.raw().to_owned());
    Ok((helm, Rollback { namespace, release, revision: *to }))
}

/// Whether a rollback took whose end nobody heard.
pub async fn evidence(read: &ReadStack, action: &Action) -> (Found, String) {
    let Change::RollbackRelease { from, resource_version, to } = &action.change else {
        return (Found::Untold, "nothing is known of such an action".to_owned());
    };
    let records = match records(read, action).await {
        Ok(records) => records,
        Err(error) => return (Found::Untold, format!("its history cannot be read: {error}")),
    };
    match records.last() {
        None => (Found::Gone, "the release is gone".to_owned()),
        Some(newest) if newest.number == *from && newest.resource_version == **resource_version => {
            (Found::Missing, "it is as it was before".to_owned())
        }
        Some(newest) if newest.number == from + 1 && newest.status == ReleaseStatus::Deployed => {
            made_by_us(read, action, newest, *to).await
        }
        Some(newest) if newest.number == from + 1 => {
            let word = newest.status.word();
            let said = format!("revision {} is {}", newest.number, word.as_str());
            match newest.status {
                ReleaseStatus::PendingRollback => (Found::Untold, said),
                _ => (Found::Passed, said),
            }
        }
        Some(newest) => (Found::Passed, format!("it is at revision {} now", newest.number)),
    }
}

/// Somebody else's upgrade has the same number.
async fn made_by_us(read: &ReadStack, action: &Action, newest: &Record, to: i64) -> (Found, String) {
    let wanted = ContentWanted {
        cluster: action.target.cluster,
        namespace: action.target.namespace.clone(),
        secret: Name::new(&newest.name),
        uid: action.target.uid.clone(),
        version: Arc::from(newest.resource_version.as_str()),
    };
    match super::content::read(read, &wanted).await {
        Ok(content) if content.description.as_str() == rolled_back(to) => {
            (Found::Applied, format!("revision {} is deployed", newest.number))
        }
        Ok(content) => {
            (Found::Passed, format!("revision {} is another's: {}", newest.number, content.description.as_str()))
        }
        Err(why) => (Found::Untold, format!("the record of revision {}: {}", newest.number, why.as_str())),
    }
}

struct Record {
    name: String,
    number: i64,
    status: ReleaseStatus,
    resource_version: String,
}

/// Oldest first.
async fn records(read: &ReadStack, action: &Action) -> Result<Vec<Record>, NetError> {
    let target = &action.target;
    let path = format!(
        "/api/v1/namespaces/{}/secrets?labelSelector=owner%3Dhelm%2Cname%3D{}&limit={MOST}",
        segment(target.namespace.raw()),
        segment(target.name.raw())
    );
    let answer = read.of_metadata().get(&path).await?;
    let page: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| NetError::Unusable(format!("the list of its revisions is no list: {error}")))?;
    let items = page.pointer("/items").and_then(Value::as_array).into_iter().flatten();
    let mut records: Vec<Record> = items.filter_map(record).collect();
    records.sort_by_key(|record| record.number);
    Ok(records)
}

fn record(item: &Value) -> Option<Record> {
    Some(Record {
        name: text(item, "/metadata/name")?.to_owned(),
        number: text(item, "/metadata/labels/version")?.parse().ok()?,
        status: ReleaseStatus::of(text(item, "/metadata/labels/status").unwrap_or_default()),
        resource_version: text(item, "/metadata/resourceVersion")?.to_owned(),
    })
}
