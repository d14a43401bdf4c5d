//! What runs beside what Git asks for: drift and soak of each workload.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::matrix::{Health, Workload};
use super::{State, environment, gitops, images, lane};
use crate::model::gitops::{Apart, Overlay, OverlayInterest, Pinned, Pins, Range, RangeInterest};
use crate::model::images::Reference;
use crate::model::{Name, SourceId, SystemId, Uid};
use crate::safe;
use crate::text::{self, Safe};

/// How what runs stands to what an overlay asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// Nothing says which repository describes it.
    Untold,
    InStep,
    /// Git asks for a newer version.
    Behind {
        commits: u64,
        migrations: u64,
        whole: bool,
        to: Safe,
    },
    /// Git asks for an older one.
    Ahead {
        commits: u64,
        to: Safe,
    },
    Diverged {
        after: u64,
        before: u64,
        to: Safe,
    },
    /// Git asks for another one; why it cannot be said how far it is.
    Differs {
        to: Safe,
        why: Safe,
    },
    Unknown(Safe),
    /// As it was before what Git asks for could not be read again, and why.
    Old(Box<Self>, Safe),
}

impl Drift {
    /// `3 commits behind, 1 migration`; empty where nothing is to be said.
    #[must_use]
    pub fn words(&self) -> Safe {
        match self {
            Self::Untold => Safe::default(),
            Self::InStep => Safe::of("in step"),
            Self::Behind { commits, migrations, whole, .. } => {
                let behind = safe!("{} behind", text::plural(*commits, "commit", "commits"));
                let least = if *whole { "" } else { "≥ " };
                match migrations {
                    0 if *whole => behind,
                    0 => safe!("{}, migrations not all told", behind),
                    n => safe!("{}, {}{}", behind, least, text::plural(*n, "migration", "migrations")),
                }
            }
            Self::Ahead { commits, .. } => safe!("{} ahead", text::plural(*commits, "commit", "commits")),
            Self::Diverged { after, before, .. } => safe!("{} behind, {} ahead", *after, *before),
            Self::Differs { to, .. } => safe!("Git asks for {}", to),
            Self::Unknown(_) => Safe::of("unknown"),
            Self::Old(was, _) => safe!("old: {}", was.words()),
        }
    }

    /// Of several images the worst is told: what is not known before what is in step.
    const fn rank(&self) -> (u8, u64, u64) {
        match self {
            Self::Untold => (0, 0, 0),
            Self::InStep => (1, 0, 0),
            Self::Unknown(_) | Self::Old(..) => (2, 0, 0),
            Self::Ahead { commits, .. } => (3, 0, *commits),
            Self::Differs { .. } => (4, 0, 0),
            Self::Diverged { after, .. } => (5, 0, *after),
            Self::Behind { commits, migrations, .. } => (6, *migrations, *commits),
        }
    }

    /// What Git asks for, and what is not known of it.
    #[must_use]
    pub fn why(&self) -> Option<Safe> {
        match self {
            Self::Untold | Self::InStep => None,
            Self::Behind { to, .. } | Self::Ahead { to, .. } | Self::Diverged { to, .. } => {
                Some(safe!("Git asks for {}", to))
            }
            Self::Differs { to, why } => Some(safe!("Git asks for {}; {}", to, why)),
            Self::Unknown(why) => Some(why.clone()),
            Self::Old(was, why) => {
                let was = was.why().map_or_else(Safe::default, |was| safe!("{}; ", was));
                Some(safe!("{}what Git asks for was not read again: {}", was, why))
            }
        }
    }
}

/// Made from the whole world, and what has to be read for it.
#[derive(Debug, Clone, Default)]
pub struct Drifts {
    of: HashMap<Uid, One>,
    /// The image repositories that each overlay is for.
    images: BTreeMap<Overlay, BTreeSet<String>>,
    pub overlays: Vec<OverlayInterest>,
    /// Those that are not known.
    pub ranges: Vec<RangeInterest>,
    /// All that it was made of.
    pub compared: BTreeSet<Range>,
}

/// Of one workload, with what it was made of.
#[derive(Debug, Clone)]
struct One {
    drift: Drift,
    overlay: Overlay,
    images: BTreeSet<String>,
    ranges: Vec<Range>,
}

