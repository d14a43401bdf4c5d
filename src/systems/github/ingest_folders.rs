//! From GitHub's answers to the commits of a folder and how two commits stand to each other (apis.md
//! §6.8). Pure.

use serde::Deserialize;

use super::ingest::{object, read};
use crate::model::builds::{Commit, Relation};
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Int, Obj, Text, Time};
use crate::text::Safe;

#[derive(Default, Deserialize)]
#[serde(default)]
struct CommitWire<'a> {
    #[serde(borrow)]
    sha: Text<'a>,
    #[serde(borrow)]
    commit: Obj<InnerWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InnerWire<'a> {
    #[serde(borrow)]
    message: Text<'a>,
    committer: Obj<WhenWire>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WhenWire {
    date: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompareWire<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    ahead_by: Int,
}

/// The first of a list of commits; `None`: there is none.
pub fn newest(bytes: &[u8]) -> Result<Option<Commit>, IngestError> {
    const WHAT: &str = "a commit";
    let rows: Vec<Obj<CommitWire<'_>>> = read("the commits", bytes)?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let wire = row.0.unwrap_or_default();
    let sha = wire.sha.some().ok_or(IngestError::Missing { what: WHAT, field: "sha" })?;
    let commit = wire.commit.0.unwrap_or_default();
    Ok(Some(Commit {
        sha: Safe::line(sha),
        title: Safe::line(commit.message.as_str().lines().next().unwrap_or_default()),
        at: commit.committer.0.unwrap_or_default().date.0,
    }))
}

/// How the second of two commits stands to the first.
pub fn relation(bytes: &[u8]) -> Result<Relation, IngestError> {
    let wire: CompareWire<'_> = object("the comparison", bytes)?;
    Ok(match wire.status.as_str() {
        "identical" | "behind" => Relation::Built,
        "ahead" => Relation::After(wire.ahead_by.0.and_then(|count| u64::try_from(count).ok()).unwrap_or(1)),
        "diverged" => Relation::Diverged,
        other => {
            Relation::Unknown(crate::safe!("GitHub compares the two with a word unknown here: {}", Safe::line(other)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_commit_of_a_folder_is_the_first_of_the_list() {
        let list = br#"[{"sha":"9f2c1a0","commit":{"message":"Update pip\n\nBecause.","committer":{"date":"2026-11-20T10:00:00Z"}}},{"sha":"b"}]"#;
        let commit = newest(list).unwrap().unwrap();
        assert_eq!((commit.sha.as_str(), commit.title.as_str()), ("9f2c1a0", "Update pip"));
        assert_eq!(commit.at.unwrap().to_string(), "2026-11-20T10:00:00Z");
        assert_eq!(newest(b"[]").unwrap(), None);
        let odd = newest(br#"[{"sha":"a","commit":{"message":null,"committer":null}}]"#).unwrap().unwrap();
        assert_eq!((odd.title.as_str(), odd.at), ("", None));
        for wrong in [&b"{}"[..], br#"[{"sha":null}]"#, b"[{", b"[3]"] {
            assert!(newest(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn two_commits_stand_in_one_of_four_ways() {
        let of = |text: &str| relation(text.as_bytes()).unwrap();
        assert_eq!(of(r#"{"status":"ahead","ahead_by":12}"#), Relation::After(12));
        assert_eq!(of(r#"{"status":"ahead","ahead_by":null}"#), Relation::After(1));
        assert_eq!(of(r#"{"status":"behind","behind_by":3}"#), Relation::Built);
        assert_eq!(of(r#"{"status":"identical"}"#), Relation::Built);
        assert_eq!(of(r#"{"status":"diverged"}"#), Relation::Diverged);
        assert!(matches!(of(r#"{"status":"sideways"}"#), Relation::Unknown(_)));
        assert!(relation(b"[]").is_err());
    }
}
