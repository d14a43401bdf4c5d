//! Its answers, as they should be and as they should not.

use std::collections::HashMap;

use quarterdeck::model::Kind;
use quarterdeck::model::pipelines::{Conclusion, RunStatus};
use quarterdeck::systems::rustci::ingest::{execution, executions, pipelines};
use quarterdeck::systems::rustci::lines::Diff;
use serde_json::{Value, json};

use super::ci::{PIPELINE, RUNNING, SOURCE, done, object, row, running, whole};

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn one(row: Value) -> quarterdeck::model::pipelines::Run {
    let read = executions(SOURCE, &bytes(&json!([row])), &[], &HashMap::new()).unwrap();
    assert_eq!(read.left_out, 0);
    read.rows[0].as_ref().clone()
}

#[test]
fn each_status_in_githubs_words_and_unknown_ones_as_they_are() {
    let at = "2026-11-21T12:00:00Z";
    let table = [
        ("pending", None, RunStatus::Queued, None),
        ("running", None, RunStatus::InProgress, None),
        ("Running", None, RunStatus::InProgress, None),
        ("success", Some(at), RunStatus::Completed, Some(Conclusion::Success)),
        ("failed", Some(at), RunStatus::Completed, Some(Conclusion::Failure)),
        ("cancelled", Some(at), RunStatus::Completed, Some(Conclusion::Cancelled)),
        ("timeout", Some(at), RunStatus::Completed, Some(Conclusion::TimedOut)),
        (
            "completed",
            Some(at),
            RunStatus::Completed,
            Some(Conclusion::Other(quarterdeck::text::Safe::of("completed"))),
        ),
    ];
    for (word, finished, status, conclusion) in table {
        let run = one(row(RUNNING, word, at, finished));
        assert_eq!((run.status, run.conclusion), (status, conclusion), "{word}");
    }
    let odd = one(row(RUNNING, "rebooting", at, None));
    assert_eq!((odd.status.as_str(), odd.conclusion.clone(), odd.is_active()), ("rebooting", None, true));
}

#[test]
fn executions_are_named_by_their_pipelines() {
    let read = pipelines(
        SOURCE,
        &bytes(&json!([{ "id": PIPELINE, "name": "nightly", "description": null }, { "name": "x" }, 3])),
    );
    let read = read.unwrap();
    assert_eq!((read.rows.len(), read.left_out), (1, 2), "what has no id is counted");
    let runs = executions(SOURCE, &bytes(&json!([done(), running()])), &read.rows, &HashMap::new()).unwrap().rows;
    assert_eq!(runs[0].meta.name.raw(), "nightly 11111111");
    assert_eq!((runs[0].kind, runs[0].path.raw()), (Kind::Execution, PIPELINE));
    let nameless = one(done());
    assert_eq!(nameless.meta.name.raw(), "pipeline 7a1f0c3e 11111111", "an unknown pipeline hides no execution");
}

#[test]
fn one_odd_row_costs_itself_alone() {
    let odd =
        [json!(null), json!([]), json!("x"), json!({}), json!({ "id": 7 }), json!({ "id": {}, "status": "running" })];
    for row in odd {
        let told = executions(SOURCE, &bytes(&json!([done(), row, running()])), &[], &HashMap::new()).unwrap();
        // A number is an id as good as another.
        let lost = u64::from(row["id"] != 7);
        assert_eq!((told.left_out, told.rows.len() as u64), (lost, 3 - lost), "{row}");
    }
    // Odd fields cost themselves.
    let run = one(
        json!({ "id": "x", "pipeline_id": null, "status": ["a"], "started_at": "noon", "finished_at": 3, "duration": "long" }),
    );
    assert_eq!((run.workflow.raw(), run.status.as_str(), run.started), ("unknown pipeline", "unknown", None));
    for whole in ["", "[", "{}", "null", "<html>", "[{\"id\":"] {
        assert!(executions(SOURCE, whole.as_bytes(), &[], &HashMap::new()).is_err(), "{whole}");
        assert!(pipelines(SOURCE, whole.as_bytes()).is_err(), "{whole}");
    }
}

