//! A world of everything: pods with the workloads above them, workflow runs, objectives, alerts; on the
//! Deck and in the views of their own.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::command::{Command, Key, Keymap};
use quarterdeck::config::keymap;
use quarterdeck::config::theme::{self, Depth, Glyphs, Theme};
use quarterdeck::model::kubernetes::{ContainerImage, Deployment, Meta, Replicas};
use quarterdeck::model::pipelines::{Conclusion, Job, JobStep, Jobs, JobsRead, Run, RunStatus};
use quarterdeck::model::scope::{CanaryQueries, Service, Settings};
use quarterdeck::model::slo::{Alert, Burn, BurnSeverity, Exhaustion, Figures, Objective, Reading, Slo, SloSource};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::workloads::Template;
use quarterdeck::model::{Kind, Name, SourceId, SystemId, Uid};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::ui;
use quarterdeck::update::{Msg, settle, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{now, pod, timed};

const CLUSTER: SourceId = SourceId(0);
const GITHUB: SourceId = SourceId(1);
const PROMETHEUS: SourceId = SourceId(2);
/// Pods of one workload.
const EACH: usize = 20;
const REPOSITORIES: usize = 10;
/// Rows that are on a screen, or nearly.
const SHOWN: usize = 50;

/// How much there is. The smallest fills every list of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub runs: usize,
    pub slos: usize,
    pub pods: usize,
    /// Of the first run, thirty steps each.
    pub jobs: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs, {} objectives, {} pods", self.runs, self.slos, self.pods)?;
        if self.jobs > 0 { write!(f, ", a run of {} jobs", self.jobs) } else { Ok(()) }
    }
}

/// One thing that a source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Pod,
    Run,
    Objective,
    /// A source is there, and nothing has changed.
    Alive,
}

impl News {
    pub const ALL: [Self; 4] = [Self::Pod, Self::Run, Self::Objective, Self::Alive];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Pod => "a changed pod",
            Self::Run => "a changed run",
            Self::Objective => "a changed objective",
            Self::Alive => "a sign of life",
        }
    }
}

/// As it is seen, a line for each of its rows.
fn lines(screen: &str) -> String {
    let cells: Vec<char> = screen.chars().collect();
    cells.chunks(160).map(|row| row.iter().collect::<String>().trim_end().to_owned() + "\n").collect()
}

pub struct Whole {
    pub size: Size,
    state: State,
    theme: Theme,
    terminal: Terminal<TestBackend>,
    keys: [Key; 2],
    turn: usize,
}

impl Whole {
    pub fn new(size: Size, place: &Place) -> Self {
        let keymap: Keymap = keymap::load(None, None).unwrap();
        let key = |command| keymap.keys_of(command)[0];
        let keys = [key(Command::Down), key(Command::Up)];
        let mut state = State::new(now(), sources(), keymap, (160, 48));
        state.ui.place = place.clone();
        state.settings = Arc::new(Settings { services: (0..size.slos).map(service).collect(), ..Settings::default() });
        let feeds: Vec<FeedId> = state.world.feeds.keys().cloned().collect();
        for feed in feeds {
            hear(&mut state, &feed, FeedEvent::ListBegins);
            for page in objects(size, &feed).chunks(500) {
                hear(&mut state, &feed, FeedEvent::Applied(page.to_vec()));
            }
            hear(&mut state, &feed, FeedEvent::Listed);
        }
        if size.jobs > 0 {
            let jobs = Jobs { attempt: 1, jobs: (0..size.jobs).map(job).collect(), left_out: 0 };
            let read = JobsRead { run: run(0, 0).meta.uid, jobs: Ok(Arc::new(jobs)) };
            let feed = feed(GITHUB, Kind::Run, Some(repository(0)));
            hear(&mut state, &feed, FeedEvent::Detail(Detail::Jobs(read)));
            settle(&mut state);
            // The matrix is folded at first.
            let open = [Command::Top, Command::Open].map(|command| state.keymap.keys_of(command)[0]);
            for key in open {
                black_box(update(&mut state, now(), Msg::Key(key)));
                settle(&mut state);
            }
        }
        let theme = theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap();
        let terminal = Terminal::new(TestBackend::new(160, 48)).unwrap();
        let mut world = Self { size, state, theme, terminal, keys, turn: 0 };
        world.draw();
        world.check(place);
        world
    }

