//! The way to a Grafana (apis.md §8.1): annotations are read, and one is made for each deployment, once.

use serde_json::Value;

use super::read::Answer;
use super::web::{Manner, Way, Web};
use super::write::{Sent, Writes};
use super::{Deadlines, NetError, segment};
use crate::model::scope::GrafanaSource;

const MANNER: Manner = Manner {
    what: "Grafana",
    answer: "answer of Grafana",
    place: "in sources.grafana.url",
    login: "sources.grafana",
    ca: "sources.grafana.ca",
    authority: "name its authority in sources.grafana.ca",
    example: "write it as https://grafana.example",
    known: &[("annotations:", "the token needs the right to read and create annotations")],
};
const PATH: &str = "/api/annotations";
const PERMISSIONS: &str = "/api/access-control/user/permissions";

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Grafana {
    web: Web,
}

impl Grafana {
    /// Connects to nothing yet.
    pub fn new(source: &GrafanaSource) -> Result<Self, NetError> {
        Self::with(source, Deadlines::default())
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(source: &GrafanaSource, deadlines: Deadlines) -> Result<Self, NetError> {
        let way = Way { url: &source.url, login: &source.login, ca: source.ca.clone(), header: None, manner: &MANNER };
        Ok(Self { web: Web::new(way, deadlines)? })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        self.web.url()
    }

    /// Annotations with all of these tags, the newest first.
    pub async fn annotations(&self, tags: &[&str], limit: u32) -> Result<Answer, NetError> {
        let mut path = format!("{PATH}?type=annotation&limit={limit}");
        for tag in tags {
            path.push_str("&tags=");
            path.push_str(&segment(tag));
        }
        self.web.get(&path).await
    }

    /// What this account may do in its organisation.
    pub async fn permissions(&self) -> Result<Answer, NetError> {
        self.web.get(PERMISSIONS).await
    }

    /// Makes an annotation; sent once.
    pub async fn annotate(&self, writes: Writes, body: &Value) -> Sent {
        self.web.post(writes, PATH, body).await
    }
}
