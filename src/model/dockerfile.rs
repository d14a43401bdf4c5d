//! What a Dockerfile says of itself, as far as it must be known before it is sent: the images it begins
//! with, and what only BuildKit can build. The classic builder fails late on it, or does something else.

use crate::safe;
use crate::text::Safe;

/// An instruction: the line it begins on, its words with the lines that go on joined.
struct Instruction {
    line: usize,
    text: String,
}

/// What only BuildKit can do, each with its line; empty: the classic builder can build it.
#[must_use]
pub fn needs_buildkit(text: &str) -> Vec<Safe> {
    let mut found: Vec<Safe> = directives(text).into_iter().collect();
    for Instruction { line, text } in instructions(text) {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        let word = word.to_ascii_uppercase();
        let flags: Vec<&str> = rest.split_whitespace().take_while(|part| part.starts_with("--")).collect();
        let known: &[&str] = match word.as_str() {
            "RUN" => &["--mount", "--network", "--security", "--device"],
            "COPY" | "ADD" => {
                &["--link", "--chmod", "--parents", "--exclude", "--checksum", "--keep-git-dir", "--unpack"]
            }
            _ => &[],
        };
        let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
        for flag in flags.into_iter().map(name).filter(|flag| known.contains(&flag.as_str())) {
            found.push(safe!("line {}: {} {}", line, Safe::line(&word), Safe::line(&flag)));
        }
        if matches!(word.as_str(), "RUN" | "COPY" | "ADD") && heredoc(rest).is_some() {
            found.push(safe!("line {}: a here-document in {}", line, Safe::line(&word)));
        }
        if word == "FROM" && (rest.contains("$BUILDPLATFORM") || rest.contains("${BUILDPLATFORM}")) {
            found.push(safe!("line {}: FROM --platform=$BUILDPLATFORM", line));
        }
    }
    found
}

/// The images of its `FROM`s, without names of its own stages.
#[must_use]
pub fn bases(text: &str) -> Vec<Safe> {
    let (mut stages, mut found) = (vec!["scratch".to_owned()], Vec::new());
    for Instruction { text, .. } in instructions(text) {
        let mut words = text.split_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("FROM")) {
            continue;
        }
        let mut words = words.skip_while(|word| word.starts_with("--"));
        let Some(image) = words.next() else { continue };
        let shown = Safe::identity(image);
        if !stages.iter().any(|stage| stage.eq_ignore_ascii_case(image)) && !found.contains(&shown) {
            found.push(shown);
        }
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("AS")) {
            stages.extend(words.next().map(str::to_owned));
        }
    }
    found
}

/// `# syntax=…` chooses another builder; it counts only before anything else.
fn directives(text: &str) -> Option<Safe> {
    for (at, line) in text.lines().enumerate() {
        let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("syntax") {
            return Some(safe!("line {}: # syntax={}", at as u64 + 1, Safe::identity(value.trim())));
        }
    }
    None
}

fn instructions(text: &str) -> Vec<Instruction> {
    let escape = if text.lines().take(3).any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`")) {
        '`'
    } else {
        '\\'
    };
    let mut all: Vec<Instruction> = Vec::new();
    let mut open: Option<Instruction> = None;
    let mut until: Option<String> = None;
    for (at, raw) in text.lines().enumerate() {
        if let Some(word) = &until {
            if raw.trim() == word {
                until = None;
            }
            continue;
        }
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (part, goes_on) = match line.strip_suffix(escape) {
            Some(part) => (part.trim_end(), true),
            None => (line, false),
        };
        let mut row = open.take().unwrap_or(Instruction { line: at + 1, text: String::new() });
        if !row.text.is_empty() {
            row.text.push(' ');
        }
        row.text.push_str(part);
        if goes_on {
            open = Some(row);
        } else {
            let first = row.text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            if matches!(first.as_str(), "RUN" | "COPY" | "ADD") {
                until = heredoc(&row.text);
            }
            all.push(row);
        }
    }
    all.extend(open);
    all
}

/// The word that ends a here-document, where one begins: `<<EOF`, `<<-"EOF"`; `<<<` is none.
fn heredoc(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        rest = after;
        if after.starts_with('<') || before.ends_with('<') {
            rest = after.trim_start_matches('<');
            continue;
        }
        let word = after.strip_prefix('-').unwrap_or(after);
        let word = word.strip_prefix(['"', '\'']).unwrap_or(word);
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(word.len());
        // `$((1 << 4))` shifts by a number.
        if word[..end].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Some(word[..end].to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        needs_buildkit(text).iter().map(|line| line.as_str().to_owned()).collect()
    }

    #[test]
    fn what_only_buildkit_builds_is_found_with_its_line() {
        let table: [(&str, &[&str]); 13] = [
            ("FROM busybox\nRUN echo a", &[]),
            ("FROM a\nRUN --mount=type=cache,target=/x pip install .", &["line 2: RUN --mount"]),
            (
                "FROM a\nRUN \\\n  --mount=type=secret,id=x \\\n  --network=none true",
                &["line 2: RUN --mount", "line 2: RUN --network"],
            ),
            ("# syntax=docker/dockerfile:1\nFROM a", &["line 1: # syntax=docker/dockerfile:1"]),
            ("# escape=`\n# syntax=x\nFROM a", &["line 2: # syntax=x"]),
            ("# a comment\n# syntax=x\nFROM a", &[]),
            ("FROM a\nRUN <<EOF\nFROM b\nRUN --mount=x y\nEOF\nRUN true", &["line 2: a here-document in RUN"]),
            ("FROM a\nCOPY <<-\"END\" /x\nhello\nEND\n", &["line 2: a here-document in COPY"]),
            ("FROM a\nRUN cat <<< word && echo $((1 << 4))", &[]),
            ("FROM a\nCOPY --link --chown=1 x /y", &["line 2: COPY --link"]),
            ("FROM a\nCOPY --from=b --chmod=755 x /y", &["line 2: COPY --chmod"]),
            ("FROM --platform=$BUILDPLATFORM a AS b", &["line 1: FROM --platform=$BUILDPLATFORM"]),
            ("FROM a\nRUN echo --mount=x\n# RUN --mount=y", &[]),
        ];
        for (text, wanted) in table {
            assert_eq!(found(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_images_it_begins_with_are_those_of_others() {
        let text = "ARG V=3\nFROM --platform=linux/amd64 golang:1.22 AS build\nRUN true\nFROM build AS test\nfrom scratch\nFROM golang:1.22\nFROM debian";
        let bases = bases(text);
        assert_eq!(bases.iter().map(Safe::as_str).collect::<Vec<_>>(), ["golang:1.22", "debian"]);
    }

    #[test]
    fn any_text_is_read_without_stumbling() {
        for text in ["", "\\", "FROM", "RUN <<", "RUN <<EOF", "#", "# =", "COPY --", "\u{202e}FROM x", "RUN a \\\n"] {
            let _ = (needs_buildkit(text), bases(text));
        }
    }
}