    /// What is measured is on the screen.
    fn check(&self, place: &Place) {
        let screen: String =
            self.terminal.backend().buffer().content().iter().map(ratatui::buffer::Cell::symbol).collect();
        let wanted: &[&str] = match place {
            Place::Pipelines => &["Change number"],
            Place::Slo => &["service-00"],
            Place::Deck => &["failed", "service-00", "left", "✔ 1."],
            Place::Run(_) => &["part 0, amd64", "Part 9 of 30"],
            _ => &[],
        };
        for word in wanted {
            assert!(screen.contains(word), "{word:?} is not on the screen of {place:?}:\n{}", lines(&screen));
        }
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

    /// A key and its frame.
    pub fn quiet(&mut self, times: usize) -> f64 {
        timed(times, || {
            self.key();
            self.draw();
        })
    }

    /// What a source says, and the frame after it.
    pub fn news(&mut self, news: News, times: usize) -> f64 {
        timed(times, || {
            self.turn += 1;
            let (turn, size) = (self.turn, self.size);
            let (feed, event) = match news {
                News::Pod => {
                    let object = Object::Pod(Arc::new(pod(turn * 7_919 % size.pods, turn as u32)));
                    (feed(CLUSTER, Kind::Pod, None), FeedEvent::Applied(vec![object]))
                }
                News::Run => {
                    let run = run(turn * 7_919 % size.runs, turn);
                    let name = run.meta.namespace.clone();
                    (feed(GITHUB, Kind::Run, Some(name)), FeedEvent::Applied(vec![Object::Run(Arc::new(run))]))
                }
                News::Objective => {
                    let object = Object::Slo(Arc::new(slo(turn * 7_919 % size.slos, turn)));
                    (feed(PROMETHEUS, Kind::Slo, None), FeedEvent::Applied(vec![object]))
                }
                News::Alive => (feed(CLUSTER, Kind::Pod, None), FeedEvent::Alive),
            };
            hear(&mut self.state, &feed, event);
            self.draw();
        })
    }

    /// The second that passes when nothing else happens, and its frame.
    pub fn tick(&mut self, times: usize) -> f64 {
        timed(times, || {
            black_box(update(&mut self.state, now(), Msg::Tick));
            self.draw();
        })
    }
}

fn hear(state: &mut State, feed: &FeedId, event: FeedEvent) {
    black_box(update(state, now(), Msg::Feed(feed.clone(), event)));
}

fn feed(cluster: SourceId, kind: Kind, namespace: Option<Name>) -> FeedId {
    FeedId { cluster, kind, namespace }
}

fn repository(n: usize) -> Name {
    Name::new(&format!("shop/service-{:02}", n % REPOSITORIES))
}

fn sources() -> Vec<SourceScope> {
    let scope = |id, system, name| SourceScope {
        id,
        system,
        name: Name::new(name),
        server: Safe::of("https://bench"),
        user: Safe::of("bench"),
        namespaces: (system == SystemId::GitHub).then(|| (0..REPOSITORIES).map(repository).collect()),
        unusable: None,
        discovered: None,
    };
    vec![
        scope(CLUSTER, SystemId::Kubernetes, "bench"),
        scope(GITHUB, SystemId::GitHub, "api.github.com"),
        scope(PROMETHEUS, SystemId::Prometheus, "prometheus"),
    ]
}

/// What a feed lists.
fn objects(size: Size, feed: &FeedId) -> Vec<Object> {
    match feed.kind {
        Kind::Pod => (0..size.pods).map(|n| Object::Pod(Arc::new(pod(n, 0)))).collect(),
        Kind::Deployment => {
            (0..size.pods.div_ceil(EACH)).map(|n| Object::Deployment(Arc::new(deployment(n)))).collect()
        }
        Kind::Run => {
            let own = (0..size.runs).filter(|n| feed.namespace.as_ref() == Some(&repository(*n)));
            own.map(|n| Object::Run(Arc::new(run(n, 0)))).collect()
        }
        Kind::Slo => (0..size.slos).map(|n| Object::Slo(Arc::new(slo(n, 0)))).collect(),
        Kind::Alert => (0..size.slos / 10).map(|n| Object::Alert(Arc::new(alert(n * 10)))).collect(),
        _ => Vec::new(),
    }
}

fn before(seconds: usize) -> Option<Timestamp> {
    now().wall.checked_sub(SignedDuration::from_secs(seconds as i64)).ok()
}

fn meta(cluster: SourceId, namespace: Name, name: &str, age: usize) -> Meta {
    Meta {
        cluster,
        uid: Uid::new(cluster, &format!("{} {name}", namespace.raw())),
        namespace,
        name: Name::new(name),
        resource_version: Arc::from("1"),
        generation: 1,
        created: before(age),
        deleting: None,
        owner: None,
    }
}

fn deployment(n: usize) -> Deployment {
    let count = EACH as i64;
    Deployment {
        meta: meta(
            CLUSTER,
            Name::new(["dev", "staging", "production"][n % 3]),
            &format!("service-{:04}", n / 3),
            3_600,
        ),
        spec: None,
        paused: false,
        paused_by: None,
        replicas_by: None,
        revision: Some(1),
        observed_generation: 1,
        replicas: Replicas { desired: count, current: count, updated: count, ready: count, available: count },
        completed: None,
        conditions: Vec::new(),
        images: vec![ContainerImage { container: Safe::of("app"), image: Safe::of("registry/service:1.2.3") }],
        template: Template::default(),
        progress_deadline: Some(600),
        managed_by: None,
    }
}

/// The first three move, some of the next failed, and the rest is well.
fn run(n: usize, turn: usize) -> Run {
    let moves = n < 3;
    let workflow = ["tests", "build-push-images", "rebuild-base"][n % 3];
    let (failed, began) = (n % 11 == 6 && n < SHOWN, 40 + 420 * n);
    Run {
        kind: Kind::Run,
        meta: meta(GITHUB, repository(n), &format!("{workflow} #{n}"), began),
        workflow: Name::new(workflow),
        path: Name::new(&format!(".github/workflows/{workflow}.yaml")),
        title: Safe::line(&format!("Change number {n}")),
        number: n as u64,
        attempt: 1,
        status: if moves { RunStatus::InProgress } else { RunStatus::Completed },
        conclusion: (!moves).then_some(if failed { Conclusion::Failure } else { Conclusion::Success }),
        branch: Some(Name::new(&if failed { format!("topic-{n}") } else { "main".to_owned() })),
        sha: Safe::of("9f8e7d1c44aa0b6f1d2e3c4b5a69788796a5b4c3"),
        event: Safe::of("push"),
        actor: Some(Safe::of("ana")),
        created: before(began),
        started: before(began),
        updated: before(began.saturating_sub(180 + turn % 60)),
        url: Safe::line(&format!("https://github.com/shop/service/actions/runs/{n}")),
    }
}

/// The page of the first run.
pub fn wide() -> Place {
    Place::Run(run(0, 0).id())
}

/// A cell of a matrix, under way.
fn job(n: usize) -> Job {
    let name = format!("combine (part {}, {})", n / 4, ["amd64", "arm64", "riscv64", "s390x"][n % 4]);
    let step = |number: u32| {
        let ended = number <= 18;
        JobStep {
            number,
            name: Safe::line(&format!("Part {number} of 30")),
            status: if ended { RunStatus::Completed } else { RunStatus::InProgress },
            conclusion: ended.then_some(Conclusion::Success),
            started: before(40),
            completed: before(20).filter(|_| ended),
        }
    };
    Job {
        id: meta(GITHUB, repository(0), &name, 40).id(Kind::Job),
        run: run(0, 0).meta.uid,
        status: RunStatus::InProgress,
        conclusion: None,
        created: before(40),
        started: before(38),
        completed: None,
        runner: Some(Safe::of("GitHub Actions 1000000017")),
        labels: vec![Safe::of("ubuntu-24.04")],
        url: None,
        steps: (1..=30).map(step).collect(),
    }
}

fn slo(n: usize, turn: usize) -> Slo {
    let service = format!("service-{n:04}");
    // The same rows come first in every world, so that a screen costs the same to draw.
    let consumed = if n < SHOWN { 1.0 - n as f64 / 100.0 } else { 0.0 } - (turn % 7) as f64 / 1_000.0;
    let rate = |rate: f64| Reading::Value(rate + n as f64 / 100.0);
    let burn = |severity, short, long, threshold| Burn {
        severity,
        short: Safe::of(short),
        long: Safe::of(long),
        short_rate: rate(0.1),
        long_rate: rate(0.2),
        threshold,
        few: None,
    };
    Slo {
        meta: meta(PROMETHEUS, Name::new(&service), &format!("{service}-availability"), 3_600),
        service: Safe::line(&service),
        name: Safe::of("availability"),
        extras: Vec::new(),
        objective: Objective { ppb: 999_000_000 },
        window: std::time::Duration::from_hours(24 * 30),
        window_text: Safe::of("30d"),
        rolling: true,
        period: None,
        source: SloSource::Sloth,
        method: "mean of ratios",
        figures: Reading::Value(Figures {
            attained: 0.9995,
            consumed,
            remaining: 1.0 - consumed,
            exhausted_in: Exhaustion::Never,
        }),
        burns: vec![burn(BurnSeverity::Page, "5m", "1h", 14.4), burn(BurnSeverity::Page, "30m", "6h", 6.0)],
        rates: ["5m", "1h", "6h"].map(|window| (Safe::of(window), rate(0.3))).to_vec(),
        at: before(turn % 10),
        queries: Vec::new(),
        history: Vec::new(),
    }
}

/// As the configuration has one for each objective.
fn service(n: usize) -> Service {
    Service {
        name: Name::new(&format!("service-{n:04}")),
        repository: None,
        workflows: Vec::new(),
        tekton: Vec::new(),
        images: vec![Name::new(&format!("registry/service-{n:04}"))],
        platforms: Vec::new(),
        canary: CanaryQueries::default(),
    }
}

fn alert(n: usize) -> Alert {
    Alert {
        meta: meta(PROMETHEUS, Name::new(""), &format!("Service{n:04}ErrorBudgetBurn"), 600),
        firing: true,
        severity: Safe::of("page"),
        since: before(600),
        summary: Safe::of("the error budget burns"),
        slo: Some(Safe::line(&format!("service-{n:04}-availability"))),
        labels: Vec::new(),
    }
}
