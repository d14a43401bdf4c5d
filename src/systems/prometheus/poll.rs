//! What every task that asks Prometheus again and again needs: the pace, how it stands, the server's
//! clock.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::model::source::{FeedEvent, FeedStatus};
use crate::net::{Answer, NetError, Prometheus};
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// Differences that the whole seconds of `Date` and the way there explain.
const SKEW_SECONDS: f64 = 2.0;

/// Why there is no answer, or none of use.
#[derive(Debug)]
pub(super) enum Fault {
    Net(NetError),
    /// It came, and is not what it should be.
    Odd(Safe),
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

impl From<Safe> for Fault {
    fn from(why: Safe) -> Self {
        Self::Odd(why)
    }
}

impl Fault {
    pub(super) fn words(&self) -> Safe {
        match self {
            Self::Net(error @ NetError::Deadline { .. }) => {
                let next = "check the network; it may be too busy, or the query too heavy";
                crate::safe!("{}; {}", Safe::line(&error.to_string()), Safe::of(next))
            }
            Self::Net(error) => Safe::line(&error.to_string()),
            Self::Odd(why) => why.clone(),
        }
    }

    /// The query is no PromQL: 400. What it finds may be at fault with 422, which passes.
    pub(super) fn is_invalid(&self) -> bool {
        matches!(self, Self::Net(error) if error.code() == Some(400))
    }

    /// Nothing but what was asked may be at fault: the server was reached, and took it amiss or too
    /// long over it.
    pub(super) const fn is_of_query(&self) -> bool {
        match self {
            Self::Odd(_) => true,
            Self::Net(error) => {
                matches!(error, NetError::Api { .. } | NetError::Deadline { .. } | NetError::TooLarge { .. })
            }
        }
    }

    /// Another query may do better: 400 and 422.
    pub(super) fn is_query(&self) -> bool {
        matches!(self, Self::Net(error) if matches!(error.code(), Some(400 | 422)))
    }
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woke {
    Time,
    /// The operator wants all of it read again.
    Refresh,
    /// Something else is looked at.
    Interest,
}

/// See the module.
pub(super) struct Poll {
    pub(super) client: Prometheus,
    pub(super) outlet: Outlet,
    has_data: bool,
    since: Option<Duration>,
    said: Option<FeedStatus>,
    /// Seconds that the server's clock is ahead of ours, as it was told last.
    skew: Option<i64>,
    backoff: Backoff,
}

impl Poll {
    pub(super) fn new(client: Prometheus, outlet: Outlet) -> Self {
        let backoff = Backoff::new(outlet.pace.floor, outlet.pace.cap);
        Self { client, outlet, has_data: false, since: None, said: None, skew: None, backoff }
    }

    pub(super) fn mono(&self) -> Duration {
        self.outlet.clock.now().mono
    }

    /// The evaluation time of what is asked now: by the server's clock, or a console whose clock is
    /// ahead would ask of a time without samples.
    pub(super) fn evaluation(&self) -> Timestamp {
        let wall = self.outlet.clock.now().wall;
        let second = wall.as_second() + self.skew.unwrap_or(0);
        Timestamp::from_second(second).unwrap_or(wall)
    }

    /// Between two readings: less in a world whose time runs faster.
    pub(super) fn between(&self) -> Duration {
        self.outlet.between(self.outlet.pace.figures)
    }

    /// The server's clock beside ours; true when it was not known to be off so far.
    pub(super) async fn heard(&mut self, answer: &Answer) -> Result<bool, Gone> {
        // Where time runs faster, what a clock seems to be off by is how long the answer took, many times over.
        let Some(date) = answer.date.filter(|_| self.outlet.clock.speed() <= 1.0) else { return Ok(false) };
        let wall = self.outlet.clock.now().wall;
        let off = (date.as_millisecond() - wall.as_millisecond()) as f64 / 1000.0;
        let noise = SKEW_SECONDS;
        let skew = if off.abs() <= noise { 0 } else { off.round() as i64 };
        let news = self.skew.unwrap_or(0).abs_diff(skew) as f64 > noise;
        if self.skew.is_none() || news {
            self.skew = Some(skew);
            self.outlet.tell(FeedEvent::Skew(skew)).await?;
        }
        Ok(news)
    }

    /// A whole reading came and was told.
    pub(super) fn went_well(&mut self) {
        self.has_data = true;
        self.since = None;
        self.said = None;
        self.backoff.reset();
    }

    /// Says what is wrong; how long to wait before the next try.
    pub(super) async fn went_wrong(&mut self, fault: &Fault) -> Result<Duration, Gone> {
        let pace = self.outlet.pace;
        let mut wait = self.backoff.next();
        let message = fault.words();
        let now = self.mono();
        let since = *self.since.get_or_insert(now);
        let status = match fault {
            Fault::Net(error) if matches!(error.code(), Some(401 | 403)) => {
                wait = pace.denied;
                FeedStatus::Denied { message }
            }
            Fault::Net(NetError::Credential(_)) => {
                wait = pace.denied;
                FeedStatus::Denied { message }
            }
            _ => {
                if let Fault::Net(NetError::Api { retry_after: Some(after), .. }) = fault {
                    wait = wait.max((*after).min(Duration::from_mins(1)));
                }
                let retry_at = Some(now + wait);
                if self.has_data {
                    FeedStatus::Stale { since, message, retry_at }
                } else {
                    FeedStatus::Failed { message, retry_at }
                }
            }
        };
        if self.said.as_ref() != Some(&status) {
            self.said = Some(status.clone());
            self.outlet.tell(FeedEvent::Status(status)).await?;
        }
        Ok(wait)
    }

    /// Waits so long, or until the operator wants it sooner, whatever is looked at meanwhile.
    pub(super) async fn rest_alone(&mut self, wait: Duration) -> Result<(), Gone> {
        tokio::select! {
            () = sleep(wait) => Ok(()),
            () = self.outlet.tx.closed() => Err(Gone),
            changed = self.outlet.refresh.changed() => changed.map_err(|_| Gone),
        }
    }

    /// Waits so long, or until somebody wants something sooner.
    pub(super) async fn rest(&mut self, wait: Duration) -> Result<Woke, Gone> {
        tokio::select! {
            () = sleep(wait) => Ok(Woke::Time),
            () = self.outlet.tx.closed() => Err(Gone),
            changed = self.outlet.refresh.changed() => changed.map(|()| Woke::Refresh).map_err(|_| Gone),
            changed = self.outlet.interest.changed() => changed.map(|()| Woke::Interest).map_err(|_| Gone),
        }
    }
}
