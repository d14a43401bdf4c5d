//! The picture in the README, made by the program: the Deck while a canary goes wrong.

use std::fmt::Write as _;
use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use jiff::SignedDuration;
use quarterdeck::model::log::{LogEvent, TailId};
use quarterdeck::state::State;
use quarterdeck::state::deck_log::{self, DeckLog};

use super::run_world;
use super::shot::{draw, theme};
use super::slos::arms;
use crate::logs::chunk;

/// A cell, in pixels.
const CELL: (f64, f64) = (8.4, 17.0);

/// The drawn buffer as an SVG: a rectangle for each run of a background, a text for each run of a style.
fn svg(buffer: &Buffer) -> String {
    let (width, height) = (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1);
    let base = colour(buffer[(0, 2)].bg);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{base}\"/>\n"
    );
    for y in 0..buffer.area.height {
        runs(
            buffer,
            y,
            |cell| colour(cell.bg),
            |x, length, fill, _| {
                if fill != base {
                    let _ = writeln!(
                        out,
                        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>",
                        f64::from(x) * CELL.0,
                        f64::from(y) * CELL.1,
                        f64::from(length) * CELL.0,
                        CELL.1
                    );
                }
            },
        );
    }
    for y in 0..buffer.area.height {
        let look = |cell: &ratatui::buffer::Cell| {
            (colour(cell.fg), cell.modifier.contains(Modifier::BOLD), cell.symbol() == " ")
        };
        runs(buffer, y, look, |x, length, (fill, bold, blank), text| {
            if !blank {
                let _ = writeln!(
                    out,
                    "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{}>{}</text>",
                    f64::from(x) * CELL.0,
                    (f64::from(y) + 0.76) * CELL.1,
                    f64::from(length) * CELL.0,
                    if bold { " font-weight=\"bold\"" } else { "" },
                    text.replace('&', "&amp;").replace('<', "&lt;")
                );
            }
        });
    }
    out.push_str("</svg>\n");
    out
}

/// The canary goes wrong; with the run that built it, the budgets, the comparison, and its log.
fn console() -> State {
    let mut state = run_world::pipelines(arms::compared());
    let pod = deck_log::wanted(&state).expect("the canary has a pod");
    let mut deck = DeckLog::new(TailId(1), pod, &state);
    let lines = (0..40_u32).map(|n| {
        let at = state.now.wall - SignedDuration::from_millis(i64::from(40 - n) * 731);
        let (took, trace) = (38 + n * 7 % 31, 0x7f2a_91c4_u32.wrapping_add(n * 0x3_1d7b));
        let text = match n % 8 {
            3 => format!("WARN slow upstream=inventory duration_ms={} trace={trace:x}", 800 + took),
            6 => format!("ERROR request method=POST path=/orders status=500 duration_ms=1310 trace={trace:x}"),
            _ => format!("INFO request method=GET path=/orders status=200 duration_ms={took} trace={trace:x}"),
        };
        format!("{at:.3} {text}")
    });
    deck.apply(state.now.mono, LogEvent::Opened);
    deck.apply(state.now.mono, LogEvent::Lines(chunk(lines)));
    state.deck_log = Some(deck);
    state
}

fn runs<T: PartialEq + Clone>(
    buffer: &Buffer,
    y: u16,
    key: impl Fn(&ratatui::buffer::Cell) -> T,
    mut take: impl FnMut(u16, u16, T, &str),
) {
    let mut x = 0;
    while x < buffer.area.width {
        let first = key(&buffer[(x, y)]);
        let mut text = String::new();
        let start = x;
        while x < buffer.area.width && key(&buffer[(x, y)]) == first {
            text.push_str(buffer[(x, y)].symbol());
            x += 1;
        }
        take(start, x - start, first, &text);
    }
}

fn colour(colour: Color) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        other => panic!("the theme of the picture is in true colour, not {other:?}"),
    }
}

#[test]
fn the_picture_is_the_screen() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots/deck.svg");
    let picture = svg(&draw(&console(), &theme("deck"), (160, 48)));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept == picture {
        return;
    }
    // Written anew as the other snapshots are, unless they must not be.
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, picture).unwrap();
        return;
    }
    panic!("snapshots/deck.svg is not what the program draws; run the test with INSTA_UPDATE=always and look at it");
}
