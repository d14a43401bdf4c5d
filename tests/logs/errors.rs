//! From error to error, and what a job's log looks like.

use quarterdeck::model::Kind;
use quarterdeck::model::log::TailId;
use quarterdeck::state::log::{Log, MEMORY};

use super::{WINDOW, add, numbered, request, shown};

fn line_at(log: &Log) -> u64 {
    log.search.as_ref().unwrap().at.unwrap()
}

#[test]
fn the_next_error_goes_around_with_a_word() {
    let mut log = numbered(50);
    add(&mut log, ["ERROR one", "info  an error that was none", "panic: two", "quiet"]);
    log.next_error(WINDOW);
    assert_eq!(line_at(&log), 52, "the newest of a log that is followed");
    assert!(!log.search.as_ref().unwrap().around);
    log.next_error(WINDOW);
    assert_eq!(line_at(&log), 50);
    assert!(log.search.as_ref().unwrap().around, "it went on from the top");
    log.next_error(WINDOW);
    assert_eq!(line_at(&log), 52);
    assert!(!log.search.as_ref().unwrap().around);
    log.search_again(false, WINDOW);
    assert_eq!(line_at(&log), 50, "the keys of a search work on it");
}

#[test]
fn a_log_without_errors_says_so() {
    let mut log = numbered(5);
    log.next_error(WINDOW);
    assert!(log.search.as_ref().unwrap().missed);
}

#[test]
fn marks_of_a_job_are_read_and_its_first_error_comes_first() {
    let mut request = request();
    request.pod.kind = Kind::Job;
    let mut log = Log::new(TailId(1), request, MEMORY);
    add(
        &mut log,
        [
            "2026-11-21T02:00:00.1234567Z ##[group]Run make test",
            "2026-11-21T02:00:00.1234567Z [command]/usr/bin/make test",
            "2026-11-21T02:00:01.1234567Z ##[endgroup]",
            "2026-11-21T02:00:02.1234567Z ##[error]Process completed with exit code 2.",
            "2026-11-21T02:00:03.1234567Z ##[error]and again",
        ],
    );
    assert_eq!(
        shown(&log, WINDOW),
        [
            "▸ Run make test",
            "$ /usr/bin/make test",
            "",
            "✖ error: Process completed with exit cod",
            "✖ error: and again"
        ]
    );
    log.next_error(WINDOW);
    assert_eq!(line_at(&log), 3);
}
