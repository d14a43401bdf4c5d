//! Images beside what they are for: the service they belong to, the commit and run they were built by,
//! the platforms that are asked of them, the workloads that run them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{State, derived, environment, workload_status};
use crate::model::images::{Digest, Image, Manifest, Platform, Reference};
use crate::model::interest::ImageInterest;
use crate::model::kubernetes::{ContainerImage, PodHealth, ReplicaSet};
use crate::model::pipelines::{Conclusion, Run};
use crate::model::scope::Service;
use crate::model::workloads::{Controlled, Update};
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use crate::text::Safe;

/// Commits of a repository whose images are looked for.
const COMMITS: usize = 8;
/// Digests that run and are looked at, of one repository.
const DIGESTS: usize = 12;
/// So much of a commit names it.
const SHORT: usize = 7;

/// A workload that runs an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// With its host.
    pub repository: Arc<str>,
    pub tag: Option<Arc<str>>,
    /// As its pods say it; `None` while none of them does.
    pub digest: Option<Digest>,
    /// The Rollout, Deployment, StatefulSet, DaemonSet or Job; else the ReplicaSet.
    pub workload: ObjectId,
    pub environment: Name,
    pub pods: usize,
}

/// Whether a workload runs an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Its pods have this digest.
    Yes,
    /// It names this tag, and no pod has said yet which digest it got.
    ByName,
    /// It names this tag, and its pods have what the tag named before.
    Older,
}

/// What is made of the whole world for the images (see [`derived`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    pub uses: Vec<Use>,
    pub interest: Vec<ImageInterest>,
    /// Runs by the beginning of their commit.
    commits: HashMap<String, Vec<Uid>>,
}

/// Changes whenever [`Joined`] does.
#[must_use]
pub fn revision(state: &State) -> u64 {
    let world = &state.world;
    world.rollouts.revision()
        + world.deployments.revision()
        + world.replica_sets.revision()
        + world.controlled.revision()
        + world.pods.revision()
        + world.runs.revision()
        + world.namespaces.revision()
        + world.sources.len() as u64
}

/// The image repositories that are read, and from which source.
fn repositories(state: &State) -> BTreeMap<&str, SourceId> {
    let sources = state.world.of_system(SystemId::Registry).filter(|source| source.unusable.is_none());
    let names = sources.flat_map(|source| source.namespaces.iter().flatten().map(move |name| (name.raw(), source.id)));
    names.collect()
}

/// Made from the rows.
#[must_use]
pub fn join(state: &State) -> Joined {
    let repositories = repositories(state);
    if repositories.is_empty() {
        return Joined::default();
    }
    let uses = uses(state, &repositories);
    let mut commits: HashMap<String, Vec<Uid>> = HashMap::new();
    for run in state.world.runs.rows() {
        if let Some(short) = run.sha.as_str().get(..SHORT) {
            commits.entry(short.to_owned()).or_default().push(run.meta.uid.clone());
        }
    }
    let interest = repositories.iter().map(|(name, source)| interest(state, name, *source, &uses)).collect();
    Joined { uses, interest, commits }
}

fn uses(state: &State, repositories: &BTreeMap<&str, SourceId>) -> Vec<Use> {
    let world = &state.world;
    let mut read: HashMap<&str, Option<Reference>> = HashMap::new();
    let mut all: Vec<Use> = Vec::new();
    for set in world.replica_sets.rows().iter().filter(|set| set.desired > 0 || set.current > 0) {
        for image in &set.images {
            let text = image.image.as_str();
            let reference = read.entry(text).or_insert_with(|| Reference::parse(text)).clone();
            if let Some(reference) = reference.filter(|it| repositories.contains_key(it.repository.as_str())) {
                use_of(state, set, image, &reference, &mut all);
            }
        }
    }
    for row in workload_status::listed(world).into_iter().filter(|row| has_pods(row)) {
        all.extend(uses_of(state, row, repositories));
    }
    all
}

/// Of a Job while it goes on.
fn has_pods(row: &Controlled) -> bool {
    match row.update {
        Update::Job { active, .. } => active > 0,
        _ => row.replicas.desired > 0 || row.replicas.current > 0,
    }
}

