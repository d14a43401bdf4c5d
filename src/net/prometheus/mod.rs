//! The way to Prometheus and what speaks its API (Thanos, Mimir, VictoriaMetrics).
//!
//! `prometheus-http-query` builds and sends the requests; the answers are decoded elsewhere, from
//! their bytes (apis.md §7.2 lists why). Reads only, so a passing fault is tried again within the
//! total deadline; silence is not, for a query that takes long takes as long the next time, and
//! neither is a connection that is refused: nobody is there to be asked in a moment.

mod words;

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use jiff::Timestamp;
use prometheus_http_query::Client;
use reqwest::Response;
use secrecy::SecretString;
use tokio::time::{Instant, sleep, timeout};

use super::failure::{Setting, sentence_for};
use super::read::Answer;
use super::secret::{Token, Wanted};
use super::{Deadlines, NetError, jitter, pause, told};
use crate::clock::Clock;
use crate::model::scope::SecretSource;
use crate::text::is_loopback;

const TRIES: u32 = 3;
/// How many times the least wait jitter may add to it: up to 2 s between two tries.
const WAIT_JITTER: u32 = 9;
const RETRY_AFTER_MOST: Duration = Duration::from_secs(10);
const BODY_LIMIT: usize = 16 << 20;
const ERROR_LIMIT: usize = 64 << 10;
/// A longer query goes in the body: servers and proxies limit the request line.
const LONG: usize = 1500;
/// Redirects within the origin, such as to a path with a slash more.
const REDIRECTS: usize = 3;

/// Where the configuration names it.
const PLACE: &str = "in sources.prometheus.url";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Prometheus {
    inner: Arc<Inner>,
}

struct Inner {
    /// As it is asked, with what credentials it may hold.
    url: String,
    /// As it is shown.
    shown: String,
    token: Option<Token>,
    deadlines: Deadlines,
    clock: Clock,
    /// Where its address is mended.
    setting: Setting,
    /// The client, and which reading of the token it was built with.
    built: Mutex<Option<(u64, Client)>>,
}

impl fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prometheus").field("url", &self.inner.shown).finish_non_exhaustive()
    }
}

