//! R2: every byte to the terminal is in the grammar of the console.

use std::io::Write;

use quarterdeck::term::{Caps, Colors, Gate, Paint, RESTORE, Tty};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use crate::text::corpus::CASES;

/// What passes, and how often something was left out.
fn pass(bytes: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let violations = Gate.pass(bytes, &mut out);
    (out, violations.len())
}

#[test]
fn r2_what_the_console_sends_passes_untouched() {
    let sent: &[&[u8]] = &[
        RESTORE,
        b"\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[0m\x1b[2J\x1b[1;1H",
        b"\x1b[?2026h\x1b[12;40H\x1b[0;1;38;2;1;2;3;48;5;200mtext\x1b[?2026l",
        b"\x1b[0;7;31;102m",
        b"\x07",
        "✔ ok │ Grüße 日本 👩\u{200d}👧 ␛ e\u{301}".as_bytes(),
        b"\x1b]52;c;Y29waWVk\x1b\\",
        "\x1b]9;quarterdeck: ci #7 ✔ passed; 2m\x1b\\\x1b]777;notify;quarterdeck;ci #7 passed\x1b\\\x07".as_bytes(),
    ];
    for bytes in sent {
        assert_eq!(pass(bytes), (bytes.to_vec(), 0), "{}", bytes.escape_ascii());
    }
}

#[test]
fn r2_everything_else_is_left_out_and_counted() {
    let foreign: &[&[u8]] = &[
        b"\x1b]9;4;1;50\x1b\\",
        b"\x1b]9;text\x07",
        b"\x1b]9;a\nb\x1b\\",
        b"\x1b]9;\x1b\\",
        b"\x1b]777;precmd\x1b\\",
        b"\x1b]777;notify;a;b\x1b]52;c;?\x1b\\",
        b"\n",
        b"\r",
        b"\t",
        b"\x08",
        b"\0",
        b"\x7f",
        b"\x05",
        b"\x0e",
        b"\x1b",
        b"\x1bc",
        b"\x1b(0",
        b"\x1b[6n",
        b"\x1b[c",
        b"\x1b[>q",
        b"\x1b[?1003h",
        b"\x1b[?1006h",
        b"\x1b[?1004h",
        b"\x1b[>1u",
        b"\x1b[5m",
        b"\x1b[8m",
        b"\x1b[1;5m",
        b"\x1b[38;5m",
        b"\x1b[38;2;1;2m",
        b"\x1b[38;5;256m",
        b"\x1b[58;5;1m",
        b"\x1b[5;10r",
        b"\x1b[21t",
        b"\x1b[1;2;3H",
        b"\x1b]0;title\x07",
        b"\x1b]8;;http://x\x1b\\",
        b"\x1b]52;c;?\x1b\\",
        b"\x1b]52;p;eA==\x1b\\",
        b"\x1b]52;c;eA==",
        b"\x1bP$q\x1b\\",
        b"\x1b_G\x1b\\",
        b"\xff",
        b"\xc2\x9b2J",
        "\u{200b}".as_bytes(),
        "\u{202e}".as_bytes(),
        "\u{e0b0}".as_bytes(),
        "\u{e0041}".as_bytes(),
        b"\x1b[",
        b"\x1b[38;",
    ];
    for bytes in foreign {
        let (out, count) = pass(bytes);
        assert!(count > 0, "{} passed as {}", bytes.escape_ascii(), out.escape_ascii());
        assert_eq!(pass(&out).1, 0, "what is left of {} is harmless", bytes.escape_ascii());
    }
    let (out, count) = pass(b"a\x1b[31mb\x1b]0;t\x07c\nd");
    assert_eq!((out.as_slice(), count), (b"a\x1b[31mb]0;t\x07cd".as_slice(), 2));
}

#[test]
fn r2_no_hostile_text_passes_as_it_is() {
    // What the console sends itself, what is only printable text (markup of other programs), and the
    // joiners that emoji need are the business of the one who presents it.
    const KNOWN: &[&str] = &[
        "erase",
        "home",
        "alternate screen",
        "hide cursor",
        "synchronized update",
        "markup",
        "build command",
        "joiner",
        "non-joiner",
        "grapheme joiner",
        "hangul filler",
        "halfwidth filler",
        "empty braille",
        "mongolian separator",
        "variation selector",
        "noncharacter",
        "invisible music",
        "bell",
        "no-break space",
        "ideographic space",
        "pile of marks",
        "pile of jamo",
        "family",
        "black on black",
    ];
    for case in CASES.iter().filter(|case| !KNOWN.contains(&case.name)) {
        assert!(pass(&case.bytes()).1 > 0, "{}", case.name);
    }
}

#[test]
#[should_panic(expected = "not in the console's grammar")]
fn r2_a_debug_build_stops_at_the_first() {
    let mut tty = Tty::new(Vec::new());
    tty.write_all(b"fine \x1b]0;not fine\x07").unwrap();
    tty.flush().unwrap();
}

#[test]
fn a_frame_is_sent_whole_and_only_when_flushed() {
    let mut tty = Tty::new(Vec::new());
    tty.write_all(b"\x1b[1;1H").unwrap();
    tty.write_all(b"x").unwrap();
    assert!(tty.get_ref().is_empty());
    tty.flush().unwrap();
    assert_eq!(tty.get_ref(), b"\x1b[1;1Hx");
}

