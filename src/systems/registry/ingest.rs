//! From manifests, indexes and configurations to images (apis.md §10). Pure. Fields that are null,
//! missing or of another type cost themselves.

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::images::{Digest, Platform};
use crate::safe;
use crate::systems::wire::{Int, List, Obj, Text, Time};
use crate::text::Safe;

/// Images of one index that are read; nobody builds for more.
const VARIANTS: usize = 32;
/// What marks a signed statement about an image, which is none itself.
const ATTESTATION: &str = "attestation-manifest";

/// What a manifest or an index says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Index { entries: Vec<Entry>, attestations: usize, notes: Notes },
    Single { config: Option<Digest>, size: u64, kind: Safe, notes: Notes },
}

/// An image of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub platform: Option<Platform>,
    pub digest: Digest,
}

/// What annotations or labels say of where an image came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    pub created: Option<Timestamp>,
    pub revision: Option<Safe>,
    pub source: Option<Safe>,
}

impl Notes {
    /// What this one does not say, the other may.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            created: self.created.or(other.created),
            revision: self.revision.or(other.revision),
            source: self.source.or(other.source),
        }
    }
}

/// The configuration of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub platform: Option<Platform>,
    pub notes: Notes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NotesWire<'a> {
    #[serde(rename = "org.opencontainers.image.revision", borrow)]
    revision: Text<'a>,
    #[serde(rename = "org.opencontainers.image.source", borrow)]
    source: Text<'a>,
    #[serde(rename = "org.opencontainers.image.created")]
    created: Time,
    #[serde(rename = "vnd.docker.reference.type", borrow)]
    reference: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlatformWire<'a> {
    #[serde(borrow)]
    os: Text<'a>,
    #[serde(borrow)]
    architecture: Text<'a>,
    #[serde(borrow)]
    variant: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PartWire<'a> {
    #[serde(borrow)]
    media_type: Text<'a>,
    #[serde(borrow)]
    digest: Text<'a>,
    size: Int,
    #[serde(borrow)]
    platform: Obj<PlatformWire<'a>>,
    #[serde(borrow)]
    annotations: Obj<NotesWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ManifestWire<'a> {
    #[serde(borrow)]
    media_type: Text<'a>,
    #[serde(borrow)]
    artifact_type: Text<'a>,
    #[serde(borrow)]
    manifests: Option<List<Obj<PartWire<'a>>>>,
    #[serde(borrow)]
    config: Obj<PartWire<'a>>,
    #[serde(borrow)]
    layers: List<Obj<PartWire<'a>>>,
    #[serde(borrow)]
    annotations: Obj<NotesWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfigWire<'a> {
    #[serde(borrow)]
    os: Text<'a>,
    #[serde(borrow)]
    architecture: Text<'a>,
    #[serde(borrow)]
    variant: Text<'a>,
    created: Time,
    #[serde(borrow)]
    config: Obj<LabelsWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LabelsWire<'a> {
    #[serde(rename = "Labels", borrow)]
    labels: Obj<NotesWire<'a>>,
}

/// A manifest or an index. `Err`: why it is neither, in words.
pub fn manifest(kind: &str, body: &[u8]) -> Result<Shape, Safe> {
    let odd = || Safe::of("the registry's answer is no manifest");
    let wire: Obj<ManifestWire<'_>> = serde_json::from_slice(body).map_err(|_| odd())?;
    let wire = wire.0.ok_or_else(odd)?;
    let notes = wire.annotations.0.as_ref().map(notes).unwrap_or_default();
    if let Some(List(parts)) = &wire.manifests {
        let mut index = (Vec::new(), 0);
        for part in parts.iter().filter_map(|part| part.0.as_ref()) {
            entry(part, &mut index);
        }
        let (entries, attestations) = index;
        return Ok(Shape::Index { entries, attestations, notes });
    }
    let Some(config) = &wire.config.0 else {
        let kind = wire.media_type.some().unwrap_or(kind);
        return Err(if kind.contains("manifest.v1+") {
            Safe::of("it is an image of Docker's first format, which says no platform; build it anew")
        } else {
            safe!("it is neither an image nor an index ({})", Safe::line(kind))
        });
    };
    let sizes = wire.layers.0.iter().filter_map(|layer| layer.0.as_ref()).chain([config]);
    let size = sizes.map(|part| u64::try_from(part.size.or_zero()).unwrap_or(0)).sum();
    let of_image = config.media_type.as_str().ends_with(".image.config.v1+json")
        || config.media_type.as_str() == "application/vnd.docker.container.image.v1+json";
    let kind = wire.artifact_type.some().unwrap_or(config.media_type.as_str());
    let config = Digest::parse(config.digest.as_str()).filter(|_| of_image);
    Ok(Shape::Single { config, size, kind: Safe::line(kind), notes })
}

