//! Who asks: a registry answers 401 and names a token server (or asks for a password itself); the
//! token it gives is for one repository and a short time, and is kept as long.

use std::time::Duration;

use base64::Engine as _;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::super::NetError;
use super::super::secret::{Token, bearer};
use super::super::told;
use super::{Registry, is_private};

/// A token without a time of its own holds so long (apis.md §10).
const LIFE: Duration = Duration::from_mins(1);
/// And none is kept for longer than this.
const LONGEST: Duration = Duration::from_hours(1);
/// It is not used in the last part of its time.
const MARGIN: Duration = Duration::from_secs(10);
/// Of a token server's answer.
const TOKEN_LIMIT: usize = 256 << 10;
/// Grants kept; one is for one repository.
const KEPT: usize = 200;

/// What proves who asks.
pub(super) struct Proof {
    pub(super) user: String,
    pub(super) secret: Token,
}

/// A header for one scope.
pub(super) struct Grant {
    header: HeaderValue,
    until: Instant,
    /// Which reading of the secret it was made with.
    epoch: u64,
}

/// What an answer of 401 asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Bearer { realm: String, service: Option<String> },
    Basic,
}

/// Of `WWW-Authenticate`. A token server is better than a password in every request.
pub(super) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = None;
    for value in headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()) {
        let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            let realm = parameter(rest, "realm")?;
            return Some(Challenge::Bearer { realm, service: parameter(rest, "service") });
        }
        if scheme.eq_ignore_ascii_case("basic") {
            basic = Some(Challenge::Basic);
        }
    }
    basic
}

/// `name="value"`, or a value without quotes, among others.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, left) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim_matches([',', ' ']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = left;
    }
    None
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    /// Seconds. It decides how often is asked and nothing more: an odd one costs itself alone.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Told {
    fn life(&self) -> Duration {
        let seconds = self.expires_in.as_f64().filter(|seconds| *seconds >= 0.0);
        seconds.map_or(LIFE, |seconds| Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64())))
    }
}

impl Registry {
    /// What was granted for this scope, while it holds.
    pub(super) async fn known(&self, scope: &str) -> Option<HeaderValue> {
        let grants = self.inner.grants.lock().await;
        grants.get(scope).filter(|grant| grant.until > Instant::now()).map(|grant| grant.header.clone())
    }

    /// A header for this scope, asked for anew. `None`: there is nothing to prove who asks.
    pub(super) async fn grant(&self, challenge: &Challenge, scope: &str) -> Result<Option<HeaderValue>, NetError> {
        let mut grants = self.inner.grants.lock().await;
        let (basic, epoch) = self.basic().await?;
        let (header, life) = match challenge {
            Challenge::Basic => match basic {
                Some(basic) => (basic, LONGEST),
                None => return Ok(None),
            },
            Challenge::Bearer { realm, service } => {
                let told = self.token(realm, service.as_deref(), scope, basic).await?;
                let life = told.life();
                let token = told.token.or(told.access_token).filter(|token| !token.is_empty()).ok_or_else(|| {
                    NetError::Unreadable(format!("the token server of {} gives no token", self.inner.host))
                })?;
                (bearer(&SecretString::from(token)).map_err(NetError::Credential)?, life)
            }
        };
        if grants.len() >= KEPT {
            let now = Instant::now();
            grants.retain(|_, grant| grant.until > now);
        }
        if grants.len() < KEPT {
            let until = Instant::now() + life.saturating_sub(MARGIN);
            grants.insert(scope.to_owned(), Grant { header: header.clone(), until, epoch });
        }
        Ok(Some(header))
    }

    /// The secret is read anew for whoever asks next. False where there is none.
    pub(super) async fn renewed(&self) -> bool {
        let Some(proof) = &self.inner.proof else { return false };
        let mut grants = self.inner.grants.lock().await;
        let epoch = grants.values().map(|grant| grant.epoch).max().unwrap_or_default();
        grants.clear();
        proof.secret.renew(epoch).await
    }