/// What has no ReplicaSet between itself and its pods: they say what they run, each of its own revision.
fn uses_of(state: &State, row: &Controlled, repositories: &BTreeMap<&str, SourceId>) -> Vec<Use> {
    let known =
        |image: &Safe| Reference::parse(image.as_str()).filter(|it| repositories.contains_key(it.repository.as_str()));
    let mut found: BTreeMap<(String, Option<String>, Option<Digest>), usize> = BTreeMap::new();
    for pod in state.world.pods.owned_by(&row.meta.uid).filter(|pod| pod.health != PodHealth::Done) {
        let containers = pod.states.iter().filter(|container| !container.init);
        let runs: BTreeSet<_> = containers
            .filter_map(|container| {
                let named = known(&container.image)?;
                let digest = container.digest.clone().or(named.digest);
                Some((named.repository, named.tag, digest))
            })
            .collect();
        for one in runs {
            *found.entry(one).or_default() += 1;
        }
    }
    for named in row.images.iter().filter_map(|image| known(&image.image)) {
        if !found.keys().any(|(repository, tag, _)| *repository == named.repository && *tag == named.tag) {
            found.insert((named.repository, named.tag, named.digest), 0);
        }
    }
    let environment = environment::of(state, row.meta.cluster, &row.meta.namespace);
    let made = found.into_iter().map(|((repository, tag, digest), pods)| Use {
        repository: repository.into(),
        tag: tag.map(Arc::from),
        digest,
        workload: row.meta.id(row.kind),
        environment: environment.clone(),
        pods,
    });
    made.collect()
}

/// One for each digest that its pods have.
fn use_of(state: &State, set: &ReplicaSet, image: &ContainerImage, reference: &Reference, all: &mut Vec<Use>) {
    let workload = set
        .meta
        .owner
        .as_ref()
        .and_then(|owner| state.world.find(&owner.uid))
        .unwrap_or_else(|| set.meta.id(Kind::ReplicaSet));
    let mut digests: BTreeMap<Option<Digest>, usize> = BTreeMap::new();
    for pod in state.world.pods.owned_by(&set.meta.uid) {
        let container = pod.states.iter().find(|it| it.name.raw() == image.container.as_str());
        let digest = container.and_then(|it| it.digest.clone()).or_else(|| reference.digest.clone());
        *digests.entry(digest).or_default() += 1;
    }
    if digests.is_empty() {
        digests.insert(reference.digest.clone(), 0);
    }
    let environment = environment::of(state, set.meta.cluster, &set.meta.namespace);
    for (digest, pods) in digests {
        let same = all
            .iter_mut()
            .find(|it| it.workload == workload && it.digest == digest && it.tag.as_deref() == reference.tag.as_deref());
        if let Some(same) = same {
            same.pods = same.pods.max(pods);
            continue;
        }
        all.push(Use {
            repository: Arc::from(reference.repository.as_str()),
            tag: reference.tag.as_deref().map(Arc::from),
            digest,
            workload: workload.clone(),
            environment: environment.clone(),
            pods,
        });
    }
}

/// What of a repository is worth reading: what runs, and what its recent commits may be called.
fn interest(state: &State, repository: &str, source: SourceId, uses: &[Use]) -> ImageInterest {
    let mut interest = ImageInterest { source, repository: Name::new(repository), ..ImageInterest::default() };
    for one in uses.iter().filter(|one| *one.repository == *repository) {
        if let Some(tag) = one.tag.as_ref().filter(|tag| !interest.tags.contains(tag)) {
            interest.tags.push(Arc::clone(tag));
        }
        if let Some(digest) = one.digest.as_ref().filter(|digest| !interest.digests.contains(digest))
            && interest.digests.len() < DIGESTS
        {
            interest.digests.push(digest.clone());
        }
    }
    // What a rebuild of the catalogue moves is looked at, whether it is there or not.
    if let Some(entry) = super::catalogue::entry(state, repository) {
        let tag: Arc<str> = Arc::from(entry.tag.raw());
        if !interest.tags.contains(&tag) {
            interest.tags.push(tag);
        }
    }
    interest.tags.sort();
    interest.digests.sort();
    let code = code_of(state, repository);
    let mut runs: Vec<&Arc<Run>> =
        state.world.runs.rows().iter().filter(|run| code.as_ref() == Some(run.repository())).collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.created, run.number)));
    interest.busy = runs.iter().any(|run| run.is_active());
    let mut seen: HashSet<&str> = HashSet::new();
    let mut likely: Vec<String> = vec!["latest".to_owned()];
    for run in runs {
        if seen.len() < COMMITS && seen.insert(run.sha.as_str()) {
            likely.extend(names_of(run));
        }
    }
    let mut known: HashSet<String> = HashSet::new();
    interest.likely = likely.into_iter().filter(|name| known.insert(name.clone())).map(Arc::from).collect();
    interest
}