#[test]
fn stages_are_jobs_and_their_steps_steps() {
    let run = object(Kind::Execution, RUNNING);
    let read = execution(&run, &bytes(&whole(&running(), "op"))).unwrap();
    let told: Vec<_> = read
        .jobs
        .jobs
        .iter()
        .map(|job| (job.id.name.raw(), job.status.as_str().to_owned(), job.steps.len(), job.id.kind))
        .collect();
    assert_eq!(
        told,
        [
            ("build", "completed".to_owned(), 1, Kind::Stage),
            ("test", "in_progress".to_owned(), 1, Kind::Stage),
            ("publish", "queued".to_owned(), 1, Kind::Stage),
        ]
    );
    assert_eq!(read.jobs.jobs[2].id.uid.raw(), format!("{RUNNING}/2"));
    assert_eq!(read.environment.unwrap()["QUARTERDECK_OPERATION"], "op");
    assert_eq!(read.trigger.branch.unwrap().raw(), "main");
    // Once it has ended, what has not begun never will; what runs, runs.
    let mut over = whole(&done(), "");
    over["stages"][0]["steps"] = json!([null, { "name": 3 }]);
    over["stages"].as_array_mut().unwrap().push(json!("odd"));
    let read = execution(&run, &bytes(&over)).unwrap();
    assert_eq!(read.jobs.jobs[2].conclusion, Some(Conclusion::Skipped));
    assert_eq!(read.jobs.jobs[1].status, RunStatus::InProgress, "its task is not stopped by a status");
    assert_eq!((read.jobs.left_out, read.jobs.jobs[0].steps.len()), (1, 1));
    for odd in ["{}", "[]", "null", "\"x\"", "", "{\"id\":3,\"stages\":{\"a\":1},\"logs\":\"no\",\"environment\":[]}"] {
        // None of them may panic; the last one is an execution with an id.
        assert_eq!(execution(&run, odd.as_bytes()).is_ok(), odd.contains("\"id\":3"), "{odd}");
    }
}

#[test]
fn a_log_tells_each_line_once() {
    let run = object(Kind::Execution, RUNNING);
    let mut told = whole(&running(), "");
    let mut diff = Diff::default();
    let mut take = |told: &Value, stage: &str| diff.take(&execution(&run, &bytes(told)).unwrap(), stage, 1);
    assert_eq!(
        take(&told, "test"),
        "2026-11-21T12:00:32Z WARN [unit] slow\n2026-11-21T12:00:32Z WARN [unit] very\n",
        "each line of a message has its time"
    );
    assert_eq!(take(&told, "test"), "");
    let logs = told["logs"].as_array_mut().unwrap();
    logs.push(json!({ "timestamp": "2026-11-21T12:00:40Z", "level": "error", "stage": "test", "step": "unit", "message": "red" }));
    logs.push(json!({ "timestamp": "2026-11-21T12:00:41Z", "level": "info", "message": "Pipeline stopped" }));
    logs.push(json!({ "stage": "build", "message": "not ours" }));
    logs.push(json!(7));
    let step = &mut told["stages"][1]["steps"][0];
    step["finished_at"] = json!("2026-11-21T12:00:40Z");
    step["exit_code"] = json!(101);
    step["stdout"] = json!("1 failed\n");
    assert_eq!(
        take(&told, "test"),
        "2026-11-21T12:00:40Z ERROR [unit] red\n\
         2026-11-21T12:00:40Z [unit] 1 failed\n\
         2026-11-21T12:00:40Z ERROR [unit] exit code 101\n\
         2026-11-21T12:00:41Z INFO [execution] Pipeline stopped\n"
    );
    assert_eq!(take(&told, "test"), "");
    // What the messages already say is not said again.
    let mut built = Diff::default();
    told["logs"][0]["message"] = json!("out: Finished release");
    let said = built.take(&execution(&run, &bytes(&told)).unwrap(), "build", 0);
    assert_eq!(said.matches("Finished release").count(), 1, "{said}");
    // A server that was started anew knows fewer: nothing is told twice, nothing breaks.
    told["logs"] = json!([]);
    assert_eq!(take(&told, "test"), "");
}

/// Nothing keeps a file from calling two steps, or two stages, the same.
#[test]
fn two_steps_of_one_name_both_tell_what_they_wrote() {
    let run = object(Kind::Execution, RUNNING);
    let step = |said: &str, ended: &str| json!({ "name": "shell", "status": "success", "exit_code": 0, "stdout": said, "finished_at": ended });
    let mut told = whole(&running(), "");
    told["logs"] = json!([]);
    told["stages"] = json!([
        { "name": "test", "status": "success", "steps": [step("one\n", "2026-11-21T12:00:01Z"), step("two\n", "2026-11-21T12:00:02Z")] },
        { "name": "test", "status": "running", "steps": [step("three\n", "2026-11-21T12:00:03Z")] },
    ]);
    let read = execution(&run, &bytes(&told)).unwrap();
    let mut first = Diff::default();
    assert_eq!(
        first.take(&read, "test", 0),
        "2026-11-21T12:00:01Z [shell] one\n2026-11-21T12:00:02Z [shell] two\n",
        "each of both, and nothing of the other stage"
    );
    assert_eq!(first.take(&read, "test", 0), "");
    assert_eq!(Diff::default().take(&read, "test", 1), "2026-11-21T12:00:03Z [shell] three\n");
}
