//! Restarting and scaling of workloads: what is offered, what is refused and why, what is asked first.

use std::time::Duration;

use quarterdeck::action::{Change, Operation};
use quarterdeck::command::{Command, KeyCode};
use quarterdeck::model::kubernetes::ContainerImage;
use quarterdeck::model::revisions::{ControlRevision, RevisionsRead};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, Name, ObjectId, Uid};
use quarterdeck::state::ui::{Overlay, Place, PromptKind};
use quarterdeck::state::verbs::{self, Verdict};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::world::Console;

fn meta(name: &str) -> Value {
    json!({ "name": name, "namespace": "production", "uid": name, "resourceVersion": "7", "generation": 2 })
}

fn deployment(change: &Value) -> Value {
    let mut row = json!({ "metadata": meta("payments"), "spec": { "replicas": 3 },
        "status": { "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3 } });
    crate::ingest::blockers::objects::merge(&mut row, change);
    row
}

fn autoscaler(kind: &str, name: &str) -> Value {
    json!({ "metadata": meta("hpa"), "spec": { "scaleTargetRef": { "kind": kind, "name": name }, "minReplicas": 2, "maxReplicas": 9 } })
}

/// The console on the page of the only workload.
fn on_page(objects: &Value) -> (Console, ObjectId) {
    let mut console = Console::new(objects);
    let world = &console.state.world;
    let id = if let Some(row) = world.deployments.rows().first() {
        row.meta.id(Kind::Deployment)
    } else {
        let row = &world.controlled.rows()[0];
        row.meta.id(row.kind)
    };
    console.state.ui.place = Place::Workload(id.clone());
    (console, id)
}

fn told(objects: &Value, command: Command) -> String {
    let (console, id) = on_page(objects);
    match verbs::available(&console.state, command, &id).map(|offer| offer.action.change) {
        Ok(Change::RestartWorkload { resource_version }) => format!("restart {resource_version}"),
        Ok(Change::Scale { resource_version, from, .. }) => format!("scale {resource_version} from {from}"),
        Ok(other) => panic!("{other:?}"),
        Err(why) => why.as_str().to_owned(),
    }
}

#[test]
fn what_is_offered_and_why_not() {
    let of = |change: Value| json!({ "deployments": [deployment(&change)] });
    let controlled = |plural: &str, spec: Value| json!({ plural: [{ "metadata": meta("db"), "spec": spec, "status": { "observedGeneration": 2 } }] });
    let rolling = json!({ "replicas": 2, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": {} } });
    let on_delete = json!({ "replicas": 2, "updateStrategy": { "type": "OnDelete" } });
    let with_hpa = |plural: &str, row: Value, kind: &str, name: &str| json!({ plural: [row], "horizontalpodautoscalers": [autoscaler(kind, name)] });
    let stateful = json!({ "metadata": meta("db"), "spec": rolling, "status": { "observedGeneration": 2 } });
    for (objects, restart, scale) in [
        (of(json!({})), "restart 7", "scale 7 from 3"),
        (of(json!({ "spec": { "paused": true } })), "paused; resume it first", "scale 7 from 3"),
        (of(json!({ "metadata": { "generation": 3 } })), "not seen the last change", "scale 7 from 3"),
        (of(json!({ "metadata": { "deletionTimestamp": "2026-11-21T01:00:00Z" } })), "being deleted", "being deleted"),
        (
            of(json!({ "metadata": { "annotations": { "meta.helm.sh/release-name": "shop" } } })),
            "restart 7",
            "scale 7 from 3",
        ),
        (
            of(json!({ "metadata": { "annotations": { "kustomize.toolkit.fluxcd.io/name": "shop" } } })),
            "restart 7",
            "Flux writes its spec and would take the number back",
        ),
        (
            with_hpa("deployments", deployment(&json!({})), "Deployment", "payments"),
            "restart 7",
            "autoscaler hpa decides how many replicas it has (2–9)",
        ),
        (with_hpa("deployments", deployment(&json!({})), "Rollout", "payments"), "restart 7", "scale 7 from 3"),
        (controlled("statefulsets", rolling.clone()), "restart 7", "scale 7 from 2"),
        (with_hpa("statefulsets", stateful, "StatefulSet", "db"), "restart 7", "autoscaler hpa decides"),
        (controlled("statefulsets", on_delete.clone()), "(OnDelete)", "scale 7 from 2"),
        (controlled("daemonsets", rolling.clone()), "restart 7", "a pod on every node"),
        (controlled("daemonsets", on_delete), "(OnDelete)", "a pod on every node"),
        (controlled("jobs", json!({})), "a Job runs once", "as many pods as it is to complete"),
    ] {
        for (command, expected) in [(Command::RestartContainer, restart), (Command::Scale, scale)] {
            let said = told(&objects, command);
            assert!(said.contains(expected), "{command:?}: wanted {expected:?}, got {said:?} of {objects}");
        }
    }
    for plural in ["statefulsets", "daemonsets"] {
        let said = told(&controlled(plural, rolling.clone()), Command::Undo);
        assert!(said.contains("its revisions are being read"), "{said}");
    }
}

/// A StatefulSet whose revisions were read at this stand.
fn with_revisions(change: &Value, stand: (i64, i64), numbers: &[i64]) -> (Console, ObjectId) {
    with_pods(change, stand, numbers, &[])
}

/// The same, with pods.
fn with_pods(change: &Value, stand: (i64, i64), numbers: &[i64], pods: &[Value]) -> (Console, ObjectId) {
    let mut row = json!({ "metadata": meta("db"), "spec": { "replicas": 2,
        "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": {} },
        "template": { "spec": { "containers": [{ "name": "app", "image": "db:4" }] } } },
        "status": { "observedGeneration": 2 } });
    crate::ingest::blockers::objects::merge(&mut row, change);
    let (mut console, id) = on_page(&json!({ "statefulsets": [row], "pods": pods }));
    let rows = numbers.iter().map(|number| ControlRevision {
        name: Name::new(&format!("db-{number}")),
        uid: Uid::new(id.cluster, &format!("r{number}")),
        number: *number,
        created: None,
        images: vec![ContainerImage { container: Safe::of("app"), image: Safe::line(&format!("db:{number}")) }],
    });
    let read = RevisionsRead { owner: id.uid.clone(), stand, rows: Ok(rows.collect()) };
    let feed = FeedId { cluster: id.cluster, kind: Kind::Pod, namespace: None };
    console.state.world.apply(&feed, Duration::ZERO, FeedEvent::Detail(Detail::Revisions(read)));
    (console, id)
}

#[test]
fn a_stateful_set_goes_back_to_the_revision_before_and_the_dialog_says_which() {
    let undo = |change: Value, stand, numbers: &[i64]| {
        let (console, id) = with_revisions(&change, stand, numbers);
        verbs::available(&console.state, Command::Undo, &id).map(|offer| offer.action.change)
    };
    let offered = undo(json!({}), (2, 2), &[4, 3, 1]).unwrap();
    let Change::Undo { resource_version, replica_set, to_revision, .. } = offered else { panic!("{offered:?}") };
    assert_eq!((&*resource_version, replica_set.raw(), to_revision), ("7", "db-3", 3));
    for (change, stand, numbers, wanted) in [
        (json!({}), (2, 1), &[4, 3][..], "its revisions are being read"),
        (json!({}), (2, 2), &[4][..], "there is no earlier revision"),
        (json!({ "status": { "observedGeneration": 1 } }), (2, 1), &[4, 3][..], "has not seen the last change"),
        (
            json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "Helm" } } }),
            (2, 2),
            &[4, 3][..],
            "would bring the change back",
        ),
    ] {
        let why = undo(change, stand, numbers).unwrap_err();
        assert!(why.as_str().contains(wanted), "{wanted}: {why:?}");
    }
    let (console, id) = with_revisions(&json!({}), (2, 2), &[4, 3, 1]);
    assert_eq!(verbs::revisions::wanted(&console.state).map(|wanted| wanted.stand), Some((2, 2)));
    let dialog = verbs::preview(&console.state, &verbs::available(&console.state, Command::Undo, &id).unwrap().action);
    assert_eq!(dialog.summary.as_str(), "revision 4 → 3");
    let lines = format!("{:?}", dialog.lines);
    for words in ["rev 4  db:4", "rev 3  db:3", "one after the other, the last first", "written to their volumes"] {
        assert!(lines.contains(words), "{words}: {lines}");
    }
}