/// The tags that builds give to a commit: `sha-9f8e7d1`, the commit, its branch or version.
pub(super) fn names_of(run: &Run) -> Vec<String> {
    let sha = run.sha.as_str();
    let mut names = Vec::new();
    if let (Some(short), true) = (sha.get(..SHORT), sha.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        names.extend([format!("sha-{short}"), format!("sha-{sha}"), short.to_owned(), sha.to_owned()]);
    }
    if let Some(branch) = run.branch.as_ref().map(Name::raw) {
        let version = branch.strip_prefix('v').filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        names.extend(version.map(str::to_owned));
        names.push(branch.replace('/', "-"));
    }
    // What stands in a path must be a tag (distribution spec): nothing else is asked for.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    names.retain(|name| {
        !name.is_empty() && name.len() <= 128 && name.bytes().all(plain) && !name.starts_with(['.', '-'])
    });
    names
}

/// The configured service that an image repository belongs to.
#[must_use]
pub fn service<'a>(state: &'a State, repository: &str) -> Option<&'a Service> {
    state.settings.services.iter().find(|service| service.images.iter().any(|image| image.raw() == repository))
}

/// The repository of the code: the service's, else the one of the same name, as GHCR has it.
pub(super) fn code_of(state: &State, repository: &str) -> Option<Name> {
    if let Some(name) = service(state, repository).and_then(|service| service.repository.clone()) {
        return Some(name);
    }
    if let Some(entry) = super::catalogue::entry(state, repository) {
        return Some(entry.repository.clone());
    }
    let path = Reference::parts(repository).1;
    let hosts = state.world.of_system(SystemId::GitHub);
    let mut names = hosts.flat_map(|host| host.namespaces.iter().flatten());
    names
        .find(|name| path == name.raw() || path.strip_prefix(name.raw()).is_some_and(|rest| rest.starts_with('/')))
        .cloned()
}

/// The commit an image was built from: as it says itself, else as its tag does.
#[must_use]
pub fn commit(image: &Image) -> Option<Safe> {
    let is_commit =
        |text: &str| (SHORT..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let told = image.manifest.as_ref().ok().and_then(|manifest| manifest.revision.clone());
    let tag = image.meta.name.raw();
    let tag = Some(tag.strip_prefix("sha-").unwrap_or(tag)).filter(|text| image.tagged && is_commit(text));
    told.filter(|text| is_commit(text.as_str())).or_else(|| tag.map(Safe::line))
}

/// The run that built an image: of those of its commit the one whose workflow and branch fit best.
#[must_use]
pub fn run(state: &State, image: &Image) -> Option<Arc<Run>> {
    let commit = commit(image)?;
    let joined = derived::images(state);
    let candidates = joined.commits.get(commit.as_str().get(..SHORT)?)?;
    let repository = image.repository().raw();
    let (code, service) = (code_of(state, repository), service(state, repository));
    let fits = |run: &&Arc<Run>| {
        run.sha.as_str().starts_with(commit.as_str()) && code.as_ref().is_none_or(|code| code == run.repository())
    };
    let rank = |run: &Arc<Run>| {
        let file = run.path.raw().rsplit('/').next().unwrap_or_default();
        let named = service.is_some_and(|service| service.workflows.iter().any(|name| name.raw() == file));
        let called = image.tagged && names_of(run).iter().any(|name| name == image.meta.name.raw());
        (called, named, run.conclusion == Some(Conclusion::Success), run.created)
    };
    candidates.iter().filter_map(|uid| state.world.runs.get(uid)).filter(fits).max_by_key(|run| rank(run)).cloned()
}

/// The images a run built, in the order of their list.
#[must_use]
pub fn of_run(state: &State, run: &Run) -> Vec<Arc<Image>> {
    let Some(short) = run.sha.as_str().get(..SHORT) else { return Vec::new() };
    let near = |image: &&Arc<Image>| commit(image).is_some_and(|commit| commit.as_str().starts_with(short));
    let mine = |image: &&Arc<Image>| self::run(state, image).is_some_and(|of| of.meta.uid == run.meta.uid);
    state.world.images.rows().iter().filter(near).filter(mine).cloned().collect()
}

/// What is asked of the images of a repository.
#[must_use]
pub fn wanted<'a>(state: &'a State, repository: &str) -> &'a [Platform] {
    service(state, repository).map_or(&[], |service| &service.platforms)
}

