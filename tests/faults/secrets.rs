//! Tokens: where they come from, what is refused (R35, R51), and that no sentence holds one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quarterdeck::model::scope::{ArgoSource, Login, SecretSource};
use quarterdeck::net::{ArgoServer, GitHub, RustCi, Token, Wanted, resolve_secret};
use secrecy::ExposeSecret as _;

use super::server::{Reply, Server, cluster, spec};
use super::support::block_on;

const DEADLINE: Duration = Duration::from_secs(20);

fn file(folder: &Path, bytes: &[u8], mode: u32) -> SecretSource {
    let path = folder.join("token");
    // As root in a container, a file of another mode is written all the same.
    let _ = fs::remove_file(&path);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    SecretSource::File(path)
}

fn command(words: &[&str]) -> SecretSource {
    SecretSource::Command(words.iter().map(|&word| word.to_owned()).collect())
}

async fn refusal(source: &SecretSource) -> String {
    let said = resolve_secret(source, DEADLINE).await.expect_err("it was taken");
    assert!(!said.contains("hunter"), "{said}");
    said
}

#[test]
fn a_token_of_a_file_or_a_program_loses_the_line_feed_at_its_end() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, mode) in [(&b"hunter2\n"[..], 0o600), (b"hunter2\r\n", 0o400), (b"hunter2", 0o600)] {
            let token = resolve_secret(&file(folder.path(), bytes, mode), DEADLINE).await.unwrap();
            assert_eq!(token.expose_secret(), "hunter2");
        }
        let token = resolve_secret(&command(&["printf", "hunter2\\n"]), DEADLINE).await.unwrap();
        assert_eq!(token.expose_secret(), "hunter2");
        assert!(!format!("{token:?}").contains("hunter"));
    });
}

#[test]
fn r35_what_cannot_stand_in_a_header_is_refused_in_words() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let cases: [(&[u8], &str); 8] = [
            (b"hunter2\nhunter3", "line break"),
            (b"hunter2\n\n", "line break"),
            (b"hunter2\rX", "line break"),
            (b"hunter2\0", "NUL"),
            ("hunter2é".as_bytes(), "not ASCII"),
            (b"hunter2\xff", "not ASCII"),
            (b"hunter 2", "space"),
            (b"", "is empty"),
        ];
        for (bytes, word) in cases {
            let said = refusal(&file(folder.path(), bytes, 0o600)).await;
            assert!(said.contains(word) && said.contains("token"), "{bytes:?}: {said}");
        }
    });
}

#[test]
fn r51_a_token_file_that_others_may_read_is_refused() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660, 0o610, 0o601] {
            let said = refusal(&file(folder.path(), b"hunter2", mode)).await;
            assert!(said.contains("can be read by others") && said.contains("chmod 600"), "{mode:o}: {said}");
        }
        let missing = SecretSource::File(PathBuf::from("no/such/token"));
        assert!(refusal(&missing).await.contains("cannot be read"));
        assert!(refusal(&SecretSource::File(folder.path().to_owned())).await.contains("is no file"));
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(refusal(&SecretSource::File(pipe)).await.contains("is no file"));
        let long = vec![b'h'; 65 * 1024];
        assert!(refusal(&file(folder.path(), &long, 0o600)).await.contains("larger than 64 KiB"));
    });
}

#[test]
fn a_program_that_hangs_floods_fails_or_is_missing_is_named_without_its_output() {
    block_on(async {
        let said = refusal(&command(&["sh", "-c", "echo hunter2; echo locked >&2; exit 4"])).await;
        assert!(said.contains("sh failed (exit status: 4): locked"), "{said}");
        let said = refusal(&command(&["yes", "hunter2"])).await;
        assert!(said.contains("more than 64 KiB"), "{said}");
        let said = refusal(&command(&["quarterdeck-no-such-program"])).await;
        assert!(said.contains("did not start"), "{said}");
        let said = refusal(&command(&["sh", "-c", "read answer || { echo no input >&2; exit 1; }"])).await;
        assert!(said.contains("no input"), "{said}");
        assert!(refusal(&command(&[])).await.contains("is empty"));
        let hanging = command(&["sleep", "600"]);
        let said = resolve_secret(&hanging, Duration::from_millis(200)).await.unwrap_err();
        assert!(said.contains("no answer within 0.2 s"), "{said}");
        assert!(refusal(&SecretSource::Env("QUARTERDECK_NO_SUCH_VARIABLE".to_owned())).await.contains("is not set"));
    });
}

#[test]
fn a_token_is_read_when_it_is_needed_and_once_more_after_a_401() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let script = format!("echo run >> {}; echo hunter2", runs.display());
        let token = Token::new(Wanted::Of(command(&["sh", "-c", &script])), DEADLINE);
        let count = || fs::read_to_string(&runs).unwrap_or_default().lines().count();
        assert_eq!(count(), 0, "nothing runs before the first need");
        let (a, b) = tokio::join!(token.get(), token.get());
        let held = a.unwrap();
        assert_eq!((b.unwrap().epoch, count()), (held.epoch, 1));
        assert!(!format!("{held:?} {token:?}").contains("hunter"));
        // Two requests were refused with one token: it is read anew once.
        assert!(token.renew(held.epoch).await && token.renew(held.epoch).await);
        let anew = token.get().await.unwrap();
        assert!(token.renew(held.epoch).await);
        assert_eq!((anew.epoch, token.get().await.unwrap().epoch, count()), (held.epoch + 1, held.epoch + 1, 2));

        let none = Token::new(Wanted::Nothing, DEADLINE);
        assert!(none.get().await.unwrap().secret.is_none());
        assert!(!none.renew(1).await);
    });
}

/// A gateway that repeats in its error what it was sent: the sentence goes to the screen and into the journal.
#[test]
fn no_error_of_a_server_brings_a_token_back() {
    block_on(async {
        let token = "hunter2-of-a-gateway";
        let server = Server::answering(move |_| {
            Reply::status(500, "Internal", &format!("rejected: Authorization: Bearer {token} (see the log)"))
        })
        .await;
        let fixed = || SecretSource::Fixed(token);
        let rustci = RustCi::new(&server.url, Some(&fixed())).unwrap();
        let github = GitHub::new(&server.url, Wanted::Of(fixed())).unwrap();
        let login = Login::Token(fixed());
        let url = server.url.clone();
        let argocd =
            ArgoServer::new(&ArgoSource { url, login, ca: None, contexts: Vec::new(), discovered: None }).unwrap();
        let said = [
            rustci.get("/api/ci/pipelines").await.map(drop).unwrap_err(),
            github.get("/repos/a/b/actions/runs").await.map(drop).unwrap_err(),
            argocd.who().await.map(drop).unwrap_err(),
            // Whose token nobody here has read.
            cluster(&spec(&server.url)).read().get("/version").await.map(drop).unwrap_err(),
        ];
        for said in said.map(|error| error.to_string()) {
            assert!(!said.contains("hunter2"), "{said}");
            assert!(said.contains("••••••"), "it was there: {said}");
        }
    });
}
