//! What the tests of this folder share.

use std::future::Future;
use std::time::Duration;

use quarterdeck::action::{Found, Operation, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::journal::Journal;
use quarterdeck::systems::{Intent, Spec, Systems};
use tokio::sync::mpsc;

/// Runs a test on two threads, with the TLS provider of the program.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    // Installed once; the second time says so and is right.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(test);
    runtime.shutdown_timeout(Duration::from_secs(5));
    result
}

/// Performs an operation and returns all that was told about it.
pub async fn perform(spec: Spec, operation: Operation, journal: Option<Journal>) -> Vec<Progress> {
    let (feeds, _kept) = mpsc::channel(64);
    let systems = Systems::start(vec![spec], &feeds, Clock::system());
    let intent: Intent = match journal {
        Some(journal) => Box::new(move |operation| journal.intent(operation)),
        None => Box::new(|_| Ok(())),
    };
    let (tx, mut rx) = mpsc::channel(8);
    let id = operation.id.clone();
    systems.perform(Box::new(operation), intent, tx);
    let mut told = Vec::new();
    while let Some((of, progress)) = next(&mut rx).await {
        assert_eq!(of, id);
        told.push(progress);
    }
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    told
}

/// Reads the evidence of an operation.
pub async fn evidence(spec: Spec, operation: Operation) -> (Found, String) {
    let (feeds, _kept) = mpsc::channel(64);
    let systems = Systems::start(vec![spec], &feeds, Clock::system());
    let (tx, mut rx) = mpsc::channel(8);
    systems.read_evidence(Box::new(operation), tx);
    let told = next(&mut rx).await;
    systems.shutdown(Duration::from_secs(10)).await;
    match told {
        Some((_, Progress::Evidence { found, message })) => (found, message.as_str().to_owned()),
        other => panic!("no evidence but {other:?}"),
    }
}

/// The next message; fails after a minute.
pub async fn next<T>(rx: &mut mpsc::Receiver<T>) -> Option<T> {
    tokio::time::timeout(Duration::from_mins(1), rx.recv()).await.expect("a message within a minute")
}
