//! GitHub's API of the demo: conditional answers, limits, pages, reruns, cancels, logs.

use std::collections::BTreeMap;

use quarterdeck::demo::Options;
use serde_json::Value;

use super::Held;

pub const CHECKOUT: &str = "/github/repos/shop/checkout/actions";
const TOKEN: (&str, &str) = ("Authorization", "Bearer demo");
const AGENT: (&str, &str) = ("User-Agent", "test");

/// One answer.
pub(super) struct Answer {
    code: u16,
    headers: BTreeMap<String, String>,
    text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn number(&self, header: &str) -> u64 {
        self.headers[header].parse().unwrap()
    }
}

async fn ask(world: &Held, method: &str, path: &str, more: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [AGENT].into_iter().chain(more.iter().copied()).collect();
    let (code, headers, text) = world.http.exchange(method, path, &headers).await;
    Answer { code, headers, text }
}

pub(super) async fn get(world: &Held, path: &str) -> Answer {
    ask(world, "GET", path, &[TOKEN]).await
}

pub(super) async fn post(world: &Held, path: &str) -> Answer {
    ask(world, "POST", path, &[TOKEN]).await
}

async fn flaky() -> Held {
    Held::with(Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() }).await
}

pub(super) fn runs(list: &Value) -> &[Value] {
    list["workflow_runs"].as_array().unwrap()
}

/// The newest run of a list that has this.
async fn find(world: &Held, repository: &str, field: &str, value: &str) -> Value {
    let list = get(world, &format!("/github/repos/{repository}/actions/runs?per_page=100")).await.json();
    let found = runs(&list).iter().find(|run| run[field] == value);
    found.unwrap_or_else(|| panic!("no run of {repository} with {field} {value}")).clone()
}

async fn jobs(world: &Held, run: &Value, of: &str) -> BTreeMap<String, Value> {
    let list = get(world, &format!("{CHECKOUT}/runs/{}{of}/jobs", run["id"])).await.json();
    let jobs = list["jobs"].as_array().unwrap();
    jobs.iter().map(|job| (job["name"].as_str().unwrap().to_owned(), job.clone())).collect()
}

/// Path on the server of an absolute address.
fn path_of(address: &str) -> &str {
    let rest = address.strip_prefix("http://").unwrap();
    &rest[rest.find('/').unwrap()..]
}

#[tokio::test]
async fn the_world_has_every_kind_of_run_and_the_one_that_built_the_canary() {
    let world = Held::open().await;
    let built = find(&world, "shop/checkout", "head_branch", "v1.43.0").await;
    assert_eq!((&built["conclusion"], &built["name"]), (&"success".into(), &"ci-cd-pipeline".into()));
    assert!(world.rollout().await["spec"].to_string().contains("ghcr.io/shop/checkout:1.43.0"));
    let running = find(&world, "shop/checkout", "status", "in_progress").await;
    let failed = find(&world, "shop/search", "conclusion", "failure").await;
    let waiting = find(&world, "shop/payments", "status", "waiting").await;
    assert_eq!((&failed["name"], &waiting["name"]), (&"tests".into(), &"deploy-prod".into()));
    let pending = format!("/github/repos/shop/payments/actions/runs/{}/pending_deployments", waiting["id"]);
    assert_eq!(get(&world, &pending).await.json()[0]["environment"]["name"], "production");

    // Its steps advance with the world's time.
    let done = async || {
        let jobs = jobs(&world, &running, "").await;
        let steps = jobs.values().flat_map(|job| job["steps"].as_array().unwrap().clone());
        steps.filter(|step| step["status"] == "completed").count()
    };
    let before = done().await;
    world.minutes(2);
    assert!(done().await > before);
    world.minutes(15);
    let over = get(&world, &format!("{CHECKOUT}/runs/{}", running["id"])).await.json();
    assert_eq!(over["conclusion"], "success");
}

#[tokio::test]
async fn names_numbers_and_commits_are_the_same_each_time_and_differ_with_the_seed() {
    let path = format!("{CHECKOUT}/runs?per_page=100");
    let seen = async |seed: u64| {
        let world = Held::with(Options { held: true, seed, ..Options::default() }).await;
        let list = get(&world, &path).await.json();
        let key =
            |run: &Value| format!("{} {} {} {}", run["id"], run["run_number"], run["head_sha"], run["display_title"]);
        runs(&list).iter().map(key).collect::<Vec<_>>()
    };
    let first = seen(1).await;
    assert!(first.len() > 8, "{first:?}");
    assert_eq!(first, seen(1).await);
    assert_ne!(first, seen(2).await);
}

