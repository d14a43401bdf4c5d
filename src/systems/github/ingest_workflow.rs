//! From GitHub's answers to workflows that can be started (apis.md §6.2, §6.4, §6.5, §6.9): the list of
//! workflows, the content of a file, the names of environments; and from a workflow's file to the
//! inputs that it asks for. Pure.

use std::fmt;

use base64::Engine as _;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::ingest::{object, read};
use crate::model::Name;
use crate::model::workflows::{Input, InputKind};
use crate::safe;
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Int, Text};
use crate::text::Safe;

/// More inputs than GitHub takes are none of a workflow.
const MOST: usize = 100;

/// A workflow of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    pub id: i64,
    pub name: Name,
    pub path: Name,
    /// `active`, or why it does not run.
    pub state: Safe,
}

/// Workflows of a page, and rows that were none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflows {
    pub rows: Vec<Workflow>,
    pub left_out: u64,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Of its content.
    pub sha: Name,
    pub text: String,
}

#[derive(Deserialize)]
struct WorkflowsWire<'a> {
    #[serde(borrow)]
    workflows: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WorkflowWire<'a> {
    id: Int,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    state: Text<'a>,
}

/// The workflows of a repository.
pub fn workflows(bytes: &[u8]) -> Result<Workflows, IngestError> {
    let wire: WorkflowsWire<'_> = read("the workflows", bytes)?;
    let mut all = Workflows { rows: Vec::with_capacity(wire.workflows.len()), left_out: 0 };
    for row in wire.workflows {
        match workflow(row.get().as_bytes()) {
            Ok(row) => all.rows.push(row),
            Err(_) => all.left_out += 1,
        }
    }
    Ok(all)
}

