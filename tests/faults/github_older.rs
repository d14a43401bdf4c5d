//! Runs that wait and are older than the newest page of their repository (issue: an approval of two
//! days ago is not seen).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::config::keymap;
use quarterdeck::model::Now;
use quarterdeck::model::source::{FeedEvent, Object};
use quarterdeck::state::{State, report};
use quarterdeck::systems::Pace;
use quarterdeck::update::{self, Msg};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::hub::{LIMITS, Reading, answer, client, refusal, run_row, spec};
use super::server::{Reply, Request, Server};
use super::support::{block_on, next};
use super::watches::quick;

const WAITS: &str = "/repos/acme/checkout/actions/runs?status=waiting&per_page=100";

/// A page full of newer runs that have ended, of 250.
fn newest() -> Value {
    let rows: Vec<Value> = (1_000..1_100).rev().map(|id| run_row(id, 1, "completed", Some("success"))).collect();
    json!({ "total_count": 250, "workflow_runs": rows })
}

fn listed(rows: &[Value]) -> Value {
    json!({ "total_count": rows.len(), "workflow_runs": rows })
}

/// Run 5 waits until `stage` is 1, then runs, and has ended from 2 on; it is gone from 3 on.
fn hub(stage: Arc<AtomicU32>) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let (now, path) = (stage.load(Ordering::SeqCst), request.path.as_str());
        let status = ["waiting", "in_progress", "completed"][(now as usize).min(2)];
        let mut five = run_row(5, 1, status, (now >= 2).then_some("success"));
        five["updated_at"] = format!("2026-11-21T12:0{now}:00Z").into();
        if path == "/repos/acme/checkout/actions/runs/5" {
            return if now == 3 { refusal(404, LIMITS, "Not Found") } else { answer(&five) };
        }
        let Some(wanted) = path.strip_prefix("/repos/acme/checkout/actions/runs?status=") else {
            return if path.contains("/runs?per_page=100") {
                answer(&newest())
            } else {
                refusal(404, LIMITS, "Not Found")
            };
        };
        let is = now < 2 && wanted.split('&').next() == Some(status);
        let etag = format!("ETag: \"{now}{is}\"\r\n{LIMITS}");
        if request.head.contains(&format!("if-none-match: \"{now}{is}\"")) {
            return Reply::Whole(304, etag, String::new());
        }
        let rows = if is { vec![five] } else { Vec::new() };
        Reply::Whole(200, etag, listed(&rows).to_string())
    }
}

/// The run 5 as an event shows it; what it stands for, or that it is gone.
fn five(event: &FeedEvent) -> Option<String> {
    match event {
        FeedEvent::Applied(rows) => rows.iter().find_map(|row| match row {
            Object::Run(run) if run.meta.uid.raw() == "5" => Some(run.status.as_str().to_owned()),
            _ => None,
        }),
        FeedEvent::Deleted(uid) if uid.raw() == "5" => Some("gone".to_owned()),
        _ => None,
    }
}

async fn until(reading: &mut Reading, wanted: &str) {
    reading.find(|event| five(event).filter(|status| status == wanted)).await;
}

/// The list is read as often as everywhere; older ones as seldom as five lists of a test.
fn pace() -> Pace {
    Pace { runs: (Duration::from_millis(20), Duration::from_millis(20)), ..quick() }
}

#[test]
fn a_run_that_waits_behind_a_hundred_newer_ones_is_in_the_inbox() {
    block_on(async {
        let server = Server::answering(hub(Arc::default())).await;
        let mut reading = Reading::at(client(&server.url), pace());
        let now = Now { wall: "2026-11-23T12:00:00Z".parse().unwrap(), mono: Duration::from_secs(1) };
        let scopes = vec![spec(client(&server.url)).scope];
        let mut state = State::new(now, scopes, keymap::load(None, None).unwrap(), (160, 48));
        let mut lists = 0;
        // A list more would take it away again, were it not told as part of it.
        while lists < 5 {
            let (feed, event) = next(&mut reading.rx).await.expect("a feed that speaks");
            let found = !report::report(&state).waiting.is_empty();
            lists += u32::from(found && matches!(event, FeedEvent::Listed));
            update::update(&mut state, now, Msg::Feed(feed, event));
            update::settle(&mut state);
        }
        let waiting = report::report(&state).waiting;
        let [row] = waiting.as_slice() else { panic!("one run waits: {waiting:?}") };
        assert_eq!(
            (row.kind, row.since.map(|since| since.to_string())),
            ("approval", Some("2026-11-21T12:00:00Z".to_owned())),
            "{row:?}"
        );
        assert_eq!(state.world.runs.len(), 101);
        reading.stop().await;
    });
}

#[test]
fn an_older_run_is_followed_until_it_has_ended() {
    block_on(async {
        let stage = Arc::new(AtomicU32::new(0));
        let server = Server::answering(hub(Arc::clone(&stage))).await;
        let mut reading = Reading::at(client(&server.url), pace());
        for (at, wanted) in [(0, "waiting"), (1, "in_progress"), (2, "completed")] {
            stage.store(at, Ordering::SeqCst);
            until(&mut reading, wanted).await;
        }
        // What stood in no list was asked for by its number, once.
        let requests = server.until(|requests| requests.iter().filter(|one| one.path == WAITS).count() > 8).await;
        assert_eq!(requests.iter().filter(|one| one.path.ends_with("/runs/5")).count(), 1);
        reading.stop().await;
    });
}

