//! Argo CD's Applications beside the workloads they keep: which belongs to which, and what an
//! Application's status says in few words (apis.md §2.1, §2.4).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{State, derived};
use crate::model::applications::{AppResource, AppSource, Application, Deployed, SyncStatus};
use crate::model::kubernetes::Meta;
use crate::model::source::FeedStatus;
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::safe;
use crate::text::{self, Safe};

/// Letters of a commit that tell it from others.
const SHORT: usize = 7;

/// Which Application keeps which workload.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    of: HashMap<Key, Uid>,
    /// What each of them keeps.
    by: HashMap<Uid, Vec<Key>>,
}

/// Cluster, namespace and name of a workload; its kind.
type Key = (SourceId, Kind, Name, Name);

/// Made once for all Applications.
#[must_use]
pub fn kept(state: &State) -> Kept {
    let mut kept = Kept::default();
    for row in state.world.applications.rows() {
        let keys = keys(state, row);
        kept.of.extend(keys.iter().map(|key| (key.clone(), row.meta.uid.clone())));
        kept.by.insert(row.meta.uid.clone(), keys);
    }
    kept
}

/// Whether those of these that are Applications keep what they kept.
#[must_use]
pub fn holds(state: &State, kept: &Kept, uids: &BTreeSet<Uid>) -> bool {
    let mut rows = uids.iter().filter_map(|uid| state.world.applications.get(uid));
    rows.all(|row| kept.by.get(&row.meta.uid) == Some(&keys(state, row)))
}

fn keys(state: &State, row: &Application) -> Vec<Key> {
    let Some(cluster) = destination(state, row) else { return Vec::new() };
    let key = |it| Some((cluster, workload(it)?, place(row, it).clone(), it.name.clone()));
    row.resources.iter().filter_map(key).collect()
}

fn workload(resource: &AppResource) -> Option<Kind> {
    let all = [Kind::Rollout, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];
    all.into_iter().find(|kind| resource.kind.as_str() == kind.as_str())
}

/// The cluster of the scope whose objects it keeps: its own, as most say, or one by its name or address.
#[must_use]
pub fn destination(state: &State, row: &Application) -> Option<SourceId> {
    let named = row.destination.cluster.as_str().trim_end_matches('/');
    if matches!(named, "" | "in-cluster" | "https://kubernetes.default.svc") {
        return Some(row.meta.cluster);
    }
    let is = |name: &str| name.trim_end_matches('/') == named;
    state.world.clusters().find(|source| is(source.name.raw()) || is(source.server.as_str())).map(|source| source.id)
}

/// The namespaces it writes to, as far as it says; `None` where its cluster is not in the scope, or nothing
/// says which they are.
#[must_use]
pub fn places(state: &State, row: &Application) -> Option<Vec<(SourceId, Name)>> {
    let cluster = destination(state, row)?;
    let named = std::iter::once(&row.destination.namespace).chain(row.resources.iter().map(|it| &it.namespace));
    let mut all: Vec<Name> = named.filter(|name| !name.raw().is_empty()).cloned().collect();
    all.sort();
    all.dedup();
    (!all.is_empty()).then(|| all.into_iter().map(|name| (cluster, name)).collect())
}

/// The Application that keeps a workload.
#[must_use]
pub fn of_workload<'a>(state: &'a State, kind: Kind, meta: &Meta) -> Option<&'a Arc<Application>> {
    if state.world.applications.is_empty() {
        return None;
    }
    let key = (meta.cluster, kind, meta.namespace.clone(), meta.name.clone());
    state.world.applications.get(derived::kept(state).of.get(&key)?)
}

/// The workload that a row of an Application is, when it is in the scope.
#[must_use]
pub fn workload_of(state: &State, application: &Uid, row: &AppResource) -> Option<ObjectId> {
    let application = state.world.applications.get(application)?;
    let (cluster, namespace) = (destination(state, application)?, place(application, row));
    let world = &state.world;
    match workload(row)? {
        Kind::Rollout => world.rollouts.named(cluster, namespace, &row.name).next().map(|it| it.meta.id(Kind::Rollout)),
        kind if kind.is_controlled() => {
            let mut rows = world.controlled.named(cluster, namespace, &row.name);
            rows.find(|it| it.kind == kind).map(|it| it.meta.id(kind))
        }
        kind => world.deployments.named(cluster, namespace, &row.name).next().map(|it| it.meta.id(kind)),
    }
}

/// The workloads of the scope that it keeps.
pub fn workloads_of<'a>(state: &'a State, row: &'a Application) -> impl Iterator<Item = ObjectId> + 'a {
    row.resources.iter().filter_map(|it| workload_of(state, &row.meta.uid, it))
}

