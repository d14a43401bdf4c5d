//! Approvals on the screen: the Inbox, the page of a run that waits, the dialog.

use std::sync::Arc;

use jiff::SignedDuration;
use quarterdeck::command::Command;
use quarterdeck::model::Name;
use quarterdeck::model::approvals::{Pending, PendingDeployment, PendingRead, Reviewer};
use quarterdeck::model::pipelines::RunStatus;
use quarterdeck::model::scope::{Environment, OnFindings, Settings};
use quarterdeck::model::security::{Rows, Secret, SecurityRead, Unread};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::state::State;
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use quarterdeck::update;

use super::run_world::{ago, feed, hear_jobs, id, job, list, pipelines, run, runs, with};
use super::shot::{compare, draw, roles, shot, text};
use super::world::{HEARD, deploying};

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);

fn gate(environment: i64, name: &str, may: bool) -> PendingDeployment {
    PendingDeployment {
        environment,
        name: Name::new(name),
        wait_timer: 0,
        timer_started: None,
        reviewers: vec![Reviewer::User(Safe::of("ana")), Reviewer::Team(Safe::of("on-call"))],
        can_approve: Some(may),
    }
}

fn hear(state: &mut State, number: u64, deployments: Vec<PendingDeployment>) {
    let login = Some(Safe::of("ana"));
    let read =
        PendingRead { run: id(state, number).uid, pending: Ok(Arc::new(Pending { deployments, left_out: 0, login })) };
    let mono = state.now.mono;
    state.world.apply(&feed("acme/payments"), mono, FeedEvent::Detail(Detail::Pending(read)));
}

/// The deployment of the picture waits for two environments, another for one that is the operator's own.
fn world(place: impl FnOnce(&State) -> Place, size: (u16, u16)) -> State {
    let mut state = pipelines(deploying());
    let docs =
        with(run(&state, "acme/payments", "publish-docs", 41, 2_400, None), |run| run.status = RunStatus::Waiting);
    let all: Vec<_> = runs(&state).into_iter().chain([docs.clone()]).collect();
    list(&mut state, all.clone());
    let deploy = all.iter().find(|run| run.number == 310).unwrap().clone();
    for (run, names) in [(&deploy, &["migrate", "deploy"][..]), (&docs, &["publish"])] {
        let jobs = names.iter().map(|name| {
            let mut job = job(&state, run, name, Some(700), None);
            job.status = RunStatus::Waiting;
            job
        });
        let jobs = jobs.collect();
        hear_jobs(&mut state, run, jobs);
    }
    hear(&mut state, 310, vec![gate(8, "database", true), gate(7, "production", true)]);
    let mut own = gate(9, "docs", false);
    own.wait_timer = 60;
    own.timer_started = Some(ago(&state, 2_300));
    hear(&mut state, 41, vec![own]);
    state.ui.place = place(&state);
    state.ui.size = size;
    update::settle(&mut state);
    state
}

#[test]
fn the_inbox_has_a_row_for_each_environment() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let mut state = world(|_| Place::Inbox, size);
        state.ui.marked.insert((id(&state, 310).uid, 7));
        compare!(format!("approvals-inbox-{name}"), shot(&state, size));
    }
    let screen = text(&draw(&world(|_| Place::Inbox, FULL), &roles(), FULL));
    for words in
        ["you may approve · expires in 29d", "opens in 21m", "you may not approve your own run", "expires in 29d"]
    {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn the_page_of_a_run_says_who_may() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let state = world(|state| Place::Run(id(state, 310)), size);
        compare!(format!("approvals-run-{name}"), shot(&state, size));
    }
}

