//! Measured values of analyses, as they are read.

use crate::text::Safe;

/// A measured value, short: the number of `[0.926906779661017]` is `0.9269`; anything else stays.
#[must_use]
pub fn short(value: &Safe) -> Safe {
    let text = value.as_str().trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    match inner.parse::<f64>() {
        Ok(number) if number.is_finite() => Safe::line(&digits(number)),
        _ => value.clone(),
    }
}

/// The first number in a measured value (`[0.0312]` → 0.0312), to draw it.
#[must_use]
pub fn number(value: &Safe) -> Option<f64> {
    let text = value.as_str();
    let start = text.find(|c: char| c.is_ascii_digit() || c == '-')?;
    let rest = &text[start..];
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))).unwrap_or(rest.len());
    rest[..end].parse().ok().filter(|number: &f64| number.is_finite())
}

/// Four significant digits, without trailing zeros.
fn digits(number: f64) -> String {
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    let decimals = usize::try_from((3 - magnitude).clamp(0, 9)).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Safe, short};

    #[test]
    fn readings_are_short_and_true() {
        for (value, expected) in [
            ("[0.926906779661017]", "0.9269"),
            ("0.0031", "0.0031"),
            ("[1]", "1"),
            ("0", "0"),
            ("[0.000123456]", "0.0001235"),
            ("12345.678", "12346"),
            ("1.5", "1.5"),
            ("[NaN]", "[NaN]"),
            ("[]", "[]"),
            ("[1,2]", "[1,2]"),
            ("", ""),
            ("{\"a\":1}", "{\"a\":1}"),
        ] {
            assert_eq!(short(&Safe::line(value)).as_str(), expected, "{value:?}");
        }
    }
}
