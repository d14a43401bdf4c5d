//! The help as lines: every key that applies here, what it does, and why it cannot be used now. Made
//! here because `update` must know how far it scrolls.

use super::{State, verbs};
use crate::command::{Row, Scope};
use crate::model::source::SourceScope;
use crate::safe;
use crate::text::Safe;

/// One line of it.
#[derive(Debug, Clone)]
pub enum Line<'a> {
    Scope(Scope),
    /// A command with the first words of what it does, and whether it can be used now.
    Row(&'static Row, Safe, bool),
    /// Those words go on.
    More(Safe, bool),
    /// Why it cannot be used now.
    Why(Safe),
    /// The heading of what nobody named but was found.
    Found,
    Source(&'a SourceScope),
    /// The heading of what is to be done about a clock that is off.
    Clock,
    Air,
}

/// All lines, their words broken at so many columns: nothing of them is cut.
#[must_use]
pub fn lines(state: &State, columns: u16) -> Vec<Line<'_>> {
    let columns = usize::from(columns.max(12));
    let mut lines = Vec::new();
    for (scope, rows) in verbs::help(state) {
        if !lines.is_empty() {
            lines.push(Line::Air);
        }
        lines.push(Line::Scope(scope));
        scope_lines(state, &rows, columns, &mut lines);
    }
    // What the header has no room for.
    let clock = super::freshness::skewed_next(state).map(|words| wrapped(&words, columns));
    if let Some(clock) = clock {
        lines.extend([Line::Air, Line::Clock]);
        lines.extend(clock.into_iter().map(|words| Line::More(words, true)));
    }
    // What nobody named is shown as such, with the place it was found in.
    let mut found = state.world.sources.iter().filter(|source| source.discovered.is_some()).peekable();
    if found.peek().is_some() {
        lines.extend([Line::Air, Line::Found]);
        lines.extend(found.map(Line::Source));
    }
    lines
}

/// The commands of one scope. A reason that holds several of them back is told once, above
/// them; each that cannot be used carries the mark of that line.
fn scope_lines(state: &State, rows: &[&'static Row], columns: usize, lines: &mut Vec<Line<'_>>) {
    let reasons: Vec<Option<Safe>> = rows.iter().map(|row| verbs::check(state, row.command).err()).collect();
    let shared = shared(&reasons);
    let why = |why: &Safe| wrapped(&safe!("- not now: {}", why), columns).into_iter().map(Line::Why);
    let held = rows.iter().zip(&reasons).filter(|(_, refused)| refused.is_some() && **refused == shared);
    let keys: Vec<Safe> = held.filter_map(|(row, _)| key(state, row)).collect();
    let shared_why = |why: &Safe| {
        let words = safe!("- {}: not now: {}", Safe::join(&keys, ", "), why);
        wrapped(&words, columns).into_iter().map(Line::Why)
    };
    lines.extend(shared.iter().flat_map(shared_why));
    for (row, refused) in rows.iter().zip(&reasons) {
        let usable = refused.is_none();
        let mut words = wrapped(&Safe::of(row.help), columns).into_iter();
        lines.push(Line::Row(row, words.next().unwrap_or_default(), usable));
        lines.extend(words.map(|words| Line::More(words, usable)));
        lines.extend(refused.iter().filter(|refused| Some(*refused) != shared.as_ref()).flat_map(why));
    }
}

/// The first key of a command.
fn key(state: &State, row: &Row) -> Option<Safe> {
    state.keymap.keys_of(row.command).into_iter().next().map(|key| Safe::line(&key.to_string()))
}

/// The reason that most of them have, where it is not one command's alone.
fn shared(reasons: &[Option<Safe>]) -> Option<Safe> {
    let count = |reason: &Safe| reasons.iter().flatten().filter(|other| *other == reason).count();
    let often = reasons.iter().flatten().rev().max_by_key(|reason| count(reason))?;
    (count(often) > 1).then(|| often.clone())
}

/// Broken at spaces into lines of so many columns; a word that is longer is broken too.
fn wrapped(text: &Safe, columns: usize) -> Vec<Safe> {
    let (mut lines, mut start, mut end, mut at) = (Vec::new(), 0, 0, 0);
    for word in text.as_str().split_inclusive(' ') {
        let width = unicode_width::UnicodeWidthStr::width(word);
        let seen = unicode_width::UnicodeWidthStr::width(word.trim_end());
        if at > start && at + seen - start > columns {
            lines.push(text.columns(start..end));
            start = at;
        }
        while at + seen - start > columns {
            lines.push(text.columns(start..start + columns));
            start += columns;
        }
        end = at + seen;
        at += width;
    }
    lines.push(text.columns(start..end));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_at_spaces_and_nothing_is_lost() {
        let lines = |text: &str, columns| -> Vec<String> {
            wrapped(&Safe::line(text), columns).iter().map(|line| line.as_str().to_owned()).collect()
        };
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("one two three", 40), ["one two three"]);
        assert_eq!(lines("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(lines("", 4), [""]);
    }
}