/// What an Application says of a workload, where that is one of those it keeps.
#[must_use]
pub fn row_of<'a>(state: &State, application: &'a Application, kind: Kind, meta: &Meta) -> Option<&'a AppResource> {
    let here = destination(state, application) == Some(meta.cluster);
    application.resources.iter().filter(|_| here).find(|row| {
        row.kind.as_str() == kind.as_str() && row.name == meta.name && *place(application, row) == meta.namespace
    })
}

/// Why it is not known which Applications a cluster has (without one: all clusters).
#[must_use]
pub fn untold(state: &State, cluster: Option<SourceId>) -> Option<Safe> {
    let feeds = state.world.feeds.iter().filter(|(id, _)| id.kind == Kind::Application);
    let mut feeds = feeds.filter(|(id, _)| cluster.is_none_or(|cluster| id.cluster == cluster));
    feeds.find_map(|(_, feed)| match &feed.status {
        FeedStatus::Absent { .. } => None,
        FeedStatus::Denied { message } => Some(safe!("its Applications are not shown to us: {}", message)),
        FeedStatus::Failed { message, .. } | FeedStatus::Stale { message, .. } if !feed.complete => {
            Some(safe!("its Applications were not read: {}", message))
        }
        _ => (!feed.complete).then(|| Safe::of("its Applications are being read")),
    })
}

/// An object that names no namespace is in that of the Application's destination.
fn place<'a>(application: &'a Application, row: &'a AppResource) -> &'a Name {
    if row.namespace.raw().is_empty() { &application.destination.namespace } else { &row.namespace }
}

/// Workloads of a cluster say that Argo CD keeps them, or Applications were read there.
#[must_use]
pub fn is_missed(state: &State, cluster: SourceId) -> bool {
    let world = &state.world;
    let kept = |by: &Option<Safe>| by.as_ref().is_some_and(|by| by.as_str() == "Argo CD");
    world.applications.rows().iter().any(|row| row.meta.cluster == cluster)
        || world.rollouts.rows().iter().any(|row| row.meta.cluster == cluster && kept(&row.managed_by))
        || world.deployments.rows().iter().any(|row| row.meta.cluster == cluster && kept(&row.managed_by))
}

/// `a1b2c3d`; a tag or a chart's version stays whole.
#[must_use]
pub fn short(revision: &Safe) -> Safe {
    let text = revision.as_str();
    let is_commit = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { Safe::line(&text[..SHORT]) } else { revision.clone() }
}

/// What it was compared with: `a1b2c3d`, `main` while that is not known.
#[must_use]
pub fn revision(row: &Application) -> Safe {
    row.revisions
        .first()
        .map(|revision| short(revision.safe()))
        .or_else(|| row.sources.first().map(|source| source.target.clone()))
        .unwrap_or_else(|| Safe::of("HEAD"))
}

/// The newest entry of its history with another revision than the last one: where a way back leads.
#[must_use]
pub fn before(row: &Application) -> Option<&Deployed> {
    let last = row.history.last()?;
    row.history.iter().rev().find(|it| it.revisions != last.revisions && !it.revision.is_empty())
}

/// `a1b2c3d`; of several sources `a1b2c3d, 5.1.0`.
#[must_use]
pub fn deployed(row: &Deployed) -> Safe {
    let all: Vec<Safe> = row.revisions.iter().map(|name| short(name.safe())).collect();
    Safe::join(&all, ", ")
}

/// How long ago by the clock of its cluster; `?` where it is not known.
#[must_use]
pub fn since(state: &State, row: &Application, at: Option<Timestamp>) -> Safe {
    let Some(at) = at else { return Safe::of("?") };
    text::age(state.now.wall.duration_since(state.ours(row.meta.cluster, at)).as_secs())
}

/// Where its objects are written: `overlays/production of https://github.com/shop/gitops`.
#[must_use]
pub fn written_in(row: &Application) -> Safe {
    let place = |source: &AppSource| {
        if source.path.is_empty() {
            source.repository.clone()
        } else {
            safe!("{} of {}", source.path, source.repository)
        }
    };
    let all: Vec<Safe> = row.sources.iter().map(place).collect();
    if all.is_empty() { Safe::of("its repository") } else { Safe::join(&all, " or ") }
}

