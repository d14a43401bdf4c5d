//! Where the reader stands: following, scrolling, wrapping, searching, filtering.

use std::time::Duration;

use quarterdeck::model::log::LogEvent;
use quarterdeck::state::log::{Filter, Log, MEMORY, Pattern, Window};
use quarterdeck::text::Safe;

use super::{WINDOW, add, chunk, log, numbered, request, shown};

/// Until nothing is left to read; the number of slices it took.
fn work_off(log: &mut Log) -> usize {
    let mut slices = 0;
    while log.is_busy() {
        log.work(WINDOW);
        slices += 1;
        assert!(slices < 10_000, "never comes to an end");
    }
    slices
}

#[test]
fn following_shows_the_newest_lines() {
    let mut log = numbered(100);
    assert_eq!(shown(&log, WINDOW).first().unwrap(), "line 90");
    add(&mut log, ["one more"]);
    assert_eq!(shown(&log, WINDOW).last().unwrap(), "one more");
    assert_eq!(log.below(WINDOW), 0);
}

#[test]
fn a_short_log_begins_at_the_top() {
    assert_eq!(shown(&numbered(3), WINDOW), ["line 0", "line 1", "line 2"]);
    assert!(shown(&log(), WINDOW).is_empty());
}

#[test]
fn scrolled_back_nothing_moves_while_lines_arrive() {
    let mut log = numbered(100);
    log.scroll(-5, WINDOW);
    let before = shown(&log, WINDOW);
    assert_eq!((before.first().unwrap().as_str(), log.follow, log.below(WINDOW)), ("line 85", false, 5));
    add(&mut log, (0..50).map(|n| format!("later {n}")));
    assert_eq!(shown(&log, WINDOW), before);
    assert_eq!(log.below(WINDOW), 55);
}

#[test]
fn scrolling_to_the_end_follows_again() {
    let mut log = numbered(100);
    log.scroll(-5, WINDOW);
    log.scroll(3, WINDOW);
    assert!(!log.follow);
    log.scroll(9, WINDOW);
    assert!(log.follow);
}

#[test]
fn stopping_to_follow_stays_where_the_window_is() {
    let mut log = numbered(100);
    log.set_follow(false, WINDOW);
    add(&mut log, ["later"]);
    assert_eq!(shown(&log, WINDOW).first().unwrap(), "line 90");
}

#[test]
fn when_the_line_being_read_is_dropped_the_oldest_one_takes_its_place() {
    let mut log = Log::new(quarterdeck::model::log::TailId(1), request(), 300_000);
    add(&mut log, (0..100).map(|n| format!("line {n}")));
    log.scroll_to_start();
    for _ in 0..10 {
        add(&mut log, (0..1_000).map(|n| format!("later {n} {}", "x".repeat(60))));
    }
    assert!(log.ring.dropped() > 0);
    assert!(!log.follow);
    assert_eq!(log.position(WINDOW).line, log.ring.first());
    assert_eq!(shown(&log, WINDOW).len(), 10);
}

#[test]
fn wrapping_shows_all_of_a_line_and_keeps_the_first() {
    let mut log = log();
    add(&mut log, ["short", &"abcdefghij".repeat(9), "last"]);
    assert_eq!(shown(&log, WINDOW)[1].len(), 40);
    log.toggle_wrap(WINDOW);
    let rows = shown(&log, WINDOW);
    assert_eq!(rows.iter().map(String::len).collect::<Vec<_>>(), [5, 40, 40, 10, 4]);
    assert_eq!(rows[1..4].concat(), "abcdefghij".repeat(9));
}

#[test]
fn a_wrapped_line_taller_than_the_window_is_scrolled_by_rows() {
    let mut log = log();
    log.wrap = true;
    add(&mut log, ["first", &(0..500).map(|n| format!("{n:04}")).collect::<Vec<_>>().concat()]);
    assert_eq!(shown(&log, WINDOW).last().unwrap(), &shown(&log, WINDOW)[9]);
    assert!(shown(&log, WINDOW)[9].ends_with("0499"));
    log.scroll(-1, WINDOW);
    assert!(shown(&log, WINDOW)[9].ends_with("0489"));
    log.scroll(-1_000, WINDOW);
    assert_eq!(shown(&log, WINDOW)[0], "first");
    log.scroll(1, WINDOW);
    assert!(shown(&log, WINDOW)[0].starts_with("0000"));
}

#[test]
fn wide_characters_are_not_torn() {
    let mut log = log();
    log.wrap = true;
    add(&mut log, ["日本語".repeat(10)]);
    let rows = shown(&log, Window { width: 7, height: 20 });
    assert!(rows.iter().all(|row| Safe::line(row).width() <= 7), "{rows:?}");
    assert_eq!(rows.concat(), "日本語".repeat(10));
}

