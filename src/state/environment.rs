//! Which environment an object is in, and which environments are protected. Until there is a
//! configuration, it is its namespace's label `environment`, else the namespace's name; names that
//! contain `prod` or `live` are protected.

use super::ui::{Place, RowId};
use super::{State, lists};
use crate::model::{Name, ObjectId, SourceId, SystemId};

/// The environment of a namespace.
#[must_use]
pub fn of(state: &State, cluster: SourceId, namespace: &Name) -> Name {
    let rows = state.world.namespaces.rows();
    // They stand in the order of cluster and name.
    let at = rows.partition_point(|row| (row.meta.cluster, &row.meta.name) < (cluster, namespace));
    rows.get(at)
        .filter(|row| row.meta.cluster == cluster && row.meta.name == *namespace)
        .and_then(|row| row.environment.clone())
        .unwrap_or_else(|| namespace.clone())
}

/// The environment of an object.
#[must_use]
pub fn of_object(state: &State, id: &ObjectId) -> Name {
    of(state, id.cluster, &id.namespace)
}

/// The environment of what the operator looks at: the highlighted row, else the object whose page
/// this is, else the only one of the scope. `None` where there is none to name.
#[must_use]
pub fn here(state: &State) -> Option<Name> {
    let row = lists::selected(state, &state.ui.list_id());
    if let Some(RowId::Object(id)) = &row
        && is_in_a_cluster(id)
    {
        return Some(of_object(state, id));
    }
    if let Some(RowId::Operation(id)) = &row {
        let operation = state.operations.iter().find(|operation| operation.id == *id)?;
        return Some(operation.environment.clone());
    }
    if let Place::Workload(id) | Place::Rollout(id) | Place::Pod(id) | Place::Analysis(id) | Place::Log(id) =
        &state.ui.place
        && is_in_a_cluster(id)
    {
        return Some(of_object(state, id));
    }
    only(state)
}

/// Runs, objectives and containers of a Docker Engine stand in no namespace of a cluster.
const fn is_in_a_cluster(id: &ObjectId) -> bool {
    matches!(id.kind.system(), SystemId::Kubernetes | SystemId::Rollouts)
}

/// The environment of the whole scope, where it is one.
fn only(state: &State) -> Option<Name> {
    let mut names = state.world.clusters().flat_map(|cluster| -> Vec<Name> {
        if let Some(names) = &cluster.namespaces {
            return names.iter().map(|name| of(state, cluster.id, name)).collect();
        }
        let rows = state.world.namespaces.rows().iter().filter(|row| row.meta.cluster == cluster.id);
        rows.map(|row| of(state, cluster.id, &row.meta.name)).collect()
    });
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

/// An action there asks for the environment's name.
#[must_use]
pub fn is_protected(environment: &Name) -> bool {
    let name = environment.raw().to_lowercase();
    name.contains("prod") || name.contains("live")
}

/// Development first, production last: the order in which a change travels.
#[must_use]
pub fn rank(environment: &Name) -> u8 {
    let name = environment.raw().to_lowercase();
    let stages: [&[&str]; 4] = [&["dev", "sandbox"], &["test", "qa", "ci"], &["stag", "preprod", "uat"], &["canary"]];
    for (rank, words) in stages.iter().enumerate() {
        if words.iter().any(|word| name.contains(word)) {
            return rank as u8;
        }
    }
    if is_protected(environment) { 9 } else { 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_protected_and_comes_last() {
        for name in ["prod", "production", "EU-Live", "shop-prod-2"] {
            assert!(is_protected(&Name::new(name)), "{name}");
        }
        for name in ["staging", "dev", "default", "pro"] {
            assert!(!is_protected(&Name::new(name)), "{name}");
        }
        let mut names = ["production", "shop", "staging", "dev"].map(Name::new);
        names.sort_by_key(rank);
        assert_eq!(names.map(|name| name.raw().to_owned()), ["dev", "staging", "shop", "production"]);
    }
}