/// What is asked.
#[derive(Clone, Copy)]
enum Ask<'a> {
    Instant { query: &'a str, at: Timestamp },
    Range { query: &'a str, start: i64, end: i64, step: i64 },
    Rules,
    Alerts,
    Build,
}

impl Prometheus {
    /// Connects to nothing yet.
    pub fn new(url: &str, token: Option<&SecretSource>) -> Result<Self, NetError> {
        Self::with(url, token, Deadlines::default())
    }

    /// [`Self::new`] with an address that stands elsewhere: `in PROMETHEUS_URL`.
    pub fn found(url: &str, token: Option<&SecretSource>, place: &'static str) -> Result<Self, NetError> {
        Self::made(url, token, Deadlines::default(), place)
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(url: &str, token: Option<&SecretSource>, deadlines: Deadlines) -> Result<Self, NetError> {
        Self::made(url, token, deadlines, PLACE)
    }

    fn made(
        url: &str,
        token: Option<&SecretSource>,
        deadlines: Deadlines,
        place: &'static str,
    ) -> Result<Self, NetError> {
        let url = url.trim_end_matches('/').to_owned();
        let parsed: http::Uri = url.parse().map_err(|error| {
            NetError::Unusable(format!("the address {place} is no URL ({error}); write it as http://host:9090"))
        })?;
        let (Some("http" | "https"), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(NetError::Unusable(format!(
                "the address {place} needs http:// or https:// and a host; write it as http://host:9090"
            )));
        };
        let host = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, host)| host);
        let path = parsed.path().trim_end_matches('/');
        let shown = format!("{}://{host}{path}", parsed.scheme_str().unwrap_or_default());
        if token.is_some() && parsed.scheme_str() == Some("http") && !is_loopback(parsed.host().unwrap_or_default()) {
            let message = "is not https: a token would go there for everybody to read; mend it";
            return Err(NetError::Unusable(format!("{shown} {message} {place}")));
        }
        let setting = Setting { place, authority: "add it to this machine's certificates (SSL_CERT_FILE)" };
        let token = token.map(|source| Token::new(Wanted::Of(source.clone()), deadlines.exec));
        let (clock, built) = (Clock::system(), Mutex::new(None));
        Ok(Self { inner: Arc::new(Inner { url, shown, token, deadlines, clock, setting, built }) })
    }

    /// The base of its API, without credentials.
    #[must_use]
    #[allow(clippy::misnamed_getters, reason = "the URL that is asked may hold a password; this one is for eyes")]
    pub fn url(&self) -> &str {
        &self.inner.shown
    }

    /// `/api/v1/query` at one time, exact to the millisecond.
    pub async fn query(&self, query: &str, at: Timestamp) -> Result<Answer, NetError> {
        self.ask(Ask::Instant { query, at }).await
    }

    /// `/api/v1/query_range`; start, end and step in seconds.
    pub async fn query_range(&self, query: &str, start: i64, end: i64, step: i64) -> Result<Answer, NetError> {
        self.ask(Ask::Range { query, start, end, step }).await
    }

    /// `/api/v1/rules`: recording and alerting ones.
    pub async fn rules(&self) -> Result<Answer, NetError> {
        self.ask(Ask::Rules).await
    }

    /// `/api/v1/alerts`.
    pub async fn alerts(&self) -> Result<Answer, NetError> {
        self.ask(Ask::Alerts).await
    }

    /// `/api/v1/status/buildinfo`.
    pub async fn build(&self) -> Result<Answer, NetError> {
        self.ask(Ask::Build).await
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Answer, NetError> {
        let total = self.inner.deadlines.total;
        let until = Instant::now() + total;
        let (mut tries, mut renewed) = (0, false);
        loop {
            tries += 1;
            let left = until.saturating_duration_since(Instant::now());
            let once = timeout(left, self.once(ask)).await;
            let error = match once.unwrap_or(Err(NetError::Deadline { what: "whole answer", after: total })) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.code() == Some(401) && !renewed && self.renew().await {
                renewed = true;
                continue;
            }
            let wait = match &error {
                NetError::Api { retry_after: Some(after), .. } => *after,
                _ => self.inner.deadlines.again + jitter(self.inner.deadlines.again * WAIT_JITTER),
            };
            if tries >= TRIES || !may_pass(&error) || wait > RETRY_AFTER_MOST || Instant::now() + wait >= until {
                return Err(error);
            }
            sleep(wait).await;
        }
    }

    async fn once(&self, ask: Ask<'_>) -> Result<Answer, NetError> {
        let client = self.client().await?;
        let after = self.inner.deadlines.headers;
        let sent = timeout(after, send(&client, ask, after)).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.not_sent(error.as_ref())),
            Err(_) => return Err(NetError::Deadline { what: "answer of Prometheus", after }),
        };
        self.accept(response).await
    }

    /// The client of the token as it is now.
    async fn client(&self) -> Result<Client, NetError> {
        let held = match &self.inner.token {
            Some(token) => Some(token.get().await.map_err(NetError::Credential)?),
            None => None,
        };
        let epoch = held.as_ref().map_or(0, |held| held.epoch);
        let mut built = self.inner.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((with, client)) = built.as_ref()
            && *with == epoch
        {
            return Ok(client.clone());
        }
        let client = self.build_client(held.and_then(|held| held.secret).as_ref())?;
        *built = Some((epoch, client.clone()));
        Ok(client)
    }

    /// The token may have been changed where it comes from.
    async fn renew(&self) -> bool {
        let Some(token) = &self.inner.token else { return false };
        let epoch = self.inner.built.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |built| built.0);
        token.renew(epoch).await
    }

    fn build_client(&self, token: Option<&SecretString>) -> Result<Client, NetError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let value = super::secret::bearer(token).map_err(NetError::Credential)?;
            headers.insert(AUTHORIZATION, value);
        }
        let builder = super::client::builder(&self.inner.url, &self.inner.deadlines)?
            .default_headers(headers)
            .read_timeout(self.inner.deadlines.idle)
            .redirect(reqwest::redirect::Policy::custom(|attempt| {
                let same = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
                if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
            }));
        let client = builder.build().map_err(|error| NetError::Unusable(super::error::chain(&error)))?;
        Client::from(client, &self.inner.url).map_err(|error| NetError::Unusable(super::error::chain(&error)))
    }

    fn not_sent(&self, error: &(dyn StdError + 'static)) -> NetError {
        let shown = &self.inner.shown;
        let mut cause = Some(error);
        let source = std::iter::from_fn(|| {
            let here = cause?;
            cause = here.source();
            Some(here)
        })
        .find_map(|inner| inner.downcast_ref::<reqwest::Error>());
        let Some(source) = source else { return NetError::Unusable(super::error::chain(error)) };
        if source.is_timeout() && source.is_connect() {
            let after = self.inner.deadlines.connect.as_secs_f32();
            return NetError::Connect(format!(
                "{shown} did not take the connection within {after} s; check the network or the VPN"
            ));
        }
        let words = sentence_for(shown, source.source().unwrap_or(source), self.inner.setting);
        if source.is_connect() { NetError::Connect(words) } else { NetError::Transport(words) }
    }

    async fn accept(&self, mut response: Response) -> Result<Answer, NetError> {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let date = header(DATE).and_then(pause::time);
        let here = date.unwrap_or_else(|| self.inner.clock.now().wall);
        let retry_after = header(RETRY_AFTER).and_then(|text| pause::retry_after(text.trim(), here));
        let is_json = header(CONTENT_TYPE).is_some_and(|kind| kind.contains("json"));
        let is_page = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"));
        let to = header(LOCATION).map(str::to_owned);
        if status.is_success() {
            let body = self.body(&mut response, BODY_LIMIT).await?;
            if is_json || (!is_page && body.first() == Some(&b'{')) {
                return Ok(Answer { body, date });
            }
            let what = if is_page { "a web page" } else { "something else" };
            let place = self.inner.setting.place;
            let words = format!(
                "answers with {what}, not with JSON: a login or a proxy is in between; check the address {place}"
            );
            return Err(self.api(status.as_u16(), String::new(), &words, None));
        }
        // An error page that does not come whole still is an error with a code.
        let body = self.body(&mut response, ERROR_LIMIT).await.unwrap_or_default();
        Err(self.refused(status.as_u16(), &body, to.as_deref(), retry_after))
    }

    async fn body(&self, response: &mut Response, limit: usize) -> Result<Bytes, NetError> {
        let mut whole = Vec::new();
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                if error.is_timeout() {
                    return NetError::Deadline { what: "more of the answer", after: self.inner.deadlines.idle };
                }
                NetError::Transport(sentence_for(
                    &self.inner.shown,
                    error.source().unwrap_or(&error),
                    self.inner.setting,
                ))
            })?;
            let Some(chunk) = chunk else { return Ok(whole.into()) };
            if whole.len() + chunk.len() > limit {
                return Err(NetError::TooLarge { limit, from: self.inner.shown.clone() });
            }
            whole.extend_from_slice(&chunk);
        }
    }

    fn api(&self, code: u16, reason: String, words: &str, retry_after: Option<Duration>) -> NetError {
        let message = told::without_logins(format!("{} {words}", self.inner.shown));
        NetError::Api { code, reason, message, retry_after }
    }
}

