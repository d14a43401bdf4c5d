//! Since when a VirtualService carries other weights than its Rollout says, as far as it was seen.

use std::collections::HashSet;
use std::time::Duration;

use super::World;
use crate::model::Uid;
use crate::model::source::Object;
use crate::state::routing;

impl World {
    /// Rollouts whose weights, or what carries them, are among these objects.
    pub(super) fn routed(&self, objects: &[Object]) -> HashSet<Uid> {
        let mut found = HashSet::new();
        for object in objects {
            match object {
                Object::Rollout(row) => drop(found.insert(row.meta.uid.clone())),
                Object::Routing(row) => {
                    let its = self.rollouts.rows().iter().filter(|rollout| routing::names(rollout, &row.meta));
                    found.extend(its.map(|rollout| rollout.meta.uid.clone()));
                }
                _ => {}
            }
        }
        found
    }

    /// Looks again at these, after they changed.
    pub(super) fn compare_routes(&mut self, rollouts: &HashSet<Uid>, mono: Duration) {
        for uid in rollouts {
            let apart = self.rollouts.get(uid).is_some_and(|row| routing::differs(self, row).is_some());
            if apart {
                self.apart.entry(uid.clone()).or_insert(mono);
            } else {
                self.apart.remove(uid);
            }
        }
    }

    /// The same for all that differ, after something is gone.
    pub(super) fn compare_routes_again(&mut self, mono: Duration) {
        let known: HashSet<Uid> = self.apart.keys().cloned().collect();
        self.compare_routes(&known, mono);
    }

    /// For how long a VirtualService has carried other weights than this Rollout says; it was seen to begin
    /// then, and may have begun before.
    #[must_use]
    pub fn routes_apart(&self, uid: &Uid, now: Duration) -> Option<Duration> {
        self.apart.get(uid).map(|since| now.saturating_sub(*since))
    }
}
