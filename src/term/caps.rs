//! What the terminal can show, read from the environment. Nothing is asked of the terminal itself:
//! a question costs a start, and its late answer would look like keys.

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Colors {
    /// None: attributes only.
    Mono,
    Ansi16,
    Ansi256,
    True,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caps {
    pub colors: Colors,
    /// Glyphs beyond ASCII are understood.
    pub utf8: bool,
}

impl Caps {
    /// From `TERM`, `COLORTERM`, `NO_COLOR` and the locale.
    #[must_use]
    pub fn detect() -> Self {
        Self::from_env(|name| std::env::var(name).ok())
    }

    /// The same from any environment.
    #[must_use]
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| env(name).filter(|value| !value.is_empty());
        // POSIX: the first of the three that is set decides.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(get).unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let colors = if get("NO_COLOR").is_some() {
            Colors::Mono
        } else {
            colors(&get("TERM").unwrap_or_default(), &get("COLORTERM").unwrap_or_default())
        };
        Self { colors, utf8 }
    }
}

fn colors(term: &str, colorterm: &str) -> Colors {
    const DIRECT: &[&str] = &["direct", "kitty", "ghostty", "alacritty", "foot", "wezterm"];
    if matches!(colorterm, "truecolor" | "24bit") || DIRECT.iter().any(|name| term.contains(name)) {
        Colors::True
    } else if term.contains("256color") {
        Colors::Ansi256
    } else if term.starts_with("vt1") || term.starts_with("vt2") || term.ends_with("-mono") || term.ends_with("-m") {
        Colors::Mono
    } else {
        Colors::Ansi16
    }
}
