//! The nodes of a cluster: for which platforms they are, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::images::Platform;
use crate::text::Safe;

/// How many nodes there are of each platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    by: BTreeMap<Platform, usize>,
    /// Nodes that do not say.
    untold: usize,
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
