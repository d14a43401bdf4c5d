//! Reading GitHub when it or the token is not as it should be. Each a sentence with the next step, and
//! never a request while it asks for a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use quarterdeck::model::Kind;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::pipelines::RunStatus;
use quarterdeck::model::scope::SecretSource;
use quarterdeck::model::source::{Detail, FeedEvent, FeedStatus};
use quarterdeck::net::{NetError, Wanted};
use serde_json::json;

use super::hub::{LIMITS, Reading, TOKEN, answer, client, client_with, deadlines, hub, object, refusal, run_row};
use super::server::{Reply, Request, Server};
use super::support::block_on;

#[test]
fn a_repository_is_read_with_its_jobs_while_somebody_looks() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
        let mut reading = Reading::start(client(&server.url));
        reading.look_at(&["2"]);
        let jobs = reading.jobs().await.unwrap();
        assert_eq!((jobs.jobs[0].id.name.raw(), &jobs.jobs[0].status), ("e2e", &RunStatus::InProgress));
        reading.look_at(&["1"]);
        let ended = reading.jobs().await.unwrap();
        assert_eq!(ended.jobs[0].id.uid.raw(), "11");
        // What has ended is read once, however often the list is.
        let of_first = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("runs/1/jobs")).count();
        let lists = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("runs?")).count();
        let seen = lists(&server.requests());
        let requests = server.until(|requests| lists(requests) > seen + 4).await;
        assert_eq!(of_first(&requests), 1);
        for request in &requests {
            assert!(request.head.contains(&format!("Bearer {TOKEN}")), "{}", request.head);
            assert!(request.head.contains("application/vnd.github+json"), "{}", request.head);
            assert!(request.head.contains("quarterdeck/"), "{}", request.head);
        }
        reading.stop().await;
    });
}

/// Somebody left a run and came back before it was noticed, and its jobs were forgotten meanwhile.
#[test]
fn jobs_that_were_forgotten_are_read_again() {
    block_on(async {
        let server = Server::answering(hub(Arc::new(AtomicU32::new(1)))).await;
        let mut reading = Reading::start(client(&server.url));
        reading.listed().await;
        let look = |forgotten| {
            let jobs = vec![object(Kind::Run, "1")];
            Arc::new(Interest { jobs, forgotten, ..Interest::default() })
        };
        reading.systems.look_at(look(0));
        reading.jobs().await.unwrap();
        let of_first = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("runs/1/jobs")).count();
        let lists = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("runs?per_page")).count();
        let seen = lists(&server.requests());
        let requests = server.until(|requests| lists(requests) > seen + 2).await;
        assert_eq!(of_first(&requests), 1, "it has ended, and is known");
        reading.systems.look_at(look(1));
        let again = reading.jobs().await.unwrap();
        assert_eq!(again.jobs[0].id.uid.raw(), "11");
        reading.stop().await;
    });
}

