//! What an entry says: an operation as it was intended, or what became of one.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::change::{ChangeEntry, ELSEWHERE};
use crate::action::{Action, Operation, OperationId, Outcome, Verb};
use crate::model::source::SourceScope;
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "lowercase")]
pub(super) enum Entry {
    Intent(Box<Intent>),
    Outcome(Told),
}

/// Everything that is needed to show the operation and to look for its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) id: OperationId,
    at: Timestamp,
    verb: Verb,
    cluster: String,
    environment: String,
    kind: String,
    namespace: String,
    name: String,
    uid: String,
    change: ChangeEntry,
    reason: String,
    summary: String,
    expects: String,
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) id: OperationId,
    outcome: String,
    message: String,
    at: Timestamp,
}

impl Entry {
    pub(super) fn intent(operation: &Operation) -> Self {
        let target = &operation.action.target;
        Self::Intent(Box::new(Intent {
            id: operation.id.clone(),
            at: operation.started,
            verb: operation.action.change.verb(),
            cluster: operation.cluster.raw().to_owned(),
            environment: operation.environment.raw().to_owned(),
            kind: target.kind.as_str().to_owned(),
            namespace: target.namespace.raw().to_owned(),
            name: target.name.raw().to_owned(),
            uid: target.uid.raw().to_owned(),
            change: ChangeEntry::of(&operation.action.change),
            reason: operation.reason.as_str().to_owned(),
            summary: operation.summary.as_str().to_owned(),
            expects: operation.expects.as_str().to_owned(),
        }))
    }

    pub(super) fn outcome(id: &OperationId, outcome: &Outcome, at: Timestamp) -> Self {
        let message = match outcome {
            Outcome::Refused { message } | Outcome::Unknown { message } | Outcome::Failed { message } => {
                message.as_str()
            }
            Outcome::Intended | Outcome::Sent | Outcome::Accepted | Outcome::Observed => "",
        };
        Self::Outcome(Told { id: id.clone(), outcome: outcome.as_str().to_owned(), message: message.to_owned(), at })
    }
}

impl Intent {
    /// The operation again. Its source is found by system and name; one that is not in the scope is kept, but
    /// nothing can be read there. `None` for a kind of a later version.
    pub(super) fn operation(&self, sources: &[SourceScope]) -> Option<Operation> {
        let kind = Kind::named(&self.kind)?;
        // Sources of two systems may share a name.
        let is_its =
            |scope: &&SourceScope| scope.name.raw() == self.cluster && scope.systems().contains(&kind.system());
        let cluster = sources.iter().find(is_its).map_or(ELSEWHERE, |scope| scope.id);
        Some(Operation {
            id: self.id.clone(),
            action: Action {
                target: ObjectId {
                    cluster,
                    kind,
                    namespace: Name::new(&self.namespace),
                    name: Name::new(&self.name),
                    uid: Uid::new(cluster, &self.uid),
                },
                change: self.change.change(cluster, sources),
            },
            cluster: Name::new(&self.cluster),
            environment: Name::new(&self.environment),
            reason: Safe::line(&self.reason),
            summary: Safe::line(&self.summary),
            expects: Safe::line(&self.expects),
            outcome: Outcome::Unknown { message: Safe::of("the journal does not say what became of it") },
            generation: None,
            made: None,
            started: self.at,
            started_mono: Duration::ZERO,
            changed: self.at,
        })
    }
}

impl Told {
    /// Nothing more comes of it ([`Outcome::is_final`]).
    pub(super) fn is_final(&self) -> bool {
        matches!(self.outcome.as_str(), "observed" | "refused" | "failed")
    }

    /// The word is one of this version.
    pub(super) fn is_known(&self) -> bool {
        self.is_final() || matches!(self.outcome.as_str(), "accepted" | "unknown")
    }

    /// Sets the outcome that was told. One that says nothing certain leaves *unknown*.
    pub(super) fn apply(&self, operation: &mut Operation) {
        let message = Safe::line(&self.message);
        operation.changed = self.at;
        operation.outcome = match self.outcome.as_str() {
            "accepted" => Outcome::Accepted,
            "observed" => Outcome::Observed,
            "refused" => Outcome::Refused { message },
            "unknown" => Outcome::Unknown { message },
            "failed" => Outcome::Failed { message },
            _ => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Change;
    use crate::model::SourceId;
    use crate::model::applications::AppWay;

    #[test]
    fn what_an_earlier_version_wrote_went_by_the_object() {
        for text in [
            r#"{"what":"sync","revisions":["a1"],"pinned":true,"prune":false,"before":null}"#,
            r#"{"what":"compare_again","before":null}"#,
            r#"{"what":"terminate","started":"2026-08-01T11:00:00Z"}"#,
            r#"{"what":"roll_back","id":6,"revision":"0f","before":null}"#,
        ] {
            let entry: ChangeEntry = serde_json::from_str(text).unwrap();
            let change: Change = entry.change(SourceId(3), &[]);
            assert_eq!(change.way(), Some(&AppWay::Object), "{text}");
        }
    }
}
