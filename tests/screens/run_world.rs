//! Workflow runs made by hand: those of the picture, with every kind of state in them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::model::kubernetes::Meta;
use quarterdeck::model::pipelines::{Conclusion, Job, JobStep, Jobs, JobsRead, Quota, Run, RunStatus};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::state::State;
use quarterdeck::text::Safe;

/// The cluster comes first.
pub const GITHUB: SourceId = SourceId(1);
pub const REPOSITORIES: [&str; 4] = ["acme/checkout", "acme/search", "acme/payments", "acme/web"];

/// Its id in this world: that of the next source, where it is not there yet.
fn source(state: &State) -> SourceId {
    let known = state.world.of_system(SystemId::GitHub).next().map(|scope| scope.id);
    known.unwrap_or(SourceId(state.world.sources.len() as u16))
}

/// Adds the source, about which nothing has been heard yet.
pub fn github(state: &mut State) {
    let scope = SourceScope {
        id: source(state),
        system: SystemId::GitHub,
        name: Name::new("api.github.com"),
        server: Safe::of("https://api.github.com"),
        user: Safe::of("ana"),
        namespaces: Some(REPOSITORIES.map(Name::new).to_vec()),
        unusable: None,
        discovered: None,
    };
    for feed in scope.feeds() {
        state.world.feeds.insert(feed, quarterdeck::state::world::Feed::default());
    }
    state.world.sources.push(scope);
}

pub fn feed(repository: &str) -> FeedId {
    feed_of(GITHUB, repository)
}

pub fn feed_of(source: SourceId, repository: &str) -> FeedId {
    FeedId { cluster: source, kind: Kind::Run, namespace: Some(Name::new(repository)) }
}

/// Lists the runs whole; a repository without one lists nothing.
pub fn list(state: &mut State, runs: Vec<Run>) {
    let (mono, source) = (state.now.mono, source(state));
    for repository in REPOSITORIES {
        let of = runs.iter().filter(|run| run.repository().raw() == repository);
        let objects = of.map(|run| Object::Run(Arc::new(run.clone()))).collect();
        for event in [FeedEvent::ListBegins, FeedEvent::Applied(objects), FeedEvent::Listed] {
            state.world.apply(&feed_of(source, repository), mono, event);
        }
    }
}

/// So many seconds before the moment of the screens.
pub fn ago(state: &State, seconds: i64) -> Timestamp {
    state.now.wall.checked_sub(SignedDuration::from_secs(seconds)).unwrap()
}

/// A run that began and ended so many seconds ago; one that goes on has no end.
pub fn run(state: &State, repository: &str, workflow: &str, number: u64, began: i64, ended: Option<i64>) -> Run {
    let name = format!("{workflow} #{number}");
    let raw = format!("{number}");
    Run {
        kind: Kind::Run,
        meta: Meta {
            cluster: source(state),
            namespace: Name::new(repository),
            name: Name::new(&name),
            uid: Uid::new(source(state), &raw),
            resource_version: "1".into(),
            generation: 1,
            created: Some(ago(state, began)),
            deleting: None,
            owner: None,
        },
        workflow: Name::new(workflow),
        path: Name::new(&format!(".github/workflows/{workflow}.yml")),
        title: Safe::of("Retry a declined card once"),
        number,
        attempt: 1,
        status: if ended.is_some() { RunStatus::Completed } else { RunStatus::InProgress },
        conclusion: ended.map(|_| Conclusion::Success),
        branch: Some(Name::new("main")),
        sha: Safe::of("9f8e7d1c44aa0b6f1d2e3c4b5a69788796a5b4c3"),
        event: Safe::of("push"),
        actor: Some(Safe::of("ana")),
        created: Some(ago(state, began)),
        started: Some(ago(state, began)),
        updated: Some(ago(state, ended.unwrap_or(1))),
        url: Safe::line(&format!("https://github.com/{repository}/actions/runs/{raw}")),
    }
}

pub fn with(mut run: Run, change: impl FnOnce(&mut Run)) -> Run {
    change(&mut run);
    run
}

/// A job of a run. `began` and `ended` as above; `None, None` is queued.
pub fn job(state: &State, of: &Run, name: &str, began: Option<i64>, ended: Option<i64>) -> Job {
    let raw = format!("{}-{}-{name}", of.number, of.attempt);
    Job {
        id: ObjectId {
            cluster: source(state),
            kind: Kind::Job,
            namespace: of.meta.namespace.clone(),
            name: Name::new(name),
            uid: Uid::new(source(state), &raw),
        },
        run: of.meta.uid.clone(),
        status: match (began, ended) {
            (None, _) => RunStatus::Queued,
            (_, None) => RunStatus::InProgress,
            _ => RunStatus::Completed,
        },
        conclusion: ended.map(|_| Conclusion::Success),
        created: Some(ago(state, began.unwrap_or(44))),
        started: began.map(|began| ago(state, began)),
        completed: ended.map(|ended| ago(state, ended)),
        runner: None,
        labels: vec![Safe::of("ubuntu-24.04")],
        url: Some(Safe::line(&format!("https://github.com/acme/job/{raw}"))),
        steps: Vec::new(),
    }
}

