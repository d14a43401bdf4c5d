//! How Istio's kinds are read (apis.md §4).

use crate::model::{Kind, Name};

/// Root of the API group.
const ROOT: &str = "/apis/networking.istio.io/v1";

/// Path and fixed query of a list; `None` for a kind of another system.
#[must_use]
pub fn list(kind: Kind, namespace: Option<&Name>) -> Option<(String, String)> {
    kind.is_of_istio().then(|| (crate::systems::collection(ROOT, kind, namespace), String::new()))
}
