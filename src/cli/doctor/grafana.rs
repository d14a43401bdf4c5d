//! What is asked of a Grafana: whether it answers, lets us read annotations, and would let us make one. The last is
//! read of the permissions of the account: nothing is made to find that out.

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
    findings.push(subject.say("permission", Verdict::Ok, "may read annotations"));
    findings.push(may_create(subject, client).await);
    findings
}

async fn may_create(subject: &Subject, client: &Grafana) -> Finding {
    let untested = |why: String| {
        let said = format!("whether it may make annotations is not tested: {why}");
        subject.say("act", Verdict::Warn, said).then("the first deployment shows it; it needs annotations:create")
    };
    let answer = match ask(client.permissions()).await {
        Ok(answer) => answer,
        // Older ones, and those without access control, do not tell.
        Err(error) if error.code() == Some(404) => return untested("this Grafana tells no permissions".to_owned()),
        Err(error) => return untested(error.to_string()),
    };
    match ingest::may_create(&answer.body) {
        Ok(true) => subject.say("act", Verdict::Ok, "may make annotations: one for each deployment"),
        Ok(false) => subject
            .say("act", Verdict::Fail, "may not make annotations, and sources.grafana asks for one for each deployment")
            .then("give its account annotations:create on annotations:type:organization (the role Editor has it), or take annotate away"),
        Err(error) => untested(error.to_string()),
    }
}
