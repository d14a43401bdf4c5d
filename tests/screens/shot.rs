//! A screen as text and as roles: what is compared. Each role of the theme has a colour of its own
//! here, so that the second block can name it with a letter; a space shows its background's.

use quarterdeck::config::theme::{self, Colour, Depth, Glyphs, Look, Role, Theme};
use quarterdeck::state::State;
use quarterdeck::ui;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

/// Roles that are backgrounds.
const BACKGROUNDS: [Role; 4] = [Role::Band, Role::Selected, Role::Alert, Role::Dialog];

/// Draws into a buffer of that size.
pub fn draw(state: &State, theme: &Theme, size: (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| ui::draw(state, theme, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The cells of the frame itself, which a terminal would only compare and copy: for the tests that
/// draw thousands of screens.
pub fn cells(state: &State, theme: &Theme, size: (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let mut frame = terminal.get_frame();
    ui::draw(state, theme, &mut frame);
    std::mem::take(frame.buffer_mut())
}

/// A theme of the program, in full colour.
pub fn theme(name: &str) -> Theme {
    theme::load(Some(name), None, Depth::True, Glyphs::Unicode).unwrap()
}

/// The theme whose colours name the roles.
pub fn roles() -> Theme {
    let look = |role: Role| {
        let colour = Some(Colour::Indexed(role as u8));
        if role == Role::Base {
            Look { fg: colour, bg: colour, ..Look::default() }
        } else if BACKGROUNDS.contains(&role) {
            Look { bg: colour, ..Look::default() }
        } else {
            Look { fg: colour, ..Look::default() }
        }
    };
    Theme::from_fn(look, Depth::Ansi256, Glyphs::Unicode)
}

/// Text block and style block of a screen.
pub fn shot(state: &State, size: (u16, u16)) -> String {
    if std::env::var_os(SHOTS).is_some() {
        keep(&draw(state, &theme("deck"), size));
    }
    let buffer = draw(state, &roles(), size);
    format!("{}\n{}", text(&buffer), styles(&buffer))
}

/// The characters, one line per row, without the spaces at the ends.
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(symbol);
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The role of each cell as a letter; where there is a space, the role of its background.
pub fn styles(buffer: &Buffer) -> String {
    let letter = |colour: Color| match colour {
        Color::Indexed(at) => Role::ALL.get(usize::from(at)).map_or('!', |role| role.letter()),
        _ => '!',
    };
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width)
            .map(|x| {
                let cell = &buffer[(x, y)];
                letter(if cell.symbol() == " " { cell.bg } else { cell.fg })
            })
            .collect();
        out.push_str(line.trim_end_matches('.'));
        out.push('\n');
    }
    out
}

/// Compares with `snapshots/screens/<name>.snap`.
macro_rules! compare {
    ($name:expr, $shot:expr) => {
        insta::with_settings!({ snapshot_path => "../../snapshots/screens", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $shot);
        });
    };
}
pub(crate) use compare;

const SHOTS: &str = "QUARTERDECK_SHOTS";

/// With `QUARTERDECK_SHOTS` set to a folder every drawn screen is kept there for the terminal's
/// `cat`: to be looked at.
pub fn keep(buffer: &Buffer) {
    let Some(folder) = std::env::var_os(SHOTS) else { return };
    let name = std::thread::current().name().unwrap_or("screen").replace("::", "-");
    let mut number = 0;
    let path = loop {
        let path = std::path::Path::new(&folder).join(format!("{name}-{number}.ans"));
        if !path.exists() {
            break path;
        }
        number += 1;
    };
    let _ = std::fs::create_dir_all(&folder);
    std::fs::write(path, ansi(buffer)).unwrap();
}

fn ansi(buffer: &Buffer) -> String {
    use ratatui::style::Modifier;
    use std::fmt::Write as _;
    let colour = |colour: Color, kind: u8| match colour {
        Color::Rgb(r, g, b) => format!(";{kind}8;2;{r};{g};{b}"),
        Color::Indexed(n) => format!(";{kind}8;5;{n}"),
        _ => String::new(),
    };
    let mut out = format!("{}x{}\n", buffer.area.width, buffer.area.height);
    for y in 0..buffer.area.height {
        let _ = write!(out, "\x1b[{};1H", y + 1);
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let modifier = |set, code| if cell.modifier.contains(set) { code } else { "" };
            let _ = write!(
                out,
                "\x1b[0{}{}{}{}{}{}{}m{}",
                modifier(Modifier::BOLD, ";1"),
                modifier(Modifier::DIM, ";2"),
                modifier(Modifier::ITALIC, ";3"),
                modifier(Modifier::UNDERLINED, ";4"),
                modifier(Modifier::REVERSED, ";7"),
                colour(cell.fg, 3),
                colour(cell.bg, 4),
                cell.symbol()
            );
            x += (unicode_width::UnicodeWidthStr::width(cell.symbol()) as u16).max(1);
        }
    }
    out
}
