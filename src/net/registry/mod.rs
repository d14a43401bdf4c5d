//! The way to a container registry that speaks the distribution API (apis.md §10): GHCR, Docker Hub,
//! a plain one. Reads only.
//!
//! Who asks is proved to the registry itself, or to the token server that it names, and to nobody
//! else: blobs may lie elsewhere, and are fetched from there without a word about who asks. What has a
//! digest is compared with it.

mod auth;
mod send;
mod words;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderMap, LINK, LOCATION};
use http::{HeaderName, Method, StatusCode};
use jiff::Timestamp;
use reqwest::{Client, Url};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::auth::{Grant, Proof};
use super::failure::Setting;
use super::secret::{Token, Wanted};
use super::{Deadlines, NetError};
use crate::model::scope::Login;
use crate::text::is_loopback;

/// What a tag may name, best first.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
/// Of a manifest; registries themselves refuse larger ones.
const MANIFEST_LIMIT: usize = 4 << 20;
/// Of an image's configuration.
const BLOB_LIMIT: usize = 8 << 20;
/// Of a page of tags.
const PAGE_LIMIT: usize = 4 << 20;
/// Tags asked for at a time.
const PAGE: usize = 1000;
/// Places a blob may be sent on to.
const REDIRECTS: usize = 3;
/// Requests to one registry at a time.
const CONCURRENT: usize = 4;

const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// See the module. Cheap to clone: all clones share connections, tokens and limits.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    /// As images name it.
    host: String,
    base: Url,
    proof: Option<Proof>,
    deadlines: Deadlines,
    setting: Setting,
    client: Mutex<Option<Client>>,
    slots: Semaphore,
    /// By scope; a token is asked for by one request at a time.
    grants: tokio::sync::Mutex<HashMap<String, Grant>>,
    /// Nothing is asked until then.
    held: Mutex<Option<Instant>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("host", &self.inner.host).finish_non_exhaustive()
    }
}

/// What a registry says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// `registry/2.0`, where it says so.
    pub version: Option<String>,
    pub date: Option<Timestamp>,
}

/// A manifest or an index, as bytes that match their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub digest: String,
    pub kind: String,
    pub body: Bytes,
}

/// The tags of a repository, in no order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    pub names: Vec<String>,
    /// There are no more than these.
    pub whole: bool,
    pub date: Option<Timestamp>,
}

/// A request below `/v2/`.
#[derive(Clone, Copy)]
struct Ask<'a> {
    method: &'a Method,
    /// Of the repository, without the host; `None`: the base itself.
    repository: Option<&'a str>,
    url: &'a Url,
    accept: &'static str,
    /// What is asked for may lie elsewhere: a blob.
    moves: bool,
}

