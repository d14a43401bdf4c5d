//! Keymap files: one section per scope, `key: command-name`. See `keymaps/default.yaml`.
//!
//! A file stands alone, or begins with `base: NAME` and then changes only what it names; the
//! command `none` takes a key away.

use std::collections::BTreeMap;
use std::path::Path;

use super::errors::{ConfigError, ConfigErrors, quoted, suggest};
use super::yaml::{self, Section, Word};
use crate::command::{COMMANDS, Command, Key, KeyCode, Keymap, Scope};

/// Name and text of the keymaps in the program; the first is the default.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("default", include_str!("../../keymaps/default.yaml")),
    ("vim", include_str!("../../keymaps/vim.yaml")),
    ("k9s", include_str!("../../keymaps/k9s.yaml")),
];

/// Loads the keymap of that name or path (`default` without one). `dir` is the user's
/// configuration folder, whose `keymaps/NAME.yaml` goes before the program's own.
pub fn load(choice: Option<&str>, dir: Option<&Path>) -> Result<Keymap, ConfigErrors> {
    let source = super::find(choice.unwrap_or("default"), "keymaps", dir, EMBEDDED)?;
    parse(&source.file, &source.text)
}

/// The keymap of a text; `file` names it in messages.
pub fn parse(file: &str, text: &str) -> Result<Keymap, ConfigErrors> {
    let mut errors = Vec::new();
    let document = yaml::parse(text, &mut errors);
    let mut bindings = Bindings::new();
    for (name, value) in &document.top {
        if name.text == "base" {
            base(value, &mut bindings, &mut errors);
        } else {
            errors.push(unknown_scope(name));
        }
    }
    let mut own = BTreeMap::new();
    for section in &document.sections {
        scope(section, &mut own, &mut bindings, &mut errors);
    }
    conflicts(&own, &bindings, &mut errors);
    if !errors.is_empty() {
        errors.sort_by_key(|error| (error.line, error.column));
        return Err(ConfigErrors::of(file, errors));
    }
    let mut keymap = Keymap::default();
    for ((scope, key), command) in bindings {
        keymap.bind(scope, key, command);
    }
    Ok(keymap)
}

type Bindings = BTreeMap<(Scope, Key), Command>;

fn base(value: &Word, bindings: &mut Bindings, errors: &mut Vec<ConfigError>) {
    let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == value.text) else {
        let mut error = value.error(format!("there is no keymap {}", quoted(&value.text)));
        error.hint = Some(suggest(&value.text, EMBEDDED.iter().map(|(name, _)| *name)));
        errors.push(error);
        return;
    };
    if let Ok(keymap) = parse(name, text) {
        bindings.extend(keymap.iter().map(|(scope, key, command)| ((scope, key), command)));
    }
}

fn unknown_scope(name: &Word) -> ConfigError {
    let mut error = name.error(format!("unknown scope {}", quoted(&name.text)));
    error.hint = Some(suggest(&name.text, Scope::ALL.iter().map(|scope| scope.as_str())));
    error
}

fn scope(
    section: &Section,
    own: &mut BTreeMap<(Scope, Key), Word>,
    bindings: &mut Bindings,
    errors: &mut Vec<ConfigError>,
) {
    let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == section.name.text);
    if scope.is_none() {
        errors.push(unknown_scope(&section.name));
    }
    for (key_word, command_word) in &section.entries {
        let key = key(key_word, errors);
        let command = command(command_word, scope, errors);
        let (Some(scope), Some(key), Some(command)) = (scope, key, command) else { continue };
        // `ctrl-a` and `ctrl-A` are one key under two spellings.
        if let Some(first) = own.insert((scope, key), key_word.clone())
            && first.text != key_word.text
        {
            let message =
                format!("key {} is already on line {} as {}", quoted(&key_word.text), first.line, quoted(&first.text));
            errors.push(key_word.error(message));
        }
        match command {
            Value::Bind(command) => bindings.insert((scope, key), command),
            Value::Free => bindings.remove(&(scope, key)),
        };
    }
}

/// What a value asks for.
enum Value {
    Bind(Command),
    Free,
}

/// The command of a word.
fn command(word: &Word, scope: Option<Scope>, errors: &mut Vec<ConfigError>) -> Option<Value> {
    if word.text == "none" {
        return Some(Value::Free);
    }
    let Some(row) = COMMANDS.iter().find(|row| row.name == word.text) else {
        let mut error = word.error(format!("unknown command {}", quoted(&word.text)));
        error.hint = Some(suggest(&word.text, COMMANDS.iter().map(|row| row.name)));
        errors.push(error);
        return None;
    };
    if scope.is_some_and(|scope| scope != row.scope) {
        let mut error = word.error(format!("the command {} does not apply here", quoted(row.name)));
        error.hint = Some(format!("it belongs in the section \"{}\"", row.scope.as_str()));
        errors.push(error);
        return None;
    }
    Some(Value::Bind(row.command))
}

/// Scopes that are asked before all others and may give a key a meaning of their own: the digits
/// of a log are presets, not views.
const fn is_inner(scope: Scope) -> bool {
    matches!(scope, Scope::Log | Scope::Confirm)
}

