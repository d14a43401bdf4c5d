//! Runs and jobs as GitHub's API writes them. The shapes are the example answers of its own
//! description; only fields that its schemas have are written (a test compares every path).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::approvals::{self, Review};
use super::book::{Repository, Run};
use super::plan::{Attempt, Environment, Job, JobPlan, Step, Workflow};
use crate::demo::value::{hash, rfc3339, set};

const RUN: &str = include_str!("../../../demo/recordings/github/run.json");
const JOB: &str = include_str!("../../../demo/recordings/github/job.json");
const PENDING: &str = include_str!("../../../demo/recordings/github/pending_deployments.json");

/// Everything that the address of an answer depends on.
pub(super) struct Shape {
    /// `http://127.0.0.1:PORT/github`.
    base: String,
    repository: String,
    run: Value,
    job: Value,
}

impl Shape {
    /// The examples, moved to a repository of this server.
    pub(super) fn of(base: &str, repository: &str) -> Self {
        let name = repository.rsplit('/').next().unwrap_or(repository);
        let moved = |text: &str| {
            let text = text.replace("octo-org/octo-repo", repository).replace("octocat/Hello-World", repository);
            let text = text.replace("Hello-World", name).replace("octo-repo", name);
            serde_json::from_str(&text.replace("https://api.github.com", base)).unwrap_or_default()
        };
        Self { base: base.to_owned(), repository: repository.to_owned(), run: moved(RUN), job: moved(JOB) }
    }

    fn at(&self, path: &str) -> String {
        format!("{}/repos/{}/actions/{path}", self.base, self.repository)
    }

    /// A run as it stood in one of its attempts.
    pub(super) fn run(&self, workflow: &Workflow, run: &Run, attempt: &Attempt, now: Timestamp) -> Value {
        let (status, conclusion) = attempt.state(now);
        let id = run.id;
        let here = self.at(&format!("runs/{id}"));
        let page = format!("https://github.com/{}", self.repository);
        let mut out = self.run.clone();
        let suite = hash(&format!("suite{id}/{}", attempt.number)) % 90_000_000_000;
        let before = (attempt.number > 1).then(|| format!("{here}/attempts/{}", attempt.number - 1));
        let workflow_id = workflow_id(workflow);
        let fields = [
            ("id", json!(id)),
            ("name", json!(workflow.name)),
            ("node_id", json!(format!("WFR_kw{:010x}", hash(&id.to_string()) >> 24))),
            ("check_suite_id", json!(suite)),
            ("check_suite_node_id", json!(format!("CS_kw{suite:010x}"))),
            ("head_branch", json!(run.branch)),
            ("head_sha", json!(run.sha)),
            ("path", json!(workflow.path)),
            ("run_number", json!(run.number)),
            ("event", json!(run.event)),
            ("display_title", json!(run.title)),
            ("status", json!(status)),
            ("conclusion", json!(conclusion)),
            ("workflow_id", json!(workflow_id)),
            ("url", json!(here)),
            ("html_url", json!(format!("{page}/actions/runs/{id}"))),
            ("referenced_workflows", json!([])),
            ("created_at", json!(rfc3339(run.created))),
            ("updated_at", json!(rfc3339(attempt.changed(now)))),
            ("run_started_at", json!(rfc3339(attempt.started))),
            ("run_attempt", json!(attempt.number)),
            ("jobs_url", json!(format!("{here}/jobs"))),
            ("logs_url", json!(format!("{here}/logs"))),
            ("check_suite_url", json!(format!("{}/repos/{}/check-suites/{suite}", self.base, self.repository))),
            ("artifacts_url", json!(format!("{here}/artifacts"))),
            ("cancel_url", json!(format!("{here}/cancel"))),
            ("rerun_url", json!(format!("{here}/rerun"))),
            ("previous_attempt_url", json!(before)),
            ("workflow_url", json!(self.at(&format!("workflows/{workflow_id}")))),
        ];
        for (field, value) in fields {
            out[field] = value;
        }
        self.person(&mut out, "actor", run.actor);
        self.person(&mut out, "triggering_actor", attempt.actor);
        let robot = json!({ "name": run.actor, "email": format!("{}@shop.example", run.actor) });
        out["head_commit"] = json!({
            "id": run.sha, "tree_id": format!("{:016x}{:016x}{:08x}", hash(&run.sha), hash(&run.title), id >> 8),
            "message": run.title, "timestamp": rfc3339(run.created), "author": robot, "committer": robot,
        });
        out
    }

