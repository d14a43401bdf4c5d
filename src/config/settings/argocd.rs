//! `sources.argocd:` the servers of Argo CD, which know where objects differ, and whose Applications each serves.

use super::tree::{Faults, Node, What};
use super::words::{checked, needed};
use super::{secret, urls, words};
use crate::config::errors::quoted;
use crate::model::Name;
use crate::model::scope::{ArgoSource, Login};

/// One server, or a list of them.
pub(super) fn read(node: &Node, faults: &mut Faults) -> Vec<ArgoSource> {
    let What::List(nodes) = &node.what else { return server(node, faults).into_iter().collect() };
    let mut all: Vec<ArgoSource> = Vec::new();
    for node in nodes {
        let Some(source) = server(node, faults) else { continue };
        if source.contexts.is_empty() && nodes.len() > 1 {
            let hint = "such as context: eks-prod, as the kubeconfig calls it".to_owned();
            faults.tell(&node.at, "of several servers each must name the context it serves", Some(hint));
        }
        if all.iter().any(|other| other.url == source.url) {
            let hint = "name all of its contexts at one place: context: [eks-prod, eks-dr]".to_owned();
            faults.tell(&node.at, format!("{} stands here twice", quoted(&source.url)), Some(hint));
        }
        for context in &source.contexts {
            if all.iter().any(|other| other.contexts.contains(context)) {
                let message = format!("two servers serve the context {}", quoted(context.raw()));
                faults.tell(&node.at, message, Some("the Applications of a cluster have one server".to_owned()));
            }
        }
        all.push(source);
    }
    all
}

/// `{ url: https://argocd.example, token: { env: ARGOCD_AUTH_TOKEN }, context: eks-prod, ca: PATH }`.
fn server(node: &Node, faults: &mut Faults) -> Option<ArgoSource> {
    let fields = node.fields("argocd", &["url", "token", "context", "ca"], faults)?;
    let url = needed(&fields, "url", ("argocd", "https://HOST"), urls::http, faults);
    let token = fields.get("token").map(|node| secret::read(node, faults));
    let contexts = fields.get("context").map(|node| contexts(node, faults));
    let ca = fields.get("ca").map(|node| {
        let path = checked(node, "ca", words::text, faults)?;
        Some(node.at.origin.folder.join(path))
    });
    // All of it was looked at before the first mistake ends it.
    let login = match token {
        Some(token) => Login::Token(token?),
        None => Login::Anonymous,
    };
    let contexts = contexts.map_or(Some(Vec::new()), |contexts| contexts)?;
    let ca = match ca {
        Some(path) => Some(path?),
        None => None,
    };
    Some(ArgoSource { url: url?, login, ca, contexts, discovered: None })
}

/// One, or several: of one cluster there may be several contexts.
fn contexts(node: &Node, faults: &mut Faults) -> Option<Vec<Name>> {
    let one = |node: &Node, faults: &mut Faults| checked(node, "context", words::text, faults);
    let What::List(nodes) = &node.what else { return Some(vec![Name::new(&one(node, faults)?)]) };
    if nodes.is_empty() {
        faults.tell(&node.at, "no context is named", Some("such as context: eks-prod".to_owned()));
        return None;
    }
    let mut all: Vec<Name> = Vec::new();
    let mut sound = true;
    for node in nodes {
        match one(node, faults).map(|word| Name::new(&word)) {
            Some(name) if all.contains(&name) => {
                faults.tell(&node.at, format!("{} stands here twice", quoted(name.raw())), None);
                sound = false;
            }
            Some(name) => all.push(name),
            None => sound = false,
        }
    }
    sound.then_some(all)
}
