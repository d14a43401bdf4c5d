//! The plug-in's other verbs for a Rollout (apis.md §1.6): promote in full, skip steps, pause and resume,
//! another image, the end of an analysis. What each needs, says before and is proven by.

use super::facts::{canary, weight_now};
use super::outcome::{Verdict, all, observed};
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::access::Right;
use crate::model::kubernetes::ContainerImage;
use crate::model::rollouts::{AnalysisPhase, AnalysisRef, AnalysisRun, Rollout, Step};
use crate::model::{Kind, Name, ObjectId};
use crate::safe;
use crate::state::ui::{Place, RowId};
use crate::state::{State, access, lists, rollout_phase, steps};
use crate::text::{Safe, plural};

/// Steps that a dialog names one by one; of more it tells how many.
const NAMED: usize = 3;

/// The change that one of these commands means for a Rollout now, or why there is none.
pub(super) fn change(command: Command, rollout: &Rollout, pod_hash: Safe) -> Result<Change, Safe> {
    match command {
        Command::PromoteFull => promote_full(rollout, pod_hash),
        Command::SkipStep => skip(rollout, pod_hash),
        Command::PauseRollout => pause(rollout, pod_hash),
        Command::EndAnalysis => Err(Safe::of("no analysis of it runs")),
        _ => Err(Safe::of("this is no verb")),
    }
}

fn is_promoted(rollout: &Rollout) -> bool {
    rollout.current_pod_hash.is_some() && rollout.current_pod_hash == rollout.stable_hash
}

fn promote_full(rollout: &Rollout, pod_hash: Safe) -> Result<Change, Safe> {
    if is_promoted(rollout) {
        return Err(Safe::of("it is fully promoted: promoting it in full would change nothing"));
    }
    if rollout.abort {
        return Err(Safe::of("it is aborted: retry it first"));
    }
    if rollout.promote_full {
        return Err(Safe::of("it is being promoted in full already"));
    }
    if rollout.paused {
        return Err(Safe::of("a person paused it: resume it first"));
    }
    if rollout.stable_hash.is_none() {
        return Err(Safe::of("its first version becomes the stable one by itself"));
    }
    Ok(Change::PromoteFull { pod_hash })
}

fn skip(rollout: &Rollout, pod_hash: Safe) -> Result<Change, Safe> {
    let last = canary(rollout).map_or(0, |canary| canary.steps.len() as i64);
    if last == 0 {
        return Err(Safe::of("it has no steps to skip"));
    }
    if rollout.abort {
        return Err(Safe::of("it is aborted: retry it first"));
    }
    let step = rollout.current_step_index.ok_or_else(|| Safe::of("which step it is at is not known"))?;
    if is_promoted(rollout) || step >= last {
        return Err(Safe::of("all its steps are done"));
    }
    Ok(Change::SkipStep { pod_hash, step, to: step + 1, last })
}

fn pause(rollout: &Rollout, pod_hash: Safe) -> Result<Change, Safe> {
    if rollout.abort {
        return Err(Safe::of("it is aborted: nothing moves that could be paused"));
    }
    if is_promoted(rollout) {
        return Err(Safe::of("it is fully promoted: there is nothing to pause"));
    }
    Ok(Change::Pause { pod_hash })
}

/// A restart by `spec.restartAt`: its controller evicts the pods one after the other.
pub(super) fn restart(state: &State, id: &ObjectId) -> Result<Change, Safe> {
    let rollout = state.world.rollouts.get(&id.uid).ok_or_else(|| Safe::of("it is gone"))?;
    if rollout.restarting {
        return Err(Safe::of("it is being restarted already"));
    }
    if !state.world.has_seen_rollout(rollout) {
        return Err(Safe::of("the controller has not seen the last change of its spec yet"));
    }
    let unknown = || Safe::of("the controller has not said anything about it yet");
    Ok(Change::RestartRollout { pod_hash: rollout.current_pod_hash.clone().ok_or_else(unknown)? })
}

