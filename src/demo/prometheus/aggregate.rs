//! `sum`, `avg`, `count`, `min`, `max` and `group`, by or without labels.

use std::collections::BTreeMap;

use promql_parser::parser::token::{T_AVG, T_COUNT, T_GROUP, T_MAX, T_MIN, T_SUM};
use promql_parser::parser::{AggregateExpr, LabelModifier};

use super::eval::{Eval, Refused, Sample};
use super::labels::{Labels, NAME};

pub(super) fn aggregate(eval: &Eval, expr: &AggregateExpr, at: i64) -> Result<Vec<Sample>, Refused> {
    let op = expr.op.id();
    if ![T_SUM, T_AVG, T_COUNT, T_MIN, T_MAX, T_GROUP].contains(&op) {
        return Err(format!("aggregation {} is not supported here", expr.op));
    }
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for sample in eval.vector(&expr.expr, at)? {
        let group = match &expr.modifier {
            None => Labels::default(),
            Some(LabelModifier::Include(by)) => sample.labels.kept(|name| by.labels.iter().any(|it| it == name)),
            Some(LabelModifier::Exclude(without)) => {
                sample.labels.kept(|name| name != NAME && without.labels.iter().all(|it| it != name))
            }
        };
        groups.entry(group).or_default().push(sample.value);
    }
    let value = |values: &[f64]| {
        let sum: f64 = values.iter().sum();
        match op {
            T_SUM => sum,
            T_AVG => sum / values.len() as f64,
            T_COUNT => values.len() as f64,
            T_MIN => values.iter().copied().fold(f64::NAN, f64::min),
            T_MAX => values.iter().copied().fold(f64::NAN, f64::max),
            _ => 1.0,
        }
    };
    Ok(groups.into_iter().map(|(labels, values)| Sample { labels, value: value(&values), at }).collect())
}
