//! Which clusters the environments are in, and which of their namespaces are read.

use crate::model::scope::Environment;

/// A context of the kubeconfig and what is read there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `None` = the current one.
    pub context: Option<String>,
    /// `None` = all: an environment that names no namespace is the whole cluster.
    pub namespaces: Option<Vec<String>>,
}

/// In the order of the file, each cluster once.
pub(super) fn of(environments: &[Environment]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for environment in environments {
        let context = environment.cluster.as_ref().map(|name| name.raw().to_owned());
        let namespace = environment.namespace.as_ref().map(|name| name.raw().to_owned());
        let place = targets.iter().position(|target| target.context == context);
        let place = place.unwrap_or_else(|| {
            targets.push(Target { context, namespaces: Some(Vec::new()) });
            targets.len() - 1
        });
        let target = &mut targets[place];
        match (namespace, &mut target.namespaces) {
            (None, _) => target.namespaces = None,
            (Some(name), Some(names)) if !names.contains(&name) => names.push(name),
            (Some(_), _) => {}
        }
    }
    targets
}
