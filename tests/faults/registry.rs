//! The client of container registries against servers that ask, refuse, limit, lie and send on.

use quarterdeck::model::scope::{Login, SecretSource};
use quarterdeck::net::{NetError, Registry};

use super::server::{Reply, Request, Server};
use super::support::block_on;

const TAGS: &str = r#"{"name":"shop/checkout","tags":["1.0.0"]}"#;

fn login() -> Login {
    Login::Password { user: "ana".to_owned(), password: SecretSource::Fixed("pa55word") }
}

fn client(server: &Server, login: &Login) -> Registry {
    Registry::new("ghcr.io", Some(&server.url), login).unwrap()
}

/// What is sent for a header, if it is.
fn header(request: &Request, name: &str) -> Option<String> {
    let line = request.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn challenge(realm: &str) -> Reply {
    let head = format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"ghcr.io\",scope=\"x\"\r\n");
    Reply::Whole(401, head, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who?"}]}"#.to_owned())
}

/// A registry whose token server is `realm`; it takes the token `good`.
fn asking(realm: String) -> impl Fn(&Request) -> Reply {
    move |request| match header(request, "authorization").as_deref() {
        _ if request.path.starts_with("/token") => Reply::json(r#"{"token":"good"}"#),
        Some("Bearer good") => Reply::json(TAGS),
        _ => challenge(&realm),
    }
}

#[test]
fn a_token_is_asked_for_once_and_used_for_its_repository() {
    block_on(async {
        let server = Server::start().await;
        server.answer(asking(format!("{}/token", server.url)));
        let client = client(&server, &login());
        for _ in 0..3 {
            assert_eq!(client.tags("shop/checkout", 1).await.unwrap().names, ["1.0.0"]);
        }
        let asked = server.requests();
        let tokens: Vec<&Request> = asked.iter().filter(|it| it.path.starts_with("/token")).collect();
        assert_eq!(tokens.len(), 1, "{asked:?}");
        assert_eq!(tokens[0].path, "/token?service=ghcr.io&scope=repository%3Ashop%2Fcheckout%3Apull");
        assert_eq!(header(tokens[0], "authorization").as_deref(), Some("Basic YW5hOnBhNTV3b3Jk"));
        // Another repository needs another one.
        client.tags("shop/web", 1).await.unwrap();
        assert_eq!(server.requests().iter().filter(|it| it.path.starts_with("/token")).count(), 2);
    });
}

#[test]
fn nobody_else_is_told_who_asks() {
    block_on(async {
        let other = Server::answering(|_| Reply::json("{}")).await;
        let server = Server::start().await;
        let elsewhere = format!("{}/kept", other.url);
        let realm = format!("{}/token", server.url);
        server.answer(move |request| {
            if request.path.contains("/blobs/") && header(request, "authorization").is_some() {
                return Reply::Whole(307, format!("Location: {elsewhere}\r\n"), String::new());
            }
            asking(realm.clone())(request)
        });
        let client = client(&server, &login());
        let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(&client.blob("shop/checkout", digest).await.unwrap()[..], b"{}");
        let asked = other.requests();
        assert_eq!(asked.len(), 1);
        assert_eq!(header(&asked[0], "authorization"), None);
        // What the other place keeps must be what was asked for.
        let wrong = digest.replace("4413", "4414");
        let error = client.blob("shop/checkout", &wrong).await.unwrap_err();
        assert!(matches!(&error, NetError::Unreadable(why) if why.contains("sent something else")), "{error}");
    });
}

#[test]
fn a_login_goes_to_no_server_of_another_domain() {
    block_on(async {
        let server = Server::answering(|_| challenge("https://evil.example/token")).await;
        let error = client(&server, &login()).tags("shop/checkout", 1).await.unwrap_err();
        assert!(error.to_string().contains("evil.example, which is not of its own domain"), "{error}");
        assert!(!error.to_string().contains("pa55word"));
        let error = Registry::new("ghcr.io", Some("http://ghcr.io"), &login()).unwrap_err();
        assert!(error.to_string().contains("is not https"), "{error}");
    });
}

#[test]
fn a_limit_holds_for_everything_until_it_ends() {
    block_on(async {
        let server = Server::answering(|_| Reply::Whole(429, "Retry-After: 77\r\n".to_owned(), String::new())).await;
        let client = client(&server, &Login::Anonymous);
        for _ in 0..2 {
            let error = client.tags("shop/checkout", 1).await.unwrap_err();
            assert!(matches!(&error, NetError::Held { wait, .. } if wait.as_secs() >= 75), "{error}");
        }
        assert_eq!(server.requests().len(), 1, "nobody asks while the limit holds");
    });
}

#[test]
fn each_odd_answer_is_told_as_what_it_is() {
    block_on(async {
        let page = || Reply::Whole(200, "Content-Type: text/html\r\n".to_owned(), "<html>login".to_owned());
        let denied = r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#;
        let table: [(Reply, &str); 6] = [
            (page(), "answers with a web page: a login or a proxy is in between"),
            (Reply::json("[]"), "answers with no list of tags"),
            (Reply::Whole(403, String::new(), denied.to_owned()), "not found or no access"),
            (Reply::Whole(404, String::new(), denied.to_owned()), "not found or no access"),
            (Reply::Whole(503, String::new(), String::new()), "is not reached by the proxy in front of it"),
            (
                Reply::Whole(200, "Link: <https://evil.example/v2/>; rel=\"next\"\r\n".to_owned(), TAGS.to_owned()),
                "said to be elsewhere; not followed",
            ),
        ];
        for (reply, wanted) in table {
            let server = Server::answering(move |_| reply.clone()).await;
            let error = client(&server, &Login::Anonymous).tags("shop/checkout", 3).await.unwrap_err();
            assert!(error.to_string().contains(wanted), "{wanted}: {error}");
        }
    });
}

#[test]
fn without_the_header_the_digest_is_that_of_the_bytes() {
    block_on(async {
        let server = Server::answering(|_| Reply::json("{}")).await;
        let client = client(&server, &Login::Anonymous);
        let digest = client.digest("shop/checkout", "1.0.0").await.unwrap();
        let wanted = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(digest.as_deref(), Some(wanted));
        let methods: Vec<String> = server.requests().iter().map(|request| request.method.clone()).collect();
        assert_eq!(methods, ["HEAD", "GET"]);
    });
}
