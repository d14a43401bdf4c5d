//! What the demo tells of objectives beside the incident: one of the calendar, from a file; one that
//! nobody asks for.

use std::sync::Arc;

use jiff::Timestamp;
use quarterdeck::app::Headless;
use quarterdeck::model::slo::{Slo, SloSource};

use super::harness::Story;

fn slo(console: &Headless, id: &str) -> Option<Arc<Slo>> {
    console.state().world.slos.rows().iter().find(|slo| slo.meta.name.raw() == id).cloned()
}

/// One slice of the night was bad: of the slices so far, and of the budget of the whole month.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objective_of_the_calendar_is_read_from_its_file() {
    let mut story = Story::begin().await;
    let is_read = |console: &Headless| slo(console, "search-latency").is_some_and(|slo| slo.figures.value().is_some());
    story.console.wait_for("the objective of the file", is_read).await.unwrap_or_else(|lost| panic!("{lost}"));
    let slo = slo(&story.console, "search-latency").unwrap();
    assert_eq!((slo.source, slo.rolling, slo.method), (SloSource::OpenSlo, false, "time slices"));
    let begin: Timestamp = "2026-07-31T22:00:00Z".parse().unwrap();
    let elapsed = slo.at.unwrap().duration_since(begin).as_secs();
    let (slices, month) = (elapsed / 300, 31 * 86_400);
    let period = slo.period.unwrap();
    assert_eq!((period.elapsed.as_secs() as i64, period.length.as_secs() as i64), (elapsed, month));
    let figures = slo.figures.value().unwrap();
    let so_far = 1.0 / slices as f64;
    assert!((figures.attained - (1.0 - so_far)).abs() < 1e-9, "{figures:?} after {slices} slices");
    let consumed = so_far / 0.005 * elapsed as f64 / month as f64;
    assert!((figures.consumed - consumed).abs() < 1e-9, "{figures:?} is not {consumed}");
    assert_eq!(format!("{:.4}", figures.consumed), "0.0225");
    for burn in &slo.burns {
        let rates = (burn.short_rate.value(), burn.long_rate.value());
        assert!(matches!(rates, (Some(_), Some(_))), "its windows reach back before the month: {burn:?}");
    }
    story.until("the window in words", |screen| screen.contains("99.5 % this month")).await;
    story.until("what is left", |screen| screen.contains("97.7 % left")).await;
}

/// The last request for web came 17 minutes before the opening.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_asks_for_says_since_when() {
    let mut story = Story::begin().await;
    let since = |console: &Headless| slo(console, "web-availability")?.idle_since();
    let known = |console: &Headless| since(console).is_some();
    story.console.wait_for("since when it is idle", known).await.unwrap_or_else(|lost| panic!("{lost}"));
    let last: Timestamp = "2026-08-01T11:46:00Z".parse().unwrap();
    let off = since(&story.console).unwrap().duration_since(last).as_secs().abs();
    assert!(off <= 90, "{off} s beside the last request");
    story
        .until("how long", |screen| screen.lines().any(|line| line.contains("idle 1") && line.contains("79.0 % left")))
        .await;
    let report = serde_json::to_value(quarterdeck::state::report::report(story.console.state())).unwrap();
    let rows = report["slos"].as_array().unwrap();
    let web = rows.iter().find(|row| row["id"] == "web-availability").unwrap();
    assert_eq!(web["idle_since"], since(&story.console).unwrap().to_string());
    let month = rows.iter().find(|row| row["id"] == "search-latency").unwrap();
    assert!(month["resets_in_seconds"].as_u64().is_some_and(|left| left < 31 * 86_400), "{month}");
}