/// Whether the same question may get an answer in a moment.
fn may_pass(error: &NetError) -> bool {
    match error {
        // Whoever asks has a rhythm of its own, and says meanwhile how it stands.
        NetError::Deadline { .. } | NetError::Connect(_) => false,
        // The server's own limit: the query is as heavy the next time.
        NetError::Api { reason, .. } if reason == "timeout" => false,
        other => other.is_passing(),
    }
}

async fn send(client: &Client, ask: Ask<'_>, deadline: Duration) -> Result<Response, Box<dyn StdError + Send + Sync>> {
    // The server stops working on what nobody waits for any more.
    let limit = i64::try_from(deadline.mul_f64(0.95).as_millis()).unwrap_or(i64::MAX);
    Ok(match ask {
        Ask::Instant { query, at } => {
            let millis = at.as_millisecond();
            let time = format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000));
            let request = client.query(query).query("time", time).timeout(limit);
            if query.len() > LONG { request.post_raw().await? } else { request.get_raw().await? }
        }
        Ask::Range { query, start, end, step } => {
            let request = client.query_range(query, start, end, step as f64).timeout(limit);
            if query.len() > LONG { request.post_raw().await? } else { request.get_raw().await? }
        }
        Ask::Rules => client.rules().get_raw().await?,
        Ask::Alerts => client.inner().get(under(client, "api/v1/alerts")).send().await?,
        Ask::Build => client.inner().get(under(client, "api/v1/status/buildinfo")).send().await?,
    })
}

/// What the library offers no raw answer of.
fn under(client: &Client, path: &str) -> String {
    format!("{}/{path}", client.base_url().as_str().trim_end_matches('/'))
}
