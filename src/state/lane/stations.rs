//! The stations of a lane, each from what is joined.

use jiff::Timestamp;

use super::join::{Joined, Workload};
use super::{Part, Standing, Station};
use crate::model::applications::{Application, OperationPhase, SyncStatus};
use crate::model::images::Image;
use crate::model::kubernetes::RolloutVerdict;
use crate::model::pipelines::{Conclusion, Run, RunStatus};
use crate::model::rollouts::Rollout;
use crate::model::slo::{Figures, Slo};
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::slo::budget;
use crate::state::slos::Standing as Spending;
use crate::state::verbs::findings;
use crate::state::{State, arms, deployment_status, derived, gitops, images, rollout_info, runs, slos, steps};
use crate::text::{self, Safe};

/// Letters of a digest that tell it from others.
const DIGEST: usize = "sha256:".len() + 7;

pub(super) fn commit(state: &State, joined: &Joined) -> Station {
    let Some(commit) = &joined.commit else {
        let why = match (&joined.image, &joined.named) {
            (Some(image), _) if image.manifest.is_ok() => {
                Safe::of("its image does not say which commit it was built from")
            }
            (_, Some(named)) => safe!("nothing says which commit {} was built from", named),
            _ => Safe::of("nothing says which commit it is"),
        };
        return Station::because(Part::Commit, Standing::Unknown, Safe::of("unknown"), why);
    };
    let mut station = Station::new(Part::Commit, Standing::Passed, commit.columns(0..7));
    if let Some(run) = &joined.run {
        station.facts.push(run.title.clone());
        let by = run.actor.as_ref().map_or_else(Safe::default, |by| safe!("by {}", by));
        let branch = run.branch.as_ref().map_or_else(Safe::default, |name| safe!("on {}", name));
        station.facts.push(Safe::join([by, branch].iter().filter(|it| !it.is_empty()), " "));
        station.since = run.created.map(|at| state.ours(run.meta.cluster, at));
        station.opens = Some(run.id());
    }
    station.facts.retain(|fact| !fact.is_empty());
    station
}

pub(super) fn run(state: &State, joined: &Joined) -> Station {
    let Some(run) = &joined.run else {
        let hosts = [SystemId::GitHub, SystemId::RustCi];
        let read = !state.world.runs.is_empty() || hosts.iter().any(|it| state.world.of_system(*it).next().is_some());
        if !read {
            let why = Safe::of("no pipelines are read");
            return Station::because(Part::Run, Standing::Absent, Safe::of("–"), why);
        }
        let why = match &joined.commit {
            Some(commit) => safe!("no run of {} is among those that were read", commit.columns(0..7)),
            None => Safe::of("without its commit its run cannot be found"),
        };
        return Station::because(Part::Run, Standing::Unknown, Safe::of("unknown"), why);
    };
    let (standing, word) = standing_of(run);
    let what = safe!("{} {}", run.workflow, runs::number(run));
    let mut station = Station { opens: Some(run.id()), ..Station::new(Part::Run, standing, what) };
    let took = runs::duration(state, run).map_or_else(Safe::default, |took| safe!(" in {}", text::duration(took)));
    let attempt = if run.attempt > 1 { safe!(", attempt {}", run.attempt) } else { Safe::default() };
    station.facts.push(safe!("{}{}{}", word, took, attempt));
    let at = if run.is_active() { run.started.or(run.created) } else { run.updated };
    station.since = at.map(|at| state.ours(run.meta.cluster, at));
    station
}

fn standing_of(run: &Run) -> (Standing, Safe) {
    match (&run.status, &run.conclusion) {
        (_, Some(Conclusion::Success)) => (Standing::Passed, Safe::of("succeeded")),
        (_, Some(other)) => (Standing::Broken, Safe::line(other.as_str())),
        (RunStatus::Waiting, None) => (Standing::Waiting, Safe::of("waiting")),
        (RunStatus::Completed, None) => (Standing::Unknown, Safe::of("completed, and nobody says how")),
        (status, None) => (Standing::Moving, Safe::line(status.as_str())),
    }
}

