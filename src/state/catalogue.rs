//! Images that are built from folders: whether the folder was changed since.

use super::State;
use super::images;
use super::ui::Place;
use crate::model::builds::{CatalogueImage, Commit, Relation};
use crate::model::images::Image;
use crate::model::interest::FolderInterest;
use crate::model::{Name, SourceId, SystemId};
use crate::safe;
use crate::text::Safe;

/// Commits of images of one folder that are compared with its own.
const COMPARED: usize = 4;

/// How an image stands to the folder it is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has the last change of its folder.
    Current(Commit),
    /// Its folder was changed afterwards, by a commit that came so many commits later.
    Stale {
        last: Commit,
        later: u64,
    },
    /// Its commit is on another branch.
    Diverged(Commit),
    Unknown(Safe),
}

/// What the configuration says of how this repository of images is built.
#[must_use]
pub fn entry<'a>(state: &'a State, repository: &str) -> Option<&'a CatalogueImage> {
    state.settings.catalogue.iter().find(|entry| entry.image.raw() == repository)
}

/// Those of which no image is known, by their place: nothing of them is in the registry, or it cannot be read.
#[must_use]
pub fn unlisted(state: &State) -> Vec<usize> {
    let rows = state.world.images.rows();
    let known = |entry: &CatalogueImage| {
        rows.iter().any(|image| *image.repository() == entry.image && image.meta.name == entry.tag)
    };
    let all = state.settings.catalogue.iter().enumerate();
    all.filter(|(_, entry)| !known(entry)).map(|(at, _)| at).collect()
}

/// What is asked of GitHub for the catalogue.
#[must_use]
pub fn wanted(state: &State) -> Vec<FolderInterest> {
    let busy = matches!(state.ui.place, Place::Images | Place::Image(_));
    let of = |entry: &CatalogueImage| {
        let mine = |image: &&std::sync::Arc<Image>| *image.repository() == entry.image;
        let mut built: Vec<Safe> = Vec::new();
        for image in state.world.images.rows().iter().filter(mine) {
            let commit = images::commit(image).filter(|commit| !built.contains(commit));
            // That of the tag which is rebuilt first.
            match commit {
                Some(commit) if image.meta.name == entry.tag => built.insert(0, commit),
                Some(commit) => built.push(commit),
                None => {}
            }
        }
        built.truncate(COMPARED);
        Some(FolderInterest {
            source: host_of(state, &entry.repository)?,
            repository: entry.repository.clone(),
            folder: entry.folder.as_str().into(),
            built,
            busy,
        })
    };
    state.settings.catalogue.iter().filter_map(of).collect()
}

/// The GitHub that reads this repository.
#[must_use]
pub fn host_of(state: &State, repository: &Name) -> Option<SourceId> {
    let mut hosts = state.world.of_system(SystemId::GitHub);
    hosts.find(|host| host.namespaces.iter().flatten().any(|name| name == repository)).map(|host| host.id)
}

/// Whether the image has the last change of its folder; `None`: it is not of the catalogue.
#[must_use]
pub fn standing(state: &State, image: &Image) -> Option<Standing> {
    let entry = entry(state, image.repository().raw())?;
    // Of another tag nobody says that it should be the newest.
    if image.meta.name != entry.tag {
        return None;
    }
    Some(judge(state, entry, image))
}

fn judge(state: &State, entry: &CatalogueImage, image: &Image) -> Standing {
    if let Err(why) = &image.manifest {
        return Standing::Unknown(why.clone());
    }
    if host_of(state, &entry.repository).is_none() {
        return Standing::Unknown(safe!("no GitHub reads {}", entry.repository));
    }
    let folder = match state.world.details.folder(&entry.repository, &entry.folder) {
        None => return Standing::Unknown(Safe::of("its folder has not been read yet")),
        Some(Err(why)) => return Standing::Unknown(why.clone()),
        Some(Ok(folder)) => folder,
    };
    let Some(last) = &folder.last else {
        let folder = Safe::identity(&entry.folder);
        return Standing::Unknown(safe!("{} has no folder {}", entry.repository, folder));
    };
    let Some(built) = images::commit(image) else {
        return Standing::Unknown(Safe::of("it does not say of which commit it was built"));
    };
    if last.sha.as_str().starts_with(built.as_str()) {
        return Standing::Current(last.clone());
    }
    match folder.against.iter().find(|(commit, _)| *commit == built).map(|(_, relation)| relation) {
        Some(Relation::Built) => Standing::Current(last.clone()),
        Some(Relation::After(later)) => Standing::Stale { last: last.clone(), later: *later },
        Some(Relation::Diverged) => Standing::Diverged(last.clone()),
        Some(Relation::Unknown(why)) => Standing::Unknown(why.clone()),
        None => Standing::Unknown(Safe::of("its commit has not been compared yet")),
    }
}

/// The folder was changed since the image was built.
#[must_use]
pub fn is_stale(state: &State, image: &Image) -> bool {
    matches!(standing(state, image), Some(Standing::Stale { .. }))
}
