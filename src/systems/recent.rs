//! The newest events only: a cluster in trouble writes them by the thousand.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::model::Uid;
use crate::model::source::Object;

/// Kept for each feed.
const KEEP: usize = 2_000;

/// Which events are kept, by the time they were last seen.
#[derive(Debug, Default)]
pub(super) struct Recent {
    times: HashMap<Uid, Option<Timestamp>>,
    order: BTreeSet<(Option<Timestamp>, Uid)>,
}

impl Recent {
    /// Takes events in; returns those that are now too old to keep.
    pub(super) fn applied(&mut self, objects: &[Object]) -> Vec<Uid> {
        for object in objects {
            if let Object::Event(event) = object {
                let (uid, last) = (event.meta.uid.clone(), event.last);
                if let Some(before) = self.times.insert(uid.clone(), last) {
                    self.order.remove(&(before, uid.clone()));
                }
                self.order.insert((last, uid));
            }
        }
        let mut over = Vec::new();
        while self.order.len() > KEEP
            && let Some((_, uid)) = self.order.pop_first()
        {
            self.times.remove(&uid);
            over.push(uid);
        }
        over
    }

    pub(super) fn deleted(&mut self, uid: &Uid) {
        if let Some(last) = self.times.remove(uid) {
            self.order.remove(&(last, uid.clone()));
        }
    }
}
