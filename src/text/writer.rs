//! The making of a [`Safe`]: characters in, text and runs out, with every bound of a line kept.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use super::chars;
use super::present::{CELL_BYTES, IDENTITY_CELLS, LINE_BYTES, NOTE, Profile};
use super::safe::{Run, RunKind, Safe};
use super::scan::{self, Token};
use super::sgr::Sgr;

/// Combining marks on one base.
const COMBINING: usize = 8;
/// Tabs beyond this column are one space.
const TAB_CELLS: usize = 512;

/// What has been made of the input so far.
pub(super) struct Writer {
    profile: Profile,
    out: String,
    runs: Vec<Run>,
    /// How what is written now is drawn, and since where.
    kind: Option<RunKind>,
    since: usize,
    sgr: Sgr,
    /// Inside a whole escape sequence: everything is a mark.
    marking: bool,
    column: usize,
    /// Combining marks since the last base; `None` where there is no base.
    combining: Option<usize>,
    last: Option<char>,
    /// Length of output and input up to which the note about the rest still fits.
    checkpoint: (usize, usize),
}

impl Writer {
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            profile,
            out: String::new(),
            runs: Vec::new(),
            kind: None,
            since: 0,
            sgr: Sgr::default(),
            marking: false,
            column: 0,
            combining: None,
            last: None,
            checkpoint: (0, 0),
        }
    }

    const fn tidy(&self) -> bool {
        matches!(self.profile, Profile::Line | Profile::Opened)
    }

    fn is_full(&self) -> bool {
        self.out.len() > LINE_BYTES || (self.profile == Profile::Identity && self.column > IDENTITY_CELLS)
    }

    pub(super) fn checkpoint(&mut self, read: usize) {
        let fits = self.out.len() <= LINE_BYTES - NOTE
            && (self.profile != Profile::Identity || self.column <= IDENTITY_CELLS - NOTE);
        if fits {
            self.checkpoint = (self.out.len(), read);
        }
    }

    /// Takes a part of the input in, which begins at `offset` of `total`; `false` when there is no
    /// room for all of it.
    pub(super) fn take(&mut self, bytes: &[u8], offset: usize, total: usize) -> bool {
        let mut at = 0;
        while let Some((token, length)) = scan::next(&bytes[at..], self.tidy()) {
            if self.is_full() {
                return false;
            }
            let after = scan::decode(&bytes[at + length..]).and_then(Result::ok).map(|(c, _)| c);
            let edge = offset + at == 0 || offset + at + length == total;
            self.checkpoint(offset + at);
            self.token(token, after, edge);
            at += length;
        }
        !self.is_full()
    }

    fn token(&mut self, token: Token<'_>, after: Option<char>, edge: bool) {
        match token {
            Token::Char(c) => self.char(c, after, edge),
            Token::Invalid(bytes) if self.tidy() => {
                debug_assert!(!bytes.is_empty());
                self.mark(|out| out.push('\u{fffd}'));
            }
            Token::Invalid(bytes) => {
                for byte in bytes {
                    self.mark(|out| chars::push_mark(out, char::from(*byte)));
                }
            }
            Token::Sgr(parameters) => self.sgr.apply(parameters),
            Token::Sequence(bytes) => {
                self.marking = true;
                let mut at = 0;
                while let Some((token, length)) = scan::next(&bytes[at..], false) {
                    self.token(token, None, false);
                    at += length;
                }
                self.marking = false;
                self.combining = None;
            }
        }
    }

    pub(super) fn char(&mut self, c: char, after: Option<char>, edge: bool) {
        match c {
            '\t' if self.profile != Profile::Identity && !self.marking => self.tab(),
            ' ' if edge && self.profile == Profile::Identity => self.mark(|out| chars::push_mark(out, c)),
            ' '..='~' => self.base(c, 1),
            _ if chars::is_hostile(c) => {
                self.mark(|out| chars::push_mark(out, c));
                if c == '\n' {
                    self.sgr = Sgr::default();
                }
            }
            _ if chars::is_contextual(c) => {
                if self.profile != Profile::Identity && !self.marking && chars::fits(c, self.last, after) {
                    self.push(c);
                } else {
                    self.mark(|out| chars::push_mark(out, c));
                }
            }
            _ if self.profile == Profile::Identity && chars::is_odd_space(c) => {
                self.mark(|out| chars::push_mark(out, c));
            }
            _ => match c.width() {
                Some(0) | None => self.combining(c),
                Some(width) => self.base(c, width),
            },
        }
    }

    fn base(&mut self, c: char, width: usize) {
        self.push(c);
        self.column += width;
        self.combining = if self.marking { None } else { Some(0) };
    }

    fn combining(&mut self, c: char) {
        match self.combining {
            None => {
                self.base('◌', 1);
                self.push(c);
                self.combining = if self.marking { None } else { Some(1) };
            }
            Some(n) if n < COMBINING => {
                self.push(c);
                self.combining = Some(n + 1);
            }
            Some(COMBINING) => {
                self.mark(|out| out.push('…'));
                // The ones that follow belong to the same pile and are left out with it.
                self.combining = Some(COMBINING + 1);
            }
            Some(_) => {}
        }
    }

    fn tab(&mut self) {
        let spaces = if self.column < TAB_CELLS { 8 - self.column % 8 } else { 1 };
        for _ in 0..spaces {
            self.base(' ', 1);
        }
    }

    pub(super) fn overwritten(&mut self, count: usize) {
        use std::fmt::Write as _;
        self.mark(|out| {
            out.push('␍');
            if count > 0 {
                // Writing to a String cannot fail.
                let _ = write!(out, "×{count}");
            }
        });
        self.base(' ', 1);
    }

    fn push(&mut self, c: char) {
        let kind = if self.marking {
            Some(RunKind::Mark)
        } else if self.sgr == Sgr::default() {
            None
        } else {
            Some(RunKind::Style(self.sgr.legible()))
        };
        self.kind(kind);
        self.out.push(c);
        self.last = Some(c);
    }

    fn mark(&mut self, write: impl FnOnce(&mut String)) {
        self.kind(Some(RunKind::Mark));
        let before = self.out.len();
        write(&mut self.out);
        self.column += self.out[before..].chars().count();
        self.combining = None;
        self.last = None;
    }

    fn kind(&mut self, kind: Option<RunKind>) {
        if kind != self.kind {
            self.close();
            self.kind = kind;
        }
    }

    fn close(&mut self) {
        if let Some(kind) = self.kind
            && self.since < self.out.len()
        {
            self.runs.push(Run { start: self.since as u32, end: self.out.len() as u32, kind });
        }
        self.since = self.out.len();
    }

    /// Cuts back to where the note about the rest fits.
    pub(super) fn cut(mut self, total: usize) -> Safe {
        use std::fmt::Write as _;
        self.close();
        let (length, read) = self.checkpoint;
        self.out.truncate(length);
        self.runs.retain_mut(|run| {
            run.end = run.end.min(length as u32);
            run.start < run.end
        });
        (self.kind, self.since) = (None, length);
        self.mark(|out| {
            // Writing to a String cannot fail.
            let _ = write!(out, "… +{} bytes", total - read);
        });
        self.finish()
    }

    pub(super) fn finish(mut self) -> Safe {
        self.close();
        let (text, runs) = bounded(self.out, self.runs);
        Safe::made(Arc::from(text), runs)
    }
}

