//! What this user may do in a cluster: lists are read as the console would begin to, watching and
//! acting are asked of the server's authorizer, which changes nothing.

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};

use super::sources::{PATIENCE, ask, failed};
use super::{Finding, Subject, Verdict};
use crate::model::{Kind, Name, SystemId};
use crate::net::{Deed, NetError, ReadStack, Review};
use crate::systems;

/// Questions at a time: each has a connection of its own.
const AT_A_TIME: usize = 6;

/// A verb of the console, as a server knows it.
struct Act {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    /// What is not possible without it.
    lost: &'static str,
}

const ROLLOUTS: &str = "argoproj.io";
const TEKTON: &str = "tekton.dev";
const APPLICATIONS: &str = "applications";
const REVISIONS: &str = "controllerrevisions";
const OF_REVISIONS: &str = "undo of a StatefulSet or a DaemonSet";

const ACTS: [Act; 12] = [
    Act {
        verb: "patch",
        group: ROLLOUTS,
        resource: "rollouts",
        subresource: "status",
        lost: "promote, abort and retry",
    },
    Act { verb: "patch", group: ROLLOUTS, resource: "rollouts", subresource: "", lost: "resume and undo of a Rollout" },
    Act {
        verb: "patch",
        group: "apps",
        resource: "deployments",
        subresource: "",
        lost: "undo and restart of a Deployment",
    },
    Act {
        verb: "patch",
        group: "apps",
        resource: "deployments",
        subresource: "scale",
        lost: "scaling of a Deployment",
    },
    Act { verb: "get", group: "", resource: "pods", subresource: "log", lost: "logs" },
    Act { verb: "patch", group: ROLLOUTS, resource: "rollouts", subresource: "scale", lost: "scaling of a Rollout" },
    Act {
        verb: "patch",
        group: "apps",
        resource: "statefulsets",
        subresource: "",
        lost: "undo and restart of a StatefulSet",
    },
    Act {
        verb: "patch",
        group: "apps",
        resource: "statefulsets",
        subresource: "scale",
        lost: "scaling of a StatefulSet",
    },
    Act {
        verb: "patch",
        group: "apps",
        resource: "daemonsets",
        subresource: "",
        lost: "undo and restart of a DaemonSet",
    },
    Act { verb: "list", group: "apps", resource: REVISIONS, subresource: "", lost: OF_REVISIONS },
    Act { verb: "get", group: "apps", resource: REVISIONS, subresource: "", lost: OF_REVISIONS },
    Act {
        verb: "get",
        group: "apps",
        resource: "replicasets",
        subresource: "",
        lost: "undo of a Deployment or a Rollout",
    },
];

/// Asked where there are PipelineRuns to act on.
const ACTS_OF_TEKTON: [Act; 2] = [
    Act { verb: "patch", group: TEKTON, resource: "pipelineruns", subresource: "", lost: "cancelling a PipelineRun" },
    Act {
        verb: "create",
        group: TEKTON,
        resource: "pipelineruns",
        subresource: "",
        lost: "running a PipelineRun again",
    },
];

/// Asked where there are Applications.
const ACTS_OF_ARGO_CD: [Act; 1] = [Act {
    verb: "patch",
    group: ROLLOUTS,
    resource: APPLICATIONS,
    subresource: "",
    lost: "sync, comparing again and terminating of an Application",
}];

impl Act {
    /// As kubectl writes it: `patch rollouts/status`.
    fn words(&self) -> String {
        let slash = if self.subresource.is_empty() { "" } else { "/" };
        // Others have a resource of that name too.
        let group = if self.resource == APPLICATIONS { ".argoproj.io" } else { "" };
        format!("{} {}{group}{slash}{}", self.verb, self.resource, self.subresource)
    }
}

fn place_of(namespace: Option<&Name>) -> String {
    namespace.map_or_else(|| "all namespaces".to_owned(), |name| name.raw().to_owned())
}

/// Everything that is asked of one namespace, or of all.
pub(super) async fn of(subject: &Subject, read: &ReadStack, namespace: Option<&Name>) -> Vec<Finding> {
    let (listed, mut findings) = lists(subject, read, namespace).await;
    findings.extend(watches(subject, read, namespace, &listed).await);
    findings.extend(acts(subject, read, namespace, &listed).await);
    findings
}

/// A list of one object of every kind; which kinds gave one.
async fn lists(subject: &Subject, read: &ReadStack, namespace: Option<&Name>) -> (Vec<Kind>, Vec<Finding>) {
    let kinds: Vec<(Kind, String)> =
        Kind::IN_CLUSTERS.into_iter().filter_map(|kind| Some((kind, systems::some_of(kind, namespace, 1)?))).collect();
    let asked = kinds.iter().map(|(kind, path)| async move {
        let answer = ask(read.get_once(path, PATIENCE)).await;
        let refused = matches!(answer, Err(NetError::Api { code: 403, .. }));
        let absent = refused && systems::is_not_served(read, *kind, path).await;
        (*kind, answer, absent)
    });
    let place = place_of(namespace);
    let (mut may, mut findings) = (Vec::new(), Vec::new());
    for (kind, answer, absent) in join_all(asked).await {
        match answer {
            Ok(_) => may.push(kind),
            // Most clusters run no pipelines, and many no Argo CD.
            Err(NetError::Api { code, .. })
                if (code == 404 || absent) && (kind.system().is_optional() || kind.is_of_istio()) => {}
            Err(NetError::Api { code, .. }) if code == 404 || absent => findings.push(subject.say(
                "permission",
                Verdict::Warn,
                format!("{place}: this cluster does not know {}", kind.plural()),
            )),
            // Without namespaces' labels environments are told by name; nothing else is lost.
            Err(error @ NetError::Api { code: 403, .. }) if kind == Kind::Namespace => findings.push(
                subject
                    .say("permission", Verdict::Warn, format!("{place}: {error}"))
                    .then("environments are told by their names, or by the configuration"),
            ),
            Err(error @ NetError::Api { code: 403, .. }) if !is_needed(kind) => findings.push(
                subject
                    .say("permission", Verdict::Warn, format!("{place}: {error}"))
                    .then("what hangs on them is told as not known; nothing else is lost"),
            ),
            Err(error) => findings.push(failed(subject, "permission", &error, "the rights of this user")),
        }
    }
    if !may.is_empty() {
        let words: Vec<&str> = may.iter().map(|kind| kind.plural()).collect();
        findings.insert(0, subject.say("permission", Verdict::Ok, format!("{place}: may read {}", words.join(", "))));
    }
    (may, findings)
}

