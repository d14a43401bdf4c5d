//! What is asked of the sources only while somebody looks at it, so that polling costs what is on the
//! screen. Made by [`crate::state::interest`] from the state, handed to the systems as data.

use jiff::Timestamp;

use super::slo::ComparisonQuery;
use super::{ObjectId, Uid};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interest {
    /// Runs whose jobs and steps are shown or wanted.
    pub jobs: Vec<ObjectId>,
    /// Canaries that are compared with their stable arm.
    pub comparisons: Vec<ComparisonQuery>,
    /// Budget spent of this objective since then.
    pub spent: Vec<(Uid, Timestamp)>,
    /// The objective whose chart is shown.
    pub history: Option<Uid>,
}
