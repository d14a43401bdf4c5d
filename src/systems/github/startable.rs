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
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Files that are looked into; of a workflow beyond them it is not known whether it has the trigger.
const LOOKED_INTO: usize = 50;

/// What is known of them while somebody chooses.
#[derive(Debug, Default)]
pub(super) struct Startables {
    /// The default branch, once the list was read.
    branch: Option<Name>,
    /// By path: whether its file has the trigger; `None`: it could not be read.
    triggers: HashMap<Name, Option<bool>>,
    /// When there is something to read; `None`: nobody asks.
    due: Option<Instant>,
    /// All that can be read of it was.
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
}

impl Watch {
    /// Reads the list, then one file of it each time, while somebody chooses.
    pub(super) async fn read_startables(&mut self) -> Result<(), Gone> {
        let here = &self.outlet.id;
        let wanted = self.outlet.interest.borrow().startable.clone();
        let ours =
            |(source, repository): &(_, _)| *source == here.cluster && Some(repository) == here.namespace.as_ref();
        if !wanted.as_ref().is_some_and(ours) {
            self.startables.refresh();
            return Ok(());
        }
        let now = Instant::now();
        if self.startables.whole || self.startables.due.is_some_and(|due| due > now) {
            return Ok(());
        }
        self.startables.due = Some(now);
        if self.startables.branch.is_none() {
            match self.list_startables().await {
                Ok(branch) => self.startables.branch = Some(branch),
                Err((why, again)) => {
                    // What will not pass by itself is asked for again with everything else.
                    self.startables.whole = again.is_none();
                    self.startables.due = again.map(|wait| now + wait);
                    self.tell_startables(Err(why)).await?;
                    return self.tell_quota().await;
                }
            }
        } else if let Some(row) = self.next_file().cloned() {
            let path = repository_file_path(self.repository(), row.path.raw());
            let read = self.client.get(&path).await.ok();
            let file = read.and_then(|body| ingest_workflow::file(&body).ok());
            let trigger = file.map(|file| ingest_workflow::inputs(&file.text).is_ok_and(|inputs| inputs.is_some()));
            self.startables.triggers.insert(row.path, trigger);
        }
        self.startables.whole = self.next_file().is_none();
        let rows = self.startable_rows();
        self.tell_startables(Ok(Arc::new(rows))).await?;
        self.tell_quota().await
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

    /// Without a token nobody can start one, and sixty requests an hour are for the list.
    fn next_file(&self) -> Option<&Workflow> {
        if self.client.limits().anonymous {
            return None;
        }
        let unread = |row: &&Workflow| !self.startables.triggers.contains_key(&row.path);
        self.active_workflows().take(LOOKED_INTO).find(unread)
    }

    fn startable_rows(&self) -> Startable {
        let has = |row: &&Workflow| self.startables.triggers.get(&row.path) != Some(&Some(false));
        let rows = self.active_workflows().filter(has);
        Startable {
            branch: self.startables.branch.clone().unwrap_or_else(|| Name::new("")),
            rows: rows
                .map(|row| StartableRow {
                    path: row.path.clone(),
                    name: row.name.clone(),
                    proven: self.startables.triggers.get(&row.path) == Some(&Some(true)),
                })
                .collect(),
            whole: self.startables.whole,
        }
    }

    async fn tell_startables(&self, rows: Result<Arc<Startable>, Safe>) -> Result<(), Gone> {
        let Some(repository) = self.outlet.id.namespace.clone() else { return Ok(()) };
        let read = StartablesRead { source: self.outlet.id.cluster, repository, rows };
        self.outlet.tell(FeedEvent::Detail(Detail::Startables(read))).await
    }
}
