//! Theme files: a palette, and roles that take their colours from it. See `themes/deck.yaml`.
//!
//! Code asks for a [`Role`]; a theme says how it looks; the terminal says how many colours there
//! are. A role that a file leaves out looks like the one it falls back to. Colour is never the only
//! sign: every state also has a glyph and a word, so a theme may have no colour at all.

use std::collections::BTreeMap;
use std::path::Path;

pub use super::colour::Colour;
use super::colour::{ANSI, Paint, ansi, at, hex};
use super::errors::{ConfigError, ConfigErrors, quoted, suggest};
pub use super::roles::{Depth, Glyphs, Look, Role, Theme};
use super::yaml::{self, Section, Word};

/// Name and text of the themes in the program; the first is the default.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("deck", include_str!("../../themes/deck.yaml")),
    ("light", include_str!("../../themes/light.yaml")),
    ("mono", include_str!("../../themes/mono.yaml")),
    ("high-contrast", include_str!("../../themes/high-contrast.yaml")),
];

/// Loads the theme of that name or path (`deck` without one) for a terminal. `dir` is the user's
/// configuration folder, whose `themes/NAME.yaml` goes before the program's own.
pub fn load(choice: Option<&str>, dir: Option<&Path>, depth: Depth, glyphs: Glyphs) -> Result<Theme, ConfigErrors> {
    let source = super::find(choice.unwrap_or("deck"), "themes", dir, EMBEDDED)?;
    parse(&source.file, &source.text, depth, glyphs)
}

/// The theme of a text; `file` names it in messages.
pub fn parse(file: &str, text: &str, depth: Depth, glyphs: Glyphs) -> Result<Theme, ConfigErrors> {
    let mut errors = Vec::new();
    let raw = raw(text, &mut errors);
    if !errors.is_empty() {
        errors.sort_by_key(|error| (error.line, error.column));
        return Err(ConfigErrors::of(file, errors));
    }
    Ok(resolve(&raw, depth, glyphs))
}

/// A role as written, its colours looked up.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    fg: Option<Paint>,
    bg: Option<Paint>,
    look: Look,
}

#[derive(Debug, Clone, Default)]
struct Raw {
    palette: BTreeMap<String, Paint>,
    roles: BTreeMap<Role, Written>,
}

fn raw(text: &str, errors: &mut Vec<ConfigError>) -> Raw {
    let document = yaml::parse(text, errors);
    let mut raw = Raw::default();
    // Colours of a base that is not there are no mistakes of their own.
    let mut baseless = false;
    for (name, value) in &document.top {
        match EMBEDDED.iter().find(|(known, _)| name.text == "base" && *known == value.text) {
            Some((_, text)) => raw = self::raw(text, &mut Vec::new()),
            None if name.text == "base" => {
                let mut error = value.error(format!("there is no theme {}", quoted(&value.text)));
                error.hint = Some(suggest(&value.text, EMBEDDED.iter().map(|(name, _)| *name)));
                errors.push(error);
                baseless = true;
            }
            None => errors.push(unknown_section(name)),
        }
    }
    for section in &document.sections {
        match section.name.text.as_str() {
            "palette" => palette(section, &mut raw, errors),
            "roles" => {}
            _ => errors.push(unknown_section(&section.name)),
        }
    }
    for section in document.sections.iter().filter(|section| section.name.text == "roles") {
        roles(section, &mut raw, baseless, errors);
    }
    raw
}

fn unknown_section(name: &Word) -> ConfigError {
    let mut error = name.error(format!("unknown section {}", quoted(&name.text)));
    error.hint = Some(suggest(&name.text, ["base", "palette", "roles"].into_iter()));
    error
}

