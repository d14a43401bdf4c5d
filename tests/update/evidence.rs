//! The end of an action that nobody heard: found by reading, claimed only when it is certain.

use std::time::Duration;

use quarterdeck::action::{Found, OperationId, Outcome, Progress};
use quarterdeck::command::Command;
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Effect, Msg};

use super::life::{accepted, begun, outcome};
use super::world::{Console, moment};

fn evidence(found: Found, message: &'static str) -> Progress {
    Progress::Evidence { found, message: Safe::of(message) }
}

fn reads(console: &Console) -> usize {
    console.effects.iter().filter(|effect| matches!(effect, Effect::ReadEvidence(_))).count()
}

/// An abort nobody heard the end of.
fn unheard() -> (Console, OperationId) {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id.clone(), Progress::Sent));
    console.send(Msg::Progress(id.clone(), Progress::Unknown { message: Safe::of("no answer within 20 s") }));
    (console, id)
}

/// So many seconds, a tick in each; whatever is read says this.
fn seconds(console: &mut Console, id: &OperationId, count: u64, says: &Progress) {
    for _ in 0..count {
        let before = reads(console);
        console.wait(Duration::from_secs(1));
        console.send(Msg::Tick);
        for _ in before..reads(console) {
            console.send(Msg::Progress(id.clone(), says.clone()));
        }
    }
}

#[test]
fn an_unknown_outcome_is_settled_by_reading_and_never_sent_again() {
    let (mut console, id) = unheard();
    assert_eq!(outcome(&console), "unknown");
    assert_eq!(reads(&console), 1);
    // It stays taken, and no second read begins while the first is on its way.
    console.press(Command::Abort);
    assert!(console.dialog().is_none());
    let silent = evidence(Found::Untold, "the server does not answer");
    seconds(&mut console, &id, 20, &silent);
    assert_eq!(reads(&console), 1);
    // Then now and then.
    console.send(Msg::Progress(id.clone(), silent.clone()));
    assert_eq!(outcome(&console), "unknown");
    seconds(&mut console, &id, 20, &silent);
    assert!((4..=5).contains(&reads(&console)), "{} reads in 40 s", reads(&console));
    console.send(Msg::Progress(id.clone(), evidence(Found::Applied, "abort is set")));
    assert_eq!(outcome(&console), "accepted");
    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    assert_eq!(outcome(&console), "observed");
    assert_eq!(console.performed(), 1);
    // What comes late changes nothing any more.
    console.send(Msg::Progress(id, Progress::Refused { message: Safe::of("late") }));
    assert_eq!(outcome(&console), "observed");
}

#[test]
fn that_it_did_not_arrive_is_said_only_when_it_cannot_be_at_work_any_more() {
    let not_set = evidence(Found::Missing, "it is not aborted");
    // The server took its time: the change comes after many reads that did not see it.
    let (mut console, id) = unheard();
    console.send(Msg::Progress(id.clone(), not_set.clone()));
    assert_eq!(outcome(&console), "unknown", "one early look is no proof");
    seconds(&mut console, &id, 74, &not_set);
    assert_eq!(outcome(&console), "unknown", "it may be at work for 75 s");
    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    seconds(&mut console, &id, 5, &evidence(Found::Applied, "it is aborted"));
    assert_eq!(outcome(&console), "observed");

    // It never came: two late looks that agree.
    let (mut console, id) = unheard();
    console.send(Msg::Progress(id.clone(), not_set.clone()));
    let before = reads(&console);
    seconds(&mut console, &id, 76, &not_set);
    assert_eq!(outcome(&console), "unknown", "after {} reads", reads(&console) - before);
    seconds(&mut console, &id, 10, &not_set);
    assert_eq!(outcome(&console), "refused");
    assert!(console.toast().contains("it is not aborted, 1m2"), "{}", console.toast());
    console.press(Command::Abort);
    assert!(console.dialog().is_some(), "may be asked for again");
}

#[test]
fn late_looks_that_do_not_agree_settle_nothing() {
    let (mut console, id) = unheard();
    let not_set = evidence(Found::Missing, "it is not aborted");
    console.send(Msg::Progress(id.clone(), not_set.clone()));
    for _ in 0..30 {
        seconds(&mut console, &id, 5, &not_set);
        seconds(&mut console, &id, 5, &evidence(Found::Untold, "cannot be read"));
        assert_eq!(outcome(&console), "unknown");
        if console.state.now.mono > Duration::from_secs(210) {
            break;
        }
    }
    let often = reads(&console);
    seconds(&mut console, &id, 600, &evidence(Found::Untold, "cannot be read"));
    assert!(reads(&console) - often <= 11, "{} reads in ten minutes", reads(&console) - often);
}

