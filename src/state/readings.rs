//! Measured values of analyses, as they are read.

use crate::safe;
use crate::text::Safe;

/// Significant digits that are shown, and the most that may be.
const FIGURES: i32 = 4;
const MOST_FIGURES: i32 = 9;
/// Columns of a value.
const WIDEST: usize = 9;

/// A measured value, short: the number of `[0.926906779661017]` is `0.9269`; anything else stays.
#[must_use]
pub fn short(value: &Safe) -> Safe {
    let text = value.as_str().trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    match inner.parse::<f64>() {
        Ok(number) if number.is_finite() => Safe::line(&digits(number, FIGURES)),
        _ => value.clone(),
    }
}

/// The same beside the limits it is held against: with as many more digits as tell it apart from one,
/// or the side of it on which it is.
#[must_use]
pub fn beside(value: &Safe, limits: &[f64]) -> Safe {
    let text = short(value);
    let (Ok(shown), Some(number)) = (text.as_str().parse::<f64>(), number(value)) else { return text };
    let same = |a: f64, b: f64| a.total_cmp(&b).is_eq();
    let hides = |limit: &f64| same(*limit, shown) && !same(*limit, number);
    let Some(limit) = limits.iter().copied().find(hides) else { return text };
    let longer = (FIGURES + 1..=MOST_FIGURES).map(|figures| digits(number, figures));
    let apart = |text: &String| text.len() <= WIDEST && text.parse::<f64>().is_ok_and(|shown| !same(shown, limit));
    longer
        .into_iter()
        .find(apart)
        .map_or_else(|| safe!("{}{}", if number > limit { ">" } else { "<" }, text), |text| Safe::line(&text))
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

/// So many significant digits, without trailing zeros.
fn digits(number: f64, figures: i32) -> String {
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    let decimals = usize::try_from((figures - 1 - magnitude).clamp(0, 9)).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Safe, beside, short};

    #[test]
    fn a_reading_is_told_apart_from_its_limit() {
        for (value, limits, expected) in [
            ("[0.00100004]", &[0.001][..], ">0.001"),
            ("[0.0010004]", &[0.001], "0.0010004"),
            ("[0.00099996]", &[0.001], "<0.001"),
            ("[0.001]", &[0.001], "0.001"),
            ("[0.0712]", &[0.05], "0.0712"),
            ("[99.9996]", &[99.0, 100.0], "99.9996"),
            ("[500.04]", &[500.0], "500.04"),
            ("[NaN]", &[0.5], "[NaN]"),
            ("[]", &[], "[]"),
        ] {
            assert_eq!(beside(&Safe::line(value), limits).as_str(), expected, "{value}");
        }
    }

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
