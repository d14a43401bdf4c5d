//! What a run waits for: who may decide, in words; what the dialog asks for; marks; what proves it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::action::{Change, Gate, Outcome, Progress};
use quarterdeck::command::{Command, KeyCode};
use quarterdeck::model::Name;
use quarterdeck::model::approvals::{Pending, PendingDeployment, PendingRead, Reviewer};
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::model::source::{Detail, FeedEvent, Object};
use quarterdeck::state::ui::{ConfirmField, ListId, Place, RowId, Tier};
use quarterdeck::state::{blocker, interest, lists};
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Msg};

use super::world::Console;
use crate::screens::run_world::{self as world, feed};

const REPOSITORY: &str = "acme/payments";

fn gate(environment: i64, name: &str) -> PendingDeployment {
    PendingDeployment {
        environment,
        name: Name::new(name),
        wait_timer: 0,
        timer_started: None,
        reviewers: vec![Reviewer::User(Safe::of("ana")), Reviewer::Team(Safe::of("sre"))],
        can_approve: Some(true),
    }
}

fn hear(console: &mut Console, run: &Run, deployments: Vec<PendingDeployment>) {
    let login = Some(Safe::of("ana"));
    let pending = Ok(Arc::new(Pending { deployments, left_out: 0, login }));
    let read = PendingRead { run: run.meta.uid.clone(), pending };
    console.send(Msg::Feed(feed(REPOSITORY), FeedEvent::Detail(Detail::Pending(read))));
}

fn now(console: &mut Console, run: &Run) {
    console.send(Msg::Feed(feed(REPOSITORY), FeedEvent::Applied(vec![Object::Run(Arc::new(run.clone()))])));
}

/// The waiting jobs of a run, and one that is on its way.
fn jobs(console: &mut Console, run: &Run, waiting: &[&str], moving: &[&str]) {
    let mut all = Vec::new();
    for (names, status) in [(waiting, RunStatus::Waiting), (moving, RunStatus::InProgress)] {
        for name in names {
            let mut job = world::job(&console.state, run, name, Some(400), None);
            job.status = status.clone();
            all.push(job);
        }
    }
    world::hear_jobs(&mut console.state, run, all);
    console.send(Msg::Tick);
}

fn waiting(console: &Console, number: u64) -> Run {
    world::with(world::run(&console.state, REPOSITORY, "deploy-prod", number, 740, None), |run| {
        run.status = RunStatus::Waiting;
        run.actor = Some(Safe::of("ben"));
    })
}

/// One run that waits for production and database, looked at on its page.
fn console() -> (Console, Run) {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let run = waiting(&console, 310);
    world::list(&mut console.state, vec![run.clone()]);
    hear(&mut console, &run, vec![gate(7, "production"), gate(8, "database")]);
    jobs(&mut console, &run, &["migrate", "deploy"], &[]);
    console.state.ui.place = Place::Run(run.id());
    update::settle(&mut console.state);
    (console, run)
}

fn lines(console: &Console) -> String {
    let dialog = console.dialog().expect("a dialog");
    let lines = dialog.lines.iter().flat_map(|(label, lines)| lines.iter().map(move |line| (label, line)));
    lines.map(|(label, line)| format!("{}: {}\n", label.as_str(), line.as_str())).collect()
}

/// Types the comment and confirms.
fn decide(console: &mut Console, comment: &str) {
    // The key that opened it is away.
    console.wait(Duration::from_secs(2));
    console.type_text(comment);
    console.plain(KeyCode::Enter);
    console.arm();
    match console.dialog().expect("a dialog").tier.clone() {
        Tier::Yes => console.press(Command::ConfirmYes),
        Tier::Typed { expected } => {
            console.type_text(&expected);
            console.plain(KeyCode::Enter);
        }
    }
}

