//! The rarer verbs of a Rollout in recorded moments: what is offered, and why not.

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::Name;
use quarterdeck::state::verbs;
use serde_json::json;

use super::world::{Console, moment};
use crate::ingest::blockers::gitops::application;

fn ask(console: &mut Console, command: Command) -> String {
    console.open_workload();
    let state = &console.state;
    let target = verbs::target_of(state, command).expect("a target");
    match verbs::available(state, command, &target).map(|offer| offer.action.change) {
        Ok(Change::PromoteFull { .. }) => "promote full".to_owned(),
        Ok(Change::SkipStep { step, to, last, .. }) => format!("skip {step} to {to} of {last}"),
        Ok(Change::Pause { .. }) => "pause".to_owned(),
        Ok(Change::Unpause) => "resume".to_owned(),
        Ok(Change::EndAnalysis) => format!("end {}", target.kind.as_str()),
        Ok(other) => format!("{other:?}"),
        Err(why) => why.as_str().to_owned(),
    }
}

#[test]
fn each_of_them_in_each_recorded_moment() {
    let done = "would change nothing";
    // moment; promote full, skip, pause, end of the analysis: what is offered, or words of the reason.
    let table = [
        ("clean/01-before", done, "steps are done", "nothing to pause", "no analysis"),
        ("clean/02-first-weight", "promote full", "skip 1 to 2 of 10", "pause", "no analysis"),
        ("clean/03-analysis-running", "promote full", "skip 2 to 3 of 10", "pause", "end AnalysisRun"),
        ("clean/04-waiting-for-a-person", "promote full", "skip 7 to 8 of 10", "pause", "no analysis"),
        ("regression/02-half-the-traffic", "promote full", "skip 6 to 7 of 10", "pause", "end AnalysisRun"),
        ("regression/03-aborted-by-analysis", "aborted: retry", "aborted: retry", "nothing moves", "no analysis"),
        ("promotions/05-paused-by-a-person", "paused it: resume", "skip 1 to 2 of 10", "resume", "no analysis"),
        ("promotions/07-all-steps-skipped-still-paused", "resume", "steps are done", "resume", "no analysis"),
        ("blue-green/02-preview-waits", "promote full", "no steps to skip", "pause", "no analysis"),
        ("blue-green/05-aborted", "aborted: retry", "no steps", "nothing moves", "no analysis"),
    ];
    for (name, full, skip, pause, end) in table {
        let mut console = Console::new(&moment(name));
        for (command, wanted) in [
            (Command::PromoteFull, full),
            (Command::SkipStep, skip),
            (Command::PauseRollout, pause),
            (Command::EndAnalysis, end),
        ] {
            let said = ask(&mut console, command);
            assert!(said.contains(wanted), "{name}, {command:?}: wanted {wanted:?}, got {said:?}");
        }
    }
}

#[test]
fn an_image_is_typed_with_its_container_or_alone_and_only_another_one_is_taken() {
    let mut console = Console::new(&moment("clean/02-first-weight"));
    let target = console.open_workload();
    let typed = |text: &str| verbs::rollout::set_image(&console.state, &target, text).map(|action| action.change);
    for text in ["app=shop/checkout:9", " shop/checkout:9 ", "app = shop/checkout:9"] {
        let Ok(Change::SetImage { container, to, from, .. }) = typed(text) else { panic!("{text}: {:?}", typed(text)) };
        assert_eq!((container, to), (Name::new("app"), Name::new("shop/checkout:9")), "{text}");
        assert_eq!(from.raw(), "ghcr.io/shop/checkout:1.42.0");
    }
    for (text, wanted) in [
        ("", "type container=image"),
        ("app=", "type container=image"),
        ("app=shop/checkout 9", "type container=image"),
        ("sidecar=shop/checkout:9", "no container sidecar"),
        ("app=ghcr.io/shop/checkout:1.42.0", "has this image already"),
    ] {
        let why = typed(text).expect_err(text);
        assert!(why.as_str().contains(wanted), "{text}: {why:?}");
    }
    // An image with a digest and a port is one word.
    assert!(typed("app=registry:5000/shop@sha256:00").is_ok());
}

#[test]
fn a_template_elsewhere_takes_no_image_here() {
    let mut objects = moment("clean/02-first-weight");
    let reference = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout" });
    objects["rollouts"][0]["spec"]["workloadRef"] = reference;
    let mut console = Console::new(&objects);
    let target = console.open_workload();
    let why = verbs::rollout::set_image(&console.state, &target, "app=x:1").expect_err("it stands elsewhere");
    assert!(why.as_str().contains("Deployment checkout"), "{why:?}");
}

/// What Git is synced from by itself takes no image here; what is written to the status is not Git's.
#[test]
fn what_argo_cd_applies_takes_no_image_here() {
    let mut objects = moment("clean/02-first-weight");
    let policy = json!({ "spec": { "syncPolicy": { "automated": { "selfHeal": true } } } });
    objects["applications"] = json!([application(&policy)]);
    let mut console = Console::new(&objects);
    assert_eq!(ask(&mut console, Command::PromoteFull), "promote full");
    let target = console.open_workload();
    let why = verbs::rollout::set_image(&console.state, &target, "app=x:1").expect_err("it would come back");
    assert!(why.as_str().contains("would bring this version back at once (self-heal)"), "{why:?}");
}

#[test]
fn all_steps_that_are_left_are_another_question() {
    let mut console = Console::new(&moment("clean/02-first-weight"));
    console.open_workload();
    console.press(Command::SkipStep);
    console.arm();
    let said = |console: &Console| format!("{:?}", console.dialog().expect("a dialog"));
    assert!(said(&console).contains("past step 2 of 10"), "{}", said(&console));
    console.press(Command::ConfirmDebug);
    assert!(said(&console).contains("past 9 steps"), "{}", said(&console));
    // To be read before it is confirmed.
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0);
    console.arm();
    console.wait(std::time::Duration::from_secs(2));
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 1);
}
