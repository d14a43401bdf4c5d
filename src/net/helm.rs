//! The program `helm`: the only one that may change its releases (apis.md §3.13). It is run once, with the
//! cluster and the credential that the kubeconfig named at the start, and never ended by us: one that is
//! stopped on its way leaves a release that no other helm may touch. So it has no pipe that could close, and
//! goes on when this program ends.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kube::config::Kubeconfig;

use super::write::{Sent, Writes};

/// It is not waited for longer. Its own deadline is for each hook.
const DEADLINE: Duration = Duration::from_mins(15);
const OWN_DEADLINE: &str = "5m";
/// Of what it says, the end.
const SAID: i64 = 4 << 10;
/// Variables that would send it elsewhere, or as somebody else.
const UNSET: [&str; 11] = [
    "HELM_DRIVER",
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBECONTEXT",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "HELM_KUBETLS_SERVER_NAME",
    "HELM_KUBETOKEN",
    "HELM_NAMESPACE",
    "KUBECONFIG",
];

/// Which cluster it is to speak to, and as whom.
#[derive(Clone)]
pub struct Helm {
    /// As it was read at the start, without what other contexts need.
    config: Arc<Kubeconfig>,
    server: String,
}

impl fmt::Debug for Helm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helm").field("server", &self.server).finish_non_exhaustive()
    }
}

/// A release goes back to what an earlier revision was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    pub namespace: String,
    pub release: String,
    pub revision: i64,
}

impl Helm {
    /// `config` with its context chosen.
    pub(super) fn new(mut config: Kubeconfig, server: String) -> Self {
        let context = config.current_context.clone().unwrap_or_default();
        config.contexts.retain(|named| named.name == context);
        let of = config.contexts.first().and_then(|named| named.context.clone());
        let (cluster, user) = of.map(|context| (context.cluster, context.user)).unwrap_or_default();
        config.clusters.retain(|named| named.name == cluster);
        config.auth_infos.retain(|named| Some(&named.name) == user.as_ref());
        Self { config: Arc::new(config), server }
    }

    /// The server that was pinned.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Runs it once. What it did before it failed nobody can tell from here.
    pub async fn rollback(&self, _: Writes, asked: &Rollback) -> Sent {
        match self.begin(asked) {
            Ok(begun) => begun.ends().await,
            Err(error) => Sent::NotSent { message: format!("helm did not start: {error}") },
        }
    }

    fn begin(&self, asked: &Rollback) -> std::io::Result<Begun> {
        let config = serde_json::to_vec(&*self.config).map_err(std::io::Error::other)?;
        let (path, mut file) = private("kubeconfig")?;
        let kubeconfig = Removed(path);
        file.write_all(&config)?;
        let (said_at, said) = private("said")?;
        // Its name is not needed: both of us have it open.
        std::fs::remove_file(&said_at)?;
        let mut command = tokio::process::Command::new("helm");
        command.args(arguments(asked, &kubeconfig.0));
        for variable in UNSET {
            command.env_remove(variable);
        }
        // A group of its own, so that the terminal's signals pass it by.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
        Ok(Begun { child: command.spawn()?, said, _kubeconfig: kubeconfig })
    }
}

fn arguments(asked: &Rollback, kubeconfig: &Path) -> Vec<String> {
    let kubeconfig = kubeconfig.to_string_lossy();
    let flags = ["rollback", "--namespace", &asked.namespace, "--kubeconfig", &kubeconfig];
    let mut all: Vec<String> = flags.map(str::to_owned).into();
    // All that is kept stays: a rollback is no clearing up.
    all.extend(["--timeout", OWN_DEADLINE, "--history-max", "0", "--"].map(str::to_owned));
    all.extend([asked.release.clone(), asked.revision.to_string()]);
    all
}

/// It runs.
struct Begun {
    child: tokio::process::Child,
    said: File,
    _kubeconfig: Removed,
}

impl Begun {
    async fn ends(mut self) -> Sent {
        match tokio::time::timeout(DEADLINE, self.child.wait()).await {
            Err(_) => Sent::Unknown { message: format!("helm is still at work after {} min", DEADLINE.as_secs() / 60) },
            Ok(Err(error)) => Sent::Unknown { message: format!("helm: {error}") },
            Ok(Ok(status)) if status.success() => Sent::Accepted(serde_json::Value::Null),
            Ok(Ok(status)) => Sent::Unknown { message: format!("helm failed ({status}): {}", self.last_words()) },
        }
    }

    fn last_words(&mut self) -> String {
        let mut said = Vec::new();
        let length = self.said.metadata().map_or(0, |facts| i64::try_from(facts.len()).unwrap_or(SAID));
        let read = self.said.seek(SeekFrom::End(-length.min(SAID))).and_then(|_| self.said.read_to_end(&mut said));
        let said = String::from_utf8_lossy(&said);
        let last = said.trim().lines().last().filter(|_| read.is_ok());
        last.unwrap_or("it said nothing").to_owned()
    }
}

/// Removed when helm has ended. Should this program end before, it stays, for its owner alone to read.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // Gone is what is wanted.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A new file that only its owner may read.
fn private(what: &str) -> std::io::Result<(PathBuf, File)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("quarterdeck-helm-{}-{number}-{what}", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 10_000 => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helm() -> Helm {
        let config = serde_json::json!({
            "current-context": "prod",
            "clusters": [{ "name": "a", "cluster": { "server": "https://a" } }, { "name": "b", "cluster": { "server": "https://b" } }],
            "users": [{ "name": "ada", "user": { "token": "one" } }, { "name": "eve", "user": { "token": "two" } }],
            "contexts": [
                { "name": "dev", "context": { "cluster": "b", "user": "eve" } },
                { "name": "prod", "context": { "cluster": "a", "user": "ada" } }],
        });
        Helm::new(serde_json::from_value(config).unwrap(), "https://a".to_owned())
    }

    #[test]
    fn what_it_is_given_is_of_its_own_context_and_a_name_is_never_a_flag() {
        let asked = Rollback { namespace: "shop".to_owned(), release: "--kube-token=x".to_owned(), revision: 3 };
        let helm = helm();
        assert_eq!(
            arguments(&asked, Path::new("/k")).join(" "),
            "rollback --namespace shop --kubeconfig /k --timeout 5m --history-max 0 -- --kube-token=x 3"
        );
        let written = serde_json::to_string(&*helm.config).unwrap();
        assert!(written.contains("https://a") && written.contains("one"), "{written}");
        assert!(!written.contains("https://b") && !written.contains("two"), "{written}");
        assert!(!format!("{helm:?}").contains("one"));
    }

    #[test]
    fn what_it_needs_is_private_and_goes_with_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (path, _file) = private("test").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(Removed(path.clone()));
        assert!(!path.exists());
    }
}
