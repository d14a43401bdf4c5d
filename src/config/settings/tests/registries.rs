//! Images, platforms and the registries they are in.

use super::{folder, read, told};
use crate::config::settings::{Given, load};
use crate::model::Name;
use crate::model::scope::{Login, SecretSource};

#[test]
fn images_are_looked_at_where_they_are() {
    let config = read(
        "version: 1
services:
  - { name: checkout, images: [ghcr.io/acme/checkout, nginx], platforms: [linux/amd64, linux/arm64/v8] }
  - { name: web, images: ['127.0.0.1:5000/acme/web', ghcr.io/acme/web] }
sources:
  registries:
    ghcr.io: { token: { env: GHCR_TOKEN } }
    127.0.0.1:5000: { url: 'http://127.0.0.1:5001', username: ana, password: { file: pass } }
    registry-1.docker.io: {}
",
    )
    .unwrap();
    let platforms: Vec<_> =
        config.settings.services[0].platforms.iter().map(crate::model::images::Platform::words).collect();
    assert_eq!(platforms.iter().map(crate::text::Safe::as_str).collect::<Vec<_>>(), ["linux/amd64", "linux/arm64/v8"]);
    let images: Vec<_> = config.settings.services[0].images.iter().map(Name::raw).collect();
    assert_eq!(images, ["ghcr.io/acme/checkout", "docker.io/library/nginx"]);
    let [local, hub, ghcr] = &config.sources.registries[..] else { panic!("{:?}", config.sources.registries) };
    let repositories = |of: &crate::model::scope::RegistrySource| -> Vec<String> {
        of.repositories.iter().map(|name| name.raw().to_owned()).collect()
    };
    assert_eq!((local.host.as_str(), local.url.as_deref()), ("127.0.0.1:5000", Some("http://127.0.0.1:5001")));
    assert!(matches!(&local.login, Login::Password { user, password: SecretSource::File(_) } if user == "ana"));
    assert_eq!((hub.host.as_str(), repositories(hub)), ("docker.io", vec!["docker.io/library/nginx".to_owned()]));
    assert_eq!(hub.login, Login::Anonymous);
    assert_eq!(ghcr.login, Login::Token(SecretSource::Env("GHCR_TOKEN".to_owned())));
    assert_eq!(repositories(ghcr), ["ghcr.io/acme/checkout", "ghcr.io/acme/web"]);
    // Without a word about registries they are asked as anybody.
    let config = read("version: 1\nservices: [{ name: a, images: [registry.acme.example/a] }]\n").unwrap();
    assert_eq!(config.sources.registries[0].host, "registry.acme.example");
}

/// It comes with a clone, and names no server that the user's own file does not name.
#[test]
fn a_file_of_the_working_directory_names_no_registry_of_its_own() {
    let own = folder("version: 1\nsources: { registries: { registry.acme.example: {} } }\n");
    let clone = folder("version: 1\n");
    std::fs::write(
        clone.path().join(".quarterdeck.yaml"),
        "version: 1\nservices: [{ name: a, images: [evil.example/a, ghcr.io/acme/a, registry.acme.example/a] }]\n",
    )
    .unwrap();
    let given = Given { file: None, folder: Some(own.path()), working: Some(clone.path()), environment: &[] };
    let config = load(given).unwrap();
    let hosts: Vec<_> = config.sources.registries.iter().map(|source| source.host.as_str()).collect();
    assert_eq!(hosts, ["ghcr.io", "registry.acme.example"]);
}

#[test]
fn what_is_wrong_with_a_registry_is_told_with_what_to_write() {
    let table = [
        (
            "registries: [ghcr.io]",
            "registries are named by their hosts; such as ghcr.io: { token: { env: GHCR_TOKEN } }",
        ),
        (
            "registries: { 'https://ghcr.io': {} }",
            "\"https://ghcr.io\" is an address, not a host; did you mean \"ghcr.io\"?",
        ),
        ("registries: { ghcr.io/acme: {} }", "\"ghcr.io/acme\" is no host of a registry; such as ghcr.io"),
        ("registries: { 'ana@ghcr.io': {} }", "this is no host of a registry; such as ghcr.io"),
        ("registries: { ghcr.io: { tokn: { env: A } } }", "unknown key \"tokn\"; did you mean \"token\"?"),
        ("registries: { ghcr.io: { token: ghp_pa55word } }", "a secret must not stand here; take it from"),
        ("registries: { ghcr.io: { username: ana } }", "a username and a password belong together; such as"),
        ("registries: { ghcr.io: { password: { env: A } } }", "a username and a password belong together; such as"),
        (
            "registries: { ghcr.io: { token: { env: A }, username: ana } }",
            "a login is a token, or a username with its password; keep one of them",
        ),
        ("registries: { ghcr.io: { url: 'http://ghcr.io' } }", "would be read in the open; use https://"),
        ("registries: { docker.io: {}, index.docker.io: {} }", "\"docker.io\" stands here twice"),
        ("registries: { ghcr.io: yes }", "\"registry\" must be a mapping; its keys are url, token, username, password"),
    ];
    for (text, wanted) in table {
        let said = told(&format!("version: 1\nsources: {{ {text} }}\n"));
        assert!(said.contains(wanted), "{text}: {said}");
        assert!(!said.contains("pa55word"), "{said}");
        assert!(said.starts_with("config.yaml:2:"), "{said}");
    }
}

