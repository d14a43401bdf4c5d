//! What is wrong with a file, all of it at once, and what was probably meant.

use std::fmt;

use crate::text::Safe;

/// One mistake. Line and column count from 1; 0 stands for the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// What to do: the word that was probably meant, or the words that are known.
    pub hint: Option<String>,
}

impl ConfigError {
    #[must_use]
    pub fn new(line: usize, column: usize, message: String) -> Self {
        Self { line, column, message, hint: None }
    }
}

/// As many are told; who has mended those is told of the rest.
const TOLD: usize = 50;

/// Every mistake of one or more files. Shown as it is; the caller exits with 2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors {
    pub errors: Vec<(String, ConfigError)>,
}

impl ConfigErrors {
    #[must_use]
    pub fn of(file: &str, errors: Vec<ConfigError>) -> Self {
        Self { errors: errors.into_iter().map(|error| (file.to_owned(), error)).collect() }
    }

    /// Both results, or the mistakes of both.
    pub fn both<A, B>(a: Result<A, Self>, b: Result<B, Self>) -> Result<(A, B), Self> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(mut a), Err(b)) => {
                a.errors.extend(b.errors);
                Err(a)
            }
            (Err(errors), _) | (_, Err(errors)) => Err(errors),
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (file, error)) in self.errors.iter().take(TOLD).enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            f.write_str(file)?;
            if error.line > 0 {
                write!(f, ":{}:{}", error.line, error.column)?;
            }
            write!(f, ": {}", error.message)?;
            if let Some(hint) = &error.hint {
                write!(f, "; {hint}")?;
            }
        }
        match self.errors.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

/// Words of a file as they may be printed: nothing in them reaches the terminal as a command.
pub(super) fn quote(word: &str) -> String {
    Safe::identity(word).as_str().to_owned()
}

/// The same between quotation marks.
pub(super) fn quoted(word: &str) -> String {
    format!("\"{}\"", quote(word))
}

/// "did you mean …?", or the known words.
pub(super) fn suggest<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("known are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The known word that is no more than a slip and a quarter of its letters away.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, near) = known.map(|other| (distance(word, other), other)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + near.chars().count() / 4).then_some(near)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["promote", "abort", "retry"];
        assert_eq!(nearest("pormote", known.into_iter()), Some("promote"));
        assert_eq!(nearest("abrot", known.into_iter()), Some("abort"));
        assert_eq!(nearest("delete", known.into_iter()), None);
    }
}
