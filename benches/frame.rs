//! What a frame and a message cost as the list of all pods grows, and what a line of a log costs.
//!
//! ```text
//! cargo bench --bench frame              # a table
//! cargo bench --bench frame -- --check   # exit 1 when a frame at 10 000 pods costs more than 1.3 × one at 100
//! ```
//!
//! The check compares within one run: rounds at both sizes are interleaved and paired, and the
//! median of their ratios counts, so that a machine that is busy or slow does not decide.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures and stops at surprises")]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quarterdeck::command::{Command, Key, Keymap};
use quarterdeck::config::keymap;
use quarterdeck::config::theme::{self, Depth, Glyphs, Theme};
use quarterdeck::model::kubernetes::{Container, ContainerState, Meta, Pod, PodHealth};
use quarterdeck::model::log::LogChunk;
use quarterdeck::model::source::{FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, Now, SourceId, SystemId, Uid};
use quarterdeck::state::State;
use quarterdeck::state::log::{Filter, MEMORY, Pattern, Ring};
use quarterdeck::state::ui::Place;
use quarterdeck::systems::lines::Lines;
use quarterdeck::text::Safe;
use quarterdeck::ui;
use quarterdeck::update::{Msg, settle, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// A frame at the largest size may cost this many times one at the smallest.
const LIMIT: f64 = 1.3;
const ROUNDS: usize = 101;
/// Of the check, on a machine that is busy with something else.
const TRIES: usize = 3;
const FRAMES_PER_ROUND: usize = 8;

fn main() -> ExitCode {
    let check = std::env::args().any(|arg| arg == "--check");
    let mut worlds: Vec<World> = SIZES.into_iter().map(World::new).collect();
    for world in &mut worlds {
        world.quiet(20);
        world.changing(20);
    }
    if !check {
        for world in &mut worlds {
            let quiet = median((0..ROUNDS).map(|_| world.quiet(1)).collect());
            let changing = median((0..ROUNDS).map(|_| world.changing(1)).collect());
            let message = median((0..ROUNDS).map(|_| world.message(100)).collect());
            println!(
                "{:>6} pods: draw {:>8.1} µs   draw after a change {:>8.1} µs   update {:>7.2} µs",
                world.pods,
                quiet * 1e6,
                changing * 1e6,
                message * 1e6
            );
        }
        log();
    }
    // Other programs only ever make the larger world look dearer (its memory leaves the cache), so a
    // limit that is kept once is kept.
    for _ in 0..TRIES {
        let quiet = ratio(&mut worlds, World::quiet);
        let changing = ratio(&mut worlds, World::changing);
        println!(
            "a frame at 10 000 pods costs {quiet:.2} × one at 100, after a change {changing:.2} × (at most {LIMIT})"
        );
        if !check || (quiet <= LIMIT && changing <= LIMIT) {
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::FAILURE
}

/// The median over paired rounds of the largest world's cost by the smallest's.
fn ratio(worlds: &mut [World], cost: impl Fn(&mut World, usize) -> f64) -> f64 {
    let (first, last) = (0, worlds.len() - 1);
    let pair = |round: usize| {
        // Who comes first alternates, so that neither always finds the warmer machine.
        let mut costs = [0.0; 2];
        for at in if round.is_multiple_of(2) { [0, 1] } else { [1, 0] } {
            costs[at] = cost(&mut worlds[[first, last][at]], FRAMES_PER_ROUND);
        }
        costs[1] / costs[0]
    };
    median((0..ROUNDS).map(pair).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Seconds for one call, averaged over `times`.
#[expect(clippy::disallowed_methods, reason = "a bench measures the machine's own time")]
fn timed(times: usize, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        work();
    }
    start.elapsed().as_secs_f64() / times as f64
}

/// The flat list of all pods on a terminal of 160 × 48.
struct World {
    pods: usize,
    state: State,
    theme: Theme,
    terminal: Terminal<TestBackend>,
    feed: FeedId,
    keys: [Key; 2],
    turn: usize,
}

impl World {
    fn new(pods: usize) -> Self {
        let keymap: Keymap = keymap::load(None, None).unwrap();
        let key = |command| keymap.keys_of(command)[0];
        let keys = [key(Command::Down), key(Command::Up)];
        let scope = SourceScope {
            system: SystemId::Kubernetes,
            discovered: None,
            id: SourceId(0),
            name: Name::new("bench"),
            server: Safe::of("https://bench"),
            user: Safe::of("bench"),
            namespaces: None,
            unusable: None,
        };
        let mut state = State::new(now(), vec![scope], keymap, (160, 48));
        state.ui.place = Place::Pods;
        let feed = FeedId { cluster: SourceId(0), kind: Kind::Pod, namespace: None };
        update(&mut state, now(), Msg::Feed(feed.clone(), FeedEvent::ListBegins));
        for page in (0..pods).collect::<Vec<_>>().chunks(500) {
            let objects = page.iter().map(|n| Object::Pod(Arc::new(pod(*n, 0)))).collect();
            update(&mut state, now(), Msg::Feed(feed.clone(), FeedEvent::Applied(objects)));
        }
        update(&mut state, now(), Msg::Feed(feed.clone(), FeedEvent::Listed));
        let theme = theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap();
        let terminal = Terminal::new(TestBackend::new(160, 48)).unwrap();
        let mut world = Self { pods, state, theme, terminal, feed, keys, turn: 0 };
        world.draw();
        let rows: String =
            world.terminal.backend().buffer().content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(rows.contains("checkout-"), "the pods are not on the screen");
        world
    }

    fn draw(&mut self) {
        settle(&mut self.state);
        let (state, theme) = (&self.state, &self.theme);
        self.terminal.draw(|frame| ui::draw(state, theme, frame)).unwrap();
    }

    fn key(&mut self) {
        self.turn += 1;
        let key = self.keys[self.turn % 2];
        black_box(update(&mut self.state, now(), Msg::Key(key)));
    }

    fn change(&mut self) {
        self.turn += 1;
        let object = Object::Pod(Arc::new(pod(self.turn * 7_919 % self.pods, self.turn as u32)));
        let event = FeedEvent::Applied(vec![object]);
        black_box(update(&mut self.state, now(), Msg::Feed(self.feed.clone(), event)));
    }

    /// A key and its frame.
    fn quiet(&mut self, times: usize) -> f64 {
        timed(times, || {
            self.key();
            self.draw();
        })
    }

    /// A changed pod, a key and their frame.
    fn changing(&mut self, times: usize) -> f64 {
        timed(times, || {
            self.change();
            self.key();
            self.draw();
        })
    }

    /// A changed pod, without a frame.
    fn message(&mut self, times: usize) -> f64 {
        timed(times, || self.change())
    }
}

fn now() -> Now {
    Now { wall: "2026-11-21T02:00:00Z".parse().unwrap(), mono: Duration::from_mins(1) }
}

fn pod(n: usize, restarts: u32) -> Pod {
    let name = format!("checkout-7d9fcb6d-{n:05}");
    Pod {
        meta: Meta {
            cluster: SourceId(0),
            namespace: Name::new(["shop", "pay", "search"][n % 3]),
            uid: Uid::new(SourceId(0), &format!("uid-{n}")),
            name: Name::new(&name),
            resource_version: Arc::from("1"),
            generation: 1,
            created: "2026-11-20T02:00:00Z".parse().ok(),
            deleting: None,
            owner: None,
        },
        status: Safe::of("Running"),
        health: PodHealth::Running,
        ready: 2,
        containers: 2,
        restarts,
        node: Some(Name::new("node-17")),
        template_hash: Some(Safe::of("7d9fcb6d")),
        states: Box::new([Container {
            name: Name::new("app"),
            init: false,
            image: Safe::of("registry/checkout:1.2.3"),
            ready: true,
            restarts,
            state: ContainerState::Running { since: None },
            last: None,
        }]),
        message: None,
    }
}

/// Lines a second into whole lines, into a full ring, through a filter, past a search.
fn log() {
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
