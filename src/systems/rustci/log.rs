//! The log of a stage: the server has no stream, so the execution is read again and again, and what is
//! new in it is told (apis.md §11.1).

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::execution_path;
use super::ingest::{self, Execution};
use super::lines::Diff;
use crate::model::log::{LogEvent, TailId};
use crate::model::pipelines::RunStatus;
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::net::{NetError, RustCi, jitter};
use crate::systems::lines::Lines;
use crate::text::Safe;

/// Between two readings; longer after each that failed.
const PACE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Follows the log of a stage until all of it was told, or it is cancelled.
pub async fn tail(
    client: RustCi,
    stage: ObjectId,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
) {
    let tail = Tail { client, stage, id, tx, diff: Diff::default(), opened: false };
    cancel.run_until_cancelled(tail.run()).await;
}

/// The reader of the events is gone.
struct Gone;

struct Tail {
    client: RustCi,
    stage: ObjectId,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    diff: Diff,
    opened: bool,
}

impl Tail {
    async fn run(mut self) {
        let mut wait = PACE.0;
        loop {
            let said = match self.read().await {
                Ok(execution) => {
                    wait = PACE.0;
                    self.tell(&execution).await
                }
                Err(error) if is_hopeless(&error) => {
                    let message = Safe::line(&error.to_string());
                    // Whoever is gone needs no answer.
                    let _ = self.say(LogEvent::Failed { message }).await;
                    return;
                }
                Err(error) => {
                    wait = (wait * 2).min(PACE.1).max(error.pause().unwrap_or_default());
                    let message = Safe::line(&error.to_string());
                    self.say(LogEvent::Reconnecting { message }).await.map(|()| true)
                }
            };
            match said {
                Ok(true) => sleep(wait + jitter(wait / 10)).await,
                Ok(false) | Err(Gone) => return,
            }
        }
    }

    async fn read(&self) -> Result<Execution, NetError> {
        let source = self.stage.cluster;
        // A stage is named by its execution and its place in it.
        let of = self.stage.uid.raw().rsplit_once('/').map_or("", |(execution, _)| execution);
        let run = ObjectId {
            cluster: source,
            kind: Kind::Execution,
            namespace: self.stage.namespace.clone(),
            name: Name::new(of),
            uid: Uid::new(source, of),
        };
        let answer = self.client.get(&execution_path(of)).await?;
        ingest::execution(&run, &answer.body).map_err(|error| NetError::Unreadable(error.to_string()))
    }

    /// Tells what is new; whether more may come.
    async fn tell(&mut self, execution: &Execution) -> Result<bool, Gone> {
        let at = self.stage.uid.raw().rsplit_once('/').and_then(|(_, at)| at.parse().ok());
        let text = self.diff.take(execution, self.stage.name.raw(), at.unwrap_or_default());
        let stage = execution.jobs.jobs.iter().find(|job| job.id.uid == self.stage.uid);
        let waits = stage.is_some_and(|stage| stage.status == RunStatus::Queued);
        if text.is_empty() && !self.opened && waits {
            let message = Safe::of("this stage has not begun: the stages before it run first");
            self.say(LogEvent::Waiting { message }).await?;
            return Ok(true);
        }
        if !self.opened {
            self.opened = true;
            self.say(LogEvent::Opened).await?;
        }
        let mut lines = Lines::default();
        lines.push(text.as_bytes());
        if let Some(chunk) = lines.take() {
            self.say(LogEvent::Lines(chunk)).await?;
        }
        let over = execution.status == RunStatus::Completed;
        // A task whose execution was cancelled runs on, and writes.
        let ended = stage.is_none_or(|stage| stage.status == RunStatus::Completed);
        if over && ended {
            self.say(LogEvent::Ended).await?;
            return Ok(false);
        }
        Ok(true)
    }

    async fn say(&self, event: LogEvent) -> Result<(), Gone> {
        self.tx.send((self.id, event)).await.map_err(|_| Gone)
    }
}

/// Asking again would bring the same.
fn is_hopeless(error: &NetError) -> bool {
    match error {
        NetError::Api { code, .. } => matches!(code, 400..=499) && !matches!(code, 408 | 429),
        NetError::Credential(_) | NetError::Unusable(_) | NetError::Redirected { .. } | NetError::TooLarge { .. } => {
            true
        }
        _ => false,
    }
}
