//! Each rule of `src/text`, case by case.

use std::time::Duration;

use quarterdeck::safe;
use quarterdeck::text::{self, Colour, Profile, RunKind, Safe, Sgr, present, sgr};
use unicode_segmentation::UnicodeSegmentation;

use super::corpus::CASES;

/// The text with its marks in ⟦ ⟧.
fn shown(safe: &Safe) -> String {
    safe.pieces()
        .map(|(text, kind)| if kind == Some(RunKind::Mark) { format!("⟦{text}⟧") } else { text.to_owned() })
        .collect()
}

fn styles(safe: &Safe) -> Vec<(String, Sgr)> {
    safe.pieces()
        .filter_map(|(text, kind)| match kind {
            Some(RunKind::Style(sgr)) => Some((text.to_owned(), sgr)),
            _ => None,
        })
        .collect()
}

#[test]
fn r1_every_hostile_text_is_seen_and_its_neighbours_are_readable() {
    for case in CASES {
        let name = present(&case.bytes(), Profile::Identity);
        assert!(name.as_str().contains(case.shows), "{}: {name:?} shows {:?}", case.name, case.shows);
        for profile in [Profile::Identity, Profile::Line, Profile::Opened, Profile::Code] {
            let safe = present(&case.bytes(), profile);
            for mark in case.marks(profile) {
                assert!(safe.as_str().contains(&mark), "{} as {profile:?}: {mark} in {safe:?}", case.name);
            }
        }
    }
}

#[test]
fn a_literal_mark_differs_from_a_marked_byte() {
    let (literal, marked) = (Safe::identity("<9b>"), Safe::identity("\u{9b}"));
    assert_eq!(literal.as_str(), marked.as_str());
    assert_ne!(literal, marked);
    assert!(!literal.is_marked() && marked.is_marked());
}

#[test]
fn a_clean_text_is_itself_and_has_no_runs() {
    for raw in ["", "checkout-67c9f6889f-abcde", "Grüße, 日本語", "a b"] {
        for safe in [Safe::identity(raw), Safe::line(raw), Safe::code(raw), Safe::line_bytes(raw.as_bytes())] {
            assert_eq!(safe.as_str(), raw);
            assert!(safe.runs().is_empty());
        }
    }
    assert!(std::mem::size_of::<Safe>() <= 32);
}

#[test]
fn spaces_around_a_name_are_seen() {
    assert_eq!(shown(&Safe::identity(" prod")), "⟦␠⟧prod");
    assert_eq!(shown(&Safe::identity("prod ")), "prod⟦␠⟧");
    assert_eq!(shown(&Safe::identity("pro d")), "pro d");
    assert_eq!(shown(&Safe::line(" indented ")), " indented ");
}

#[test]
fn a_line_keeps_its_colours_and_nothing_else_of_sgr() {
    let line = Safe::line("\x1b[1;31mERROR\x1b[0m plain \x1b[38;5;208morange\x1b[39m \x1b[38;2;1;200;3mrgb\x1b[m end");
    assert_eq!(line.as_str(), "ERROR plain orange rgb end");
    let red = Sgr { fg: Some(Colour::Index(1)), bold: true, ..Sgr::default() };
    let orange = Sgr { fg: Some(Colour::Index(208)), ..Sgr::default() };
    let rgb = Sgr { fg: Some(Colour::Rgb(1, 200, 3)), ..Sgr::default() };
    assert_eq!(styles(&line), [("ERROR".into(), red), ("orange".into(), orange), ("rgb".into(), rgb)]);
    assert_eq!(shown(&Safe::identity("\x1b[31mx")), "⟦␛⟧[31mx");
    assert_eq!(shown(&Safe::code("\x1b[31mx")), "⟦␛⟧[31mx");
}

#[test]
fn r7_conceal_and_blink_are_never_taken_over_and_no_style_survives_the_line() {
    assert!(styles(&Safe::line("\x1b[5mblink\x1b[6mfast\x1b[8mhidden")).is_empty());
    assert_eq!(styles(&Safe::line("\x1b[8;4mx")), [("x".into(), Sgr { underline: true, ..Sgr::default() })]);
    assert!(styles(&Safe::line("a\x1b[31m\nb")).is_empty(), "state ends at the line feed");
    // The colour of the underline is skipped with its parameters: its `5` is no blink, its `1` no bold.
    assert!(styles(&Safe::line("\x1b[58;5;1mx")).is_empty());
    assert_eq!(styles(&Safe::line("\x1b[4:3mx\x1b[4:0my")), [("x".into(), Sgr { underline: true, ..Sgr::default() })]);
}

