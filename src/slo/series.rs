//! Two series beside each other, such as a latency by the minute: whether one lies higher than the other (slo.md §3.4).
//! Ranks and no means, since a few slow minutes must not decide.

use crate::model::slo::{ArmVerdict, SeriesShift};

/// Points of each arm below which nothing is said.
pub const LEAST: usize = 50;
/// Points of each arm that are looked at: the newest.
pub const MOST: usize = 120;
/// One-sided 99 %, of both sides 98 %.
const Z_98: f64 = 2.3263;
/// A shift smaller than this part of itself at its lower bound is noise.
const PART: f64 = 0.25;
/// The ratio of the means that is allowed: less is measured surely by many points, and felt by nobody.
const ALLOWED: f64 = 1.02;

/// The rank test of Mann and Whitney, with ties, corrected for continuity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranks {
    pub u: f64,
    pub z: f64,
    /// Two-sided.
    pub p: f64,
    /// That a point of the first lies above one of the second.
    pub chance: f64,
}

/// `None` of an empty series.
#[must_use]
pub fn ranks(first: &[f64], second: &[f64]) -> Option<Ranks> {
    let (n, m) = (first.len() as f64, second.len() as f64);
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let mut all: Vec<(f64, bool)> = first.iter().map(|value| (*value, true)).collect();
    all.extend(second.iter().map(|value| (*value, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut ties, mut at) = (0.0, 0.0, 0);
    while at < all.len() {
        let alike = all[at..].iter().take_while(|(value, _)| value.total_cmp(&all[at].0).is_eq()).count();
        let count = alike as f64;
        // Those that are alike share their places.
        let place = at as f64 + f64::midpoint(count, 1.0);
        sum += place * all[at..at + alike].iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += count.powi(3) - count;
        at += alike;
    }
    let u = sum - n * (n + 1.0) / 2.0;
    let total = n + m;
    let spread = (n * m / 12.0 * ((total + 1.0) - ties / (total * (total - 1.0)))).max(0.0).sqrt();
    let apart = u - n * m / 2.0;
    let z = if spread > 0.0 { apart.signum() * (apart.abs() - 0.5).max(0.0) / spread } else { 0.0 };
    Some(Ranks { u, z, p: (2.0 * above(z.abs())).min(1.0), chance: u / (n * m) })
}

/// How far the first lies above the second: the median of all differences (Hodges and Lehmann) and its 98 % interval.
#[must_use]
pub fn shift(first: &[f64], second: &[f64]) -> Option<SeriesShift> {
    let (n, m) = (first.len() as f64, second.len() as f64);
    let mut apart: Vec<f64> = first.iter().flat_map(|a| second.iter().map(move |b| a - b)).collect();
    apart.sort_by(f64::total_cmp);
    let (count, middle) = (apart.len(), apart.len() / 2);
    let upper = *apart.get(middle)?;
    let median =
        if count.is_multiple_of(2) { f64::midpoint(*apart.get(middle.checked_sub(1)?)?, upper) } else { upper };
    let left_out = (n * m / 2.0 - Z_98 * (n * m * (n + m + 1.0) / 12.0).sqrt()).floor().max(1.0) as usize;
    let (lo, hi) = (*apart.get(left_out - 1)?, *apart.get(count.checked_sub(left_out)?)?);
    let points = first.len().min(second.len()) as u64;
    Some(SeriesShift { median, lo, hi, points })
}

/// Of the canary beside the stable arm: higher where the lower bound of the shift is no small part of it, and the mean
/// is higher too, by more than is allowed.
#[must_use]
pub fn verdict(canary: &[f64], stable: &[f64], eta: Option<std::time::Duration>) -> ArmVerdict {
    let have = canary.len().min(stable.len());
    if have < LEAST {
        return ArmVerdict::FewPoints { have: have as u64, need: LEAST as u64, eta };
    }
    let Some(shift) = shift(canary, stable) else { return ArmVerdict::None };
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    if shift.lo > PART * shift.median.abs() && mean(canary) > ALLOWED * mean(stable) {
        ArmVerdict::Higher(shift)
    } else {
        ArmVerdict::NotHigher(shift)
    }
}

/// The part of a normal distribution above `z` (Abramowitz and Stegun 26.2.17, to 7.5e-8).
fn above(z: f64) -> f64 {
    const B: [f64; 5] = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let sum = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum
}