#[tokio::test]
async fn an_unchanged_answer_is_304_and_free_with_a_token() {
    let world = Held::open().await;
    let path = "/github/repos/shop/search/actions/runs?per_page=20";
    let first = get(&world, path).await;
    let etag = first.headers["etag"].clone();
    let again = ask(&world, "GET", path, &[TOKEN, ("If-None-Match", &etag)]).await;
    assert_eq!((again.code, again.text.as_str()), (304, ""));
    assert_eq!(again.headers["etag"], etag);
    assert_eq!(again.number("x-ratelimit-used"), first.number("x-ratelimit-used"));
    let other = get(&world, path).await;
    assert_eq!(other.number("x-ratelimit-used"), first.number("x-ratelimit-used") + 1);
    assert_eq!(
        other.number("x-ratelimit-remaining"),
        other.number("x-ratelimit-limit") - other.number("x-ratelimit-used")
    );

    // What moves has another etag.
    let path = &format!("{CHECKOUT}/runs");
    let etag = get(&world, path).await.headers["etag"].clone();
    world.minutes(2);
    assert_eq!(ask(&world, "GET", path, &[TOKEN, ("If-None-Match", &etag)]).await.code, 200);
}

#[tokio::test]
async fn without_a_token_there_are_sixty_answers_an_hour_and_no_writes() {
    let world = Held::open().await;
    let path = "/github/repos/shop/search/actions/workflows";
    for used in 1..=60 {
        let answer = ask(&world, "GET", path, &[]).await;
        assert_eq!((answer.code, answer.number("x-ratelimit-used")), (200, used));
        assert_eq!(answer.headers["x-ratelimit-limit"], "60");
    }
    let refused = ask(&world, "GET", path, &[]).await;
    assert_eq!((refused.code, refused.number("x-ratelimit-remaining")), (403, 0));
    assert!(refused.json()["message"].as_str().unwrap().starts_with("API rate limit exceeded"));
    let free = ask(&world, "GET", "/github/rate_limit", &[]).await;
    assert_eq!((free.code, &free.json()["resources"]["core"]["remaining"]), (200, &0.into()));
    assert_eq!(get(&world, path).await.code, 200, "a token has a limit of its own");

    let reset = refused.number("x-ratelimit-reset") as i64;
    assert_eq!(reset, world.handle.now().as_second() + 3_600);
    world.minutes(61);
    assert_eq!(ask(&world, "GET", path, &[]).await.number("x-ratelimit-used"), 1);
    let run = find(&world, "shop/search", "conclusion", "failure").await;
    let rerun = format!("/github/repos/shop/search/actions/runs/{}/rerun-failed-jobs", run["id"]);
    assert_eq!(ask(&world, "POST", &rerun, &[]).await.code, 401);
}

#[tokio::test]
async fn who_asks_too_fast_is_told_when_to_come_back() {
    let world = Held::open().await;
    let path = "/github/repos/shop/nothing/actions/runs";
    let mut last = get(&world, path).await;
    for _ in 0..900 {
        last = get(&world, path).await;
    }
    assert_eq!((last.code, last.headers["retry-after"].as_str()), (403, "60"));
    assert!(last.json()["message"].as_str().unwrap().contains("secondary rate limit"));
    assert!(last.number("x-ratelimit-remaining") > 0);
    world.minutes(1);
    assert_eq!(get(&world, path).await.code, 404);
}

#[tokio::test]
async fn who_does_not_say_who_he_is_is_refused() {
    let world = Held::open().await;
    let (code, headers, text) = world.http.exchange("GET", "/github/rate_limit", &[TOKEN]).await;
    assert_eq!(code, 403);
    assert!(text.contains("User-Agent"), "{text}");
    assert_eq!(headers["date"], "Sat, 01 Aug 2026 12:03:00 GMT");
}

