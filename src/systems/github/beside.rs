//! What stands beside the runs of a repository and is read only while somebody looks at it, or a job
//! waits for it: runners, findings of scanners, open secrets. Who may see them is another matter than who
//! may see the runs, so a refusal is told as one and never as "there are none".

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::ingest_beside::{self, PAGE};
use super::repository;
use super::rhythm::Looked;
use super::watch::Watch;
use crate::model::Name;
use crate::model::runners::{Larger, Runner, Runners, RunnersRead};
use crate::model::security::{Analysis, Finding, Part, Rows, Secret, SecurityRead, Unread};
use crate::model::source::{Detail, FeedEvent};
use crate::net::{Etags, GitHub, Listed, NetError, segment};
use crate::safe;
use crate::systems::ingest::IngestError;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Pages of each list; that there are more is told.
const PAGES: usize = 10;

/// Who may see something is seldom another person a minute later.
const REFUSED: Duration = Duration::from_mins(10);

/// A list that is read beside, as it was read last.
#[derive(Debug)]
struct Kept<T, E> {
    etags: Etags,
    last: Option<Result<Arc<Rows<T>>, E>>,
    /// Until when it is not asked for again: a refusal counts as any other answer.
    refused: Option<Instant>,
}

impl<T, E> Default for Kept<T, E> {
    fn default() -> Self {
        Self { etags: Etags::default(), last: None, refused: None }
    }
}

type AllRunners = (Result<Arc<Runners>, Safe>, Result<Arc<Runners>, Safe>, Result<Arc<Rows<Larger>>, Safe>);

#[derive(Debug, Default)]
pub(super) struct Beside {
    runners: Looked,
    own: Kept<Runner, Safe>,
    shared: Kept<Runner, Safe>,
    larger: Kept<Larger, Safe>,
    security: Looked,
    findings: Kept<Finding, Unread>,
    analyses: Kept<Analysis, Unread>,
    secrets: Kept<Secret, Unread>,
}

impl Beside {
    pub(super) fn next(&self) -> Option<Instant> {
        self.runners.next().into_iter().chain(self.security.next()).min()
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        self.runners.refresh();
        self.security.refresh();
        for refused in [&mut self.own.refused, &mut self.shared.refused, &mut self.larger.refused] {
            *refused = None;
        }
        for refused in [&mut self.findings.refused, &mut self.analyses.refused, &mut self.secrets.refused] {
            *refused = None;
        }
    }
}

impl<T, E: Clone> Kept<T, E> {
    /// Reads it; `why`: a failure in words. `None`: it is as it was.
    async fn read(
        &mut self,
        client: &GitHub,
        path: &str,
        decode: fn(&[u8]) -> Result<Rows<T>, IngestError>,
        why: impl Fn(Result<&NetError, &IngestError>) -> E,
    ) -> Option<Result<Arc<Rows<T>>, E>> {
        if self.refused.is_some_and(|until| Instant::now() < until) {
            return self.last.clone();
        }
        self.refused = None;
        let read = match client.list(path, Some(PAGES), &mut self.etags).await {
            Ok(Listed::Unchanged { .. }) => return self.last.clone(),
            Ok(Listed::Pages { bodies, more, .. }) => {
                let mut rows = Rows { more, ..Rows::default() };
                let read = bodies.iter().try_for_each(|body| decode(body).map(|page| rows.and(page)));
                read.map(|()| Arc::new(rows)).map_err(|error| why(Err(&error)))
            }
            Err(error) => {
                let refused = matches!(error, NetError::Api { code: 403 | 404, retry_after: None, .. });
                self.refused = refused.then(|| Instant::now() + REFUSED);
                Err(why(Ok(&error)))
            }
        };
        if read.is_err() {
            self.etags = Etags::default();
        }
        self.last = Some(read.clone());
        Some(read)
    }
}

