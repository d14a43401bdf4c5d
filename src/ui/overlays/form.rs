//! The form before a workflow is started: its branch, a line for each input, what is wrong with it.
//!
//! ```text
//!  Run ci-cd-pipeline of shop/checkout                     .github/workflows/ci.yml
//!  ────────────────────────────────────────────────────────────────────────────────
//!  workflow         ci-cd-pipeline                                           1 of 3
//!  branch or tag    main▏
//!  environment    * < staging >                                          environment
//!  dry-run          false                                                    boolean
//!                   Build everything, publish nothing
//!  go on            enter opens the dialog
//! ```

use ratatui::layout::Rect;

use super::typed_within;
use crate::config::theme::Role;
use crate::model::Kind;
use crate::model::masked::{is_secret, looks_secret};
use crate::model::workflows::InputKind;
use crate::safe;
use crate::state::State;
use crate::state::choice::{self, Row};
use crate::state::form::{self, Field, Form, Value};
use crate::text::Safe;
use crate::ui::pen::{Pen, Words};

/// Columns of the names at most.
const LABEL: u16 = 24;
/// Title, rule, what is said of the row, an empty line, keys.
const CHROME: u16 = 6;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, form: &Form) {
    let all = pen.area();
    let width = if all.width < 64 { all.width } else { all.width.saturating_sub(8).min(100) };
    let rows = u16::try_from(form.rows()).unwrap_or(u16::MAX);
    let height = rows.saturating_add(CHROME + 1).min(all.height);
    let area = Rect { x: (all.width - width) / 2, y: (all.height - height) / 2, width, height };
    pen.within(area).wipe(Role::Dialog);
    let inner = Rect { x: area.x + 2, y: area.y, width: width.saturating_sub(4), height };
    let mut body = pen.within(inner);
    let place = form.target.namespace.safe();
    let of = if place.is_empty() { Safe::of("") } else { safe!(" of {}", place) };
    let what = if form.target.name.raw().is_empty() { Safe::of("a workflow") } else { form.target.name.safe().clone() };
    let title = Words::of(Role::Strong, safe!("Run {}{}", what, of));
    let path = Words::of(Role::Dim, form.path.safe());
    // Which workflow it is comes before where its file lies.
    let path = if title.width() + path.width() + 2 <= inner.width { path } else { Words::new() };
    body.both(0, &title, &path);
    body.repeat(0, 1, inner.width, Role::Faint, "─");
    let room = usize::from(height.saturating_sub(CHROME)).max(1);
    // The row that has the keys is always among those that are shown.
    let top = (form.at + 1).saturating_sub(room).min(form.rows().saturating_sub(room));
    let label = label_width(form).min(inner.width / 3);
    for (y, at) in (2..).zip(top..form.rows().min(top + room)) {
        row(state, &mut body, form, (at, y), label);
    }
    let end = height.saturating_sub(3);
    let said = said(state, form);
    for (y, line) in (end..height.saturating_sub(1)).zip(said.wrap(inner.width)) {
        body.left(y, &line);
    }
    body.left(height.saturating_sub(1), &keys(form));
}

fn label_width(form: &Form) -> u16 {
    let names = form.fields.iter().map(|field| field.input.name.safe().width());
    names.fold(13, usize::max).min(usize::from(LABEL)) as u16
}

fn row(state: &State, pen: &mut Pen<'_>, form: &Form, (at, y): (usize, u16), label: u16) {
    let focused = form.at == at;
    let mark = if focused { Role::Key } else { Role::Dim };
    pen.write(0, y, 2, &Words::of(mark, if focused { "›" } else { " " }));
    let name = if focused { Role::Strong } else { Role::Dim };
    let value = label + 5;
    let room = pen.width().saturating_sub(value);
    let field = match form.row(at) {
        Row::Repository | Row::Workflow => {
            let (what, words, right) = of(state, form, form.row(at), focused);
            pen.write(2, y, label, &Words::of(name, what));
            let right = pen.right(y, &right);
            pen.write(value, y, right.saturating_sub(value + 1), &words);
            return;
        }
        Row::Branch => {
            pen.write(2, y, label, &Words::of(name, form.first().0));
            if !form.may_be_empty() {
                pen.write(label + 3, y, 1, &Words::of(Role::Wait, "*"));
            }
            pen.write(value, y, room, &typed_within(&form.branch, focused, usize::from(room)));
            return;
        }
        Row::Field(at) => form.fields.get(at),
        Row::GoOn => None,
    };
    let Some(field) = field else {
        let words = match form::read(state, form) {
            None => Words::of(Role::Move, "◌ ").dim("what it asks for is being read"),
            Some(Err(_)) => Words::of(Role::Bad, "✖ ").text("it cannot be started"),
            Some(Ok(_)) => Words::of(Role::Text, "the dialog with what will be sent"),
        };
        pen.write(2, y, label, &Words::of(name, "go on"));
        pen.write(value, y, room, &words);
        return;
    };
    pen.write(2, y, label, &Words::of(name, field.input.name.safe()));
    if field.input.required {
        pen.write(label + 3, y, 1, &Words::of(Role::Wait, "*"));
    }
    let kind = Words::of(Role::Dim, field.input.kind.as_str());
    let kind = match field.problem().filter(|_| form.complains) {
        Some(why) => Words::of(Role::Bad, "✖ ").text(why).dim("  ").then(kind),
        None => kind,
    };
    let right = pen.right(y, &kind);
    let room = right.saturating_sub(value + 1);
    pen.write(value, y, room, &shown(field, focused, usize::from(room)));
}

