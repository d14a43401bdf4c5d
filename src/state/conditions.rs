//! Conditions of an analysis in as few words as they can be read in.

use crate::safe;
use crate::text::Safe;

/// A condition without the guards against an empty answer that most of them begin with, and a plain
/// comparison of the first value without its name: `≥ 0.99`.
#[must_use]
pub fn short(condition: &Safe) -> Safe {
    if condition.is_marked() {
        return condition.clone();
    }
    let guard = |part: &str| part.starts_with("len(") || part.starts_with("isNaN(") || part.starts_with("isInf(");
    let text = condition.as_str();
    let mut parts = text.split(" || ").filter(|part| !guard(part.trim()));
    let (Some(only), None) = (parts.next(), parts.next()) else { return condition.clone() };
    let comparison = only.trim().strip_prefix("result[0] ").or_else(|| only.trim().strip_prefix("result "));
    let Some((operator, number)) = comparison.and_then(|rest| rest.split_once(' ')) else {
        return Safe::line(only.trim());
    };
    match (operator, number.parse::<f64>()) {
        (">=", Ok(_)) => safe!("≥ {}", Safe::line(number)),
        ("<=", Ok(_)) => safe!("≤ {}", Safe::line(number)),
        (">" | "<" | "==" | "!=", Ok(_)) => safe!("{} {}", Safe::line(operator), Safe::line(number)),
        _ => Safe::line(only.trim()),
    }
}

/// The number that a plain comparison holds the value against.
#[must_use]
pub fn bound(condition: &Safe) -> Option<f64> {
    let text = short(condition);
    let number = text.as_str().split_once(' ').map(|(_, number)| number.trim());
    number?.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_and_the_name_of_the_only_value_go() {
        for (written, read) in [
            ("len(result) == 0 || isNaN(result[0]) || result[0] >= 0.99", "≥ 0.99"),
            ("result[0] <= 0.002", "≤ 0.002"),
            ("result < 5", "< 5"),
            ("result[0] >= 0.99 && result[1] < 3", "result[0] >= 0.99 && result[1] < 3"),
            ("result[0] <= 1 || result[1] <= 1", "result[0] <= 1 || result[1] <= 1"),
            ("all(result, {# < 1})", "all(result, {# < 1})"),
            ("", ""),
        ] {
            assert_eq!(short(&Safe::line(written)).as_str(), read, "{written}");
            let number =
                read.split_once(' ').filter(|_| read.chars().count() < 8).and_then(|(_, number)| number.parse().ok());
            assert_eq!(bound(&Safe::line(written)), number, "{written}");
        }
    }
}
