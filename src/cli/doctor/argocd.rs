//! What is asked of a server of Argo CD: whether it answers, who it takes us for, and whether that account may get
//! Applications.

use super::sources::{ask, failed, odd, skew, way};
use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::net::ArgoServer;
use crate::systems::argocd::ingest_server as ingest;
use crate::text::Safe;

pub(super) async fn look(subject: &Subject, client: &ArgoServer, clock: Clock) -> Vec<Finding> {
    let answer = match ask(client.who()).await {
        Ok(answer) => answer,
        Err(error) => {
            let place = if error.code() == Some(401) { "sources.argocd" } else { "sources.argocd.url" };
            return vec![failed(subject, "reach", &error, place)];
        }
    };
    let who = match ingest::who(&answer.body) {
        Ok(who) => who,
        Err(error) => {
            return vec![odd(subject, "reach", &Safe::line(&format!("{error}; is it Argo CD that answers there?")))];
        }
    };
    let url = client.url();
    let mut findings = vec![subject.say("reach", Verdict::Ok, format!("{url} answers {}", way(url)))];
    findings.extend(skew(subject, answer.date, clock));
    findings.push(match (&who, client.has_login()) {
        (Some(name), _) => subject.say("login", Verdict::Ok, format!("it takes us for {}", name.as_str())),
        (None, true) => subject
            .say("login", Verdict::Fail, "it does not know the token of sources.argocd: expired, revoked or another's")
            .then("make a new one (argocd account generate-token) where sources.argocd takes it from"),
        (None, false) => subject.say("login", Verdict::Ok, "nobody is named"),
    });
    findings.push(match ask(client.may_get()).await.map(|answer| ingest::may(&answer.body)) {
        Ok(Ok(true)) => subject.say("permission", Verdict::Ok, "may get every Application"),
        Ok(Ok(false)) => subject
            .say("permission", Verdict::Warn, "may not get every Application")
            .then("those of its projects may do; else: p, WHO, applications, get, */*, allow in its RBAC"),
        Ok(Err(why)) => odd(subject, "permission", &why),
        Err(error) => failed(subject, "permission", &error, "sources.argocd"),
    });
    findings
}
