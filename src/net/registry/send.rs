//! One request to a registry: who asks, the deadlines, the limits, and what an answer that says no means.

use std::error::Error as _;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout};

use super::super::NetError;
use super::super::failure::sentence_for;
use super::super::{pause, told};
use super::{Ask, Registry, auth, date, is_page, text, words};

const ERROR_LIMIT: usize = 64 << 10;
/// How long a limit holds whose end is not told, and at most.
const HOLD: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(15));

impl Registry {
    /// Asks with what proves who asks; after a 401 once more with what the answer asks for, and once
    /// more with a secret read anew.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Response, NetError> {
        let scope = ask.repository.map(|repository| format!("repository:{repository}:pull")).unwrap_or_default();
        let known = self.known(&scope).await;
        let mut response = self.send(ask, known.as_ref()).await?;
        for again in [false, true] {
            if response.status() != StatusCode::UNAUTHORIZED {
                break;
            }
            let Some(challenge) = auth::challenge(response.headers()) else { break };
            if again && !self.renewed().await {
                break;
            }
            let Some(header) = self.grant(&challenge, &scope).await? else { break };
            response = self.send(ask, Some(&header)).await?;
        }
        let status = response.status();
        if status.is_success() || (status.is_redirection() && ask.moves) {
            return Ok(response);
        }
        Err(self.refused(response, ask.repository.unwrap_or_default()).await)
    }

    /// One request, as far as the head of its answer.
    pub(super) async fn send(&self, ask: Ask<'_>, authorization: Option<&HeaderValue>) -> Result<Response, NetError> {
        self.hold()?;
        let mut request = self.client()?.request(ask.method.clone(), ask.url.clone()).header(ACCEPT, ask.accept);
        // To the registry itself, whatever the request is.
        if let Some(header) = authorization.filter(|_| ask.url.origin() == self.inner.base.origin()) {
            request = request.header(AUTHORIZATION, header.clone());
        }
        let after = self.inner.deadlines.headers;
        let sent = timeout(after, request.send()).await;
        let sent = sent.map_err(|_| NetError::Deadline { what: "answer of the registry", after })?;
        let response = sent.map_err(|error| self.not_sent(&error))?;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.limited(response.headers()));
        }
        Ok(response)
    }

    pub(super) fn client(&self) -> Result<Client, NetError> {
        let mut client = self.inner.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = client.as_ref() {
            return Ok(client.clone());
        }
        let builder = super::super::client::builder(self.inner.base.as_str(), &self.inner.deadlines)?
            .read_timeout(self.inner.deadlines.idle);
        let built = builder.build().map_err(|error| NetError::Unusable(super::super::error::chain(&error)))?;
        *client = Some(built.clone());
        Ok(built)
    }

    fn hold(&self) -> Result<(), NetError> {
        let held = *self.inner.held.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.map(|until| until.saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            Some(wait) => {
                Err(NetError::Held { wait, why: format!("{} limits how often it is asked", self.inner.host) })
            }
            None => Ok(()),
        }
    }

    /// 429: nobody here asks again before the time it names.
    pub(super) fn limited(&self, headers: &HeaderMap) -> NetError {
        // A date is one of the server's clock: without that it says nothing.
        let told = text(headers, &RETRY_AFTER).map(str::trim).and_then(|text| match date(headers) {
            Some(here) => pause::retry_after(text, here),
            None => text.parse().ok().map(Duration::from_secs),
        });
        let wait = told.unwrap_or(HOLD.0).clamp(Duration::from_secs(1), HOLD.1);
        *self.inner.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait);
        let login = if self.has_login() { "" } else { "; a login may be allowed more" };
        NetError::Held { wait, why: format!("{} limits how often it is asked (429){login}", self.inner.host) }
    }

    /// In turn, and within the deadline of a whole read.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = Result<T, NetError>>) -> Result<T, NetError> {
        let after = self.inner.deadlines.total;
        let whole = async {
            let _slot = self.inner.slots.acquire().await;
            work.await
        };
        timeout(after, whole).await.unwrap_or(Err(NetError::Deadline { what: "whole answer", after }))
    }

    pub(super) async fn body(&self, mut response: Response, limit: usize) -> Result<Bytes, NetError> {
        let mut whole = Vec::new();
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                if error.is_timeout() {
                    return NetError::Deadline { what: "more of the answer", after: self.inner.deadlines.idle };
                }
                NetError::Transport(self.sentence(&error))
            })?;
            let Some(chunk) = chunk else { return Ok(whole.into()) };
            if whole.len() + chunk.len() > limit {
                return Err(NetError::TooLarge { limit, from: self.inner.host.clone() });
            }
            whole.extend_from_slice(&chunk);
        }
    }

    pub(super) fn no_page(&self, headers: &HeaderMap) -> Result<(), NetError> {
        if is_page(headers) {
            let why = "answers with a web page: a login or a proxy is in between; check its address";
            return Err(NetError::Unreadable(format!("{} {why} in sources.registries", self.inner.host)));
        }
        Ok(())
    }

    pub(super) fn sentence(&self, error: &reqwest::Error) -> String {
        let shown = self.url();
        sentence_for(shown, error.source().unwrap_or(error), self.inner.setting)
    }

    pub(super) fn not_sent(&self, error: &reqwest::Error) -> NetError {
        if error.is_timeout() && error.is_connect() {
            let after = self.inner.deadlines.connect.as_secs_f32();
            let shown = self.url();
            return NetError::Connect(format!(
                "{shown} did not take the connection within {after} s; check the network or the VPN"
            ));
        }
        let words = self.sentence(error);
        if error.is_connect() { NetError::Connect(words) } else { NetError::Transport(words) }
    }

    /// An answer that says no, in words.
    pub(super) async fn refused(&self, response: Response, repository: &str) -> NetError {
        let code = response.status().as_u16();
        let page = is_page(response.headers());
        // An error page that does not come whole still is an error with a code.
        let body = self.body(response, ERROR_LIMIT).await.unwrap_or_default();
        let (reason, said) = words::error(&body).unwrap_or_default();
        let message =
            told::without_logins(words::refused(&self.inner.host, repository, code, &said, self.has_login(), page));
        NetError::Api { code, reason, message, retry_after: None }
    }
}
