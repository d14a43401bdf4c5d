//! From a target of the command line to a cluster of the scope, and from the settings to the sources
//! beside it.

use std::sync::Arc;

use crate::model::scope::{DockerSource, GitHubSource, HttpSource, LogLabels, RegistrySource, Sources};
use crate::model::slo::ObjectiveSpec;
use crate::model::source::SourceScope;
use crate::model::{Name, SourceId, SystemId};
use crate::net::{
    ArgoServer, Cluster, Docker, GitHub, Grafana, Loki, NetError, Prometheus, Registry, RustCi, Target, Wanted,
};
use crate::text::{Safe, without_user};

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
    Registry(Registry),
    RustCi(RustCi),
    /// With the names of its labels.
    Loki(Loki, Arc<LogLabels>),
    Grafana(Grafana),
    ArgoServer(ArgoServer),
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

/// The sources beside the clusters, numbered from `first`. Connects to nothing and never fails: one
/// that cannot be used is a source of the scope that says why.
#[must_use]
pub fn connect(first: SourceId, sources: &Sources) -> Vec<Spec> {
    let mut specs = Vec::new();
    let mut next = (first.0..).map(SourceId);
    let mut take = || next.next().unwrap_or(first);
    if let Some(source) = &sources.github {
        specs.push(github(take(), source));
    }
    if let Some(source) = &sources.prometheus {
        specs.push(prometheus(take(), source, &sources.objectives));
    }
    if let Some(source) = &sources.docker {
        specs.push(docker(take(), source));
    }
    for source in &sources.registries {
        specs.push(registry(take(), source));
    }
    for source in &sources.rustci {
        let mut server = spec(
            scope(take(), SystemId::RustCi, &source.url, source.discovered.as_ref()),
            RustCi::new(&source.url, source.token.as_ref()).map(Upstream::RustCi),
        );
        if let Some(name) = &source.name {
            server.scope.name = name.clone();
        }
        specs.push(server);
    }
    if let Some(source) = &sources.loki {
        let labels = Arc::new(source.labels.clone());
        specs.push(spec(
            scope(take(), SystemId::Loki, &source.url, source.discovered.as_ref()),
            Loki::new(source).map(|client| Upstream::Loki(client, labels)),
        ));
    }
    if let Some(source) = &sources.grafana {
        specs.push(spec(
            scope(take(), SystemId::Grafana, &source.url, source.discovered.as_ref()),
            Grafana::new(source).map(Upstream::Grafana),
        ));
    }
    for source in &sources.argocd {
        let mut server = spec(
            scope(take(), SystemId::ArgoServer, &source.url, source.discovered.as_ref()),
            ArgoServer::new(source).map(Upstream::ArgoServer),
        );
        server.scope.namespaces = Some(source.contexts.clone()).filter(|names| !names.is_empty());
        specs.push(server);
    }
    specs
}

fn github(id: SourceId, source: &GitHubSource) -> Spec {
    let place = address_place(SystemId::GitHub, source.discovered.as_ref());
    let mut spec = spec(
        scope(id, SystemId::GitHub, &source.url, source.discovered.as_ref()),
        GitHub::found(&source.url, token_of(source), place).map(Upstream::GitHub),
    );
    spec.scope.namespaces = Some(source.repositories.clone());
    if source.repositories.is_empty() {
        // A source without a feed would never say anything.
        spec.scope.namespaces = Some(vec![Name::new("")]);
        spec.scope.unusable = Some(Safe::of(
            "no repository is named: give a service of the configuration its repo, or start inside a clone",
        ));
        spec.upstream = None;
    }
    spec
}

/// The configured token, else the one that `gh` would use.
fn token_of(source: &GitHubSource) -> Wanted {
    match &source.token {
        Some(token) => Wanted::Of(token.clone()),
        None => Wanted::GitHub { host: GitHub::gh_host(&source.url) },
    }
}

fn prometheus(id: SourceId, source: &HttpSource, objectives: &[ObjectiveSpec]) -> Spec {
    let objectives: Arc<[ObjectiveSpec]> = objectives.into();
    let place = address_place(SystemId::Prometheus, source.discovered.as_ref());
    spec(
        scope(id, SystemId::Prometheus, &source.url, source.discovered.as_ref()),
        Prometheus::found(&source.url, source.token.as_ref(), place)
            .map(|client| Upstream::Prometheus(client, objectives)),
    )
}

/// Where an address is mended: where it was found, or where the configuration names it.
#[must_use]
pub fn address_place(system: SystemId, discovered: Option<&Safe>) -> &'static str {
    match (system, discovered.map(Safe::as_str)) {
        (SystemId::Kubernetes | SystemId::Rollouts | SystemId::ArgoCd | SystemId::Helm | SystemId::Tekton, _) => {
            "in the kubeconfig"
        }
        (SystemId::GitHub, None) => "in sources.github.url",
        (SystemId::GitHub, Some(_)) => "in the git remote origin",
        (SystemId::RustCi, _) => "in sources.rustci.url",
        (SystemId::Loki, _) => "in sources.loki.url",
        (SystemId::Grafana, _) => "in sources.grafana.url",
        (SystemId::ArgoServer, _) => "in sources.argocd.url",
        (SystemId::Prometheus, None) => "in sources.prometheus.url",
        (SystemId::Prometheus, Some(_)) => "in PROMETHEUS_URL",
        (SystemId::Registry, _) => "in sources.registries",
        (SystemId::Docker, None) => "in sources.docker.host",
        (SystemId::Docker, Some("DOCKER_HOST")) => "in DOCKER_HOST",
        // A socket that lay where sockets lie.
        (SystemId::Docker, Some(_)) => "by DOCKER_HOST or sources.docker.host",
    }
}

