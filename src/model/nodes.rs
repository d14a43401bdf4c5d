//! The nodes of a cluster: for which platforms they are, and while somebody looks at what stands on them
//! which of them are in trouble.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Name;
use super::images::Platform;
use crate::text::Safe;

/// How many nodes there are of each platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    by: BTreeMap<Platform, usize>,
    /// Nodes that do not say.
    untold: usize,
    /// Each by its name, where they were read whole.
    rows: Option<BTreeMap<Name, Node>>,
}

/// A node that was read whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    pub platform: Option<Platform>,
    /// `kubectl cordon`: it takes no more pods.
    pub unschedulable: bool,
    /// `None` where it does not say.
    pub ready: Option<bool>,
    /// `MemoryPressure` and its like, as far as they hold.
    pub pressure: Vec<Safe>,
}

/// What came of asking for them; `Err`: why they are not known, a right that is missing for instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodesRead {
    pub nodes: Result<Arc<Nodes>, Safe>,
}

impl Nodes {
    /// One more.
    pub fn count(&mut self, platform: Option<Platform>) {
        match platform {
            Some(platform) => *self.by.entry(platform).or_default() += 1,
            None => self.untold += 1,
        }
    }

    /// One that was read whole.
    pub fn see(&mut self, name: Name, node: Node) {
        self.count(node.platform.clone());
        self.rows.get_or_insert_default().insert(name, node);
    }

    /// They were read whole, whether there are any or not.
    pub fn whole(&mut self) {
        self.rows.get_or_insert_default();
    }

    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.rows.is_some()
    }

    /// The node of this name, where they were read whole.
    #[must_use]
    pub fn named(&self, name: &Name) -> Option<&Node> {
        self.rows.as_ref()?.get(name)
    }

    /// Those of another cluster too.
    pub fn add(&mut self, other: &Self) {
        for (platform, count) in &other.by {
            *self.by.entry(platform.clone()).or_default() += count;
        }
        self.untold += other.untold;
    }

    #[must_use]
    pub fn total(&self) -> usize {
        self.by.values().sum::<usize>() + self.untold
    }

    /// Those on which an image for this platform runs.
    #[must_use]
    pub fn like(&self, platform: &Platform) -> usize {
        // What an image says beyond what the node says (a variant) is no reason against it.
        self.by.iter().filter(|(of, _)| platform.serves(of)).map(|(_, count)| count).sum()
    }

    /// Each platform and how many nodes have it.
    pub fn platforms(&self) -> impl Iterator<Item = (&Platform, usize)> {
        self.by.iter().map(|(platform, count)| (platform, *count))
    }
}
