//! Runners and findings as data (`status --json`). What may not be seen is absent, with the reason beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::security::{Part, SecurityRead, Severity};
use crate::state::runners::Pool;
use crate::state::verbs::findings;
use crate::state::{State, derived, security as found};
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PoolRow {
    /// Or the organization, of runners that no job asks for.
    pub repository: String,
    pub labels: Vec<String>,
    /// GitHub hosts them, and lists none.
    pub hosted: bool,
    /// Absent: none that has the labels may be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline: Option<usize>,
    /// Jobs of the runs whose jobs were read.
    pub queued: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_since: Option<Timestamp>,
    /// Why there may be others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecurityRow {
    pub repository: String,
    /// What a gate would make of it: `pass`, `fail` or `unknown`.
    pub verdict: &'static str,
    /// In words: findings, then secrets.
    pub evidence: [String; 2],
    /// The commit that users have, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed: Option<String>,
    /// Open ones by tool and severity; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Vec<SeverityRow>>,
    /// That came since the deployed commit was scanned; absent: not known, of one or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeverityRow {
    pub tool: String,
    pub severity: &'static str,
    pub count: u64,
}

fn word(text: &Safe) -> String {
    text.as_str().to_owned()
}

pub(super) fn runners(state: &State) -> Vec<PoolRow> {
    derived::demand(state).rows.iter().map(pool).collect()
}

fn pool(row: &Pool) -> PoolRow {
    let seen = |count: usize| (!row.is_unknown()).then_some(count);
    PoolRow {
        repository: row.repository.raw().to_owned(),
        labels: row.labels.iter().map(word).collect(),
        hosted: row.hosted,
        idle: seen(row.count.idle),
        busy: seen(row.count.busy),
        offline: seen(row.count.offline),
        queued: row.queued,
        queued_since: row.since,
        unseen: row.unseen.iter().map(word).collect(),
    }
}

pub(super) fn security(state: &State) -> Vec<SecurityRow> {
    state.world.details.all_security().map(|read| of_repository(state, read)).collect()
}

fn of_repository(state: &State, read: &SecurityRead) -> SecurityRow {
    let fact = findings::fact(state, &(read.source, read.repository.clone()));
    let news = derived::news(state, read.source, &read.repository);
    let news = news.as_deref().and_then(|news| news.as_ref().ok());
    SecurityRow {
        repository: read.repository.raw().to_owned(),
        verdict: fact.standing.as_str(),
        evidence: fact.lines.map(|line| word(&line)),
        deployed: found::deployed(state, &read.repository).map(|deployed| word(&deployed.commit)),
        open: whole(&read.findings).map(|rows| {
            let mut counts: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
            for row in rows {
                *counts.entry((row.tool.as_str(), row.severity)).or_default() += 1;
            }
            let row = |((tool, severity), count): ((&str, Severity), u64)| SeverityRow {
                tool: tool.to_owned(),
                severity: severity.as_str(),
                count,
            };
            counts.into_iter().map(row).collect()
        }),
        new: news.filter(|news| news.unknown == 0 && news.whole).map(|news| news.new),
        secrets: whole(&read.secrets).map(<[_]>::len),
    }
}

/// The rows where they are all there are.
fn whole<T>(part: &Part<T>) -> Option<&[T]> {
    part.as_ref().ok().filter(|rows| rows.is_whole()).map(|rows| &rows.rows[..])
}
