//! Jobs and steps as bars on the time scale of their run.

use super::pen::Words;
use super::signs;
use crate::config::theme::Role;
use crate::model::pipelines::{Conclusion, Job, JobStep, Run, RunStatus};
use crate::safe;
use crate::state::expected::{self, Eta, Expected, Pace};
use crate::state::groups::{Group, Stand, What};
use crate::state::timeline::{self as times, Scale, Span};
use crate::state::{State, runners, runs, tekton};
use crate::text::{self, Safe};

/// Seconds after which waiting for a runner is no longer ordinary.
const LONG_QUEUE: u64 = 60;

/// Cells of the column that are left to the words beside the bars, the same in every row of a run.
fn room(scale: &Scale, width: u16) -> u16 {
    match width {
        _ if !scale.expects => 0,
        44.. => 24,
        26.. => 10,
        _ => 0,
    }
}

fn cells(count: u16, glyph: &'static str, role: Role) -> Words {
    let cells: Vec<Safe> = std::iter::repeat_n(Safe::of(glyph), usize::from(count)).collect();
    Words::of(role, Safe::join(&cells, ""))
}

/// What is drawn of something that began.
struct Begun {
    queued: Option<Span>,
    ran: Span,
    /// Where it ends as a rule.
    end: jiff::Timestamp,
    expects: Option<(Expected, Pace)>,
}

/// Queued `┄`, running `▇`, and `░` as long as it will run on as a rule; at the end of the column what
/// is expected of it, in words.
fn begun(scale: &Scale, width: u16, role: Role, it: &Begun) -> Words {
    let axis = width - room(scale, width);
    if axis == 0 {
        return Words::new();
    }
    let (from, length) = scale.cells(it.ran, axis);
    let queued = it.queued.map_or(from, |queued| scale.cells(queued, axis).0.min(from));
    let (_, whole) = scale.cells((it.ran.0, it.end), axis);
    let bar = cells(queued, " ", Role::Base)
        .then(cells(from - queued, "┄", Role::Faint))
        .then(cells(length, "▇", role))
        .then(cells(whole.saturating_sub(length), "░", Role::Faint));
    let Some((expected, pace)) = &it.expects else { return bar };
    // Where no room is kept for them they stand in what the bar leaves free.
    let words = beside(expected, *pace, room(scale, width).max(width.saturating_sub(bar.width())));
    let used = bar.width() + words.width();
    if words.is_empty() || used > width { bar } else { bar.then(cells(width - used, " ", Role::Base)).then(words) }
}

/// The bar of a step of a job, in the same column.
#[must_use]
pub fn of_a_step(
    state: &State,
    scale: Option<&Scale>,
    job: Option<&Job>,
    step: &JobStep,
    (width, role): (u16, Role),
) -> Words {
    let ran = |job: &Job| times::of_step(state, job.id.cluster, step);
    let (Some(scale), Some(job)) = (scale, job) else { return Words::new() };
    let Some(ran) = ran(job).filter(|_| step.conclusion != Some(Conclusion::Skipped)) else { return Words::new() };
    let expects = expected::of_step(state, job, step.number).filter(|_| step.status == RunStatus::InProgress);
    let expects = expects.map(|expected| (expected, expected.pace(times::length(ran))));
    let usual = expects.and_then(|(expected, _)| ran.0.checked_add(expected.median).ok());
    let end = usual.map_or(ran.1, |end| end.max(ran.1));
    begun(scale, width, role, &Begun { queued: None, ran, end, expects })
}

/// `of ~2m20s`; `▲ slower than usual` beyond what nine of ten took. As short as the room asks for.
fn beside(expected: &Expected, pace: Pace, room: u16) -> Words {
    let usual = text::duration(round(expected.median));
    let all = match pace {
        Pace::Left(_) | Pace::Late(_) => {
            [Words::of(Role::Dim, safe!("of ~{}", usual)), Words::of(Role::Dim, safe!("~{}", usual))]
        }
        Pace::Slow => [Words::of(Role::Wait, "▲ slower than usual"), Words::of(Role::Wait, "▲ slower")],
    };
    // One cell stays free between the axis and the words.
    all.into_iter().find(|words| words.width() < room).unwrap_or_default()
}

/// An expectation to the second would say more than is known.
#[must_use]
pub fn round(span: std::time::Duration) -> std::time::Duration {
    let seconds = span.as_secs_f64().round() as u64;
    let step = match seconds {
        0..60 => 1,
        60..600 => 10,
        600..3_600 => 60,
        _ => 300,
    };
    std::time::Duration::from_secs((seconds + step / 2) / step * step)
}

/// `done in ~4m`, `▲ slower than usual (~8m)`; nothing of a run of which too little is known.
#[must_use]
pub fn eta(state: &State, run: &Run) -> Words {
    let done = match expected::eta(state, run) {
        Some(Eta::In(left)) if left.as_secs() == 0 => Words::of(Role::Move, "done any moment"),
        Some(Eta::In(left)) => Words::of(Role::Move, safe!("done in ~{}", text::duration(round(left)))),
        Some(Eta::Slow(_)) | None => Words::new(),
    };
    let Some(usual) = expected::of_run(state, run).filter(|_| expected::is_slow(state, run)) else { return done };
    let slow = safe!("▲ slower than usual (~{})", text::duration(round(usual.median)));
    if done.is_empty() { Words::of(Role::Wait, slow) } else { done.dim(" · ").add(Role::Wait, slow) }
}

