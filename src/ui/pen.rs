//! The only place that turns text into cells. It takes [`Safe`], our own words and numbers, never a
//! raw string; it clips to its area, counts columns as the terminal does, draws marks in the style
//! that nothing else has, and writes ASCII where the terminal has no more.

use std::borrow::Cow;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::style::{logged, style};
pub use super::words::{Ink, Words};
use crate::config::theme::{Glyphs, Role, Theme};
use crate::text::{self, RunKind, Safe};

/// Which way a cell's text leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lean {
    Left,
    Right,
}

/// Writes into an area of the screen; positions are relative to it.
#[derive(Debug)]
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    area: Rect,
    base: Style,
    /// What is drawn is old: it shows as such.
    faded: bool,
    /// Lines above the first one that is seen.
    top: u16,
}

impl<'a> Pen<'a> {
    /// A pen for a whole buffer, painted in the theme's base.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        let area = buffer.area;
        let base = style(theme, Role::Base);
        buffer.set_style(area, base);
        Self { buffer, theme, area, base, faded: false, top: 0 }
    }

    /// The same pen, for a part of the screen.
    pub fn within(&mut self, area: Rect) -> Pen<'_> {
        let area = area.intersection(self.buffer.area);
        Pen { area, buffer: self.buffer, theme: self.theme, base: self.base, faded: self.faded, top: 0 }
    }

    /// From here on everything is drawn as old.
    pub const fn fade(&mut self, faded: bool) {
        self.faded = faded;
    }

    /// From here on so many lines lie above what is seen.
    pub const fn scroll(&mut self, top: u16) {
        self.top = top;
    }

    /// The line after the last one that is seen: the height, and what lies above.
    #[must_use]
    pub const fn end(&self) -> u16 {
        self.area.height.saturating_add(self.top)
    }

    /// A line as it is seen; past the area where it is not.
    fn seen(&self, y: u16) -> u16 {
        y.checked_sub(self.top).unwrap_or(u16::MAX)
    }

    #[must_use]
    pub const fn width(&self) -> u16 {
        self.area.width
    }

    #[must_use]
    pub const fn height(&self) -> u16 {
        self.area.height
    }

    /// Where the pen writes, on the screen.
    #[must_use]
    pub const fn area(&self) -> Rect {
        self.area
    }

    /// The words in the characters that the terminal has.
    fn shown<'w>(&self, words: &'w Words) -> Cow<'w, Words> {
        match self.theme.glyphs {
            Glyphs::Unicode => Cow::Borrowed(words),
            Glyphs::Ascii => Cow::Owned(words.in_ascii()),
        }
    }

    /// Words from a column on, cut with `…` after `most` columns; the columns they took.
    pub fn write(&mut self, x: u16, y: u16, most: u16, words: &Words) -> u16 {
        if x >= self.area.width || most == 0 {
            return 0;
        }
        let words = &*self.shown(words);
        let room = most.min(self.area.width - x);
        let cut = words.width() > room;
        let most = if cut { room - 1 } else { room };
        let mut used = 0;
        for (role, text) in &words.parts {
            let left = usize::from(most - used);
            if text.width() > left {
                used += self.put(x + used, y, *role, &text.columns(0..left));
                used += self.put(x + used, y, *role, &Safe::of("…"));
                break;
            }
            used += self.put(x + used, y, *role, text);
        }
        used
    }

    /// Words from the first column.
    pub fn left(&mut self, y: u16, words: &Words) -> u16 {
        self.write(0, y, self.area.width, words)
    }

    /// Words that end in the last column; the column they begin in.
    pub fn right(&mut self, y: u16, words: &Words) -> u16 {
        let words = &*self.shown(words);
        let width = words.width().min(self.area.width);
        let x = self.area.width - width;
        self.write(x, y, width, words);
        x
    }

    /// Both on one line; the left one is cut so that two columns stay between them.
    pub fn both(&mut self, y: u16, left: &Words, right: &Words) {
        let x = if right.width() + 8 <= self.area.width { self.right(y, right) } else { self.area.width };
        let most = if x < self.area.width { x.saturating_sub(2) } else { x };
        self.write(0, y, most, left);
    }

    /// A value in a column of a table.
    pub fn cell(&mut self, x: u16, y: u16, width: u16, lean: Lean, words: &Words) {
        let words = &*self.shown(words);
        let indent = match lean {
            Lean::Left => 0,
            Lean::Right => width.saturating_sub(words.width()),
        };
        self.write(x + indent, y, width - indent, words);
    }

    /// The same glyph over a stretch of a line.
    pub fn repeat(&mut self, x: u16, y: u16, width: u16, role: Role, glyph: &'static str) {
        let width = width.min(self.area.width.saturating_sub(x));
        for column in x..x + width {
            self.put(column, y, role, &Safe::of(glyph));
        }
    }

    /// A title and a rule to the end of the line, with words at its end.
    pub fn title(&mut self, y: u16, role: Role, name: impl Ink, right: &Words) {
        let right = &*self.shown(right);
        let name = Words::of(role, name);
        self.repeat(0, y, self.area.width, Role::Faint, "─");
        let used = if name.is_empty() { 0 } else { self.write(0, y, self.area.width, &name.add(role, " ")) };
        if !right.is_empty() && used + 4 < self.area.width {
            let room = self.area.width - used - 2;
            let width = (right.width() + 1).min(room);
            let x = self.area.width - width;
            self.write(x, y, 1, &Words::of(Role::Dim, " "));
            self.write(x + 1, y, width - 1, right);
        }
    }

    /// Gives a stretch of a line the background of a role.
    pub fn background(&mut self, x: u16, y: u16, width: u16, role: Role) {
        let y = self.seen(y);
        if y < self.area.height && x < self.area.width {
            let width = width.min(self.area.width - x);
            let area = Rect::new(self.area.x + x, self.area.y + y, width, 1);
            self.buffer.set_style(area, style(self.theme, role));
        }
    }

    /// What stands here steps back behind what is drawn over it next.
    pub fn veil(&mut self) {
        let look = self.base.patch(style(self.theme, Role::Faint));
        for y in self.area.top()..self.area.bottom() {
            for x in self.area.left()..self.area.right() {
                if let Some(cell) = self.buffer.cell_mut(Position { x, y }) {
                    let symbol = cell.symbol().to_owned();
                    cell.reset();
                    cell.set_symbol(&symbol).set_style(look);
                }
            }
        }
    }

    /// Wipes the area and gives it the background of a role.
    pub fn wipe(&mut self, role: Role) {
        let look = self.base.patch(style(self.theme, role));
        for y in self.area.top()..self.area.bottom() {
            for x in self.area.left()..self.area.right() {
                if let Some(cell) = self.buffer.cell_mut(Position { x, y }) {
                    cell.reset();
                    cell.set_style(look);
                }
            }
        }
    }

    /// Text from a column on, clipped at the area's edge; the columns it took.
    fn put(&mut self, x: u16, y: u16, role: Role, text: &Safe) -> u16 {
        let role = if self.faded && role != Role::Faint { Role::Unknown } else { role };
        let y = self.seen(y);
        let plain = style(self.theme, role);
        let mark = style(self.theme, Role::Mark);
        let mut used = 0;
        for (piece, kind) in text.pieces() {
            let look = match kind {
                None => plain,
                Some(RunKind::Mark) => mark,
                Some(RunKind::Style(sgr)) => logged(self.theme, plain, &sgr),
            };
            if piece.is_ascii() {
                for at in 0..piece.len() {
                    if y >= self.area.height || x + used >= self.area.width {
                        return used;
                    }
                    self.cell_at(self.area.x + x + used, self.area.y + y, &piece[at..=at], look);
                    used += 1;
                }
                continue;
            }
            for cluster in piece.graphemes(true) {
                let wide = cluster.width() as u16;
                if wide == 0 {
                    continue;
                }
                if y >= self.area.height || x + used + wide > self.area.width {
                    return used;
                }
                self.symbol(self.area.x + x + used, self.area.y + y, cluster, wide, look);
                used += wide;
            }
        }
        used
    }

    fn symbol(&mut self, x: u16, y: u16, cluster: &str, wide: u16, look: Style) {
        match self.theme.glyphs {
            Glyphs::Unicode => {
                self.cell_at(x, y, cluster, look);
                for column in 1..wide {
                    self.cell_at(x + column, y, " ", look);
                }
            }
            Glyphs::Ascii => {
                let ascii = text::ascii::symbol(cluster);
                for column in 0..wide {
                    let at = usize::from(column);
                    self.cell_at(x + column, y, ascii.get(at..=at).unwrap_or(" "), look);
                }
            }
        }
    }

    fn cell_at(&mut self, x: u16, y: u16, symbol: &str, look: Style) {
        if let Some(cell) = self.buffer.cell_mut(Position { x, y }) {
            set(cell, symbol, look, self.base);
        }
    }
}

/// What was written there before leaves nothing but its background.
fn set(cell: &mut Cell, symbol: &str, look: Style, base: Style) {
    cell.set_symbol(symbol);
    cell.fg = look.fg.or(base.fg).unwrap_or(Color::Reset);
    if let Some(bg) = look.bg {
        cell.bg = bg;
    }
    cell.modifier = (cell.modifier & Modifier::REVERSED) | look.add_modifier;
    // Half the brightness of what is reversed is letters that cannot be told from their ground.
    if cell.modifier.contains(Modifier::REVERSED) {
        cell.modifier.remove(Modifier::DIM);
    }
}