#[test]
fn scrolling_sideways_moves_the_window_over_the_line() {
    let mut log = log();
    add(&mut log, [(0..30).map(|n| format!("{n:04}")).collect::<Vec<_>>().concat()]);
    log.left = 4;
    assert!(shown(&log, WINDOW)[0].starts_with("00010002"));
    log.left = 1_000;
    assert_eq!(shown(&log, WINDOW)[0], "");
}

#[test]
fn while_following_a_search_finds_the_newest_match_and_goes_up_with_previous() {
    let mut log = numbered(100);
    log.search_for(Pattern::new("line .?5$"), WINDOW);
    work_off(&mut log);
    let at = |log: &Log| log.search.as_ref().unwrap().at;
    assert_eq!(at(&log), Some(95));
    log.search_again(false, WINDOW);
    assert_eq!(at(&log), Some(85));
    assert!(shown(&log, WINDOW).contains(&"line 85".to_owned()));
    assert!(!log.follow);
    log.search_again(true, WINDOW);
    log.search_again(true, WINDOW);
    assert_eq!(at(&log), Some(5), "around the end");
    log.search_again(false, WINDOW);
    assert_eq!(at(&log), Some(95), "around the beginning");
}

#[test]
fn a_search_that_finds_nothing_says_so_and_moves_nothing() {
    let mut log = numbered(100);
    log.search_for(Pattern::new("nowhere"), WINDOW);
    work_off(&mut log);
    assert!(log.search.as_ref().unwrap().missed);
    assert!(log.follow);
    let mut empty = super::log();
    empty.search_for(Pattern::new("nowhere"), WINDOW);
    work_off(&mut empty);
    assert!(empty.search.as_ref().unwrap().missed);
}

/// A search or a filter over a million lines is done in slices, each of which reads a bounded
/// number of bytes.
#[test]
fn a_million_lines_are_searched_in_slices() {
    let mut log = log();
    for block in 0..1_000 {
        add(&mut log, (0..1_000).map(|n| format!("{block} {n}")));
    }
    log.search_for(Pattern::new("^0 7$"), WINDOW);
    assert!(log.is_busy(), "not at once");
    assert!(work_off(&mut log) > 10);
    assert_eq!(log.search.as_ref().unwrap().at, Some(7));
    log.set_filter(Filter { keep: Pattern::new("999$"), drop: None });
    assert!(log.is_busy());
    log.set_follow(true, WINDOW);
    assert_eq!(shown(&log, WINDOW).last().unwrap(), "999 999", "the end is filtered first");
    assert!(work_off(&mut log) > 2);
    assert_eq!(log.ring.kept_from(0), 1_000);
}

#[test]
fn filters_hold_for_lines_that_arrive_later() {
    let mut log = numbered(20);
    log.set_filter(Filter { keep: Pattern::new("line 1"), drop: Pattern::new("3") });
    work_off(&mut log);
    add(&mut log, ["line 1 new", "other", "line 13 new"]);
    let all = Window { width: 40, height: 50 };
    assert_eq!(
        shown(&log, all),
        [
            "line 1",
            "line 10",
            "line 11",
            "line 12",
            "line 14",
            "line 15",
            "line 16",
            "line 17",
            "line 18",
            "line 19",
            "line 1 new"
        ]
    );
    log.set_filter(Filter::default());
    assert_eq!(shown(&log, all).len(), 23);
}

#[test]
fn a_filter_keeps_the_place_of_the_reader() {
    let mut log = numbered(1_000);
    log.scroll(-500, WINDOW);
    let line = log.position(WINDOW).line;
    log.set_filter(Filter { keep: Pattern::new("0$"), drop: None });
    work_off(&mut log);
    assert_eq!(log.position(WINDOW).line, line.next_multiple_of(10));
    log.set_filter(Filter::default());
    assert_eq!(log.position(WINDOW).line, line);
}

#[test]
fn patterns_are_smart_about_case_and_take_what_is_no_expression_literally() {
    let matches = |pattern: &str, text: &str| Pattern::new(pattern).unwrap().matches(text.as_bytes());
    assert!(matches("error", "an ERROR"));
    assert!(matches("ERROR", "an ERROR"));
    assert!(!matches("ERROR", "an error"));
    assert!(matches(r"\S+rror", "an ERROR"), "a class is no capital");
    assert!(matches("[error", "[ERROR] x"));
    assert!(Pattern::new("[error").unwrap().is_literal());
    assert!(matches("straße", "STRAßE"));
    assert!(matches("password", "pass\x1b[31mword\x1b[0m"), "as it is shown");
    assert!(Pattern::new("").is_none());
    assert!(Pattern::new("(a{1000}){1000}").is_none_or(|pattern| pattern.is_literal()), "a monster is no expression");
}

