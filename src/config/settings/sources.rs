//! `sources:`: where GitHub, Prometheus, Alertmanager and Docker are, and what proves who asks.

use super::tree::{Faults, Fields, Node};
use super::unbuilt::Unbuilt;
use super::words::{Wrong, checked};
use super::{secret, urls};
use crate::model::scope::{DockerSource, GitHubSource, HttpSource, Sources};

const KEYS: [&str; 4] = ["github", "prometheus", "alertmanager", "docker"];

pub(super) fn read(node: &Node, unbuilt: &mut Unbuilt, faults: &mut Faults) -> Sources {
    let mut sources = Sources::default();
    let Some(fields) = node.fields("sources", &KEYS, faults) else { return sources };
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
        let host = address(&fields, "host", "docker", urls::docker, faults);
        sources.docker = host.map(|host| DockerSource { host, discovered: None });
    }
    sources
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
    let url = address(&fields, "url", name, urls::http, faults);
    let token = secret::of(&fields, "token", faults);
    Some(HttpSource { url: url?, token, discovered: None })
}

/// The address of a server, which it cannot do without.
fn address(
    fields: &Fields,
    key: &str,
    name: &str,
    check: fn(&str) -> Result<String, Wrong>,
    faults: &mut Faults,
) -> Option<String> {
    match fields.get(key) {
        Some(node) => checked(node, key, check, faults),
        None if fields.strange => None,
        None => {
            let hint = if key == "host" { "unix:///var/run/docker.sock" } else { "https://HOST" };
            faults.tell(fields.at, format!("{name} has no {key}"), Some(format!("write {key}: {hint}")));
            None
        }
    }
}
