//! From a target of the command line to a cluster of the scope.

use std::sync::Arc;

use crate::model::slo::ObjectiveSpec;
use crate::model::source::SourceScope;
use crate::model::{Name, SourceId, SystemId};
use crate::net::{Cluster, Docker, GitHub, Prometheus, Target};
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

/// A source as the state sees it, and the way to it if there is one.
#[derive(Debug, Clone)]
pub struct Spec {
    pub scope: SourceScope,
    /// `None` where `scope.unusable` says why.
    pub upstream: Option<Upstream>,
}

/// The way to a source.
#[derive(Debug, Clone)]
pub enum Upstream {
    Cluster(Cluster),
    GitHub(GitHub),
    /// With the objectives of the configuration's files.
    Prometheus(Prometheus, Arc<[ObjectiveSpec]>),
    Docker(Docker),
}

/// Pins a target. Never fails: what cannot be used is a cluster of the scope that says why.
#[must_use]
pub fn resolve(id: SourceId, target: &Target, namespaces: &Namespaces) -> Spec {
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
            scope: SourceScope {
                id,
                system: SystemId::Kubernetes,
                discovered: None,
                name: Name::new(&cluster.name),
                server: Safe::identity(&cluster.server),
                user: Safe::identity(&cluster.user),
                namespaces: listed,
                unusable: None,
            },
            upstream: Some(Upstream::Cluster(cluster)),
        },
        Err(error) => Spec {
            scope: SourceScope {
                id,
                system: SystemId::Kubernetes,
                discovered: None,
                name: Name::new(target.name()),
                server: Safe::of(""),
                user: Safe::of(""),
                namespaces: listed,
                unusable: Some(Safe::line(&error.to_string())),
            },
            upstream: None,
        },
    }
}
