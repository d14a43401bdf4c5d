//! A Prometheus that says nothing any more: nothing that rests on it looks like a good figure.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::model::slo::{Comparison, Reading, Slo};
use quarterdeck::model::source::{FeedEvent, FeedStatus, Object};
use quarterdeck::slo::budget;
use quarterdeck::state::State;
use quarterdeck::state::report::report;
use quarterdeck::state::slos::{self, Standing};
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;

use super::shot::{compare, draw, shot, text, theme};
use super::slos::{arms, budgets, list, slo, tell, with_prometheus};
use super::world::{self, HEARD, at};

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);

fn silent() -> FeedEvent {
    FeedEvent::Status(FeedStatus::Stale {
        since: HEARD.checked_sub(Duration::from_secs(41)).unwrap(),
        message: Safe::of("connection refused"),
        retry_at: Some(HEARD + Duration::from_secs(12)),
    })
}

fn stopped() -> FeedEvent {
    FeedEvent::TaskStopped { message: Safe::of("it stopped"), restart_at: HEARD + Duration::from_secs(3) }
}

fn denied() -> FeedEvent {
    FeedEvent::Status(FeedStatus::Denied { message: Safe::of("403 Forbidden") })
}

fn said(state: &State) -> String {
    text(&draw(state, &theme("mono"), SMALL))
}

fn not_worse(state: &State) -> Vec<Comparison> {
    vec![arms::counted(state, (605, 2_880_000), (576, 2_880_000))]
}

#[test]
fn a_verdict_does_not_outlive_its_prometheus() {
    let known = arms::with(not_worse);
    assert!(said(&known).contains("✔ not worse"), "{}", said(&known));
    for event in [silent(), stopped(), denied()] {
        let mut state = known.clone();
        tell(&mut state, event);
        let said = said(&state);
        assert!(!said.contains("not worse") && said.contains("as of 3m20s ago"), "{said}");
    }
    let mut state = known;
    tell(&mut state, silent());
    compare!("arms-stale-80x24", shot(&state, SMALL));
}

/// The objectives may be read while a comparison is not.
#[test]
fn a_verdict_that_is_not_read_again_fades() {
    let mut state = arms::with(not_worse);
    state.now.mono = HEARD + Duration::from_secs(30);
    assert!(said(&state).contains("✔ not worse"));
    state.now.mono += Duration::from_secs(1);
    let said = said(&state);
    assert!(!said.contains("not worse") && said.contains("as of "), "{said}");
}

fn with_rates(of: impl Fn(f64) -> Reading<f64>) -> Slo {
    let mut slo = slo("search", "latency", "99.5", 0.02, [0.1; 7]);
    for (_, rate) in &mut slo.rates {
        *rate = of(0.1);
    }
    for burn in &mut slo.burns {
        (burn.short_rate, burn.long_rate) = (of(0.1), of(0.1));
    }
    slo
}

#[test]
fn a_burn_that_nobody_knows_is_not_calm() {
    let standing = |slo: &Slo| slos::standing(slo, slo.figures.value().unwrap());
    assert_eq!(standing(&with_rates(Reading::Value)), Standing::Calm);
    let unknown = with_rates(|last| Reading::Immature { coverage: 0.5, last });
    assert_eq!(standing(&unknown), Standing::Unknown);
    assert_eq!(standing(&with_rates(|_| Reading::NoData { since: None, last: None })), Standing::Unknown);
    assert_eq!(standing(&with_rates(|last| Reading::Stale { at: world::noon(), last })), Standing::Unknown);
    // One of them is enough, and what is spent already is known without any.
    let mut one = unknown.clone();
    one.rates[1].1 = Reading::Value(2.0);
    assert_eq!(standing(&one), Standing::Burning);
    let mut gone = unknown.clone();
    gone.figures = Reading::Value(budget::of_consumed(gone.objective, 1.2, gone.window, None));
    assert_eq!(standing(&gone), Standing::Critical);

    let mut state = with_prometheus(world::deploying());
    list(&mut state, vec![Object::Slo(Arc::new(unknown))]);
    compare!("slos-burn-unknown-160x48", shot(&at(state, Place::Slo), FULL));
}