/// A pod of it, made at this minute.
fn its_pod(name: &str, minute: u32, ready: bool) -> Value {
    let state = if ready { json!({ "running": {} }) } else { json!({ "waiting": { "reason": "CrashLoopBackOff" } }) };
    json!({ "metadata": { "name": name, "namespace": "production", "uid": name, "resourceVersion": "1",
            "creationTimestamp": format!("2026-11-21T01:{minute:02}:00Z"),
            "ownerReferences": [{ "kind": "StatefulSet", "name": "db", "uid": "db", "controller": true }] },
        "spec": { "containers": [{ "name": "app", "image": "db:4" }] },
        "status": { "phase": "Running", "containerStatuses": [{ "name": "app", "ready": ready, "state": state }] } })
}

/// One after the other, and only while all are ready: a pod of a bad revision is in the way of the good one too.
#[test]
fn what_a_stateful_set_does_not_replace_by_itself_is_told_before_and_after() {
    let pods = [its_pod("db-0", 0, true), its_pod("db-1", 5, false)];
    let words = "db-1, which is not ready: delete it afterwards";
    let parallel = json!({ "spec": { "podManagementPolicy": "Parallel" } });
    let by_hand = json!({ "spec": { "updateStrategy": { "type": "OnDelete" } } });
    for (change, pods, expected) in [
        (json!({}), &pods[..], true),
        (json!({ "spec": { "podManagementPolicy": "OrderedReady" } }), &pods, true),
        (json!({}), &pods[..1], false),
        (parallel.clone(), &pods, false),
        (by_hand, &pods, false),
    ] {
        let (console, id) = with_pods(&change, (2, 2), &[4, 3], pods);
        let action = verbs::available(&console.state, Command::Undo, &id).unwrap().action;
        let lines = format!("{:?}", verbs::preview(&console.state, &action).lines);
        assert_eq!(lines.contains(words), expected, "{change}: {lines}");
    }
    // Whether there is one may not be known.
    let (mut console, id) = with_pods(&json!({}), (2, 2), &[4, 3], &pods);
    console.feed(Kind::Pod, FeedEvent::Status(FeedStatus::Denied { message: Safe::of("forbidden") }));
    let action = verbs::available(&console.state, Command::Undo, &id).unwrap().action;
    let lines = format!("{:?}", verbs::preview(&console.state, &action).lines);
    assert!(lines.contains("whether one is so is not known"), "{lines}");

    // What it waits for: of the pods that were there before, none that came since.
    let status =
        json!({ "metadata": { "generation": 3 }, "status": { "observedGeneration": 3, "updateRevision": "db-3" } });
    for (more, minute, expected) in [(json!({}), 5, true), (json!({}), 59, false), (parallel, 5, false)] {
        let mut change = status.clone();
        crate::ingest::blockers::objects::merge(&mut change, &more);
        let pods = [its_pod("db-0", 0, true), its_pod("db-1", minute, false)];
        let (console, id) = with_pods(&change, (2, 2), &[4, 3], &pods);
        let said = match verbs::expected(&console.state, &undone(id, Some(3))) {
            Verdict::Waiting(said) => said,
            other => panic!("{other:?}"),
        };
        assert_eq!(said.as_str().ends_with("db-1 is not ready and is not replaced: delete it"), expected, "{said:?}");
    }
}