#[test]
fn r7_no_pair_of_the_palette_is_unreadable() {
    for fg in 0..=255 {
        for bg in 0..=255 {
            let line = Safe::line(&format!("\x1b[38;5;{fg};48;5;{bg}mx"));
            let [(_, Sgr { fg: Some(shown), bg: Some(ground), .. })] = styles(&line)[..] else {
                panic!("{fg} on {bg}: {line:?}")
            };
            assert_eq!(ground, Colour::Index(bg));
            assert!(sgr::contrast(shown, ground) >= sgr::CONTRAST, "{fg} on {bg}");
        }
    }
}

#[test]
fn r9_a_rewritten_row_shows_its_last_text_and_a_mark() {
    assert_eq!(shown(&Safe::line("ERROR disk\rINFO all well")), "⟦␍×1⟧ INFO all well");
    assert_eq!(shown(&Safe::line_bytes(b"ERROR disk\rINFO all well\r\n")), "⟦␍×1⟧ INFO all well");
    assert_eq!(shown(&Safe::line_bytes(b"windows\r\n")), "windows");
    assert_eq!(shown(&Safe::line("\rfirst")), "⟦␍⟧ first");
    let progress = (0..5_000).map(|n| format!("\r{n} of 5000")).collect::<Vec<_>>().concat();
    assert_eq!(shown(&Safe::line(&progress)), "⟦␍×4999⟧ 4999 of 5000");
    assert_eq!(shown(&Safe::line("one\r\ntwo\nERROR\rINFO\nend\n")), "one⟦␊⟧two⟦␊␍×1⟧ INFO⟦␊⟧end");
    assert_eq!(shown(&Safe::line_opened(b"ERROR\rINFO\n")), "ERROR⟦␍⟧INFO");
    // Cut or not, the mark stands first.
    let long = format!("ERROR\r{}", "x".repeat(20_000));
    assert!(Safe::line(&long).truncate(20).as_str().starts_with("␍×1 xxx"));
}

#[test]
fn r6_an_unfinished_string_hides_nothing_however_long() {
    for start in ["\x1b]0;", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\u{9d}", "\u{90}"] {
        let safe = Safe::line(&format!("a{start}bcd"));
        assert!(safe.as_str().ends_with("bcd"), "{safe:?}");
        assert!(!shown(&safe).contains("bcd⟧"), "its text is text: {safe:?}");
        let long = format!("{start}{}", "y".repeat(8 << 20));
        let safe = Safe::line(&long);
        assert!(safe.as_str().len() <= text::LINE_BYTES);
        assert!(safe.as_str().contains("yyy") && safe.as_str().ends_with(" bytes"));
        // A whole string of more than 4 KiB is text as well.
        let whole = format!("{start}{}\x1b\\z", "y".repeat(text::STRING_BYTES + 1));
        assert!(!shown(&Safe::line(&whole)).contains("y⟧"));
    }
    assert_eq!(shown(&Safe::line("a\x1b]0;t\x07b")), "a⟦␛]0;t␇⟧b", "a whole one is one mark");
    assert_eq!(shown(&Safe::line("a\x1b[2Kb")), "a⟦␛[2K⟧b");
}

#[test]
fn bytes_that_are_no_text_are_counted_or_spelled() {
    assert_eq!(shown(&Safe::line_bytes(b"a\xff\xfeb")), "a⟦\u{fffd}\u{fffd}⟧b");
    assert_eq!(shown(&present(b"a\xff\xfeb", Profile::Identity)), "a⟦<ff><fe>⟧b");
    assert_eq!(shown(&present(b"a\xe2\x82", Profile::Code)), "a⟦<e2><82>⟧");
    assert_eq!(Safe::line("\u{fffd}").runs().len(), 0, "a literal one is text");
}

#[test]
fn tabs_reach_the_next_stop_and_do_not_flood() {
    assert_eq!(Safe::line("a\tb").as_str(), "a       b");
    assert_eq!(Safe::code("12345678\tb").as_str(), "12345678        b");
    assert_eq!(shown(&Safe::identity("a\tb")), "a⟦␉⟧b");
    assert_eq!(Safe::line(&"\t".repeat(1_000)).as_str().len(), 512 + 1_000 - 64);
}

