//! Which server is spoken to, and as whom: read from the kubeconfig once, at start.

use std::fmt;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kube::config::{ExecConfig, Kubeconfig, KubeconfigError};

use super::access::{Access, Deadlines};
use super::error::NetError;
use super::helm::Helm;
use super::read::ReadStack;
use super::write::{WriteStack, Writes};

/// What is to be spoken to, as the command line says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A context of a kubeconfig. Without a path: `$KUBECONFIG`, else `~/.kube/config`; without a
    /// context: the current one.
    Kubeconfig { path: Option<PathBuf>, context: Option<String> },
    /// A server on the loopback that asks for no credentials: the demo.
    Url { server: String, name: String, namespace: String },
}

/// Why a target cannot be used, with the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("{0}")]
    Kubeconfig(String),
}

/// A cluster of the scope, pinned: server, user, authority and namespace will not change while the
/// program runs.
#[derive(Clone)]
pub struct Cluster {
    /// The context's name, or the demo's.
    pub name: String,
    pub server: String,
    pub user: String,
    /// The context's namespace; `default` if unset.
    pub namespace: String,
    helm: Option<Helm>,
    /// The records of Helm's releases are Secrets: whoever does not want them listed says so.
    reads_helm: bool,
    access: Arc<Access>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("name", &self.name).field("server", &self.server).finish_non_exhaustive()
    }
}

impl Target {
    /// The name to show for it before anything was read.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Kubeconfig { context, .. } => context.as_deref().unwrap_or("current context"),
            Self::Url { name, .. } => name,
        }
    }

    /// Reads the kubeconfig and pins what it says. Connects to nothing and runs no plug-in.
    pub fn pin(&self) -> Result<Cluster, TargetError> {
        self.pin_with(Deadlines::default())
    }

    /// [`Self::pin`] with deadlines of the caller's choice.
    pub fn pin_with(&self, deadlines: Deadlines) -> Result<Cluster, TargetError> {
        match self {
            Self::Kubeconfig { path, context } => pin_kubeconfig(path.as_deref(), context.as_deref(), deadlines),
            Self::Url { server, name, namespace } => {
                let uri = server
                    .parse::<http::Uri>()
                    .map_err(|error| TargetError::Kubeconfig(format!("{server} is no URL: {error}")))?;
                Ok(Cluster {
                    reads_helm: true,
                    name: name.clone(),
                    server: server.clone(),
                    // Nobody is asked for there; the demo's GitHub knows the same name.
                    user: "demo".to_owned(),
                    namespace: namespace.clone(),
                    helm: None,
                    access: Access::new(kube::Config::new(uri), None, deadlines),
                })
            }
        }
    }
}

impl Cluster {
    /// The same, and nothing of Helm's is listed.
    #[must_use]
    pub fn without_helm(mut self) -> Self {
        self.reads_helm = false;
        self
    }

    #[must_use]
    pub const fn reads_helm(&self) -> bool {
        self.reads_helm
    }

    /// The client that reads.
    #[must_use]
    pub fn read(&self) -> ReadStack {
        ReadStack::new(Arc::clone(&self.access))
    }

    /// The exec plug-in its credentials come from, if they do.
    #[must_use]
    pub fn plugin(&self) -> Option<&str> {
        self.access.plugin()
    }

    /// Gets the credential, as the first request would.
    pub async fn prepare(&self) -> Result<(), NetError> {
        self.access.prepare().await
    }

    /// The program that changes releases; there is none for a cluster that no kubeconfig names.
    #[must_use]
    pub fn helm(&self) -> Option<Helm> {
        self.helm.clone()
    }

    /// The client that writes.
    #[must_use]
    pub fn write(&self, _: Writes) -> WriteStack {
        WriteStack::new(Arc::clone(&self.access))
    }
}

/// No kubeconfig is as long as that.
const KUBECONFIG_LIMIT: u64 = 16 << 20;

