//! The canary beside the stable arm as two proportions (slo.md §3.4).

use std::time::Duration;

use crate::model::slo::ArmVerdict;

/// One-sided 95 %: what a look that decides nothing is drawn with.
pub const Z_95: f64 = 1.6449;
/// One-sided 99 %: 0.05 shared by the five step ends of a ladder.
pub const Z_99: f64 = 2.3263;
/// One-sided 80 %: the power that the least number of requests is for.
const Z_80: f64 = 0.841_621;
const Z_95_EXACT: f64 = 1.644_854;

/// Fewer failures than this prove nothing, whatever the interval says.
pub const LEAST_FAILURES: f64 = 5.0;

/// Failed of all requests of an arm over a window. `increase` extrapolates, so neither is whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    pub failed: f64,
    pub all: f64,
}

impl Counts {
    #[must_use]
    pub fn ratio(self) -> f64 {
        if self.all > 0.0 { self.failed / self.all } else { 0.0 }
    }
}

/// Wilson's score interval of a proportion.
#[must_use]
pub fn wilson(counts: Counts, z: f64) -> (f64, f64) {
    let n = counts.all;
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let p = (counts.failed / n).clamp(0.0, 1.0);
    let zz = z * z;
    let middle = (p + zz / (2.0 * n)) / (1.0 + zz / n);
    let half = z * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt() / (1.0 + zz / n);
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Newcombe's interval of canary − stable, from the two Wilson intervals.
#[must_use]
pub fn newcombe(canary: Counts, stable: Counts, z: f64) -> (f64, f64) {
    let (pc, ps) = (canary.ratio(), stable.ratio());
    let ((lc, uc), (ls, us)) = (wilson(canary, z), wilson(stable, z));
    let difference = pc - ps;
    let lo = difference - ((pc - lc).powi(2) + (us - ps).powi(2)).sqrt();
    let hi = difference + ((uc - pc).powi(2) + (ps - ls).powi(2)).sqrt();
    (lo, hi)
}

/// What the interval says about the margin δ: worse, not worse, or neither.
#[must_use]
pub fn judge(canary: Counts, stable: Counts, margin: f64, z: f64) -> ArmVerdict {
    let (lo, hi) = newcombe(canary, stable, z);
    if lo > margin && canary.failed >= LEAST_FAILURES {
        ArmVerdict::Worse { lo, hi }
    } else if hi < margin {
        ArmVerdict::NotWorse { lo, hi }
    } else {
        ArmVerdict::Inconclusive { lo, hi }
    }
}

/// The verdict that is shown. One that the interval decides stands at any number of requests; else
/// below [`least_requests`] of the margin it is only too early. `seen` is how long the canary's
/// requests took to come.
#[must_use]
pub fn verdict(canary: Counts, stable: Counts, margin: f64, seen: Duration) -> ArmVerdict {
    if canary.all <= 0.0 && stable.all <= 0.0 {
        return ArmVerdict::None;
    }
    let judged = judge(canary, stable, margin, Z_95);
    let need = least_requests(stable.ratio(), stable.ratio() + margin);
    let have = canary.all.max(0.0).round() as u64;
    match (judged, need) {
        (ArmVerdict::Inconclusive { .. }, Some(need)) if have < need => {
            ArmVerdict::Insufficient { have, need, eta: eta(canary.all, need, seen) }
        }
        (judged, _) => judged,
    }
}

/// The verdict where the stable arm suffers too (slo.md §3.4): with enough failures of its own, and
/// burning the budget faster than it returns, both arms meet the same trouble, unless the canary is
/// worse all the same. `budget` is β.
#[must_use]
pub fn with_stable(verdict: ArmVerdict, canary: Counts, stable: Counts, budget: f64) -> ArmVerdict {
    let burn = stable.ratio() / budget;
    let degraded = stable.failed >= LEAST_FAILURES && crate::model::slo::exceeds(burn, 1.0);
    match verdict {
        ArmVerdict::Worse { .. } | ArmVerdict::None => verdict,
        _ if degraded => {
            let (lo, hi) = newcombe(canary, stable, Z_95);
            ArmVerdict::EnvironmentDegraded { lo, hi, burn }
        }
        other => other,
    }
}

/// Requests of each arm that tell `base` from `other`: one-sided 0.05, power 0.8. `None` where no
/// number does.
#[must_use]
pub fn least_requests(base: f64, other: f64) -> Option<u64> {
    let (p, q) = (base.clamp(0.0, 1.0), other.clamp(0.0, 1.0));
    let difference = (q - p).abs();
    if difference < 1e-9 {
        return None;
    }
    let mean = f64::midpoint(p, q);
    let spread = Z_95_EXACT * (2.0 * mean * (1.0 - mean)).sqrt() + Z_80 * (p * (1.0 - p) + q * (1.0 - q)).sqrt();
    Some((spread / difference).powi(2).ceil() as u64)
}

/// How long the rest takes at the rate at which requests came; `None` when none come.
#[must_use]
pub fn eta(have: f64, need: u64, seen: Duration) -> Option<Duration> {
    let rate = have / seen.as_secs_f64();
    if !rate.is_finite() || rate <= 0.0 {
        return None;
    }
    let left = (need as f64 - have).max(0.0) / rate;
    Duration::try_from_secs_f64(left).ok()
}

/// Events without a failure that claim an error ratio below this, one-sided 95 %.
#[must_use]
pub fn claim_below(ratio: f64) -> u64 {
    (0.05_f64.ln() / (1.0 - ratio).ln()).ceil() as u64
}