fn workflow(bytes: &[u8]) -> Result<Workflow, IngestError> {
    const WHAT: &str = "a workflow";
    let wire: WorkflowWire<'_> = object(WHAT, bytes)?;
    let id = wire.id.0.filter(|id| id.abs() < Int::MOST);
    let path = Name::new(wire.path.as_str());
    Ok(Workflow {
        id: id.ok_or(IngestError::Missing { what: WHAT, field: "id" })?,
        name: wire.name.some().map_or_else(|| path.clone(), Name::new),
        path,
        state: Safe::identity(wire.state.as_str()),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RepositoryWire<'a> {
    #[serde(borrow)]
    default_branch: Text<'a>,
}

/// The branch a repository stands at.
pub fn default_branch(bytes: &[u8]) -> Result<Name, IngestError> {
    const WHAT: &str = "the repository";
    let wire: RepositoryWire<'_> = object(WHAT, bytes)?;
    wire.default_branch.some().map(Name::new).ok_or(IngestError::Missing { what: WHAT, field: "default_branch" })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileWire<'a> {
    #[serde(borrow)]
    encoding: Text<'a>,
    #[serde(borrow)]
    content: Text<'a>,
    #[serde(borrow)]
    sha: Text<'a>,
}

/// A file, where the answer has its content.
pub fn file(bytes: &[u8]) -> Result<File, IngestError> {
    const WHAT: &str = "the file";
    let odd = |message: &str| IngestError::Invalid { what: WHAT, message: message.to_owned() };
    let wire: FileWire<'_> = object(WHAT, bytes)?;
    let sha = wire.sha.some().ok_or(IngestError::Missing { what: WHAT, field: "sha" })?;
    if wire.encoding.as_str() != "base64" {
        return Err(odd("its content is not in the answer"));
    }
    let packed: String = wire.content.as_str().chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(packed).map_err(|_| odd("its content is no base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| odd("it is not written in UTF-8"))?;
    Ok(File { sha: Name::new(sha), text })
}

#[derive(Deserialize)]
struct EnvironmentsWire<'a> {
    #[serde(borrow)]
    environments: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EnvironmentWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

/// The names of a repository's environments.
pub fn environments(bytes: &[u8]) -> Result<Vec<Name>, IngestError> {
    let wire: EnvironmentsWire<'_> = read("the environments", bytes)?;
    let name = |row: &&RawValue| {
        let wire: EnvironmentWire<'_> = object("an environment", row.get().as_bytes()).ok()?;
        wire.name.some().map(Name::new)
    };
    Ok(wire.environments.iter().filter_map(name).collect())
}

/// What a workflow's file asks for before it runs by hand; `None`: it has no such trigger.
pub fn inputs(text: &str) -> Result<Option<Vec<Input>>, Safe> {
    #[derive(Deserialize)]
    struct Wire {
        on: Option<On>,
    }
    let wire: Wire = serde_yaml::from_str(text).map_err(|error| {
        let said = error.to_string();
        safe!("its file cannot be read: {}", Safe::line(said.lines().next().unwrap_or_default()))
    })?;
    let Some(dispatch) = wire.on.and_then(|on| on.dispatch) else { return Ok(None) };
    let rows = dispatch.inputs.map(|inputs| inputs.0).unwrap_or_default();
    Ok(Some(rows.into_iter().take(MOST).map(|(name, wire)| input(&name, wire.unwrap_or_default())).collect()))
}

fn input(name: &str, wire: InputWire) -> Input {
    let names = |all: Option<Vec<String>>| all.unwrap_or_default().iter().map(|one| Name::new(one)).collect();
    let kind = match wire.kind.as_deref() {
        Some("choice") => InputKind::Choice(names(wire.options)),
        Some("boolean") => InputKind::Boolean,
        Some("number") => InputKind::Number,
        Some("environment") => InputKind::Environment(Err(Safe::of("they have not been read"))),
        // A type of later times is typed as it is.
        _ => InputKind::Text,
    };
    Input {
        name: Name::new(name),
        description: Safe::line(wire.description.as_deref().unwrap_or_default()),
        required: wire.required.as_deref() == Some("true"),
        default: wire.default.filter(|text| !text.is_empty()).map(|text| Name::new(&text)),
        kind,
    }
}

/// The triggers of a workflow: one, several, or each with what it needs.
#[derive(Default)]
struct On {
    dispatch: Option<Dispatch>,
}

#[derive(Default, Deserialize)]
struct Dispatch {
    inputs: Option<Rows>,
}

/// In the order of the file.
struct Rows(Vec<(String, Option<InputWire>)>);

/// Scalars as they are written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct InputWire {
    description: Option<String>,
    required: Option<String>,
    default: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    options: Option<Vec<String>>,
}

const TRIGGER: &str = "workflow_dispatch";

impl<'de> Deserialize<'de> for On {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Triggers;
        impl<'de> Visitor<'de> for Triggers {
            type Value = On;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the triggers of a workflow")
            }

            fn visit_str<E>(self, one: &str) -> Result<On, E> {
                Ok(On { dispatch: (one == TRIGGER).then(Dispatch::default) })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<On, A::Error> {
                let mut on = On::default();
                while let Some(one) = all.next_element::<String>()? {
                    if one == TRIGGER {
                        on.dispatch = Some(Dispatch::default());
                    }
                }
                Ok(on)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<On, A::Error> {
                let mut on = On::default();
                while let Some(key) = all.next_key::<String>()? {
                    if key == TRIGGER {
                        on.dispatch = Some(all.next_value::<Option<Dispatch>>()?.unwrap_or_default());
                    } else {
                        all.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(on)
            }
        }
        deserializer.deserialize_any(Triggers)
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("inputs by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Rows, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = all.next_entry::<String, Option<InputWire>>()? {
                    rows.push(row);
                }
                Ok(Rows(rows))
            }
        }
        deserializer.deserialize_map(Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inputs_of_a_file_are_read_in_its_order() {
        let text = "name: release\non:\n  push:\n    branches: [main]\n  workflow_dispatch:\n    inputs:\n      \
                    version: { description: Which one, required: true, default: 1.10 }\n      level:\n        \
                    type: choice\n        options: [debug, info, 3]\n        default: info\n      dry-run:\n        \
                    type: boolean\n        default: false\n      count: { type: number }\n      where: { type: \
                    environment, required: true }\n      plain:\njobs:\n  a: { runs-on: x, steps: [{ run: 'true' }] }\n";
        let inputs = inputs(text).unwrap().unwrap();
        let row = |input: &Input| {
            let default = input.default.as_ref().map(|text| text.raw().to_owned());
            (input.name.raw().to_owned(), input.kind.as_str(), input.required, default)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            inputs.iter().map(row).collect::<Vec<_>>(),
            [
                ("version".to_owned(), "string", true, some("1.10")),
                ("level".to_owned(), "choice", false, some("info")),
                ("dry-run".to_owned(), "boolean", false, some("false")),
                ("count".to_owned(), "number", false, None),
                ("where".to_owned(), "environment", true, None),
                ("plain".to_owned(), "string", false, None),
            ]
        );
        assert_eq!(inputs[1].kind.choices().unwrap().iter().map(Name::raw).collect::<Vec<_>>(), ["debug", "info", "3"]);
        assert_eq!(inputs[0].description.as_str(), "Which one");
    }

    #[test]
    fn triggers_of_every_shape_are_known() {
        for (text, expected) in [
            ("on: workflow_dispatch", Some(0)),
            ("on: [push, workflow_dispatch]", Some(0)),
            ("on:\n  workflow_dispatch:\n  push:", Some(0)),
            ("on: { workflow_dispatch: { inputs: } }", Some(0)),
            ("on: { workflow_dispatch: { inputs: { a: {} } } }", Some(1)),
            ("on: push", None),
            ("on: [push]", None),
            ("on: { push: { branches: [main] } }", None),
            ("jobs: {}", None),
        ] {
            assert_eq!(inputs(text).unwrap().map(|rows| rows.len()), expected, "{text}");
        }
        for odd in ["on: [", "- a\n- b", "on: { workflow_dispatch: { inputs: [a] } }"] {
            assert!(inputs(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_file_comes_in_lines_of_base64() {
        let answer = br#"{"type":"file","encoding":"base64","content":"b246IHB1\nc2gK\n","sha":"3d21"}"#;
        assert_eq!(file(answer).unwrap(), File { sha: Name::new("3d21"), text: "on: push\n".to_owned() });
        for odd in [
            &br#"{"encoding":"none","content":"","sha":"3d21"}"#[..],
            br#"{"encoding":"base64","content":"***","sha":"3d21"}"#,
            br#"{"encoding":"base64","content":"/w==","sha":"3d21"}"#,
            br#"{"encoding":"base64","content":"b246"}"#,
            b"[]",
        ] {
            assert!(file(odd).is_err(), "{}", String::from_utf8_lossy(odd));
        }
    }
}
