//! The same screen for a terminal that has only ASCII (`LANG=C`): one ASCII character for each
//! column of what stood there, but for the few signs that no single one can stand for.

use std::borrow::Cow;

use super::Safe;

/// Signs that take more columns in ASCII than they have: what they say must not become `?`.
const WIDER: [(char, &str); 4] = [('≤', "<="), ('≥', ">="), ('∞', "inf"), ('δ', "delta")];

/// The text with those signs written out, to be measured and placed as it will be drawn.
#[must_use]
pub fn written_out(text: &Safe) -> Cow<'_, Safe> {
    if text.as_str().is_ascii() || !text.as_str().contains(WIDER.map(|(sign, _)| sign)) {
        return Cow::Borrowed(text);
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, sign) in text.as_str().char_indices() {
        if let Some((_, ascii)) = WIDER.iter().find(|(wide, _)| *wide == sign) {
            parts.push(text.part(from..at));
            parts.push(Safe::of(ascii));
            from = at + sign.len_utf8();
        }
    }
    parts.push(text.part(from..text.as_str().len()));
    Cow::Owned(Safe::join(&parts, ""))
}

/// What stands for a cell's symbol: as many ASCII characters as it has columns (one or two).
#[must_use]
#[expect(clippy::match_same_arms, reason = "the arms are grouped by what the glyphs mean")]
pub fn symbol(symbol: &str) -> &str {
    if symbol.is_ascii() {
        return symbol;
    }
    match symbol {
        "✔" => "+",
        "✖" | "×" => "x",
        "⚠" | "▲" => "!",
        "‖" => "=",
        // What moves, what is there, what is half there: never the same letter.
        "◌" => "o",
        "●" => "*",
        "○" => "O",
        // What somebody wants to be told of.
        "◉" => "W",
        "◐" => "%",
        "…" => "~",
        "•" | "·" | "⋅" => ".",
        "–" | "—" | "─" | "━" | "╌" | "┄" | "═" | "−" => "-",
        "│" | "┃" | "║" | "▏" | "▕" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╰" | "╯" => "+",
        "→" | "▸" | "›" | "»" | "▶" | "❯" => ">",
        "←" | "◂" | "‹" | "«" | "◀" => "<",
        "↑" | "△" => "^",
        "↓" | "▼" | "▾" => "v",
        "█" | "▇" | "▆" | "▉" | "▊" | "▋" | "▓" => "#",
        // The bar of the selected row: `=` is what waits.
        "▌" => "]",
        "▅" | "▄" | "▍" | "▒" => "=",
        "▃" | "▂" | "▁" | "▎" | "░" => ".",
        "⎈" => "@",
        "↻" => "r",
        "␛" | "␍" | "␊" | "␀" | "␡" | "␠" | "␉" | "␈" | "␇" => "^",
        _ if super::safe::width(symbol) > 1 => "??",
        _ => "?",
    }
}
