//! Which lines are worth a look: the first word of a line that names a level, or what a program
//! writes when it breaks.

use std::ops::Range;

/// Bytes at the beginning of a line in which a level is looked for: further on it is just a word.
const WITHIN: usize = 160;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
}

/// The word of a message (without its time) that says so, and how bad it is.
#[must_use]
pub fn of(message: &[u8]) -> Option<(Range<usize>, Level)> {
    // The name of a step tells of no error, whatever it is called; what the step writes does.
    if message.starts_with(b"##[step]") || message.starts_with("━━ ".as_bytes()) {
        return None;
    }
    let head = &message[..message.len().min(WITHIN)];
    let mut at = 0;
    while at < head.len() {
        let length = head[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let joined = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
        let alone = !joined(at.checked_sub(1).and_then(|before| head.get(before))) && !joined(head.get(at + length));
        if length > 0 && alone {
            match meaning(&head[at..at + length]) {
                Meaning::Level(level) => return Some((at..at + length, level)),
                // What it says after that, it says as no error.
                Meaning::Calm => return None,
                Meaning::Nothing => {}
            }
        }
        at += length.max(1);
    }
    None
}

/// The line tells of an error.
#[must_use]
pub fn is_error(message: &[u8]) -> bool {
    matches!(of(message), Some((_, Level::Error)))
}

enum Meaning {
    Level(Level),
    Calm,
    Nothing,
}

fn meaning(word: &[u8]) -> Meaning {
    // Programs write these in capitals; in small letters they are words of a sentence.
    if matches!(word, b"FAILED" | b"FAIL" | b"Traceback" | b"panicked") {
        return Meaning::Level(Level::Error);
    }
    let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    if is(&["error", "err", "fatal", "panic", "critical"]) {
        Meaning::Level(Level::Error)
    } else if is(&["warn", "warning"]) {
        Meaning::Level(Level::Warn)
    } else if is(&["info", "debug", "trace", "notice"]) {
        Meaning::Calm
    } else {
        Meaning::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_of_its_own() {
        for (line, wanted) in [
            ("ERROR payment declined", Some("ERROR")),
            ("level=error msg=x", Some("error")),
            ("##[error]Process completed with exit code 1.", Some("error")),
            ("thread 'main' panicked at src/main.rs:3", Some("panicked")),
            ("panic: runtime error: index out of range", Some("panic")),
            ("Traceback (most recent call last):", Some("Traceback")),
            ("--- FAIL: TestCheckout (0.03s)", Some("FAIL")),
            ("test checkout::totals ... FAILED", Some("FAILED")),
            ("warn  slow", Some("warn")),
            ("info  retry after error", None),
            ("level=debug err=nil", None),
            ("error_ratio=0.1 error-rate 5", None),
            ("the build failed before", None),
            ("stderr is closed, errors: 0", None),
            ("", None),
        ] {
            let found = of(line.as_bytes()).map(|(range, _)| &line[range]);
            assert_eq!(found, wanted, "{line}");
        }
        assert!(!is_error(b"##[step]4. Report error (failure)"));
        assert!(is_error(b"err: x") && !is_error(b"warning: x"));
        let far = format!("{}error", "x ".repeat(100));
        assert_eq!(of(far.as_bytes()), None);
    }
}
