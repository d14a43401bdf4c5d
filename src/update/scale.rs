//! How many replicas a workload is to have: the number is typed first, then comes the dialog that every
//! action has.

use tui_textarea::{CursorMove, TextArea};

use super::{confirm, toasts};
use crate::command::Command;
use crate::model::ObjectId;
use crate::safe;
use crate::state::State;
use crate::state::ui::{Overlay, PromptKind, ToastKind};
use crate::state::verbs::workload;
use crate::text::Safe;

/// Opens the line in which the number is typed, with the one of now.
pub(super) fn ask(state: &mut State) {
    match workload::may_scale(state) {
        Ok((id, now)) => {
            if confirm::slipped(state, Command::Scale, &id.name) {
                return;
            }
            let mut editor = TextArea::new(vec![now.to_string()]);
            editor.move_cursor(CursorMove::End);
            state.ui.overlay = Some(Overlay::prompt(PromptKind::Replicas, Some(id), editor));
        }
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("scale: {}", why)),
    }
}

/// The line was entered; `Err`: it is none. It is for what it was opened for: the row may be gone by now, and another highlighted.
pub(super) fn entered(state: &mut State, target: Option<ObjectId>, text: &str) -> Result<(), Safe> {
    if text.trim().is_empty() {
        toasts::say(state, ToastKind::Info, Safe::of("left as it is"));
        return Ok(());
    }
    let to = text.trim().parse::<i64>().map_err(|_| Safe::of("scale: a whole number is meant"))?;
    let target = target.ok_or_else(|| Safe::of("select a workload first"))?;
    let action = workload::scale(state, &target, to).map_err(|why| safe!("scale: {}", why))?;
    confirm::open_for(state, &action);
    Ok(())
}
