//! "Tell me when": arms and disarms watches, and tells once what was waited for.

use std::sync::Arc;

use super::{Effect, toasts};
use crate::model::notify::{Answer, Occasion};
use crate::safe;
use crate::state::State;
use crate::state::ui::ToastKind;
use crate::state::watches::{self, MOST, Phase, Target, Watch};
use crate::text::Safe;

/// Arms a watch on what is highlighted, or takes it back.
pub(super) fn toggle(state: &mut State) {
    let Some(target) = Target::selected(state) else {
        let text = "nothing here ends or waits: choose a run, a job, a step or a rollout";
        return toasts::say(state, ToastKind::Info, Safe::of(text));
    };
    let name = watches::name(state, &target);
    if state.watches.is_armed(&target) {
        state.watches.armed.retain(|watch| watch.target != target);
        return toasts::say(state, ToastKind::Info, safe!("{} is not watched any more", name));
    }
    let Some(now) = watches::standing(state, &target) else {
        return toasts::say(state, ToastKind::Info, safe!("{} is not there any more", name));
    };
    if watches::has_ended(&target, now.phase) {
        return toasts::say(state, ToastKind::Info, safe!("{} has ended already: {}", name, now.words));
    }
    if state.watches.armed.len() >= MOST {
        return toasts::say(state, ToastKind::Bad, safe!("not watched: {} watches are armed already", MOST));
    }
    let at = state.now.wall;
    let text = match now.phase {
        Phase::Good | Phase::Bad => safe!("watching {}: you are told of its next change for good or bad", name),
        Phase::Going | Phase::Waiting => safe!("watching {}: you are told when it has ended, or waits", name),
    };
    let mut watch = Watch { target, name, armed: at, phase: now.phase, seen: Vec::new(), silent: false };
    watch.note(at, &now.words);
    state.watches.armed.push(watch);
    toasts::say(state, ToastKind::Info, text);
}

pub(super) fn bell(state: &mut State) {
    state.watches.mute = !state.watches.mute;
    let text = if state.watches.mute { "the bell is off" } else { "the bell is on" };
    toasts::say(state, ToastKind::Info, Safe::of(text));
}

/// Looks at everything that is watched, after any news and as time passes.
pub(super) fn look(state: &mut State, effects: &mut Vec<Effect>) {
    if state.watches.armed.is_empty() {
        return;
    }
    let mut told: Vec<Answer> = Vec::new();
    let armed = std::mem::take(&mut state.watches.armed);
    for mut watch in armed {
        let (answer, stays) = one(state, &mut watch);
        told.extend(answer);
        if stays {
            state.watches.armed.push(watch);
        }
    }
    for answer in told {
        tell(state, answer, effects);
    }
}

/// What is to be told of a watch, and whether it stays armed.
fn one(state: &State, watch: &mut Watch) -> (Option<Answer>, bool) {
    let at = state.now.wall;
    let silence = watches::silence(state, &watch.target);
    match watches::standing(state, &watch.target) {
        Some(now) => {
            let occasion = watches::occasion(watch.phase, now.phase);
            watch.phase = now.phase;
            if silence.is_none() || occasion.is_some() {
                watch.note(at, &now.words);
            }
            if let Some(occasion) = occasion {
                return (Some(watches::answer(state, watch, occasion, now.words)), false);
            }
        }
        // While its source is silent nobody knows whether it is gone.
        None if silence.is_none() => {
            let words = Safe::of("not listed any more");
            watch.note(at, &words);
            return (Some(watches::answer(state, watch, Occasion::Gone, words)), false);
        }
        None => {}
    }
    let Some(why) = silence else { return (None, true) };
    if std::mem::replace(&mut watch.silent, true) {
        return (None, true);
    }
    let words = safe!("nobody knows how it stands: {}", why);
    watch.note(at, &words);
    (Some(watches::answer(state, watch, Occasion::Silent, words)), true)
}

/// By bell and terminal, by every hook that wants to know, and on the screen.
fn tell(state: &mut State, answer: Answer, effects: &mut Vec<Effect>) {
    let kind = match answer.occasion {
        Occasion::Finished => ToastKind::Good,
        Occasion::Waiting => ToastKind::Waiting,
        Occasion::Failed | Occasion::Silent | Occasion::Gone => ToastKind::Bad,
    };
    toasts::hold(state, kind, said(&answer));
    let answer = Arc::new(answer);
    effects.push(Effect::Notify { answer: Arc::clone(&answer), bell: !state.watches.mute });
    for hook in state.settings.hooks.iter().filter(|hook| hook.on.contains(&answer.occasion)) {
        effects.push(Effect::Hook(hook.clone(), Arc::clone(&answer)));
    }
}

/// `ci #4812 passed · 17:02:11Z running, 17:05:40Z passed`.
fn said(answer: &Answer) -> Safe {
    let seen: Vec<Safe> =
        answer.seen.iter().map(|seen| safe!("{} {}", crate::text::clock(seen.at), seen.words)).collect();
    safe!("{} {} · {}", answer.name, answer.words, Safe::join(&seen, ", "))
}
