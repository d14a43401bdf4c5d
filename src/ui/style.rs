//! Roles → styles of cells.

use ratatui::style::{Color, Modifier, Style};

use crate::config::theme::{Colour, Depth, Role, Theme};
use crate::text::sgr::{self, Sgr};

/// How a role is drawn. A role without a background leaves the one that is there.
#[must_use]
pub fn style(theme: &Theme, role: Role) -> Style {
    let look = theme.look(role);
    let mut style = Style { fg: look.fg.map(colour), bg: look.bg.map(colour), ..Style::default() };
    let modifiers = [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ];
    for (set, modifier) in modifiers {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    style
}

const fn colour(colour: Colour) -> Color {
    match colour {
        Colour::Default => Color::Reset,
        Colour::Ansi(n) | Colour::Indexed(n) => Color::Indexed(n),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

/// What a log line asks for, on top of `style`; readable whatever it asks for.
#[must_use]
pub fn logged(theme: &Theme, style: Style, sgr: &Sgr) -> Style {
    let mut style = style;
    let modifiers = [
        (sgr.bold, Modifier::BOLD),
        (sgr.dim, Modifier::DIM),
        (sgr.italic, Modifier::ITALIC),
        (sgr.underline, Modifier::UNDERLINED),
        (sgr.reverse, Modifier::REVERSED),
        (sgr.strike, Modifier::CROSSED_OUT),
    ];
    for (set, modifier) in modifiers {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    if theme.depth == Depth::Mono {
        return style;
    }
    if let Some(bg) = sgr.bg.filter(|_| theme.depth >= Depth::Ansi256) {
        style.bg = Some(log_colour(theme, bg));
    }
    if let Some(fg) = sgr.fg {
        let fg = match (sgr.bg, base(theme)) {
            (Some(bg), _) if theme.depth >= Depth::Ansi256 => sgr::legible(fg, bg),
            (_, Some(bg)) => sgr::legible(fg, bg),
            _ => fg,
        };
        style.fg = Some(log_colour(theme, fg));
    }
    style
}

/// The background that a line lies on, where the theme knows it.
fn base(theme: &Theme) -> Option<sgr::Colour> {
    match theme.look(Role::Base).bg? {
        Colour::Rgb(r, g, b) => Some(sgr::Colour::Rgb(r, g, b)),
        Colour::Indexed(n) => Some(sgr::Colour::Index(n)),
        Colour::Default | Colour::Ansi(_) => None,
    }
}

fn log_colour(theme: &Theme, asked: sgr::Colour) -> Color {
    match asked {
        sgr::Colour::Index(n) if theme.depth >= Depth::Ansi256 || n < 16 => Color::Indexed(n),
        sgr::Colour::Rgb(r, g, b) if theme.depth == Depth::True => Color::Rgb(r, g, b),
        // A colour that the terminal does not have: the line stays in its own.
        sgr::Colour::Index(_) | sgr::Colour::Rgb(..) => Color::Reset,
    }
}
