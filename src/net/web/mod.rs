//! The way to a server that is asked in plain HTTP, and may stand behind a gateway that wants to know who asks
//! (Loki, Argo CD). A read asks once more where a login was renewed since; all else is left to who asks, who has a
//! rhythm of its own and shows it. A write is sent once. No redirect is followed: a login belongs to one server.

mod words;
mod write;

use std::error::Error as _;
use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use bytes::Bytes;
use http::StatusCode;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Certificate, Client, Response};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::{Setting, sentence_for};
use super::read::Answer;
use super::secret::{Held, Token, Wanted};
use super::{Deadlines, NetError, pause, told};
use crate::clock::Clock;
use crate::model::scope::Login;
use crate::text::is_loopback;

use words::Deed;
pub(super) use words::Manner;

/// Of an answer read whole.
const BODY_LIMIT: usize = 16 << 20;
/// Of a body that comes with an error status.
const ERROR_LIMIT: usize = 64 << 10;
/// Of a file of certificates.
const CA_LIMIT: u64 = 4 << 20;

/// Where a server is and how it is spoken to.
pub(super) struct Way<'a> {
    pub(super) url: &'a str,
    pub(super) login: &'a Login,
    pub(super) ca: Option<PathBuf>,
    pub(super) header: Option<(HeaderName, String)>,
    pub(super) manner: &'static Manner,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Web {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    token: Option<Token>,
    /// Of a login with a password.
    user: Option<String>,
    ca: Option<PathBuf>,
    header: Option<(HeaderName, HeaderValue)>,
    manner: &'static Manner,
    deadlines: Deadlines,
    clock: Clock,
    /// The client of the reads, and which reading of the secret it was built with.
    built: Mutex<Option<(u64, Client)>>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.inner.manner.what).field("url", &self.inner.url).finish_non_exhaustive()
    }
}

