//! The ways on which a server of Argo CD fails, and what is said of each (reliability.md R26, R30, R33, R35).

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::Name;
use quarterdeck::model::differences::DifferencesWanted;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::scope::{ArgoSource, Login, SecretSource};
use quarterdeck::net::ArgoServer;
use quarterdeck::systems::Systems;
use tokio::sync::mpsc;

use super::argocd::{argo, begin, error, of_managed, quickly, read, source, spec, stray, told, wanted};
use super::server::{Refusing, Reply, Server};
use super::support::block_on;

/// R26 and R30: each fault is a sentence that says what, where and what to do; the token is never in it.
#[test]
fn r30_every_fault_has_its_own_sentence() {
    block_on(async {
        let mut all: Vec<(String, &str)> = Vec::new();
        let failed = async |url: &str| told(&source(url)).await.unwrap_err();
        let gone = Refusing::new();
        all.push((
            failed(&gone.url).await,
            "refused the connection; check that it runs and the port in sources.argocd.url",
        ));
        all.push((failed("https://no-such-host.invalid").await, "check the name in sources.argocd.url"));
        let silent = Server::answering(|_| Reply::Silence).await;
        all.push((failed(&silent.url).await, "no answer of Argo CD within 0.7 s"));
        let drip = Server::answering(|_| Reply::Drip).await;
        all.push((failed(&drip.url).await, "no whole answer within 1.5 s"));
        let cut = Server::answering(|_| Reply::Cut("{".to_owned())).await;
        all.push((failed(&cut.url).await, "closed the connection"));
        let after = |word: &str| Reply::Whole(429, format!("Retry-After: {word}\r\n"), String::new());
        let html = |code: u16| Reply::Whole(code, "Content-Type: text/html\r\n".to_owned(), "<html>Sign in".to_owned());
        let table = [
            (
                error(401, 16, "invalid session: token has invalid claims: token is expired"),
                "token is expired; make a new token (argocd account generate-token",
            ),
            (error(401, 16, "invalid session: account ci token has been revoked"), "revoked; make a new token"),
            (error(401, 16, "no session information"), "no session information; give sources.argocd a token of it"),
            (error(401, 16, "what"), "does not accept the login: what; renew what sources.argocd names"),
            (
                error(403, 7, "permission denied: applications, get, shop/shop-prod, sub: ci"),
                "its RBAC must let this account get applications",
            ),
            (
                error(404, 5, "applications.argoproj.io \"shop-prod\" not found"),
                "does it serve that cluster? check the context in sources.argocd",
            ),
            (
                error(404, 5, "Not Found"),
                "has no Argo CD at this path: Not Found; check the path in sources.argocd.url",
            ),
            (error(403, 7, "namespace 'shop' is not permitted"), "must know the namespace of the Application"),
            (
                error(500, 2, "error getting cached app managed resources: cache: key is missing"),
                "its cache does not have it: compare the Application again",
            ),
            (error(500, 13, "context canceled"), "has trouble of its own: context canceled; look at its log"),
            (after("30"), "is throttling for 30s"),
            (after("99999999999999999999999999"), "is throttling for 1h"),
            (after("soon"), "is throttling; "),
            (html(502), "is not reached by the proxy in front of it; check that Argo CD runs"),
            (html(200), "answers with a web page, not as Argo CD does: a login or a proxy is in between"),
            (
                Reply::Whole(303, "Location: https://dex.example/auth?t=hunter2\r\n".to_owned(), String::new()),
                "a redirect to dex.example, which is not followed",
            ),
            (Reply::json("[1"), "is it Argo CD that answers there?"),
            (Reply::json("7"), "is it Argo CD that answers there?"),
        ];
        for (reply, wanted) in table {
            let server = Server::answering(move |_| reply.clone()).await;
            all.push((failed(&server.url).await, wanted));
        }
        for (said, wanted) in &all {
            assert!(said.contains(wanted) && said.len() < 320 && !said.contains('\n'), "{wanted}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    });
}

/// R26: what is throttled is left alone for as long as it says.
#[test]
fn r26_a_throttling_server_is_not_asked_again_by_another_look() {
    block_on(async {
        let server = Server::answering(|request| {
            if request.path.contains("can-i") {
                return argo(request);
            }
            Reply::Whole(429, "Retry-After: 30\r\n".to_owned(), String::new())
        })
        .await;
        let mine = wanted(vec![stray("apps", "Deployment", "search")]);
        let (systems, mut rx) = begin(spec(&source(&server.url), quickly()).unwrap(), mine.clone());
        read(&mut rx).await.unwrap_err();
        let newer = DifferencesWanted { version: "42".into(), ..mine };
        systems.look_at(Arc::new(Interest { differences: vec![newer], ..Interest::default() }));
        // The operator's own refresh asks all the same.
        systems.refresh();
        read(&mut rx).await.unwrap_err();
        assert_eq!(of_managed(&server).len(), 2);
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}

/// R26: who refuses the first of many objects is not asked for the others, nor for another Application.
#[test]
fn r26_whoever_refuses_is_asked_once_and_not_for_all_that_is_looked_at() {
    block_on(async {
        for (reply, words) in [
            (Reply::Whole(429, "Retry-After: 30\r\n".to_owned(), String::new()), "is throttling for 30s"),
            (error(401, 16, "invalid session: token is expired"), "make a new token"),
            (error(403, 7, "permission denied: applications, get, shop/prod"), "its RBAC must let"),
            (error(500, 13, "context canceled"), "has trouble of its own"),
        ] {
            let server = Server::answering(
                move |request| if request.path.contains("can-i") { argo(request) } else { reply.clone() },
            )
            .await;
            let strays = (0..12).map(|n| stray("", "ConfigMap", &format!("c{n}"))).collect();
            let first = DifferencesWanted { tree: true, windows: true, ..wanted(strays) };
            let second = DifferencesWanted { project: Name::new("other"), ..first.clone() };
            let (tx, mut rx) = mpsc::channel(64);
            let systems = Systems::start(vec![spec(&source(&server.url), quickly()).unwrap()], &tx, Clock::system());
            systems.look_at(Arc::new(Interest { differences: vec![first, second], ..Interest::default() }));
            let said = read(&mut rx).await.unwrap_err();
            assert!(said.contains(words) && !said.contains("not asked for"), "{said}");
            // Whoever waits for both hears of both.
            let said = read(&mut rx).await.unwrap_err();
            assert!(said.starts_with("not asked for, since another") && said.contains(words), "{said}");
            let asked = server.requests().into_iter().filter(|it| !it.path.contains("can-i")).count();
            // A login that is not accepted is read anew and tried once more.
            let tries = if words == "make a new token" { 2 } else { 1 };
            assert_eq!(asked, tries, "{words}");
            assert!(systems.shutdown(Duration::from_secs(10)).await);
        }
    });
}

/// R33: no redirect takes the token along.
#[test]
fn r33_no_redirect_takes_the_token_along() {
    block_on(async {
        let other = Server::answering(argo).await;
        for to in [other.url.clone(), other.url.replace("127.0.0.1", "localhost"), other.url.replace("http://", "//")] {
            for code in [301, 302, 303, 307, 308] {
                let head = format!("Location: {to}/api/v1/applications\r\n");
                let server = Server::answering(move |_| Reply::Whole(code, head.clone(), String::new())).await;
                let said = told(&source(&server.url)).await.unwrap_err();
                assert!(said.contains("which is not followed"), "{to} {code}: {said}");
            }
        }
        assert!(other.requests().is_empty(), "{:?}", other.requests());
    });
}

/// R35: what cannot be sent is told before anything is.
#[test]
fn r35_what_cannot_stand_in_a_header_is_told_and_not_sent() {
    block_on(async {
        let server = Server::answering(argo).await;
        for odd in ["line\nbreak", "nul\0l", "grün"] {
            let token = ArgoSource { login: Login::Token(SecretSource::Fixed(odd)), ..source(&server.url) };
            let said = told(&token).await.unwrap_err();
            assert!(said.contains("it cannot be sent") && !said.contains(odd), "{said}");
        }
        for (url, wanted) in [
            ("nowhere", "needs http:// or https:// and a host"),
            ("http://argocd.example", "a login would go there for everybody to read; mend it in sources.argocd.url"),
            ("https://ada:hunter3@argocd.example", "holds a user or a password"),
        ] {
            let said = ArgoServer::new(&source(url)).unwrap_err().to_string();
            assert!(said.contains(wanted) && !said.contains("hunter"), "{url}: {said}");
        }
        let odd = ArgoSource { ca: Some("no/such/file.pem".into()), ..source("https://127.0.0.1:1") };
        let said = told(&odd).await.unwrap_err();
        assert!(said.contains("the certificates no/such/file.pem of sources.argocd.ca cannot be used"), "{said}");
        assert!(server.requests().is_empty());
    });
}
