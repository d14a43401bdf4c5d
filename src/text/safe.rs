//! [`Safe`]: text that may be shown, and the parts of it that are not its own words.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::present::{Profile, present};
use super::sgr::Sgr;

/// A part of a [`Safe`] that is drawn differently. Runs are sorted and do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run {
    /// Byte offsets into the text.
    pub start: u32,
    pub end: u32,
    pub kind: RunKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunKind {
    /// Stands for something that must not reach a terminal; drawn in a style that text never gets,
    /// so that a literal `<9b>` differs from a marked byte.
    Mark,
    /// The log's own colours.
    Style(Sgr),
}

/// Text that may be shown: no control character, no invisible or reordering character is left in
/// it; what was one stands there as a visible mark. Cheap to clone; a clean text has no runs.
///
/// It cannot be made but by the functions here, so a call that leaves one out does not compile:
/// ```compile_fail,E0308
/// let raw: String = std::env::args().collect();
/// let shown: quarterdeck::text::Safe = raw;
/// ```
#[derive(Clone)]
pub struct Safe {
    text: Text,
    runs: Option<Arc<Vec<Run>>>,
}

#[derive(Clone)]
enum Text {
    Own(&'static str),
    Shared(Arc<str>),
}

impl Safe {
    /// Our own words.
    #[must_use]
    pub const fn of(text: &'static str) -> Self {
        Self { text: Text::Own(text), runs: None }
    }

    /// A name, branch, reference, host, user or environment.
    #[must_use]
    pub fn identity(raw: &str) -> Self {
        present(raw.as_bytes(), Profile::Identity)
    }

    /// A message, an event, a line of a log.
    #[must_use]
    pub fn line(raw: &str) -> Self {
        present(raw.as_bytes(), Profile::Line)
    }

    /// A line of a log as it came over the wire, with or without its line end.
    #[must_use]
    pub fn line_bytes(raw: &[u8]) -> Self {
        present(raw, Profile::Line)
    }

    /// The same line with every text that a carriage return had overwritten.
    #[must_use]
    pub fn line_opened(raw: &[u8]) -> Self {
        present(raw, Profile::Opened)
    }

    /// A message of several lines, one [`Safe`] for each.
    #[must_use]
    pub fn lines(raw: &str) -> Vec<Self> {
        raw.lines().map(Self::line).collect()
    }

    /// A line of a diff or of YAML: nothing in it is interpreted.
    #[must_use]
    pub fn code(raw: &str) -> Self {
        present(raw.as_bytes(), Profile::Code)
    }

    /// Only for this module's makers: `text` has been presented, or is ours.
    pub(super) fn made(text: Arc<str>, runs: Vec<Run>) -> Self {
        let runs = if runs.is_empty() { None } else { Some(Arc::new(runs)) };
        Self { text: Text::Shared(text), runs }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.text {
            Text::Own(text) => text,
            Text::Shared(text) => text,
        }
    }

    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        match &self.text {
            Text::Own(text) => Arc::from(*text),
            Text::Shared(text) => Arc::clone(text),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// The parts that are not drawn as plain text.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        self.runs.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Something in it was replaced by a mark.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.runs().iter().any(|run| run.kind == RunKind::Mark)
    }

    /// All of the text in order, cut where the way of drawing changes.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, Option<RunKind>)> {
        Pieces { text: self.as_str(), runs: self.runs(), at: 0 }
    }