/// The undo to revision 3, accepted.
fn undone(target: ObjectId, generation: Option<i64>) -> Operation {
    let change = Change::Undo {
        resource_version: "7".into(),
        replica_set: Name::new("db-3"),
        replica_set_uid: Uid::new(target.cluster, "r3"),
        to_revision: 3,
    };
    Operation { generation, ..super::accepted(target, change) }
}

#[test]
fn an_undo_is_seen_in_the_template_and_not_in_a_rollout_that_came_to_its_end() {
    let done = |revision: &str, image: &str| {
        json!({ "metadata": { "generation": 3 },
            "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": image }] } } },
            "status": { "observedGeneration": 3, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2,
                "currentRevision": revision, "updateRevision": revision } })
    };
    let changed = Verdict::Lost(Safe::of("somebody changed it meanwhile"));
    for (revision, image, generation, numbers, expected) in [
        ("db-3", "db:3", Some(3), &[4, 3][..], Verdict::Seen),
        // Restarted since: the same images.
        ("db-5", "db:3", Some(3), &[4, 3], Verdict::Seen),
        ("db-4", "db:4", Some(3), &[4, 3], changed.clone()),
        ("db-5", "db:5", Some(3), &[4, 3], changed.clone()),
        // What is shown may be of before the answer.
        ("db-4", "db:4", None, &[4, 3], Verdict::Waiting(Safe::of("the template of revision 3 to be the current one"))),
        // Its revisions are those of before, or of now.
        ("db-5", "db:3", Some(3), &[5, 4], Verdict::Waiting(Safe::of("its revisions to be read"))),
    ] {
        let (console, id) = with_revisions(&done(revision, image), (2, 2), numbers);
        let said = verbs::expected(&console.state, &undone(id, generation));
        assert_eq!(said, expected, "{revision} {image} {generation:?}");
    }
    let (console, id) = with_revisions(&done("db-5", "db:3"), (3, 3), &[5, 4]);
    assert_eq!(verbs::expected(&console.state, &undone(id, Some(3))), changed, "it is no revision of it any more");
    // Wherever somebody looks, they are read until it is proved.
    let (mut console, id) = with_revisions(&done("db-5", "db:3"), (2, 2), &[5, 4]);
    console.state.ui.place = Place::Journal;
    assert_eq!(verbs::revisions::wanted(&console.state), None);
    console.state.operations = vec![undone(id.clone(), Some(3))];
    assert_eq!(verbs::revisions::wanted(&console.state).map(|wanted| wanted.owner), Some(id.uid));
}