fn docker(id: SourceId, source: &DockerSource) -> Spec {
    let place = address_place(SystemId::Docker, source.discovered.as_ref());
    spec(
        scope(id, SystemId::Docker, &source.host, source.discovered.as_ref()),
        Docker::found(&source.host, place).map(Upstream::Docker),
    )
}

fn registry(id: SourceId, source: &RegistrySource) -> Spec {
    let client = Registry::new(&source.host, source.url.as_deref(), &source.login);
    let shown = client.as_ref().map_or_else(|_| source.host.clone(), |client| client.url().to_owned());
    let mut spec =
        spec(scope(id, SystemId::Registry, &shown, source.discovered.as_ref()), client.map(Upstream::Registry));
    // As images name it, wherever its API is.
    spec.scope.name = Name::new(&source.host);
    spec.scope.namespaces = Some(source.repositories.clone());
    if source.repositories.is_empty() {
        spec.scope.namespaces = Some(vec![Name::new("")]);
        spec.scope.unusable = Some(Safe::of("no image of it is named: give a service of the configuration its images"));
        spec.upstream = None;
    }
    spec
}

fn spec(mut scope: SourceScope, upstream: Result<Upstream, NetError>) -> Spec {
    let upstream = upstream.map_err(|error| scope.unusable = Some(Safe::line(&error.to_string()))).ok();
    Spec { scope, upstream }
}

fn scope(id: SourceId, system: SystemId, url: &str, discovered: Option<&Safe>) -> SourceScope {
    let shown = without_user(url);
    SourceScope {
        id,
        system,
        // An address that names nobody is shown as it was written.
        name: Name::new(match host(&shown).trim() {
            "" if shown.trim().is_empty() => system.as_str(),
            "" => &shown,
            host => host,
        }),
        server: Safe::identity(&shown),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: discovered.cloned(),
    }
}

/// Host and port of a URL; of a socket its path.
fn host(url: &str) -> &str {
    match url.split_once("://") {
        Some(("unix", path)) => path,
        Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or(rest),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scope::RustCiSource;

    #[test]
    fn each_source_has_a_number_of_its_own_and_says_where_it_is() {
        let source = |url: &str| HttpSource { url: url.to_owned(), token: None, discovered: Some(Safe::of("env")) };
        let server = |(name, url): (Option<&str>, &str)| RustCiSource {
            name: name.map(Name::new),
            url: url.to_owned(),
            token: None,
            discovered: None,
        };
        let sources = Sources {
            github: Some(GitHubSource {
                url: "https://api.github.com".to_owned(),
                token: None,
                repositories: Vec::new(),
                discovered: None,
            }),
            prometheus: Some(source("http://ada:secret@127.0.0.1:9090/prometheus")),
            docker: Some(DockerSource { host: "unix:///var/run/docker.sock".to_owned(), discovered: None }),
            registries: Vec::new(),
            rustci: [(None, "https://ci.example:8000"), (Some("readers"), "https://ci2.example")].map(server).to_vec(),
            loki: None,
            grafana: None,
            argocd: Vec::new(),
            no_helm: false,
            objectives: Vec::new(),
        };
        let scopes: Vec<SourceScope> = connect(SourceId(3), &sources).into_iter().map(|spec| spec.scope).collect();
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name.raw()).collect();
        assert_eq!(names, ["api.github.com", "127.0.0.1:9090", "/var/run/docker.sock", "ci.example:8000", "readers"]);
        assert_eq!(scopes.iter().map(|scope| scope.id.0).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
        assert!(scopes[0].unusable.as_ref().is_some_and(|why| why.as_str().contains("no repository")));
        assert!(scopes[1].discovered.is_some());
        assert_eq!(scopes[1].server.as_str(), "http://127.0.0.1:9090/prometheus");
        assert_eq!(without_user("http://ada:se/cret@host:9090"), "http://host:9090");
        assert!(!scopes[0].feeds().is_empty(), "what cannot be used has a feed that says so");
    }

    #[test]
    fn an_address_without_a_host_has_a_name_all_the_same() {
        for (host, name) in [("unix://", "unix://"), ("ssh://", "ssh://"), (" ", "docker"), ("tcp://", "tcp://")] {
            let source = DockerSource { host: host.to_owned(), discovered: Some(Safe::of("DOCKER_HOST")) };
            let spec = docker(SourceId(0), &source);
            assert_eq!(spec.scope.name.raw(), name, "{host:?}");
            let why = spec.scope.unusable.unwrap();
            assert!(!why.as_str().starts_with(' ') && !why.as_str().contains("  "), "{why:?}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_mended_where_it_was_written() {
        let discovered = [(Some(Safe::of("DOCKER_HOST")), "in DOCKER_HOST"), (None, "in sources.docker.host")];
        for (discovered, wanted) in discovered {
            let spec = docker(SourceId(0), &DockerSource { host: "tcp://127.0.0.1:1".to_owned(), discovered });
            let Some(Upstream::Docker(client)) = spec.upstream else { panic!("a client") };
            let error = client.negotiate().await.unwrap_err().to_string();
            assert!(error.ends_with(wanted), "{error}");
        }
        let discovered = [(Some(Safe::of("PROMETHEUS_URL")), "in PROMETHEUS_URL"), (None, "in sources.prometheus.url")];
        for (discovered, wanted) in discovered {
            let source = HttpSource { url: "nowhere".to_owned(), token: None, discovered };
            let why = prometheus(SourceId(0), &source, &[]).scope.unusable.unwrap();
            assert!(why.as_str().contains(wanted), "{why:?}");
        }
    }
}
