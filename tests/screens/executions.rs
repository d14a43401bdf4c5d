//! Executions of a RustCI server: in the one list, on a page, and the dialogs of what is asked of it.

use std::sync::Arc;

use quarterdeck::command::Command;
use quarterdeck::state::ui::Place;
use quarterdeck::state::{expected, runs};
use quarterdeck::update::{self, Msg};

use super::shot::{compare, shot};
use crate::rustci::ci::{RUNNING, done, running};
use crate::rustci::dialogs::{console, enter, execution, file, stages};
use crate::update::world::Console;

fn looked_at() -> Console {
    let mut console = console(&[done(), running()]);
    // Some minutes after it began.
    console.state.now.wall = "2026-11-21T12:02:10Z".parse().unwrap();
    stages(&mut console);
    console
}

#[test]
fn an_execution_stands_in_the_list_and_has_a_page() {
    let mut console = looked_at();
    compare!("executions-160x40", shot(&console.state, (160, 40)));
    console.state.ui.place = Place::Run(execution(RUNNING));
    update::settle(&mut console.state);
    compare!("execution-120x30", shot(&console.state, (120, 30)));
    console.state.ui.size = (80, 24);
    update::settle(&mut console.state);
    compare!("execution-80x24", shot(&console.state, (80, 24)));
}

/// A server that runs stage after stage tells no time of making: each begins when the one before it has ended.
#[test]
fn the_way_to_the_end_of_an_execution_leads_through_its_stages() {
    let console = looked_at();
    let run = console.state.world.runs.get(&execution(RUNNING).uid).expect("the execution").clone();
    let jobs = runs::jobs(&console.state, &run.meta.uid).expect("its stages");
    let chain = expected::longest_chain(&console.state, &run, jobs);
    let names: Vec<&str> = chain.iter().map(|at| jobs.jobs[*at].id.name.raw()).collect();
    assert_eq!(names, ["build", "test"], "what has not begun holds nothing up yet");
}

#[test]
fn the_dialogs_say_what_the_server_does_and_does_not() {
    let mut console = looked_at();
    console.state.ui.place = Place::Run(execution(RUNNING));
    console.press(Command::CancelRun);
    compare!("execution-cancel-120x40", shot(&console.state, (120, 40)));
    console.press(Command::ConfirmNo);
    console.wait(std::time::Duration::from_mins(1));
    enter(&mut console, Command::TriggerPipeline, "nightly");
    compare!("pipeline-trigger-120x40", shot(&console.state, (120, 40)));
    console.press(Command::ConfirmNo);
    console.wait(std::time::Duration::from_mins(1));
    console.send(Msg::PipelineFile(Ok(Arc::new(file(Some("nightly"))))));
    compare!("pipeline-upload-120x40", shot(&console.state, (120, 40)));
}
