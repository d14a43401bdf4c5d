//! What scanners found, as a gate: it passes only what is known to be well, and known now.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::approvals::{Pending, PendingDeployment, PendingRead};
use quarterdeck::model::kubernetes::{ContainerImage, ReplicaSet};
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::model::scope::{CanaryQueries, Environment, OnFindings, Service, Settings};
use quarterdeck::model::security::{Analysis, Finding, Reference, Rows, SecurityRead, Severity, Unread};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId};
use quarterdeck::state::security::{self, Deployed};
use quarterdeck::state::ui::{Pane, Place};
use quarterdeck::state::verbs::findings::{self, Standing};
use quarterdeck::state::{State, verbs};
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Msg};

use super::world::{Console, moment};
use crate::screens::images::images;
use crate::screens::run_world::{self as world, GITHUB, ago, feed};

const CHECKOUT: &str = "acme/checkout";
const PAYMENTS: &str = "acme/payments";

fn gates(name: &str, findings: OnFindings) -> Environment {
    Environment { name: Name::new(name), cluster: None, namespace: None, protection: None, findings, gitops: None }
}

fn built_from(repository: &str) -> Service {
    Service {
        name: Name::new("checkout"),
        repository: Some(Name::new(repository)),
        workflows: Vec::new(),
        tekton: Vec::new(),
        images: Vec::new(),
        platforms: Vec::new(),
        canary: CanaryQueries::default(),
    }
}

/// A rollout that can be promoted, in an environment with gates.
fn promotable(findings: OnFindings, services: Vec<Service>) -> Console {
    let mut console = Console::new(&moment("promotions/05-paused-by-a-person"));
    let environments = vec![gates("dev", findings)];
    console.state.settings = Arc::new(Settings { environments, services, ..Settings::default() });
    console.open_workload();
    console
}

fn promote(console: &Console) -> Result<Vec<(Safe, Vec<Safe>)>, String> {
    let target = verbs::target(&console.state).unwrap();
    let offer = verbs::available(&console.state, Command::Promote, &target);
    offer.map(|offer| verbs::preview(&console.state, &offer.action).lines).map_err(|why| why.as_str().to_owned())
}

fn said(lines: &[(Safe, Vec<Safe>)]) -> Option<&str> {
    Some(lines.iter().find(|(label, _)| label.as_str() == "scanners")?.1[0].as_str())
}

#[test]
fn a_promotion_without_a_repository_is_kept_back() {
    let words = "findings are not known: no repository of it is read";
    let why = promote(&promotable(OnFindings::Block, Vec::new())).unwrap_err();
    assert!(why.contains("the gates of dev keep it back") && why.contains(words), "{why}");
    // Where none is read at all a warning would stand in every dialog.
    let lines = promote(&promotable(OnFindings::Warn, Vec::new())).unwrap();
    assert_eq!(said(&lines), None);
    let mut elsewhere = promotable(OnFindings::Warn, vec![built_from("other/till")]);
    world::github(&mut elsewhere.state);
    let lines = promote(&elsewhere).unwrap();
    assert!(said(&lines).is_some_and(|line| line.starts_with(&format!("? {words}"))), "{lines:?}");
}

#[test]
fn a_repository_of_the_second_host_is_held_against_the_gate() {
    let mut console = promotable(OnFindings::Block, vec![built_from("till/checkout")]);
    world::github(&mut console.state);
    let second = SourceId(console.state.world.sources.len() as u16);
    let first = console.state.world.sources.last().unwrap().clone();
    let namespaces = Some(vec![Name::new("till/checkout")]);
    console.state.world.sources.push(SourceScope { id: second, name: Name::new("git.till"), namespaces, ..first });
    update::settle(&mut console.state);
    assert_eq!(findings::wanted(&console.state), [(second, Name::new("till/checkout"))]);
    let why = promote(&console).unwrap_err();
    assert!(why.contains("findings not read yet"), "{why}");
}

#[test]
fn a_run_from_a_fork_is_held_against_the_gate_until_it_is_sent() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let ended = world::run(&console.state, PAYMENTS, "deploy-prod", 310, 740, Some(300));
    let run = world::with(ended, |run| run.conclusion = Some(Conclusion::ActionRequired));
    world::list(&mut console.state, vec![run.clone()]);
    console.state.ui.place = Place::Run(run.id());
    update::settle(&mut console.state);
    let action = verbs::available(&console.state, Command::Approve, &run.id()).unwrap().action;
    assert!(matches!(action.change, Change::ApproveRun { .. }));
    let environments = vec![gates("prod", OnFindings::Block)];
    console.state.settings = Arc::new(Settings { environments, ..Settings::default() });
    let why = verbs::available_to(&console.state, Command::Approve, &action).unwrap_err();
    assert!(why.as_str().contains("the gates of prod keep it back"), "{why:?}");
}