#[test]
fn the_time_is_no_part_of_what_is_searched_and_can_be_shown() {
    let mut log = log();
    add(&mut log, ["2026-11-21T02:03:04.567890123+01:00 hello", "2026-11-19T01:00:00Z old", "none"]);
    assert_eq!(shown(&log, WINDOW), ["hello", "old", "none"]);
    log.search_for(Pattern::new("2026"), WINDOW);
    work_off(&mut log);
    assert!(log.search.as_ref().unwrap().missed);
    log.timestamps = true;
    let now = "2026-11-21T02:00:00Z".parse().unwrap();
    let times: Vec<_> =
        log.visible(now, WINDOW).into_iter().map(|row| row.time.map(|time| time.as_str().to_owned())).collect();
    assert_eq!(times, [Some("01:03:04.567".into()), Some("11-19 01:00Z".into()), None]);
}

#[test]
fn what_is_saved_is_what_came_of_the_lines_that_are_kept() {
    let mut log = log();
    add(&mut log, [&b"2026-11-21T02:03:04Z a\x1b[31mb"[..], b"2026-11-21T02:03:05Z c", b"2026-11-21T02:03:06Z ad"]);
    log.set_filter(Filter { keep: Pattern::new("a"), drop: None });
    assert_eq!(log.export(), b"a\x1b[31mb\nad\n");
    log.timestamps = true;
    assert_eq!(log.export(), b"2026-11-21T02:03:04Z a\x1b[31mb\n2026-11-21T02:03:06Z ad\n");
}

#[test]
fn the_rate_is_that_of_the_last_whole_seconds() {
    let mut log = log();
    for second in 10..20_u64 {
        log.apply(Duration::from_secs(second), LogEvent::Lines(chunk((0..200).map(|n| format!("{n}")))));
    }
    assert_eq!(log.lines_per_second(Duration::from_secs(20)), Some(200));
    assert_eq!(log.lines_per_second(Duration::from_millis(22_500)), Some(120));
    assert_eq!(log.lines_per_second(Duration::from_secs(40)), Some(0));
    log.apply(Duration::from_secs(20), LogEvent::Ended);
    assert_eq!(log.lines_per_second(Duration::from_secs(20)), None, "nothing more comes");
}

#[test]
fn lines_that_were_there_before_are_no_news() {
    let mut log = log();
    log.opened_at = "2026-11-21T02:03:10Z".parse().unwrap();
    let lines = |seconds: std::ops::Range<u64>| chunk(seconds.map(|s| format!("2026-11-21T02:03:{s:02}.5Z line")));
    log.apply(Duration::from_secs(10), LogEvent::Lines(lines(0..8)));
    assert_eq!(log.lines_per_second(Duration::from_secs(11)), Some(0));
    // One chunk may hold the end of the old and the beginning of the new.
    log.apply(Duration::from_secs(11), LogEvent::Lines(lines(5..20)));
    assert_eq!(log.lines_per_second(Duration::from_secs(12)), Some(2));
}

/// R9: progress written with carriage returns.
#[test]
fn r9_rewrites_are_one_row_with_a_mark_and_can_be_opened() {
    let mut log = log();
    let updates = (0..5_000).map(|n| format!("{n} of 5000 done\r")).collect::<Vec<_>>().concat();
    add(&mut log, [updates.trim_end_matches('\r'), "ERROR disk full\rINFO all is well"]);
    let rows = log.visible("2026-11-21T02:00:00Z".parse().unwrap(), WINDOW);
    assert_eq!(rows.len(), 2);
    assert!(rows[0].text.is_marked() && rows[0].text.as_str().contains("4999 of 5000"));
    assert!(rows[1].text.as_str().contains("INFO all is well"));
    assert!(rows[1].text.is_marked(), "INFO never stands alone");
    log.toggle_rewrites(WINDOW);
    log.wrap = true;
    let tall = Window { width: 200, height: 100 };
    let opened = shown(&log, tall).concat();
    assert!(opened.contains("ERROR disk full") && opened.contains("INFO all is well"), "{opened}");
}

/// R10, the drawing side: lines of a mebibyte cost what their visible part costs.
#[test]
fn r10_a_window_full_of_giant_lines_is_presented_bounded() {
    let mut log = log();
    add(&mut log, (0..20).map(|n| format!("{n} {}", "x".repeat(1 << 20))));
    log.toggle_wrap(WINDOW);
    let rows = shown(&log, WINDOW);
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row.len() <= 40));
    let presented: usize = log
        .visible("2026-11-21T02:00:00Z".parse().unwrap(), WINDOW)
        .iter()
        .map(|row| row.text.as_str().len())
        .max()
        .unwrap();
    assert!(presented < 10 << 10, "{presented} bytes of one line");
    assert!(log.ring.cost() <= MEMORY);
}
