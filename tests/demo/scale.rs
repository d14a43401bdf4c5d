//! The world of size.

use std::collections::BTreeSet;
use std::time::Duration;

use quarterdeck::demo::Options;

use super::{Held, items};

fn options(pods: usize, churn: f64) -> Options {
    Options { scenario: "scale".to_owned(), pods, rollouts: 3, churn, held: true, ..Options::default() }
}

#[tokio::test]
async fn serves_as_many_pods_as_asked_for_in_pages() {
    let world = Held::with(options(1_234, 0.0)).await;
    let (mut names, mut token) = (BTreeSet::new(), String::new());
    let mut bytes = 0;
    loop {
        let (_, text) = world.http.text(&format!("/api/v1/pods?limit=500&continue={token}")).await;
        bytes += text.len();
        let page: serde_json::Value = serde_json::from_str(&text).unwrap();
        names.extend(items(&page).iter().map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()));
        token = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), 1_234);
    assert!(bytes / 1_234 > 3_000, "pods of recorded size: {} bytes each", bytes / 1_234);
    assert_eq!(items(&world.http.get("/apis/argoproj.io/v1alpha1/rollouts").await).len(), 3);
}

#[tokio::test]
async fn every_pod_belongs_to_a_replica_set_of_its_namespace() {
    let world = Held::with(options(300, 0.0)).await;
    let uids = |path: &'static str| {
        let world = &world;
        async move {
            let list = world.http.get(path).await;
            let ids = items(&list)
                .iter()
                .map(|it| (it["metadata"]["namespace"].to_string(), it["metadata"]["uid"].to_string()));
            ids.collect::<BTreeSet<_>>()
        }
    };
    let sets = uids("/apis/apps/v1/replicasets").await;
    let mut owners = uids("/apis/apps/v1/deployments").await;
    owners.extend(uids("/apis/argoproj.io/v1alpha1/rollouts").await);
    for (path, above) in [("/api/v1/pods", &sets), ("/apis/apps/v1/replicasets", &owners)] {
        for it in items(&world.http.get(path).await) {
            let owner =
                (it["metadata"]["namespace"].to_string(), it["metadata"]["ownerReferences"][0]["uid"].to_string());
            assert!(above.contains(&owner), "{path} {}", it["metadata"]["name"]);
        }
    }
}

#[tokio::test]
async fn a_busy_log_has_every_line_once_and_none_late() {
    let world = Held::with(Options { log_rate: 20_000.0, ..options(20, 0.0) }).await;
    let pods = world.http.get("/api/v1/pods?limit=1").await;
    let pod = &items(&pods)[0]["metadata"];
    let path =
        format!("/api/v1/namespaces/{}/pods/{}/log", pod["namespace"].as_str().unwrap(), pod["name"].as_str().unwrap());
    world.handle.advance(Duration::from_secs(10));
    let mut follow = world.http.stream(&format!("{path}?follow=true&tailLines=1&timestamps=true")).await;
    let mut got = vec![follow.next().await.unwrap()];
    for _ in 0..50 {
        world.handle.advance(Duration::from_millis(20));
    }
    let now = world.handle.now();
    let time = |line: &str| line.split(' ').next().unwrap().parse::<jiff::Timestamp>().unwrap();
    while now.duration_since(time(got.last().unwrap())).as_millis() > 1 {
        got.push(follow.next().await.unwrap());
    }
    assert!((19_900..=20_100).contains(&got.len()), "{} lines in a second", got.len());
    assert!(got.is_sorted());
}

#[tokio::test]
async fn churns_at_the_rate_asked_for() {
    let world = Held::with(options(100, 20.0)).await;
    let version =
        |list: &serde_json::Value| list["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
    let before = version(&world.http.get("/api/v1/pods?limit=1").await);
    let mut watch = world.http.stream(&format!("/api/v1/pods?watch=1&resourceVersion={before}")).await;
    for _ in 0..10 {
        world.handle.advance(Duration::from_secs(1));
    }
    assert_eq!(version(&world.http.get("/api/v1/pods?limit=1").await) - before, 200);
    let frame = watch.frame().await.unwrap();
    assert_eq!(frame["type"], "MODIFIED");
    assert_eq!(frame["object"]["status"]["containerStatuses"][0]["restartCount"], 1);
}

#[tokio::test]
async fn has_as_many_runs_as_asked_for_over_its_repositories() {
    let world = Held::with(Options { runs: 60, ..options(20, 0.0) }).await;
    let mut total = 0;
    for number in 0..10 {
        let path = format!("/github/repos/shop/service-{number:02}/actions/runs");
        let headers = [("Authorization", "Bearer demo"), ("User-Agent", "test")];
        let (code, _, text) = world.http.exchange("GET", &path, &headers).await;
        assert_eq!(code, 200, "{text}");
        let runs: serde_json::Value = serde_json::from_str(&text).unwrap();
        total += runs["total_count"].as_u64().unwrap();
    }
    assert_eq!(total, 60);
}

#[tokio::test]
async fn more_runs_are_more_repositories_and_one_run_is_as_wide_as_asked_for() {
    let world = Held::with(Options { runs: 1_250, jobs: 256, ..options(0, 0.0) }).await;
    let headers = [("Authorization", "Bearer demo"), ("User-Agent", "test")];
    let get = async |path: &str| -> serde_json::Value {
        let (code, _, text) = world.http.exchange("GET", path, &headers).await;
        assert_eq!(code, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    let most = get("/github/repos/shop/service-00/actions/runs").await;
    assert_eq!(most["total_count"], 97);
    let last = get("/github/repos/shop/service-12/actions/runs").await;
    assert_eq!(last["total_count"], 96);
    let runs = get("/github/repos/shop/wide/actions/runs").await;
    let run = &runs["workflow_runs"][0];
    assert_eq!(run["status"], "in_progress");
    let jobs = get(&format!("/github/repos/shop/wide/actions/runs/{}/jobs?per_page=100&page=3", run["id"])).await;
    assert_eq!((&jobs["total_count"], jobs["jobs"].as_array().map(Vec::len)), (&256.into(), Some(56)));
    assert_eq!(jobs["jobs"][0]["steps"].as_array().map(Vec::len), Some(30));
}