/// What runs is the image of the first list, by its name.
fn deploy(console: &mut Console) {
    let sets: Vec<ReplicaSet> = console.state.world.replica_sets.rows().iter().map(|set| (**set).clone()).collect();
    for mut set in sets {
        let image = Safe::of("ghcr.io/acme/checkout:1.44.0");
        set.images = [ContainerImage { container: Safe::of("till"), image }].into();
        let feed = FeedId { cluster: set.meta.cluster, kind: Kind::ReplicaSet, namespace: None };
        console.send(Msg::Feed(feed, FeedEvent::Applied(vec![Object::ReplicaSet(Arc::new(set))])));
    }
}

/// Two runs wait for production, one of each repository; the image of the first is deployed.
fn waiting(findings: OnFindings) -> (Console, [Run; 2]) {
    let mut console = Console { state: images(), effects: Vec::new() };
    let mut settings = (*console.state.settings).clone();
    settings.environments = vec![gates("production", findings)];
    console.state.settings = Arc::new(settings);
    deploy(&mut console);
    let run = |repository, number| {
        world::with(world::run(&console.state, repository, "deploy", number, 740, None), |run| {
            run.status = RunStatus::Waiting;
        })
    };
    let runs = [run(CHECKOUT, 5001), run(PAYMENTS, 5002)];
    let mut all = world::runs(&console.state);
    all.retain(|run| run.repository().raw() != PAYMENTS);
    all.extend(runs.iter().cloned());
    world::list(&mut console.state, all);
    for (run, environment) in runs.iter().zip([7, 8]) {
        let mut job = world::job(&console.state, run, "deploy", Some(400), None);
        job.status = RunStatus::Waiting;
        world::hear_jobs(&mut console.state, run, vec![job]);
        let row = PendingDeployment {
            environment,
            name: Name::new("production"),
            wait_timer: 0,
            timer_started: None,
            reviewers: Vec::new(),
            can_approve: Some(true),
        };
        let pending = Ok(Arc::new(Pending { deployments: vec![row], left_out: 0, login: None }));
        let read = PendingRead { run: run.meta.uid.clone(), pending };
        console.send(Msg::Feed(feed(run.repository().raw()), FeedEvent::Detail(Detail::Pending(read))));
    }
    (console, runs)
}

fn rows<T>(rows: Vec<T>) -> Arc<Rows<T>> {
    Arc::new(Rows { rows, left_out: 0, more: false })
}

fn analysis(state: &State, commit: &Safe) -> Analysis {
    let branch = Reference::Branch(Safe::of("main"));
    Analysis { tool: Safe::of("Trivy"), commit: commit.clone(), branch, created: Some(ago(state, 8 * 3_600)) }
}

/// The deployed commit was scanned, and nothing was found.
fn well(state: &State) -> SecurityRead {
    let commit = security::deployed(state, &Name::new(CHECKOUT)).expect("it is deployed").commit;
    SecurityRead {
        source: GITHUB,
        repository: Name::new(CHECKOUT),
        findings: Ok(rows(Vec::new())),
        analyses: Ok(rows(vec![analysis(state, &commit)])),
        secrets: Ok(rows(Vec::new())),
    }
}

fn tell(console: &mut Console, read: &SecurityRead) {
    let event = FeedEvent::Detail(Detail::Security(Box::new(read.clone())));
    console.send(Msg::Feed(feed(read.repository.raw()), event));
}

fn fact(console: &Console) -> (Standing, String) {
    let fact = findings::fact(&console.state, &(GITHUB, Name::new(CHECKOUT)));
    (fact.standing, fact.lines[0].as_str().to_owned())
}

#[test]
fn findings_grow_old_and_one_failure_replaces_none() {
    let (mut console, [run, _]) = waiting(OnFindings::Block);
    let read = well(&console.state);
    tell(&mut console, &read);
    assert_eq!(fact(&console).0, Standing::Well, "{:?}", fact(&console));
    assert!(verbs::available(&console.state, Command::Approve, &run.id()).is_ok());

    // A server in trouble says nothing of the findings; they are as old as they are.
    console.wait(Duration::from_mins(2));
    let trouble = || Unread::Failed(Safe::of("Service Unavailable (503)"));
    let failed =
        SecurityRead { findings: Err(trouble()), analyses: Err(trouble()), secrets: Err(trouble()), ..read.clone() };
    tell(&mut console, &failed);
    assert_eq!(fact(&console).0, Standing::Well, "{:?}", fact(&console));
    console.wait(Duration::from_mins(2));
    let (standing, words) = fact(&console);
    assert_eq!(standing, Standing::Unknown);
    assert!(words.starts_with("read 4m ago: no critical or high finding is new since"), "{words}");
    let why = verbs::available(&console.state, Command::Approve, &run.id()).unwrap_err();
    assert!(why.as_str().contains("read 4m ago"), "{why:?}");
    tell(&mut console, &read);
    assert_eq!(fact(&console).0, Standing::Well);
    // What is refused is news.
    let refused = SecurityRead { findings: Err(Unread::NotAllowed(Safe::of("403"))), ..read.clone() };
    tell(&mut console, &refused);
    assert!(fact(&console).1.contains("not allowed"), "{:?}", fact(&console));

    tell(&mut console, &read);
    let stale = FeedStatus::Stale { since: console.state.now.mono, message: Safe::of("it is away"), retry_at: None };
    console.send(Msg::Feed(feed(CHECKOUT), FeedEvent::Status(stale)));
    let (standing, words) = fact(&console);
    assert_eq!(standing, Standing::Unknown);
    assert!(words.starts_with("not known now, the runs of acme/checkout are stale"), "{words}");
}

