//! Commits of a repository as far as somebody asks for them: those that changed a folder, and how two of
//! them stand to each other. One branch, so the later one has the earlier one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::book::Repository;
use super::reply::{Asked, Reply};
use crate::demo::gitops;
use crate::demo::value::{hash, rfc3339, seconds};
use crate::demo::world::World;

struct Commit {
    sha: String,
    at: Timestamp,
    title: String,
}

/// Those that changed a folder, newest first.
fn of_folder(world: &World, repository: &str, folder: &str) -> Vec<Commit> {
    let mine = world.scenario.catalogue.iter().filter(|it| it.repository == repository && it.folder == folder);
    let mut all: Vec<Commit> = mine
        .flat_map(|it| it.changed.iter().map(move |change| (it, change)))
        .filter_map(|(it, change)| {
            let name = format!("{}/{} {}", it.repository, it.folder, change.title);
            let part = |part: u8| hash(&format!("{part} {name}"));
            let sha = format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32);
            let since = jiff::SignedDuration::from_secs(seconds(&change.at)?);
            Some(Commit { sha, at: world.scenario.opens.checked_add(since).ok()?, title: change.title.clone() })
        })
        .filter(|commit| commit.at <= world.now)
        .collect();
    all.sort_by_key(|commit| std::cmp::Reverse(commit.at));
    all
}

/// GET /repos/{owner}/{repo}/commits?path=…
pub(super) fn list(world: &World, repository: &Repository, asked: &Asked) -> Reply {
    let folder = asked.params.get("path").map(String::as_str).unwrap_or_default();
    let all = of_folder(world, &repository.name, folder);
    let (shown, link) = asked.page(&all);
    let rows: Vec<Value> = shown.iter().map(|commit| row(asked, repository, commit)).collect();
    Reply::json(Value::Array(rows)).with_link(link)
}

fn row(asked: &Asked, repository: &Repository, commit: &Commit) -> Value {
    let who = json!({ "name": "ana", "email": "ana@shop.example", "date": rfc3339(commit.at) });
    let url = format!("{}/repos/{}/commits/{}", asked.base, repository.name, commit.sha);
    json!({
        "sha": commit.sha,
        "node_id": format!("C_kw{:016x}", hash(&commit.sha)),
        "url": url,
        "html_url": format!("https://github.com/{}/commit/{}", repository.name, commit.sha),
        "comments_url": format!("{url}/comments"),
        "commit": {
            "url": url, "message": commit.title, "author": who, "committer": who, "comment_count": 0,
            "tree": { "sha": commit.sha, "url": url },
        },
        "author": null,
        "committer": null,
        "parents": [],
    })
}

/// GET /repos/{owner}/{repo}/compare/{base}...{head}.
pub(super) fn compare(world: &World, repository: &Repository, range: &str) -> Reply {
    let Some((base, head)) = range.split_once("...") else { return Reply::not_found() };
    let mut known: Vec<(Timestamp, String)> =
        repository.runs.iter().map(|run| (run.created, run.sha.clone())).collect();
    for entry in world.scenario.catalogue.iter().filter(|it| it.repository == repository.name) {
        let commits = of_folder(world, &entry.repository, &entry.folder);
        known.extend(commits.into_iter().map(|commit| (commit.at, commit.sha)));
    }
    known.sort();
    known.dedup_by(|a, b| a.1 == b.1);
    // A commit that was built again counts from the newest run of it.
    let place = |sha: &str| known.iter().rposition(|(_, known)| sha.len() >= 7 && known.starts_with(sha));
    let (Some(base), Some(head)) = (place(base), place(head)) else { return Reply::not_found() };
    let (status, ahead, behind) = match head.cmp(&base) {
        std::cmp::Ordering::Equal => ("identical", 0, 0),
        std::cmp::Ordering::Greater => ("ahead", head - base, 0),
        std::cmp::Ordering::Less => ("behind", 0, base - head),
    };
    Reply::json(json!({
        "status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead, "commits": [],
        "files": changed(ahead),
    }))
}

/// What so many commits change; every third one brings a migration.
fn changed(commits: usize) -> Vec<Value> {
    let file = |name: String, status: &str| {
        json!({ "sha": format!("{:016x}", hash(&name)), "filename": name, "status": status, "additions": 12, "deletions": 3,
            "changes": 15 })
    };
    (1..=commits)
        .flat_map(|at| {
            let migration = (at % 3 == 0).then(|| file(format!("db/migrations/{:04}_orders.sql", 40 + at), "added"));
            std::iter::once(file(format!("src/orders/part{at}.py"), "modified")).chain(migration)
        })
        .collect()
}

/// GET /repos/shop/gitops/contents/PATH: the file of an overlay.
pub(super) fn overlay(world: &World, path: &[&str], asked: &Asked) -> Reply {
    let path = path.join("/").replace("%2F", "/");
    let branch = asked.params.get("ref").map_or("main", String::as_str);
    match gitops::kustomization(world, &path).filter(|_| branch == "main") {
        Some(text) => super::dispatch::packed(asked, gitops::REPOSITORY, &path, branch, &text),
        None => Reply::not_found(),
    }
}