impl Drifts {
    #[must_use]
    pub fn of(&self, workload: &Uid) -> &Drift {
        self.of.get(workload).map_or(&Drift::Untold, |one| &one.drift)
    }

    /// Looks again at these workloads; `false` where more changed than how they stand.
    #[must_use]
    pub fn again(&mut self, state: &State, uids: &BTreeSet<Uid>) -> bool {
        uids.iter().filter_map(|uid| Workload::find(&state.world, uid)).all(|workload| self.one_again(state, &workload))
    }

    fn one_again(&mut self, state: &State, workload: &Workload) -> bool {
        let uid = &workload.meta().uid;
        let (Some(before), Some(overlay)) = (self.of.get(uid), overlay(state, workload)) else {
            return !self.of.contains_key(uid) && overlay(state, workload).is_none();
        };
        if before.overlay != overlay || before.images != repositories(workload) {
            return false;
        }
        let (drift, ranges) = one(state, workload, &overlay, self.is_alone(&overlay));
        let same = before.ranges == ranges;
        if let Some(one) = self.of.get_mut(uid) {
            one.drift = drift;
        }
        same
    }

    /// All that this overlay describes runs one image.
    fn is_alone(&self, overlay: &Overlay) -> bool {
        self.images.get(overlay).is_some_and(|images| images.len() == 1)
    }

    /// Something says where Git describes what runs.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.of.values().any(|one| one.drift != Drift::Untold)
    }
}

/// Changes whenever [`Drifts`] do.
#[must_use]
pub fn revision(state: &State) -> u64 {
    let world = &state.world;
    world.deployments.revision()
        + world.controlled.revision()
        + world.rollouts.revision()
        + world.applications.revision()
        + others(state)
}

/// The part of it that is not about single workloads and Applications.
#[must_use]
pub fn others(state: &State) -> u64 {
    let world = &state.world;
    world.images.revision() + world.runs.revision() + world.details.revision()
}

#[must_use]
pub fn build(state: &State) -> Drifts {
    let mut out = Drifts::default();
    let configured = state.settings.environments.iter().any(|row| row.gitops.is_some());
    if !configured && state.world.applications.is_empty() {
        return out;
    }
    let rollouts = state.world.rollouts.rows().iter().map(|row| Workload::Rollout(row.clone()));
    let deployments = state.world.deployments.rows().iter().map(|row| Workload::Deployment(row.clone()));
    let controlled = state.world.controlled.rows().iter().map(|row| Workload::Controlled(row.clone()));
    let all = rollouts.chain(deployments).chain(controlled);
    let all: Vec<_> = all.filter_map(|workload| overlay(state, &workload).map(|overlay| (workload, overlay))).collect();
    // What each overlay is for: a pin without a name is for none of several.
    for (workload, overlay) in &all {
        out.images.entry(overlay.clone()).or_default().extend(repositories(workload));
    }
    let mut ranges = BTreeSet::new();
    for (workload, overlay) in all {
        let (drift, compared) = one(state, &workload, &overlay, out.is_alone(&overlay));
        ranges.extend(compared.iter().cloned());
        let images = repositories(&workload);
        out.of.insert(workload.meta().uid.clone(), One { drift, overlay, images, ranges: compared });
    }
    let (host, plain) = (reader(state), plain_reader(state));
    let read = |overlay: &Overlay| {
        let (source, reader) = if overlay.is_plain() { plain.clone()? } else { host.clone()? };
        Some(OverlayInterest { source, reader, overlay: overlay.clone() })
    };
    out.overlays = out.images.keys().filter_map(read).collect();
    let known = |range: &&Range| matches!(state.world.details.range(range), Some(Ok(_)));
    let asked = ranges.iter().filter(|range| !known(range)).cloned();
    let read = |range: Range| {
        let (source, _) = if range.is_plain() { plain.clone()? } else { host.clone()? };
        Some(RangeInterest { source, range })
    };
    out.ranges = asked.filter_map(read).collect();
    out.compared = ranges;
    out
}

/// The image repositories that its template names.
fn repositories(workload: &Workload) -> BTreeSet<String> {
    let images = workload.images().iter().filter_map(|image| Reference::parse(image.image.as_str()));
    images.map(|image| image.repository).collect()
}

