//! Queries made from queries: the stable arm's from the canary's, and from a ratio what is counted
//! above and below its line (slo.md §3.4). Everything goes through the parser; text is never patched,
//! except for the `{arm}` of the configuration.

mod latency;

use std::sync::Arc;
use std::time::Duration;

use promql_parser::label::{MatchOp, Matcher, Matchers};
use promql_parser::parser::token::{T_DIV, T_LOR, T_MUL, T_SUB};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{self, BinaryExpr, Expr};

use crate::model::slo::{ArmMetric, ArmQuery};

pub use latency::{bound, to_seconds};

/// What the configuration writes where the name of the arm stands.
pub const ARM: &str = "{arm}";

/// The names by which a Rollout's two arms are told apart.
#[derive(Debug, Clone, Default)]
pub struct ArmNames<'a> {
    /// `spec.strategy.canary.canaryService` and `.stableService`.
    pub services: Option<(&'a str, &'a str)>,
    /// `rollouts-pod-template-hash` of the canary and of the stable ReplicaSet.
    pub hashes: Option<(&'a str, &'a str)>,
}

/// What the value of a query says of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Share of failures.
    Failure,
    /// Share of successes.
    Success,
}

/// A query of both arms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arms {
    pub metric: ArmMetric,
    pub canary: ArmQuery,
    pub stable: ArmQuery,
    /// What the counts look back on; `None` without counts.
    pub window: Option<Duration>,
    /// Of a quantile: its counts are of the requests that took longer.
    pub slow_over: Option<Duration>,
}

/// Both arms from a query that has `{arm}` where its name stands. `None`: it has none, or is no PromQL.
#[must_use]
pub fn from_placeholder(query: &str, metric: ArmMetric, sense: Sense) -> Option<Arms> {
    if !query.contains(ARM) {
        return None;
    }
    let arm = |name| parser::parse(&query.replace(ARM, name)).ok();
    let (canary, stable) = (arm("canary")?, arm("stable")?);
    // A share of slow requests is no duration.
    match (metric, latency::share(&canary)) {
        (ArmMetric::Latency, Some(sense)) => Some(arms(ArmMetric::Slow, &canary, &stable, sense)),
        _ => Some(arms(metric, &canary, &stable, sense)),
    }
}

/// Why a query with `{arm}` in it is no PromQL, of whichever arm.
#[must_use]
pub fn fault_of_placeholder(query: &str) -> Option<String> {
    ["canary", "stable"].iter().find_map(|arm| parser::parse(&query.replace(ARM, arm)).err())
}

/// Both arms from the canary's query of an analysis. `None`: nothing in it names the canary, so that
/// the stable arm's cannot be known, or it is no PromQL.
#[must_use]
pub fn from_canary(query: &str, names: &ArmNames<'_>, sense: Sense) -> Option<Arms> {
    let canary = parser::parse(query).ok()?;
    let mut stable = canary.clone();
    let mut changed = false;
    selectors(&mut stable, &mut |matcher| {
        if let Some(value) = swapped(matcher, names) {
            matcher.value = value;
            changed = true;
        }
    });
    changed.then(|| arms(kind(&canary), &canary, &stable, sense))
}

fn arms(metric: ArmMetric, canary: &Expr, stable: &Expr, sense: Sense) -> Arms {
    let (first, second) = (arm(metric, canary, sense), arm(metric, stable, sense));
    let window = first.counts.is_some().then(|| window(canary)).flatten();
    Arms { metric, canary: first, stable: second, window, slow_over: None }
}

fn arm(metric: ArmMetric, query: &Expr, sense: Sense) -> ArmQuery {
    let value = |text: String| Arc::from(text);
    if metric == ArmMetric::Latency {
        return ArmQuery { value: value(query.to_string()), counts: None };
    }
    match division(query) {
        Some(ratio) => {
            let failures = (sense == Sense::Failure) != ratio.complement;
            let (above, below) = (ratio.above, ratio.below);
            let share = format!("({}) / ({below})", guarded(above, below));
            let share = if failures { share } else { format!("1 - {share}") };
            ArmQuery { value: value(share), counts: counts(above, below, failures) }
        }
        None if sense == Sense::Success => ArmQuery { value: value(format!("1 - ({query})")), counts: None },
        None => ArmQuery { value: value(query.to_string()), counts: None },
    }
}