/// The way back of all that it keeps: what is to be reverted in Git, as far as its history tells.
#[must_use]
pub fn revert(state: &State, row: &Application) -> Safe {
    let place = match row.sources.first() {
        Some(source) if source.path.is_empty() => source.repository.clone(),
        Some(source) => safe!("{} in {}", source.path, source.repository),
        None => Safe::of("its repository"),
    };
    let now = row.history.last().map_or_else(|| revision(row), deployed);
    if let Some(to) = before(row) {
        let ago = since(state, row, to.at);
        safe!("revert {} in Git, from {} back to {} (deployed {} ago)", place, now, deployed(to), ago)
    } else {
        safe!("revert {} in Git; {} is what is deployed, and nothing before it is known", place, now)
    }
}

/// Objects that are not as the repository says.
pub fn strays(row: &Application) -> impl Iterator<Item = &AppResource> {
    row.resources.iter().filter(|resource| resource.is_stray())
}

/// Who else sets the replicas of an object that is not as the repository says, as far as anything tells: an
/// autoscaler that has it as its target, a program that set them after the last sync.
#[must_use]
pub fn rival(state: &State, row: &Application) -> Option<Safe> {
    let cluster = destination(state, row)?;
    let synced = row.operation.as_ref().and_then(|last| last.finished);
    // Where it is known that something else differs, nobody is to blame for the replicas.
    let mut disputed = strays(row).filter(|it| super::differences::differs_in_replicas(state, row, it) != Some(false));
    disputed.find_map(|stray| {
        let here = |meta: &Meta| meta.name == stray.name;
        let (kind, meta, by, replicas) = match stray.kind.as_str() {
            "Deployment" => {
                let all = state.world.deployments.of_namespace(cluster, place(row, stray));
                let found = all.iter().find(|it| here(&it.meta))?;
                (Kind::Deployment, &found.meta, found.replicas_by.as_ref(), found.replicas.desired)
            }
            "Rollout" => {
                let all = state.world.rollouts.of_namespace(cluster, place(row, stray));
                let found = all.iter().find(|it| here(&it.meta))?;
                (Kind::Rollout, &found.meta, found.replicas_by.as_ref(), found.replicas.desired)
            }
            _ => return None,
        };
        let since = by.filter(|by| by.at.zip(synced).is_some_and(|(at, synced)| at > synced));
        let since = since.map(|by| safe!("by {} {} ago", by.manager, self::since(state, row, by.at)));
        let of = safe!("spec.replicas of {} {}", stray.kind, stray.name);
        match (super::limits::autoscaler(state, kind, meta), since) {
            (Some((autoscaler, it)), since) => {
                let since = since.map_or_else(Safe::default, |by| safe!(" (last set {})", by));
                Some(safe!("autoscaler {} sets {}, now to {}{}", autoscaler.meta.name, of, it.desired, since))
            }
            (None, Some(by)) => Some(safe!("{} was set to {} {}", of, replicas, by)),
            (None, None) => None,
        }
    })
}

/// `Deployment web, Service web and 3 more`.
#[must_use]
pub fn named<'a>(rows: impl Iterator<Item = &'a AppResource>) -> Safe {
    let all: Vec<Safe> = rows.map(|row| safe!("{} {}", row.kind, row.name)).collect();
    match all.len() {
        0..=2 => Safe::join(&all, ", "),
        more => safe!("{} and {} more", Safe::join(&all[..2], ", "), more - 2),
    }
}

/// Why nothing is applied by itself: `None` where it is.
#[must_use]
pub fn hold(row: &Application) -> Option<Safe> {
    if row.skipped {
        return Some(Safe::of("Argo CD is told to leave it alone (skip-reconcile)"));
    }
    row.automated.is_none().then(|| Safe::of("auto-sync is off"))
}

/// It was synced to the very revision it was compared with since, and is not as that says: whatever
/// changed it did so after the sync.
#[must_use]
pub fn drifted(row: &Application) -> bool {
    let Some(last) = &row.operation else { return false };
    let again = match (row.reconciled, last.finished) {
        (Some(compared), Some(finished)) => compared > finished,
        _ => false,
    };
    row.sync == SyncStatus::OutOfSync
        && last.phase == crate::model::applications::OperationPhase::Succeeded
        && !row.revisions.is_empty()
        && row.revisions == last.revisions
        && again
}

/// In a few words, for where there is little room: `Synced a1b2c3d`, `OutOfSync a1b2c3d · 2 objects`.
#[must_use]
pub fn brief(row: &Application) -> Safe {
    let strays = strays(row).count() as u64;
    match (row.sync, strays) {
        (SyncStatus::OutOfSync, 1..) => {
            safe!("OutOfSync {} · {}", revision(row), text::plural(strays, "object", "objects"))
        }
        (sync, _) => safe!("{} {}", Safe::of(sync.as_str()), revision(row)),
    }
}
