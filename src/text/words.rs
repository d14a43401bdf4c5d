//! Facts in words: formatted here, at the last moment, and the same on every screen.

use std::sync::Arc;
use std::time::Duration;

use super::Safe;

fn made(text: String) -> Safe {
    Safe::made(Arc::from(text), Vec::new())
}

/// An age in seconds as kubectl prints it (`HumanDuration`): `45s`, `3m10s`, `35m`, `5h12m`, `2d4h`, `6d`.
#[must_use]
pub fn age(seconds: i64) -> Safe {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let s = seconds.max(0);
    let two = |whole: i64, unit: &str, rest: i64, part: &str| {
        if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{rest}{part}") }
    };
    made(if s < 2 * MINUTE {
        format!("{s}s")
    } else if s < 10 * MINUTE {
        two(s / MINUTE, "m", s % MINUTE, "s")
    } else if s < 3 * HOUR {
        format!("{}m", s / MINUTE)
    } else if s < 8 * HOUR {
        two(s / HOUR, "h", s % HOUR / MINUTE, "m")
    } else if s < 2 * DAY {
        format!("{}h", s / HOUR)
    } else if s < 8 * DAY {
        two(s / DAY, "d", s % DAY / HOUR, "h")
    } else if s < 2 * YEAR {
        format!("{}d", s / DAY)
    } else if s < 8 * YEAR {
        two(s / YEAR, "y", s % YEAR / DAY, "d")
    } else {
        format!("{}y", s / YEAR)
    })
}

/// A span of time, exact to its second unit: `350ms`, `45s`, `2m`, `2m5s`, `1h30m`.
#[must_use]
pub fn duration(span: Duration) -> Safe {
    let s = span.as_secs();
    if s == 0 && span.subsec_millis() > 0 {
        return made(format!("{}ms", span.subsec_millis()));
    }
    let units = [(s / 86_400, "d"), (s / 3_600 % 24, "h"), (s / 60 % 60, "m"), (s % 60, "s")];
    let first = units.iter().position(|(n, _)| *n > 0).unwrap_or(units.len() - 1);
    let (n, unit) = units[first];
    made(match units.get(first + 1) {
        Some((part, name)) if *part > 0 => format!("{n}{unit}{part}{name}"),
        _ => format!("{n}{unit}"),
    })
}

/// The time of day in UTC: `14:03:22Z`.
#[must_use]
pub fn clock(at: jiff::Timestamp) -> Safe {
    let time = at.to_zoned(jiff::tz::TimeZone::UTC);
    made(format!("{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second()))
}

/// A number with its thousands apart: `10 000`.
#[must_use]
pub fn count(n: u64) -> Safe {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    made(text)
}

/// A number where there is little room, never more than it is: `999`, `13k`, `2.8M`.
#[must_use]
pub fn about(n: u64) -> Safe {
    let unit = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")].into_iter().find(|(unit, _)| n >= *unit);
    let Some((unit, name)) = unit else { return count(n) };
    let (whole, tenth) = (n / unit, n % unit * 10 / unit);
    made(if whole < 10 && tenth > 0 { format!("{whole}.{tenth}{name}") } else { format!("{whole}{name}") })
}

/// `1 pod`, `3 pods`.
#[must_use]
pub fn plural(n: u64, one: &'static str, many: &'static str) -> Safe {
    super::compose("{} {}", &[&count(n), if n == 1 { &one } else { &many }])
}

/// A percentage with at most one decimal: `50 %`, `99.9 %`; what is no number is `? %`.
#[must_use]
pub fn percent(value: f64) -> Safe {
    if !value.is_finite() {
        return Safe::of("? %");
    }
    let rounded = (value * 10.0).round() / 10.0;
    // Adding zero turns a negative zero into the one that has no sign.
    made(format!("{} %", rounded + 0.0))
}

/// A number that may be anything, with at most four significant decimals: `0.0031`, `NaN`, `+Inf`.
#[must_use]
pub fn rate(value: f64) -> Safe {
    if value.is_nan() {
        return Safe::of("NaN");
    }
    if value.is_infinite() {
        return Safe::of(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
    let text = format!("{value:.4}");
    made(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text })
}

/// A number with exactly so many decimals: `3.1`, `61.40`; what is no number is `?`.
#[must_use]
pub fn decimal(value: f64, places: usize) -> Safe {
    if !value.is_finite() {
        return Safe::of("?");
    }
    let text = format!("{value:.places$}");
    // What is rounded to nothing has no sign.
    let zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    made(if zero { text.trim_start_matches('-').to_owned() } else { text })
}

/// A size: `512 B`, `64 KiB`, `1.5 MiB`.
#[must_use]
pub fn bytes(n: u64) -> Safe {
    let mut value = n as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let rounded = (value * 10.0).round() / 10.0;
    made(format!("{rounded} {unit}"))
}