#[test]
fn an_object_that_is_gone_or_moved_on_ends_the_search_without_a_claim() {
    let table = [
        (Found::Gone, "Rollout checkout is gone", "is gone"),
        (Found::Passed, "another revision is being rolled out now", "whether it did cannot be told"),
    ];
    for (found, says, told) in table {
        let (mut console, id) = unheard();
        console.send(Msg::Progress(id, evidence(found, says)));
        assert_eq!(outcome(&console), "failed", "{found:?}");
        assert!(console.toast().contains(told), "{}", console.toast());
        assert!(!console.toast().contains("nothing was changed"), "{}", console.toast());
    }
}

/// A request without a guard on the server may be held up on the way: what came since does not end it.
#[test]
fn what_was_overtaken_stays_unknown_while_it_may_still_take() {
    let overtaken = evidence(Found::Overtaken, "another operation came since");
    let (mut console, id) = unheard();
    console.send(Msg::Progress(id.clone(), overtaken.clone()));
    assert_eq!(outcome(&console), "unknown");
    seconds(&mut console, &id, 75, &overtaken);
    assert_eq!(outcome(&console), "unknown", "it may be at work");
    console.send(Msg::Progress(id.clone(), evidence(Found::Untold, "cannot be read")));
    seconds(&mut console, &id, 15, &overtaken);
    assert_eq!(outcome(&console), "failed");
    assert!(console.toast().contains("whether this took before cannot be told"), "{}", console.toast());
    assert!(!console.toast().contains("nothing was changed"), "{}", console.toast());

    let (mut console, id) = unheard();
    seconds(&mut console, &id, 75, &overtaken);
    console.send(Msg::Progress(id, evidence(Found::Applied, "abort is set")));
    assert_eq!(outcome(&console), "accepted", "it came late");
}

#[test]
fn what_was_accepted_is_not_taken_back_by_evidence() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id.clone(), accepted()));
    let others = [
        evidence(Found::Missing, "it is not aborted"),
        evidence(Found::Untold, "cannot be read"),
        evidence(Found::Passed, "another revision is being rolled out now"),
        evidence(Found::Overtaken, "another operation came since"),
        Progress::Unknown { message: Safe::of("stumbled") },
        Progress::Refused { message: Safe::of("late") },
    ];
    for progress in others {
        console.send(Msg::Progress(id.clone(), progress.clone()));
        assert_eq!(outcome(&console), "accepted", "{progress:?}");
    }
    // But an object that is gone proves nothing ever: it must not stay taken.
    console.send(Msg::Progress(id, evidence(Found::Gone, "Rollout checkout is gone")));
    assert_eq!(outcome(&console), "failed");
}

#[test]
fn a_journal_of_another_instance_is_shown_as_it_stands() {
    let (console, _) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    let mut pending = console.state.operations.clone();
    pending.push(pending[0].clone());
    pending[1].outcome = Outcome::Accepted;
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.state.operations.clone_from(&pending);
    console.state.read_only = Some(Safe::of("another quarterdeck holds the journal"));
    assert_eq!(update::start(&mut console.state), []);
    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    console.wait(Duration::from_mins(30));
    console.send(Msg::Tick);
    assert_eq!(console.state.operations, pending);
    // What this account may do is asked all the same: that changes nothing.
    console.effects.retain(|effect| !matches!(effect, Effect::Interest(_)));
    assert_eq!(console.effects, []);
}

#[test]
fn operations_of_an_earlier_run_are_read_up_at_start() {
    let (console, _) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    let pending = console.state.operations.clone();
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.state.operations = pending;
    let effects = update::start(&mut console.state);
    assert!(matches!(effects.as_slice(), [Effect::ReadEvidence(_)]), "{effects:?}");
    assert!(matches!(console.state.operations[0].outcome, Outcome::Unknown { .. }));
    let id = console.state.operations[0].id.clone();
    console.send(Msg::Progress(id, evidence(Found::Applied, "set")));
    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    assert_eq!(outcome(&console), "observed");
}