pub(super) fn image(state: &State, joined: &Joined) -> Station {
    let Some(image) = &joined.image else {
        let on_its_way = joined.named.is_none() && joined.run.as_ref().is_some_and(|run| run.is_active());
        if on_its_way {
            let why = Safe::of("its run has not built one yet");
            return Station::because(Part::Image, Standing::Ahead, Safe::of("–"), why);
        }
        let why = match &joined.named {
            Some(named) if repository(named).is_some_and(|name| images::is_read(state, &name)) => {
                safe!("{} was not read yet", named)
            }
            Some(named) => safe!("no registry is read for {}", named),
            None => Safe::of("no image of this commit is among those that were read"),
        };
        let what = joined.named.as_ref().map_or_else(|| Safe::of("unknown"), |_| joined.version());
        return Station::because(Part::Image, Standing::Unknown, what, why);
    };
    let what = image.meta.name.safe().truncate(20);
    let mut station = Station { opens: Some(image.id()), ..Station::new(Part::Image, Standing::Passed, what) };
    station.since = image.meta.created.map(|at| state.ours(image.meta.cluster, at));
    match &image.manifest {
        Ok(manifest) => {
            let lacks = images::missing(state, image);
            if !lacks.is_empty() {
                station.standing = Standing::Broken;
                let all: Vec<Safe> = lacks.iter().map(|platform| safe!("{}", platform.words())).collect();
                station.facts.push(safe!("it lacks {}", Safe::join(&all, ", ")));
            }
            station.facts.push(safe!("{}  {}", digest(image), platforms(image)));
            station.facts.extend(manifest.unread.as_ref().map(|why| safe!("not all of it could be read: {}", why)));
        }
        Err(why) => {
            station.standing = Standing::Unknown;
            station.facts.push(why.clone());
        }
    }
    station.facts.push(scan(state, joined));
    station
}

fn repository(named: &Safe) -> Option<String> {
    crate::model::images::Reference::parse(named.as_str()).map(|reference| reference.repository)
}

fn digest(image: &Image) -> Safe {
    image.digest().map_or_else(Safe::default, |digest| Safe::line(digest.raw()).columns(0..DIGEST))
}

fn platforms(image: &Image) -> Safe {
    let variants = image.manifest.as_ref().map_or(&[][..], |manifest| &manifest.variants);
    let all: Vec<Safe> =
        variants.iter().filter_map(|it| it.platform.as_ref()).map(crate::model::images::Platform::words).collect();
    if all.is_empty() { Safe::of("no platform is told") } else { Safe::join(&all, ", ") }
}

/// What scanners say of the repository it was built from.
fn scan(state: &State, joined: &Joined) -> Safe {
    let Some(key) = joined.repository().filter(|_| joined.run.as_ref().is_some_and(|run| run.kind == Kind::Run)) else {
        return Safe::of("scanners: nothing is read of them");
    };
    safe!("scanners: {}", findings::fact(state, &key).lines[0])
}

/// A StatefulSet, a Job, or what another cluster runs: of these nothing says which release they are.
const NO_WORKLOAD: &str = "no Rollout and no Deployment that is read is among what its Application keeps";

pub(super) fn git(state: &State, joined: &Joined) -> Station {
    let Some(row) = &joined.application else { return without_application(state, joined) };
    let source = row.sources.first().map_or_else(Safe::default, |it| safe!("{} at {}", it.path, it.target));
    let mut station =
        Station { opens: Some(row.id()), ..Station::new(Part::Git, Standing::Passed, gitops::revision(row)) };
    station.facts.push(source);
    station.since = row.history.last().and_then(|last| last.at).map(|at| state.ours(row.meta.cluster, at));
    let workload = joined.workload.as_ref();
    let asked = workload.and_then(|it| gitops::row_of(state, row, it.kind(), it.meta()));
    if let Some(workload) = &joined.workload {
        let drifts = derived::drifts(state);
        let drift = drifts.of(&workload.meta().uid);
        station.facts.extend(drift.why().map(|why| safe!("{}: {}", drift.words(), why)));
    }
    match (row.sync, asked) {
        (SyncStatus::Unknown, _) => {
            station.standing = Standing::Unknown;
            station.facts.insert(0, Safe::of("what Git asks for was not compared with what is there"));
        }
        (_, Some(asked)) if asked.is_stray() => {
            station.facts.insert(0, Safe::of("it asks for something else than what is there"));
        }
        (_, Some(_)) => station.facts.insert(0, Safe::of("it asks for what is there")),
        (_, None) if workload.is_none() => {
            station.standing = Standing::Unknown;
            station.facts.insert(0, Safe::of(NO_WORKLOAD));
        }
        (_, None) => {
            station.standing = Standing::Ahead;
            station.facts.insert(0, Safe::of("nothing of this release is asked for yet"));
        }
    }
    station
}

