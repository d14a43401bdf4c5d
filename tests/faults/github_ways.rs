//! The way to GitHub: its faults told apart (R30), pages that lead nowhere (R28), redirects (R33) and
//! tokens that cannot be sent (R35). Never a request to another server with a token.

use std::time::Duration;

use quarterdeck::model::scope::SecretSource;
use quarterdeck::net::{Deadlines, Etags, Listed, Wanted, Writes};
use serde_json::json;

use super::hub::{LIMITS, Reading, TOKEN, client, client_with, deadlines};
use super::server::{NAMELESS, Refusing, Reply, Request, Server};
use super::support::block_on;

fn named(request: &Request) -> bool {
    request.head.to_ascii_lowercase().contains("authorization:")
}

#[test]
fn r30_connection_faults_are_told_apart() {
    block_on(async {
        let gone = Refusing::new();
        let server = Server::answering(|_| Reply::Silence).await;
        let quick = Deadlines { headers: Duration::from_millis(300), connect: Duration::from_secs(2), ..deadlines() };
        let tls = server.url.replace("http://", "https://");
        let nameless = format!("http://{NAMELESS}");
        let cases = [
            (gone.url.as_str(), &["refused the connection", "sources.github.url"][..]),
            (server.url.as_str(), &["no answer within 0.3 s"]),
            (nameless.as_str(), &["cannot be found", "sources.github.url"]),
            (tls.as_str(), &["no answer within 0.3 s"]),
        ];
        for (url, words) in cases {
            let error = client_with(url, Wanted::Nothing, quick).get("/rate_limit").await.unwrap_err().to_string();
            for word in words {
                assert!(error.contains(word), "{url}: {error:?} should say {word:?}");
            }
        }
        server.answer(|_| Reply::Drip);
        let short = Deadlines { total: Duration::from_millis(500), ..quick };
        let error = client_with(&server.url, Wanted::Nothing, short).get("/x").await.unwrap_err();
        assert!(error.to_string().contains("no whole answer within 0.5 s"), "{error}");
        for wrong in ["github.com", "ftp://github.com", "https://ada@github.com", "http://", "http://github.example"] {
            let made = quarterdeck::net::GitHub::new(wrong, Wanted::Of(SecretSource::Fixed(TOKEN)));
            let said = made.expect_err(wrong).to_string();
            assert!(said.contains("sources.github.url") && !said.contains(TOKEN), "{wrong}: {said}");
        }
    });
}

#[test]
fn r28_pages_are_followed_on_this_server_and_to_an_end() {
    block_on(async {
        let foreign = Server::start().await;
        let elsewhere = foreign.url.clone();
        let server = Server::answering(move |request| {
            let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
            let link = |to: &str| format!("{LIMITS}Link: <{to}>; rel=\"next\"\r\n");
            let (headers, body) = match request.path.as_str() {
                "/whole" => (link(&format!("http://{host}/whole2")), "1"),
                "/whole2" => (link(&format!("http://{host}/whole3")), ""),
                "/whole3" => (LIMITS.to_owned(), "3"),
                "/loop" => (link(&format!("http://{host}/loop2")), "1"),
                "/loop2" => (link(&format!("http://{host}/loop2")), "2"),
                "/foreign" => (link(&format!("{elsewhere}/x")), "1"),
                path => {
                    let n: u32 = path.trim_start_matches("/endless").parse().unwrap_or(0);
                    (link(&format!("http://{host}/endless{}", n + 1)), "1")
                }
            };
            Reply::Whole(200, headers, body.to_owned())
        })
        .await;
        let client = client(&server.url);
        let mut etags = Etags::default();
        let Ok(Listed::Pages { bodies, .. }) = client.list("/whole", None, &mut etags).await else {
            panic!("no pages")
        };
        assert_eq!(bodies.iter().map(|body| &body[..]).collect::<Vec<_>>(), [&b"1"[..], b"", b"3"]);
        for (path, words, asked) in [
            ("/loop", "the same page is named again", 2),
            ("/foreign", "another server", 1),
            ("/endless", "50 pages", 50),
        ] {
            let before = server.requests().len();
            let said = client.list(path, None, &mut etags).await.unwrap_err().to_string();
            assert!(said.contains(words), "{path}: {said}");
            assert_eq!(server.requests().len() - before, asked, "{path}");
        }
        assert_eq!(foreign.requests().len(), 0);
    });
}

