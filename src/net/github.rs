//! The way to GitHub Actions.

use super::NetError;

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GitHub {
    url: String,
}

impl GitHub {
    /// Connects to nothing yet.
    pub fn new(url: &str) -> Result<Self, NetError> {
        Ok(Self { url: url.trim_end_matches('/').to_owned() })
    }

    /// The base of its API, without credentials.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}
