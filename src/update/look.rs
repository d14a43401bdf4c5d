//! From the blocker line to what it speaks of, and from there to what else does not move.

use super::{places, toasts};
use crate::command::Command;
use crate::safe;
use crate::state::blocker::{Blocker, Finding};
use crate::state::ui::{Place, ToastKind};
use crate::state::{State, blocker};
use crate::text::Safe;

/// Opens the page of what does not move: first the worst, from its page the next one, and after the last the
/// first again.
pub(super) fn look(state: &mut State) {
    let all = blocker::blockers(state);
    let last = here(state, &all);
    let from = last.map_or(0, |at| at + 1);
    let others = (0..all.len()).map(|step| (from + step) % all.len());
    // Two findings of one page are read there together.
    let there = |at: &usize| page(&all[*at]).as_ref() != Some(&state.ui.place) && Some(*at) != last;
    let Some(at) = others.into_iter().find(there) else {
        let text = match last.and_then(|at| all.get(at)) {
            Some(only) => safe!("nothing else is blocked, only this: {}", only.sentence),
            None => Safe::of("nothing is blocked"),
        };
        toasts::say(state, ToastKind::Info, text);
        return;
    };
    let found = &all[at];
    let which = if all.len() > 1 { safe!("{} of {}: ", at + 1, all.len()) } else { Safe::default() };
    if let Some(place) = page(found) {
        places::go(state, place);
        // The line on top speaks of the worst, which is this one no more.
        if at > 0 {
            toasts::say(state, ToastKind::Info, safe!("{}{}", which, found.sentence));
        }
    } else {
        let again = state.keymap.keys_of(Command::Refresh).into_iter().next();
        let again = again.map_or_else(|| Safe::of("refresh"), |key| Safe::line(&key.to_string()));
        let advice = safe!("{} reads again at once, quarterdeck doctor looks at each step", again);
        toasts::say(state, ToastKind::Info, safe!("{}{}; {}", which, found.sentence, advice));
    }
    state.ui.looked = Some((state.ui.place.clone(), Finding::of(found)));
}

fn page(blocker: &Blocker) -> Option<Place> {
    blocker.object.as_ref().and_then(places::page_of)
}

/// Which of them was shown last, and is still looked at.
fn here(state: &State, all: &[Blocker]) -> Option<usize> {
    let looked = state.ui.looked.as_ref().filter(|(place, _)| *place == state.ui.place);
    let same = looked.and_then(|(_, finding)| all.iter().position(|row| Finding::of(row) == *finding));
    same.or_else(|| all.iter().position(|row| page(row).as_ref() == Some(&state.ui.place)))
}
