//! The metadata of a Secret of Helm's → model (apis.md §3.13). The name and the labels say all; of a
//! server that sends the whole object nothing else is read.

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::helm::{ReleaseStatus, Revision};
use crate::model::{Name, SourceId};
use crate::systems::ingest::IngestError;
use crate::systems::meta::{MetaWire, Pool};
use crate::systems::wire::Obj;

const WHAT: &str = "Release";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RevisionWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
}

pub fn revision(cluster: SourceId, wire: &RevisionWire<'_>, pool: &mut Pool) -> Result<Revision, IngestError> {
    let missing = |field| IngestError::Missing { what: WHAT, field };
    let meta = wire.metadata.0.as_ref().ok_or_else(|| missing("metadata"))?;
    let release = meta.label("name").ok_or_else(|| missing("the label name"))?;
    let number = meta.label("version").and_then(|number| number.parse().ok());
    let seconds = |key| {
        let seconds: i64 = meta.label(key)?.parse().ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let status = ReleaseStatus::of(meta.label("status").unwrap_or_default());
    Ok(Revision {
        word: status.word(),
        status,
        release: Name::new(release),
        number: number.ok_or_else(|| missing("a number in the label version"))?,
        modified: seconds("modifiedAt").or_else(|| seconds("createdAt")).or(meta.creation_timestamp.0),
        meta: meta.model(WHAT, cluster, pool)?,
    })
}
