//! The way to GitHub Actions. Reading asks again by itself never: who polls has a rhythm of its own
//! and shows it. Writing sends once, on a connection of its own.

mod about;
mod etag;
#[cfg(test)]
mod hour;
mod limit;
mod log;
mod pages;
mod stack;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::Timestamp;
use octocrab::Octocrab;
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::access::Deadlines;
use super::error::NetError;
use super::read::BodyStream;
use super::secret::{self, Held, Token, Wanted};
use crate::clock::Clock;
use limit::{Budget, Hold, Told};
use stack::{Answer, Keep, Origin};

pub use about::About;
pub use etag::Etags;
#[cfg(test)]
pub(crate) use hour::Hour;
pub use pages::Listed;
pub use write::Turn;

/// Of an answer read whole.
const BODY_LIMIT: usize = 16 << 20;
/// Of a body that comes with an error status.
const ERROR_LIMIT: usize = 64 << 10;

/// See the module. Cheap to clone: all clones share connections, token and limits.
#[derive(Clone)]
pub struct GitHub {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    base: Uri,
    origin: Origin,
    token: Token,
    deadlines: Deadlines,
    /// Where its address is mended.
    place: &'static str,
    clock: Clock,
    slots: Semaphore,
    budget: Mutex<Budget>,
    /// The client of the reads, and the token it was built with.
    pooled: Mutex<Option<(u64, Octocrab)>>,
    /// Writes keep a second from each other.
    last_write: Arc<tokio::sync::Mutex<Option<Instant>>>,
    /// Counts the writes that were taken: what they changed is worth a look.
    stirred: watch::Sender<u64>,
    /// Nobody is named to the host; `None` before the token was read.
    anonymous: Mutex<Option<bool>>,
}

/// The rate limit as the host told it last. `held`: nothing is asked for so long, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The host said it; else 0, or what everybody knows.
    pub told: bool,
    pub limit: u64,
    pub remaining: u64,
    pub reset: Option<Timestamp>,
    /// Answers of the last hour, and how many of them said "unchanged".
    pub answers: u64,
    pub unchanged: u64,
    pub held: Option<(Duration, &'static str)>,
    pub anonymous: bool,
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub").field("url", &self.inner.url).finish_non_exhaustive()
    }
}

/// A 2xx answer.
struct Read {
    body: Bytes,
    headers: HeaderMap,
    date: Option<Timestamp>,
}

/// How much of the hour's requests a read may use: watching keeps to a part of it, what belongs to
/// an operation of the user's does not.
#[derive(Debug, Clone, Copy)]
enum Share {
    Ours,
    Whole,
}

/// What came of one GET.
enum Got {
    Unchanged(Option<Timestamp>),
    Fresh(Read),
}

impl GitHub {
    /// Connects to nothing yet and reads no token.
    pub fn new(url: &str, wanted: Wanted) -> Result<Self, NetError> {
        Self::with(url, wanted, Deadlines::default())
    }

