//! From any part of a release to the others: workload, image, commit, run, Application.

use std::sync::Arc;

use crate::model::applications::Application;
use crate::model::images::{Image, Reference};
use crate::model::kubernetes::{ContainerImage, Deployment, Meta};
use crate::model::pipelines::Run;
use crate::model::rollouts::Rollout;
use crate::model::{Kind, Name, ObjectId, SourceId};
use crate::state::images::Runs;
use crate::state::ui::{Place, RowId};
use crate::state::{State, derived, environment, gitops, images, lists, runs, verbs};
use crate::text::Safe;

#[derive(Debug, Clone)]
pub(super) enum Workload {
    Rollout(Arc<Rollout>),
    Deployment(Arc<Deployment>),
}

impl Workload {
    pub(super) fn meta(&self) -> &Meta {
        match self {
            Self::Rollout(row) => &row.meta,
            Self::Deployment(row) => &row.meta,
        }
    }

    pub(super) fn id(&self) -> ObjectId {
        self.meta().id(self.kind())
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Rollout(_) => Kind::Rollout,
            Self::Deployment(_) => Kind::Deployment,
        }
    }

    fn images(&self) -> &[ContainerImage] {
        match self {
            Self::Rollout(row) => &row.images,
            Self::Deployment(row) => &row.images,
        }
    }

    pub(super) fn managed_by(&self) -> Option<&Safe> {
        match self {
            Self::Rollout(row) => row.managed_by.as_ref(),
            Self::Deployment(row) => row.managed_by.as_ref(),
        }
    }
}

/// What belongs together, as far as it does.
#[derive(Debug, Clone, Default)]
pub(super) struct Joined {
    pub(super) workload: Option<Workload>,
    /// As its template names it.
    pub(super) named: Option<Safe>,
    pub(super) image: Option<Arc<Image>>,
    pub(super) commit: Option<Safe>,
    pub(super) run: Option<Arc<Run>>,
    pub(super) application: Option<Arc<Application>>,
}

impl Joined {
    pub(super) fn service(&self, state: &State) -> Safe {
        if let Some(workload) = &self.workload {
            return workload.meta().name.safe().clone();
        }
        match (&self.run, &self.image) {
            (Some(run), _) => runs::service(state, run),
            (None, Some(image)) => image.words(),
            (None, None) => Safe::default(),
        }
    }

    pub(super) fn environment(&self, state: &State) -> Option<Name> {
        let meta = self.workload.as_ref()?.meta();
        Some(environment::of(state, meta.cluster, &meta.namespace))
    }

    pub(super) fn version(&self) -> Safe {
        let reference = self.named.as_ref().and_then(|image| Reference::parse(image.as_str()));
        let tag = reference.and_then(|reference| reference.tag).map(|tag| Safe::line(&tag));
        tag.or_else(|| self.image.as_ref().map(|image| image.meta.name.safe().clone()))
            .or_else(|| self.commit.as_ref().map(gitops::short))
            .unwrap_or_default()
    }

    /// The host that its run is read from and the repository.
    pub(super) fn repository(&self) -> Option<(SourceId, Name)> {
        self.run.as_ref().map(|run| (run.meta.cluster, run.repository().clone()))
    }
}

/// What the lane is asked for of: the highlighted row, else the object whose page this is.
#[must_use]
pub fn subject(state: &State) -> Option<ObjectId> {
    let row = match lists::selected(state, &state.ui.list_id()) {
        Some(RowId::Object(id) | RowId::Waiting(_, id) | RowId::Gate(id, _)) => Some(id),
        _ => None,
    };
    let page = match &state.ui.place {
        Place::Image(id) => Some(id.clone()),
        _ => verbs::target(state),
    };
    row.filter(|id| super::is_subject(id.kind)).or_else(|| page.filter(|id| super::is_subject(id.kind)))
}

