//! What scanners found in a repository (apis.md §6.7), and secrets that lie open in it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Name, SourceId};
use crate::safe;
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
    pub branch: Reference,
    pub url: Option<Safe>,
}

/// What was scanned: `refs/heads/main` is the branch `main`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    Branch(Safe),
    Tag(Safe),
    /// What a pull request would make of its branch.
    Pull(Safe),
    /// A word this version does not know.
    Other(Safe),
}

impl Reference {
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let of = |prefix: &str| name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        if let Some(branch) = of("refs/heads/") {
            Self::Branch(Safe::identity(branch))
        } else if let Some(tag) = of("refs/tags/") {
            Self::Tag(Safe::identity(tag))
        } else if let Some(pull) = of("refs/pull/") {
            Self::Pull(safe!("pull/{}", Safe::identity(pull)))
        } else {
            Self::Other(Safe::identity(name))
        }
    }

    #[must_use]
    pub const fn name(&self) -> &Safe {
        match self {
            Self::Branch(name) | Self::Tag(name) | Self::Pull(name) | Self::Other(name) => name,
        }
    }
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
    pub branch: Reference,
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

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), left_out: 0, more: false }
    }
}

impl<T> Rows<T> {
    /// As many as there are.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.more && self.left_out == 0
    }

    /// Takes the rows of the page that comes after them.
    pub fn and(&mut self, page: Self) {
        self.rows.extend(page.rows);
        self.left_out += page.left_out;
        self.more |= page.more;
    }
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
    /// Its tool has not scanned that commit, it is not known which one is deployed, or what was scanned may
    /// or may not be what is deployed next.
    Unknown,
    /// It stands on another branch than what is deployed.
    Elsewhere,
    Before,
}

/// What users have: a commit, and the branch that it was built from, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base<'a> {
    pub commit: &'a str,
    pub branch: Option<&'a str>,
}

impl Finding {
    /// Whether it is new since a commit: its tool scanned that one before and did not find it, and what it
    /// was found in is what is deployed from.
    #[must_use]
    pub fn since(&self, base: Option<Base<'_>>, analyses: &[Analysis]) -> Since {
        let Some(base) = base.filter(|base| base.commit.len() >= 7) else { return Since::Unknown };
        if same_commit(self.commit.as_str(), base.commit) {
            return Since::Before;
        }
        let of_it = |row: &&Analysis| row.tool == self.tool && same_commit(row.commit.as_str(), base.commit);
        let scans: Vec<&Analysis> = analyses.iter().filter(of_it).collect();
        if scans.is_empty() {
            return Since::Unknown;
        }
        match self.is_of_line(&scans, base.branch) {
            None => return Since::Unknown,
            Some(false) => return Since::Elsewhere,
            Some(true) => {}
        }
        match (scans.iter().filter_map(|row| row.created).max(), self.created) {
            (Some(scanned), Some(created)) if created > scanned => Since::New,
            (Some(_), Some(_)) => Since::Before,
            _ => Since::Unknown,
        }
    }

    /// Whether it was found where the deployed commit stands; `None`: that is not to be told. A branch made
    /// at that commit is scanned there, too: the branch that was built from counts alone, where it is known.
    fn is_of_line(&self, scans: &[&Analysis], built: Option<&str>) -> Option<bool> {
        let mut branches: Vec<&Safe> = scans
            .iter()
            .filter_map(|row| match &row.branch {
                Reference::Branch(name) => Some(name),
                _ => None,
            })
            .collect();
        branches.sort();
        branches.dedup();
        if branches.iter().any(|name| Some(name.as_str()) == built) {
            branches.retain(|name| Some(name.as_str()) == built);
        }
        match (&self.branch, &branches[..]) {
            (Reference::Pull(_), _) => Some(false),
            (Reference::Branch(name), [only]) => Some(name == *only),
            (Reference::Branch(name), [_, _, ..]) if !branches.contains(&name) => Some(false),
            (_, []) if scans.iter().any(|row| row.branch == self.branch) => Some(true),
            // A tag may stand anywhere; of several branches each may be the one.
            _ => None,
        }
    }
}

/// One of them may be cut short.
#[must_use]
pub fn same_commit(a: &str, b: &str) -> bool {
    a.len() >= 7 && b.len() >= 7 && (a.starts_with(b) || b.starts_with(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(tool: &'static str, created: &str, commit: &'static str, branch: &str) -> Finding {
        Finding {
            number: 1,
            tool: Safe::of(tool),
            severity: Severity::High,
            rule: Safe::of("CVE"),
            words: Safe::of(""),
            place: None,
            created: created.parse().ok(),
            commit: Safe::of(commit),
            branch: Reference::parse(branch),
            url: None,
        }
    }

    fn scan(tool: &'static str, commit: &'static str, branch: &str, created: &str) -> Analysis {
        let (branch, created) = (Reference::parse(branch), created.parse().ok());
        Analysis { tool: Safe::of(tool), commit: Safe::of(commit), branch, created }
    }

    const MAIN: &str = "refs/heads/main";
    const TOPIC: &str = "refs/heads/topic";

    #[test]
    fn a_finding_is_new_when_its_tool_scanned_the_deployed_commit_before_it_came() {
        let analyses = [
            scan("Trivy", "aaaaaaa1111", MAIN, "2026-11-20T10:00:00Z"),
            // The same commit once more, with newer rules.
            scan("Trivy", "aaaaaaa1111", MAIN, "2026-11-20T12:00:00Z"),
            scan("CodeQL", "bbbbbbb2222", MAIN, "2026-11-20T10:00:00Z"),
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
            let base = deployed.map(|commit| Base { commit, branch: None });
            assert_eq!(finding(tool, created, commit, MAIN).since(base, &analyses), expected, "{what}");
        }
    }

    #[test]
    fn what_was_found_elsewhere_is_not_new_where_users_are() {
        let tag = "refs/tags/v1";
        for (scanned, built, found, expected) in [
            (&[MAIN][..], None, MAIN, Since::New),
            (&[MAIN], None, TOPIC, Since::Elsewhere),
            (&[MAIN], Some("main"), "refs/pull/7/merge", Since::Elsewhere),
            (&[MAIN], Some("v1"), tag, Since::Unknown),
            (&[MAIN], None, "", Since::Unknown),
            // The branch began at that commit.
            (&[MAIN, TOPIC], Some("main"), TOPIC, Since::Elsewhere),
            (&[MAIN, TOPIC], Some("main"), MAIN, Since::New),
            (&[MAIN, TOPIC], Some("v1"), TOPIC, Since::Unknown),
            (&[MAIN, TOPIC], None, MAIN, Since::Unknown),
            (&[MAIN, TOPIC], None, "refs/heads/other", Since::Elsewhere),
            (&[MAIN, tag], Some("v1"), MAIN, Since::New),
            (&[tag], Some("v1"), MAIN, Since::Unknown),
            (&[tag], Some("v1"), tag, Since::New),
            (&["refs/pull/7/merge"], None, MAIN, Since::Unknown),
        ] {
            let scans: Vec<Analysis> =
                scanned.iter().map(|branch| scan("Trivy", "aaaaaaa1111", branch, "2026-11-20T10:00:00Z")).collect();
            let base = Base { commit: "aaaaaaa1111", branch: built };
            let row = finding("Trivy", "2026-11-20T13:00:00Z", "ccccccc3333", found);
            assert_eq!(row.since(Some(base), &scans), expected, "{found} against {scanned:?}, built from {built:?}");
        }
    }
}
