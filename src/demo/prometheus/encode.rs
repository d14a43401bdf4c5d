//! Answers as Prometheus writes them: times as numbers, values as strings.

use std::fmt::Write as _;

use serde_json::Value;

use super::eval::Sample;
use super::labels::Labels;

/// A value as Go writes a float.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// A value as the alerts have it: `1e+00`.
pub(super) fn exponent(value: f64) -> String {
    if !value.is_finite() {
        return float(value);
    }
    let text = format!("{value:e}");
    let Some((digits, power)) = text.split_once('e') else { return text };
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{digits}e{sign}{power:0>2}")
}

fn point(out: &mut String, at: i64, value: f64) {
    let (seconds, rest) = (at.div_euclid(1_000), at.rem_euclid(1_000));
    // Writing to a string does not fail.
    let _ = if rest == 0 { write!(out, "[{seconds},") } else { write!(out, "[{seconds}.{rest:03},") };
    let _ = write!(out, "\"{}\"]", float(value));
}

/// The labels as an object.
pub(super) fn labels(labels: &Labels) -> Value {
    labels.pairs().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>().into()
}

fn result(kind: &str, result: &str) -> String {
    format!("{{\"resultType\":\"{kind}\",\"result\":{result}}}")
}

pub(super) fn scalar(at: i64, value: f64) -> String {
    let mut out = String::new();
    point(&mut out, at, value);
    result("scalar", &out)
}

pub(super) fn text(at: i64, text: &str) -> String {
    result("string", &format!("[{},{}]", at as f64 / 1_000.0, Value::from(text)))
}

pub(super) fn vector(at: i64, samples: &[Sample]) -> String {
    let mut out = String::from("[");
    for (index, sample) in samples.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{{\"metric\":{},\"value\":", labels(&sample.labels));
        point(&mut out, at, sample.value);
        out.push('}');
    }
    out.push(']');
    result("vector", &out)
}

pub(super) fn matrix(series: &[(Labels, Vec<(i64, f64)>)]) -> String {
    let mut out = String::from("[");
    for (index, (of, points)) in series.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{{\"metric\":{},\"values\":[", labels(of));
        for (index, (at, value)) in points.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            point(&mut out, *at, *value);
        }
        out.push_str("]}");
    }
    out.push(']');
    result("matrix", &out)
}
