//! The GitOps repository of a world: each deploy is a commit that gives one workload of one overlay another
//! version. Derived from what the world deploys, so it says what Argo CD applies.

use jiff::Timestamp;
use std::fmt::Write as _;

use super::value::hash;
use super::world::World;

pub(super) const REPOSITORY: &str = "shop/gitops";

/// A commit of an overlay.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) at: Timestamp,
    /// Position among the scenario's workloads.
    pub(super) workload: usize,
    pub(super) version: String,
}

/// Those that are there by then, oldest first.
pub(super) fn commits(world: &World, namespace: &str, by: Timestamp) -> Vec<Commit> {
    let mut all: Vec<Commit> = world
        .deployed()
        .filter(|deploy| deploy.environment == namespace && deploy.at <= by && deploy.again.is_none())
        .filter_map(|deploy| {
            let is_its = |it: &&super::scenario::Workload| it.image == deploy.image && it.parts().0 == namespace;
            let workload = world.scenario.workloads.iter().position(|it| is_its(&it))?;
            let part = |part: u8| hash(&format!("{part}{namespace}{}{}{}", deploy.image, deploy.version, deploy.at));
            let sha = format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32);
            let (at, version) = (deploy.at, deploy.version.clone());
            Some(Commit { sha, at, workload, version })
        })
        .collect();
    all.sort_by_key(|commit| commit.at);
    all
}

/// The file of an overlay on its branch; `None`: there is no such overlay.
pub(super) fn kustomization(world: &World, path: &str) -> Option<String> {
    let path = path.strip_suffix("/kustomization.yaml")?;
    let namespace = super::argocd::namespace_of(world, path)?;
    let mut text = String::from(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base]\nimages:\n",
    );
    for (workload, version) in versions(world, &namespace, None) {
        let image = &world.scenario.workloads[workload].image;
        let _ = write!(text, "  - name: {image}\n    newTag: {version:?}\n");
    }
    Some(text)
}

/// What an overlay asks of its workloads at a commit of it, or at one that is not known: at its newest.
pub(super) fn versions(world: &World, namespace: &str, sha: Option<&str>) -> Vec<(usize, String)> {
    let all = commits(world, namespace, world.now);
    let until = sha.and_then(|sha| all.iter().position(|commit| commit.sha == sha)).unwrap_or(all.len());
    let mut out: Vec<(usize, String)> = Vec::new();
    for commit in all.iter().take(until + 1) {
        out.retain(|(workload, _)| *workload != commit.workload);
        out.push((commit.workload, commit.version.clone()));
    }
    out
}
