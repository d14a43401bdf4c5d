//! What can be asked of a RustCI server and what the dialog says before; what proves it; and that the
//! journal keeps enough to look for it later.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Action, Change, Outcome, PipelineFile, Progress};
use quarterdeck::command::{Command, KeyCode};
use quarterdeck::journal::Journal;
use quarterdeck::model::pipelines::{CiPipeline, JobsRead};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, Object, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::state::ui::{Overlay, Place, Tier};
use quarterdeck::state::verbs;
use quarterdeck::systems::rustci::ingest;
use quarterdeck::text::Safe;
use quarterdeck::update::{Effect, Msg};
use serde_json::{Value, json};

use super::ci::{DONE, PIPELINE, RUNNING, done, row, running, whole};
use crate::update::world::Console;

const CI: SourceId = SourceId(1);

fn feed() -> FeedId {
    FeedId { cluster: CI, kind: Kind::Execution, namespace: None }
}

fn pipeline(id: &str, name: &str) -> CiPipeline {
    let id = ObjectId {
        cluster: CI,
        kind: Kind::CiPipeline,
        namespace: Name::new(""),
        name: Name::new(name),
        uid: Uid::new(CI, id),
    };
    CiPipeline { id, description: Safe::of("Every night"), created: None }
}

fn pipelines(console: &mut Console, all: &[CiPipeline]) {
    console.send(Msg::Feed(feed(), FeedEvent::Detail(Detail::Pipelines(all.into()))));
}

pub fn list(console: &mut Console, rows: &[Value]) {
    let known: Vec<CiPipeline> = console.state.world.details.pipelines().cloned().collect();
    let read = ingest::executions(CI, json!(rows).to_string().as_bytes(), &known, &HashMap::new()).unwrap();
    let objects = read.rows.into_iter().map(Object::Run).collect();
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(objects), FeedEvent::Listed] {
        console.send(Msg::Feed(feed(), event));
    }
}

/// A console that looks at a RustCI server with one pipeline and these executions.
pub fn console(rows: &[Value]) -> Console {
    let mut console = Console::empty();
    let scope = SourceScope {
        id: CI,
        system: SystemId::RustCi,
        name: Name::new("ci.example:8000"),
        server: Safe::of("https://ci.example:8000"),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    };
    for feed in scope.feeds() {
        console.state.world.feeds.insert(feed, quarterdeck::state::world::Feed::default());
    }
    console.state.world.sources.push(scope);
    pipelines(&mut console, &[pipeline(PIPELINE, "nightly")]);
    list(&mut console, rows);
    console.state.ui.place = Place::Pipelines;
    console
}

pub fn execution(id: &str) -> ObjectId {
    let namespace = Name::new("");
    ObjectId { cluster: CI, kind: Kind::Execution, namespace, name: Name::new("nightly"), uid: Uid::new(CI, id) }
}

/// The stages of the running execution are read.
pub fn stages(console: &mut Console) {
    let jobs = ingest::execution(&execution(RUNNING), whole(&running(), "").to_string().as_bytes()).unwrap().jobs;
    let read = JobsRead { run: Uid::new(CI, RUNNING), jobs: Ok(Arc::new(jobs)) };
    console.send(Msg::Feed(feed(), FeedEvent::Detail(Detail::Jobs(read))));
}

fn offered(console: &Console, command: Command, target: &ObjectId) -> Result<Change, String> {
    verbs::available(&console.state, command, target)
        .map(|offer| offer.action.change)
        .map_err(|why| why.as_str().to_owned())
}

/// Types into the line that the command opens, and enters it.
pub fn enter(console: &mut Console, command: Command, text: &str) {
    // A line that was refused is still open.
    if matches!(console.state.ui.overlay, Some(Overlay::Prompt { .. })) {
        console.plain(KeyCode::Esc);
    }
    console.press(command);
    let Some(Overlay::Prompt { .. }) = &console.state.ui.overlay else { panic!("no line: {}", console.toast()) };
    while console.state.ui.overlay.as_ref().is_some_and(|overlay| match overlay {
        Overlay::Prompt { editor, .. } => !editor.lines().concat().is_empty(),
        _ => false,
    }) {
        console.plain(KeyCode::Backspace);
    }
    console.type_text(text);
    console.plain(KeyCode::Enter);
}

