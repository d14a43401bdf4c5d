//! A server that is gone, stopped, or not there yet: said within a few heartbeats, and over by
//! itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::model::{Kind, SourceId};
use quarterdeck::net::Deadlines;

use super::server::{Refusing, Reply, Server, spec_with};
use super::support::block_on;
use super::watches::{Run, list, live, of_pods, pod, pods, quiet};

fn stale(status: &FeedStatus) -> bool {
    matches!(status, FeedStatus::Stale { .. })
}

#[test]
fn r23_a_stopped_server_makes_every_feed_stale_although_its_watches_stay_open() {
    block_on(async {
        let server =
            pods(|request| if request.is_watch() { Reply::Held(Vec::new()) } else { list(&["a"], 9, "", None) }).await;
        let deadlines = Deadlines { probe: Duration::from_secs(1), ..Deadlines::default() };
        let mut run = Run::with(spec_with(&server.url, deadlines));
        for kind in Kind::IN_CLUSTERS {
            run.until_status(kind, live).await;
        }
        let watches = server.watches().len();
        server.stop(true);
        for kind in Kind::IN_CLUSTERS {
            let status = run.until_status(kind, stale).await;
            let FeedStatus::Stale { message, .. } = status else { unreachable!() };
            assert!(message.as_str().contains("does not answer"), "{message:?}");
        }
        assert_eq!(run.pods().len(), 1, "the last known rows stay");
        server.stop(false);
        for kind in Kind::IN_CLUSTERS {
            run.until_status(kind, live).await;
        }
        // The old streams may be dead ones: every watch was opened anew, no list was needed.
        assert!(server.watches().len() >= watches + Kind::IN_CLUSTERS.len());
        assert_eq!(server.requests().iter().filter(|r| r.path.contains("/pods?limit")).count(), 1);
        run.end().await;
    });
}

#[test]
fn a_server_that_is_not_there_yet_has_failed_and_is_found_when_it_comes() {
    block_on(async {
        let gone = Refusing::new();
        let address = gone.url.trim_start_matches("http://").to_owned();
        let mut run = Run::start(&gone.url);
        let failed = |status: &FeedStatus| matches!(status, FeedStatus::Failed { retry_at: Some(_), .. });
        let FeedStatus::Failed { message, .. } = run.until_status(Kind::Pod, failed).await else { unreachable!() };
        let refused = format!("http://{address} refused the connection");
        assert!(message.as_str().starts_with(&refused), "{message:?}");
        drop(gone);
        let server = Server::on(&address, quiet).await;
        for kind in Kind::IN_CLUSTERS {
            run.until_status(kind, live).await;
        }
        drop(server);
        // Killed under the running console.
        for kind in Kind::IN_CLUSTERS {
            run.until_status(kind, stale).await;
        }
        let _server = Server::on(&address, quiet).await;
        for kind in Kind::IN_CLUSTERS {
            run.until_status(kind, live).await;
        }
        run.end().await;
    });
}

#[test]
fn a_quiet_watch_is_alive_while_the_heart_beats() {
    block_on(async {
        let server = Server::answering(quiet).await;
        let mut run = Run::start(&server.url);
        run.until_status(Kind::Pod, live).await;
        let mut alive = 0;
        while alive < 3 {
            let (kind, event) = run.step().await;
            assert!(!matches!(event, FeedEvent::Status(FeedStatus::Stale { .. })), "{kind:?}");
            alive += usize::from(kind == Kind::Pod && event == FeedEvent::Alive);
        }
        run.end().await;
    });
}

#[test]
fn a_clock_that_is_off_is_told() {
    block_on(async {
        let date = "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n".to_owned();
        let server = Server::answering(move |request| match request.path.as_str() {
            "/version" => Reply::Whole(200, date.clone(), "{}".to_owned()),
            _ => quiet(request),
        })
        .await;
        let mut run = Run::start(&server.url);
        let skew = |run: &Run| run.world.skew(SourceId(3));
        run.until(|run| skew(run) != 0).await;
        let day = i64::try_from(Duration::from_hours(24).as_secs()).unwrap();
        assert!(skew(&run) < -day, "{}", skew(&run));
        run.end().await;
    });
}

#[test]
fn pods_answered_by_a_stranger_do_not_end_the_others() {
    block_on(async {
        let server = Server::answering(of_pods(|_| Reply::Silence)).await;
        let deadlines = Deadlines { headers: Duration::from_secs(1), ..Deadlines::default() };
        let mut run = Run::with(spec_with(&server.url, deadlines));
        run.until_status(Kind::Deployment, live).await;
        run.until_status(Kind::Pod, |status| matches!(status, FeedStatus::Failed { .. })).await;
        assert!(live(&run.feed(Kind::Deployment).status));
        run.end().await;
    });
}

/// The heart beats on; what is shown grows old all the same.
#[test]
fn r23_a_list_that_hangs_makes_what_is_shown_stale() {
    block_on(async {
        let lists = AtomicUsize::new(0);
        let server = pods(move |request| match (request.is_watch(), lists.load(Ordering::SeqCst)) {
            (true, _) => Reply::Held(Vec::new()),
            (false, 0) => {
                lists.store(1, Ordering::SeqCst);
                list(&["a"], 9, "", None)
            }
            (false, _) => Reply::Silence,
        })
        .await;
        let mut run = Run::start(&server.url);
        run.until_status(Kind::Pod, live).await;
        run.refresh();
        let mut hanging = false;
        loop {
            let (kind, event) = run.step().await;
            if kind != Kind::Pod {
                continue;
            }
            hanging |= server.requests().iter().filter(|request| request.path.contains("/pods?limit")).count() == 2;
            if let FeedEvent::Status(FeedStatus::Stale { message, .. }) = event {
                assert!(hanging && message.as_str().contains("read again"), "{message:?}");
                break;
            }
        }
        assert_eq!(run.pods().len(), 1, "the last known rows stay");
        // From here no beat makes it fresh.
        for _ in 0..50 {
            let (kind, event) = run.step().await;
            assert!(kind != Kind::Pod || event != FeedEvent::Alive);
        }
        run.end().await;
    });
}

/// What cannot be decoded is missing in the count, and said.
#[test]
fn objects_that_do_not_decode_are_counted_as_left_out() {
    block_on(async {
        let server = pods(|request| {
            if request.is_watch() {
                return Reply::Held(Vec::new());
            }
            let nameless = serde_json::json!({ "metadata": { "uid": "x" } });
            let items = [pod("a", 9), nameless, pod("b", 9)];
            Reply::json(serde_json::json!({ "metadata": { "resourceVersion": "9" }, "items": items }))
        })
        .await;
        let mut run = Run::start(&server.url);
        run.until_status(Kind::Pod, live).await;
        assert_eq!((run.pods().len(), run.feed(Kind::Pod).left_out), (2, 1));
        run.end().await;
    });
}
