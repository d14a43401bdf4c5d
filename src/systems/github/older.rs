//! Runs that have not ended and are older than the newest page: an approval that has waited for two
//! days is one of those that matter most. Read seldom, by their status, and only where the newest page
//! is not all there is; an answer that has not changed costs nothing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::watch::{Watch, known};
use super::words::Trouble;
use super::{ingest, older_path, run_path};
use crate::model::pipelines::Run;
use crate::model::source::{FeedEvent, Object};
use crate::model::{Kind, Uid};
use crate::net::{Etags, Listed, NetError};
use crate::systems::polled::Gone;

/// GitHub's words for what has not ended. `pending` waits for its turn in a concurrency group, `requested`
/// was made and not yet queued.
const STATUSES: [&str; 5] = ["waiting", "in_progress", "queued", "pending", "requested"];
/// From reading to reading, in times between two lists at rest.
const SELDOM: u32 = 5;
/// Those that ended under our eyes are kept, so that it shows how.
const ENDED: usize = 50;

#[derive(Debug, Default)]
pub(super) struct Older {
    /// There are more than the newest page shows, or it is not told.
    more: bool,
    /// As many, where it was told.
    beyond: u64,
    lists: [OfStatus; STATUSES.len()],
    ended: VecDeque<Arc<Run>>,
}

#[derive(Debug, Default)]
struct OfStatus {
    etags: Etags,
    runs: Vec<Arc<Run>>,
    left_out: u64,
}

impl Older {
    /// What the newest page says of others: so many are older, or nothing.
    pub(super) fn beyond(&mut self, beyond: Option<u64>) {
        if beyond == Some(0) {
            *self = Self::default();
            return;
        }
        (self.more, self.beyond) = (true, beyond.unwrap_or(0));
    }

    pub(super) fn left_out(&self) -> u64 {
        self.lists.iter().map(|list| list.left_out).sum()
    }

    /// Each once; one that moved on between two answers stands in both, and the later one counts.
    fn runs(&self) -> HashMap<Uid, Arc<Run>> {
        let listed = self.lists.iter().flat_map(|list| &list.runs);
        let mut all: HashMap<Uid, Arc<Run>> = HashMap::new();
        for run in self.ended.iter().chain(listed) {
            let newer = all.get(&run.meta.uid).is_none_or(|other| other.updated <= run.updated);
            if newer {
                all.insert(run.meta.uid.clone(), Arc::clone(run));
            }
        }
        all
    }

    /// Those that are in no list any more are not forgotten before it is known how they stand.
    fn hold(&mut self, before: HashMap<Uid, Arc<Run>>) {
        let now = self.runs();
        for (_, run) in before.into_iter().filter(|(uid, _)| !now.contains_key(uid)) {
            self.keep(run);
        }
    }

    fn keep(&mut self, run: Arc<Run>) {
        self.ended.retain(|other| other.meta.uid != run.meta.uid);
        if self.ended.len() >= ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(run);
    }
}

impl Watch {
    /// When they are read next; never where the newest page shows them all, nor without a token, whose
    /// sixty requests an hour are for the list.
    pub(super) fn older_due(&self) -> Option<Instant> {
        (self.older.more && !self.client.limits().anonymous).then(|| self.rhythm.older_due())
    }

    /// The runs of the newest page that go on; those that were there before and are not now are among
    /// the older ones, and are looked for soon.
    pub(super) fn pushed_off(&mut self, active: HashMap<Uid, Arc<Run>>) {
        let before = std::mem::replace(&mut self.active, active);
        if !self.older.more || self.client.limits().anonymous {
            return;
        }
        let off: Vec<_> = before.into_iter().filter(|(uid, _)| !self.rhythm.is_listed(uid)).collect();
        if !off.is_empty() {
            self.rhythm.older_again(Instant::now(), Duration::ZERO);
        }
        for (_, run) in off {
            self.older.keep(run);
        }
    }

