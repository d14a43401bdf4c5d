//! The form before a workflow is started: what it is of, what is typed into it, how it is left, and what
//! of it is kept where others may read it.

use std::sync::Arc;

use quarterdeck::command::{Command, KeyCode};
use quarterdeck::journal::Journal;
use quarterdeck::model::Name;
use quarterdeck::model::pipelines::Conclusion;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::workflows::{
    Dispatchable, Input, InputKind, Startable, StartableRow, StartablesRead, WorkflowRead,
};
use quarterdeck::state::choice::Row;
use quarterdeck::state::form::{self, Form};
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Effect, Msg};

use super::run_verbs;
use super::world::Console;
use crate::screens::run_world::{self as world, GITHUB, feed};
use crate::screens::shot::shot;

const FULL: (u16, u16) = (160, 48);

fn names(all: &[&str]) -> Vec<Name> {
    all.iter().map(|name| Name::new(name)).collect()
}

fn input(name: &str, kind: InputKind, required: bool, default: Option<&str>) -> Input {
    let default = default.map(Name::new);
    Input { name: Name::new(name), description: Safe::of("What it is for"), required, default, kind }
}

fn open(console: &Console) -> &Form {
    form::open(&console.state).expect("a form")
}

/// What the form asks for is read.
fn asks(console: &mut Console, inputs: Vec<Input>) {
    let wanted = open(console).wanted_now().expect("a workflow is chosen");
    let workflow = Dispatchable { id: 9, name: Name::new("ci"), sha: Name::new("1"), inputs, takes_over: false };
    let read = WorkflowRead { wanted, workflow: Ok(Arc::new(workflow)) };
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Detail(Detail::Workflow(read))));
}

/// What can be started by hand is read.
fn can_start(console: &mut Console, repository: &str, rows: &[(&str, bool)]) {
    let row = |(name, proven): &(&str, bool)| StartableRow {
        path: Name::new(&format!(".github/workflows/{name}.yml")),
        name: Name::new(name),
        proven: *proven,
    };
    let known = Startable { branch: Name::new("trunk"), rows: rows.iter().map(row).collect(), whole: true };
    let read = StartablesRead { source: GITHUB, repository: Name::new(repository), rows: Ok(Arc::new(known)) };
    console.send(Msg::Feed(feed(repository), FeedEvent::Detail(Detail::Startables(read))));
}

/// The form of the workflow of the only run, on this branch.
fn on_branch(branch: &str) -> Console {
    let (mut console, _) = run_verbs::console(|run| {
        run.conclusion = Some(Conclusion::Success);
        run.branch = Some(Name::new(branch));
    });
    console.press(Command::DispatchWorkflow);
    console.wait(std::time::Duration::from_secs(2));
    console
}

fn form_of(inputs: Vec<Input>) -> Console {
    let mut console = on_branch("main");
    asks(&mut console, inputs);
    console
}

fn go_to(console: &mut Console, row: Row) {
    for _ in 0..60 {
        if open(console).row(open(console).at) == row {
            return;
        }
        console.plain(KeyCode::Tab);
    }
    panic!("no row {row:?}");
}

fn text(console: &Console, field: usize) -> String {
    open(console).fields[field].text()
}

#[test]
fn a_branch_of_odd_characters_is_wanted_as_it_is_written() {
    for branch in ["feature/ü%20#1", "topic/\u{202e}x\u{200b}"] {
        let console = on_branch(branch);
        assert_eq!(open(&console).wanted().reference.raw(), branch);
        assert_eq!(console.state.interest.workflow.as_ref().map(|wanted| wanted.reference.raw()), Some(branch));
    }
}

#[test]
fn another_workflow_is_chosen_and_its_own_inputs_follow() {
    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    assert_eq!(open(&console).row(open(&console).at), Row::Branch, "what is looked at comes first");
    assert_eq!(console.state.interest.startable, None, "files are read for who chooses");
    go_to(&mut console, Row::Workflow);
    assert_eq!(console.state.interest.startable, Some((GITHUB, Name::new("acme/checkout"))));
    can_start(&mut console, "acme/checkout", &[("ci", true), ("never-run", true), ("hidden", false)]);
    let seen = shot(&console.state, FULL);
    assert!(seen.contains("< ci >") && seen.contains("1 of 3"), "{seen}");
    console.plain(KeyCode::Right);
    assert_eq!(open(&console).path.raw(), ".github/workflows/never-run.yml");
    assert!(open(&console).fields.is_empty(), "the inputs of another workflow are not sent");
    let wanted = console.state.interest.workflow.clone().expect("its file is asked for");
    assert_eq!((wanted.path.raw(), wanted.reference.raw()), (".github/workflows/never-run.yml", "main"));
    asks(&mut console, vec![input("since", InputKind::Text, true, None)]);
    assert_eq!(open(&console).fields.len(), 1);
    console.plain(KeyCode::Left);
    assert_eq!(open(&console).path.raw(), ".github/workflows/ci.yml");
    // Round in a ring.
    console.plain(KeyCode::Left);
    assert_eq!(open(&console).target.name.raw(), "hidden");
}