#[test]
fn the_page_of_a_run_approves_all_it_waits_for_with_a_comment_and_the_protected_name() {
    let (mut console, _) = console();
    console.press(Command::Approve);
    let dialog = console.dialog().expect("a dialog").clone();
    assert_eq!(dialog.title.as_str(), "Approve deploy-prod #310 for production, database");
    assert_eq!(dialog.tier, Tier::Typed { expected: "production".to_owned() });
    assert_eq!(dialog.focus, ConfirmField::Reason);
    let said = lines(&console);
    for words in [
        "begun by: ben",
        "waits for: production  reviewers: ana, team sre",
        "this will: approve production, database of attempt 1, with the comment",
        "this will: let begin: migrate, deploy",
        "it will not: approve a later attempt",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Without a comment nothing leaves.
    decide(&mut console, " ");
    assert_eq!(console.performed(), 0);
    assert!(console.toast().contains("comment"), "{}", console.toast());
    assert_eq!(console.dialog().map(|dialog| dialog.focus), Some(ConfirmField::Reason));
    console.plain(KeyCode::Esc);
    console.press(Command::Approve);
    decide(&mut console, "checked with the bank");
    assert_eq!(console.performed(), 1);
    let operation = console.state.operations.last().unwrap();
    let Change::Review { attempt: 1, approve: true, gates, comment, jobs } = &operation.action.change else {
        panic!("{operation:?}")
    };
    assert_eq!((comment.as_str(), operation.reason.as_str()), ("checked with the bank", "checked with the bank"));
    let gate = |environment, name: &str| Gate { environment, name: Name::new(name) };
    assert_eq!(*gates, [gate(7, "production"), gate(8, "database")]);
    assert_eq!(jobs.len(), 2);
}

/// The key that opened the dialog is still held: the comment does not begin with what it repeats.
#[test]
fn a_held_key_is_no_comment() {
    let (mut console, _) = console();
    let key = console.key_of(Command::Approve);
    for _ in 0..20 {
        console.key(key);
        console.wait(Duration::from_millis(30));
    }
    assert!(console.dialog().expect("a dialog").reason.is_empty());
}

#[test]
fn who_may_not_is_told_why() {
    let refused = |change: &dyn Fn(&mut PendingDeployment, &mut Run)| {
        let (mut console, mut run) = console();
        let mut row = gate(7, "production");
        row.can_approve = Some(false);
        change(&mut row, &mut run);
        now(&mut console, &run);
        hear(&mut console, &run, vec![row]);
        console.press(Command::Approve);
        assert!(console.dialog().is_none() && console.performed() == 0);
        console.toast()
    };
    let own = |_: &mut PendingDeployment, run: &mut Run| run.actor = Some(Safe::of("ana"));
    let said = refused(&own);
    assert!(said.contains("production: you may not approve your own run"), "{said}");
    let said = refused(&|_, _| {});
    assert!(said.contains("you are not among its reviewers"), "{said}");
    let said = refused(&|row, _| row.can_approve = None);
    assert!(said.contains("GitHub does not say whether you may"), "{said}");
    let said = refused(&|row, _| {
        row.reviewers.clear();
        row.wait_timer = 15;
    });
    assert!(said.contains("nobody approves it: it waits for its timer"), "{said}");
    let said = refused(&|row, _| row.reviewers.clear());
    assert!(said.contains("nobody approves it: an app decides on it (a custom protection rule)"), "{said}");
}

#[test]
fn what_could_not_be_read_of_what_it_waits_for_is_said_and_not_decided() {
    let told = |deployments: Vec<PendingDeployment>, left_out| {
        let (mut console, run) = console();
        let pending = Ok(Arc::new(Pending { deployments, left_out, login: None }));
        let read = PendingRead { run: run.meta.uid.clone(), pending };
        console.send(Msg::Feed(feed(REPOSITORY), FeedEvent::Detail(Detail::Pending(read))));
        console.send(Msg::Tick);
        let blocked = blocker::blockers(&console.state);
        let row = blocked.iter().find(|row| row.reason == blocker::Reason::Approval).cloned();
        let waits: Vec<_> = quarterdeck::state::waiting::all(&console.state)
            .iter()
            .map(|row| (row.gate.is_some(), row.words.as_str().to_owned()))
            .collect();
        (row, waits, interest::of(&console.state).pending.len())
    };
    let (row, waits, asked) = told(vec![gate(7, "production")], 2);
    let row = row.expect("a blocker");
    assert!(row.words.as_str().starts_with("waits for an approval of production and 2 that could not be read"));
    assert!(row.keys.contains(&Command::Approve));
    assert_eq!((waits.len(), waits[0].0, waits[1].0, asked), (2, true, false, 1));
    assert!(waits[1].1.starts_with("2 more environments could not be read"), "{waits:?}");

    let (row, waits, asked) = told(Vec::new(), 1);
    let row = row.expect("it waits all the same");
    assert!(row.words.as_str().starts_with("waits for an approval of 1 environment that could not be read"), "{row:?}");
    assert!(!row.keys.contains(&Command::Approve), "nobody can say what is approved");
    assert_eq!((waits.len(), asked), (1, 1));

    let (row, waits, _) = told(Vec::new(), 0);
    assert!(row.is_none() && waits.is_empty(), "{row:?}");
}

/// Of so many not all are asked for what they wait for.
#[test]
fn beyond_the_runs_that_are_asked_it_is_said_that_nothing_was_read() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let all: Vec<Run> = (1..=42).map(|number| waiting(&console, number)).collect();
    world::list(&mut console.state, all.clone());
    console.send(Msg::Tick);
    console.send(Msg::Tick);
    let words = "for which environment is not read: only of 40 runs that wait at a time";
    let rows = blocker::blockers(&console.state);
    let told: Vec<bool> = rows
        .iter()
        .filter(|row| row.reason == blocker::Reason::Approval)
        .map(|row| row.sentence.as_str().contains(words))
        .collect();
    assert_eq!((told.len(), told.iter().filter(|beyond| **beyond).count()), (42, 2));
}