fn pin_kubeconfig(path: Option<&Path>, context: Option<&str>, deadlines: Deadlines) -> Result<Cluster, TargetError> {
    let place = place(path);
    for path in paths(path) {
        check_file(&path)?;
    }
    let mut file = match path {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    }
    .map_err(|error| TargetError::Kubeconfig(unreadable(&error, &place)))?;
    let name = chosen_context(&file, context, &place)?;
    let entry = file.contexts.iter().find(|named| named.name == name).and_then(|named| named.context.clone());
    let user = entry.as_ref().and_then(|context| context.user.clone()).unwrap_or_default();
    if let Some(proxy) = proxy_of(&file, &name) {
        return Err(TargetError::Kubeconfig(format!(
            "context {name} of {place} goes through the proxy {proxy}, which is not supported; name a context without proxy-url with --context"
        )));
    }
    file.current_context = Some(name.clone());
    let pinned = file.clone();
    let mut config = kube::Config::try_from(file).map_err(|error| {
        TargetError::Kubeconfig(format!(
            "context {name} of {place} cannot be used: {}; mend it, or name another with --context",
            super::error::chain(&error)
        ))
    })?;
    // The proxies of the environment are met in our own connector.
    config.proxy_url = None;
    let exec: Option<ExecConfig> = config.auth_info.exec.take();
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    Ok(Cluster {
        reads_helm: true,
        helm: Some(Helm::new(pinned, server.clone())),
        name,
        server,
        user,
        namespace: config.default_namespace.clone(),
        access: Access::new(config, exec, deadlines),
    })
}

/// The files that will be read.
fn paths(path: Option<&Path>) -> Vec<PathBuf> {
    match (path, std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty())) {
        (Some(path), _) => vec![path.to_owned()],
        (None, Some(list)) => std::env::split_paths(&list).collect(),
        (None, None) => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}

/// Opening a pipe would wait for whoever writes into it, perhaps for ever.
fn check_file(path: &Path) -> Result<(), TargetError> {
    let Ok(facts) = path.metadata() else { return Ok(()) };
    let (kind, shown) = (facts.file_type(), path.display());
    if kind.is_fifo() || kind.is_socket() {
        return Err(TargetError::Kubeconfig(format!(
            "{shown} is a pipe and no file: nobody knows whether its other end writes; put the kubeconfig in a file"
        )));
    }
    if kind.is_char_device() || facts.len() > KUBECONFIG_LIMIT {
        return Err(TargetError::Kubeconfig(format!(
            "{shown} is no kubeconfig: it has no end, or is larger than 16 MiB; name another with --kubeconfig"
        )));
    }
    Ok(())
}

/// Where the kubeconfig is looked for, in words.
fn place(path: Option<&Path>) -> String {
    match path {
        Some(path) => path.display().to_string(),
        None => match std::env::var("KUBECONFIG") {
            Ok(value) if !value.is_empty() => format!("{value} ($KUBECONFIG)"),
            _ => "~/.kube/config".to_owned(),
        },
    }
}

fn unreadable(error: &KubeconfigError, place: &str) -> String {
    match error {
        KubeconfigError::ReadConfig(cause, file) if cause.kind() == std::io::ErrorKind::NotFound => format!(
            "no kubeconfig at {}; name one with --kubeconfig or $KUBECONFIG, or look around with: quarterdeck demo",
            file.display()
        ),
        KubeconfigError::ReadConfig(cause, file) => {
            format!(
                "kubeconfig {} cannot be read: {cause}; check its permissions, or name another with --kubeconfig",
                file.display()
            )
        }
        KubeconfigError::Parse(cause) => {
            let line = cause.to_string();
            format!(
                "{place} is no kubeconfig: {}; mend it, or name another with --kubeconfig",
                line.lines().next().unwrap_or_default()
            )
        }
        other => format!("kubeconfig {place} cannot be used: {other}; name another with --kubeconfig"),
    }
}

fn chosen_context(file: &Kubeconfig, wanted: Option<&str>, place: &str) -> Result<String, TargetError> {
    let known: Vec<&str> = file.contexts.iter().map(|named| named.name.as_str()).collect();
    if known.is_empty() {
        return Err(TargetError::Kubeconfig(format!(
            "kubeconfig {place} has no contexts; name another with --kubeconfig, or look around with: quarterdeck demo"
        )));
    }
    let list = known.join(", ");
    match wanted.or(file.current_context.as_deref()).filter(|name| !name.is_empty()) {
        Some(name) if known.contains(&name) => Ok(name.to_owned()),
        Some(name) => Err(TargetError::Kubeconfig(format!(
            "kubeconfig {place} has no context {name}; it has: {list}. Choose with --context"
        ))),
        None => Err(TargetError::Kubeconfig(format!(
            "kubeconfig {place} sets no current-context; it has: {list}. Choose with --context"
        ))),
    }
}

fn proxy_of(file: &Kubeconfig, context: &str) -> Option<String> {
    let context = file.contexts.iter().find(|named| named.name == context)?.context.as_ref()?;
    let cluster = file.clusters.iter().find(|named| named.name == context.cluster)?.cluster.as_ref()?;
    cluster.proxy_url.clone().filter(|url| !url.is_empty())
}