fn dialog(console: &Console) -> String {
    let dialog = console.dialog().unwrap_or_else(|| panic!("no dialog: {}", console.toast()));
    let lines = dialog.lines.iter().flat_map(|(label, texts)| texts.iter().map(move |text| (label, text)));
    let lines: Vec<String> = lines.map(|(label, text)| format!("{}: {}", label.as_str(), text.as_str())).collect();
    format!("{}\n{}\n{}", dialog.title.as_str(), dialog.summary.as_str(), lines.join("\n"))
}

fn outcome(console: &Console) -> &Outcome {
    &console.state.operations.last().unwrap().outcome
}

pub fn file(name: Option<&str>) -> PipelineFile {
    PipelineFile {
        name: Name::new("nightly.yaml"),
        path: Safe::of("~/ci/nightly.yaml"),
        pipeline: name.map(Name::new),
        stages: vec![Safe::of("build"), Safe::of("test")],
        bytes: 412,
        text: Arc::from("name: nightly\n"),
    }
}

#[test]
fn each_verb_in_each_state_of_an_execution() {
    let at = "2026-11-21T12:00:00Z";
    let table = [
        ("pending", None, Ok(())),
        ("running", None, Ok(())),
        ("rebooting", None, Ok(())),
        ("success", Some(at), Err("it has ended: success")),
        ("failed", Some(at), Err("it has ended: failure")),
        ("cancelled", Some(at), Err("it has ended: cancelled")),
        ("timeout", Some(at), Err("it has ended: timed_out")),
    ];
    for (status, finished, wanted) in table {
        let console = console(&[row(RUNNING, status, at, finished)]);
        let target = execution(RUNNING);
        let told = offered(&console, Command::CancelRun, &target);
        match wanted {
            Ok(()) => assert_eq!(told, Ok(Change::Cancel { attempt: 1 }), "{status}"),
            Err(words) => assert!(told.clone().unwrap_err().contains(words), "{status}: {told:?}"),
        }
        assert!(offered(&console, Command::RerunFailed, &target).unwrap_err().contains("trigger its pipeline"));
        assert!(offered(&console, Command::Promote, &target).unwrap_err().contains("nothing else"));
    }
    let mut console = console(&[running()]);
    let trigger = offered(&console, Command::TriggerPipeline, &pipeline(PIPELINE, "nightly").id);
    assert_eq!(trigger, Ok(Change::Trigger { last: Some(Uid::new(CI, RUNNING)) }));
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("502"), retry_at: None };
    console.send(Msg::Feed(feed(), FeedEvent::Status(stale)));
    for (command, target) in
        [(Command::CancelRun, execution(RUNNING)), (Command::TriggerPipeline, pipeline(PIPELINE, "nightly").id)]
    {
        assert!(offered(&console, command, &target).unwrap_err().contains("stale"), "{command:?}");
    }
}

#[test]
fn the_dialog_of_a_cancel_says_what_a_cancel_is_there() {
    let mut console = console(&[done(), running()]);
    stages(&mut console);
    console.state.ui.place = Place::Run(execution(RUNNING));
    console.press(Command::CancelRun);
    let said = dialog(&console);
    assert!(said.starts_with("Cancel nightly on ci.example:8000\nrunning → cancelled"), "{said}");
    assert!(said.contains("it will not: stop what runs (test): RustCI lets its task run on to its end,"), "{said}");
    assert!(said.contains("it will not: and then the task may write success or failed over it"), "{said}");
    assert!(matches!(console.dialog().unwrap().tier, Tier::Yes));
}

