//! What is asked of the sources: whether they answer, in which version, what may be read, what time
//! they have. All at once, each with a deadline of its own.

use std::time::Duration;

use futures::future::{join, join_all, join5};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::timeout;

use super::kin::Kin;
use super::{Finding, Subject, Verdict, registry, rights};
use crate::clock::Clock;
use crate::model::scope::Service;
use crate::model::source::SourceScope;
use crate::model::{Name, SystemId};
use crate::net::{About, Cluster, Docker, GitHub, Limits, NetError, Prometheus, segment};
use crate::systems::prometheus::ingest;
use crate::systems::{self, Spec, Upstream};
use crate::text::Safe;

/// For one question.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// Namespaces or repositories of one source that are looked at.
pub(super) const MOST: usize = 8;
/// Clocks further apart than this are told.
const APART: i64 = 30;

/// Every source, in the order of the scope.
pub(super) async fn look(specs: Vec<Spec>, services: &[Service], clock: Clock) -> Vec<Finding> {
    let (missing, kin) = (missing(&specs), Kin::of(&specs, services));
    let unasked = super::argocd::unasked(&specs);
    let kin = async {
        match kin {
            Some(kin) => kin.look().await,
            None => Vec::new(),
        }
    };
    let (all, kin) = join(join_all(specs.into_iter().map(|spec| one(spec, clock))), kin).await;
    all.into_iter().flatten().chain(unasked).chain(kin).chain(missing).collect()
}

/// A line for each system that is not looked at, and how it would be.
fn missing(specs: &[Spec]) -> Vec<Finding> {
    let ways = [
        (SystemId::GitHub, "start inside a clone, or give a service of the configuration its repo"),
        (SystemId::Prometheus, "PROMETHEUS_URL, or sources.prometheus.url in config.yaml"),
        (SystemId::Docker, "DOCKER_HOST, or sources.docker.host in config.yaml"),
    ];
    let silent = ways.into_iter().filter(|(system, _)| specs.iter().all(|spec| spec.scope.system != *system));
    silent
        .map(|(system, way)| {
            let subject = Subject::new(system.as_str(), "");
            subject.say("found", Verdict::Warn, "not configured, not discovered").then(way)
        })
        .collect()
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
            let next = if scope.system == SystemId::GitHub && why.contains("no repository") {
                "in config.yaml: services: [{ name: checkout, repo: acme/checkout }]; without it no run is read"
            } else {
                "mend what is named here; everything else works without it"
            };
            vec![subject.say("reach", Verdict::Fail, why).then(next)]
        }
        Some(Upstream::Cluster(cluster)) => self::cluster(&subject, &scope, cluster, clock).await,
        Some(Upstream::GitHub(client)) => github(&subject, &scope, client, clock).await,
        Some(Upstream::Prometheus(client, _)) => prometheus(&subject, &scope, client, clock).await,
        Some(Upstream::Docker(client)) => docker(&subject, &scope, client, clock).await,
        Some(Upstream::Registry(client)) => registry::look(&subject, &scope, client, clock).await,
        Some(Upstream::Grafana(client)) => super::grafana::look(&subject, client, clock).await,
        Some(Upstream::ArgoServer(client)) => super::argocd::look(&subject, client, clock).await,
        Some(Upstream::Loki(client, labels)) => super::loki::look(&subject, client, labels, clock).await,
        Some(Upstream::RustCi(client)) => super::rustci::look(&subject, client, clock).await,
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

/// What was not looked at is not called good.
fn beyond(subject: &Subject, scope: &SourceScope, what: &str) -> Option<Finding> {
    let more = scope.namespaces.as_ref().map_or(0, Vec::len).saturating_sub(MOST);
    let finding = subject.say("permission", Verdict::Warn, format!("{more} more {what} were not looked at"));
    (more > 0).then(|| finding.then("the console says of each whether it may be read"))
}

/// The answer, or why there is none, in time.
pub(super) async fn ask<T>(question: impl Future<Output = Result<T, NetError>>) -> Result<T, NetError> {
    let late = NetError::Deadline { what: "answer", after: PATIENCE };
    timeout(PATIENCE, question).await.unwrap_or(Err(late))
}

