//! What Prometheus is asked again, when, and where: pauses it asks for (R26), redirects (R33), tokens
//! that cannot be sent (R35). The token goes to one origin.

use std::time::Duration;

use quarterdeck::model::Kind;
use quarterdeck::model::scope::SecretSource;
use quarterdeck::model::source::FeedStatus;
use quarterdeck::net::{NetError, Prometheus};

use super::prometheus::{Run, quickly};
use super::server::{Reply, Request, Server};
use super::support::block_on;

const TOKEN: &str = "hunter2";
/// Whatever is told, nobody waits longer than this.
const MOST: Duration = Duration::from_mins(1);

fn with_token(url: &str) -> Prometheus {
    Prometheus::with(url, Some(&SecretSource::Fixed(TOKEN)), quickly()).unwrap()
}

/// The answers of a server that has nothing.
fn nothing() -> Reply {
    let body = "{\"status\":\"success\",\"data\":{\"alerts\":[]}}";
    Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_owned())
}

#[test]
fn r26_a_pause_of_any_shape_is_at_most_a_minute_and_the_pane_knows_how_long() {
    let dated = "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n";
    let table = [
        // The word, how often it is asked within a call, and whether the pane says how long it takes.
        ("0", 3, None),
        ("3600", 1, Some("for 1h more")),
        ("99999999", 1, Some("for 1h more")),
        ("99999999999999999999999999", 1, Some("for 1h more")),
        ("Sat, 21 Nov 2026 12:00:45 GMT", 1, Some("for 45s more")),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 3, None),
        ("Fri, 31 Dec 2060 23:59:59 GMT", 1, Some("for 1h more")),
        ("-5", 3, None),
        ("1.5", 3, None),
        ("soon", 3, None),
        ("", 3, None),
    ];
    block_on(async {
        for (text, asked, said) in table {
            let headers = format!("{dated}Retry-After: {text}\r\n");
            let server = Server::answering(move |_| Reply::Whole(429, headers.clone(), String::new())).await;
            let client = Prometheus::with(&server.url, None, quickly()).unwrap();
            let error = client.alerts().await.unwrap_err();
            assert_eq!((error.code(), server.requests().len()), (Some(429), asked), "{text:?}");
            let words = error.to_string();
            assert!(words.contains("is throttling"), "{text:?}: {words}");
            assert_eq!(words.contains(" more;"), said.is_some(), "{text:?}: {words}");
            assert!(said.is_none_or(|said| words.contains(said)), "{text:?}: {words}");

            let mut run = Run::start(&server.url, &[], quickly());
            run.until(|run| matches!(run.status(Kind::Alert), FeedStatus::Failed { .. })).await;
            let FeedStatus::Failed { retry_at: Some(at), .. } = run.status(Kind::Alert) else { panic!("{text:?}") };
            let began = run.world.feeds.values().filter_map(|feed| feed.heard).max().unwrap_or_default();
            assert!(*at <= began + MOST + Duration::from_secs(5), "{text:?}: {at:?} and {began:?}");
            // The operator need not wait for it.
            server.answer(|_| nothing());
            run.refresh();
            run.until(|run| matches!(run.status(Kind::Alert), FeedStatus::Live)).await;
            run.end().await;
        }
    });
}

#[test]
fn r33_no_redirect_takes_the_token_to_another_origin() {
    block_on(async {
        let foreign = Server::answering(|_| nothing()).await;
        let port = foreign.url.rsplit(':').next().unwrap().to_owned();
        let places = [
            format!("http://127.0.0.1:{port}/api/v1/alerts"),
            format!("http://localhost:{port}/api/v1/alerts"),
            format!("http://ada:pw@127.0.0.1:{port}/api/v1/alerts"),
            format!("//127.0.0.1:{port}/api/v1/alerts"),
            format!("HTTP://127.0.0.1:{port}/api/v1/alerts"),
            format!("http://127.0.0.1.:{port}/api/v1/alerts"),
            format!("https://127.0.0.1:{port}/api/v1/alerts"),
            "https://prometheus.example.evil.example/x".to_owned(),
            "https://evilprometheus.example/x".to_owned(),
            "https://xn--prmetheus-q8a.example/x".to_owned(),
            "file:///etc/passwd".to_owned(),
            "javascript:alert(1)".to_owned(),
            String::new(),
            "http://[::1".to_owned(),
        ];
        for place in &places {
            for code in [301, 302, 303, 307, 308] {
                let headers = format!("Location: {place}\r\n");
                let server = Server::answering(move |_| Reply::Whole(code, headers.clone(), String::new())).await;
                let said = with_token(&server.url).alerts().await.expect_err(place).to_string();
                assert!(!said.contains(TOKEN) && !said.contains("pw@"), "{code} {place}: {said}");
                // An empty one names the same page: within the origin, and not for ever.
                let asked = if place.is_empty() { 1 + 3 } else { 1 };
                assert_eq!(server.requests().len(), asked, "{code} {place}: nothing is followed");
            }
        }
        assert!(foreign.requests().is_empty(), "{:?}", foreign.requests());
    });
}

/// A path with a slash more, or another base, on the same server; and no way around in a circle.
#[test]
fn r33_a_redirect_within_the_origin_is_followed_three_times_at_most() {
    block_on(async {
        let server = Server::answering(|request| match request.path.as_str() {
            "/api/v1/alerts" => Reply::Whole(307, "Location: /prom/api/v1/alerts\r\n".to_owned(), String::new()),
            "/prom/api/v1/alerts" => nothing(),
            _ => Reply::Whole(302, "Location: /again\r\n".to_owned(), String::new()),
        })
        .await;
        let client = with_token(&server.url);
        client.alerts().await.unwrap();
        let told = |request: &Request| request.head.contains(&format!("Bearer {TOKEN}"));
        assert!(server.requests().iter().all(told) && server.requests().len() == 2);
        let said = client.build().await.unwrap_err().to_string();
        assert!(said.contains("sends to /again; a login is in between"), "{said}");
        assert_eq!(server.requests().len(), 2 + 1 + 3);
    });
}

#[test]
fn r35_a_token_that_cannot_be_sent_is_said_and_nothing_is_sent() {
    block_on(async {
        let server = Server::answering(|_| nothing()).await;
        for (token, word) in [("a\nb", "line break"), ("a\0", "NUL"), ("\u{e9}", "not ASCII"), ("", "is empty")] {
            let client = Prometheus::with(&server.url, Some(&SecretSource::Fixed(token)), quickly()).unwrap();
            let error = client.alerts().await.unwrap_err();
            assert!(matches!(error, NetError::Credential(_)), "{token:?}: {error:?}");
            assert!(error.to_string().contains(word), "{token:?}: {error}");
        }
        assert!(server.requests().is_empty());
    });
}
