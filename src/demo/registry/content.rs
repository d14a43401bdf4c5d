//! What a world's registry holds: the images that its runs have pushed, as documents with their digests.

use std::fmt::Write as _;

use axum::http::HeaderName;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::value::{hash, rfc3339};
use crate::demo::world::World;

pub(super) const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What a run has pushed.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) repository: String,
    pub(super) tags: Vec<String>,
    pub(super) platforms: Vec<String>,
    commit: String,
    built: Timestamp,
}

/// Bytes with their digest.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) kind: &'static str,
    pub(super) digest: String,
    pub(super) body: String,
}

impl Document {
    fn of(kind: &'static str, value: &Value) -> Self {
        let body = value.to_string();
        let bytes = hashing::digest::digest(&hashing::digest::SHA256, body.as_bytes());
        let hex = bytes.as_ref().iter().fold(String::new(), |mut hex, byte| {
            // A String takes everything.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { kind, digest: format!("sha256:{hex}"), body }
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.kind, "digest": self.digest, "size": self.body.len() })
    }
}

/// The images of a repository, oldest first. A tag is that of the newest image that got it; the same
/// version built again is the same image.
pub(super) fn of(world: &World, repository: &str) -> Vec<Image> {
    let mut all: Vec<Image> = Vec::new();
    let path = |image: &str| image.strip_prefix(super::HOST).and_then(|path| path.strip_prefix('/')).map(str::to_owned);
    let entry = world.scenario.catalogue.iter().find(|it| path(&it.image).as_deref() == Some(repository));
    let code = entry.map_or(repository, |it| &it.repository);
    for pushed in world.book.pushed(code, world.now) {
        let mut tags = vec![format!("sha-{}", &pushed.sha[..7])];
        // What everything is built on has no versions.
        tags.extend(entry.map(|_| "latest".to_owned()));
        match pushed.version {
            Some(version) => tags.extend([version.to_owned(), "latest".to_owned()]),
            None => tags.push(pushed.branch.replace('/', "-")),
        }
        for image in &mut all {
            image.tags.retain(|tag| !tags.contains(tag) || image.commit == pushed.sha);
        }
        if let Some(same) = all.iter_mut().find(|image| image.commit == pushed.sha) {
            tags.retain(|tag| !same.tags.contains(tag));
            same.tags.extend(tags);
            continue;
        }
        all.push(Image {
            repository: code.to_owned(),
            tags,
            platforms: platforms(world, repository, pushed.version.unwrap_or_default()),
            commit: pushed.sha.to_owned(),
            built: pushed.at,
        });
    }
    for pushed in world.pushed.iter().filter(|pushed| pushed.repository == repository) {
        let image = by_hand(pushed);
        // A run that came later has the tag.
        let later = all.iter().any(|it| it.built > image.built && it.tags.contains(&pushed.tag));
        if !later {
            for it in &mut all {
                it.tags.retain(|tag| *tag != pushed.tag);
            }
            all.push(image);
        }
    }
    all
}

/// What an engine pushed.
pub(super) fn by_hand(pushed: &super::ByHand) -> Image {
    Image {
        repository: pushed.repository.clone(),
        tags: vec![pushed.tag.clone()],
        platforms: vec!["linux/amd64".to_owned()],
        commit: pushed.commit.clone(),
        built: pushed.at,
    }
}

fn platforms(world: &World, repository: &str, version: &str) -> Vec<String> {
    let wanted = format!("{}/{repository}:{version}", super::HOST);
    let odd = world.scenario.images.iter().find(|image| image.name == wanted);
    odd.map_or_else(|| vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()], |image| image.platforms.clone())
}

impl Image {
    fn config(&self, platform: &str) -> Document {
        let (os, architecture) = platform.split_once('/').unwrap_or(("linux", platform));
        let labels = json!({
            "org.opencontainers.image.revision": self.commit,
            "org.opencontainers.image.source": format!("https://github.com/{}", self.repository),
        });
        Document::of(
            CONFIG,
            &json!({
                "architecture": architecture, "os": os, "created": rfc3339(self.built),
                "config": { "Labels": labels }, "rootfs": { "type": "layers", "diff_ids": [] },
            }),
        )
    }

    fn manifest(&self, platform: &str) -> Document {
        let number = hash(&format!("{}{}{platform}", self.repository, self.commit));
        // The base is the same for all; the service's own layer is not.
        let layers = [("base", 29_400_000), ("app", 14_000_000 + number % 9_000_000)];
        let layers: Vec<Value> = layers
            .iter()
            .map(|(name, size)| {
                let digest = Document::of(LAYER, &json!([name, platform, self.commit])).digest;
                json!({ "mediaType": LAYER, "digest": digest, "size": size })
            })
            .collect();
        let config = self.config(platform).descriptor();
        Document::of(
            MANIFEST,
            &json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers }),
        )
    }

    /// Provenance, as BuildKit attaches it to each image.
    fn attestation(&self, platform: &str) -> Document {
        let config = Document::of(CONFIG, &json!({ "architecture": "unknown", "os": "unknown" })).descriptor();
        let digest = Document::of("", &json!(["provenance", platform, self.commit])).digest;
        let statement = json!({ "mediaType": "application/vnd.in-toto+json", "digest": digest, "size": 1_837 });
        Document::of(
            MANIFEST,
            &json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [statement] }),
        )
    }

    pub(super) fn index(&self) -> Document {
        let mut entries = Vec::new();
        for platform in &self.platforms {
            let (os, architecture) = platform.split_once('/').unwrap_or(("linux", platform));
            let mut image = self.manifest(platform).descriptor();
            image["platform"] = json!({ "architecture": architecture, "os": os });
            let mut statement = self.attestation(platform).descriptor();
            statement["platform"] = json!({ "architecture": "unknown", "os": "unknown" });
            statement["annotations"] = json!({
                "vnd.docker.reference.digest": image["digest"], "vnd.docker.reference.type": "attestation-manifest",
            });
            entries.extend([image, statement]);
        }
        Document::of(INDEX, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }))
    }

    pub(super) fn manifests(&self) -> Vec<Document> {
        let parts = self.platforms.iter().flat_map(|platform| [self.manifest(platform), self.attestation(platform)]);
        std::iter::once(self.index()).chain(parts).collect()
    }

    pub(super) fn blobs(&self) -> Vec<Document> {
        self.platforms.iter().map(|platform| self.config(platform)).collect()
    }
}
