//! From GitHub's comparison to how two commits stand to each other (apis.md §6.9). Pure.

use serde::Deserialize;

use super::ingest::object;
use crate::model::gitops::{Apart, is_migration};
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Int, List, Obj, Text};
use crate::text::Safe;

/// Files of a comparison that GitHub tells.
const TOLD: usize = 300;
#[derive(Default, Deserialize)]
#[serde(default)]
struct CompareWire<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    ahead_by: Int,
    behind_by: Int,
    #[serde(borrow)]
    files: List<Obj<FileWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileWire<'a> {
    #[serde(borrow)]
    filename: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
}

/// How the head of a comparison stands to its base.
pub fn apart(bytes: &[u8]) -> Result<Result<Apart, Safe>, IngestError> {
    let wire: CompareWire<'_> = object("the comparison", bytes)?;
    let count = |count: &Int| count.0.and_then(|count| u64::try_from(count).ok());
    let (Some(after), Some(before)) = (count(&wire.ahead_by), count(&wire.behind_by)) else {
        return Ok(Err(Safe::of("GitHub does not say how many commits lie between them")));
    };
    let files = || wire.files.0.iter().filter_map(|file| file.0.as_ref());
    let adds_one = |file: &&FileWire<'_>| file.status.as_str() == "added" && is_migration(file.filename.as_str());
    Ok(match wire.status.as_str() {
        "identical" => Ok(Apart::Same),
        "ahead" => Ok(Apart::After {
            commits: after,
            migrations: files().filter(adds_one).count() as u64,
            whole: files().count() < TOLD,
        }),
        "behind" => Ok(Apart::Before { commits: before }),
        "diverged" => Ok(Apart::Diverged { after, before }),
        other => Err(crate::safe!("GitHub compares the two with a word unknown here: {}", Safe::line(other))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_commits_stand_apart_by_commits_and_migrations() {
        let of = |text: &str| apart(text.as_bytes()).unwrap();
        let files = r#""files":[{"filename":"db/migrations/0042_vat.sql","status":"added"},{"filename":"db/migrations/0001.sql","status":"modified"},{"filename":"docs/migrations.md","status":"added"}]"#;
        assert_eq!(
            of(&format!(r#"{{"status":"ahead","ahead_by":3,"behind_by":0,{files}}}"#)),
            Ok(Apart::After { commits: 3, migrations: 1, whole: true })
        );
        assert_eq!(of(r#"{"status":"behind","ahead_by":0,"behind_by":2}"#), Ok(Apart::Before { commits: 2 }));
        assert_eq!(
            of(r#"{"status":"diverged","ahead_by":1,"behind_by":2}"#),
            Ok(Apart::Diverged { after: 1, before: 2 })
        );
        assert_eq!(of(r#"{"status":"identical","ahead_by":0,"behind_by":0}"#), Ok(Apart::Same));
        assert!(of(r#"{"status":"ahead","ahead_by":null}"#).is_err(), "no number is made up");
        assert!(of(r#"{"status":"sideways","ahead_by":0,"behind_by":0}"#).is_err());
        assert!(apart(b"[]").is_err());
    }
}
