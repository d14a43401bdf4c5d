//! Functions of PromQL.

use std::collections::BTreeMap;
use std::sync::Arc;

use promql_parser::parser::{Call, Expr};

use super::eval::{Answer, Eval, Refused, Sample};
use super::labels::{Labels, NAME};
use super::range::OVER;

pub(super) fn call(eval: &Eval, call: &Call, at: i64) -> Result<Answer, Refused> {
    let name = call.func.name;
    let arg = |index: usize| -> Result<&Expr, Refused> {
        call.args.args.get(index).map(|arg| &**arg).ok_or_else(|| format!("{name}: argument {} is missing", index + 1))
    };
    if OVER.contains(&name) {
        return eval.over_time(name, arg(0)?, at);
    }
    let each = |f: &dyn Fn(f64) -> f64| Ok(Answer::Vector(self::each(eval.vector(arg(0)?, at)?, f)));
    match name {
        "time" => Ok(Answer::Scalar(at as f64 / 1_000.0)),
        "vector" => {
            let value = eval.scalar(arg(0)?, at)?;
            Ok(Answer::Vector(vec![Sample { labels: Labels::default(), value, at }]))
        }
        "scalar" => match eval.vector(arg(0)?, at)?.as_slice() {
            [one] => Ok(Answer::Scalar(one.value)),
            _ => Ok(Answer::Scalar(f64::NAN)),
        },
        "timestamp" => {
            let mut samples = eval.vector(arg(0)?, at)?;
            for sample in &mut samples {
                sample.value = sample.at as f64 / 1_000.0;
                sample.labels = sample.labels.nameless();
            }
            Ok(Answer::Vector(samples))
        }
        "absent" => {
            let absent = eval.vector(arg(0)?, at)?.is_empty();
            let one = Sample { labels: absent_labels(arg(0)?), value: 1.0, at };
            Ok(Answer::Vector(absent.then_some(one).into_iter().collect()))
        }
        "label_replace" => label_replace(eval, call, at),
        "abs" => each(&f64::abs),
        "ceil" => each(&f64::ceil),
        "floor" => each(&f64::floor),
        "sqrt" => each(&f64::sqrt),
        "clamp_min" => {
            let low = eval.scalar(arg(1)?, at)?;
            each(&|value| value.max(low))
        }
        "clamp_max" => {
            let high = eval.scalar(arg(1)?, at)?;
            each(&|value| value.min(high))
        }
        "clamp" => {
            let (low, high) = (eval.scalar(arg(1)?, at)?, eval.scalar(arg(2)?, at)?);
            each(&|value| value.max(low).min(high))
        }
        "round" => each(&f64::round),
        "histogram_quantile" => {
            let quantile = eval.scalar(arg(0)?, at)?;
            Ok(Answer::Vector(histogram_quantile(quantile, eval.vector(arg(1)?, at)?, at)))
        }
        _ => Err(format!("function {name} is not supported here")),
    }
}

/// Writes a label from another one where the whole of it fits the pattern.
fn label_replace(eval: &Eval, call: &Call, at: i64) -> Result<Answer, Refused> {
    let [samples, rest @ ..] = call.args.args.as_slice() else { return Ok(Answer::Vector(Vec::new())) };
    let mut words = Vec::new();
    for word in rest {
        let Expr::StringLiteral(word) = &**word else { return Err("label_replace: a string is wanted".to_owned()) };
        words.push(word.val.as_str());
    }
    let [to, replacement, from, pattern] = words.as_slice() else {
        return Err("label_replace: four strings are wanted".to_owned());
    };
    let wrong = |_| format!("invalid regular expression in label_replace(): {pattern}");
    let pattern = regex::Regex::new(&format!("^(?s:{pattern})$")).map_err(wrong)?;
    let mut samples = eval.vector(samples, at)?;
    let to: Arc<str> = Arc::from(*to);
    for sample in &mut samples {
        let replaced = pattern.captures(sample.labels.get(from)).map(|found| {
            let mut value = String::new();
            found.expand(replacement, &mut value);
            Arc::from(value)
        });
        if let Some(value) = replaced {
            sample.labels.set(&to, &value);
        }
    }
    Ok(Answer::Vector(samples))
}

/// A function of each value; the metric's name goes.
pub(super) fn each(mut samples: Vec<Sample>, f: impl Fn(f64) -> f64) -> Vec<Sample> {
    for sample in &mut samples {
        sample.value = f(sample.value);
        sample.labels = sample.labels.nameless();
    }
    samples
}

/// The labels that the selector of `absent` asks for.
fn absent_labels(expr: &Expr) -> Labels {
    let Expr::VectorSelector(selector) = expr else { return Labels::default() };
    let equal = |it: &&promql_parser::label::Matcher| matches!(it.op, promql_parser::label::MatchOp::Equal);
    let pairs: Vec<(&str, &str)> =
        selector.matchers.matchers.iter().filter(equal).map(|it| (it.name.as_str(), it.value.as_str())).collect();
    Labels::of(&pairs).nameless()
}

/// A bucket: its upper bound and how many are within.
type Bucket = (f64, f64);

fn histogram_quantile(quantile: f64, samples: Vec<Sample>, at: i64) -> Vec<Sample> {
    let mut groups: BTreeMap<Labels, Vec<Bucket>> = BTreeMap::new();
    for sample in samples {
        if let Ok(bound) = sample.labels.get("le").parse::<f64>() {
            let group = sample.labels.kept(|name| name != "le" && name != NAME);
            groups.entry(group).or_default().push((bound, sample.value));
        }
    }
    let value = |mut buckets: Vec<Bucket>| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        interpolated(quantile, &buckets)
    };
    groups.into_iter().map(|(labels, buckets)| Sample { labels, value: value(buckets), at }).collect()
}

/// Linear within the bucket that holds the quantile, as Prometheus does it.
fn interpolated(quantile: f64, buckets: &[Bucket]) -> f64 {
    if quantile.is_nan() || buckets.len() < 2 {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    let (last, all) = buckets[buckets.len() - 1];
    if last.is_finite() || all == 0.0 || all.is_nan() {
        return f64::NAN;
    }
    let rank = quantile * all;
    let index = buckets.iter().position(|(_, count)| *count >= rank).unwrap_or(buckets.len() - 1);
    if index == buckets.len() - 1 {
        return buckets[index - 1].0;
    }
    let (bound, count) = buckets[index];
    let (from, below) = if index == 0 { (0.0, 0.0) } else { buckets[index - 1] };
    from + (bound - from) * (rank - below) / (count - below)
}
