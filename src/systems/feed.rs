//! One list+watch, the same for every kind of every system: list page by page, watch from there,
//! list again when the server has forgotten the place (410), say at every turn how it stands.
//!
//! What is known stays on the screen until a whole new list is there. Every wait is a back-off with
//! jitter that the state shows; a refresh and a server that came back end it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::apart;
use super::heartbeat::Health;
use super::ingest;
use super::pace::{Backoff, Pace};
use super::recent::Recent;
use super::standing::FLOODS;
use super::stream::{Batch, Lines};
use crate::clock::Clock;
use crate::model::Kind;
use crate::model::source::{FeedEvent, FeedId, FeedStatus};
use crate::net::{NetError, ReadStack};
use crate::text::Safe;

/// Objects of a page.
const PAGE: usize = 500;
/// A watch that the server should have ended is ended by us this long after.
const OVERTIME: Duration = Duration::from_secs(5);
/// Pages of a list; a server that names more has lost its way.
const PAGES: usize = 10_000;

/// What every feed of a cluster is made of.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) read: ReadStack,
    pub(super) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    pub(super) health: watch::Receiver<Health>,
    /// Counts the operator's refreshes.
    pub(super) refresh: watch::Receiver<u64>,
}

/// See the module.
pub(super) struct Feed {
    pub(super) id: FeedId,
    pub(super) parts: Parts,
    /// Path and fixed query.
    pub(super) place: (String, String),
    /// A whole list was read once; survives a restart of the task.
    pub(super) has_data: Arc<AtomicBool>,
    /// Where the watch goes on; `None` = list first.
    pub(super) resource_version: Option<Arc<str>>,
    pub(super) backoff: Backoff,
    /// 410s since a watch last held.
    pub(super) expired: u32,
    /// Watches in a row that ended early without a word.
    pub(super) floods: u32,
    /// Since when it is in trouble.
    pub(super) since: Option<Duration>,
    pub(super) said: FeedStatus,
    pub(super) recoveries: u64,
    pub(super) skew: Option<i64>,
    /// Objects of the last list that could not be decoded, as told.
    pub(super) left_out: u64,
    pub(super) recent: Option<Recent>,
}

/// Why something could not be read.
pub(super) enum Trouble {
    /// The loop is gone; so is the feed.
    Gone,
    /// 410: the place is forgotten.
    Expired,
    Net(NetError),
    /// The answer was no such answer.
    Wrong(Safe),
}

impl From<NetError> for Trouble {
    fn from(error: NetError) -> Self {
        if error.code() == Some(410) { Self::Expired } else { Self::Net(error) }
    }
}

impl From<ingest::IngestError> for Trouble {
    fn from(error: ingest::IngestError) -> Self {
        Self::Wrong(Safe::line(&error.to_string()))
    }
}

/// How a watch came to its end.
enum End {
    /// After its time, or with something said: go on at once.
    Done,
    /// Too early.
    Early,
    Refresh,
    /// The server is back; the stream may be a dead one.
    Recovered,
}

impl Feed {
    pub(super) fn new(id: FeedId, place: (String, String), parts: Parts, has_data: Arc<AtomicBool>) -> Self {
        let recent = (id.kind == Kind::Event).then(Recent::default);
        let backoff = Backoff::new(parts.pace.floor, parts.pace.cap);
        let recoveries = parts.health.borrow().recoveries;
        Self {
            id,
            parts,
            place,
            has_data,
            resource_version: None,
            backoff,
            expired: 0,
            floods: 0,
            since: None,
            said: FeedStatus::Connecting,
            recoveries,
            skew: None,
            left_out: 0,
            recent,
        }
    }

    /// Until the loop is gone.
    pub(super) async fn run(mut self) {
        loop {
            let turn = match self.resource_version.clone() {
                None => self.list().await,
                Some(from) => self.watch(&from).await,
            };
            let went_on = match turn {
                Ok(End::Done) => true,
                Ok(End::Recovered) => {
                    self.came_back();
                    true
                }
                Ok(End::Refresh) => {
                    self.resource_version = None;
                    true
                }
                Ok(End::Early) => self.after_early_end().await,
                Err(trouble) => self.after(trouble).await,
            };
            if !went_on {
                return;
            }
        }
    }

