//! What every client of reqwest has: our name, a connection that is given up in time and watched while it is
//! open, no referer, no redirects, and the proxy of the environment for what is not on this machine.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect};

use super::{Deadlines, NetError, USER_AGENT, proxy};

pub(super) fn builder(url: &str, deadlines: &Deadlines) -> Result<ClientBuilder, NetError> {
    if let Some(error) = url.parse().ok().and_then(|server| proxy::unusable(&server)) {
        return Err(NetError::Unusable(format!("{url} {error}")));
    }
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(deadlines.connect)
        .tcp_keepalive(Duration::from_secs(5))
        .tcp_keepalive_interval(Duration::from_secs(3))
        .tcp_keepalive_retries(3)
        .referer(false)
        .redirect(redirect::Policy::none());
    if url.starts_with("http://") {
        // Without TLS the machine's certificates are of no use, and it may have none.
        builder = builder.tls_certs_only([]);
    }
    if proxy::stays_here(url) {
        builder = builder.no_proxy();
    }
    Ok(builder)
}