/// A list that came to nothing is no list that is "unchanged" the next time.
#[test]
fn r28_paging_trouble_is_said_again_while_it_lasts() {
    block_on(async {
        let server = Server::answering(|request| {
            let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
            let next = match request.path.as_str() {
                "/loop" | "/loop2" => "/loop2".to_owned(),
                path => {
                    let n: u32 = path.trim_start_matches("/endless").parse().unwrap_or(0);
                    format!("/endless{}", n + 1)
                }
            };
            let headers = format!("{LIMITS}ETag: \"7\"\r\nLink: <http://{host}{next}>; rel=\"next\"\r\n");
            let known = request.head.contains("if-none-match:");
            Reply::Whole(if known { 304 } else { 200 }, headers, if known { "" } else { "1" }.to_owned())
        })
        .await;
        let client = client(&server.url);
        for (path, words, asked) in [("/loop", "the same page is named again", 2), ("/endless", "50 pages", 50)] {
            let mut etags = Etags::default();
            for turn in 0..3 {
                let before = server.requests().len();
                let said = client.list(path, None, &mut etags).await.expect_err(path).to_string();
                assert!(said.contains(words), "{path}, {turn}: {said}");
                assert!(server.requests().len() - before <= asked + 2, "{path}, {turn}");
            }
        }
    });
}

#[test]
fn r33_no_redirect_takes_the_token_along() {
    block_on(async {
        let foreign = Server::start().await;
        let port = foreign.url.rsplit(':').next().unwrap().to_owned();
        let places = [
            format!("http://127.0.0.1:{port}/x"),
            format!("http://localhost:{port}/x"),
            format!("http://ada:pw@127.0.0.1:{port}/x"),
            format!("//127.0.0.1:{port}/x"),
            format!("HTTP://127.0.0.1:{port}/x"),
            format!("http://127.0.0.1.:{port}/x"),
            format!("http://127.0.0.1:{port}/repositories/7"),
            "https://api.github.com.evil.example/x".to_owned(),
            "https://evilapi.github.com/x".to_owned(),
            "http://api.github.com/x".to_owned(),
            "https://xn--gthub-cta.com/x".to_owned(),
            "/elsewhere".to_owned(),
            "elsewhere".to_owned(),
            "file:///etc/passwd".to_owned(),
            "javascript:alert(1)".to_owned(),
            String::new(),
            "http://[::1".to_owned(),
        ];
        let mut cases = 0;
        for place in &places {
            for code in [301, 302, 303, 307, 308] {
                let location = format!("{LIMITS}Location: {place}\r\n");
                let server = Server::answering(move |_| Reply::Whole(code, location.clone(), String::new())).await;
                let client = client(&server.url);
                assert!(client.get("/x").await.is_err(), "{place}");
                let sent = client.post(Writes::granted(), client.turn().await, "/x", Some(&json!({}))).await;
                assert!(matches!(sent, quarterdeck::net::Sent::Refused { .. }), "{code} {place}: {sent:?}");
                assert_eq!(server.requests().len(), 2, "{code} {place}: nothing is followed");
                cases += 1;
            }
        }
        assert!(cases >= 20 && foreign.requests().is_empty());

        // A log lies elsewhere, and is fetched there by nobody in particular.
        for place in places.iter().take(2) {
            let location = format!("{LIMITS}Location: {place}\r\n");
            let server = Server::answering(move |_| Reply::Whole(302, location.clone(), String::new())).await;
            client(&server.url).log("/log").await.unwrap();
        }
        assert_eq!(foreign.requests().len(), 2);
        assert!(foreign.requests().iter().all(|request| !named(request) && !request.head.contains(TOKEN)));
        for place in ["http://logs.example/x", "ftp://127.0.0.1/x", "http://ada:pw@127.0.0.1/x", "/log2"] {
            let location = format!("{LIMITS}Location: {place}\r\n");
            let server = Server::answering(move |_| Reply::Whole(302, location.clone(), String::new())).await;
            assert!(client(&server.url).log("/log").await.is_err(), "{place}");
        }
    });
}

#[test]
fn r35_a_token_that_cannot_be_sent_is_said_in_the_pane() {
    block_on(async {
        let server = Server::start().await;
        for (token, word) in [("a\nb", "line break"), ("a\0", "NUL"), ("é", "not ASCII"), ("", "is empty")] {
            let wanted = Wanted::Of(SecretSource::Fixed(token));
            let mut reading = Reading::start(client_with(&server.url, wanted, deadlines()));
            let (status, said) = reading.trouble().await;
            assert!(status == "denied" && said.contains(word), "{status}: {said}");
            reading.stop().await;
        }
        assert_eq!(server.requests().len(), 0);
    });
}
