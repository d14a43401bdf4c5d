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
    let missing = || IngestError::Missing { what: WHAT, field: "metadata" };
    let meta = wire.metadata.0.as_ref().ok_or_else(missing)?;
    let model = meta.model(WHAT, cluster, pool)?;
    // The labels say it; so does the name, `sh.helm.release.v1.<release>.v<number>`.
    let named = model.name.raw().strip_prefix("sh.helm.release.v1.").and_then(|rest| rest.rsplit_once(".v"));
    let release = meta.label("name").or(named.map(|(release, _)| release)).unwrap_or_else(|| model.name.raw());
    let number = meta.label("version").or(named.map(|(_, number)| number));
    let seconds = |key| {
        let seconds: i64 = meta.label(key)?.parse().ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let status = ReleaseStatus::of(meta.label("status").unwrap_or_default());
    Ok(Revision {
        release: Name::new(release),
        number: number.and_then(|number| number.parse().ok()).unwrap_or(0),
        word: status.word(),
        status,
        modified: seconds("modifiedAt").or_else(|| seconds("createdAt")).or(meta.creation_timestamp.0),
        meta: model,
    })
}
