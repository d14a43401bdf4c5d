//! The platforms of an image beside those of the nodes it is to run on. A cluster that does not show its
//! nodes leaves them unknown; nothing is made of that but a word.

use super::{State, derived, images};
use crate::model::images::{Image, Platform};
use crate::model::nodes::Nodes;
use crate::model::{Name, SourceId};
use crate::safe;
use crate::text::{self, Safe};

/// The nodes of the clusters that run images of this repository, or of all clusters where none does.
/// `None` until they were read; `Err`: why some of them are not known.
#[must_use]
pub fn of(state: &State, image: &Image) -> Option<Result<Nodes, Safe>> {
    let clusters = clusters(state, image);
    let mut all = Nodes::default();
    for cluster in &clusters {
        match state.world.details.nodes(*cluster)? {
            Ok(nodes) => all.add(nodes),
            Err(why) => return Some(Err(why.clone())),
        }
    }
    (!clusters.is_empty()).then_some(Ok(all))
}

/// Where this repository runs, else all clusters.
fn clusters(state: &State, image: &Image) -> Vec<SourceId> {
    let joined = derived::images(state);
    let mine = joined.uses.iter().filter(|it| *it.repository == *image.repository().raw());
    let mut clusters: Vec<SourceId> = mine.map(|it| it.workload.cluster).collect();
    if clusters.is_empty() {
        clusters = state.world.clusters().map(|cluster| cluster.id).collect();
    }
    clusters.sort();
    clusters.dedup();
    clusters
}

/// Why the nodes that are known may be others by now.
#[must_use]
pub fn doubt(state: &State, cluster: SourceId) -> Option<Safe> {
    let why = state.world.details.old_nodes(cluster)?;
    Some(safe!("the nodes were not read again: {}", why))
}

/// The same of the nodes that an image is for.
#[must_use]
pub fn doubt_of(state: &State, image: &Image) -> Option<Safe> {
    clusters(state, image).into_iter().find_map(|cluster| doubt(state, cluster))
}

/// `3 of 8 nodes are linux/arm64`; `None` while nothing is known.
#[must_use]
pub fn like(state: &State, image: &Image, platform: &Platform) -> Option<Safe> {
    let nodes = of(state, image)?.ok()?;
    Some(words(&nodes, platform))
}

fn words(nodes: &Nodes, platform: &Platform) -> Safe {
    let (some, all) = (nodes.like(platform), nodes.total());
    let number = if some == 0 { Safe::of("none") } else { text::count(some as u64) };
    // Of one node: "1 of 1 node is"; "none of 1 node is".
    let are = if some == 1 || all == 1 { "is" } else { "are" };
    safe!("{} of {} {} {}", number, text::plural(all as u64, "node", "nodes"), are, platform.words())
}

/// `arm-3 linux/arm64, cordoned, MemoryPressure`; of a node that was not read its name alone.
#[must_use]
pub fn words_of(state: &State, cluster: SourceId, name: &Name) -> Safe {
    let Some(Ok(nodes)) = state.world.details.nodes(cluster) else { return name.safe().clone() };
    let Some(node) = nodes.named(name) else { return name.safe().clone() };
    let platform = node.platform.as_ref().map(|platform| safe!(" {}", platform.words())).unwrap_or_default();
    let mut words = vec![safe!("{}{}", name, platform)];
    words.extend((node.ready == Some(false)).then(|| Safe::of("not ready")));
    words.extend(node.unschedulable.then(|| Safe::of("cordoned")));
    words.extend(node.pressure.iter().cloned());
    words.extend(doubt(state, cluster));
    Safe::join(&words, ", ")
}

/// Platforms that nodes have and the image does not, though nobody asks for them, and how many nodes.
#[must_use]
pub fn foreign(state: &State, image: &Image) -> Vec<(Platform, Safe)> {
    let (Ok(manifest), Some(Ok(nodes))) = (&image.manifest, of(state, image)) else { return Vec::new() };
    // Where a platform is not known, it may be the one.
    if manifest.unread.is_some() || manifest.variants.iter().any(|variant| variant.platform.is_none()) {
        return Vec::new();
    }
    let missing = images::missing(state, image);
    let serves = |node: &Platform| {
        let mut all = manifest.variants.iter().filter_map(|variant| variant.platform.as_ref());
        all.any(|platform| platform.serves(node)) || missing.iter().any(|platform| platform.serves(node))
    };
    let without = nodes.platforms().filter(|(node, _)| !serves(node));
    without.map(|(node, _)| (node.clone(), words(&nodes, node))).collect()
}
