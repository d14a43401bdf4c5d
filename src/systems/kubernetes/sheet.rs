//! An object as somebody wants to read it, whole: read when it is asked for, and shown as a log is.

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{describe, yaml};
use crate::model::log::{LogEvent, LogOf, LogRequest, TailId};
use crate::model::{Kind, ObjectId};
use crate::net::{NetError, ReadStack, segment};
use crate::systems::lines::Lines;
use crate::systems::secrets;
use crate::text::Safe;

/// Reads it once and tells it, or why it cannot be read.
pub(crate) async fn tell(
    read: ReadStack,
    request: LogRequest,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
) {
    let work = async {
        let events = match text_of(&read, &request).await {
            Ok(text) => {
                let mut lines = Lines::default();
                lines.push(text.as_bytes());
                lines.finish();
                let chunk = lines.take().map(LogEvent::Lines);
                [Some(LogEvent::Opened), chunk, Some(LogEvent::Ended)]
            }
            Err(message) => [Some(LogEvent::Failed { message }), None, None],
        };
        for event in events.into_iter().flatten() {
            // A loop that is gone needs no news.
            let _ = tx.send((id, event)).await;
        }
    };
    cancel.run_until_cancelled(work).await;
}

async fn text_of(read: &ReadStack, request: &LogRequest) -> Result<String, Safe> {
    let object = &request.pod;
    let path = path(object)?;
    let mut value = get(read, &path).await.map_err(|error| Safe::line(&error.to_string()))?;
    if value.pointer("/metadata/uid").and_then(Value::as_str).is_some_and(|uid| uid != object.uid.raw()) {
        return Err(Safe::of("it was deleted, and another of its name stands there"));
    }
    let masked = secrets::tidy(&mut value);
    let note = match masked {
        0 => String::new(),
        1 => "# one value is masked: it may be a secret\n".to_owned(),
        more => format!("# {more} values are masked: they may be secrets\n"),
    };
    if request.of == LogOf::Yaml {
        return Ok(note + &yaml::write(&value));
    }
    let events = events(read, object).await.ok();
    Ok(describe::describe(object.kind.as_str(), &value, events.as_deref()))
}

async fn events(read: &ReadStack, object: &ObjectId) -> Result<Vec<Value>, NetError> {
    // Those of a namespace itself stand in it.
    let namespace = segment(object.namespace.raw());
    let uid = segment(object.uid.raw());
    let path = format!("/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.uid%3D{uid}&limit=200");
    let list = get(read, &path).await?;
    Ok(list.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// Kinds that are listed are read where they are listed.
fn path(object: &ObjectId) -> Result<String, Safe> {
    if object.kind == Kind::Release {
        // Its name is not that of the Secret that Helm keeps it in, and another Secret may have it.
        return Err(Safe::of("a Helm release is no object of the cluster: helm get manifest reads what it holds"));
    }
    let (collection, _) = if object.kind == Kind::Namespace {
        ("/api/v1/namespaces".to_owned(), String::new())
    } else {
        let place = crate::systems::place(object.kind, Some(&object.namespace));
        place.ok_or_else(|| Safe::of("nothing is known of where it is read"))?
    };
    Ok(format!("{collection}/{}", segment(object.name.raw())))
}

async fn get(read: &ReadStack, path: &str) -> Result<Value, NetError> {
    let answer = read.get(path).await?;
    serde_json::from_slice(&answer.body).map_err(|error| NetError::Unusable(format!("the answer is no JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, SourceId, Uid};

    #[test]
    fn an_object_is_read_where_it_is_listed_and_a_release_is_none() {
        let at = |kind| {
            path(&ObjectId {
                cluster: SourceId(0),
                kind,
                namespace: Name::new("shop"),
                name: Name::new("till"),
                uid: Uid::new(SourceId(0), "1"),
            })
        };
        assert_eq!(at(Kind::Pod), Ok("/api/v1/namespaces/shop/pods/till".to_owned()));
        assert_eq!(at(Kind::Namespace), Ok("/api/v1/namespaces/till".to_owned()));
        assert!(at(Kind::Release).is_err_and(|why| why.as_str().contains("a Helm release is no object")));
    }
}