impl Registry {
    /// A registry by the host that images name, at `https://` and that host unless `url` says another
    /// place. Connects to nothing yet and reads no secret.
    pub fn new(host: &str, url: Option<&str>, login: &Login) -> Result<Self, NetError> {
        Self::with(host, url, login, Deadlines::default())
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(host: &str, url: Option<&str>, login: &Login, deadlines: Deadlines) -> Result<Self, NetError> {
        let wrong = |why: &str| NetError::Unusable(format!("the registry {host} {why}; mend it in sources.registries"));
        let text = url.map_or_else(|| address(host), str::to_owned);
        let mut base = Url::parse(&text).map_err(|_| wrong("has no address that is a URL"))?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        if !is_private(&base) {
            return Err(wrong("is not https: everybody could read and change what it says"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("has a user in its address; name it apart: username and password"));
        }
        let of = |user: &str, source| Proof {
            user: user.to_owned(),
            secret: Token::new(Wanted::Of(source), deadlines.exec),
        };
        let proof = match login {
            Login::Anonymous => None,
            // Where a token is the password the user's name is free (apis.md §10).
            Login::Token(source) => Some(of("token", source.clone())),
            Login::Password { user, password } => Some(of(user, password.clone())),
        };
        let setting = Setting {
            place: "in sources.registries",
            authority: "add it to this machine's certificates (SSL_CERT_FILE)",
        };
        Ok(Self {
            inner: Arc::new(Inner {
                host: host.to_owned(),
                base,
                proof,
                deadlines,
                setting,
                client: Mutex::new(None),
                slots: Semaphore::new(CONCURRENT),
                grants: tokio::sync::Mutex::default(),
                held: Mutex::new(None),
            }),
        })
    }

    /// As images name it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.inner.host
    }

    /// The address that is asked.
    #[must_use]
    pub fn url(&self) -> &str {
        self.inner.base.as_str().trim_end_matches('/')
    }

    /// Somebody is named to it.
    #[must_use]
    pub fn has_login(&self) -> bool {
        self.inner.proof.is_some()
    }

    /// Whether a registry answers there. One that wants a login answers, too.
    pub async fn probe(&self) -> Result<Probed, NetError> {
        let url = self.below("")?;
        let ask = Ask { method: &Method::GET, repository: None, url: &url, accept: "application/json", moves: false };
        let whole = async {
            let response = self.send(ask, None).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let version = text(&headers, &VERSION).map(str::to_owned);
            let asks = status == StatusCode::UNAUTHORIZED && auth::challenge(&headers).is_some();
            if status.is_success() && (version.is_some() || !is_page(&headers)) || asks {
                return Ok(Probed { version, date: date(&headers) });
            }
            Err(self.refused(response, "").await)
        };
        self.in_time(whole).await
    }

    /// Which digest a tag names now; `None`: the registry has nothing of that name.
    pub async fn digest(&self, repository: &str, reference: &str) -> Result<Option<String>, NetError> {
        let url = self.below(&format!("{}/manifests/{reference}", path(repository)))?;
        let ask =
            Ask { method: &Method::HEAD, repository: Some(repository), url: &url, accept: MANIFESTS, moves: false };
        let response = match self.in_time(self.ask(ask)).await {
            Ok(response) => response,
            Err(NetError::Api { code: 404, .. }) => return Ok(None),
            // Some take no HEAD.
            Err(NetError::Api { code: 405, .. }) => return self.digest_of_body(repository, reference).await,
            Err(error) => return Err(error),
        };
        match text(response.headers(), &DIGEST) {
            Some(digest) => Ok(Some(digest.to_owned())),
            None => self.digest_of_body(repository, reference).await,
        }
    }

    async fn digest_of_body(&self, repository: &str, reference: &str) -> Result<Option<String>, NetError> {
        match self.manifest(repository, reference).await {
            Ok(manifest) => Ok(Some(manifest.digest)),
            Err(NetError::Api { code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A manifest or an index, by tag or digest.
    pub async fn manifest(&self, repository: &str, reference: &str) -> Result<Manifest, NetError> {
        let url = self.below(&format!("{}/manifests/{reference}", path(repository)))?;
        let ask =
            Ask { method: &Method::GET, repository: Some(repository), url: &url, accept: MANIFESTS, moves: false };
        let whole = async {
            let response = self.ask(ask).await?;
            self.no_page(response.headers())?;
            let kind = text(response.headers(), &CONTENT_TYPE).unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
            let told = text(response.headers(), &DIGEST).map(str::to_owned);
            let body = self.body(response, MANIFEST_LIMIT).await?;
            let told = if reference.contains(':') { Some(reference.to_owned()) } else { told };
            let digest = self.checked(&body, told.as_deref())?;
            Ok(Manifest { digest, kind, body })
        };
        self.in_time(whole).await
    }

    /// A blob, whole: small ones only. It may lie on another server.
    pub async fn blob(&self, repository: &str, digest: &str) -> Result<Bytes, NetError> {
        let mut url = self.below(&format!("{}/blobs/{digest}", path(repository)))?;
        let whole = async {
            let ask = Ask { method: &Method::GET, repository: Some(repository), url: &url, accept: "*/*", moves: true };
            let mut response = self.ask(ask).await?;
            let mut hops = 0;
            while response.status().is_redirection() {
                url = self.onwards(&url, response.headers())?;
                hops += 1;
                if hops > REDIRECTS {
                    return Err(NetError::Redirected {
                        server: url.host_str().unwrap_or_default().to_owned(),
                        from: self.inner.host.clone(),
                    });
                }
                // Whoever keeps the blob is told nothing of who asks.
                let ask = Ask { method: &Method::GET, repository: None, url: &url, accept: "*/*", moves: true };
                response = self.send(ask, None).await?;
                if !response.status().is_success() && !response.status().is_redirection() {
                    return Err(self.refused(response, repository).await);
                }
            }
            let body = self.body(response, BLOB_LIMIT).await?;
            self.checked(&body, Some(digest))?;
            Ok(body)
        };
        self.in_time(whole).await
    }

    /// The tags of a repository, at most so many pages of them.
    pub async fn tags(&self, repository: &str, pages: usize) -> Result<Tags, NetError> {
        let mut url = self.below(&format!("{}/tags/list?n={PAGE}", path(repository)))?;
        let mut tags = Tags { names: Vec::new(), whole: false, date: None };
        let mut seen = HashSet::from([url.clone()]);
        for _ in 0..pages {
            let whole = async {
                let ask = Ask {
                    method: &Method::GET,
                    repository: Some(repository),
                    url: &url,
                    accept: "application/json",
                    moves: false,
                };
                let response = self.ask(ask).await?;
                self.no_page(response.headers())?;
                let headers = response.headers().clone();
                Ok((headers, self.body(response, PAGE_LIMIT).await?))
            };
            let (headers, body) = self.in_time(whole).await?;
            tags.date = date(&headers).or(tags.date);
            tags.names.extend(words::tags(&body).ok_or_else(|| {
                NetError::Unreadable(format!("{} answers with no list of tags; is it a registry?", self.inner.host))
            })?);
            let Some(next) = words::next(&headers, &LINK) else {
                tags.whole = true;
                return Ok(tags);
            };
            let next =
                url.join(next).map_err(|_| NetError::Paging("the next page of tags has no address".to_owned()))?;
            if !seen.insert(next.clone()) {
                return Err(NetError::Paging("the pages of tags begin anew; not followed".to_owned()));
            }
            if next.origin() != self.inner.base.origin() {
                return Err(NetError::Paging("the next page of tags is said to be elsewhere; not followed".to_owned()));
            }
            url = next;
        }
        Ok(tags)
    }

    fn below(&self, rest: &str) -> Result<Url, NetError> {
        self.inner
            .base
            .join(&format!("v2/{rest}"))
            .map_err(|_| NetError::Unusable(format!("{rest} is no path of a registry")))
    }

    /// Where an answer sends a blob's reader on to.
    fn onwards(&self, from: &Url, headers: &HeaderMap) -> Result<Url, NetError> {
        let to = text(headers, &LOCATION).and_then(|to| from.join(to).ok());
        let private = |to: &Url| to.scheme() == "https" || (is_private(to) && self.inner.base.scheme() == "http");
        let nameless = |to: &Url| to.username().is_empty() && to.password().is_none();
        to.filter(|to| private(to) && nameless(to)).ok_or_else(|| {
            let why = "sends on to a place that is not https, or with a user's name; not followed";
            NetError::Unreadable(format!("{} {why}", self.inner.host))
        })
    }

    /// The digest of these bytes, which must be the one that was told.
    fn checked(&self, body: &[u8], told: Option<&str>) -> Result<String, NetError> {
        let algorithm = told.and_then(|told| told.split_once(':')).map_or("sha256", |(algorithm, _)| algorithm);
        let found = words::digest(algorithm, body);
        match (told, found) {
            (Some(told), Some(found)) if told != found => {
                let host = &self.inner.host;
                Err(NetError::Unreadable(format!("{host} sent something else than {told}: its digest is {found}")))
            }
            (_, Some(found)) => Ok(found),
            (_, None) => Err(NetError::Unreadable(format!("{algorithm} is no digest that is known here"))),
        }
    }
}

/// Whom images without a place are asked for.
fn address(host: &str) -> String {
    let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let scheme = if is_loopback(name) { "http" } else { "https" };
    format!("{scheme}://{host}")
}

/// Nobody reads along: TLS, or this machine alone.
fn is_private(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}

/// A repository as a path, each part for itself.
fn path(repository: &str) -> String {
    repository.split('/').map(super::segment).collect::<Vec<_>>().join("/")
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text(headers, &DATE)?).ok().map(|date| date.timestamp())
}

fn is_page(headers: &HeaderMap) -> bool {
    text(headers, &CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
}