#[test]
fn another_repository_begins_with_what_can_be_started_at_its_default_branch() {
    let mut console = form_of(Vec::new());
    go_to(&mut console, Row::Repository);
    console.plain(KeyCode::Right);
    assert_eq!(open(&console).target.namespace.raw(), "acme/search");
    assert_eq!(console.state.interest.workflow, None, "nothing is chosen yet");
    assert_eq!(console.state.interest.startable, Some((GITHUB, Name::new("acme/search"))));
    assert!(shot(&console.state, FULL).contains("they are being read"));
    can_start(&mut console, "acme/search", &[("hidden", false), ("reindex", true)]);
    assert_eq!((open(&console).path.raw(), open(&console).reference.raw()), (".github/workflows/reindex.yml", "trunk"));
    go_to(&mut console, Row::Repository);
    console.plain(KeyCode::Right);
    can_start(&mut console, "acme/payments", &[]);
    let seen = shot(&console.state, FULL);
    assert!(seen.contains("acme/payments has no workflow that can be started by hand"), "{seen}");
}

#[test]
fn without_any_run_the_workflow_is_chosen() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    world::list(&mut console.state, Vec::new());
    console.state.ui.place = Place::Pipelines;
    update::settle(&mut console.state);
    console.press(Command::DispatchWorkflow);
    assert_eq!(open(&console).target.namespace.raw(), "acme/checkout", "{}", console.toast());
    can_start(&mut console, "acme/checkout", &[("first", true)]);
    assert_eq!(open(&console).path.raw(), ".github/workflows/first.yml");
    console.wait(std::time::Duration::from_secs(2));
    console.send(Msg::Tick);
    assert_eq!(console.state.interest.workflow.as_ref().map(|wanted| wanted.reference.raw()), Some("trunk"));
    asks(&mut console, Vec::new());
    go_to(&mut console, Row::GoOn);
    console.plain(KeyCode::Enter);
    let dialog = console.dialog().expect("a dialog");
    assert!(dialog.title.as_str().contains("first"), "{:?}", dialog.title);
}

#[test]
fn what_was_typed_is_not_lost_to_one_key() {
    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    // Moving about is nothing that could be lost.
    console.plain(KeyCode::Tab);
    console.plain(KeyCode::Esc);
    assert!(console.state.ui.overlay.is_none());

    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    go_to(&mut console, Row::Field(0));
    console.type_text("till 2.0");
    console.plain(KeyCode::Esc);
    assert!(shot(&console.state, FULL).contains("esc again leaves it"));
    console.type_text("!");
    assert_eq!(text(&console, 0), "till 2.0!", "any other key stays");
    console.plain(KeyCode::Esc);
    console.wait(std::time::Duration::from_secs(1));
    console.plain(KeyCode::Esc);
    assert!(console.state.ui.overlay.is_none());
    assert_eq!(console.performed(), 0);
}

/// As a terminal passes it on: first after half a second, then thirty times a second.
#[test]
fn a_held_esc_loses_nothing_that_was_filled_in() {
    let hold = |console: &mut Console| {
        for wait in [500, 33, 33, 33, 33, 33] {
            console.plain(KeyCode::Esc);
            console.wait(std::time::Duration::from_millis(wait));
        }
    };
    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    go_to(&mut console, Row::Field(0));
    console.type_text("till 2.0");
    hold(&mut console);
    assert_eq!(text(&console, 0), "till 2.0");
    // The same from the dialog after it.
    go_to(&mut console, Row::GoOn);
    console.plain(KeyCode::Enter);
    assert!(console.dialog().is_some(), "{}", console.toast());
    hold(&mut console);
    assert_eq!(text(&console, 0), "till 2.0");
    assert!(open(&console).leaving.is_none(), "what left the dialog does not leave the form");
}

#[test]
fn a_paste_is_one_line_and_what_does_not_fit_is_said() {
    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    go_to(&mut console, Row::Field(0));
    console.send(Msg::Paste("one\r\ntwo\nthree\u{7}".to_owned()));
    assert_eq!(text(&console, 0), "one two three ");
    // A long value is whole, and the end of it with the cursor is in sight.
    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    go_to(&mut console, Row::Field(0));
    console.send(Msg::Paste(format!("{}the-end", "long-".repeat(400))));
    assert_eq!(text(&console, 0).len(), 2_007);
    assert!(shot(&console.state, FULL).contains("the-end▏"));
    console.send(Msg::Paste("x".repeat(70_000)));
    assert_eq!(text(&console, 0).len(), 65_535);
    assert!(console.toast().contains("6472 characters were left out"), "{}", console.toast());
}

