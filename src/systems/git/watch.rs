//! What the configuration's repositories ask for, again and again while somebody looks; one repository after the
//! other, each brought up to date once for all that is read of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::model::Name;
use crate::model::gitops::{Apart, MIGRATIONS, Overlay, OverlayRead, Pins, Range, RangeRead, is_migration};
use crate::model::interest::Interest;
use crate::model::source::{Detail, FeedEvent, FeedId};
use crate::net::{Git, GitError};
use crate::safe;
use crate::systems::pace::Pace;
use crate::systems::pins;
use crate::text::Safe;

/// What it needs to answer.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) git: Git,
    pub(crate) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(crate) interest: watch::Receiver<Arc<Interest>>,
    /// Counts the operator's refreshes.
    pub(crate) refresh: watch::Receiver<u64>,
    pub(crate) pace: Pace,
    /// By whose name it speaks.
    pub(crate) feed: FeedId,
}

/// What is to be read of one repository.
#[derive(Debug, Default)]
struct Wanted {
    overlays: Vec<Overlay>,
    ranges: Vec<Range>,
}

/// Until the loop is gone.
pub(crate) async fn run(mut parts: Parts) {
    let mut due: HashMap<Name, (Instant, usize)> = HashMap::new();
    loop {
        let wanted = wanted(&parts.interest.borrow_and_update().clone());
        due.retain(|repository, _| wanted.contains_key(repository));
        let now = Instant::now();
        let is_due = |repository: &Name, of: &Wanted| {
            let size = of.overlays.len() + of.ranges.len();
            due.get(repository).is_none_or(|(at, read)| *at <= now || size > *read)
        };
        let next = wanted.iter().find(|(repository, of)| is_due(repository, of));
        if let Some((repository, of)) = next {
            let size = of.overlays.len() + of.ranges.len();
            if read(&parts, repository, of).await.is_err() {
                return;
            }
            due.insert(repository.clone(), (Instant::now() + parts.pace.images.1, size));
            continue;
        }
        let first = due.values().map(|(at, _)| *at).min();
        let wait = async {
            match first {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = parts.interest.changed() => if changed.is_err() { return },
            changed = parts.refresh.changed() => {
                if changed.is_err() { return }
                due.clear();
            }
            () = parts.tx.closed() => return,
            () = wait => {}
        }
    }
}

fn wanted(interest: &Interest) -> BTreeMap<Name, Wanted> {
    let mut all: BTreeMap<Name, Wanted> = BTreeMap::new();
    for overlay in interest.overlays.iter().map(|it| &it.overlay).filter(|it| it.is_plain()) {
        all.entry(overlay.repository.clone()).or_default().overlays.push(overlay.clone());
    }
    for range in interest.ranges.iter().map(|it| &it.range).filter(|it| it.is_plain()) {
        all.entry(range.repository.clone()).or_default().ranges.push(range.clone());
    }
    all
}

/// The loop is gone.
struct Gone;

async fn tell(parts: &Parts, detail: Detail) -> Result<(), Gone> {
    parts.tx.send((parts.feed.clone(), FeedEvent::Detail(detail))).await.map_err(|_| Gone)
}

async fn read(parts: &Parts, repository: &Name, of: &Wanted) -> Result<(), Gone> {
    let fetched = parts.git.fetch(repository.raw()).await.map_err(|error| why(repository, error));
    for overlay in &of.overlays {
        let pins = match &fetched {
            Ok(()) => pins_of(&parts.git, overlay).await.map(Arc::new),
            Err(why) => Err(why.clone()),
        };
        tell(parts, Detail::Overlay(OverlayRead { overlay: overlay.clone(), pins })).await?;
    }
    for range in &of.ranges {
        let apart = match &fetched {
            Ok(()) => apart(&parts.git, range).await,
            Err(why) => Err(why.clone()),
        };
        tell(parts, Detail::Range(RangeRead { range: range.clone(), apart })).await?;
    }
    Ok(())
}

fn why(repository: &Name, error: GitError) -> Safe {
    match error {
        GitError::Missing => safe!("{} does not have it", repository),
        GitError::Failed(said) => safe!("{}: {}", repository, Safe::line(&said)),
    }
}

/// What an overlay pins at the head of its branch.
pub async fn pins_of(git: &Git, overlay: &Overlay) -> Result<Pins, Safe> {
    let (repository, path) = (&overlay.repository, &overlay.path);
    let branch = overlay.branch.as_ref();
    let head = git.head(repository.raw(), branch.map(Name::raw)).await.map_err(|error| match (error, branch) {
        (GitError::Missing, Some(branch)) => safe!("{} has no branch or tag {}", repository, branch),
        (GitError::Missing, None) => safe!("{} has no commit yet", repository),
        (error, _) => why(repository, error),
    })?;
    for file in pins::FILES {
        match git.file(repository.raw(), &head, &format!("{}/{file}", path.raw())).await {
            Ok(bytes) => return pins::pins(file, &String::from_utf8_lossy(&bytes)),
            Err(GitError::Missing) => {}
            Err(error) => return Err(why(repository, error)),
        }
    }
    Err(safe!("{} has no kustomization.yaml and no values.yaml in {} that can be read", repository, path))
}

/// How two commits of a repository stand to each other.
pub async fn apart(git: &Git, range: &Range) -> Result<Apart, Safe> {
    let paths: Vec<String> = MIGRATIONS.iter().map(|name| format!(":(glob)**/{name}/**")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let (base, head) = (range.base.as_str(), range.head.as_str());
    let between = git.between(range.repository.raw(), (base, head), &paths).await.map_err(|error| match error {
        GitError::Missing => {
            safe!(
                "{} does not know both {} and {}",
                range.repository,
                range.base.columns(0..7),
                range.head.columns(0..7)
            )
        }
        error @ GitError::Failed(_) => why(&range.repository, error),
    })?;
    Ok(match (between.before, between.after) {
        (0, 0) => Apart::Same,
        (0, commits) => {
            let migrations = between.added.iter().filter(|path| is_migration(path)).count() as u64;
            Apart::After { commits, migrations, whole: true }
        }
        (commits, 0) => Apart::Before { commits },
        (before, after) => Apart::Diverged { after, before },
    })
}
