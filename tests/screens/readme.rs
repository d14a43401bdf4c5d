//! The keys in the README are those of the program.

use std::fmt::Write as _;
use std::path::PathBuf;

use quarterdeck::command::{COMMANDS, Scope};
use quarterdeck::config::keymap;

const BEGIN: &str = "<!-- keys -->";
const END: &str = "<!-- /keys -->";

fn table() -> String {
    let maps: Vec<_> =
        keymap::EMBEDDED.iter().map(|(name, text)| (*name, keymap::parse(name, text).unwrap())).collect();
    let mut out = String::from("| Where | Key | vim | k9s | Does |\n|---|---|---|---|---|\n");
    for scope in Scope::ALL {
        for row in COMMANDS.iter().filter(|row| row.scope == scope) {
            let keys = |map: usize| {
                let keys = maps[map].1.keys_of(row.command);
                // A pipe would end the cell of the table.
                let keys: Vec<String> =
                    keys.iter().map(|key| format!("`{}`", key.to_string().replace('|', "\\|"))).collect();
                keys.join(" ")
            };
            let other = |map: usize| if keys(map) == keys(0) { String::new() } else { keys(map) };
            let _ = writeln!(out, "| {} | {} | {} | {} | {} |", scope.as_str(), keys(0), other(1), other(2), row.help);
        }
    }
    out
}

#[test]
fn the_keys_in_the_readme_are_those_of_the_program() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has the mark where the keys begin");
    let (kept, after) = rest.split_once(END).expect("the README has the mark where the keys end");
    let wanted = format!("\n{}", table());
    if kept == wanted {
        return;
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    panic!("the keys in README.md are not those of the program; run the test with INSTA_UPDATE=always");
}
