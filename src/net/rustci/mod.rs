//! The way to a RustCI server (apis.md §11). Reading asks again by itself never: who polls has a rhythm
//! of its own and shows it. Writing sends once, on a connection of its own. No redirect is followed:
//! a token belongs to one server.

mod jwt;
mod words;
mod write;

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use jiff::Timestamp;
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::{Setting, sentence_for};
use super::pause;
use super::read::Answer;
use super::secret::{Held, Token, Wanted};
use super::{Deadlines, NetError, told};
use crate::model::scope::SecretSource;
use crate::text::is_loopback;
use words::Body;

/// Of an answer read whole: an execution comes with all its logs.
const BODY_LIMIT: usize = 32 << 20;
/// Of a body that comes with an error status: what the server says of a file is shown whole.
const ERROR_LIMIT: usize = 64 << 10;
/// Where the configuration names it.
const PLACE: &str = "in sources.rustci.url";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct RustCi {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    token: Option<Token>,
    deadlines: Deadlines,
    setting: Setting,
    /// The client of the reads, and which reading of the token it was built with.
    built: Mutex<Option<(u64, Client)>>,
    /// Counts the writes that may have been taken: what they changed is worth a look.
    stirred: watch::Sender<u64>,
}

impl fmt::Debug for RustCi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustCi").field("url", &self.inner.url).finish_non_exhaustive()
    }
}

/// What the server says of itself (`/api/healthchecker`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RustCiHealth {
    pub status: String,
    pub message: String,
    pub version: Option<String>,
    /// `connected`, `disconnected`.
    pub database: Option<String>,
    pub environment: Option<String>,
    pub date: Option<Timestamp>,
}

impl RustCi {
    /// Connects to nothing yet and reads no token.
    pub fn new(url: &str, token: Option<&SecretSource>) -> Result<Self, NetError> {
        Self::with(url, token, Deadlines::default())
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(url: &str, token: Option<&SecretSource>, deadlines: Deadlines) -> Result<Self, NetError> {
        let url = url.trim_end_matches('/').to_owned();
        let parsed: http::Uri = url.parse().map_err(|error| {
            NetError::Unusable(format!("the address {PLACE} is no URL ({error}); write it as https://host:8000"))
        })?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(NetError::Unusable(format!(
                "the address {PLACE} needs http:// or https:// and a host; write it as https://host:8000"
            )));
        };
        if authority.as_str().contains('@') {
            return Err(NetError::Unusable(format!(
                "the address {PLACE} holds a user or a password; name a token in sources.rustci.token"
            )));
        }
        if token.is_some() && scheme == "http" && !is_loopback(parsed.host().unwrap_or_default()) {
            let why = "is not https: a token would go there for everybody to read; mend it";
            return Err(NetError::Unusable(format!("{url} {why} {PLACE}")));
        }
        let setting = Setting { place: PLACE, authority: "add it to this machine's certificates (SSL_CERT_FILE)" };
        let token = token.map(|source| Token::new(Wanted::Of(source.clone()), deadlines.exec));
        let (stirred, built) = (watch::Sender::new(0), Mutex::new(None));
        Ok(Self { inner: Arc::new(Inner { url, token, deadlines, setting, built, stirred }) })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Changes with every write that may have been taken.
    #[must_use]
    pub fn stirred(&self) -> watch::Receiver<u64> {
        self.inner.stirred.subscribe()
    }

    /// Where the token comes from; `None`: none is configured. Reads it if need be.
    pub async fn identity(&self) -> Result<Option<String>, NetError> {
        Ok(self.held().await?.map(|held| held.from))
    }

    /// When the token expires, by its own word; nothing of it is verified. `None`: it does not say.
    pub async fn expiry(&self) -> Result<Option<Timestamp>, NetError> {
        Ok(self.held().await?.and_then(|held| held.secret).as_ref().and_then(jwt::expiry))
    }

    /// One GET within the total deadline; after a 401 once more with a token read anew.
    pub async fn get(&self, path: &str) -> Result<Answer, NetError> {
        let until = Instant::now() + self.inner.deadlines.total;
        match self.get_once(path, until).await {
            (epoch, Err(NetError::Api { code: 401, .. })) if self.renew(epoch).await => {
                self.get_once(path, until).await.1
            }
            (_, got) => got,
        }
    }

    /// How the server feels. It answers with its state whatever the code is.
    pub async fn health(&self) -> Result<RustCiHealth, NetError> {
        let answer = self.get("/api/healthchecker").await?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (status, database) = (text("/status"), text("/database/status"));
        if status.is_none() && database.is_none() {
            let why = format!("{} answers, but not as RustCI does; check the address {PLACE}", self.inner.url);
            return Err(NetError::Unreadable(why));
        }
        Ok(RustCiHealth {
            status: status.unwrap_or_default(),
            message: text("/message").unwrap_or_default(),
            version: text("/version"),
            database,
            environment: text("/environment"),
            date: answer.date,
        })
    }

    async fn held(&self) -> Result<Option<Held>, NetError> {
        match &self.inner.token {
            Some(token) => token.get().await.map(Some).map_err(NetError::Credential),
            None => Ok(None),
        }
    }

    async fn renew(&self, epoch: u64) -> bool {
        match &self.inner.token {
            Some(token) => token.renew(epoch).await,
            None => false,
        }
    }

    async fn get_once(&self, path: &str, until: Instant) -> (u64, Result<Answer, NetError>) {
        let held = match self.held().await {
            Ok(held) => held,
            Err(error) => return (0, Err(error)),
        };
        let epoch = held.as_ref().map_or(0, |held| held.epoch);
        let after = self.inner.deadlines.total;
        let late = NetError::Deadline { what: "whole answer", after };
        let whole = async {
            let client = self.pooled(held.as_ref())?;
            let after = self.inner.deadlines.headers;
            let sent = timeout(after, client.get(self.at(path)).send()).await;
            let response = sent.map_err(|_| NetError::Deadline { what: "answer of RustCI", after })?;
            self.accept(response.map_err(|error| self.failed(&error))?, held.as_ref()).await
        };
        (epoch, timeout_at(until, whole).await.unwrap_or(Err(late)))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.inner.url)
    }