#[test]
fn the_dialog_names_the_environments_and_asks_for_a_comment() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let mut state = world(|state| Place::Run(id(state, 310)), size);
        let offer =
            verbs::available(&state, Command::Approve, &id(&state, 310)).unwrap_or_else(|why| panic!("{why:?}"));
        let mut confirm = verbs::preview(&state, &offer.action);
        confirm.armed_at = Some(HEARD.saturating_sub(SignedDuration::from_secs(1).unsigned_abs()));
        state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm.clone())));
        let screen = text(&draw(&state, &roles(), size));
        assert!(screen.contains("type the comment, then"), "{screen}");
        confirm.reason.insert_str("checked with the bank");
        confirm.focus = quarterdeck::state::ui::ConfirmField::Typed;
        state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        let screen = text(&draw(&state, &roles(), size));
        assert!(screen.contains("type production and Enter to approve"), "{screen}");
        compare!(format!("approvals-dialog-{name}"), shot(&state, size));
    }
}

fn security(state: &mut State, secrets: Result<Vec<Secret>, Unread>) {
    let source = id(state, 310).cluster;
    let rows = |rows| Arc::new(Rows { rows, left_out: 0, more: false });
    let read = SecurityRead {
        source,
        repository: Name::new("acme/payments"),
        findings: Err(Unread::Off(Safe::of("Code scanning is not enabled for this repository."))),
        analyses: Err(Unread::Never),
        secrets: secrets.map(rows),
    };
    let mono = state.now.mono;
    state.world.apply(&feed("acme/payments"), mono, FeedEvent::Detail(Detail::Security(Box::new(read))));
    update::settle(state);
}

/// Over ssh from a small terminal too, with all that the dialog has to say.
#[test]
fn an_approval_with_findings_can_be_given_at_80_by_24() {
    let size = (80, 24);
    let mut state = world(|state| Place::Run(id(state, 310)), size);
    let why = "Advanced Security must be enabled for this repository to use code scanning, and it is not. ".repeat(2);
    security(&mut state, Err(Unread::Off(Safe::line(&why))));
    let offer = verbs::available(&state, Command::Approve, &id(&state, 310)).unwrap_or_else(|why| panic!("{why:?}"));
    let mut confirm = verbs::preview(&state, &offer.action);
    confirm.armed_at = Some(HEARD.saturating_sub(SignedDuration::from_secs(1).unsigned_abs()));
    state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    assert_eq!(quarterdeck::ui::room_wanted(&state, size), None, "{size:?}");
    let screen = text(&draw(&state, &roles(), size));
    assert!(screen.contains("type the comment, then") && screen.contains("code scanning"), "{screen}");
}

/// What scanners found is a fact of the dialog; where the gates say so it keeps the change back, and so does
/// that it is not known.
#[test]
fn findings_warn_before_an_approval_or_keep_it_back() {
    let secret = Secret { number: 3, kind: Safe::of("key"), created: None, validity: None, url: None };
    let blocking = |on: OnFindings| {
        let row = Environment {
            name: Name::new("production"),
            cluster: None,
            namespace: None,
            protection: None,
            findings: on,
            gitops: None,
        };
        Arc::new(Settings { environments: vec![row], ..Settings::default() })
    };
    for (secrets, words) in [
        (None, "? findings not read yet"),
        (Some(Ok(vec![secret])), "▲ not known: the findings are not known: off: Code scanning is not enabled"),
        (Some(Ok(Vec::new())), "no secret lies open"),
        (Some(Err(Unread::NotAllowed(Safe::of("403")))), "secrets not known: not allowed: 403"),
    ] {
        let mut state = world(|state| Place::Run(id(state, 310)), FULL);
        if let Some(secrets) = secrets {
            security(&mut state, secrets);
        }
        let run = id(&state, 310);
        state.settings = blocking(OnFindings::Warn);
        let offer = verbs::available(&state, Command::Approve, &run).unwrap_or_else(|why| panic!("{why:?}"));
        let confirm = verbs::preview(&state, &offer.action);
        let line = confirm.lines.iter().find(|(label, _)| label.as_str() == "scanners").unwrap();
        assert!(line.1[0].as_str().contains(words), "{words}: {line:?}");
        state.settings = blocking(OnFindings::Block);
        let why = verbs::available(&state, Command::Approve, &run).unwrap_err();
        assert!(why.as_str().contains("the gates of production keep it back"), "{why:?}");
        assert!(verbs::available(&state, Command::Reject, &run).is_ok(), "a refusal is never kept back");
    }
}