/// No cluster longer than a cell takes: the rest of one that is becomes `…`.
fn bounded(text: String, runs: Vec<Run>) -> (String, Vec<Run>) {
    const KEPT: usize = CELL_BYTES - '…'.len_utf8();
    if text.is_ascii() || text.graphemes(true).all(|cluster| cluster.len() <= CELL_BYTES) {
        return (text, runs);
    }
    let mut out = String::with_capacity(text.len());
    // Where each part of the old text went: (old start, old end, new start, new end).
    let mut moved = Vec::new();
    for (at, cluster) in text.grapheme_indices(true) {
        let start = out.len();
        if cluster.len() <= CELL_BYTES {
            out.push_str(cluster);
        } else {
            out.push_str(&cluster[..cluster.floor_char_boundary(KEPT)]);
            out.push('…');
        }
        moved.push((at, at + cluster.len(), start, out.len()));
    }
    let place = |old: u32| {
        let i = moved.partition_point(|part| part.1 <= old as usize);
        moved.get(i).map_or(out.len(), |part| (part.2 + (old as usize - part.0)).min(part.3)) as u32
    };
    let shift = |run: Run| Run { start: boundary(&out, place(run.start)), end: boundary(&out, place(run.end)), ..run };
    let runs = runs.into_iter().map(shift).filter(|run| run.start < run.end).collect();
    (out, runs)
}

fn boundary(text: &str, at: u32) -> u32 {
    text.floor_char_boundary(at as usize) as u32
}
