//! Environments and namespaces that several clusters have: their name alone does not tell one row from
//! another, so there, and only there, the cluster is named with it: `shop-prod@east`.

use std::collections::{BTreeMap, BTreeSet};

use super::{State, derived, environment};
use crate::model::{Name, SourceId};
use crate::safe;
use crate::text::Safe;

/// How a place is told in each of its clusters: made once, for it is asked of every row that is filtered or drawn.
type Told = BTreeMap<SourceId, Safe>;

/// What several clusters have, with those clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    environments: BTreeMap<Name, Told>,
    namespaces: BTreeMap<Name, Told>,
}

impl Shared {
    /// Of places that something stands in: cluster, namespace and environment.
    #[must_use]
    pub fn of<'a>(state: &State, places: impl Iterator<Item = (SourceId, &'a Name, &'a Name)>) -> Self {
        Self::known_as(places, |id| cluster(state, id))
    }

    fn known_as<'a>(
        places: impl Iterator<Item = (SourceId, &'a Name, &'a Name)>,
        cluster: impl Fn(SourceId) -> Safe,
    ) -> Self {
        let (mut environments, mut namespaces) = (BTreeMap::new(), BTreeMap::new());
        for (cluster, namespace, environment) in places {
            put(&mut environments, environment, cluster);
            put(&mut namespaces, namespace, cluster);
        }
        let mut words = BTreeMap::new();
        let mut known = |id| words.entry(id).or_insert_with(|| cluster(id)).clone();
        Self { environments: told(environments, &mut known), namespaces: told(namespaces, &mut known) }
    }

    /// The clusters of an environment, where there are several.
    #[must_use]
    pub fn clusters(&self, environment: &Name) -> Option<impl Iterator<Item = SourceId>> {
        self.environments.get(environment).map(|all| all.keys().copied())
    }

    /// The environment, with the cluster where others have it, too.
    #[must_use]
    pub fn environment(&self, cluster: SourceId, name: &Name) -> Safe {
        as_told(&self.environments, cluster, name)
    }

    /// The namespace, with the cluster where others have it, too.
    #[must_use]
    pub fn namespace(&self, cluster: SourceId, name: &Name) -> Safe {
        as_told(&self.namespaces, cluster, name)
    }
}

fn put(all: &mut BTreeMap<Name, BTreeSet<SourceId>>, name: &Name, cluster: SourceId) {
    all.entry(name.clone()).or_default().insert(cluster);
}

fn told(all: BTreeMap<Name, BTreeSet<SourceId>>, known: &mut impl FnMut(SourceId) -> Safe) -> BTreeMap<Name, Told> {
    let several = all.into_iter().filter(|(_, clusters)| clusters.len() > 1);
    let mut each = |(name, clusters): (Name, BTreeSet<SourceId>)| {
        let told = clusters.into_iter().map(|id| (id, safe!("{}@{}", name, known(id)))).collect();
        (name, told)
    };
    several.map(&mut each).collect()
}

fn as_told(all: &BTreeMap<Name, Told>, cluster: SourceId, name: &Name) -> Safe {
    all.get(name).and_then(|told| told.get(&cluster)).unwrap_or_else(|| name.safe()).clone()
}

/// An environment of the workloads as a row names it.
#[must_use]
pub fn environment(state: &State, cluster: SourceId, name: &Name) -> Safe {
    let matrix = derived::last_matrix(state);
    matrix.map_or_else(|| name.safe().clone(), |matrix| matrix.shared.environment(cluster, name))
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
    matrix.map_or_else(|| name.safe().clone(), |matrix| matrix.shared.namespace(cluster, name))
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

    type Place<'a> = (SourceId, &'a Name, &'a Name);

    fn known(rows: &[Place<'_>]) -> Shared {
        Shared::known_as(rows.iter().copied(), |id| Safe::of(if id == SourceId(0) { "east" } else { "west" }))
    }

    #[test]
    fn what_tells_a_place_is_made_once_and_not_for_each_row() {
        let [shop, prod] = ["shop", "prod"].map(Name::new);
        let (east, west, north) = (SourceId(0), SourceId(1), SourceId(2));
        let all = known(&[(east, &shop, &prod), (west, &shop, &prod)]);
        for (cluster, namespace, environment) in
            [(east, "shop@east", "prod@east"), (west, "shop@west", "prod@west"), (north, "shop", "prod")]
        {
            for (told, again, words) in [
                (all.namespace(cluster, &shop), all.namespace(cluster, &shop), namespace),
                (all.environment(cluster, &prod), all.environment(cluster, &prod), environment),
            ] {
                assert_eq!(told.as_str(), words);
                assert!(std::ptr::eq(told.as_str(), again.as_str()), "{words}: one text for both");
            }
        }
    }

    #[test]
    fn only_what_several_clusters_have_is_shared() {
        let [shop, dev, prod] = ["shop", "dev", "prod"].map(Name::new);
        let (east, west) = (SourceId(0), SourceId(1));
        let of = |rows: &[Place<'_>]| {
            let all = known(rows);
            (all.clusters(&prod).map_or(0, Iterator::count), all.namespaces.len())
        };
        assert_eq!(of(&[(east, &shop, &prod), (east, &dev, &prod)]), (0, 0), "one cluster");
        assert_eq!(of(&[(east, &shop, &prod), (west, &shop, &prod)]), (2, 1));
        assert_eq!(of(&[(east, &shop, &prod), (west, &dev, &prod)]), (2, 0), "two namespaces of one environment");
        assert_eq!(of(&[(east, &shop, &prod), (west, &shop, &dev)]), (0, 1), "one name, two environments");
    }
}