    /// Columns it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        width(self.as_str())
    }

    /// The beginning that fits in so many columns, ending in `…` if something is missing.
    #[must_use]
    pub fn truncate(&self, columns: usize) -> Self {
        if self.as_str().len() <= columns || self.width() <= columns {
            return self.clone();
        }
        if columns == 0 {
            return Self::of("");
        }
        let cut = self.slice(0..self.offset(columns - 1));
        super::compose("{}…", &[&cut])
    }

    /// As much of both ends as fits in so many columns, with `…` between them: names that begin alike
    /// end differently.
    #[must_use]
    pub fn middle(&self, columns: usize) -> Self {
        let all = self.width();
        if all <= columns || columns < 3 {
            return self.truncate(columns);
        }
        let (head, tail) = (columns / 2, (columns - 1) / 2);
        super::compose("{}…{}", &[&self.columns(0..head), &self.columns(all - tail..all)])
    }

    /// With every word that is wider cut in its middle.
    #[must_use]
    pub fn tamed(&self, columns: usize) -> Self {
        let text = self.as_str();
        if text.split(' ').all(|word| word.len() <= columns || width(word) <= columns) {
            return self.clone();
        }
        let mut from = 0;
        let words = text.split(' ').map(|word| {
            let cut = self.slice(from..from + word.len()).middle(columns);
            from += word.len() + 1;
            cut
        });
        Self::join(&words.collect::<Vec<_>>(), " ")
    }

    /// With every long path left out but its last part: of an image the name and the tag stay.
    #[must_use]
    pub fn without_paths(&self) -> Self {
        const LONG: usize = 16;
        let text = self.as_str();
        if !text.contains('/') {
            return self.clone();
        }
        let mut from = 0;
        let words = text.split(' ').map(|word| {
            let all = self.slice(from..from + word.len());
            from += word.len() + 1;
            // A rate (`5/6`), an address and what is short stay as they are.
            match word.trim_end_matches('/').rfind('/').filter(|_| width(word) > LONG && !word.contains("://")) {
                Some(at) => super::compose("…{}", &[&all.slice(at..word.len())]),
                None => all,
            }
        });
        Self::join(&words.collect::<Vec<_>>(), " ")
    }

    /// The part between two columns: for scrolling sideways and for wrapping. A wide character that
    /// lies on the left edge is left out, one on the right edge too.
    #[must_use]
    pub fn columns(&self, columns: Range<usize>) -> Self {
        let text = self.as_str();
        if columns.start == 0 && text.len() <= columns.end {
            return self.clone();
        }
        let mut start = self.offset(columns.start);
        if width(&text[..start]) < columns.start {
            start += text[start..].graphemes(true).next().map_or(0, str::len);
        }
        self.slice(start..self.offset(columns.end).max(start))
    }

    /// Filled with spaces on the right, or cut, to exactly so many columns.
    #[must_use]
    pub fn pad_end(&self, columns: usize) -> Self {
        let cut = self.truncate(columns);
        match columns - cut.width() {
            0 => cut,
            missing => super::compose("{}{}", &[&cut, &spaces(missing)]),
        }
    }

    /// Filled with spaces on the left, or cut, to exactly so many columns.
    #[must_use]
    pub fn pad_start(&self, columns: usize) -> Self {
        let cut = self.truncate(columns);
        match columns - cut.width() {
            0 => cut,
            missing => super::compose("{}{}", &[&spaces(missing), &cut]),
        }
    }

    /// All of them in a row, with our own words between.
    #[must_use]
    pub fn join<'a>(parts: impl IntoIterator<Item = &'a Self>, between: &'static str) -> Self {
        let mut out = super::compose::Builder::default();
        for (i, part) in parts.into_iter().enumerate() {
            if i > 0 {
                out.own(between);
            }
            out.safe(part);
        }
        out.finish()
    }

    /// Byte offset of the last cluster boundary at or before a column.
    fn offset(&self, column: usize) -> usize {
        let text = self.as_str();
        if text.is_ascii() {
            return column.min(text.len());
        }
        let mut seen = 0;
        for (at, cluster) in text.grapheme_indices(true) {
            seen += cluster.width();
            if seen > column {
                return at;
            }
        }
        text.len()
    }

    /// The part between two bytes; nothing where they do not lie between characters.
    #[must_use]
    pub fn part(&self, bytes: Range<usize>) -> Self {
        if self.as_str().get(bytes.clone()).is_none() { Self::default() } else { self.slice(bytes) }
    }

    fn slice(&self, bytes: Range<usize>) -> Self {
        let runs = self
            .runs()
            .iter()
            .filter(|run| (run.start as usize) < bytes.end && run.end as usize > bytes.start)
            .map(|run| Run {
                start: (run.start as usize).saturating_sub(bytes.start) as u32,
                end: ((run.end as usize).min(bytes.end) - bytes.start) as u32,
                kind: run.kind,
            })
            .collect();
        Self::made(Arc::from(&self.as_str()[bytes]), runs)
    }
}

/// Columns of a text, counted as the drawing library counts them: by cluster.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

fn spaces(count: usize) -> Safe {
    const SPACES: &str = "                                                                ";
    match SPACES.get(..count) {
        Some(spaces) => Safe::of(spaces),
        None => Safe::made(Arc::from(" ".repeat(count)), Vec::new()),
    }
}

struct Pieces<'a> {
    text: &'a str,
    runs: &'a [Run],
    at: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (&'a str, Option<RunKind>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.text.len() {
            return None;
        }
        let (end, kind) = match self.runs.first() {
            Some(run) if run.start as usize <= self.at => {
                self.runs = &self.runs[1..];
                (run.end as usize, Some(run.kind))
            }
            Some(run) => (run.start as usize, None),
            None => (self.text.len(), None),
        };
        let piece = &self.text[self.at..end];
        self.at = end;
        Some((piece, kind))
    }
}

impl fmt::Debug for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)?;
        if self.runs().is_empty() { Ok(()) } else { f.debug_list().entries(self.runs()).finish() }
    }
}

impl Default for Safe {
    fn default() -> Self {
        Self::of("")
    }
}

impl PartialEq for Safe {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() && self.runs() == other.runs()
    }
}
impl Eq for Safe {}
impl PartialOrd for Safe {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Safe {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str()).then_with(|| self.runs().cmp(other.runs()))
    }
}
impl std::hash::Hash for Safe {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
        self.runs().hash(state);
    }
}
