//! Runners and findings as data (`status --json`). What may not be seen is absent, with the reason beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::security::{Part, SecurityRead, Severity};
use crate::model::{Name, SourceId};
use crate::safe;
use crate::state::runners::{self, Pool};
use crate::state::verbs::findings;
use crate::state::{State, derived, interest, security as found};
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

/// By labels; a repository of which nothing was read has a row without labels that says so.
pub(super) fn runners(state: &State) -> Vec<PoolRow> {
    let demand = derived::demand(state);
    let unread = |of: &(SourceId, Name)| {
        let told = |row: &Pool| (row.source, &row.repository) == (of.0, &of.1);
        state.world.details.runners(of.0, &of.1).is_none() && !demand.rows.iter().any(told)
    };
    let asked = interest::runners(state);
    let bare = |of: (SourceId, Name)| PoolRow {
        repository: of.1.raw().to_owned(),
        labels: Vec::new(),
        hosted: false,
        idle: None,
        busy: None,
        offline: None,
        queued: 0,
        queued_since: None,
        unseen: vec![if asked.contains(&of) || !state.reports {
            "its runners have not been read".to_owned()
        } else {
            word(&not_asked())
        }],
    };
    let bare = runners::wanted(state, true).into_iter().filter(unread).map(bare);
    demand.rows.iter().map(pool).chain(bare).collect()
}

/// Each call asks anew, and everything it asks costs requests of the hour.
fn not_asked() -> Safe {
    safe!("not asked: a report asks about the first {} repositories", findings::REPORTED)
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

/// Each repository that is named: one of which nothing was read stands there as not known, else its
/// absence would say that nothing is wrong with it.
pub(super) fn security(state: &State) -> Vec<SecurityRow> {
    let details = &state.world.details;
    let mut all = runners::wanted(state, true);
    all.extend(details.all_security().map(|read| (read.source, read.repository.clone())));
    all.sort();
    all.dedup();
    let asked = findings::wanted(state);
    let row = |of: &(SourceId, Name)| match details.security(of.0, &of.1) {
        Some(read) => of_repository(state, read),
        None => unread(state, of, asked.contains(of)),
    };
    all.iter().map(row).collect()
}

/// One that did not answer in time, or that is not asked about.
fn unread(state: &State, of: &(SourceId, Name), asked: bool) -> SecurityRow {
    let lines = findings::fact(state, of).lines;
    let evidence = if asked || !state.reports { lines } else { [not_asked(), not_asked()] };
    SecurityRow {
        repository: of.1.raw().to_owned(),
        verdict: findings::Standing::Unknown.as_str(),
        evidence: evidence.map(|line| word(&line)),
        deployed: found::deployed(state, &of.1).map(|deployed| word(&deployed.commit)),
        open: None,
        new: None,
        secrets: None,
    }
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