impl Watch {
    /// Reads what is due of that which somebody looks at.
    pub(super) async fn read_beside(&mut self) -> Result<(), Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow());
        let here = (self.outlet.id.cluster, self.outlet.id.namespace.clone());
        let is_here = |(source, name): &(_, _)| *source == here.0 && Some(name) == here.1.as_ref();
        let Some(name) = here.1.clone() else { return Ok(()) };
        if self.beside.runners.is_due(Instant::now(), interest.runners.iter().any(is_here)) {
            let read = self.read_runners(name.clone()).await;
            self.beside.runners.read(Instant::now(), self.seldom());
            self.outlet.tell(FeedEvent::Detail(Detail::Runners(read))).await?;
            self.tell_quota().await?;
        }
        if self.beside.security.is_due(Instant::now(), interest.security.iter().any(is_here)) {
            let read = Box::new(self.read_security(name).await);
            self.beside.security.read(Instant::now(), self.seldom());
            self.outlet.tell(FeedEvent::Detail(Detail::Security(read))).await?;
            self.tell_quota().await?;
        }
        Ok(())
    }

    fn seldom(&self) -> Duration {
        self.client.paced(self.outlet.between(self.outlet.pace.runs.1))
    }

    async fn read_runners(&mut self, name: Name) -> RunnersRead {
        let (own, shared, larger) = if self.client.limits().anonymous {
            let why = Safe::of("runners are shown to nobody without a token: set GH_TOKEN, or run gh auth login");
            (Err(why.clone()), Err(why.clone()), Err(why))
        } else {
            self.all_runners(name.raw()).await
        };
        RunnersRead { source: self.outlet.id.cluster, repository: name, own, shared, larger }
    }

    /// Those of a repository, those of its organization, and the larger ones that GitHub hosts for it.
    async fn all_runners(&mut self, name: &str) -> AllRunners {
        let owner = name.split('/').next().unwrap_or_default();
        let of_owner = |error: Result<&NetError, &IngestError>| match error {
            Ok(NetError::Api { code: 404, .. }) => {
                safe!("{} is no organization, or its runners are not to be seen (404)", Safe::identity(owner))
            }
            error => unseen(error, "organization Self-hosted runners: read"),
        };
        let of_repository = |error: Result<&NetError, &IngestError>| unseen(error, "Administration: read");
        let (client, beside) = (&self.client, &mut self.beside);
        let path = format!("{}/actions/runners?per_page={PAGE}", repository(name));
        let own = beside.own.read(client, &path, ingest_beside::runners, of_repository).await;
        let path = format!("/orgs/{}/actions/runners?per_page={PAGE}", segment(owner));
        let shared = beside.shared.read(client, &path, ingest_beside::runners, of_owner).await;
        let path = format!("/orgs/{}/actions/hosted-runners?per_page={PAGE}", segment(owner));
        let larger = beside.larger.read(client, &path, ingest_beside::larger, of_owner).await;
        let lost = || Safe::of("it is unchanged, and nothing of it was kept");
        (
            own.unwrap_or_else(|| Err(lost())),
            shared.unwrap_or_else(|| Err(lost())),
            larger.unwrap_or_else(|| Err(lost())),
        )
    }

    async fn read_security(&mut self, name: Name) -> SecurityRead {
        let source = self.outlet.id.cluster;
        if self.client.limits().anonymous {
            // Sixty requests an hour are spent on what runs, and nobody without a name is shown these.
            let why = || Unread::NotAllowed(Safe::of("nobody is named to GitHub: set GH_TOKEN, or run gh auth login"));
            let (findings, analyses, secrets) = (Err(why()), Err(why()), Err(why()));
            return SecurityRead { source, repository: name, findings, analyses, secrets };
        }
        let base = repository(name.raw());
        let client = self.client.clone();
        let beside = &mut self.beside;
        let path = |list: &str| format!("{base}/{list}per_page={PAGE}");
        let open = path("code-scanning/alerts?state=open&sort=created&direction=desc&");
        let findings = beside.findings.read(&client, &open, ingest_beside::findings, unread).await;
        let scans = path("code-scanning/analyses?");
        let analyses = beside.analyses.read(&client, &scans, ingest_beside::analyses, unread).await;
        let open = path("secret-scanning/alerts?state=open&hide_secret=true&");
        let secrets = beside.secrets.read(&client, &open, ingest_beside::secrets, unread).await;
        SecurityRead {
            source,
            repository: name,
            findings: part(findings),
            analyses: part(analyses),
            secrets: part(secrets),
        }
    }
}

fn part<T>(read: Option<Part<T>>) -> Part<T> {
    read.unwrap_or_else(|| Err(Unread::Failed(Safe::of("it is unchanged, and nothing of it was kept"))))
}

/// Why runners are not seen.
fn unseen(error: Result<&NetError, &IngestError>, permission: &'static str) -> Safe {
    match error {
        Ok(NetError::Api { code: code @ (401 | 403 | 404), .. }) => {
            safe!("not allowed to see runners ({}); the token needs {}", i64::from(*code), Safe::of(permission))
        }
        Ok(error) => Safe::line(&error.to_string()),
        Err(error) => Safe::line(&error.to_string()),
    }
}

/// Why nothing is known of findings: off, never scanned, not allowed, or in trouble.
fn unread(error: Result<&NetError, &IngestError>) -> Unread {
    let (code, message) = match error {
        Ok(NetError::Api { code, message, .. }) => (*code, message),
        Ok(error) => return Unread::Failed(Safe::line(&error.to_string())),
        Err(error) => return Unread::Failed(Safe::line(&error.to_string())),
    };
    let (said, lower) = (Safe::line(message), message.to_ascii_lowercase());
    let off = ["not enabled", "must be enabled", "is disabled"].iter().any(|words| lower.contains(words));
    match code {
        404 if lower.contains("no analysis found") => Unread::Never,
        403 | 404 if off => Unread::Off(said),
        401 | 403 => Unread::NotAllowed(safe!("{} ({})", said, i64::from(code))),
        404 => Unread::NotAllowed(safe!("{} (404): it is off, or the token may not see it", said)),
        _ => Unread::Failed(safe!("{} ({})", said, i64::from(code))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_never_scanned_not_allowed_and_trouble_are_four_things() {
        let of = |code: u16, message: &str| {
            let error = NetError::Api { code, reason: String::new(), message: message.to_owned(), retry_after: None };
            unread(Ok(&error))
        };
        let off = |unread: &Unread| matches!(unread, Unread::Off(_));
        let refused = |unread: &Unread| matches!(unread, Unread::NotAllowed(_));
        assert!(off(&of(403, "Advanced Security must be enabled for this repository to use code scanning.")));
        assert!(off(&of(403, "Code scanning is not enabled for this repository. Please enable code scanning.")));
        assert!(off(&of(404, "Secret scanning is disabled on this repository.")));
        assert_eq!(of(404, "no analysis found"), Unread::Never);
        assert!(refused(&of(403, "Resource not accessible by personal access token")));
        assert!(refused(&of(404, "Not Found")));
        assert!(matches!(of(503, "Service Unavailable"), Unread::Failed(_)));
    }
}
