//! The log at the bottom of the Deck: what it counts.

use std::time::Duration;

use quarterdeck::command::Keymap;
use quarterdeck::model::Now;
use quarterdeck::model::log::{LogEvent, TailId};
use quarterdeck::state::State;
use quarterdeck::state::deck_log::{DeckLog, TAIL};

use super::{chunk, pod};

fn deck() -> DeckLog {
    let now = Now { wall: "2026-11-21T02:04:00Z".parse().unwrap(), mono: Duration::from_secs(20) };
    let state = State::new(now, Vec::new(), Keymap::default(), (160, 48));
    DeckLog::new(TailId(1), pod("checkout-1"), &state)
}

fn at(second: u32, text: &str) -> String {
    format!("2026-11-21T02:{:02}:{:02}.5Z {text}", second / 60, second % 60)
}

#[test]
fn errors_count_from_the_beginning_of_the_canary() {
    let mut deck = deck();
    deck.began = Some("2026-11-21T02:00:30Z".parse().unwrap());
    let lines = [
        at(10, "error before it"),
        at(31, "info  fine"),
        at(32, "error POST /orders 500"),
        at(33, "warn  slow"),
        at(80, "level=error msg=x"),
    ];
    deck.apply(Duration::ZERO, LogEvent::Lines(chunk(lines)));
    assert_eq!(deck.errors, 2);
    assert!(!deck.is_partial());
    // The last minute by the server's clock, not by ours.
    assert_eq!(deck.a_minute("2026-11-21T02:01:21Z".parse().unwrap()), 4);
    assert_eq!(deck.a_minute("2026-11-21T02:01:35Z".parse().unwrap()), 1);
    assert_eq!(deck.a_minute("2026-11-21T02:09:00Z".parse().unwrap()), 0);
}

#[test]
fn what_was_cut_off_at_the_beginning_makes_the_count_at_least() {
    let mut deck = deck();
    deck.began = Some("2026-11-21T02:00:00Z".parse().unwrap());
    deck.apply(Duration::ZERO, LogEvent::Lines(chunk((0..TAIL).map(|n| at(100 + n / 1_000, "error")))));
    assert!(deck.is_partial());
    assert_eq!(deck.errors, u64::from(TAIL));
    assert!(deck.log.ring.cost() <= 1 << 20, "a ring of its own");
}
