//! How many replicas a workload is to have: the number is typed first, then comes the dialog that every
//! action has.

use tui_textarea::{CursorMove, TextArea};

use super::{confirm, toasts};
use crate::safe;
use crate::state::State;
use crate::state::ui::{Overlay, PromptKind, ToastKind};
use crate::state::verbs::workload;
use crate::text::Safe;

/// Opens the line in which the number is typed, with the one of now.
pub(super) fn ask(state: &mut State) {
    match workload::may_scale(state) {
        Ok((_, now)) => {
            let mut editor = TextArea::new(vec![now.to_string()]);
            editor.move_cursor(CursorMove::End);
            state.ui.overlay = Some(Overlay::Prompt { kind: PromptKind::Replicas, editor: Box::new(editor) });
        }
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("scale: {}", why)),
    }
}

/// The line was entered. The row could have moved only by the person's own hand: what has the keys is the line.
pub(super) fn entered(state: &mut State, text: &str) {
    let Ok(to) = text.trim().parse::<i64>() else {
        let words =
            if text.trim().is_empty() { Safe::of("left as it is") } else { Safe::of("scale: a whole number is meant") };
        return toasts::say(state, ToastKind::Info, words);
    };
    let action = workload::may_scale(state).and_then(|(id, _)| workload::scale(state, &id, to));
    match action {
        Ok(action) => confirm::open_for(state, &action),
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("scale: {}", why)),
    }
}
