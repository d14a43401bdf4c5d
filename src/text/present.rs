//! The one door from the outside to the screen: [`present`]. Every constructor of [`Safe`] that
//! takes text which is not ours goes through it.

use std::sync::Arc;

use super::safe::Safe;
use super::writer::Writer;

/// What the text is: it decides what of it is interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Names: nothing is interpreted, nothing may join or hide.
    Identity,
    /// Log lines and messages: colours are kept, a rewritten row shows its last text and a mark.
    Line,
    /// The same with the rewritten texts in it.
    Opened,
    /// Diffs, YAML: nothing is interpreted.
    Code,
}

/// So much of a line is kept for display, with the note about the rest.
pub const LINE_BYTES: usize = 8 * 1024;
/// So many cells of an identity.
pub const IDENTITY_CELLS: usize = 256;
/// An escape string (OSC, DCS, …) that is longer is text.
pub const STRING_BYTES: usize = 4 * 1024;
/// The longest cluster that one cell takes.
pub const CELL_BYTES: usize = 64;
/// Room for `… +N bytes`.
pub(super) const NOTE: usize = 32;

/// Makes text showable: bytes in, [`Safe`] out. Presenting its result again changes nothing.
#[must_use]
pub fn present(bytes: &[u8], profile: Profile) -> Safe {
    if let Some(clean) = clean(bytes, profile) {
        return Safe::made(Arc::from(clean), Vec::new());
    }
    let mut writer = Writer::new(profile);
    let full = if profile == Profile::Line {
        rows(&mut writer, record(bytes))
    } else {
        let bytes = if profile == Profile::Opened { record(bytes) } else { bytes };
        !writer.take(bytes, 0, bytes.len())
    };
    if full { writer.cut(bytes.len()) } else { writer.finish() }
}

/// Each row of a line as a terminal would show it, with the mark of what was overwritten. Messages
/// have several rows, records of a log have one. Says whether there was more than is kept.
fn rows(writer: &mut Writer, bytes: &[u8]) -> bool {
    let mut start = 0;
    for row in bytes.split(|byte| *byte == b'\n') {
        if start > 0 {
            writer.checkpoint(start);
            writer.char('\n', None, false);
        }
        let (last, overwritten) = last_writing(record(row));
        if let Some(count) = overwritten {
            writer.overwritten(count);
        }
        let skipped = overwritten.map_or(0, |_| record(row).len() - last.len());
        if !writer.take(last, start + skipped, bytes.len()) {
            return true;
        }
        start += row.len() + 1;
    }
    false
}

/// Printable ASCII of ordinary length needs nothing: almost every text there is.
fn clean(bytes: &[u8], profile: Profile) -> Option<&str> {
    let limit = if profile == Profile::Identity { IDENTITY_CELLS - NOTE } else { LINE_BYTES - NOTE };
    let padded = profile == Profile::Identity && (bytes.first() == Some(&b' ') || bytes.last() == Some(&b' '));
    (bytes.len() <= limit && !padded && bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e)))
        .then(|| std::str::from_utf8(bytes).unwrap_or_default())
}

/// The line without the end that belongs to the record.
fn record(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let end = bytes.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    &bytes[..end]
}

/// What a terminal would show of a row that was written several times, and how many writings with
/// something in them came before; `None` where it was written once.
fn last_writing(bytes: &[u8]) -> (&[u8], Option<usize>) {
    match bytes.iter().rposition(|byte| *byte == b'\r') {
        None => (bytes, None),
        Some(at) => {
            let before = bytes[..at].split(|byte| *byte == b'\r').filter(|text| !text.is_empty()).count();
            (&bytes[at + 1..], Some(before))
        }
    }
}
