//! Workflows that are started by hand (apis.md §6.4): what their file asks for before they run.

use std::sync::Arc;

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

/// What the name of an input says that its value must not be seen: words that hold a secret anywhere in
/// it, `key` as a word of its own.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 7] = ["token", "password", "passwd", "passphrase", "secret", "credential", "apikey"];
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        // `apiKey`: a capital begins a word.
        if !c.is_alphanumeric() || (c.is_uppercase() && small) {
            words.push(String::new());
        }
        small = c.is_lowercase();
        words.last_mut().into_iter().filter(|_| c.is_alphanumeric()).for_each(|word| word.extend(c.to_lowercase()));
    }
    let whole = words.concat();
    PARTS.iter().any(|part| whole.contains(part)) || words.iter().any(|word| word == "key" || word == "keys")
}

/// As the journal keeps the value of an input: of a secret only that there was one.
#[must_use]
pub fn kept(name: &Name, value: &Name) -> String {
    let hidden = is_secret(name.raw()) && !value.raw().is_empty();
    if hidden { "(not kept)".to_owned() } else { value.raw().to_owned() }
}

/// A character, and whether it stands behind a backslash.
type Letter = (char, bool);

/// What stands between the commas. A backslash takes its meaning from a comma, a blank, `=`, `"` and
/// another backslash; before anything else it is a backslash.
fn parts(typed: &str) -> Vec<Vec<Letter>> {
    let mut all = Vec::new();
    let mut part = Vec::new();
    let mut chars = typed.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next_if(|next| matches!(next, ',' | '=' | '"' | '\\') || next.is_whitespace()) {
                Some(next) => part.push((next, true)),
                None => part.push((c, false)),
            },
            ',' => all.push(std::mem::take(&mut part)),
            c => part.push((c, false)),
        }
    }
    all.push(part);
    all
}

/// Without the blanks around it; one behind a backslash is none of them.
fn trimmed(part: &[Letter]) -> String {
    let blank = |(c, meant): &Letter| c.is_whitespace() && !meant;
    let from = part.iter().position(|letter| !blank(letter)).unwrap_or(part.len());
    let to = part.iter().rposition(|letter| !blank(letter)).map_or(from, |at| at + 1);
    part.get(from..to).unwrap_or_default().iter().map(|(c, _)| *c).collect()
}

/// The items of a list as it is typed; an item that is empty is written `""`.
#[must_use]
pub fn pieces(typed: &str) -> Vec<String> {
    let item = |part: Vec<Letter>| {
        let text = trimmed(&part);
        let meant = part.iter().any(|(_, meant)| *meant);
        match text.as_str() {
            "" => None,
            EMPTY if !meant => Some(String::new()),
            _ => Some(text),
        }
    };
    parts(typed).into_iter().filter_map(item).collect()
}

const EMPTY: &str = "\"\"";

/// `key=value` of such a list; what is none is left out.
#[must_use]
pub fn pairs(typed: &str) -> Vec<(String, String)> {
    let pair = |part: Vec<Letter>| {
        let at = part.iter().position(|letter| *letter == ('=', false))?;
        Some((trimmed(part.get(..at)?), trimmed(part.get(at + 1..)?)))
    };
    parts(typed).into_iter().filter_map(pair).collect()
}

/// A list as it is typed: [`pieces`] gives back the same items.
#[must_use]
pub fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let item = |item: &str| match item {
        "" => EMPTY.to_owned(),
        EMPTY => "\\\"\\\"".to_owned(),
        item => escaped(item, false),
    };
    items.map(item).collect::<Vec<_>>().join(", ")
}

/// The same of an object: [`pairs`] gives back the same keys and values.
#[must_use]
pub fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let row = |(key, value)| format!("{}={}", escaped(key, true), escaped(value, false));
    rows.map(row).collect::<Vec<_>>().join(", ")
}

