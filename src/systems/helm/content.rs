//! What is in a Secret of Helm's: base64 of gzip of JSON, inside the base64 of the Secret. Charts carry
//! whole manifests and values with secrets in them: all of that is skipped unread.

use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::model::helm::{Content, ContentRead, ContentWanted};
use crate::model::interest::Interest;
use crate::model::source::{Detail, FeedEvent, FeedId};
use crate::model::{SourceId, Uid};
use crate::net::{ReadStack, segment};
use crate::systems::perform::text;
use crate::systems::wire::{Obj, Text, Time};
use crate::text::Safe;

/// Of the JSON; a Secret holds one MiB, and text is not packed better than this.
const LIMIT: u64 = 32 << 20;
/// How a gzip begins; Helm before 2 wrote none.
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// What it needs to answer.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) cluster: SourceId,
    pub(crate) read: ReadStack,
    pub(crate) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(crate) interest: watch::Receiver<Arc<Interest>>,
    /// By whose name it speaks.
    pub(crate) feed: FeedId,
}

/// Reads what is looked at, one after the other, each version of it once. Until the loop is gone.
pub(crate) async fn run(mut parts: Parts) {
    let mut asked: Vec<(Uid, Arc<str>)> = Vec::new();
    let same = |it: &ContentWanted, (uid, version): &(Uid, Arc<str>)| it.uid == *uid && it.version == *version;
    loop {
        let wanted = parts.interest.borrow_and_update().releases.clone();
        asked.retain(|one| wanted.iter().any(|it| same(it, one)));
        let is_new = |it: &&ContentWanted| it.cluster == parts.cluster && !asked.iter().any(|one| same(it, one));
        let next = wanted.iter().find(is_new);
        let Some(next) = next.cloned() else {
            tokio::select! {
                changed = parts.interest.changed() => if changed.is_err() { return },
                () = parts.tx.closed() => return,
            }
            continue;
        };
        asked.push((next.uid.clone(), Arc::clone(&next.version)));
        let content = read(&parts.read, &next).await.map(Arc::new);
        let detail = Detail::Release(ContentRead { uid: next.uid, version: next.version, content });
        if parts.tx.send((parts.feed.clone(), FeedEvent::Detail(detail))).await.is_err() {
            return;
        }
    }
}

pub(super) async fn read(read: &ReadStack, wanted: &ContentWanted) -> Result<Content, Safe> {
    let path =
        format!("/api/v1/namespaces/{}/secrets/{}", segment(wanted.namespace.raw()), segment(wanted.secret.raw()));
    let answer = read.get(&path).await.map_err(|error| match error.code() {
        Some(401 | 403) => Safe::of("secrets may not be read with this account"),
        _ => Safe::line(&format!("cannot be read: {error}")),
    })?;
    // Unpacking takes its time.
    let decoded = tokio::task::spawn_blocking(move || {
        let secret: Value = serde_json::from_slice(&answer.body).map_err(|_| Safe::of("the answer is no Secret"))?;
        decode(text(&secret, "/data/release").unwrap_or_default())
    });
    decoded.await.unwrap_or_else(|_| Err(Safe::of("it could not be decoded")))
}

/// The field `data.release` of a Secret.
pub fn decode(data: &str) -> Result<Content, Safe> {
    let wrong = |what: &str| Safe::line(&format!("its record is not as Helm writes it: {what}"));
    let outer = STANDARD.decode(data).map_err(|_| wrong("no base64"))?;
    let inner = STANDARD.decode(outer.trim_ascii()).map_err(|_| wrong("no base64 within"))?;
    let json = if inner.starts_with(&GZIP) {
        let mut json = Vec::new();
        let mut unpacked = GzDecoder::new(inner.as_slice()).take(LIMIT + 1);
        unpacked.read_to_end(&mut json).map_err(|_| wrong("no whole gzip"))?;
        if json.len() as u64 > LIMIT {
            return Err(Safe::of("its record is larger than 32 MiB"));
        }
        json
    } else {
        inner
    };
    let wire: RecordWire<'_> = serde_json::from_slice(&json).map_err(|_| wrong("no JSON"))?;
    let info = wire.info.0.unwrap_or_default();
    let chart = wire.chart.0.and_then(|chart| chart.metadata.0).unwrap_or_default();
    Ok(Content {
        chart: chart.name.line(),
        version: chart.version.line(),
        app_version: chart.app_version.line(),
        description: info.description.line(),
        deployed: info.last_deployed.0,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordWire<'a> {
    #[serde(borrow)]
    info: Obj<InfoWire<'a>>,
    #[serde(borrow)]
    chart: Obj<ChartWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InfoWire<'a> {
    #[serde(borrow)]
    description: Text<'a>,
    last_deployed: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChartWire<'a> {
    #[serde(borrow)]
    metadata: Obj<ChartMetaWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ChartMetaWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    app_version: Text<'a>,
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(json: &str) -> String {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(json.as_bytes()).unwrap();
        STANDARD.encode(STANDARD.encode(gzip.finish().unwrap()))
    }

    #[test]
    fn a_record_is_read_as_helm_packs_it() {
        let json = r#"{"name":"shop","info":{"last_deployed":"2026-11-21T10:00:00.5Z","description":"Upgrade complete","notes":"x"},
            "chart":{"metadata":{"name":"checkout","version":"1.4.0","appVersion":"2.1"},"values":{"password":"hunter2"}},
            "config":{"token":"t"},"manifest":"kind: Secret"}"#;
        let content = decode(&packed(json)).unwrap();
        assert_eq!(content.chart_name().as_str(), "checkout-1.4.0");
        assert_eq!((content.app_version.as_str(), content.description.as_str()), ("2.1", "Upgrade complete"));
        assert_eq!(content.deployed.map(|at| at.as_second() % 86_400), Some(36_000));
        assert!(!format!("{content:?}").contains("hunter2"));
        // Without gzip, as old records are.
        assert_eq!(decode(&STANDARD.encode(STANDARD.encode(json))).unwrap(), content);
    }

    #[test]
    fn what_is_no_record_says_so() {
        for (data, said) in [
            ("~", "no base64"),
            (&STANDARD.encode("~"), "no base64 within"),
            (&STANDARD.encode(STANDARD.encode([0x1f, 0x8b, 0x08, 1, 2])), "no whole gzip"),
            (&STANDARD.encode(STANDARD.encode("kind: Secret")), "no JSON"),
        ] {
            let error = decode(data).unwrap_err();
            assert!(error.as_str().ends_with(said), "{error:?} instead of {said}");
        }
        // What is odd in a field costs that field.
        let odd = decode(&packed(r#"{"info":7,"chart":{"metadata":{"name":["a"],"version":1}}}"#)).unwrap();
        assert_eq!(odd.chart_name().as_str(), "-1");
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let block = vec![b' '; 1 << 20];
        for _ in 0..=(LIMIT >> 20) {
            gzip.write_all(&block).unwrap();
        }
        let data = STANDARD.encode(STANDARD.encode(gzip.finish().unwrap()));
        assert!(data.len() < 1 << 20, "{}", data.len());
        assert_eq!(decode(&data).unwrap_err().as_str(), "its record is larger than 32 MiB");
    }
}
