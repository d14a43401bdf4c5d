//! What a host tells of itself and of the token, for `doctor`.

use jiff::Timestamp;
use serde_json::Value;

use super::{GitHub, Got, Read, Share};
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
    /// An Enterprise Server may set no limit, and says so where the limit would stand.
    pub limited: bool,
}

impl GitHub {
    /// Asks for the rate limit, which costs nothing of it; of a server that has none, for what it
    /// says of itself.
    pub async fn about(&self) -> Result<About, NetError> {
        match self.read("/rate_limit", None, Share::Ours).await {
            Ok(Got::Fresh(read)) => {
                let limit = serde_json::from_slice::<Value>(&read.body);
                let genuine = limit.is_ok_and(|body| body.pointer("/resources/core").is_some());
                Ok(About::by(&read, genuine, true))
            }
            Ok(Got::Unchanged(_)) => {
                Err(NetError::Transport("the answer says unchanged, and nothing was known".to_owned()))
            }
            Err(NetError::Api { code: 404, message, .. }) if is_unlimited(&message) => {
                match self.read("/meta", None, Share::Ours).await? {
                    Got::Fresh(read) => Ok(About::by(&read, true, false)),
                    Got::Unchanged(date) => {
                        Ok(About { date, scopes: None, version: None, genuine: true, limited: false })
                    }
                }
            }
            Err(error) => Err(error),
        }
    }
}

impl About {
    fn by(read: &Read, genuine: bool, limited: bool) -> Self {
        let text = |name: &str| read.headers.get(name).and_then(|value| value.to_str().ok());
        let words =
            |text: &str| text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Self {
            date: read.date,
            scopes: text("x-oauth-scopes").map(words),
            version: text(super::limit::ENTERPRISE).map(str::to_owned),
            genuine,
            limited,
        }
    }
}

/// The words of an Enterprise Server whose rate limits are off; without them 404 is a wrong path.
fn is_unlimited(message: &str) -> bool {
    message.to_ascii_lowercase().contains("rate limiting is not enabled")
}
