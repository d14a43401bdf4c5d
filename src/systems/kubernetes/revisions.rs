//! The revisions of the StatefulSet or DaemonSet that somebody may undo: read when it is looked at, and again once
//! its controller has seen another template.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::{Sleep, sleep};

use crate::action::{Action, Change};
use crate::model::interest::Interest;
use crate::model::kubernetes::ContainerImage;
use crate::model::revisions::{ControlRevision, Revisions, RevisionsRead, RevisionsWanted};
use crate::model::source::{Detail, FeedEvent, FeedId};
use crate::model::{Name, SourceId, Uid};
use crate::net::{ReadStack, segment};
use crate::systems::pace::{Backoff, Pace};
use crate::systems::perform::text;
use crate::text::Safe;

/// ControllerRevisions of a page, and pages that are read of a namespace.
const PAGE: u32 = 250;
const PAGES: usize = 8;

/// A key that is held goes over many rows: they are asked for once one has been looked at for so long.
const STILL: Duration = Duration::from_millis(300);

/// What it needs to answer.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) cluster: SourceId,
    pub(crate) read: ReadStack,
    pub(crate) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(crate) interest: watch::Receiver<Arc<Interest>>,
    pub(crate) refresh: watch::Receiver<u64>,
    /// By whose name it speaks.
    pub(crate) feed: FeedId,
    pub(crate) pace: Pace,
}

/// Until the loop is gone.
pub(crate) async fn run(mut parts: Parts) {
    let mut backoff = Backoff::new(parts.pace.floor, parts.pace.cap);
    let mut asked: Option<RevisionsWanted> = None;
    let mut due: Option<Pin<Box<Sleep>>> = None;
    loop {
        let wanted = parts.interest.borrow_and_update().revisions.clone();
        let wanted = wanted.filter(|wanted| wanted.cluster == parts.cluster);
        if wanted != asked {
            backoff.reset();
            asked = wanted;
            due = asked.as_ref().map(|_| Box::pin(sleep(STILL)));
        }
        tokio::select! {
            () = passed(due.as_mut()) => {
                due = None;
                let Some(wanted) = &asked else { continue };
                let rows = read(&parts.read, wanted).await;
                // What went wrong need not stay so.
                due = rows.is_err().then(|| Box::pin(sleep(backoff.next())));
                let detail = Detail::Revisions(RevisionsRead { owner: wanted.owner.clone(), stand: wanted.stand, rows });
                if parts.tx.send((parts.feed.clone(), FeedEvent::Detail(detail))).await.is_err() {
                    return;
                }
            }
            changed = parts.interest.changed() => if changed.is_err() { return },
            changed = parts.refresh.changed() => {
                if changed.is_err() {
                    return;
                }
                due = asked.as_ref().map(|_| Box::pin(sleep(Duration::ZERO)));
            }
            () = parts.tx.closed() => return,
        }
    }
}

/// Once that time is over; never where there is none.
async fn passed(due: Option<&mut Pin<Box<Sleep>>>) {
    match due {
        Some(due) => due.await,
        None => std::future::pending().await,
    }
}

async fn read(read: &ReadStack, wanted: &RevisionsWanted) -> Revisions {
    let (mut rows, mut next) = (Vec::new(), String::new());
    // Those of others in its namespace are not read: there may be thousands.
    let labels = wanted.labels.as_deref().map(|labels| format!("&labelSelector={}", segment(labels)));
    let labels = labels.unwrap_or_default();
    for _ in 0..PAGES {
        let path = format!(
            "/apis/apps/v1/namespaces/{}/controllerrevisions?limit={PAGE}{labels}{next}",
            segment(wanted.namespace.raw())
        );
        let answer = read.get(&path).await.map_err(|error| Safe::line(&error.to_string()))?;
        let page: Value = serde_json::from_slice(&answer.body).map_err(|_| Safe::of("the answer is no JSON"))?;
        let items = page.pointer("/items").and_then(Value::as_array).into_iter().flatten();
        rows.extend(items.filter(|item| is_owned(item, wanted.owner.raw())).filter_map(|item| row(wanted, item)));
        let Some(token) = text(&page, "/metadata/continue").filter(|token| !token.is_empty()) else {
            rows.sort_by_key(|row| std::cmp::Reverse(row.number));
            return Ok(rows.into());
        };
        next = format!("&continue={}", segment(token));
    }
    Err(Safe::of("it has more revisions than are read here; kubectl rollout undo goes back"))
}

