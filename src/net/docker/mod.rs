//! The way to a Docker Engine: one connection for each request, with deadlines and limits; what changes
//! something is sent once (see `write`).
//!
//! bollard negotiates the version of the API, over a transport of ours. Lists are decoded elsewhere,
//! because its types refuse a whole list for one word they do not know; logs are read raw, because
//! its decoder believes the length of a frame, up to 4 GiB, and collects it (reliability.md §1.3).

mod wire;
mod words;
mod write;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, BollardRequest, ClientVersion};
use http::{Response, header};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::time::timeout;

use super::error::NetError;
use super::read::{Answer, BodyStream};
use crate::text::{is_loopback, without_user};

pub use write::{Answered, Context, EngineAsk};

/// Of a body that is read whole.
const BODY_LIMIT: usize = 16 << 20;
/// Of a body that comes with an error status.
const ERROR_LIMIT: usize = 64 << 10;
/// Of what bollard reads, which has no limit of its own.
const VERSION_LIMIT: u64 = 1 << 20;

/// How long anything may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DockerDeadlines {
    pub connect: Duration,
    /// The version of the API, connection included.
    pub version: Duration,
    /// From the request to the status line.
    pub head: Duration,
    /// Between two chunks of a body that is read whole.
    pub idle: Duration,
    /// Of a body that is read whole.
    pub total: Duration,
}

impl Default for DockerDeadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            version: Duration::from_secs(2),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
        }
    }
}

/// What an engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineVersion {
    /// `20.10.24`.
    pub engine: String,
    /// The version of the API that is spoken with it: `1.41`.
    pub api: String,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Docker {
    inner: Arc<Inner>,
}

struct Inner {
    /// As it was named; holds no credentials.
    at: words::At,
    address: Address,
    deadlines: DockerDeadlines,
    /// `v1.41`, once it is known.
    version: Mutex<Option<String>>,
}

/// Where the engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Address {
    Socket(PathBuf),
    /// `http://host:port`.
    Tcp(http::Uri),
}

impl fmt::Debug for Docker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Docker").field("url", &self.inner.at.url).finish_non_exhaustive()
    }
}

impl Docker {
    /// `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`, `http://…`. Connects to nothing yet.
    pub fn new(host: &str) -> Result<Self, NetError> {
        Self::with_deadlines(host, DockerDeadlines::default())
    }

    /// [`Self::new`] with an address that stands elsewhere: `in sources.docker.host`.
    pub fn found(host: &str, place: &'static str) -> Result<Self, NetError> {
        Self::made(host, DockerDeadlines::default(), place)
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with_deadlines(host: &str, deadlines: DockerDeadlines) -> Result<Self, NetError> {
        Self::made(host, deadlines, "in DOCKER_HOST")
    }

    fn made(host: &str, deadlines: DockerDeadlines, place: &'static str) -> Result<Self, NetError> {
        // Of `unix://` the slashes are not its end.
        let url = host.trim();
        let url = if url.ends_with("://") { url } else { url.trim_end_matches('/') }.to_owned();
        let address = address(&url).map_err(NetError::Unusable)?;
        Ok(Self {
            inner: Arc::new(Inner { at: words::At { url, place }, address, deadlines, version: Mutex::new(None) }),
        })
    }

    /// Its address, without credentials.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.at.url
    }

    /// Asks for the version of the API anew: an engine that comes back may be another one.
    pub async fn negotiate(&self) -> Result<(), NetError> {
        let negotiated = self.bollard()?.negotiate_version();
        let client = self.in_time(negotiated).await?;
        *self.version() = Some(format!("v{}", client.client_version()));
        Ok(())
    }

    /// What the engine is, for `doctor`.
    pub async fn about(&self) -> Result<EngineVersion, NetError> {
        self.negotiate().await?;
        let said = self.in_time(self.bollard()?.version()).await?;
        let api = self.version().clone().unwrap_or_default();
        Ok(EngineVersion { engine: said.version.unwrap_or_default(), api: api.trim_start_matches('v').to_owned() })
    }

    /// A whole answer, tried once: the caller has its own back-off and shows it.
    pub async fn get(&self, path: &str) -> Result<Answer, NetError> {
        let after = self.inner.deadlines.total;
        let whole = async {
            let stream = self.open(path).await?;
            let date = stream.date;
            Ok(Answer { body: stream.collect(BODY_LIMIT).await?, date })
        };
        timeout(after, whole).await.unwrap_or(Err(NetError::Deadline { what: "whole answer", after }))
    }