/// What went wrong, and what to look at.
pub(super) fn failed(subject: &Subject, check: &'static str, error: &NetError, place: &str) -> Finding {
    // A server that is not reached is not reached for want of another token.
    let credential = place;
    let place = match place.strip_suffix(".token") {
        Some(of) if of.starts_with("sources.") => format!("{of}.url"),
        _ => place.to_owned(),
    };
    // Whose authority is not trusted says which field names it.
    let authority = error.to_string();
    let authority =
        place.strip_suffix(".url").map(|of| format!("{of}.ca")).filter(|ca| authority.contains(ca.as_str()));
    let next = match error {
        _ if authority.is_some() => format!("see {}", authority.unwrap_or_default()),
        NetError::Api { code: 401, .. } | NetError::Credential(_) => format!("renew the credential: {credential}"),
        NetError::Api { code: 403, .. } => "ask whoever runs it for the right to read this".to_owned(),
        NetError::Api { code: 404, .. } => format!("check the path: {place}"),
        NetError::Deadline { .. } => format!("check the network, the VPN and the address: {place}"),
        NetError::Api { code: 407, .. } => "a proxy in between wants a password; check HTTPS_PROXY".to_owned(),
        NetError::Held { .. } => {
            "wait until then; a token has more requests: gh auth login, or sources.github.token".to_owned()
        }
        NetError::Redirected { server, .. } if !server.is_empty() && subject.target.contains(server.as_str()) => {
            format!("it sends back to itself, as a login or a wrong path does: open it in a browser, and mend {place}")
        }
        NetError::Redirected { .. } => format!("if the server is there now, write that address: {place}"),
        NetError::Api { code: 500.., .. } => {
            "it, or a proxy before it, has trouble of its own: look at its log, and try again".to_owned()
        }
        _ => format!("see {place}"),
    };
    subject.say(check, Verdict::Fail, error.to_string()).then(next)
}

pub(super) fn skew(subject: &Subject, date: Option<Timestamp>, clock: Clock) -> Option<Finding> {
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
pub(super) fn way(server: &str) -> &'static str {
    if server.starts_with("https://") { "over TLS" } else { "without TLS" }
}

