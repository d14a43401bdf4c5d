//! The ring keeps its bound, its numbers and its index, whatever comes in whatever pieces.

use proptest::prelude::*;
use quarterdeck::state::log::{Filter, Pattern, Ring};
use quarterdeck::systems::lines::{LINE_LIMIT, Lines};

use super::chunk;

const MIB: usize = 1 << 20;

#[test]
fn the_oldest_lines_leave_and_are_counted() {
    let mut ring = Ring::new(MIB);
    let none = Filter::default();
    let mut sent = 0;
    for _ in 0..100 {
        ring.push(&chunk((0..1_000).map(|n| format!("2026-11-21T02:00:00.000000000Z line {n}"))), &none);
        sent += 1_000;
        assert!(ring.cost() <= MIB, "{} bytes", ring.cost());
    }
    assert_eq!(ring.end(), sent);
    assert!(ring.dropped() > 0);
    assert_eq!(ring.first(), ring.dropped());
    assert_eq!(ring.line(ring.first() - 1), None);
    assert_eq!(ring.line(sent - 1).unwrap(), b"2026-11-21T02:00:00.000000000Z line 999");
}

#[test]
fn lines_that_come_one_by_one_cost_little_more_than_their_bytes() {
    let mut ring = Ring::new(64 * MIB);
    let line = "a".repeat(100);
    for _ in 0..10_000 {
        ring.push(&chunk([&line]), &Filter::default());
    }
    assert_eq!(ring.end(), 10_000);
    assert!(ring.cost() < 10_000 * 115, "{} bytes", ring.cost());
}

#[test]
fn a_chunk_larger_than_the_memory_stays_alone() {
    let mut ring = Ring::new(1_000);
    ring.push(&chunk(["old"]), &Filter::default());
    ring.push(&chunk(["x".repeat(100_000)]), &Filter::default());
    assert_eq!((ring.first(), ring.end(), ring.dropped()), (1, 2, 1));
    ring.push(&chunk(["new".repeat(30_000)]), &Filter::default());
    assert_eq!((ring.first(), ring.end(), ring.dropped()), (2, 3, 2));
}

/// R10: one line of 10 MiB, then a million lines; memory by its counters.
#[test]
fn r10_a_ten_mebibyte_line_and_a_million_lines_stay_within_the_memory() {
    let mut lines = Lines::default();
    let mut ring = Ring::new(64 * MIB);
    let filter = Filter::default();
    let mut take = |lines: &mut Lines, largest: &mut usize| {
        if let Some(chunk) = lines.take() {
            *largest = (*largest).max(chunk.bytes.len());
            ring.push(&chunk, &filter);
            assert!(ring.cost() <= 64 * MIB);
        }
    };
    let mut largest = 0;
    let piece = vec![b'x'; 64 << 10];
    for _ in 0..160 {
        lines.push(&piece);
        take(&mut lines, &mut largest);
    }
    lines.push(b" the end of it\n");
    let line = |n: u32| format!("2026-11-21T02:00:00.000000000Z {n:0>90}\n");
    let body = (0..100).map(line).collect::<Vec<_>>().concat();
    for _ in 0..10_000 {
        lines.push(body.as_bytes());
        take(&mut lines, &mut largest);
    }
    assert!(largest < LINE_LIMIT + (128 << 10), "a chunk of {largest} bytes");
    assert_eq!(ring.end(), 1_000_001);
    assert!(ring.dropped() > 400_000);
    assert!(ring.cost() > 60 * MIB);
}

#[test]
fn a_line_without_an_end_is_cut_and_says_so() {
    let mut lines = Lines::default();
    lines.push(&vec![b'x'; 3 * MIB]);
    lines.push(b"rest\nnext\n");
    let chunk = lines.take().unwrap();
    assert_eq!((chunk.ends.len(), chunk.cut), (2, 1));
    let first = String::from_utf8_lossy(&chunk.bytes[..chunk.ends[0] as usize]);
    assert!(first.ends_with("x … the line is longer than 1 MiB and was cut here"));
    assert!(chunk.bytes.ends_with(b"\nnext\n"));
}

#[test]
fn a_line_of_exactly_the_limit_is_not_cut() {
    let mut lines = Lines::default();
    let mut line = vec![b'x'; LINE_LIMIT - 1];
    line.push(b'\n');
    lines.push(&line);
    let chunk = lines.take().unwrap();
    assert_eq!((chunk.ends.len(), chunk.cut, chunk.bytes.len()), (1, 0, LINE_LIMIT));
}

#[test]
fn after_a_break_lines_come_once() {
    let mut lines = Lines::default();
    lines.push(b"2026-11-21T02:00:00.1Z a\n2026-11-21T02:00:00.2Z b\n2026-11-21T02:00:00.3Z unfin");
    assert_eq!(lines.take().unwrap().ends.len(), 2);
    assert_eq!(lines.last().unwrap().to_string(), "2026-11-21T02:00:00.2Z");
    lines.reconnected();
    lines.push(b"2026-11-21T02:00:00.1Z a\n2026-11-21T02:00:00.2Z b\n2026-11-21T02:00:00.3Z unfinished\n");
    assert_eq!(&*lines.take().unwrap().bytes, b"2026-11-21T02:00:00.3Z unfinished\n");
}

fn naive(lines: &[String], keep: impl Fn(&str) -> bool, first: u64) -> Vec<u64> {
    (first..lines.len() as u64).filter(|n| keep(&lines[*n as usize])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a plain list: every line, and every neighbour that passes the filter.
    #[test]
    fn the_index_agrees_with_a_plain_list(
        sizes in prop::collection::vec((1_usize..40, 0_usize..6_000), 1..30),
        filter_at in 0_usize..30,
        limit in 20_000_usize..200_000,
    ) {
        let mut ring = Ring::new(limit);
        let mut filter = Filter::default();
        let mut all = Vec::new();
        for (at, (count, pad)) in sizes.iter().enumerate() {
            if at == filter_at {
                filter = Filter { keep: Pattern::new("[05]$"), drop: Pattern::new("10$") };
                ring.filter_changed(&filter);
            }
            let lines: Vec<String> = (0..*count).map(|n| format!("{:x>pad$} {}", "", all.len() + n, pad = *pad)).collect();
            ring.push(&chunk(&lines), &filter);
            all.extend(lines);
        }
        while !ring.read_on(&filter, 10_000) {}
        prop_assert!(!ring.is_reading());
        prop_assert_eq!(ring.end(), all.len() as u64);
        let passes = |line: &str| !filter.is_active() || ((line.ends_with('0') || line.ends_with('5')) && !line.ends_with("10"));
        let kept = naive(&all, passes, ring.first());
        for n in ring.first()..ring.end() {
            prop_assert_eq!(ring.line(n).unwrap(), all[n as usize].as_bytes());
            prop_assert_eq!(ring.next_kept(n), kept.iter().copied().find(|k| *k >= n));
            prop_assert_eq!(ring.previous_kept(n + 1), kept.iter().rev().copied().find(|k| *k <= n));
            prop_assert_eq!(ring.kept_from(n), kept.iter().filter(|k| **k >= n).count() as u64);
        }
        prop_assert_eq!(ring.next_kept(ring.end()), None);
        prop_assert_eq!(ring.previous_kept(ring.first()), None);
    }
}
