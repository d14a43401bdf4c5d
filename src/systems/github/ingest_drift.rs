//! From the file of an overlay to the images that it pins (apis.md §13.1, §13.4), and from GitHub's comparison
//! to how two commits stand to each other (§6.9). Pure.

use serde::Deserialize;
use serde_json::Value;

use super::ingest::object;
use crate::model::gitops::{Apart, Pinned, Pins};
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Int, List, Obj, Text};
use crate::text::Safe;

/// Files that say which images an overlay has, in the order in which they are looked for.
pub const FILES: [&str; 4] = ["kustomization.yaml", "kustomization.yml", "Kustomization", "values.yaml"];
/// Files of a comparison that GitHub tells.
const TOLD: usize = 300;
/// More than so many are no overlay.
const MOST: usize = 500;

/// What a file of this name pins; `Err`: why it cannot be read.
pub fn pins(file: &str, text: &str) -> Result<Pins, Safe> {
    let document: Value = serde_yaml::from_str(text)
        .map_err(|error| crate::safe!("{} is no YAML: {}", Safe::line(file), Safe::line(&error.to_string())))?;
    let mut images = if file == "values.yaml" { of_values(&document) } else { of_kustomization(&document) };
    images.truncate(MOST);
    Ok(Pins { file: Safe::line(file), images })
}

fn word(value: &Value, key: &str) -> Option<Safe> {
    match value.get(key)? {
        Value::String(text) if !text.is_empty() => Some(Safe::line(text)),
        // A tag such as 1.43 that nobody quoted: what the tool makes of it is what is written.
        Value::Number(number) => Some(Safe::line(&number.to_string())),
        _ => None,
    }
}

fn of_kustomization(document: &Value) -> Vec<Pinned> {
    let rows = document.get("images").and_then(Value::as_array);
    let pinned = |row: &Value| {
        Some(Pinned {
            image: word(row, "name")?,
            instead: word(row, "newName"),
            tag: word(row, "newTag"),
            digest: word(row, "digest"),
        })
    };
    rows.into_iter().flatten().filter_map(pinned).collect()
}

/// Every map named `image` with a tag or a digest, wherever it stands.
fn of_values(document: &Value) -> Vec<Pinned> {
    let mut out = Vec::new();
    walk(document, 0, &mut out);
    out
}

