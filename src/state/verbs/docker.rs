//! What can be asked of a Docker Engine (apis.md §9): restart a container, pull its image, build an image of
//! the catalogue and push it. The engine takes no guard with any of them: what the dialog showed is
//! compared again before the send.

use std::sync::Arc;

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation, Outcome};
use crate::command::Command;
use crate::model::builds::{BuildPlan, CatalogueImage};
use crate::model::docker::{ContainerState, DockerContainer};
use crate::model::images::{Digest, Reference};
use crate::model::{Kind, Name, ObjectId, SystemId, Uid};
use crate::safe;
use crate::state::ui::{Place, RowId};
use crate::state::{State, catalogue, lists};
use crate::text::{Safe, bytes, plural};

/// The change a command means for this container now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    let row = state.world.containers.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    match command {
        Command::RestartContainer => match &row.state {
            ContainerState::Removing | ContainerState::Dead => Err(safe!("it is {}", Safe::line(row.state.as_str()))),
            _ if row.started.is_none() && row.state != ContainerState::Created => {
                Err(Safe::of("it has not been inspected yet: refresh"))
            }
            now => Ok(Change::RestartContainer { state: Safe::line(now.as_str()), started: row.started }),
        },
        Command::PullImage => pull(row),
        _ => Err(Safe::of("a container can be restarted and its image pulled, nothing else")),
    }
}

fn pull(row: &DockerContainer) -> Result<Change, Safe> {
    let image = row.image.as_str();
    // Of an image that lost its name the engine tells the id.
    let named = Reference::parse(image).filter(|_| Digest::parse(image).is_none() && !image.starts_with("sha256:"));
    match named {
        Some(_) => Ok(Change::PullImage { image: Name::new(image) }),
        None => Err(Safe::of("its image has no name any more that could be pulled")),
    }
}

/// The image of the catalogue that is looked at, with the tag that is built.
pub fn asked(state: &State) -> Result<CatalogueImage, Safe> {
    if let Some(why) = &state.read_only {
        return Err(safe!("read-only: {}", why));
    }
    if state.world.of_system(SystemId::Docker).next().is_none() {
        return Err(Safe::of("no Docker Engine is named or found on this machine"));
    }
    let name = looked_at(state).ok_or_else(|| Safe::of("select an image first"))?;
    let repository = Reference::parse(name.raw()).map(|image| image.repository);
    let found = repository.and_then(|repository| catalogue::entry(state, &repository));
    found.cloned().ok_or_else(|| safe!("{} is not in the catalogue: name its folder in images: of config.yaml", name))
}

/// The image on whose row or page one is, or whose build is shown: `ghcr.io/acme/python:latest`.
pub(super) fn looked_at(state: &State) -> Option<Name> {
    let of = |id: &ObjectId| match id.kind {
        Kind::Image => Some(id.namespace.clone()),
        Kind::Build => Some(id.name.clone()),
        _ => None,
    };
    let page = match &state.ui.place {
        Place::Image(id) | Place::Log(id) => of(id),
        _ => None,
    };
    page.or_else(|| match lists::selected(state, &state.ui.list_id())? {
        RowId::Object(id) => of(&id),
        RowId::Folder(image) => Some(image),
        _ => None,
    })
}

/// The action that builds this, or why it cannot be.
pub fn build(state: &State, plan: Arc<BuildPlan>) -> Result<Action, Safe> {
    let target = target_of(state, &plan.image)?;
    super::offer::may_act(state, Command::BuildImage, &target)?;
    Ok(Action { target, change: Change::BuildImage { plan } })
}

/// By its name: two builds of one tag at a time make no sense.
fn target_of(state: &State, image: &Name) -> Result<ObjectId, Safe> {
    let engine = state.world.of_system(SystemId::Docker).next();
    let engine = engine.ok_or_else(|| Safe::of("no Docker Engine is named or found on this machine"))?;
    Ok(ObjectId {
        cluster: engine.id,
        kind: Kind::Build,
        namespace: Name::new(""),
        name: image.clone(),
        uid: Uid::new(engine.id, &format!("build {}", image.raw())),
    })
}

