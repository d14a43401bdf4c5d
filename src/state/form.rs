//! The form in which a workflow or a pipeline is told what it asks for before it runs: a branch (of Tekton
//! which Pipeline), and a field for each input. It sends nothing: what was filled in goes to the dialog that every action has.

use std::sync::Arc;

use tui_textarea::{CursorMove, TextArea};

use super::State;
use super::choice::{self, Row};
use super::ui::Overlay;
use crate::command::Key;
use crate::model::workflows::{self, Dispatchable, Input, InputKind, WorkflowWanted};
use crate::model::{Kind, Name, ObjectId};
use crate::text::Safe;

#[derive(Debug, Clone)]
pub struct Form {
    /// The workflow, the Pipeline of Tekton or the pipeline of a RustCI server.
    pub target: ObjectId,
    /// Of a workflow its file; of a Pipeline the run it is started from.
    pub path: Name,
    /// Of GitHub: those that a workflow can be chosen of; `None`: it is of this one.
    pub repositories: Option<Vec<Name>>,
    /// What it asks for, where nothing must be read for that.
    pub given: Option<Arc<Dispatchable>>,
    /// What the fields are read for; follows what is typed when the field is left.
    pub reference: Name,
    pub branch: Box<TextArea<'static>>,
    /// The content of the file that the fields are made from.
    pub made_from: Option<Name>,
    pub fields: Vec<Field>,
    /// The row that has the keys ([`super::choice::Row`]): what it is of, the branch, the fields, the last line.
    pub at: usize,
    /// Somebody asked to go on: what is wrong is said beside each field.
    pub complains: bool,
    /// Something was typed or chosen in it, that leaving it loses.
    pub touched: bool,
    /// It was to be left: the next Esc leaves it.
    pub leaving: Option<std::time::Duration>,
    /// The key that opened it and when it came last: it may be held.
    pub opened_by: Option<(Key, std::time::Duration)>,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub input: Input,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub enum Value {
    Typed(Box<TextArea<'static>>),
    /// One of the choices, by position; `None`: none yet.
    Chosen(Option<usize>),
    Flag(bool),
}

/// A line with its cursor at the end.
#[must_use]
pub fn editor(text: &str) -> Box<TextArea<'static>> {
    let mut editor = TextArea::new(vec![text.to_owned()]);
    editor.move_cursor(CursorMove::End);
    Box::new(editor)
}

impl Field {
    fn new(input: &Input) -> Self {
        let default = input.default.as_ref().map_or("", Name::raw);
        let value = match (&input.kind, input.kind.choices()) {
            (InputKind::Boolean, _) => Value::Flag(default == "true"),
            (_, Some(all)) => {
                let place = all.iter().position(|one| one.raw() == default);
                // GitHub's own form begins with the first one where it must be one.
                Value::Chosen(place.or((input.required && !all.is_empty()).then_some(0)))
            }
            _ => Value::Typed(editor(default)),
        };
        Self { input: input.clone(), value }
    }

    /// As it would be sent.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.value {
            Value::Typed(editor) if self.input.kind == InputKind::Number => editor.lines().concat().trim().to_owned(),
            Value::Typed(editor) => editor.lines().concat(),
            Value::Chosen(at) => {
                let all = self.input.kind.choices().unwrap_or_default();
                at.and_then(|at| all.get(at)).map_or_else(String::new, |one| one.raw().to_owned())
            }
            Value::Flag(on) => on.to_string(),
        }
    }

    #[must_use]
    pub fn problem(&self) -> Option<Safe> {
        self.input.refuse(&self.text())
    }

    /// The next choice, or the one before.
    pub fn turn(&mut self, forward: bool) {
        let count = self.input.kind.choices().map_or(0, <[Name]>::len);
        // What must be chosen cannot be left empty again.
        let first = usize::from(self.input.required);
        match &mut self.value {
            Value::Flag(on) => *on = !*on,
            Value::Chosen(at) if count > 0 => {
                // 0 stands for none.
                let places = count + 1 - first;
                let now = at.map_or(0, |at| at + 1 - first);
                let next = if forward { now + 1 } else { now + places - 1 } % places;
                *at = (next + first).checked_sub(1);
            }
            Value::Chosen(_) | Value::Typed(_) => {}
        }
    }
}

