//! How Tekton's kinds are read (apis.md §5).

use super::ROOT;
use crate::model::{Kind, Name};

/// Path and fixed query of a list; `None` for a kind of another system.
#[must_use]
pub fn list(kind: Kind, namespace: Option<&Name>) -> Option<(String, String)> {
    match kind {
        Kind::PipelineRun | Kind::TaskRun | Kind::LoneTaskRun => {
            Some((crate::systems::collection(ROOT, kind, namespace), String::new()))
        }
        _ => None,
    }
}
