//! Workflows that are started by hand: their files, the environments of a repository, and the runs that
//! begin so.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::approvals;
use super::book::{Book, Due, Repository, id_of};
use super::plan::{Asks, Workflow};
use super::reply::{Asked, Reply};
use super::shape::{self, Shape};
use crate::demo::value::{hash, later};

/// Branches that every repository has, beside those of its runs.
const BRANCHES: [&str; 2] = ["main", "develop"];

/// The workflow's file, as its repository has it.
fn file(workflow: &Workflow) -> String {
    let mut out = format!("name: {}\non:\n  push:\n    branches: [main]\n", workflow.name);
    if let Some(asks) = &workflow.dispatch {
        out.push_str("  workflow_dispatch:\n");
        if !asks.is_empty() {
            out.push_str("    inputs:\n");
        }
        for asks in asks {
            input(&mut out, asks);
        }
    }
    out.push_str("jobs:\n");
    for (place, job) in workflow.jobs.iter().enumerate() {
        // Writing to a String never fails.
        let _ = write!(out, "  job-{place}:\n    name: {}\n    runs-on: [{}]\n    steps:\n", job.name, job.runner);
        for step in &job.steps {
            let _ = writeln!(out, "      - {{ name: {}, run: ./ci }}", step.name);
        }
    }
    out
}

fn input(out: &mut String, asks: &Asks) {
    let Asks { name, kind, description, required, default, options } = asks;
    let _ = write!(out, "      {name}:\n        type: {kind}\n        required: {required}\n");
    if !description.is_empty() {
        let _ = writeln!(out, "        description: {}", json!(description));
    }
    if let Some(default) = default {
        let _ = writeln!(out, "        default: {default}");
    }
    if !options.is_empty() {
        let _ = writeln!(out, "        options: [{}]", options.join(", "));
    }
}

fn has_branch(repository: &Repository, branch: &str) -> bool {
    BRANCHES.contains(&branch) || repository.runs.iter().any(|run| run.branch == branch)
}

/// Workflows of which the repository has runs, and those that nobody has started yet.
pub(super) fn used<'a>(book: &'a Book, repository: &'a Repository) -> impl Iterator<Item = (usize, &'a Workflow)> {
    let name = repository.name.rsplit('/').next().unwrap_or_default();
    let runs = |index: usize| repository.runs.iter().any(|run| run.workflow == index);
    let mine = move |index: usize, workflow: &Workflow| {
        runs(index) || (workflow.unused && workflow.of.iter().any(|of| of == name))
    };
    book.workflows.iter().enumerate().filter(move |(index, workflow)| mine(*index, workflow))
}

/// GET …/contents/PATH?ref=.
pub(super) fn contents(book: &Book, repository: &Repository, path: &[&str], asked: &Asked) -> Reply {
    // As one part of the address, or as several.
    let path = path.join("/").replace("%2F", "/");
    let branch = asked.params.get("ref").map_or("main", String::as_str);
    let found = used(book, repository).find(|(_, workflow)| workflow.path == path);
    let Some((_, workflow)) = found.filter(|_| has_branch(repository, branch)) else { return Reply::not_found() };
    packed(asked, &repository.name, &path, branch, &file(workflow))
}

/// A file as GitHub tells it.
pub(super) fn packed(asked: &Asked, repository: &str, path: &str, branch: &str, text: &str) -> Reply {
    let sha = format!("{:016x}{:016x}{:08x}", hash(text), hash(path), hash(text) >> 32);
    let here = format!("{}/repos/{}/contents/{path}?ref={branch}", asked.base, repository);
    let git = format!("{}/repos/{}/git/blobs/{sha}", asked.base, repository);
    let page = format!("https://github.com/{repository}/blob/{branch}/{path}");
    let packed = base64::engine::general_purpose::STANDARD.encode(text);
    let lines: Vec<&str> = packed.as_bytes().chunks(60).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Reply::json(json!({
        "type": "file",
        "encoding": "base64",
        "size": text.len(),
        "name": path.rsplit('/').next().unwrap_or_default(),
        "path": path,
        "content": format!("{}\n", lines.join("\n")),
        "sha": sha,
        "url": here,
        "git_url": git,
        "html_url": page,
        "download_url": Value::Null,
        "_links": { "git": git, "self": here, "html": page },
    }))
}

