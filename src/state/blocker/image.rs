//! An image that is not built for where it is to run.

use super::{Cause, Reason, Severity};
use crate::command::Command;
use crate::model::images::Image;
use crate::model::kubernetes::{Container, ContainerImage, Pod, Terminated};
use crate::safe;
use crate::state::{State, images, nodes};
use crate::text::Safe;

/// What a workload is to run lacks a platform that its service asks for: some of its pods cannot start
/// on some nodes, whether the scheduler has sent one there yet or not.
pub(super) fn cause(state: &State, template: &[ContainerImage], part: &'static str, keys: &[Command]) -> Option<Cause> {
    let (image, missing) = template.iter().find_map(|container| {
        let image = images::named(state, &container.image)?;
        let missing = images::missing(state, image);
        (!missing.is_empty()).then_some((image, missing))
    })?;
    let lacks: Vec<Safe> = missing.iter().map(crate::model::images::Platform::words).collect();
    let nodes: Vec<Safe> = missing.iter().filter_map(|platform| nodes::like(state, image, platform)).collect();
    let nodes = if nodes.is_empty() { Safe::of("") } else { safe!("; {}", Safe::join(&nodes, ", ")) };
    let lacks = Safe::join(&lacks, " and ");
    let words = safe!("has no image for {}: {} is for {} only{}", lacks, image.words(), has(image), nodes);
    let keys = [&[Command::Look], keys].concat();
    let since = image.meta.created;
    Some(Cause { reason: Reason::ImagePlatform, severity: Severity::Broken, since, part, words, keys })
}

/// An image that cannot be pulled, for a reason nobody told, is explained by what it lacks.
pub(super) fn instead(cause: Cause, foreign: impl Fn() -> Option<Cause>) -> Cause {
    let explained = if cause.reason == Reason::ImagePull { foreign() } else { None };
    explained.unwrap_or(cause)
}

fn has(image: &Image) -> Safe {
    let variants = image.manifest.as_ref().map_or(&[][..], |manifest| &manifest.variants);
    let named: Vec<Safe> =
        variants.iter().filter_map(|it| it.platform.as_ref()).map(crate::model::images::Platform::words).collect();
    if named.is_empty() { Safe::of("no platform") } else { Safe::join(&named, ", ") }
}

/// What a container runtime says of an image that has nothing for its node: containerd and CRI-O, then
/// Docker.
pub(super) fn unmatched(message: &Safe) -> bool {
    const SAID: [&str; 3] =
        ["no match for platform in manifest", "no image found in manifest list for", "no matching manifest for "];
    SAID.iter().any(|said| message.as_str().contains(said))
}

/// What is told of a pod whose image cannot be pulled for that reason.
pub(super) fn not_pulled(state: &State, pod: &Pod, container: &Container) -> Safe {
    let only = images::named(state, &container.image).map(|image| safe!(", it is for {} only", has(image)));
    let node = match &pod.node {
        Some(node) => safe!("the platform of node {}", node),
        None => Safe::of("the platform of its node"),
    };
    safe!("has no image for {}: {}{}", node, container.image, only.unwrap_or_default())
}

/// A program for another processor ends so when it is started.
pub(super) fn is_foreign(end: &Terminated) -> bool {
    end.message.as_str().contains("exec format error")
}