#[test]
fn the_cursor_stands_between_wide_characters() {
    let mut console = form_of(vec![input("note", InputKind::Text, false, None)]);
    go_to(&mut console, Row::Field(0));
    console.type_text("日本語");
    console.plain(KeyCode::Left);
    assert!(shot(&console.state, FULL).contains("▏語") || shot(&console.state, FULL).contains("▏ 語"));
    console.type_text("x");
    assert_eq!(text(&console, 0), "日本x語");
    console.plain(KeyCode::Backspace);
    console.plain(KeyCode::Backspace);
    assert_eq!(text(&console, 0), "日語");
}

#[test]
fn each_kind_of_input_says_what_is_wrong_with_it() {
    let level = || InputKind::Choice(names(&["debug", "info"]));
    let mut console = form_of(vec![
        input("must", InputKind::Text, true, None),
        input("count", InputKind::Number, true, Some("1e999")),
        input("level", level(), false, Some("loud")),
        input("dry", InputKind::Boolean, true, None),
        input("where", InputKind::Environment(Err(Safe::of("not allowed (403)"))), true, None),
    ]);
    let problems = |console: &Console| -> Vec<bool> {
        open(console).fields.iter().map(|field| field.problem().is_some()).collect()
    };
    assert_eq!(problems(&console), [true, true, false, false, true]);
    // The one with the keys says what its file says of it.
    for (field, words) in [
        (0, "What it is for"),
        (2, "the file's default loud is none of its choices"),
        (4, "its environments are not known (not allowed (403)): type one"),
    ] {
        go_to(&mut console, Row::Field(field));
        let seen = shot(&console.state, FULL);
        assert!(seen.contains(words), "{words}: {seen}");
    }
    go_to(&mut console, Row::Field(3));
    assert_eq!(text(&console, 3), "false");
    console.plain(KeyCode::Char(' '));
    assert_eq!(text(&console, 3), "true");
    // Enter on the last line goes to the first that is wrong.
    go_to(&mut console, Row::GoOn);
    console.plain(KeyCode::Enter);
    assert!(console.dialog().is_none());
    assert_eq!(open(&console).row(open(&console).at), Row::Field(0));
    assert!(shot(&console.state, FULL).contains("is required"));
    // A number is sent as a number.
    go_to(&mut console, Row::Field(1));
    for _ in 0..5 {
        console.plain(KeyCode::Backspace);
    }
    console.type_text(" -7 ");
    assert_eq!(text(&console, 1), "-7");
}

#[test]
fn the_value_of_a_secret_is_neither_shown_nor_kept() {
    let mut console =
        form_of(vec![input("api-token", InputKind::Text, false, None), input("note", InputKind::Text, false, None)]);
    go_to(&mut console, Row::Field(0));
    console.type_text("hunter22");
    go_to(&mut console, Row::Field(1));
    assert!(!shot(&console.state, FULL).contains("hunter22"), "beside the row that has the keys");
    console.type_text("plain");
    go_to(&mut console, Row::GoOn);
    console.plain(KeyCode::Enter);
    let seen = shot(&console.state, FULL);
    assert!(seen.contains("api-token: 8 characters, not shown") && seen.contains("note: plain"), "{seen}");
    assert!(!seen.contains("hunter22"));
    console.arm();
    console.plain(KeyCode::Char('y'));
    let sent: Vec<_> = console
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Perform(operation) => Some(operation.clone()),
            _ => None,
        })
        .collect();
    let [operation] = &sent[..] else { panic!("one: {sent:?}") };
    assert!(format!("{:?}", operation.action.change).contains("hunter22"), "what is sent is what was typed");
    let folder = tempfile::tempdir().unwrap();
    Journal::open(folder.path()).intent(operation).unwrap();
    let kept = String::from_utf8_lossy(&std::fs::read(folder.path().join("journal")).unwrap()).into_owned();
    assert!(!kept.contains("hunter22") && kept.contains("(not kept)") && kept.contains("plain"), "{kept}");
    // A second press while it is under way sends nothing.
    console.plain(KeyCode::Char('y'));
    console.state.ui.overlay = None;
    console.press(Command::DispatchWorkflow);
    assert!(!matches!(console.state.ui.overlay, Some(Overlay::Form(_))), "it is under way");
    assert_eq!(console.performed(), 1);
}
