//! From a target of the command line to a cluster of the scope.

use crate::model::source::ClusterScope;
use crate::model::{ClusterId, Name};
use crate::net::{Cluster, Target};
use crate::text::Safe;

/// Which namespaces are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// The context's own; `default` if it sets none.
    OfContext,
    All,
    /// By name, at least one.
    Named(Vec<String>),
}

/// A cluster as the state sees it, and the way to it if there is one.
#[derive(Debug, Clone)]
pub struct Spec {
    pub scope: ClusterScope,
    /// `None` where `scope.unusable` says why.
    pub cluster: Option<Cluster>,
}

/// Pins a target. Never fails: what cannot be used is a cluster of the scope that says why.
#[must_use]
pub fn resolve(id: ClusterId, target: &Target, namespaces: &Namespaces) -> Spec {
    let pinned = target.pin();
    let named = |name: &str| Some(vec![Name::new(name)]);
    let listed = match (namespaces, &pinned) {
        (Namespaces::All, _) => None,
        (Namespaces::Named(names), _) if !names.is_empty() => Some(names.iter().map(|name| Name::new(name)).collect()),
        (_, Ok(cluster)) => named(&cluster.namespace),
        (_, Err(_)) => named("default"),
    };
    match pinned {
        Ok(cluster) => Spec {
            scope: ClusterScope {
                id,
                name: Name::new(&cluster.name),
                server: Safe::identity(&cluster.server),
                user: Safe::identity(&cluster.user),
                namespaces: listed,
                unusable: None,
            },
            cluster: Some(cluster),
        },
        Err(error) => Spec {
            scope: ClusterScope {
                id,
                name: Name::new(target.name()),
                server: Safe::of(""),
                user: Safe::of(""),
                namespaces: listed,
                unusable: Some(Safe::line(&error.to_string())),
            },
            cluster: None,
        },
    }
}