    /// A client on connections that are kept, for reads.
    fn pooled(&self, held: Option<&Held>) -> Result<Client, NetError> {
        let epoch = held.map_or(0, |held| held.epoch);
        let mut built = self.inner.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((with, client)) = built.as_ref()
            && *with == epoch
        {
            return Ok(client.clone());
        }
        let client = self.client(held, 8)?;
        *built = Some((epoch, client.clone()));
        Ok(client)
    }

    /// `keep`: connections that are kept for the next request; none of them for a write, so that there
    /// is none on which it could have to be sent again.
    fn client(&self, held: Option<&Held>, keep: usize) -> Result<Client, NetError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain;q=0.5"));
        if let Some(secret) = held.and_then(|held| held.secret.as_ref()) {
            headers.insert(AUTHORIZATION, super::secret::bearer(secret).map_err(NetError::Credential)?);
        }
        let builder = super::client::builder(&self.inner.url, &self.inner.deadlines)?
            .default_headers(headers)
            .pool_max_idle_per_host(keep)
            .retry(reqwest::retry::never());
        builder.build().map_err(|error| NetError::Unusable(super::error::chain(&error)))
    }

    fn failed(&self, error: &reqwest::Error) -> NetError {
        let shown = &self.inner.url;
        if error.is_timeout() && error.is_connect() {
            let after = self.inner.deadlines.connect.as_secs_f32();
            return NetError::Connect(format!(
                "{shown} did not take the connection within {after} s; check the network or the VPN"
            ));
        }
        let words = sentence_for(shown, error.source().unwrap_or(error), self.inner.setting);
        if error.is_connect() { NetError::Connect(words) } else { NetError::Transport(words) }
    }

    /// Takes a 2xx that is no web page; makes an error of anything else.
    async fn accept(&self, mut response: Response, held: Option<&Held>) -> Result<Answer, NetError> {
        let (status, page) = (response.status(), is_page(&response));
        let date = header(&response, &DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        if status.is_success() && !page {
            let body = self.body(&mut response, BODY_LIMIT).await?;
            return Ok(Answer { body, date: date.map(|date| date.timestamp()) });
        }
        Err(self.refused(response, held).await)
    }

    /// What an answer that is no success says.
    async fn refused(&self, mut response: Response, held: Option<&Held>) -> NetError {
        let (status, page) = (response.status(), is_page(&response));
        if status.is_redirection() {
            let to = header(&response, &LOCATION).and_then(|text| text.parse::<http::Uri>().ok());
            let server = to.and_then(|to| to.host().map(str::to_owned)).unwrap_or_default();
            return NetError::Redirected { server, from: self.inner.url.clone() };
        }
        // A date is one by its own clock.
        let here = header(&response, &DATE).and_then(pause::time);
        let retry_after = header(&response, &RETRY_AFTER).map(str::trim).and_then(|text| match here {
            Some(here) => pause::retry_after(text, here),
            None => text.parse().ok().map(Duration::from_secs),
        });
        // An error that does not come whole still is an error with a code.
        let bytes = self.body(&mut response, ERROR_LIMIT).await.unwrap_or_default();
        let body = if page { Body::Page } else { Body::of(&bytes) };
        let expired = held.and_then(|held| held.secret.as_ref()).and_then(jwt::expiry);
        let token = held.map(|held| (held.from.as_str(), expired));
        let message = told::without_logins(words::sentence(&self.inner.url, status.as_u16(), &body, token));
        NetError::Api { code: status.as_u16(), reason: String::new(), message, retry_after }
    }

    async fn body(&self, response: &mut Response, limit: usize) -> Result<Bytes, NetError> {
        let mut whole = Vec::new();
        let after = self.inner.deadlines.idle;
        loop {
            let chunk = timeout(after, response.chunk()).await;
            let chunk = chunk.map_err(|_| NetError::Deadline { what: "more of the answer", after })?;
            let Some(chunk) = chunk.map_err(|error| self.failed(&error))? else { return Ok(whole.into()) };
            if whole.len() + chunk.len() > limit {
                return Err(NetError::TooLarge { limit, from: self.inner.url.clone() });
            }
            whole.extend_from_slice(&chunk);
        }
    }
}

fn header<'a>(response: &'a Response, name: &http::HeaderName) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// A login or a proxy answers with a page for people, also with 200.
fn is_page(response: &Response) -> bool {
    response.status() != StatusCode::NO_CONTENT
        && header(response, &CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
}
