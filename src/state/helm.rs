//! Releases of Helm: the revisions of each, newest first, and which of them are not well.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::State;
use super::ui::Place;
use crate::action::Change;
use crate::model::helm::{Content, ContentWanted, ReleaseStatus, Revision};
use crate::model::{Name, ObjectId, SourceId, Uid};
use crate::text::Safe;

/// Helm gives up after five minutes unless told otherwise; what is pending longer has lost its program, or
/// waits on purpose.
pub const STUCK: Duration = Duration::from_mins(5);
/// Revisions whose content is read for the page.
const SHOWN: usize = 10;

/// All releases in the order of their namespaces and names.
#[derive(Debug, Clone, Default)]
pub struct Releases {
    order: Vec<Uid>,
    by: HashMap<Uid, Vec<Arc<Revision>>>,
}

impl Releases {
    /// The newest revision of each.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.order.iter().filter_map(|uid| self.by.get(uid)?.first())
    }

    /// All that are kept of one, newest first.
    #[must_use]
    pub fn history(&self, release: &Uid) -> &[Arc<Revision>] {
        self.by.get(release).map_or(&[], Vec::as_slice)
    }
}

/// Joins what the Secrets say.
#[must_use]
pub fn join(state: &State) -> Releases {
    let mut by: BTreeMap<(SourceId, Name, Name), Vec<Arc<Revision>>> = BTreeMap::new();
    for row in state.world.releases.rows() {
        let key = (row.meta.cluster, row.meta.namespace.clone(), row.release.clone());
        by.entry(key).or_default().push(Arc::clone(row));
    }
    let mut releases = Releases::default();
    for mut history in by.into_values() {
        history.sort_by_key(|row| std::cmp::Reverse(row.number));
        if let Some(newest) = history.first() {
            let uid = newest.release_id().uid;
            releases.order.push(uid.clone());
            releases.by.insert(uid, history);
        }
    }
    releases
}

/// How long the newest revision has been pending, once that is longer than Helm waits.
#[must_use]
pub fn stuck(state: &State, newest: &Revision) -> Option<Duration> {
    if !newest.status.is_pending() {
        return None;
    }
    let since = state.ours(newest.meta.cluster, newest.modified?);
    let since = Duration::try_from(state.now.wall.duration_since(since)).ok()?;
    (since >= STUCK).then_some(since)
}

/// The revision that a rollback without further word goes to: the newest that was deployed before.
#[must_use]
pub fn before(history: &[Arc<Revision>]) -> Option<&Arc<Revision>> {
    let good = |row: &&Arc<Revision>| matches!(row.status, ReleaseStatus::Superseded | ReleaseStatus::Deployed);
    history.iter().skip(1).find(good)
}

/// Secrets to be read: of the page that is shown, and of what a rollback is waited for in.
#[must_use]
pub fn wanted(state: &State) -> Vec<ContentWanted> {
    let releases = super::derived::releases(state);
    let wanted = |row: &Arc<Revision>| ContentWanted {
        cluster: row.meta.cluster,
        namespace: row.meta.namespace.clone(),
        secret: row.meta.name.clone(),
        uid: row.meta.uid.clone(),
        version: Arc::clone(&row.meta.resource_version),
    };
    let mut all: Vec<ContentWanted> = match &state.ui.place {
        Place::Release(id) => releases.history(&id.uid).iter().take(SHOWN).map(wanted).collect(),
        _ => Vec::new(),
    };
    // What proves that a rollback took.
    let open = state.operations.iter().rev().filter(|row| !row.outcome.is_final());
    for operation in open.take(SHOWN) {
        if let Change::RollbackRelease { from, .. } = operation.action.change {
            let history = releases.history(&operation.action.target.uid);
            all.extend(history.iter().filter(|row| row.number == from + 1).map(wanted));
        }
    }
    all
}

/// What is in a revision, once it was read.
#[must_use]
pub fn content<'a>(state: &'a State, row: &Revision) -> Option<&'a Result<Arc<Content>, Safe>> {
    state.world.details.release(&row.meta.uid).map(|(_, content)| content)
}

/// The same of the record as it is written now: while it is pending it says something else.
#[must_use]
pub fn content_now<'a>(state: &'a State, row: &Revision) -> Option<&'a Result<Arc<Content>, Safe>> {
    let (version, content) = state.world.details.release(&row.meta.uid)?;
    (*version == row.meta.resource_version).then_some(content)
}

/// Whether there is such a release.
#[must_use]
pub fn is_there(state: &State, id: &ObjectId) -> bool {
    !super::derived::releases(state).history(&id.uid).is_empty()
}
