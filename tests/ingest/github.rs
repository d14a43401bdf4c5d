//! Runs and jobs as GitHub answers them. `github/*.json` are the examples of GitHub's own description
//! of its API (npm `@octokit/openapi`), repositories shortened.

use quarterdeck::model::pipelines::{Conclusion, Jobs, Run, RunStatus};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::systems::github::ingest::{self, Runs};
use quarterdeck::systems::ingest::IngestError;
use serde_json::{Value, json};

const RUNS: &str = include_str!("github/runs.json");
const JOBS: &str = include_str!("github/jobs.json");
const SOURCE: SourceId = SourceId(4);

fn repository() -> Name {
    Name::new("octo-org/octo-repo")
}

fn runs(body: &str) -> Result<Runs, IngestError> {
    ingest::runs(SOURCE, &repository(), body.as_bytes())
}

fn id() -> ObjectId {
    ObjectId {
        cluster: SOURCE,
        kind: Kind::Run,
        namespace: repository(),
        name: Name::new("Build #562"),
        uid: Uid::new(SOURCE, "30433642"),
    }
}

fn jobs(bodies: &[&str]) -> Jobs {
    ingest::jobs(&id(), 3, bodies).unwrap()
}

fn example() -> Value {
    serde_json::from_str::<Value>(RUNS).unwrap()["workflow_runs"][0].clone()
}

/// The example with one field of another value.
fn with(field: &str, value: Value) -> Run {
    let mut row = example();
    row[field] = value;
    ingest::run(SOURCE, &repository(), row.to_string().as_bytes()).unwrap()
}

#[test]
fn githubs_own_example_of_a_run_is_read_whole() {
    let page = runs(RUNS).unwrap();
    assert_eq!((page.runs.len(), page.left_out), (1, 0));
    let run = &page.runs[0];
    assert_eq!(run.id(), id());
    assert_eq!((run.workflow.raw(), run.path.raw()), ("Build", ".github/workflows/build.yml@main"));
    assert_eq!((run.title.as_str(), run.number, run.attempt), ("Update README.md", 562, 1));
    assert_eq!((&run.status, &run.conclusion, run.is_active()), (&RunStatus::Queued, &None, true));
    assert_eq!(run.branch.as_ref().unwrap().raw(), "master");
    assert_eq!(run.sha.as_str(), "acb5820ced9479c074f688cc328bf03f341a511d");
    assert_eq!((run.event.as_str(), run.actor.as_ref().unwrap().as_str()), ("push", "octocat"));
    assert_eq!(run.created, Some("2020-01-22T19:33:08Z".parse().unwrap()));
    assert_eq!(run.url.as_str(), "https://github.com/octo-org/octo-repo/actions/runs/30433642");
}

#[test]
fn githubs_own_example_of_jobs_is_read_whole() {
    let all = jobs(&[JOBS]);
    assert_eq!((all.jobs.len(), all.left_out), (1, 0));
    let job = &all.jobs[0];
    assert_eq!((job.id.uid.raw(), job.id.name.raw(), job.id.kind), ("399444496", "build", Kind::Job));
    assert_eq!(job.run, id().uid);
    assert_eq!((&job.status, &job.conclusion), (&RunStatus::Completed, &Some(Conclusion::Success)));
    assert_eq!(job.runner.as_ref().unwrap().as_str(), "my runner");
    let step = job.steps.iter().find(|step| step.number == 16).unwrap();
    assert_eq!(step.name.as_str(), "Post actions/cache@v3");
    assert_eq!(step.started, Some("2020-01-20T17:44:39Z".parse().unwrap()), "an offset is a time, too");
    assert!(jobs(&[JOBS, JOBS]).jobs.len() == 2, "pages are put together");
}

#[test]
fn a_field_that_is_null_or_of_another_type_costs_that_field() {
    let fields: Vec<String> = example().as_object().unwrap().keys().filter(|key| *key != "id").cloned().collect();
    for field in &fields {
        for odd in [json!(null), json!(17), json!(-1.5), json!("x\u{1b}[31m"), json!([]), json!({}), json!(true)] {
            let run = with(field, odd.clone());
            assert_eq!(run.meta.uid.raw(), "30433642", "{field} = {odd}");
            let texts = [
                run.workflow.safe(),
                &run.title,
                run.path.safe(),
                &run.sha,
                &run.event,
                &run.url,
                run.meta.name.safe(),
            ];
            assert!(texts.iter().all(|text| !text.as_str().contains('\u{1b}')), "{field} = {odd}");
        }
        let mut row = example();
        row.as_object_mut().unwrap().remove(field);
        let page = runs(&json!({ "workflow_runs": [row, example()] }).to_string()).unwrap();
        assert_eq!((page.runs.len(), page.left_out), (2, 0), "without {field}");
    }
    assert_eq!(with("name", json!(null)).workflow.raw(), "build.yml@main");
    assert_eq!(with("display_title", json!(null)).title.as_str(), "Create linter.yaml", "the commit's first line");
    assert_eq!(with("run_attempt", json!(null)).attempt, 1);
    assert_eq!(with("head_branch", json!(null)).branch, None);
}