fn palette(section: &Section, raw: &mut Raw, errors: &mut Vec<ConfigError>) {
    for (name, value) in &section.entries {
        let mut words = value.text.split_whitespace();
        let rgb = words.next().and_then(hex);
        let named = words.next();
        let ansi = named.and_then(ansi);
        match rgb {
            // It would never be found: in a role the word means the modifier.
            _ if MODIFIERS.contains(&name.text.as_str()) || name.text == "on" => {
                let mut error = name.error(format!("{} cannot be the name of a colour", quoted(&name.text)));
                error.hint = Some("in a role it has a meaning of its own".to_owned());
                errors.push(error);
            }
            None => {
                let mut error = value.error(format!("{} is no colour", quoted(&value.text)));
                error.hint = Some("write it as '#rrggbb' between quotation marks".to_owned());
                errors.push(error);
            }
            Some(_) if named.is_some() && ansi.is_none() => {
                let word = named.unwrap_or_default();
                let mut error = value.error(format!("{} is not one of the sixteen colours", quoted(word)));
                error.hint = Some(suggest(word, ANSI.iter().copied()));
                errors.push(error);
            }
            Some(rgb) => drop(raw.palette.insert(name.text.clone(), Paint { rgb, ansi })),
        }
    }
}

/// Reads `[foreground] [bold dim italic underline reverse] [on background]`.
fn roles(section: &Section, raw: &mut Raw, baseless: bool, errors: &mut Vec<ConfigError>) {
    for (name, value) in &section.entries {
        let role = Role::ALL.iter().copied().find(|role| role.as_str() == name.text);
        if role.is_none() {
            let mut error = name.error(format!("unknown role {}", quoted(&name.text)));
            error.hint = Some(suggest(&name.text, Role::ALL.iter().map(|role| role.as_str())));
            errors.push(error);
        }
        let mut written = Written::default();
        let mut background = false;
        for (offset, word) in words(&value.text) {
            if word == "on" {
                background = true;
            } else if !modifier(&mut written.look, word) {
                match raw.palette.get(word) {
                    Some(paint) if background => written.bg = Some(*paint),
                    Some(paint) => written.fg = Some(*paint),
                    None if baseless => {}
                    None => {
                        let mut error = ConfigError::new(
                            value.line,
                            value.column + offset,
                            format!("unknown colour {}", quoted(word)),
                        );
                        let known = raw.palette.keys().map(String::as_str).chain(MODIFIERS.iter().copied());
                        error.hint = Some(suggest(word, known));
                        errors.push(error);
                    }
                }
            }
        }
        if let Some(role) = role {
            raw.roles.insert(role, written);
        }
    }
}

/// The words of a value with their offset in columns.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    text.split(' ').filter_map(move |word| {
        let at = offset;
        offset += word.chars().count() + 1;
        (!word.is_empty()).then_some((at, word))
    })
}

const MODIFIERS: [&str; 5] = ["bold", "dim", "italic", "underline", "reverse"];

fn modifier(look: &mut Look, word: &str) -> bool {
    match word {
        "bold" => look.bold = true,
        "dim" => look.dim = true,
        "italic" => look.italic = true,
        "underline" => look.underline = true,
        "reverse" => look.reverse = true,
        _ => return false,
    }
    true
}