fn escaped(text: &str, key: bool) -> String {
    let (from, to) = (text.len() - text.trim_start().len(), text.trim_end().len());
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let edge = c.is_whitespace() && (at < from || at >= to);
        // A blank in the middle may stand behind a backslash of the text, which is then told apart.
        if matches!(c, ',' | '\\') || edge || (key && c == '=') {
            out.push('\\');
        }
        out.push(c);
    }
    out
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

    /// Whatever an item may be made of.
    const ODD: [&str; 22] = [
        "a",
        "",
        " ",
        "  a b  ",
        "a,b",
        ",",
        "\\",
        "\\\\",
        "a\\",
        "\\,",
        "\\ a",
        "a \\ ",
        "\"",
        "\"\"",
        "\"a, b\"",
        "\\\"",
        "key=value",
        "=",
        "größe 雪 🚀\u{301}",
        "\u{a0}a\u{3000}",
        "\ttab\t",
        "two\nlines\n",
    ];

    #[test]
    fn whatever_an_array_holds_is_what_comes_of_the_text_for_it() {
        assert_eq!((list([].into_iter()), pieces("")), (String::new(), Vec::new()));
        for one in ODD {
            assert_eq!(pieces(&list([one].into_iter())), [one], "{one:?} as {:?}", list([one].into_iter()));
            for other in ODD {
                let typed = list([one, other, one].into_iter());
                assert_eq!(pieces(&typed), [one, other, one], "{typed:?}");
            }
        }
        assert_eq!(pieces(&list(ODD.into_iter())), ODD);
    }

    #[test]
    fn whatever_an_object_holds_is_what_comes_of_the_text_for_it() {
        assert_eq!((table([].into_iter()), pairs("")), (String::new(), Vec::new()));
        for key in ODD {
            for value in ODD {
                let typed = table([(key, value), ("z", key)].into_iter());
                let wanted = [(key, value), ("z", key)].map(|(key, value)| (key.to_owned(), value.to_owned()));
                assert_eq!(pairs(&typed), wanted, "{typed:?}");
                let table = input(InputKind::Table(Vec::new()), true);
                assert_eq!(table.refuse(&typed).is_some(), key == "z", "{typed:?}");
            }
        }
    }

    #[test]
    fn what_people_type_is_taken_as_they_mean_it() {
        for (typed, wanted) in [
            ("a, b ,c", &["a", "b", "c"][..]),
            ("a,,b,", &["a", "b"]),
            (" ", &[]),
            ("\"\"", &[""]),
            ("a, \"\", b", &["a", "", "b"]),
            ("\\\"\\\"", &["\"\""]),
            ("C:\\dir\\file", &["C:\\dir\\file"]),
            ("a\\,b", &["a,b"]),
            ("\\ a", &[" a"]),
            ("say \"hi\"", &["say \"hi\""]),
            ("a\\", &["a\\"]),
        ] {
            assert_eq!(pieces(typed), wanted, "{typed:?}");
        }
        let rows =
            |typed: &str| pairs(typed).into_iter().map(|(key, value)| format!("{key}|{value}")).collect::<Vec<_>>();
        assert_eq!(rows("a = 1, b=x=y, c=, d, e\\=f=g"), ["a|1", "b|x=y", "c|", "e=f|g"]);
    }

    #[test]
    fn a_name_says_whether_its_value_is_a_secret() {
        for (name, secret) in [
            ("token", true),
            ("api-token", true),
            ("DB_PASSWORD", true),
            ("clientSecret", true),
            ("apiKey", true),
            ("signing.key", true),
            ("APIKEY", true),
            ("monkey", false),
            ("keyboard", false),
            ("note", false),
            ("", false),
        ] {
            assert_eq!(is_secret(name), secret, "{name}");
            let kept = kept(&Name::new(name), &Name::new("s3cret"));
            assert_eq!(kept.contains("s3cret"), !secret, "{name}: {kept}");
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
