//! How a server of Argo CD is read: whether it answers and knows our token, now and then; and where the objects of
//! an Application differ, while somebody looks at that.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, sleep_until};

use super::ingest_server as ingest;
use super::served::Served;
use crate::model::differences::{Difference, Differences, DifferencesRead, DifferencesWanted, KeptId};
use crate::model::source::{Detail, FeedEvent};
use crate::net::{ArgoServer, Called, NetError, Of};
use crate::systems::beat;
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// Objects of an Application that are asked for at the same time.
const AT_ONCE: usize = 3;

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: ArgoServer, outlet: Outlet) -> Result<(), Gone> {
    let asked = client.clone();
    let ask = move || {
        let client = asked.clone();
        async move {
            let answer = client.may_get().await?;
            let odd = |why: Safe| NetError::Unreadable(format!("{}: {}", client.url(), why.as_str()));
            // Who may get some of them only is told no here, and is right all the same.
            ingest::may(&answer.body).map(drop).map_err(odd)
        }
    };
    let backoff = || Backoff::new(outlet.pace.floor, outlet.pace.cap);
    let served = Served { backoff: backoff(), client: client.clone(), outlet: outlet.clone() };
    let look = Look { backoff: backoff(), client, outlet: outlet.clone() };
    tokio::try_join!(beat::run(outlet, ask), look.run(), served.run()).map(drop)
}

/// Reads what is looked at, one Application after the other.
struct Look {
    client: ArgoServer,
    outlet: Outlet,
    backoff: Backoff,
}

impl Look {
    async fn run(mut self) -> Result<(), Gone> {
        let mut asked: Vec<DifferencesWanted> = Vec::new();
        let (mut due, mut earliest) = (Instant::now(), Instant::now());
        loop {
            let wanted = self.wanted();
            if wanted != asked {
                // What changes many times a second is not asked for as often.
                (due, asked) = (earliest.max(Instant::now()), wanted);
            }
            if !asked.is_empty() && Instant::now() >= due {
                let wait = self.read(&asked).await?;
                earliest = Instant::now() + wait.least;
                due = Instant::now() + wait.next;
            }
            tokio::select! {
                () = sleep_until(due), if !asked.is_empty() => {}
                () = self.outlet.tx.closed() => return Err(Gone),
                changed = self.outlet.refresh.changed() => {
                    changed.map_err(|_| Gone)?;
                    due = Instant::now();
                }
                changed = self.outlet.interest.changed() => changed.map_err(|_| Gone)?,
            }
        }
    }

    /// Those that this server and context is asked for.
    fn wanted(&mut self) -> Vec<DifferencesWanted> {
        let interest = self.outlet.interest.borrow_and_update();
        let id = &self.outlet.id;
        let mine = interest.differences.iter().filter(|it| it.source == id.cluster && it.context == id.namespace);
        mine.cloned().collect()
    }

    async fn read(&mut self, asked: &[DifferencesWanted]) -> Result<Wait, Gone> {
        let pace = self.outlet.pace;
        let mut wait = Wait { least: pace.floor, next: self.outlet.between(pace.runs.0) };
        // Why the rest is not asked for.
        let mut left: Option<Safe> = None;
        for wanted in asked {
            let told = if let Some(why) = &left {
                Err(crate::safe!("not asked for, since another Application was answered so: {}", why))
            } else {
                let (told, error) = of(&self.client, wanted).await;
                let why = error.as_ref().map(words);
                match &error {
                    None => self.backoff.reset(),
                    Some(error) => wait = self.after(error),
                }
                let read = told.is_some();
                let ends = |error: &NetError| is_of_all(error) && !(read && error.code() == Some(403));
                left = why.clone().filter(|_| error.as_ref().is_some_and(ends));
                told.map(Arc::new).ok_or_else(|| why.unwrap_or_default())
            };
            let (application, version) = (wanted.application.uid.clone(), Arc::clone(&wanted.version));
            let read = DifferencesRead { application, version, told };
            self.outlet.tell(FeedEvent::Detail(Detail::Differences(read))).await?;
        }
        Ok(wait)
    }

    /// For how long nothing is asked after trouble.
    fn after(&mut self, error: &NetError) -> Wait {
        let pace = self.outlet.pace;
        let (least, next) = match error {
            NetError::Api { retry_after: Some(after), .. } => {
                let wait = (*after).min(pace.runs.1).max(self.backoff.next());
                (if error.is_passing() { wait } else { pace.floor }, wait)
            }
            error if error.is_passing() => {
                let wait = self.backoff.next();
                (wait, wait)
            }
            // What is refused is not shown again and again, nor is a login that is not known.
            error if is_of_all(error) && error.code() != Some(403) => (self.backoff.next(), pace.runs.1),
            _ => (pace.floor, pace.runs.1),
        };
        Wait { least, next }
    }
}

