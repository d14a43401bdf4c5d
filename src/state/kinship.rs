//! Whether a repository has to do with the clusters beside it: a clone and a kubeconfig lie on the same
//! machine without belonging together, and a configuration may be read beside a foreign kubeconfig.

use super::{State, derived, freshness};
use crate::model::scope::Service;
use crate::model::{Kind, Name, SystemId};
use crate::text::Safe;

/// A repository that nothing in the clusters seems to be built by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub name: Safe,
    /// Somebody named it, and everything else that is named is strange there too.
    pub configured: bool,
}

/// One that was found and builds nothing there; or the first of those that are configured, where none
/// of them does: one alone may be a library. `None` before all was read whole, and where there is
/// nothing to compare. As `update` found it last.
#[must_use]
pub fn stranger(state: &State) -> Option<Stranger> {
    derived::stranger(state)
}

/// Changes with what is compared: the names and places of workloads, and whether all was read. What a
/// workload runs becomes another version of it, and not another program.
pub(super) fn revision(state: &State) -> u64 {
    let world = &state.world;
    let whole = freshness::is_complete(state, &[Kind::Run, Kind::Deployment, Kind::Rollout]);
    2 * (world.deployments.members() + world.rollouts.members()) + u64::from(whole)
}

/// The same, looked for.
pub(super) fn find(state: &State) -> Option<Stranger> {
    let world = &state.world;
    let named = |name: &&Name| state.settings.services.iter().any(|service| service.repository.as_ref() == Some(*name));
    let sources = || world.of_system(SystemId::GitHub);
    let found = || {
        let discovered = sources().filter(|source| source.discovered.is_some());
        discovered.flat_map(|source| source.namespaces.iter().flatten()).filter(|name| !named(name))
    };
    let configured: Vec<&Name> =
        sources().flat_map(|source| source.namespaces.iter().flatten()).filter(|name| named(name)).collect();
    if (found().next().is_none() && configured.is_empty())
        || world.deployments.is_empty() && world.rollouts.is_empty()
        || !freshness::is_complete(state, &[Kind::Run, Kind::Deployment, Kind::Rollout])
    {
        return None;
    }
    let deployments = world.deployments.rows().iter().map(|row| (&row.meta.name, &row.images));
    let rollouts = world.rollouts.rows().iter().map(|row| (&row.meta.name, &row.images));
    let (names, images) = (|(name, _)| Name::raw(name), |(_, images)| images);
    let all = || deployments.clone().chain(rollouts.clone());
    let strange =
        |name: &str| is_strange(name, all().map(names), all().flat_map(images).map(|image| image.image.as_str()));
    let stranger = |name: &Name, configured| Stranger { name: Safe::identity(short(name.raw())), configured };
    if let Some(name) = found().find(|name| strange(name.raw())) {
        return Some(stranger(name, false));
    }
    // A service may be built by a repository of another name.
    let of_services = || {
        let images = |service: &Service| service.images.iter().map(|image| image.raw().to_owned()).collect::<Vec<_>>();
        state
            .settings
            .services
            .iter()
            .flat_map(move |service| images(service).into_iter().chain([service.name.raw().to_owned()]))
    };
    let foreign = configured.iter().all(|name| strange(name.raw())) && of_services().all(|name| strange(&name));
    configured.first().filter(|_| foreign).map(|name| stranger(name, true))
}

/// Whether none of the workloads, by their names and their images, seems to be built by a repository.
pub fn is_strange<'a>(
    repository: &str,
    names: impl Iterator<Item = &'a str>,
    images: impl Iterator<Item = &'a str>,
) -> bool {
    let name = short(repository);
    !name.is_empty() && !belongs(name, names.chain(images.map(path_of)))
}

/// One of the names is, or has in it, the repository's.
fn belongs<'a>(repository: &str, mut names: impl Iterator<Item = &'a str>) -> bool {
    let wanted = repository.to_ascii_lowercase();
    names.any(|name| name.contains(&wanted) || name.to_ascii_lowercase().contains(&wanted))
}

/// `acme/checkout` without its owner.
fn short(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or_default()
}

/// `ghcr.io/acme/checkout:1.4@sha256:…` without registry, tag and digest.
fn path_of(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    let path = match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => image,
    };
    match path.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_belongs_to_what_bears_its_name() {
        for (repository, name, image, wanted) in [
            ("acme/checkout", "checkout", "ghcr.io/acme/app:1", true),
            ("acme/checkout", "checkout-api", "app", true),
            ("acme/Checkout", "till", "ghcr.io/acme/checkout:1.4", true),
            ("acme/checkout", "till", "localhost:5000/acme/checkout-api@sha256:77", true),
            ("acme/checkout", "till", "registry:5000/till", false),
            ("acme/checkout", "check", "acme/out", false),
            ("acme/checkout", "till", "checkout.example/acme/till:1", false),
            ("acme/checkout", "till", "ghcr.io/acme/till:checkout", false),
            ("acme/5000", "till", "localhost:5000/acme/till", false),
        ] {
            let names = [name, path_of(image)];
            assert_eq!(belongs(short(repository), names.into_iter()), wanted, "{repository} {name} {image}");
        }
    }
}