/// The value of a label of the canary as the stable arm has it.
fn swapped(matcher: &Matcher, names: &ArmNames<'_>) -> Option<String> {
    let value = matcher.value.as_str();
    let word = match value {
        "canary" => Some("stable".to_owned()),
        _ => names.services.and_then(|(canary, stable)| {
            let rest = value.strip_prefix(canary)?;
            // `checkout-canary.prod.svc.cluster.local` is the same service.
            (rest.is_empty() || rest.starts_with('.')).then(|| format!("{stable}{rest}"))
        }),
    };
    let pod = || {
        let (canary, stable) = names.hashes?;
        let is_pattern = matches!(matcher.op, MatchOp::Re(_) | MatchOp::NotRe(_));
        (!canary.is_empty() && (value == canary || is_pattern && value.contains(canary)))
            .then(|| value.replace(canary, stable))
    };
    word.or_else(pod)
}

/// Every label matcher of an expression.
fn selectors(expr: &mut Expr, each: &mut impl FnMut(&mut Matcher)) {
    selected(expr, &mut |matchers| {
        let more = matchers.or_matchers.iter_mut().flatten();
        matchers.matchers.iter_mut().chain(more).for_each(&mut *each);
    });
}

/// Every set of them.
pub(super) fn selected(expr: &mut Expr, each: &mut dyn FnMut(&mut Matchers)) {
    match expr {
        Expr::VectorSelector(selector) => each(&mut selector.matchers),
        Expr::MatrixSelector(selector) => each(&mut selector.vs.matchers),
        other => inside_mut(other, &mut |inner| selected(inner, each)),
    }
}

pub(super) fn inside_mut(expr: &mut Expr, each: &mut dyn FnMut(&mut Expr)) {
    match expr {
        Expr::Aggregate(inner) => each(&mut inner.expr),
        Expr::Unary(inner) => each(&mut inner.expr),
        Expr::Binary(inner) => {
            each(&mut inner.lhs);
            each(&mut inner.rhs);
        }
        Expr::Paren(inner) => each(&mut inner.expr),
        Expr::Subquery(inner) => each(&mut inner.expr),
        Expr::Call(call) => call.args.args.iter_mut().for_each(|arg| each(arg)),
        _ => {}
    }
}

fn inside(expr: &Expr, each: &mut dyn FnMut(&Expr)) {
    match expr {
        Expr::Aggregate(inner) => each(&inner.expr),
        Expr::Unary(inner) => each(&inner.expr),
        Expr::Binary(inner) => {
            each(&inner.lhs);
            each(&inner.rhs);
        }
        Expr::Paren(inner) => each(&inner.expr),
        Expr::Subquery(inner) => each(&inner.expr),
        Expr::Call(call) => call.args.args.iter().for_each(|arg| each(arg)),
        _ => {}
    }
}

/// A share: what stands above and below its line, and whether it is taken from 1.
pub(super) struct Ratio<'a> {
    pub(super) above: &'a Expr,
    pub(super) below: &'a Expr,
    pub(super) complement: bool,
}

/// The division inside `1 - A/B`, brackets, `A/B or vector(0)`, `100 * A/B`.
pub(super) fn division(expr: &Expr) -> Option<Ratio<'_>> {
    match expr {
        Expr::Paren(inner) => division(&inner.expr),
        Expr::Binary(binary) => match binary.op.id() {
            T_DIV => Some(Ratio { above: without_percent(&binary.lhs), below: &binary.rhs, complement: false }),
            T_SUB if is(&binary.lhs, 1.0) || is(&binary.lhs, 100.0) => {
                let inner = division(&binary.rhs)?;
                Some(Ratio { complement: !inner.complement, ..inner })
            }
            T_LOR => division(&binary.lhs),
            T_MUL if is(&binary.lhs, 100.0) => division(&binary.rhs),
            T_MUL if is(&binary.rhs, 100.0) => division(&binary.lhs),
            _ => None,
        },
        _ => None,
    }
}

/// `100 * A / B` is read as `(100 * A) / B`.
fn without_percent(expr: &Expr) -> &Expr {
    match expr {
        Expr::Binary(binary) if binary.op.id() == T_MUL && is(&binary.lhs, 100.0) => &binary.rhs,
        Expr::Binary(binary) if binary.op.id() == T_MUL && is(&binary.rhs, 100.0) => &binary.lhs,
        other => other,
    }
}

fn is(expr: &Expr, value: f64) -> bool {
    matches!(expr, Expr::NumberLiteral(literal) if (literal.val - value).abs() < 1e-9)
}

