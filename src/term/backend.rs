//! Cells into bytes: absolute moves, whole renditions, and no more colours or glyphs than the
//! terminal has. Written here and not taken from a library because the moves must be absolute
//! after every cluster whose width terminals disagree about (reliability.md §1.3), and because
//! nothing may ever ask the terminal where its cursor is.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::caps::{Caps, Colors};

/// A drawing backend over a writer.
#[derive(Debug)]
pub struct Paint<W: Write> {
    out: W,
    caps: Caps,
    /// Cells with one ASCII symbol in place of theirs, where the terminal has no other.
    ascii: fn(&str) -> &str,
    style: Option<(Color, Color, Modifier)>,
    cursor: Position,
}

impl<W: Write> Paint<W> {
    /// `ascii` translates a symbol into as many ASCII characters as it has columns.
    pub fn new(out: W, caps: Caps, ascii: fn(&str) -> &str) -> Self {
        Self { out, caps, ascii, style: None, cursor: Position::ORIGIN }
    }

    /// A text as the terminal can show it, where it is not drawn in cells.
    #[must_use]
    pub fn plain(&self, text: &str) -> String {
        if self.caps.utf8 {
            return text.to_owned();
        }
        let mut bytes = [0; 4];
        text.chars().map(|c| (self.ascii)(c.encode_utf8(&mut bytes)).to_owned()).collect()
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.out
    }

    fn style(&mut self, cell: &Cell) -> io::Result<()> {
        let style = (self.color(cell.fg), self.color(cell.bg), cell.modifier);
        if self.style == Some(style) {
            return Ok(());
        }
        self.style = Some(style);
        let (fg, bg, modifier) = style;
        write!(self.out, "\x1b[0")?;
        // Blink and conceal are not among them.
        for (flag, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::ITALIC, "3"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::REVERSED, "7"),
            (Modifier::CROSSED_OUT, "9"),
        ] {
            if modifier.contains(flag) {
                write!(self.out, ";{code}")?;
            }
        }
        write_color(&mut self.out, fg, 30)?;
        write_color(&mut self.out, bg, 40)?;
        write!(self.out, "m")
    }

    /// The nearest colour that the terminal has.
    fn color(&self, color: Color) -> Color {
        match (self.caps.colors, color) {
            (Colors::Mono, _) => Color::Reset,
            (Colors::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(cube(r, g, b)),
            (Colors::Ansi16, Color::Rgb(r, g, b)) => Color::Indexed(base(r, g, b)),
            (Colors::Ansi16, Color::Indexed(n @ 16..)) => {
                let (r, g, b) = rgb(n);
                Color::Indexed(base(r, g, b))
            }
            (Colors::Ansi16 | Colors::Ansi256 | Colors::True, color) => color,
        }
    }
}

impl<W: Write> Backend for Paint<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // Where the terminal's cursor stands for certain.
        let mut at: Option<(u16, u16)> = None;
        for (x, y, cell) in content {
            if at != Some((x, y)) {
                write!(self.out, "\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1)?;
            }
            self.style(cell)?;
            let symbol = if self.caps.utf8 { cell.symbol() } else { (self.ascii)(cell.symbol()) };
            write_symbol(&mut self.out, symbol)?;
            at = is_narrow(symbol).then_some((x.saturating_add(1), y));
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.out.write_all(b"\x1b[?25l")
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.out.write_all(b"\x1b[?25h")
    }

    /// Where it was last put: the terminal is not asked.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.cursor = position.into();
        write!(self.out, "\x1b[{};{}H", u32::from(self.cursor.y) + 1, u32::from(self.cursor.x) + 1)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.style = None;
        self.out.write_all(b"\x1b[0m\x1b[2J")
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.style = None;
        self.out.write_all(match region {
            ClearType::All => b"\x1b[0m\x1b[2J",
            ClearType::AfterCursor => b"\x1b[0m\x1b[0J",
            ClearType::BeforeCursor => b"\x1b[0m\x1b[1J",
            ClearType::CurrentLine => b"\x1b[0m\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[0m\x1b[0K",
        })
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = super::session::size();
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    /// Nothing yet: the frame is sent as a whole by [`super::Screen::draw`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A cluster that is wider or narrower than its characters together (joined emoji), or wider than
/// any character (piles of Hangul letters), is drawn differently everywhere, and would move what
/// stands after it: of such a one only the base is sent, and spaces for the rest of its columns.
fn write_symbol(out: &mut impl Write, symbol: &str) -> io::Result<()> {
    let whole = symbol.width();
    let single = |c: char| c.width().unwrap_or(0);
    if symbol.is_ascii() || (whole <= 2 && symbol.chars().map(single).sum::<usize>() == whole) {
        return out.write_all(symbol.as_bytes());
    }
    let second = symbol.char_indices().skip(1).find(|(_, c)| single(*c) > 0);
    let base = second.map_or(symbol, |(at, _)| &symbol[..at]).trim_end_matches(['\u{200d}', '\u{fe0f}']);
    out.write_all(base.as_bytes())?;
    let missing = whole.saturating_sub(base.chars().map(single).sum());
    (0..missing).try_for_each(|_| out.write_all(b" "))
}

/// One column wide in every terminal: ASCII, Latin letters, lines and blocks.
fn is_narrow(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    matches!(chars.next(), Some(' '..='~' | '\u{c0}'..='\u{17f}' | '\u{2500}'..='\u{259f}')) && chars.next().is_none()
}

/// `first` is 30 for text and 40 for background.
fn write_color(out: &mut impl Write, color: Color, first: u8) -> io::Result<()> {
    let index = match color {
        Color::Reset => return Ok(()),
        Color::Rgb(r, g, b) => return write!(out, ";{};2;{r};{g};{b}", first + 8),
        Color::Indexed(n) => n,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    match index {
        0..=7 => write!(out, ";{}", first + index),
        8..=15 => write!(out, ";{}", first + 60 + index - 8),
        _ => write!(out, ";{};5;{index}", first + 8),
    }
}

/// The nearest of the 216 colours of the cube and the 24 greys.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|n| distance(rgb(*n), (r, g, b))).unwrap_or(16)
}

/// The nearest of the sixteen colours that every terminal has.
fn base(r: u8, g: u8, b: u8) -> u8 {
    (0..=15).min_by_key(|n| distance(rgb(*n), (r, g, b))).unwrap_or(7)
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    // Weighted as the eye weighs them.
    let part = |a: u8, b: u8, weight: u32| u32::from(a.abs_diff(b)).pow(2) * weight;
    part(a.0, b.0, 3) + part(a.1, b.1, 6) + part(a.2, b.2, 1)
}

/// xterm's palette.
const fn rgb(n: u8) -> (u8, u8, u8) {
    const fn level(step: u8) -> u8 {
        if step == 0 { 0 } else { 55 + step * 40 }
    }
    match n {
        0 => (0, 0, 0),
        7 => (229, 229, 229),
        8 => (127, 127, 127),
        9..=15 => (if n & 1 > 0 { 255 } else { 0 }, if n & 2 > 0 { 255 } else { 0 }, if n & 4 > 0 { 255 } else { 0 }),
        1..=6 => (if n & 1 > 0 { 205 } else { 0 }, if n & 2 > 0 { 205 } else { 0 }, if n & 4 > 0 { 205 } else { 0 }),
        16..=231 => (level((n - 16) / 36), level((n - 16) / 6 % 6), level((n - 16) % 6)),
        232.. => (8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10),
    }
}