#[tokio::test]
async fn pages_follow_their_links_and_filters_hold() {
    let world = Held::open().await;
    let whole = get(&world, &format!("{CHECKOUT}/runs?per_page=100")).await;
    assert!(!whole.headers.contains_key("link"), "one page needs no links");
    let whole = whole.json();
    let mut path = format!("{CHECKOUT}/runs?branch=main&per_page=2");
    let mut found = Vec::new();
    loop {
        let page = get(&world, &path).await;
        let list = page.json();
        assert!(runs(&list).len() <= 2);
        found.extend(runs(&list).iter().map(|run| run["id"].clone()));
        let links = page.headers.get("link").cloned().unwrap_or_default();
        let next = links.split(", ").find_map(|link| link.strip_suffix(">; rel=\"next\""));
        let Some(next) = next else { break };
        path = path_of(next.trim_start_matches('<')).to_owned();
    }
    let wanted: Vec<Value> =
        runs(&whole).iter().filter(|run| run["head_branch"] == "main").map(|run| run["id"].clone()).collect();
    assert!(wanted.len() > 4);
    assert_eq!(found, wanted);

    let sha = whole["workflow_runs"][3]["head_sha"].as_str().unwrap();
    for (filter, holds) in [
        ("status=success", "conclusion\":\"success"),
        ("status=in_progress", "status\":\"in_progress"),
        (&format!("head_sha={sha}"), sha),
        ("event=push", "event\":\"push"),
        ("created=%3E%3D2026-08-01", "created_at\":\"2026-08-01"),
    ] {
        let list = get(&world, &format!("{CHECKOUT}/runs?{filter}")).await.json();
        assert!(!runs(&list).is_empty(), "{filter}");
        assert!(runs(&list).iter().all(|run| run.to_string().contains(holds)), "{filter}");
    }
    assert_eq!(get(&world, &format!("{CHECKOUT}/runs?event=schedule")).await.json()["total_count"], 0);
    let file = format!("{CHECKOUT}/workflows/ci-cd.yml/runs");
    assert_eq!(get(&world, &file).await.json()["total_count"], whole["total_count"]);
    assert_eq!(get(&world, "/github/repos/shop/none/actions/runs").await.json()["message"], "Not Found");
}

#[tokio::test]
async fn failed_jobs_run_again_and_the_canary_begins_when_they_pass() {
    let world = flaky().await;
    let run = find(&world, "shop/checkout", "conclusion", "failure").await;
    let path = format!("{CHECKOUT}/runs/{}", run["id"]);
    let first = jobs(&world, &run, "").await;
    assert_eq!(first["e2e"]["conclusion"], "failure");
    assert_eq!(first["deploy canary"]["conclusion"], "skipped");
    let stable = world.rollout().await;

    world.minutes(2);
    let answer = post(&world, &format!("{path}/rerun-failed-jobs")).await;
    assert_eq!((answer.code, answer.text.as_str()), (201, "{}"));
    let again = get(&world, &path).await.json();
    assert_eq!((&again["run_attempt"], &again["conclusion"]), (&2.into(), &Value::Null));
    assert_eq!(again["run_started_at"], world.handle.now().to_string());
    assert_eq!((&again["head_sha"], &again["created_at"]), (&run["head_sha"], &run["created_at"]));
    assert_eq!(
        get(&world, again["previous_attempt_url"].as_str().map(path_of).unwrap()).await.json()["conclusion"],
        "failure"
    );
    let refused = post(&world, &format!("{path}/rerun-failed-jobs")).await;
    assert_eq!((refused.code, refused.json()["message"].as_str().unwrap()), (403, "This workflow is already running"));

    world.minutes(12);
    let over = get(&world, &path).await.json();
    assert_eq!((&over["status"], &over["conclusion"]), (&"completed".into(), &"success".into()));
    let second = jobs(&world, &run, "").await;
    assert_eq!(second["unit"]["started_at"], first["unit"]["started_at"], "what passed is not done again");
    assert_ne!(second["e2e"]["id"], first["e2e"]["id"]);
    assert_eq!(second["e2e"]["conclusion"], "success");
    assert_eq!(jobs(&world, &run, "/attempts/1").await, first, "the first attempt stays as it was");
    assert_eq!(
        post(&world, &format!("{path}/rerun-failed-jobs")).await.json()["message"],
        "This workflow run cannot be retried"
    );
    let canary = world.rollout().await;
    assert_ne!(super::hash(&canary), super::hash(&stable));
    assert!(canary["spec"].to_string().contains("checkout:1.44.0"), "the job that passed started the canary");
}

#[tokio::test]
async fn a_run_is_cancelled_once() {
    let world = Held::open().await;
    let run = find(&world, "shop/checkout", "status", "in_progress").await;
    let path = format!("{CHECKOUT}/runs/{}", run["id"]);
    assert_eq!(post(&world, &format!("{path}/cancel")).await.code, 202);
    assert_eq!(get(&world, &path).await.json()["status"], "in_progress", "accepted is not done");
    world.seconds(4);
    assert_eq!(get(&world, &path).await.json()["conclusion"], "cancelled");
    let jobs = jobs(&world, &run, "").await;
    assert!(jobs.values().all(|job| job["status"] == "completed"), "{jobs:#?}");
    let cut = jobs.values().find(|job| job["conclusion"] == "cancelled").unwrap();
    assert!(cut["steps"].to_string().contains("cancelled"), "{cut:#}");
    let answer = post(&world, &format!("{path}/cancel")).await;
    assert_eq!(
        (answer.code, answer.json()["message"].as_str().unwrap()),
        (409, "Cannot cancel a workflow run that is completed.")
    );
    assert_eq!(post(&world, &format!("{CHECKOUT}/runs/1/cancel")).await.code, 404);
}

