//! What the operator's configuration says of the world: services, environments, order of promotion.
//! Made by `config`; an empty one where there is none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Name;
use super::builds::CatalogueImage;
use super::gitops::Overlay;
use super::images::Platform;
use super::notify::Hook;
use super::slo::ObjectiveSpec;
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The file it was read from; `None` = discovered.
    pub file: Option<Safe>,
    pub services: Vec<Service>,
    /// In the order of the file.
    pub environments: Vec<Environment>,
    /// Names of environments, in the order in which a change travels.
    pub promotion: Vec<Name>,
    /// Images built from folders.
    pub catalogue: Vec<CatalogueImage>,
    /// Programs that are told what a watch saw.
    pub hooks: Vec<Hook>,
    /// Links to dashboards.
    pub grafana: Option<Dashboards>,
    /// The lines of pods that are gone are told apart by their cluster.
    pub logs_by_cluster: bool,
    /// Why releases of Helm cannot be changed from here.
    pub no_helm: Option<Safe>,
}

/// Where the sources other than clusters are, from the configuration or discovered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sources {
    pub github: Option<GitHubSource>,
    pub prometheus: Option<HttpSource>,
    pub docker: Option<DockerSource>,
    /// In order of their hosts.
    pub registries: Vec<RegistrySource>,
    /// In the order of the file.
    pub rustci: Vec<RustCiSource>,
    pub loki: Option<LokiSource>,
    /// Only where it is told of deployments: links need no way to it.
    pub grafana: Option<GrafanaSource>,
    /// In the order of the file.
    pub argocd: Vec<ArgoSource>,
    /// Nothing of Helm's is listed in the clusters.
    pub no_helm: bool,
    /// Objectives of the configuration's OpenSLO files.
    pub objectives: Vec<ObjectiveSpec>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubSource {
    /// `https://api.github.com`, or `https://HOST/api/v3`.
    pub url: String,
    /// `None`: `GH_TOKEN`, `GITHUB_TOKEN`, else `gh auth token`.
    pub token: Option<SecretSource>,
    /// `acme/checkout`.
    pub repositories: Vec<Name>,
    pub discovered: Option<Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSource {
    pub url: String,
    pub token: Option<SecretSource>,
    pub discovered: Option<Safe>,
}

/// A RustCI server; of several each has a name, or is told by its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RustCiSource {
    pub name: Option<Name>,
    pub url: String,
    pub token: Option<SecretSource>,
    pub discovered: Option<Safe>,
}

/// A Loki, or what speaks its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LokiSource {
    pub url: String,
    pub login: Login,
    /// Of `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// A file of certificates that are trusted beside the machine's own.
    pub ca: Option<PathBuf>,
    pub labels: LogLabels,
    pub discovered: Option<Safe>,
}

/// A Grafana that is told of deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrafanaSource {
    pub url: String,
    pub login: Login,
    /// A file of certificates that are trusted beside the machine's own.
    pub ca: Option<PathBuf>,
    pub discovered: Option<Safe>,
}

/// A server of Argo CD, beside the objects in its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgoSource {
    /// With the path of `--rootpath`, where there is one.
    pub url: String,
    pub login: Login,
    /// A file of certificates that are trusted beside the machine's own.
    pub ca: Option<PathBuf>,
    /// The contexts of the kubeconfig whose Applications it serves; none where there is but one.
    pub contexts: Vec<Name>,
    pub discovered: Option<Safe>,
}

/// Dashboards of a Grafana: paths below its address, with words in braces for what is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dashboards {
    pub url: String,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub slo: Option<String>,
    /// It is told of what was deployed from here.
    pub annotate: bool,
}

/// What the labels of a line are called that say whose it is: agents differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLabels {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    /// Where one store keeps the lines of several clusters; `None`: no label says which.
    pub cluster: Option<ClusterLabel>,
}

impl Default for LogLabels {
    fn default() -> Self {
        Self {
            namespace: "namespace".to_owned(),
            pod: "pod".to_owned(),
            container: "container".to_owned(),
            cluster: None,
        }
    }
}

/// The label that names a cluster, and what clusters are called there that are called otherwise here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterLabel {
    pub label: String,
    pub names: BTreeMap<String, String>,
}

impl ClusterLabel {
    /// What lines of this cluster have in the label.
    #[must_use]
    pub fn value<'a>(&'a self, cluster: &'a str) -> &'a str {
        self.names.get(cluster).map_or(cluster, String::as_str)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerSource {
    /// `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`.
    pub host: String,
    pub discovered: Option<Safe>,
}

/// A container registry and the image repositories that are looked at there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySource {
    /// As images name it: `ghcr.io`, `docker.io`, `127.0.0.1:5000`.
    pub host: String,
    /// Where its API is; `None` = `https://` and the host.
    pub url: Option<String>,
    pub login: Login,
    /// With the host: `ghcr.io/acme/checkout`.
    pub repositories: Vec<Name>,
    pub discovered: Option<Safe>,
}

/// What proves who asks a registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Login {
    #[default]
    Anonymous,
    Token(SecretSource),
    Password {
        user: String,
        password: SecretSource,
    },
}

/// Where a secret is taken from. The secret itself is read by `net`, and never stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    Env(String),
    File(PathBuf),
    /// Program and arguments; no shell.
    Command(Vec<String>),
    /// No secret at all: the word that a demo's server takes, so that nothing of the user is asked.
    Fixed(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: Name,
    /// `acme/checkout`.
    pub repository: Option<Name>,
    /// Workflow files of it that matter; empty = all.
    pub workflows: Vec<Name>,
    /// Pipelines of Tekton that are its own.
    pub tekton: Vec<PipelineOf>,
    /// Repositories of its images, without tag, with their host.
    pub images: Vec<Name>,
    /// What its images must be able to run on; empty = nothing is asked.
    pub platforms: Vec<Platform>,
    pub canary: CanaryQueries,
}

/// A Pipeline of Tekton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineOf {
    pub pipeline: Name,
    /// `None`: in whatever namespace it runs.
    pub namespace: Option<Name>,
}

/// PromQL with `{arm}` where the name of the arm stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CanaryQueries {
    pub errors: Option<Arc<str>>,
    pub latency: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub name: Name,
    /// The kubeconfig's context; `None` = every cluster of the scope.
    pub cluster: Option<Name>,
    pub namespace: Option<Name>,
    /// `None` = by its name ([`crate::state::environment::is_protected`]).
    pub protection: Option<Protection>,
    pub findings: OnFindings,
    /// Where Git says what runs there.
    pub gitops: Option<Overlay>,
}

/// What findings of scanners do to a change that is about to go there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFindings {
    /// They are told.
    #[default]
    Warn,
    /// They keep it back; so does it when they are not known.
    Block,
}

/// How much an action there asks of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// `y`, as everywhere: a mutation is never without a question here.
    None,
    Confirm,
    TypedName,
}