#[test]
fn a_cancel_counts_when_two_readings_agree() {
    let cancelled = |at: &str| row(RUNNING, "cancelled", "2026-11-21T12:00:00Z", Some(at));
    let begun = || {
        let mut console = console(&[running()]);
        console.state.ui.place = Place::Run(execution(RUNNING));
        console.press(Command::CancelRun);
        console.arm();
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 1, "{}", console.toast());
        let id = console.state.operations[0].id.clone();
        console.send(Msg::Progress(id.clone(), Progress::Sent));
        console.send(Msg::Progress(id.clone(), Progress::Made { id: Name::new(RUNNING) }));
        console.send(Msg::Progress(id, Progress::Accepted { generation: None }));
        assert_eq!(*outcome(&console), Outcome::Accepted);
        list(&mut console, &[cancelled("2026-11-21T12:01:00Z")]);
        assert_eq!(*outcome(&console), Outcome::Accepted, "one reading is none");
        console.send(Msg::Tick);
        assert_eq!(*outcome(&console), Outcome::Accepted, "time alone is no reading");
        console.wait(Duration::from_secs(6));
        console.send(Msg::Tick);
        assert_eq!(*outcome(&console), Outcome::Accepted, "time alone is no reading");
        console
    };
    let mut console = begun();
    list(&mut console, &[cancelled("2026-11-21T12:01:00Z")]);
    assert_eq!(*outcome(&console), Outcome::Observed);
    // Another end is another first reading.
    let mut console = begun();
    list(&mut console, &[cancelled("2026-11-21T12:02:00Z")]);
    assert_eq!(*outcome(&console), Outcome::Accepted);
    console.wait(Duration::from_secs(6));
    list(&mut console, &[cancelled("2026-11-21T12:02:00Z")]);
    assert_eq!(*outcome(&console), Outcome::Observed);
    // The task has the last word.
    let mut console = begun();
    list(&mut console, &[row(RUNNING, "success", "2026-11-21T12:00:00Z", Some("2026-11-21T12:03:00Z"))]);
    let Outcome::Failed { message } = outcome(&console) else { panic!("{:?}", outcome(&console)) };
    assert!(message.as_str().contains("its task went on to its end: success"), "{message:?}");
}

#[test]
fn which_pipeline_is_meant_is_typed_and_then_confirmed() {
    let mut console = console(&[done(), running()]);
    enter(&mut console, Command::TriggerPipeline, "nightly");
    let said = dialog(&console);
    assert!(said.starts_with("Trigger nightly on ci.example:8000"), "{said}");
    for words in [
        "newest: nightly 22222222, in_progress",
        "it will not: wait for the execution that runs now: both run side by side",
        "it will not: be sent twice: each trigger that arrives runs once more",
        "QUARTERDECK_OPERATION",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // The Enter that opened it, and a held one, confirm nothing.
    console.arm();
    console.plain(KeyCode::Enter);
    assert_eq!(console.performed(), 0);
    // Somebody else was faster: another question now.
    list(&mut console, &[done(), running(), row("99999999-0000", "pending", "", None)]);
    assert!(console.dialog().unwrap().disarmed.is_some());
    console.press(Command::ConfirmNo);
    let mut twins = [pipeline(PIPELINE, "nightly"), pipeline("8b2f-1", "nightly")];
    pipelines(&mut console, &twins);
    enter(&mut console, Command::TriggerPipeline, "nightly");
    let Some(Overlay::Prompt { wrong: Some(wrong), .. }) = &console.state.ui.overlay else { panic!("no line") };
    let several = "2 pipelines are called nightly: type the beginning of an id: 7a1f0c3e, 8b2f-1";
    assert!(wrong.as_str().contains(several), "{}", wrong.as_str());
    enter(&mut console, Command::TriggerPipeline, "8b2f");
    assert!(dialog(&console).contains("newest: it has never run"));
    console.press(Command::ConfirmNo);
    twins[0].id.name = Name::new("deploy-prod");
    pipelines(&mut console, &twins);
    enter(&mut console, Command::TriggerPipeline, "deploy-prod");
    assert!(
        matches!(&console.dialog().unwrap().tier, Tier::Typed { expected } if expected == "prod"),
        "production is typed"
    );
}

#[test]
fn a_trigger_is_observed_by_the_id_of_the_answer() {
    let mut console = console(&[done()]);
    enter(&mut console, Command::TriggerPipeline, "nightly");
    console.arm();
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 1);
    let id = console.state.operations[0].id.clone();
    console.send(Msg::Progress(id.clone(), Progress::Sent));
    console.send(Msg::Progress(id.clone(), Progress::Made { id: Name::new("abcd-1") }));
    console.send(Msg::Progress(id, Progress::Accepted { generation: None }));
    assert!(console.toast().contains("waiting for RustCI"), "{}", console.toast());
    // Somebody else's is not it.
    list(&mut console, &[done(), running()]);
    assert_eq!(*outcome(&console), Outcome::Accepted);
    list(&mut console, &[done(), running(), row("abcd-1", "pending", "2026-11-21T13:00:00Z", None)]);
    assert_eq!(*outcome(&console), Outcome::Observed);
}

