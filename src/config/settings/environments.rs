//! `environments:` and `promotion:`: where things run, in which order a change travels, how much an
//! action asks there. `budget-policy:` stands here too until the rollback loop reads it.

use std::collections::{HashMap, HashSet};

use super::services::{required, unique};
use super::tree::{At, Entry, Faults, Fields, Node};
use super::unbuilt::Unbuilt;
use super::words::{self, Wrong, checked};
use crate::config::errors::{nearest, quoted};
use crate::model::Name;
use crate::model::gitops::Overlay;
use crate::model::scope::{Environment, OnFindings, Protection};

const KEYS: [&str; 7] = ["name", "cluster", "namespace", "argocd", "gitops", "protection", "gates"];

const PROTECTION: [(&str, Protection); 3] =
    [("none", Protection::None), ("confirm", Protection::Confirm), ("typed-name", Protection::TypedName)];

const FINDINGS: [(&str, OnFindings); 2] = [("warn", OnFindings::Warn), ("block", OnFindings::Block)];

pub(super) fn read(node: &Node, unbuilt: &mut Unbuilt, faults: &mut Faults) -> Vec<Environment> {
    let mut all: Vec<(Environment, At)> = Vec::new();
    let mut names = HashMap::new();
    let mut places: HashMap<(Option<Name>, Option<Name>), usize> = HashMap::new();
    for item in node.items("environments", faults) {
        let Some(fields) = item.fields("environment", &KEYS, faults) else { continue };
        let Some(environment) = environment(&fields, unbuilt, faults) else { continue };
        let at = &fields.get("name").unwrap_or(item).at;
        unique(&mut names, environment.name.raw(), at, "environment", faults);
        let place = (environment.cluster.clone(), environment.namespace.clone());
        if let Some((other, first)) = all.get(*places.entry(place).or_insert(all.len()))
            && other.name != environment.name
        {
            let hint = Some("give one of them another cluster or namespace".to_owned());
            let other = quoted(other.name.raw());
            faults.tell(at, format!("this is the same place as {other} on line {}", first.line), hint);
        }
        all.push((environment, at.clone()));
    }
    all.into_iter().map(|(environment, _)| environment).collect()
}

fn environment(fields: &Fields, unbuilt: &mut Unbuilt, faults: &mut Faults) -> Option<Environment> {
    let name = required(fields, "name", "environment", faults);
    let cluster = fields.get("cluster").and_then(|node| checked(node, "cluster", words::text, faults));
    let namespace = fields.get("namespace").and_then(|node| checked(node, "namespace", words::namespace, faults));
    let protection = fields.get("protection").and_then(|node| node.one_of("protection", &PROTECTION, faults));
    if let Some(node) = fields.get("argocd") {
        checked(node, "argocd", words::text, faults);
        unbuilt.note("environments[].argocd", &node.at);
    }
    let gitops = fields.get("gitops").and_then(|node| gitops(node, unbuilt, faults));
    let findings = fields.get("gates").map(|node| gates(node, unbuilt, faults)).unwrap_or_default();
    Some(Environment {
        name: Name::new(&name?),
        cluster: cluster.map(|word| Name::new(&word)),
        namespace: namespace.map(|word| Name::new(&word)),
        protection,
        findings,
        gitops,
    })
}

/// What is written there is not used by this version, only what is read.
fn gitops(node: &Node, unbuilt: &mut Unbuilt, faults: &mut Faults) -> Option<Overlay> {
    const WRITE: [(&str, ()); 2] = [("commit", ()), ("pull-request", ())];
    let fields = node.fields("gitops", &["repo", "path", "branch", "write"], faults)?;
    for key in ["repo", "path"] {
        if fields.get(key).is_none() && !fields.strange {
            let hint = Some("such as { repo: acme/gitops, path: k8s/overlays/prod, branch: main }".to_owned());
            faults.tell(fields.at, format!("gitops has no {key}"), hint);
        }
    }
    let repository = fields.get("repo").and_then(|node| checked(node, "repo", words::any_repository, faults));
    let path = fields.get("path").and_then(|node| checked(node, "path", inside, faults));
    let branch = fields.get("branch").and_then(|node| checked(node, "branch", words::text, faults));
    if let Some(node) = fields.get("write") {
        node.one_of("way to write", &WRITE, faults);
        unbuilt.note("environments[].gitops.write", &node.at);
    }
    Some(Overlay {
        repository: Name::new(&repository?),
        path: Name::new(path?.trim_matches('/')),
        branch: branch.map(|word| Name::new(&word)),
    })
}

