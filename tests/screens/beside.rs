//! What stands beside the runs: the form of a workflow that is started by hand, runners, findings of
//! scanners; and what may not be seen of each.

use std::sync::Arc;

use quarterdeck::model::Name;
use quarterdeck::model::runners::{Runner, RunnerStatus, Runners, RunnersRead};
use quarterdeck::model::security::{Analysis, Finding, Reference, Rows, Secret, SecurityRead, Severity, Unread};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::workflows::{Dispatchable, Input, InputKind, WorkflowRead};
use quarterdeck::state::form::Form;
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::state::{State, verbs};
use quarterdeck::text::Safe;
use quarterdeck::update;

use super::run_world::{GITHUB, ago, feed, id, pipelines};
use super::shot::{compare, shot};
use super::world::deploying;

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);

fn at(mut state: State, place: Place, size: (u16, u16)) -> State {
    state.ui.place = place;
    state.ui.size = size;
    update::settle(&mut state);
    state
}

fn tell(state: &mut State, repository: &str, detail: Detail) {
    let mono = state.now.mono;
    state.world.apply(&feed(repository), mono, FeedEvent::Detail(detail));
}

fn input(name: &str, kind: InputKind, required: bool, default: Option<&str>, words: &'static str) -> Input {
    let (name, default) = (Name::new(name), default.map(Name::new));
    Input { name, description: Safe::of(words), required, default, kind }
}

fn workflow(count: usize) -> Dispatchable {
    let names = |all: &[&str]| all.iter().map(|name| Name::new(name)).collect::<Vec<_>>();
    let environments = InputKind::Environment(Ok(names(&["production", "staging"])));
    let mut inputs = vec![
        input("environment", environments, true, Some("staging"), "Where the image goes when it is built"),
        input("log-level", InputKind::Choice(names(&["info", "debug"])), false, Some("info"), ""),
        input("dry-run", InputKind::Boolean, false, Some("false"), "Build everything, publish nothing"),
        input("shards", InputKind::Number, true, Some("four"), "Parts that the end-to-end tests are cut into"),
        input("note", InputKind::Text, false, None, ""),
    ];
    inputs.extend(
        (inputs.len()..count)
            .map(|at| input(&format!("a-rather-long-name-of-an-input-{at}"), InputKind::Text, at % 2 == 0, None, "")),
    );
    Dispatchable { id: 9, name: Name::new("ci-cd-pipeline"), sha: Name::new("1"), inputs, takes_over: false }
}

/// The form of a run's workflow, with what was read for it.
fn form(read: Option<Result<Dispatchable, &'static str>>, size: (u16, u16), change: impl Fn(&mut Form)) -> State {
    let mut state = pipelines(deploying());
    let place = Place::Run(id(&state, 4812));
    state = at(state, place, size);
    let mut open = verbs::dispatch::form(&state).expect("its workflow");
    if let Some(read) = read {
        let workflow = read.map(Arc::new).map_err(Safe::of);
        if let Ok(workflow) = &workflow {
            open.take(workflow);
        }
        tell(&mut state, "acme/checkout", Detail::Workflow(WorkflowRead { wanted: open.wanted(), workflow }));
    }
    change(&mut open);
    state.ui.overlay = Some(Overlay::Form(Box::new(open)));
    state
}

#[test]
fn a_form_has_a_line_for_each_input() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let state = form(Some(Ok(workflow(5))), size, |form| form.at = form.place(0));
        compare!(format!("form-{name}"), shot(&state, size));
    }
    let wrong = |form: &mut Form| (form.at, form.complains) = (form.place(3), true);
    compare!("form-wrong", shot(&form(Some(Ok(workflow(5))), SMALL, wrong), SMALL));
    // More than there is room for: the row that has the keys is in sight.
    compare!("form-long", shot(&form(Some(Ok(workflow(25))), SMALL, |form| form.at = form.place(21)), SMALL));
    compare!("form-reading", shot(&form(None, SMALL, |_| ()), SMALL));
    let none = "ci-cd-pipeline.yml at main has no workflow_dispatch trigger: nobody can start it by hand";
    compare!("form-refused", shot(&form(Some(Err(none)), SMALL, |form| form.at = form.place(0)), SMALL));
}

#[test]
fn the_dialog_before_a_workflow_says_what_is_sent() {
    let mut state = form(Some(Ok(workflow(4))), SMALL, |_| ());
    let Some(Overlay::Form(open)) = state.ui.overlay.take() else { panic!("the form") };
    let mut open = open;
    open.fields[3] = {
        let mut input = open.fields[3].clone();
        input.value = quarterdeck::state::form::Value::Typed(quarterdeck::state::form::editor("4"));
        input
    };
    let action = verbs::dispatch::action(&state, &open, &workflow(4)).unwrap();
    let confirm = verbs::preview(&state, &action);
    state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    compare!("form-dialog", shot(&state, SMALL));
}

