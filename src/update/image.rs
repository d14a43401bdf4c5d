//! Another image for a container of a Rollout: typed first; then comes the dialog that every action has.

use tui_textarea::{CursorMove, TextArea};

use super::{confirm, toasts};
use crate::command::Command;
use crate::model::ObjectId;
use crate::safe;
use crate::state::State;
use crate::state::ui::{Overlay, PromptKind, ToastKind};
use crate::state::verbs;
use crate::text::Safe;

/// Opens the line with the image of now.
pub(super) fn ask(state: &mut State) {
    let target = verbs::target(state).ok_or_else(|| Safe::of(verbs::nothing_selected(Command::SetImage)));
    match target.and_then(|target| Ok((verbs::rollout::container(state, &target)?, target))) {
        Ok((now, target)) => {
            if confirm::slipped(state, Command::SetImage, &target.name) {
                return;
            }
            let mut editor = TextArea::new(vec![format!("{}={}", now.container.as_str(), now.image.as_str())]);
            editor.move_cursor(CursorMove::End);
            state.ui.overlay = Some(Overlay::prompt(PromptKind::SetImage, Some(target), editor));
        }
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("set-image: {}", why)),
    }
}

/// The line was entered, for what it was opened for; `Err`: it is none.
pub(super) fn entered(state: &mut State, target: Option<ObjectId>, text: &str) -> Result<(), Safe> {
    if text.trim().is_empty() {
        toasts::say(state, ToastKind::Info, Safe::of("left as it is"));
        return Ok(());
    }
    let target = target.ok_or_else(|| Safe::of(verbs::nothing_selected(Command::SetImage)))?;
    let action = verbs::rollout::set_image(state, &target, text).map_err(|why| safe!("set-image: {}", why))?;
    confirm::open_for(state, &action);
    Ok(())
}
