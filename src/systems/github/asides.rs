//! What stands beside a run while its page is looked at: one of it at a time, so that the lists keep
//! their rhythm; each with its ETags, so that what has not changed costs nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::rhythm::Asides;
use super::watch::Watch;
use super::words::Trouble;
use super::{
    annotations_path, artifacts_path, attempt_path, checks_path, deployments_path, ingest, ingest_asides, statuses_path,
};
use crate::model::asides::{Annotations, Aside, AsideRead, Attempt, Deployed, Pages, Told, Wanted, What};
use crate::model::source::{Detail, FeedEvent};
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::net::{Etags, Listed, NetError};
use crate::systems::ingest::IngestError;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Pages of checks and of artifacts: a commit of a large repository has hundreds.
const PAGES: usize = 3;

/// What was read, for the answers that say "unchanged".
#[derive(Debug, Default)]
pub(super) struct OnPage {
    pub(super) rhythm: Asides,
    held: HashMap<Aside, Held>,
}

#[derive(Debug, Default)]
struct Held {
    etags: Etags,
    /// Of deployments: they and their statuses come in several answers.
    deployed: Vec<Deployed>,
}

/// Why there is nothing to tell.
enum Not {
    /// It is as it was told last.
    New,
    Net(NetError),
    Odd(IngestError),
}

impl From<NetError> for Not {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

impl From<IngestError> for Not {
    fn from(error: IngestError) -> Self {
        Self::Odd(error)
    }
}

impl OnPage {
    pub(super) fn refresh(&mut self) {
        self.rhythm.refresh();
        self.held.clear();
    }
}

impl Watch {
    /// Reads one thing that is due, if there is time until `until`; when there is something to do next.
    pub(super) async fn read_asides(&mut self, until: Instant) -> Result<Instant, Gone> {
        let now = Instant::now();
        let wanted = self.wanted_asides();
        let due = self.on_page.rhythm.due(now, &wanted);
        self.on_page.held.retain(|aside, _| wanted.iter().any(|one| one.aside == *aside));
        let next = |watch: &Self| watch.on_page.rhythm.next().map_or(until, |next| next.min(until));
        let Some(one) = due.filter(|_| until > now) else { return Ok(next(self)) };
        if self.client.limits().anonymous {
            // Sixty requests an hour are spent on what runs.
            let why = Safe::of("not read without a token: GitHub answers 60 requests an hour then");
            self.on_page.rhythm.again(now, &one.aside, self.outlet.pace.runs.1);
            self.tell_aside(one.aside, Err(why)).await?;
            return Ok(Instant::now());
        }
        let wait = self.read_aside(&one).await?;
        match wait {
            Some(wait) => self.on_page.rhythm.again(Instant::now(), &one.aside, wait),
            None => self.on_page.rhythm.settled(Instant::now(), &one.aside),
        }
        self.tell_quota().await?;
        // The rest of it comes at once, after what else is due.
        Ok(Instant::now())
    }

    fn wanted_asides(&self) -> Vec<Wanted> {
        let (interest, here) = (self.outlet.interest.borrow(), &self.outlet.id);
        let ours =
            |one: &&Wanted| one.aside.source == here.cluster && Some(&one.aside.repository) == here.namespace.as_ref();
        interest.asides.iter().filter(ours).cloned().collect()
    }

    /// The time until it is read again; `None`: never by itself.
    async fn read_aside(&mut self, one: &Wanted) -> Result<Option<Duration>, Gone> {
        let paces = self.outlet.pace.runs;
        let wait = Asides::wait(one.moves, paces).map(|wait| self.client.paced(self.outlet.between(wait)));
        let mut held = self.on_page.held.remove(&one.aside).unwrap_or_default();
        let came = self.ask_aside(&one.aside, &mut held).await;
        if matches!(came, Err(Not::Odd(_))) {
            // Nothing was made of it: "unchanged" would say that something was.
            held = Held::default();
        }
        self.on_page.held.insert(one.aside.clone(), held);
        let (told, wait) = match came {
            Ok(told) => (Ok(Arc::new(told)), wait),
            Err(Not::New) => return Ok(wait),
            Err(Not::Odd(error)) => (Err(Safe::line(&error.to_string())), Some(paces.1)),
            Err(Not::Net(error)) => match self.trouble(error).await {
                Trouble::Denied(message) => (Err(message), Some(paces.1)),
                Trouble::Passing(message, wait) => (Err(message), Some(wait.unwrap_or(self.outlet.pace.cap))),
            },
        };
        self.tell_aside(one.aside.clone(), told).await?;
        Ok(wait)
    }

    async fn tell_aside(&self, aside: Aside, told: Result<Arc<Told>, Safe>) -> Result<(), Gone> {
        self.outlet.tell(FeedEvent::Detail(Detail::Aside(AsideRead { aside, told }))).await
    }