/// Its controller is the workload.
pub(crate) fn is_owned(item: &Value, owner: &str) -> bool {
    let owners = item.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.is_some_and(|all| all.iter().any(|one| text(one, "/uid") == Some(owner)))
}

fn row(wanted: &RevisionsWanted, item: &Value) -> Option<ControlRevision> {
    let containers = item.pointer("/data/spec/template/spec/containers").and_then(Value::as_array);
    let image = |container: &Value| ContainerImage {
        container: Safe::line(text(container, "/name").unwrap_or_default()),
        image: Safe::line(text(container, "/image").unwrap_or_default()),
    };
    Some(ControlRevision {
        name: Name::new(text(item, "/metadata/name")?),
        uid: Uid::new(wanted.cluster, text(item, "/metadata/uid")?),
        number: item.pointer("/revision")?.as_i64()?,
        created: text(item, "/metadata/creationTimestamp").and_then(|at| at.parse().ok()),
        images: containers.into_iter().flatten().map(image).collect(),
    })
}

/// The ControllerRevision that a StatefulSet or DaemonSet goes back to. Its number changes once it was gone back to,
/// its name and its template never do.
pub(crate) async fn wanted_by(read: &ReadStack, action: &Action) -> Result<Value, String> {
    let Change::Undo { replica_set, replica_set_uid, to_revision, .. } = &action.change else {
        return Err("no revision is named".to_owned());
    };
    let path = format!(
        "/apis/apps/v1/namespaces/{}/controllerrevisions/{}",
        segment(action.target.namespace.raw()),
        segment(replica_set.raw())
    );
    let unread = |error: &dyn std::fmt::Display| format!("revision {to_revision} cannot be read: {error}");
    let answer = read.get(&path).await.map_err(|error| unread(&error))?;
    let revision: Value = serde_json::from_slice(&answer.body).map_err(|error| unread(&error))?;
    let is_its = is_owned(&revision, action.target.uid.raw());
    if text(&revision, "/metadata/uid") != Some(replica_set_uid.raw()) || !is_its {
        return Err(format!("revision {to_revision} was replaced since you looked"));
    }
    Ok(revision)
}

/// The template that a revision keeps, without the word that makes a patch of it replace.
pub(crate) fn template(revision: &Value) -> Option<Value> {
    let mut template = revision.pointer("/data/spec/template")?.clone();
    template.as_object_mut()?.remove("$patch");
    Some(template)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_revision_is_its_number_its_images_and_its_template() {
        let item = json!({
            "metadata": { "name": "db-6d9", "uid": "r1", "ownerReferences": [{ "uid": "u1", "controller": true }],
                "creationTimestamp": "2026-11-21T02:00:00Z" },
            "revision": 3,
            "data": { "spec": { "template": { "$patch": "replace", "metadata": { "labels": { "app": "db" } },
                "spec": { "containers": [{ "name": "app", "image": "db:3" }] } } } },
        });
        assert!(is_owned(&item, "u1") && !is_owned(&item, "u2"));
        let wanted = RevisionsWanted {
            cluster: SourceId(0),
            namespace: Name::new("shop"),
            owner: Uid::new(SourceId(0), "u1"),
            labels: None,
            stand: (1, 1),
        };
        let row = row(&wanted, &item).unwrap();
        assert_eq!((row.number, row.name.raw(), row.images[0].image.as_str()), (3, "db-6d9", "db:3"));
        let template = template(&item).unwrap();
        assert_eq!(template["$patch"], Value::Null);
        assert_eq!(template["spec"]["containers"][0]["image"], "db:3");
    }
}
