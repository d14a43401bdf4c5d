//! What is asked of a Loki: whether it answers, and whether lines have the labels that ours are named after.

use super::sources::{ask, failed, odd, skew, way};
use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::model::scope::LogLabels;
use crate::net::Loki;
use crate::systems::loki::ingest;
use crate::text::Safe;

pub(super) async fn look(subject: &Subject, client: &Loki, labels: &LogLabels, clock: Clock) -> Vec<Finding> {
    let answer = match ask(client.labels(None)).await {
        Ok(answer) => answer,
        Err(error) => {
            let place = if error.code() == Some(401) { "sources.loki" } else { "sources.loki.url" };
            return vec![failed(subject, "reach", &error, place)];
        }
    };
    let known = match ingest::labels(&answer.body) {
        Ok(known) => known,
        Err(error) => {
            return vec![odd(subject, "reach", &Safe::line(&format!("{error}; is it Loki that answers there?")))];
        }
    };
    let url = client.url();
    let who = if client.has_login() { "with a login of sources.loki" } else { "nobody is named" };
    let mut findings = vec![subject.say("reach", Verdict::Ok, format!("{url} answers {}: {who}", way(url)))];
    findings.extend(skew(subject, answer.date, clock));
    let cluster = labels.cluster.as_ref().map(|cluster| &cluster.label);
    let ours = [&labels.namespace, &labels.pod, &labels.container].into_iter().chain(cluster);
    let ours: Vec<&str> = ours.map(String::as_str).collect();
    let is_known = |name: &&str| known.iter().any(|one| one == name);
    let missing: Vec<&str> = ours.iter().copied().filter(|name| !is_known(name)).collect();
    findings.push(if known.is_empty() {
        let next = "look for lines in it, or name a tenant in sources.loki.tenant";
        subject.say("data", Verdict::Warn, "it has no line of its last hours").then(next)
    } else if missing.is_empty() {
        subject.say("data", Verdict::Ok, format!("lines have the labels {}", ours.join(", ")))
    } else {
        let some = known.iter().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
        let next = "name those of namespace, pod and container in sources.loki.labels; what is no label is asked for as structured metadata";
        subject
            .say("data", Verdict::Warn, format!("no line has the label {}; there are {some}", missing.join(", ")))
            .then(next)
    });
    findings
}
