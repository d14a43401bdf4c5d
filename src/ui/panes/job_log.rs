//! The log of a job that has not ended: GitHub has none yet, so its steps stand there instead.
//!
//! ```text
//!  ◌ GitHub has no live log: a job's log can be read when it has ended
//!    o  copies the address of its page, where the browser follows it
//!
//!    ✔ Set up job          passed     4s
//!    ◌ Run pytest          running  1m20s
//! ```

use crate::command::Command;
use crate::config::theme::Role;
use crate::model::Kind;
use crate::model::pipelines::{Job, RunStatus};
use crate::safe;
use crate::state::State;
use crate::state::log::Log;
use crate::state::{runs, timeline as times};
use crate::ui::pen::{Lean, Pen, Words};
use crate::ui::{signs, timeline};

/// The job that a log is asked of, while it has not ended.
#[must_use]
pub fn unfinished<'a>(state: &'a State, log: &Log) -> Option<&'a Job> {
    let id = &log.request.pod;
    let job = (id.kind.is_job()).then(|| state.world.details.job(&id.uid)).flatten()?;
    // RustCI's log can be read while it is written.
    (job.status != RunStatus::Completed && job.id.kind == Kind::Job).then_some(job)
}

/// Why there are no lines, and what the job does.
pub fn draw(state: &State, pen: &mut Pen<'_>, job: &Job) {
    let head = match runs::waits(job) {
        Some(what) => Words::of(Role::Dim, "· ").text(safe!("it has not begun: it waits for {}", what)),
        None => Words::of(Role::Move, "◌ ").text("GitHub has no live log: a job's log can be read when it has ended"),
    };
    let mut y = 1;
    for line in head.wrap(pen.width()) {
        pen.left(y, &line);
        y += 1;
    }
    if let Some(key) = state.keymap.keys_of(Command::Browse).into_iter().next() {
        let words = Words::of(Role::Key, crate::ui::key(key))
            .dim(" copies the address of its page, where the browser follows it");
        pen.write(2, y, pen.width(), &words);
        y += 1;
    }
    y += 1;
    // The last ones, where not all have room.
    let room = usize::from(pen.height().saturating_sub(y));
    let name = pen.width().saturating_sub(26).min(60);
    for step in job.steps.iter().skip(job.steps.len().saturating_sub(room)) {
        let sign = signs::pipeline(&step.status, step.conclusion.as_ref());
        let took = times::of_step(state, job.id.cluster, step).map(times::length);
        let role = if matches!(sign.role, Role::Quiet | Role::Dim) { Role::Dim } else { Role::Text };
        pen.cell(2, y, name, Lean::Left, &sign.mark().add(role, &step.name));
        pen.cell(name + 4, y, 10, Lean::Left, &Words::of(sign.role, sign.word));
        pen.cell(name + 15, y, 7, Lean::Right, &Words::of(role, timeline::took(took)));
        y += 1;
    }
}
