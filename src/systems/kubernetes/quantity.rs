//! Quantities of Kubernetes: `250m`, `1.5`, `2Gi`, `1e3`.

/// `used` of `hard` in thousandths; `None` where one of them is no quantity, or nothing is allowed at all.
pub(super) fn share(used: &str, hard: &str) -> Option<u64> {
    let (used, hard) = (value(used)?, value(hard)?);
    if hard <= 0.0 {
        return None;
    }
    // A float becomes the nearest number of the type, so no quantity leads out of it.
    Some((used / hard * 1000.0).round() as u64)
}

fn value(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 15] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let text = text.trim();
    let (number, factor) =
        SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor))).unwrap_or((text, 1.0));
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || b".+-eE".contains(&byte));
    let value = number.parse::<f64>().ok().filter(|_| plain)?;
    value.is_finite().then_some(value * factor)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_of_quantities_in_any_unit() {
        for (used, hard, expected) in [
            ("4", "4", Some(1000)),
            ("0", "4", Some(0)),
            ("250m", "1", Some(250)),
            ("1500m", "2", Some(750)),
            ("512Mi", "1Gi", Some(500)),
            ("1e3", "2k", Some(500)),
            ("3", "2", Some(1500)),
            ("1", "0", None),
            ("", "4", None),
            ("many", "4", None),
            ("inf", "4", None),
            ("NaN", "4", None),
        ] {
            assert_eq!(share(used, hard), expected, "{used} of {hard}");
        }
    }
}