#[test]
fn marks_pile_up_to_eight_and_a_cell_holds_64_bytes() {
    let piled = Safe::line(&format!("e{}x", "\u{301}".repeat(500)));
    assert_eq!(shown(&piled), format!("e{}⟦…⟧x", "\u{301}".repeat(8)));
    assert_eq!(Safe::line("\u{301}x").as_str(), "◌\u{301}x");
    for raw in ["ᄀ".repeat(500), "👩\u{200d}".repeat(500), "क्".repeat(500), "\u{600}".repeat(500)] {
        let safe = Safe::line(&raw);
        assert!(safe.as_str().graphemes(true).all(|cluster| cluster.len() <= text::CELL_BYTES), "{safe:?}");
    }
}

#[test]
fn joiners_stay_where_they_are_needed() {
    assert_eq!(Safe::line("👩\u{200d}👧").as_str(), "👩\u{200d}👧");
    assert_eq!(Safe::line("❤\u{fe0f}").as_str(), "❤\u{fe0f}");
    assert_eq!(Safe::line("क्\u{200d}ष").as_str(), "क्\u{200d}ष");
    assert_eq!(Safe::line("می\u{200c}خواهم").as_str(), "می\u{200c}خواهم");
    assert_eq!(shown(&Safe::line("pro\u{200d}d")), "pro⟦<200d>⟧d");
    assert_eq!(shown(&Safe::line("a\u{fe0f}")), "a⟦<fe0f>⟧");
    assert_eq!(shown(&Safe::identity("👩\u{200d}👧")), "👩⟦<200d>⟧👧");
}

#[test]
fn long_texts_end_in_a_note_of_what_is_missing() {
    let name = Safe::identity(&"n".repeat(1_000));
    assert!(name.width() <= text::IDENTITY_CELLS);
    assert_eq!(shown(&name), format!("{}⟦… +776 bytes⟧", "n".repeat(224)));
    let line = Safe::line(&"l".repeat(100_000));
    assert!(line.as_str().len() <= text::LINE_BYTES);
    assert!(line.as_str().ends_with("… +91840 bytes"), "{}", &line.as_str()[8_100..]);
}

#[test]
fn cutting_and_padding_count_columns() {
    let wide = Safe::line("日本語");
    assert_eq!(wide.width(), 6);
    assert_eq!(wide.truncate(6).as_str(), "日本語");
    assert_eq!(wide.truncate(5).as_str(), "日本…");
    assert_eq!(wide.truncate(4).as_str(), "日…");
    assert_eq!(wide.truncate(0).as_str(), "");
    assert_eq!(wide.pad_end(4).as_str(), "日… ");
    assert_eq!(wide.pad_start(8).as_str(), "  日本語");
    assert_eq!(Safe::of("abc").pad_end(2).as_str(), "a…");
    assert_eq!(Safe::of("x").pad_end(100).width(), 100);
    assert_eq!(Safe::line("abcdef").columns(2..4).as_str(), "cd");
    assert_eq!(wide.columns(1..6).as_str(), "本語");
    assert_eq!(wide.columns(2..5).as_str(), "本");
    assert_eq!(wide.columns(9..12).as_str(), "");
    let marked = Safe::line("ab\0cd").columns(1..4);
    assert_eq!(shown(&marked), "b⟦␀⟧c");
}

#[test]
fn a_sentence_keeps_the_marks_of_its_parts() {
    let name = Safe::identity("pro\u{200b}d");
    let sentence = safe!("{} of {} in {}", 3_u32, "4", name);
    assert_eq!(shown(&sentence), "3 of 4 in pro⟦<200b>⟧d");
    assert_eq!(shown(&Safe::join([&name, &name], ", ")), "pro⟦<200b>⟧d, pro⟦<200b>⟧d");
    assert_eq!(safe!("no parts").as_str(), "no parts");
}

#[test]
fn only_plain_names_can_be_typed_as_they_look() {
    for name in ["prod", "eu-west-1.prod", "a"] {
        assert!(text::identity_is_plain(name), "{name}");
    }
    for name in ["", "Prod", "pro\u{200b}d", "pr\u{43e}d", "prod ", "pro_d"] {
        assert!(!text::identity_is_plain(name), "{name}");
    }
}

#[test]
fn a_json_document_says_the_same_and_sends_nothing_to_a_terminal() {
    for case in CASES.iter().filter_map(super::corpus::Case::text) {
        let document = serde_json::json!({ "name": case, "plain": "Grüße" }).to_string();
        let escaped = text::json(&document);
        assert!(!escaped.chars().any(|c| c.is_control() || text::is_hostile(c)), "{escaped}");
        assert!(escaped.contains("Grüße"));
        let read: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(read["name"], case.as_str());
    }
}

