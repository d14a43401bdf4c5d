//! Latency as two proportions: requests slower than a bound, of all requests (slo.md §3.4).

use std::sync::Arc;
use std::time::Duration;

use promql_parser::label::Matcher;
use promql_parser::parser::token::{T_DIV, T_EQL, T_EQL_REGEX, T_MUL, T_SUB, TokenId};
use promql_parser::parser::{self, Expr, MatrixSelector};

use super::{Arms, Sense, division, is, metric_name, visit};
use crate::model::slo::{ArmMetric, ArmQuery};

/// What the value says, where it is the share of requests within a bound or over it: above the line
/// buckets are counted.
pub(super) fn share(query: &Expr) -> Option<Sense> {
    let ratio = division(query)?;
    let mut quantile = false;
    let mut bucket = false;
    visit(query, &mut |inner| {
        quantile |= matches!(inner, Expr::Call(call) if call.func.name.starts_with("histogram_"));
    });
    visit(ratio.above, &mut |inner| {
        bucket |= matches!(inner, Expr::MatrixSelector(it) if it.vs.matchers.matchers.iter().any(|it| it.name == "le"));
    });
    let rest = matches!(unwrapped(ratio.above), Expr::Binary(binary) if binary.op.id() == T_SUB);
    (bucket && !quantile).then_some(if rest == ratio.complement { Sense::Success } else { Sense::Failure })
}

fn unwrapped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => unwrapped(&inner.expr),
        other => other,
    }
}

/// The number that a condition holds the result against: 0.5 of `result[0] <= 0.5`.
#[must_use]
pub fn bound(condition: &str) -> Option<f64> {
    let tokens = condition.replace(' ', "");
    tokens.split("result").skip(1).find_map(|rest| {
        let number = rest.strip_prefix("[0]").unwrap_or(rest).strip_prefix(['<', '>'])?.trim_start_matches('=');
        let end = number.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(number.len());
        number[..end].parse().ok()
    })
}

/// What a value of the query is multiplied by to be seconds. By the name of its metric it may be in
/// milliseconds, unless the query itself divides by a thousand.
#[must_use]
pub fn to_seconds(query: &str) -> f64 {
    let Ok(expr) = parser::parse(query) else { return 1.0 };
    let (mut millis, mut divided) = (false, false);
    visit(&expr, &mut |inner| {
        millis |= metric_name(inner).is_some_and(|name| name.contains("_milliseconds"));
        if let Expr::Binary(binary) = inner {
            divided |= binary.op.id() == T_DIV && is(&binary.rhs, 1000.0);
            divided |= binary.op.id() == T_MUL && (is(&binary.rhs, 0.001) || is(&binary.lhs, 0.001));
        }
    });
    if millis && !divided { 0.001 } else { 1.0 }
}

impl Arms {
    /// Of a quantile of a histogram, counts the requests that took longer than `value`, in the unit of
    /// the query. Where no bucket ends there, its query has no answer, and the quantile stands alone.
    #[must_use]
    pub fn slower_than(self, value: f64) -> Self {
        let Ok(bound) = Duration::try_from_secs_f64(value * to_seconds(&self.canary.value)) else { return self };
        if self.metric != ArmMetric::Latency || self.canary.counts.is_some() || bound.is_zero() {
            return self;
        }
        let counts = |arm: &ArmQuery| slow(&parser::parse(&arm.value).ok()?, value);
        let (Some((canary, window)), Some((stable, _))) = (counts(&self.canary), counts(&self.stable)) else {
            return self;
        };
        let arm = |arm: ArmQuery, counts| ArmQuery { counts: Some(counts), ..arm };
        Self {
            metric: self.metric,
            canary: arm(self.canary, canary),
            stable: arm(self.stable, stable),
            window: Some(window),
            slow_over: Some(bound),
        }
    }
}

type Counts = ((Arc<str>, Arc<str>), Duration);

/// Slow and all requests of the buckets that a quantile is of.
fn slow(query: &Expr, bound: f64) -> Option<Counts> {
    let mut found: Vec<MatrixSelector> = Vec::new();
    let mut quantiles = 0;
    visit(query, &mut |inner| match inner {
        Expr::Call(call) if call.func.name == "histogram_quantile" => quantiles += 1,
        Expr::MatrixSelector(selector) => found.push(selector.clone()),
        _ => {}
    });
    let [buckets] = found.as_slice() else { return None };
    let named = buckets.vs.name.as_deref().is_some_and(|name| name.ends_with("_bucket"));
    if !named || quantiles != 1 || buckets.vs.matchers.matchers.iter().any(|matcher| matcher.name == "le") {
        return None;
    }
    let counted = |op: TokenId, value: String| {
        let mut buckets = buckets.clone();
        buckets.vs.matchers.matchers.push(Matcher::new_matcher(op, "le".to_owned(), value).ok()?);
        Some(format!("sum(increase({}))", Expr::MatrixSelector(buckets)))
    };
    let all = counted(T_EQL, "+Inf".to_owned())?;
    let within = counted(T_EQL_REGEX, le(bound))?;
    Some(((Arc::from(format!("({all}) - ({within})")), Arc::from(all)), buckets.range))
}

/// The bound as a label has it: Prometheus 3 writes `1.0` where others write `1`.
fn le(bound: f64) -> String {
    let text = bound.to_string();
    match text.split_once('.') {
        Some((whole, part)) => format!("{whole}[.]{part}0*"),
        None => format!("{text}([.]0+)?"),
    }
}
