//! Bytes of the keyboard into keys; answers of the terminal into nothing (R18).

use proptest::prelude::*;
use quarterdeck::app::input::key;
use quarterdeck::command::{Key, KeyCode};
use quarterdeck::term::{Input, Parser};

use crate::pty::bytes_of;

/// All keys that come of these bytes, each shown as a keymap writes it.
fn keys(bytes: &[u8]) -> Vec<String> {
    let mut parser = Parser::default();
    let mut found = parser.feed(bytes);
    found.extend(parser.timeout());
    found
        .into_iter()
        .map(|input| match input {
            Input::Key(event) => key(event).map_or("?".to_owned(), |key| key.to_string()),
            Input::Paste(text) => format!("paste({text})"),
        })
        .collect()
}

#[test]
fn every_key_of_a_keymap_comes_back_from_its_bytes() {
    use KeyCode::{Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up};
    let mut all: Vec<Key> = [Enter, Esc, Tab, Backspace, Delete, Down, Up, Left, Right, Home, End, PageDown, PageUp]
        .into_iter()
        .chain((1..=12).map(F))
        .chain([Char('a'), Char('G'), Char('?'), Char(' '), Char('é'), Char('日')])
        .map(Key::plain)
        .collect();
    all.push(Key { shift: true, ..Key::plain(Tab) });
    all.extend(['d', 'u', 'z', 'c'].map(|c| Key { ctrl: true, ..Key::plain(Char(c)) }));
    all.extend(['x', 'X', '['].map(|c| Key { alt: true, ..Key::plain(Char(c)) }));
    for wanted in all {
        assert_eq!(keys(&bytes_of(wanted)), [wanted.to_string()], "{wanted}");
    }
}

#[test]
fn modifiers_and_other_ways_to_say_a_key() {
    let table: &[(&[u8], &str)] = &[
        (b"\x1b[1;5A", "ctrl-up"),
        (b"\x1b[1;3D", "alt-left"),
        (b"\x1b[1;2F", "shift-end"),
        (b"\x1bOA", "up"),
        (b"\x1bOH", "home"),
        (b"\x1b[[A", "f1"),
        (b"\x1b[1~", "home"),
        (b"\x1b[3;5~", "ctrl-delete"),
        (b"\x1b[13;1u", "enter"),
        (b"\x1b[100;5u", "ctrl-d"),
        (b"\x1b[27;5;100~", "ctrl-d"),
        (b"\0", "ctrl-space"),
        (b"\x1b\x1b[A", "esc up"),
    ];
    for (bytes, wanted) in table {
        assert_eq!(keys(bytes).join(" "), *wanted, "{}", bytes.escape_ascii());
    }
}

#[test]
fn r18_an_answer_of_the_terminal_is_never_a_key() {
    let answers: &[&[u8]] = &[
        b"\x1b[?62;22c",
        b"\x1b[>1;10;0c",
        b"\x1b[24;80R",
        b"\x1b[0n",
        b"\x1b[?1u",
        b"\x1b[?2026;2$y",
        b"\x1b[8;24;80t",
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
        b"\x1b]4;1;rgb:cc/00/00\x07",
        b"\x1b]52;c;c2VjcmV0\x1b\\",
        b"\x1bP>|XTerm(390)\x1b\\",
        b"\x1bP1$r0 q\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[I",
        b"\x1b[O",
        b"\x1b[<0;10;5M",
        b"\x1b[M !!",
    ];
    for answer in answers {
        assert_eq!(keys(answer), [] as [&str; 0], "{}", answer.escape_ascii());
        let around = [b"a", *answer, b"b"].concat();
        assert_eq!(keys(&around), ["a", "b"], "{}", answer.escape_ascii());
        for cut in 1..answer.len() {
            let mut parser = Parser::default();
            let mut found = parser.feed(&answer[..cut]);
            found.extend(parser.feed(&answer[cut..]));
            assert_eq!(found, [], "{} cut at {cut}", answer.escape_ascii());
        }
    }
    assert_eq!(keys(b"\x1b]11;rgb:1e1e/1e"), [] as [&str; 0], "one that was cut off is thrown away");
}

#[test]
fn a_paste_is_one_event_whatever_is_in_it() {
    assert_eq!(keys(b"\x1b[200~prod\n\x1b[A\x1b[201~x"), ["paste(prod\n\x1b[A)", "x"]);
    let mut parser = Parser::default();
    let bytes = b"\x1b[200~one two\x1b[201~";
    let found: Vec<Input> = bytes.iter().flat_map(|byte| parser.feed(&[*byte])).collect();
    assert_eq!(found, [Input::Paste("one two".to_owned())]);
    let mut parser = Parser::default();
    parser.feed(b"\x1b[200~never");
    assert_eq!(parser.timeout(), [], "the end of a paste is waited for");
    let big = [b"\x1b[200~".as_slice(), &vec![b'x'; 1 << 20], b"\x1b[201~"].concat();
    let Some(Input::Paste(text)) = Parser::default().feed(&big).pop() else { panic!("a paste") };
    assert_eq!(text.len(), 256 * 1024);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_upset_it_and_pieces_do_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in 0..80_usize) {
        let cut = cut.min(bytes.len());
        let whole = Parser::default().feed(&bytes);
        let mut parser = Parser::default();
        let mut parts = parser.feed(&bytes[..cut]);
        parts.extend(parser.feed(&bytes[cut..]));
        prop_assert_eq!(whole, parts);
    }
}