    /// A body that is read as it comes. What silence means, the caller decides.
    pub async fn open(&self, path: &str) -> Result<BodyStream, NetError> {
        let version = self.spoken().await?;
        let answer = self.inner.send(&format!("/{version}{path}")).await?;
        let status = answer.status();
        let date = text(&answer, &header::DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        let date: Option<Timestamp> = date.map(|date| date.timestamp());
        let stream = BodyStream::new(answer.into_body(), date, self.inner.deadlines.idle);
        if status.is_success() {
            return Ok(stream);
        }
        if status.is_redirection() {
            return Err(NetError::Connect(words::no_engine(&self.inner.at)));
        }
        // An error page that does not come whole still is an error with a code.
        let body = stream.collect(ERROR_LIMIT).await.unwrap_or_default();
        Err(NetError::from_status(status.as_u16(), &body, None))
    }

    /// `v1.41`: what stands before every path.
    async fn spoken(&self) -> Result<String, NetError> {
        let known = self.version().clone();
        if let Some(version) = known {
            return Ok(version);
        }
        self.negotiate().await?;
        Ok(self.version().clone().unwrap_or_default())
    }

    fn version(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.inner.version.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, bollard::errors::Error>>) -> Result<T, NetError> {
        let after = self.inner.deadlines.version;
        match timeout(after, asked).await {
            Ok(Ok(said)) => Ok(said),
            Ok(Err(error)) => Err(words::of_bollard(&self.inner.at, error)),
            Err(_) => Err(NetError::Connect(words::silent(&self.inner.at, after))),
        }
    }

    /// bollard on our transport.
    fn bollard(&self) -> Result<bollard::Docker, NetError> {
        let inner = Arc::clone(&self.inner);
        let transport = move |request: BollardRequest| {
            let inner = Arc::clone(&inner);
            async move { inner.bounded(request.uri().path()).await.map_err(words::into_bollard) }
        };
        let ceiling = ClientVersion {
            major_version: API_DEFAULT_VERSION.major_version,
            minor_version: API_DEFAULT_VERSION.minor_version,
        };
        let after = self.inner.deadlines.version.as_secs().max(1);
        bollard::Docker::connect_with_custom_transport(transport, Some("http://engine"), after, &ceiling)
            .map_err(|error| NetError::Unusable(super::error::chain(&error)))
    }
}

impl Inner {
    /// An answer of which bollard may read all: it says how long it is, and that is not long.
    async fn bounded(&self, path: &str) -> Result<Response<Incoming>, NetError> {
        let answer = self.send(path).await?;
        let length = text(&answer, &header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
        match length {
            Some(length) if length <= VERSION_LIMIT => Ok(answer),
            _ => Err(NetError::Connect(words::no_engine(&self.at))),
        }
    }
}

fn text<'a, B>(answer: &'a Response<B>, name: &header::HeaderName) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

/// From what stands in `DOCKER_HOST`, or why that cannot be used.
fn address(url: &str) -> Result<Address, String> {
    // What stands before an `@` may be a password, and is repeated by no sentence.
    let shown = &without_user(url);
    let (scheme, rest) = url.split_once("://").ok_or_else(|| words::no_address(shown))?;
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Address::Socket(PathBuf::from(rest))),
        "tcp" | "http" if rest.contains('@') => Err(words::no_address("an address with a password")),
        "tcp" | "http" => {
            let host = rest.split('/').next().unwrap_or_default();
            let port = if host.rsplit(']').next().unwrap_or_default().contains(':') { "" } else { ":2375" };
            let uri: http::Uri = format!("http://{host}{port}").parse().map_err(|_| words::no_address(shown))?;
            let name = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| words::no_address(shown))?;
            if !is_loopback(name) {
                return Err(words::in_the_open(shown));
            }
            Ok(Address::Tcp(uri))
        }
        "https" | "ssh" | "npipe" | "fd" => Err(words::other_way(shown, scheme)),
        _ => Err(words::no_address(shown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_socket_or_a_port() {
        assert_eq!(address("unix:///run/docker.sock"), Ok(Address::Socket("/run/docker.sock".into())));
        for (given, wanted) in [
            ("tcp://127.0.0.1:2375", "http://127.0.0.1:2375/"),
            ("tcp://localhost", "http://localhost:2375/"),
            ("http://[::1]:99/", "http://[::1]:99/"),
            ("tcp://[::1]", "http://[::1]:2375/"),
        ] {
            let Ok(Address::Tcp(uri)) = address(given) else { panic!("{given}") };
            assert_eq!(uri.to_string(), wanted);
        }
        for (given, wanted) in [
            ("/run/docker.sock", "unix:///var/run/docker.sock"),
            ("unix://run/docker.sock", "unix:///var/run/docker.sock"),
            ("https://x:2376", "TLS"),
            ("ssh://me@x", "ssh -L"),
            ("tcp://", "unix:///var/run/docker.sock"),
            ("tcp://u:secret@x:1", "password"),
            ("tcp://build-host", "ssh -L"),
            ("tcp://10.0.0.7:2375", "in the open"),
            ("ssh://u:secret@h", "ssh://h: no ssh"),
            ("ssh://u:sec/secret@h/x", "ssh://h/x: no ssh"),
            ("https://u:secret@h:2376", "https://h:2376: "),
            ("gopher://u:secret@h", "gopher://h is no address"),
            ("unix://u:secret@h", "unix://h is no address"),
            ("u:secret@h", "h is no address"),
            ("u:secret@h://x", "h://x is no address"),
        ] {
            let why = address(given).unwrap_err();
            assert!(why.contains(wanted) && !why.contains("secret"), "{given}: {why}");
        }
    }
}
