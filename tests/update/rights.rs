//! Which right a verb asks for before it is offered: exactly those of the write that it would send.

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::access::{AccessRead, Answer, Right};
use quarterdeck::model::revisions::{ControlRevision, RevisionsRead};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId};
use quarterdeck::model::{Kind, Name, ObjectId, Uid};
use quarterdeck::state::ui::Place;
use quarterdeck::state::verbs::{self, workload};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::world::Console;

fn meta(name: &str) -> Value {
    json!({ "name": name, "namespace": "production", "uid": name, "resourceVersion": "7", "generation": 2 })
}

/// A StatefulSet and a DaemonSet with an earlier revision, a Deployment with two ReplicaSets.
fn world() -> Value {
    let rolling = json!({ "type": "RollingUpdate", "rollingUpdate": {} });
    let template = json!({ "spec": { "containers": [{ "name": "app", "image": "app:4" }] } });
    let set = |number: u32| {
        json!({ "metadata": { "name": format!("web-{number}"), "namespace": "production", "uid": format!("web-{number}"),
            "resourceVersion": "7", "generation": 1, "annotations": { "deployment.kubernetes.io/revision": number.to_string() },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "web", "controller": true }] },
            "spec": { "replicas": 0, "template": template }, "status": {} })
    };
    let mut web = json!({ "metadata": meta("web"), "spec": { "replicas": 2, "template": template }, "status": { "observedGeneration": 2 } });
    web["metadata"]["annotations"] = json!({ "deployment.kubernetes.io/revision": "2" });
    json!({
        "deployments": [web],
        "replicasets": [set(1), set(2)],
        "statefulsets": [{ "metadata": meta("db"), "status": { "observedGeneration": 2 },
            "spec": { "replicas": 2, "updateStrategy": rolling, "template": template } }],
        "daemonsets": [{ "metadata": meta("agent"), "status": { "observedGeneration": 2 },
            "spec": { "updateStrategy": rolling, "template": template } }],
    })
}

fn tell(console: &mut Console, detail: Detail) {
    let feed = FeedId { cluster: super::world::CLUSTER, kind: Kind::Pod, namespace: None };
    let heard = console.state.now.mono;
    console.state.world.apply(&feed, heard, FeedEvent::Detail(detail));
}

/// On the page of that workload, with everything allowed but this.
fn without(name: &str, denied: &[Right], why: &str) -> (Console, ObjectId) {
    let mut console = Console::new(&world());
    let world = &console.state.world;
    let of_sets = world.controlled.rows().iter().map(|row| row.meta.id(row.kind));
    let mut all = world.deployments.rows().iter().map(|row| row.meta.id(Kind::Deployment)).chain(of_sets);
    let id = all.find(|id| id.name.raw() == name).expect("the workload");
    drop(all);
    console.state.ui.place = Place::Workload(id.clone());
    let answer = |right: Right| if denied.contains(&right) { Answer::Denied(Safe::line(why)) } else { Answer::Allowed };
    let answers: BTreeMap<Right, Answer> = Right::ALL.into_iter().map(|right| (right, answer(right))).collect();
    let namespace = Name::new("production");
    tell(&mut console, Detail::Access(AccessRead { namespace, answers, all: false }));
    let revision = |number: i64| ControlRevision {
        name: Name::new(&format!("{name}-{number}")),
        uid: Uid::new(id.cluster, &format!("r{number}")),
        number,
        created: None,
        images: Vec::new(),
    };
    let rows = Ok(vec![revision(4), revision(3)].into());
    tell(&mut console, Detail::Revisions(RevisionsRead { owner: id.uid.clone(), stand: (2, 2), rows }));
    (console, id)
}

/// What the verb is refused with; empty where it is offered.
fn told(console: &Console, command: Command, id: &ObjectId) -> String {
    let said = match command {
        Command::Scale => workload::may_scale(&console.state).map(drop),
        _ => verbs::available(&console.state, command, id).map(drop),
    };
    said.err().map(|why| why.as_str().to_owned()).unwrap_or_default()
}

/// Every verb of every workload, with the rights that it needs: without one of them it is refused by its name, and
/// without any other it is offered.
#[test]
fn each_verb_asks_for_the_rights_of_its_own_write_and_for_no_other() {
    let revisions = [Right::ListControllerRevisions, Right::GetControllerRevisions];
    let sets = |patch: Right| [&[patch][..], &revisions].concat();
    for (name, command, needed) in [
        ("web", Command::Scale, vec![Right::ScaleDeployments]),
        ("web", Command::RestartContainer, vec![Right::PatchDeployments]),
        ("web", Command::Undo, vec![Right::PatchDeployments, Right::GetReplicaSets]),
        ("db", Command::Scale, vec![Right::ScaleStatefulSets]),
        ("db", Command::RestartContainer, vec![Right::PatchStatefulSets]),
        ("db", Command::Undo, sets(Right::PatchStatefulSets)),
        ("agent", Command::RestartContainer, vec![Right::PatchDaemonSets]),
        ("agent", Command::Undo, sets(Right::PatchDaemonSets)),
    ] {
        for right in Right::ALL {
            let (console, id) = without(name, &[right], "");
            let said = told(&console, command, &id);
            let wanted = if needed.contains(&right) {
                format!("test may not {} in production", right.words().as_str())
            } else {
                String::new()
            };
            assert_eq!(said, wanted, "{command:?} of {name} without {right:?}");
            // The line of the number and the key say the same as the offer.
            assert_eq!(verbs::check(&console.state, command).is_err(), !wanted.is_empty(), "{command:?} {right:?}");
        }
    }
}

/// What a right is called is what `kubectl auth can-i` is asked with.
#[test]
fn all_that_is_missing_is_told_at_once_with_the_servers_reason() {
    let denied = [Right::PatchDaemonSets, Right::GetControllerRevisions];
    let (console, id) = without("agent", &denied, "no rule of RBAC");
    assert_eq!(
        told(&console, Command::Undo, &id),
        "test may not patch daemonsets, get controllerrevisions in production: no rule of RBAC"
    );
    let words: Vec<String> = Right::ALL.iter().map(|right| right.words().as_str().to_owned()).collect();
    for wanted in
        ["patch deployments/scale", "patch statefulsets/scale", "patch rollouts/scale", "patch rollouts/status"]
    {
        assert!(words.iter().any(|word| word == wanted), "{wanted}: {words:?}");
    }
}

/// An answer that is no longer fresh keeps nobody from asking: the server decides.
#[test]
fn an_answer_older_than_a_minute_is_none() {
    let (mut console, id) = without("db", &[Right::ScaleStatefulSets], "");
    assert!(!told(&console, Command::Scale, &id).is_empty());
    console.state.now.mono += Duration::from_secs(61);
    assert_eq!(told(&console, Command::Scale, &id), "");
}