fn text(body: &[u8], pointer: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    document.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

async fn cluster(subject: &Subject, scope: &SourceScope, cluster: &Cluster, clock: Clock) -> Vec<Finding> {
    if let Some(plugin) = cluster.plugin()
        && timeout(PATIENCE, cluster.prepare()).await.is_err()
    {
        let patience = PATIENCE.as_secs();
        let message = format!("the exec plug-in {plugin} of the kubeconfig gave no credential within {patience} s");
        return vec![subject.say("reach", Verdict::Fail, message).then("run it in a shell to see what it waits for")];
    }
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
    let all = namespaces.iter().map(|namespace| rights::of(subject, &read, namespace.as_ref()));
    findings.extend(join_all(all).await.into_iter().flatten());
    findings.extend(beyond(subject, scope, "namespaces"));
    findings
}

async fn github(subject: &Subject, scope: &SourceScope, client: &GitHub, clock: Clock) -> Vec<Finding> {
    let (mut findings, mut token) = (Vec::new(), "sources.github.token".to_owned());
    match ask(client.identity()).await {
        Ok((true, from)) => {
            findings.push(subject.say("token", Verdict::Ok, format!("taken from {from}")));
            token = from;
        }
        Ok((false, why)) => {
            // A variable of github.com is never sent to another host.
            let next = if why.contains("ENTERPRISE") {
                format!(
                    "gh auth login --hostname {}, GH_ENTERPRISE_TOKEN (GH_TOKEN is for github.com), or sources.github.token",
                    subject.target
                )
            } else {
                "gh auth login, GH_TOKEN, or sources.github.token".to_owned()
            };
            let message = format!("{why}: 60 requests an hour, and nothing private");
            findings.push(subject.say("token", Verdict::Warn, message).then(next));
        }
        Err(error) => findings.push(failed(subject, "token", &error, &token)),
    }
    let about = match ask(client.about()).await {
        Ok(about) if about.genuine => about,
        Ok(_) => {
            let message = format!("{} answers, but not as GitHub does", scope.server.as_str());
            let next = "is something between here and GitHub? check its address";
            findings.push(subject.say("reach", Verdict::Fail, message).then(next));
            return findings;
        }
        Err(error) => {
            let place = if error.code() == Some(401) { &token } else { place_of(scope) };
            findings.push(failed(subject, "reach", &error, place));
            return findings;
        }
    };
    let (limits, server) = (client.limits(), scope.server.as_str());
    let version = about.version.as_ref().map(|version| format!(": GitHub Enterprise Server {version}"));
    let reach = format!("{server} answers {}{}", way(server), version.unwrap_or_default());
    findings.push(subject.say("reach", Verdict::Ok, reach));
    findings.extend(skew(subject, about.date, clock));
    findings.extend(scopes(subject, &about, &limits));
    if !about.limited {
        findings.push(subject.say("quota", Verdict::Ok, "this server sets no limit on requests"));
    } else if limits.told {
        findings.push(quota(subject, &about, &limits, clock));
    }
    let names = scope.namespaces.iter().flatten().take(MOST);
    let asked = names.map(|name| async move {
        let path: Vec<String> = name.raw().split('/').map(segment).collect();
        let path = format!("/repos/{}/actions/runs?per_page=1", path.join("/"));
        (name, ask(client.get(&path)).await)
    });
    for (name, answer) in join_all(asked).await {
        let read = answer.map(|body| systems::github::runs(scope.id, name, &body));
        findings.push(match read {
            Ok(Ok(_)) => subject.say("permission", Verdict::Ok, format!("may read the runs of {}", name.raw())),
            Ok(Err(odd)) => self::odd(subject, "permission", &odd),
            Err(error @ NetError::Api { code: 404, .. }) => subject
                .say("permission", Verdict::Fail, format!("{}: {error}", name.raw()))
                .then("check the name; a token without the right to see it gets the same answer"),
            Err(error) => failed(subject, "permission", &error, "the rights of the token"),
        });
    }
    findings.extend(beyond(subject, scope, "repositories"));
    findings
}

/// What the token may do, as far as the host tells.
fn scopes(subject: &Subject, about: &About, limits: &Limits) -> Option<Finding> {
    let Some(scopes) = &about.scopes else {
        let untold = "the host does not tell what the token may do; rerun and cancel need Actions: read and write";
        return (!limits.anonymous).then(|| subject.say("scopes", Verdict::Ok, untold));
    };
    let has = |word: &str| scopes.iter().any(|scope| scope == word);
    let told = if scopes.is_empty() { "the token has none".to_owned() } else { scopes.join(", ") };
    Some(if has("repo") {
        subject.say("scopes", Verdict::Ok, told)
    } else if has("public_repo") {
        subject.say("scopes", Verdict::Ok, format!("{told}: nothing private is seen"))
    } else {
        subject
            .say(
                "scopes",
                Verdict::Warn,
                format!("{told}: no private repository is seen, no run is rerun or cancelled"),
            )
            .then("gh auth refresh -s repo, or a token with the scope repo")
    })
}

fn quota(subject: &Subject, about: &About, limits: &Limits, clock: Clock) -> Finding {
    // The host's own clock measures its window.
    let here = about.date.unwrap_or_else(|| clock.now().wall);
    let anew = limits.reset.and_then(|reset| Duration::try_from(reset.duration_since(here)).ok());
    let anew = anew.map(|left| format!("; all again in {}", crate::text::duration(left).as_str()));
    let left = format!("{} of {} requests left this hour{}", limits.remaining, limits.limit, anew.unwrap_or_default());
    if limits.remaining * 10 < limits.limit {
        subject
            .say("quota", Verdict::Warn, left)
            .then("close what else uses this token; the console slows down until then")
    } else {
        subject.say("quota", Verdict::Ok, left)
    }
}

/// Where the address of a source is mended.
pub(super) fn place_of(scope: &SourceScope) -> &'static str {
    let place = systems::address_place(scope.system, scope.discovered.as_ref());
    place.trim_start_matches("in ").trim_start_matches("by ")
}

