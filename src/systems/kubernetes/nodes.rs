//! For which platforms the nodes of a cluster are: their labels, asked for now and then while images are
//! read; which of them are cordoned and what they suffer from while that matters. Many people may not list nodes; then it is unknown, which is no trouble of the source.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::model::images::Platform;
use crate::model::interest::Interest;
use crate::model::nodes::{Depth, Node, Nodes, NodesRead};
use crate::model::source::{Detail, FeedEvent, FeedId};
use crate::model::{Name, SourceId};
use crate::net::{NetError, ReadStack, segment};
use crate::systems::perform::text;
use crate::text::Safe;

/// Nodes come and go slowly.
const AGAIN: Duration = Duration::from_mins(5);
/// What they suffer from does not.
const SOON: Duration = Duration::from_mins(1);
const PAGE: usize = 500;
/// Pages of the list; a server that names more has lost its way.
const PAGES: usize = 100;

/// What it needs to answer.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) read: ReadStack,
    pub(crate) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(crate) interest: watch::Receiver<Arc<Interest>>,
    pub(crate) refresh: watch::Receiver<u64>,
    /// By whose name it speaks.
    pub(crate) feed: FeedId,
}

/// Until the loop is gone.
pub(crate) async fn run(mut parts: Parts) {
    loop {
        let cluster = parts.feed.cluster;
        let wanted = wanted(&parts.interest.borrow_and_update(), cluster);
        let Some(depth) = wanted else {
            tokio::select! {
                changed = parts.interest.changed() => if changed.is_err() { return },
                () = parts.tx.closed() => return,
            }
            continue;
        };
        let nodes = read(&parts.read, depth).await.map(Arc::new).map_err(|error| untold(&error));
        let detail = Detail::Nodes(NodesRead { nodes });
        if parts.tx.send((parts.feed.clone(), FeedEvent::Detail(detail))).await.is_err() {
            return;
        }
        // More is wanted now than what was read.
        let more = parts.interest.wait_for(|interest| self::wanted(interest, cluster) > Some(depth));
        tokio::select! {
            () = sleep(if depth == Depth::Labels { AGAIN } else { SOON }) => {}
            changed = parts.refresh.changed() => if changed.is_err() { return },
            ended = more => if ended.is_err() { return },
            () = parts.tx.closed() => return,
        }
    }
}

/// `None` while nobody wants to know.
fn wanted(interest: &Interest, cluster: SourceId) -> Option<Depth> {
    let labels = (!interest.images.is_empty()).then_some(Depth::Labels);
    labels.max(interest.nodes.get(&cluster).copied())
}

fn untold(error: &NetError) -> Safe {
    match error.code() {
        Some(401 | 403) => Safe::of("nodes may not be listed with this account"),
        _ => Safe::line(&format!("nodes cannot be listed: {error}")),
    }
}

/// Whole nodes are large: their labels alone, and of those that are cordoned all, unless more is asked for.
async fn read(read: &ReadStack, depth: Depth) -> Result<Nodes, NetError> {
    let mut nodes = Nodes::default();
    let labels = if depth == Depth::Whole { read.clone() } else { read.of_metadata() };
    list(&labels, "", |item| {
        nodes.count(platform(item));
        if let Some(name) = text(item, "/metadata/name").filter(|_| depth == Depth::Whole) {
            nodes.see(Name::new(name), node(item));
        }
    })
    .await?;
    if depth == Depth::Cordoned {
        let see = |item: &Value| {
            if let Some(name) = text(item, "/metadata/name") {
                nodes.see(Name::new(name), node(item));
            }
        };
        list(read, "&fieldSelector=spec.unschedulable%3Dtrue", see).await?;
    }
    nodes.read_to(depth);
    Ok(nodes)
}

