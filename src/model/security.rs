//! What scanners found in a repository (apis.md §6.7), and secrets that lie open in it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Name, SourceId};
use crate::text::Safe;

/// A finding of a scanner that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub number: i64,
    pub tool: Safe,
    pub severity: Severity,
    /// A CVE, or the name of a check.
    pub rule: Safe,
    pub words: Safe,
    /// `src/till.py:12`.
    pub place: Option<Safe>,
    pub created: Option<Timestamp>,
    /// Where it was seen last.
    pub commit: Safe,
    pub branch: Safe,
    pub url: Option<Safe>,
}

/// The worst first. GitHub's word for security findings, else its word for the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    /// Of rules that are no matter of security.
    Error,
    Warning,
    Note,
    Unknown,
}

impl Severity {
    pub const ALL: [Self; 8] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Error, Self::Warning, Self::Note, Self::Unknown];

    #[must_use]
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word).unwrap_or(Self::Unknown)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Unknown => "unknown",
        }
    }
}

/// A commit that a tool has scanned, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    pub tool: Safe,
    pub commit: Safe,
    pub created: Option<Timestamp>,
}

/// A secret that lies open in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub number: i64,
    pub kind: Safe,
    pub created: Option<Timestamp>,
    /// `active`: it was tried, and still works.
    pub validity: Option<Safe>,
    pub url: Option<Safe>,
}

/// Rows of an answer, those that were none, and whether there are more than were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub left_out: u64,
    pub more: bool,
}

/// Why something is not known: three different things to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// The repository does not use it.
    Off(Safe),
    /// It is in use, and nothing was ever scanned.
    Never,
    NotAllowed(Safe),
    Failed(Safe),
}

pub type Part<T> = Result<Arc<Rows<T>>, Unread>;

/// What was read of a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityRead {
    pub source: SourceId,
    pub repository: Name,
    pub findings: Part<Finding>,
    pub analyses: Part<Analysis>,
    pub secrets: Part<Secret>,
}

/// Whether a finding came after a commit was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Since {
    New,
    /// Its tool has not scanned that commit, or it is not known which one is deployed.
    Unknown,
    Before,
}

impl Finding {
    /// Whether it is new since a commit: its tool scanned that one before and did not find it.
    #[must_use]
    pub fn since(&self, commit: Option<&str>, analyses: &[Analysis]) -> Since {
        let Some(commit) = commit.filter(|commit| commit.len() >= 7) else { return Since::Unknown };
        if same_commit(self.commit.as_str(), commit) {
            return Since::Before;
        }
        let of_it = |row: &&Analysis| row.tool == self.tool && same_commit(row.commit.as_str(), commit);
        let scanned = analyses.iter().filter(of_it).filter_map(|row| row.created).max();
        match (scanned, self.created) {
            (Some(scanned), Some(created)) if created > scanned => Since::New,
            (Some(_), Some(_)) => Since::Before,
            _ => Since::Unknown,
        }
    }
}

/// One of them may be cut short.
fn same_commit(a: &str, b: &str) -> bool {
    a.len() >= 7 && b.len() >= 7 && (a.starts_with(b) || b.starts_with(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(tool: &'static str, created: &str, commit: &'static str) -> Finding {
        Finding {
            number: 1,
            tool: Safe::of(tool),
            severity: Severity::High,
            rule: Safe::of("CVE"),
            words: Safe::of(""),
            place: None,
            created: created.parse().ok(),
            commit: Safe::of(commit),
            branch: Safe::of("main"),
            url: None,
        }
    }

    #[test]
    fn a_finding_is_new_when_its_tool_scanned_the_deployed_commit_before_it_came() {
        let scan = |tool, commit, created: &str| Analysis {
            tool: Safe::of(tool),
            commit: Safe::of(commit),
            created: created.parse().ok(),
        };
        let analyses = [
            scan("Trivy", "aaaaaaa1111", "2026-11-20T10:00:00Z"),
            // The same commit once more, with newer rules.
            scan("Trivy", "aaaaaaa1111", "2026-11-20T12:00:00Z"),
            scan("CodeQL", "bbbbbbb2222", "2026-11-20T10:00:00Z"),
        ];
        for (tool, created, commit, deployed, expected) in [
            ("Trivy", "2026-11-20T13:00:00Z", "ccccccc3333", Some("aaaaaaa1111"), Since::New),
            ("Trivy", "2026-11-20T13:00:00Z", "ccccccc3333", Some("aaaaaaa"), Since::New),
            ("Trivy", "2026-11-20T11:00:00Z", "ccccccc3333", Some("aaaaaaa1111"), Since::Before),
            ("Trivy", "2026-11-20T13:00:00Z", "aaaaaaa1111", Some("aaaaaaa1111"), Since::Before),
            ("CodeQL", "2026-11-20T13:00:00Z", "ccccccc3333", Some("aaaaaaa1111"), Since::Unknown),
            ("Trivy", "?", "ccccccc3333", Some("aaaaaaa1111"), Since::Unknown),
            ("Trivy", "2026-11-20T13:00:00Z", "ccccccc3333", None, Since::Unknown),
            ("Trivy", "2026-11-20T13:00:00Z", "ccccccc3333", Some("a"), Since::Unknown),
        ] {
            let what = format!("{tool} {created} {commit} {deployed:?}");
            assert_eq!(finding(tool, created, commit).since(deployed, &analyses), expected, "{what}");
        }
    }
}