    /// Who asks, as a Docker Engine passes it on: `X-Registry-Auth`, or with `of_build` the map of
    /// `X-Registry-Config`. `None`: there is no login.
    pub async fn for_engine(&self, of_build: bool) -> Result<Option<HeaderValue>, NetError> {
        let Some(proof) = &self.inner.proof else { return Ok(None) };
        let held = proof.secret.get().await.map_err(NetError::Credential)?;
        let Some(secret) = held.secret else { return Ok(None) };
        let host = &self.inner.host;
        let server = if host == "docker.io" { "https://index.docker.io/v1/" } else { host };
        let login = serde_json::json!({
            "username": proof.user,
            "password": secret.expose_secret(),
            "serveraddress": server,
        });
        let login = if of_build { serde_json::json!({ server: login }) } else { login };
        let text = base64::engine::general_purpose::URL_SAFE.encode(login.to_string());
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| NetError::Credential("the login cannot stand in a header".to_owned()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// `Basic …`, and which reading of the secret is in it.
    async fn basic(&self) -> Result<(Option<HeaderValue>, u64), NetError> {
        let Some(proof) = &self.inner.proof else { return Ok((None, 0)) };
        let held = proof.secret.get().await.map_err(NetError::Credential)?;
        let Some(secret) = held.secret else { return Ok((None, held.epoch)) };
        let pair = format!("{}:{}", proof.user, secret.expose_secret());
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        told::keep(&encoded);
        let text = format!("Basic {encoded}");
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| NetError::Credential("the login cannot stand in a header".to_owned()))?;
        value.set_sensitive(true);
        Ok((Some(value), held.epoch))
    }

    /// Asks the token server.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        basic: Option<HeaderValue>,
    ) -> Result<Told, NetError> {
        let host = &self.inner.host;
        let mut url = Url::parse(realm)
            .map_err(|_| NetError::Unreadable(format!("{host} names a token server that is no URL")))?;
        // One on this machine may name another there; one in the world, none in the open.
        if !(url.scheme() == "https" || (self.inner.base.scheme() == "http" && is_private(&url))) {
            return Err(NetError::Unreadable(format!("{host} names a token server that is not https; not asked")));
        }
        if basic.is_some() && !is_kin(&self.inner.base, &url) {
            let to = url.host_str().unwrap_or_default();
            return Err(NetError::Credential(format!(
                "{host} wants the login sent to {to}, which is not of its own domain; it is not sent"
            )));
        }
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service)));
        if !scope.is_empty() {
            url.query_pairs_mut().append_pair("scope", scope);
        }
        let mut request = self.client()?.get(url);
        if let Some(basic) = basic {
            request = request.header(AUTHORIZATION, basic);
        }
        let after = self.inner.deadlines.headers;
        let sent = timeout(after, request.send()).await;
        let sent = sent.map_err(|_| NetError::Deadline { what: "answer of the token server", after })?;
        let response = sent.map_err(|error| self.not_sent(&error))?;
        if response.status() == http::StatusCode::TOO_MANY_REQUESTS {
            return Err(self.limited(response.headers()));
        }
        if !response.status().is_success() {
            let repository = scope.split(':').nth(1).unwrap_or_default().to_owned();
            return Err(self.refused(response, &repository).await);
        }
        let body = self.body(response, TOKEN_LIMIT).await?;
        serde_json::from_slice(&body)
            .map_err(|_| NetError::Unreadable(format!("the token server of {host} answers with something else")))
    }
}

/// The same host, or one of the same domain: `registry-1.docker.io` and `auth.docker.io`.
fn is_kin(one: &Url, other: &Url) -> bool {
    let (Some(one), Some(other)) = (one.host_str(), other.host_str()) else { return false };
    let domain = |host: &str| {
        let parts: Vec<&str> = host.rsplit('.').take(2).collect();
        let named = parts.len() == 2 && host.parse::<std::net::IpAddr>().is_err();
        named.then(|| parts.join(".").to_ascii_lowercase())
    };
    one.eq_ignore_ascii_case(other) || domain(one).is_some_and(|domain_| domain(other) == Some(domain_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        challenge(&headers)
    }

    #[test]
    fn a_challenge_is_read_whatever_its_order_and_quotes() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        let ghcr = r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull""#;
        assert_eq!(asked(&[ghcr]), bearer("https://ghcr.io/token", Some("ghcr.io")));
        let spaced = r#"bearer scope="a,b=c", service=hub, realm="https://auth.docker.io/token""#;
        assert_eq!(asked(&[spaced]), bearer("https://auth.docker.io/token", Some("hub")));
        assert_eq!(asked(&["Basic realm=\"x\""]), Some(Challenge::Basic));
        assert_eq!(asked(&["Basic realm=\"x\"", "Bearer realm=\"https://a/t\""]), bearer("https://a/t", None));
        for none in ["", "Bearer", "Digest realm=\"x\"", "Bearer service=\"x\"", "Bearer realm=\"x"] {
            assert_eq!(asked(&[none]), None, "{none:?}");
        }
    }

    #[test]
    fn a_login_is_for_the_registrys_own_domain() {
        let kin = |one: &str, other: &str| is_kin(&Url::parse(one).unwrap(), &Url::parse(other).unwrap());
        assert!(kin("https://registry-1.docker.io", "https://auth.docker.io/token"));
        assert!(kin("https://registry.gitlab.com", "https://gitlab.com/jwt/auth"));
        assert!(kin("http://127.0.0.1:5000", "http://127.0.0.1:5001/token"));
        assert!(!kin("https://ghcr.io", "https://evil.example/token"));
        assert!(!kin("https://10.0.0.1", "https://12.0.0.1/token"));
        assert!(!kin("https://registry.shop.example", "https://shop.other.example.org"));
    }
}
