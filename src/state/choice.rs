//! Which repository and which workflow a form is of. A workflow that has no run yet has no row anywhere,
//! so it is chosen in the form itself, of all that can be started by hand.

use std::sync::Arc;

use super::State;
use super::form::{Form, editor};
use crate::model::workflows::{Startable, StartableRow, WorkflowWanted};
use crate::model::{Name, SourceId, Uid};
use crate::text::Safe;

/// What a row of a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Repository,
    Workflow,
    /// A branch or tag; of Tekton the Pipeline.
    Branch,
    /// An input, by position.
    Field(usize),
    GoOn,
}

impl Form {
    /// Rows above that of the branch.
    #[must_use]
    pub fn head(&self) -> usize {
        match &self.repositories {
            None => 0,
            Some(all) => 1 + usize::from(all.len() > 1),
        }
    }

    #[must_use]
    pub fn row(&self, at: usize) -> Row {
        let head = self.head();
        match at.checked_sub(head + 1) {
            Some(field) if field < self.fields.len() => Row::Field(field),
            Some(_) => Row::GoOn,
            None if at == head => Row::Branch,
            None if at + 1 == head => Row::Workflow,
            None => Row::Repository,
        }
    }

    /// The row of an input.
    #[must_use]
    pub fn place(&self, field: usize) -> usize {
        self.head() + 1 + field
    }

    /// What must be read for its fields, once it is known which workflow it is.
    #[must_use]
    pub fn wanted_now(&self) -> Option<WorkflowWanted> {
        let known = self.repositories.is_none() || (!self.path.raw().is_empty() && !self.reference.raw().is_empty());
        known.then(|| self.wanted())
    }

    /// The repository whose workflows are chosen from.
    #[must_use]
    pub fn chooses_of(&self) -> Option<(SourceId, Name)> {
        self.repositories.as_ref().map(|_| (self.target.cluster, self.target.namespace.clone()))
    }

    /// The same, while somebody is about to choose: files are read for that alone.
    #[must_use]
    pub fn chooses_now(&self) -> Option<(SourceId, Name)> {
        let chosen = !self.path.raw().is_empty() && !self.reference.raw().is_empty();
        self.chooses_of().filter(|_| !chosen || self.row(self.at) == Row::Workflow)
    }

    /// The next repository, or the one before; its workflow is chosen anew.
    pub fn turn_repository(&mut self, forward: bool) {
        let Some(all) = &self.repositories else { return };
        let now = all.iter().position(|name| *name == self.target.namespace);
        let Some(next) = step(now, all.len(), forward).and_then(|at| all.get(at)).cloned() else { return };
        if next == self.target.namespace {
            return;
        }
        self.target.namespace = next;
        self.reference = Name::new("");
        self.branch = editor("");
        self.set_workflow(&Name::new(""), &Name::new(""));
    }

    /// The next workflow of those that are known, or the one before.
    pub fn turn_workflow(&mut self, known: &[StartableRow], forward: bool) {
        let now = known.iter().position(|row| row.path == self.path);
        if let Some(row) = step(now, known.len(), forward).and_then(|at| known.get(at)) {
            self.set_workflow(&row.path, &row.name);
        }
    }

    fn set_workflow(&mut self, path: &Name, name: &Name) {
        if self.path == *path && self.target.name == *name {
            return;
        }
        let repository = self.target.namespace.raw();
        self.target.uid = Uid::new(self.target.cluster, &format!("{repository} {}", path.raw()));
        (self.target.name, self.path) = (name.clone(), path.clone());
        // Its inputs are read; nothing of the one before is sent.
        (self.made_from, self.complains) = (None, false);
        self.fields.clear();
        self.at = self.at.min(self.rows() - 1);
    }

    /// Takes in what was read of the repository: a form of no workflow yet begins with the first that has
    /// the trigger, at the default branch.
    pub fn take_startables(&mut self, known: &Startable) {
        if self.reference.raw().is_empty() && self.typed_branch().is_empty() {
            self.branch = editor(known.branch.raw());
            self.reference = known.branch.clone();
        }
        if self.path.raw().is_empty() {
            let proven = known.rows.iter().find(|row| row.proven);
            let first = proven.or_else(|| known.rows.first().filter(|_| known.whole));
            if let Some(row) = first {
                self.set_workflow(&row.path, &row.name);
            }
        }
    }
}

fn step(now: Option<usize>, count: usize, forward: bool) -> Option<usize> {
    match (now, forward) {
        (_, _) if count == 0 => None,
        (None, true) => Some(0),
        (None, false) => Some(count - 1),
        (Some(now), true) => Some((now + 1) % count),
        (Some(now), false) => Some((now + count - 1) % count),
    }
}

/// What can be started by hand in the form's repository; `None`: it is being read, or nothing is chosen.
#[must_use]
pub fn startables<'a>(state: &'a State, form: &Form) -> Option<&'a Result<Arc<Startable>, Safe>> {
    let (source, repository) = form.chooses_of()?;
    state.world.details.startables(source, &repository)
}

/// Why no workflow is chosen; `None`: one is, or it is still being read.
#[must_use]
pub fn without(state: &State, form: &Form) -> Option<Safe> {
    if form.repositories.is_none() || !form.path.raw().is_empty() {
        return None;
    }
    match startables(state, form)? {
        Err(why) => Some(why.clone()),
        Ok(known) if known.whole && known.rows.is_empty() => {
            Some(crate::safe!("{} has no workflow that can be started by hand", form.target.namespace))
        }
        Ok(_) => None,
    }
}
