//! Registries that pause, page, redirect and flood (reliability.md R26, R28, R29, R33, R35).

use std::time::Duration;

use quarterdeck::model::scope::{Login, SecretSource};
use quarterdeck::net::{Deadlines, NetError, Registry};

use super::server::{Reply, Request, Server};
use super::support::block_on;

const TAGS: &str = r#"{"name":"shop/checkout","tags":["1.0.0"]}"#;
const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

fn client(url: &str, login: &Login) -> Registry {
    let deadlines = Deadlines { total: Duration::from_secs(20), ..Deadlines::default() };
    Registry::with("ghcr.io", Some(url), login, deadlines).unwrap()
}

fn named() -> Login {
    Login::Password { user: "ana".to_owned(), password: SecretSource::Fixed("pa55word") }
}

fn proves(request: &Request) -> bool {
    request.head.to_ascii_lowercase().contains("authorization:")
}

#[test]
fn r26_a_pause_of_any_shape_is_told_and_kept() {
    let dated = "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n";
    // The word, and for how many seconds nobody asks.
    let table = [
        ("0", 0..=1),
        ("45", 44..=45),
        ("99999999", 890..=900),
        ("99999999999999999999999999", 890..=900),
        ("Sat, 21 Nov 2026 12:00:45 GMT", 44..=45),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0..=1),
        ("Fri, 31 Dec 2060 23:59:59 GMT", 890..=900),
        ("-5", 29..=30),
        ("1.5", 29..=30),
        ("soon", 29..=30),
        ("", 29..=30),
    ];
    block_on(async {
        for (text, seconds) in table {
            let headers = format!("{dated}Retry-After: {text}\r\n");
            let server = Server::answering(move |_| Reply::Whole(429, headers.clone(), String::new())).await;
            let error = client(&server.url, &Login::Anonymous).tags("shop/checkout", 1).await.unwrap_err();
            let NetError::Held { wait, .. } = &error else { panic!("{text:?}: {error}") };
            assert!(seconds.contains(&wait.as_secs()), "{text:?}: {wait:?}");
            assert_eq!(server.requests().len(), 1, "{text:?}");
        }
    });
}

#[test]
fn r28_pages_end_stay_here_and_are_not_cut_in_silence() {
    let next = |to: &str| Reply::Whole(200, format!("Link: <{to}>; rel=\"next\"\r\n"), TAGS.to_owned());
    block_on(async {
        // Two pages that name each other: one round, and no more.
        let server = Server::answering(move |request| {
            if request.path.contains("last=b") {
                next("/v2/shop/checkout/tags/list?last=a")
            } else {
                next("/v2/shop/checkout/tags/list?last=b")
            }
        })
        .await;
        let error = client(&server.url, &Login::Anonymous).tags("shop/checkout", 50).await.unwrap_err();
        assert!(matches!(&error, NetError::Paging(why) if why.contains("begin anew")), "{error}");
        assert!(server.requests().len() <= 4, "{:?}", server.requests().len());
        // An empty page in the middle is no end.
        server.answer(move |request| match request.path.as_str() {
            path if path.contains("last=c") => Reply::json(TAGS),
            path if path.contains("last=b") => Reply::Whole(
                200,
                "Link: </v2/shop/checkout/tags/list?last=c>; rel=\"next\"\r\n".to_owned(),
                r#"{"name":"shop/checkout","tags":null}"#.to_owned(),
            ),
            _ => next("/v2/shop/checkout/tags/list?last=b"),
        });
        let tags = client(&server.url, &Login::Anonymous).tags("shop/checkout", 50).await.unwrap();
        assert_eq!((tags.names.len(), tags.whole), (2, true));
        let some = client(&server.url, &Login::Anonymous).tags("shop/checkout", 2).await.unwrap();
        assert!(!some.whole, "what was not read is not said to be all");
    });
}

#[test]
fn r29_what_is_too_large_is_refused_within_its_limit() {
    block_on(async {
        let whole = "x".repeat(5 << 20);
        let server = Server::answering(move |_| Reply::json(&whole)).await;
        let client = client(&server.url, &Login::Anonymous);
        let error = client.manifest("shop/checkout", "1.0.0").await.unwrap_err();
        assert!(matches!(error, NetError::TooLarge { .. }), "{error}");
        let error = client.blob("shop/checkout", DIGEST).await.unwrap_err();
        assert!(matches!(error, NetError::TooLarge { .. } | NetError::Unreadable(_)), "{error}");
        let long = format!("X-Long: {}\r\n", "y".repeat(1 << 20));
        server.answer(move |_| Reply::Whole(200, long.clone(), TAGS.to_owned()));
        let error = client.tags("shop/checkout", 1).await.unwrap_err();
        assert!(matches!(error, NetError::Transport(_)), "{error}");
    });
}