/// The push of what was built here of the image that is looked at, or why there is none.
pub fn push(state: &State) -> Result<Action, Safe> {
    let name = looked_at(state).ok_or_else(|| Safe::of("select an image first"))?;
    let repository = |name: &Name| Reference::parse(name.raw()).map(|image| image.repository);
    let wanted = repository(&name);
    let built = built(state).map(|operation| &operation.action.target.name).find(|built| repository(built) == wanted);
    let built = built.ok_or_else(|| Safe::of("nothing of it was built here yet: build it first"))?.clone();
    push_of(state, &built)
}

/// Builds that came to their end well, newest first.
fn built(state: &State) -> impl Iterator<Item = &Operation> {
    let done = |operation: &&Operation| {
        matches!(operation.action.change, Change::BuildImage { .. }) && operation.outcome == Outcome::Observed
    };
    state.operations.iter().rev().filter(done)
}

pub(super) fn push_of(state: &State, image: &Name) -> Result<Action, Safe> {
    let last = built(state).find(|operation| operation.action.target.name == *image);
    let id = last.and_then(|operation| operation.made.clone());
    let id = id.ok_or_else(|| Safe::of("which image was built is not known any more: build it again"))?;
    let target = target_of(state, image)?;
    super::offer::may_act(state, Command::PushImage, &target)?;
    Ok(Action { target, change: Change::PushImage { id: id.safe().clone() } })
}

/// The build or push of the image that is looked at which goes on now.
pub fn stoppable(state: &State) -> Result<ObjectId, Safe> {
    let name = looked_at(state).ok_or_else(|| Safe::of("select an image first"))?;
    let repository = |name: &Name| Reference::parse(name.raw()).map(|image| image.repository);
    let wanted = repository(&name);
    let goes_on = |operation: &&Operation| {
        operation.action.target.kind == Kind::Build
            && matches!(operation.outcome, Outcome::Intended | Outcome::Sent)
            && repository(&operation.action.target.name) == wanted
    };
    let found = state.operations.iter().rev().find(goes_on);
    found
        .map(|operation| operation.action.target.clone())
        .ok_or_else(|| Safe::of("nothing of it is built or pushed just now"))
}

/// Whether the engine shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    match &operation.action.change {
        Change::RestartContainer { started, .. } => match state.world.containers.get(&target.uid) {
            None => Verdict::Lost(Safe::of("the container is gone")),
            Some(row) if row.started == *started => Verdict::Waiting(Safe::of("another start of it")),
            Some(row) => match (&row.state, row.exit_code) {
                (ContainerState::Running | ContainerState::Paused, _) | (ContainerState::Exited, Some(0)) => {
                    Verdict::Seen
                }
                // A list and an inspection that are not of one moment: it ended before it began.
                _ if row.finished < row.started => Verdict::Waiting(Safe::of("it to run")),
                (ContainerState::Exited | ContainerState::Dead | ContainerState::Restarting, code) => {
                    let code = code.map_or_else(|| Safe::of("?"), |code| safe!("{}", code));
                    Verdict::Lost(safe!("it started, and ended with code {}: look at its log", code))
                }
                _ => Verdict::Waiting(Safe::of("it to run")),
            },
        },
        // The stream of these ends with what they made: that was seen, and looked at.
        Change::PushImage { .. } => pushed(state, operation),
        _ if operation.made.is_some() => Verdict::Seen,
        _ => Verdict::Waiting(Safe::of("the image on the engine")),
    }
}

