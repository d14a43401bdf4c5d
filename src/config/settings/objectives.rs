//! The OpenSLO files that services name.

use super::files;
use super::services::Read;
use super::shown;
use super::tree::Faults;
use crate::model::slo::ObjectiveSpec;

/// The objectives of a service's files; what is wrong in them is told with their own lines.
pub(super) fn read(service: &Read, faults: &mut Faults) -> Vec<ObjectiveSpec> {
    for (node, path) in &service.slos {
        let path = node.at.origin.folder.join(path);
        if let Err(why) = files::read(&path) {
            faults.tell(&node.at, format!("{} cannot be read: {why}", shown(&path)), None);
        }
    }
    Vec::new()
}
