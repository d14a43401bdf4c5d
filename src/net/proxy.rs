//! The way to a server that is set in a kubeconfig or for GitHub: straight, or through the proxy of
//! the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY), as other programs take it.
//!
//! Only TLS goes through it, in a tunnel (CONNECT): the proxy learns the server's name and sees no
//! token. What is without TLS goes straight, and what is on this machine always does.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{BoxError, Service};

use super::error::chain;
use crate::text::is_loopback;

/// Makes the connections below TLS.
#[derive(Clone)]
pub(super) struct Way {
    straight: HttpConnector,
    proxies: Arc<Matcher>,
    deadline: Duration,
}

/// The proxy could not be used; the server behind it was not spoken to.
#[derive(Debug)]
pub(super) struct ProxyError {
    /// Host and port, never what stands before them.
    proxy: String,
    why: String,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proxy, why } = self;
        write!(f, "is not reached through the proxy {proxy}: {why}; check HTTPS_PROXY, or name the host in NO_PROXY")
    }
}

impl std::error::Error for ProxyError {}

impl Way {
    /// `connect`: until a connection stands, and again until the proxy has made the tunnel.
    pub(super) fn new(connect: Duration) -> Self {
        let mut straight = HttpConnector::new();
        straight.enforce_http(false);
        straight.set_nodelay(true);
        straight.set_connect_timeout(Some(connect));
        straight.set_keepalive(Some(Duration::from_secs(5)));
        straight.set_keepalive_interval(Some(Duration::from_secs(3)));
        straight.set_keepalive_retries(Some(3));
        Self { straight, proxies: Arc::new(Matcher::from_env()), deadline: connect * 2 }
    }

    fn proxy(&self, server: &Uri) -> Option<Intercept> {
        let away = server.scheme_str() == Some("https") && !is_loopback(server.host()?);
        away.then(|| self.proxies.intercept(server)).flatten()
    }
}

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.straight.poll_ready(context).map_err(BoxError::from)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Some(proxy) = self.proxy(&server) else {
            let straight = self.straight.call(server);
            return Box::pin(async move { straight.await.map_err(BoxError::from) });
        };
        let authority = proxy.uri().authority();
        let place = authority.map_or("", |place| place.as_str().rsplit('@').next().unwrap_or_default()).to_owned();
        let failed = move |why: String| BoxError::from(ProxyError { proxy: place, why });
        if proxy.uri().scheme_str() != Some("http") {
            return Box::pin(async move { Err(failed("only proxies with http:// are known here".to_owned())) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.straight.clone());
        if let Some(login) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(login.clone());
        }
        let (deadline, made) = (self.deadline, tunnel.call(server));
        Box::pin(async move {
            match tokio::time::timeout(deadline, made).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(failed(words(&error))),
                Err(_) => Err(failed(format!("no tunnel within {} s", deadline.as_secs_f32()))),
            }
        })
    }
}

/// Whether this URL names this machine: no proxy carries what never leaves it.
pub(super) fn stays_here(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|url| url.host().is_some_and(is_loopback))
}

/// The library's words, where they say little in other ones.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::ConnectionRefused
        {
            return "it refused the connection".to_owned();
        }
        cause = inner.source();
    }
    match error.to_string().as_str() {
        said if said.contains("authorization required") => "it wants a name and a password (407)".to_owned(),
        said if said.contains("unsuccessful") => "it does not let through to this server".to_owned(),
        _ => chain(error),
    }
}
