//! What earlier runs left, as much of it as is shown: a journal of years must not cost its size.

use std::collections::HashMap;

use super::entry::{Entry, Intent, Told};
use crate::action::{Operation, OperationId};
use crate::model::source::SourceScope;

/// The newest operations are kept, and of the older ones those whose end is open.
const SHOWN: usize = 1_000;

/// Operations as the entries of a file tell them, oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    known: Vec<Known>,
    places: HashMap<OperationId, usize>,
    /// So many were left by the last pruning.
    pruned: usize,
}

#[derive(Debug)]
struct Known {
    intent: Intent,
    told: Option<Told>,
}

impl Known {
    fn is_open(&self) -> bool {
        self.told.as_ref().is_none_or(|told| !told.is_final())
    }
}

impl Past {
    pub(super) fn of(entries: impl Iterator<Item = Entry>) -> Self {
        let mut past = Self::default();
        for entry in entries {
            past.add(entry);
        }
        past.prune();
        past
    }

    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Intent(intent) => {
                if self.known.len() >= self.pruned + 2 * SHOWN {
                    self.prune();
                }
                self.places.insert(intent.id.clone(), self.known.len());
                self.known.push(Known { intent: *intent, told: None });
            }
            // An outcome of a later version says nothing here.
            Entry::Outcome(told) if !told.is_known() => {}
            Entry::Outcome(told) => {
                let place = self.places.get(&told.id);
                if let Some(known) = place.and_then(|place| self.known.get_mut(*place)) {
                    known.told = Some(told);
                }
            }
        }
    }

    fn prune(&mut self) {
        let old = self.known.len().saturating_sub(SHOWN);
        let mut at = 0;
        self.known.retain(|known| {
            at += 1;
            at > old || known.is_open()
        });
        self.places = self.known.iter().enumerate().map(|(at, known)| (known.intent.id.clone(), at)).collect();
        self.pruned = self.known.len();
    }

    /// Every operation with the last that is known of it.
    pub(super) fn operations(self, clusters: &[SourceScope]) -> Vec<Operation> {
        let operation = |known: Known| {
            let mut operation = known.intent.operation(clusters)?;
            if let Some(told) = known.told {
                told.apply(&mut operation);
            }
            Some(operation)
        };
        self.known.into_iter().filter_map(operation).collect()
    }
}