fn without_application(state: &State, joined: &Joined) -> Station {
    let by = joined.workload.as_ref().and_then(|workload| workload.managed_by());
    let cluster = joined.workload.as_ref().map(|workload| workload.meta().cluster);
    match (by, cluster) {
        (Some(by), _) => {
            let why = safe!("{} writes its template; what it is told by Git is not read", by);
            Station::because(Part::Git, Standing::Unknown, Safe::of("unknown"), why)
        }
        (None, Some(cluster)) if gitops::untold(state, Some(cluster)).is_some() => {
            let why = gitops::untold(state, Some(cluster)).unwrap_or_default();
            Station::because(Part::Git, Standing::Unknown, Safe::of("unknown"), why)
        }
        (None, Some(cluster)) if gitops::is_missed(state, cluster) => {
            let why = Safe::of("no Application that is read keeps it");
            Station::because(Part::Git, Standing::Absent, Safe::of("–"), why)
        }
        (None, Some(_)) => {
            let why = Safe::of("nothing says that a repository describes it");
            Station::because(Part::Git, Standing::Absent, Safe::of("–"), why)
        }
        (None, None) => {
            let why = Safe::of("no workload runs it or names it");
            Station::because(Part::Git, Standing::Ahead, Safe::of("–"), why)
        }
    }
}

pub(super) fn argo_cd(state: &State, joined: &Joined) -> Station {
    let Some(row) = &joined.application else {
        let cluster = joined.workload.as_ref().map(|workload| workload.meta().cluster);
        if let Some(why) = gitops::untold(state, cluster) {
            return Station::because(Part::ArgoCd, Standing::Unknown, Safe::of("unknown"), why);
        }
        let why = Safe::of("no Application is known that keeps it");
        return Station::because(Part::ArgoCd, Standing::Absent, Safe::of("–"), why);
    };
    let (standing, what, at) = synced(row);
    let mut station = Station { opens: Some(row.id()), ..Station::new(Part::ArgoCd, standing, what) };
    station.since = at.map(|at| state.ours(row.meta.cluster, at));
    let policy = match gitops::hold(row) {
        Some(why) => why,
        None if row.automated.is_some_and(|how| how.self_heal) => Safe::of("auto-sync, self-heal"),
        None => Safe::of("auto-sync"),
    };
    station.facts.push(safe!("{}  {}  {}", row.meta.name, Safe::of(row.health.as_str()), policy));
    station
}

fn synced(row: &Application) -> (Standing, Safe, Option<Timestamp>) {
    let last = row.operation.as_ref();
    let begun = last.and_then(|last| last.started);
    let ended = last.and_then(|last| last.finished);
    if last.is_some_and(|last| last.phase.is_running()) {
        return (Standing::Moving, Safe::of("syncing"), begun);
    }
    if row.requested {
        return (Standing::Moving, Safe::of("sync asked for"), None);
    }
    let failed = last.is_some_and(|last| matches!(last.phase, OperationPhase::Failed | OperationPhase::Error));
    match row.sync {
        SyncStatus::Synced => (Standing::Passed, Safe::of("Synced"), ended),
        SyncStatus::Unknown => (Standing::Unknown, Safe::of("Unknown"), None),
        SyncStatus::OutOfSync if failed => (Standing::Broken, Safe::of("sync failed"), ended),
        SyncStatus::OutOfSync if gitops::hold(row).is_some() => (Standing::Held, Safe::of("OutOfSync"), None),
        SyncStatus::OutOfSync => (Standing::Waiting, Safe::of("OutOfSync"), None),
    }
}

pub(super) fn workload(state: &State, joined: &Joined) -> Station {
    match &joined.workload {
        Some(Workload::Rollout(row)) => rollout(state, row),
        Some(workload @ Workload::Deployment(row)) => {
            let status = deployment_status::status(row);
            let standing = match status.verdict {
                RolloutVerdict::Complete => Standing::Passed,
                RolloutVerdict::Progressing => Standing::Moving,
                RolloutVerdict::Failed => Standing::Broken,
            };
            let what = safe!("{}/{} ready", row.replicas.ready, row.replicas.desired);
            let facts = vec![status.message];
            Station { facts, opens: Some(workload.id()), ..Station::new(Part::Workload, standing, what) }
        }
        None if joined.application.is_some() => {
            Station::because(Part::Workload, Standing::Unknown, Safe::of("unknown"), Safe::of(NO_WORKLOAD))
        }
        None => {
            let why = Safe::of("no workload runs it or names it");
            Station::because(Part::Workload, Standing::Ahead, Safe::of("–"), why)
        }
    }
}

