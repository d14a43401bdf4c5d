//! How Argo CD's kinds are read (apis.md §2.1).

use crate::model::{Kind, Name};

/// Root of the API group.
pub(super) const ROOT: &str = "/apis/argoproj.io/v1alpha1";

/// Path and fixed query of a list; `None` for a kind of another system.
#[must_use]
pub fn list(kind: Kind, namespace: Option<&Name>) -> Option<(String, String)> {
    matches!(kind, Kind::Application | Kind::AppProject)
        .then(|| (crate::systems::collection(ROOT, kind, namespace), String::new()))
}
