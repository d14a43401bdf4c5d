//! Arithmetic, comparisons and sets, with the matching of vectors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use promql_parser::parser::token::{
    T_ADD, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LOR, T_LSS, T_LTE, T_MOD, T_MUL, T_NEQ, T_POW, T_SUB, TokenId,
};
use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality};

use super::eval::{Answer, Eval, Refused, Sample};
use super::labels::{Labels, NAME};

pub(super) fn binary(eval: &Eval, expr: &BinaryExpr, at: i64) -> Result<Answer, Refused> {
    let (left, right) = (eval.eval(&expr.lhs, at)?, eval.eval(&expr.rhs, at)?);
    let op = Op { id: expr.op.id(), comparison: expr.op.is_comparison_operator(), bool: expr.return_bool() };
    if expr.op.is_set_operator() {
        let (Answer::Vector(left), Answer::Vector(right)) = (left, right) else {
            return Err(format!("set operator {} not allowed in binary scalar expression", expr.op));
        };
        return Ok(Answer::Vector(sets(op.id, expr.modifier.as_ref(), left, right)));
    }
    if op.value(1.0, 1.0).is_none() {
        return Err(format!("operator {} is not supported here", expr.op));
    }
    match (left, right) {
        (Answer::Scalar(left), Answer::Scalar(right)) => Ok(Answer::Scalar(op.value(left, right).unwrap_or(f64::NAN))),
        (Answer::Vector(left), Answer::Scalar(right)) => {
            Ok(Answer::Vector(left.into_iter().filter_map(|it| op.with(it.value, right, it.value, it)).collect()))
        }
        (Answer::Scalar(left), Answer::Vector(right)) => {
            Ok(Answer::Vector(right.into_iter().filter_map(|it| op.with(left, it.value, it.value, it)).collect()))
        }
        (Answer::Vector(left), Answer::Vector(right)) => {
            matched(&op, expr.modifier.as_ref(), left, right).map(Answer::Vector)
        }
        _ => Err(format!("operator {} on ranges or strings", expr.op)),
    }
}

struct Op {
    id: TokenId,
    comparison: bool,
    bool: bool,
}

impl Op {
    /// The result; of a comparison 1 or 0.
    fn value(&self, left: f64, right: f64) -> Option<f64> {
        let truth = |truth: bool| f64::from(u8::from(truth));
        Some(match self.id {
            T_ADD => left + right,
            T_SUB => left - right,
            T_MUL => left * right,
            T_DIV => left / right,
            T_MOD => left % right,
            T_POW => left.powf(right),
            T_GTR => truth(left > right),
            T_LSS => truth(left < right),
            T_GTE => truth(left >= right),
            T_LTE => truth(left <= right),
            #[allow(clippy::float_cmp, reason = "PromQL compares as it says")]
            T_EQLC => truth(left == right),
            #[allow(clippy::float_cmp, reason = "PromQL compares as it says")]
            T_NEQ => truth(left != right),
            _ => return None,
        })
    }

    /// A sample with the result: a comparison keeps those that are so, or says 1 or 0.
    fn with(&self, left: f64, right: f64, kept: f64, mut sample: Sample) -> Option<Sample> {
        let value = self.value(left, right)?;
        if self.comparison && !self.bool {
            sample.value = kept;
            return (value > 0.0).then_some(sample);
        }
        sample.labels = sample.labels.nameless();
        sample.value = value;
        Some(sample)
    }
}

/// The labels that two samples must share.
fn key(modifier: Option<&BinModifier>, labels: &Labels) -> Labels {
    match modifier.and_then(|it| it.matching.as_ref()) {
        Some(LabelModifier::Include(on)) => labels.kept(|name| on.labels.iter().any(|it| it == name)),
        Some(LabelModifier::Exclude(ignoring)) => {
            labels.kept(|name| name != NAME && ignoring.labels.iter().all(|it| it != name))
        }
        None => labels.nameless(),
    }
}

fn sets(op: TokenId, modifier: Option<&BinModifier>, left: Vec<Sample>, right: Vec<Sample>) -> Vec<Sample> {
    let keys =
        |samples: &[Sample]| -> BTreeSet<Labels> { samples.iter().map(|it| key(modifier, &it.labels)).collect() };
    if op == T_LOR {
        let has = keys(&left);
        let more = right.into_iter().filter(|it| !has.contains(&key(modifier, &it.labels)));
        return left.into_iter().chain(more).collect();
    }
    let has = keys(&right);
    let wanted = op == T_LAND;
    left.into_iter().filter(|it| has.contains(&key(modifier, &it.labels)) == wanted).collect()
}

fn matched(
    op: &Op,
    modifier: Option<&BinModifier>,
    left: Vec<Sample>,
    right: Vec<Sample>,
) -> Result<Vec<Sample>, Refused> {
    if modifier.is_some_and(|it| it.fill_values.lhs.is_some() || it.fill_values.rhs.is_some()) {
        return Err("fill modifiers are not supported here".to_owned());
    }
    let card = modifier.map_or(&VectorMatchCardinality::OneToOne, |it| &it.card);
    let flipped = matches!(card, VectorMatchCardinality::OneToMany(_));
    let (many, one) = if flipped { (right, left) } else { (left, right) };
    let mut ones: BTreeMap<Labels, Sample> = BTreeMap::new();
    for sample in one {
        let key = key(modifier, &sample.labels);
        if ones.insert(key, sample).is_some() {
            let side = if flipped { "left" } else { "right" };
            return Err(format!(
                "found duplicate series for the match group on the {side} hand-side of the operation;many-to-many matching not allowed: matching labels must be unique on one side"
            ));
        }
    }
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for sample in many {
        let key = key(modifier, &sample.labels);
        let Some(other) = ones.get(&key) else { continue };
        if card.labels().is_none() && !seen.insert(key.clone()) {
            return Err("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                .to_owned());
        }
        let (a, b) = if flipped { (other.value, sample.value) } else { (sample.value, other.value) };
        let other = other.labels.clone();
        if let Some(mut result) = op.with(a, b, a, sample) {
            match card.labels() {
                None if modifier.is_some_and(|it| it.matching.is_some()) => result.labels = key,
                None => {}
                Some(include) => {
                    for name in &include.labels {
                        let name: Arc<str> = Arc::from(name.as_str());
                        let value = other.find(&name).cloned().unwrap_or_else(|| Arc::from(""));
                        result.labels.set(&name, &value);
                    }
                }
            }
            out.push(result);
        }
    }
    Ok(out)
}