fn rollout(state: &State, row: &Rollout) -> Station {
    let info = rollout_info::info(&state.world, row);
    let promoted = row.current_pod_hash.is_some() && row.current_pod_hash == row.stable_hash;
    let standing = match info.status.as_str() {
        "Healthy" if promoted => Standing::Passed,
        "Paused" => Standing::Waiting,
        "Degraded" => Standing::Broken,
        "Healthy" | "Progressing" => Standing::Moving,
        _ => Standing::Unknown,
    };
    let weight = info.weight.filter(|_| !promoted).map(rollout_info::Weight::actual_percent);
    let what = match (weight, promoted) {
        (Some(weight), _) => weight,
        (None, true) => Safe::of("100 %"),
        (None, false) => info.status.clone(),
    };
    let mut station =
        Station { opens: Some(row.meta.id(Kind::Rollout)), ..Station::new(Part::Workload, standing, what) };
    if let (Some((at, of)), false) = (info.step, promoted) {
        let step = steps::of(row).get(usize::try_from(at).unwrap_or(usize::MAX)).map(|step| steps::what(row, step));
        station.facts.push(safe!("step {}  {}", steps::count(at, of), step.unwrap_or_default()));
    }
    let why = if info.message.is_empty() { Safe::default() } else { safe!("  {}", info.message) };
    let ready = safe!("{}/{} ready", row.replicas.ready, row.replicas.desired);
    station.facts.push(safe!("{}{}  {}", info.status, why, ready));
    let paused = row.pause_conditions.first().and_then(|pause| pause.since).or(row.aborted_at);
    station.since = paused.or_else(|| arms::began(state, row)).map(|at| state.ours(row.meta.cluster, at));
    station
}

pub(super) fn budget(state: &State, joined: &Joined) -> Station {
    let own = objectives(state, joined);
    let Some(slo) = own.first() else {
        let why = Safe::of("no objective of the service is known");
        return Station::because(Part::Budget, Standing::Absent, Safe::of("–"), why);
    };
    let mut station =
        Station { opens: Some(slo.id()), ..Station::new(Part::Budget, Standing::Unknown, Safe::of("unknown")) };
    match slo.figures.value() {
        Some(figures) => {
            station.standing = match slos::standing(slo, figures) {
                Spending::Critical => Standing::Broken,
                Spending::Low | Spending::Burning => Standing::Moving,
                Spending::Calm => Standing::Passed,
                Spending::Unknown => Standing::Unknown,
            };
            station.what = safe!("{} left", left(figures));
        }
        None => station.facts.push(safe!("{}: {}", slo.name, Safe::line(slo.figures.as_str()))),
    }
    if let Some(spent) = slos::spent(state, slo).and_then(|reading| reading.value().copied()) {
        station.facts.push(safe!("this deploy spent {} of it", text::percent(spent * 100.0)));
    }
    let others = own.len().saturating_sub(1) as u64;
    let more = if others > 0 { safe!(", the worst of {}", others + 1) } else { Safe::default() };
    station.facts.push(safe!(
        "{} {} over {}{}",
        slo.name,
        text::percent(slo.objective.ratio() * 100.0),
        slo.window_text,
        more
    ));
    station
}

/// Never rounded towards better.
fn left(figures: &Figures) -> Safe {
    let left = budget::percent_down(figures.remaining, 1);
    let sign = if left < 0.0 { "−" } else { "" };
    safe!("{}{} %", Safe::of(sign), text::decimal(left.abs(), 1))
}

/// The objectives of the service, worst first.
fn objectives(state: &State, joined: &Joined) -> Vec<std::sync::Arc<Slo>> {
    match &joined.workload {
        Some(Workload::Rollout(row)) => arms::objectives(state, row),
        Some(Workload::Deployment(row)) => {
            let named = joined.named.as_ref().and_then(repository);
            let service = named.and_then(|name| images::service(state, &name)).map(|service| service.name.raw());
            let name = service.unwrap_or(row.meta.name.raw());
            let own = slos::in_order(state).into_iter().filter(|slo| slo.service.as_str() == name);
            own.map(|slo| slos::as_known(state, slo)).collect()
        }
        None => Vec::new(),
    }
}
