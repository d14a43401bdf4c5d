//! The back-stop: every byte that goes to the terminal is read against the grammar that the
//! console itself uses (reliability.md §1.2, point 10). It knows nothing of how the bytes came to
//! be, so it catches the call that forgot to present its text.

/// What was found that the console never sends, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Offset into the bytes that were checked.
    pub at: usize,
    /// The bytes there, at most 16.
    pub bytes: Vec<u8>,
}

/// Reads whole sequences; a frame never ends inside of one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gate;

impl Gate {
    /// Copies what is in the grammar to `out`; what is not is left out and reported.
    pub fn pass(self, bytes: &[u8], out: &mut Vec<u8>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Some(length) = accepted(rest) {
                out.extend_from_slice(&rest[..length]);
                at += length;
            } else {
                violations.push(Violation { at, bytes: rest[..rest.len().min(16)].to_vec() });
                // Leaving out the first byte disarms a sequence; its rest is then text.
                at += match std::str::from_utf8(&rest[..rest.len().min(4)]) {
                    Ok(text) => text.chars().next().map_or(1, char::len_utf8),
                    Err(error) if error.valid_up_to() > 0 => decode(rest).map_or(1, char::len_utf8),
                    Err(error) => error.error_len().unwrap_or(1),
                };
            }
        }
        violations
    }
}

/// Length of what the console may send at the beginning of `bytes`.
fn accepted(bytes: &[u8]) -> Option<usize> {
    match bytes {
        // BEL is the bell, on its own, when something needs a human.
        [b' '..=b'~' | 0x07, ..] => Some(1),
        [0x1b, b'[', ..] => control(bytes),
        [0x1b, b']', ..] => clipboard(bytes).or_else(|| notice(bytes)),
        [0x80..=0xff, ..] => decode(bytes).filter(|c| is_visible(*c)).map(char::len_utf8),
        _ => None,
    }
}

fn decode(bytes: &[u8]) -> Option<char> {
    let head = &bytes[..bytes.len().min(4)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    text.chars().next()
}

/// Not a control, and neither invisible nor reordering. Said again here, and not taken from the
/// module that presents texts: a back-stop must not share the mistake it is there for.
pub(super) const fn is_visible(c: char) -> bool {
    !matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{10ffff}')
}

/// `CSI` with the finals and modes in use: cursor, erase, colours, and the modes of start and end.
fn control(bytes: &[u8]) -> Option<usize> {
    const LONGEST: usize = 64;
    const MODES: &[&str] = &["25", "2004", "2026", "1049"];
    const OFF_ONLY: &[&str] = &["1000", "1002", "1003", "1004", "1006"];
    let body = &bytes[2..bytes.len().min(2 + LONGEST)];
    let length = body.iter().position(|byte| matches!(byte, 0x40..=0x7e))?;
    let parameters = std::str::from_utf8(&body[..length]).ok()?;
    let numbers = |most: usize| {
        parameters.split(';').count() <= most
            && parameters.split(';').all(|n| n.len() <= 5 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let good = match body[length] {
        b'H' => numbers(2),
        b'J' | b'K' => matches!(parameters, "" | "0" | "1" | "2"),
        b'm' => rendition(parameters),
        b'h' => parameters.strip_prefix('?').is_some_and(|mode| MODES.contains(&mode)),
        b'l' => parameters.strip_prefix('?').is_some_and(|mode| MODES.contains(&mode) || OFF_ONLY.contains(&mode)),
        b'q' => parameters == "0 ",
        b'u' => parameters == "<",
        _ => false,
    };
    good.then_some(2 + length + 1)
}

/// Colours and attributes, never blink or conceal.
fn rendition(parameters: &str) -> bool {
    let mut fields =
        parameters.split(';').map(|field| if field.is_empty() { Some(0) } else { field.parse::<u16>().ok() });
    while let Some(field) = fields.next() {
        let good = match field {
            Some(0..=4 | 7 | 9 | 22..=24 | 27 | 29 | 30..=37 | 39..=47 | 49 | 90..=97 | 100..=107) => true,
            Some(38 | 48) => {
                let count = match fields.next().flatten() {
                    Some(5) => 1,
                    Some(2) => 3,
                    _ => return false,
                };
                (0..count).all(|_| fields.next().flatten().is_some_and(|value| value <= 255))
            }
            _ => false,
        };
        if !good {
            return false;
        }
    }
    true
}

/// `OSC 52 ; c ; base64 ST`, to the clipboard only and never a question.
fn clipboard(bytes: &[u8]) -> Option<usize> {
    const START: &[u8] = b"\x1b]52;c;";
    let body = bytes.strip_prefix(START)?;
    let length =
        body.iter().position(|byte| !matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'='))?;
    body[length..].starts_with(b"\x1b\\").then_some(START.len() + length + 2)
}

/// The longest notice.
pub(super) const NOTICE: usize = 512;

/// `OSC 9 ; text ST` and `OSC 777 ; notify ; title ; text ST`: visible characters only. A text that
/// begins with a digit would be another command to some terminals (`9;4` draws a progress bar).
fn notice(bytes: &[u8]) -> Option<usize> {
    let start = [&b"\x1b]9;"[..], b"\x1b]777;notify;"].into_iter().find(|start| bytes.starts_with(start))?;
    let body = &bytes[start.len()..];
    let length = body.iter().take(NOTICE + 1).position(|byte| *byte == 0x1b)?;
    let text = std::str::from_utf8(&body[..length]).ok()?;
    let good = text.chars().all(|c| matches!(c, ' '..='~') || (!c.is_ascii() && is_visible(c)));
    let first = text.chars().next().is_some_and(|c| !c.is_ascii_digit());
    (good && first && body[length..].starts_with(b"\x1b\\")).then_some(start.len() + length + 2)
}
