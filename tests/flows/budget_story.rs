//! The canary that burns the budget: seen beside the stable arm, aborted from the keyboard, and the
//! budget stops falling.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;

use super::harness::Story;

const SLO: &str = "checkout-availability";

/// What is left of the budget, where it may be relied on.
fn left(console: &Headless) -> Option<f64> {
    let slo = console.state().world.slos.rows().iter().find(|slo| slo.meta.name.raw() == SLO)?;
    Some(slo.figures.value()?.remaining)
}

/// The evaluation that the figures are of.
fn evaluated(console: &Headless) -> Option<jiff::Timestamp> {
    console.state().world.slos.rows().iter().find(|slo| slo.meta.name.raw() == SLO)?.at
}

impl Story {
    /// Moves on, and waits until the figures are those of then.
    async fn figures_after(&mut self, seconds: u64) -> f64 {
        self.advance(seconds);
        let now = self.demo.handle.now();
        self.console.press(Command::Refresh);
        let new = |console: &Headless| {
            left(console).is_some() && evaluated(console).is_some_and(|at| now.duration_since(at).as_secs() <= 1)
        };
        self.console.wait_for("figures of now", new).await.unwrap_or_else(|lost| panic!("{lost}"));
        left(&self.console).expect("a figure")
    }
}

/// `slo.md` §7, S2: by minute 10 the comparison says worse, long before any page; the abort ends the
/// loss of budget.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_burns_the_budget_is_aborted_and_the_budget_stays_level() {
    let mut story = Story::begin().await;
    story.until("the gauge", |screen| screen.contains("ERROR BUDGET") && screen.contains("% left")).await;
    let opening = story.figures_after(0).await;
    assert!((opening - 0.6).abs() < 1e-4, "{opening} left at the opening");

    // T 0 is a minute after the opening.
    let at_ten = story.figures_after(61 + 600).await;
    story.until("the verdict", |screen| screen.contains("worse +0.12…+0.21 pp")).await;
    story.until("on how many requests", |screen| screen.contains("n 30 000")).await;
    let at_twenty = story.figures_after(600).await;
    assert!((1.0 - at_ten - 0.4002).abs() < 5e-5, "{at_ten} left at T 10");
    assert!((1.0 - at_twenty - 0.4006).abs() < 5e-5, "{at_twenty} left at T 20");
    story.until("less in the gauge", |screen| screen.contains("59.94 % left")).await;
    story.until("a wider verdict", |screen| screen.contains("worse +0.30…+0.42 pp")).await;
    let firing = story.console.state().world.alerts.rows().iter().filter(|alert| alert.firing);
    let checkout = firing.filter(|alert| alert.slo.as_ref().is_some_and(|slo| slo.as_str() == SLO)).count();
    assert_eq!(checkout, 0, "nobody is paged");

    assert!(story.console.press(Command::Abort), "abort has a key on the Deck");
    story.until("the dialog", |screen| screen.contains("Abort checkout in production")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    let is = |console: &Headless, outcome: &str| {
        console.state().operations.last().is_some_and(|operation| operation.outcome.as_str() == outcome)
    };
    let accepted = story.console.wait_for("the abort to be accepted", |console| is(console, "accepted")).await;
    accepted.unwrap_or_else(|lost| panic!("{lost}"));
    story.advance(5);
    let observed = story.console.wait_for("the abort to be observed", |console| is(console, "observed")).await;
    observed.unwrap_or_else(|lost| panic!("{lost}"));

    // Ten minutes before the abort cost ten times what ten minutes after it cost: the base rate of
    // failures goes on, a fifth of the pace at which the budget comes back.
    let aborted = story.figures_after(1).await;
    let later = story.figures_after(600).await;
    let (before, after) = (at_ten - at_twenty, aborted - later);
    assert!(before > 4e-4, "the budget fell: {before}");
    assert!((0.0..5e-5).contains(&after), "the budget stays level: {after}");
    story.until("the calm burn of the last minutes", |screen| screen.contains("5m 0.2×")).await;
}