#[test]
fn of_rustci_there_may_be_one_server_or_several() {
    let one =
        read("version: 1\nsources: { rustci: { url: 'https://ci.acme.example', token: { env: CI } } }\n").unwrap();
    assert_eq!(
        one.sources.rustci.iter().map(|server| server.url.as_str()).collect::<Vec<_>>(),
        ["https://ci.acme.example"]
    );
    let several = read(
        "version: 1
sources:
  rustci:
    - { name: readers, url: 'https://readers.acme.example', token: { env: READERS } }
    - { url: 'https://tills.acme.example' }
",
    )
    .unwrap();
    let [readers, tills] = &several.sources.rustci[..] else { panic!("{:?}", several.sources.rustci) };
    assert_eq!((readers.name.as_ref().map(Name::raw), tills.name.as_ref()), (Some("readers"), None));
    assert_eq!(readers.token, Some(SecretSource::Env("READERS".to_owned())));
    for (text, wanted) in [
        ("[{ url: 'https://a' }, { url: 'https://a' }]", "\"https://a\" stands here twice"),
        ("[{ name: a, url: 'https://a' }, { name: a, url: 'https://b' }]", "two servers are called \"a\""),
        ("[{ name: a }]", "rustci has no url; write url: https://HOST"),
        ("[{ name: 'a b', url: 'https://a' }]", "\"a b\" is no name"),
    ] {
        let said = told(&format!("version: 1\nsources: {{ rustci: {text} }}\n"));
        assert!(said.contains(wanted), "{text}: {said}");
    }
}

#[test]
fn a_loki_has_a_login_a_tenant_and_labels() {
    let text = "version: 1\nsources:\n  loki: { url: 'https://loki.acme.example/', username: ana, password: { env: LOKI }, tenant: shop, ca: ca.pem, labels: { pod: k8s_pod_name } }\n";
    let loki = read(text).unwrap().sources.loki.unwrap();
    assert_eq!((loki.url.as_str(), loki.tenant.as_deref()), ("https://loki.acme.example", Some("shop")));
    assert!(matches!(&loki.login, Login::Password { user, .. } if user == "ana"));
    assert!(loki.ca.is_some_and(|path| path.ends_with("ca.pem")));
    let labels = [&loki.labels.namespace, &loki.labels.pod, &loki.labels.container].map(String::as_str);
    assert_eq!(labels, ["namespace", "k8s_pod_name", "container"]);
    for (text, wanted) in [
        ("{ tenant: shop }", "loki has no url; write url: https://HOST"),
        ("{ url: 'https://a', username: ana }", "a username and a password belong together"),
        ("{ url: 'https://a', token: hunter2 }", "a secret must not stand here"),
        ("{ url: 'https://a', tenant: 'a b' }", "\"a b\" is no tenant"),
        ("{ url: 'https://a', labels: { pod: 'x\"}' } }", "is no name of a label"),
        ("{ url: 'https://a', labels: { node: x } }", "unknown key \"node\""),
        ("{ url: 'http://loki.acme.example' }", "would be read in the open"),
    ] {
        let said = told(&format!("version: 1\nsources: {{ loki: {text} }}\n"));
        assert!(said.contains(wanted), "{text}: {said}");
    }
}

