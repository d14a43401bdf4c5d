//! A line of words, each with what it means: what everything on the screen is made of.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::config::theme::Role;
use crate::model::Name;
use crate::text::{self, Safe};

/// What may be written.
pub trait Ink {
    fn ink(self) -> Safe;
}

impl Ink for Safe {
    fn ink(self) -> Safe {
        self
    }
}
impl Ink for &Safe {
    fn ink(self) -> Safe {
        self.clone()
    }
}
impl Ink for &Name {
    fn ink(self) -> Safe {
        self.safe().clone()
    }
}
impl Ink for &'static str {
    fn ink(self) -> Safe {
        Safe::of(self)
    }
}
impl Ink for u64 {
    fn ink(self) -> Safe {
        text::count(self)
    }
}
impl Ink for usize {
    fn ink(self) -> Safe {
        text::count(self as u64)
    }
}
impl Ink for i64 {
    fn ink(self) -> Safe {
        crate::safe!("{}", self)
    }
}

/// A line of words, each with what it means.
#[derive(Debug, Clone, Default)]
pub struct Words {
    pub(super) parts: Vec<(Role, Safe)>,
}

impl Words {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn of(role: Role, ink: impl Ink) -> Self {
        Self::new().add(role, ink)
    }

    #[must_use]
    pub fn add(mut self, role: Role, ink: impl Ink) -> Self {
        self.push(role, ink);
        self
    }

    pub fn push(&mut self, role: Role, ink: impl Ink) {
        self.parts.push((role, ink.ink()));
    }

    #[must_use]
    pub fn text(self, ink: impl Ink) -> Self {
        self.add(Role::Text, ink)
    }

    #[must_use]
    pub fn dim(self, ink: impl Ink) -> Self {
        self.add(Role::Dim, ink)
    }

    #[must_use]
    pub fn strong(self, ink: impl Ink) -> Self {
        self.add(Role::Strong, ink)
    }

    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Columns it takes.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.parts.iter().map(|(_, text)| text.width()).sum::<usize>().min(usize::from(u16::MAX)) as u16
    }

    /// Both ends of what is wider than so many columns.
    #[must_use]
    pub fn middle(&self, columns: u16) -> Self {
        let (all, columns) = (usize::from(self.width()), usize::from(columns));
        if all <= columns || columns < 5 {
            return self.clone();
        }
        let (head, tail) = (0..columns / 2, all - (columns - 1) / 2..all);
        let mut cut = self.columns(&head);
        let role = cut.parts.last().map_or(Role::Text, |(role, _)| *role);
        cut.push(role, "…");
        cut.then(self.columns(&tail))
    }

    /// With every long path left out but its last part.
    #[must_use]
    pub fn without_paths(&self) -> Self {
        Self { parts: self.parts.iter().map(|(role, text)| (*role, text.without_paths())).collect() }
    }

    fn columns(&self, wanted: &Range<usize>) -> Self {
        let mut at = 0;
        let parts = self.parts.iter().filter_map(|(role, text)| {
            let here = at..at + text.width();
            at = here.end;
            let part = wanted.start.max(here.start)..wanted.end.min(here.end);
            (part.start < part.end).then(|| (*role, text.columns(part.start - here.start..part.end - here.start)))
        });
        Self { parts: parts.collect() }
    }

    /// As a terminal that has only ASCII shows it: some signs take more columns there.
    pub(super) fn in_ascii(&self) -> Self {
        let parts = self.parts.iter().map(|(role, text)| (*role, text::ascii::written_out(text).into_owned()));
        Self { parts: parts.collect() }
    }

    /// Broken into lines of at most `width` columns, at spaces where there are some.
    #[must_use]
    pub fn wrap(&self, width: u16) -> Vec<Self> {
        let width = usize::from(width.max(1));
        let mut lines = vec![Self::new()];
        let mut used = 0;
        for (role, text) in &self.parts {
            for word in split(text) {
                let mut word = word;
                let mut columns = word.width();
                let fits = used + word.as_str().trim_end().width() <= width;
                if !fits && used > 0 {
                    lines.push(Self::new());
                    used = 0;
                }
                while columns > width && word.as_str().trim_end().width() > width {
                    let head = word.columns(0..width);
                    let rest = word.columns(head.width().max(1)..columns);
                    lines_push(&mut lines, *role, head);
                    lines.push(Self::new());
                    word = rest;
                    columns = word.width();
                }
                lines_push(&mut lines, *role, word);
                used += columns;
            }
        }
        // The space that a line was broken at is not part of it.
        for (_, last) in lines.iter_mut().filter_map(|line| line.parts.last_mut()) {
            *last = last.columns(0..last.as_str().trim_end().width());
        }
        lines
    }
}

fn lines_push(lines: &mut [Words], role: Role, text: Safe) {
    if let Some(line) = lines.last_mut() {
        line.parts.push((role, text));
    }
}

/// Words with the space after them.
fn split(text: &Safe) -> Vec<Safe> {
    let mut out = Vec::new();
    let (mut start, mut column) = (0, 0);
    for word in text.as_str().split_inclusive(' ') {
        column += word.width();
        out.push(text.columns(start..column));
        start = column;
    }
    out
}
