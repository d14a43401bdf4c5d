//! What a GitHub host that is none, or not as it should be, is said to be: with its name, and what to do.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::hub::{LIMITS, Reading, client, refusal};
use super::server::{Reply, Server};
use super::support::block_on;

async fn said(url: &str) -> String {
    let mut reading = Reading::start(client(url));
    let (_, message) = reading.trouble().await;
    reading.stop().await;
    message
}

#[test]
fn an_answer_that_is_none_of_github_names_the_host_and_a_step() {
    block_on(async {
        let allow = "Although you appear to have the correct authorization credentials, the `acme` organization has an \
                     IP allow list enabled, and your IP address is not permitted to access this resource.";
        let large = " ".repeat((16 << 20) + 1);
        for (reply, words) in [
            (Reply::Whole(200, LIMITS.to_owned(), large), "answers with more than 16 MiB"),
            (Reply::Whole(302, LIMITS.to_owned(), String::new()), "answers with a redirect, which is not followed"),
            (Reply::Cut("{\"total_count\": 1,".to_owned()), "closed the connection before it had answered"),
        ] {
            let server = Server::answering(move |_| reply.clone()).await;
            let said = said(&server.url).await;
            assert!(said.contains(&server.url) && said.contains(words), "{words}: {said}");
        }
        let server = Server::answering(move |_| refusal(403, LIMITS, allow)).await;
        let told = said(&server.url).await;
        assert!(told.contains("come through its VPN") && !told.contains("Actions: read"), "{told}");
        // GitHub's own page of troubles knows nothing of another host.
        let server = Server::answering(|_| refusal(502, LIMITS, "Bad Gateway")).await;
        let told = said(&server.url).await;
        assert!(told.contains("ask who runs 127.0.0.1") && !told.contains("githubstatus"), "{told}");
    });
}

/// SSH greets whoever comes, before it is asked anything.
#[test]
fn a_server_that_speaks_first_is_no_web_server() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let greets = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await;
                held.push(stream);
            }
        });
        let told = said(&url).await;
        greets.abort();
        assert!(told.contains(&url), "{told}");
        // Whether the greeting comes before or after the request is on its way is the machine's affair: where it is
        // heard first, all that the client's library tells is that this connection is of no use.
        let heard = ["as SSH or SMTP does", "does not speak HTTP"].iter().any(|words| told.contains(words));
        assert!(heard && told.contains("check the port") || told.contains("closed the connection before"), "{told}");
    });
}