#[test]
fn ages_are_kubectls() {
    let table = [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (190, "3m10s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (5 * 3600 + 720, "5h12m"),
        (9 * 3600 + 720, "9h"),
        (48 * 3600, "2d"),
        (52 * 3600, "2d4h"),
        (9 * 86_400, "9d"),
        (3 * 365 * 86_400, "3y"),
        (9 * 365 * 86_400, "9y"),
    ];
    for (seconds, words) in table {
        assert_eq!(text::age(seconds).as_str(), words, "{seconds}");
    }
}

#[test]
fn spans_counts_shares_and_sizes() {
    let table = [(0, "0s"), (350, "350ms"), (45_000, "45s"), (120_000, "2m"), (125_000, "2m5s"), (5_400_000, "1h30m")];
    for (millis, words) in table {
        assert_eq!(text::duration(Duration::from_millis(millis)).as_str(), words, "{millis}");
    }
    for (n, words) in [(0, "0"), (999, "999"), (1_000, "1 000"), (10_000, "10 000"), (1_234_567, "1 234 567")] {
        assert_eq!(text::count(n).as_str(), words);
    }
    for (n, words) in
        [(999, "999"), (1_000, "1k"), (1_999, "1.9k"), (13_350, "13k"), (2_880_000, "2.8M"), (u64::MAX, "18446744073G")]
    {
        assert_eq!(text::about(n).as_str(), words);
    }
    assert_eq!(text::plural(1, "pod", "pods").as_str(), "1 pod");
    assert_eq!(text::plural(0, "pod", "pods").as_str(), "0 pods");
    for (value, words) in [(50.0, "50 %"), (99.94, "99.9 %"), (-0.01, "0 %"), (f64::NAN, "? %")] {
        assert_eq!(text::percent(value).as_str(), words);
    }
    for (value, words) in [(0.0031, "0.0031"), (1.0, "1"), (f64::NAN, "NaN"), (f64::INFINITY, "+Inf")] {
        assert_eq!(text::rate(value).as_str(), words);
    }
    for (n, words) in [(512, "512 B"), (65_536, "64 KiB"), (1_572_864, "1.5 MiB")] {
        assert_eq!(text::bytes(n).as_str(), words);
    }
}

#[test]
fn a_terminal_without_utf8_gets_one_ascii_character_for_each_column() {
    for symbol in ["✔", "│", "→", "…", "é", "日", "a", "⎈", "␛"] {
        let ascii = text::ascii::symbol(symbol);
        assert!(ascii.is_ascii());
        assert_eq!(ascii.len(), Safe::line(symbol).width(), "{symbol}");
    }
}

/// Signs that no single character stands for are written out; states never share a letter.
#[test]
fn in_ascii_a_limit_is_not_a_question_and_no_two_states_are_one() {
    for (text, ascii) in [
        ("wants ≤ 0.5", "wants <= 0.5"),
        ("≥ 0.99, ≤ ∞", ">= 0.99, <= inf"),
        ("≤", "<="),
        ("50 % → 0 %", "50 % → 0 %"),
        ("plain", "plain"),
    ] {
        assert_eq!(text::ascii::written_out(&Safe::line(text)).as_str(), ascii);
    }
    let states = ["✔", "✖", "⚠", "‖", "◌", "●", "◐", "•", "?", "▌"];
    let shown: std::collections::HashSet<&str> = states.iter().map(|glyph| text::ascii::symbol(glyph)).collect();
    assert_eq!(shown.len(), states.len(), "{shown:?}");
}

#[test]
fn a_long_path_gives_way_before_the_name_at_its_end() {
    for (text, expected) in [
        ("registry.shop.example/team/web:2.11.0", "…/web:2.11.0"),
        ("cannot pull registry.shop.example/team/web:2.11.0: denied", "cannot pull …/web:2.11.0: denied"),
        ("shop/web:2", "shop/web:2"),
        ("12 of 3/3 and https://registry.shop.example/a/b", "12 of 3/3 and https://registry.shop.example/a/b"),
        ("registry.shop.example/team/web/", "…/web/"),
        ("größter.example.org/straße/web:2", "…/web:2"),
        ("", ""),
    ] {
        assert_eq!(Safe::line(text).without_paths().as_str(), expected);
    }
}
