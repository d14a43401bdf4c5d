//! `sources.grafana:` which dashboards belong to what, and whether it is told of deployments.

use super::sources::login;
use super::tree::{Faults, Node};
use super::words::{Wrong, checked, needed};
use super::{urls, words};
use crate::config::errors::{quoted, suggest};
use crate::model::scope::{Dashboards, GrafanaSource, Login};

/// What a template may ask for.
const WORDS: [&str; 7] = ["service", "slo", "namespace", "environment", "cluster", "from", "to"];

/// `{ url: https://grafana.example, token: …, annotate: true, dashboards: { service: 'd/abc?var-service={service}' } }`.
/// The links, and, where it is told of deployments, the way to it.
pub(super) fn read(node: &Node, faults: &mut Faults) -> Option<(Dashboards, Option<GrafanaSource>)> {
    let keys = ["url", "token", "username", "password", "ca", "annotate", "dashboards"];
    let fields = node.fields("grafana", &keys, faults)?;
    let url = needed(&fields, "url", ("grafana", "https://HOST"), urls::http, faults);
    let login = login(&fields, "GRAFANA_PASSWORD", faults);
    let ca = match fields.get("ca") {
        Some(node) => Some(node.at.origin.folder.join(checked(node, "ca", words::text, faults)?)),
        None => None,
    };
    let annotate = match fields.get("annotate") {
        Some(node) => node.one_of("annotate", &[("true", true), ("false", false)], faults)?,
        None => false,
    };
    let mut dashboards = Dashboards { url: url?, annotate, ..Dashboards::default() };
    if let Some(node) = fields.get("dashboards") {
        let fields = node.fields("dashboards", &["service", "environment", "slo"], faults)?;
        for (key, place) in [
            ("service", &mut dashboards.service),
            ("environment", &mut dashboards.environment),
            ("slo", &mut dashboards.slo),
        ] {
            if let Some(node) = fields.get(key) {
                *place = Some(checked(node, key, template, faults)?);
            }
        }
    }
    let login = login?;
    if annotate && login == Login::Anonymous {
        let hint = "give it a token of a service account that may create annotations: token: { env: GRAFANA_TOKEN }";
        faults.tell(fields.at, "an annotation needs a login", Some(hint.to_owned()));
        return None;
    }
    let source = annotate.then(|| GrafanaSource { url: dashboards.url.clone(), login, ca, discovered: None });
    Some((dashboards, source))
}

/// A path below the address of Grafana.
fn template(word: &str) -> Result<String, Wrong> {
    let hint = || Some("such as d/abc/service?var-service={service}, as its address has it behind the host".to_owned());
    if word.contains("://") || word.contains(char::is_whitespace) || word.contains(char::is_control) || word.is_empty()
    {
        return Err((format!("{} is no path of a dashboard", quoted(word)), hint()));
    }
    let mut rest = word;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            return Err((format!("{} has a brace that is not closed", quoted(word)), hint()));
        };
        if !WORDS.contains(&name) {
            return Err((format!("unknown word {} in braces", quoted(name)), Some(suggest(name, WORDS.into_iter()))));
        }
        rest = behind;
    }
    Ok(word.to_owned())
}
