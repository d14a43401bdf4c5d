//! The way to a server of Argo CD (apis.md §2.3): what is read of the Application that somebody looks at, and what it
//! is asked for, once. Paths are made here, so that nothing of a name can reach another one.

use std::fmt::Write as _;

use serde_json::Value;

use super::read::Answer;
use super::web::{Manner, Way, Web};
use super::write::{Sent, Writes};
use super::{Deadlines, NetError, segment};
use crate::model::differences::KeptId;
use crate::model::scope::ArgoSource;

const RENEW: &str =
    "make a new token (argocd account generate-token, or argocd login --sso) where sources.argocd takes it from";

const MANNER: Manner = Manner {
    what: "Argo CD",
    answer: "answer of Argo CD",
    place: "in sources.argocd.url",
    login: "sources.argocd",
    ca: "sources.argocd.ca",
    authority: "name its authority in sources.argocd.ca",
    example: "write it as https://argocd.example",
    // As its server words them.
    known: &[
        ("token is expired", RENEW),
        ("token has been revoked", RENEW),
        ("signature is invalid", RENEW),
        ("invalid session", RENEW),
        ("no session information", "give sources.argocd a token of it"),
        ("blocked by sync window", "wait for its end, or ask who keeps the windows of its project"),
        ("another operation is already in progress", "wait for it, or terminate it first"),
        ("auto-sync is enabled", "revert it in Git, or switch auto-sync off first"),
        (
            "permission denied: applications, sync",
            "its RBAC must let this account sync it (p, WHO, applications, sync, PROJECT/*, allow)",
        ),
        (
            "permission denied",
            "its RBAC must let this account get applications (p, WHO, applications, get, */*, allow)",
        ),
        ("is not permitted", "its server must know the namespace of the Application (--application-namespaces)"),
        ("applications.argoproj.io", "does it serve that cluster? check the context in sources.argocd"),
        ("cached app", "its cache does not have it: compare the Application again, or look at argocd-redis"),
    ],
};

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ArgoServer {
    web: Web,
}

/// An Application, as it is asked for: with its project a missing one is told from one that is forbidden.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub project: &'a str,
}

impl Of<'_> {
    /// Below `/api/v1`, with the first parameters.
    fn path(&self, what: &str) -> String {
        format!("{}/{what}?{}", self.base(), self.parameters())
    }

    fn base(&self) -> String {
        format!("/api/v1/applications/{}", segment(self.name))
    }

    fn parameters(&self) -> String {
        format!("appNamespace={}&project={}", segment(self.namespace), segment(self.project))
    }
}

/// How its RBAC calls an Application: those outside the namespace that Argo CD lives in with their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    Short,
    WithNamespace,
}

impl ArgoServer {
    /// The reason of an error that says: there is no such Application.
    pub const NOT_FOUND: &str = "NotFound";

    /// Connects to nothing yet.
    pub fn new(source: &ArgoSource) -> Result<Self, NetError> {
        Self::with(source, Deadlines::default())
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(source: &ArgoSource, deadlines: Deadlines) -> Result<Self, NetError> {
        let way = Way { url: &source.url, login: &source.login, ca: source.ca.clone(), header: None, manner: &MANNER };
        Ok(Self { web: Web::new(way, deadlines)? })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        self.web.url()
    }

    /// Somebody is named to it.
    #[must_use]
    pub fn has_login(&self) -> bool {
        self.web.has_login()
    }

    /// Whether this account may get every Application; asked of a server, it also says whether it knows the token.
    pub async fn may_get(&self) -> Result<Answer, NetError> {
        self.web.get("/api/v1/account/can-i/applications/get/*/*").await
    }

    /// Whether this account may sync every Application.
    pub async fn may_sync(&self) -> Result<Answer, NetError> {
        self.web.get("/api/v1/account/can-i/applications/sync/*/*").await
    }

    /// Who it takes us for; it answers everybody.
    pub async fn who(&self) -> Result<Answer, NetError> {
        self.web.get("/api/v1/session/userinfo").await
    }

    /// One object that an Application keeps, as it is and as it is wanted; nothing else of it is sent.
    pub async fn managed(&self, of: Of<'_>, object: &KeptId) -> Result<Answer, NetError> {
        const FIELDS: [&str; 7] =
            ["group", "kind", "namespace", "name", "hook", "normalizedLiveState", "predictedLiveState"];
        let mut path = of.path("managed-resources");
        let parts = [
            ("group", object.group.as_str()),
            ("kind", object.kind.as_str()),
            ("namespace", object.namespace.raw()),
            ("name", object.name.raw()),
        ];
        for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            // Writing to a String cannot fail.
            let _ = write!(path, "&{name}={}", segment(value));
        }
        path.push_str("&fields=");
        path.push_str(&FIELDS.map(|field| format!("items.{field}")).join(","));
        self.web.get(&path).await
    }

