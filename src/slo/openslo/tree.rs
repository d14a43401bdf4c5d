//! The documents of a YAML file, every value with the place where it stands.

use serde_yaml::granit_parser::{BorrowedInput, Event, Parser, Span};

use super::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: At,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Word(String),
    Map(Vec<(String, At, Node)>),
    List(Vec<Node>),
    /// Nothing, or an alias.
    Other,
}

impl Node {
    /// The value under a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.what {
            What::Map(entries) => entries.iter().find(|(name, ..)| name == key).map(|(_, _, node)| node),
            _ => None,
        }
    }

    pub(super) fn word(&self) -> Option<&str> {
        match &self.what {
            What::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match &self.what {
            What::List(items) => items,
            _ => &[],
        }
    }
}

/// All documents; a syntax error ends the reading.
pub(super) fn documents(text: &str, problems: &mut Vec<Problem>) -> Vec<Node> {
    let mut events = Events { parser: Parser::new_from_str(text) };
    let mut documents = Vec::new();
    loop {
        match events.next() {
            Ok(None) => return documents,
            Ok(Some((Event::DocumentEnd | Event::StreamEnd, _))) => {}
            Ok(Some((event, span))) => match events.node(event, &span, 0) {
                Ok(node) => documents.push(node),
                Err(problem) => {
                    problems.push(problem);
                    return documents;
                }
            },
            Err(problem) => {
                problems.push(problem);
                return documents;
            }
        }
    }
}

struct Events<'a, I: BorrowedInput<'a>> {
    parser: Parser<'a, I>,
}

impl<'a, I: BorrowedInput<'a>> Events<'a, I> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Problem> {
        for event in self.parser.by_ref() {
            match event {
                Ok((Event::Comment(..) | Event::StreamStart | Event::DocumentStart(..), _)) => {}
                Ok(event) => return Ok(Some(event)),
                Err(error) => {
                    let at = At { line: error.marker().line(), column: error.marker().col() + 1 };
                    return Err(Problem::error(at, format!("not YAML: {}", super::quote(&error.info()))));
                }
            }
        }
        Ok(None)
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Problem> {
        let at = At { line: span.start.line(), column: span.start.col() + 1 };
        if depth > 24 {
            return Err(Problem::error(at, "nested too deeply".to_owned()));
        }
        let what = match event {
            Event::Scalar(text, ..) => What::Word(text.into_owned()),
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                while let Some((event, span)) = self.next()? {
                    if matches!(event, Event::MappingEnd) {
                        break;
                    }
                    let key = self.node(event, &span, depth + 1)?;
                    let What::Word(name) = key.what else {
                        return Err(Problem::error(key.at, "a key must be a single word".to_owned()));
                    };
                    let Some((event, span)) = self.next()? else { break };
                    entries.push((name, key.at, self.node(event, &span, depth + 1)?));
                }
                What::Map(entries)
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while let Some((event, span)) = self.next()? {
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, &span, depth + 1)?);
                }
                What::List(items)
            }
            _ => What::Other,
        };
        Ok(Node { at, what })
    }
}
