//! `sources.loki:` where the lines of pods that are gone are kept.

use super::sources::login;
use super::tree::{Faults, Node};
use super::words::{Wrong, checked, needed};
use super::{urls, words};
use crate::config::errors::quoted;
use crate::model::scope::{LogLabels, LokiSource};

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
    let fields = node.fields("labels", &["namespace", "pod", "container"], faults)?;
    let mut labels = LogLabels::default();
    for (key, place) in
        [("namespace", &mut labels.namespace), ("pod", &mut labels.pod), ("container", &mut labels.container)]
    {
        if let Some(node) = fields.get(key) {
            *place = checked(node, key, label, faults)?;
        }
    }
    Some(labels)
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