    fn person(&self, out: &mut Value, field: &str, login: &str) {
        let known = if field == "triggering_actor" { field } else { "actor" };
        let mut person = self.run[known].clone();
        let number = hash(login) % 9_000_000;
        if let Value::Object(map) = &mut person {
            for value in map.values_mut() {
                if let Value::String(text) = value {
                    *text = text.replace("octocat", login);
                }
            }
        }
        person["login"] = login.into();
        person["id"] = number.into();
        person["type"] = if login.ends_with("[bot]") { "Bot" } else { "User" }.into();
        out[field] = person;
    }

    /// A job of an attempt.
    pub(super) fn job(&self, workflow: &Workflow, run: &Run, attempt: &Attempt, job: &Job, now: Timestamp) -> Value {
        let plan = &workflow.jobs[job.plan];
        let (status, conclusion) = job.state(now);
        let id = job.id;
        let begun = status == "in_progress" || status == "completed";
        let served = begun && !job.steps.is_empty();
        let ended = job.ended.map(|(end, _)| end).filter(|end| *end <= now);
        let mut out = self.job.clone();
        let page = format!("https://github.com/{}", self.repository);
        let runner = match (plan.is_own(), id % 900) {
            (true, number) => {
                let which = if plan.runner.ends_with("gpu") { "gpu" } else { "arm" };
                (21 + number % 2, format!("{which}-{}", 1 + number % 2), 1, "Default")
            }
            (false, number) => {
                (1_000_000_000 + number, format!("GitHub Actions {}", 1_000_000_000 + number), 0, "GitHub Actions")
            }
        };
        let fields = [
            ("id", json!(id)),
            ("run_id", json!(run.id)),
            ("run_url", json!(self.at(&format!("runs/{}", run.id)))),
            ("run_attempt", json!(attempt.number)),
            ("node_id", json!(format!("CR_kw{id:010x}"))),
            ("head_sha", json!(run.sha)),
            ("head_branch", json!(run.branch)),
            ("url", json!(self.at(&format!("jobs/{id}")))),
            ("html_url", json!(format!("{page}/actions/runs/{}/job/{id}", run.id))),
            ("check_run_url", json!(format!("{}/repos/{}/check-runs/{id}", self.base, self.repository))),
            ("status", json!(status)),
            ("conclusion", json!(conclusion)),
            ("created_at", json!(rfc3339(job.created))),
            // Of a job that has not begun GitHub gives the time of its creation.
            ("started_at", json!(rfc3339(if begun { job.started } else { job.created }))),
            ("completed_at", json!(ended.map(rfc3339))),
            ("name", json!(plan.name)),
            ("labels", json!(plan.labels())),
            ("runner_id", json!(served.then_some(runner.0))),
            ("runner_name", json!(served.then_some(runner.1))),
            ("runner_group_id", json!(served.then_some(runner.2))),
            ("runner_group_name", json!(served.then_some(runner.3))),
            ("workflow_name", json!(workflow.name)),
            ("steps", json!(if served { steps(job, now) } else { Vec::new() })),
        ];
        for (field, value) in fields {
            out[field] = value;
        }
        out
    }

    /// The id of an environment of this repository.
    pub(super) fn environment_id(repository: &str, name: &str) -> u64 {
        hash(&format!("{repository}{name}")) % 90_000_000
    }

    fn environment(&self, example: &Value, name: &str) -> Value {
        let mut out = example.clone();
        set(&mut out, "/name", name);
        set(&mut out, "/id", Self::environment_id(&self.repository, name));
        set(&mut out, "/url", format!("{}/repos/{}/environments/{name}", self.base, self.repository));
        let page =
            format!("https://github.com/{}/deployments/activity_log?environments_filter={name}", self.repository);
        set(&mut out, "/html_url", page);
        out
    }

