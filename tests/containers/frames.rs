//! The frames of a log, whole and torn.

use quarterdeck::systems::docker::Frames;
use quarterdeck::systems::lines::{LINE_LIMIT, Lines};

fn frame(stream: u8, text: &str) -> Vec<u8> {
    let mut bytes = vec![stream, 0, 0, 0];
    bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn taken(lines: &mut Lines) -> String {
    lines.take().map_or_else(String::new, |chunk| String::from_utf8(chunk.bytes.into()).unwrap())
}

const STAMP: &str = "2026-11-21T02:00:00.123456789Z ";

#[test]
fn lines_of_both_streams_are_put_together_wherever_the_bytes_are_torn() {
    let long = format!("{STAMP}a long line that ");
    let rest = format!("{STAMP}goes on\n");
    let body = [
        frame(1, &format!("{STAMP}one\n")),
        frame(1, &long),
        frame(2, &format!("{STAMP}an error between\n{STAMP}and another\n")),
        frame(1, &rest),
        frame(2, ""),
        frame(1, &format!("{STAMP}no end")),
    ]
    .concat();
    let wanted = format!(
        "{STAMP}one\n{STAMP}an error between\n{STAMP}and another\n{STAMP}a long line that goes on\n{STAMP}no end\n"
    );
    for size in 1..body.len() {
        let (mut frames, mut lines) = (Frames::default(), Lines::default());
        for piece in body.chunks(size) {
            frames.push(piece, &mut lines).unwrap();
        }
        frames.finish(&mut lines);
        assert_eq!(taken(&mut lines), wanted, "in pieces of {size}");
    }
}

/// R29: the length is not believed, and nothing is waited for.
#[test]
fn r29_a_frame_of_four_gib_is_named_at_once() {
    let (mut frames, mut lines) = (Frames::default(), Lines::default());
    let why = frames.push(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], &mut lines).unwrap_err();
    assert_eq!(why.as_str(), "a frame of 4095 MiB is announced, the limit is 16 MiB; nothing of it was read");
    for head in [*b"2026-11-", [3, 0, 0, 0, 0, 0, 0, 1], [1, 0, 1, 0, 0, 0, 0, 1]] {
        let why = Frames::default().push(&head, &mut lines).unwrap_err();
        assert!(why.as_str().contains("not framed"), "{why:?}");
    }
}

#[test]
fn a_line_without_an_end_is_cut_and_takes_no_more_memory() {
    let (mut frames, mut lines) = (Frames::default(), Lines::default());
    let piece = format!("{STAMP}{}", "x".repeat(16 << 10));
    for _ in 0..200 {
        frames.push(&frame(1, &piece), &mut lines).unwrap();
    }
    frames.push(&frame(1, &format!("{STAMP}end\n")), &mut lines).unwrap();
    frames.push(&frame(1, &format!("{STAMP}next\n")), &mut lines).unwrap();
    let chunk = lines.take().unwrap();
    assert_eq!((chunk.ends.len(), chunk.cut), (2, 1));
    assert!(chunk.bytes.len() < LINE_LIMIT + 200, "{}", chunk.bytes.len());
    assert!(chunk.bytes.ends_with(format!("{STAMP}next\n").as_bytes()));
}
