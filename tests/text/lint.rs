//! R3: cells, spans and escape sequences are made in few places. The places are listed here; a
//! `Span` made anywhere else could be made of anything.

use std::fs;
use std::path::Path;

/// What makes a cell or a sequence from a string, and where it may stand.
const MAKERS: &[(&str, &[&str])] = &[
    ("Span::", PEN),
    ("Line::from", PEN),
    ("Line::raw", PEN),
    ("Line::styled", PEN),
    ("Text::from", PEN),
    ("Text::raw", PEN),
    ("Paragraph::new", PEN),
    ("set_string", PEN),
    ("set_stringn", PEN),
    ("set_span", PEN),
    ("set_line", PEN),
    ("set_symbol", PEN),
    ("set_char", PEN),
    ("SetTitle", &[]),
    ("PrintStyledContent", &[]),
    ("style::Print", &[]),
    ("Print(", &[]),
    ("crossterm::execute!", &[]),
    ("crossterm::queue!", &["term/tty.rs"]),
    ("\\x1b", &["term/", "text/"]),
    // What a demo's server sends is text from outside, as hostile as any.
    ("\\u{1b}", &["term/", "text/", "demo/"]),
];

/// The one place that turns [`quarterdeck::text::Safe`] into cells.
const PEN: &[&str] = &["ui/pen.rs"];

/// Line number and word of everything that stands where it may not. Tests at the end of a file and
/// comments are not looked at.
fn findings(path: &str, source: &str) -> Vec<(usize, &'static str)> {
    let shipped = source.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    let mut found = Vec::new();
    for (number, line) in shipped.enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (word, places) in MAKERS {
            if code.contains(word) && !places.iter().any(|place| path.starts_with(place)) {
                found.push((number + 1, *word));
            }
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn r3_only_the_pen_makes_cells_and_only_the_terminal_makes_sequences() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.iter().any(|(path, _)| path == "ui/pen.rs"), "the pen is where it is looked for");
    let found: Vec<String> = files
        .iter()
        .flat_map(|(path, source)| {
            findings(path, source).into_iter().map(move |(line, word)| format!("src/{path}:{line}: {word}"))
        })
        .collect();
    assert!(found.is_empty(), "made outside its place:\n{}", found.join("\n"));
}

#[test]
fn r3_the_lint_sees_what_it_looks_for() {
    let source = "let a = Span::raw(name);\n// Span::raw in a comment\nbuf.set_string(0, 0, x, style);\n#[cfg(test)]\nSpan::raw(x)";
    assert_eq!(findings("ui/panes/log.rs", source), [(1, "Span::"), (3, "set_string")]);
    assert_eq!(findings("ui/pen.rs", source), []);
}
