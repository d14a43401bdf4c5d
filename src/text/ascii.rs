//! The same screen for a terminal that has only ASCII (`LANG=C`): one ASCII character for each
//! column of what stood there.

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
        "◌" | "●" | "○" => "o",
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
        "▅" | "▄" | "▌" | "▍" | "▒" => "=",
        "▃" | "▂" | "▁" | "▎" | "░" => ".",
        "⎈" => "*",
        "␛" | "␍" | "␊" | "␀" | "␡" | "␠" | "␉" | "␈" | "␇" => "^",
        _ if super::safe::width(symbol) > 1 => "??",
        _ => "?",
    }
}