impl Web {
    /// Connects to nothing yet.
    pub(super) fn new(way: Way<'_>, deadlines: Deadlines) -> Result<Self, NetError> {
        let Way { url, login, ca, header, manner } = way;
        let place = manner.place;
        let url = url.trim_end_matches('/').to_owned();
        let parsed: http::Uri = url.parse().map_err(|error| {
            NetError::Unusable(format!("the address {place} is no URL ({error}); {}", manner.example))
        })?;
        let (Some(scheme @ ("http" | "https")), Some(host)) = (parsed.scheme_str(), parsed.host()) else {
            let words = format!("the address {place} needs http:// or https:// and a host; {}", manner.example);
            return Err(NetError::Unusable(words));
        };
        if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            let words = format!("the address {place} holds a user or a password; name them beside it");
            return Err(NetError::Unusable(words));
        }
        if *login != Login::Anonymous && scheme == "http" && !is_loopback(host) {
            let words = format!("{url} is not https: a login would go there for everybody to read; mend it {place}");
            return Err(NetError::Unusable(words));
        }
        let secret = |source: &_| Some(Token::new(Wanted::Of(Clone::clone(source)), deadlines.exec));
        let (token, user) = match login {
            Login::Anonymous => (None, None),
            Login::Token(source) => (secret(source), None),
            Login::Password { user, password } => (secret(password), Some(user.clone())),
        };
        let header = match header {
            Some((name, value)) => {
                let made = HeaderValue::from_str(&value).map_err(|_| {
                    NetError::Unusable(format!("{name} of {} cannot be sent: {value:?} has odd letters", manner.what))
                })?;
                Some((name, made))
            }
            None => None,
        };
        let (clock, built) = (Clock::system(), Mutex::new(None));
        Ok(Self { inner: Arc::new(Inner { url, token, user, ca, header, manner, deadlines, clock, built }) })
    }

    /// The base of its API.
    pub(super) fn url(&self) -> &str {
        &self.inner.url
    }

    pub(super) fn has_login(&self) -> bool {
        self.inner.token.is_some()
    }

    /// One GET within the total deadline; after a 401 once more with a secret read anew.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, NetError> {
        let until = Instant::now() + self.inner.deadlines.total;
        match self.get_once(path, until).await {
            (epoch, Err(NetError::Api { code: 401, .. })) if self.renew(epoch).await => {
                self.get_once(path, until).await.1
            }
            (_, got) => got,
        }
    }

    async fn get_once(&self, path: &str, until: Instant) -> (u64, Result<Answer, NetError>) {
        let held = match self.held().await {
            Ok(held) => held,
            Err(error) => return (0, Err(error)),
        };
        let epoch = held.as_ref().map_or(0, |held| held.epoch);
        let after = self.inner.deadlines.total;
        let whole = async {
            let client = self.pooled(held.as_ref()).await?;
            let after = self.inner.deadlines.headers;
            let sent = timeout(after, client.get(format!("{}{path}", self.inner.url)).send()).await;
            let response = sent.map_err(|_| NetError::Deadline { what: self.inner.manner.answer, after })?;
            self.accept(response.map_err(|error| self.failed(&error))?).await
        };
        let late = NetError::Deadline { what: "whole answer", after };
        (epoch, timeout_at(until, whole).await.unwrap_or(Err(late)))
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

    /// A client on connections that are kept, for reads.
    async fn pooled(&self, held: Option<&Held>) -> Result<Client, NetError> {
        let epoch = held.map_or(0, |held| held.epoch);
        let known = |built: &Option<(u64, Client)>| {
            built.as_ref().filter(|(with, _)| *with == epoch).map(|(_, client)| client.clone())
        };
        if let Some(client) = known(&self.inner.built.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(client);
        }
        let client = self.client(held, 4).await?;
        *self.inner.built.lock().unwrap_or_else(PoisonError::into_inner) = Some((epoch, client.clone()));
        Ok(client)
    }

    /// `keep`: connections that are kept for the next request.
    async fn client(&self, held: Option<&Held>, keep: usize) -> Result<Client, NetError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain;q=0.5"));
        if let Some((name, value)) = &self.inner.header {
            headers.insert(name, value.clone());
        }
        if let Some(value) = self.authorization(held)? {
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = super::client::builder(&self.inner.url, &self.inner.deadlines)?
            .default_headers(headers)
            .pool_max_idle_per_host(keep)
            .retry(reqwest::retry::never());
        if !self.inner.url.starts_with("http://")
            && let Some(certificates) = self.certificates().await?
        {
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| NetError::Unusable(super::error::chain(&error)))
    }

    /// `Bearer …` or `Basic …`, marked so that nothing prints it.
    fn authorization(&self, held: Option<&Held>) -> Result<Option<HeaderValue>, NetError> {
        let Some(secret) = held.and_then(|held| held.secret.as_ref()) else { return Ok(None) };
        let Some(user) = &self.inner.user else {
            return super::secret::bearer(secret).map(Some).map_err(NetError::Credential);
        };
        let pair = format!("{user}:{}", secret.expose_secret());
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        told::keep(&encoded);
        let text = format!("Basic {encoded}");
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| NetError::Credential("the login cannot stand in a header".to_owned()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    async fn certificates(&self) -> Result<Option<Vec<Certificate>>, NetError> {
        let Some(path) = self.inner.ca.clone() else { return Ok(None) };
        let shown = path.display().to_string();
        let read = tokio::task::spawn_blocking(move || {
            let mut pem = Vec::new();
            std::fs::File::open(&path)?.take(CA_LIMIT).read_to_end(&mut pem)?;
            Ok::<_, std::io::Error>(pem)
        });
        let unusable = |why: String| {
            let place = self.inner.manner.ca;
            NetError::Unusable(format!("the certificates {shown} of {place} cannot be used: {why}; mend that file"))
        };
        let pem = read.await.map_err(|_| unusable("it could not be read".to_owned()))?;
        let pem = pem.map_err(|error| unusable(error.to_string()))?;
        let all = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(super::error::chain(&error)))?;
        if all.is_empty() { Err(unusable("there is none in it".to_owned())) } else { Ok(Some(all)) }
    }

    fn failed(&self, error: &reqwest::Error) -> NetError {
        let shown = &self.inner.url;
        if error.is_timeout() && error.is_connect() {
            let after = self.inner.deadlines.connect.as_secs_f32();
            return NetError::Connect(format!(
                "{shown} did not take the connection within {after} s; check the network or the VPN"
            ));
        }
        let setting = Setting { place: self.inner.manner.place, authority: self.inner.manner.authority };
        let words = sentence_for(shown, error.source().unwrap_or(error), setting);
        if error.is_connect() { NetError::Connect(words) } else { NetError::Transport(words) }
    }

    /// Takes a 2xx that is no web page; makes an error of anything else.
    async fn accept(&self, mut response: Response) -> Result<Answer, NetError> {
        let (status, page) = (response.status(), is_page(&response));
        let date = header(&response, &DATE).and_then(pause::time);
        if status.is_success() && !page {
            let body = self.body(&mut response, BODY_LIMIT).await?;
            return Ok(Answer { body, date });
        }
        Err(self.refused(response, Deed::Read).await)
    }

    /// What an answer that is no success says.
    async fn refused(&self, mut response: Response, deed: Deed) -> NetError {
        let (status, page) = (response.status(), is_page(&response));
        if status.is_redirection() {
            let to = header(&response, &LOCATION).and_then(|text| text.parse::<http::Uri>().ok());
            let server = to.and_then(|to| to.host().map(str::to_owned)).unwrap_or_default();
            return NetError::Redirected { server, from: self.inner.url.clone() };
        }
        let here = header(&response, &DATE).and_then(pause::time).unwrap_or_else(|| self.inner.clock.now().wall);
        let after = header(&response, &RETRY_AFTER).and_then(|text| pause::retry_after(text.trim(), here));
        // An error that does not come whole still is an error with a code.
        let bytes = self.body(&mut response, ERROR_LIMIT).await.unwrap_or_default();
        let said = words::Said { code: status.as_u16(), page, body: &bytes, login: self.has_login(), after, deed };
        let message = told::without_logins(self.inner.manner.sentence(&self.inner.url, &said));
        NetError::Api { code: status.as_u16(), reason: words::reason(&bytes).to_owned(), message, retry_after: after }
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

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// A login or a proxy answers with a page for people, also with 200.
fn is_page(response: &Response) -> bool {
    response.status() != StatusCode::NO_CONTENT
        && header(response, &CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
}