fn walk(value: &Value, depth: usize, out: &mut Vec<Pinned>) {
    const DEEP: usize = 8;
    let Some(map) = value.as_object().filter(|_| depth < DEEP) else { return };
    for (key, inner) in map {
        if key == "image" && inner.is_object() {
            let (tag, digest) = (word(inner, "tag"), word(inner, "digest"));
            if tag.is_some() || digest.is_some() {
                let repository = word(inner, "repository").unwrap_or_default();
                let image = match word(inner, "registry") {
                    Some(registry) if !repository.is_empty() => crate::safe!("{}/{}", registry, repository),
                    _ => repository,
                };
                out.push(Pinned { image, instead: None, tag, digest });
            }
        } else {
            walk(inner, depth + 1, out);
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompareWire<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    ahead_by: Int,
    behind_by: Int,
    #[serde(borrow)]
    files: List<Obj<FileWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileWire<'a> {
    #[serde(borrow)]
    filename: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
}

/// How the head of a comparison stands to its base.
pub fn apart(bytes: &[u8]) -> Result<Result<Apart, Safe>, IngestError> {
    let wire: CompareWire<'_> = object("the comparison", bytes)?;
    let count = |count: &Int| count.0.and_then(|count| u64::try_from(count).ok());
    let (Some(after), Some(before)) = (count(&wire.ahead_by), count(&wire.behind_by)) else {
        return Ok(Err(Safe::of("GitHub does not say how many commits lie between them")));
    };
    let files = || wire.files.0.iter().filter_map(|file| file.0.as_ref());
    let is_migration = |file: &&FileWire<'_>| {
        let (folder, _) = file.filename.as_str().rsplit_once('/').unwrap_or_default();
        file.status.as_str() == "added"
            && folder.split('/').any(|part| matches!(part, "migrations" | "migration" | "migrate"))
    };
    Ok(match wire.status.as_str() {
        "identical" => Ok(Apart::Same),
        "ahead" => Ok(Apart::After {
            commits: after,
            migrations: files().filter(is_migration).count() as u64,
            whole: files().count() < TOLD,
        }),
        "behind" => Ok(Apart::Before { commits: before }),
        "diverged" => Ok(Apart::Diverged { after, before }),
        other => Err(crate::safe!("GitHub compares the two with a word unknown here: {}", Safe::line(other))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: &str, text: &str) -> String {
        let row = |it: &Pinned| {
            let part = |text: &Option<Safe>| text.as_ref().map_or_else(String::new, |text| text.as_str().to_owned());
            format!("{}>{}:{}@{}", it.image.as_str(), part(&it.instead), part(&it.tag), part(&it.digest))
        };
        pins(file, text).map_or_else(
            |why| why.as_str().to_owned(),
            |pins| pins.images.iter().map(row).collect::<Vec<_>>().join(" "),
        )
    }

    #[test]
    fn an_overlay_pins_images_by_tag_digest_and_another_name() {
        let kustomize = |text: &str| told("kustomization.yaml", text);
        assert_eq!(kustomize("images:\n- name: shop/web\n  newTag: 1.4.2 # by hand\n"), "shop/web>:1.4.2@");
        assert_eq!(
            kustomize("images: [{ name: web, newName: ghcr.io/shop/web, digest: sha256:ab }]"),
            "web>ghcr.io/shop/web:@sha256:ab"
        );
        assert_eq!(kustomize("images: [{ newTag: x }, 3, { name: a, newTag: 1.43 }]"), "a>:1.43@");
        assert_eq!(kustomize("resources: [../base]"), "");
        assert!(kustomize("images: [").contains("kustomization.yaml is no YAML"));
        let values = |text: &str| told("values.yaml", text);
        assert_eq!(values("image: { repository: ghcr.io/shop/web, tag: \"2\" }"), "ghcr.io/shop/web>:2@");
        assert_eq!(
            values("api: { image: { registry: ghcr.io, repository: shop/api, tag: 7 } }\nimage: { tag: x }"),
            "ghcr.io/shop/api>:7@ >:x@"
        );
        assert_eq!(values("image: shop/web:1"), "", "a whole reference is another convention");
    }

    #[test]
    fn two_commits_stand_apart_by_commits_and_migrations() {
        let of = |text: &str| apart(text.as_bytes()).unwrap();
        let files = r#""files":[{"filename":"db/migrations/0042_vat.sql","status":"added"},{"filename":"db/migrations/0001.sql","status":"modified"},{"filename":"docs/migrations.md","status":"added"}]"#;
        assert_eq!(
            of(&format!(r#"{{"status":"ahead","ahead_by":3,"behind_by":0,{files}}}"#)),
            Ok(Apart::After { commits: 3, migrations: 1, whole: true })
        );
        assert_eq!(of(r#"{"status":"behind","ahead_by":0,"behind_by":2}"#), Ok(Apart::Before { commits: 2 }));
        assert_eq!(
            of(r#"{"status":"diverged","ahead_by":1,"behind_by":2}"#),
            Ok(Apart::Diverged { after: 1, before: 2 })
        );
        assert_eq!(of(r#"{"status":"identical","ahead_by":0,"behind_by":0}"#), Ok(Apart::Same));
        assert!(of(r#"{"status":"ahead","ahead_by":null}"#).is_err(), "no number is made up");
        assert!(of(r#"{"status":"sideways","ahead_by":0,"behind_by":0}"#).is_err());
        assert!(apart(b"[]").is_err());
    }
}
