//! What a line of a log consists of: the time that the server put before it, and the message.

use jiff::Timestamp;

use crate::text::Safe;

/// Columns of the time of a line, without the gap after it.
pub const TIME_COLUMNS: u16 = 12;

/// The time that the kubelet puts before each line (RFC 3339 and a space), and the message.
#[must_use]
pub fn split_time(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    /// `2026-11-21T02:04:05.123456789+02:00`.
    const LONGEST: usize = 35;
    let is_time = line.len() >= 20 && line[4] == b'-' && line[10] == b'T' && line[0].is_ascii_digit();
    if is_time && let Some(space) = line.iter().take(LONGEST + 1).position(|byte| *byte == b' ') {
        return (Some(&line[..space]), &line[space + 1..]);
    }
    // An empty message: the time with its space cut off.
    if is_time && line.len() <= LONGEST && line.iter().all(u8::is_ascii_graphic) {
        return (Some(line), &[]);
    }
    (None, line)
}

/// The moment that the server put before a line.
#[must_use]
pub fn time(line: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(split_time(line).0?).ok()?.parse().ok()
}

/// UTC, `14:03:22.123`; a line more than a day old has its date instead, `11-20 14:03Z`.
pub(super) fn present_time(raw: &[u8], now: Timestamp) -> Safe {
    let parsed = std::str::from_utf8(raw).ok().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(time) = parsed else { return Safe::line_bytes(&raw[..raw.len().min(usize::from(TIME_COLUMNS))]) };
    let format = if now.duration_since(time).as_hours().abs() < 24 { "%H:%M:%S%.3f" } else { "%m-%d %H:%MZ" };
    Safe::line(&time.strftime(format).to_string())
}