/// What is said beside the open line, and the text that stands in it.
fn line(console: &Console) -> (Option<String>, String) {
    match &console.state.ui.overlay {
        Some(Overlay::Prompt { wrong, editor, .. }) => {
            (wrong.as_ref().map(|why| why.as_str().to_owned()), editor.lines().concat())
        }
        other => panic!("the line is closed: {other:?}"),
    }
}

#[test]
fn the_number_is_asked_for_before_the_dialog() {
    let (mut console, _) = on_page(&json!({ "deployments": [deployment(&json!({}))] }));
    for (typed, expected) in
        [("", Ok("3 replicas → 35")), ("x", Err("a whole number")), ("99999", Err("from 0 to 1000"))]
    {
        // What is there already is the number of now.
        let wanted = if typed.is_empty() { "5" } else { typed };
        console.press(Command::Scale);
        assert!(matches!(&console.state.ui.overlay, Some(Overlay::Prompt { kind: PromptKind::Replicas, .. })));
        console.type_text(wanted);
        // A letter is refused at once.
        if typed != "x" {
            console.plain(KeyCode::Enter);
        }
        match expected {
            Ok(summary) => {
                let confirm = console.dialog().expect("the dialog");
                assert_eq!(confirm.summary.as_str(), summary);
                assert!(confirm.title.as_str().starts_with("Scale payments"), "{:?}", confirm.title);
                console.plain(KeyCode::Esc);
            }
            Err(words) => {
                assert!(console.dialog().is_none());
                // The letter is none of a number, and what follows is no command.
                let (wrong, text) = line(&console);
                assert!(wrong.is_some_and(|why| why.contains(words)), "{words}");
                assert_eq!(text, if typed == "x" { "3".to_owned() } else { format!("3{typed}") });
                console.plain(KeyCode::Char('0'));
                assert_eq!(line(&console).0, None, "another key is another try");
                console.plain(KeyCode::Esc);
            }
        }
    }
    // The number it has is no change.
    console.press(Command::Scale);
    console.plain(KeyCode::Enter);
    assert!(line(&console).0.is_some_and(|why| why.contains("3 replicas already")));
    console.plain(KeyCode::Esc);
    // Where somebody else decides nothing is asked.
    let objects = json!({ "deployments": [deployment(&json!({}))], "horizontalpodautoscalers": [autoscaler("Deployment", "payments")] });
    let (mut console, _) = on_page(&objects);
    console.press(Command::Scale);
    assert!(console.state.ui.overlay.is_none() && console.toast().contains("autoscaler hpa"), "{}", console.toast());
}

