//! The way to one server, shared by its read and write client: configuration, credential, deadlines.
//!
//! kube's own stack is not used: it repeats requests whatever their method, sets no keepalive, and
//! lets an exec plug-in write on the screen. Its configuration, TLS and authentication are.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use kube::client::ConfigExt as _;
use kube::config::ExecConfig;
use tower::{BoxError, ServiceBuilder};

use secrecy::ExposeSecret as _;

use super::error::{NetError, chain};
use super::proxy::Way;
use super::{exec, told};
use crate::clock::Clock;

/// How long anything may take (reliability.md §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until the TCP connection stands.
    pub connect: Duration,
    /// From the request to the status line of a read.
    pub headers: Duration,
    /// Between two chunks of a body.
    pub idle: Duration,
    /// A whole read.
    pub total: Duration,
    /// A whole page of a list.
    pub list: Duration,
    /// A whole write, connection included.
    pub write: Duration,
    /// A heartbeat.
    pub probe: Duration,
    /// An exec plug-in.
    pub exec: Duration,
    /// Before a read is tried again, at least; jitter makes it many times as long.
    pub again: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
            list: Duration::from_mins(1),
            write: Duration::from_secs(20),
            probe: Duration::from_secs(3),
            exec: Duration::from_secs(20),
            again: Duration::from_millis(200),
        }
    }
}

/// See the module.
pub(super) struct Access {
    config: kube::Config,
    exec: Option<ExecConfig>,
    pub(super) deadlines: Deadlines,
    clock: Clock,
    /// Single flight: whoever comes while the plug-in runs waits for its answer.
    credential: tokio::sync::Mutex<Option<Credential>>,
    /// The pooled client of the reads, and the credential it was built with.
    pooled: Mutex<Option<(u64, kube::Client)>>,
}

struct Credential {
    epoch: u64,
    build: Build,
    expires: Option<Timestamp>,
}

/// Makes a client, with a pool or for one request. Certificates are read once, not for every client.
type Build = Arc<dyn Fn(bool) -> Result<kube::Client, NetError> + Send + Sync>;

/// A credential is renewed this long before it ends.
const RENEW_BEFORE: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration holds tokens and keys.
        f.debug_struct("Access").field("server", &self.config.cluster_url).finish_non_exhaustive()
    }
}

impl Access {
    pub(super) fn new(mut config: kube::Config, exec: Option<ExecConfig>, deadlines: Deadlines) -> Arc<Self> {
        config.headers.push((HeaderName::from_static("user-agent"), HeaderValue::from_static(super::USER_AGENT)));
        config.default_retry = false;
        if config.cluster_url.scheme() == Some(&http::uri::Scheme::HTTP) {
            // Without TLS there is no use in reading the machine's certificates, which takes time.
            config.root_cert = Some(Vec::new());
        }
        Arc::new(Self {
            config,
            exec,
            deadlines,
            clock: Clock::system(),
            credential: tokio::sync::Mutex::new(None),
            pooled: Mutex::new(None),
        })
    }

    /// The server's URL, as messages name it.
    pub(super) fn server(&self) -> String {
        self.config.cluster_url.to_string().trim_end_matches('/').to_owned()
    }

    /// The client that keeps connections, for reads.
    pub(super) async fn pooled(&self) -> Result<(u64, kube::Client), NetError> {
        let (epoch, build) = self.credential().await?;
        let mut pool = self.pool();
        if let Some((built, client)) = pool.as_ref()
            && *built == epoch
        {
            return Ok((epoch, client.clone()));
        }
        let client = build(true)?;
        *pool = Some((epoch, client.clone()));
        Ok((epoch, client))
    }

    /// What the exec plug-in is called, if credentials come from one.
    pub(super) fn plugin(&self) -> Option<&str> {
        self.exec.as_ref()?.command.as_deref()
    }

    /// Gets the credential, as a request would.
    pub(super) async fn prepare(&self) -> Result<(), NetError> {
        self.credential().await.map(drop)
    }

    /// A client with a connection of its own that is used once.
    pub(super) async fn fresh(&self) -> Result<kube::Client, NetError> {
        let (_, build) = self.credential().await?;
        build(false)
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Option<(u64, kube::Client)>> {
        self.pooled.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// After a 401: one new credential, unless somebody got one since. `false` = there is none to get.
    pub(super) async fn renew(&self, used: u64) -> bool {
        if self.exec.is_none() {
            return false;
        }
        let mut held = self.credential.lock().await;
        if let Some(credential) = held.as_mut()
            && credential.epoch == used
        {
            credential.expires = Some(Timestamp::UNIX_EPOCH);
        }
        true
    }

    async fn credential(&self) -> Result<(u64, Build), NetError> {
        let mut held = self.credential.lock().await;
        let now = self.clock.now().wall;
        if let Some(credential) = held.as_ref()
            && credential.expires.is_none_or(|expires| expires - RENEW_BEFORE > now)
        {
            return Ok((credential.epoch, Arc::clone(&credential.build)));
        }
        let epoch = held.as_ref().map_or(1, |credential| credential.epoch + 1);
        let (mut config, mut expires) = (self.config.clone(), None);
        if let Some(plugin) = &self.exec {
            let answer = exec::run(plugin, self.deadlines.exec).await.map_err(NetError::Credential)?;
            config.auth_info = answer.apply(&config.auth_info).map_err(NetError::Credential)?;
            expires = answer.expires;
        }
        for secret in config.auth_info.token.iter().chain(&config.auth_info.password) {
            told::keep(secret.expose_secret());
        }
        let build = builder(config, self.deadlines.connect)?;
        *held = Some(Credential { epoch, build: Arc::clone(&build), expires });
        Ok((epoch, build))
    }
}

fn builder(config: kube::Config, connect: Duration) -> Result<Build, NetError> {
    let unusable = |error: kube::Error| NetError::Unusable(chain(&error));
    let https = config.rustls_https_connector_with_connector(Way::new(connect)).map_err(unusable)?;
    Ok(Arc::new(move |pool| {
        let mut builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
        // A pooled connection found dead makes the client send again: harmless for a read, never for a write.
        builder.retry_canceled_requests(pool).pool_max_idle_per_host(if pool { 16 } else { 0 });
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer().map_err(unusable)?)
            .layer(config.extra_headers_layer().map_err(unusable)?)
            .map_err(BoxError::from)
            .service(builder.build(https.clone()));
        Ok(kube::Client::new(service, config.default_namespace.clone()))
    }))
}
