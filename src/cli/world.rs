//! From flags, configuration and discovery to the sources that are spoken to.

use std::path::PathBuf;

use super::args::Scope;
use super::discover::{self, Surroundings};
use super::folders::Folders;
use crate::config::ConfigErrors;
use crate::config::settings::{self, Config, Given};
use crate::model::SourceId;
use crate::net::Target;
use crate::systems::{self, Namespaces, Spec, Upstream};
use crate::text::Safe;

/// What lies around the program when it starts. Read once.
pub(crate) fn surroundings() -> Surroundings {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Surroundings { environment, working: std::env::current_dir().ok(), docker: PathBuf::from("/var/run/docker.sock") }
}

/// The configuration with what was discovered beside it, and everything that is wrong with it.
pub(crate) fn load(scope: &Scope, folders: Option<&Folders>, around: &Surroundings) -> (Config, ConfigErrors) {
    let (mut config, errors) = settings::read_all(Given {
        file: scope.config.as_deref(),
        folder: folders.map(|folders| folders.config.as_path()),
        working: around.working.as_deref(),
        environment: &around.environment,
    });
    if errors.errors.is_empty() {
        discover::complete(&mut config, around);
    }
    (config, errors)
}

/// Clusters first, then what is beside them, each numbered by its place.
pub(crate) fn specs(scope: &Scope, config: &Config) -> Vec<Spec> {
    let discovered = scope.context.is_empty() && scope.kubeconfig.is_none() && config.targets.is_empty();
    let mut specs: Vec<Spec> = (0..)
        .map(SourceId)
        .zip(targets(scope, config))
        .map(|(id, (target, namespaces))| systems::resolve(id, &target, &namespaces))
        .collect();
    if config.sources.no_helm {
        for spec in &mut specs {
            spec.upstream = spec.upstream.take().map(|upstream| match upstream {
                Upstream::Cluster(cluster) => Upstream::Cluster(cluster.without_helm()),
                other => other,
            });
        }
    }
    if discovered {
        for spec in &mut specs {
            spec.scope.discovered = Some(Safe::of("kubeconfig"));
        }
    }
    let first = SourceId(u16::try_from(specs.len()).unwrap_or(u16::MAX));
    specs.extend(systems::connect(first, &config.sources));
    specs
}

/// Flags win over the environments of the configuration, which win over the current context.
fn targets(scope: &Scope, config: &Config) -> Vec<(Target, Namespaces)> {
    let flagged = scope.namespaces();
    let configured = |context: Option<&str>| {
        let named = config.targets.iter().find(|target| target.context.as_deref() == context);
        match (&flagged, named) {
            (Namespaces::OfContext, Some(target)) => {
                target.namespaces.clone().map_or(Namespaces::All, Namespaces::Named)
            }
            _ => flagged.clone(),
        }
    };
    if !scope.context.is_empty() || config.targets.is_empty() {
        let of = |target: Target| {
            let context = match &target {
                Target::Kubeconfig { context, .. } => context.clone(),
                Target::Url { .. } => None,
            };
            let namespaces = configured(context.as_deref());
            (target, namespaces)
        };
        return scope.targets().into_iter().map(of).collect();
    }
    let of = |target: &settings::Target| {
        let pinned = Target::Kubeconfig { path: scope.kubeconfig.clone(), context: target.context.clone() };
        (pinned, configured(target.context.as_deref()))
    };
    config.targets.iter().map(of).collect()
}
