//! PipelineRuns and TaskRuns as Tekton writes them, told as `tkn pipelinerun describe` groups them.

use jiff::Timestamp;
use quarterdeck::model::pipelines::{Conclusion, Run};
use quarterdeck::model::source::{FeedEvent, FeedId};
use quarterdeck::model::{Kind, Uid};
use quarterdeck::state::{State, expected, runs, tekton, timeline};
use serde_json::{Value, json};

use super::world::{CLUSTER, list, with};

pub fn pipeline_runs() -> Vec<Value> {
    serde_json::from_str(include_str!("tekton/pipelineruns.json")).expect("a list")
}

pub fn task_runs() -> Vec<Value> {
    serde_json::from_str(include_str!("tekton/taskruns.json")).expect("a list")
}

pub fn world() -> State {
    let wall: Timestamp = "2026-08-03T09:10:00Z".parse().expect("a time");
    with(wall, &json!({ "pipelineruns": pipeline_runs(), "taskruns": task_runs() }))
}

fn run(state: &State, name: &str) -> Run {
    let found = state.world.runs.rows().iter().find(|run| run.meta.name.raw() == name);
    found.unwrap_or_else(|| panic!("no run {name}")).as_ref().clone()
}

/// A line per job and step: name, state, how it ended, its pod, what is noted.
fn told(state: &State, run: &Run) -> String {
    let jobs = runs::jobs(state, &run.meta.uid).expect("its jobs");
    let mut text = String::new();
    for job in &jobs.jobs {
        let how = job.conclusion.as_ref().map_or("–", Conclusion::as_str);
        let pod = job.runner.as_ref().map_or("–", |pod| pod.as_str());
        text += &format!("{} | {} {how} | {pod}", job.id.name.safe().as_str(), job.status.as_str());
        if let Some(note) = tekton::note(state, job) {
            text += &format!(" | {}", note.as_str());
        }
        text.push('\n');
        for step in &job.steps {
            let how = step.conclusion.as_ref().map_or("–", Conclusion::as_str);
            text += &format!("  {} {} {} {how}\n", step.number, step.name.as_str(), step.status.as_str());
        }
    }
    text
}