/// Platforms that are asked for and that an image does not have. Nothing of an image that is not known
/// whole: what could not be read may be the one that seems to be missing.
#[must_use]
pub fn missing(state: &State, image: &Image) -> Vec<Platform> {
    match &image.manifest {
        Ok(manifest) => lacks(manifest, wanted(state, image.repository().raw())),
        Err(_) => Vec::new(),
    }
}

fn lacks(manifest: &Manifest, wanted: &[Platform]) -> Vec<Platform> {
    if manifest.variants.iter().any(|variant| variant.platform.is_none()) {
        return Vec::new();
    }
    let has =
        |wanted: &Platform| manifest.variants.iter().filter_map(|it| it.platform.as_ref()).any(|it| it.serves(wanted));
    wanted.iter().filter(|wanted| !has(wanted)).cloned().collect()
}

/// Who runs it, in order of the environments.
#[must_use]
pub fn users(state: &State, image: &Image) -> Vec<(Use, Runs)> {
    let joined = derived::images(state);
    let mine = joined.uses.iter().filter(|it| *it.repository == *image.repository().raw());
    let mut all: Vec<(Use, Runs)> = mine.filter_map(|it| Some((it.clone(), runs(image, it)?))).collect();
    all.sort_by_cached_key(|(it, _)| {
        (environment::rank(state, &it.environment), it.environment.clone(), it.workload.name.clone(), it.digest.clone())
    });
    all
}

fn runs(image: &Image, it: &Use) -> Option<Runs> {
    let named = image.tagged && it.tag.as_deref() == Some(image.meta.name.raw());
    match (&it.digest, &image.manifest) {
        // What a pod got counts, by whatever name.
        (Some(digest), Ok(manifest)) if manifest.is(digest) => Some(Runs::Yes),
        (Some(_), Ok(_)) if named => Some(Runs::Older),
        (_, _) if named => Some(Runs::ByName),
        _ => None,
    }
}

/// A registry is read for images of this name.
#[must_use]
pub fn is_read(state: &State, repository: &str) -> bool {
    repositories(state).contains_key(repository)
}

/// The image that a template names, as its registry has it.
#[must_use]
pub fn named<'a>(state: &'a State, image: &Safe) -> Option<&'a Arc<Image>> {
    let reference = Reference::parse(image.as_str())?;
    let source = *repositories(state).get(reference.repository.as_str())?;
    let by = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => format!("{}@{}", reference.repository, digest.raw()),
        (None, Some(tag)) => format!("{}:{tag}", reference.repository),
        (None, None) => return None,
    };
    state.world.images.get(&Uid::new(source, &by))
}

/// Images in the order of their list: what lacks a platform first, then by repository, newest first.
#[must_use]
pub fn ordered(state: &State) -> Vec<Arc<Image>> {
    let mut rows = state.world.images.rows().to_vec();
    rows.sort_by_cached_key(|image| {
        (
            missing(state, image).is_empty(),
            !super::catalogue::is_stale(state, image),
            image.manifest.is_ok(),
            image.repository().clone(),
            std::cmp::Reverse(image.meta.created),
            !image.tagged,
            image.meta.name.clone(),
        )
    });
    rows
}
