//! How the runs of a repository are read: a list again and again, quicker while something moves, free
//! of charge while nothing has changed; and beside it the jobs of the runs that somebody looks at.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::asides::OnPage;
use super::beside::Beside;
use super::drift::Drift;
use super::folders::Folders;
use super::gates::{Gates, Whose};
use super::older::Older;
use super::past::Past;
use super::rhythm::{Known, Queue, Rhythm};
use super::runs_path;
use super::startable::Startables;
use super::words::{self, Trouble};
use super::workflow::Asked;
use crate::model::Uid;
use crate::model::pipelines::{Quota, Run};
use crate::model::source::{Detail, FeedEvent, FeedStatus, Object};
use crate::net::{Etags, GitHub, Listed, NetError};
use crate::safe;
use crate::systems::apart;
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// Runs that are asked for: the newest page.
const PAGES: usize = 1;
/// Runs of a page with others behind it.
const FULL: u64 = 100;

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: GitHub, outlet: Outlet) -> Result<(), Gone> {
    let watch = Watch {
        backoff: Backoff::new(outlet.pace.floor, outlet.pace.cap),
        stirred: client.stirred(),
        client,
        outlet,
        etags: Etags::default(),
        rhythm: Rhythm::new(Instant::now()),
        jobs_etags: HashMap::new(),
        forgotten: 0,
        queued: Queue::default(),
        past: Past::new(Instant::now()),
        gates: Gates::default(),
        older: Older::default(),
        active: HashMap::new(),
        asked: Asked::default(),
        startables: Startables::default(),
        beside: Beside::default(),
        on_page: OnPage::default(),
        login: Whose::default(),
        folders: Folders::default(),
        drift: Drift::default(),
        listed: false,
        since: None,
        skew: None,
        left_out: 0,
        quota: None,
    };
    watch.run().await
}

/// Made of two clocks that are not read at one moment: finer than that it would be news each time.
fn to_the_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second((time.as_millisecond() + 500).div_euclid(1000)).unwrap_or(time)
}

/// What decides how soon a run is looked at again.
pub(super) fn known(run: &Arc<Run>) -> Known {
    Known { active: run.is_active(), attempt: run.attempt, updated: run.updated }
}

pub(super) struct Watch {
    pub(super) client: GitHub,
    pub(super) outlet: Outlet,
    etags: Etags,
    pub(super) rhythm: Rhythm,
    /// Of the runs that are looked at.
    pub(super) jobs_etags: HashMap<Uid, Etags>,
    /// How often jobs that were read had been forgotten, when it was asked last.
    pub(super) forgotten: u64,
    /// Runs of which somebody asks who waits for a runner.
    pub(super) queued: Queue,
    /// Runs that ended, read for how long their jobs took.
    pub(super) past: Past,
    /// Of the runs that wait for an approval.
    pub(super) gates: Gates,
    /// Runs that have not ended and that the newest page does not show.
    pub(super) older: Older,
    /// The workflow that is about to be started.
    pub(super) asked: Asked,
    /// What can be started by hand, while somebody chooses.
    pub(super) startables: Startables,
    /// Runners, findings, secrets.
    pub(super) beside: Beside,
    /// What stands beside the run whose page is looked at.
    pub(super) on_page: OnPage,
    /// Whose token it is, once that was asked for.
    pub(super) login: Whose,
    /// Runs of the newest page that have not ended: when others push them off it, they go on.
    pub(super) active: HashMap<Uid, Arc<Run>>,
    /// That images are built from.
    pub(super) folders: Folders,
    /// What Git asks for, and how far that is from what runs.
    pub(super) drift: Drift,
    /// There was a whole list.
    listed: bool,
    /// Since when it is in trouble.
    since: Option<Duration>,
    backoff: Backoff,
    skew: Option<i64>,
    left_out: u64,
    quota: Option<Quota>,
    stirred: watch::Receiver<u64>,
}

