//! Applications of clusters that do not show them, from the server of their Argo CD (apis.md §2.3): all of them, now
//! and then, for as long as that is wanted.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::model::applications::{Application, ApplicationsRead, ApplicationsTold, ApplicationsWanted, Untold};
use crate::model::source::{Detail, FeedEvent, Object};
use crate::model::{Kind, SourceId};
use crate::net::{ArgoServer, NetError};
use crate::systems::ingest;
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// See the module.
pub(super) struct Served {
    pub(super) client: ArgoServer,
    pub(super) outlet: Outlet,
    pub(super) backoff: Backoff,
}

impl Served {
    pub(super) async fn run(mut self) -> Result<(), Gone> {
        let mut asked: Vec<ApplicationsWanted> = Vec::new();
        let mut due = Instant::now();
        loop {
            let wanted = self.wanted();
            if wanted != asked {
                (due, asked) = (due.min(Instant::now()), wanted);
            }
            if !asked.is_empty() && Instant::now() >= due {
                due = Instant::now() + self.read(&asked).await?;
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

    fn wanted(&mut self) -> Vec<ApplicationsWanted> {
        let interest = self.outlet.interest.borrow_and_update();
        let id = &self.outlet.id;
        let mine = interest.applications.iter().filter(|it| it.source == id.cluster && it.context == id.namespace);
        mine.cloned().collect()
    }

    /// Says what there is, or why that is not known; for how long nothing is asked then.
    async fn read(&mut self, asked: &[ApplicationsWanted]) -> Result<Duration, Gone> {
        let pace = self.outlet.pace;
        let mut wait = self.outlet.between(pace.runs.0);
        for wanted in asked {
            let told = match list(&self.client, wanted.cluster).await {
                Ok(told) => {
                    self.backoff.reset();
                    Ok(told)
                }
                Err(error) => {
                    wait = self.after(&error);
                    let denied = matches!(error.code(), Some(401 | 403)) || matches!(error, NetError::Credential(_));
                    Err(Untold { why: Safe::line(&error.to_string()), denied })
                }
            };
            let read = ApplicationsRead { cluster: wanted.cluster, told };
            self.outlet.tell(FeedEvent::Detail(Detail::Applications(read))).await?;
        }
        Ok(wait)
    }

    fn after(&mut self, error: &NetError) -> Duration {
        let most = self.outlet.pace.runs.1;
        match error {
            NetError::Api { retry_after: Some(after), .. } => (*after).min(most).max(self.backoff.next()),
            error if error.is_passing() => self.backoff.next(),
            // What is refused is not asked for again and again.
            _ => most,
        }
    }
}

async fn list(client: &ArgoServer, cluster: SourceId) -> Result<ApplicationsTold, NetError> {
    let answer = client.applications().await?;
    let odd = |why: String| NetError::Unreadable(format!("{}: {why}; is it Argo CD that answers there?", client.url()));
    // A thousand of them take their time.
    let page = tokio::task::spawn_blocking(move || ingest::page(Kind::Application, cluster, &answer.body)).await;
    let page = page.map_err(|_| odd("the list could not be decoded".to_owned()))?;
    let page = page.map_err(|error| odd(error.to_string()))?;
    let row = |object: Object| match object {
        Object::Application(row) => Some(row),
        _ => None,
    };
    let rows: Vec<std::sync::Arc<Application>> = page.objects.into_iter().filter_map(row).collect();
    Ok(ApplicationsTold { rows, left_out: page.rejected.len() as u64 })
}
