//! One line being typed, in the place of the footer.

use tui_textarea::TextArea;

use super::typed;
use crate::config::theme::Role;
use crate::state::ui::PromptKind;
use crate::ui::pen::{Pen, Words};

pub(super) fn draw(pen: &mut Pen<'_>, kind: PromptKind, editor: &TextArea<'static>) {
    pen.wipe(Role::Band);
    let label = match kind {
        PromptKind::Filter => "filter ",
        PromptKind::Search => "search ",
        PromptKind::Keep => "keep lines with ",
        PromptKind::Drop => "drop lines with ",
        PromptKind::SaveAs => "save as ",
        PromptKind::SetImage => "set image ",
        PromptKind::Trigger => "trigger pipeline ",
        PromptKind::PipelineFile => "create pipeline from file ",
        PromptKind::Replicas => "replicas ",
    };
    let width = pen.width();
    let keys = Words::of(Role::Key, "enter").dim(" done   ").add(Role::Key, "esc").dim(" leave it");
    let room = if width > 60 { width.saturating_sub(keys.width() + 4) } else { width.saturating_sub(2) };
    pen.write(1, 0, room, &Words::of(Role::Dim, label).then(typed(editor, true)));
    if width > 60 {
        pen.write(width.saturating_sub(keys.width() + 1), 0, width, &keys);
    }
}