impl Watch {
    async fn run(mut self) -> Result<(), Gone> {
        loop {
            // Here alone: what is asked for while something is read is not taken for read.
            self.outlet.interest.mark_unchanged();
            if self.rhythm.list_is_due(Instant::now()) {
                self.poll().await?;
            }
            // While the list cannot be read, what hangs on it cannot either.
            if self.since.is_none() {
                self.look().await?;
                self.read_workflow().await?;
                self.read_startables().await?;
                self.read_beside().await?;
                self.read_older().await?;
                self.read_gates().await?;
                self.read_folders().await?;
                self.read_drift().await?;
            }
            let beside = self.folders.next().into_iter().chain(self.drift.next());
            let gates = self.gates.next().into_iter().chain(beside).min().filter(|_| self.since.is_none());
            let until = self.rhythm.next(self.since.is_none());
            let mut until = gates.map_or(until, |gates| gates.min(until));
            if self.since.is_none() {
                until = until.min(self.older_due().unwrap_or(until)).min(self.asked.next().unwrap_or(until));
                until = until.min(self.startables.next().unwrap_or(until));
                until = until.min(self.beside.next().unwrap_or(until));
                until = self.read_queued(until).await?;
                until = self.read_asides(until).await?;
                until = self.look_back(until).await?;
            }
            tokio::select! {
                () = sleep_until(until) => {}
                changed = self.outlet.refresh.changed() => {
                    changed.map_err(|_| Gone)?;
                    self.rhythm.refresh(Instant::now());
                    self.jobs_etags.clear();
                    self.queued.refresh();
                    self.gates.refresh();
                    self.asked.refresh();
                    self.startables.refresh();
                    self.beside.refresh();
                    self.on_page.refresh();
                    self.folders.refresh();
                    self.drift.refresh();
                }
                changed = self.outlet.interest.changed() => changed.map_err(|_| Gone)?,
                changed = self.stirred.changed() => {
                    changed.map_err(|_| Gone)?;
                    self.rhythm.stirred(Instant::now(), self.outlet.pace.floor);
                    self.gates.stirred(Instant::now(), self.outlet.pace.floor);
                    self.on_page.rhythm.stirred(Instant::now(), self.outlet.pace.floor);
                }
            }
        }
    }

    /// Reads the list once and says what came of it.
    async fn poll(&mut self) -> Result<(), Gone> {
        let path = runs_path(self.repository());
        let listed = self.client.list(&path, Some(PAGES), &mut self.etags).await;
        let taken = match listed {
            Ok(Listed::Unchanged { date }) => self.unchanged(date).await.map(|()| Ok(()))?,
            Ok(Listed::Pages { bodies, date, .. }) => {
                let taken = self.take(bodies).await?;
                self.told(date).await?;
                if taken.is_err() {
                    self.etags.forget(&path);
                }
                taken
            }
            Err(error) => Err(self.trouble(error).await),
        };
        match taken {
            Ok(()) => {
                self.backoff.reset();
                self.since = None;
                let wait = self.interval();
                self.rhythm.list_again(Instant::now(), wait);
            }
            Err(trouble) => self.fell(trouble).await?,
        }
        self.tell_quota().await
    }

    pub(super) fn repository(&self) -> &str {
        self.outlet.id.namespace.as_ref().map_or("", |name| name.raw())
    }

    /// Until the next list: something moves, or nothing does.
    fn interval(&self) -> Duration {
        let (busy, idle) = self.outlet.pace.runs;
        let moves = self.rhythm.moves(Instant::now());
        let wanted = self.outlet.between(if moves { busy } else { idle });
        let wanted = wanted + crate::net::jitter(wanted / 10);
        self.client.paced(wanted)
    }

    async fn unchanged(&mut self, date: Option<Timestamp>) -> Result<(), Gone> {
        if self.since.is_some() {
            self.outlet.tell(FeedEvent::Status(FeedStatus::Live)).await?;
        }
        self.told(date).await?;
        self.outlet.tell(FeedEvent::Alive).await
    }

