//! What jobs run on (apis.md §6.6). GitHub lists the runners that somebody registered; of the machines
//! that it hosts itself there is no list.

use std::sync::Arc;

use super::security::Rows;
use super::{Name, SourceId};
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    pub id: i64,
    pub name: Safe,
    pub os: Safe,
    pub stands: RunnerStatus,
    pub labels: Vec<Safe>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunnerStatus {
    Idle,
    Busy,
    Offline,
    /// A word this version does not know.
    Unknown,
}

/// The runners of a repository or an organization.
pub type Runners = Rows<Runner>;

/// A larger runner that GitHub hosts for an organization: machines that come as they are asked for, by the
/// name that jobs give as their only label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Larger {
    pub name: Safe,
    /// `Ready`, or why it is not.
    pub status: Safe,
    /// `linux-x64`.
    pub platform: Safe,
    /// At a time.
    pub most: Option<u64>,
}

impl Larger {
    #[must_use]
    pub fn takes(&self, labels: &[Safe]) -> bool {
        matches!(labels, [one] if one.as_str().eq_ignore_ascii_case(self.name.as_str()))
    }
}

/// What was read of those that a repository's jobs may run on. `Err`: why they are not known.
#[derive(Debug, Clone, PartialEq)]
pub struct RunnersRead {
    pub source: SourceId,
    /// `acme/checkout`.
    pub repository: Name,
    pub own: Result<Arc<Runners>, Safe>,
    /// Those of the organization that it belongs to.
    pub shared: Result<Arc<Runners>, Safe>,
    /// The larger ones that GitHub hosts for it.
    pub larger: Result<Arc<Rows<Larger>>, Safe>,
}

impl Runner {
    /// It has every label that a job asks for; capitals do not matter.
    #[must_use]
    pub fn takes(&self, labels: &[Safe]) -> bool {
        let has = |wanted: &Safe| self.labels.iter().any(|label| label.as_str().eq_ignore_ascii_case(wanted.as_str()));
        labels.iter().all(has)
    }
}

/// These labels name a machine that GitHub hosts, of which it has as many as it gives. By their shape, since
/// new images come every year: a system, then a version, `latest` or `slim`, then whatever the machine is.
#[must_use]
pub fn is_hosted(labels: &[Safe]) -> bool {
    let standard = |label: &Safe| {
        let label = label.as_str().to_ascii_lowercase();
        let tail = ["ubuntu-", "windows-", "macos-"].iter().find_map(|system| label.strip_prefix(system));
        let version = tail.and_then(|tail| tail.split('-').next()).unwrap_or_default();
        matches!(version, "latest" | "slim") || version.starts_with(|c: char| c.is_ascii_digit())
    };
    // What somebody named so for runners of their own asks for `self-hosted` as well.
    matches!(labels, [one] if standard(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosted_labels_are_those_that_github_documents() {
        for (labels, hosted) in [
            (&["ubuntu-latest"][..], true),
            (&["ubuntu-24.04"], true),
            (&["Windows-2022"], true),
            (&["macos-15-xlarge"], true),
            (&["macos-latest-large"], true),
            (&["ubuntu-slim"], true),
            (&["windows-11-arm"], true),
            (&["windows-2025-vs2026"], true),
            (&["macos-26-intel"], true),
            (&["ubuntu-latest-16-cores"], true),
            (&["ubuntu"], false),
            (&["ubuntu-latestish"], false),
            (&["ubuntu-24.04-arm"], true),
            (&["ubuntu-gpu"], false),
            (&["self-hosted", "ubuntu-24.04"], false),
            (&["arm64"], false),
            (&[], false),
        ] {
            let labels: Vec<Safe> = labels.iter().map(|label| Safe::line(label)).collect();
            assert_eq!(is_hosted(&labels), hosted, "{labels:?}");
        }
    }

    #[test]
    fn a_runner_takes_a_job_whose_labels_it_has_all() {
        let labels = |all: &[&'static str]| all.iter().map(|label| Safe::of(label)).collect::<Vec<_>>();
        let runner = Runner {
            id: 1,
            name: Safe::of("arm-1"),
            os: Safe::of("linux"),
            stands: RunnerStatus::Idle,
            labels: labels(&["self-hosted", "Linux", "ARM64"]),
        };
        assert!(runner.takes(&labels(&["self-hosted", "arm64"])));
        assert!(!runner.takes(&labels(&["self-hosted", "gpu"])));
    }
}