/// The Rollout that is meant here was paused by a person.
#[must_use]
pub fn is_paused(state: &State) -> bool {
    let target = super::target(state).filter(|target| target.kind == Kind::Rollout);
    target.and_then(|target| state.world.rollouts.get(&target.uid)).is_some_and(|rollout| rollout.paused)
}

/// The container whose image would be written into the line to begin with.
pub fn container(state: &State, target: &ObjectId) -> Result<ContainerImage, Safe> {
    super::offer::may_act(state, Command::SetImage, target)?;
    let rollout = changeable(state, target)?;
    rollout.images.first().cloned().ok_or_else(|| Safe::of("its template names no image"))
}

/// The Rollout, if its template is its own and nobody would bring the old one back.
fn changeable<'a>(state: &'a State, target: &ObjectId) -> Result<&'a Rollout, Safe> {
    if target.kind != Kind::Rollout {
        return Err(Safe::of("only a rollout takes another image here: select one"));
    }
    let rollout = state.world.rollouts.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    if rollout.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    if let Some(reference) = &rollout.workload_ref {
        return Err(safe!("its template stands in {} {}: change that one", reference.kind, reference.name.safe()));
    }
    super::kept::lasts(state, target)?;
    access::check(state, target, &[Right::PatchRollouts]).map(|()| rollout.as_ref())
}

/// Another image for a container, as it was typed: `app=shop/checkout:1.42.0`, or the image alone.
pub fn set_image(state: &State, target: &ObjectId, typed: &str) -> Result<Action, Safe> {
    super::offer::may_act(state, Command::SetImage, target)?;
    let rollout = changeable(state, target)?;
    let typed = typed.trim();
    let (name, image) = match typed.split_once('=') {
        Some((name, image)) => (Some(name.trim()), image.trim()),
        None => (None, typed),
    };
    if image.is_empty() || image.contains(char::is_whitespace) {
        return Err(Safe::of("type container=image, as in app=shop/checkout:1.42.0"));
    }
    let found = rollout.images.iter().find(|one| name.is_none_or(|name| one.container.as_str() == name));
    let Some(one) = found else {
        return Err(safe!("it has no container {}", Safe::identity(name.unwrap_or_default())));
    };
    if name.is_none() && rollout.images.len() > 1 {
        return Err(Safe::of("it has several containers: type container=image"));
    }
    if one.image.as_str() == image {
        return Err(safe!("{} has this image already", one.container));
    }
    Ok(Action {
        target: target.clone(),
        change: Change::SetImage {
            resource_version: rollout.meta.resource_version.clone(),
            container: Name::new(one.container.as_str()),
            from: Name::new(one.image.as_str()),
            to: Name::new(image),
        },
    })
}

/// The AnalysisRun that the end of an analysis means here: the one highlighted, the one whose page this
/// is, or the one that the Rollout waits for.
pub(super) fn analysis(state: &State) -> Option<ObjectId> {
    match (lists::selected(state, &state.ui.list_id()), &state.ui.place) {
        (Some(RowId::Object(id)), _) if id.kind == Kind::AnalysisRun => Some(id),
        (_, Place::Analysis(id)) => Some(id.clone()),
        _ => {
            let target = super::target(state).filter(|target| target.kind == Kind::Rollout)?;
            let rollout = state.world.rollouts.get(&target.uid)?;
            let run = running(state, rollout)?;
            Some(run.meta.id(Kind::AnalysisRun))
        }
    }
}

fn running<'a>(state: &'a State, rollout: &Rollout) -> Option<&'a AnalysisRun> {
    let named: Vec<&AnalysisRef> = references(rollout).collect();
    let mut runs = state.world.analysis_runs.owned_by(&rollout.meta.uid);
    let is = |run: &AnalysisRun| {
        run.phase == AnalysisPhase::Running && named.iter().any(|reference| reference.name == run.meta.name)
    };
    runs.find(|run| is(run)).map(AsRef::as_ref)
}

