//! The ways to a GitHub host: octocrab over a stack of our own. Its own would follow redirects, wait
//! for ever and repeat writes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::combinators::BoxBody;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt as _;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};

use crate::net::error::{NetError, chain};
use crate::net::failure::{self, Setting};
use crate::net::proxy::Way;

pub(super) type Answer = Response<BoxBody<Bytes, octocrab::Error>>;

/// Scheme, host and port: what a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// `None` when it names no server, or more than one: user information before the host.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let authority = uri.authority()?;
        let port = match (authority.port_u16(), scheme.as_str()) {
            (Some(port), "http" | "https") => port,
            (None, "https") => 443,
            (None, "http") => 80,
            _ => return None,
        };
        if authority.as_str().contains('@') {
            return None;
        }
        Some(Self { scheme, host: authority.host().to_ascii_lowercase(), port })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// What is sent there cannot be read on the way.
    pub(super) fn is_private(&self) -> bool {
        self.scheme == "https" || crate::text::is_loopback(&self.host)
    }
}

/// How a client keeps its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// For reads: kept, and asked again when a kept one was found dead.
    Pool,
    /// For one request, which leaves once.
    Nothing,
}

/// The HTTP client under octocrab's, with its connector's type left to kube's features.
macro_rules! http_client {
    ($origin:expr, $keep:expr, $connect:expr) => {{
        let config = tls_of($origin);
        let https = config.rustls_https_connector_with_connector(Way::new($connect));
        let pool = $keep == Keep::Pool;
        https.map_err(|error| NetError::Unusable(chain(&error))).map(|https| {
            let mut builder = Client::builder(TokioExecutor::new());
            builder.retry_canceled_requests(pool).pool_max_idle_per_host(if pool { 8 } else { 0 });
            builder.build::<_, OctoBody>(https)
        })
    }};
}

/// A client for one origin. Its requests name the whole URL; those to another origin are refused here,
/// whatever asked for them, and the token goes with no other. Inside a Tokio runtime only.
pub(super) fn client(
    origin: &Origin,
    token: Option<HeaderValue>,
    keep: Keep,
    connect: Duration,
) -> Result<Octocrab, NetError> {
    let inner = http_client!(origin, keep, connect)?;
    let (origin, token) = (origin.clone(), Arc::new(token));
    let bound = tower::service_fn(move |mut request: Request<OctoBody>| {
        let ours = Origin::of(request.uri()).as_ref() == Some(&origin);
        let headers = request.headers_mut();
        // Its description names the plain type alone.
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/vnd.github+json, application/json;q=0.9"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(crate::net::USER_AGENT));
        if let Some(token) = token.as_ref() {
            headers.insert(header::AUTHORIZATION, token.clone());
        }
        let inner = inner.clone();
        async move {
            if !ours {
                return Err(tower::BoxError::from("a request to another server was not sent"));
            }
            inner.request(request).await.map_err(tower::BoxError::from)
        }
    });
    OctocrabBuilder::new_empty()
        .with_service(bound)
        .with_auth(AuthState::None)
        .build()
        .map_err(|never| NetError::Unusable(never.to_string()))
}

/// kube's TLS: this machine's authorities, the one provider.
fn tls_of(origin: &Origin) -> kube::Config {
    let mut config = kube::Config::new(Uri::from_static("https://github.invalid"));
    if origin.scheme == "http" {
        // Without TLS there is no use in reading the machine's certificates, which takes time.
        config.root_cert = Some(Vec::new());
    }
    config
}

/// What a failed send means, in words.
pub(super) fn failed(server: &str, error: &(dyn std::error::Error + 'static), place: &'static str) -> NetError {
    let setting =
        Setting { place, authority: "check the address, or add it to this machine's certificates (SSL_CERT_FILE)" };
    let message = failure::sentence_for(server, error, setting);
    if crate::net::error::connect_failed(error) { NetError::Connect(message) } else { NetError::Transport(message) }
}
