//! What is wrong with a registry, in a sentence with the next step.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::source::FeedStatus;
use crate::net::NetError;
use crate::safe;
use crate::text::Safe;

/// What a failure means for a repository's feed.
pub(super) struct Trouble {
    pub message: Safe,
    /// Nothing helps but a person.
    pub denied: bool,
    /// Not again before this.
    pub wait: Option<Duration>,
}

pub(super) fn trouble(error: &NetError, wall: Timestamp) -> Trouble {
    let of = |message, denied, wait| Trouble { message, denied, wait };
    match error {
        NetError::Held { wait, why } => {
            let at = wall.checked_add(*wait).unwrap_or(wall).strftime("%H:%M:%S").to_string();
            let message = safe!("{}; nothing is asked until {} UTC", Safe::line(why), Safe::line(&at));
            of(message, false, Some(*wait))
        }
        NetError::Credential(_) | NetError::Api { code: 401 | 403 | 404, .. } => of(sentence(error), true, None),
        _ => of(sentence(error), false, None),
    }
}

/// One line, with the next step.
pub(super) fn sentence(error: &NetError) -> Safe {
    match error {
        NetError::Credential(why) => Safe::line(why),
        NetError::Api { code, message, .. } => safe!("{} ({})", Safe::line(message), *code),
        NetError::Deadline { .. } => {
            safe!("{}; check the network, the VPN or HTTPS_PROXY", Safe::line(&error.to_string()))
        }
        _ => Safe::line(&error.to_string()),
    }
}

/// The status of a feed in trouble.
pub(super) fn status(trouble: Trouble, since: Option<Duration>, retry_at: Duration) -> FeedStatus {
    let message = trouble.message;
    match since {
        _ if trouble.denied => FeedStatus::Denied { message },
        Some(since) => FeedStatus::Stale { since, message, retry_at: Some(retry_at) },
        None => FeedStatus::Failed { message, retry_at: Some(retry_at) },
    }
}