    async fn list(&mut self) -> Result<End, Trouble> {
        let mut token: Option<String> = None;
        let mut left_out = 0;
        let began = (Instant::now(), self.parts.clock.now().mono);
        for page in 0..PAGES {
            let (read, path, deadline) =
                (self.parts.read.clone(), self.list_path(token.as_deref()), self.list_deadline());
            let asked = async move { read.get_once(&path, deadline).await };
            let Some(answer) = self.attentive(asked, Some(began)).await? else { return Ok(End::Recovered) };
            if page == 0 {
                self.tell(FeedEvent::ListBegins).await?;
            }
            let (kind, cluster) = (self.id.kind, self.id.cluster);
            let decoded = apart::decode(move || ingest::page(kind, cluster, &answer.body)).await;
            let decoded = decoded.ok_or_else(|| Trouble::Wrong(Safe::of("the page could not be decoded")))??;
            for rejected in &decoded.rejected {
                tracing::warn!(kind = kind.as_str(), name = rejected.name.as_str(), error = %rejected.error, "object left out");
            }
            left_out += decoded.rejected.len() as u64;
            self.apply(Batch::applied(decoded.objects)).await?;
            match decoded.continue_token.filter(|next| !next.is_empty()) {
                Some(next) if token.as_ref() == Some(&next) => {
                    return Err(Trouble::Wrong(Safe::of("the list never ends: the same page is named again")));
                }
                Some(next) => {
                    if let Some(remaining) = decoded.remaining {
                        self.tell(FeedEvent::Remaining(remaining)).await?;
                    }
                    token = Some(next);
                }
                None => return self.listed(decoded.resource_version, left_out).await.map(|()| End::Done),
            }
        }
        Err(Trouble::Wrong(Safe::of("the list never ends")))
    }

    async fn listed(&mut self, resource_version: Arc<str>, left_out: u64) -> Result<(), Trouble> {
        if resource_version.is_empty() {
            return Err(Trouble::Wrong(Safe::of("the list names no resourceVersion")));
        }
        self.resource_version = Some(resource_version);
        self.has_data.store(true, Ordering::Relaxed);
        if left_out != self.left_out {
            self.left_out = left_out;
            self.tell(FeedEvent::LeftOut(left_out)).await?;
        }
        // `Listed` makes the feed live in the state; a server that is down since is said again.
        self.tell(FeedEvent::Listed).await?;
        self.said = FeedStatus::Live;
        self.since = None;
        let down = self.parts.health.borrow_and_update().down.clone();
        match down {
            Some(down) => self.fell(down).await,
            None => Ok(()),
        }
    }

    async fn watch(&mut self, from: &str) -> Result<End, Trouble> {
        let opened = Instant::now();
        self.recoveries = self.parts.health.borrow().recoveries;
        let (read, path) = (self.parts.read.clone(), self.watch_path(from));
        let asked = async move { read.open(&path).await };
        let Some(stream) = self.attentive(asked, None).await? else { return Ok(End::Recovered) };
        let mut lines = Lines::new(self.id.kind, self.id.cluster, stream);
        if self.floods < FLOODS {
            self.live().await?;
        }
        let pace = self.parts.pace;
        let overtime = opened + pace.watch + OVERTIME;
        // A watch that stays open is one that works, also if nothing happens.
        let mut holds = Some(opened + pace.early);
        let mut spoke = false;
        loop {
            tokio::select! {
                biased;
                changed = self.parts.health.changed() => {
                    changed.map_err(|_| Trouble::Gone)?;
                    if self.heartbeat(true).await? {
                        return Ok(End::Recovered);
                    }
                }
                changed = self.parts.refresh.changed() => {
                    changed.map_err(|_| Trouble::Gone)?;
                    return Ok(End::Refresh);
                }
                batch = lines.next() => {
                    let Some(batch) = batch? else {
                        // Words or not: nothing is asked for more than once in the floor's time.
                        let early = opened.elapsed() < if spoke { pace.floor } else { pace.early };
                        return Ok(if early { End::Early } else { End::Done });
                    };
                    spoke |= batch.changes > 0;
                    if batch.changes > 0 {
                        self.held().await?;
                    }
                    self.take(batch).await?;
                }
                () = sleep_until(holds.unwrap_or(overtime)) => {
                    if holds.take().is_none() {
                        return Ok(End::Done);
                    }
                    self.held().await?;
                }
            }
        }
    }