fn runner(id: i64, stands: RunnerStatus, labels: &[&'static str]) -> Runner {
    let labels = labels.iter().map(|label| Safe::of(label)).collect();
    Runner { id, name: Safe::of("arm-1"), os: Safe::of("linux"), stands, labels }
}

fn read(repository: &str, own: Result<Vec<Runner>, &'static str>) -> Detail {
    let own = own.map(|rows| Arc::new(Runners { rows, left_out: 0, more: false })).map_err(Safe::of);
    let shared: Result<Arc<Runners>, Safe> =
        Err(Safe::of("not allowed to see runners (403); the token needs organization Self-hosted runners: read"));
    let larger = shared.clone().map(|_| Arc::new(Rows { rows: Vec::new(), left_out: 0, more: false }));
    Detail::Runners(RunnersRead { source: GITHUB, repository: Name::new(repository), own, shared, larger })
}

fn with_runners() -> State {
    let mut state = pipelines(deploying());
    let rows = vec![
        runner(1, RunnerStatus::Busy, &["self-hosted", "linux", "arm64"]),
        runner(2, RunnerStatus::Offline, &["self-hosted", "linux", "arm64"]),
        runner(3, RunnerStatus::Idle, &["self-hosted", "linux", "x64"]),
    ];
    tell(&mut state, "acme/checkout", read("acme/checkout", Ok(rows)));
    let refused = "not allowed to see runners (403); the token needs Administration: read";
    tell(&mut state, "acme/search", read("acme/search", Err(refused)));
    state
}

#[test]
fn runners_by_label_and_what_may_not_be_seen() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        compare!(format!("runners-{name}"), shot(&at(with_runners(), Place::Runners, size), size));
    }
    // The picture's own row: who waits, how many could take it, how many are free.
    let state = with_runners();
    let place = Place::Run(id(&state, 4812));
    compare!("runners-of-a-run", shot(&at(state, place, FULL), FULL));
}

fn finding(state: &State, number: i64, severity: Severity, hours: i64) -> Finding {
    Finding {
        number,
        tool: Safe::of(if number % 2 == 0 { "CodeQL" } else { "Trivy" }),
        severity,
        rule: Safe::line(&format!("CVE-2026-{number}")),
        words: Safe::of("a record that is cut short is read beyond its end"),
        place: Some(Safe::of("library/libssl3:1")),
        created: Some(ago(state, hours * 3_600)),
        commit: Safe::of("9f8e7d1c44aa"),
        branch: Reference::Branch(Safe::of("main")),
        url: None,
    }
}

fn rows<T>(rows: Vec<T>) -> Arc<Rows<T>> {
    Arc::new(Rows { rows, left_out: 0, more: false })
}

#[test]
fn findings_stand_beside_what_is_not_known() {
    let mut state = pipelines(deploying());
    let findings = vec![finding(&state, 41, Severity::Critical, 2), finding(&state, 38, Severity::Medium, 400)];
    let created = Some(ago(&state, 8 * 3_600));
    let secret =
        Secret { number: 3, kind: Safe::of("Stripe API key"), created, validity: Some(Safe::of("active")), url: None };
    let analysis = Analysis {
        tool: Safe::of("Trivy"),
        commit: Safe::of("9f8e7d1c44aa"),
        branch: Reference::Branch(Safe::of("main")),
        created,
    };
    let security = SecurityRead {
        source: GITHUB,
        repository: Name::new("acme/checkout"),
        findings: Ok(rows(findings)),
        analyses: Ok(rows(vec![analysis])),
        secrets: Ok(rows(vec![secret])),
    };
    tell(&mut state, "acme/checkout", Detail::Security(Box::new(security.clone())));
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let place = Place::Security(id(&state, 4812));
        compare!(format!("security-{name}"), shot(&at(state.clone(), place, size), size));
    }
    let place = || Place::Security(id(&pipelines(deploying()), 4812));
    let off = SecurityRead {
        findings: Err(Unread::Off(Safe::of("Code scanning is not enabled for this repository."))),
        analyses: Err(Unread::Never),
        secrets: Err(Unread::NotAllowed(Safe::of("Resource not accessible by personal access token (403)"))),
        ..security
    };
    tell(&mut state, "acme/checkout", Detail::Security(Box::new(off)));
    compare!("security-unread", shot(&at(state, place(), SMALL), SMALL));
    compare!("security-reading", shot(&at(pipelines(deploying()), place(), SMALL), SMALL));
}