/// An answer that the console could not use either, in its words, which end with the next step.
pub(super) fn odd(subject: &Subject, check: &'static str, why: &Safe) -> Finding {
    let (message, next) = why.as_str().rsplit_once("; ").unwrap_or((why.as_str(), "look at what answers there"));
    subject.say(check, Verdict::Fail, message).then(next)
}

async fn prometheus(subject: &Subject, scope: &SourceScope, client: &Prometheus, clock: Clock) -> Vec<Finding> {
    let place = place_of(scope);
    let now = clock.now().wall;
    let (query, build, rules, alerts, stores) = join5(
        ask(client.query("vector(1)", now)),
        ask(client.build()),
        ask(client.rules()),
        ask(client.alerts()),
        // What looks at series is asked of every store behind a Thanos.
        ask(client.query("count(up)", now)),
    )
    .await;
    let answer = match query {
        Ok(answer) => answer,
        Err(error) => {
            let place = if error.code() == Some(401) { "sources.prometheus.token" } else { place };
            return vec![failed(subject, "reach", &error, place)];
        }
    };
    let warning = match ingest::told(&answer.body) {
        Ok(told) => told.warning,
        Err(odd) => return vec![self::odd(subject, "reach", &odd)],
    };
    let of_stores = stores.ok().and_then(|answer| ingest::told(&answer.body).ok()?.warning);
    // Thanos and its like may not tell their version, and need not.
    let version = build.ok().and_then(|answer| text(&answer.body, "/data/version"));
    let version = version.map_or_else(|| "no version is told".to_owned(), |version| format!("version {version}"));
    let message = format!("{} answers queries {}: {version}", client.url(), way(client.url()));
    let mut findings = vec![subject.say("reach", Verdict::Ok, message)];
    findings.extend(skew(subject, answer.date, clock));
    let mut of_rules = None;
    findings.push(match rules.map(|answer| ingest::rules(&answer.body)) {
        Ok(Err(odd)) => self::odd(subject, "permission", &odd),
        Ok(Ok((_, warning))) => {
            of_rules = warning;
            subject.say("permission", Verdict::Ok, "may read rules")
        }
        Err(error) => {
            let mut finding = failed(subject, "permission", &error, place);
            finding.message = format!("rules cannot be read, so that no objective is found by them: {error}");
            finding
        }
    });
    findings.push(match alerts.map(|answer| ingest::alerts(scope.id, &answer.body)) {
        Ok(Err(odd)) => self::odd(subject, "permission", &odd),
        Ok(Ok(_)) => subject.say("permission", Verdict::Ok, "may read alerts"),
        Err(error) => {
            let mut finding = failed(subject, "permission", &error, place);
            finding.message = format!("alerts cannot be read, so that none that fires is counted: {error}");
            finding
        }
    });
    findings.extend(warning.or(of_stores).or(of_rules).map(|why| partial(subject, &why)));
    findings
}

/// `warnings`: a store that a Thanos asks is gone, and what it knows is missing in every figure.
fn partial(subject: &Subject, why: &Safe) -> Finding {
    subject.say("data", Verdict::Warn, format!("its answers are partial: {}", why.as_str())).then(
        "bring back the store or sidecar it names; until then figures are at least so much, and no gate trusts them",
    )
}

async fn docker(subject: &Subject, scope: &SourceScope, client: &Docker, clock: Clock) -> Vec<Finding> {
    let place = place_of(scope);
    let about = match ask(client.about()).await {
        Ok(about) => about,
        Err(error @ NetError::Api { code: 401 | 403, .. }) => {
            let next = format!(
                "an engine asks for no login: a proxy before it does, or its socket is another group's (docker); see {place}"
            );
            return vec![subject.say("reach", Verdict::Fail, error.to_string()).then(next)];
        }
        Err(error) => return vec![failed(subject, "reach", &error, place)],
    };
    let reach = format!("Docker {} answers with version {} of its API", about.engine, about.api);
    let mut findings = vec![subject.say("reach", Verdict::Ok, reach)];
    match ask(client.get("/containers/json?limit=1")).await {
        Ok(answer) => {
            findings.push(subject.say("permission", Verdict::Ok, "may list containers"));
            findings.extend(skew(subject, answer.date, clock));
        }
        Err(error) => findings.push(failed(subject, "permission", &error, place)),
    }
    findings
}
