//! The OpenSLO files that services name.

use std::path::Path;
use std::sync::Arc;

use super::files;
use super::services::Read;
use super::shown;
use super::tree::{At, Faults, Origin};
use crate::config::errors::quoted;
use crate::model::Name;
use crate::model::slo::ObjectiveSpec;
use crate::slo::openslo;

/// Objectives, each with the service whose file it stands in.
pub(super) type Owned = Vec<(Name, ObjectiveSpec)>;

/// A file that comes with a clone opens none of the user's own.
fn leads_out(path: &Path, folder: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => !path.starts_with(folder),
        // What cannot be found is told as such.
        _ => false,
    }
}

/// Adds the objectives of a service's files, in place of those that a service of this name had
/// before; what is wrong in them is told with their own lines.
pub(super) fn read(service: &Read, objectives: &mut Owned, warnings: &mut Faults, faults: &mut Faults) {
    let name = &service.service.name;
    objectives.retain(|(owner, _)| owner != name);
    for (node, path) in &service.slos {
        let path = node.at.origin.folder.join(path);
        if node.at.origin.rank == files::LOCAL && leads_out(&path, &node.at.origin.folder) {
            let hint = "name a file below it, or name this one in config.yaml of your own folder";
            faults.tell(&node.at, "lies outside the folder of this file".to_owned(), Some(hint.to_owned()));
            continue;
        }
        let text = match files::read(&path) {
            Ok(text) => text,
            Err(why) => {
                faults.tell(&node.at, format!("{} cannot be read: {why}", shown(&path)), None);
                continue;
            }
        };
        let (found, problems) = openslo::parse(&text);
        for spec in found {
            if objectives.iter().any(|(_, other)| other.id == spec.id) {
                let message = format!("{} has the objective {} once more", shown(&path), quoted(spec.id.raw()));
                faults.tell(&node.at, message, Some("an objective has one name and one file".to_owned()));
                continue;
            }
            objectives.push((name.clone(), spec));
        }
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
}