    async fn ask_aside(&self, aside: &Aside, held: &mut Held) -> Result<Told, Not> {
        let of = &aside.repository;
        match &aside.what {
            What::Checks { sha } => {
                let read = |page: &[u8]| ingest_asides::checks(aside.source, page);
                self.whole(&checks_path(of, sha), held, read).await.map(Told::Checks)
            }
            What::Annotations { check } => self.annotations(&annotations_path(of, check), held).await,
            What::Attempt { run, number } => self.attempt(aside, run, *number, held).await,
            What::Artifacts { run } => {
                self.whole(&artifacts_path(of, run), held, ingest_asides::artifacts).await.map(Told::Artifacts)
            }
            What::Deployments { environment } => self.deployments(aside, environment, held).await,
        }
    }

    /// A list that counts itself, up to a few pages.
    async fn whole<T>(
        &self,
        path: &str,
        held: &mut Held,
        read: impl Fn(&[u8]) -> Result<Pages<T>, IngestError>,
    ) -> Result<Pages<T>, Not> {
        let Listed::Pages { bodies, more, .. } = self.client.list(path, Some(PAGES), &mut held.etags).await? else {
            return Err(Not::New);
        };
        let mut all = Pages { more, ..Pages::default() };
        for body in bodies {
            all.add(read(&body)?);
        }
        Ok(all)
    }

    /// The first pages of a list that has changed.
    async fn pages(&self, path: &str, most: usize, held: &mut Held) -> Result<Vec<bytes::Bytes>, Not> {
        match self.client.list(path, Some(most), &mut held.etags).await? {
            Listed::Unchanged { .. } => Err(Not::New),
            Listed::Pages { bodies, .. } => Ok(bodies),
        }
    }

    async fn annotations(&self, path: &str, held: &mut Held) -> Result<Told, Not> {
        let mut all = Annotations::default();
        let pages = self.pages(path, 1, held).await?;
        for page in &pages {
            all = ingest_asides::annotations(page)?;
        }
        // A page that is full may not be the last one.
        all.more = all.rows.len() as u64 + all.left_out >= 100;
        Ok(Told::Annotations(all))
    }

    /// Both halves never change by themselves: they are asked for once.
    async fn attempt(&self, aside: &Aside, uid: &Uid, number: u32, held: &mut Held) -> Result<Told, Not> {
        let path = attempt_path(&aside.repository, uid, number);
        let body = self.client.get(&path).await?;
        let run = ingest::run(aside.source, &aside.repository, &body)?;
        let id = ObjectId { uid: uid.clone(), kind: Kind::Run, ..run.id() };
        held.etags = Etags::default();
        let pages = self.pages(&format!("{path}/jobs?per_page=100"), 50, held).await?;
        let jobs = ingest::jobs(&id, number, &pages)?;
        Ok(Told::Attempt(Box::new(Attempt { run: Arc::new(run), jobs: Arc::new(jobs) })))
    }

    /// The newest deployments, each with what it came to.
    async fn deployments(&self, aside: &Aside, environment: &Name, held: &mut Held) -> Result<Told, Not> {
        let path = deployments_path(&aside.repository, environment);
        let (mut news, mut listed) = (false, false);
        match self.pages(&path, 1, held).await {
            Err(Not::New) => {}
            Err(other) => return Err(other),
            Ok(pages) => {
                (news, listed) = (true, true);
                let found = ingest_asides::deployments(aside.source, pages.first().map_or(&b"[]"[..], |page| page))?;
                let known = std::mem::take(&mut held.deployed);
                held.deployed = found.rows;
                // "Unchanged" speaks of a status that was read before.
                for row in &mut held.deployed {
                    if let Some(before) = known.iter().find(|before| before.id == row.id) {
                        (row.state, row.since) = (before.state.clone(), before.since);
                    }
                }
            }
        }
        for at in 0..held.deployed.len() {
            if !listed && at > 1 && is_over(&held.deployed[at]) {
                continue;
            }
            let path = statuses_path(&aside.repository, &held.deployed[at].id);
            let pages = match self.pages(&path, 1, held).await {
                Err(Not::New) => continue,
                pages => pages?,
            };
            let Some(stands) = ingest_asides::stands(pages.first().map_or(&b"[]"[..], |page| page))? else { continue };
            let row = &mut held.deployed[at];
            (row.state, row.since) = (Some(stands.state), stands.since);
            row.description = stands.description.or_else(|| row.description.clone());
            news = true;
        }
        if news { Ok(Told::Deployments(held.deployed.clone())) } else { Err(Not::New) }
    }
}

/// A deployment before the last two stays as it is until there is another one.
fn is_over(row: &Deployed) -> bool {
    row.state.as_ref().is_some_and(|state| matches!(state.as_str(), "success" | "failure" | "error" | "inactive"))
}
