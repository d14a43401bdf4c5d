//! How Helm's Secrets are read: their metadata alone, by the label that Helm gives them.

use crate::model::{Kind, Name};

/// Path and fixed query of a list; `None` for a kind of another system.
#[must_use]
pub fn list(kind: Kind, namespace: Option<&Name>) -> Option<(String, String)> {
    (kind == Kind::Release)
        .then(|| (crate::systems::collection("/api/v1", kind, namespace), "labelSelector=owner%3Dhelm".to_owned()))
}
