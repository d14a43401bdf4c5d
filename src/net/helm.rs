//! The program `helm`: the only one that may change its releases (apis.md §3.13). It is run once, on the
//! server that was pinned at start, by the context's credential.

use std::path::PathBuf;
use std::time::Duration;

use super::exec::{self, Failed};
use super::write::{Sent, Writes};

/// Longer than helm's own.
const DEADLINE: Duration = Duration::from_secs(270);
/// Of helm, for each of its steps.
const OWN_DEADLINE: &str = "4m";
/// Variables that would send it elsewhere, or as somebody else.
const UNSET: [&str; 9] = [
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBECONTEXT",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "HELM_KUBETLS_SERVER_NAME",
    "HELM_KUBETOKEN",
    "HELM_NAMESPACE",
];

/// Which cluster it is to speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helm {
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) context: String,
    pub(super) server: String,
}

/// A release goes back to what an earlier revision was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    pub namespace: String,
    pub release: String,
    pub revision: i64,
}

impl Helm {
    /// The server that was pinned.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Runs it once. What it did before it failed nobody can tell from here.
    pub async fn rollback(&self, _: Writes, asked: &Rollback) -> Sent {
        let mut command = tokio::process::Command::new("helm");
        command.args(self.arguments(asked));
        for variable in UNSET {
            command.env_remove(variable);
        }
        match exec::output(command, "helm", DEADLINE).await {
            Ok(_) => Sent::Accepted(serde_json::Value::Null),
            Err(Failed::NotStarted(error)) => Sent::NotSent { message: format!("helm did not start: {error}") },
            Err(Failed::Refused(message) | Failed::Other(message)) => Sent::Unknown { message },
        }
    }

    fn arguments(&self, asked: &Rollback) -> Vec<String> {
        let mut all: Vec<String> =
            ["rollback", "--namespace", &asked.namespace, "--kube-context", &self.context].map(str::to_owned).into();
        // A kubeconfig that changed since the start must not lead to another server.
        all.extend(["--kube-apiserver", &self.server, "--timeout", OWN_DEADLINE].map(str::to_owned));
        if let Some(path) = &self.kubeconfig {
            all.extend(["--kubeconfig".to_owned(), path.to_string_lossy().into_owned()]);
        }
        all.extend(["--".to_owned(), asked.release.clone(), asked.revision.to_string()]);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_server_is_named_and_a_name_is_never_a_flag() {
        let helm = Helm {
            kubeconfig: Some(PathBuf::from("/k")),
            context: "prod".to_owned(),
            server: "https://api".to_owned(),
        };
        let asked = Rollback { namespace: "shop".to_owned(), release: "--kube-token=x".to_owned(), revision: 3 };
        assert_eq!(
            helm.arguments(&asked).join(" "),
            "rollback --namespace shop --kube-context prod --kube-apiserver https://api --timeout 4m --kubeconfig /k -- --kube-token=x 3"
        );
    }
}