    /// What it keeps and what that made, with the health of each.
    pub async fn tree(&self, of: Of<'_>) -> Result<Answer, NetError> {
        const FIELDS: [&str; 5] = ["group", "kind", "namespace", "name", "health"];
        let mut path = of.path("resource-tree");
        path.push_str("&fields=");
        path.push_str(&FIELDS.map(|field| format!("nodes.{field}")).join(","));
        self.web.get(&path).await
    }

    /// Whether this account may do that with it.
    pub async fn may(&self, of: Of<'_>, action: &str, called: Called) -> Result<Answer, NetError> {
        let (project, namespace, name) = (segment(of.project), segment(of.namespace), segment(of.name));
        let object = match called {
            Called::Short => format!("{project}/{name}"),
            Called::WithNamespace => format!("{project}/{namespace}/{name}"),
        };
        self.web.get(&format!("/api/v1/account/can-i/applications/{}/{object}", segment(action))).await
    }

    /// All Applications that this account may get, with what is shown or decided by. There are no pages.
    pub async fn applications(&self) -> Result<Answer, NetError> {
        const META: [&str; 8] = [
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "annotations",
        ];
        const STATUS: [&str; 8] = [
            "sync",
            "health",
            "operationState",
            "history",
            "resources",
            "resourceHealthSource",
            "conditions",
            "reconciledAt",
        ];
        let mut fields = "metadata.resourceVersion,items.spec,items.operation".to_owned();
        let all = META.map(|field| ("metadata", field)).into_iter().chain(STATUS.map(|field| ("status", field)));
        for (part, field) in all {
            // Writing to a String cannot fail.
            let _ = write!(fields, ",items.{part}.{field}");
        }
        self.web.get(&format!("/api/v1/applications?fields={fields}")).await
    }

    /// The whole Application, as it is now.
    pub async fn application(&self, of: Of<'_>) -> Result<Answer, NetError> {
        self.web.get(&format!("{}?{}", of.base(), of.parameters())).await
    }

    /// Asks for a sync; sent once, as all that follows.
    pub async fn sync(&self, writes: Writes, of: Of<'_>, body: &Value) -> Sent {
        self.web.post(writes, &format!("{}/sync", of.base()), body).await
    }

    /// Asks for the way back.
    pub async fn roll_back(&self, writes: Writes, of: Of<'_>, body: &Value) -> Sent {
        self.web.post(writes, &format!("{}/rollback", of.base()), body).await
    }

    /// Ends the operation that runs.
    pub async fn terminate(&self, writes: Writes, of: Of<'_>) -> Sent {
        self.web.delete(writes, &of.path("operation")).await
    }

    /// Has it compared again: it answers when that is done.
    pub async fn refresh(&self, writes: Writes, of: Of<'_>) -> Sent {
        self.web.ask(writes, &format!("{}?refresh=normal&{}", of.base(), of.parameters())).await
    }

    /// The windows of its project, and whether a sync by hand is let through now.
    pub async fn windows(&self, of: Of<'_>) -> Result<Answer, NetError> {
        self.web.get(&of.path("syncwindows")).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_reaches_another_path() {
        let of = Of { name: "../../session", namespace: "a&project=b", project: "shop/x" };
        let path = of.path("syncwindows");
        assert_eq!(
            path,
            "/api/v1/applications/..%2F..%2Fsession/syncwindows?appNamespace=a%26project%3Db&project=shop%2Fx"
        );
    }
}