fn references(rollout: &Rollout) -> impl Iterator<Item = &AnalysisRef> {
    let all = [
        &rollout.step_analysis,
        &rollout.background_analysis,
        &rollout.pre_promotion_analysis,
        &rollout.post_promotion_analysis,
    ];
    all.into_iter().flatten()
}

/// The end of an analysis.
pub(super) fn end_analysis(state: &State, target: &ObjectId) -> Result<Change, Safe> {
    let run = state.world.analysis_runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    match &run.phase {
        AnalysisPhase::Running => Ok(Change::EndAnalysis),
        AnalysisPhase::Pending => Err(Safe::of("it has not begun yet")),
        phase => Err(safe!("it has ended: {}", Safe::line(phase.as_str()))),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, rollout: &Rollout, change: &Change, words: &mut Words) {
    match change {
        Change::PromoteFull { .. } => promote_full_words(state, rollout, words),
        Change::SkipStep { step, to, .. } => skip_words(state, rollout, *step, *to, words),
        Change::Pause { .. } => pause_words(state, rollout, words),
        Change::RestartRollout { .. } => restart_words(rollout, words),
        Change::SetImage { container, from, to, .. } => image_words(rollout, (container, from, to), words),
        _ => {}
    }
}

const BACK: &str = "abort sends all traffic back to the stable version";

fn promote_full_words(state: &State, rollout: &Rollout, words: &mut Words) {
    words.expects = Safe::of("the new version is the stable one, and status Healthy");
    let mut will = Vec::new();
    if canary(rollout).is_some() {
        words.summary = safe!("canary {} → 100 % at once", weight_now(rollout));
        let from = rollout.current_step_index.unwrap_or_default();
        will.extend(skipped(rollout, from, steps::of(rollout).len() as i64));
    } else {
        words.summary = Safe::of("the preview becomes the active version at once");
        will.push(Safe::of("end its pause, and switch all traffic whatever an analysis says"));
    }
    will.extend(running(state, rollout).map(|run| safe!("end analysis {} without its verdict", run.meta.name.safe())));
    will.push(Safe::of("make the new version the stable one as soon as its pods are available"));
    words.lines("this will", will);
    words.line("it will not", Safe::of("wait for a pause, an analysis or a person any more"));
    words.line("undo", Safe::of("abort until it is done; then undo, which is a rollout of its own"));
}

/// `skip step 3 of 10 (analysis x)`, a line each; of many their number and what is lost with them.
fn skipped(rollout: &Rollout, from: i64, to: i64) -> Vec<Safe> {
    let count = usize::try_from(to - from).unwrap_or_default();
    if count <= NAMED {
        return (from..to).map(|step| safe!("skip {}", steps::numbered(rollout, step))).collect();
    }
    let all = steps::of(rollout);
    let first = usize::try_from(from).unwrap_or_default();
    let of = |wanted: fn(&Step) -> bool| all.iter().skip(first).take(count).filter(|step| wanted(step)).count();
    let pauses = of(|step| matches!(step, Step::Pause(_)));
    let verdicts = of(|step| matches!(step, Step::Analysis { .. } | Step::Experiment { .. }));
    let begin = safe!("skip {} steps from {} on:", count, steps::numbered(rollout, from));
    let what = safe!("{} pauses and {} analyses or experiments among them", pauses, verdicts);
    vec![begin, what]
}

fn skip_words(state: &State, rollout: &Rollout, step: i64, to: i64, words: &mut Words) {
    let last = steps::of(rollout).len() as i64;
    words.summary = match (to - step, to == last) {
        (1, _) => safe!("past {}", steps::numbered(rollout, step)),
        (count, _) => safe!("past {} steps", count),
    };
    words.expects = if to == last { Safe::of("all steps done") } else { safe!("at {}", steps::numbered(rollout, to)) };
    let mut will = skipped(rollout, step, to);
    will.extend(running(state, rollout).map(|run| safe!("end analysis {} without its verdict", run.meta.name.safe())));
    // What a step before the present one sets counts, skipped or not.
    let weight = weight_at(rollout, to).filter(|weight| *weight != rollout_phase::set_weight(rollout));
    will.push(match (rollout.paused, to == last, weight) {
        (true, _, _) => Safe::of("stay paused: a person paused it, and that is not ended"),
        (false, true, _) => Safe::of("promote fully: the new version becomes the stable one"),
        (false, false, None) => safe!("go on with {}", steps::numbered(rollout, to)),
        (false, false, Some(weight)) => {
            let weight = rollout_phase::percent(rollout, weight);
            safe!("go on with {}, at {} of the traffic", steps::numbered(rollout, to), weight)
        }
    });
    words.lines("this will", will);
    words.line("it will not", Safe::of("measure what is skipped: nobody will have said that this version is good"));
    words.line("undo", Safe::of(BACK));
}

/// The weight that counts at a step: the last one that is set until there.
fn weight_at(rollout: &Rollout, index: i64) -> Option<i64> {
    let until = usize::try_from(index).ok()?.saturating_add(1);
    let set = |step: &Step| if let Step::SetWeight(weight) = step { Some(*weight) } else { None };
    steps::of(rollout).iter().take(until).filter_map(set).next_back()
}

fn pause_words(state: &State, rollout: &Rollout, words: &mut Words) {
    let here = rollout.current_step_index.filter(|_| !steps::of(rollout).is_empty());
    words.summary = match (canary(rollout), here) {
        (Some(_), Some(step)) => safe!("stays at {} and {}", weight_now(rollout), steps::numbered(rollout, step)),
        (Some(_), None) => safe!("stays at {}", weight_now(rollout)),
        (None, _) => Safe::of("the preview gets no traffic until it is resumed"),
    };
    words.expects = Safe::of("status Paused, seen by the controller");
    let mut will = vec![Safe::of("set spec.paused: no further step begins, and traffic stays where it is")];
    if !rollout.pause_conditions.is_empty() {
        will.push(Safe::of("hold it also when the pause of its step ends"));
    }
    words.lines("this will", will);
    let mut not = vec![Safe::of("take traffic from the new version: abort does that")];
    not.extend(running(state, rollout).map(|run| safe!("stop analysis {}: it measures on", run.meta.name.safe())));
    words.lines("it will not", not);
    words.line("undo", Safe::of("the same key resumes it, and skips no step"));
}

fn restart_words(rollout: &Rollout, words: &mut Words) {
    let pods = plural(rollout.replicas.current.unsigned_abs(), "pod", "pods");
    words.summary = safe!("{} → as many new ones", pods);
    words.expects = Safe::of("status.restartedAt is that of the spec");
    words.lines(
        "this will",
        vec![
            Safe::of("set spec.restartAt: the controller evicts the pods that are older, a few at a time,"),
            Safe::of("as far as maxUnavailable and disruption budgets allow"),
        ],
    );
    words.line("it will not", Safe::of("begin a revision, walk a step or move traffic"));
    words.line("undo", Safe::of("none is needed"));
}

fn image_words(rollout: &Rollout, (container, from, to): (&Name, &Name, &Name), words: &mut Words) {
    words.summary = safe!("{}: another image", container);
    words.expects = safe!("{} in its template, seen by the controller", to.safe());
    words.line("from", from.safe().clone());
    words.line("to", to.safe().clone());
    let mut will = vec![safe!("write the image of container {} into the template", container)];
    will.push(if steps::of(rollout).is_empty() {
        Safe::of("begin a new revision")
    } else {
        safe!("begin a new revision at {}", steps::numbered(rollout, 0))
    });
    if !is_promoted(rollout) && !rollout.abort {
        will.push(Safe::of("give up the version that is being rolled out now"));
    }
    words.lines("this will", will);
    let mut not = vec![Safe::of("change Git, if a repository describes this object")];
    not.extend(rollout.managed_by.as_ref().map(|by| safe!("last if {} writes its template again", by)));
    words.lines("it will not", not);
    words.line("undo", Safe::of("undo goes back to the revision before"));
}

/// What the dialog before the end of an analysis says.
pub(super) fn end_words(state: &State, action: &Action, words: &mut Words) {
    let Some(run) = state.world.analysis_runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    words.summary = Safe::of("no more measurements");
    words.expects = Safe::of("the end of the analysis");
    let counts = run.metrics.iter().filter(|metric| !metric.dry_run);
    let counts: Vec<Safe> = counts
        .map(|it| safe!("{}: {} good, {} failed, {} inconclusive", it.name, it.successful, it.failed, it.inconclusive))
        .collect();
    words.lines("until now", counts);
    let kind = run.rollout_type.as_ref().map_or("", Safe::as_str);
    let then = match kind {
        "Step" => "count as passed unless a metric has failed by now, and the rollout goes on to its next step",
        "Background" => "leave the rest of the rollout without a background analysis",
        "PrePromotion" => "count as passed unless a metric has failed by now, and the switch follows",
        _ => "count as passed unless a metric has failed by now",
    };
    words.lines("this will", vec![Safe::of("set spec.terminate: nothing more is measured"), Safe::of(then)]);
    words.line("it will not", Safe::of("say that this version is good; abort is what sends traffic back"));
    words.line("undo", Safe::of("none: a retried rollout begins an analysis of its own"));
}

/// Whether the world shows what one of these operations wanted.
pub(super) fn shows(operation: &Operation, rollout: &Rollout) -> Verdict {
    let lost = || Verdict::Lost(Safe::of("it was aborted meanwhile"));
    let promoted = is_promoted(rollout);
    match &operation.action.change {
        Change::PromoteFull { pod_hash }
        | Change::SkipStep { pod_hash, .. }
        | Change::Pause { pod_hash }
        | Change::RestartRollout { pod_hash }
            if rollout.current_pod_hash.as_ref() != Some(pod_hash) =>
        {
            Verdict::Lost(Safe::of("another revision came meanwhile"))
        }
        Change::PromoteFull { .. } | Change::SkipStep { .. } if rollout.abort => lost(),
        Change::PromoteFull { .. } => all([
            (promoted, Safe::of("the new version to be the stable one")),
            (!rollout.promote_full, Safe::of("the controller to finish")),
            (rollout.phase.as_str() == "Healthy", safe!("status Healthy (now {})", rollout.phase)),
        ]),
        Change::SkipStep { to, .. } => {
            let past = rollout.current_step_index.is_some_and(|index| index >= *to);
            all([(past || promoted, steps::numbered(rollout, *to))])
        }
        Change::Pause { .. } => all([
            (rollout.paused, Safe::of("spec.paused true")),
            (observed(rollout, operation), Safe::of("the controller to see the change of the spec")),
            (rollout.phase.as_str() == "Paused", safe!("status Paused (now {})", rollout.phase)),
        ]),
        Change::RestartRollout { .. } => all([
            (observed(rollout, operation), Safe::of("the controller to see the change of the spec")),
            (!rollout.restarting, Safe::of("every older pod to be replaced")),
        ]),
        Change::SetImage { container, to, .. } => {
            let is = |one: &ContainerImage| one.container.as_str() == container.raw() && one.image.as_str() == to.raw();
            all([
                (rollout.images.iter().any(is), Safe::of("the image in its template")),
                (observed(rollout, operation), Safe::of("the controller to see the new template")),
            ])
        }
        _ => Verdict::Lost(Safe::of("a Rollout is no run")),
    }
}

/// The same of an analysis that was to end.
pub(super) fn ended(state: &State, operation: &Operation) -> Verdict {
    match state.world.analysis_runs.get(&operation.action.target.uid) {
        None => Verdict::Lost(Safe::of("the analysis was deleted meanwhile")),
        Some(run) => {
            let runs = matches!(run.phase, AnalysisPhase::Running | AnalysisPhase::Pending);
            all([(!runs, Safe::of("the analysis to end"))])
        }
    }
}