fn entry(part: &PartWire<'_>, (entries, attestations): &mut (Vec<Entry>, usize)) {
    let statement = part.annotations.0.as_ref().is_some_and(|notes| notes.reference.as_str() == ATTESTATION);
    let named = part.platform.0.as_ref();
    let unknown = named.is_some_and(|it| it.os.as_str() == "unknown" && it.architecture.as_str() == "unknown");
    if statement || unknown {
        *attestations += 1;
        return;
    }
    let Some(digest) = Digest::parse(part.digest.as_str()) else { return };
    if entries.len() < VARIANTS {
        entries.push(Entry { platform: named.and_then(platform), digest });
    }
}

fn platform(wire: &PlatformWire<'_>) -> Option<Platform> {
    Some(Platform::new(wire.os.some()?, wire.architecture.some()?, wire.variant.some()))
}

fn notes(wire: &NotesWire<'_>) -> Notes {
    Notes {
        created: wire.created.0,
        revision: wire.revision.some().map(Safe::line),
        source: wire.source.some().map(Safe::line),
    }
}

/// What one image says of itself.
pub fn config(body: &[u8]) -> Result<Config, Safe> {
    let odd = || Safe::of("the configuration of the image is not readable");
    let wire: Obj<ConfigWire<'_>> = serde_json::from_slice(body).map_err(|_| odd())?;
    let wire = wire.0.ok_or_else(odd)?;
    let labels = wire.config.0.as_ref().and_then(|config| config.labels.0.as_ref());
    let labels = labels.map(notes).unwrap_or_default();
    // Zero time is how reproducible builds say nothing.
    let created = wire.created.0.filter(|created| created.as_second() > 0);
    let of = PlatformWire { os: wire.os, architecture: wire.architecture, variant: wire.variant };
    Ok(Config { platform: platform(&of), notes: Notes { created: created.or(labels.created), ..labels } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

    #[test]
    fn an_attestation_is_no_platform() {
        let body = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
                {{"digest":"{ONE}","size":1,"platform":{{"os":"linux","architecture":"amd64"}}}},
                {{"digest":"{TWO}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}},
                  "annotations":{{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"{ONE}"}}}},
                {{"digest":"{TWO}","annotations":{{"vnd.docker.reference.type":"attestation-manifest"}},
                  "platform":{{"os":"linux","architecture":"arm64"}}}},
                null, 7, {{"digest":"nonsense","platform":{{"os":"linux","architecture":"s390x"}}}}]}}"#
        );
        let Ok(Shape::Index { entries, attestations, notes }) = manifest("", body.as_bytes()) else {
            panic!("an index")
        };
        assert_eq!(attestations, 2);
        assert_eq!(entries, [Entry { platform: Platform::parse("linux/amd64"), digest: Digest::parse(ONE).unwrap() }]);
        assert_eq!(notes, Notes::default());
    }

    #[test]
    fn a_manifest_alone_names_its_configuration_and_its_size() {
        let body = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{ONE}","size":100}},
                "layers":[{{"size":5000}},{{"size":700}}],"annotations":{{"org.opencontainers.image.revision":"9f8e7d1"}}}}"#
        );
        let Ok(Shape::Single { config, size, notes, .. }) = manifest("", body.as_bytes()) else { panic!("an image") };
        assert_eq!((config.unwrap().raw(), size), (ONE, 5800));
        assert_eq!(notes.revision.unwrap().as_str(), "9f8e7d1");
        let chart = body.replace("oci.image.config", "cncf.helm.config");
        let Ok(Shape::Single { config, kind, .. }) = manifest("", chart.as_bytes()) else { panic!("an artifact") };
        assert_eq!((config, kind.as_str()), (None, "application/vnd.cncf.helm.config.v1+json"));
    }

    #[test]
    fn what_is_neither_says_what_it_is() {
        let old = r#"{"schemaVersion":1,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws","fsLayers":[]}"#;
        assert!(manifest("", old.as_bytes()).unwrap_err().as_str().contains("first format"));
        assert!(manifest("text/plain", b"{}").unwrap_err().as_str().ends_with("(text/plain)"));
        for body in ["", "[]", "<html>", "\"x\"", "null"] {
            assert!(manifest("", body.as_bytes()).is_err(), "{body:?}");
        }
    }

    #[test]
    fn a_configuration_says_platform_time_and_commit() {
        let body = br#"{"architecture":"arm64","os":"linux","variant":"v8","created":"2026-08-01T11:30:00Z",
            "config":{"Labels":{"org.opencontainers.image.revision":"9f8e7d1","other":null}}}"#;
        let read = config(body).unwrap();
        assert_eq!(read.platform, Platform::parse("linux/arm64/v8"));
        assert_eq!(read.notes.revision.unwrap().as_str(), "9f8e7d1");
        assert_eq!(read.notes.created, Some("2026-08-01T11:30:00Z".parse().unwrap()));
        let bare = config(br#"{"created":"1970-01-01T00:00:00Z","config":{"Labels":null}}"#).unwrap();
        assert_eq!(bare, Config { platform: None, notes: Notes::default() });
        assert!(config(b"[]").is_err());
    }
}
