//! What is told of them: each rule with how it stands beside the Rollout, and what is not known.

use std::time::Duration;

use super::{Carried, Gap, Share};
use crate::model::rollouts::Rollout;
use crate::model::{Kind, Name, SourceId};
use crate::safe;
use crate::state::freshness::{self, Freshness};
use crate::state::{State, rollout_phase};
use crate::text::Safe;

/// The two are read by two watches: so long one may be ahead of the other, and the controller take to write.
const A_MOMENT: Duration = Duration::from_secs(5);
/// The controller hears of each change of a VirtualService, and puts it right within seconds.
const SILENCE: Duration = Duration::from_secs(15);

/// How the weights of a rule stand beside the Rollout's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    Agrees,
    /// Other weights than the Rollout says, for a moment only.
    Follows,
    /// Other weights, for so long as far as it was seen.
    Differs(Duration),
    /// The Rollout says no weights, or these were read a while ago.
    Unknown(Safe),
}

/// A rule as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `checkout`, `checkout primary`; with the namespace where it is another one.
    pub name: Safe,
    pub share: Result<(Share, Stand), Safe>,
}

/// Every rule of a Rollout's; nothing while it is still being read for the first time.
#[must_use]
pub fn told(state: &State, rollout: &Rollout) -> Vec<Told> {
    super::carried(&state.world, rollout).into_iter().filter_map(|row| one(state, rollout, &row)).collect()
}

fn one(state: &State, rollout: &Rollout, row: &Carried) -> Option<Told> {
    let name = name_of(rollout, row);
    let share = match &row.share {
        Ok(share) => Ok((*share, stand(state, rollout, row, *share))),
        Err(Gap::NotFound) => Err(missing(state, rollout.meta.cluster, Kind::VirtualService, &row.namespace)?),
        Err(Gap::NoRoute(why) | Gap::NoArm(why)) => Err(why.clone()),
    };
    Some(Told { name, share })
}

fn name_of(rollout: &Rollout, row: &Carried) -> Safe {
    let service = if row.namespace == rollout.meta.namespace {
        row.service.safe().clone()
    } else {
        safe!("{}/{}", row.namespace, row.service)
    };
    if row.route.is_empty() { service } else { safe!("{} {}", service, row.route) }
}

fn stand(state: &State, rollout: &Rollout, row: &Carried, share: Share) -> Stand {
    // What is old on either side says nothing of the other.
    let sides = [(Kind::VirtualService, &row.namespace), (Kind::Rollout, &rollout.meta.namespace)];
    for (kind, namespace) in sides {
        let live = freshness::of_place(state, rollout.meta.cluster, kind, namespace);
        if !live.is_live() {
            return Stand::Unknown(safe!("not read now ({})", live.as_str()));
        }
    }
    match super::agrees(rollout, share) {
        None => Stand::Unknown(Safe::of("the Rollout says no weights")),
        Some(true) => Stand::Agrees,
        Some(false) => match state.world.routes_apart(&rollout.meta.uid, state.now.mono) {
            Some(long) if long >= A_MOMENT => Stand::Differs(long),
            _ => Stand::Follows,
        },
    }
}

/// Why an object is not there; `None` while it may still come.
pub(super) fn missing(state: &State, cluster: SourceId, kind: Kind, namespace: &Name) -> Option<Safe> {
    let mut feeds = state.world.feeds.keys().filter(|id| id.cluster == cluster && id.kind == kind);
    if !feeds.any(|id| id.namespace.as_ref().is_none_or(|name| name == namespace)) {
        return Some(safe!("not known: namespace {} is not read", namespace));
    }
    match freshness::of_place(state, cluster, kind, namespace) {
        Freshness::Loading { .. } => None,
        Freshness::Live { .. } | Freshness::Partial { .. } => Some(safe!("there is no such {}", kind.as_str())),
        Freshness::Absent { .. } => Some(Safe::of("not known: networking.istio.io/v1 is not served here")),
        Freshness::Denied { why } | Freshness::Stale { why, .. } | Freshness::Failed { why, .. } => {
            Some(safe!("not known: {}", why))
        }
    }
}

/// The first rule whose weights the controller has not brought over, in words, and for how long.
#[must_use]
pub fn fight(state: &State, rollout: &Rollout) -> Option<(Safe, Duration)> {
    let long = state.world.routes_apart(&rollout.meta.uid, state.now.mono).filter(|long| *long >= SILENCE)?;
    let row = super::differs(&state.world, rollout)?;
    let Ok(share) = row.share else { return None };
    if !matches!(stand(state, rollout, &row, share), Stand::Differs(_)) {
        return None;
    }
    let said = rollout.weights.as_ref().map_or(0, |weights| weights.canary);
    let words = safe!(
        "gets {} by VirtualService {}, and the Rollout says {}",
        percent(share.canary, share),
        name_of(rollout, &row),
        rollout_phase::percent(rollout, said)
    );
    Some((words, long))
}

/// Of a rule's weights: `25 %`.
#[must_use]
pub fn percent(weight: i64, share: Share) -> Safe {
    rollout_phase::percent_of(weight, share.all)
}

/// The subsets of its DestinationRule, and whether they are as they should be; `None` where it names none or
/// they are still to come.
#[must_use]
pub fn subsets(state: &State, rollout: &Rollout) -> Option<(Safe, Result<Vec<super::Selected>, Safe>)> {
    let (name, found) = super::subsets(&state.world, rollout)?;
    let rows = match found {
        Ok(rows) => Ok(rows),
        Err(_) => Err(missing(state, rollout.meta.cluster, Kind::DestinationRule, &rollout.meta.namespace)?),
    };
    Some((name.safe().clone(), rows))
}
