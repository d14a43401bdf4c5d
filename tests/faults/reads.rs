//! Reads try again where it may help, never without end, and never take more than they can hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::net::{Deadlines, NetError, ReadStack, Target};

use super::server::{Refusing, Reply, Server};
use super::support::block_on;

fn read(url: &str, deadlines: Deadlines) -> ReadStack {
    let target = Target::Url { server: url.to_owned(), name: "east".to_owned(), namespace: "default".to_owned() };
    target.pin_with(deadlines).unwrap().read()
}

/// Fails so often, then answers.
fn failing(times: usize, reply: Reply) -> impl Fn(&super::server::Request) -> Reply + Send + Sync + 'static {
    let count = Arc::new(AtomicUsize::new(0));
    move |_| {
        if count.fetch_add(1, Ordering::SeqCst) < times { reply.clone() } else { Reply::json("{}") }
    }
}

#[test]
fn a_passing_fault_is_tried_three_times_and_no_more() {
    block_on(async {
        for code in [429, 502, 503, 504] {
            let retry_now = Reply::Whole(code, "Retry-After: 0\r\n".to_owned(), String::new());
            let server = Server::answering(failing(2, retry_now.clone())).await;
            read(&server.url, Deadlines::default()).get("/x").await.unwrap();
            assert_eq!(server.requests().len(), 3, "{code}");

            let server = Server::answering(failing(9, retry_now)).await;
            let error = read(&server.url, Deadlines::default()).get("/x").await.unwrap_err();
            assert_eq!((error.code(), server.requests().len()), (Some(code), 3), "{code}");
        }
    });
}

#[test]
fn a_final_fault_is_not_tried_again() {
    block_on(async {
        for code in [400, 401, 403, 404, 410, 500] {
            let server = Server::answering(move |_| Reply::status(code, "Because", "no")).await;
            let error = read(&server.url, Deadlines::default()).get("/x").await.unwrap_err();
            assert_eq!((error.code(), server.requests().len()), (Some(code), 1), "{code}");
            assert_eq!(error.to_string(), format!("no ({code} Because)"));
        }
    });
}

#[test]
fn a_long_retry_after_is_reported_and_not_slept_through() {
    block_on(async {
        let throttled = Reply::Whole(429, "Retry-After: 3600\r\n".to_owned(), String::new());
        let server = Server::answering(move |_| throttled.clone()).await;
        let error = read(&server.url, Deadlines::default()).get("/x").await.unwrap_err();
        let NetError::Api { code: 429, retry_after: Some(after), .. } = error else { panic!("{error:?}") };
        assert_eq!(after, Duration::from_hours(1));
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn silence_ends_with_its_deadline() {
    let short = Duration::from_millis(100);
    block_on(async {
        let deadlines = Deadlines { headers: short, total: short * 5, ..Deadlines::default() };
        let server = Server::answering(|_| Reply::Silence).await;
        let error = read(&server.url, deadlines).get_once("/x", deadlines.total).await.unwrap_err();
        assert_eq!(error, NetError::Deadline { what: "answer", after: short });

        // Headers, then nothing.
        let deadlines = Deadlines { idle: short, ..Deadlines::default() };
        let server = Server::answering(|_| Reply::Held(vec!["{".to_owned()])).await;
        let error = read(&server.url, deadlines).get_once("/x", deadlines.total).await.unwrap_err();
        assert_eq!(error, NetError::Deadline { what: "more of the answer", after: short });
    });
}

#[test]
fn an_error_page_is_one_line() {
    block_on(async {
        let page = "<html>\n<h1>Bad</h1>\x1b[31m".to_owned();
        let server = Server::answering(move |_| Reply::Whole(500, String::new(), page.clone())).await;
        let error = read(&server.url, Deadlines::default()).get("/x").await.unwrap_err();
        assert_eq!(error.to_string(), "Internal Server Error (500)");
    });
}

#[test]
fn nobody_listening_is_said_with_its_cause() {
    block_on(async {
        let gone = Refusing::new();
        let error = read(&gone.url, Deadlines::default()).get_once("/x", Duration::from_secs(9)).await.unwrap_err();
        assert!(matches!(error, NetError::Connect(_)), "{error:?}");
        assert!(error.to_string().contains("refused"), "{error}");
    });
}
