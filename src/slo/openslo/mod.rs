//! OpenSLO files (slo.md §6): read, checked, every mistake at once with its line and column. Only what
//! the gauges and the burn table need is kept; unknown keys are mistakes.

mod read;
mod tree;
mod words;

use std::collections::HashMap;

use crate::model::slo::ObjectiveSpec;
use crate::text::Safe;
use tree::{At, Node};

/// A mistake, or a warning. Line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// What was probably meant, or what to do.
    pub hint: Option<String>,
    /// The file is used all the same.
    pub warning: bool,
}

impl Problem {
    fn error(at: At, message: String) -> Self {
        Self { line: at.line, column: at.column, message, hint: None, warning: false }
    }
}

/// What is read of a file so far: its documents by kind and name, and what is wrong.
struct File<'a> {
    named: HashMap<(&'a str, &'a str), &'a Node>,
    problems: Vec<Problem>,
}

impl File<'_> {
    fn tell(&mut self, at: At, message: impl Into<String>) {
        self.problems.push(Problem::error(at, message.into()));
    }

    fn hint(&mut self, at: At, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem { hint: Some(hint.into()), ..Problem::error(at, message.into()) });
    }

    fn warn(&mut self, at: At, message: impl Into<String>) {
        self.problems.push(Problem { warning: true, ..Problem::error(at, message.into()) });
    }
}

const KINDS: [&str; 6] = ["Service", "DataSource", "SLI", "SLO", "AlertPolicy", "AlertCondition"];

/// The objectives of a file, and everything that is wrong with it, in the order of its lines. An
/// objective with a mistake in it is not among them.
#[must_use]
pub fn parse(text: &str) -> (Vec<ObjectiveSpec>, Vec<Problem>) {
    let mut problems = Vec::new();
    let documents = tree::documents(text, &mut problems);
    let mut file = File { named: HashMap::new(), problems };
    for document in &documents {
        let kind = document.get("kind").and_then(Node::word);
        let name = document.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::word);
        if let (Some(kind), Some(name)) = (kind, name) {
            file.named.insert((kind, name), document);
        }
    }
    let mut objectives = Vec::new();
    for document in &documents {
        objectives.extend(document_of(&mut file, document));
    }
    let mut problems = file.problems;
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems.dedup();
    (objectives, problems)
}

fn document_of<'a>(file: &mut File<'a>, document: &'a Node) -> Option<ObjectiveSpec> {
    words::keys(file, document, &["apiVersion", "kind", "metadata", "spec"]);
    match document.get("apiVersion").map(|node| (node.at, node.word())) {
        Some((_, Some("openslo/v1"))) => {}
        Some((at, _)) => file.hint(at, "this version of OpenSLO is not read", "write openslo/v1"),
        None => file.tell(document.at, "apiVersion is missing; write openslo/v1"),
    }
    words::metadata(file, document);
    let Some(kind) = document.get("kind") else {
        file.tell(document.at, "kind is missing");
        return None;
    };
    match kind.word() {
        Some("SLO") => read::objective(file, document),
        Some(word) if KINDS.contains(&word) => None,
        other => {
            let word = other.unwrap_or_default().to_owned();
            words::unknown(file, kind.at, "kind", &word, &KINDS);
            None
        }
    }
}

/// Words of a file as they may be printed.
fn quote(word: &str) -> String {
    Safe::identity(word).as_str().to_owned()
}
