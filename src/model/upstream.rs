//! The systems that facts come from, by their names.

/// The upstream systems. Adding one makes the compiler list what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SystemId {
    Kubernetes,
    Rollouts,
    ArgoCd,
    Helm,
    Tekton,
    GitHub,
    RustCi,
    Prometheus,
    Docker,
    Registry,
    Loki,
    Grafana,
    /// The server of Argo CD, where it is named: what stands in no object.
    ArgoServer,
}

impl SystemId {
    pub const ALL: [Self; 13] = [
        Self::Kubernetes,
        Self::Rollouts,
        Self::ArgoCd,
        Self::Helm,
        Self::Tekton,
        Self::GitHub,
        Self::RustCi,
        Self::Prometheus,
        Self::Docker,
        Self::Registry,
        Self::Loki,
        Self::Grafana,
        Self::ArgoServer,
    ];

    /// Many clusters do not have it, and nobody misses it there.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::ArgoCd | Self::Helm | Self::Tekton)
    }

    /// As written in `status --json` and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Rollouts => "rollouts",
            Self::ArgoCd => "argocd",
            Self::Helm => "helm",
            Self::Tekton => "tekton",
            Self::GitHub => "github",
            Self::RustCi => "rustci",
            Self::Prometheus => "prometheus",
            Self::Docker => "docker",
            Self::Registry => "registry",
            Self::Loki => "loki",
            Self::Grafana => "grafana",
            Self::ArgoServer => "argocd-server",
        }
    }

    /// As written in the header.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Kubernetes => "k8s",
            Self::Rollouts => "argo",
            Self::ArgoCd => "argocd",
            Self::Helm => "helm",
            Self::Tekton => "tekton",
            Self::GitHub => "github",
            Self::RustCi => "rustci",
            Self::Prometheus => "prometheus",
            Self::Docker => "docker",
            Self::Registry => "registry",
            Self::Loki => "loki",
            Self::Grafana => "grafana",
            Self::ArgoServer => "argocd-server",
        }
    }
}
