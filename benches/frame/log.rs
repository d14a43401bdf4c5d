//! What a line of a log costs.

use std::hint::black_box;

use quarterdeck::model::log::LogChunk;
use quarterdeck::state::log::{Filter, MEMORY, Pattern, Ring};
use quarterdeck::systems::lines::Lines;

use super::{median, timed};

/// Lines a second into whole lines, into a full ring, through a filter, past a search.
pub fn log() {
    const LINES: usize = 100_000;
    let line = |n: usize| {
        format!("2026-11-21T02:00:00.{n:09}Z GET /api/orders/{n} 200 12ms user=ana trace=8f14e45fceea167a\n")
    };
    let body: String = (0..LINES).map(line).collect::<Vec<_>>().concat();
    let split = || -> Vec<LogChunk> {
        let mut lines = Lines::default();
        body.as_bytes()
            .chunks(32 << 10)
            .filter_map(|bytes| {
                lines.push(bytes);
                lines.is_full().then(|| lines.take()).flatten()
            })
            .collect()
    };
    let parted = timed(5, || drop(black_box(split())));
    let none = Filter::default();
    let mut ring = Ring::new(MEMORY);
    let kept = Filter { keep: Pattern::new("orders/.*7 200"), drop: Pattern::new("trace=0") };
    let mut filtered = Ring::new(MEMORY);
    let fill = |ring: &mut Ring, filter: &Filter| {
        let chunks = split();
        timed(1, || chunks.iter().for_each(|chunk| ring.push(chunk, filter)))
    };
    let plain = median((0..11).map(|_| fill(&mut ring, &none)).collect());
    let filtering = median((0..11).map(|_| fill(&mut filtered, &kept)).collect());
    let per_second = |seconds: f64| LINES as f64 / seconds / 1e6;
    println!(
        "log: {:.1} M lines/s read, {:.1} M lines/s kept (ring full, {} MiB), {:.1} M lines/s filtered",
        per_second(parted),
        per_second(plain),
        ring.cost() >> 20,
        per_second(filtering)
    );
}