#[test]
fn what_is_not_known_is_not_on_offer() {
    let (mut console, run) = console();
    hear(&mut console, &run, Vec::new());
    console.press(Command::Approve);
    assert!(console.toast().contains("no environment waits for an approval"), "{}", console.toast());
    let (mut console, run) = (Console::empty(), run);
    world::github(&mut console.state);
    world::list(&mut console.state, vec![run.clone()]);
    console.state.ui.place = Place::Run(run.id());
    update::settle(&mut console.state);
    console.press(Command::Reject);
    assert!(console.toast().contains("has not been read yet"), "{}", console.toast());
    assert_eq!(interest::of(&console.state).pending, [run.id()], "so it is asked for");
    let why = PendingRead { run: run.meta.uid.clone(), pending: Err(Safe::of("the token may not (403)")) };
    console.send(Msg::Feed(feed(REPOSITORY), FeedEvent::Detail(Detail::Pending(why))));
    console.press(Command::Reject);
    assert!(console.toast().contains("cannot be read: the token may not (403)"), "{}", console.toast());
    now(
        &mut console,
        &world::with(run, |run| (run.status, run.conclusion) = (RunStatus::Completed, Some(Conclusion::Success))),
    );
    console.press(Command::Approve);
    assert!(console.toast().contains("it has ended"), "{}", console.toast());
}

