//! `sources.loki:` where the lines of pods that are gone are kept.

use std::collections::BTreeMap;

use super::sources::login;
use super::tree::{Faults, Node, What};
use super::words::{Wrong, checked, needed};
use super::{urls, words};
use crate::config::errors::quoted;
use crate::model::scope::{ClusterLabel, LogLabels, LokiSource};

/// `{ url: https://loki.example, tenant: shop, token: …, ca: PATH, labels: { pod: pod_name } }`.
pub(super) fn loki(node: &Node, faults: &mut Faults) -> Option<LokiSource> {
    let keys = ["url", "token", "username", "password", "tenant", "ca", "labels"];
    let fields = node.fields("loki", &keys, faults)?;
    let url = needed(&fields, "url", ("loki", "https://HOST"), urls::http, faults);
    let login = login(&fields, "LOKI_PASSWORD", faults);
    let tenant = match fields.get("tenant") {
        Some(node) => Some(checked(node, "tenant", tenant, faults)?),
        None => None,
    };
    let ca = match fields.get("ca") {
        Some(node) => Some(node.at.origin.folder.join(checked(node, "ca", words::text, faults)?)),
        None => None,
    };
    let labels = match fields.get("labels") {
        Some(node) => labels(node, faults)?,
        None => LogLabels::default(),
    };
    Some(LokiSource { url: url?, login: login?, tenant, ca, labels, discovered: None })
}

fn labels(node: &Node, faults: &mut Faults) -> Option<LogLabels> {
    let fields = node.fields("labels", &["namespace", "pod", "container", "cluster", "clusters"], faults)?;
    let mut labels = LogLabels::default();
    for (key, place) in
        [("namespace", &mut labels.namespace), ("pod", &mut labels.pod), ("container", &mut labels.container)]
    {
        if let Some(node) = fields.get(key) {
            *place = checked(node, key, label, faults)?;
        }
    }
    let names = match fields.get("clusters") {
        Some(node) => clusters(node, faults)?,
        None => BTreeMap::new(),
    };
    labels.cluster = match fields.get("cluster") {
        Some(node) => Some(ClusterLabel { label: checked(node, "cluster", label, faults)?, names }),
        None if !names.is_empty() => {
            let hint = Some("name it beside them: cluster: cluster".to_owned());
            faults.tell(fields.at, "clusters are named, and no label that says which", hint);
            return None;
        }
        None => None,
    };
    // One label cannot say two things: its lines would be those of nobody.
    let cluster = labels.cluster.as_ref().map(|cluster| ("cluster", &cluster.label));
    let all = [("namespace", &labels.namespace), ("pod", &labels.pod), ("container", &labels.container)];
    let all: Vec<_> = all.into_iter().chain(cluster).collect();
    for (at, (key, name)) in all.iter().enumerate() {
        if let Some((first, _)) = all[..at].iter().find(|(_, other)| other == name) {
            let hint = Some(format!("{first} and {key} are two labels of a line"));
            faults.tell(fields.at, format!("{} is named for {first} and for {key}", quoted(name)), hint);
            return None;
        }
    }
    Some(labels)
}

/// `{ eks-prod: prod-eu }`: what a cluster is called here, and there.
fn clusters(node: &Node, faults: &mut Faults) -> Option<BTreeMap<String, String>> {
    let What::Map(entries) = &node.what else {
        let hint = Some("such as clusters: { eks-prod: prod-eu }".to_owned());
        faults.tell(&node.at, "clusters are named by their contexts", hint);
        return None;
    };
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for entry in entries {
        let name = checked(&entry.value, &entry.key, words::text, faults)?;
        let twice = names.iter().find(|(key, other)| **key == entry.key || **other == name);
        if let Some((first, _)) = twice {
            let message = if *first == entry.key {
                format!("{} stands here twice", quoted(first))
            } else {
                format!("{} stands for {} and for {}", quoted(&name), quoted(first), quoted(&entry.key))
            };
            faults.tell(&entry.at, message, Some("each cluster has a name of its own there".to_owned()));
            return None;
        }
        names.insert(entry.key.clone(), name);
    }
    Some(names)
}

/// What stands in a query must be a name there.
fn label(word: &str) -> Result<String, Wrong> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if word.is_empty() || !word.chars().all(sound) || word.starts_with(|c: char| c.is_ascii_digit()) {
        let hint = "letters, digits and _, such as pod or k8s_pod_name".to_owned();
        return Err((format!("{} is no name of a label", quoted(word)), Some(hint)));
    }
    Ok(word.to_owned())
}

/// What may stand in `X-Scope-OrgID`; of several tenants with `|` between them.
fn tenant(word: &str) -> Result<String, Wrong> {
    if word.is_empty() || !word.chars().all(|c| c.is_ascii_graphic()) {
        let hint = "such as shop, or shop|platform".to_owned();
        return Err((format!("{} is no tenant", quoted(word)), Some(hint)));
    }
    Ok(word.to_owned())
}