#[test]
fn a_copy_is_bounded_and_runs_nothing_when_pasted() {
    let mut tty = Tty::new(Vec::new());
    tty.copy("copied\r\n\n").unwrap();
    assert_eq!(tty.get_ref(), b"\x1b]52;c;Y29waWVk\x1b\\");
    let mut tty = Tty::new(Vec::new());
    tty.copy(&"ß".repeat(100_000)).unwrap();
    assert_eq!(tty.get_ref().len(), 7 + quarterdeck::term::CLIPBOARD_BYTES.div_ceil(3) * 4 + 2);
}

/// Whatever a name from outside holds, one whole notice goes out in each way, and the bell once.
#[test]
fn a_notice_is_bounded_and_holds_nothing_but_text() {
    let mut tty = Tty::new(Vec::new());
    tty.notify("quarterdeck", "ci #7 ✔ passed", true).unwrap();
    let sent = String::from_utf8(tty.get_ref().clone()).unwrap();
    let wanted = "\x1b]9;quarterdeck: ci #7 ✔ passed\x1b\\\x1b]777;notify;quarterdeck;ci #7 ✔ passed\x1b\\\x07";
    assert_eq!(sent, wanted);
    let long = "ß".repeat(10_000);
    for text in CASES.iter().map(super::super::text::corpus::Case::bytes).chain([long.clone().into_bytes()]) {
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut tty = Tty::new(Vec::new());
        tty.notify(&format!("quarterdeck; {text}"), &text, false).unwrap();
        let sent = tty.get_ref();
        assert_eq!(pass(sent), (sent.clone(), 0), "{text:?}");
        assert!(sent.len() < 1_100 && !sent.contains(&0x07), "{text:?}: {} bytes", sent.len());
        assert_eq!(sent.split(|byte| *byte == 0x1b).count(), 5, "{text:?}");
    }
}

fn paint(caps: Caps, cells: &[(u16, u16, Cell)]) -> String {
    let mut paint = Paint::new(Vec::new(), caps, quarterdeck::text::ascii::symbol);
    paint.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell))).unwrap();
    let bytes = paint.writer().clone();
    assert_eq!(pass(&bytes).1, 0, "in the grammar");
    String::from_utf8(bytes).unwrap()
}

fn cell(symbol: &str, fg: Color, modifier: Modifier) -> Cell {
    let mut cell = Cell::default();
    cell.set_symbol(symbol);
    cell.fg = fg;
    cell.modifier = modifier;
    cell
}

#[test]
fn colours_are_those_the_terminal_has() {
    let caps = |colors| Caps { colors, utf8: true };
    let orange = [(2, 1, cell("x", Color::Rgb(255, 135, 0), Modifier::BOLD))];
    assert_eq!(paint(caps(Colors::True), &orange), "\x1b[2;3H\x1b[0;1;38;2;255;135;0mx");
    assert_eq!(paint(caps(Colors::Ansi256), &orange), "\x1b[2;3H\x1b[0;1;38;5;208mx");
    assert_eq!(
        paint(caps(Colors::Ansi16), &[(0, 0, cell("x", Color::Rgb(250, 5, 5), Modifier::empty()))]),
        "\x1b[1;1H\x1b[0;91mx"
    );
    assert_eq!(paint(caps(Colors::Mono), &orange), "\x1b[2;3H\x1b[0;1mx");
    // Blink and conceal are never sent, whoever asks for them.
    let sly = [(0, 0, cell("x", Color::Reset, Modifier::HIDDEN | Modifier::SLOW_BLINK | Modifier::RAPID_BLINK))];
    assert_eq!(paint(caps(Colors::True), &sly), "\x1b[1;1H\x1b[0mx");
}

#[test]
fn after_a_doubtful_width_the_cursor_is_placed_again() {
    let caps = Caps { colors: Colors::True, utf8: true };
    let plain = Modifier::empty();
    let cells = ["a", "─", "✔", "c", "d"].map(|symbol| cell(symbol, Color::Reset, plain));
    let row: Vec<_> = cells.into_iter().enumerate().map(|(x, cell)| (x as u16, 0, cell)).collect();
    assert_eq!(paint(caps, &row), "\x1b[1;1H\x1b[0ma─✔\x1b[1;4Hcd");
    let ascii = Caps { colors: Colors::True, utf8: false };
    assert_eq!(paint(ascii, &row), "\x1b[1;1H\x1b[0ma-+cd");
}

#[test]
fn nothing_is_ever_asked_of_the_terminal() {
    let caps = Caps { colors: Colors::True, utf8: true };
    let backend = Paint::new(Vec::new(), caps, quarterdeck::text::ascii::symbol);
    let area = ratatui::layout::Rect::new(0, 0, 20, 3);
    let options = ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(area) };
    let mut terminal = Terminal::with_options(backend, options).unwrap();
    terminal.clear().unwrap();
    terminal.draw(|frame| frame.buffer_mut().set_string(0, 0, "hello", Color::Red)).unwrap();
    let bytes = terminal.backend_mut().writer().clone();
    assert_eq!(pass(&bytes).1, 0);
    assert!(!bytes.windows(3).any(|three| three == b"[6n"));
}
