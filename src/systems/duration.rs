//! Durations as Argo's projects write them: whole seconds, or Go's `1h30m`.

/// Seconds, rounded down; 0 for what is no duration (the controller calls such a spec invalid).
#[must_use]
pub fn seconds(text: &str) -> i64 {
    if let Ok(seconds) = text.trim().parse::<i64>() {
        return seconds.max(0);
    }
    go_duration(text.trim()).unwrap_or(0)
}

/// Seconds of Go's `time.ParseDuration`, as far as pauses, intervals and windows use it.
#[must_use]
pub fn go_duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number * unit;
        rest = &rest[end..];
    }
    // So many seconds no calendar has.
    (!text.is_empty() && total < 1e11).then_some(total as i64)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_read_as_go_reads_them() {
        for (text, expected) in [
            ("10", 10),
            ("10s", 10),
            ("10m", 600),
            ("1h30m", 5400),
            ("1.5h", 5400),
            ("90000ms", 90),
            ("0", 0),
            ("-5", 0),
            ("", 0),
            ("ten minutes", 0),
            ("10x", 0),
            ("m", 0),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }
}
