//! Asking a RustCI server for something: which pipeline, or which file, is typed first; then comes the
//! dialog that every action has.

use std::path::PathBuf;
use std::sync::Arc;

use tui_textarea::{CursorMove, TextArea};

use super::{Effect, confirm, toasts};
use crate::action::PipelineFile;
use crate::command::Command;
use crate::safe;
use crate::state::State;
use crate::state::ui::{Overlay, PromptKind, ToastKind};
use crate::state::verbs;
use crate::text::Safe;

/// Opens the line in which the pipeline or the file is named.
pub(super) fn ask(state: &mut State, command: Command) {
    if let Err(why) = verbs::check(state, command) {
        toasts::say(state, ToastKind::Info, safe!("{}: {}", command.row().word(), why));
        return;
    }
    let (kind, text) = match command {
        Command::CreatePipeline => (PromptKind::PipelineFile, String::new()),
        _ => (PromptKind::Trigger, verbs::pipeline::likely(state).map_or(String::new(), |name| name.raw().to_owned())),
    };
    let mut editor = TextArea::new(vec![text]);
    editor.move_cursor(CursorMove::End);
    state.ui.overlay = Some(Overlay::prompt(kind, None, editor));
}

/// The line was entered; `Err`: it is none.
pub(super) fn entered(state: &mut State, kind: PromptKind, text: &str, effects: &mut Vec<Effect>) -> Result<(), Safe> {
    if text.trim().is_empty() {
        toasts::say(state, ToastKind::Info, Safe::of("left as it is"));
    } else if kind == PromptKind::PipelineFile {
        effects.push(Effect::ReadPipeline(PathBuf::from(text.trim())));
    } else {
        return trigger(state, text);
    }
    Ok(())
}

fn trigger(state: &mut State, text: &str) -> Result<(), Safe> {
    let offer = verbs::pipeline::named(state, text)
        .and_then(|target| verbs::available(state, Command::TriggerPipeline, &target));
    let offer = offer.map_err(|why| safe!("trigger-pipeline: {}", why))?;
    confirm::open_for(state, &offer.action);
    Ok(())
}

/// The file was read, or not.
pub(super) fn file(state: &mut State, read: Result<Arc<PipelineFile>, Safe>) {
    match read.and_then(|file| verbs::pipeline::create(state, file)) {
        // Nothing opens over what has the keys.
        Ok(_) if state.ui.overlay.is_some() => {
            toasts::say(state, ToastKind::Info, Safe::of("the file was read; ask for it again"));
        }
        Ok(action) => confirm::open_for(state, &action),
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("create-pipeline: {}", why)),
    }
}