    /// Who may approve: users as in the runs, a team as in the example.
    fn reviewers(&self, example: &Value, environment: &Environment) -> Value {
        let users = environment.reviewers.iter().map(|login| {
            let mut out = json!({});
            self.person(&mut out, "reviewer", login);
            out["type"] = "User".into();
            out
        });
        let team = environment.team.iter().map(|name| {
            let mut out = example[1].clone();
            set(&mut out, "/reviewer/name", name.as_str());
            set(&mut out, "/reviewer/slug", name.as_str());
            set(&mut out, "/reviewer/id", hash(name) % 9_000_000);
            set(&mut out, "/reviewer/html_url", format!("https://github.com/orgs/shop/teams/{name}"));
            out
        });
        users.chain(team).collect()
    }

    /// What people said of a run.
    pub(super) fn approvals(&self, run: &Run) -> Value {
        let example: Value = serde_json::from_str(PENDING).unwrap_or_default();
        let of = |review: &Review| {
            let mut out = json!({ "state": review.state, "comment": review.comment });
            self.person(&mut out, "user", review.user);
            let environment = |name: &String| {
                let mut out = self.environment(&example[0]["environment"], name);
                let time = rfc3339(review.at);
                (out["created_at"], out["updated_at"]) = (time.clone().into(), time.into());
                out
            };
            out["environments"] = review.environments.iter().map(environment).collect();
            out
        };
        run.reviews.iter().map(of).collect()
    }

    /// What a waiting run waits for.
    pub(super) fn pending(&self, workflow: &Workflow, run: &Run, attempt: &Attempt, now: Timestamp) -> Value {
        let waiting = attempt.jobs.iter().filter(|job| job.ended.is_none() && job.created <= now);
        let example: Value = serde_json::from_str(PENDING).unwrap_or_default();
        let all = waiting.filter_map(|job| {
            let environment = workflow.jobs[job.plan].environment.as_ref()?;
            let mut out = example[0].clone();
            out["environment"] = self.environment(&example[0]["environment"], &environment.name);
            out["wait_timer"] = environment.wait.into();
            out["wait_timer_started_at"] = if environment.wait > 0 { rfc3339(job.created).into() } else { Value::Null };
            out["current_user_can_approve"] = approvals::may(environment, attempt, run).into();
            out["reviewers"] = self.reviewers(&example[0]["reviewers"], environment);
            Some(out)
        });
        all.collect()
    }
}

/// A workflow of a repository's list.
pub(super) fn workflow(base: &str, repository: &Repository, workflow: &Workflow) -> Value {
    let id = workflow_id(workflow);
    let page = format!("https://github.com/{}", repository.name);
    let begun = repository.runs.first().map(|run| rfc3339(run.created));
    json!({
        "id": id,
        "node_id": format!("W_kw{id:010x}"),
        "name": workflow.name,
        "path": workflow.path,
        "state": "active",
        "created_at": begun,
        "updated_at": begun,
        "url": format!("{base}/repos/{}/actions/workflows/{id}", repository.name),
        "html_url": format!("{page}/blob/main/{}", workflow.path),
        "badge_url": format!("{page}/workflows/{}/badge.svg", workflow.name),
    })
}

pub(super) fn workflow_id(workflow: &Workflow) -> u64 {
    10_000_000 + hash(&workflow.path) % 90_000_000
}

fn steps(job: &Job, now: Timestamp) -> Vec<Value> {
    let count = job.steps.len();
    let number = |index: usize| if index + 2 >= count { count + index - 1 } else { index + 1 };
    let step = |(index, step): (usize, &Step)| {
        let begun = step.started <= now;
        let ended = begun && step.ended <= now;
        json!({
            "name": step.name,
            "status": if ended { "completed" } else if begun { "in_progress" } else { "queued" },
            "conclusion": ended.then_some(step.conclusion),
            "number": number(index),
            "started_at": begun.then(|| rfc3339(step.started)),
            "completed_at": ended.then(|| rfc3339(step.ended)),
        })
    };
    job.steps.iter().enumerate().map(step).collect()
}

/// The name of the job's plan, for the log's head.
pub(super) fn title<'a>(workflow: &'a Workflow, job: &Job) -> &'a JobPlan {
    &workflow.jobs[job.plan]
}
