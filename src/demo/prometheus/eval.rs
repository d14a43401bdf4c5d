//! PromQL over a snapshot: what an expression gives at one moment. What is not built is refused by
//! name, never answered with something else.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use promql_parser::parser::{AtModifier, Expr, Offset, VectorSelector};

use super::labels::Labels;
use super::snapshot::{Snapshot, matches};
use super::{aggregate, binary, functions};

/// One series at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: Labels,
    pub(super) value: f64,
    /// When it was taken.
    pub(super) at: i64,
}

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Scalar(f64),
    Text(String),
    Vector(Vec<Sample>),
    /// The raw samples of a selector with a range.
    Matrix(Vec<(Labels, Vec<(i64, f64)>)>),
}

/// Why a query was not answered, in Prometheus' words: 422.
pub(super) type Refused = String;

/// Samples by rule and moment.
type Recorded = HashMap<(usize, i64), Rc<Vec<Sample>>>;

/// More than this many evaluations of parts is no honest question to a demo.
const MOST: u32 = 4_000_000;

/// An evaluation. Times are in milliseconds.
pub(super) struct Eval<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// Nothing later is known.
    pub(super) now: i64,
    /// What `@ start()` and `@ end()` mean.
    span: (i64, i64),
    pub(super) lookback: i64,
    work: Cell<u32>,
    /// What rules recorded at the moment of the evaluation.
    known: RefCell<Recorded>,
}

impl<'a> Eval<'a> {
    pub(super) fn instant(snapshot: &'a Snapshot, at: i64, now: i64) -> Self {
        Self::over(snapshot, (at, at), now)
    }

    pub(super) fn over(snapshot: &'a Snapshot, span: (i64, i64), now: i64) -> Self {
        Self { snapshot, now, span, lookback: 300_000, work: Cell::new(0), known: RefCell::default() }
    }

    /// Forgets what was recorded at earlier moments.
    pub(super) fn forget(&self) {
        self.known.borrow_mut().clear();
    }

    /// The value of an expression that gives one.
    pub(super) fn one(&self, expr: &Expr) -> Option<f64> {
        match self.eval(expr, self.span.1).ok()? {
            Answer::Scalar(value) => Some(value),
            Answer::Vector(samples) => samples.first().map(|sample| sample.value),
            _ => None,
        }
    }

    pub(super) fn eval(&self, expr: &Expr, at: i64) -> Result<Answer, Refused> {
        self.work.set(self.work.get() + 1);
        if self.work.get() > MOST {
            return Err("query processing would load too many samples into memory in query execution".to_owned());
        }
        Ok(match expr {
            Expr::NumberLiteral(number) => Answer::Scalar(number.val),
            Expr::StringLiteral(text) => Answer::Text(text.val.clone()),
            Expr::Paren(paren) => self.eval(&paren.expr, at)?,
            Expr::Unary(unary) => match self.eval(&unary.expr, at)? {
                Answer::Scalar(value) => Answer::Scalar(-value),
                Answer::Vector(samples) => Answer::Vector(functions::each(samples, |value| -value)),
                other => other,
            },
            Expr::VectorSelector(selector) => Answer::Vector(self.select(selector, at)?),
            Expr::MatrixSelector(selector) => Answer::Matrix(self.samples(selector, at)?),
            Expr::Subquery(subquery) => Answer::Matrix(self.subquery(subquery, at)?),
            Expr::Aggregate(aggregate) => Answer::Vector(aggregate::aggregate(self, aggregate, at)?),
            Expr::Binary(operation) => binary::binary(self, operation, at)?,
            Expr::Call(call) => functions::call(self, call, at)?,
            Expr::Extension(_) => return Err("extensions are not supported".to_owned()),
        })
    }

    /// An expression that must give a vector.
    pub(super) fn vector(&self, expr: &Expr, at: i64) -> Result<Vec<Sample>, Refused> {
        match self.eval(expr, at)? {
            Answer::Vector(samples) => Ok(samples),
            Answer::Scalar(value) => Ok(vec![Sample { labels: Labels::default(), value, at }]),
            _ => Err(format!("expected an instant vector, got {expr}")),
        }
    }

    /// An expression that must give a number.
    pub(super) fn scalar(&self, expr: &Expr, at: i64) -> Result<f64, Refused> {
        match self.eval(expr, at)? {
            Answer::Scalar(value) => Ok(value),
            _ => Err(format!("expected a scalar, got {expr}")),
        }
    }

    /// The moment that a selector means.
    pub(super) fn moment(&self, at: i64, modifier: Option<&AtModifier>, offset: Option<&Offset>) -> i64 {
        let at = match modifier {
            None => at,
            Some(AtModifier::Start) => self.span.0,
            Some(AtModifier::End) => self.span.1,
            Some(AtModifier::At(time)) => {
                time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
            }
        };
        match offset {
            None => at,
            Some(Offset::Pos(back)) => at.saturating_sub(millis(*back)),
            Some(Offset::Neg(ahead)) => at.saturating_add(millis(*ahead)),
        }
    }

    fn select(&self, selector: &VectorSelector, at: i64) -> Result<Vec<Sample>, Refused> {
        let at = self.moment(at, selector.at.as_ref(), selector.offset.as_ref());
        let name = selector.name.as_deref();
        let mut found = Vec::new();
        for series in self.snapshot.candidates(name) {
            if matches(&selector.matchers, name, &series.labels)
                && let Some((value, at)) = self.newest(at).and_then(|_| series.at(at.min(self.now), self.lookback))
            {
                found.push(Sample { labels: series.labels.clone(), value, at });
            }
        }
        if let Some(at) = self.newest(at) {
            for rule in self.snapshot.rules.candidates(name) {
                if self.may_match(rule, selector) {
                    let recorded = self.recorded(rule, at)?;
                    let wanted = recorded.iter().filter(|sample| matches(&selector.matchers, name, &sample.labels));
                    found.extend(wanted.cloned());
                }
            }
        }
        Ok(found)
    }

    /// The newest moment that is known at `at`; none when that is too long ago.
    fn newest(&self, at: i64) -> Option<i64> {
        (at - self.now < self.lookback).then_some(at.min(self.now))
    }

    /// Says whether the labels that a rule writes do not contradict a selector.
    pub(super) fn may_match(&self, rule: usize, selector: &VectorSelector) -> bool {
        let written = &self.snapshot.rules.all[rule].written;
        let fits = |it: &promql_parser::label::Matcher| written.find(&it.name).is_none_or(|value| it.is_match(value));
        selector.name.as_deref().is_none_or(|name| written.get(super::labels::NAME) == name)
            && selector.matchers.matchers.iter().all(fits)
    }

    /// What a rule records at a moment.
    pub(super) fn recorded(&self, rule: usize, at: i64) -> Result<Rc<Vec<Sample>>, Refused> {
        if let Some(known) = self.known.borrow().get(&(rule, at)) {
            return Ok(Rc::clone(known));
        }
        let written = &self.snapshot.rules.all[rule];
        let mut samples = self.vector(&written.expr, at)?;
        for sample in &mut samples {
            sample.labels = std::mem::take(&mut sample.labels).nameless().over(&written.written);
            sample.at = at;
        }
        let samples = Rc::new(samples);
        self.known.borrow_mut().insert((rule, at), Rc::clone(&samples));
        Ok(samples)
    }
}

pub(super) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
