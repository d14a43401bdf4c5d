//! What lies over the screen: the dialog in its tiers, help, a line being typed, toasts.

use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::pipelines::{Conclusion, RunStatus};
use quarterdeck::model::{Name, ObjectId};
use quarterdeck::state::State;
use quarterdeck::state::ui::{Confirm, ConfirmField, Overlay, PromptKind, Tier, Toast, ToastKind};
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use tui_textarea::TextArea;

use super::run_world;
use super::shot::{compare, draw, roles, shot, text};
use super::world::{HEARD, deploying, rollout};

const FULL: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);

fn dialog(state: &State, command: Command, target: &ObjectId) -> Confirm {
    let offer = verbs::available(state, command, target).unwrap_or_else(|why| panic!("{}", why.as_str()));
    verbs::preview(state, &offer.action)
}

fn asking(environment: &str, change: impl FnOnce(&mut Confirm)) -> State {
    let mut state = deploying();
    let mut confirm = dialog(&state, Command::Abort, &rollout(&state, "checkout", environment));
    confirm.armed_at = Some(HEARD);
    change(&mut confirm);
    state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    state
}

#[test]
fn protected_asks_for_the_name() {
    let state = asking("production", |confirm| {
        confirm.typed.insert_str("prod");
        confirm.reason.insert_str("errors come from the payment provider, ticket 8812");
    });
    let Some(Overlay::Confirm(confirm)) = &state.ui.overlay else { panic!("a dialog is open") };
    assert_eq!(confirm.tier, Tier::Typed { expected: "production".to_owned() });
    let screen = text(&draw(&state, &roles(), SMALL));
    assert!(screen.contains("type production and Enter to abort"), "{screen}");
    compare!("dialog-protected", shot(&state, FULL));
    compare!("dialog-protected-80x24", shot(&state, SMALL));
    compare!("dialog-protected-mismatch", shot(&asking("production", |confirm| confirm.mismatch = true), FULL));
}

#[test]
fn elsewhere_a_key_is_enough() {
    let state = asking("staging", |confirm| confirm.focus = ConfirmField::Reason);
    let Some(Overlay::Confirm(confirm)) = &state.ui.overlay else { panic!("a dialog is open") };
    assert_eq!(confirm.tier, Tier::Yes);
    compare!("dialog-yes", shot(&state, FULL));
}

#[test]
fn what_a_rerun_and_a_cancel_will_do() {
    let state = run_world::pipelines(deploying());
    let failed = state.world.runs.rows().iter().find(|run| run.conclusion == Some(Conclusion::Failure)).unwrap();
    let moving = state.world.runs.rows().iter().find(|run| run.status == RunStatus::InProgress).unwrap();
    for (name, command, run) in [("rerun", Command::RerunFailed, failed), ("cancel", Command::CancelRun, moving)] {
        let mut confirm = dialog(&state, command, &run.id());
        confirm.armed_at = Some(HEARD);
        let mut asked = state.clone();
        asked.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        compare!(format!("dialog-{name}-160x48"), shot(&asked, (160, 48)));
        compare!(format!("dialog-{name}-80x24"), shot(&asked, SMALL));
    }
}

/// Whatever somebody called a run, the question and its keys are on the smallest screen.
#[test]
fn a_name_without_end_leaves_the_question_in_sight() {
    let long = |word: &str| word.repeat(40);
    let mut state = run_world::pipelines(deploying());
    let rows = state.world.runs.rows().iter().map(|run| {
        run_world::with((**run).clone(), |run| {
            run.meta.name = Name::new(&format!("{} #{}", "nightly-".repeat(11), run.number));
            run.title = Safe::line(&long("a title that goes on "));
            run.branch = Some(Name::new(&long("branch/")));
        })
    });
    let rows = rows.collect();
    run_world::list(&mut state, rows);
    for conclusion in [Some(Conclusion::Failure), None] {
        let run = state.world.runs.rows().iter().find(|run| run.conclusion == conclusion).unwrap().id();
        let command = if conclusion.is_some() { Command::RerunFailed } else { Command::CancelRun };
        let mut confirm = dialog(&state, command, &run);
        confirm.armed_at = Some(HEARD);
        let mut asked = state.clone();
        asked.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        assert_eq!(quarterdeck::ui::room_wanted(&asked, SMALL), None, "{command:?}");
        let screen = text(&draw(&asked, &roles(), SMALL));
        assert!(screen.contains("esc leave it as it is") && screen.contains("nightly-"), "{screen}");
        assert!(screen.contains(&format!("#{}", state.world.runs.get(&run.uid).unwrap().number)), "its end: {screen}");
    }
}

#[test]
fn keys_are_taken_after_a_moment() {
    let state = asking("staging", |confirm| confirm.armed_at = Some(HEARD + Duration::from_millis(750)));
    compare!("dialog-arming", shot(&state, FULL));
}

#[test]
fn a_changed_target_disarms() {
    let why = Safe::of("it changed since this was shown: step 7 is now step 8");
    let state = asking("production", |confirm| confirm.disarmed = Some(why));
    compare!("dialog-disarmed", shot(&state, FULL));
    compare!("dialog-disarmed-80x24", shot(&state, SMALL));
}

#[test]
fn help_lists_the_keys_of_the_place() {
    let mut state = deploying();
    state.ui.overlay = Some(Overlay::Help { top: 0 });
    compare!("help-160x48", shot(&state, (160, 48)));
    compare!("help-80x24", shot(&state, SMALL));
    state.ui.overlay = Some(Overlay::Help { top: 20 });
    compare!("help-80x24-scrolled", shot(&state, SMALL));
}

#[test]
fn a_filter_being_typed() {
    let mut state = deploying();
    let editor = TextArea::new(vec!["check".to_owned()]);
    state.ui.overlay = Some(Overlay::prompt(PromptKind::Filter, None, editor));
    compare!("prompt-filter", shot(&state, SMALL));
}

#[test]
fn toasts_stand_above_the_footer() {
    let mut state = deploying();
    for (kind, words) in [
        (ToastKind::Info, "reading everything again"),
        (ToastKind::Waiting, "abort checkout: accepted, waits for weight 0"),
        (ToastKind::Good, "abort checkout: observed"),
        (ToastKind::Bad, "promote checkout: it is not paused"),
    ] {
        state.ui.toasts.push(Toast { kind, text: Safe::of(words), until: HEARD + Duration::from_secs(5) });
    }
    compare!("toasts", shot(&state, SMALL));
}
