//! Runs a task for as long as the program lives: a panic in it is caught, told, and the task starts
//! again after 1, 2, 4 … 60 s.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::pace::{Backoff, Pace};
use crate::text::Safe;

/// Runs what `make` makes until it returns or `cancel` comes. `stopped` is told the panic's message
/// and how long until the next start.
pub(super) async fn supervise<F, T, S, R>(cancel: CancellationToken, pace: Pace, make: F, stopped: S)
where
    F: Fn() -> T,
    T: Future<Output = ()> + Send + 'static,
    S: Fn(Safe, Duration) -> R,
    R: Future<Output = ()>,
{
    let (floor, cap) = pace.restart;
    let mut backoff = Backoff::new(floor, cap);
    loop {
        let started = Instant::now();
        let mut task = tokio::spawn(make());
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                task.abort();
                // Joined, so that nothing of it outlives the supervisor.
                let _ = task.await;
                return;
            }
            ended = &mut task => ended,
        };
        let Err(error) = ended else { return };
        // A task that ran long enough starts its count anew.
        if started.elapsed() > cap {
            backoff.reset();
        }
        let wait = backoff.next();
        stopped(panic_message(error), wait).await;
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(wait) => {}
        }
    }
}

/// What a task said when it panicked.
pub(super) fn panic_message(error: tokio::task::JoinError) -> Safe {
    let Ok(payload) = error.try_into_panic() else { return Safe::of("cancelled") };
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Safe::line(text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Safe::line(text)
    } else {
        Safe::of("panic without a message")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn r12_a_hundred_panics_over_ten_tasks_are_told_and_end_nothing() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let floor = Duration::from_millis(1);
            let pace = Pace { restart: (floor, floor * 60), ..Pace::default() };
            let cancel = CancellationToken::new();
            let (tx, mut rx) = mpsc::channel(200);
            let mut supervisors = Vec::new();
            for task in 0..10 {
                let (starts, tx) = (Arc::new(AtomicUsize::new(0)), tx.clone());
                // Panics ten times, then runs on.
                let make = move || {
                    let start = starts.fetch_add(1, Ordering::SeqCst);
                    async move {
                        assert!(start >= 10, "panic {start} of task {task}");
                        std::future::pending::<()>().await;
                    }
                };
                let stopped = move |message: Safe, wait| {
                    let tx = tx.clone();
                    async move { tx.send((task, message, wait)).await.unwrap() }
                };
                supervisors.push(tokio::spawn(supervise(cancel.clone(), pace, make, stopped)));
            }
            let mut told = vec![Vec::new(); 10];
            for _ in 0..100 {
                let (task, message, wait) = rx.recv().await.unwrap();
                let told: &mut Vec<Duration> = &mut told[task];
                assert_eq!(message.as_str(), format!("panic {} of task {task}", told.len()));
                told.push(wait);
            }
            for waits in told {
                // 1, 2, 4 … 60 times the floor, and the jitter.
                for (wait, times) in waits.iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]) {
                    assert!(*wait >= floor * times && *wait <= floor * times * 6 / 5, "{waits:?}");
                }
            }
            cancel.cancel();
            for supervisor in supervisors {
                supervisor.await.unwrap();
            }
            assert!(rx.try_recv().is_err(), "a panic too many");
        });
    }
}