/// The task that reads the overlays: of the first repository of the first host.
fn reader(state: &State) -> Option<(SourceId, Name)> {
    let host = state.world.of_system(SystemId::GitHub).find(|source| source.unusable.is_none())?;
    Some((host.id, host.namespaces.iter().flatten().next()?.clone()))
}

/// The task that reads what no host serves: it speaks by the name of the first cluster.
fn plain_reader(state: &State) -> Option<(SourceId, Name)> {
    let cluster = state.world.clusters().find(|source| source.unusable.is_none())?;
    Some((cluster.id, Name::new("git")))
}

/// Where Git describes it: as the configuration says, else as its Application does, where that is on GitHub.
fn overlay(state: &State, workload: &Workload) -> Option<Overlay> {
    let meta = workload.meta();
    let configured = environment::configured(state, meta.cluster, &meta.namespace).and_then(|row| row.gitops.clone());
    configured.or_else(|| {
        let application = gitops::of_workload(state, workload.kind(), meta)?;
        let source = application.sources.first().filter(|source| !source.path.is_empty())?;
        let host = state.world.of_system(SystemId::GitHub).next()?;
        let repository = on_host(source.repository.as_str(), host.server.as_str())?;
        let branch = (source.target.as_str() != "HEAD").then(|| Name::new(source.target.as_str()));
        Some(Overlay { repository, path: Name::new(source.path.as_str().trim_matches('/')), branch })
    })
}

/// `https://github.com/acme/gitops.git` → `acme/gitops`, where that is the host that is read.
fn on_host(url: &str, api: &str) -> Option<Name> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("ssh://git@"));
    let rest = rest.map(str::to_owned).or_else(|| url.strip_prefix("git@").map(|rest| rest.replacen(':', "/", 1)))?;
    let (host, path) = rest.split_once('/')?;
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    let address = api.split_once("://").map_or(api, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let api_host = address.rsplit_once(':').map_or(address, |(name, _)| name);
    // What stands for GitHub on this machine answers for all of it.
    let public = host == "github.com" && (api_host == "api.github.com" || text::is_loopback(api_host));
    let enterprise = api_host == host;
    ((public || enterprise) && path.split('/').count() == 2).then(|| Name::new(path))
}

/// `alone`: all that this overlay describes runs one image.
fn one(state: &State, workload: &Workload, overlay: &Overlay, alone: bool) -> (Drift, Vec<Range>) {
    let unknown = |why| (Drift::Unknown(why), Vec::new());
    let pins = match state.world.details.overlay(overlay) {
        None if !overlay.is_plain() && reader(state).is_none() => {
            return unknown(Safe::of("no host of GitHub is read"));
        }
        None => return unknown(safe!("{} in {} was not read yet", overlay.path, overlay.repository)),
        Some(Err(why)) => return unknown(why.clone()),
        Some(Ok(pins)) => pins,
    };
    let (mut first, mut worst, mut ranges) = (None, None::<Drift>, Vec::new());
    for image in workload.images() {
        let Some(runs) = Reference::parse(image.image.as_str()) else { continue };
        let Some(pin) = find(pins, &runs.repository, alone) else {
            first = first.or(Some(runs.repository));
            continue;
        };
        let (drift, range) = compare(state, overlay, &image.image, &runs, pin);
        ranges.extend(range);
        if worst.as_ref().is_none_or(|worst| worst.rank() < drift.rank()) {
            worst = Some(drift);
        }
    }
    match (worst, first) {
        (Some(worst), _) => match state.world.details.old_overlay(overlay) {
            Some(why) => (Drift::Old(Box::new(worst), why.clone()), ranges),
            None => (worst, ranges),
        },
        (None, Some(_)) if nameless(pins).is_some() => {
            unknown(safe!("{} of {} does not say which of several images it is for", pins.file, overlay.path))
        }
        (None, Some(image)) => {
            unknown(safe!("{} of {} names no image {}", pins.file, overlay.path, Safe::line(&image)))
        }
        (None, None) => unknown(Safe::of("its template names no image")),
    }
}

