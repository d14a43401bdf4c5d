//! From GitHub's answers to what a run waits for, and to what people said of it (apis.md §6.5). Pure, and
//! as tolerant as [`super::ingest`]: an environment without an id costs itself alone.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ingest::{object, read};
use crate::model::Name;
use crate::model::approvals::{Pending, PendingDeployment, Reviewer};
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Flag, Int, List, Obj, Text, Time};
use crate::text::Safe;

#[derive(Default, Deserialize)]
#[serde(default)]
struct PendingWire<'a> {
    #[serde(borrow)]
    environment: Obj<EnvironmentWire<'a>>,
    wait_timer: Int,
    wait_timer_started_at: Time,
    current_user_can_approve: Flag,
    #[serde(borrow)]
    reviewers: List<Obj<ReviewerWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EnvironmentWire<'a> {
    id: Int,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReviewerWire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    reviewer: Obj<WhoWire<'a>>,
}

/// A user has a login, a team a slug and a name.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WhoWire<'a> {
    #[serde(borrow)]
    login: Text<'a>,
    #[serde(borrow)]
    slug: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApprovalWire<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    comment: Text<'a>,
    #[serde(borrow)]
    environments: List<Obj<EnvironmentWire<'a>>>,
    #[serde(borrow)]
    user: Obj<WhoWire<'a>>,
}

/// What somebody said of environments of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// `approved`, `rejected` or `pending`.
    pub state: Safe,
    pub comment: Safe,
    pub environments: Vec<i64>,
    pub user: Option<Safe>,
}

/// What a run waits for. Who asks is not in the answer.
pub fn pending(bytes: &[u8]) -> Result<Pending, IngestError> {
    let rows: Vec<&RawValue> = read("the pending deployments", bytes)?;
    let mut all = Pending::default();
    for row in rows {
        match deployment(row.get().as_bytes()) {
            Ok(row) => all.deployments.push(row),
            Err(_) => all.left_out += 1,
        }
    }
    Ok(all)
}

fn deployment(bytes: &[u8]) -> Result<PendingDeployment, IngestError> {
    const WHAT: &str = "a pending deployment";
    let wire: PendingWire<'_> = object(WHAT, bytes)?;
    let environment = wire.environment.0.unwrap_or_default();
    let id = environment.id.0.ok_or(IngestError::Missing { what: WHAT, field: "environment.id" })?;
    let name = environment.name.some().map_or_else(|| Name::new(&format!("environment {id}")), Name::new);
    Ok(PendingDeployment {
        environment: id,
        name,
        wait_timer: wire.wait_timer.0.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(0),
        timer_started: wire.wait_timer_started_at.0,
        reviewers: wire.reviewers.0.iter().filter_map(|row| reviewer(row.0.as_ref()?)).collect(),
        can_approve: wire.current_user_can_approve.0,
    })
}

fn reviewer(wire: &ReviewerWire<'_>) -> Option<Reviewer> {
    let who = wire.reviewer.0.as_ref()?;
    let named = [&who.login, &who.slug, &who.name].into_iter().find_map(Text::some).map(Safe::identity)?;
    Some(if wire.kind.as_str() == "Team" || who.login.some().is_none() {
        Reviewer::Team(named)
    } else {
        Reviewer::User(named)
    })
}

/// Who said what of a run, over all its attempts.
pub fn approvals(bytes: &[u8]) -> Result<Vec<Approval>, IngestError> {
    let rows: Vec<Obj<ApprovalWire<'_>>> = read("the approvals", bytes)?;
    let of = |wire: ApprovalWire<'_>| Approval {
        state: wire.state.line(),
        comment: wire.comment.line(),
        environments: wire.environments.0.iter().filter_map(|row| row.0.as_ref()?.id.0).collect(),
        user: wire.user.0.and_then(|user| user.login.some().map(Safe::identity)),
    };
    Ok(rows.into_iter().filter_map(|row| row.0).map(of).collect())
}

/// Who the token belongs to.
pub fn login(bytes: &[u8]) -> Option<Safe> {
    let wire: WhoWire<'_> = object("the user", bytes).ok()?;
    wire.login.some().map(Safe::identity)
}