/// Seen only when the environment has left the list and its job has left `waiting`.
#[test]
fn it_is_observed_when_the_list_and_the_job_say_so() {
    let (mut console, mut run) = console();
    console.press(Command::Approve);
    decide(&mut console, "fine");
    let id = console.state.operations.last().unwrap().id.clone();
    console.send(Msg::Progress(id.clone(), Progress::Sent));
    console.send(Msg::Progress(id, Progress::Accepted { generation: None }));
    let outcome = |console: &Console| console.state.operations.last().unwrap().outcome.clone();
    assert_eq!(outcome(&console), Outcome::Accepted);
    assert!(interest::of(&console.state).jobs.iter().any(|id| id.uid == run.meta.uid), "its jobs prove it");
    // Another command of the run waits for it, a cancel does not.
    console.press(Command::Reject);
    assert!(console.toast().contains("already approving"), "{}", console.toast());
    console.press(Command::CancelRun);
    assert!(console.dialog().is_some(), "{}", console.toast());
    console.press(Command::ConfirmNo);

    hear(&mut console, &run, vec![gate(8, "database")]);
    jobs(&mut console, &run, &["migrate"], &["deploy"]);
    assert_eq!(outcome(&console), Outcome::Accepted, "database is still in the list");
    hear(&mut console, &run, Vec::new());
    console.send(Msg::Tick);
    assert_eq!(outcome(&console), Outcome::Accepted, "its job still waits");
    run.status = RunStatus::InProgress;
    now(&mut console, &run);
    assert_eq!(outcome(&console), Outcome::Accepted);
    jobs(&mut console, &run, &[], &["migrate", "deploy"]);
    assert_eq!(outcome(&console), Outcome::Observed);
}

/// No approval skips a wait timer: however long it runs, the approval is not given up.
#[test]
fn a_wait_timer_keeps_an_approval_open_and_is_told() {
    let (mut console, run) = console();
    let mut timed = gate(8, "database");
    timed.wait_timer = 30;
    timed.timer_started = console.state.now.wall.checked_sub(SignedDuration::from_mins(18)).ok();
    hear(&mut console, &run, vec![timed.clone()]);
    console.press(Command::Approve);
    let said = lines(&console);
    assert!(said.contains("wait timer of 30m, until") && said.contains("it will not: skip a wait timer"), "{said}");
    assert_eq!(console.dialog().unwrap().tier, Tier::Yes);
    decide(&mut console, "fine");
    let id = console.state.operations.last().unwrap().id.clone();
    console.send(Msg::Progress(id.clone(), Progress::Sent));
    console.send(Msg::Progress(id, Progress::Accepted { generation: None }));
    timed.can_approve = Some(false);
    hear(&mut console, &run, vec![timed]);
    console.wait(Duration::from_mins(11));
    console.send(Msg::Tick);
    assert_eq!(console.state.operations.last().unwrap().outcome, Outcome::Accepted);
}

fn rows(console: &Console) -> Vec<String> {
    let list = ListId::Place(Place::Inbox);
    let lines = lists::rows(&console.state, &list, 0..9);
    lines
        .into_iter()
        .map(|line| match line.item {
            lists::Item::Waiting(row) => {
                format!(
                    "{}: {}",
                    row.environment.map_or(String::new(), |name| name.raw().to_owned()),
                    row.words.as_str()
                )
            }
            other => format!("{other:?}"),
        })
        .collect()
}

/// Marks every row of the Inbox.
fn mark_all(console: &mut Console) {
    console.press(Command::Top);
    for at in 0..lists::len(&console.state, &ListId::Place(Place::Inbox)) {
        if at > 0 {
            console.press(Command::Down);
        }
        console.press(Command::Mark);
    }
}

