//! Jobs and steps as bars on the time scale of their run.

use super::pen::Words;
use super::signs;
use crate::config::theme::Role;
use crate::model::pipelines::{Conclusion, Job, RunStatus};
use crate::safe;
use crate::state::timeline::{Scale, Span, of_job};
use crate::state::{State, runs};
use crate::text::{self, Safe};

/// Seconds after which waiting for a runner is no longer ordinary.
const LONG_QUEUE: u64 = 60;

/// A bar in a column of that width: where it stands is when it ran, how long it is how long it took.
#[must_use]
pub fn bar(scale: Option<&Scale>, span: Option<Span>, width: u16, role: Role) -> Words {
    let (Some(scale), Some(span)) = (scale, span) else { return Words::new() };
    if width == 0 {
        return Words::new();
    }
    let (from, length) = scale.cells(span, width);
    let cells: Vec<Safe> = std::iter::repeat_n(Safe::of("▇"), usize::from(length)).collect();
    Words::of(Role::Base, Safe::of("").pad_end(usize::from(from))).add(role, Safe::join(&cells, ""))
}

/// The bar of a job; of one that has not begun, what it waits for, at the end of the column.
#[must_use]
pub fn of_a_job(state: &State, scale: Option<&Scale>, job: &Job, width: u16) -> Words {
    let sign = signs::pipeline(&job.status, job.conclusion.as_ref());
    let Some(what) = runs::waits(job) else {
        let ran = of_job(state, job).filter(|_| job.conclusion != Some(Conclusion::Skipped));
        return bar(scale, ran, width, sign.role);
    };
    let since = runs::waits_since(state, job);
    let long = since.is_some_and(|since| since.as_secs() >= LONG_QUEUE);
    let role = if long || job.status == RunStatus::Waiting { Role::Wait } else { Role::Dim };
    let head = if let Some(since) = since {
        safe!("{} {}: ", sign.word, text::age(since.as_secs() as i64))
    } else {
        safe!("{}: ", sign.word)
    };
    // The shorter the column, the fewer of our own words.
    let labels = Safe::join(&job.labels, ", ");
    let short = if labels.is_empty() || job.status != RunStatus::Queued { what.clone() } else { labels };
    let all = [safe!("{}waits for {}", head, what), safe!("{}{}", head, what), safe!("{}{}", head, short)];
    let words = all.iter().find(|words| words.width() <= usize::from(width)).unwrap_or(&all[2]);
    let pad = usize::from(width).saturating_sub(words.width());
    Words::of(Role::Base, Safe::of("").pad_end(pad)).add(role, words)
}

/// `1m02s`, `–` where nothing ran.
#[must_use]
pub fn took(span: Option<std::time::Duration>) -> Safe {
    span.map_or_else(|| Safe::of("–"), text::duration)
}

/// A job's name in so many columns: of a job of a matrix its values stay readable.
#[must_use]
pub fn name(name: &Safe, width: u16) -> Safe {
    let width = usize::from(width);
    if name.width() <= width || name.is_marked() {
        return name.clone();
    }
    let text = name.as_str();
    let Some(at) = text.rfind(" (").filter(|_| text.ends_with(')')) else { return name.clone() };
    let head = Safe::line(&text[..at]).width();
    let tail = name.columns(head..name.width());
    if tail.width() + 2 > width {
        return name.clone();
    }
    safe!("{}…{}", name.columns(0..width - tail.width() - 1), tail)
}
