//! The form before a workflow is started: its branch, a line for each input, what is wrong with it.
//!
//! ```text
//!  Run ci-cd-pipeline of shop/checkout                     .github/workflows/ci.yml
//!  ────────────────────────────────────────────────────────────────────────────────
//!  branch or tag    main▏
//!  environment    * < staging >                                          environment
//!  dry-run          false                                                    boolean
//!                   Build everything, publish nothing
//!  go on            enter opens the dialog
//! ```

use ratatui::layout::Rect;

use super::typed;
use crate::config::theme::Role;
use crate::model::workflows::InputKind;
use crate::safe;
use crate::state::State;
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
    let title = Words::of(Role::Strong, safe!("Run {}{}", form.target.name, of));
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
    let Some(at) = at.checked_sub(1) else {
        pen.write(2, y, label, &Words::of(name, form.first().0));
        if !form.may_be_empty() {
            pen.write(label + 3, y, 1, &Words::of(Role::Wait, "*"));
        }
        pen.write(value, y, room, &typed(&form.branch, focused));
        return;
    };
    let Some(field) = form.fields.get(at) else {
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
    pen.write(value, y, right.saturating_sub(value + 1), &shown(field, focused));
}

/// The value; what is chosen stands between the signs of its keys.
fn shown(field: &Field, focused: bool) -> Words {
    let text = Safe::identity(&field.text());
    match &field.value {
        Value::Typed(editor) => typed(editor, focused),
        Value::Chosen(None) if !focused => Words::of(Role::Dim, "none"),
        Value::Chosen(None) => Words::of(Role::Key, "< ").dim("none").add(Role::Key, " >"),
        Value::Chosen(_) | Value::Flag(_) if focused => Words::of(Role::Key, "< ").strong(text).add(Role::Key, " >"),
        Value::Chosen(_) | Value::Flag(_) => Words::of(Role::Text, text),
    }
}

/// What is said of the row that has the keys, or why nothing can be filled in.
fn said(state: &State, form: &Form) -> Words {
    if let Some(Err(why)) = form::read(state, form) {
        return Words::of(Role::Bad, "✖ ").text(why);
    }
    match form.at.checked_sub(1).and_then(|at| form.fields.get(at)) {
        Some(field) => {
            let how = match field.input.kind {
                InputKind::List => "items after commas",
                InputKind::Table(_) => "key=value, after commas",
                _ => "",
            };
            let both = [field.input.description.clone(), Safe::of(how)];
            Words::of(Role::Dim, Safe::join(both.iter().filter(|text| !text.is_empty()), "; "))
        }
        None if form.at == 0 => Words::of(Role::Dim, form.first().1),
        None => Words::new(),
    }
}

fn keys(form: &Form) -> Words {
    let last = form.at + 1 == form.rows();
    let enter = if last { " go on   " } else { " next   " };
    let words = Words::of(Role::Key, "enter").dim(enter).add(Role::Key, "tab").dim(" ↑ ↓ move   ");
    let chooses = form.at.checked_sub(1).and_then(|at| form.fields.get(at));
    let words = match chooses.map(|field| &field.value) {
        Some(Value::Chosen(_) | Value::Flag(_)) => words.add(Role::Key, "space").dim(" ← → choose   "),
        _ => words,
    };
    words.add(Role::Key, "esc").dim(" leave it")
}