    /// Waits for an answer with an ear for the heartbeat; `None` when the server came back meanwhile
    /// and the question is to be asked anew. `listing`: since when a list is read (both clocks).
    async fn attentive<T>(
        &mut self,
        asked: impl Future<Output = Result<T, NetError>>,
        listing: Option<(Instant, Duration)>,
    ) -> Result<Option<T>, Trouble> {
        let mut asked = std::pin::pin!(asked);
        let mut long = listing.filter(|_| self.has_data.load(Ordering::Relaxed));
        let patience = self.parts.pace.relist;
        loop {
            tokio::select! {
                biased;
                answer = &mut asked => return Ok(Some(answer?)),
                changed = self.parts.health.changed() => {
                    changed.map_err(|_| Trouble::Gone)?;
                    if self.heartbeat(false).await? {
                        return Ok(None);
                    }
                }
                began = after(long, patience) => {
                    long = None;
                    self.reads_long(began).await?;
                }
            }
        }
    }

    /// What a watch brought.
    async fn take(&mut self, batch: Batch) -> Result<(), Trouble> {
        if let Some(version) = batch.resource_version.clone() {
            self.resource_version = Some(version);
        }
        let failed = batch.failed.clone();
        if batch.is_empty() {
            self.tell(FeedEvent::Alive).await?;
        }
        self.apply(batch).await?;
        match failed {
            None => Ok(()),
            Some(super::stream::Failed::Status { code: 410, .. }) => Err(Trouble::Expired),
            Some(super::stream::Failed::Status { code, reason, message }) => Err(Trouble::Net(NetError::Api {
                code,
                reason: reason.as_str().to_owned(),
                message: message.as_str().to_owned(),
                retry_after: None,
            })),
            Some(super::stream::Failed::Wrong(message)) => {
                // The same frame would come again; a list goes around it.
                self.resource_version = None;
                Err(Trouble::Wrong(message))
            }
        }
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), Trouble> {
        for event in batch.events {
            let over = match (&mut self.recent, &event) {
                (Some(recent), FeedEvent::Applied(objects)) => recent.applied(objects),
                (Some(recent), FeedEvent::Deleted(uid)) => {
                    recent.deleted(uid);
                    Vec::new()
                }
                _ => Vec::new(),
            };
            self.tell(event).await?;
            for uid in over {
                self.tell(FeedEvent::Deleted(uid)).await?;
            }
        }
        Ok(())
    }

    fn list_deadline(&self) -> Duration {
        self.parts.read.deadlines().list
    }

    fn list_path(&self, token: Option<&str>) -> String {
        let (path, fixed) = &self.place;
        let mut query = format!("limit={PAGE}");
        if let Some(token) = token {
            query = format!("{query}&continue={}", crate::net::segment(token));
        }
        if !fixed.is_empty() {
            query = format!("{fixed}&{query}");
        }
        format!("{path}?{query}")
    }

    fn watch_path(&self, from: &str) -> String {
        let (path, fixed) = &self.place;
        let join = if fixed.is_empty() { "" } else { "&" };
        let seconds = self.parts.pace.watch.as_secs().max(1);
        let from = crate::net::segment(from);
        format!("{path}?{fixed}{join}watch=1&resourceVersion={from}&allowWatchBookmarks=true&timeoutSeconds={seconds}")
    }
}

/// The list began so long ago; never when there is none.
async fn after(listing: Option<(Instant, Duration)>, patience: Duration) -> Duration {
    match listing {
        Some((began, mono)) => {
            sleep_until(began + patience).await;
            mono
        }
        None => std::future::pending().await,
    }
}
