//! What a refusal of Prometheus, or of what stands before it, means, and what to do.

use std::time::Duration;

use serde::Deserialize;

use super::{Prometheus, RETRY_AFTER_MOST};
use crate::net::NetError;

impl Prometheus {
    /// Prometheus' own words where the answer has them, else what the status means and what to do.
    pub(super) fn refused(&self, code: u16, body: &[u8], to: Option<&str>, retry_after: Option<Duration>) -> NetError {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope {
            error_type: String,
            #[serde(default)]
            error: String,
        }
        if let Ok(Envelope { error_type, error }) = serde_json::from_slice(body) {
            let words = match error_type.as_str() {
                "timeout" => format!("gave up on the query: {error}; it is too heavy, or the server too busy"),
                "execution" => format!("cannot execute the query: {error}"),
                "bad_data" => format!("does not take the query: {error}"),
                _ => format!("says: {error}"),
            };
            return self.api(code, error_type, &words, retry_after);
        }
        let token = self.inner.token.is_some();
        let words = match code {
            300..=399 => format!(
                "sends to {}; a login is in between: set the URL behind it, or a token",
                to.map_or_else(|| "another place".to_owned(), without_secrets)
            ),
            401 if token => {
                "does not accept the token; renew it where sources.prometheus.token takes it from".to_owned()
            }
            401 => "wants a login; give sources.prometheus.token".to_owned(),
            403 => "forbids the query; ask for a token that may read, or check sources.prometheus.token".to_owned(),
            404 => format!("has no Prometheus API at this path; check the path {}", self.inner.setting.place),
            407 => "is behind a proxy that wants a password; check HTTP_PROXY and HTTPS_PROXY".to_owned(),
            429 => match retry_after.filter(|after| *after > RETRY_AFTER_MOST) {
                Some(after) => {
                    let after = crate::text::duration(after);
                    format!("is throttling, for {} more; fewer consoles or a higher limit would help", after.as_str())
                }
                None => "is throttling; fewer consoles or a higher limit would help".to_owned(),
            },
            502..=504 => {
                "is not reached by the proxy in front of it; check that Prometheus runs and is ready".to_owned()
            }
            _ => format!("answers with an error{}; look at its log", first_line(body)),
        };
        self.api(code, String::new(), &words, retry_after)
    }
}

/// An address as it may be shown: without a user, and without parameters, which may be a ticket.
fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("//") else { return url.to_owned() };
    // A password may hold a slash, though it should not: whatever stands before the last @ goes.
    let bare = rest.rsplit_once('@').map_or(rest, |(_, bare)| bare);
    format!("{scheme}//{bare}")
}

/// Of an error page in plain text, with a colon before it.
fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(120)]);
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() && !line.starts_with('<') => format!(": {line}"),
        _ => String::new(),
    }
}
