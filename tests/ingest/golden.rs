//! Same objects, same answer: our document says of every recorded moment what the tools said.
//! Nothing expected is written here; the tools' texts are read at test time.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use quarterdeck::state::report::report;
use serde_json::Value;

use super::shown::{Row, Shown, parse};
use super::world::{files, scenarios, with};

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Our document of a recorded moment.
fn document(objects: &Path) -> Value {
    let objects: Value = serde_json::from_str(&read(objects)).expect("recorded JSON");
    let wall: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    serde_json::to_value(report(&with(wall, &objects))).expect("a document")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Our row of a rollout in the tool's words.
pub fn ours(row: &Value) -> Shown {
    let mut shown = Shown::default();
    let mut field = |label: &str, value: String| shown.fields.push((label.to_owned(), value));
    field("Name", text(&row["name"]));
    field("Namespace", text(&row["namespace"]));
    field("Status", text(&row["status"]));
    if !row["message"].is_null() {
        field("Message", text(&row["message"]));
    }
    field("Strategy", text(&row["strategy"]));
    if row["strategy"] == "Canary" {
        let step = &row["step"];
        field("Step", if step.is_null() { String::new() } else { format!("{}/{}", step["index"], step["count"]) });
        field("SetWeight", text(&row["weight"]["set"]));
        field("ActualWeight", text(&row["weight"]["actual"]));
    } else {
        assert_eq!(row["weight"], Value::Null, "only canaries have weights");
    }
    for (label, key) in [
        ("Desired", "desired"),
        ("Current", "current"),
        ("Updated", "updated"),
        ("Ready", "ready"),
        ("Available", "available"),
    ] {
        field(label, text(&row["replicas"][key]));
    }
    for image in row["images"].as_array().unwrap() {
        let tags: Vec<String> = image["tags"].as_array().unwrap().iter().map(text).collect();
        let name = text(&image["image"]);
        shown.images.push(if tags.is_empty() { name } else { format!("{name} ({})", tags.join(", ")) });
    }
    for revision in row["revisions"].as_array().unwrap() {
        let name = format!("revision:{}", revision["revision"]);
        let (kind, status, info) = ("Revision".to_owned(), String::new(), Vec::new());
        shown.tree.push(Row { depth: 1, name, kind, status, info });
        for child in revision["children"].as_array().unwrap() {
            grow(&mut shown.tree, 2, child);
        }
    }
    shown
}

fn grow(tree: &mut Vec<Row>, depth: usize, child: &Value) {
    let kind = text(&child["kind"]);
    let info = match kind.as_str() {
        "ReplicaSet" => {
            let delay = child.get("scale_down_at").map(|_| "delay".to_owned());
            child["tags"].as_array().unwrap().iter().map(text).chain(delay).collect()
        }
        "Pod" => {
            let restarts = child["restarts"].as_u64().filter(|count| *count > 0);
            let ready = format!("ready:{}", text(&child["ready"]));
            [Some(ready), restarts.map(|count| format!("restarts:{count}"))].into_iter().flatten().collect()
        }
        "AnalysisRun" => [("✔", "successful"), ("✖", "failed"), ("?", "inconclusive"), ("⚠", "error")]
            .iter()
            .filter_map(|(icon, key)| {
                let count = child["counts"][key].as_i64().unwrap();
                (count > 0).then(|| format!("{icon} {count}"))
            })
            .collect(),
        _ => Vec::new(),
    };
    tree.push(Row { depth, name: text(&child["name"]), kind, status: text(&child["status"]), info });
    for grandchild in child.get("children").and_then(Value::as_array).into_iter().flatten() {
        grow(tree, depth + 1, grandchild);
    }
}

/// Our row of this rollout is what `get rollout` printed.
pub fn assert_rollout_as_told(document: &Value, told: &Path) {
    let theirs = parse(&read(told));
    let wanted = |key: &str| theirs.fields.iter().find(|(label, _)| label == key).unwrap().1.clone();
    let row = document["rollouts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == wanted("Name") && row["namespace"] == wanted("Namespace"))
        .unwrap_or_else(|| panic!("{}: our document lacks the rollout", told.display()));
    assert_eq!(ours(row), theirs, "{}", told.display());
}

/// Our row of this deployment is what `rollout status` printed.
pub fn assert_deployment_as_told(document: &Value, told: &Path) {
    let said = read(told);
    let last = said.trim_end().lines().last().expect("a line").trim();
    let (failed, message) = match last.strip_prefix("error: ") {
        Some(message) => (true, message),
        None => (false, last),
    };
    let verdict = match (failed, message.ends_with("successfully rolled out")) {
        (true, _) => "failed",
        (false, true) => "complete",
        (false, false) => "progressing",
    };
    let rows = document["deployments"].as_array().unwrap();
    // kubectl's line names the deployment, but for the one that nobody has observed yet.
    let row = match message.split('"').nth(1) {
        Some(name) => rows.iter().find(|row| row["name"] == name),
        None => rows.first(),
    }
    .unwrap_or_else(|| panic!("{}: our document lacks the deployment", told.display()));
    assert_eq!(row["rollout"]["message"], message, "{}", told.display());
    assert_eq!(row["rollout"]["status"], verdict, "{}", told.display());
}

/// Compares our document with the tool's text in this file.
pub type Check = fn(&Value, &Path);

/// What the tools said, moment by moment: their text's file, and the check that reads it.
pub fn moments() -> Vec<(PathBuf, Check)> {
    let told = |scenario: &PathBuf| {
        let of = |ending, check: Check| files(&scenario.join("get"), ending).into_iter().map(move |told| (told, check));
        of(".txt", assert_rollout_as_told).chain(of(".status", assert_deployment_as_told)).collect::<Vec<_>>()
    };
    let all: Vec<_> = scenarios().iter().flat_map(told).collect();
    let of = |ending: &str| all.iter().filter(|(told, _)| told.extension().is_some_and(|is| is == ending)).count();
    let (rollouts, deployments) = (of("txt"), of("status"));
    assert!(rollouts >= 85, "only {rollouts} moments of rollouts");
    assert!(deployments >= 20, "only {deployments} moments of deployments");
    all
}

#[test]
fn every_recorded_moment_is_told_as_the_tools_tell_it() {
    for (told, check) in moments() {
        check(&document(&told.with_extension("json")), &told);
    }
}