async fn list(read: &ReadStack, of: &str, mut each: impl FnMut(&Value)) -> Result<(), NetError> {
    let mut next = String::new();
    for _ in 0..PAGES {
        let answer = read.get(&format!("/api/v1/nodes?limit={PAGE}{of}{next}")).await?;
        let page: Value = serde_json::from_slice(&answer.body)
            .map_err(|error| NetError::Unusable(format!("the list of nodes is no list: {error}")))?;
        let items = page.pointer("/items").and_then(Value::as_array);
        items
            .ok_or_else(|| NetError::Unusable("the list of nodes has no items".to_owned()))?
            .iter()
            .for_each(&mut each);
        match text(&page, "/metadata/continue").filter(|place| !place.is_empty()) {
            Some(place) => next = format!("&continue={}", segment(place)),
            None => return Ok(()),
        }
    }
    Err(NetError::Unusable("the list of nodes does not end".to_owned()))
}

/// What it says of itself.
fn node(item: &Value) -> Node {
    let conditions = item.pointer("/status/conditions").and_then(Value::as_array);
    let holds = |row: &&Value| text(row, "/status") == Some("True");
    let held: Vec<&str> = conditions.into_iter().flatten().filter(holds).filter_map(|row| text(row, "/type")).collect();
    Node {
        platform: platform(item),
        unschedulable: item.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true),
        ready: conditions
            .and_then(|rows| rows.iter().find(|row| text(row, "/type") == Some("Ready")))
            .map(|row| holds(&row)),
        // Node agents add conditions of their own that are good news when they hold (`KernelReady`).
        pressure: held.into_iter().filter(|kind| is_trouble(kind)).map(Safe::line).collect(),
    }
}

/// A condition that is bad news when it holds.
fn is_trouble(kind: &str) -> bool {
    kind.ends_with("Pressure") || kind == "NetworkUnavailable"
}

/// As the kubelet labels its node; a server that sends whole nodes tells the same in their status.
fn platform(node: &Value) -> Option<Platform> {
    let first = |places: [&str; 3]| places.iter().find_map(|place| text(node, place).filter(|word| !word.is_empty()));
    let os = first([
        "/metadata/labels/kubernetes.io~1os",
        "/metadata/labels/beta.kubernetes.io~1os",
        "/status/nodeInfo/operatingSystem",
    ])?;
    let architecture = first([
        "/metadata/labels/kubernetes.io~1arch",
        "/metadata/labels/beta.kubernetes.io~1arch",
        "/status/nodeInfo/architecture",
    ])?;
    Some(Platform::new(os, architecture, None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_is_for_what_its_labels_say() {
        let labelled = |os: &str, arch: &str| json!({ "metadata": { "labels": { "kubernetes.io/os": os, "kubernetes.io/arch": arch } } });
        let whole = json!({ "metadata": {}, "status": { "nodeInfo": { "operatingSystem": "linux", "architecture": "s390x" } } });
        let old =
            json!({ "metadata": { "labels": { "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "arm" } } });
        let mut nodes = Nodes::default();
        for node in [
            labelled("linux", "arm64"),
            labelled("linux", "arm64"),
            labelled("linux", "amd64"),
            labelled("", "amd64"),
            whole,
            old,
            json!({ "metadata": null }),
            json!(7),
        ] {
            nodes.count(platform(&node));
        }
        let of = |text| nodes.like(&Platform::parse(text).unwrap());
        assert_eq!(nodes.total(), 8);
        assert_eq!((of("linux/arm64"), of("linux/arm64/v8"), of("linux/amd64"), of("linux/s390x")), (2, 2, 1, 1));
        assert_eq!((of("linux/arm/v7"), of("windows/amd64")), (1, 0));
    }

    #[test]
    fn a_node_tells_what_it_suffers_from() {
        let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status });
        let read = node(&json!({
            "spec": { "unschedulable": true },
            "status": { "conditions": [
                condition("MemoryPressure", "True"),
                condition("DiskPressure", "False"),
                condition("PIDPressure", "Unknown"),
                condition("Ready", "True"),
                condition("KernelReady", "True"),
                condition("NetworkUnavailable", "True"),
            ] },
        }));
        assert!(read.unschedulable);
        assert_eq!(read.ready, Some(true));
        assert_eq!(read.pressure, [Safe::of("MemoryPressure"), Safe::of("NetworkUnavailable")]);
        let well = node(&json!({ "status": { "conditions": null } }));
        assert_eq!(well, Node::default());
    }
}
