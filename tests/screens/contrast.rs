//! Every role can be read: the contrast ratio of WCAG 2.2 for each role of each theme on each
//! background it may stand on. Text wants 4.5, what only decorates 3; rules and tracks stand on the
//! screen, its bands and its dialogs.

use quarterdeck::config::theme::{self, Colour, Depth, EMBEDDED, Glyphs, Role, Theme};

use quarterdeck::state::ui::Place;

use super::shot::{draw, theme};

const TEXT: f64 = 4.5;
const DECORATION: f64 = 3.0;

/// Relative luminance (WCAG 2.2).
fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn rgb(colour: Option<Colour>) -> Option<(u8, u8, u8)> {
    match colour {
        Some(Colour::Rgb(r, g, b)) => Some((r, g, b)),
        _ => None,
    }
}

/// The colours of a theme that are told apart too badly, in words.
fn unreadable(theme: &Theme) -> Vec<String> {
    let mut found = Vec::new();
    for role in Role::ALL.iter().copied() {
        let look = theme.look(role);
        let Some(ink) = rgb(look.fg) else { continue };
        let least = if role == Role::Faint { DECORATION } else { TEXT };
        let grounds = match role {
            Role::Faint => vec![Role::Base, Role::Band, Role::Dialog],
            // A badge brings its background with it.
            _ if look.bg.is_some() => vec![role],
            _ => vec![Role::Base, Role::Band, Role::Dialog, Role::Selected, Role::Alert],
        };
        for ground in grounds {
            let Some(paper) = rgb(theme.look(ground).bg) else { continue };
            let ratio = contrast(ink, paper);
            if ratio < least {
                found.push(format!("{} on {}: {ratio:.2}, wants {least}", role.as_str(), ground.as_str()));
            }
        }
    }
    found
}

#[test]
fn black_on_white_is_twenty_one() {
    assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
    // A pair whose ratio the specification's own tools give as 4.54.
    assert!((contrast((0x76, 0x76, 0x76), (255, 255, 255)) - 4.54).abs() < 0.005);
}

#[test]
fn every_role_of_every_theme_can_be_read() {
    let mut found = Vec::new();
    for (name, _) in EMBEDDED {
        let theme = theme(name);
        // `mono` has no colours: weight and reverse are the terminal's. Elsewhere what is not a background
        // has a colour of its own: how faint a terminal draws DIM is not ours to say.
        let bare = Role::ALL.iter().filter(|role| {
            let look = theme.look(**role);
            look.fg.is_none() && look.bg.is_none() || look.dim
        });
        let bare: Vec<_> = bare.filter(|_| *name != "mono").map(|role| role.as_str()).collect();
        assert_eq!(bare, Vec::<&str>::new(), "{name}");
        found.extend(unreadable(&theme).into_iter().map(|line| format!("{name}: {line}")));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_badge_hides_its_words_in_few_colours() {
    for (name, _) in EMBEDDED {
        for depth in [Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let theme = theme::load(Some(name), None, depth, Glyphs::Unicode).unwrap();
            for role in Role::ALL.iter().copied().filter(|role| *role != Role::Base) {
                let look = theme.look(role);
                let hidden = look.bg.is_some() && look.fg == look.bg;
                assert!(!hidden, "{name} {depth:?}: {} has the colour of its background", role.as_str());
            }
        }
    }
}

/// Half the brightness of what is reversed cannot be told from its ground: the highlighted row, bands, dialogs.
#[test]
fn nothing_that_is_reversed_is_drawn_dim() {
    use ratatui::style::Modifier;
    for (name, _) in EMBEDDED {
        for depth in [Depth::Mono, Depth::Ansi16, Depth::True] {
            let theme = theme::load(Some(name), None, depth, Glyphs::Unicode).unwrap();
            for place in [Place::Deck, Place::Environments, Place::Rollouts, Place::Inbox] {
                let mut state = super::world::deploying();
                (state.ui.place, state.ui.size) = (place.clone(), (160, 48));
                quarterdeck::update::settle(&mut state);
                let buffer = draw(&state, &theme, (160, 48));
                let both = Modifier::REVERSED | Modifier::DIM;
                let bad = buffer.content().iter().filter(|cell| cell.modifier.contains(both)).count();
                assert_eq!(bad, 0, "{name} {depth:?} {place:?}");
            }
        }
    }
}