/// The bar of a job: where it stands is when it ran, how long it is how long it took. Of one that has
/// not begun, what it waits for, at the end of the column.
#[must_use]
pub fn of_a_job(state: &State, scale: Option<&Scale>, job: &Job, width: u16) -> Words {
    let sign = signs::pipeline(&job.status, job.conclusion.as_ref());
    let Some(what) = runs::waits(job) else {
        let ran = times::of_job(state, job).filter(|_| job.conclusion != Some(Conclusion::Skipped));
        let note = tekton::note(state, job);
        let (Some(scale), Some(ran)) = (scale, ran) else { return with_note(Words::new(), note, width) };
        let queued = times::of_queue(state, job);
        let end = times::expected_span(state, job).map_or(ran.1, |(_, end)| end);
        let expects = expected::pace_of_job(state, job);
        let begun = begun(scale, width, sign.role, &Begun { queued, ran, end, expects });
        return with_note(begun, note, width);
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
    // How many of those it could have are free.
    let free = runners::free(state, job).map(|free| {
        let seen = Safe::of(if free.whole { "" } else { " of those seen" });
        safe!(" {}/{} free{}", free.idle, free.all, seen)
    });
    let free = free.unwrap_or_default();
    let (what, labels) = (safe!("{}{}", what, free), safe!("{}{}", labels, free));
    let short = if labels.is_empty() || job.status != RunStatus::Queued { what.clone() } else { labels };
    let all = [safe!("{}waits for {}", head, what), safe!("{}{}", head, what), safe!("{}{}", head, short)];
    let words = all.iter().find(|words| words.width() <= usize::from(width)).unwrap_or(&all[2]);
    let pad = usize::from(width).saturating_sub(words.width());
    Words::of(Role::Base, Safe::of("").pad_end(pad)).add(role, words)
}

/// Cells that a name at this depth has.
#[must_use]
pub fn indented(width: u16, depth: u8) -> u16 {
    width.saturating_sub(2 * u16::from(depth))
}

/// The cells of a row at this depth.
#[must_use]
pub fn indent(depth: u8, mut cells: Vec<Words>) -> Vec<Words> {
    if let Some(first) = cells.first_mut().filter(|_| depth > 0) {
        let air = Safe::of("").pad_end(2 * usize::from(depth));
        *first = Words::of(Role::Base, air).then(std::mem::take(first));
    }
    cells
}

/// `▸ unit ×256`: `▾` where it is open.
#[must_use]
pub fn group_name(group: &Group, width: u16) -> Words {
    let sign = signs::pipeline(&group.status, group.conclusion.as_ref());
    let count = match group.what {
        What::Cells => safe!(" ×{}", text::count(group.count as u64)),
        What::Called => safe!(" / {}", text::plural(group.count as u64, "job", "jobs")),
    };
    let room = usize::from(width.saturating_sub(4)).saturating_sub(count.width());
    let fold = if group.open { "▾ " } else { "▸ " };
    sign.mark().add(Role::Key, fold).add(Role::Strong, group.name.truncate(room.max(4))).dim(count)
}

/// From its first job's beginning to its last one's end, and how many stand where: the words come first
/// where there is not room for both.
#[must_use]
pub fn of_a_group(state: &State, scale: Option<&Scale>, group: &Group, width: u16) -> Words {
    let mut counts = Words::new();
    for (stand, count) in Stand::ALL.into_iter().zip(group.stands).filter(|(_, count)| *count > 0) {
        let role = match stand {
            Stand::Failed => Role::Bad,
            Stand::Running => Role::Move,
            Stand::Waiting | Stand::Other | Stand::Passed => Role::Dim,
        };
        let gap = if counts.is_empty() { "" } else { " · " };
        counts = counts.dim(gap).add(role, safe!("{} {}", text::count(count as u64), stand.as_str()));
    }
    if group.slow > 0 {
        counts = counts.dim(" · ").add(Role::Wait, safe!("▲ {} slower than usual", text::count(group.slow as u64)));
    }
    let ran = times::of_group(state, group);
    let (Some(scale), Some(ran)) = (scale, ran) else { return counts };
    let role = signs::pipeline(&group.status, group.conclusion.as_ref()).role;
    let bar = begun(scale, width, role, &Begun { queued: None, ran, end: ran.1, expects: None });
    if bar.width() + counts.width() + 1 > width { counts } else { bar.dim(" ").then(counts) }
}

/// What a system says of it beside its state, where the bar leaves room.
fn with_note(bar: Words, note: Option<Safe>, width: u16) -> Words {
    let room = usize::from(width.saturating_sub(bar.width()));
    match note.filter(|note| note.width() < room || bar.is_empty() || room > 12) {
        Some(note) if bar.is_empty() => Words::of(Role::Dim, note),
        Some(note) => bar.dim(" ").dim(note),
        None => bar,
    }
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
