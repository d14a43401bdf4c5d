//! What is asked of a Grafana: whether it answers, and lets us read annotations. That one may be made is seen when one
//! is: nothing is sent to find that out.

use super::sources::{ask, failed, odd, skew, way};
use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::net::Grafana;
use crate::systems::grafana::ingest;
use crate::text::Safe;

pub(super) async fn look(subject: &Subject, client: &Grafana, clock: Clock) -> Vec<Finding> {
    let answer = match ask(client.annotations(&["quarterdeck"], 1)).await {
        Ok(answer) => answer,
        Err(error) => {
            let place = if matches!(error.code(), Some(401 | 403)) { "sources.grafana" } else { "sources.grafana.url" };
            return vec![failed(subject, "reach", &error, place)];
        }
    };
    if let Err(error) = ingest::found(&answer.body) {
        return vec![odd(subject, "reach", &Safe::line(&format!("{error}; is it Grafana that answers there?")))];
    }
    let url = client.url();
    let mut findings = vec![subject.say("reach", Verdict::Ok, format!("{url} answers {}", way(url)))];
    findings.extend(skew(subject, answer.date, clock));
    let told = "may read annotations; one is made for each deployment, which needs annotations:create";
    findings.push(subject.say("permission", Verdict::Ok, told));
    findings
}
