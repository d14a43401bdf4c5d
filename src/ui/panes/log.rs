//! The log of a pod, a container or a job:
//!
//! ```text
//!  LOG checkout-7d9f in production · app ───────────── following ─
//!  14:03:21.114  GET /cart 200 12ms
//!  14:03:21.310  ERROR payment declined: card expired
//!  live · 214 lines/s · 81 204 lines · 12 000 dropped · keep GET
//! ```
//!
//! Levels are coloured at the word, quietly; what a search found is set off, and the line it stands
//! on has the background of a selection. The last line says how the tail stands and what is missing.

use std::ops::Range;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::model::log::{LogOf, LogSince};
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::State;
use crate::state::log::level::{self, Level};
use crate::state::log::{Log, Shown, TIME_COLUMNS, Tailing, Window, stored};
use crate::text::{self, Safe};
use crate::ui::pen::{Pen, Words};

/// Draws into the body of the screen: a title, the lines, a line that says how it stands.
pub fn draw(state: &State, pen: &mut Pen<'_>) {
    let Some(log) = &state.log else { return };
    let height = pen.height();
    if height < 3 {
        return;
    }
    let window = Window { width: pen.width(), height: height - 2 };
    let rows = log.visible(state.now.wall, window);
    let unfinished = super::job_log::unfinished(state, log).filter(|_| rows.is_empty());
    let place = match unfinished {
        Some(_) => Words::of(Role::Dim, "not ended"),
        None => place(log, window),
    };
    let title = match log.request.of {
        LogOf::Log | LogOf::Pods(_) | LogOf::Stored(_) => "LOG",
        LogOf::Yaml => "YAML",
        LogOf::Description => "DESCRIBE",
    };
    pen.title(0, Role::Focus, title, &place);
    let left = title.len() as u16 + 1;
    let room = pen.width().saturating_sub(place.width() + left + 4);
    pen.write(left, 0, room, &name(state, log, room));
    if let Some(job) = unfinished {
        let lines = Rect { y: pen.area().y + 1, height: height - 2, ..pen.area() };
        super::job_log::draw(state, &mut pen.within(lines), job);
    } else if rows.is_empty() {
        for (y, line) in (2..height - 1).zip(nothing(log).wrap(window.width.min(100))) {
            pen.left(y, &line);
        }
    }
    for (y, row) in (1..).zip(&rows) {
        draw_row(log, row, (0, y), Role::Text, pen);
    }
    pen.left(height - 1, &standing(state, log));
}

/// The pod, where it is, its container, and what of its log this is.
fn name(state: &State, log: &Log, room: u16) -> Words {
    let request = &log.request;
    // Where it is and which part of it this is stay in sight.
    let mut words = Words::new().strong(request.pod.name.safe().middle(usize::from(room / 2)));
    // A compose project or a repository is what it is of; a container need not be of any.
    let placed = Kind::IN_CLUSTERS.contains(&request.pod.kind) && !request.pod.kind.is_job();
    let between = if placed { " in " } else { " of " };
    if !request.pod.namespace.raw().is_empty() {
        words = words.dim(between).text(&request.pod.namespace);
    }
    let system = request.pod.kind.system();
    let source = state.world.source(request.pod.cluster).filter(|_| state.world.of_system(system).count() > 1);
    if let Some(source) = source {
        words = words.dim(" on ").text(&source.name);
    }
    if let Some(container) = &request.container {
        words = words.dim(" · ").text(container);
    }
    if let LogOf::Pods(pods) = &request.of {
        words = words.dim(" · ").text(text::plural(pods.len() as u64, "pod", "pods"));
    }
    if request.of.is_sheet() {
        return words.dim(safe!(" · {} ", request.pod.kind.as_str()));
    }
    if let LogOf::Stored(stored) = &request.of {
        let window = stored::words(stored.window, state.now.wall);
        let whose = if stored.behind { "then Loki's lines" } else { "Loki's lines" };
        // Where no label names the cluster namesakes of another one are among them.
        let several = state.world.of_system(SystemId::Kubernetes).count() > 1 && !state.settings.logs_by_cluster;
        let of_any = if several { "· of any cluster " } else { "" };
        return words.dim(" · ").add(Role::Wait, whose).dim(safe!(" of {} ", window)).dim(of_any);
    }
    if request.previous {
        words = words.dim(" · ").add(Role::Wait, "before its last restart");
    }
    match request.since {
        LogSince::Tail(_) => {}
        LogSince::Head => words = words.dim(" · from the beginning"),
        LogSince::Last(span) => words = words.dim(safe!(" · last {}", text::duration(span))),
    }
    words.dim(" ")
}

