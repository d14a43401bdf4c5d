//! `images:`: images that are built from folders of a repository.

use super::tree::{Faults, Fields, Node};
use super::words::{self, Wrong, checked, needed};
use crate::config::errors::quoted;
use crate::model::Name;
use crate::model::builds::CatalogueImage;
use crate::model::images::Reference;

const THIS: &str = "this image";
const KEYS: [&str; 7] = ["image", "tag", "repo", "folder", "dockerfile", "workflow", "path"];

pub(super) fn read(node: &Node, faults: &mut Faults) -> Vec<CatalogueImage> {
    let mut all: Vec<CatalogueImage> = Vec::new();
    let mut names = std::collections::HashMap::new();
    for item in node.items("images", faults) {
        let Some(fields) = item.fields("image", &KEYS, faults) else { continue };
        let Some(entry) = entry(&fields, faults) else { continue };
        let at = &fields.get("image").unwrap_or(item).at;
        super::services::unique(&mut names, entry.image.raw(), at, "image", faults);
        all.push(entry);
    }
    all
}

fn entry(fields: &Fields, faults: &mut Faults) -> Option<CatalogueImage> {
    let image = needed(fields, "image", (THIS, "ghcr.io/acme/python"), words::image, faults);
    let repository = needed(fields, "repo", (THIS, "acme/images"), words::repository, faults);
    let folder = needed(fields, "folder", (THIS, "python"), inside, faults);
    let optional = |key: &'static str, check: fn(&str) -> Result<String, Wrong>, faults: &mut Faults| {
        fields.get(key).map(|node| checked(node, key, check, faults))
    };
    let tag = optional("tag", tag, faults);
    let dockerfile = optional("dockerfile", inside, faults);
    let workflow = optional("workflow", words::workflow, faults);
    let path = optional("path", words::text, faults);
    let at = fields.get("path").map(|node| node.at.origin.folder.clone());
    let image = Reference::parse(&image?)?.repository;
    Some(CatalogueImage {
        image: Name::new(&image),
        tag: Name::new(&tag.unwrap_or_else(|| Some("latest".to_owned()))?),
        repository: Name::new(&repository?),
        folder: folder?,
        dockerfile: dockerfile.unwrap_or_else(|| Some("Dockerfile".to_owned()))?,
        workflow: match workflow {
            Some(workflow) => Some(Name::new(&workflow?)),
            None => None,
        },
        // A path begins where the file lies, not where the program was started.
        clone: match path {
            Some(path) => Some(at.unwrap_or_default().join(path?)),
            None => None,
        },
    })
}

/// A path below the repository; `.` is all of it.
fn inside(word: &str) -> Result<String, Wrong> {
    let parts: Vec<&str> = word.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if word.is_empty() || word.starts_with(['/', '~']) || parts.contains(&"..") || word.contains('\\') {
        let hint = Some("write it as the repository has it, such as images/python".to_owned());
        return Err((format!("{} does not lie in the repository", quoted(word)), hint));
    }
    Ok(parts.join("/"))
}

fn tag(word: &str) -> Result<String, Wrong> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if word.is_empty() || word.len() > 128 || !word.bytes().all(plain) || word.starts_with(['.', '-']) {
        return Err((format!("{} is no tag", quoted(word)), Some("such as latest or 1.4".to_owned())));
    }
    Ok(word.to_owned())
}