/// Which repository or workflow it is of: what the row is called, what is chosen, and how many there are.
fn of(state: &State, form: &Form, row: Row, focused: bool) -> (&'static str, Words, Words) {
    let chosen = |name: &Safe, many: bool| {
        if focused && many {
            Words::of(Role::Key, "< ").strong(name).add(Role::Key, " >")
        } else {
            Words::of(Role::Text, name)
        }
    };
    if row == Row::Repository {
        return ("repository", chosen(form.target.namespace.safe(), true), Words::new());
    }
    let known = choice::startables(state, form).and_then(|read| read.as_ref().ok());
    let rows = known.map_or(&[][..], |known| &known.rows);
    let other = rows.iter().any(|row| row.path != form.path);
    let words = match (form.path.raw().is_empty(), choice::without(state, form)) {
        (true, Some(_)) => Words::of(Role::Bad, "✖ ").text("none can be started"),
        (true, None) => Words::of(Role::Move, "◌ ").dim("they are being read"),
        (false, _) => chosen(form.target.name.safe(), other),
    };
    let place = rows.iter().position(|row| row.path == form.path);
    let count = match (place, known.is_some_and(|known| known.whole)) {
        (Some(at), true) => Words::of(Role::Dim, safe!("{} of {}", at + 1, rows.len())),
        (Some(_), false) => Words::of(Role::Move, "◌"),
        (None, _) => Words::new(),
    };
    ("workflow", words, count)
}

fn hides(field: &Field) -> bool {
    is_secret(field.input.name.raw()) || looks_secret(&field.text())
}

/// The value; what is chosen stands between the signs of its keys.
fn shown(field: &Field, focused: bool, room: usize) -> Words {
    let text = Safe::identity(&field.text());
    match &field.value {
        // Whoever types it sees it; whoever passes by does not.
        Value::Typed(_) if !focused && hides(field) && !text.is_empty() => Words::of(Role::Dim, "••••••"),
        Value::Typed(editor) => typed_within(editor, focused, room),
        Value::Chosen(None) if !focused => Words::of(Role::Dim, "none"),
        Value::Chosen(None) => Words::of(Role::Key, "< ").dim("none").add(Role::Key, " >"),
        Value::Chosen(_) | Value::Flag(_) if focused => Words::of(Role::Key, "< ").strong(text).add(Role::Key, " >"),
        Value::Chosen(_) | Value::Flag(_) => Words::of(Role::Text, text),
    }
}

/// What is said of the row that has the keys, or why nothing can be filled in.
fn said(state: &State, form: &Form) -> Words {
    if form.leaving.is_some() {
        let words = "what was filled in is lost: esc again leaves it, any other key stays";
        return Words::of(Role::Wait, "? ").text(words);
    }
    if let Some(Err(why)) = form::read(state, form) {
        return Words::of(Role::Bad, "✖ ").text(why);
    }
    match form.row(form.at) {
        Row::Repository => Words::of(Role::Dim, "the repositories that are read of this host"),
        Row::Workflow => Words::of(Role::Dim, of_workflow(state, form)),
        Row::Branch => Words::of(Role::Dim, form.first().1),
        Row::Field(at) => form.fields.get(at).map_or_else(Words::new, of_field),
        Row::GoOn => match form::read(state, form) {
            Some(Ok(read)) if form.target.kind == Kind::Pipeline && !read.takes_over => {
                let why = safe!("nothing is taken over from {}: it is gone, or a run of another Pipeline", form.path);
                Words::of(Role::Dim, why)
            }
            _ => Words::new(),
        },
    }
}

/// What can be chosen, or that nobody knows of what is chosen.
fn of_workflow(state: &State, form: &Form) -> &'static str {
    let known = choice::startables(state, form).and_then(|read| read.as_ref().ok());
    let row = known.and_then(|known| known.rows.iter().find(|row| row.path == form.path));
    match row {
        Some(row) if !row.proven => "not known whether this one can be started by hand: its file was not read",
        _ => "what can be started by hand, with a run or without one yet",
    }
}

/// What the file says of an input, and what is to be known of its values.
fn of_field(field: &Field) -> Words {
    let input = &field.input;
    let how = match &input.kind {
        InputKind::List => Safe::of("items after commas; \\ before a comma or blank of one, \"\" for an empty one"),
        InputKind::Table(_) => Safe::of("key=value, after commas; \\ before a comma or blank of one"),
        InputKind::Environment(Err(why)) => safe!("its environments are not known ({}): type one", why),
        kind => match (kind.choices(), &input.default) {
            (Some(all), Some(default)) if !all.contains(default) => {
                safe!("the file's default {} is none of its choices", default)
            }
            _ => Safe::of(""),
        },
    };
    let secret = hides(field).then(|| Safe::of("not shown in the dialog nor kept in the journal"));
    let all = [input.description.clone(), how, secret.unwrap_or_default()];
    Words::of(Role::Dim, Safe::join(all.iter().filter(|text| !text.is_empty()), "; "))
}

fn keys(form: &Form) -> Words {
    let last = form.at + 1 == form.rows();
    let enter = if last { " go on   " } else { " next   " };
    let words = Words::of(Role::Key, "enter").dim(enter).add(Role::Key, "tab").dim(" ↑ ↓ move   ");
    let chooses = match form.row(form.at) {
        Row::Repository | Row::Workflow => true,
        Row::Field(at) => !matches!(form.fields.get(at).map(|field| &field.value), Some(Value::Typed(_)) | None),
        Row::Branch | Row::GoOn => false,
    };
    let words = if chooses { words.add(Role::Key, "space").dim(" ← → choose   ") } else { words };
    words.add(Role::Key, "esc").dim(" leave it")
}