fn place(log: &Log, window: Window) -> Words {
    if log.follow {
        let over = matches!(log.tailing, Tailing::Ended | Tailing::Failed(_));
        return Words::of(Role::Dim, if over { "at the end" } else { "following" });
    }
    match log.below(window) {
        0 => Words::of(Role::Dim, "at the end"),
        below => Words::of(Role::Move, safe!("{} below", text::plural(below, "line", "lines"))),
    }
}

/// A row at this place; `plain`: what has no role of its own.
pub(super) fn draw_row(log: &Log, row: &Shown, (left, y): (u16, u16), plain: Role, pen: &mut Pen<'_>) {
    let search = log.search.as_ref();
    if search.is_some_and(|search| search.at == Some(row.line)) {
        pen.background(0, y, pen.width(), Role::Selected);
    }
    let mut x = left;
    if log.timestamps {
        if let Some(time) = &row.time {
            pen.write(left, y, TIME_COLUMNS, &Words::of(Role::Dim, time));
        }
        x = left + TIME_COLUMNS + 2;
    }
    let shown = row.text.as_str();
    let plain = if shown.starts_with("━━ ") { Role::Title } else { plain };
    let hits: Vec<Range<usize>> = search.map(|search| search.pattern.ranges(shown).collect()).unwrap_or_default();
    let level = level::of(shown.as_bytes()).map(|(word, level)| (word, role_of(level)));
    for (part, role, hit) in pieces(row.part.clone(), level.as_ref(), &hits, plain) {
        let piece = row.text.part(part);
        if hit {
            pen.background(x, y, piece.width() as u16, Role::Selected);
        }
        x += pen.write(x, y, pen.width(), &Words::of(role, piece));
    }
}

/// Cuts what a row shows where the role changes: at the level, and at what the search found.
fn pieces(
    part: Range<usize>,
    level: Option<&(Range<usize>, Role)>,
    hits: &[Range<usize>],
    plain: Role,
) -> Vec<(Range<usize>, Role, bool)> {
    let mut cuts = vec![part.start, part.end];
    let ranges = level.map(|(range, _)| range).into_iter().chain(hits);
    cuts.extend(ranges.flat_map(|range| [range.start, range.end]).filter(|cut| part.contains(cut)));
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2)
        .map(|pair| {
            let within = |range: &Range<usize>| range.start <= pair[0] && pair[1] <= range.end;
            let hit = hits.iter().any(within);
            let role = match level {
                _ if hit => Role::Key,
                Some((range, role)) if within(range) => *role,
                _ => plain,
            };
            (pair[0]..pair[1], role, hit)
        })
        .collect()
}

const fn role_of(level: Level) -> Role {
    match level {
        Level::Error => Role::Bad,
        Level::Warn => Role::Wait,
    }
}