/// Whoever asks for another Application would hear the same.
fn is_of_all(error: &NetError) -> bool {
    error.is_passing() || error.code().is_some_and(|code| matches!(code, 401 | 403 | 429 | 500..))
}

struct Wait {
    /// Also where something else is wanted meanwhile.
    least: Duration,
    next: Duration,
}

/// All that is wanted of an Application, as far as it is told, and what went wrong: then nothing more is asked for.
async fn of(client: &ArgoServer, wanted: &DifferencesWanted) -> (Option<Differences>, Option<NetError>) {
    let objects = match objects(client, wanted).await {
        Ok(objects) => objects,
        Err(error) => return (None, Some(error)),
    };
    let mut told = Differences { objects, ..Differences::default() };
    let failed = beside(client, wanted, &mut told).await.err();
    (Some(told), failed)
}

/// Where its objects differ. The first is asked for alone: who refuses one would refuse them all.
async fn objects(client: &ArgoServer, wanted: &DifferencesWanted) -> Result<Vec<(KeptId, Difference)>, NetError> {
    let Some((first, rest)) = wanted.strays.split_first() else { return Ok(Vec::new()) };
    let mut objects = vec![object(client.clone(), Arc::new(wanted.clone()), first.clone()).await?];
    let (owned, all) = (client.clone(), Arc::new(wanted.clone()));
    let asked = rest.iter().cloned().map(move |it| object(owned.clone(), Arc::clone(&all), it));
    let rest: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    objects.extend(rest);
    Ok(objects)
}

async fn object(
    client: ArgoServer,
    wanted: Arc<DifferencesWanted>,
    object: KeptId,
) -> Result<(KeptId, Difference), NetError> {
    let told = managed(&client, name(&wanted), &object).await?;
    Ok((object, told))
}

fn name(wanted: &DifferencesWanted) -> Of<'_> {
    let id = &wanted.application;
    Of { name: id.name.raw(), namespace: id.namespace.raw(), project: wanted.project.raw() }
}

/// Health and windows, where they stand nowhere else. Without them what differs is known all the same.
async fn beside(client: &ArgoServer, wanted: &DifferencesWanted, told: &mut Differences) -> Result<(), NetError> {
    let odd = |error: serde_json::Error| {
        NetError::Unreadable(format!("{}: {error}; is it Argo CD that answers there?", client.url()))
    };
    let mut failed = None;
    if wanted.tree {
        match client.tree(name(wanted)).await.and_then(|answer| ingest::tree(&answer.body).map_err(odd)) {
            Ok(health) => told.health = health,
            Err(error) => {
                told.trouble = Some(crate::safe!("the health of its objects is not told: {}", words(&error)));
                failed = Some(error);
            }
        }
    }
    // What only this answer had is no reason to leave out the other.
    if wanted.windows && !failed.as_ref().is_some_and(is_of_all) {
        match client.windows(name(wanted)).await.and_then(|answer| ingest::can_sync(&answer.body).map_err(odd)) {
            Ok(can_sync) => told.can_sync = can_sync,
            Err(error) => {
                let why = crate::safe!("whether a window is closed is not told: {}", words(&error));
                let before = told.trouble.take().map_or_else(Safe::default, |before| crate::safe!("{}; ", before));
                told.trouble = Some(crate::safe!("{}{}", before, why));
                failed = Some(error);
            }
        }
    }
    // Without it the server decides when it is asked.
    if wanted.rights && !failed.as_ref().is_some_and(is_of_all) {
        match may_sync(client, name(wanted)).await {
            Ok(may) => told.may_sync = Some(may),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Which of its names the RBAC knows it by depends on where Argo CD lives: only what both refuse is refused.
async fn may_sync(client: &ArgoServer, of: Of<'_>) -> Result<bool, NetError> {
    for called in [Called::Short, Called::WithNamespace] {
        let answer = client.may(of, "sync", called).await?;
        let odd = |why: Safe| NetError::Unreadable(format!("{}: {}", client.url(), why.as_str()));
        if ingest::may(&answer.body).map_err(odd)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn words(error: &NetError) -> Safe {
    Safe::line(&error.to_string())
}

/// One object; what is wrong with its answer alone costs no other.
async fn managed(client: &ArgoServer, of: Of<'_>, object: &KeptId) -> Result<Difference, NetError> {
    match client.managed(of, object).await {
        Ok(answer) => ingest::difference(&answer.body, object).map_err(|error| {
            NetError::Unreadable(format!("{}: {error}; is it Argo CD that answers there?", client.url()))
        }),
        Err(NetError::TooLarge { limit, .. }) => {
            Ok(Difference::Unread(crate::safe!("its server tells more than {} MiB of it", limit >> 20)))
        }
        Err(error) => Err(error),
    }
}
