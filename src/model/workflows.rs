//! Workflows that are started by hand (apis.md §6.4): what their file asks for before they run.

use std::sync::Arc;

use super::listed::{pairs, pieces};
use super::{Name, SourceId};
use crate::text::Safe;

/// Which workflow is asked for, as its file stands at a branch or tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowWanted {
    pub source: SourceId,
    /// `acme/checkout`.
    pub repository: Name,
    /// `.github/workflows/ci.yml`.
    pub path: Name,
    /// A branch or a tag.
    pub reference: Name,
}

/// What came of asking for it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowRead {
    pub wanted: WorkflowWanted,
    /// `Err`: why it cannot be started, or its file not be read.
    pub workflow: Result<Arc<Dispatchable>, Safe>,
}

/// What can be started by hand in a repository, as far as it was looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartablesRead {
    pub source: SourceId,
    /// `acme/checkout`.
    pub repository: Name,
    /// `Err`: why it is not known.
    pub rows: Result<Arc<Startable>, Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Startable {
    /// The repository's default branch.
    pub branch: Name,
    /// In GitHub's order; without those whose file has no `workflow_dispatch`.
    pub rows: Vec<StartableRow>,
    /// Every file was looked into, as far as they are.
    pub whole: bool,
}

/// An active workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartableRow {
    /// `.github/workflows/ci.yml`.
    pub path: Name,
    pub name: Name,
    /// Its file was looked into, and has the trigger.
    pub proven: bool,
}

/// A workflow with a `workflow_dispatch` trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatchable {
    /// GitHub's id of it.
    pub id: i64,
    pub name: Name,
    /// Of the file's content: another one may ask for other inputs.
    pub sha: Name,
    /// In the order of the file.
    pub inputs: Vec<Input>,
    /// Of Tekton: workspaces, service account and timeouts are those of the run it is started from.
    pub takes_over: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub name: Name,
    pub description: Safe,
    pub required: bool,
    pub default: Option<Name>,
    pub kind: InputKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    Text,
    Number,
    Boolean,
    Choice(Vec<Name>),
    /// Items after commas.
    List,
    /// `key=value` after commas; these keys must be there.
    Table(Vec<Name>),
    /// Of a commit, whole or its beginning.
    Commit,
    /// One of the repository's environments; `Err`: why their names are not known.
    Environment(Result<Vec<Name>, Safe>),
}

impl InputKind {
    /// GitHub's word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Choice(_) => "choice",
            Self::List => "array",
            Self::Table(_) => "object",
            Self::Commit => "commit",
            Self::Environment(_) => "environment",
        }
    }

    /// What can be chosen from, where that is all there is.
    #[must_use]
    pub fn choices(&self) -> Option<&[Name]> {
        match self {
            Self::Choice(options) | Self::Environment(Ok(options)) => Some(options),
            _ => None,
        }
    }
}

impl Input {
    /// Why this value cannot be sent.
    #[must_use]
    pub fn refuse(&self, value: &str) -> Option<Safe> {
        if value.is_empty() {
            // A flag always has a value.
            return self.required.then(|| Safe::of("is required"));
        }
        match &self.kind {
            InputKind::Number if value.trim().parse::<f64>().is_ok_and(f64::is_finite) => None,
            InputKind::Number => Some(Safe::of("is no number")),
            InputKind::Boolean if !matches!(value, "true" | "false") => Some(Safe::of("is true or false")),
            InputKind::Commit => {
                let fits = (7..=40).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
                (!fits).then(|| Safe::of("is no commit: 7 to 40 hexadecimal digits"))
            }
            InputKind::Table(keys) => {
                let found = pairs(value);
                if found.len() != pieces(value).len() {
                    return Some(Safe::of("is no list of key=value, after commas"));
                }
                let again =
                    found.iter().enumerate().find(|(at, (key, _))| found.iter().take(*at).any(|row| row.0 == *key));
                if let Some((_, (key, _))) = again {
                    return Some(crate::safe!("names {} twice", Name::new(key)));
                }
                let missing = keys.iter().find(|key| !found.iter().any(|(name, _)| name == key.raw()));
                missing.map(|key| crate::safe!("has no {}", key))
            }
            kind => {
                let known = kind.choices().is_none_or(|all| all.iter().any(|one| one.raw() == value));
                (!known).then(|| Safe::of("is none of its choices"))
            }
        }
    }
}

/// Why this is no name of a branch or a tag (`git check-ref-format`, as far as it can be told here).
#[must_use]
pub fn refuse_reference(name: &str) -> Option<Safe> {
    let odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if name.is_empty() {
        return Some(Safe::of("is required"));
    }
    let broken = name.contains(odd)
        || name.contains("..")
        || name.contains("//")
        || name.contains("@{")
        || name.starts_with(['/', '-', '.'])
        || name.ends_with(['/', '.']);
    broken.then(|| Safe::of("is no name of a branch or tag"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: InputKind, required: bool) -> Input {
        Input { name: Name::new("x"), description: Safe::of(""), required, default: None, kind }
    }

    #[test]
    fn a_value_is_checked_by_its_type() {
        let choice = || InputKind::Choice(vec![Name::new("debug"), Name::new("info")]);
        let known = || InputKind::Environment(Ok(vec![Name::new("staging")]));
        let unknown = || InputKind::Environment(Err(Safe::of("not allowed")));
        for (kind, required, value, fits) in [
            (InputKind::Text, false, "", true),
            (InputKind::Text, true, "", false),
            (InputKind::Text, true, " any thing ", true),
            (InputKind::Number, false, "", true),
            (InputKind::Number, false, "-1.5e3", true),
            (InputKind::Number, false, " 7", true),
            (InputKind::Number, false, "seven", false),
            (InputKind::Number, false, "inf", false),
            (InputKind::Number, false, "NaN", false),
            (InputKind::Boolean, true, "false", true),
            (InputKind::Boolean, true, "yes", false),
            (choice(), true, "info", true),
            (choice(), true, "Info", false),
            (choice(), false, "", true),
            (known(), true, "prod", false),
            (known(), true, "staging", true),
            (unknown(), true, "prod", true),
            (InputKind::List, false, "", true),
            (InputKind::List, true, "linux/amd64, linux/arm64", true),
            (InputKind::Commit, false, "9f8e7d1", true),
            (InputKind::Commit, false, "9f8e7d", false),
            (InputKind::Commit, false, "main", false),
            (InputKind::Table(vec![Name::new("name")]), true, "name=shop, x=1", true),
            (InputKind::Table(vec![Name::new("name")]), true, "x=1", false),
            (InputKind::Table(Vec::new()), true, "shop", false),
            (InputKind::Table(Vec::new()), true, "a=1, b=2, a=3", false),
            (InputKind::Table(Vec::new()), true, "a=, =", true),
        ] {
            let what = format!("{kind:?} {value:?}");
            assert_eq!(input(kind, required).refuse(value).is_none(), fits, "{what}");
        }
    }

    #[test]
    fn a_reference_is_checked_as_git_does() {
        for (name, fits) in [
            ("main", true),
            ("feature/till-2.0", true),
            ("v1.4.2", true),
            ("", false),
            ("a b", false),
            ("a..b", false),
            ("-x", false),
            ("x/", false),
            ("a//b", false),
            ("a\u{7}b", false),
            ("x@{1}", false),
        ] {
            assert_eq!(refuse_reference(name).is_none(), fits, "{name:?}");
        }
    }
}
