//! How soon the list of runs follows what its jobs show, and a world whose time runs faster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::source::{FeedEvent, Object};
use quarterdeck::systems::{Pace, Systems};
use serde_json::json;
use tokio::sync::mpsc;

use super::hub::{Reading, answer, client, hub, job_row, run_row, spec};
use super::server::{Reply, Server};
use super::support::{block_on, next};
use super::watches::quick;

/// Lists that nobody waits for in a test.
fn rare() -> Pace {
    let hour = Duration::from_hours(1);
    Pace { runs: (hour, hour), ..quick() }
}

#[test]
fn a_run_whose_jobs_have_all_ended_is_asked_for_at_once() {
    block_on(async {
        let lists = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&lists);
        let server = Server::answering(move |request| {
            if request.path.contains("/jobs") {
                return answer(&json!({ "jobs": [job_row(21, "completed", Some("failure"))] }));
            }
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let (status, how) = if first { ("in_progress", None) } else { ("completed", Some("failure")) };
            answer(&json!({ "workflow_runs": [run_row(2, 1, status, how)] }))
        })
        .await;
        let mut reading = Reading::at(client(&server.url), rare());
        reading.look_at(&["2"]);
        let ended = |event: &FeedEvent| match event {
            FeedEvent::Applied(rows) => {
                rows.iter().any(|row| matches!(row, Object::Run(run) if !run.is_active())).then_some(())
            }
            _ => None,
        };
        reading.find(ended).await;
        assert_eq!(lists.load(Ordering::SeqCst), 2);
        reading.stop().await;
    });
}

#[test]
fn a_demos_clock_is_never_off_and_its_world_is_read_by_its_time() {
    block_on(async {
        let plain = hub(Arc::new(AtomicU32::new(1)));
        let server = Server::answering(move |request| match plain(request) {
            // Any date there is: none is told.
            Reply::Whole(code, headers, body) => {
                Reply::Whole(code, format!("{headers}Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n"), body)
            }
            other => other,
        })
        .await;
        let hour = Duration::from_hours(1);
        let pace = Pace { runs: (hour, hour), ..quick() };
        let clock = Clock::scaled("2026-11-21T12:10:00Z".parse().unwrap(), 3_600.0);
        let (tx, mut rx) = mpsc::channel(256);
        let systems = Systems::start_at(vec![spec(client(&server.url))], &tx, clock, pace);
        let mut listed = 0;
        while listed < 2 {
            let (_, event) = next(&mut rx).await.expect("a feed that speaks");
            assert!(!matches!(event, FeedEvent::Skew(_)), "{event:?}");
            listed += u32::from(matches!(event, FeedEvent::Listed));
        }
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}