/// Outside logs and dialogs a key means one thing, wherever it is pressed.
fn conflicts(own: &BTreeMap<(Scope, Key), Word>, bindings: &Bindings, errors: &mut Vec<ConfigError>) {
    let mut seen: BTreeMap<Key, (Scope, Command)> = BTreeMap::new();
    for ((scope, key), command) in bindings.iter().filter(|((scope, _), _)| !is_inner(*scope)) {
        let Some((other_scope, other)) = seen.insert(*key, (*scope, *command)) else { continue };
        if other == *command {
            continue;
        }
        let word = own.get(&(*scope, *key)).or_else(|| own.get(&(other_scope, *key)));
        let at = word.map_or((0, 0), |word| (word.line, word.column));
        let mut error = ConfigError::new(
            at.0,
            at.1,
            format!(
                "key \"{key}\" means \"{}\" in {} and \"{}\" in {}, which apply together",
                command.row().name,
                scope.as_str(),
                other.row().name,
                other_scope.as_str()
            ),
        );
        error.hint = Some("give one of them another key, or take it away with \"none\"".to_owned());
        errors.push(error);
    }
}

/// Keys with a name of more than one letter.
const NAMED: &[(&str, KeyCode)] = &[
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("f1", KeyCode::F(1)),
    ("f2", KeyCode::F(2)),
    ("f3", KeyCode::F(3)),
    ("f4", KeyCode::F(4)),
    ("f5", KeyCode::F(5)),
    ("f6", KeyCode::F(6)),
    ("f7", KeyCode::F(7)),
    ("f8", KeyCode::F(8)),
    ("f9", KeyCode::F(9)),
    ("f10", KeyCode::F(10)),
    ("f11", KeyCode::F(11)),
    ("f12", KeyCode::F(12)),
];

fn key(word: &Word, errors: &mut Vec<ConfigError>) -> Option<Key> {
    match parse_key(&word.text) {
        Ok(key) => Some(key),
        Err(hint) => {
            let mut error = word.error(format!("unknown key {}", quoted(&word.text)));
            error.hint = Some(hint);
            errors.push(error);
            None
        }
    }
}

/// A key as written in a file (`ctrl-d`, `shift-tab`, `G`, `space`); the error says what to write.
pub fn parse_key(text: &str) -> Result<Key, String> {
    let mut key = Key::plain(KeyCode::Esc);
    let mut rest = text;
    loop {
        let (flag, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
            (&mut key.ctrl, after)
        } else if let Some(after) = rest.strip_prefix("alt-") {
            (&mut key.alt, after)
        } else if let Some(after) = rest.strip_prefix("shift-") {
            (&mut key.shift, after)
        } else {
            break;
        };
        *flag = true;
        rest = after;
    }
    let mut letters = rest.chars();
    key.code = match (letters.next(), letters.next()) {
        (Some(letter), None) if !letter.is_control() && letter != ' ' => KeyCode::Char(letter),
        _ => match NAMED.iter().find(|(name, _)| *name == rest) {
            Some((_, code)) => *code,
            None => return Err(suggest(rest, NAMED.iter().map(|(name, _)| *name))),
        },
    };
    match key.code {
        KeyCode::Char(letter) if key.shift => Err(format!("write the letter itself: \"{}\"", letter.to_uppercase())),
        KeyCode::Char(letter) if key.ctrl && letter.is_ascii_uppercase() => {
            Err(format!("terminals do not tell it from \"ctrl-{}\"", letter.to_ascii_lowercase()))
        }
        _ => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_command_has_a_key_in_every_keymap() {
        for (name, text) in EMBEDDED {
            let keymap = parse(name, text).unwrap_or_else(|errors| panic!("{errors}"));
            let bound: HashSet<Command> = keymap.iter().map(|(_, _, command)| command).collect();
            for row in COMMANDS {
                assert!(bound.contains(&row.command), "{name} has no key for {}", row.name);
            }
        }
    }

    #[test]
    fn a_key_is_written_as_it_is_shown() {
        for (_, key, _) in EMBEDDED
            .iter()
            .filter_map(|(name, text)| parse(name, text).ok())
            .flat_map(|keymap| keymap.iter().collect::<Vec<_>>())
        {
            assert_eq!(parse_key(&key.to_string()), Ok(key));
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "globl:\n  q: back\nglobal:\n  q: bakc\n  cltr-d: help\n  q: help\n  \"?\": promote\nlist:\n  x: open\ndeck:\n  x: next-pane\n";
        let errors = parse("keys.yaml", text).unwrap_err().to_string();
        insta::assert_snapshot!(errors, @r#"
        keys.yaml:1:1: unknown scope "globl"; did you mean "global"?
        keys.yaml:4:6: unknown command "bakc"; did you mean "back"?
        keys.yaml:5:3: unknown key "cltr-d"; known are space, enter, esc, tab, backspace, delete, left, right, up, down, home, end, pageup, pagedown, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12
        keys.yaml:6:3: key "q" is already on line 4
        keys.yaml:7:8: the command "promote" does not apply here; it belongs in the section "workloads"
        keys.yaml:11:3: key "x" means "next-pane" in deck and "open" in list, which apply together; give one of them another key, or take it away with "none"
        "#);
    }

    #[test]
    fn a_file_may_change_one_key_of_another_keymap() {
        let keymap = parse("mine.yaml", "base: default\nworkloads:\n  A: none\n  ctrl-g: abort\n").unwrap();
        let keys: Vec<String> = keymap.keys_of(Command::Abort).iter().map(ToString::to_string).collect();
        assert_eq!(keys, ["ctrl-g"]);
        assert!(!keymap.keys_of(Command::Promote).is_empty());
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        let errors = parse("keys.yaml", "global:\n  q: [back\n").unwrap_err().to_string();
        assert!(errors.starts_with("keys.yaml:"), "{errors}");
        assert!(errors.contains("not YAML"), "{errors}");
    }
}