#[test]
fn r27_at_rest_four_answers_of_five_and_more_are_unchanged() {
    block_on(async {
        let server = Server::answering(|request| {
            let known = request.head.contains("if-none-match: \"7\"");
            let headers = format!("{LIMITS}ETag: \"7\"\r\n");
            let body = json!({ "workflow_runs": [run_row(1, 1, "completed", Some("success"))] });
            if known { Reply::Whole(304, headers, String::new()) } else { Reply::Whole(200, headers, body.to_string()) }
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let quota = reading
            .find(|event| match event {
                FeedEvent::Detail(Detail::Quota(quota)) if quota.answers >= 10 => Some(quota.clone()),
                _ => None,
            })
            .await;
        assert!(quota.unchanged * 5 >= quota.answers * 4, "{quota:?}");
        assert_eq!((quota.limit, quota.remaining, quota.anonymous), (5_000, 4_900, false));
        // A server that comes back with "unchanged" is live again.
        server.answer(|_| Reply::Whole(502, String::new(), String::new()));
        assert_eq!(reading.trouble().await.0, "stale");
        server.answer(|_| Reply::Whole(304, LIMITS.to_owned(), String::new()));
        reading.find(|event| matches!(event, FeedEvent::Status(FeedStatus::Live)).then_some(())).await;
        reading.stop().await;
    });
}

#[test]
fn what_is_wrong_is_a_sentence_with_the_next_step() {
    block_on(async {
        let html = "<!DOCTYPE html><html><title>Login</title></html>";
        let page = |code: u16| Reply::Whole(code, LIMITS.to_owned(), html.to_owned());
        let moved = "Location: /repositories/77/actions/runs\r\n".to_owned();
        let cases: Vec<(&str, Reply, &str, &[&str])> = vec![
            (
                "wrong token",
                refusal(401, LIMITS, "Bad credentials"),
                "denied",
                &["Bad credentials", "401", "make a new one"],
            ),
            ("expired", refusal(401, LIMITS, "Token expired"), "denied", &["has expired", "make a new one"]),
            (
                "no permission",
                refusal(403, LIMITS, "Resource not accessible by personal access token"),
                "denied",
                &["acme/checkout", "not accessible", "Actions: read"],
            ),
            (
                "single sign-on",
                refusal(403, LIMITS, "Resource protected by organization SAML enforcement."),
                "denied",
                &["SAML", "authorize the token", "single sign-on"],
            ),
            (
                "not to be seen",
                refusal(404, LIMITS, "Not Found"),
                "denied",
                &["acme/checkout is not there (404)", "check the name"],
            ),
            ("a proxy's page", page(200), "failed", &["not the JSON", "between here and GitHub"]),
            ("a proxy's refusal", page(407), "failed", &["Proxy Authentication Required"]),
            ("5xx", page(500), "failed", &["Internal Server Error", "500"]),
            ("503", page(503), "failed", &["Service Unavailable", "503"]),
            (
                "another server",
                Reply::Whole(302, "Location: https://evil.example/login\r\n".to_owned(), String::new()),
                "failed",
                &["redirect to evil.example", "not followed"],
            ),
            (
                "renamed",
                Reply::Whole(301, moved, String::new()),
                "denied",
                &["acme/checkout is called acme/till now", "configuration"],
            ),
            ("cut", Reply::Cut("{\"workflow_runs\":[".to_owned()), "failed", &["closed the connection"]),
        ];
        let mut told = std::collections::HashSet::new();
        for (what, reply, status, words) in cases {
            let server = Server::answering(move |request| {
                if request.path == "/repositories/77" {
                    return answer(&json!({ "full_name": "acme/till" }));
                }
                reply.clone()
            })
            .await;
            let mut reading = Reading::start(client(&server.url));
            let (named, said) = reading.trouble().await;
            assert_eq!(named, status, "{what}: {said}");
            for word in words {
                assert!(said.contains(word), "{what}: {said:?} should say {word:?}");
            }
            assert!(!said.contains(TOKEN), "{said}");
            assert!(told.insert(said), "two ways, one sentence: {what}");
            // Whatever it was, it is read again when it is mended.
            server.answer(hub(Arc::new(AtomicU32::new(1))));
            reading.listed().await;
            reading.stop().await;
        }
    });
}

#[test]
fn r27_after_a_secondary_limit_nothing_is_asked() {
    block_on(async {
        for (headers, body) in [
            ("Retry-After: 3600\r\n", "You have exceeded a secondary rate limit"),
            ("", "blocked"),
            (LIMITS, "You have exceeded a secondary rate limit. Please wait"),
            ("Retry-After: soon\r\n", "x"),
        ] {
            let server = Server::answering(move |_| refusal(403, headers, body)).await;
            let client = client(&server.url);
            let mut reading = Reading::start(client.clone());
            let (status, said) = reading.trouble().await;
            assert!(status == "failed" && said.contains("nothing is asked until") && said.contains("UTC"), "{said}");
            for _ in 0..50 {
                let error = client.get("/x").await.unwrap_err();
                assert!(matches!(error, NetError::Held { .. }), "{error}");
                reading.systems.refresh();
            }
            assert!(client.limits().held.is_some());
            assert_eq!(server.requests().len(), 1, "{headers:?}");
            reading.stop().await;
        }
    });
}

#[test]
fn r27_at_most_eight_requests_at_a_time() {
    block_on(async {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, peak) = (Arc::clone(&now), Arc::clone(&most));
        let server = Server::answering(move |_| {
            let here = count.fetch_add(1, Ordering::SeqCst) + 1;
            peak.fetch_max(here, Ordering::SeqCst);
            std::thread::yield_now();
            count.fetch_sub(1, Ordering::SeqCst);
            answer(&json!({}))
        })
        .await;
        let client = client(&server.url);
        let all = (0..64).map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.get(&format!("/{n}")).await.unwrap() })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        assert!(most.load(Ordering::SeqCst) <= 8);
        assert_eq!(client.limits().answers, 64);
    });
}

#[test]
fn a_401_reads_the_token_once_more() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let script = format!("echo run >> {0}; echo token$(wc -l < {0})", runs.display());
        let wanted = Wanted::Of(SecretSource::Command(["sh", "-c", &script].map(str::to_owned).to_vec()));
        let server = Server::answering(|request| {
            if request.head.contains("Bearer token2") {
                answer(&json!({}))
            } else {
                refusal(401, LIMITS, "Bad credentials")
            }
        })
        .await;
        client_with(&server.url, wanted.clone(), deadlines()).get("/x").await.unwrap();
        assert_eq!(server.requests().len(), 2);
        server.answer(|_| refusal(401, LIMITS, "Bad credentials"));
        let error = client_with(&server.url, wanted, deadlines()).get("/x").await.unwrap_err();
        assert_eq!((error.code(), server.requests().len()), (Some(401), 4), "once, and not again");
    });
}

#[test]
fn a_clock_two_hours_off_is_measured() {
    block_on(async {
        let off = Clock::off(7_200);
        let server = Server::answering(move |_| {
            Reply::Whole(200, format!("{LIMITS}Date: {off}\r\n"), "{\"workflow_runs\":[]}".to_owned())
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let skew = reading.find(|event| if let FeedEvent::Skew(skew) = event { Some(*skew) } else { None }).await;
        assert!((7_195..=7_205).contains(&skew), "{skew}");
        reading.listed().await;
        reading.stop().await;
    });
}

struct Clock;

impl Clock {
    /// The time so many seconds from now, as a server writes it.
    fn off(seconds: i64) -> String {
        let now = quarterdeck::clock::Clock::system().now().wall;
        let then = jiff::Timestamp::from_second(now.as_second() + seconds).unwrap();
        then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}
