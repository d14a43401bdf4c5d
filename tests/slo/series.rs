//! Two series beside each other: the fixture of slo.md §3.4, and series of sixty points.

use std::time::Duration;

use quarterdeck::model::slo::ArmVerdict;
use quarterdeck::slo::series;

const CANARY: [f64; 10] = [212.0, 220.0, 231.0, 225.0, 240.0, 238.0, 229.0, 245.0, 233.0, 236.0];
const STABLE: [f64; 10] = [205.0, 210.0, 208.0, 215.0, 207.0, 212.0, 218.0, 209.0, 211.0, 214.0];

/// Points that walk over 23 values above a base, each as often as the others.
fn walk(base: u32, step: u32, count: u32) -> Vec<f64> {
    (0..count).map(|at| f64::from(base + at * step % 23)).collect()
}

/// U, z, p, median of the differences, its 98 % interval, chance.
#[test]
fn ranks_and_shift_of_known_series() {
    let alike = vec![5.0; 50];
    for (first, second, wanted) in [
        (CANARY.to_vec(), STABLE.to_vec(), [96.5, 3.4786, 0.000_504, 21.0, 11.0, 29.0, 0.965]),
        (STABLE.to_vec(), CANARY.to_vec(), [3.5, -3.4786, 0.000_504, -21.0, -29.0, -11.0, 0.035]),
        (walk(200, 7, 60), walk(200, 11, 60), [1751.5, -0.2522, 0.800_904, 0.0, -3.0, 3.0, 0.486_528]),
        (walk(260, 7, 60), walk(200, 11, 60), [3600.0, 9.4471, 0.0, 60.0, 57.0, 63.0, 1.0]),
        (walk(206, 7, 50), walk(200, 11, 50), [1807.0, 3.8393, 0.000_123, 6.0, 3.0, 9.0, 0.7228]),
        (alike.clone(), alike, [1250.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5]),
    ] {
        let ranks = series::ranks(&first, &second).expect("ranks");
        let shift = series::shift(&first, &second).expect("a shift");
        let found = [ranks.u, ranks.z, ranks.p, shift.median, shift.lo, shift.hi, ranks.chance];
        let apart = found.iter().zip(wanted).map(|(found, wanted)| (found - wanted).abs()).fold(0.0, f64::max);
        assert!(apart < 5e-5, "{found:?} is not {wanted:?}");
    }
    assert_eq!(series::ranks(&[], &[1.0]), None);
    assert_eq!(series::shift(&[1.0], &[]), None);
}

#[test]
fn a_series_is_higher_only_where_the_least_of_its_shift_is_no_small_part_of_it() {
    let word = |canary: &[f64], stable: &[f64]| match series::verdict(canary, stable, Some(Duration::from_secs(80))) {
        ArmVerdict::Higher(shift) => format!("higher {}…{} of {}", shift.lo, shift.hi, shift.points),
        ArmVerdict::NotHigher(shift) => format!("not higher {}…{}", shift.lo, shift.hi),
        ArmVerdict::FewPoints { have, need, eta } => format!("{have} of {need} {eta:?}"),
        other => format!("{other:?}"),
    };
    let stable = walk(200, 11, 60);
    assert_eq!(word(&walk(260, 7, 60), &stable), "higher 57…63 of 60");
    assert_eq!(word(&walk(200, 7, 60), &stable), "not higher -3…3");
    assert_eq!(word(&walk(140, 7, 60), &stable), "not higher -63…-57");
    // 3 is more than a quarter of 6.
    assert_eq!(word(&walk(206, 7, 50), &stable[..50]), "higher 3…9 of 50");
    // The same 6 of two thousand are sure, and nothing anybody notices.
    assert_eq!(word(&walk(2006, 7, 50), &walk(2000, 11, 50)), "not higher 3…9");
    assert_eq!(word(&walk(206, 7, 49), &stable), "49 of 50 Some(80s)");
    assert_eq!(word(&[], &[]), "0 of 50 Some(80s)");
    assert_eq!(word(&[5.0; 50], &[5.0; 50]), "not higher 0…0");
    // Ranks lie higher and the mean does not: a few points of the stable arm are far out.
    let mut far = walk(200, 11, 60);
    far[0] = 1e6;
    assert!(word(&walk(260, 7, 60), &far).starts_with("not higher"));
}
