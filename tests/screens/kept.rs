//! No snapshot outlives its test.

use std::path::PathBuf;

/// The names given to `compare!` in a source; `{…}` stands for anything.
fn names(source: &str) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for call in source.split("compare!(").skip(1) {
        let Some(name) = call.split('"').nth(1) else { continue };
        let (before, after) = match (name.find('{'), name.rfind('}')) {
            (Some(open), Some(close)) => (&name[..open], &name[close + 1..]),
            _ => (name, ""),
        };
        names.push((before.to_owned(), after.to_owned()));
    }
    names
}

#[test]
fn every_kept_screen_is_compared() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let sources = std::fs::read_dir(root.join("tests/screens")).unwrap();
    let wanted: Vec<_> =
        sources.flat_map(|file| names(&std::fs::read_to_string(file.unwrap().path()).unwrap())).collect();
    for file in std::fs::read_dir(root.join("snapshots/screens")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".snap").unwrap_or_else(|| panic!("{file} is left over"));
        let is_wanted = wanted.iter().any(|(before, after)| match after.as_str() {
            "" if !before.ends_with('-') => name == before,
            after => name.starts_with(before.as_str()) && name.ends_with(after),
        });
        assert!(is_wanted, "no test compares snapshots/screens/{file}");
    }
}
