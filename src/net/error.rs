//! What can go wrong on the way to a server, in one line each, causes included.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use super::{failure, told};

/// Nobody waits longer for a server that was asked for nothing dear.
const PAUSE_MOST: Duration = Duration::from_mins(1);

/// What a server is called whose name is not known where something breaks.
pub(crate) const NAMELESS: &str = "the server";

/// A request that brought no answer, or one that says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The exec plug-in or token file of the kubeconfig gave no credential. Nothing was sent.
    #[error("no credential: {0}")]
    Credential(String),
    /// The client could not be built (a certificate that is none, …). Nothing was sent.
    #[error("{0}")]
    Unusable(String),
    /// No connection: DNS, refused, unreachable, TLS. Nothing of the request was sent.
    #[error("{0}")]
    Connect(String),
    #[error("no {what} within {} s", .after.as_secs_f32())]
    Deadline { what: &'static str, after: Duration },
    /// The connection broke after it stood.
    #[error("connection lost: {0}")]
    Transport(String),
    /// The server answered, and not with 2xx.
    #[error("{message} ({code}{})", reason_suffix(.reason))]
    Api { code: u16, reason: String, message: String, retry_after: Option<Duration> },
    #[error("{}", too_large(*.limit, .from))]
    TooLarge {
        limit: usize,
        /// Whose it is; empty where that is not known.
        from: String,
    },
    /// A rate limit: nothing was asked, or the answer was that. Nothing is asked for so long.
    #[error("{why}; asked again in {} s", .wait.as_secs())]
    Held { wait: Duration, why: String },
    /// The repository has another name now; the path under which it is known.
    #[error("it has another name now")]
    Moved { to: String },
    /// Not followed: a token belongs to one server.
    #[error("{} answers with a redirect{}, which is not followed; check its URL", whose(.from), to_server(.server))]
    Redirected {
        server: String,
        /// Who answers so; empty where that is not known.
        from: String,
    },
    /// A whole answer, and not what was asked for.
    #[error("{0}")]
    Unreadable(String),
    /// The pages of a list do not make a list.
    #[error("{0}")]
    Paging(String),
}

fn reason_suffix(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" {reason}") }
}

fn whose(from: &str) -> &str {
    if from.is_empty() { "it" } else { from }
}

fn too_large(limit: usize, from: &str) -> String {
    let limit = limit >> 20;
    if from.is_empty() {
        format!("the answer is larger than {limit} MiB")
    } else {
        format!("{from} answers with more than {limit} MiB, which nothing it is asked for has; check its URL")
    }
}

fn to_server(server: &str) -> String {
    if server.is_empty() { String::new() } else { format!(" to {server}") }
}

impl NetError {
    /// Another try may help: throttled, a gateway's trouble, the connection.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Deadline { .. } | Self::Transport(_) => true,
            Self::Api { code, .. } => matches!(code, 429 | 502 | 503 | 504),
            Self::Credential(_)
            | Self::Unusable(_)
            | Self::TooLarge { .. }
            | Self::Held { .. }
            | Self::Moved { .. }
            | Self::Redirected { .. }
            | Self::Unreadable(_)
            | Self::Paging(_) => false,
        }
    }

    /// The same, with the name of the server where it has none.
    #[must_use]
    pub(crate) fn at(mut self, server: &str) -> Self {
        match &mut self {
            Self::TooLarge { from, .. } | Self::Redirected { from, .. } if from.is_empty() => server.clone_into(from),
            // A body that broke off knows of no server.
            Self::Transport(message) => {
                if let Some(rest) = message.strip_prefix(NAMELESS) {
                    *message = format!("{server}{rest}");
                }
            }
            _ => {}
        }
        self
    }

    /// How long the server wants to be left alone, as far as that is believed.
    pub(crate) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Api { retry_after, .. } => retry_after.map(|after| after.min(PAUSE_MOST)),
            _ => None,
        }
    }

    /// The HTTP status, when there was one.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Api { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// From what kube's client reports when sending failed.
    pub(crate) fn from_send(error: &kube::Error, server: &str) -> Self {
        let message = failure::sentence(server, error);
        if connect_failed(error) { Self::Connect(message) } else { Self::Transport(message) }
    }

    /// From an answer that is not 2xx: the API server's `Status`, or the first words of the body.
    pub(crate) fn from_status(code: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            #[serde(default)]
            message: String,
            #[serde(default)]
            reason: String,
        }
        let (message, reason) = match serde_json::from_slice::<Status>(body) {
            Ok(status) if !status.message.is_empty() => (status.message, status.reason),
            _ => (first_words(code, body), String::new()),
        };
        Self::Api { code, reason, message: told::without_logins(message), retry_after }
    }
}

/// A proxy's error page is HTML of any length; its first line says enough.
fn first_words(code: u16, body: &[u8]) -> String {
    let name =
        http::StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()).unwrap_or("HTTP error");
    let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() && !line.starts_with('<') => format!("{name}: {line}"),
        _ => name.to_owned(),
    }
}

/// An error and all that caused it; libraries hide the telling part behind `source()`.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let line = inner.to_string();
        if !text.contains(&line) {
            let _ = write!(text, ": {line}");
        }
        cause = inner.source();
    }
    text
}

/// Whether it failed before the request could leave.
pub(crate) fn connect_failed(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(legacy) = inner.downcast_ref::<hyper_util::client::legacy::Error>() {
            return legacy.is_connect();
        }
        cause = inner.source();
    }
    false
}
