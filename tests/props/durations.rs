//! What is expected, and the samples it is made from: bounded, and the same in whatever order they came.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::model::durations::{ALL, Book, Flow, OF_A_WORKFLOW, SAMPLES, Sample};
use quarterdeck::state::expected::{Expected, FEWEST, Pace};

fn seconds(all: &[u64]) -> Option<Expected> {
    Expected::of(all.iter().map(|seconds| Duration::from_secs(*seconds)))
}

fn flow(name: &str) -> Flow {
    Flow {
        source: "github".to_owned(),
        kind: "Run".to_owned(),
        namespace: "acme/checkout".to_owned(),
        workflow: name.to_owned(),
    }
}

/// Samples, and the median and p90 of them.
type Case<'a> = (&'a [u64], Option<(u64, u64)>);

#[test]
fn the_median_and_the_ninetieth_percentile() {
    // samples; median in milliseconds and p90 in seconds.
    let table: [Case<'_>; 8] = [
        (&[], None),
        (&[60, 60], None),
        (&[60, 70, 80], Some((70_000, 80))),
        (&[80, 60, 70], Some((70_000, 80))),
        (&[1, 2, 3, 100], Some((2_500, 100))),
        (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 100], Some((5_500, 9))),
        (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100], Some((6_000, 10))),
        (&[0, 0, 0], Some((0, 0))),
    ];
    for (samples, wanted) in table {
        let found = seconds(samples);
        assert_eq!(found.map(|it| (it.median.as_millis() as u64, it.p90.as_secs())), wanted, "{samples:?}");
        assert_eq!(found.map_or(0, |it| it.count), if samples.len() < FEWEST { 0 } else { samples.len() });
    }
}

#[test]
fn slower_than_usual_is_beyond_what_nine_of_ten_took_and_beyond_noise() {
    let usual = seconds(&[100, 110, 120, 130, 180]).unwrap();
    let pace = |elapsed| usual.pace(Duration::from_secs(elapsed));
    assert_eq!(pace(0), Pace::Left(Duration::from_mins(2)));
    assert_eq!(pace(120), Pace::Left(Duration::ZERO));
    assert_eq!(pace(121), Pace::Late(Duration::from_secs(59)));
    assert_eq!(pace(180), Pace::Late(Duration::ZERO));
    assert_eq!(pace(181), Pace::Slow);
    // They all took the same: a second more is nothing.
    let even = seconds(&[60; 12]).unwrap();
    assert_eq!(even.pace(Duration::from_secs(61)), Pace::Late(Duration::from_secs(11)));
    assert_eq!(even.pace(Duration::from_secs(73)), Pace::Slow);
    let short = seconds(&[1; 12]).unwrap();
    assert_eq!(short.pace(Duration::from_secs(6)), Pace::Late(Duration::ZERO));
    assert_eq!(short.pace(Duration::from_secs(7)), Pace::Slow);
}

proptest! {
    #[test]
    fn an_expectation_lies_among_its_samples_in_any_order(
        mut samples in prop::collection::vec(0..100_000_u64, FEWEST..40), turn in any::<prop::sample::Index>(),
    ) {
        let found = seconds(&samples).unwrap();
        let by = turn.index(samples.len());
        samples.rotate_left(by);
        prop_assert_eq!(seconds(&samples), Some(found));
        samples.sort_unstable();
        let (least, most) = (Duration::from_secs(samples[0]), Duration::from_secs(samples[samples.len() - 1]));
        prop_assert!(least <= found.median && found.median <= found.p90 && found.p90 <= most);
        let below = samples.iter().filter(|seconds| Duration::from_secs(**seconds) <= found.p90).count();
        prop_assert!(below * 10 >= samples.len() * 9);
    }

    #[test]
    fn two_consoles_that_put_theirs_together_have_the_same(
        rows in prop::collection::vec((0..4_u8, 0..3_u8, 0..60_i64, 0..5_u64), 0..150), cut in any::<prop::sample::Index>(),
    ) {
        let at = if rows.is_empty() { 0 } else { cut.index(rows.len()) };
        let book = |rows: &[(u8, u8, i64, u64)]| {
            let mut book = Book::default();
            for (job, step, ended, millis) in rows {
                let step = (*step > 0).then(|| format!("step {step}"));
                book.learn(&flow("ci.yml"), &format!("job {job}"), step.as_deref(), Sample { ended: *ended, millis: *millis });
            }
            book
        };
        let (mut one, mut other) = (book(&rows[..at]), book(&rows[at..]));
        let before = one.clone();
        one.merge(&other);
        other.merge(&before);
        prop_assert_eq!(&one, &other);
        let again = one.clone();
        one.merge(&again);
        prop_assert_eq!(&one, &again, "nothing is counted twice");
        for (_, jobs) in one.flows() {
            for times in jobs.values() {
                prop_assert!(times.took.all().len() <= SAMPLES && times.took.all().is_sorted());
            }
        }
    }
}

#[test]
fn the_newest_samples_stay_and_one_comes_once() {
    let mut book = Book::default();
    for ended in 0..100 {
        assert!(book.learn(&flow("ci.yml"), "build", None, Sample { ended, millis: 1_000 }));
        assert!(!book.learn(&flow("ci.yml"), "build", None, Sample { ended, millis: 1_000 }), "known already");
    }
    let all = book.samples(&flow("ci.yml"), "build", None).unwrap().all();
    assert_eq!((all.len(), all[0].ended), (SAMPLES, 80));
    assert!(
        !book.learn(&flow("ci.yml"), "build", None, Sample { ended: 3, millis: 9 }),
        "older than all that are kept"
    );
}

#[test]
fn a_book_is_bounded_in_every_direction() {
    let sample = Sample { ended: 5, millis: 1_000 };
    let mut book = Book::default();
    for job in 0..400 {
        for step in 0..30 {
            book.learn(&flow("wide.yml"), &format!("job {job}"), Some(&format!("step {step}")), sample);
        }
    }
    assert!(book.series() <= OF_A_WORKFLOW, "{} series", book.series());
    for job in 0..2 * OF_A_WORKFLOW {
        book.learn(&flow("wide.yml"), &format!("job {job}"), None, sample);
    }
    assert_eq!(book.series(), OF_A_WORKFLOW, "jobs come in where steps do not");
    for workflow in 0..20_i64 {
        for job in 0..OF_A_WORKFLOW / 2 {
            let sample = Sample { ended: 100 + workflow, millis: 1 };
            book.learn(&flow(&format!("{workflow:02}.yml")), &format!("job {job}"), None, sample);
        }
    }
    assert!(book.series() <= ALL, "{} series", book.series());
    let counted: usize =
        book.flows().map(|(_, jobs)| jobs.values().map(|job| 1 + job.steps.len()).sum::<usize>()).sum();
    assert_eq!(counted, book.series());
    assert!(book.jobs(&flow("wide.yml")).is_none(), "what ran longest ago is forgotten");
    assert!(book.jobs(&flow("19.yml")).is_some());
    assert!(!book.learn(&flow("ci.yml"), &"x".repeat(500), None, sample), "no name without end");
}
