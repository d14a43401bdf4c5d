//! Environments and namespaces that several clusters have: their name alone does not tell one row from
//! another, so there, and only there, the cluster is named with it: `shop-prod@east`.

use std::collections::{BTreeMap, BTreeSet};

use super::{State, derived, environment};
use crate::model::{Name, SourceId};
use crate::safe;
use crate::text::Safe;

/// What several clusters have, with those clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    environments: BTreeMap<Name, BTreeSet<SourceId>>,
    namespaces: BTreeMap<Name, BTreeSet<SourceId>>,
}

impl Shared {
    /// Of places that something stands in: cluster, namespace and environment.
    #[must_use]
    pub fn of<'a>(places: impl Iterator<Item = (SourceId, &'a Name, &'a Name)>) -> Self {
        let mut all = Self::default();
        for (cluster, namespace, environment) in places {
            all.environments.entry(environment.clone()).or_default().insert(cluster);
            all.namespaces.entry(namespace.clone()).or_default().insert(cluster);
        }
        all.environments.retain(|_, clusters| clusters.len() > 1);
        all.namespaces.retain(|_, clusters| clusters.len() > 1);
        all
    }

    /// The clusters of an environment, where there are several.
    #[must_use]
    pub fn clusters(&self, environment: &Name) -> Option<&BTreeSet<SourceId>> {
        self.environments.get(environment)
    }

    /// The environment, with the cluster where others have it, too.
    #[must_use]
    pub fn environment(&self, state: &State, cluster: SourceId, name: &Name) -> Safe {
        told(state, &self.environments, cluster, name)
    }

    /// The namespace, with the cluster where others have it, too.
    #[must_use]
    pub fn namespace(&self, state: &State, cluster: SourceId, name: &Name) -> Safe {
        told(state, &self.namespaces, cluster, name)
    }
}

fn told(state: &State, all: &BTreeMap<Name, BTreeSet<SourceId>>, cluster: SourceId, name: &Name) -> Safe {
    match all.get(name) {
        Some(clusters) if clusters.contains(&cluster) => safe!("{}@{}", name, self::cluster(state, cluster)),
        _ => name.safe().clone(),
    }
}

/// An environment of the workloads as a row names it.
#[must_use]
pub fn environment(state: &State, cluster: SourceId, name: &Name) -> Safe {
    let matrix = derived::last_matrix(state);
    matrix.map_or_else(|| name.safe().clone(), |matrix| matrix.shared.environment(state, cluster, name))
}

/// The environment of a namespace as a row names it.
#[must_use]
pub fn place(state: &State, cluster: SourceId, namespace: &Name) -> Safe {
    environment(state, cluster, &environment::of(state, cluster, namespace))
}

/// A namespace of the workloads as a row names it.
#[must_use]
pub fn namespace(state: &State, cluster: SourceId, name: &Name) -> Safe {
    let matrix = derived::last_matrix(state);
    matrix.map_or_else(|| name.safe().clone(), |matrix| matrix.shared.namespace(state, cluster, name))
}

/// A cluster in few letters, as far as they name no other.
#[must_use]
pub fn cluster(state: &State, id: SourceId) -> Safe {
    let Some(cluster) = state.world.source(id) else { return Safe::default() };
    let all: Vec<&str> = state.world.clusters().map(|other| other.name.raw()).collect();
    short(cluster.name.raw(), &all).map_or_else(|| cluster.name.safe().clone(), |short| Safe::identity(&short))
}

/// What a context's name ends with (`arn:…:cluster/east`, `admin@east`, `gke_acme_europe-west1_east`), without
/// the parts that all of them begin or end with (`shop-east-prod`, `shop-west-prod`). `None`: it needs all of it.
fn short(name: &str, all: &[&str]) -> Option<String> {
    fn end(name: &str) -> Vec<&str> {
        name.rsplit(['/', '@', '_', ':']).next().unwrap_or(name).split('-').collect()
    }
    let ends: Vec<Vec<&str>> = all.iter().map(|name| end(name)).collect();
    let distinct: BTreeSet<&Vec<&str>> = ends.iter().collect();
    let mut own = end(name);
    if distinct.len() < ends.len() || own.iter().all(|part| part.is_empty()) {
        return None;
    }
    let least = ends.iter().map(Vec::len).min().unwrap_or(0);
    let first = &ends[0];
    let front = (0..least).take_while(|at| ends.iter().all(|it| it[*at] == first[*at])).count();
    let back = |at: &usize| ends.iter().all(|it| it[it.len() - 1 - at] == first[first.len() - 1 - at]);
    let back = (0..least.saturating_sub(front)).take_while(back).count();
    // A letter or two say nothing of what they stand for.
    if ends.iter().all(|it| it[front..it.len() - back].join("-").len() > 2) {
        own.truncate(own.len() - back);
        own.drain(..front);
    }
    Some(own.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_known_by_what_tells_it_from_others() {
        for (all, expected) in [
            (["east", "west"], ["east", "west"]),
            (["arn:aws:eks:eu-west-1:1234:cluster/shop-east", "kubernetes-admin@west"], ["shop-east", "west"]),
            (["gke_acme_europe-west1_shop", "gke_acme_europe-west1_mail"], ["shop", "mail"]),
            (["shop-east-prod", "shop-west-prod"], ["east", "west"]),
            (["cluster-0", "cluster-1"], ["cluster-0", "cluster-1"]),
            (["prod", "prod-west"], ["prod", "prod-west"]),
            // One of them, or both, are known by all of it alone.
            (["admin@east", "ops@east"], ["admin@east", "ops@east"]),
            (["odd/", "even"], ["odd/", "even"]),
        ] {
            let short = |name: &str| short(name, &all).unwrap_or_else(|| name.to_owned());
            assert_eq!(all.map(short), expected, "{all:?}");
        }
    }

    #[test]
    fn only_what_several_clusters_have_is_shared() {
        let [shop, dev, prod] = ["shop", "dev", "prod"].map(Name::new);
        let (east, west) = (SourceId(0), SourceId(1));
        let of = |rows: &[(SourceId, &Name, &Name)]| {
            let all = Shared::of(rows.iter().map(|(cluster, namespace, place)| (*cluster, *namespace, *place)));
            (all.clusters(&prod).map_or(0, BTreeSet::len), all.namespaces.len())
        };
        assert_eq!(of(&[(east, &shop, &prod), (east, &dev, &prod)]), (0, 0), "one cluster");
        assert_eq!(of(&[(east, &shop, &prod), (west, &shop, &prod)]), (2, 1));
        assert_eq!(of(&[(east, &shop, &prod), (west, &dev, &prod)]), (2, 0), "two namespaces of one environment");
        assert_eq!(of(&[(east, &shop, &prod), (west, &shop, &dev)]), (0, 1), "one name, two environments");
    }
}
