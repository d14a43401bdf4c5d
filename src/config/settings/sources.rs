//! `sources:`: where GitHub, Prometheus, Alertmanager, Docker, RustCI, Loki, Argo CD and the registries of images
//! are, and what proves who asks.

use super::tree::{Faults, Fields, Node, What};
use super::unbuilt::Unbuilt;
use super::words::{checked, needed};
use super::{argocd, grafana, logs, secret, urls, words};
use crate::config::errors::quoted;
use crate::model::Name;
use crate::model::scope::{
    Dashboards, DockerSource, GitHubSource, HttpSource, Login, RegistrySource, RustCiSource, Sources,
};

const AN_ADDRESS: &str = "https://HOST";
const KEYS: [&str; 10] =
    ["github", "prometheus", "alertmanager", "docker", "registries", "rustci", "loki", "grafana", "helm", "argocd"];

/// The sources, and links to dashboards.
pub(super) fn read(node: &Node, unbuilt: &mut Unbuilt, faults: &mut Faults) -> (Sources, Option<Dashboards>) {
    let (mut sources, mut dashboards) = (Sources::default(), None);
    let Some(fields) = node.fields("sources", &KEYS, faults) else { return (sources, None) };
    if let Some(node) = fields.get("github") {
        sources.github = github(node, faults);
    }
    if let Some(node) = fields.get("prometheus") {
        sources.prometheus = http(node, "prometheus", faults);
    }
    if let Some(node) = fields.get("alertmanager") {
        http(node, "alertmanager", faults);
        unbuilt.note("sources.alertmanager", &node.at);
    }
    if let Some(node) = fields.get("docker")
        && let Some(fields) = node.fields("docker", &["host"], faults)
    {
        let host = needed(&fields, "host", ("docker", "unix:///var/run/docker.sock"), urls::docker, faults);
        sources.docker = host.map(|host| DockerSource { host, discovered: None });
    }
    if let Some(node) = fields.get("registries") {
        sources.registries = registries(node, faults);
    }
    if let Some(node) = fields.get("rustci") {
        sources.rustci = rustci(node, faults);
    }
    if let Some(node) = fields.get("helm") {
        sources.no_helm = node.one_of("helm", &[("on", false), ("off", true)], faults).unwrap_or_default();
    }
    if let Some(node) = fields.get("loki") {
        sources.loki = logs::loki(node, faults);
    }
    if let Some(node) = fields.get("argocd") {
        sources.argocd = argocd::read(node, faults);
    }
    if let Some(node) = fields.get("grafana")
        && let Some((links, source)) = grafana::read(node, faults)
    {
        (dashboards, sources.grafana) = (Some(links), source);
    }
    (sources, dashboards)
}

/// `HOST: { token: … }`, `HOST: { username: NAME, password: … }`, in order of the hosts.
fn registries(node: &Node, faults: &mut Faults) -> Vec<RegistrySource> {
    let hint = "such as ghcr.io: { token: { env: GHCR_TOKEN } }";
    let entries = match &node.what {
        What::Map(entries) => entries,
        // `registries:` with nothing below it.
        What::Other => return Vec::new(),
        What::Word(_) | What::List(_) => {
            faults.tell(&node.at, "registries are named by their hosts", Some(hint.to_owned()));
            return Vec::new();
        }
    };
    let mut all: Vec<RegistrySource> = Vec::new();
    for entry in entries {
        let host = match urls::registry(&entry.key) {
            Ok(host) => host,
            Err((message, hint)) => {
                faults.tell(&entry.at, message, hint);
                continue;
            }
        };
        if all.iter().any(|source| source.host == host) {
            faults.tell(&entry.at, format!("{} stands here twice", quoted(&host)), None);
            continue;
        }
        all.extend(registry(host, &entry.value, faults));
    }
    all.sort_by(|a, b| a.host.cmp(&b.host));
    all
}

fn registry(host: String, node: &Node, faults: &mut Faults) -> Option<RegistrySource> {
    let fields = node.fields("registry", &["url", "token", "username", "password"], faults)?;
    let url = fields.get("url").map(|node| checked(node, "url", urls::http, faults));
    let login = login(&fields, "REGISTRY_PASSWORD", faults)?;
    let url = match url {
        Some(checked) => Some(checked?),
        None => None,
    };
    Some(RegistrySource { host, url, login, repositories: Vec::new(), discovered: None })
}

/// `token`, or `username` with `password`, or nobody.
pub(super) fn login(fields: &Fields, variable: &str, faults: &mut Faults) -> Option<Login> {
    let token = secret::of(fields, "token", faults);
    let user = fields.get("username").map(|node| checked(node, "username", words::text, faults));
    let password = secret::of(fields, "password", faults);
    match (fields.get("token"), fields.get("username"), fields.get("password")) {
        (None, None, None) => Some(Login::Anonymous),
        (Some(_), None, None) => Some(Login::Token(token?)),
        (None, Some(_), Some(_)) => Some(Login::Password { user: user??, password: password? }),
        (Some(_), _, _) => {
            let hint = Some("keep one of them".to_owned());
            faults.tell(fields.at, "a login is a token, or a username with its password", hint);
            None
        }
        (None, _, _) => {
            let hint = Some(format!("such as {{ username: ana, password: {{ env: {variable} }} }}"));
            faults.tell(fields.at, "a username and a password belong together", hint);
            None
        }
    }
}

fn github(node: &Node, faults: &mut Faults) -> Option<GitHubSource> {
    let fields = node.fields("github", &["url", "token"], faults)?;
    let url = match fields.get("url") {
        Some(node) => checked(node, "url", urls::github, faults),
        None => Some(urls::GITHUB.to_owned()),
    };
    let token = secret::of(&fields, "token", faults);
    Some(GitHubSource { url: url?, token, repositories: Vec::new(), discovered: None })
}

fn http(node: &Node, name: &str, faults: &mut Faults) -> Option<HttpSource> {
    let fields = node.fields(name, &["url", "token"], faults)?;
    let url = needed(&fields, "url", (name, AN_ADDRESS), urls::http, faults);
    let token = secret::of(&fields, "token", faults);
    Some(HttpSource { url: url?, token, discovered: None })
}

/// One server, or a list of them.
fn rustci(node: &Node, faults: &mut Faults) -> Vec<RustCiSource> {
    let What::List(nodes) = &node.what else { return rustci_server(node, faults).into_iter().collect() };
    let mut all: Vec<RustCiSource> = Vec::new();
    for node in nodes {
        let Some(server) = rustci_server(node, faults) else { continue };
        if all.iter().any(|other| other.url == server.url) {
            faults.tell(&node.at, format!("{} stands here twice", quoted(&server.url)), None);
        } else if server.name.is_some() && all.iter().any(|other| other.name == server.name) {
            let name = server.name.as_ref().map_or("", |name| name.raw());
            faults.tell(&node.at, format!("two servers are called {}", quoted(name)), None);
        } else {
            all.push(server);
        }
    }
    all
}

fn rustci_server(node: &Node, faults: &mut Faults) -> Option<RustCiSource> {
    let fields = node.fields("rustci", &["name", "url", "token"], faults)?;
    let name = fields.get("name").map(|node| checked(node, "name", words::name, faults));
    let url = needed(&fields, "url", ("rustci", AN_ADDRESS), urls::http, faults);
    let token = secret::of(&fields, "token", faults);
    let name = match name {
        Some(checked) => Some(Name::new(&checked?)),
        None => None,
    };
    Some(RustCiSource { name, url: url?, token, discovered: None })
}
