//! YAML with positions: a tree of any shape, and files of two levels (sections, and `key: value` in
//! them). Read from the parser's events, so that a repeated key is seen and one mistake does not hide
//! the next.

use std::collections::HashMap;

use serde_yaml::granit_parser::{Event, Parser, Span};

use super::errors::{ConfigError, quote, quoted};

/// A scalar and where it begins, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub line: usize,
    pub column: usize,
}

impl Word {
    pub(super) fn error(&self, message: String) -> ConfigError {
        ConfigError::new(self.line, self.column, message)
    }
}

/// One section in the order of the file.
#[derive(Debug)]
pub(super) struct Section {
    pub name: Word,
    pub entries: Vec<(Word, Word)>,
}

/// A file: `key: value` at its top level, and sections.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub top: Vec<(Word, Word)>,
    pub sections: Vec<Section>,
}

/// A value. Each begins with where it stands; only a scalar's [`Word`] has a text.
#[derive(Debug)]
pub(super) enum Node {
    Word(Word),
    Map(Word, Vec<(Word, Node)>),
    List(Word, Vec<Node>),
    /// An alias, which is not followed.
    Other(Word),
}

/// The whole file as a tree; nothing for an empty one.
pub(super) fn tree(text: &str) -> Result<Option<Node>, ConfigError> {
    Events { parser: Parser::new_from_str(text), documents: 0 }.document()
}

/// Parses; what has another shape than two levels of mappings is an error of its own.
pub(super) fn parse(text: &str, errors: &mut Vec<ConfigError>) -> Document {
    let mut document = Document::default();
    let root = match tree(text) {
        Ok(root) => root,
        Err(error) => {
            errors.push(error);
            return document;
        }
    };
    let entries = match root {
        None => return document,
        Some(Node::Map(_, entries)) => entries,
        Some(Node::Word(word) | Node::List(word, _) | Node::Other(word)) => {
            errors.push(word.error("a mapping of sections is expected here".to_owned()));
            return document;
        }
    };
    repeated(&entries, "section", errors);
    for (name, node) in entries {
        match node {
            Node::Word(value) => document.top.push((name, value)),
            Node::Map(_, entries) => document.sections.push(section(name, entries, errors)),
            Node::List(value, _) | Node::Other(value) => {
                errors.push(value.error(format!("{} must be a mapping", quoted(&name.text))));
            }
        }
    }
    document
}

fn section(name: Word, entries: Vec<(Word, Node)>, errors: &mut Vec<ConfigError>) -> Section {
    repeated(&entries, "key", errors);
    let mut words = Vec::new();
    for (key, node) in entries {
        match node {
            Node::Word(value) => words.push((key, value)),
            Node::Map(..) => errors.push(key.error(format!("{} must be a single value", quoted(&key.text)))),
            Node::List(value, _) | Node::Other(value) => {
                errors.push(value.error(format!("{} must be a single value", quoted(&key.text))));
            }
        }
    }
    Section { name, entries: words }
}

fn repeated(entries: &[(Word, Node)], what: &str, errors: &mut Vec<ConfigError>) {
    let mut lines = HashMap::new();
    for (key, _) in entries {
        let first = *lines.entry(key.text.as_str()).or_insert(key);
        if !std::ptr::eq(first, key) {
            errors.push(key.error(format!("{what} {} is already on line {}", quoted(&key.text), first.line)));
        }
    }
}

struct Events<'a, I: serde_yaml::granit_parser::BorrowedInput<'a>> {
    parser: Parser<'a, I>,
    /// Begun so far.
    documents: usize,
}

impl<'a, I: serde_yaml::granit_parser::BorrowedInput<'a>> Events<'a, I> {
    /// The next event that is data, with its position.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, ConfigError> {
        for event in self.parser.by_ref() {
            match event {
                Ok((Event::Comment(..) | Event::StreamStart, _)) => {}
                Ok((Event::DocumentStart(..), span)) => {
                    self.documents += 1;
                    if self.documents > 1 {
                        return Err(ConfigError::new(
                            span.start.line(),
                            span.start.col() + 1,
                            "a second document begins here, and nothing of it would be read; put all of it into one"
                                .to_owned(),
                        ));
                    }
                }
                Ok((event, span)) => return Ok(Some((event, span))),
                Err(error) => {
                    let at = error.marker();
                    return Err(ConfigError::new(
                        at.line(),
                        at.col() + 1,
                        format!("not YAML: {}", quote(&error.info())),
                    ));
                }
            }
        }
        Ok(None)
    }

    fn document(&mut self) -> Result<Option<Node>, ConfigError> {
        match self.next()? {
            None | Some((Event::StreamEnd | Event::DocumentEnd, _)) => Ok(None),
            Some((event, span)) => {
                let root = self.node(event, &span, 0)?;
                // What follows is read too, so that a syntax error after it is found.
                while self.next()?.is_some() {}
                Ok(Some(root))
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, ConfigError> {
        let at = Word { text: String::new(), line: span.start.line(), column: span.start.col() + 1 };
        if depth > 8 {
            return Err(at.error("nested too deeply".to_owned()));
        }
        if let Event::Scalar(_, _, _, Some(tag))
        | Event::MappingStart(_, _, Some(tag))
        | Event::SequenceStart(_, _, Some(tag)) = &event
        {
            let tag = quoted(&tag.to_string().replace("tag:yaml.org,2002:", "!!"));
            return Err(at.error(format!("the tag {tag} means nothing here; leave it out")));
        }
        match event {
            Event::Scalar(text, ..) => Ok(Node::Word(Word { text: text.into_owned(), ..at })),
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                while let Some((event, span)) = self.next()? {
                    if matches!(event, Event::MappingEnd) {
                        break;
                    }
                    let key = match self.node(event, &span, depth + 1)? {
                        Node::Word(word) => word,
                        Node::Map(..) | Node::List(..) | Node::Other(_) => {
                            return Err(ConfigError::new(
                                span.start.line(),
                                span.start.col() + 1,
                                "a key must be a single word; put it between quotation marks".to_owned(),
                            ));
                        }
                    };
                    let Some((event, span)) = self.next()? else { break };
                    entries.push((key, self.node(event, &span, depth + 1)?));
                }
                Ok(Node::Map(at, entries))
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while let Some((event, span)) = self.next()? {
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, &span, depth + 1)?);
                }
                Ok(Node::List(at, items))
            }
            _ => Ok(Node::Other(at)),
        }
    }
}
