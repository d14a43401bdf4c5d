//! How the executions of a RustCI server are read: pipelines for their names and executions, again
//! and again, quicker while something moves; and beside it the stages of those that somebody looks at.
//! The server has no ETags, no pages and no stream.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::detail::Looked;
use super::ingest::{self, Trigger};
use super::{EXECUTIONS, PIPELINES};
use crate::model::Uid;
use crate::model::pipelines::{CiPipeline, Run};
use crate::model::source::{Detail, FeedEvent, FeedStatus, Object};
use crate::net::{NetError, RustCi};
use crate::safe;
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// After a write, something is about to move for so long.
const STIRRED: Duration = Duration::from_mins(1);

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: RustCi, outlet: Outlet) -> Result<(), Gone> {
    let now = Instant::now();
    let watch = Watch {
        backoff: Backoff::new(outlet.pace.floor, outlet.pace.cap),
        stirred: client.stirred(),
        client,
        outlet,
        pipelines: None,
        runs: HashMap::new(),
        triggers: HashMap::new(),
        looked: HashMap::new(),
        forgotten: 0,
        listed: false,
        since: None,
        skew: None,
        left_out: 0,
        due: now,
        quick_until: now,
    };
    watch.run().await
}

/// What decides how often an execution is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) active: bool,
    updated: Option<Timestamp>,
}

impl Known {
    pub(super) fn of(run: &Run) -> Self {
        Self { active: run.is_active(), updated: run.updated }
    }
}

pub(super) struct Watch {
    pub(super) client: RustCi,
    pub(super) outlet: Outlet,
    /// As they were told last.
    pipelines: Option<Arc<[CiPipeline]>>,
    pub(super) runs: HashMap<Uid, Arc<Run>>,
    /// What the details of executions told of their beginning.
    pub(super) triggers: HashMap<Uid, Trigger>,
    pub(super) looked: HashMap<Uid, Looked>,
    /// How often what was read of executions had been forgotten, when it was asked last.
    pub(super) forgotten: u64,
    /// There was a whole list.
    listed: bool,
    /// Since when it is in trouble.
    since: Option<Duration>,
    backoff: Backoff,
    skew: Option<i64>,
    left_out: u64,
    /// When the list is read next.
    pub(super) due: Instant,
    quick_until: Instant,
    stirred: watch::Receiver<u64>,
}

/// Why there is no list.
enum Trouble {
    Net(NetError),
    Odd(Safe),
}

