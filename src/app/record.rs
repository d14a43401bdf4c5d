//! The journal behind the loop: intents are written before a request leaves, on the runner's
//! thread; outcomes are appended in order, on a thread of their own.

use std::sync::mpsc as queue;
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::action::{Operation, OperationId, Outcome};
use crate::journal::Journal;
use crate::model::source::SourceScope;
use crate::systems::Intent;
use crate::text::Safe;

/// Writes intents and outcomes.
#[derive(Debug)]
pub struct Recorder {
    journal: Journal,
    /// Somebody asked for no more than looking.
    looks: bool,
    outcomes: queue::Sender<(OperationId, Outcome, Timestamp)>,
    worker: Option<JoinHandle<()>>,
    told: mpsc::UnboundedSender<Result<(), Safe>>,
    news: mpsc::UnboundedReceiver<Result<(), Safe>>,
}

impl Recorder {
    /// Begins to write into the journal.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        let (outcomes, work) = queue::channel::<(OperationId, Outcome, Timestamp)>();
        // Unbounded: a message for each failed write, and the first one is the last.
        let (told, news) = mpsc::unbounded_channel();
        let (writer, tell) = (journal.clone(), told.clone());
        let worker = std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            for (id, outcome, at) in work {
                if let Err(why) = writer.outcome(&id, &outcome, at) {
                    let _ = tell.send(Err(why));
                }
            }
        });
        if let Err(error) = &worker {
            let why = format!("no thread for the journal ({error}): outcomes are not written");
            let _ = told.send(Err(Safe::line(&why)));
        }
        Self { journal, looks: false, outcomes, worker: worker.ok(), told, news }
    }

    /// Looks only, as `--read-only` asks: the journal of this folder is read, and nothing is ever sent.
    #[must_use]
    pub fn looking(journal: Journal) -> Self {
        Self { looks: true, ..Self::new(journal) }
    }

    /// Nothing may be sent, whatever becomes of the journal.
    #[must_use]
    pub const fn looks(&self) -> bool {
        self.looks
    }

    /// What earlier runs left, oldest first. Given away once.
    #[must_use]
    pub fn operations(&self, clusters: &[SourceScope]) -> Vec<Operation> {
        self.journal.take(clusters)
    }

    /// Why nothing can be written, if so.
    #[must_use]
    pub fn read_only(&self) -> Option<Safe> {
        if self.looks { Some(Safe::of("started with --read-only")) } else { self.journal.read_only() }
    }

    /// What the runner calls before it sends; nothing leaves without its `Ok`.
    #[must_use]
    pub fn intent(&self) -> Intent {
        let (journal, told) = (self.journal.clone(), self.told.clone());
        Box::new(move |operation| {
            journal.intent(operation).inspect_err(|why| {
                // A loop that is gone needs no news.
                let _ = told.send(Err(why.clone()));
            })
        })
    }

    /// Appends an outcome.
    pub fn outcome(&self, id: OperationId, outcome: Outcome, at: Timestamp) {
        if self.outcomes.send((id, outcome, at)).is_err() {
            let _ = self.told.send(Err(Safe::of("the journal's thread ended: outcomes are not written")));
        }
    }

    /// Looks whether the instance that holds the journal has ended; [`Self::changed`] tells, also why what it
    /// left cannot be taken over.
    pub fn try_again(&self) {
        if !self.looks && self.journal.is_waiting() {
            let (journal, told) = (self.journal.clone(), self.told.clone());
            tokio::task::spawn_blocking(move || {
                if journal.try_again() || !journal.is_waiting() {
                    // A loop that is gone needs no news.
                    let _ = told.send(journal.read_only().map_or(Ok(()), Err));
                }
            });
        }
    }

    /// Waits until the journal cannot be written any more, which says why, or was taken over.
    pub async fn changed(&mut self) -> Result<(), Safe> {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    /// Writes what is still to be written.
    pub async fn close(self) {
        let Self { outcomes, worker, .. } = self;
        drop(outcomes);
        if let Some(worker) = worker {
            // A panic of the worker was told by the panic hook.
            let _ = tokio::task::spawn_blocking(move || worker.join()).await;
        }
    }
}
