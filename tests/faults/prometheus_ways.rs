//! The way to Prometheus at its worst: every fault has its own sentence and next step (R30), and what
//! is sent goes to one place.

use quarterdeck::net::Prometheus;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};

use super::prometheus::{WELL, parameter, prometheus, quickly};
use super::server::{NAMELESS, Refusing, Reply, Server};
use super::support::block_on;

async fn error(url: &str) -> String {
    let client = Prometheus::with(url, None, quickly()).unwrap();
    client.alerts().await.unwrap_err().to_string()
}

#[test]
fn r30_every_fault_has_its_own_sentence() {
    block_on(async {
        let answering = |code: u16, headers: &str, body: &str| {
            let reply = Reply::Whole(code, headers.to_owned(), body.to_owned());
            Server::answering(move |_| reply.clone())
        };
        let mut told = Vec::new();
        told.push((error(&format!("http://{NAMELESS}:9090")).await, "check the name in sources.prometheus.url"));
        let gone = Refusing::new();
        told.push((error(&gone.url).await, "refused the connection; check that it runs"));
        // Nobody takes what waits in the line of this one.
        let full = TcpSocket::new_v4().unwrap();
        full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = full.listen(0).unwrap();
        let address = full.local_addr().unwrap();
        let _first = tokio::net::TcpStream::connect(address).await.unwrap();
        told.push((error(&format!("http://{address}")).await, "did not take the connection within 0.4 s"));
        // As a server without TLS does when it is greeted in TLS.
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tls = format!("https://{}", plain.local_addr().unwrap());
        let answering_plainly = tokio::spawn(async move {
            while let Ok((mut stream, _)) = plain.accept().await {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
                stream.readable().await.unwrap();
            }
        });
        told.push((error(&tls).await, "does not speak TLS on this port; check the server in sources.prometheus.url"));
        answering_plainly.abort();
        let reset = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = reset.local_addr().unwrap();
        let resetting = tokio::spawn(async move {
            while let Ok((stream, _)) = reset.accept().await {
                stream.readable().await.unwrap();
                stream.set_zero_linger().unwrap();
            }
        });
        let mut said = error(&format!("http://{address}")).await;
        // The kernel tells of a reset once: when a write has heard it, the read sees an end.
        for _ in 0..9 {
            if !said.contains("reset") {
                said = error(&format!("http://{address}")).await;
            }
        }
        told.push((said, "reset the connection"));
        resetting.abort();
        let cut = Server::answering(|_| Reply::Cut("{".to_owned())).await;
        told.push((error(&cut.url).await, "closed the connection"));
        let silent = Server::answering(|_| Reply::Silence).await;
        told.push((error(&silent.url).await, "no answer of Prometheus within 0.7 s"));
        let status = [
            (401, "wants a login; give sources.prometheus.token"),
            (403, "forbids the query; ask for a token"),
            (404, "no Prometheus API at this path; check the path"),
            (407, "behind a proxy that wants a password; check HTTP_PROXY"),
            (500, "answers with an error"),
            (503, "is not reached by the proxy in front of it"),
        ];
        for (code, wanted) in status {
            let server = answering(code, "Content-Type: text/html\r\n", "<html>").await;
            told.push((error(&server.url).await, wanted));
        }
        let login = answering(302, "Location: https://login.example.com/\r\n", "").await;
        told.push((error(&login.url).await, "sends to https://login.example.com/; a login is in between"));
        let page = answering(200, "Content-Type: text/html\r\n", "<html>").await;
        told.push((error(&page.url).await, "answers with a web page, not with JSON"));
        for (said, wanted) in &told {
            assert!(said.contains(wanted) && said.len() < 200 && !said.contains('\n'), "{wanted}: {said}");
        }
    });
}

/// A long query goes in the body, a refused one is not sent again, a gateway's trouble is.
#[test]
fn reads_are_repeated_only_where_it_may_help() {
    block_on(async {
        let at = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        for (code, tries) in [(502, 3), (422, 1), (400, 1), (500, 1)] {
            let server = Server::answering(move |_| Reply::Whole(code, String::new(), String::new())).await;
            let client = Prometheus::with(&server.url, None, quickly()).unwrap();
            client.query("up", at).await.unwrap_err();
            assert_eq!(server.requests().len(), tries, "{code}");
        }
        let server = Server::answering(prometheus(WELL)).await;
        let client = Prometheus::with(&format!("{}/", server.url), None, quickly()).unwrap();
        let long = format!("up{{job=\"{}\"}}", "x".repeat(3000));
        client.query(&long, at).await.unwrap();
        let asked = &server.requests()[0];
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/api/v1/query"));
        assert_eq!(parameter(asked, "query"), long);
        assert_eq!(parameter(asked, "time"), "1800000000.000");
    });
}

#[test]
fn a_token_does_not_leave_the_machine_in_the_open() {
    let token = quarterdeck::model::scope::SecretSource::Fixed("hunter2");
    for url in ["http://prometheus.example:9090", "http://10.0.0.7/p", "http://ada@127.0.0.1.example"] {
        let said = Prometheus::with(url, Some(&token), quickly()).expect_err(url).to_string();
        assert!(
            said.contains("sources.prometheus.url") && !said.contains("hunter2") && !said.contains("ada"),
            "{said}"
        );
        assert!(Prometheus::with(url, None, quickly()).is_ok(), "{url}: nothing secret goes there");
    }
    for url in ["https://prometheus.example", "http://127.0.0.1:9090", "http://localhost:9090", "http://[::1]:9090"] {
        assert!(Prometheus::with(url, Some(&token), quickly()).is_ok(), "{url}");
    }
}