#[test]
fn the_dialog_says_who_else_may_write_the_number() {
    let helm = json!({ "metadata": { "annotations": { "meta.helm.sh/release-name": "shop" } } });
    for (change, read, expected) in [
        (helm, true, Some("Helm writes its spec: its next change may take the number back")),
        (json!({}), true, None),
        (json!({}), false, Some("not known whether an autoscaler decides how many replicas it has: ")),
    ] {
        let (mut console, _) = on_page(&json!({ "deployments": [deployment(&change)] }));
        if !read {
            let message = Safe::of("forbidden");
            console.feed(Kind::HorizontalPodAutoscaler, FeedEvent::Status(FeedStatus::Denied { message }));
        }
        console.press(Command::Scale);
        console.type_text("0");
        console.plain(KeyCode::Enter);
        let confirm = console.dialog().expect("the dialog");
        let said: Vec<&Safe> =
            confirm.lines.iter().filter(|(label, _)| label.as_str() == "others").flat_map(|(_, lines)| lines).collect();
        match expected {
            Some(words) => assert!(said.iter().any(|line| line.as_str().starts_with(words)), "{words}: {said:?}"),
            None => assert!(said.is_empty(), "{said:?}"),
        }
    }
}

#[test]
fn the_number_is_for_the_workload_that_the_key_was_pressed_on() {
    let other = json!({ "metadata": meta("zebra"), "spec": { "replicas": 2 }, "status": { "observedGeneration": 2 } });
    for gone in [false, true] {
        let (mut console, _) = on_page(&json!({ "deployments": [deployment(&json!({})), other] }));
        let world = &console.state.world;
        let id = |name| {
            let row = world.deployments.rows().iter().find(|row| row.meta.name.raw() == name).expect("it is listed");
            row.meta.id(Kind::Deployment)
        };
        let (payments, zebra) = (id("payments"), id("zebra"));
        console.state.ui.place = Place::Workload(payments);
        console.press(Command::Scale);
        console.type_text("0");
        // While the number is typed another is highlighted.
        console.state.ui.place = Place::Workload(zebra);
        if gone {
            console.list(Kind::Deployment, std::slice::from_ref(&other));
        }
        console.plain(KeyCode::Enter);
        if gone {
            assert!(line(&console).0.is_some_and(|why| why.contains("it is gone")));
        } else {
            let title = console.dialog().expect("the dialog").title.as_str().to_owned();
            assert!(title.starts_with("Scale payments"), "{title}");
        }
    }
}
