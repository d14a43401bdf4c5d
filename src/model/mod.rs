//! The domain as plain data, in the field's words. Facts only (times, counts, enums); words and
//! ages are made from them at the last moment. Uses nothing but std, jiff, serde and [`crate::text`].

mod ids;
pub mod kubernetes;
pub mod log;
pub mod rollouts;
pub mod source;

use std::time::Duration;

use jiff::Timestamp;

pub use ids::{ClusterId, Kind, Name, ObjectId, SystemId, Uid};

/// The time, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, for ages of objects and for the footer. In the demo it runs faster.
    pub wall: Timestamp,
    /// Since the program started, monotonic, never scaled: freshness, deadlines, arming delays.
    pub mono: Duration,
}
