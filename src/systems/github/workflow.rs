//! What a workflow asks for before it runs by hand: read when somebody is about to start it, and again
//! when another branch is named. The list of workflows says its id and whether it is active, its file
//! what it asks for; names of environments are read where an input is one.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::ingest_workflow::{self, Workflow};
use super::watch::Watch;
use super::words::Trouble;
use super::{contents_path, environments_path, workflows_path};
use crate::model::Name;
use crate::model::source::{Detail, FeedEvent};
use crate::model::workflows::{Dispatchable, InputKind, WorkflowRead, WorkflowWanted};
use crate::net::{Etags, GitHub, Listed, NetError};
use crate::safe;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// What was asked for last, and the list of workflows that was read for it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What was answered; anything else is read.
    wanted: Option<WorkflowWanted>,
    etags: Etags,
    workflows: Vec<Workflow>,
    /// How often another list was read.
    version: u64,
    /// It could not be read, and is asked for again then.
    again: Option<Instant>,
}

/// As GitHub says that a workflow runs.
const ACTIVE: &str = "active";

/// Why there is nothing to fill in, and whether it may pass.
struct Refused {
    why: Safe,
    again: Option<Duration>,
}

impl Asked {
    pub(super) const fn next(&self) -> Option<Instant> {
        self.again
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        (self.wanted, self.again) = (None, None);
    }
}

impl Watch {
    /// Reads the workflow that somebody is about to start.
    pub(super) async fn read_workflow(&mut self) -> Result<(), Gone> {
        let wanted = self.outlet.interest.borrow().workflow.clone();
        let here = &self.outlet.id;
        let ours = |wanted: &WorkflowWanted| {
            wanted.source == here.cluster && Some(&wanted.repository) == here.namespace.as_ref()
        };
        let wanted = wanted.filter(ours);
        let due = self.asked.again.is_some_and(|again| again <= Instant::now());
        if wanted.is_none() || (self.asked.wanted == wanted && !due) {
            if wanted.is_none() {
                self.asked.refresh();
            }
            return Ok(());
        }
        let Some(wanted) = wanted else { return Ok(()) };
        let read = self.dispatchable(&wanted).await;
        self.asked.wanted = Some(wanted.clone());
        self.asked.again = read.as_ref().err().and_then(|refused| refused.again).map(|wait| Instant::now() + wait);
        let workflow = read.map(Arc::new).map_err(|refused| refused.why);
        self.outlet.tell(FeedEvent::Detail(Detail::Workflow(WorkflowRead { wanted, workflow }))).await?;
        self.tell_quota().await
    }

    /// Reads the list of workflows, where it has changed.
    pub(super) async fn list_workflows(&mut self) -> Result<(), (Safe, Option<Duration>)> {
        let path = workflows_path(self.repository());
        match self.client.list(&path, None, &mut self.asked.etags).await {
            Ok(Listed::Unchanged { .. }) => {}
            Ok(Listed::Pages { bodies, .. }) => {
                let pages: Result<Vec<_>, _> = bodies.iter().map(|body| ingest_workflow::workflows(body)).collect();
                let pages = pages.map_err(|error| {
                    self.asked.etags = Etags::default();
                    (Safe::line(&error.to_string()), Some(self.outlet.pace.cap))
                })?;
                self.asked.version += 1;
                self.asked.workflows = pages.into_iter().flat_map(|page| page.rows).collect();
            }
            Err(error) => return Err(self.not_read(error, "its workflows").await),
        }
        Ok(())
    }

    /// Another one each time that the list was another one.
    pub(super) const fn list_version(&self) -> u64 {
        self.asked.version
    }

    /// Those of the list that run.
    pub(super) fn active_workflows(&self) -> impl Iterator<Item = &Workflow> {
        self.asked.workflows.iter().filter(|row| row.state.as_str() == ACTIVE)
    }

    async fn dispatchable(&mut self, wanted: &WorkflowWanted) -> Result<Dispatchable, Refused> {
        self.list_workflows().await.map_err(|(why, again)| Refused { why, again })?;
        let known = self.asked.workflows.iter().find(|row| row.path == wanted.path).cloned();
        let row = known.ok_or_else(|| refused(safe!("the repository has no workflow {} any more", wanted.path)))?;
        if row.state.as_str() != ACTIVE {
            return Err(refused(safe!("the workflow is not active: {}", row.state)));
        }
        let body = match self.client.get(&contents_path(wanted)).await {
            Ok(body) => body,
            Err(NetError::Api { code: 404, .. }) => {
                let why = safe!("there is no {} at {}, or no such branch or tag", wanted.path, wanted.reference);
                return Err(refused(why));
            }
            Err(error) => return Err(self.refused(error, "its file").await),
        };
        let file = ingest_workflow::file(&body).map_err(|error| self.odd(&error))?;
        let Some(mut inputs) = ingest_workflow::inputs(&file.text).map_err(refused)? else {
            let words = "has no workflow_dispatch trigger: nobody can start it by hand";
            return Err(refused(safe!("{} at {} {}", wanted.path, wanted.reference, Safe::of(words))));
        };
        if inputs.iter().any(|input| matches!(input.kind, InputKind::Environment(_))) {
            let environments = self.environments().await;
            for input in inputs.iter_mut().filter(|input| matches!(input.kind, InputKind::Environment(_))) {
                input.kind = InputKind::Environment(environments.clone());
            }
        }
        Ok(Dispatchable { id: row.id, name: row.name, sha: file.sha, inputs, takes_over: false })
    }

    /// Their names, or why they are not known: then one is typed.
    async fn environments(&self) -> Result<Vec<Name>, Safe> {
        match self.client.get(&environments_path(self.repository())).await {
            Ok(body) => ingest_workflow::environments(&body).map_err(|error| Safe::line(&error.to_string())),
            Err(error) => Err(Safe::line(&error.to_string())),
        }
    }

    fn odd(&self, error: &crate::systems::ingest::IngestError) -> Refused {
        Refused { why: Safe::line(&error.to_string()), again: Some(self.outlet.pace.cap) }
    }

    async fn refused(&self, error: NetError, what: &'static str) -> Refused {
        let (why, again) = self.not_read(error, what).await;
        Refused { why, again }
    }

    /// Why something of the repository cannot be read, and when it is worth another try.
    pub(super) async fn not_read(&self, error: NetError, what: &'static str) -> (Safe, Option<Duration>) {
        let (why, again) = match self.trouble(error).await {
            Trouble::Denied(why) => (why, None),
            Trouble::Passing(why, wait) => (why, Some(wait.unwrap_or(self.outlet.pace.cap))),
        };
        (safe!("{} cannot be read: {}", Safe::of(what), why), again)
    }
}

fn refused(why: Safe) -> Refused {
    Refused { why, again: None }
}

/// The blob of a workflow's file as it is now, before a write.
pub(super) async fn blob(client: &GitHub, wanted: &WorkflowWanted) -> Result<Name, NetError> {
    let body = client.get_for_write(&contents_path(wanted)).await?;
    ingest_workflow::file(&body).map(|file| file.sha).map_err(|error| NetError::Unreadable(error.to_string()))
}
