//! What a piece of the screen means; a theme says how each looks.

use super::colour::Colour;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None (`NO_COLOR`, `TERM=dumb`): bold, dim, reverse only.
    Mono,
    Ansi16,
    Ansi256,
    True,
}

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    Unicode,
    /// The locale is not UTF-8: one ASCII character for each.
    Ascii,
}

macro_rules! roles {
    ($($variant:ident, $name:literal, $letter:literal, $fallback:ident, $doc:literal;)*) => {
        /// What a piece of the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $(#[doc = $doc] $variant,)* }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As written in theme files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The letter that stands for it in snapshots.
            #[must_use]
            pub const fn letter(self) -> char {
                match self { $(Self::$variant => $letter,)* }
            }

            /// The role it looks like where a theme says nothing.
            #[must_use]
            pub const fn fallback(self) -> Self {
                match self { $(Self::$variant => Self::$fallback,)* }
            }
        }
    };
}

roles! {
    // variant, name, letter, falls back to, meaning
    Base, "base", '.', Base, "The screen itself.";
    Text, "text", 't', Base, "Facts.";
    Strong, "strong", 'T', Text, "The name of the thing a line is about.";
    Dim, "dim", 'd', Text, "Labels, and what is normal.";
    Faint, "faint", 'f', Dim, "Rules, what comes later.";
    Title, "title", 'h', Dim, "The title of a pane.";
    Focus, "focus", 'H', Strong, "The title of the pane that has the keys.";
    Key, "key", 'k', Strong, "A key one can press.";
    Good, "good", 'g', Text, "Proven good.";
    Quiet, "quiet", 'q', Good, "Good and finished: nothing to look at.";
    Move, "move", 'm', Text, "Moving by itself.";
    Wait, "wait", 'w', Text, "Waits for a person.";
    Bad, "bad", 'b', Text, "Broken.";
    Held, "held", 'e', Text, "Held by a person.";
    Unknown, "unknown", 'u', Dim, "Not known, or old.";
    Mark, "mark", 'x', Bad, "Stands for a character that must not be shown; nothing else looks like it.";
    Band, "band", 'n', Base, "Background of header and footer.";
    Selected, "selected", 's', Band, "Background of the selected row.";
    Alert, "alert", 'a', Band, "Background of the blocker line.";
    Dialog, "dialog", 'i', Band, "Background of a dialog.";
    Protected, "protected", 'P', Bad, "The badge of a protected environment.";
    Place, "place", 'V', Strong, "The badge of another environment.";
    Badge, "badge", 'B', Wait, "The badge of a demo.";
    Match, "match", 'M', Wait, "What a search found.";
}

/// How a role looks. What is `None` stays as the background has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    pub fg: Option<Colour>,
    pub bg: Option<Colour>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub reverse: bool,
}

/// Looks for all roles, resolved for one terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    looks: Vec<Look>,
    pub depth: Depth,
    pub glyphs: Glyphs,
}

impl Theme {
    /// A theme made of a function; for tests.
    #[must_use]
    pub fn from_fn(look: impl Fn(Role) -> Look, depth: Depth, glyphs: Glyphs) -> Self {
        Self { depth, looks: Role::ALL.iter().map(|role| look(*role)).collect(), glyphs }
    }

    #[must_use]
    pub fn look(&self, role: Role) -> Look {
        // `from_fn` and `resolve` fill one look per role, in order.
        self.looks[role as usize]
    }
}
