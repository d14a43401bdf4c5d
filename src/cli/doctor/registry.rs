//! What is asked of a container registry: whether one answers there, in which version of its API, and
//! whether each repository may be read.

use futures::future::join_all;

use super::sources::{MOST, ask, failed, place_of, skew, way};
use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::model::images::Reference;
use crate::model::source::SourceScope;
use crate::net::{NetError, Registry};
use crate::text::{self, Safe};

pub(super) async fn look(subject: &Subject, scope: &SourceScope, client: &Registry, clock: Clock) -> Vec<Finding> {
    let probed = match ask(client.probe()).await {
        Ok(probed) => probed,
        Err(error) => return vec![failed(subject, "reach", &error, place_of(scope))],
    };
    let version = probed.version.unwrap_or_else(|| "no version of its API told".to_owned());
    let url = client.url();
    let mut findings = vec![subject.say("reach", Verdict::Ok, format!("{url} answers {}: {version}", way(url)))];
    findings.extend(skew(subject, probed.date, clock));
    let who = if client.has_login() { "a login of sources.registries" } else { "nobody: what is public is seen" };
    findings.push(subject.say("login", Verdict::Ok, who));
    let asked = scope
        .namespaces
        .iter()
        .flatten()
        .take(MOST)
        .map(|name| async move { (name, ask(client.tags(Reference::parts(name.raw()).1, 1)).await) });
    for (name, answer) in join_all(asked).await {
        findings.push(match answer {
            Ok(tags) => {
                let least = if tags.whole { "" } else { "at least " };
                let count = text::plural(tags.names.len() as u64, "tag", "tags");
                let message = format!("may read {}: {least}{}", name.raw(), count.as_str());
                subject.say("permission", Verdict::Ok, message)
            }
            Err(error @ NetError::Api { code: 401 | 403 | 404, .. }) => {
                // The sentence ends with the next step.
                let told = error.to_string();
                let (message, next) = told.split_once("; ").unwrap_or((&told, "check the name and the login"));
                subject.say("permission", Verdict::Fail, message).then(Safe::line(next).as_str())
            }
            Err(error) => failed(subject, "permission", &error, place_of(scope)),
        });
    }
    findings
}
