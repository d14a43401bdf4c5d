//! Grafana is told of what was deployed from here: an action of its own, once the one it tells of was observed. Whatever
//! becomes of it changes nothing of that.

use super::{Effect, operations};
use crate::action::{Action, Change, Operation, Outcome};
use crate::model::{Kind, Name, ObjectId, SystemId, Uid};
use crate::safe;
use crate::state::State;
use crate::text::Safe;

/// What users see the effect of: another version, or more of it.
const fn deploys(change: &Change) -> bool {
    matches!(
        change,
        Change::PromotePause { .. }
            | Change::PromoteInconclusive { .. }
            | Change::PromoteFull { .. }
            | Change::SkipStep { .. }
            | Change::SetImage { .. }
            | Change::Abort { .. }
            | Change::Retry { .. }
            | Change::Undo { .. }
            | Change::Sync { .. }
            | Change::RollBack { .. }
            | Change::RollbackRelease { .. }
    )
}

/// Tells of an operation that was observed, where the configuration wants that.
pub(super) fn tell(state: &mut State, at: usize, effects: &mut Vec<Effect>) {
    let wanted = state.settings.grafana.as_ref().is_some_and(|grafana| grafana.annotate);
    if !wanted || state.read_only.is_some() || !deploys(&state.operations[at].action.change) {
        return;
    }
    let Some(source) = state.world.of_system(SystemId::Grafana).find(|source| source.unusable.is_none()) else {
        return;
    };
    let (cluster, name) = (source.id, source.name.clone());
    let of = &state.operations[at];
    let target = &of.action.target;
    let verb = of.action.change.verb().as_str();
    let place = if target.namespace.raw().is_empty() { Safe::of("") } else { safe!(" in {}", target.namespace) };
    let reason = if of.reason.is_empty() { Safe::of("") } else { safe!(" ({})", of.reason) };
    let text = safe!("{} of {}{}: {}{}", verb, target.name, place, of.summary, reason);
    let tag = |label: &str, value: &Name| Name::new(&format!("{label}:{}", value.raw()));
    let mut tags = vec![Name::new("deploy"), Name::new(&format!("verb:{verb}")), tag("service", &target.name)];
    let others = [("namespace", &target.namespace), ("environment", &of.environment), ("cluster", &of.cluster)];
    tags.extend(
        others.into_iter().filter(|(_, value)| !value.raw().is_empty()).map(|(label, value)| tag(label, value)),
    );
    let (from, to) = (of.started, of.changed.max(of.started));
    let operation = Operation {
        id: operations::new_id(state),
        action: Action {
            target: ObjectId {
                cluster,
                kind: Kind::Annotation,
                namespace: Name::new(""),
                name: target.name.clone(),
                uid: Uid::new(cluster, &of.id.0),
            },
            change: Change::Annotate { text: text.clone(), tags, from, to },
        },
        cluster: name,
        environment: of.environment.clone(),
        reason: Safe::of(""),
        summary: text,
        expects: Safe::of("the id of the annotation"),
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: state.now.wall,
        started_mono: state.now.mono,
        changed: state.now.wall,
    };
    state.operations.push(operation.clone());
    state.operations_revision += 1;
    effects.push(Effect::Perform(Box::new(operation)));
}