#[test]
fn a_file_is_shown_before_it_is_uploaded() {
    let mut console = console(&[]);
    enter(&mut console, Command::CreatePipeline, " ~/ci/nightly.yaml ");
    let read = console.effects.iter().find_map(|effect| match effect {
        Effect::ReadPipeline(path) => Some(path.display().to_string()),
        _ => None,
    });
    assert_eq!(read.as_deref(), Some("~/ci/nightly.yaml"));
    console.send(Msg::PipelineFile(Ok(Arc::new(file(Some("nightly"))))));
    let said = dialog(&console);
    for words in [
        "Create pipeline nightly on ci.example:8000",
        "file: ~/ci/nightly.yaml, 412 bytes",
        "stages: build, test",
        "replace the pipeline of that name: there will be two",
        "undo: none from here: RustCI deletes no pipeline",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    console.press(Command::ConfirmNo);
    console.send(Msg::PipelineFile(Ok(Arc::new(file(None)))));
    assert!(dialog(&console).contains("name: no name found in it"));
    console.arm();
    console.press(Command::ConfirmYes);
    let Some(Effect::Perform(operation)) = console.effects.last().cloned() else {
        panic!("{:?}", console.effects.last())
    };
    assert_eq!(operation.action.change, Change::CreatePipeline { file: Arc::new(file(None)), before: 0 });
    console.send(Msg::PipelineFile(Err(Safe::of("x.yaml: it is not UTF-8"))));
    assert!(console.toast().contains("it is not UTF-8"), "{}", console.toast());
}

#[test]
fn without_a_server_nothing_is_asked() {
    let mut console = Console::empty();
    console.state.ui.place = Place::Pipelines;
    for command in [Command::TriggerPipeline, Command::CreatePipeline] {
        console.press(command);
        assert!(console.state.ui.overlay.is_none());
        assert!(console.toast().contains("sources.rustci.url"), "{}", console.toast());
    }
}

#[test]
fn the_journal_keeps_what_is_needed_to_look_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let console = console(&[done(), running()]);
    let changes = [
        (Change::Trigger { last: Some(Uid::new(CI, DONE)) }, pipeline(PIPELINE, "nightly").id),
        (Change::Trigger { last: None }, pipeline(PIPELINE, "nightly").id),
        (Change::CreatePipeline { file: Arc::new(file(Some("nightly"))), before: 3 }, pipeline(PIPELINE, "nightly").id),
        (Change::Cancel { attempt: 1 }, execution(RUNNING)),
    ];
    for (number, (change, target)) in (1_u32..).zip(changes.clone()) {
        let mut operation = crate::journal::abort(number);
        operation.action = Action { target, change };
        operation.cluster = Name::new("ci.example:8000");
        Journal::open(folder.path()).intent(&operation).unwrap();
    }
    let sources = console.state.world.sources.clone();
    let left = Journal::open(folder.path()).take(&sources);
    assert_eq!(left.len(), changes.len());
    for (operation, (change, target)) in left.iter().zip(&changes) {
        assert_eq!(operation.action.target.uid, target.uid);
        match (&operation.action.change, change) {
            (Change::CreatePipeline { file: kept, before }, Change::CreatePipeline { file, before: of }) => {
                assert_eq!(
                    (before, &kept.pipeline, &kept.name, kept.bytes),
                    (of, &file.pipeline, &file.name, file.bytes)
                );
                assert!(kept.text.is_empty(), "ten megabytes have no place in a journal");
            }
            (kept, change) => assert_eq!(kept, change),
        }
    }
}

#[test]
fn executions_stand_in_status_with_their_system_and_stages() {
    let mut console = console(&[done(), running()]);
    stages(&mut console);
    let all = quarterdeck::state::report::report(&console.state).runs;
    let running = all.iter().find(|run| run.id == RUNNING).expect("it stands in status --json");
    assert_eq!((running.system, running.status.as_str(), running.name.as_str()), ("rustci", "in_progress", "nightly"));
    assert_eq!(running.jobs.as_ref().unwrap().len(), 3);
}
