//! A server whose clock is off: said, and the ages of its objects are right all the same.

use jiff::SignedDuration;
use quarterdeck::model::Kind;
use quarterdeck::model::source::FeedEvent;
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;

use super::shot::{draw, roles, text};
use super::slos::{self, arms, tell};
use super::world::{deploying, hear};

/// Our clock is that much behind the server's, whose heartbeat has said so.
fn behind(seconds: i64) -> State {
    let mut state = deploying();
    state.now.wall -= SignedDuration::from_secs(seconds);
    hear(&mut state, &[Kind::Pod], &FeedEvent::Skew(seconds));
    state
}

fn lines(state: &State) -> Vec<String> {
    text(&draw(state, &roles(), (160, 48))).lines().map(str::to_owned).collect()
}

#[test]
fn a_clock_that_is_off_by_more_than_half_a_minute_is_in_the_header() {
    for (seconds, words) in
        [(120, Some("server clock 2m ahead")), (-3600, Some("server clock 1h behind")), (30, None), (0, None)]
    {
        let header = lines(&behind(seconds)).remove(0);
        assert_eq!(header.contains("server clock"), words.is_some(), "{seconds}: {header}");
        assert!(header.contains(words.unwrap_or_default()), "{seconds}: {header}");
    }
}

/// The chip of the header has no room for what to do; the help has.
#[test]
fn the_help_says_what_to_do_about_a_clock_that_is_off() {
    use quarterdeck::state::ui::Overlay;
    for (seconds, there) in [(7_200, true), (-7_200, true), (10, false)] {
        let mut state = behind(seconds);
        state.ui.overlay = Some(Overlay::Help { top: 0 });
        let columns = quarterdeck::state::layout::help_columns((160, 48));
        let all = quarterdeck::state::help::lines(&state, columns);
        let words: String = all.iter().map(|line| format!("{line:?} ")).collect();
        assert_eq!(words.contains("server clock 2h"), there, "{seconds}");
        assert_eq!(words.contains("timedatectl"), there, "{seconds}: {words}");
    }
}

#[test]
fn ages_are_counted_by_the_clock_of_the_server() {
    let right = behind(0);
    let rollout = right.world.rollouts.rows()[0].meta.id(Kind::Rollout);
    let pod = right.world.pods.rows()[0].meta.id(Kind::Pod);
    for place in [Place::Deck, Place::Pods, Place::Rollouts, Place::Rollout(rollout), Place::Pod(pod)] {
        let body = |seconds| {
            let mut state = behind(seconds);
            state.ui.place = place.clone();
            let lines = lines(&state);
            // Header and footer have the notice and our own time.
            lines[1..lines.len() - 1].to_vec()
        };
        assert_eq!(body(600), body(0), "{place:?}");
        assert_eq!(body(-600), body(0), "{place:?}");
    }
}

/// The times of samples are of the clock of Prometheus; those of the cluster are right here.
#[test]
fn ages_of_figures_are_counted_by_the_clock_of_prometheus() {
    let known = arms::compared();
    let objective = known.world.slos.rows().iter().find(|slo| slo.at.is_some()).unwrap().id();
    for place in [Place::Deck, Place::Slo, Place::Objective(objective)] {
        let body = |seconds: i64| {
            let mut state = known.clone();
            // Its times are off by as much as its clock is.
            slos::shift(&mut state, SignedDuration::from_secs(seconds));
            tell(&mut state, FeedEvent::Skew(seconds));
            state.ui.place = place.clone();
            let lines = lines(&state);
            lines[1..lines.len() - 1].to_vec()
        };
        assert_eq!(body(600), body(0), "{place:?}");
        assert_eq!(body(-600), body(0), "{place:?}");
    }
}
