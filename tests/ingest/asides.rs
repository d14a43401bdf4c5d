//! What stands beside a run, as GitHub answers it. The answers are the examples of GitHub's own
//! description of its API (npm `@octokit/openapi`), which the demo serves, too.

use quarterdeck::model::SourceId;
use quarterdeck::model::asides::{Annotations, Level, Pages};
use quarterdeck::model::pipelines::{Conclusion, RunStatus};
use quarterdeck::systems::github::ingest_asides::{annotations, artifacts, checks, deployments, stands};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

const CHECK: &str = include_str!("../../demo/recordings/github/check_run.json");
const ANNOTATION: &str = include_str!("../../demo/recordings/github/annotation.json");
const ARTIFACT: &str = include_str!("../../demo/recordings/github/artifact.json");
const DEPLOYMENT: &str = include_str!("../../demo/recordings/github/deployment.json");
const STATUS: &str = include_str!("../../demo/recordings/github/deployment_status.json");

const SOURCE: SourceId = SourceId(0);

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The example with one field of another value.
fn with(text: &str, pointer: &str, new: Value) -> Value {
    let mut all = value(text);
    *all.pointer_mut(pointer).unwrap() = new;
    all
}

fn page(name: &str, rows: Value) -> Vec<u8> {
    json!({ "total_count": 7, name: rows }).to_string().into_bytes()
}

#[test]
fn githubs_own_check_is_read_and_a_job_is_told_from_what_is_reported_of_it() {
    let read = checks(SOURCE, &page("check_runs", json!([value(CHECK)]))).unwrap();
    let [check] = &read.rows[..] else { panic!("{read:?}") };
    assert_eq!((check.id.raw(), check.name.raw(), check.is_job, check.annotations), ("4", "mighty_readme", false, 2));
    assert_eq!((&check.status, &check.conclusion), (&RunStatus::Completed, &Some(Conclusion::Neutral)));
    assert_eq!(check.title, Some(Safe::of("Mighty Readme report")));
    assert_eq!(check.summary, [Safe::of("There are 0 failures, 2 warnings, and 1 notice.")]);
    assert_eq!(check.app, Some(Safe::of("octoapp")));
    let mut job = with(CHECK, "/app/slug", json!("github-actions"));
    job["details_url"] = json!("https://github.com/acme/checkout/actions/runs/9/job/4");
    let report = with(CHECK, "/app/slug", json!("github-actions"));
    let read = checks(SOURCE, &page("check_runs", json!([job, report]))).unwrap();
    assert_eq!(read.rows.iter().map(|check| check.is_job).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_summary_is_its_first_lines_that_say_something() {
    let text = "## Coverage\n\n![](https://x/y.png)\n|---|---|\n> **87.4 %** of 11 204 lines\n<details>\n* a\n- b\n\u{1b}[31mred\n5\n6\n7\n8";
    let read = checks(SOURCE, &page("check_runs", json!([with(CHECK, "/output/summary", json!(text))]))).unwrap();
    let lines: Vec<&str> = read.rows[0].summary.iter().map(Safe::as_str).collect();
    assert_eq!(lines[..4], ["Coverage", "87.4 % of 11 204 lines", "a", "b"]);
    assert_eq!(lines.len(), 6);
    assert!(!lines[4].contains('\u{1b}'));
}

#[test]
fn annotations_come_worst_first_and_odd_fields_cost_themselves() {
    let first = annotations(&page_of(&json!([value(ANNOTATION)]))).unwrap();
    let row = &first.rows[0];
    assert_eq!((row.path.as_str(), row.line, &row.level), ("README.md", Some(2), &Level::Warning));
    assert_eq!(row.message.as_str(), "Check your spelling for 'banaas'.");
    let bad = with(ANNOTATION, "/annotation_level", json!("failure"));
    let mut odd = with(ANNOTATION, "/annotation_level", Value::Null);
    odd["start_line"] = json!("x");
    odd["message"] = Value::Null;
    let mut long = bad.clone();
    long["message"] = json!(format!("a\n\n  b {}", "é".repeat(5_000)));
    let read = annotations(&page_of(&json!([odd, bad, "no row", long]))).unwrap();
    assert_eq!((read.rows.len(), read.left_out), (3, 1));
    assert_eq!(
        read.rows.iter().map(|row| &row.level).collect::<Vec<_>>(),
        [&Level::Failure, &Level::Failure, &Level::Other]
    );
    assert!(read.rows[1].message.as_str().starts_with("a b éé") && read.rows[1].message.as_str().len() < 1_100);
    assert_eq!((read.rows[2].line, read.rows[2].message.as_str()), (None, "Spell Checker"));
    assert_eq!(annotations(b"[]").unwrap(), Annotations::default());
    for body in ["", "{}", "null", "<html>"] {
        assert!(annotations(body.as_bytes()).is_err(), "{body:?} is no list");
    }
}

fn page_of(rows: &Value) -> Vec<u8> {
    rows.to_string().into_bytes()
}

#[test]
fn artifacts_are_counted_and_what_has_expired_is_told() {
    let mut gone = with(ARTIFACT, "/expired", json!(true));
    gone["digest"] = Value::Null;
    gone["size_in_bytes"] = json!(-1);
    let nameless = with(ARTIFACT, "/name", Value::Null);
    let read = artifacts(&page("artifacts", json!([value(ARTIFACT), gone, nameless]))).unwrap();
    assert_eq!((read.rows.len(), read.left_out, read.total), (2, 1, Some(7)));
    let row = &read.rows[0];
    assert_eq!((row.name.raw(), row.bytes, row.expired), ("Rails", Some(556), false));
    assert_eq!(row.expires, Some("2020-03-21T14:59:22Z".parse().unwrap()));
    assert!(row.digest.as_ref().is_some_and(|digest| digest.as_str().starts_with("sha256:cfc3236b")));
    assert_eq!((read.rows[1].expired, read.rows[1].bytes, &read.rows[1].digest), (true, None, &None));
    assert_eq!(artifacts(b"{\"artifacts\":[]}").unwrap(), Pages::default());
    assert!(artifacts(b"{}").is_err());
}

#[test]
fn deployments_come_newest_first_and_stand_as_their_newest_status_says() {
    let mut newer = with(DEPLOYMENT, "/id", json!(2));
    newer["created_at"] = json!("2013-01-01T00:00:00Z");
    newer["creator"] = Value::Null;
    let read = deployments(SOURCE, &page_of(&json!([value(DEPLOYMENT), newer, { "sha": "no id" }]))).unwrap();
    assert_eq!((read.rows.len(), read.left_out), (2, 1));
    assert_eq!((read.rows[0].id.raw(), &read.rows[0].by), ("2", &None));
    assert_eq!((read.rows[1].named.as_str(), read.rows[1].by.clone()), ("topic-branch", Some(Safe::of("octocat"))));
    let mut before = with(STATUS, "/state", json!("in_progress"));
    before["created_at"] = json!("2012-07-20T01:00:00Z");
    let now = stands(&page_of(&json!([before, value(STATUS), null]))).unwrap().unwrap();
    assert_eq!((now.state.as_str(), now.since), ("success", Some("2012-07-20T01:19:13Z".parse().unwrap())));
    assert_eq!(stands(b"[]").unwrap(), None);
    assert!(stands(b"{}").is_err());
}