#[test]
fn of_argo_cd_there_may_be_one_server_or_one_for_each_cluster() {
    let one = "version: 1\nsources: { argocd: { url: 'https://argocd.acme.example/argocd/', token: { env: ARGOCD_AUTH_TOKEN }, ca: ca.pem } }\n";
    let one = read(one).unwrap().sources.argocd;
    assert_eq!((one.len(), one[0].url.as_str()), (1, "https://argocd.acme.example/argocd"));
    assert!(matches!(one[0].login, Login::Token(_)) && one[0].contexts.is_empty());
    assert!(one[0].ca.as_ref().is_some_and(|path| path.ends_with("ca.pem")));
    let several = read(
        "version: 1
sources:
  argocd:
    - { url: 'https://argocd.acme.example', token: { file: a.token }, context: eks-prod }
    - { url: 'http://127.0.0.1:8080', context: [eks-staging, eks-dev] }
",
    )
    .unwrap();
    let contexts =
        |at: usize| several.sources.argocd[at].contexts.iter().map(|name| name.raw().to_owned()).collect::<Vec<_>>();
    assert_eq!((contexts(0), contexts(1)), (vec!["eks-prod".to_owned()], vec!["eks-staging".into(), "eks-dev".into()]));
    assert_eq!(several.sources.argocd[1].login, Login::Anonymous);
    for (text, wanted) in [
        ("{ context: a }", "argocd has no url; write url: https://HOST"),
        ("{ url: 'https://a', token: hunter2 }", "a secret must not stand here"),
        ("{ url: 'https://a', username: ana }", "unknown key \"username\""),
        ("{ url: 'http://argocd.acme.example' }", "would be read in the open"),
        ("{ url: 'https://a', context: [] }", "no context is named"),
        ("{ url: 'https://a', context: [b, b] }", "\"b\" stands here twice"),
        ("[{ url: 'https://a' }, { url: 'https://b', context: b }]", "each must name the context it serves"),
        ("[{ url: 'https://a', context: a }, { url: 'https://a', context: b }]", "stands here twice"),
        (
            "[{ url: 'https://a', context: a }, { url: 'https://b', context: [b, a] }]",
            "two servers serve the context \"a\"",
        ),
    ] {
        let said = told(&format!("version: 1\nsources: {{ argocd: {text} }}\n"));
        assert!(said.contains(wanted), "{text}: {said}");
    }
    // All at once.
    let said = told("version: 1\nsources: { argocd: { token: x, context: [], ca: '' } }\n");
    for wanted in ["argocd has no url", "a secret must not stand here", "no context is named"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn helm_is_read_unless_it_is_switched_off() {
    let of = |text: &str| read(&format!("version: 1\nsources: {text}\n")).map(|config| config.sources.no_helm);
    for (text, wanted) in [("{}", false), ("{ helm: on }", false), ("{ helm: off }", true)] {
        assert_eq!(of(text), Ok(wanted), "{text}");
    }
    assert!(of("{ helm: never }").unwrap_err().contains("unknown helm \"never\""));
}

#[test]
fn a_grafana_has_links_and_is_told_of_deployments_only_with_a_login() {
    let of = |text: &str| read(&format!("version: 1\nsources: {{ grafana: {text} }}\n"));
    let links = of("{ url: 'https://grafana.acme.example/g', dashboards: { service: 'd/abc?var-service={service}', slo: '/d/slo?from={from}' } }").unwrap();
    let dashboards = links.settings.grafana.unwrap();
    assert_eq!((dashboards.url.as_str(), dashboards.annotate), ("https://grafana.acme.example/g", false));
    assert_eq!(dashboards.slo.as_deref(), Some("/d/slo?from={from}"));
    assert_eq!(links.sources.grafana, None, "nothing is asked of it");
    let told = of("{ url: 'https://grafana.acme.example', token: { env: GRAFANA }, annotate: true }").unwrap();
    assert!(told.settings.grafana.is_some_and(|dashboards| dashboards.annotate) && told.sources.grafana.is_some());
    for (text, wanted) in [
        ("{ url: 'https://a', annotate: true }", "an annotation needs a login"),
        ("{ url: 'https://a', annotate: always }", "unknown annotate \"always\""),
        ("{ url: 'https://a', dashboards: { service: 'https://b/d/x' } }", "is no path of a dashboard"),
        ("{ url: 'https://a', dashboards: { service: 'd/x?v={servise}' } }", "unknown word \"servise\" in braces"),
        ("{ url: 'https://a', dashboards: { service: 'd/x?v={service' } }", "a brace that is not closed"),
        ("{ url: 'https://a', dashboards: { pod: 'd/x' } }", "unknown key \"pod\""),
    ] {
        let said = of(text).unwrap_err();
        assert!(said.contains(wanted), "{text}: {said}");
    }
}

#[test]
fn images_of_folders_bring_their_repository_and_their_registry() {
    let text = "version: 1\nimages:\n  - { image: ghcr.io/acme/python, repo: acme/images, folder: ./python/, workflow: build.yml, path: ../images }\n  - { image: ghcr.io/acme/node, repo: acme/images, folder: ., tag: \"22\", dockerfile: node/Dockerfile }\n";
    let config = read(text).unwrap();
    let entries = &config.settings.catalogue;
    assert_eq!(
        (entries[0].folder.as_str(), entries[0].tag.raw(), entries[0].dockerfile.as_str()),
        ("python", "latest", "Dockerfile")
    );
    assert!(entries[0].clone.as_ref().is_some_and(|path| path.ends_with("../images")));
    assert_eq!((entries[1].folder.as_str(), entries[1].tag.raw()), ("", "22"));
    let github = config.sources.github.unwrap();
    assert_eq!(github.repositories.iter().map(crate::model::Name::raw).collect::<Vec<_>>(), ["acme/images"]);
    let ghcr = &config.sources.registries[0];
    assert_eq!((ghcr.host.as_str(), ghcr.repositories.len()), ("ghcr.io", 2));
    for (wrong, wanted) in [
        ("{ repo: acme/images, folder: a }", "has no image"),
        ("{ image: ghcr.io/acme/a, repo: acme/images, folder: ../a }", "does not lie in the repository"),
        ("{ image: ghcr.io/acme/a, repo: acme/images, folder: /a }", "does not lie in the repository"),
        ("{ image: ghcr.io/acme/a, repo: acme/images, folder: a, tag: -x }", "is no tag"),
        ("{ image: ghcr.io/acme/a, repo: acme/images, folder: a, workflow: build }", "is no workflow file"),
        ("{ image: ghcr.io/acme/a:1, repo: acme/images, folder: a }", "one version of an image"),
    ] {
        let told = read(&format!("version: 1\nimages:\n  - {wrong}\n")).unwrap_err();
        assert!(told.contains(wanted), "{wrong}: {told}");
    }
}

/// One Loki of several clusters: the label that tells them apart, and what each is called there. What stands twice, or
/// for two things, is a mistake with its place.
#[test]
fn the_clusters_of_a_loki_are_told_apart_or_the_mistake_is() {
    let labels = |text: &str| {
        let text = format!("version: 1\nsources:\n  loki: {{ url: 'https://loki.acme.example', labels: {text} }}\n");
        read(&text).map(|config| (config.settings.logs_by_cluster, config.sources.loki.unwrap().labels.cluster))
    };
    let (apart, cluster) = labels("{ cluster: k8s_cluster, clusters: { eks-prod: prod-eu } }").unwrap();
    let cluster = cluster.unwrap();
    assert_eq!((apart, cluster.label.as_str()), (true, "k8s_cluster"));
    assert_eq!((cluster.value("eks-prod"), cluster.value("eks-us")), ("prod-eu", "eks-us"));
    assert_eq!(labels("{ pod: k8s_pod }").unwrap(), (false, None));
    for (text, wanted) in [
        ("loki: { url: 'https://a.example', url: 'https://b.example' }", "key \"url\" is already on line 3"),
        ("grafana: { url: 'https://a.example', url: 'https://b.example' }", "key \"url\" is already on line 3"),
        (
            "grafana: { url: 'https://a.example', dashboards: { service: d/a, service: d/b } }",
            "key \"service\" is already on line 3",
        ),
        (
            "loki: { url: 'https://a.example', labels: { pod: name, container: name } }",
            "\"name\" is named for pod and for container",
        ),
        (
            "loki: { url: 'https://a.example', labels: { cluster: namespace } }",
            "\"namespace\" is named for namespace and for cluster",
        ),
        (
            "loki: { url: 'https://a.example', labels: { clusters: { a: x } } }",
            "clusters are named, and no label that says which",
        ),
        (
            "loki: { url: 'https://a.example', labels: { cluster: c, clusters: { a: x, a: y } } }",
            "\"a\" stands here twice",
        ),
        (
            "loki: { url: 'https://a.example', labels: { cluster: c, clusters: { a: x, b: x } } }",
            "\"x\" stands for \"a\" and for \"b\"",
        ),
        (
            "loki: { url: 'https://a.example', labels: { cluster: c, clusters: x } }",
            "clusters are named by their contexts",
        ),
    ] {
        let said = told(&format!("version: 1\nsources:\n  {text}\n"));
        assert!(said.contains(wanted), "{text}: {said}");
    }
}
