//! What a frame and a message cost as the world grows, and what a line of a log costs.
//!
//! ```text
//! cargo bench --bench frame              # tables
//! cargo bench --bench frame -- --check   # exit 1 when a large world costs more than 1.3 × a small one
//! cargo bench --bench frame -- --wide    # the page of one very wide run alone
//! cargo bench --bench frame -- --several # three clusters alone
//! ```
//!
//! The check compares within one run: rounds at both sizes are interleaved and paired, and the
//! median of their ratios counts, so that a machine that is busy or slow does not decide.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures and stops at surprises")]

mod clusters;
mod log;
mod pods;
mod whole;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quarterdeck::model::kubernetes::{Container, ContainerState, Meta, Pod, PodHealth};
use quarterdeck::model::{Name, Now, SourceId, Uid};
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;

use clusters::Clusters;
use pods::Pods;
use whole::{News, Size, Whole};

const PODS: [usize; 3] = [100, 1_000, 10_000];
/// The first fills the screen, the others are what must not be felt.
const SIZES: [Size; 3] = [
    Size { runs: 50, slos: 50, pods: 100, jobs: 0 },
    Size { runs: 1_000, slos: 50, pods: 10_000, jobs: 0 },
    Size { runs: 5_000, slos: 50, pods: 10_000, jobs: 0 },
];
/// Three clusters of one size and of another.
const CLUSTERS: [clusters::Size; 3] = [
    clusters::Size { pods: 1_000, rollouts: 60, applications: 60 },
    clusters::Size { pods: 3_000, rollouts: 150, applications: 300 },
    clusters::Size { pods: 10_000, rollouts: 500, applications: 1_000 },
];
/// A matrix that fills the screen, and a very wide one.
const WIDE: [Size; 2] =
    [Size { runs: 50, slos: 50, pods: 100, jobs: 64 }, Size { runs: 50, slos: 50, pods: 100, jobs: 256 }];
/// A frame at the largest size may cost this many times one at the smallest.
const LIMIT: f64 = 1.3;
/// The tree of one run's jobs is made anew whenever any run changes, and the time scale with its longest
/// chain for each frame: four times the jobs may cost this many times.
const WIDE_LIMIT: f64 = 2.5;
const ROUNDS: usize = 101;
/// Of the check, on a machine that is busy with something else.
const TRIES: usize = 3;
const FRAMES_PER_ROUND: usize = 8;

