//! The log of a pod:
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
use crate::model::log::LogSince;
use crate::safe;
use crate::state::State;
use crate::state::log::{Log, Shown, TIME_COLUMNS, Tailing, Window};
use crate::text::{self, Safe};
use crate::ui::pen::{Pen, Words};

/// Bytes at the beginning of a row in which a level is looked for: further on it is just a word.
const LEVEL_WITHIN: usize = 160;

/// Draws into the body of the screen: a title, the lines, a line that says how it stands.
pub fn draw(state: &State, pen: &mut Pen<'_>) {
    let Some(log) = &state.log else { return };
    let height = pen.height();
    if height < 3 {
        return;
    }
    let window = Window { width: pen.width(), height: height - 2 };
    let place = place(log, window);
    pen.title(0, Role::Focus, "LOG", &place);
    pen.write(4, 0, pen.width().saturating_sub(place.width() + 8), &name(state, log));
    let rows = log.visible(state.now.wall, window);
    if let Some(job) = super::job_log::unfinished(state, log).filter(|_| rows.is_empty()) {
        let lines = Rect { y: pen.area().y + 1, height: height - 2, ..pen.area() };
        super::job_log::draw(state, &mut pen.within(lines), job);
    } else if rows.is_empty() {
        for (y, line) in (2..height - 1).zip(nothing(log).wrap(window.width.min(100))) {
            pen.left(y, &line);
        }
    }
    for (y, row) in (1..).zip(&rows) {
        draw_row(log, row, y, pen);
    }
    pen.left(height - 1, &standing(state, log));
}

/// The pod, where it is, its container, and what of its log this is.
fn name(state: &State, log: &Log) -> Words {
    let request = &log.request;
    let mut words = Words::new().strong(&request.pod.name);
    words = words.dim(" in ").text(&request.pod.namespace);
    if let Some(cluster) = state.world.source(request.pod.cluster).filter(|_| state.world.clusters().count() > 1) {
        words = words.dim(" on ").text(&cluster.name);
    }
    if let Some(container) = &request.container {
        words = words.dim(" · ").text(container);
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
        return Words::of(Role::Dim, "following");
    }
    match log.below(window) {
        0 => Words::of(Role::Dim, "at the end"),
        below => Words::of(Role::Move, safe!("{} below", text::plural(below, "line", "lines"))),
    }
}

fn draw_row(log: &Log, row: &Shown, y: u16, pen: &mut Pen<'_>) {
    let search = log.search.as_ref();
    if search.is_some_and(|search| search.at == Some(row.line)) {
        pen.background(0, y, pen.width(), Role::Selected);
    }
    let mut x = 0;
    if log.timestamps {
        if let Some(time) = &row.time {
            pen.write(0, y, TIME_COLUMNS, &Words::of(Role::Dim, time));
        }
        x = TIME_COLUMNS + 2;
    }
    let shown = row.text.as_str();
    let hits: Vec<Range<usize>> = search.map(|search| search.pattern.ranges(shown).collect()).unwrap_or_default();
    let level = level(shown);
    for (part, role, hit) in pieces(row.part.clone(), level.as_ref(), &hits) {
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
                _ => Role::Text,
            };
            (pair[0]..pair[1], role, hit)
        })
        .collect()
}

/// Words that name a level; a program writes one of them, in its own case.
const LEVELS: &[(&str, Role)] = &[
    ("error", Role::Bad),
    ("err", Role::Bad),
    ("fatal", Role::Bad),
    ("panic", Role::Bad),
    ("critical", Role::Bad),
    ("warn", Role::Wait),
    ("warning", Role::Wait),
];

/// The first word of a line that names a level worth seeing, and its role.
fn level(line: &str) -> Option<(Range<usize>, Role)> {
    let bytes = &line.as_bytes()[..line.len().min(LEVEL_WITHIN)];
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = &bytes[at..at + length];
        if let Some((_, role)) = LEVELS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())) {
            return Some((at..at + length, *role));
        }
        at += length.max(1);
    }
    None
}

/// What stands where the lines would.
fn nothing(log: &Log) -> Words {
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
        Tailing::Reconnecting(message) => {
            Words::new().add(Role::Move, "Waiting: ").text(message).dim(" — asked again by itself.")
        }
        Tailing::Ended => Words::new().dim("The log is empty, and the container has ended."),
        Tailing::Failed(message) => Words::new().add(Role::Bad, "No log: ").text(message),
    }
}

/// The last line: how the tail stands, how fast lines come, what is missing, what is asked of them.
fn standing(state: &State, log: &Log) -> Words {
    let mut words = match &log.tailing {
        Tailing::Opening => Words::new().add(Role::Move, "opening"),
        Tailing::Live => Words::new().add(Role::Quiet, "live"),
        Tailing::Reconnecting(_) if log.ring.end() == 0 => Words::new().add(Role::Move, "waiting"),
        Tailing::Reconnecting(message) => Words::new().add(Role::Wait, safe!("reconnecting: {}", message)),
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
        let pattern = Safe::line(search.pattern.text());
        if search.is_running() {
            add(Role::Move, safe!("searching {} …", pattern));
        } else if search.missed {
            add(Role::Wait, safe!("no match for {}", pattern));
        } else {
            add(Role::Key, safe!("/{}", pattern));
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