    /// [`Self::new`] with an address that stands elsewhere: `in the git remote origin`.
    pub fn found(url: &str, wanted: Wanted, place: &'static str) -> Result<Self, NetError> {
        Self::made(url, wanted, Deadlines::default(), place)
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(url: &str, wanted: Wanted, deadlines: Deadlines) -> Result<Self, NetError> {
        Self::made(url, wanted, deadlines, "in sources.github.url")
    }

    fn made(url: &str, wanted: Wanted, deadlines: Deadlines, place: &'static str) -> Result<Self, NetError> {
        let url = url.trim_end_matches('/').to_owned();
        let wrong = |why: &str| NetError::Unusable(format!("{url} {why}; mend it {place}"));
        let base: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
        let origin = Origin::of(&base).ok_or_else(|| wrong("names no server as https://host does"))?;
        if !origin.is_private() && wanted != Wanted::Nothing {
            return Err(wrong("is not https: a token would go there for everybody to read"));
        }
        let token = Token::new(wanted, deadlines.exec);
        Ok(Self {
            inner: Arc::new(Inner {
                url,
                base,
                origin,
                token,
                deadlines,
                place,
                clock: Clock::system(),
                slots: Semaphore::new(limit::CONCURRENT),
                budget: Mutex::default(),
                pooled: Mutex::new(None),
                last_write: Arc::default(),
                stirred: watch::Sender::new(0),
                anonymous: Mutex::new(None),
            }),
        })
    }

    /// The host whose login `gh` would use for this URL.
    #[must_use]
    pub fn gh_host(url: &str) -> String {
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_ascii_lowercase)).unwrap_or_default();
        host.strip_prefix("api.")
            .filter(|rest| *rest == "github.com" || rest.ends_with(".ghe.com"))
            .map_or_else(|| host.clone(), str::to_owned)
    }

    /// The base of its API, without credentials.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Changes with every write that was taken.
    #[must_use]
    pub fn stirred(&self) -> watch::Receiver<u64> {
        self.inner.stirred.subscribe()
    }

    /// Where the token comes from, or why there is none. Reads it if need be; `Err`: why it cannot be.
    pub async fn identity(&self) -> Result<(bool, String), NetError> {
        self.held().await.map(|held| (held.secret.is_some(), held.from))
    }

    #[must_use]
    pub fn limits(&self) -> Limits {
        let (now, anonymous) = (self.inner.clock.now().mono, self.is_anonymous());
        let mut budget = self.budget();
        let (limit, remaining, reset, answers, unchanged) = budget.figures(self.is_public(), anonymous);
        let held = budget.hold_read(now).map(|hold| (hold.until.saturating_sub(now), hold.why));
        Limits { told: budget.is_told(), limit, remaining, reset, answers, unchanged, held, anonymous }
    }

    /// How long a poll that would like to wait so long is to wait: longer where our share of the
    /// hour's requests would not last.
    #[must_use]
    pub fn paced(&self, wanted: Duration) -> Duration {
        let now = self.inner.clock.now().mono;
        self.budget().paced(now, wanted, self.is_public(), self.is_anonymous())
    }

    /// One object, whole.
    pub async fn get(&self, path: &str) -> Result<Bytes, NetError> {
        self.object(path, Share::Ours).await
    }

    async fn object(&self, path: &str, share: Share) -> Result<Bytes, NetError> {
        match self.read(path, None, share).await? {
            Got::Fresh(read) => Ok(read.body),
            Got::Unchanged(_) => {
                Err(NetError::Transport("the answer says unchanged, and nothing was known".to_owned()))
            }
        }
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.inner.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is asked.
    #[must_use]
    pub fn host(&self) -> &str {
        self.inner.origin.host()
    }

    fn is_public(&self) -> bool {
        self.host() == "api.github.com"
    }

    fn is_anonymous(&self) -> bool {
        self.inner.anonymous.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(false)
    }

    async fn held(&self) -> Result<Held, NetError> {
        let held = self.inner.token.get().await.map_err(NetError::Credential)?;
        *self.inner.anonymous.lock().unwrap_or_else(PoisonError::into_inner) = Some(held.secret.is_none());
        Ok(held)
    }

    fn refuse(&self, hold: Option<Hold>) -> Result<(), NetError> {
        let now = self.inner.clock.now().mono;
        hold.map_or(Ok(()), |hold| {
            Err(NetError::Held { wait: hold.until.saturating_sub(now), why: hold.why.to_owned() })
        })
    }

    /// A client on connections that are kept.
    fn pooled(&self, held: &Held) -> Result<Octocrab, NetError> {
        let mut pooled = self.inner.pooled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((epoch, client)) = pooled.as_ref()
            && *epoch == held.epoch
        {
            return Ok(client.clone());
        }
        let client = self.client(held, Keep::Pool)?;
        *pooled = Some((held.epoch, client.clone()));
        Ok(client)
    }

    fn client(&self, held: &Held, keep: Keep) -> Result<Octocrab, NetError> {
        let token = held.secret.as_ref().map(secret::bearer).transpose().map_err(NetError::Credential)?;
        stack::client(&self.inner.origin, token, keep, self.inner.deadlines.connect)
    }

    /// A path below the base as a URL; one that is whole stays as it is.
    fn uri(&self, path: &str) -> Result<Uri, NetError> {
        let whole = if path.starts_with('/') { format!("{}{path}", self.inner.url) } else { path.to_owned() };
        whole.parse().map_err(|_| NetError::Unusable(format!("{whole} is no URL")))
    }

    /// One GET within the total deadline; after a 401 once more with a token read anew.
    async fn read(&self, path: &str, etag: Option<&str>, share: Share) -> Result<Got, NetError> {
        let until = Instant::now() + self.inner.deadlines.total;
        let (epoch, got) = self.read_with_token(path, etag, share, until).await?;
        match got {
            Err(NetError::Api { code: 401, .. }) if self.inner.token.renew(epoch).await => {
                self.read_with_token(path, etag, share, until).await?.1
            }
            got => got,
        }
    }

    async fn read_with_token(
        &self,
        path: &str,
        etag: Option<&str>,
        share: Share,
        until: Instant,
    ) -> Result<(u64, Result<Got, NetError>), NetError> {
        let held = self.held().await?;
        Ok((held.epoch, self.read_once(path, etag, share, &held, until).await))
    }

    async fn read_once(
        &self,
        path: &str,
        etag: Option<&str>,
        share: Share,
        held: &Held,
        until: Instant,
    ) -> Result<Got, NetError> {
        let total = self.inner.deadlines.total;
        let late = |_| NetError::Deadline { what: "whole answer", after: total };
        let _slot = timeout_at(until, self.inner.slots.acquire()).await.map_err(late)?;
        let answer = self.open(path, etag, share, held).await?;
        timeout_at(until, self.whole(answer, held)).await.map_err(late)?
    }

    /// Sends a GET and waits for its head.
    async fn open(&self, path: &str, etag: Option<&str>, share: Share, held: &Held) -> Result<Answer, NetError> {
        let now = self.inner.clock.now().mono;
        let hold = match share {
            Share::Ours => self.budget().hold_read(now),
            Share::Whole => self.budget().hold(now),
        };
        self.refuse(hold)?;
        let headers = etag.and_then(|etag| HeaderValue::from_str(etag).ok()).map(|etag| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, etag);
            headers
        });
        let client = self.pooled(held)?;
        let after = self.inner.deadlines.headers;
        let sent = timeout(after, client._get_with_headers(self.uri(path)?, headers)).await;
        sent.map_err(|_| NetError::Deadline { what: "answer", after })?
            .map_err(|error| stack::failed(&self.inner.url, &error, self.inner.place))
    }

    /// Counts an answer and reads it to its end.
    async fn whole(&self, answer: Answer, held: &Held) -> Result<Got, NetError> {
        let (head, body) = answer.into_parts();
        let told = self.heard(head.status, &head.headers, held);
        let stream = BodyStream::new(body, told.date, self.inner.deadlines.idle);
        if head.status == StatusCode::NOT_MODIFIED {
            return Ok(Got::Unchanged(told.date));
        }
        if head.status.is_success() {
            let body = stream.collect(BODY_LIMIT).await.map_err(|error| error.at(&self.inner.url))?;
            return Ok(Got::Fresh(Read { body, headers: head.headers, date: told.date }));
        }
        // An error page that does not come whole still is an error with a code.
        let body = stream.collect(ERROR_LIMIT).await.unwrap_or_default();
        if head.status.is_redirection() {
            return Err(self.redirected(&head.headers));
        }
        Err(self.refused(head.status, &body))
    }

    fn heard(&self, status: StatusCode, headers: &HeaderMap, held: &Held) -> Told {
        let (told, now) = (Told::by(headers), self.inner.clock.now());
        self.budget().heard(now.mono, now.wall, status, &told, held.secret.is_none());
        told
    }

    /// An answer that says no; a limit says until when.
    fn refused(&self, status: StatusCode, body: &[u8]) -> NetError {
        let now = self.inner.clock.now().mono;
        let mut budget = self.budget();
        if is_secondary(status, body) && budget.hold(now).is_none() {
            budget.secondary(now);
        }
        if matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS)
            && let Some(hold) = budget.hold(now)
        {
            return NetError::Held { wait: hold.until.saturating_sub(now), why: hold.why.to_owned() };
        }
        NetError::from_status(status.as_u16(), body, None)
    }

    /// No redirect is followed; of a repository that moved, the place it moved to is kept.
    fn redirected(&self, headers: &HeaderMap) -> NetError {
        let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let to = location.parse::<Uri>().ok();
        let same = to.as_ref().is_some_and(|to| {
            Origin::of(to).as_ref() == Some(&self.inner.origin)
                || (to.authority().is_none() && location.starts_with('/'))
        });
        let base = self.inner.base.path().trim_end_matches('/');
        let path = to.as_ref().map_or("", |to| to.path().strip_prefix(base).unwrap_or(to.path()));
        match path.strip_prefix("/repositories/").and_then(|rest| rest.split('/').next()) {
            Some(id) if same && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                NetError::Moved { to: format!("/repositories/{id}") }
            }
            _ => {
                let server = to.and_then(|to| to.host().map(str::to_owned)).unwrap_or_default();
                NetError::Redirected { server, from: self.inner.url.clone() }
            }
        }
    }

    /// What the repository behind [`NetError::Moved`] is called now.
    pub async fn name_now(&self, moved_to: &str) -> Result<String, NetError> {
        #[derive(Deserialize)]
        struct Named {
            full_name: String,
        }
        let body = self.get(moved_to).await?;
        serde_json::from_slice::<Named>(&body)
            .map(|named| named.full_name)
            .map_err(|_| NetError::Transport("the answer names no repository".to_owned()))
    }
}

/// The words of the secondary limit, which may come without a header (apis.md §6.1).
fn is_secondary(status: StatusCode, body: &[u8]) -> bool {
    let said = String::from_utf8_lossy(body).to_ascii_lowercase();
    matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS)
        && (said.contains("secondary rate limit") || said.contains("abuse detection"))
}
