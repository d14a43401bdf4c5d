//! `services:`: what is built, where its images go, how its canary is judged.

use std::collections::HashMap;
use std::sync::Arc;

use super::tree::{At, Faults, Fields, Node};
use super::words::{self, Wrong, checked};
use crate::config::errors::quoted;
use crate::model::Name;
use crate::model::images::{Platform, Reference};
use crate::model::scope::{CanaryQueries, PipelineOf, Service};

const KEYS: [&str; 7] = ["name", "repo", "images", "pipelines", "platforms", "slos", "canary"];

/// A service, and what of it is read later.
pub(super) struct Read<'a> {
    pub service: Service,
    /// Paths of OpenSLO files.
    pub slos: Vec<(&'a Node, String)>,
}

pub(super) fn read<'a>(node: &'a Node, faults: &mut Faults) -> Vec<Read<'a>> {
    let mut all: Vec<Read> = Vec::new();
    let mut names: HashMap<String, At> = HashMap::new();
    for item in node.items("services", faults) {
        let Some(fields) = item.fields("service", &KEYS, faults) else { continue };
        let read = service(&fields, faults);
        let Some(read) = read else { continue };
        let at = &fields.get("name").unwrap_or(item).at;
        unique(&mut names, read.service.name.raw(), at, "service", faults);
        all.push(read);
    }
    all
}

/// A name that another has already is a mistake.
pub(super) fn unique(names: &mut HashMap<String, At>, name: &str, at: &At, what: &str, faults: &mut Faults) {
    match names.get(name) {
        Some(first) => {
            let hint = Some("give one of them another name, or put them together".to_owned());
            faults.tell(at, format!("{what} {} is already on line {}", quoted(name), first.line), hint);
        }
        None => drop(names.insert(name.to_owned(), at.clone())),
    }
}

fn service<'a>(fields: &Fields<'a>, faults: &mut Faults) -> Option<Read<'a>> {
    let name = required(fields, "name", "service", faults);
    let repository = fields.get("repo").and_then(|node| checked(node, "repo", words::repository, faults));
    let images = list(fields, "images", words::image, faults);
    let (workflows, tekton) = pipelines(fields, faults);
    let platforms = list(fields, "platforms", words::platform, faults);
    let slos = fields.get("slos").map_or(&[][..], |node| node.items("slos", faults));
    let slos = slos.iter().filter_map(|node| Some((node, node.word("slos", faults)?.to_owned()))).collect();
    let canary = fields.get("canary").map(|node| canary(node, faults)).unwrap_or_default();
    let names = |words: Vec<String>| words.iter().map(|word| Name::new(word)).collect();
    let service = Service {
        name: Name::new(&name?),
        repository: repository.map(|word| Name::new(&word)),
        workflows: names(workflows),
        tekton,
        // With the host that Docker would add.
        images: images
            .iter()
            .filter_map(|word| Reference::parse(word))
            .map(|image| Name::new(&image.repository))
            .collect(),
        platforms: platforms.iter().filter_map(|word| Platform::parse(word)).collect(),
        canary,
    };
    Some(Read { service, slos })
}

/// The name of something; without one it cannot be spoken of.
pub(super) fn required(fields: &Fields, key: &str, what: &str, faults: &mut Faults) -> Option<String> {
    let Some(node) = fields.get(key) else {
        if !fields.strange {
            let hint = Some(format!("begin it with {key}: NAME"));
            faults.tell(fields.at, format!("this {what} has no {key}"), hint);
        }
        return None;
    };
    checked(node, key, words::name, faults)
}

fn list(fields: &Fields, key: &str, check: impl Fn(&str) -> Result<String, Wrong>, faults: &mut Faults) -> Vec<String> {
    let items = fields.get(key).map_or(&[][..], |node| node.items(key, faults));
    let mut all: Vec<String> = Vec::new();
    for item in items {
        let Some(word) = checked(item, key, &check, faults) else { continue };
        if all.contains(&word) {
            faults.tell(&item.at, format!("{} stands here twice", quoted(&word)), None);
        } else {
            all.push(word);
        }
    }
    all
}

/// The workflow files of GitHub, and the pipelines of Tekton.
fn pipelines(fields: &Fields, faults: &mut Faults) -> (Vec<String>, Vec<PipelineOf>) {
    const KEYS: [&str; 3] = ["github", "tekton", "namespace"];
    let items = fields.get("pipelines").map_or(&[][..], |node| node.items("pipelines", faults));
    let (mut workflows, mut tekton) = (Vec::new(), Vec::new());
    for item in items {
        let Some(pipeline) = item.fields("pipeline", &KEYS, faults) else { continue };
        match (pipeline.get("github"), pipeline.get("tekton")) {
            (Some(node), None) => {
                workflows.extend(checked(node, "github", words::workflow, faults));
                if let Some(node) = pipeline.get("namespace") {
                    let hint = Some("it belongs to a pipeline of Tekton".to_owned());
                    faults.tell(&node.at, "a workflow of GitHub has no namespace", hint);
                }
            }
            (None, Some(node)) => {
                let pipeline_of = checked(node, "tekton", words::text, faults);
                let node = pipeline.get("namespace");
                let namespace = node.and_then(|node| checked(node, "namespace", words::namespace, faults));
                let namespace = namespace.map(|word| Name::new(&word));
                tekton.extend(pipeline_of.map(|word| PipelineOf { pipeline: Name::new(&word), namespace }));
            }
            (Some(_), Some(node)) => {
                faults.tell(
                    &node.at,
                    "a pipeline is one of GitHub or one of Tekton",
                    Some("write two items".to_owned()),
                );
            }
            (None, None) if pipeline.strange => {}
            (None, None) => faults.tell(
                &item.at,
                "this pipeline names neither a workflow nor a pipeline of Tekton",
                Some("such as { github: ci.yml } or { tekton: build, namespace: ci }".to_owned()),
            ),
        }
    }
    (workflows, tekton)
}

fn canary(node: &Node, faults: &mut Faults) -> CanaryQueries {
    let Some(fields) = node.fields("canary", &["errors", "latency"], faults) else { return CanaryQueries::default() };
    let mut query = |key| {
        let node = fields.get(key)?;
        checked(node, key, words::query_of_arm, faults).map(Arc::from)
    };
    CanaryQueries { errors: query("errors"), latency: query("latency") }
}
