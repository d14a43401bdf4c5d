//! What is asked of a server of Argo CD: whether it answers, who it takes us for, and whether that account may get
//! Applications.

use super::sources::{ask, failed, odd, skew, way};
use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::model::{Name, SystemId};
use crate::net::ArgoServer;
use crate::systems::Spec;
use crate::systems::argocd::ingest_server as ingest;
use crate::text::Safe;

/// Of what is wrong with its address or its certificate [`failed`] names the other field.
const PLACE: &str = "sources.argocd.token";

pub(super) async fn look(subject: &Subject, client: &ArgoServer, clock: Clock) -> Vec<Finding> {
    let answer = match ask(client.who()).await {
        Ok(answer) => answer,
        Err(error) => {
            return vec![failed(subject, "reach", &error, PLACE)];
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
            .say("login", Verdict::Fail, "it does not know sources.argocd.token: expired, revoked or another's")
            .then("make a new one (argocd account generate-token) where sources.argocd.token takes it from"),
        (None, false) => subject.say("login", Verdict::Ok, "nobody is named"),
    });
    findings.push(match ask(client.may_get()).await.map(|answer| ingest::may(&answer.body)) {
        Ok(Ok(true)) => subject.say("permission", Verdict::Ok, "may get every Application"),
        Ok(Ok(false)) => subject
            .say("permission", Verdict::Warn, "may not get every Application")
            .then("those of its projects may do; else: p, WHO, applications, get, */*, allow in its RBAC"),
        Ok(Err(why)) => odd(subject, "permission", &why),
        Err(error) => failed(subject, "permission", &error, PLACE),
    });
    findings.push(match ask(client.may_sync()).await.map(|answer| ingest::may(&answer.body)) {
        Ok(Ok(true)) => subject.say("permission", Verdict::Ok, "may sync every Application"),
        // Who only reads needs no more.
        Ok(Ok(false)) => subject
            .say("permission", Verdict::Ok, "may not sync every Application")
            .then("where it shall act: p, WHO, applications, sync, PROJECT/*, allow in its RBAC"),
        Ok(Err(why)) => odd(subject, "permission", &why),
        Err(error) => failed(subject, "permission", &error, "sources.argocd"),
    });
    findings
}

/// Servers of which none serves a context that is looked at: their addresses are right, and nobody would ask them.
pub(super) fn unasked(specs: &[Spec]) -> Vec<Finding> {
    let of = |system: SystemId| specs.iter().map(|spec| &spec.scope).filter(move |scope| scope.system == system);
    let clusters: Vec<&Name> = of(SystemId::Kubernetes).map(|scope| &scope.name).collect();
    let serves = |contexts: &Vec<Name>| contexts.iter().any(|name| clusters.contains(&name));
    if clusters.is_empty() || of(SystemId::ArgoServer).any(|scope| scope.namespaces.as_ref().is_none_or(serves)) {
        return Vec::new();
    }
    let clusters: Vec<&str> = clusters.into_iter().map(Name::raw).collect();
    let next = format!("the contexts here: {}; mend context in sources.argocd", clusters.join(", "));
    let said = |scope: &crate::model::source::SourceScope| {
        let subject = Subject::new(scope.system.as_str(), scope.name.raw());
        subject.say("context", Verdict::Warn, "serves none of the contexts that are looked at").then(next.clone())
    };
    of(SystemId::ArgoServer).map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::model::source::SourceScope;

    #[test]
    fn a_server_that_nobody_would_ask_is_warned_of() {
        let spec = |system: SystemId, name: &str, contexts: Option<&[&str]>| Spec {
            scope: SourceScope {
                id: SourceId(0),
                system,
                name: Name::new(name),
                server: Safe::default(),
                user: Safe::default(),
                namespaces: contexts.map(|all| all.iter().map(|name| Name::new(name)).collect()),
                unusable: None,
                discovered: None,
            },
            upstream: None,
        };
        let cluster = || spec(SystemId::Kubernetes, "prod", None);
        let server = |contexts| spec(SystemId::ArgoServer, "argocd.example", contexts);
        let found = unasked(&[cluster(), server(Some(&["eks-prod"]))]);
        assert_eq!((found.len(), found[0].status, found[0].target.as_str()), (1, Verdict::Warn, "argocd.example"));
        assert!(found[0].next.as_ref().unwrap().contains("the contexts here: prod"), "{found:?}");
        for specs in [
            vec![cluster()],
            vec![cluster(), server(None)],
            vec![cluster(), server(Some(&["eks-prod", "prod"]))],
            vec![cluster(), server(Some(&["eks-prod"])), server(Some(&["prod"]))],
        ] {
            assert!(unasked(&specs).is_empty());
        }
    }
}
