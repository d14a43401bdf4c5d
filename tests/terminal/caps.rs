//! What the environment says the terminal can show.

use quarterdeck::term::{Caps, Colors};

fn caps(env: &[(&str, &str)]) -> Caps {
    Caps::from_env(|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn colours_come_from_term_colorterm_and_no_color() {
    for (term, colors) in [
        ("linux", Colors::Ansi16),
        ("xterm", Colors::Ansi16),
        ("nonsense", Colors::Ansi16),
        ("xterm-256color", Colors::Ansi256),
        ("tmux-256color", Colors::Ansi256),
        ("xterm-kitty", Colors::True),
        ("xterm-direct", Colors::True),
        ("vt100", Colors::Mono),
    ] {
        assert_eq!(caps(&[("TERM", term)]).colors, colors, "{term}");
        assert_eq!(caps(&[("TERM", term), ("NO_COLOR", "1")]).colors, Colors::Mono, "{term}");
        assert_eq!(caps(&[("TERM", term), ("NO_COLOR", "")]).colors, colors, "{term}");
    }
    assert_eq!(caps(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]).colors, Colors::True);
}

#[test]
fn the_first_locale_that_is_set_decides() {
    for (env, utf8) in [
        (&[] as &[_], false),
        (&[("LANG", "C")], false),
        (&[("LANG", "C.UTF-8")], true),
        (&[("LANG", "de_DE.utf8")], true),
        (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], false),
        (&[("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8")], true),
        (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "")], true),
    ] {
        assert_eq!(caps(env).utf8, utf8, "{env:?}");
    }
}
