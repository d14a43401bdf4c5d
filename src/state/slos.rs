//! Objectives as lists show them: the least budget first, those without a figure where a person must
//! look.

use std::sync::Arc;

use super::State;
use crate::model::slo::{Alert, Slo};

/// Worst first: what has a figure by what is left, then what has none.
#[must_use]
pub fn ordered(state: &State) -> Vec<Arc<Slo>> {
    let mut slos: Vec<Arc<Slo>> = state.world.slos.rows().to_vec();
    slos.sort_by(|a, b| {
        let left = |slo: &Slo| slo.figures.shown().map_or(f64::INFINITY, |figures| figures.remaining);
        left(a).total_cmp(&left(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
    slos
}

/// Alerts that fire.
pub fn firing(state: &State) -> impl Iterator<Item = &Arc<Alert>> {
    state.world.alerts.rows().iter().filter(|alert| alert.firing)
}