/// A path that stays inside the repository.
fn inside(word: &str) -> Result<String, Wrong> {
    if word.is_empty() || word.starts_with('/') || word.split('/').any(|part| part == "..") {
        let hint = Some("write it from the root of the repository, such as k8s/overlays/prod".to_owned());
        return Err((format!("{} leaves the repository", quoted(word)), hint));
    }
    Ok(word.to_owned())
}

/// Of the gates only what findings do is used by this version.
fn gates(node: &Node, unbuilt: &mut Unbuilt, faults: &mut Faults) -> OnFindings {
    const LATER: [&str; 3] = ["soak", "budget-floor", "approvals"];
    let keys = [LATER[0], LATER[1], LATER[2], "findings"];
    let Some(fields) = node.fields("gates", &keys, faults) else { return OnFindings::default() };
    if LATER.iter().any(|key| fields.get(key).is_some()) {
        unbuilt.note("environments[].gates", &node.at);
    }
    if let Some(node) = fields.get("soak") {
        checked(node, "soak", words::duration, faults);
    }
    if let Some(node) = fields.get("budget-floor") {
        checked(node, "budget-floor", words::ratio, faults);
    }
    if let Some(node) = fields.get("approvals") {
        checked(node, "approvals", words::count, faults);
    }
    let findings = fields.get("findings").and_then(|node| node.one_of("gates.findings", &FINDINGS, faults));
    findings.unwrap_or_default()
}

/// The order in which a change travels. An environment may be known by its namespace's label alone, so
/// a name that is not in the file is told; a mistake it is where it is nearly one that is.
pub(super) fn promotion(
    node: &Node,
    environments: &[Environment],
    warnings: &mut Faults,
    faults: &mut Faults,
) -> Vec<Name> {
    let mut all = Vec::new();
    let mut named = HashSet::new();
    let known: HashSet<&str> = environments.iter().map(|environment| environment.name.raw()).collect();
    for item in node.items("promotion", faults) {
        let Some(word) = checked(item, "promotion", words::name, faults) else { continue };
        if !named.insert(word.clone()) {
            let hint = Some("leave one of them out".to_owned());
            faults.tell(&item.at, format!("{} stands here twice", quoted(&word)), hint);
            continue;
        }
        all.push((word, &item.at));
    }
    let left = || environments.iter().map(|environment| environment.name.raw()).filter(|name| !named.contains(*name));
    for (word, at) in all.iter().filter(|(word, _)| !known.contains(word.as_str())) {
        let name = quoted(word);
        if let Some(near) = nearest(word, left()) {
            let hint = Some(format!("did you mean \"{near}\"?"));
            faults.tell(at, format!("unknown environment {name}"), hint);
        } else {
            let hint = Some("name it below environments: with its cluster or namespace, or leave it out".to_owned());
            let message = format!("no environment is named {name}: only namespaces whose label says so are in it");
            warnings.tell(at, message, hint);
        }
    }
    all.iter().map(|(word, _)| Name::new(word)).collect()
}

/// When the error budget asks for a rollback.
pub(super) fn budget_policy(entry: &Entry, unbuilt: &mut Unbuilt, faults: &mut Faults) {
    const KEYS: [&str; 5] = ["critical", "critical-action", "emergency", "emergency-action", "veto"];
    const ACTIONS: [(&str, ()); 3] = [("off", ()), ("propose", ()), ("rollback", ())];
    unbuilt.note("budget-policy", &entry.at);
    let Some(fields) = entry.value.fields("budget-policy", &KEYS, faults) else { return };
    let mut level = |key| fields.get(key).and_then(|node| checked(node, key, words::ratio, faults));
    let (critical, emergency) = (level("critical"), level("emergency"));
    if let (Some(critical), Some(emergency), Some(node)) = (critical, emergency, fields.get("emergency"))
        && emergency < critical
    {
        let hint = Some("the share of the budget that is spent: critical comes first".to_owned());
        faults.tell(&node.at, "emergency is below critical", hint);
    }
    for key in ["critical-action", "emergency-action"] {
        if let Some(node) = fields.get(key) {
            node.one_of("action", &ACTIONS, faults);
        }
    }
    if let Some(node) = fields.get("veto") {
        checked(node, "veto", words::duration, faults);
    }
}