/// Tokens are kept as long as their server says, whatever it says.
#[test]
fn odd_times_of_tokens_cost_nothing() {
    block_on(async {
        for life in ["18446744073709551615", "99999999999999999999999", "-1", "3600.5", "\"3600\"", "null", "0"] {
            let server = Server::start().await;
            let realm = format!("Bearer realm=\"{}/token\",service=\"x\"", server.url);
            server.answer(move |request| match request.path.as_str() {
                path if path.starts_with("/token") => Reply::json(format!(r#"{{"token":"good","expires_in":{life}}}"#)),
                _ if proves(request) => Reply::json(TAGS),
                _ => Reply::Whole(401, format!("WWW-Authenticate: {realm}\r\n"), String::new()),
            });
            let tags = client(&server.url, &Login::Anonymous).tags("shop/checkout", 1).await;
            assert_eq!(tags.unwrap_or_else(|error| panic!("{life}: {error}")).names, ["1.0.0"]);
        }
    });
}

#[test]
fn r33_no_redirect_takes_the_login_along() {
    block_on(async {
        let other = Server::answering(|_| Reply::json("{}")).await;
        let ways = [
            format!("{}/kept", other.url),
            other.url.replace("http://", "http://ana:pa55word@"),
            other.url.replace("127.0.0.1", "localhost"),
            other.url.replace("http://", "//"),
        ];
        for to in ways {
            for code in [301, 302, 303, 307, 308] {
                let head = format!("Location: {to}\r\n");
                let server = Server::answering(move |request| {
                    if proves(request) {
                        Reply::Whole(code, head.clone(), String::new())
                    } else {
                        Reply::Whole(401, "WWW-Authenticate: Basic realm=\"x\"\r\n".to_owned(), String::new())
                    }
                })
                .await;
                let client = client(&server.url, &named());
                // A blob may lie elsewhere; a list and a manifest may not.
                let kept = client.blob("shop/checkout", DIGEST).await;
                assert!(kept.is_ok() || to.contains("ana:"), "{to} {code}: {kept:?}");
                assert!(client.tags("shop/checkout", 1).await.is_err(), "{to} {code}");
                assert!(client.manifest("shop/checkout", "1.0.0").await.is_err(), "{to} {code}");
            }
        }
        assert!(other.requests().iter().all(|request| !proves(request)), "{:?}", other.requests());
        for to in ["ftp://example.com/x", "file:///etc/passwd", "http://example.com/x", "", "http://"] {
            let head = format!("Location: {to}\r\n");
            let server = Server::answering(move |_| Reply::Whole(307, head.clone(), String::new())).await;
            assert!(client(&server.url, &Login::Anonymous).blob("shop/checkout", DIGEST).await.is_err(), "{to}");
        }
        // Round and round ends.
        let server = Server::answering(|_| Reply::Whole(307, "Location: /again\r\n".to_owned(), String::new())).await;
        client(&server.url, &Login::Anonymous).blob("shop/checkout", DIGEST).await.unwrap_err();
        assert!(server.requests().len() <= 8, "{}", server.requests().len());
    });
}

#[test]
fn r35_what_cannot_stand_in_a_header_is_told_and_not_sent() {
    block_on(async {
        for secret in ["line\nbreak", "nul\0l", "grün", "tab\t", "\u{7f}"] {
            let server = Server::answering(|request| {
                if proves(request) {
                    Reply::json(TAGS)
                } else {
                    Reply::Whole(401, "WWW-Authenticate: Basic realm=\"x\"\r\n".to_owned(), String::new())
                }
            })
            .await;
            let login = Login::Password { user: "ana".to_owned(), password: SecretSource::Fixed(secret) };
            match client(&server.url, &login).tags("shop/checkout", 1).await {
                // A password goes as base64: any letter can stand there.
                Ok(tags) => assert_eq!(tags.names, ["1.0.0"], "{secret:?}"),
                Err(error) => {
                    assert!(matches!(error, NetError::Credential(_)), "{secret:?}: {error}");
                    assert!(!server.requests().iter().any(proves), "{secret:?}");
                    assert!(!error.to_string().contains(secret), "{error}");
                }
            }
        }
        // A token that a server gives may be odd, too.
        let server = Server::start().await;
        let realm = format!("Bearer realm=\"{}/token\",service=\"x\"", server.url);
        server.answer(move |request| {
            if request.path.starts_with("/token") {
                Reply::json(r#"{"token":"a\nb"}"#)
            } else {
                Reply::Whole(401, format!("WWW-Authenticate: {realm}\r\n"), String::new())
            }
        });
        let error = client(&server.url, &Login::Anonymous).tags("shop/checkout", 1).await.unwrap_err();
        assert!(matches!(error, NetError::Credential(_)), "{error}");
    });
}
