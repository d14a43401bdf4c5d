//! Work that takes milliseconds, done where the loop does not wait for it.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

/// Each thread that decodes keeps memory of its own for the next time, and a start asks for dozens of lists at
/// once: more threads than cores would be no faster, and more than these cost more than they bring.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(turns()));

fn turns() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4))
}

/// `None` where the work panicked.
pub(super) async fn decode<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _turn = TURNS.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{decode, turns};

    #[test]
    fn no_more_at_once_than_there_are_turns_and_a_panic_gives_its_turn_back() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let all: Vec<_> = (0..40)
            .map(|number| {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                runtime.spawn(decode(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    assert!(number % 10 != 3, "one that panics");
                    number
                }))
            })
            .collect();
        let told: Vec<Option<usize>> = all.into_iter().map(|one| runtime.block_on(one).unwrap()).collect();
        assert_eq!(told.iter().flatten().count(), 36);
        assert!(most.load(Ordering::SeqCst) <= turns());
    }
}
