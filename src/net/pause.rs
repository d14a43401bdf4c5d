//! `Retry-After` of any shape (reliability.md R26): seconds, a date by the clock of the server that
//! gave it, or nonsense.

use std::time::Duration;

use jiff::Timestamp;

/// The longest pause that is believed.
pub(super) const MOST: Duration = Duration::from_hours(1);

/// A date of a header.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

/// `here`: the server's clock. `None` for what is no time; what is too long to be believed is [`MOST`].
pub(super) fn retry_after(text: &str, here: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(MOST));
    }
    // Digits without end are a long time all the same.
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(MOST);
    }
    Some(between(here, time(text)?).min(MOST))
}

/// Nothing, where the second comes first.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
