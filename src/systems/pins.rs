//! From the file of an overlay to the images that it pins (apis.md §13.1, §13.4), wherever it was read from. Pure.

use serde_json::Value;

use crate::model::gitops::{Pinned, Pins};
use crate::text::Safe;

/// Files that say which images an overlay has, in the order in which they are looked for.
pub const FILES: [&str; 4] = ["kustomization.yaml", "kustomization.yml", "Kustomization", "values.yaml"];
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
}