pub(super) fn of(state: &State, object: &ObjectId) -> Option<Joined> {
    let world = &state.world;
    match object.kind {
        Kind::Rollout | Kind::Deployment => Some(of_workload(state, workload(state, object)?)),
        Kind::Application => {
            let row = world.applications.get(&object.uid)?;
            let kept = row.resources.iter().filter_map(|it| gitops::workload_of(state, &row.meta.uid, it));
            let all: Vec<Workload> = kept.filter_map(|id| workload(state, &id)).collect();
            // The one that is on its way, else the first.
            let moves = |it: &&Workload| match it {
                Workload::Rollout(row) => row.current_pod_hash != row.stable_hash || row.abort,
                Workload::Deployment(row) => row.replicas.ready < row.replicas.desired,
            };
            let chosen = all.iter().find(moves).or_else(|| all.first()).cloned();
            let joined = chosen.map(|workload| of_workload(state, workload)).unwrap_or_default();
            Some(Joined { application: Some(Arc::clone(row)), ..joined })
        }
        Kind::Image => {
            let image = Arc::clone(world.images.get(&object.uid)?);
            let user = furthest(state, std::slice::from_ref(&image));
            Some(of_image(state, image, user))
        }
        kind if kind.is_run() => {
            let run = Arc::clone(world.runs.get(&object.uid)?);
            let built = images::of_run(state, &run);
            let user = furthest(state, &built).or_else(|| named_by(state, &run));
            let joined = match built.into_iter().next() {
                Some(image) => of_image(state, image, user),
                None => user.map(|workload| of_workload(state, workload)).unwrap_or_default(),
            };
            let commit = (!run.sha.is_empty()).then(|| run.sha.clone());
            Some(Joined { commit: commit.or(joined.commit.clone()), run: Some(run), ..joined })
        }
        _ => None,
    }
}

fn workload(state: &State, object: &ObjectId) -> Option<Workload> {
    match object.kind {
        Kind::Rollout => state.world.rollouts.get(&object.uid).map(|row| Workload::Rollout(Arc::clone(row))),
        Kind::Deployment => state.world.deployments.get(&object.uid).map(|row| Workload::Deployment(Arc::clone(row))),
        _ => None,
    }
}

fn of_image(state: &State, image: Arc<Image>, user: Option<Workload>) -> Joined {
    let joined = user.map(|workload| of_workload(state, workload)).unwrap_or_default();
    let (commit, run) = (images::commit(&image), images::run(state, &image));
    Joined { commit: commit.or(joined.commit), run: run.or(joined.run), image: Some(image), ..joined }
}

/// Of those that run an image the one furthest on the way.
fn furthest(state: &State, images: &[Arc<Image>]) -> Option<Workload> {
    let users = images.iter().flat_map(|image| images::users(state, image));
    let users = users.filter(|(_, runs)| *runs != Runs::Older);
    let last = users.max_by_key(|(user, _)| environment::rank(state, &user.environment));
    last.and_then(|(user, _)| workload(state, &user.workload))
}

/// A workload whose image bears the name that this run's branch or commit gives it.
fn named_by(state: &State, run: &Run) -> Option<Workload> {
    let names = images::names_of(run);
    let world = &state.world;
    let rollouts = world.rollouts.rows().iter().map(|row| Workload::Rollout(Arc::clone(row)));
    let deployments = world.deployments.rows().iter().map(|row| Workload::Deployment(Arc::clone(row)));
    let is_its = |image: &ContainerImage| {
        Reference::parse(image.image.as_str()).is_some_and(|reference| {
            reference.tag.as_ref().is_some_and(|tag| names.iter().any(|name| name == &**tag))
                && images::code_of(state, &reference.repository).as_ref() == Some(run.repository())
        })
    };
    let mine = rollouts.chain(deployments).filter(|workload| workload.images().iter().any(is_its));
    mine.max_by_key(|workload| {
        let meta = workload.meta();
        environment::rank(state, &environment::of(state, meta.cluster, &meta.namespace))
    })
}

