//! The OpenSLO files that services name.

use std::sync::Arc;

use super::files;
use super::services::Read;
use super::shown;
use super::tree::{At, Faults, Origin};
use crate::model::slo::ObjectiveSpec;
use crate::slo::openslo;

/// The objectives of a service's files; what is wrong in them is told with their own lines.
pub(super) fn read(service: &Read, warnings: &mut Faults, faults: &mut Faults) -> Vec<ObjectiveSpec> {
    let mut objectives = Vec::new();
    for (node, path) in &service.slos {
        let path = node.at.origin.folder.join(path);
        let text = match files::read(&path) {
            Ok(text) => text,
            Err(why) => {
                faults.tell(&node.at, format!("{} cannot be read: {why}", shown(&path)), None);
                continue;
            }
        };
        let (found, problems) = openslo::parse(&text);
        objectives.extend(found);
        let origin = Arc::new(Origin {
            name: shown(&path),
            folder: path.parent().unwrap_or(&node.at.origin.folder).to_owned(),
            rank: node.at.origin.rank,
        });
        for problem in problems {
            let at = At { origin: Arc::clone(&origin), line: problem.line, column: problem.column };
            // What only might be meant otherwise does not keep the console from starting.
            let told = if problem.warning { &mut *warnings } else { &mut *faults };
            told.tell(&at, problem.message, problem.hint);
        }
    }
    objectives
}
