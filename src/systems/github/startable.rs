//! Which workflows of a repository can be started by hand: those of the list that are active and whose
//! file, on the default branch, has the trigger. One file is read at a time, so that nothing else waits;
//! what has no run yet is found only here.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::ingest_workflow::{self, Workflow};
use super::watch::Watch;
use super::{repository, repository_file_path};
use crate::model::Name;
use crate::model::source::{Detail, FeedEvent};
use crate::model::workflows::{Startable, StartableRow, StartablesRead};
use crate::net::NetError;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Files that are looked into; of a workflow beyond them it is not known whether it has the trigger.
const LOOKED_INTO: usize = 50;

/// What is known of them. Triggers are kept while nobody asks: a form that is opened again costs little.
#[derive(Debug, Default)]
pub(super) struct Startables {
    /// The default branch, and when it and the list were read.
    branch: Option<(Name, Instant)>,
    /// By path: whether its file has the trigger; `None`: that cannot be found out.
    triggers: HashMap<Name, Option<bool>>,
    /// The list that they are of.
    version: u64,
    /// Files that could not be read for a while, and when they are tried again.
    later: HashMap<Name, Instant>,
    /// When there is something to read; `None`: nobody asks.
    due: Option<Instant>,
    /// All that can be read of it was, and told.
    whole: bool,
}

impl Startables {
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.filter(|_| !self.whole)
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        *self = Self::default();
    }

    /// Nobody asks any more; what is told next is told to somebody else.
    fn leave(&mut self) {
        (self.due, self.whole) = (None, false);
    }

    /// What was found out of files of another list is read again.
    fn of_list(&mut self, version: u64) {
        if self.version != version {
            self.triggers.clear();
            self.later.clear();
            self.version = version;
        }
    }
}

impl Watch {
    /// Reads the list, then one file of it each time, while somebody chooses.
    pub(super) async fn read_startables(&mut self) -> Result<(), Gone> {
        let here = &self.outlet.id;
        let wanted = self.outlet.interest.borrow().startable.clone();
        let ours =
            |(source, repository): &(_, _)| *source == here.cluster && Some(repository) == here.namespace.as_ref();
        if !wanted.as_ref().is_some_and(ours) {
            self.startables.leave();
            return Ok(());
        }
        let now = Instant::now();
        if self.startables.whole || self.startables.due.is_some_and(|due| due > now) {
            return Ok(());
        }
        // A list of a moment ago is good enough for who comes back to it.
        let stale = |(_, read): &(Name, Instant)| now.duration_since(*read) > self.outlet.pace.runs.1;
        let begins = self.startables.due.is_none();
        if self.startables.branch.as_ref().is_none_or(|known| begins && stale(known)) {
            match self.list_startables().await {
                Ok(branch) => self.startables.branch = Some((branch, now)),
                Err((why, again)) => {
                    // What will not pass by itself is asked for again with everything else.
                    self.startables.whole = again.is_none();
                    self.startables.due = Some(now + again.unwrap_or_default());
                    self.tell_startables(Err(why)).await?;
                    return self.tell_quota().await;
                }
            }
            self.startables.of_list(self.list_version());
        } else if let Some(row) = self.next_file(now).cloned() {
            self.read_trigger(row).await;
        }
        // Nothing can be read now; of what may be read later, that is told when it was.
        let rest = self.next_file(now).is_none();
        let rows = self.startable_rows(rest);
        let (later, scarce) = (self.startables.later.values().min().copied(), !self.has_plenty());
        let scarce = (scarce && !self.client.limits().anonymous).then(|| now + self.outlet.pace.cap);
        let later = later.into_iter().chain(scarce).max();
        self.startables.whole = rest && later.is_none();
        self.startables.due = Some(later.filter(|_| rest).unwrap_or(now));
        self.tell_startables(Ok(Arc::new(rows))).await?;
        self.tell_quota().await
    }

    /// Whether its file has the trigger. What passes is tried again after a wait, and never taken for "no".
    async fn read_trigger(&mut self, row: Workflow) {
        let read = self.client.get(&repository_file_path(self.repository(), row.path.raw())).await;
        let trigger = match read {
            Ok(body) => {
                let file = ingest_workflow::file(&body).ok();
                file.and_then(|file| ingest_workflow::inputs(&file.text).ok()).map(|inputs| inputs.is_some())
            }
            Err(NetError::Api { code: 404, .. }) => None,
            Err(error) => match self.not_read(error, "its file").await.1 {
                Some(wait) => {
                    self.startables.later.insert(row.path, Instant::now() + wait);
                    return;
                }
                None => None,
            },
        };
        self.startables.later.remove(&row.path);
        self.startables.triggers.insert(row.path, trigger);
    }

    async fn list_startables(&mut self) -> Result<Name, (Safe, Option<std::time::Duration>)> {
        self.list_workflows().await?;
        let read = self.client.get(&repository(self.repository())).await;
        let body = match read {
            Ok(body) => body,
            Err(error) => return Err(self.not_read(error, "the repository").await),
        };
        let cap = self.outlet.pace.cap;
        ingest_workflow::default_branch(&body).map_err(|error| (Safe::line(&error.to_string()), Some(cap)))
    }

    /// Without a token nobody can start one, and sixty requests an hour are for the list; with one, half of
    /// the hour's are for what runs.
    fn next_file(&self, now: Instant) -> Option<&Workflow> {
        if self.client.limits().anonymous || !self.has_plenty() {
            return None;
        }
        let Startables { triggers, later, .. } = &self.startables;
        let unread = |row: &&Workflow| {
            !triggers.contains_key(&row.path) && later.get(&row.path).is_none_or(|again| *again <= now)
        };
        self.active_workflows().take(LOOKED_INTO).find(unread)
    }

    fn startable_rows(&self, whole: bool) -> Startable {
        let has = |row: &&Workflow| self.startables.triggers.get(&row.path) != Some(&Some(false));
        let rows = self.active_workflows().filter(has);
        Startable {
            branch: self.startables.branch.as_ref().map_or_else(|| Name::new(""), |(branch, _)| branch.clone()),
            rows: rows
                .map(|row| StartableRow {
                    path: row.path.clone(),
                    name: row.name.clone(),
                    proven: self.startables.triggers.get(&row.path) == Some(&Some(true)),
                })
                .collect(),
            whole,
        }
    }

    async fn tell_startables(&self, rows: Result<Arc<Startable>, Safe>) -> Result<(), Gone> {
        let Some(repository) = self.outlet.id.namespace.clone() else { return Ok(()) };
        let read = StartablesRead { source: self.outlet.id.cluster, repository, rows };
        self.outlet.tell(FeedEvent::Detail(Detail::Startables(read))).await
    }
}