impl Form {
    #[must_use]
    pub fn new(target: ObjectId, path: Name, reference: Name) -> Self {
        let branch = editor(reference.raw());
        Self {
            target,
            path,
            repositories: None,
            given: None,
            reference,
            branch,
            made_from: None,
            fields: Vec::new(),
            at: 0,
            complains: false,
            touched: false,
            leaving: None,
            opened_by: None,
        }
    }

    /// What the first row is called, and what is said of it.
    #[must_use]
    pub const fn first(&self) -> (&'static str, &'static str) {
        match self.target.kind {
            Kind::Pipeline => ("pipeline", "the parameters are those of the Pipeline of that name"),
            Kind::CiPipeline => ("branch", "what it is told of its source; RustCI takes any word"),
            _ => ("branch or tag", "the inputs are those of the workflow's file there"),
        }
    }

    /// The first row may be left empty.
    #[must_use]
    pub const fn may_be_empty(&self) -> bool {
        matches!(self.target.kind, Kind::CiPipeline)
    }

    fn refuse_branch(&self) -> Option<Safe> {
        let typed = self.typed_branch();
        if typed.is_empty() && self.may_be_empty() { None } else { workflows::refuse_reference(&typed) }
    }

    /// What must be read for it.
    #[must_use]
    pub fn wanted(&self) -> WorkflowWanted {
        WorkflowWanted {
            source: self.target.cluster,
            repository: self.target.namespace.clone(),
            path: self.path.clone(),
            reference: self.reference.clone(),
        }
    }

    /// What stands in the row that has the keys.
    #[must_use]
    pub fn typed(&self) -> String {
        match self.row(self.at) {
            Row::Branch => self.typed_branch(),
            Row::Field(at) => self.fields.get(at).map(Field::text).unwrap_or_default(),
            _ => String::new(),
        }
    }

    #[must_use]
    pub fn typed_branch(&self) -> String {
        self.branch.lines().concat()
    }

    /// What it is of, the branch, the fields and the line that goes on.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.head() + self.fields.len() + 2
    }

    /// The field that has the keys.
    pub fn field(&mut self) -> Option<&mut Field> {
        match self.row(self.at) {
            Row::Field(at) => self.fields.get_mut(at),
            _ => None,
        }
    }

    /// Takes the fields of another file; what was filled in stays where a field of that name takes it.
    pub fn take(&mut self, workflow: &Dispatchable) {
        if self.made_from.as_ref() == Some(&workflow.sha) {
            return;
        }
        let before = std::mem::take(&mut self.fields);
        let field = |input: &Input| {
            let known = before.iter().find(|field| field.input.name == input.name);
            match known.filter(|field| field.input.kind == input.kind) {
                Some(known) => Field { input: input.clone(), value: known.value.clone() },
                None => Field::new(input),
            }
        };
        self.fields = workflow.inputs.iter().map(field).collect();
        self.made_from = Some(workflow.sha.clone());
        self.at = self.at.min(self.rows() - 1);
        self.leaving = None;
    }

    /// The first row that keeps it from going on, and why.
    #[must_use]
    pub fn problem(&self) -> Option<(usize, Safe)> {
        let branch = self.refuse_branch().map(|why| (self.head(), why));
        let field = |(at, field): (usize, &Field)| field.problem().map(|why| (self.place(at), why));
        branch.or_else(|| self.fields.iter().enumerate().find_map(field))
    }

    /// What is sent: empty fields without a default are left out.
    #[must_use]
    pub fn inputs(&self) -> Vec<(Name, Name)> {
        let filled = self.fields.iter().map(|field| (&field.input, field.text()));
        let filled = filled.filter(|(input, text)| !text.is_empty() || input.default.is_some());
        filled.map(|(input, text)| (input.name.clone(), Name::new(&text))).collect()
    }

    /// The environments that its inputs choose, whatever else they say.
    pub fn environments(&self) -> impl Iterator<Item = Name> {
        let named = self.fields.iter().filter(|field| matches!(field.input.kind, InputKind::Environment(_)));
        named.map(Field::text).filter(|text| !text.is_empty()).map(|text| Name::new(&text))
    }
}