pub fn step(state: &State, number: u32, name: &str, began: i64, ended: Option<i64>, how: Conclusion) -> JobStep {
    JobStep {
        number,
        name: Safe::line(name),
        status: if ended.is_some() { RunStatus::Completed } else { RunStatus::InProgress },
        conclusion: ended.map(|_| how),
        started: Some(ago(state, began)),
        completed: ended.map(|ended| ago(state, ended)),
    }
}

/// Hears the jobs of a run.
pub fn hear_jobs(state: &mut State, of: &Run, jobs: Vec<Job>) {
    let jobs = Jobs { attempt: of.attempt, jobs, left_out: 0 };
    let read = JobsRead { run: of.meta.uid.clone(), jobs: Ok(Arc::new(jobs)) };
    let (mono, source) = (state.now.mono, source(state));
    state.world.apply(&feed_of(source, of.repository().raw()), mono, FeedEvent::Detail(Detail::Jobs(read)));
}

pub fn hear_quota(state: &mut State, quota: Quota) {
    let (mono, source) = (state.now.mono, source(state));
    state.world.apply(&feed_of(source, "acme/checkout"), mono, FeedEvent::Detail(Detail::Quota(quota)));
}

pub fn quota(remaining: u64) -> Quota {
    Quota {
        limit: 5_000,
        remaining,
        reset: None,
        answers: 100,
        unchanged: 90,
        held_until: None,
        why_held: quarterdeck::text::Safe::of(""),
        anonymous: false,
    }
}

/// The runs of the picture and 35 that passed before them, newest last.
pub fn runs(state: &State) -> Vec<Run> {
    let passed =
        |repository, workflow, number, ended: i64| run(state, repository, workflow, number, ended + 190, Some(ended));
    let mut runs = vec![
        run(state, "acme/checkout", "ci-cd-pipeline", 4812, 190, None),
        with(run(state, "acme/search", "tests", 977, 3_900, Some(3_720)), |run| {
            run.conclusion = Some(Conclusion::Failure);
            run.sha = Safe::of("11aa22b0000000000000000000000000000000ff");
            run.title = Safe::of("Rank exact matches first");
        }),
        with(run(state, "acme/payments", "deploy-prod", 310, 740, None), |run| {
            run.status = RunStatus::Waiting;
            run.branch = Some(Name::new("v3.2"));
            run.sha = Safe::of("77c0ffe0000000000000000000000000000000ff");
        }),
        passed("acme/web", "build-push-images", 1544, 1_260),
        with(passed("acme/web", "rebuild-base", 88, 7_300), |run| run.event = Safe::of("schedule")),
        with(passed("acme/web", "lint", 21, 9_300), |run| run.conclusion = Some(Conclusion::Cancelled)),
    ];
    for back in 1..36 {
        runs.push(passed("acme/checkout", "ci-cd-pipeline", 4812 - back, 21_600 * back as i64));
    }
    runs
}

/// The jobs of the run that moves, and of the one that failed.
pub fn jobs(state: &mut State, runs: &[Run]) {
    let moving = &runs[0];
    let mut arm = job(state, moving, "image arm64", None, None);
    arm.labels = vec![Safe::of("self-hosted"), Safe::of("arm64")];
    let all = vec![
        job(state, moving, "build", Some(190), Some(128)),
        job(state, moving, "lint", Some(190), Some(159)),
        job(state, moving, "unit (3.11)", Some(128), None),
        job(state, moving, "unit (3.12)", Some(128), None),
        job(state, moving, "image amd64", Some(44), None),
        arm,
    ];
    hear_jobs(state, moving, all);
    let failed = &runs[1];
    let mut build = job(state, failed, "build", Some(3_900), Some(3_860));
    build.steps = vec![
        step(state, 1, "Set up job", 3_900, Some(3_897), Conclusion::Success),
        step(state, 2, "Run actions/checkout@v4", 3_897, Some(3_890), Conclusion::Success),
        step(state, 3, "Run cargo build", 3_890, Some(3_860), Conclusion::Success),
    ];
    let mut unit = job(state, failed, "unit (ubuntu-24.04, stable)", Some(3_860), Some(3_722));
    unit.conclusion = Some(Conclusion::Failure);
    unit.steps = vec![
        step(state, 1, "Set up job", 3_860, Some(3_857), Conclusion::Success),
        step(state, 2, "Run cargo test", 3_857, Some(3_724), Conclusion::Failure),
        step(state, 3, "Upload coverage", 3_724, Some(3_723), Conclusion::Skipped),
    ];
    let mut image = job(state, failed, "image", Some(3_721), Some(3_721));
    image.conclusion = Some(Conclusion::Skipped);
    hear_jobs(state, failed, vec![build, unit, image]);
}

/// All of it in a world.
pub fn pipelines(mut state: State) -> State {
    github(&mut state);
    let runs = runs(&state);
    list(&mut state, runs.clone());
    jobs(&mut state, &runs);
    hear_quota(&mut state, quota(4_812));
    quarterdeck::update::settle(&mut state);
    state
}

/// The id of the run with this number.
pub fn id(state: &State, number: u64) -> ObjectId {
    state.world.runs.rows().iter().find(|run| run.number == number).expect("the run is listed").id()
}
