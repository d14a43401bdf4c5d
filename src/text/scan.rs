//! Bytes into characters, and in *line* the recognition of escape sequences. The recognition only
//! makes the result tidier: nothing that it says decides what is safe. A sequence that is not
//! whole, or longer than [`STRING_BYTES`], is text.

use super::present::STRING_BYTES;

/// What stands at one place of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Char(char),
    /// A maximal part that is not UTF-8.
    Invalid(&'a [u8]),
    /// The parameters of `CSI … m`.
    Sgr(&'a str),
    /// A whole escape sequence of another kind.
    Sequence(&'a [u8]),
}

/// The token at the beginning of `bytes` and its length; `None` at the end.
pub(super) fn next(bytes: &[u8], tidy: bool) -> Option<(Token<'_>, usize)> {
    if tidy && let Some(found) = sequence(bytes) {
        return Some(found);
    }
    Some(match decode(bytes)? {
        Ok((c, length)) => (Token::Char(c), length),
        Err(length) => (Token::Invalid(&bytes[..length]), length),
    })
}

/// The first character and its length, or the length of the invalid part.
pub(super) fn decode(bytes: &[u8]) -> Option<Result<(char, usize), usize>> {
    let first = *bytes.first()?;
    if first.is_ascii() {
        return Some(Ok((char::from(first), 1)));
    }
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() == 0 => return Some(Err(error.error_len().unwrap_or(head.len()))),
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next().map(|c| Ok((c, c.len_utf8())))
}

/// The 7-bit letter of the introducer at the beginning (`[` for CSI) and its length, whichever of
/// the three forms it has: ESC and a letter, C1 as a character, C1 as a raw byte.
fn introducer(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [0x1b, letter, ..] => Some((*letter, 2)),
        [0xc2, c1 @ 0x80..=0x9f, ..] => Some((c1 - 0x40, 2)),
        [c1 @ 0x80..=0x9f, ..] => Some((c1 - 0x40, 1)),
        _ => None,
    }
}

fn sequence(bytes: &[u8]) -> Option<(Token<'_>, usize)> {
    let (letter, start) = introducer(bytes)?;
    match letter {
        b'[' => control(bytes, start),
        b']' | b'P' | b'X' | b'^' | b'_' => {
            let end = string_end(bytes, start, letter == b']')?;
            Some((Token::Sequence(&bytes[..end]), end))
        }
        // ESC with intermediates and a final byte: charset, keypad, reset.
        _ if bytes[0] == 0x1b => {
            let skipped = bytes[1..].iter().take(4).take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
            let last = bytes.get(1 + skipped)?;
            matches!(last, 0x30..=0x7e).then_some((Token::Sequence(&bytes[..skipped + 2]), skipped + 2))
        }
        _ => None,
    }
}

fn control(bytes: &[u8], start: usize) -> Option<(Token<'_>, usize)> {
    const LONGEST: usize = 256;
    let body = &bytes[start..bytes.len().min(start + LONGEST)];
    let parameters = body.iter().take_while(|byte| matches!(byte, 0x30..=0x3f)).count();
    let between = body[parameters..].iter().take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
    let last = *body.get(parameters + between)?;
    let end = start + parameters + between + 1;
    match last {
        b'm' if between == 0 && body[..parameters].iter().all(|byte| matches!(byte, b'0'..=b';')) => {
            Some((Token::Sgr(std::str::from_utf8(&body[..parameters]).ok()?), end))
        }
        0x40..=0x7e => Some((Token::Sequence(&bytes[..end]), end)),
        _ => None,
    }
}

/// Where the string ends: after ST, or BEL where it may. Another control ends the search, so that
/// nothing is read twice.
fn string_end(bytes: &[u8], start: usize, bell: bool) -> Option<usize> {
    let end = bytes.len().min(start + STRING_BYTES);
    let mut at = start;
    while at < end {
        match bytes[at..end] {
            [0x1b, b'\\', ..] | [0xc2, 0x9c, ..] => return Some(at + 2),
            [0x07, ..] if bell => return Some(at + 1),
            [0x9c, ..] if decode(&bytes[at..])?.is_err() => return Some(at + 1),
            [0x00..=0x1f, ..] | [0xc2, 0x80..=0x9f, ..] => return None,
            _ => {}
        }
        at += match decode(&bytes[at..])? {
            Ok((_, length)) | Err(length) => length,
        };
    }
    None
}