fn main() -> ExitCode {
    let check = std::env::args().any(|arg| arg == "--check");
    if std::env::args().any(|arg| arg == "--wide") {
        return if whole(&whole::wide(), &WIDE, check) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if std::env::args().any(|arg| arg == "--several") {
        return if clusters(check) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if !check {
        log::log();
    }
    let mut well = pods(check);
    for place in [Place::Deck, Place::Pipelines, Place::Slo] {
        well &= whole(&place, &SIZES, check);
    }
    well &= whole(&whole::wide(), &WIDE, check);
    well &= clusters(check);
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The flat list of all pods.
fn pods(check: bool) -> bool {
    let mut worlds: Vec<Pods> = PODS.into_iter().map(Pods::new).collect();
    for world in &mut worlds {
        world.quiet(20);
        world.changing(20);
        if !check {
            let quiet = median((0..ROUNDS).map(|_| world.quiet(1)).collect());
            let changing = median((0..ROUNDS).map(|_| world.changing(1)).collect());
            let message = median((0..ROUNDS).map(|_| world.message(100)).collect());
            println!(
                "{:>6} pods: draw {:>8.1} µs   draw after a change {:>8.1} µs   update {:>7.2} µs",
                world.count,
                quiet * 1e6,
                changing * 1e6,
                message * 1e6
            );
        }
    }
    let (first, last) = (0, worlds.len() - 1);
    kept("all pods: a frame of 10 000", LIMIT, || ratio(&mut worlds, (first, last), Pods::quiet))
        & kept("all pods: a change of 10 000 and its frame", LIMIT, || {
            ratio(&mut worlds, (first, last), Pods::changing)
        })
}

/// A place of a world with runs, objectives and pods.
fn whole(place: &Place, sizes: &[Size], check: bool) -> bool {
    let mut worlds: Vec<Whole> = sizes.iter().map(|size| Whole::new(*size, place)).collect();
    let name = match place {
        Place::Run(_) => "Run".to_owned(),
        place => format!("{place:?}"),
    };
    for world in &mut worlds {
        world.quiet(20);
        if !check {
            let size = world.size;
            print!("{name} of {size}: a key {:.0} µs", 1e6 * world.quiet(ROUNDS));
            for news in News::ALL {
                print!(", {} {:.0}", news.word(), 1e6 * world.news(news, ROUNDS));
            }
            println!(", a second {:.0}", 1e6 * world.tick(ROUNDS));
        }
    }
    let limit = if matches!(place, Place::Run(_)) { WIDE_LIMIT } else { LIMIT };
    let mut well = true;
    for (last, size) in sizes.iter().enumerate().skip(1) {
        well &= kept(&format!("{name}: a key with {size}"), limit, || ratio(&mut worlds, (0, last), Whole::quiet));
        for news in News::ALL {
            let what = format!("{name}: {} with {size}", news.word());
            well &= kept(&what, limit, || ratio(&mut worlds, (0, last), |world, times| world.news(news, times)));
        }
        well &= kept(&format!("{name}: a second with {size}"), limit, || ratio(&mut worlds, (0, last), Whole::tick));
    }
    well
}

/// The lists of three clusters.
fn clusters(check: bool) -> bool {
    let places = [Place::Deck, Place::Environments, Place::Rollouts, Place::Applications];
    let mut well = true;
    for place in &places {
        well &= several(place, check);
    }
    well
}

/// A place of three clusters.
fn several(place: &Place, check: bool) -> bool {
    let mut worlds: Vec<Clusters> = CLUSTERS.into_iter().map(|size| Clusters::new(size, place)).collect();
    for world in &mut worlds {
        world.quiet(20);
        if !check {
            let size = world.size;
            print!("{place:?} of three clusters, {size}: a key {:.0} µs", 1e6 * world.quiet(ROUNDS));
            for news in clusters::News::ALL {
                print!(", {} {:.0}", news.word(), 1e6 * world.news(news, ROUNDS));
            }
            println!();
        }
    }
    let mut well = true;
    for (last, size) in CLUSTERS.iter().enumerate().skip(1) {
        let name = format!("{place:?} of three clusters");
        well &= kept(&format!("{name}: a key with {size}"), LIMIT, || ratio(&mut worlds, (0, last), Clusters::quiet));
        for news in clusters::News::ALL {
            let what = format!("{name}: {} with {size}", news.word());
            well &= kept(&what, LIMIT, || ratio(&mut worlds, (0, last), |world, times| world.news(news, times)));
        }
    }
    well
}

/// Other programs only ever make the larger world look dearer (its memory leaves the cache), so a
/// limit that is kept once is kept.
fn kept(what: &str, limit: f64, mut ratio: impl FnMut() -> f64) -> bool {
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        best = best.min(ratio());
        if best <= limit {
            break;
        }
    }
    println!("{what} costs {best:.2} × the smallest (at most {limit})");
    best <= limit
}

/// The median over paired rounds of the second world's cost by the first's.
fn ratio<T>(worlds: &mut [T], (first, last): (usize, usize), cost: impl Fn(&mut T, usize) -> f64) -> f64 {
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

fn now() -> Now {
    Now { wall: "2026-11-21T02:00:00Z".parse().unwrap(), mono: Duration::from_mins(1) }
}

fn pod(n: usize, restarts: u32) -> Pod {
    pod_in(SourceId(0), n, restarts)
}

fn pod_in(cluster: SourceId, n: usize, restarts: u32) -> Pod {
    let name = format!("checkout-7d9fcb6d-{n:05}");
    Pod {
        meta: Meta {
            cluster,
            namespace: Name::new(["shop", "pay", "search"][n % 3]),
            uid: Uid::new(cluster, &format!("uid-{n}")),
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
            digest: None,
            ready: true,
            restarts,
            state: ContainerState::Running { since: None },
            last: None,
        }]),
        default_container: None,
        message: None,
    }
}
