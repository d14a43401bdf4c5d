//! The sources of a demo's world: everything on its own loopback servers, nothing of the user's.

use crate::demo::Demo;
use crate::model::builds::CatalogueImage;
use crate::model::images::Platform;
use crate::model::scope::{
    ArgoSource, CanaryQueries, DockerSource, GitHubSource, GrafanaSource, HttpSource, LogLabels, Login, LokiSource,
    RegistrySource, RustCiSource, SecretSource, Service, Settings, Sources,
};
use crate::model::{Name, SourceId};
use crate::net::Target;
use crate::slo::openslo;
use crate::systems::{self, Namespaces, Spec};
use crate::text::Safe;

/// The clusters of a demo and the sources beside them, all of them called `demo` but further clusters.
#[must_use]
pub fn specs_of(demo: &Demo, namespaces: &Namespaces) -> Vec<Spec> {
    let namespace = demo.namespaces.first().cloned().unwrap_or_else(|| "default".to_owned());
    let first = ("demo".to_owned(), demo.url.clone());
    let clusters = std::iter::once(&first).chain(&demo.beside).zip(0..).map(|((name, server), id)| {
        let (name, server, namespace) = (name.clone(), server.clone(), namespace.clone());
        systems::resolve(SourceId(id), &Target::Url { server, name, namespace }, namespaces)
    });
    let mut specs: Vec<Spec> = clusters.collect();
    let beside = specs.len();
    specs.extend(systems::connect(SourceId(u16::try_from(beside).unwrap_or(u16::MAX)), &sources(demo)));
    for spec in &mut specs[beside..] {
        // Its ports are others every time, and nobody needs them.
        spec.scope.name = Name::new("demo");
    }
    specs
}

/// What the services of a demo's world ask of their images, as a configuration would say it.
#[must_use]
pub fn settings_of(demo: &Demo) -> Settings {
    let no_helm = Some(Safe::of("helm needs a kubeconfig, and a demo has none"));
    if demo.platforms.is_empty() {
        return Settings { no_helm, ..Settings::default() };
    }
    let service = |image: &String| Service {
        name: Name::new(image.rsplit('/').next().unwrap_or(image)),
        repository: image.split_once('/').map(|(_, path)| Name::new(path)),
        workflows: Vec::new(),
        tekton: Vec::new(),
        images: vec![Name::new(image)],
        platforms: demo.platforms.iter().filter_map(|text| Platform::parse(text)).collect(),
        canary: CanaryQueries::default(),
    };
    let built = |image: &String| demo.catalogue.iter().any(|entry| entry.image == *image);
    let services = demo.images.iter().filter(|image| !built(image)).map(service).collect();
    let catalogue = demo.catalogue.iter().map(|entry| CatalogueImage {
        image: Name::new(&entry.image),
        tag: Name::new("latest"),
        repository: Name::new(&entry.repository),
        folder: entry.folder.clone(),
        dockerfile: "Dockerfile".to_owned(),
        workflow: Some(Name::new(&entry.workflow)),
        clone: None,
    });
    Settings { services, catalogue: catalogue.collect(), no_helm, ..Settings::default() }
}

fn registry(demo: &Demo, url: &str, host: &str) -> RegistrySource {
    RegistrySource {
        host: host.to_owned(),
        url: Some(url.to_owned()),
        login: Login::Anonymous,
        repositories: demo.images.iter().map(|name| Name::new(name)).collect(),
        discovered: None,
    }
}

fn argocd(url: &str, token: &'static str) -> ArgoSource {
    let login = Login::Token(SecretSource::Fixed(token));
    ArgoSource { url: url.to_owned(), login, ca: None, contexts: vec![Name::new("demo")], discovered: None }
}

fn sources(demo: &Demo) -> Sources {
    // A token of its own: neither the environment nor `gh` is asked for one.
    let token = Some(SecretSource::Fixed("demo"));
    Sources {
        github: demo.github.clone().map(|url| GitHubSource {
            url,
            token,
            repositories: demo.repositories.iter().map(|name| Name::new(name)).collect(),
            discovered: None,
        }),
        prometheus: demo.prometheus.clone().map(|url| HttpSource { url, token: None, discovered: None }),
        docker: demo.docker.clone().map(|host| DockerSource { host, discovered: None }),
        registries: demo.registry.iter().map(|(url, host)| registry(demo, url, host)).collect(),
        objectives: demo.openslo.iter().flat_map(|text| openslo::parse(text).0).collect(),
        no_helm: false,
        argocd: demo.argocd.iter().map(|(url, token)| argocd(url, token)).collect(),
        grafana: demo.grafana.clone().map(|url| GrafanaSource {
            url,
            login: Login::Anonymous,
            ca: None,
            discovered: None,
        }),
        loki: demo.loki.clone().map(|url| LokiSource {
            url,
            login: Login::Anonymous,
            tenant: None,
            ca: None,
            labels: LogLabels::default(),
            discovered: None,
        }),
        rustci: demo
            .rustci
            .iter()
            .map(|url| RustCiSource { name: None, url: url.clone(), token: None, discovered: None })
            .collect(),
    }
}