impl Watch {
    async fn run(mut self) -> Result<(), Gone> {
        loop {
            if Instant::now() >= self.due {
                self.poll().await?;
            }
            // While the list cannot be read, what hangs on it cannot either.
            let details = if self.since.is_none() { self.look().await? } else { None };
            let until = details.map_or(self.due, |details| details.min(self.due));
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.outlet.tx.closed() => return Err(Gone),
                changed = self.outlet.refresh.changed() => {
                    changed.map_err(|_| Gone)?;
                    self.due = Instant::now();
                    self.looked.clear();
                }
                changed = self.outlet.interest.changed() => changed.map_err(|_| Gone)?,
                changed = self.stirred.changed() => {
                    changed.map_err(|_| Gone)?;
                    let now = Instant::now();
                    self.due = self.due.min(now);
                    self.quick_until = now + STIRRED;
                    self.looked.clear();
                }
            }
        }
    }

    /// Reads the lists once and says what came of it.
    async fn poll(&mut self) -> Result<(), Gone> {
        let taken = match self.client.get(EXECUTIONS).await {
            Ok(answer) => {
                self.heard(answer.date).await?;
                let news = self.names().await;
                let taken = self.take(&answer.body).await?;
                // After the executions: what is told of it is no reading of them.
                if news && let Some(rows) = self.pipelines.clone() {
                    self.outlet.tell(FeedEvent::Detail(Detail::Pipelines(rows))).await?;
                }
                taken
            }
            Err(error) => Err(Trouble::Net(error)),
        };
        match taken {
            Ok(()) => {
                self.backoff.reset();
                self.since = None;
                self.due = Instant::now() + self.interval();
                Ok(())
            }
            Err(trouble) => self.fell(trouble).await,
        }
    }

    /// Until the next list: something moves, or nothing does.
    fn interval(&self) -> Duration {
        let (busy, idle) = self.outlet.pace.runs;
        let moves = Instant::now() < self.quick_until || self.runs.values().any(|run| run.is_active());
        let wanted = self.outlet.between(if moves { busy } else { idle });
        wanted + crate::net::jitter(wanted / 10)
    }

    /// The pipelines. Executions whose pipeline is not known are named after its id, so that a list
    /// that fails hides no execution; what was known stays known. True when there is news.
    async fn names(&mut self) -> bool {
        let source = self.outlet.id.cluster;
        let read = self.client.get(PIPELINES).await.ok();
        let Some(read) = read.and_then(|answer| ingest::pipelines(source, &answer.body).ok()) else { return false };
        if self.pipelines.as_deref() == Some(read.rows.as_slice()) {
            return false;
        }
        self.pipelines = Some(read.rows.into());
        true
    }

    async fn take(&mut self, body: &[u8]) -> Result<Result<(), Trouble>, Gone> {
        let pipelines = self.pipelines.clone().unwrap_or_default();
        let read = match ingest::executions(self.outlet.id.cluster, body, &pipelines, &self.triggers) {
            Ok(read) => read,
            Err(error) => {
                let next = "is it RustCI that answers? check sources.rustci.url";
                return Ok(Err(Trouble::Odd(safe!("{}; {}", Safe::line(&error.to_string()), Safe::of(next)))));
            }
        };
        let runs: HashMap<Uid, Arc<Run>> =
            read.rows.iter().map(|run| (run.meta.uid.clone(), Arc::clone(run))).collect();
        self.triggers.retain(|uid, _| runs.contains_key(uid));
        if self.listed && self.since.is_none() && runs == self.runs && read.left_out == self.left_out {
            self.outlet.tell(FeedEvent::Alive).await?;
            return Ok(Ok(()));
        }
        self.outlet.tell(FeedEvent::ListBegins).await?;
        self.outlet.tell(FeedEvent::Applied(read.rows.into_iter().map(Object::Run).collect())).await?;
        if read.left_out != self.left_out {
            self.left_out = read.left_out;
            self.outlet.tell(FeedEvent::LeftOut(read.left_out)).await?;
        }
        self.outlet.tell(FeedEvent::Listed).await?;
        self.runs = runs;
        self.listed = true;
        Ok(Ok(()))
    }

    /// What the server's clock shows against ours, when that has changed.
    async fn heard(&mut self, date: Option<Timestamp>) -> Result<(), Gone> {
        // Where time runs faster, what a clock seems to be off by is how long the answer took, many times over.
        let Some(date) = date.filter(|_| self.outlet.clock.speed() <= 1.0) else { return Ok(()) };
        let skew = date.as_second() - self.outlet.clock.now().wall.as_second();
        if self.skew.is_none_or(|known| known.abs_diff(skew) > 1) {
            self.skew = Some(skew);
            self.outlet.tell(FeedEvent::Skew(skew)).await?;
        }
        Ok(())
    }

    async fn fell(&mut self, trouble: Trouble) -> Result<(), Gone> {
        let mono = self.outlet.clock.now().mono;
        let (message, denied, pause) = match trouble {
            Trouble::Odd(message) => (message, false, None),
            Trouble::Net(error) => (self.words(&error).await, is_denied(&error), error.pause()),
        };
        // A wrong token that is shown again and again helps nobody.
        let wait = if denied { self.outlet.pace.runs.1 } else { self.backoff.next() };
        let wait = wait.max(pause.unwrap_or_default());
        let since = *self.since.get_or_insert(mono);
        self.due = Instant::now() + wait;
        let retry_at = Some(mono + wait);
        let status = match self.listed {
            _ if denied => FeedStatus::Denied { message },
            true => FeedStatus::Stale { since, message, retry_at },
            false => FeedStatus::Failed { message, retry_at },
        };
        self.outlet.tell(FeedEvent::Status(status)).await
    }

    /// A failure in words. Of a server in trouble its own health says more than its code.
    async fn words(&self, error: &NetError) -> Safe {
        let said = Safe::line(&error.to_string());
        if !matches!(error.code(), Some(500..)) {
            return said;
        }
        match self.client.health().await.ok().and_then(|health| health.database) {
            Some(database) if database != "connected" => {
                safe!("{}; its database is {}", said, Safe::line(&database))
            }
            _ => said,
        }
    }
}

/// Nothing helps but a person.
fn is_denied(error: &NetError) -> bool {
    matches!(error, NetError::Credential(_)) || matches!(error.code(), Some(401 | 403))
}
