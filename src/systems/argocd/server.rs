//! How a server of Argo CD is read: whether it answers and knows our token, now and then; and where the objects of
//! an Application differ, while somebody looks at that.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::{Instant, sleep_until};

use super::ingest_server as ingest;
use crate::model::differences::{Difference, Differences, DifferencesRead, DifferencesWanted, KeptId};
use crate::model::source::{Detail, FeedEvent};
use crate::net::{ArgoServer, NetError, Of};
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
    let look = Look { backoff: Backoff::new(outlet.pace.floor, outlet.pace.cap), client, outlet: outlet.clone() };
    tokio::try_join!(beat::run(outlet, ask), look.run()).map(drop)
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
        for wanted in asked {
            let told = of(&self.client, wanted).await;
            match &told {
                Ok(_) => self.backoff.reset(),
                Err(error) => wait = self.after(error),
            }
            let told = told.map(Arc::new).map_err(|error| Safe::line(&error.to_string()));
            let read = DifferencesRead { application: wanted.application.uid.clone(), told };
            self.outlet.tell(FeedEvent::Detail(Detail::Differences(read))).await?;
        }
        Ok(wait)
    }

    /// For how long nothing is asked after trouble.
    fn after(&mut self, error: &NetError) -> Wait {
        let pace = self.outlet.pace;
        let next = match error {
            NetError::Api { retry_after: Some(after), .. } => (*after).min(pace.runs.1).max(self.backoff.next()),
            error if error.is_passing() => self.backoff.next(),
            // What is refused is not shown again and again.
            _ => pace.runs.1,
        };
        Wait { least: if error.is_passing() { next } else { pace.floor }, next }
    }
}

struct Wait {
    /// Also where something else is wanted meanwhile.
    least: Duration,
    next: Duration,
}

/// All that is wanted of an Application.
async fn of(client: &ArgoServer, wanted: &DifferencesWanted) -> Result<Differences, NetError> {
    let id = &wanted.application;
    let of = Of { name: id.name.raw(), namespace: id.namespace.raw(), project: wanted.project.raw() };
    let (owned, all) = (client.clone(), Arc::new(wanted.clone()));
    let asked = wanted.strays.clone().into_iter().map(move |object| {
        let (client, wanted) = (owned.clone(), Arc::clone(&all));
        async move {
            let id = &wanted.application;
            let of = Of { name: id.name.raw(), namespace: id.namespace.raw(), project: wanted.project.raw() };
            let told = managed(&client, of, &object).await;
            (object, told)
        }
    });
    let told: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut objects = Vec::with_capacity(told.len());
    for (object, difference) in told {
        objects.push((object, difference?));
    }
    let odd = |error: serde_json::Error| {
        NetError::Unreadable(format!("{}: {error}; is it Argo CD that answers there?", client.url()))
    };
    let health = if wanted.tree { ingest::tree(&client.tree(of).await?.body).map_err(odd)? } else { Vec::new() };
    let can_sync = if wanted.windows { ingest::can_sync(&client.windows(of).await?.body).map_err(odd)? } else { None };
    Ok(Differences { objects, health, can_sync })
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
