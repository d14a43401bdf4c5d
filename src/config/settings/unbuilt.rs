//! What the configuration says of systems that this version does not speak to yet: checked, kept, and
//! named by `doctor`.

use super::tree::At;

/// A section that is read and not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `environments[].gitops`.
    pub name: String,
    /// `config.yaml:14`, the first place it stands in.
    pub place: String,
}

#[derive(Debug, Default)]
pub(super) struct Unbuilt {
    pub sections: Vec<Section>,
}

impl Unbuilt {
    /// Notes a section once, where it stands first.
    pub(super) fn note(&mut self, name: &str, at: &At) {
        if self.sections.iter().all(|section| section.name != name) {
            let place = if at.line > 0 { format!("{}:{}", at.origin.name, at.line) } else { at.origin.name.clone() };
            self.sections.push(Section { name: name.to_owned(), place });
        }
    }
}