#[test]
fn the_inbox_has_a_row_for_each_environment_and_marked_ones_go_together() {
    let (mut console, run) = console();
    let other = waiting(&console, 311);
    world::list(&mut console.state, vec![run.clone(), other.clone()]);
    hear(&mut console, &run, vec![gate(7, "production"), gate(8, "database")]);
    hear(&mut console, &other, vec![gate(9, "staging")]);
    jobs(&mut console, &other, &["deploy"], &[]);
    console.press(Command::ShowInbox);
    let shown = rows(&console);
    assert_eq!(shown.len(), 3, "{shown:?}");
    for row in &shown {
        assert!(row.contains("you may approve · expires in 29d · reviewers: ana, team sre"), "{row}");
    }
    let one = blocker::blockers(&console.state).into_iter().find(|row| row.object == Some(run.id())).unwrap();
    assert!(one.sentence.as_str().contains("waits for an approval of production, database"), "{:?}", one.sentence);
    assert!(one.keys.contains(&Command::Approve), "{:?}", one.keys);

    // One row alone.
    console.press(Command::Top);
    let Some(RowId::Gate(of, environment)) = lists::selected(&console.state, &ListId::Place(Place::Inbox)) else {
        panic!("a row of an environment")
    };
    console.press(Command::Approve);
    let Change::Review { gates, .. } = console.dialog().unwrap().action.change.clone() else { panic!("a review") };
    assert_eq!((gates.len(), gates[0].environment, &console.dialog().unwrap().action.target), (1, environment, &of));
    console.plain(KeyCode::Esc);

    // All that are marked: those of one run in one dialog, the next run's after it, with the same comment.
    mark_all(&mut console);
    assert_eq!(console.state.ui.marked.len(), 3);
    console.press(Command::Approve);
    let first = console.dialog().unwrap().action.clone();
    decide(&mut console, "all fine");
    let next = console.dialog().expect("the next of them").clone();
    assert_ne!(next.action.target, first.target);
    assert_eq!(next.reason.lines().concat(), "all fine");
    console.plain(KeyCode::Enter);
    console.wait(Duration::from_secs(2));
    decide(&mut console, "");
    assert!(console.dialog().is_none() && console.state.ui.marked.is_empty());
    let counts: Vec<usize> = console
        .state
        .operations
        .iter()
        .map(|row| match &row.action.change {
            Change::Review { gates, .. } => gates.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts.iter().sum::<usize>(), 3, "{counts:?}");
    assert_eq!(console.performed(), 2);
}

/// Another environment comes to wait while the dialog is open; the one it is about goes.
#[test]
fn the_dialog_is_about_what_it_showed() {
    let (mut console, run) = console();
    console.press(Command::Reject);
    hear(&mut console, &run, vec![gate(7, "production"), gate(8, "database"), gate(9, "staging")]);
    assert!(console.dialog().unwrap().disarmed.is_none());
    assert!(lines(&console).contains("those of migrate, deploy that wait for it"), "{}", lines(&console));
    hear(&mut console, &run, vec![gate(8, "database")]);
    let why = console.dialog().unwrap().disarmed.clone().expect("it is another question now");
    assert!(why.as_str().contains("no longer"), "{why:?}");
}

#[test]
fn a_run_from_a_fork_is_let_begin_and_seen_to() {
    let (mut console, mut run) = console();
    run.status = RunStatus::Completed;
    run.conclusion = Some(Conclusion::ActionRequired);
    now(&mut console, &run);
    console.press(Command::Reject);
    assert!(console.toast().contains("not rejected"), "{}", console.toast());
    console.press(Command::Approve);
    assert!(lines(&console).contains("a fork's pull request"), "{}", lines(&console));
    let dialog = console.dialog().unwrap().clone();
    assert_eq!(dialog.action.change, Change::ApproveRun { attempt: 1 });
    console.arm();
    if let Tier::Typed { expected } = dialog.tier {
        console.wait(Duration::from_secs(2));
        console.type_text(&expected);
        console.plain(KeyCode::Enter);
    } else {
        console.press(Command::ConfirmYes);
    }
    let id = console.state.operations.last().unwrap().id.clone();
    console.send(Msg::Progress(id.clone(), Progress::Sent));
    console.send(Msg::Progress(id, Progress::Accepted { generation: None }));
    assert_eq!(console.state.operations.last().unwrap().outcome, Outcome::Accepted);
    (run.status, run.conclusion) = (RunStatus::Queued, None);
    now(&mut console, &run);
    assert_eq!(console.state.operations.last().unwrap().outcome, Outcome::Observed);
}