/// What it asks for; `Err`: why it cannot be started; `None`: it is being read.
#[must_use]
pub fn read(state: &State, form: &Form) -> Option<Result<Arc<Dispatchable>, Safe>> {
    if let Some(why) = choice::without(state, form) {
        return Some(Err(why));
    }
    let given = form.given.clone().map(Ok);
    given.or_else(|| state.world.details.workflow(&form.wanted()).cloned())
}

/// The form that is open.
#[must_use]
pub fn open(state: &State) -> Option<&Form> {
    match &state.ui.overlay {
        Some(Overlay::Form(form)) => Some(form),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, SourceId, Uid};

    fn input(name: &str, kind: InputKind, required: bool, default: Option<&str>) -> Input {
        let default = default.map(Name::new);
        Input { name: Name::new(name), description: Safe::of(""), required, default, kind }
    }

    fn names(all: &[&str]) -> Vec<Name> {
        all.iter().map(|name| Name::new(name)).collect()
    }

    fn form(sha: &str, inputs: Vec<Input>) -> (Form, Dispatchable) {
        let uid = Uid::new(SourceId(0), "w");
        let target = ObjectId {
            cluster: SourceId(0),
            kind: Kind::Workflow,
            namespace: Name::new("a/b"),
            name: Name::new("ci"),
            uid,
        };
        let workflow = Dispatchable { id: 1, name: Name::new("ci"), sha: Name::new(sha), inputs, takes_over: false };
        let mut form = Form::new(target, Name::new("ci.yml"), Name::new("main"));
        form.take(&workflow);
        (form, workflow)
    }

    #[test]
    fn a_form_begins_with_the_defaults_and_leaves_out_what_is_empty() {
        let level = || InputKind::Choice(names(&["debug", "info"]));
        let (form, _) = form(
            "1",
            vec![
                input("version", InputKind::Text, false, Some("1.10")),
                input("note", InputKind::Text, false, None),
                input("level", level(), false, Some("info")),
                input("must", level(), true, None),
                input("may", level(), false, None),
                input("dry", InputKind::Boolean, false, None),
                input("where", InputKind::Environment(Ok(names(&["staging"]))), true, None),
            ],
        );
        let sent: Vec<(String, String)> =
            form.inputs().iter().map(|(name, value)| (name.raw().to_owned(), value.raw().to_owned())).collect();
        let wanted =
            [("version", "1.10"), ("level", "info"), ("must", "debug"), ("dry", "false"), ("where", "staging")];
        assert_eq!(sent, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(form.problem(), None);
        assert_eq!(form.environments().collect::<Vec<_>>(), [Name::new("staging")]);
    }

    #[test]
    fn a_text_comes_out_of_its_field_as_it_went_in() {
        for text in ["", " a ", "a\\,b\\\\", "\"\"", "größe 雪 🚀", "\ttab", "two\nlines\n"] {
            for kind in [InputKind::Text, InputKind::List] {
                let (form, _) = form("1", vec![input("x", kind, false, Some(text))]);
                assert_eq!(form.inputs(), [(Name::new("x"), Name::new(text))]);
            }
        }
    }

    #[test]
    fn choices_turn_and_only_those_that_may_be_empty_are() {
        let of = |required| {
            let kind = InputKind::Choice(names(&["a", "b"]));
            let mut field = Field::new(&input("x", kind, required, Some("a")));
            let mut seen = Vec::new();
            for forward in [true, true, true, false] {
                field.turn(forward);
                seen.push(field.text());
            }
            seen
        };
        assert_eq!(of(true), ["b", "a", "b", "a"]);
        assert_eq!(of(false), ["b", "", "a", ""]);
    }

    #[test]
    fn another_file_keeps_what_fits_it() {
        let text = |name| input(name, InputKind::Text, false, None);
        let (mut form, mut workflow) = form("1", vec![text("a"), text("b")]);
        for field in &mut form.fields {
            field.value = Value::Typed(editor("typed"));
        }
        form.at = 3;
        (workflow.sha, workflow.inputs) = (Name::new("2"), vec![input("b", InputKind::Number, true, None), text("a")]);
        form.take(&workflow);
        assert_eq!(form.fields.iter().map(Field::text).collect::<Vec<_>>(), ["", "typed"]);
        assert_eq!(form.problem().map(|(at, _)| at), Some(1));
    }
}