    async fn take(&mut self, bodies: Vec<bytes::Bytes>) -> Result<Result<(), Trouble>, Gone> {
        let Some(repository) = self.outlet.id.namespace.clone() else { return Ok(Ok(())) };
        let source = self.outlet.id.cluster;
        let decoded = apart::decode(move || {
            bodies.iter().map(|body| super::runs(source, &repository, body)).collect::<Result<Vec<_>, _>>()
        });
        let pages = match decoded.await {
            Some(Ok(pages)) => pages,
            Some(Err(odd)) => return Ok(Err(Trouble::Passing(odd, None))),
            None => return Ok(Err(Trouble::Passing(Safe::of("the runs could not be decoded"), None))),
        };
        self.outlet.tell(FeedEvent::ListBegins).await?;
        let (mut runs, mut active) = (HashMap::new(), HashMap::new());
        let mut left_out = 0;
        let mut beyond = pages.iter().filter_map(|page| page.total).max();
        for page in pages {
            beyond = beyond.map(|beyond| beyond.saturating_sub(page.runs.len() as u64 + page.left_out));
            left_out += page.left_out;
            runs.extend(page.runs.iter().map(|run| (run.meta.uid.clone(), known(run))));
            let going_on = page.runs.iter().filter(|run| run.is_active());
            active.extend(going_on.map(|run| (run.meta.uid.clone(), Arc::clone(run))));
            self.outlet.tell(FeedEvent::Applied(page.runs.into_iter().map(Object::Run).collect())).await?;
        }
        // What is listed is not all there is. Where nobody counts them a full page may have older ones.
        let full = runs.len() as u64 + left_out >= FULL;
        self.older.beyond(beyond.or((!full).then_some(0)));
        self.rhythm.listed(runs);
        self.pushed_off(active);
        left_out += self.older.left_out();
        if left_out != self.left_out {
            self.left_out = left_out;
            self.outlet.tell(FeedEvent::LeftOut(left_out)).await?;
        }
        self.tell_older().await?;
        self.listed = true;
        self.outlet.tell(FeedEvent::Listed).await?;
        self.tell_remaining().await?;
        Ok(Ok(()))
    }

    /// What the server's clock shows against ours, when that has changed.
    async fn told(&mut self, date: Option<Timestamp>) -> Result<(), Gone> {
        // Where time runs faster, what a clock seems to be off by is how long the answer took, many times over.
        let Some(date) = date.filter(|_| self.outlet.clock.speed() <= 1.0) else { return Ok(()) };
        let skew = date.as_second() - self.outlet.clock.now().wall.as_second();
        if self.skew.is_none_or(|known| known.abs_diff(skew) > 1) {
            self.skew = Some(skew);
            self.outlet.tell(FeedEvent::Skew(skew)).await?;
        }
        Ok(())
    }

    /// A failure in words.
    pub(super) async fn trouble(&self, error: NetError) -> Trouble {
        let repository = self.repository();
        if let NetError::Moved { to } = &error {
            let name = self.client.name_now(to).await;
            let name = name.map_or_else(|_| Safe::of("something else"), |name| Safe::identity(&name));
            let old = Safe::identity(repository);
            return Trouble::Denied(safe!("{} is called {} now; name it so in the configuration", old, name));
        }
        let token = match &error {
            NetError::Api { code: 401 | 403 | 404, .. } => self.client.identity().await.ok(),
            _ => None,
        };
        let token = token.filter(|(named, _)| *named).map(|(_, from)| from);
        words::trouble(&error, repository, token.as_deref(), self.outlet.clock.now().wall, self.client.host())
    }

    async fn fell(&mut self, trouble: Trouble) -> Result<(), Gone> {
        let mono = self.outlet.clock.now().mono;
        let (message, denied, wait) = match trouble {
            // A wrong token that is shown again and again gets the address locked out.
            Trouble::Denied(message) => (message, true, self.outlet.pace.runs.1),
            Trouble::Passing(message, Some(wait)) => (message, false, wait.max(self.outlet.pace.floor)),
            Trouble::Passing(message, None) => (message, false, self.backoff.next()),
        };
        let since = *self.since.get_or_insert(mono);
        self.rhythm.list_again(Instant::now(), wait);
        let status = words::status(message, denied, self.listed.then_some(since), mono + wait);
        self.outlet.tell(FeedEvent::Status(status)).await
    }

    pub(super) async fn tell_quota(&mut self) -> Result<(), Gone> {
        let limits = self.client.limits();
        let wall = self.outlet.clock.now().wall;
        let quota = Quota {
            limit: limits.limit,
            remaining: limits.remaining,
            reset: limits.reset,
            answers: limits.answers,
            unchanged: limits.unchanged,
            held_until: limits.held.and_then(|(held, _)| wall.checked_add(held).ok()).map(to_the_second),
            why_held: limits.held.map_or_else(|| Safe::of(""), |(_, why)| Safe::of(why)),
            anonymous: limits.anonymous,
        };
        if self.quota.as_ref() != Some(&quota) {
            self.quota = Some(quota.clone());
            self.outlet.tell(FeedEvent::Detail(Detail::Quota(quota))).await?;
        }
        Ok(())
    }
}
