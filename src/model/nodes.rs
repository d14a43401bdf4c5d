//! The nodes of a cluster: for which platforms they are, and while somebody looks at what stands on them
//! which of them are in trouble.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Name;
use super::images::Platform;
use crate::text::Safe;

/// How much of them is read: whole nodes are large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Depth {
    /// For which platforms they are.
    #[default]
    Labels,
    /// And which are cordoned: those alone one by one.
    Cordoned,
    /// Each by its name.
    Whole,
}

/// How many nodes there are of each platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    by: BTreeMap<Platform, usize>,
    /// Nodes that do not say.
    untold: usize,
    /// Those that were read one by one.
    rows: BTreeMap<Name, Node>,
    depth: Depth,
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

    /// What one says of itself; it is counted by its platform besides.
    pub fn see(&mut self, name: Name, node: Node) {
        self.rows.insert(name, node);
    }

    /// They were read so far, whether there are any or not.
    pub const fn read_to(&mut self, depth: Depth) {
        self.depth = depth;
    }

    #[must_use]
    pub const fn depth(&self) -> Depth {
        self.depth
    }

    /// The node of this name, where it was read by itself.
    #[must_use]
    pub fn named(&self, name: &Name) -> Option<&Node> {
        self.rows.get(name)
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
