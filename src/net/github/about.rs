//! What a host tells of itself and of the token, for `doctor`.

use jiff::Timestamp;
use serde_json::Value;

use super::{GitHub, Got, Share};
use crate::net::error::NetError;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The host's clock.
    pub date: Option<Timestamp>,
    /// Of a classic token or a login. `None`: the host does not tell them, as of a fine-grained
    /// token, an app, or where nobody is named.
    pub scopes: Option<Vec<String>>,
    /// Of a GitHub Enterprise Server; github.com has no version.
    pub version: Option<String>,
    /// Whether the body is a rate limit. A page with status 200 is no GitHub.
    pub genuine: bool,
}

impl GitHub {
    /// Asks for the rate limit, which costs nothing of it.
    pub async fn about(&self) -> Result<About, NetError> {
        let Got::Fresh(read) = self.read("/rate_limit", None, Share::Ours).await? else {
            return Err(NetError::Transport("the answer says unchanged, and nothing was known".to_owned()));
        };
        let text = |name: &str| read.headers.get(name).and_then(|value| value.to_str().ok());
        let words =
            |text: &str| text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Ok(About {
            date: read.date,
            scopes: text("x-oauth-scopes").map(words),
            version: text("x-github-enterprise-version").map(str::to_owned),
            genuine: serde_json::from_slice::<Value>(&read.body)
                .is_ok_and(|body| body.pointer("/resources/core").is_some()),
        })
    }
}