#[test]
fn tasks_retries_results_and_what_was_skipped_stand_as_tkn_groups_them() {
    let state = world();
    let failed = run(&state, "release-run-x7f2k");
    assert_eq!((failed.status.as_str(), failed.conclusion.as_ref()), ("completed", Some(&Conclusion::Failure)));
    assert_eq!(failed.workflow.raw(), "release");
    assert_eq!(failed.branch.as_ref().map(quarterdeck::model::Name::raw), Some("main"));
    assert_eq!(failed.actor.as_ref().map(quarterdeck::text::Safe::as_str), Some("ana"));
    assert_eq!(runs::number(&failed).as_str(), "x7f2k");
    insta::assert_snapshot!(told(&state, &failed), @r#"
    clone | completed success | release-run-x7f2k-clone-pod | commit=9f8e7d1
      1 clone completed success
    unit (attempt 1) | completed failure | release-run-x7f2k-unit-pod | Failed
      1 prepare completed success
      2 pytest completed failure
      3 report completed skipped
    unit (attempt 2) | completed success | release-run-x7f2k-unit-pod-retry1
      1 prepare completed success
      2 pytest completed success
      3 report completed neutral
    build (0) | completed success | release-run-x7f2k-build-0-pod | digest=sha256:1d6a
      1 build completed success
    build (1) | completed success | release-run-x7f2k-build-1-pod
      1 build completed success
    scan | completed failure | release-run-x7f2k-scan-pod | StepOOM
      1 trivy completed failure
    notify (finally) | completed success | release-run-x7f2k-notify-pod
      1 say completed success
    lint | completed skipped | – | When Expressions evaluated to false: "main" notin [main, release]
    deploy | completed skipped | – | PipelineRun was stopping
    "#);
    let row = tekton::of_run(&state, &failed).expect("Tekton's own");
    assert_eq!(row.words().as_str(), "Failed: Tasks Completed: 6 (Failed: 1, Cancelled 0), Skipped: 2");
    assert_eq!(
        tekton::listed(&row.params).as_str(),
        r#"revision=main, platforms=["linux/amd64","linux/arm64"], chart={"name":"checkout","version":"1.4"}"#
    );
    assert_eq!(tekton::listed(&row.results).as_str(), "commit=9f8e7d1");
    // An attempt that was retried is told, and is no failed task.
    let jobs = runs::jobs(&state, &failed.meta.uid).expect("jobs");
    let names: Vec<&str> = runs::failed_jobs(jobs).map(|job| job.id.name.safe().as_str()).collect();
    assert_eq!(names, ["scan"]);
}

/// Without every attempt of it the run would have ended sooner; and while the first one ran, the second waited for
/// nothing.
#[test]
fn the_way_to_the_end_leads_through_every_attempt() {
    let mut tasks = task_runs();
    for task in &mut tasks {
        // Its controller makes a task when those before it have ended.
        let first = task.pointer("/status/retriesStatus/0/startTime").or_else(|| task.pointer("/status/startTime"));
        if let Some(first) = first.cloned() {
            task["metadata"]["creationTimestamp"] = first;
        }
    }
    let wall: Timestamp = "2026-08-03T09:10:00Z".parse().expect("a time");
    let state = with(wall, &json!({ "pipelineruns": pipeline_runs(), "taskruns": tasks }));
    let run = run(&state, "release-run-x7f2k");
    let jobs = runs::jobs(&state, &run.meta.uid).expect("its jobs");
    let chain = expected::longest_chain(&state, &run, jobs);
    let names: Vec<&str> = chain.iter().map(|at| jobs.jobs[*at].id.name.safe().as_str()).collect();
    assert_eq!(names, ["clone", "unit (attempt 1)", "unit (attempt 2)", "build (1)", "scan", "notify (finally)"]);
    let queue = |name: &str| {
        let job = jobs.jobs.iter().find(|job| job.id.name.safe().as_str() == name).expect("the job");
        timeline::of_queue(&state, job).map(|(from, to)| (from.to_string(), to.to_string()))
    };
    let span = |from: &str, to: &str| Some((format!("2026-08-03T09:{from}Z"), format!("2026-08-03T09:{to}Z")));
    assert_eq!((queue("unit (attempt 1)"), queue("unit (attempt 2)")), (None, span("01:39", "01:40")));
}

#[test]
fn what_is_to_come_and_what_is_not_known_is_said() {
    let state = world();
    let stopping = run(&state, "release-run-qq5zt");
    assert_eq!((stopping.status.as_str(), stopping.conclusion.as_ref()), ("in_progress", None));
    insta::assert_snapshot!(told(&state, &stopping), @r"
    clone | unknown – | –
    unit | to come – | –
    notify (finally) | to come – | –
    ");
    let pending = run(&state, "nightly");
    assert_eq!((pending.status.as_str(), pending.workflow.raw()), ("queued", "nightly"));
    assert_eq!(tekton::of_run(&state, &pending).expect("its row").asked.as_str(), "PipelineRunPending");
}

/// What a controller of somebody else carries out is no TaskRun: it is there, and is not read.
#[test]
fn a_task_that_is_a_custom_run_is_said_to_be_one() {
    let mut all = pipeline_runs();
    let row = all.iter_mut().find(|row| row["metadata"]["name"] == "release-run-qq5zt").expect("the run");
    row["status"]["pipelineSpec"]["tasks"].as_array_mut().expect("tasks").push(json!({ "name": "approve" }));
    let children = row["status"]["childReferences"].as_array_mut().expect("children");
    children.push(json!({ "apiVersion": "tekton.dev/v1beta1", "kind": "CustomRun",
        "name": "release-run-qq5zt-approve", "pipelineTaskName": "approve" }));
    let wall: Timestamp = "2026-08-03T09:10:00Z".parse().expect("a time");
    let state = with(wall, &json!({ "pipelineruns": all, "taskruns": task_runs() }));
    let told = told(&state, &run(&state, "release-run-qq5zt"));
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("not read here")).collect();
    assert_eq!(lines, ["approve | unknown – | – | a CustomRun, not read here: kubectl describes it"], "{told}");
}

/// What nobody's PipelineRun made is a run of its own; it goes when its TaskRun goes, and not before.
#[test]
fn a_taskrun_of_its_own_is_a_run_of_one_job() {
    let mut state = world();
    let retried = |task: &&Value| task["status"]["retriesStatus"].is_array();
    let mut lone = task_runs().iter().find(retried).expect("one that was retried").clone();
    let metadata = lone["metadata"].as_object_mut().expect("metadata");
    metadata.remove("ownerReferences");
    metadata.remove("labels");
    metadata.insert("name".to_owned(), "backup-9x2fp".into());
    metadata.insert("uid".to_owned(), "tr-lone".into());
    lone["spec"]["taskRef"] = json!({ "name": "backup" });
    let before = state.world.runs.len();
    let mut all = task_runs();
    all.push(lone);
    list(&mut state, Kind::TaskRun, &all);
    let found = run(&state, "backup-9x2fp");
    assert_eq!(
        (found.kind, found.workflow.raw(), runs::number(&found).as_str()),
        (Kind::LoneTaskRun, "backup", "9x2fp")
    );
    assert_eq!((found.status.as_str(), found.conclusion.as_ref()), ("completed", Some(&Conclusion::Success)));
    assert_eq!(
        found.started.map(|time| time.to_string()),
        state.world.task_runs.get(&found.meta.uid).and_then(|row| row.before[0].started).map(|time| time.to_string())
    );
    let said = told(&state, &found);
    assert!(
        said.starts_with("backup (attempt 1) | completed failure")
            && said.contains("backup (attempt 2) | completed success"),
        "{said}"
    );
    // A whole list of PipelineRuns says nothing of it.
    list(&mut state, Kind::PipelineRun, &pipeline_runs());
    assert_eq!(state.world.runs.len(), before + 1);
    list(&mut state, Kind::TaskRun, &task_runs());
    assert_eq!(state.world.runs.len(), before);
    assert!(state.world.details.job(&Uid::new(CLUSTER, "tr-lone")).is_none());
}

/// TaskRuns may come before their run, and go before it.
#[test]
fn the_order_of_the_lists_does_not_matter() {
    let wall: Timestamp = "2026-08-03T09:10:00Z".parse().expect("a time");
    let mut state = with(wall, &json!({ "taskruns": task_runs() }));
    list(&mut state, Kind::PipelineRun, &pipeline_runs());
    let failed = run(&state, "release-run-x7f2k");
    assert_eq!(told(&state, &failed), told(&world(), &failed));

    let feed = FeedId { cluster: CLUSTER, kind: Kind::TaskRun, namespace: None };
    state.world.apply(&feed, state.now.mono, FeedEvent::Deleted(Uid::new(CLUSTER, "tr-5")));
    assert!(told(&state, &failed).contains("scan | completed – | –"), "{}", told(&state, &failed));
    list(&mut state, Kind::TaskRun, &[]);
    assert!(!told(&state, &failed).contains("pod"), "pruned TaskRuns are gone");
    list(&mut state, Kind::PipelineRun, &[]);
    assert!(state.world.runs.is_empty() && runs::jobs(&state, &failed.meta.uid).is_none());
    assert!(state.world.details.job(&Uid::new(CLUSTER, "tr-1")).is_none());
}
