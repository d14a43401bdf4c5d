//! R30 for an engine: each way to fail has its own sentence with the next step.

use std::collections::BTreeSet;
use std::time::Duration;

use quarterdeck::net::{Docker, DockerDeadlines, NetError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};

const QUICK: DockerDeadlines = DockerDeadlines {
    connect: Duration::from_millis(500),
    version: Duration::from_millis(500),
    head: Duration::from_millis(300),
    idle: Duration::from_millis(300),
    total: Duration::from_secs(2),
};

async fn told(host: &str) -> NetError {
    Docker::with_deadlines(host, QUICK).unwrap().get("/containers/json").await.expect_err(host)
}

/// A server that reads a request and answers with these bytes; with none it waits.
async fn answering(bytes: &'static [u8], then_waits: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            stream.write_all(bytes).await.unwrap();
            if then_waits {
                tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(stream);
                });
            }
        }
    });
    host
}

#[tokio::test]
async fn r30_every_way_to_fail_has_its_own_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file"), "no socket").unwrap();
    drop(UnixListener::bind(at("left")).unwrap());
    let silent = UnixListener::bind(at("silent")).unwrap();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let unix = |name: &str| format!("unix://{}", at(name).display());
    let page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 21\r\n\r\n<html>Sign in!</html>";
    let flood = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"ApiVersion\":";
    let large = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{";
    let tls = b"HTTP/1.0 400 Bad Request\r\ncontent-length: 47\r\n\r\nClient sent an HTTP request to an HTTPS server.";
    let cases = [
        (unix("absent"), "is the Docker daemon running?"),
        (unix("no/where"), "nor does its directory"),
        (unix("file"), "is no socket"),
        (unix("left"), "nobody listens on it"),
        (unix("silent"), "did not answer within"),
        (format!("tcp://{closed}"), "refused the connection"),
        (answering(b"", false).await, "before it answered"),
        (answering(b"SSH-2.0-OpenSSH_9.2\r\n", true).await, "not in HTTP"),
        (answering(page, true).await, "not as a Docker Engine does"),
        (answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", true).await, "no Docker API there"),
        (answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nlater", true).await, "cannot answer now"),
        (answering(b"HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n", true).await, "behind a proxy"),
        (answering(tls, true).await, "wants TLS"),
    ];
    let mut all = BTreeSet::new();
    for (host, wanted) in cases {
        let error = told(&host).await;
        let said = error.to_string();
        assert!(said.contains(wanted), "{host}: {said}");
        assert!(said.starts_with(&host) && said.len() < 260, "{said}");
        assert!(all.insert(said.replace(&host, "")), "two ways, one sentence: {said}");
    }
    // What would have no end is not read.
    for host in [answering(flood, true).await, answering(large, true).await] {
        let said = told(&host).await.to_string();
        assert!(said.contains("not as a Docker Engine does"), "{said}");
    }
    drop(silent);
}

#[tokio::test]
async fn the_version_is_negotiated_and_stands_before_every_path() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        for body in [r#"{"Version":"20.10.24","ApiVersion":"1.41"}"#, "[]"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let head = String::from_utf8_lossy(&request[..read]).into_owned();
            asked.push(head.lines().next().unwrap_or_default().to_owned());
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    });
    let client = Docker::new(&host).unwrap();
    assert_eq!(&client.get("/containers/json?all=true").await.unwrap().body[..], b"[]");
    let asked = asked.await.unwrap();
    assert!(asked[0].ends_with("/version HTTP/1.1"), "{asked:?}");
    assert_eq!(asked[1], "GET /v1.41/containers/json?all=true HTTP/1.1");
}
