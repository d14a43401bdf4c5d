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
pub(super) enum ProxyError {
    Failed {
        /// Host and port, never what stands before them.
        proxy: String,
        why: String,
    },
    /// What stands in the variable may be a password, and is repeated by no sentence.
    NoAddress { variable: &'static str },
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { proxy, why } => write!(
                f,
                "is not reached through the proxy {proxy}: {why}; check HTTPS_PROXY, or name the host in NO_PROXY"
            ),
            Self::NoAddress { variable } => write!(
                f,
                "is not reached: what {variable} says is no address of a proxy; write it as http://HOST:PORT, or name \
                 the host in NO_PROXY"
            ),
        }
    }
}

impl std::error::Error for ProxyError {}

/// A proxy that is asked for and cannot be used: whoever wants one does not want to be brought there without it.
pub(super) fn unusable(server: &Uri) -> Option<ProxyError> {
    unusable_by(server, |name| std::env::var(name).ok())
}

fn unusable_by(server: &Uri, variable: impl Fn(&str) -> Option<String>) -> Option<ProxyError> {
    let host = server.host()?;
    // Of a program that a web server starts the variables are whoever's asks it.
    if is_loopback(host) || variable("REQUEST_METHOD").is_some() {
        return None;
    }
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    let of_scheme = match server.scheme_str()? {
        "https" => first(["HTTPS_PROXY", "https_proxy"]),
        "http" => first(["HTTP_PROXY", "http_proxy"]),
        _ => None,
    };
    let said = of_scheme.into_iter().chain(first(["ALL_PROXY", "all_proxy"]));
    let (name, value) = said.into_iter().find(|(_, value)| !value.is_empty())?;
    let except = first(["NO_PROXY", "no_proxy"]).map_or_else(String::new, |(_, value)| value);
    let way = |proxy: &str| Matcher::builder().all(proxy).no(except.as_str()).build().intercept(server);
    // A port that is no number would be another port.
    let is_whole = |uri: &Uri| {
        let place = uri.authority().map_or("", |place| place.as_str().rsplit(']').next().unwrap_or_default());
        !place.contains(':') || uri.port_u16().is_some()
    };
    let bad = way("http://proxy").is_some() && !way(&value).is_some_and(|it| is_whole(it.uri()));
    bad.then_some(ProxyError::NoAddress { variable: name })
}

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
        if server.scheme_str() == Some("https")
            && let Some(error) = unusable(&server)
        {
            return Box::pin(async move { Err(error.into()) });
        }
        let Some(proxy) = self.proxy(&server) else {
            let straight = self.straight.call(server);
            return Box::pin(async move { straight.await.map_err(BoxError::from) });
        };
        let authority = proxy.uri().authority();
        let place = authority.map_or("", |place| place.as_str().rsplit('@').next().unwrap_or_default()).to_owned();
        let failed = move |why: String| BoxError::from(ProxyError::Failed { proxy: place, why });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_names_no_proxy_is_named_and_what_needs_none_goes_on() {
        let said = |server: &str, variables: &[(&str, &str)]| {
            let of = |name: &str| variables.iter().find(|row| row.0 == name).map(|row| row.1.to_owned());
            unusable_by(&server.parse().unwrap(), of).map(|error| error.to_string())
        };
        let away = "https://other.example";
        for bad in
            ["http://ada:hunter2@proxy:port", "gopher://ada:hunter2@proxy", "ht tp://hunter2", "/hunter2", "http://"]
        {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let told = said(away, &[(name, bad)]).unwrap_or_else(|| panic!("{name}={bad} is taken"));
                assert!(told.contains(name) && told.contains("http://HOST:PORT"), "{told}");
                assert!(!told.contains("hunter2"), "{told}");
                assert_eq!(said(away, &[(name, bad), ("NO_PROXY", "other.example")]), None);
                assert_eq!(said("https://127.0.0.1:6443", &[(name, bad)]), None);
                // Only who is asked for ALL is asked for this.
                assert_eq!(said("http://other.example", &[(name, bad)]).is_some(), name.to_lowercase() == "all_proxy");
            }
        }
        // The first that says something counts.
        let both = [("HTTPS_PROXY", "nowhere else:x"), ("ALL_PROXY", "http://proxy:3128")];
        assert!(said(away, &both).is_some_and(|told| told.contains("HTTPS_PROXY")));
        let both = [("HTTPS_PROXY", "http://proxy:3128"), ("ALL_PROXY", "nowhere else:x")];
        assert_eq!(said(away, &both), None);
        for good in ["", "proxy", "proxy:3128", "http://proxy:3128/", "https://proxy", "socks5://proxy:1080"] {
            assert_eq!(said(away, &[("HTTPS_PROXY", good)]), None, "{good}");
        }
    }
}