#[test]
fn words_that_are_not_known_stay_words() {
    let run = with("status", json!("requested"));
    assert_eq!((run.status.as_str(), run.is_active()), ("requested", true));
    let run = with("conclusion", json!("exploded"));
    assert_eq!(run.conclusion.unwrap().as_str(), "exploded");
    assert_eq!(with("conclusion", json!("startup_failure")).conclusion, Some(Conclusion::StartupFailure));
    let mut row = example();
    (row["status"], row["conclusion"]) = (json!(null), json!("success"));
    let run = ingest::run(SOURCE, &repository(), row.to_string().as_bytes()).unwrap();
    assert_eq!(run.status, RunStatus::Completed, "what has a conclusion has ended");
}

#[test]
fn an_odd_row_costs_that_row_and_is_counted() {
    let mut nameless = example();
    nameless["id"] = json!(null);
    let rows = json!([example(), null, 17, "x", [], {}, nameless, example()]);
    let page = runs(&json!({ "total_count": 8, "workflow_runs": rows }).to_string()).unwrap();
    assert_eq!((page.runs.len(), page.left_out), (2, 6));
    // The same key twice is an error of the parser's, in that row alone.
    let twice = example().to_string().replacen('{', "{\"id\":1,", 1);
    let body = format!("{{\"workflow_runs\":[{twice},{}]}}", example());
    let page = runs(&body).unwrap();
    assert_eq!((page.runs.len(), page.left_out), (1, 1));

    let job = serde_json::from_str::<Value>(JOBS).unwrap()["jobs"][0].clone();
    let all = jobs(&[&json!({ "jobs": [job, null, { "id": "x" }, { "id": 7 }] }).to_string()]);
    assert_eq!((all.jobs.len(), all.left_out), (2, 2));
    assert_eq!((all.jobs[1].id.name.raw(), all.jobs[1].steps.len()), ("7", 0));
    assert_eq!(jobs(&["{\"jobs\":[]}"]).attempt, 3, "nothing says which attempt it is");
}

#[test]
fn what_is_no_list_is_an_error_and_never_an_empty_list() {
    for body in
        ["", "{", "[]", "null", "{}", "{\"workflow_runs\":null}", "{\"workflow_runs\":{}}", "<html></html>", "17"]
    {
        assert!(runs(body).is_err(), "{body}");
        assert!(ingest::jobs(&id(), 1, &[body]).is_err(), "{body}");
    }
    for end in 0..RUNS.len() - 3 {
        assert!(!RUNS.is_char_boundary(end) || runs(&RUNS[..end]).is_err(), "cut at {end}");
    }
    assert!(runs(&format!("{{\"workflow_runs\":[{}]}}", "[".repeat(100_000))).is_err());
}

#[test]
fn a_time_that_was_never_set_is_none_and_only_pages_for_a_browser_are_offered() {
    for (time, known) in
        [("0001-01-01T00:00:00Z", false), ("1969-12-31T23:59:59Z", false), ("2020-01-22T19:33:08Z", true)]
    {
        for field in ["created_at", "run_started_at", "updated_at"] {
            let run = with(field, json!(time));
            let read = [run.created, run.started, run.updated];
            assert_eq!(read.iter().flatten().count(), 2 + usize::from(known), "{field} {time}");
        }
    }
    for (url, offered) in [
        ("https://github.com/a/b/actions/runs/1", true),
        ("HTTP://ghe.example/a/b/actions/runs/1", true),
        ("javascript:alert(1)//https://github.com", false),
        ("javascript://github.com/%0aalert(1)", false),
        ("file:///etc/passwd", false),
        ("github.com/a/b", false),
        ("", false),
    ] {
        assert_eq!(!with("html_url", json!(url)).url.is_empty(), offered, "{url}");
    }
}