/// GET …/environments.
pub(super) fn environments(book: &Book, repository: &Repository, asked: &Asked) -> Reply {
    let named = used(book, repository).flat_map(|(_, workflow)| &workflow.jobs);
    let mut names: Vec<&str> = named.filter_map(|job| job.environment.as_ref()).map(|one| one.name.as_str()).collect();
    // Those that a deployment of it went to.
    names.extend(["staging", "production"]);
    names.sort_unstable();
    names.dedup();
    let row = |name: &&str| {
        let here = format!("{}/repos/{}/environments/{name}", asked.base, repository.name);
        json!({
            "id": Shape::environment_id(&repository.name, name),
            "node_id": format!("EN_kw{:010x}", hash(name) >> 24),
            "name": name,
            "url": here,
            "html_url": format!("https://github.com/{}/deployments/activity_log?environments_filter={name}", repository.name),
            "created_at": "2025-11-23T22:00:40Z",
            "updated_at": "2025-11-23T22:00:40Z",
        })
    };
    let rows: Vec<Value> = names.iter().map(row).collect();
    Reply::json(json!({ "total_count": rows.len(), "environments": rows }))
}

/// POST …/workflows/ID/dispatches.
pub(super) fn start(book: &mut Book, asked: &Asked, (name, id): (&str, &str), body: &[u8], now: Timestamp) -> Reply {
    let unprocessable = |message: &str| Reply::refused(StatusCode::UNPROCESSABLE_ENTITY, message);
    let place = book.repositories.iter().position(|it| it.name.eq_ignore_ascii_case(name));
    let Some(place) = place else { return Reply::not_found() };
    let repository = &book.repositories[place];
    let is = |workflow: &Workflow| {
        shape::workflow_id(workflow).to_string() == id || workflow.path.rsplit('/').next() == Some(id)
    };
    let found = used(book, repository).find(|(_, workflow)| is(workflow));
    let Some((index, workflow)) = found else { return Reply::not_found() };
    let Ok(wanted) = serde_json::from_slice::<Value>(body) else { return unprocessable("Problems parsing JSON") };
    let branch = wanted["ref"].as_str().unwrap_or_default();
    if !has_branch(repository, branch) {
        return unprocessable(&format!("No ref found for: {branch}"));
    }
    let Some(asks) = &workflow.dispatch else {
        return unprocessable("Workflow does not have 'workflow_dispatch' trigger");
    };
    if let Err(message) = check(asks, &wanted["inputs"]) {
        return unprocessable(&message);
    }
    let note = wanted["inputs"]["note"].as_str().unwrap_or_default();
    let title = if note.is_empty() { workflow.name.clone() } else { note.to_owned() };
    let Some(run) = book.by_hand(place, index, branch, title, now) else { return Reply::not_found() };
    if wanted["return_run_details"] != true {
        return Reply::Json { code: StatusCode::NO_CONTENT, etag: None, body: Value::Null, link: None };
    }
    let body = json!({
        "workflow_run_id": run,
        "run_url": format!("{}/repos/{name}/actions/runs/{run}", asked.base),
        "html_url": format!("https://github.com/{name}/actions/runs/{run}"),
    });
    Reply::Json { code: StatusCode::OK, etag: None, body, link: None }
}

impl Book {
    /// Begins a run that somebody asked for; its id.
    fn by_hand(
        &mut self,
        repository: usize,
        workflow: usize,
        branch: &str,
        title: String,
        at: Timestamp,
    ) -> Option<u64> {
        // Another one of this second has this id already.
        let mut now = at;
        while self.repositories[repository].runs.iter().any(|run| run.id == id_of(now, repository, workflow)) {
            now = later(now, Duration::from_secs(1));
        }
        let due = Due {
            repository,
            workflow,
            branch: branch.to_owned(),
            commit: branch.to_owned(),
            version: None,
            title,
            event: "workflow_dispatch",
            actor: approvals::DEMO,
            fault: None,
            ships: None,
            again: None,
        };
        self.begin(now, due);
        self.repositories[repository].runs.last().map(|run| run.id)
    }
}

/// What GitHub refuses of the inputs.
fn check(asks: &[Asks], inputs: &Value) -> Result<(), String> {
    let empty = serde_json::Map::new();
    let inputs = inputs.as_object().unwrap_or(&empty);
    let known = |name: &String| asks.iter().any(|asks| asks.name == *name);
    if let Some(name) = inputs.keys().find(|name| !known(name)) {
        return Err(format!("Unexpected inputs provided: [\"{name}\"]"));
    }
    for Asks { name, kind, required, default, options, .. } in asks {
        let Some(value) = inputs.get(name) else {
            if *required && default.is_none() {
                return Err(format!("Required input '{name}' not provided"));
            }
            continue;
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fits = match kind.as_str() {
            "choice" => options.contains(&text),
            "boolean" => matches!(text.as_str(), "true" | "false"),
            "number" => text.parse::<f64>().is_ok(),
            _ => true,
        };
        if !fits {
            return Err(format!("Provided value '{text}' for input '{name}' not in the list of allowed values"));
        }
    }
    Ok(())
}
