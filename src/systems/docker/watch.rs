//! How containers are read: a list, what needs it inspected, then the stream of events. An event, or
//! a minute without one, brings the next list; between two lists there is a floor, however much
//! happens. Beside the quiet stream a ping tells that the engine lives. Without the stream (it broke, or
//! a proxy keeps it back) the list is asked for every few seconds, until there is one again. What the
//! containers on the screen take is read beside it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::{Instant, sleep, sleep_until};

use super::ingest::{self, Inspected, Listing};
use crate::model::docker::{Counted, DockerContainer};
use crate::model::source::{FeedEvent, FeedStatus, Object};
use crate::net::{BodyStream, Docker, NetError, segment};
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// Everything is listed again after so long without an event.
const AGAIN: Duration = Duration::from_mins(1);
/// Between an event and the list it brings: others come with it.
const GATHER: Duration = Duration::from_millis(200);
/// Inspections for one list; what is left over has its turn with the next.
const INSPECTIONS: usize = 200;
const AT_ONCE: usize = 8;
/// Of an event; a longer one is passed over.
const EVENT_LIMIT: usize = 256 << 10;

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: Docker, outlet: Outlet) -> Result<(), Gone> {
    let backoff = Backoff::new(outlet.pace.floor, outlet.pace.cap);
    let mut watch = Watch {
        client,
        outlet,
        backoff,
        known: HashMap::new(),
        counted: HashMap::new(),
        shown: None,
        since: None,
        said: FeedStatus::Connecting,
    };
    loop {
        let trouble = match watch.session().await {
            Ok(never) => match never {},
            Err(trouble) => trouble,
        };
        watch.after(trouble).await?;
    }
}

enum Trouble {
    Gone,
    Net(NetError),
    Wrong(Safe),
}

impl From<NetError> for Trouble {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

impl From<Gone> for Trouble {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// What was told of a container when its state was this.
struct Known {
    state: String,
    told: Inspected,
}

pub(super) struct Watch {
    pub(super) client: Docker,
    pub(super) outlet: Outlet,
    backoff: Backoff,
    known: HashMap<String, Known>,
    /// What was counted last of the containers that are looked at.
    pub(super) counted: HashMap<String, Counted>,
    /// The list as it was told last.
    shown: Option<Listing>,
    /// Monotonic: since when there is trouble.
    since: Option<Duration>,
    said: FeedStatus,
}

enum Never {}

impl Watch {
    /// From a connection to its end.
    async fn session(&mut self) -> Result<Never, Trouble> {
        self.client.negotiate().await?;
        // Opened before the list, so that nothing between the two is missed.
        let mut events = self.events().await?;
        self.known.clear();
        self.list().await?;
        self.backoff.reset();
        let mut listed = Instant::now();
        let mut due = listed + again(events.as_ref(), self.outlet.pace.runs.0);
        let mut beat = listed + self.outlet.pace.beat;
        let mut count = listed;
        let mut reopen = listed + self.outlet.pace.cap;
        loop {
            tokio::select! {
                ids = heard(&mut events) => match ids {
                    Ok(ids) if ids.is_empty() => {}
                    Ok(ids) => {
                        for id in ids {
                            self.known.remove(&id);
                        }
                        due = due.min((Instant::now() + GATHER).max(listed + self.outlet.pace.floor));
                    }
                    // Whether the engine itself is gone, the next list tells.
                    Err(why) => {
                        tracing::info!(why = why.as_str(), "the list is asked for again and again");
                        events = None;
                        reopen = Instant::now() + self.outlet.pace.cap;
                        due = due.min(Instant::now() + GATHER);
                    }
                },
                () = sleep_until(due) => {
                    if events.is_none() && reopen <= Instant::now() {
                        events = self.events().await?;
                        reopen = Instant::now() + self.outlet.pace.cap;
                    }
                    if events.is_none() {
                        self.known.clear();
                    }
                    self.list().await?;
                    listed = Instant::now();
                    due = listed + again(events.as_ref(), self.outlet.pace.runs.0);
                }
                () = sleep_until(beat) => {
                    self.client.get("/_ping").await?;
                    self.outlet.tell(FeedEvent::Alive).await?;
                    beat = Instant::now() + self.outlet.pace.beat;
                }
                () = sleep_until(count), if self.is_looked_at() => {
                    self.count().await?;
                    count = Instant::now() + self.outlet.pace.jobs;
                }
                changed = self.outlet.interest.changed() => changed.map_err(|_| Trouble::Gone)?,
                changed = self.outlet.refresh.changed() => {
                    changed.map_err(|_| Trouble::Gone)?;
                    self.known.clear();
                    due = Instant::now();
                }
                () = self.outlet.tx.closed() => return Err(Trouble::Gone),
            }
        }
    }

