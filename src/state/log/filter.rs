//! What lines are searched and filtered by. A pattern is a regular expression; one that is none
//! (`[error`) is taken literally. Smart case: a capital letter in it makes it exact.

use regex::bytes::{Regex, RegexBuilder};

use super::level::{self, Level};
use crate::text::Safe;

/// Bytes a compiled pattern may use; a monster is taken literally instead.
const PATTERN_LIMIT: usize = 1 << 20;

/// A pattern as typed, compiled.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// `None`: lines that tell of an error, whatever they call it.
    regex: Option<Regex>,
    literal: bool,
}

impl Pattern {
    /// `None` for an empty text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let exact = has_capital(text);
        if let Ok(regex) = compile(text, exact) {
            return Some(Self { text: text.to_owned(), regex: Some(regex), literal: false });
        }
        let regex = compile(&regex::escape(text), exact).ok()?;
        Some(Self { text: text.to_owned(), regex: Some(regex), literal: true })
    }

    /// Lines that tell of an error.
    #[must_use]
    pub fn errors() -> Self {
        Self { text: String::new(), regex: None, literal: false }
    }

    /// It is [`Self::errors`].
    #[must_use]
    pub const fn is_errors(&self) -> bool {
        self.regex.is_none()
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// It is no regular expression and was taken letter by letter.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal
    }

    /// A message (without its time) matches as it came, or, where it holds escape sequences, as it
    /// is shown.
    #[must_use]
    pub fn matches(&self, message: &[u8]) -> bool {
        let is_match = |text: &[u8]| match &self.regex {
            Some(regex) => regex.is_match(text),
            None => level::is_error(text),
        };
        is_match(message) || (message.contains(&0x1b) && is_match(Safe::line_bytes(message).as_str().as_bytes()))
    }

    /// Byte ranges of the matches in a shown text; empty matches are left out.
    pub fn ranges<'a>(&'a self, shown: &'a str) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let word = match (&self.regex, level::of(shown.as_bytes())) {
            (None, Some((word, Level::Error))) => Some(word),
            _ => None,
        };
        let found = self.regex.iter().flat_map(|regex| regex.find_iter(shown.as_bytes()));
        found.map(|found| found.range()).filter(|range| !range.is_empty()).chain(word)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.is_errors() == other.is_errors()
    }
}

fn compile(text: &str, exact: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).case_insensitive(!exact).size_limit(PATTERN_LIMIT).dfa_size_limit(PATTERN_LIMIT).build()
}

/// A capital that is not a class like `\S`.
fn has_capital(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let counts = !escaped && c.is_uppercase();
        escaped = !escaped && c == '\\';
        counts
    })
}

/// Which lines are shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub keep: Option<Pattern>,
    pub drop: Option<Pattern>,
}

impl Filter {
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.keep.is_some() || self.drop.is_some()
    }

    /// A line as it came, with its time.
    #[must_use]
    pub fn keeps(&self, line: &[u8]) -> bool {
        let (_, message) = super::split_time(line);
        self.keep.as_ref().is_none_or(|pattern| pattern.matches(message))
            && !self.drop.as_ref().is_some_and(|pattern| pattern.matches(message))
    }
}
