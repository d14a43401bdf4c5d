//! Draws the state. Reads only: a frame is a function of state, theme and size.
//!
//! | What | Where |
//! |---|---|
//! | text into cells, and nowhere else | [`pen`] |
//! | roles into styles | [`style`] |
//! | states as glyph, word and role | [`signs`] |
//! | chrome: header, blocker line, footer | `header`, `blocker`, `footer` |
//! | the Deck and its panes | `deck`, [`panes`] |
//! | all other views | `places` |
//! | what lies over them | `overlays` |

mod arms;
mod blocker;
mod deck;
mod facts;
mod footer;
mod gauge;
mod header;
mod ladder;
mod metrics;
mod notice;
mod overlays;
pub mod panes;
pub mod pen;
mod places;
mod routes;
pub mod signs;
pub mod style;
mod table;
mod timeline;
mod words;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::command::{Key, KeyCode};
use crate::config::theme::{Role, Theme};
use crate::safe;
use crate::state::State;
use crate::state::layout::{self, Class};
use crate::state::ui::{Overlay, Place};
use crate::text::Safe;

pub use overlays::room_wanted;
use pen::{Pen, Words};

/// Draws the whole screen.
pub fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut pen = Pen::new(frame.buffer_mut(), theme);
    screen(state, &mut pen, area);
}

fn screen(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let screen = layout::screen((area.width, area.height), &state.ui.place);
    if screen.class == Class::Sentence {
        return sentence(state, pen);
    }
    header::draw(state, &mut pen.within(screen.header));
    // A long sentence may take the line of air above the facts.
    let spare = screen.body.y.saturating_sub(screen.blocker.bottom());
    let area = Rect { height: screen.blocker.height + spare, ..screen.blocker };
    blocker::draw(state, &mut pen.within(area), spare);
    // The help is read alone; behind a dialog stays what it is about, quietly.
    let covered = matches!(state.ui.overlay, Some(Overlay::Help { .. }));
    match &state.ui.place {
        _ if covered => {}
        Place::Deck if screen.class == Class::Minimal => deck::minimal(state, pen, &screen),
        Place::Deck => deck::draw(state, pen, &screen),
        _ => places::draw(state, pen, &screen),
    }
    if matches!(state.ui.overlay, Some(Overlay::Confirm(_))) {
        pen.within(screen.body).veil();
    }
    footer::draw(state, &mut pen.within(screen.footer));
    overlays::draw(state, pen, &screen);
}

/// No room for anything else.
fn sentence(state: &State, pen: &mut Pen<'_>) {
    if overlays::sentence(state, pen) {
        return;
    }
    let blockers = crate::state::derived::blockers(state);
    let words = match blockers.first() {
        Some(worst) => blocker::sentence(worst, blockers.len()),
        None => Words::of(Role::Dim, "enlarge the window"),
    };
    for (y, line) in (0u16..).zip(words.wrap(pen.width())) {
        pen.left(y, &line);
    }
}

/// A key as it is written on the screen.
pub(crate) fn key(key: Key) -> Safe {
    let name = match key.code {
        KeyCode::Char(' ') => Safe::of("space"),
        KeyCode::Char(letter) => {
            let mut bytes = [0; 4];
            Safe::identity(letter.encode_utf8(&mut bytes))
        }
        KeyCode::F(n) => safe!("f{}", n),
        KeyCode::Up => Safe::of("↑"),
        KeyCode::Down => Safe::of("↓"),
        KeyCode::Left => Safe::of("←"),
        KeyCode::Right => Safe::of("→"),
        KeyCode::Enter => Safe::of("enter"),
        KeyCode::Esc => Safe::of("esc"),
        KeyCode::Tab => Safe::of("tab"),
        KeyCode::Backspace => Safe::of("backspace"),
        KeyCode::Delete => Safe::of("delete"),
        KeyCode::Home => Safe::of("home"),
        KeyCode::End => Safe::of("end"),
        KeyCode::PageUp => Safe::of("pageup"),
        KeyCode::PageDown => Safe::of("pagedown"),
    };
    let prefix = |set: bool, text: &'static str| if set { text } else { "" };
    safe!("{}{}{}{}", prefix(key.ctrl, "ctrl-"), prefix(key.alt, "alt-"), prefix(key.shift, "shift-"), name)
}