/// The one that is for this repository; never a guess between several.
fn find<'a>(pins: &'a Pins, repository: &str, alone: bool) -> Option<&'a Pinned> {
    let whole = |name: &Safe| Reference::parse(name.as_str()).map(|it| it.repository);
    let is_its = |pin: &&Pinned| whole(pin.instead.as_ref().unwrap_or(&pin.image)).as_deref() == Some(repository);
    let mut found = pins.images.iter().filter(|pin| !pin.image.is_empty()).filter(is_its);
    match (found.next(), found.next()) {
        (Some(pin), None) => Some(pin),
        (None, _) => nameless(pins).filter(|_| alone),
        (Some(_), Some(_)) => None,
    }
}

/// A chart for one image alone need not name it.
fn nameless(pins: &Pins) -> Option<&Pinned> {
    match pins.images.as_slice() {
        [pin] if pin.image.is_empty() => Some(pin),
        _ => None,
    }
}

fn compare(state: &State, overlay: &Overlay, image: &Safe, runs: &Reference, pin: &Pinned) -> (Drift, Option<Range>) {
    // A digest goes before a tag, there and here.
    if let Some(digest) = &pin.digest {
        let to = digest.columns(0.."sha256:".len() + 7);
        return match &runs.digest {
            Some(own) if own.raw() == digest.as_str() => (Drift::InStep, None),
            Some(_) => (Drift::Differs { to, why: Safe::of("of two digests no commits are known") }, None),
            None => (Drift::Differs { to, why: Safe::of("what runs is named by its tag alone") }, None),
        };
    }
    let Some(tag) = &pin.tag else {
        return (Drift::Unknown(Safe::of("Git pins neither a tag nor a digest of it")), None);
    };
    if runs.digest.is_none() && runs.tag.as_deref() == Some(tag.as_str()) {
        return (Drift::InStep, None);
    }
    let wanted = safe!("{}:{}", Safe::line(&runs.repository), tag);
    let differs = |why| Drift::Differs { to: tag.clone(), why };
    // What no host serves may hold the code beside what describes it: whether it has the commits it says itself.
    let beside = overlay.is_plain().then(|| overlay.repository.clone());
    let Some(repository) = images::code_of(state, &runs.repository).or(beside) else {
        return (differs(Safe::of("the repository of its code is not known")), None);
    };
    let (base, head) = match (lane::commit_of(state, image), lane::commit_of(state, &wanted)) {
        (Some(base), Some(head)) => (base, head),
        (None, _) => return (differs(Safe::of("the commit of what runs is not known")), None),
        (_, None) => return (differs(safe!("the commit of {} is not known", tag)), None),
    };
    if base == head {
        return (Drift::InStep, None);
    }
    let range = Range { repository, base, head };
    let to = tag.clone();
    let drift = match state.world.details.range(&range) {
        None => differs(Safe::of("the two were not compared yet")),
        Some(Err(why)) => differs(why.clone()),
        Some(Ok(Apart::Same)) => Drift::InStep,
        Some(Ok(Apart::After { commits, migrations, whole })) => {
            Drift::Behind { commits: *commits, migrations: *migrations, whole: *whole, to }
        }
        Some(Ok(Apart::Before { commits })) => Drift::Ahead { commits: *commits, to },
        Some(Ok(Apart::Diverged { after, before })) => Drift::Diverged { after: *after, before: *before, to },
    };
    (drift, Some(range))
}

/// Since when all of its users have the version of now, by our clock; `None`: they do not, or nobody knows.
#[must_use]
pub fn soaks_since(state: &State, workload: &Workload) -> Option<Timestamp> {
    if workload.health() != Health::Well {
        return None;
    }
    let at = match workload {
        Workload::Rollout(row) => {
            let promoted = row.current_pod_hash.is_some() && row.current_pod_hash == row.stable_hash;
            let of = |kind: &str| row.conditions.iter().find(|it| it.kind.as_str() == kind && it.status == Some(true));
            of("Completed").filter(|_| promoted)?.changed
        }
        Workload::Deployment(row) => row.completed,
        // Nothing of theirs says since when.
        Workload::Controlled(_) => None,
    };
    at.map(|at| state.ours(workload.meta().cluster, at))
}
