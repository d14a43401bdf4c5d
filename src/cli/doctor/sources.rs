//! What is asked of the sources: whether they answer, in which version, what may be read, what time
//! they have. All at once, each with a deadline of its own.

use std::time::Duration;

use futures::future::{join_all, join3};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::timeout;

use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::model::source::SourceScope;
use crate::model::{Kind, Name, SystemId};
use crate::net::{Cluster, Docker, GitHub, NetError, Prometheus, ReadStack, segment};
use crate::systems::{self, Spec, Upstream};

/// For one question.
const PATIENCE: Duration = Duration::from_secs(8);
/// Namespaces or repositories of one source that are looked at.
const MOST: usize = 8;
/// Clocks further apart than this are told.
const APART: i64 = 30;

/// Every source, in the order of the scope.
pub(super) async fn look(specs: Vec<Spec>, clock: Clock) -> Vec<Finding> {
    let all = join_all(specs.into_iter().map(|spec| one(spec, clock))).await;
    all.into_iter().flatten().collect()
}

async fn one(spec: Spec, clock: Clock) -> Vec<Finding> {
    let Spec { scope, upstream } = spec;
    let subject = Subject::new(scope.system.as_str(), scope.name.raw());
    let mut findings: Vec<Finding> = scope
        .discovered
        .iter()
        .filter(|_| upstream.is_some())
        .map(|place| subject.say("found", Verdict::Ok, format!("discovered: {}", place.as_str())))
        .collect();
    let looked = match &upstream {
        None => {
            let why = scope.unusable.as_ref().map_or("cannot be used", |why| why.as_str());
            let next = "mend what is named here; everything else works without it";
            vec![subject.say("reach", Verdict::Fail, why).then(next)]
        }
        Some(Upstream::Cluster(cluster)) => self::cluster(&subject, &scope, cluster, clock).await,
        Some(Upstream::GitHub(client)) => github(&subject, &scope, client).await,
        Some(Upstream::Prometheus(client, _)) => prometheus(&subject, client, clock).await,
        Some(Upstream::Docker(client)) => docker(&subject, client, clock).await,
    };
    findings.extend(looked.into_iter().map(|finding| soften(&scope, finding)));
    findings
}

/// What nobody asked for may be missing. A cluster is always asked for: the console is about it.
fn soften(scope: &SourceScope, mut finding: Finding) -> Finding {
    if let Some(place) = scope.discovered.as_ref().filter(|_| scope.system != SystemId::Kubernetes)
        && finding.status == Verdict::Fail
    {
        finding.status = Verdict::Warn;
        let place = place.as_str();
        finding.next =
            Some(format!("it was discovered ({place}): mend that, or name the sources in the configuration"));
    }
    finding
}

/// The answer, or why there is none, in time.
async fn ask<T>(question: impl Future<Output = Result<T, NetError>>) -> Result<T, NetError> {
    let late = NetError::Deadline { what: "answer", after: PATIENCE };
    timeout(PATIENCE, question).await.unwrap_or(Err(late))
}

/// What went wrong, and what to look at.
fn failed(subject: &Subject, check: &'static str, error: &NetError, place: &str) -> Finding {
    let next = match error {
        NetError::Api { code: 401, .. } | NetError::Credential(_) => format!("renew the credential: {place}"),
        NetError::Api { code: 403, .. } => "ask whoever runs it for the right to read this".to_owned(),
        NetError::Api { code: 404, .. } => format!("check the path: {place}"),
        NetError::Deadline { .. } => format!("check the network, the VPN and the address: {place}"),
        _ => format!("see {place}"),
    };
    subject.say(check, Verdict::Fail, error.to_string()).then(next)
}

fn skew(subject: &Subject, date: Option<Timestamp>, clock: Clock) -> Option<Finding> {
    let off = date?.as_second() - clock.now().wall.as_second();
    Some(if off.abs() <= APART {
        subject.say("clock", Verdict::Ok, "agrees with this machine's")
    } else {
        let way = if off > 0 { "ahead of" } else { "behind" };
        let off = crate::text::duration(Duration::from_secs(off.unsigned_abs()));
        subject
            .say("clock", Verdict::Warn, format!("{} {way} this machine's", off.as_str()))
            .then("set both by NTP; ages and windows are wrong until then")
    })
}

/// Who could listen on the way.
fn way(server: &str) -> &'static str {
    if server.starts_with("https://") { "over TLS" } else { "without TLS" }
}

