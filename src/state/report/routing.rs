//! What VirtualServices carry of a Rollout's weights as data (`status --json`).

use serde::Serialize;

use crate::model::rollouts::Rollout;
use crate::state::State;
use crate::state::routing::{self, Stand, Told};

/// A rule of a VirtualService.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutingRow {
    /// `checkout primary`: the VirtualService and its route.
    pub virtual_service: String,
    /// Weights as they stand there, of `all`; absent where they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<i64>,
    /// The shares are those of the Rollout's status; absent where one of the two is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agrees: Option<bool>,
    /// For so long they have differed as far as it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs_seconds: Option<u64>,
    /// Why something of it is not known; absent where all is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

pub(super) fn rows(state: &State, rollout: &Rollout) -> Vec<RoutingRow> {
    routing::told(state, rollout).iter().map(row).collect()
}

fn row(told: &Told) -> RoutingRow {
    let mut row = RoutingRow {
        virtual_service: told.name.as_str().to_owned(),
        canary: None,
        stable: None,
        all: None,
        agrees: None,
        differs_seconds: None,
        message: None,
    };
    match &told.share {
        Err(why) => row.message = Some(why.as_str().to_owned()),
        Ok((share, stand)) => {
            (row.canary, row.stable, row.all) = (Some(share.canary), Some(share.stable), Some(share.all));
            match stand {
                Stand::Agrees => row.agrees = Some(true),
                Stand::Follows => row.agrees = Some(false),
                Stand::Differs(long) => (row.agrees, row.differs_seconds) = (Some(false), Some(long.as_secs())),
                Stand::Unknown(why) => row.message = Some(why.as_str().to_owned()),
            }
        }
    }
    row
}
