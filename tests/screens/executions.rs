//! Executions of a RustCI server: in the one list, on a page, and the dialogs of what is asked of it.

use std::sync::Arc;

use quarterdeck::command::Command;
use quarterdeck::state::ui::Place;
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