fn resolve(raw: &Raw, depth: Depth, glyphs: Glyphs) -> Theme {
    Theme::from_fn(
        |role| {
            let mut from = role;
            let written = loop {
                if let Some(written) = raw.roles.get(&from) {
                    break *written;
                }
                if from == Role::Base {
                    break Written::default();
                }
                from = from.fallback();
            };
            // A foreground role that looks like the base must not paint its background.
            let inherited = from != role && from == Role::Base;
            let mut look = Look {
                fg: written.fg.map(|paint| at(paint, depth)),
                bg: written.bg.filter(|_| !inherited).map(|paint| at(paint, depth)),
                ..written.look
            };
            if depth == Depth::Mono {
                (look.fg, look.bg) = (None, None);
                // What was told by a background alone would be lost.
                look.reverse |= matches!(
                    role,
                    Role::Selected
                        | Role::Alert
                        | Role::Mark
                        | Role::Protected
                        | Role::Place
                        | Role::Badge
                        | Role::Match
                );
            }
            look
        },
        depth,
        glyphs,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, depth: Depth) -> Theme {
        load(Some(name), None, depth, Glyphs::Unicode).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn every_theme_resolves_at_every_depth() {
        for (name, _) in EMBEDDED {
            for depth in [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True] {
                let theme = of(name, depth);
                assert_ne!(theme.look(Role::Selected), theme.look(Role::Base), "{name} {depth:?}");
                assert_ne!(theme.look(Role::Mark), theme.look(Role::Text), "{name} {depth:?}");
            }
        }
    }

    #[test]
    fn without_colour_there_is_none() {
        for (name, _) in EMBEDDED {
            let theme = of(name, Depth::Mono);
            for role in Role::ALL {
                let look = theme.look(*role);
                assert_eq!((look.fg, look.bg), (None, None), "{name} {role:?}");
            }
        }
    }

    #[test]
    fn nothing_else_looks_like_a_mark() {
        for (name, _) in EMBEDDED {
            for depth in [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True] {
                let theme = of(name, depth);
                let text = [
                    Role::Text,
                    Role::Strong,
                    Role::Dim,
                    Role::Faint,
                    Role::Good,
                    Role::Quiet,
                    Role::Move,
                    Role::Wait,
                    Role::Bad,
                    Role::Held,
                    Role::Unknown,
                    Role::Key,
                ];
                for role in text {
                    assert_ne!(theme.look(role), theme.look(Role::Mark), "{name} {depth:?} {role:?}");
                }
            }
        }
    }

    #[test]
    fn a_role_left_out_looks_like_its_fallback() {
        let theme =
            parse("t.yaml", "palette:\n  a: '#010203'\nroles:\n  good: a\n", Depth::True, Glyphs::Unicode).unwrap();
        assert_eq!(theme.look(Role::Quiet), theme.look(Role::Good));
        assert_eq!(theme.look(Role::Good).fg, Some(Colour::Rgb(1, 2, 3)));
        assert_eq!(theme.look(Role::Bad), Look::default());
    }

    #[test]
    fn no_colour_is_named_like_a_modifier() {
        let text = "palette:\n  dim: '#7d8794'\nroles:\n  dim: dim\n";
        let errors = parse("t.yaml", text, Depth::True, Glyphs::Unicode).unwrap_err().to_string();
        insta::assert_snapshot!(errors, @r##"
        t.yaml:2:3: "dim" cannot be the name of a colour; in a role it has a meaning of its own
        "##);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "palete:\n  a: '#000000'\npalette:\n  red: '#ff000'\n  blue: '#0000ff bleu'\n  ok: '#00ff00'\nroles:\n  tekst: ok\n  text: okk bold on ok\n  text: ok\n  bad: [ok]\n";
        let errors = parse("t.yaml", text, Depth::True, Glyphs::Unicode).unwrap_err().to_string();
        insta::assert_snapshot!(errors, @r##"
        t.yaml:1:1: unknown section "palete"; did you mean "palette"?
        t.yaml:4:8: "#ff000" is no colour; write it as '#rrggbb' between quotation marks
        t.yaml:5:9: "bleu" is not one of the sixteen colours; did you mean "blue"?
        t.yaml:8:3: unknown role "tekst"; did you mean "text"?
        t.yaml:9:9: unknown colour "okk"; did you mean "ok"?
        t.yaml:10:3: key "text" is already on line 9
        t.yaml:11:8: "bad" must be a single value
        "##);
    }

    #[test]
    fn a_base_that_is_not_there_is_one_mistake() {
        let text = "base: dekc\nroles:\n  good: green bold\n  baad: red\n";
        let errors = parse("t.yaml", text, Depth::True, Glyphs::Unicode).unwrap_err().to_string();
        insta::assert_snapshot!(errors, @r#"
        t.yaml:1:7: there is no theme "dekc"; did you mean "deck"?
        t.yaml:4:3: unknown role "baad"; did you mean "bad"?
        "#);
    }

    #[test]
    fn a_missing_theme_names_what_there_is() {
        let errors = load(Some("dekc"), None, Depth::True, Glyphs::Unicode).unwrap_err().to_string();
        assert_eq!(errors, "--theme: there is no theme \"dekc\"; did you mean \"deck\"?");
        // Those of the user's folder are themes too.
        let home = tempfile::TempDir::new().unwrap();
        std::fs::create_dir(home.path().join("themes")).unwrap();
        std::fs::write(home.path().join("themes/midnight.yaml"), "base: deck\n").unwrap();
        let told = |word| load(Some(word), Some(home.path()), Depth::True, Glyphs::Unicode).unwrap_err().to_string();
        assert_eq!(told("midnigth"), "--theme: there is no theme \"midnigth\"; did you mean \"midnight\"?");
        assert!(told("x").contains("use one of deck, light, mono, high-contrast, midnight or put "), "{}", told("x"));
    }
}
