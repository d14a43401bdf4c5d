//! Pod logs: what they hold and how they are asked for.

use serde_json::{Value, json};

use super::{Held, hash, items};

async fn canary_log(world: &Held) -> String {
    let rollout = world.rollout().await;
    let path =
        format!("/api/v1/namespaces/production/pods?labelSelector=rollouts-pod-template-hash={}", hash(&rollout));
    let pods = world.http.get(&path).await;
    format!("/api/v1/namespaces/production/pods/{}/log", items(&pods)[0]["metadata"]["name"].as_str().unwrap())
}

async fn lines(world: &Held, path: &str) -> Vec<String> {
    let (code, text) = world.http.text(path).await;
    assert_eq!(code, 200, "{path}: {text}");
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn failures_in_the_canarys_log_grow_with_the_regression() {
    let world = Held::open().await;
    world.half().await;
    let log = canary_log(&world).await;
    let errors =
        |lines: &[String]| lines.iter().filter(|line| line.starts_with("ERROR") && line.contains("status=5")).count();
    world.minutes(10);
    let early = errors(&lines(&world, &format!("{log}?sinceSeconds=600")).await);
    world.minutes(30);
    let late = lines(&world, &format!("{log}?sinceSeconds=600")).await;
    assert!(errors(&late) > early * 2, "{early} failures, later {}", errors(&late));
    assert!(late.iter().any(|line| line.starts_with("INFO")));
}

#[tokio::test]
async fn parts_of_a_log() {
    let world = Held::open().await;
    world.minutes(3);
    let log = canary_log(&world).await;
    let all = lines(&world, &log).await;
    assert!(all[0].starts_with("INFO starting checkout version=1.43.0"), "{}", all[0]);
    assert_eq!(lines(&world, &format!("{log}?tailLines=5")).await, all[all.len() - 5..]);
    assert_eq!(lines(&world, &format!("{log}?tailLines=0")).await.len(), 0);
    let minute = lines(&world, &format!("{log}?sinceSeconds=60")).await;
    assert!(minute.len() > 30 && all.ends_with(&minute), "{} lines in a minute", minute.len());
    let stamped = lines(&world, &format!("{log}?timestamps=true")).await;
    let times: Vec<jiff::Timestamp> =
        stamped.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted(), "in order of time");
    let middle = times[times.len() / 2];
    let rest = lines(&world, &format!("{log}?sinceTime={middle}&timestamps=true")).await;
    assert_eq!(rest, stamped[times.len() / 2..]);
    let (_, bytes) = world.http.text(&format!("{log}?limitBytes=100")).await;
    assert_eq!(bytes.len(), 100);
}

#[tokio::test]
async fn a_followed_log_goes_on_and_ends_with_its_pod() {
    let world = Held::open().await;
    let before = world.half().await;
    let log = canary_log(&world).await;
    let mut follow = world.http.stream(&format!("{log}?follow=true&tailLines=1&timestamps=true")).await;
    let first = follow.next().await.unwrap();
    world.seconds(30);
    let mut got = vec![first];
    while got.len() < 30 {
        got.push(follow.next().await.expect("the log goes on"));
    }
    assert!(got.is_sorted(), "each line once, in order");
    got.dedup();
    assert_eq!(got.len(), 30);
    let abort = json!([{ "op": "test", "path": "/status/currentPodHash", "value": hash(&before) }, { "op": "add", "path": "/status/abort", "value": true }]);
    assert_eq!(world.patch(abort).await.0, 200);
    world.minutes(1);
    while follow.next().await.is_some() {}
}

#[tokio::test]
async fn a_crashing_container_has_a_previous_log() {
    let world = Held::open().await;
    let pods = world.http.get("/api/v1/namespaces/dev/pods?labelSelector=app=search").await;
    let crashing = |pod: &&Value| pod["status"]["containerStatuses"][0]["restartCount"].as_i64() > Some(0);
    let pod = items(&pods).iter().find(crashing).unwrap();
    assert_eq!(pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "CrashLoopBackOff");
    let log = format!("/api/v1/namespaces/dev/pods/{}/log", pod["metadata"]["name"].as_str().unwrap());
    let previous = lines(&world, &format!("{log}?previous=true")).await;
    assert_eq!(previous.last().unwrap(), "ERROR exiting code=1");
    let log = canary_log(&world).await;
    let (code, answer) = world.http.json(&format!("{log}?previous=true")).await;
    assert_eq!(code, 400);
    assert!(answer["message"].as_str().unwrap().starts_with("previous terminated container \"app\" in pod"));
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let world = Held::open().await;
    let log = canary_log(&world).await;
    for (question, answer) in [
        ("container=nope", "container nope is not valid for pod"),
        ("sinceSeconds=5&sinceTime=2026-08-01T12:00:00Z", "at most one of sinceTime or sinceSeconds may be specified"),
        ("sinceSeconds=many", "sinceSeconds: Invalid value"),
    ] {
        let (code, said) = world.http.json(&format!("{log}?{question}")).await;
        assert_eq!(code, 400, "{question}");
        assert!(said["message"].as_str().unwrap().starts_with(answer), "{said}");
    }
    assert_eq!(world.http.json("/api/v1/namespaces/production/pods/nope/log").await.0, 404);
    // The pod for 50 % is created, its container not yet.
    world.until("a third pod", |it| it["status"]["updatedReplicas"] == 3).await;
    world.seconds(2);
    let pods = world.http.get("/api/v1/namespaces/production/pods?fieldSelector=status.phase=Pending").await;
    let name = items(&pods)[0]["metadata"]["name"].as_str().unwrap();
    let (code, said) = world.http.json(&format!("/api/v1/namespaces/production/pods/{name}/log?follow=true")).await;
    assert_eq!(code, 400);
    let wanted = format!("container \"app\" in pod \"{name}\" is waiting to start: ContainerCreating");
    assert_eq!(said["message"], wanted);
}