/// Without the others the console shows less, and works.
fn is_needed(kind: Kind) -> bool {
    !matches!(kind, Kind::Namespace | Kind::Release) && !kind.is_extra()
}

/// Of the kinds that can be listed: a list alone grows old.
async fn watches(subject: &Subject, read: &ReadStack, namespace: Option<&Name>, kinds: &[Kind]) -> Vec<Finding> {
    let named = namespace.map_or("", |name| name.raw());
    let deed = |kind: Kind| {
        let group = match (kind.system(), kind) {
            (SystemId::Rollouts | SystemId::ArgoCd, _) => ROLLOUTS,
            (SystemId::Tekton, _) => TEKTON,
            (_, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet) => "apps",
            (_, Kind::BatchJob) => "batch",
            (_, Kind::HorizontalPodAutoscaler) => "autoscaling",
            (_, Kind::PodDisruptionBudget) => "policy",
            (_, Kind::NetworkPolicy) => "networking.k8s.io",
            (_, Kind::Lease) => "coordination.k8s.io",
            (_, Kind::VirtualService | Kind::DestinationRule) => "networking.istio.io",
            _ => "",
        };
        // One namespace is watched as a list of one, which has no namespace.
        let (namespace, name) = if kind == Kind::Namespace { ("", named) } else { (named, "") };
        Deed { verb: "watch", group, resource: kind.plural(), subresource: "", namespace, name }
    };
    let place = place_of(namespace);
    let (mut may, mut findings) = (Vec::new(), Vec::new());
    for (kind, answer) in reviewed(read, kinds.iter().map(|&kind| (kind, deed(kind))).collect()).await {
        let plural = kind.plural();
        match answer {
            Ok(Review::Allowed) => may.push(plural),
            Ok(Review::Denied(why)) => {
                let status = if is_needed(kind) { Verdict::Fail } else { Verdict::Warn };
                findings.push(
                    subject
                        .say("permission", status, format!("{place}: may not watch {plural}{}", because(&why)))
                        .then(format!("ask for the verb watch on {plural}; without it they are not followed")),
                );
            }
            Err(error) => return vec![unknown(subject, &place, &error)],
        }
    }
    if !may.is_empty() {
        findings.insert(0, subject.say("permission", Verdict::Ok, format!("{place}: may watch {}", may.join(", "))));
    }
    findings
}

/// Whoever only looks needs none of them: what is denied is told, and is no failure.
async fn acts(subject: &Subject, read: &ReadStack, namespace: Option<&Name>, listed: &[Kind]) -> Vec<Finding> {
    let named = namespace.map_or("", |name| name.raw());
    let deed = |act: &Act| Deed {
        verb: act.verb,
        group: act.group,
        resource: act.resource,
        subresource: act.subresource,
        namespace: named,
        name: "",
    };
    let place = place_of(namespace);
    let of_tekton = ACTS_OF_TEKTON.iter().filter(|_| listed.contains(&Kind::PipelineRun));
    let of_argo_cd = ACTS_OF_ARGO_CD.iter().filter(|_| listed.contains(&Kind::Application));
    let all = ACTS.iter().chain(of_tekton).chain(of_argo_cd);
    let (mut may, mut findings) = (Vec::new(), Vec::new());
    for (act, answer) in reviewed(read, all.map(|act| (act, deed(act))).collect()).await {
        let words = act.words();
        match answer {
            Ok(Review::Allowed) => may.push(words),
            Ok(Review::Denied(why)) => {
                let lost = format!("{place}: may not {words}{}: no {} there", because(&why), act.lost);
                let next = format!("ask whoever runs the cluster for {words} in {place}, if that is yours to do");
                findings.push(subject.say("act", Verdict::Warn, lost).then(next));
            }
            // The watches were asked in the same way, and have told why there is no answer.
            Err(_) => return findings,
        }
    }
    if !may.is_empty() {
        findings.insert(0, subject.say("act", Verdict::Ok, format!("{place}: may {}", may.join(", "))));
    }
    findings
}

/// All questions, some at a time, in their order.
async fn reviewed<T>(read: &ReadStack, deeds: Vec<(T, Deed<'_>)>) -> Vec<(T, Result<Review, NetError>)> {
    let asked = deeds.into_iter().map(|(what, deed)| async move { (what, ask(read.review(deed)).await) });
    stream::iter(asked).buffered(AT_A_TIME).collect().await
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" ({why})") }
}

fn unknown(subject: &Subject, place: &str, error: &NetError) -> Finding {
    subject
        .say("act", Verdict::Warn, format!("{place}: what may be watched and done cannot be asked: {error}"))
        .then("kubectl auth can-i patch rollouts/status tells it another way")
}
