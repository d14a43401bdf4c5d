//! The only place that reads a clock. Everything else is given [`Now`] as data, so a frame is a
//! function of state, theme and size. `.clippy.toml` bans the `now()` functions elsewhere.
//!
//! The wall clock may run faster than the machine's: the demo plays twenty minutes in one. The
//! monotonic clock never does; freshness, deadlines and the arming delay of a dialog use it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::model::Now;

/// Reads both clocks. Copied to whoever needs the time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    /// Where a world of its own began and how fast it runs; `None` = the machine's wall clock.
    world: Option<(Timestamp, f64)>,
}

impl Clock {
    /// The machine's own time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may read the clocks")]
    pub fn system() -> Self {
        Self { started: Instant::now(), world: None }
    }

    /// A wall clock that shows `origin` now and then runs `speed` times as fast as the machine's.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may read the clocks")]
    pub fn scaled(origin: Timestamp, speed: f64) -> Self {
        Self { started: Instant::now(), world: Some((origin, speed)) }
    }

    /// Both clocks, read once. The machine's wall clock is read anew each time: the monotonic one
    /// stands still while the machine sleeps.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may read the clocks")]
    pub fn now(&self) -> Now {
        let mono = self.started.elapsed();
        let wall = match self.world {
            None => Timestamp::now(),
            Some((origin, speed)) => origin + Duration::from_secs_f64(mono.as_secs_f64() * speed),
        };
        Now { wall, mono }
    }

    /// How many times as fast as the machine's the wall clock runs.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.world.map_or(1.0, |(_, speed)| speed)
    }

    /// The wall clock is the machine's own.
    #[must_use]
    pub const fn is_system(&self) -> bool {
        self.world.is_none()
    }
}