/// What stands above a line; where that was never born it is 0 of what stands below, not nothing: a
/// canary that never failed has no series of failures (slo.md §1.2). A number cannot be missing, and
/// PromQL takes no `or` beside one.
fn guarded(above: &Expr, below: &Expr) -> String {
    let is_number = |side: &Expr| side.value_type() == ValueType::Scalar;
    if is_number(above) || is_number(below) {
        return above.to_string();
    }
    format!("({above}) or 0 * ({below})")
}

/// Failed and all requests over the window, guarded in the same way.
fn counts(above: &Expr, below: &Expr, failures: bool) -> Option<(Arc<str>, Arc<str>)> {
    let (above, below) = (counted(above)?, counted(below)?);
    let some = format!("({above}) or 0 * ({below})");
    let failed = if failures { some } else { format!("({below}) - ({some})") };
    Some((Arc::from(failed), Arc::from(below)))
}

/// The expression with every `rate` an `increase`; `None` when it counts nothing.
pub(super) fn counted(expr: &Expr) -> Option<String> {
    let mut made = expr.clone();
    let mut calls = Calls::default();
    to_increase(&mut made, &mut calls);
    (calls.counting > 0 && calls.other == 0).then(|| made.to_string())
}

#[derive(Default)]
struct Calls {
    counting: u32,
    /// What makes no count: quantiles, averages, bare gauges.
    other: u32,
}

fn to_increase(expr: &mut Expr, calls: &mut Calls) {
    match expr {
        Expr::Call(call) => match call.func.name {
            "rate" | "irate" | "increase" => {
                call.func.name = "increase";
                calls.counting += 1;
                return;
            }
            "vector" => return,
            "sum_over_time" | "clamp_min" | "clamp_max" | "label_replace" | "scalar" => {}
            _ => calls.other += 1,
        },
        Expr::Aggregate(aggregate) if aggregate.op.to_string() != "sum" => calls.other += 1,
        Expr::VectorSelector(_) => calls.other += 1,
        _ => {}
    }
    inside_mut(expr, &mut |inner| to_increase(inner, calls));
}

/// The look-back of the first range in it.
#[must_use]
pub fn window_of(query: &str) -> Option<Duration> {
    window(&parser::parse(query).ok()?)
}

fn window(expr: &Expr) -> Option<Duration> {
    if let Expr::MatrixSelector(selector) = expr {
        return Some(selector.range);
    }
    let mut found = None;
    inside(expr, &mut |inner| found = found.or_else(|| window(inner)));
    found
}

/// A quantile or a mean of durations is a latency, everything else a share: of slow requests where
/// buckets are counted.
fn kind(expr: &Expr) -> ArmMetric {
    let mut latency = false;
    visit(expr, &mut |inner| match inner {
        Expr::Call(call) => latency |= call.func.name.starts_with("histogram_"),
        Expr::Binary(BinaryExpr { op, lhs, .. }) if op.id() == T_DIV => {
            visit(lhs, &mut |side| latency |= metric_name(side).is_some_and(|name| name.ends_with("_sum")));
        }
        _ => {}
    });
    match latency {
        true => ArmMetric::Latency,
        false if latency::share(expr).is_some() => ArmMetric::Slow,
        false => ArmMetric::Errors,
    }
}

fn visit(expr: &Expr, each: &mut dyn FnMut(&Expr)) {
    each(expr);
    inside(expr, &mut |inner| visit(inner, each));
}

fn metric_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::VectorSelector(selector) => selector.name.as_deref(),
        Expr::MatrixSelector(selector) => selector.vs.name.as_deref(),
        _ => None,
    }
}

/// What a value of the metric says, from the conditions of the analysis: `result[0] >= 0.95` is
/// wanted of successes, `result[0] <= 0.05` of failures. `None`: they do not tell.
#[must_use]
pub fn sense(success: Option<&str>, failure: Option<&str>) -> Option<Sense> {
    let wanted = success.and_then(compared).map(|more| if more { Sense::Success } else { Sense::Failure });
    wanted.or_else(|| failure.and_then(compared).map(|more| if more { Sense::Failure } else { Sense::Success }))
}

/// Whether the condition asks for a result over a bound (`true`) or below one.
fn compared(condition: &str) -> Option<bool> {
    let tokens = condition.replace(' ', "");
    let mut rest = tokens.as_str();
    while let Some(at) = rest.find("result") {
        rest = &rest[at + "result".len()..];
        let after = rest.strip_prefix("[0]").unwrap_or(rest);
        match after.as_bytes().first() {
            Some(b'>') => return Some(true),
            Some(b'<') => return Some(false),
            _ => {}
        }
    }
    None
}
