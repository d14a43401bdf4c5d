//! What the demo's GitHub answers has only the fields of GitHub's own description, in its types.

use std::collections::{BTreeMap, BTreeSet};

use quarterdeck::demo::Options;
use serde_json::Value;

use super::Held;
use super::github::{get, post, runs};

/// Field paths of GitHub's schemas: path, type, whether it must be there.
fn schema() -> BTreeMap<String, (String, bool)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/recordings/github/fields.txt");
    let row = |line: &str| {
        let mut words = line.split(' ');
        let (path, kind) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        (path, (kind, words.next().is_some()))
    };
    std::fs::read_to_string(path).unwrap().lines().map(row).collect()
}

/// What in an answer is not as the schema says.
fn faults(schema: &BTreeMap<String, (String, bool)>, value: &Value, path: &str, wrong: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let below = format!("{path}.");
            let must = schema.iter().filter(|(known, (_, must))| {
                *must && known.strip_prefix(&below).is_some_and(|rest| !rest.contains(['.', '[']))
            });
            for (known, _) in must.filter(|(known, _)| !map.contains_key(&known[below.len()..])) {
                wrong.insert(format!("{known} is missing"));
            }
            for (key, value) in map {
                let path = format!("{path}.{key}");
                let Some((kind, _)) = schema.get(&path) else {
                    wrong.insert(format!("{path} is invented"));
                    continue;
                };
                let fits = match value {
                    Value::Null => kind.ends_with('?'),
                    Value::Bool(_) => kind.starts_with("boolean"),
                    Value::Number(_) => kind.starts_with("integer") || kind.starts_with("number"),
                    Value::String(_) => kind.starts_with("string"),
                    Value::Array(_) => kind.starts_with("array"),
                    Value::Object(_) => kind.starts_with("object"),
                };
                if !fits && kind != "any" {
                    wrong.insert(format!("{path} is {value}, wanted {kind}"));
                }
                faults(schema, value, &path, wrong);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| faults(schema, value, &format!("{path}[]"), wrong)),
        _ => {}
    }
}

#[test]
fn the_schema_bites() {
    let mut wrong = BTreeSet::new();
    let error = serde_json::json!({ "message": 3, "mood": "bad", "status": "404" });
    faults(&schema(), &error, "error", &mut wrong);
    faults(&schema(), &serde_json::json!({ "workflow_runs": [] }), "runs", &mut wrong);
    let wanted = ["error.message is 3, wanted string", "error.mood is invented", "runs.total_count is missing"];
    assert_eq!(wrong.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn every_answer_has_only_the_fields_of_githubs_own_description() {
    let schema = schema();
    let mut wrong = BTreeSet::new();
    for scenario in ["canary-regression", "clean-canary", "flaky-e2e"] {
        let world = Held::with(Options { scenario: scenario.to_owned(), held: true, ..Options::default() }).await;
        for repository in ["checkout", "search", "payments", "catalog", "web"] {
            let base = format!("/github/repos/shop/{repository}/actions");
            let list = get(&world, &format!("{base}/runs?per_page=100")).await.json();
            faults(&schema, &list, "runs", &mut wrong);
            faults(&schema, &get(&world, &format!("{base}/workflows")).await.json(), "workflows", &mut wrong);
            for run in runs(&list).iter().take(8) {
                post(&world, &format!("{base}/runs/{}/rerun-failed-jobs", run["id"])).await;
                let all = get(&world, &format!("{base}/runs/{}/jobs?filter=all", run["id"])).await;
                faults(&schema, &all.json(), "jobs", &mut wrong);
                let artifacts = get(&world, &format!("{base}/runs/{}/artifacts", run["id"])).await.json();
                faults(&schema, &artifacts, "artifacts", &mut wrong);
                let here = format!("/github/repos/shop/{repository}");
                let sha = run["head_sha"].as_str().unwrap();
                let checks = get(&world, &format!("{here}/commits/{sha}/check-runs?per_page=100")).await.json();
                faults(&schema, &checks, "checks", &mut wrong);
                for check in
                    checks["check_runs"].as_array().unwrap().iter().filter(|it| it["output"]["annotations_count"] != 0)
                {
                    let path = format!("{here}/check-runs/{}/annotations", check["id"]);
                    faults(&schema, &get(&world, &path).await.json(), "annotations", &mut wrong);
                }
            }
            let here = format!("/github/repos/shop/{repository}/deployments");
            let deployments = get(&world, &here).await.json();
            faults(&schema, &deployments, "deployments", &mut wrong);
            let statuses = get(&world, &format!("{here}/{}/statuses", deployments[0]["id"])).await.json();
            faults(&schema, &statuses, "statuses", &mut wrong);
        }
        faults(&schema, &get(&world, "/github/rate_limit").await.json(), "rate_limit", &mut wrong);
        faults(&schema, &get(&world, "/github/repos/shop/none/actions/runs").await.json(), "error", &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