fn of_workload(state: &State, workload: Workload) -> Joined {
    let named = workload.images().first().map(|image| image.image.clone());
    let image = named.as_ref().and_then(|named| image_of(state, &workload, named));
    let by_tag = || named.as_ref().and_then(commit_in_tag);
    let commit = image.as_ref().and_then(|image| images::commit(image)).or_else(by_tag);
    let run = image.as_ref().and_then(|image| images::run(state, image));
    let run = run.or_else(|| run_of(state, named.as_ref()?, commit.as_ref()));
    let commit = commit.or_else(|| run.as_ref().map(|run| run.sha.clone()).filter(|sha| !sha.is_empty()));
    let application = gitops::of_workload(state, workload.kind(), workload.meta()).cloned();
    Joined { workload: Some(workload), named, image, commit, run, application }
}

/// By what its pods got, else by the name that its template gives.
fn image_of(state: &State, workload: &Workload, named: &Safe) -> Option<Arc<Image>> {
    let reference = Reference::parse(named.as_str())?;
    let joined = derived::images(state);
    let id = workload.id();
    let mut mine = joined.uses.iter().filter(|it| {
        it.workload == id && *it.repository == *reference.repository && it.tag.as_deref() == reference.tag.as_deref()
    });
    let digest = mine.find_map(|it| it.digest.clone());
    let has = |image: &&Arc<Image>| {
        let manifest = image.manifest.as_ref().ok();
        image.repository().raw() == reference.repository
            && digest.as_ref().is_some_and(|digest| manifest.is_some_and(|it| it.is(digest)))
    };
    let by_digest = digest.is_some().then(|| {
        let mut all: Vec<_> = state.world.images.rows().iter().filter(has).collect();
        // Of its names the one that the template gives.
        all.sort_by_key(|image| Some(image.meta.name.raw()) != reference.tag.as_deref());
        all.first().map(|image| Arc::clone(image))
    });
    by_digest.flatten().or_else(|| images::named(state, named).cloned())
}

/// The commit that an image of this name was built from: as it says itself, else as its tag or its run does.
#[must_use]
pub fn commit_of(state: &State, named: &Safe) -> Option<Safe> {
    let told = commit_told(state, named);
    told.or_else(|| run_of(state, named, None).map(|run| run.sha.clone()).filter(|sha| !sha.is_empty()))
}

/// The same without asking the runs, which costs more the more of them there are.
#[must_use]
pub fn commit_told(state: &State, named: &Safe) -> Option<Safe> {
    images::named(state, named).and_then(|image| images::commit(image)).or_else(|| commit_in_tag(named))
}

/// `sha-9f8e7d1`, `9f8e7d1`: a tag that is a commit. `20261121` alone is rather a date or a number.
fn commit_in_tag(named: &Safe) -> Option<Safe> {
    let tag = Reference::parse(named.as_str())?.tag?;
    let named = tag.strip_prefix("sha-");
    let text = named.unwrap_or(&tag);
    let is_commit = (7..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && (named.is_some() || text.bytes().any(|byte| byte.is_ascii_alphabetic()));
    is_commit.then(|| Safe::line(text))
}

/// Where no registry tells: the newest run of the commit, else of the Git tag or branch that the image is named
/// after.
fn run_of(state: &State, named: &Safe, commit: Option<&Safe>) -> Option<Arc<Run>> {
    let reference = Reference::parse(named.as_str())?;
    let code = images::code_of(state, &reference.repository)?;
    let runs = || state.world.runs.rows().iter().filter(|run| *run.repository() == code);
    let newest = |found: Vec<&Arc<Run>>| found.into_iter().max_by_key(|run| (run.created, run.number)).cloned();
    if let Some(commit) = commit {
        return newest(runs().filter(|run| run.sha.as_str().starts_with(commit.as_str())).collect());
    }
    let tag = reference.tag?;
    newest(runs().filter(|run| images::names_of(run).iter().any(|name| *name == *tag)).collect())
}