#[test]
fn a_new_finding_of_unknown_severity_passes_no_gate() {
    let state = images();
    let commit = Safe::of("0123456789ab");
    let deployed =
        Deployed { commit: commit.clone(), branch: Some(Safe::of("main")), environment: Name::new("production") };
    for (severity, standing, words) in [
        (Severity::Low, Standing::Well, "no critical or high finding is new"),
        (Severity::Unknown, Standing::Unknown, "1 finding of unknown severity is new since 0123456 (production)"),
        (Severity::High, Standing::Bad, "1 critical or high finding is new"),
    ] {
        let found = Finding {
            number: 4,
            tool: Safe::of("Trivy"),
            severity,
            rule: Safe::of("CVE-2026-4"),
            words: Safe::of("a record that is cut short"),
            place: None,
            created: Some(ago(&state, 60)),
            commit: Safe::of("9f8e7d1c44aa"),
            branch: Reference::Branch(Safe::of("main")),
            url: None,
        };
        let read = SecurityRead {
            source: GITHUB,
            repository: Name::new(CHECKOUT),
            findings: Ok(rows(vec![found])),
            analyses: Ok(rows(vec![analysis(&state, &commit)])),
            secrets: Ok(rows(Vec::new())),
        };
        let news = security::news(&read, Some(&deployed)).unwrap();
        let told = findings::told(&news);
        assert_eq!((news.new, told.1), (1, standing), "{severity:?}");
        assert!(told.0.as_str().starts_with(words), "{told:?}");
    }
}

#[test]
fn what_may_be_approved_next_has_its_findings_read() {
    let (mut console, runs) = waiting(OnFindings::Block);
    let both = [CHECKOUT, PAYMENTS].map(|name| (GITHUB, Name::new(name)));
    // Both are marked, one is highlighted.
    console.press(Command::ShowInbox);
    console.state.ui.marked = [(runs[0].meta.uid.clone(), 7), (runs[1].meta.uid.clone(), 8)].into();
    console.send(Msg::Tick);
    for wanted in &both {
        assert!(console.state.interest.security.contains(wanted), "{:?}", console.state.interest.security);
    }
    let read = well(&console.state);
    tell(&mut console, &read);
    let approve = |console: &Console, run: &Run| verbs::available(&console.state, Command::Approve, &run.id());
    assert!(approve(&console, &runs[0]).is_ok(), "{:?}", approve(&console, &runs[0]));
    let why = approve(&console, &runs[1]).unwrap_err();
    assert!(why.as_str().contains("findings not read yet"), "{why:?}");
    // In the dialog of one the other is read on.
    console.state.ui.marked.retain(|(uid, _)| *uid == runs[1].meta.uid);
    let action = approve(&console, &runs[0]).unwrap().action;
    console.state.ui.overlay =
        Some(quarterdeck::state::ui::Overlay::Confirm(Box::new(verbs::preview(&console.state, &action))));
    assert_eq!(findings::wanted(&console.state), both);
}

#[test]
fn a_job_that_is_looked_at_has_the_findings_of_its_run_read() {
    let (mut console, [_, run]) = waiting(OnFindings::Block);
    let wanted = (GITHUB, Name::new(PAYMENTS));
    let job = world::job(&console.state, &run, "deploy", Some(400), None);
    for (place, pane) in [
        (Place::Log(job.id.clone()), Pane::Pipelines),
        (Place::Run(run.id()), Pane::Pipelines),
        (Place::Deck, Pane::Steps),
    ] {
        console.state.ui.place = place.clone();
        console.state.ui.pane = pane;
        update::settle(&mut console.state);
        if place == Place::Deck {
            let chosen = verbs::target(&console.state).expect("the run of the job");
            let wanted = (chosen.cluster, chosen.namespace.clone());
            let asks = quarterdeck::state::gates::asks(&console.state, &chosen);
            assert_eq!(findings::wanted(&console.state).contains(&wanted), asks, "{chosen:?}");
        } else {
            assert!(findings::wanted(&console.state).contains(&wanted), "{place:?}");
        }
    }
}