fn text(body: &[u8], pointer: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    document.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

async fn cluster(subject: &Subject, scope: &SourceScope, cluster: &Cluster, clock: Clock) -> Vec<Finding> {
    let read = cluster.read();
    let began = clock.now().mono;
    let answer = match ask(read.get_once("/version", PATIENCE)).await {
        Ok(answer) => answer,
        Err(error) => return vec![failed(subject, "reach", &error, "the context of the kubeconfig")],
    };
    let took = clock.now().mono.saturating_sub(began).as_millis();
    let version = text(&answer.body, "/gitVersion").unwrap_or_else(|| "of an unknown version".to_owned());
    let server = scope.server.as_str();
    let reach = format!("{server} answers {} in {took} ms: Kubernetes {version}", way(server));
    let mut findings = vec![subject.say("reach", Verdict::Ok, reach)];
    findings.extend(skew(subject, answer.date, clock));
    let namespaces: Vec<Option<Name>> = match &scope.namespaces {
        None => vec![None],
        Some(names) => names.iter().take(MOST).cloned().map(Some).collect(),
    };
    let all = namespaces.iter().map(|namespace| permission(subject, &read, namespace.as_ref()));
    findings.extend(join_all(all).await.into_iter().flatten());
    findings
}

/// A list of one object of every kind, as the console would begin to read it.
async fn permission(subject: &Subject, read: &ReadStack, namespace: Option<&Name>) -> Vec<Finding> {
    let kinds: Vec<(Kind, String)> =
        Kind::IN_CLUSTERS.into_iter().filter_map(|kind| Some((kind, systems::first_of(kind, namespace)?))).collect();
    let asked = kinds.iter().map(|(kind, path)| async move { (*kind, ask(read.get_once(path, PATIENCE)).await) });
    let place = namespace.map_or_else(|| "all namespaces".to_owned(), |name| name.raw().to_owned());
    let (mut may, mut findings) = (Vec::new(), Vec::new());
    for (kind, answer) in join_all(asked).await {
        match answer {
            Ok(_) => may.push(kind.plural()),
            Err(NetError::Api { code: 404, .. }) => findings.push(subject.say(
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
            Err(error) => findings.push(failed(subject, "permission", &error, "the rights of this user")),
        }
    }
    if !may.is_empty() {
        findings.insert(0, subject.say("permission", Verdict::Ok, format!("{place}: may read {}", may.join(", "))));
    }
    findings
}

async fn github(subject: &Subject, scope: &SourceScope, client: &GitHub) -> Vec<Finding> {
    let mut findings = Vec::new();
    match ask(client.identity()).await {
        Ok((true, from)) => findings.push(subject.say("token", Verdict::Ok, format!("taken from {from}"))),
        Ok((false, why)) => findings.push(
            subject
                .say("token", Verdict::Warn, format!("{why}: 60 requests an hour, and nothing private"))
                .then("gh auth login, GH_TOKEN, or sources.github.token"),
        ),
        Err(error) => findings.push(failed(subject, "token", &error, "sources.github.token")),
    }
    // Costs nothing of what it tells.
    if let Err(error) = ask(client.get("/rate_limit")).await {
        findings.push(failed(subject, "reach", &error, "sources.github.url"));
        return findings;
    }
    let limits = client.limits();
    let server = scope.server.as_str();
    findings.push(subject.say("reach", Verdict::Ok, format!("{server} answers {}", way(server))));
    let left = format!("{} of {} requests left this hour", limits.remaining, limits.limit);
    let status = if limits.remaining * 10 < limits.limit { Verdict::Warn } else { Verdict::Ok };
    findings.push(subject.say("quota", status, left));
    let names = scope.namespaces.iter().flatten().take(MOST);
    let asked = names.map(|name| async move {
        let path: Vec<String> = name.raw().split('/').map(segment).collect();
        let path = format!("/repos/{}/actions/runs?per_page=1", path.join("/"));
        (name, ask(client.get(&path)).await)
    });
    for (name, answer) in join_all(asked).await {
        findings.push(match answer {
            Ok(_) => subject.say("permission", Verdict::Ok, format!("may read the runs of {}", name.raw())),
            Err(error @ NetError::Api { code: 404, .. }) => subject
                .say("permission", Verdict::Fail, format!("{}: {error}", name.raw()))
                .then("check the name; a token without the right to see it gets the same answer"),
            Err(error) => failed(subject, "permission", &error, "the rights of the token"),
        });
    }
    findings
}

async fn prometheus(subject: &Subject, client: &Prometheus, clock: Clock) -> Vec<Finding> {
    const PLACE: &str = "sources.prometheus";
    let now = clock.now().wall;
    let (query, build, rules) =
        join3(ask(client.query("vector(1)", now)), ask(client.build()), ask(client.rules())).await;
    let answer = match query {
        Ok(answer) => answer,
        Err(error) => return vec![failed(subject, "reach", &error, PLACE)],
    };
    // Thanos and its like may not tell their version, and need not.
    let version = build.ok().and_then(|answer| text(&answer.body, "/data/version"));
    let version = version.map_or_else(|| "no version is told".to_owned(), |version| format!("version {version}"));
    let message = format!("{} answers queries {}: {version}", client.url(), way(client.url()));
    let mut findings = vec![subject.say("reach", Verdict::Ok, message)];
    findings.extend(skew(subject, answer.date, clock));
    findings.push(match rules {
        Ok(_) => subject.say("permission", Verdict::Ok, "may read rules"),
        Err(error) => {
            let mut finding = failed(subject, "permission", &error, PLACE);
            finding.message = format!("rules cannot be read, so that no objective is found by them: {error}");
            finding
        }
    });
    findings
}

async fn docker(subject: &Subject, client: &Docker, clock: Clock) -> Vec<Finding> {
    const PLACE: &str = "sources.docker.host, or DOCKER_HOST";
    let about = match ask(client.about()).await {
        Ok(about) => about,
        Err(error) => return vec![failed(subject, "reach", &error, PLACE)],
    };
    let reach = format!("Docker {} answers with version {} of its API", about.engine, about.api);
    let mut findings = vec![subject.say("reach", Verdict::Ok, reach)];
    match ask(client.get("/containers/json?limit=1")).await {
        Ok(answer) => {
            findings.push(subject.say("permission", Verdict::Ok, "may list containers"));
            findings.extend(skew(subject, answer.date, clock));
        }
        Err(error) => findings.push(failed(subject, "permission", &error, PLACE)),
    }
    findings
}