#[tokio::test]
async fn what_runs_always_ends_by_force_alone() {
    let world = flaky().await;
    let red = find(&world, "shop/checkout", "conclusion", "failure").await;
    let path = format!("{CHECKOUT}/runs/{}", red["id"]);
    assert_eq!(post(&world, &format!("{path}/rerun")).await.code, 201);
    // All of them, also those that had passed.
    world.seconds(12);
    let first = jobs(&world, &red, "").await;
    assert_eq!((&first["build"]["run_attempt"], &first["build"]["status"]), (&2.into(), &"in_progress".into()));
    world.seconds(120);
    assert_eq!(jobs(&world, &red, "").await["e2e"]["status"], "in_progress");
    assert_eq!(post(&world, &format!("{path}/cancel")).await.code, 202);
    world.seconds(40);
    let after = jobs(&world, &red, "").await;
    assert_eq!((&after["unit"]["conclusion"], &after["e2e"]["status"]), (&"cancelled".into(), &"in_progress".into()));
    assert_eq!(post(&world, &format!("{path}/force-cancel")).await.code, 202);
    world.seconds(5);
    assert_eq!(jobs(&world, &red, "").await["e2e"]["conclusion"], "cancelled");
    assert_eq!(get(&world, &path).await.json()["conclusion"], "cancelled");
}

#[tokio::test]
async fn one_job_and_those_that_need_it_run_again() {
    let world = flaky().await;
    let red = find(&world, "shop/checkout", "conclusion", "failure").await;
    let before = jobs(&world, &red, "").await;
    assert_eq!(post(&world, &format!("{CHECKOUT}/jobs/{}/rerun", before["unit"]["id"])).await.code, 201);
    world.minutes(5);
    let after = jobs(&world, &red, "").await;
    let times = |jobs: &BTreeMap<String, Value>, name: &str| jobs[name]["started_at"].clone();
    assert_ne!(times(&before, "unit"), times(&after, "unit"));
    assert_eq!(times(&before, "build"), times(&after, "build"));
    assert_eq!(after["e2e"]["conclusion"], "failure", "it stands as it was");
    assert_eq!(get(&world, &format!("{CHECKOUT}/runs/{}", red["id"])).await.json()["conclusion"], "failure");
    // A job of an attempt that is over is none that can be run.
    assert_eq!(post(&world, &format!("{CHECKOUT}/jobs/{}/rerun", before["unit"]["id"])).await.code, 404);
}

#[tokio::test]
async fn the_log_of_a_finished_job_is_fetched_without_a_token() {
    let world = flaky().await;
    let run = find(&world, "shop/checkout", "conclusion", "failure").await;
    let first = jobs(&world, &run, "").await;
    let log = |job: &Value| format!("{CHECKOUT}/jobs/{}/logs", job["id"]);
    let answer = get(&world, &log(&first["e2e"])).await;
    assert_eq!((answer.code, answer.text.as_str()), (302, ""));
    let address = path_of(&answer.headers["location"]).to_owned();
    assert_eq!(ask(&world, "GET", &address, &[TOKEN]).await.code, 401, "the store takes no token");
    assert_eq!(ask(&world, "GET", &address.replace("sig=", "sig=0"), &[]).await.code, 403);
    let log_text = ask(&world, "GET", &address, &[]).await;
    assert_eq!((log_text.code, log_text.headers["content-type"].as_str()), (200, "text/plain"));
    let lines: Vec<&str> = log_text.text.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines.len() > 250, "{}", lines.len());
    let mut last = String::new();
    for line in &lines {
        let stamp = line.split(' ').next().unwrap();
        assert!(stamp.len() == 28 && stamp.parse::<jiff::Timestamp>().is_ok(), "{line}");
        assert!(stamp >= last.as_str(), "{line}");
        last = stamp.to_owned();
    }
    let count = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
    assert!(count("##[group]") >= 3 && count("##[error]") == 2 && count("\u{1b}[32m✓") == 211 && count("✘") == 2);
    let ended: jiff::Timestamp = first["e2e"]["completed_at"].as_str().unwrap().parse().unwrap();
    assert!(last.parse::<jiff::Timestamp>().unwrap() <= ended);

    // A job that did not run has no log, nor has one that still runs.
    assert_eq!(get(&world, &log(&first["deploy canary"])).await.code, 404);
    assert_eq!(post(&world, &format!("{CHECKOUT}/runs/{}/rerun-failed-jobs", run["id"])).await.code, 201);
    world.minutes(1);
    let second = jobs(&world, &run, "").await;
    assert_eq!(second["e2e"]["status"], "in_progress");
    assert_eq!(get(&world, &log(&second["e2e"])).await.code, 404);
    world.minutes(63);
    assert_eq!(ask(&world, "GET", &address, &[]).await.code, 403, "addresses are good for an hour");
}
