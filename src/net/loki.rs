//! The way to a Loki (apis.md §8.2): reads only, each asked for by a person or by a heartbeat. What is sent is
//! made here, so that nothing of a query can reach another path.

use http::HeaderName;

use super::read::Answer;
use super::web::{Manner, Way, Web};
use super::{Deadlines, NetError, segment};
use crate::model::scope::LokiSource;

const MANNER: Manner = Manner {
    what: "Loki",
    answer: "answer of Loki",
    place: "in sources.loki.url",
    login: "sources.loki",
    ca: "sources.loki.ca",
    authority: "name its authority in sources.loki.ca",
    example: "write it as https://loki.example",
    // As Loki words its limits.
    known: &[
        ("no org id", "this Loki has tenants: name yours in sources.loki.tenant"),
        ("too many outstanding requests", "others ask much at the moment; ask again soon, or for a smaller window"),
        (
            "maximum of series",
            "too many streams for one query; ask for a smaller window, or name finer labels in sources.loki.labels",
        ),
        ("too many streams", "ask for a smaller window, or name finer labels in sources.loki.labels"),
        ("query time range exceeds", "ask for a smaller window"),
        ("max entries limit", "this Loki gives fewer lines at a time: ask for a smaller window"),
        ("would read too many bytes", "ask for a smaller window"),
        ("parse error", "are the names in sources.loki.labels labels of Loki's?"),
    ],
};

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Loki {
    web: Web,
}

/// Lines that are asked for: from the first time until before the second, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct LokiRange<'a> {
    pub query: &'a str,
    pub start: i128,
    pub end: i128,
    pub limit: u32,
    /// The oldest come first.
    pub forward: bool,
}

impl Loki {
    /// Connects to nothing yet.
    pub fn new(source: &LokiSource) -> Result<Self, NetError> {
        Self::with(source, Deadlines::default())
    }

    /// [`Self::new`] with deadlines of the caller's choice.
    pub fn with(source: &LokiSource, deadlines: Deadlines) -> Result<Self, NetError> {
        let tenant = source.tenant.clone().map(|tenant| (HeaderName::from_static("x-scope-orgid"), tenant));
        let way =
            Way { url: &source.url, login: &source.login, ca: source.ca.clone(), header: tenant, manner: &MANNER };
        Ok(Self { web: Web::new(way, deadlines)? })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        self.web.url()
    }

    /// Somebody is named to it.
    #[must_use]
    pub fn has_login(&self) -> bool {
        self.web.has_login()
    }

    /// `/labels`: the names that lines have in these times; of its own last hours without.
    pub async fn labels(&self, range: Option<(i128, i128)>) -> Result<Answer, NetError> {
        let range = range.map(|(start, end)| format!("?start={start}&end={end}")).unwrap_or_default();
        self.web.get(&format!("/loki/api/v1/labels{range}")).await
    }

    pub async fn query_range(&self, range: LokiRange<'_>) -> Result<Answer, NetError> {
        let LokiRange { query, start, end, limit, forward } = range;
        let direction = if forward { "forward" } else { "backward" };
        let query = segment(query);
        let path = format!(
            "/loki/api/v1/query_range?query={query}&start={start}&end={end}&limit={limit}&direction={direction}"
        );
        self.web.get(&path).await
    }
}
