//! What is wrong with a GitHub host, in a sentence with the next step (issue: wrong token, expired
//! token, a repository that is not to be seen, limits).

use std::time::Duration;

use jiff::Timestamp;

use crate::model::source::FeedStatus;
use crate::net::NetError;
use crate::safe;
use crate::text::Safe;

/// What a failure means for a repository's pane.
pub(super) enum Trouble {
    /// Nothing helps but a person.
    Denied(Safe),
    /// It may pass; `Some`: not before so long.
    Passing(Safe, Option<Duration>),
}

/// The host of github.com's API.
const PUBLIC: &str = "api.github.com";

/// The sentence. `who`: where the token comes from.
pub(super) fn trouble(error: &NetError, repository: &str, token: Option<&str>, wall: Timestamp, host: &str) -> Trouble {
    let said = Safe::line(&error.to_string());
    let repository = Safe::identity(repository);
    match error {
        NetError::Credential(why) => Trouble::Denied(Safe::line(why)),
        NetError::Held { wait, why } => {
            let at = wall.checked_add(*wait).unwrap_or(wall).strftime("%H:%M:%S").to_string();
            let message = safe!("{}; nothing is asked until {} UTC", Safe::line(why), Safe::line(&at));
            Trouble::Passing(message, Some(*wait))
        }
        NetError::Api { code: code @ (401 | 403 | 404), message, .. } => {
            Trouble::Denied(denied(*code, message, &repository, token))
        }
        // Its Actions answer so, too, when they are off.
        NetError::Api { code: 410 | 422, .. } => Trouble::Denied(safe!("{}: {}", repository, said)),
        NetError::Api { code: 500.., .. } => {
            // Of a server of one's own GitHub's page of troubles says nothing.
            let next = if host == PUBLIC {
                safe!("it has trouble of its own (www.githubstatus.com), or a proxy has; it is asked again by itself")
            } else {
                safe!(
                    "it has trouble of its own: ask who runs {}, or the proxy before it; it is asked again by itself",
                    Safe::identity(host)
                )
            };
            Trouble::Passing(safe!("GitHub: {}; {}", said, next), None)
        }
        NetError::Api { .. } => {
            Trouble::Passing(safe!("GitHub: {}; check its address, and whether it is GitHub that answers", said), None)
        }
        NetError::Deadline { .. } => {
            Trouble::Passing(safe!("GitHub: {}; check the network, the VPN or HTTPS_PROXY", said), None)
        }
        _ => Trouble::Passing(said, None),
    }
}

fn denied(code: u16, message: &str, repository: &Safe, token: Option<&str>) -> Safe {
    let said = Safe::line(message);
    let lower = message.to_ascii_lowercase();
    let from = |words: &'static str| {
        if let Some(token) = token {
            safe!("the token of {} {}", Safe::line(token), Safe::of(words))
        } else {
            Safe::of("nobody is logged in; set GH_TOKEN, or run gh auth login")
        }
    };
    match code {
        401 if lower.contains("expired") => safe!("GitHub: {} (401): {}", said, from("has expired; make a new one")),
        401 => safe!("GitHub: {} (401): {}", said, from("is wrong, expired or revoked; make a new one")),
        403 if lower.contains("saml") || lower.contains("sso") => {
            safe!("{}: {} (403); authorize the token for the organization's single sign-on", repository, said)
        }
        403 if lower.contains("ip allow list") || lower.contains("ip address is not permitted") => {
            let next = "your address is not on the organization's allow list: come through its VPN, or have it added";
            safe!("{}: {} (403); {}", repository, said, Safe::of(next))
        }
        403 => safe!("{}: {} (403); the token needs Actions: read for it", repository, said),
        _ => {
            let next = match token {
                Some(_) => "or the token may not see it: check the name, and that the token has Actions: read for it",
                None => "or it is private: check the name, set GH_TOKEN, or run gh auth login",
            };
            safe!("{} is not there (404), {}", repository, Safe::of(next))
        }
    }
}

/// The status of a feed in trouble.
pub(super) fn status(message: Safe, denied: bool, since: Option<Duration>, retry_at: Duration) -> FeedStatus {
    match since {
        _ if denied => FeedStatus::Denied { message },
        Some(since) => FeedStatus::Stale { since, message, retry_at: Some(retry_at) },
        None => FeedStatus::Failed { message, retry_at: Some(retry_at) },
    }
}