/// What stands where the lines would.
pub(super) fn nothing(log: &Log) -> Words {
    if log.ring.end() > 0 {
        let hidden = text::plural(log.ring.end() - log.ring.first(), "line", "lines");
        if log.ring.is_reading() {
            return Words::new().dim("Filtering …");
        }
        return Words::new().text("No line passes the filters").dim(safe!(" ({} in memory).", hidden));
    }
    match &log.tailing {
        Tailing::Opening => Words::new().dim("Asking for the log …"),
        Tailing::Live => Words::new().dim("Connected; no line has come yet."),
        Tailing::Waiting(message) => {
            Words::new().add(Role::Move, "No log yet: ").text(message).dim(" — asked again by itself.")
        }
        Tailing::Reconnecting(message) => {
            Words::new().add(Role::Move, "Waiting: ").text(message).dim(" — asked again by itself.")
        }
        Tailing::Ended => Words::new().dim("The log is empty, and what writes it has ended."),
        Tailing::Failed(message) => Words::new().add(Role::Bad, "No log: ").text(message),
    }
}

/// The last line: how the tail stands, how fast lines come, what is missing, what is asked of them.
fn standing(state: &State, log: &Log) -> Words {
    let mut words = match &log.tailing {
        Tailing::Opening => Words::new().add(Role::Move, "opening"),
        Tailing::Live => Words::new().add(Role::Quiet, "live"),
        // Its reason stands where the lines would.
        Tailing::Waiting(_) => Words::new().add(Role::Move, "no log yet"),
        Tailing::Reconnecting(_) if log.ring.end() == 0 => Words::new().add(Role::Move, "waiting"),
        Tailing::Reconnecting(message) => Words::new().add(Role::Wait, safe!("reconnecting: {}", message)),
        Tailing::Ended if log.request.of.is_sheet() => Words::new().dim("as it was read"),
        Tailing::Ended if matches!(log.request.of, LogOf::Stored(_)) => Words::new().dim("as Loki has it"),
        Tailing::Ended => Words::new().dim("ended"),
        // Where there are no lines, the reason stands in their place.
        Tailing::Failed(_) if log.ring.end() == 0 => Words::new().add(Role::Bad, "failed"),
        Tailing::Failed(message) => Words::new().add(Role::Bad, safe!("failed: {}", message)),
    };
    let mut add = |role, text: Safe| {
        words = std::mem::take(&mut words).dim(" · ").add(role, text);
    };
    if log.ring.dropped() > 0 {
        add(Role::Wait, safe!("{} dropped", text::plural(log.ring.dropped(), "line", "lines")));
    }
    if log.cut > 0 {
        add(Role::Wait, safe!("{} cut at 1 MiB", text::plural(log.cut, "line", "lines")));
    }
    if let Some(search) = &log.search {
        let errors = search.pattern.is_errors();
        let pattern = if errors { Safe::of("errors") } else { Safe::line(search.pattern.text()) };
        if search.is_running() {
            add(Role::Move, safe!("searching {} …", pattern));
        } else if search.missed {
            let why = if errors { Safe::of("no line tells of an error") } else { safe!("no match for {}", pattern) };
            add(Role::Wait, why);
        } else {
            add(Role::Key, safe!("{}{}", if errors { "" } else { "/" }, pattern));
            if search.around {
                add(Role::Wait, Safe::of("went on around the end"));
            }
        }
    }
    for (word, pattern) in [("keep", &log.filter.keep), ("drop", &log.filter.drop)] {
        if let Some(pattern) = pattern {
            add(Role::Key, safe!("{} {}", word, Safe::line(pattern.text())));
        }
    }
    if log.ring.is_reading() {
        add(Role::Move, Safe::of("filtering …"));
    }
    if log.ring.end() == 0 {
        return words;
    }
    if let Some(rate) = log.lines_per_second(state.now.mono) {
        add(Role::Dim, safe!("{}/s", text::plural(rate, "line", "lines")));
    }
    let kept = log.ring.kept_from(0);
    let all = log.ring.end() - log.ring.first();
    if kept == all {
        add(Role::Dim, text::plural(all, "line", "lines"));
    } else {
        add(Role::Dim, safe!("{} of {}", text::count(kept), text::plural(all, "line", "lines")));
    }
    for (on, word) in [(log.wrap, "wrap"), (log.rewrites, "rewrites")] {
        if on {
            add(Role::Dim, Safe::of(word));
        }
    }
    words
}