    /// The stream of events; `None` where this engine (or what stands before it) gives none.
    async fn events(&self) -> Result<Option<Events>, Trouble> {
        match self.client.open("/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D").await {
            Ok(body) => Ok(Some(Events { body, rest: Vec::new(), skipping: false })),
            Err(error @ NetError::Api { .. }) => {
                tracing::info!(%error, "no stream of events; the list is asked for again and again");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn list(&mut self) -> Result<(), Trouble> {
        let answer = self.client.get("/containers/json?all=true").await?;
        let mut listing = ingest::list(self.outlet.id.cluster, &answer.body)
            .map_err(|error| Trouble::Wrong(Safe::line(&error.to_string())))?;
        self.inspect(&listing.containers).await;
        for container in &mut listing.containers {
            if let Some(known) = self.known.get(container.meta.uid.raw()) {
                ingest::add(container, &known.told);
            }
        }
        self.tell(listing).await?;
        Ok(())
    }

    /// Inspects what is new, has another state than before, or had an event: those that are not well
    /// first. One that cannot be inspected (it may be gone by now) is shown as it was listed.
    async fn inspect(&mut self, containers: &[DockerContainer]) {
        let listed: HashSet<&str> = containers.iter().map(|row| row.meta.uid.raw()).collect();
        self.known.retain(|id, _| listed.contains(id.as_str()));
        let state = |row: &DockerContainer| {
            let health = row.health.as_ref().map_or("", Safe::as_str);
            format!("{} {health} {:?}", row.state.as_str(), row.exit_code)
        };
        let stale =
            |row: &&DockerContainer| self.known.get(row.meta.uid.raw()).is_none_or(|known| known.state != state(row));
        let mut wanted: Vec<&DockerContainer> = containers.iter().filter(stale).collect();
        wanted.sort_by_key(|row| row.state.as_str() == "running");
        wanted.truncate(INSPECTIONS);
        let wanted: Vec<(String, String)> =
            wanted.into_iter().map(|row| (row.meta.uid.raw().to_owned(), state(row))).collect();
        let client = self.client.clone();
        let asked = wanted.into_iter().map(move |(id, state)| inspected(client.clone(), id, state));
        let told: Vec<_> = futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        self.known.extend(told.into_iter().flatten());
    }

    async fn tell(&mut self, listing: Listing) -> Result<(), Gone> {
        let live = self.said == FeedStatus::Live;
        self.since = None;
        if live && self.shown.as_ref() == Some(&listing) {
            return self.outlet.tell(FeedEvent::Alive).await;
        }
        self.outlet.tell(FeedEvent::ListBegins).await?;
        let objects = listing.containers.iter().cloned().map(|row| Object::Container(row.into())).collect();
        self.outlet.tell(FeedEvent::Applied(objects)).await?;
        self.outlet.tell(FeedEvent::LeftOut(listing.left_out)).await?;
        self.outlet.tell(FeedEvent::Listed).await?;
        self.shown = Some(listing);
        self.said = FeedStatus::Live;
        Ok(())
    }

    /// Says what is wrong and waits: less when the operator asks for it.
    async fn after(&mut self, trouble: Trouble) -> Result<(), Gone> {
        let wait = self.backoff.next();
        let now = self.outlet.clock.now().mono;
        let retry_at = Some(now + wait);
        let (message, denied) = match trouble {
            Trouble::Gone => return Err(Gone),
            Trouble::Wrong(message) => (message, false),
            Trouble::Net(error) => {
                let text = error.to_string();
                (
                    Safe::line(&text),
                    matches!(error.code(), Some(401 | 403)) || text.contains("may not be opened by you"),
                )
            }
        };
        let status = match (&self.shown, denied) {
            (_, true) => FeedStatus::Denied { message },
            (Some(_), false) => FeedStatus::Stale { since: *self.since.get_or_insert(now), message, retry_at },
            (None, false) => FeedStatus::Failed { message, retry_at },
        };
        if status != self.said {
            self.said = status.clone();
            self.outlet.tell(FeedEvent::Status(status)).await?;
        }
        tokio::select! {
            () = sleep(wait) => Ok(()),
            () = self.outlet.tx.closed() => Err(Gone),
            changed = self.outlet.refresh.changed() => changed.map_err(|_| Gone),
        }
    }
}

async fn inspected(client: Docker, id: String, state: String) -> Option<(String, Known)> {
    let answer = client.get(&format!("/containers/{}/json", segment(&id))).await.ok()?;
    Some((id, Known { state, told: ingest::inspect(&answer.body).ok()? }))
}

fn again(events: Option<&Events>, polled: Duration) -> Duration {
    if events.is_some() { AGAIN } else { polled }
}

/// What the stream says next; never anything without one.
async fn heard(events: &mut Option<Events>) -> Result<Vec<String>, Safe> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

/// The stream of events, line by line.
struct Events {
    body: BodyStream,
    rest: Vec<u8>,
    skipping: bool,
}

impl Events {
    /// Ids of the containers that changed. Safe to drop while it waits.
    async fn next(&mut self) -> Result<Vec<String>, Safe> {
        let Some(bytes) = self.body.chunk().await.map_err(|error| Safe::line(&error.to_string()))? else {
            return Err(Safe::of("the engine closed the stream of events"));
        };
        let mut ids = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if !self.skipping && self.rest.len() + piece.len() <= EVENT_LIMIT {
                self.rest.extend_from_slice(piece);
            } else {
                self.rest.clear();
                self.skipping = !whole;
            }
            if whole {
                ids.extend(ingest::event(&self.rest).filter(|event| event.changes).map(|event| event.id));
                self.rest.clear();
            }
        }
        Ok(ids)
    }
}
