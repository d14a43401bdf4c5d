//! The foot of a pane that several sources fill: a line for each that is in trouble, so that the reason of
//! one does not hide that of another. One alone is told by the title, or where the rows would be.
//!
//! ```text
//!  ⚠ api.github.com denied: the token lacks actions:read (403)
//!  ✖ ci.shop.example failed: nothing listens at ci.shop.example:9090        +1 more
//! ```

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::model::Kind;
use crate::safe;
use crate::state::State;
use crate::state::freshness;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs;

/// Draws them at the end of the area; what is left of it is for the rows.
pub(in crate::ui) fn foot(state: &State, pen: &mut Pen<'_>, area: Rect, kinds: &[Kind], rows: usize) -> Rect {
    let all = freshness::troubles(state, kinds);
    let lines = freshness::foot(state, area.height, kinds, rows);
    if lines == 0 {
        return area;
    }
    let rows = area.height - lines;
    let mut foot =
        pen.within(Rect { x: area.x + 1, y: area.y + rows, width: area.width.saturating_sub(1), height: lines });
    for (y, (name, stands)) in (0..lines).zip(&all) {
        let sign = signs::freshness(stands);
        let why = stands.why().cloned().unwrap_or_default();
        let words = sign.mark().add(Role::Text, name.safe()).dim(" ").add(sign.role, stands.as_str());
        let words = words.dim(": ").dim(why);
        let rest = all.len() - usize::from(lines);
        let more =
            if rest > 0 && y + 1 == lines { Words::of(Role::Wait, safe!("+{} more", rest)) } else { Words::new() };
        foot.both(y, &words, &more);
    }
    Rect { height: rows, ..area }
}