#[test]
fn the_report_says_what_the_screen_says() {
    let firing = || slo("payments", "availability", "99.95", 0.963, [16.0, 15.8, 15.0, 9.0, 4.0, 2.0, 1.2]);
    let mut state = with_prometheus(world::deploying());
    list(&mut state, vec![Object::Slo(Arc::new(firing()))]);
    let fires = |state: &State| report(state).slos[0].burn.iter().any(|row| row.firing);
    assert_eq!((report(&state).slos[0].state, fires(&state)), ("value", true));
    for event in [silent(), stopped(), denied()] {
        let mut state = state.clone();
        tell(&mut state, event);
        assert_eq!((report(&state).slos[0].state, fires(&state)), ("unreachable", false));
        assert!(report(&state).slos[0].why.is_some() && report(&state).slos[0].consumed.is_some());
        let page = text(&draw(&at(state, Place::Objective(firing().id())), &theme("mono"), FULL));
        assert!(page.contains("? page") && !page.contains("fires") && !page.contains("✔"), "{page}");
    }
}

/// What the deploy cost and when nothing is left are figures like the others.
#[test]
fn every_cell_of_a_silent_source_shows_its_doubt() {
    let mut state = budgets();
    tell(&mut state, silent());
    compare!("slos-stale-160x48", shot(&at(state, Place::Slo), FULL));
}

/// Two sources that cannot be read have two reasons, and a third has its own count.
#[test]
fn each_source_in_trouble_says_why() {
    use crate::screens::run_world;
    use quarterdeck::model::source::{FeedEvent, FeedStatus, SourceScope};
    use quarterdeck::model::{Name, SourceId, SystemId};
    use quarterdeck::state::ui::{ListId, Pane, Place};
    use quarterdeck::text::Safe;
    for (size, runs, more) in [((160, 48), true, false), ((160, 48), false, true), ((80, 24), true, false)] {
        let mut state = crate::screens::world::deploying();
        run_world::github(&mut state);
        let known =
            if runs { vec![run_world::run(&state, "acme/checkout", "ci", 7, 600, Some(300))] } else { Vec::new() };
        run_world::list(&mut state, known);
        for (at, host) in ["ci.shop.example", "ci.old.example"].into_iter().enumerate() {
            let id = SourceId(state.world.sources.len() as u16);
            let why = if at == 0 { "its token has expired" } else { "nothing listens there" };
            state.world.sources.push(SourceScope {
                id,
                system: SystemId::RustCi,
                name: Name::new(host),
                server: Safe::of("http://ci"),
                user: Safe::of("ana"),
                namespaces: None,
                unusable: Some(Safe::of(why)),
                discovered: None,
            });
        }
        let mono = state.now.mono;
        let gone = FeedStatus::Denied { message: Safe::of("acme/web is not there (404)") };
        state.world.apply(&run_world::feed("acme/web"), mono, FeedEvent::Status(gone));
        state.ui.place = Place::Deck;
        state.ui.pane = Pane::Pipelines;
        state.ui.size = size;
        quarterdeck::update::settle(&mut state);
        let seen = shot(&state, size);
        assert!(seen.contains("acme/web is not there"), "{seen}");
        if more {
            assert!(seen.contains("+1 more") || seen.contains("+2 more"), "{seen}");
        } else {
            assert!(seen.contains("ci.shop.example failed: its token has expired"), "{seen}");
            assert!(seen.contains("ci.old.example failed: nothing listens there"), "{seen}");
        }
        let area = quarterdeck::state::layout::list_area(&state, &ListId::Pane(Pane::Pipelines));
        assert!(area.height > 0, "rows come first");
    }
}

/// A number of objectives that cannot be read sends nobody anywhere; their names do.
#[test]
fn objectives_that_cannot_be_read_are_named() {
    use quarterdeck::model::source::Detail;
    // The pane of the Deck has room for the beginning.
    for (place, wanted) in [(Place::Deck, "payments-av"), (Place::Slo, "payments-availability-v2, web-latency")] {
        let mut state = budgets();
        state.ui.place = place;
        assert!(!shot(&state, (160, 48)).contains("payments-availability-v2"));
        let names = vec![Safe::of("payments-availability-v2"), Safe::of("web-latency")];
        tell(&mut state, FeedEvent::LeftOut(2));
        tell(&mut state, FeedEvent::Detail(Detail::UnreadObjectives(names.into())));
        quarterdeck::update::settle(&mut state);
        let seen = shot(&state, (160, 48));
        assert!(seen.contains(wanted), "{seen}");
    }
}
