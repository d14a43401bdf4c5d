//! Building an image here: its folder is looked through first; then comes the dialog that every action has.

use std::sync::Arc;

use super::{Effect, confirm, toasts};
use crate::command::Command;
use crate::model::builds::BuildPlan;
use crate::safe;
use crate::state::State;
use crate::state::ui::ToastKind;
use crate::state::verbs;
use crate::text::Safe;

pub(super) fn command(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    let refused = match command {
        Command::BuildImage => match verbs::docker::asked(state) {
            Ok(entry) => {
                let name = safe!("{}:{}", entry.image, entry.tag);
                toasts::say(state, ToastKind::Info, safe!("looking through the folder of {}", name));
                effects.push(Effect::ReadContext(Box::new(entry)));
                return;
            }
            Err(why) => why,
        },
        Command::PushImage => match verbs::docker::push(state) {
            Ok(action) => return confirm::open_for(state, &action),
            Err(why) => why,
        },
        _ => match verbs::docker::stoppable(state) {
            Ok(build) => {
                toasts::say(state, ToastKind::Waiting, safe!("stopping {}", build.name));
                effects.push(Effect::StopBuild(build));
                return;
            }
            Err(why) => why,
        },
    };
    toasts::say(state, ToastKind::Bad, safe!("{}: {}", command.row().word(), refused));
}

/// The folder was looked through, or not.
pub(super) fn planned(state: &mut State, read: Result<Arc<BuildPlan>, Safe>) {
    match read.and_then(|plan| verbs::docker::build(state, plan)) {
        // Nothing opens over what has the keys.
        Ok(_) if state.ui.overlay.is_some() => {
            toasts::say(state, ToastKind::Info, Safe::of("the folder was looked through; ask for it again"));
        }
        Ok(action) => confirm::open_for(state, &action),
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("build-image: {}", why)),
    }
}