    pub(super) async fn read_older(&mut self) -> Result<(), Gone> {
        if self.older_due().is_none_or(|due| due > Instant::now()) {
            return Ok(());
        }
        let before = self.older.runs();
        for at in 0..STATUSES.len() {
            if let Err(wait) = self.read_status(at).await {
                // What is known stays; the list says how the repository stands.
                self.older.hold(before);
                self.rhythm.older_again(Instant::now(), wait);
                return self.tell_quota().await;
            }
        }
        for run in before.into_values() {
            self.left(run).await?;
        }
        let runs = self.older.runs();
        let wait = if self.rhythm.older_is_quick(Instant::now()) {
            self.outlet.pace.runs.0
        } else {
            self.outlet.pace.runs.1.saturating_mul(SELDOM)
        };
        let wait = self.client.paced(self.outlet.between(wait));
        self.rhythm.older_read(Instant::now(), runs.iter().map(|(uid, run)| (uid.clone(), known(run))).collect(), wait);
        self.tell_older().await?;
        self.tell_remaining().await?;
        self.tell_quota().await
    }

    /// Reads those of one status; `Err`: how long until it is worth another try.
    async fn read_status(&mut self, at: usize) -> Result<(), Duration> {
        let path = older_path(self.repository(), STATUSES[at]);
        let cap = self.outlet.pace.cap;
        let list = &mut self.older.lists[at];
        match self.client.list(&path, Some(1), &mut list.etags).await {
            Ok(Listed::Unchanged { .. }) => Ok(()),
            Ok(Listed::Pages { bodies, .. }) => {
                let Some(repository) = &self.outlet.id.namespace else { return Ok(()) };
                let body = bodies.first().map_or(&b""[..], |body| body);
                let Ok(page) = ingest::runs(self.outlet.id.cluster, repository, body) else {
                    list.etags = Etags::default();
                    return Err(cap);
                };
                (list.runs, list.left_out) = (page.runs, page.left_out);
                Ok(())
            }
            Err(error) => Err(match self.trouble(error).await {
                Trouble::Denied(_) => self.outlet.pace.runs.1,
                Trouble::Passing(_, wait) => wait.unwrap_or(cap),
            }),
        }
    }

    /// One that was there: when no list shows it any more it has ended, and is read once to say how.
    async fn left(&mut self, known: Arc<Run>) -> Result<(), Gone> {
        let uid = &known.meta.uid;
        let listed: HashSet<&Uid> =
            self.older.lists.iter().flat_map(|list| &list.runs).map(|run| &run.meta.uid).collect();
        if listed.contains(uid) || self.rhythm.is_listed(uid) {
            return Ok(());
        }
        let kept = self.older.ended.iter().any(|run| run.meta.uid == *uid && !run.is_active());
        let Some(repository) = self.outlet.id.namespace.clone().filter(|_| !kept) else { return Ok(()) };
        let id = crate::model::ObjectId {
            cluster: self.outlet.id.cluster,
            kind: Kind::Run,
            namespace: repository.clone(),
            name: repository.clone(),
            uid: uid.clone(),
        };
        let body = match self.client.get(&run_path(&id)).await {
            Ok(body) => body,
            Err(NetError::Api { code: 404, .. }) => {
                self.older.ended.retain(|run| run.meta.uid != *uid);
                return self.outlet.tell(FeedEvent::Deleted(uid.clone())).await;
            }
            // No news is no end: it stays as it was seen last, and is asked for again.
            Err(_) => {
                self.older.keep(known);
                return Ok(());
            }
        };
        let run = ingest::run(id.cluster, &repository, &body).ok().filter(|run| run.meta.uid == *uid);
        self.older.keep(run.map_or(known, Arc::new));
        Ok(())
    }

    /// Says what is known of them; within a list it keeps them from being taken for gone.
    pub(super) async fn tell_older(&self) -> Result<(), Gone> {
        let rows = self.older.runs().into_values().filter(|run| !self.rhythm.is_listed(&run.meta.uid));
        let rows: Vec<Object> = rows.map(Object::Run).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.outlet.tell(FeedEvent::Applied(rows)).await
    }

    /// How many are older than what is shown.
    pub(super) async fn tell_remaining(&self) -> Result<(), Gone> {
        let shown = self.older.runs().into_keys().filter(|uid| !self.rhythm.is_listed(uid)).count();
        let left = self.older.beyond.saturating_sub(shown as u64);
        self.outlet.tell(FeedEvent::Remaining(left)).await
    }
}