/// What waits for its turn, or was only just made, has not ended either.
#[test]
fn older_runs_are_looked_for_under_every_word_for_what_has_not_ended() {
    block_on(async {
        for status in ["waiting", "in_progress", "queued", "pending", "requested"] {
            let server = Server::answering(move |request| {
                let of = request.path.strip_prefix("/repos/acme/checkout/actions/runs?status=");
                match of.and_then(|rest| rest.split('&').next()) {
                    Some(word) if word == status => answer(&listed(&[run_row(5, 1, status, None)])),
                    Some(_) => answer(&listed(&[])),
                    None if request.path.contains("/runs?per_page=100") => answer(&newest()),
                    None => refusal(404, LIMITS, "Not Found"),
                }
            })
            .await;
            let mut reading = Reading::at(client(&server.url), pace());
            until(&mut reading, status).await;
            reading.stop().await;
        }
    });
}

/// No answer is no end: a run that left its list is asked for until somebody says how it stands.
#[test]
fn an_older_run_nobody_answers_for_is_not_taken_for_deleted() {
    block_on(async {
        let stage = Arc::new(AtomicU32::new(0));
        let (plain, asked) = (hub(Arc::clone(&stage)), AtomicU32::new(0));
        let server = Server::answering(move |request| {
            let bad = request.path.ends_with("/runs/5") && asked.fetch_add(1, Ordering::SeqCst) < 2;
            if bad { refusal(502, LIMITS, "Bad Gateway") } else { plain(request) }
        })
        .await;
        let mut reading = Reading::at(client(&server.url), pace());
        until(&mut reading, "waiting").await;
        stage.store(2, Ordering::SeqCst);
        let told = reading.find(|event| five(event).filter(|status| status != "waiting")).await;
        assert_eq!(told, "completed");
        reading.stop().await;
    });
}

/// Others push a run that waits off the newest page, while the lists by status cannot be read.
#[test]
fn r25_a_run_that_is_pushed_off_the_newest_page_stays() {
    block_on(async {
        let stage = Arc::new(AtomicU32::new(0));
        let now_at = Arc::clone(&stage);
        let server = Server::answering(move |request| {
            if !request.path.contains("/runs?per_page=100") {
                return refusal(502, LIMITS, "Bad Gateway");
            }
            let mut page = newest();
            if now_at.load(Ordering::SeqCst) == 0 {
                page["workflow_runs"][99] = run_row(5, 1, "waiting", None);
            }
            answer(&page)
        })
        .await;
        let mut reading = Reading::at(client(&server.url), pace());
        let now = Now { wall: "2026-11-23T12:00:00Z".parse().unwrap(), mono: Duration::from_secs(1) };
        let scopes = vec![spec(client(&server.url)).scope];
        let mut state = State::new(now, scopes, keymap::load(None, None).unwrap(), (160, 48));
        let mut lists = 0;
        while lists < 4 {
            let (feed, event) = next(&mut reading.rx).await.expect("a feed that speaks");
            let whole = matches!(event, FeedEvent::Listed);
            update::update(&mut state, now, Msg::Feed(feed, event));
            update::settle(&mut state);
            lists += u32::from(whole);
            if lists > 0 {
                stage.store(1, Ordering::SeqCst);
                assert_eq!(report::report(&state).waiting.len(), 1, "after {lists} lists");
            }
        }
        reading.stop().await;
    });
}

#[test]
fn an_older_run_that_is_deleted_is_gone() {
    block_on(async {
        let stage = Arc::new(AtomicU32::new(0));
        let server = Server::answering(hub(Arc::clone(&stage))).await;
        let mut reading = Reading::at(client(&server.url), pace());
        until(&mut reading, "waiting").await;
        stage.store(3, Ordering::SeqCst);
        until(&mut reading, "gone").await;
        reading.stop().await;
    });
}

#[test]
fn r27_older_runs_are_asked_for_seldom_and_only_where_there_are_any() {
    block_on(async {
        let older = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("?status=")).count();
        let lists = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("?per_page=100")).count();
        let few = Server::answering(|_| answer(&listed(&[run_row(1, 1, "completed", Some("success"))]))).await;
        // When each of them came: how long a list takes on a busy machine says nothing of a pace.
        let came: Arc<Mutex<Vec<(Instant, bool)>>> = Arc::default();
        let (plain, seen) = (hub(Arc::default()), Arc::clone(&came));
        let many = Server::answering(move |request| {
            if request.path.contains("?status=") {
                seen.lock().unwrap().push((Instant::now(), request.path == WAITS));
            }
            plain(request)
        })
        .await;
        let readings = [&few, &many].map(|server| Reading::at(client(&server.url), pace()));
        let drained = readings.map(|reading| {
            tokio::spawn(async move {
                // Whole: its tasks end with it.
                let mut whole: Reading = reading;
                while whole.rx.recv().await.is_some() {}
            })
        });
        let requests = few.until(|requests| lists(requests) > 30).await;
        assert_eq!(older(&requests), 0, "the page shows all there are");
        let requests = many.until(|requests| older(requests) > 19).await;
        let came = came.lock().unwrap().clone();
        let passes: Vec<_> = came.windows(2).filter(|pair| pair[1].1).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(passes.len() >= 3, "{passes:?}");
        // As seldom as five lists, each time.
        assert!(passes.iter().all(|gap| *gap >= 5 * pace().runs.1), "{passes:?}");
        let known = requests.iter().filter(|one| one.path.contains("?status=")).skip(5);
        for request in known {
            assert!(request.head.contains("if-none-match"), "{}", request.head);
        }
        for task in drained {
            task.abort();
        }
    });
}