/// Where the registry is read, it must show the digest.
fn pushed(state: &State, operation: &Operation) -> Verdict {
    let name = operation.action.target.name.safe();
    let Some(made) = &operation.made else { return Verdict::Waiting(Safe::of("its digest")) };
    let reference = Reference::parse(operation.action.target.name.raw());
    let read = reference.is_some_and(|image| crate::state::images::is_read(state, &image.repository));
    match crate::state::images::named(state, name).and_then(|image| image.digest()) {
        _ if !read => Verdict::Seen,
        Some(digest) if digest.raw() == made.raw() => Verdict::Seen,
        _ => Verdict::Waiting(safe!("{} to name it in its registry", name)),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    match &action.change {
        Change::RestartContainer { state: now, .. } => restart(state, action, now, words),
        Change::PullImage { image } => pull_words(image, words),
        Change::BuildImage { plan } => build_words(plan, words),
        Change::PushImage { id } => push_words(state, action, id, words),
        _ => {}
    }
}

fn restart(state: &State, action: &Action, now: &Safe, words: &mut Words) {
    words.summary = safe!("{} → started again", now);
    words.expects = Safe::of("a new start, and it running");
    let row = state.world.containers.get(&action.target.uid);
    if let Some(row) = row {
        words.line("image", row.image.clone());
        words.line("now", row.status.clone());
    }
    words.lines(
        "this will",
        vec![
            Safe::of("end its process (by its stop signal; after its time to stop by force)"),
            Safe::of("and start it again with the same image and settings"),
        ],
    );
    words.lines(
        "it will not",
        vec![
            Safe::of("take a newer image: the container has to be created anew for that"),
            Safe::of("restart what depends on it"),
        ],
    );
    words.line("undo", Safe::of("none; what was in its memory is gone"));
}

fn pull_words(image: &Name, words: &mut Words) {
    words.summary = safe!("{} → as its registry has it now", image);
    words.expects = Safe::of("the image on the engine");
    words.line("image", image.safe().clone());
    words.line("this will", Safe::of("fetch what the name means now, and give the name to it on this engine"));
    words.lines(
        "it will not",
        vec![
            Safe::of("change the container: it goes on with the image it has,"),
            Safe::of("until somebody creates it anew (docker compose up -d)"),
        ],
    );
    words.line("undo", Safe::of("none by name; the image of before stays on the engine without it"));
}

fn build_words(plan: &BuildPlan, words: &mut Words) {
    words.summary = safe!("{} → {}", plan.shown, plan.image);
    words.expects = Safe::of("the image on the engine");
    words.line("folder", plan.shown.clone());
    let ignored = match plan.ignored {
        0 => Safe::of(""),
        ignored => safe!(", {} left out by .dockerignore", plural(ignored, "file or folder", "files and folders")),
    };
    words.line("sends", safe!("{}, {}{}", plural(plan.files, "file", "files"), bytes(plan.bytes), ignored));
    if !plan.bases.is_empty() {
        words.line("begins with", Safe::join(plan.bases.iter().take(4), ", "));
    }
    words.line(
        "commit",
        if let Some(revision) = &plan.revision {
            revision.clone()
        } else {
            safe!("none is written into it: {}", plan.no_revision)
        },
    );
    words.lines(
        "this will",
        vec![
            safe!("build {} by the classic builder, for the engine's own platform,", Safe::line(&plan.dockerfile)),
            Safe::of("and give it the name on this engine"),
        ],
    );
    words.lines(
        "it will not",
        vec![
            Safe::of("push it: that is asked apart"),
            Safe::of("build other platforms: an index of several needs its workflow"),
        ],
    );
    words.line("undo", Safe::of("the image of before stays on the engine without its name; pull brings it back"));
}

fn push_words(state: &State, action: &Action, id: &Safe, words: &mut Words) {
    let name = &action.target.name;
    words.summary = safe!("{} → its registry", name);
    words.expects = Safe::of("the digest in the registry");
    let reference = Reference::parse(name.raw());
    let host = reference.as_ref().map_or("", |image| Reference::parts(&image.repository).0);
    words.line("image", safe!("{}", id.columns(0..19)));
    words.line("to", Safe::identity(host));
    let there = crate::state::images::named(state, name.safe());
    let platforms = there.and_then(|image| image.manifest.as_ref().ok()).map(|manifest| manifest.variants.len());
    words.line(
        "there now",
        match (there.and_then(|image| image.digest()), platforms) {
            (Some(digest), Some(platforms)) => {
                safe!("{}, {}", digest.short(), plural(platforms as u64, "platform", "platforms"))
            }
            _ => Safe::of("not known"),
        },
    );
    words.line("this will", Safe::of("make the tag name this image, for whoever pulls it from now on"));
    let mut not = vec![Safe::of("restart what runs the image of before")];
    if platforms.is_some_and(|platforms| platforms > 1) {
        not.insert(0, Safe::of("keep the other platforms: the tag names one platform afterwards"));
    }
    words.lines("it will not", not);
    words.line("undo", Safe::of("push the image of before, by its digest, under this tag"));
}
