//! Objectives: the list, and the page of one with its figures, its chart, the burn table, alerts.

use std::sync::Arc;

use super::{View, pages};
use crate::config::theme::Role;
use crate::model::slo::{Alert, Burn, BurnSeverity, Figures, Reading, Slo};
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::slo::budget;
use crate::state::layout::{Page, cut_top};
use crate::state::lists::{self, Item, Line};
use crate::state::slos::{self, Standing};
use crate::state::ui::{ListId, Place};
use crate::state::{State, freshness};
use crate::text::{self, Safe};
use crate::ui::panes::budget as pane;
use crate::ui::pen::{Lean, Pen, Words};
use crate::ui::signs::{self, Sign};
use crate::ui::table::{self, left, named, right};
use crate::ui::{facts, gauge};

pub(super) static SLOS: View = View {
    title: "SERVICE LEVEL OBJECTIVES",
    kinds: &[Kind::Slo],
    about: pane::ABOUT,
    columns: &[
        left("status", 14, 0, 0),
        named("objective", 24, 2, 0),
        right("left", 8, 0),
        right("target", 9, 3),
        left("window", 7, 0, 3),
        right("burn 5m", 7, 1),
        right("1h", 6, 1),
        right("6h", 6, 2),
        right("deploy", 8, 2),
        right("empty in", 8, 4),
        left("why", 20, 6, 2),
        left("source", 8, 0, 6),
    ],
    cells,
};

/// The list; without any Prometheus what to do about it.
pub(super) fn list(state: &State, pen: &mut Pen<'_>, page: &Page) {
    if pane::is_missing(state) {
        let right = Words::of(Role::Dim, "no source is configured");
        pen.within(page.title).title(0, Role::Title, SLOS.title, &right);
        return pane::missing(&mut pen.within(page.rows));
    }
    if pane::special(state) && lists::total(state, &ListId::Place(Place::Slo)) == 0 {
        let right = signs::freshness(&freshness::of_kinds(state, SLOS.kinds)).words();
        pen.within(page.title).title(0, Role::Title, SLOS.title, &right);
        return pane::notice(state, &mut pen.within(page.rows), false);
    }
    super::list(state, pen, page, &SLOS);
}

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    match &line.item {
        Item::Slo(slo) => objective(state, slo),
        Item::Burn(burn) => burn_row(burn),
        Item::Alert(alert) => alert_row(state, alert),
        _ => Vec::new(),
    }
}

fn alert_row(state: &State, alert: &Alert) -> Vec<Words> {
    let (role, glyph, word) = if alert.firing { (Role::Bad, "✖", "firing") } else { (Role::Wait, "◌", "pending") };
    let sign = Sign::new(role, glyph, Safe::of(word));
    vec![
        sign.mark().add(sign.name_role(), &alert.meta.name),
        Words::of(role, sign.word.clone()),
        Words::of(Role::Dim, &alert.severity).dim("  ").text(&alert.summary),
        Words::of(Role::Dim, facts::since(state, alert.meta.cluster, alert.since)),
    ]
}

fn objective(state: &State, slo: &Slo) -> Vec<Words> {
    let reading = slos::figures(state, slo);
    let sign = sign(slo, &reading);
    let figures = reading.shown();
    let left = figures.map_or_else(|| Safe::of("–"), gauge::percent_left);
    // A figure in doubt stays a figure, but looks like what it is.
    let sure = |known: bool| if known { Role::Text } else { Role::Unknown };
    let loud = sure(reading.value().is_some());
    let rate = |window| match slos::rate(slo, window) {
        Some(reading) => gauge::rate(slo, reading),
        None => Words::of(Role::Unknown, "–"),
    };
    let spent = slos::spent(state, slo);
    let spent = spent.as_ref().and_then(|spent| Some((sure(spent.value().is_some()), *spent.shown()?)));
    let empty = figures.and_then(|figures| gauge::empties_in(slo, figures));
    let why = match reading.value() {
        Some(_) if slo.few().is_some() => gauge::few(slo).dim("  ").then(firing(state, slo)),
        Some(_) => firing(state, slo),
        None => why(state, slo, &reading),
    };
    vec![
        sign.words(),
        Words::of(sign.name_role(), &slo.service).dim(" ").text(&slo.name),
        Words::of(if sign.role == Role::Bad { Role::Bad } else { loud }, left),
        Words::of(Role::Dim, gauge::objective(slo)),
        Words::of(Role::Dim, &slo.window_text),
        rate("5m"),
        rate("1h"),
        rate("6h"),
        spent.map_or_else(Words::new, |(role, spent)| Words::of(role, gauge::percent_spent(spent))),
        empty.map_or_else(Words::new, |seconds| Words::of(loud, gauge::short(seconds))),
        why,
        Words::of(Role::Dim, slo.source.as_str()),
    ]
}

/// How an objective stands, in a word.
fn sign(slo: &Slo, reading: &Reading<Figures>) -> Sign {
    let (role, glyph, word) = match reading {
        Reading::Value(figures) => match slos::standing(slo, figures) {
            Standing::Calm => (Role::Quiet, "✔", "calm"),
            Standing::Unknown => (Role::Unknown, "?", "burn unknown"),
            Standing::Burning => (Role::Move, "◌", "burning"),
            Standing::Low => (Role::Wait, "⚠", "low"),
            Standing::Critical if figures.remaining <= 0.0 => (Role::Bad, "✖", "spent"),
            Standing::Critical => (Role::Bad, "✖", "critical"),
        },
        Reading::NoTraffic { .. } => (Role::Unknown, "·", "idle"),
        Reading::NoData { .. } => (Role::Unknown, "?", "no data"),
        Reading::Stale { .. } => (Role::Wait, "◐", "stale"),
        Reading::Unreachable { .. } => (Role::Bad, "✖", "not reached"),
        Reading::Partial { .. } => (Role::Wait, "◐", "partial"),
        Reading::Immature { .. } => (Role::Wait, "◐", "immature"),
        Reading::Invalid { .. } => (Role::Wait, "⚠", "check"),
    };
    Sign::new(role, glyph, Safe::of(word))
}

fn firing(state: &State, slo: &Slo) -> Words {
    let alerts = slos::alerts_of(state, slo);
    match alerts.iter().find(|alert| alert.firing) {
        Some(alert) => Words::of(Role::Bad, &alert.meta.name).dim(" fires for ").dim(facts::since(
            state,
            alert.meta.cluster,
            alert.since,
        )),
        None => Words::new(),
    }
}

fn why(state: &State, slo: &Slo, reading: &Reading<Figures>) -> Words {
    match reading {
        Reading::Immature { .. } | Reading::NoTraffic { .. } => gauge::left(state, slo, reading),
        _ => gauge::below(state, slo, reading, 60),
    }
}

/// `page  5m and 1h` · `firing` · `16× and 15× of 14.4×`.
fn burn_row(burn: &Burn) -> Vec<Words> {
    let name = match burn.severity {
        BurnSeverity::Page => "page",
        BurnSeverity::Ticket => "ticket",
    };
    let loud = if burn.severity == BurnSeverity::Page { Role::Bad } else { Role::Wait };
    let over = |reading: &Reading<f64>| reading.value().is_some_and(|rate| *rate > burn.threshold);
    let known = burn.short_rate.value().is_some() && burn.long_rate.value().is_some();
    let (role, glyph, word) = match () {
        () if burn.is_firing() => (loud, "✖", "fires"),
        () if burn.few.is_some() => (Role::Wait, "◌", "low traffic"),
        () if !known => (Role::Unknown, "?", "unknown"),
        () if over(&burn.long_rate) => (Role::Move, "◌", "recovering"),
        () if over(&burn.short_rate) => (Role::Wait, "◌", "not for long"),
        () => (Role::Quiet, "✔", "calm"),
    };
    let sign = Sign::new(role, glyph, Safe::of(word));
    let rate = |reading: &Reading<f64>| match reading.shown() {
        Some(value) => Words::of(if over(reading) { loud } else { Role::Text }, gauge::times(*value)),
        None => Words::of(Role::Unknown, "–"),
    };
    vec![
        sign.mark().add(sign.name_role(), name).dim(safe!("  {} and {}", burn.short, burn.long)),
        Words::of(role, sign.word.clone()),
        Words::of(Role::Dim, safe!("{} ", burn.short))
            .then(rate(&burn.short_rate))
            .dim(safe!(" · {} ", burn.long))
            .then(rate(&burn.long_rate))
            .dim(safe!("   over {}", gauge::times(burn.threshold)))
            .then(burn.few.map_or_else(Words::new, |events| Words::of(Role::Dim, "   ").then(gauge::low(events)))),
        Words::new(),
    ]
}

/// The page of one.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(slo) = state.world.slos.get(&id.uid).map(|slo| slos::as_known(state, slo)) else {
        return pages::gone(state, pen, page, id);
    };
    let reading = slos::figures(state, &slo);
    let title = safe!("SLO {} {}", slo.service, slo.name);
    let right = Words::of(Role::Dim, gauge::objective(&slo)).dim(" ").dim(gauge::window(&slo)).dim(" · ");
    pen.within(page.title).title(0, Role::Title, title, &right.then(sign(&slo, &reading).words()));
    figures(state, &mut pen.within(page.facts), &slo, &reading);
    pages::tree(state, pen, page, id, None);
}

/// One in full below or beside the list: its figures, its burn rates, what fires.
pub(super) fn detail(state: &State, pen: &mut Pen<'_>, slo: &Arc<Slo>) {
    let slo = slos::as_known(state, slo);
    let reading = slos::figures(state, &slo);
    pen.both(0, &numbers(state, &slo, &reading), &gauge::left_now(state, &slo, &reading));
    gauge::bar(pen, 1, &slo, &reading);
    let width = pen.width();
    pen.left(2, &gauge::below(state, &slo, &reading, width));
    let placed = table::fit(pages::BURNS, width);
    let burns = slo.burns.iter().map(burn_row);
    let alerts = slos::alerts_of(state, &slo);
    let rows = burns.chain(alerts.iter().map(|alert| alert_row(state, alert)));
    let mut y = 4;
    for cells in rows {
        table::row(pen, y, pages::BURNS, &placed, &cells);
        y += 1;
    }
    let below = cut_top(pen.area(), y + 1).1;
    if below.height >= 5 && slo.history.iter().flatten().count() > 1 {
        chart(&mut pen.within(cut_top(below, below.height.min(14)).0), &slo);
    }
}

fn figures(state: &State, pen: &mut Pen<'_>, slo: &Slo, reading: &Reading<Figures>) {
    let (numbers, left) = (numbers(state, slo, reading), gauge::left_now(state, slo, reading));
    // A figure is among the numbers already; a doubt is not.
    let crowded = numbers.width() + left.width() + 2 > pen.width();
    pen.both(0, &numbers, &if crowded && reading.value().is_some() { Words::new() } else { left });
    gauge::bar(pen, 1, slo, reading);
    let width = pen.width();
    pen.left(2, &gauge::below(state, slo, reading, width));
    let queries = queries(state, slo);
    let told = (queries.len() as u16).min(pen.height().saturating_sub(4));
    let room = pen.height().saturating_sub(4 + told + 1);
    if room >= 4 && slo.history.iter().flatten().count() > 1 {
        let area = pen.area();
        let (_, below) = cut_top(area, 4);
        chart(&mut pen.within(cut_top(below, room.min(9)).0), slo);
    }
    let first = pen.height().saturating_sub(told + 1);
    for (y, line) in (first.max(4)..).zip(queries.iter().take(usize::from(told))) {
        pen.left(y, line);
    }
}

/// Attained, consumed, remaining, and what the rest is in time without any service.
fn numbers(state: &State, slo: &Slo, reading: &Reading<Figures>) -> Words {
    let Some(figures) = reading.shown() else { return Words::of(Role::Unknown, "no figures") };
    let role = if reading.value().is_some() { Role::Text } else { Role::Unknown };
    let percent = |ratio: f64, places: usize| safe!("{} %", text::decimal(ratio, places));
    let digits = gauge::digits(state, slo);
    let outage = slo.window.as_secs_f64() * slo.objective.budget() * figures.remaining.max(0.0);
    let words = Words::of(Role::Dim, "attained ")
        .add(role, percent(budget::percent_down(figures.attained, 4), 4))
        .dim("   consumed ")
        .add(role, percent(budget::percent_up(figures.consumed, i32::from(digits)), usize::from(digits)));
    // Of the calendar: what would be consumed if the period went on without a failure, and of the
    // budget of the time so far.
    if slo.period.is_some() {
        let to_date = budget::burn(slo.objective, 1.0 - figures.attained);
        return words
            .dim(" projected, ")
            .add(role, percent(budget::percent_up(to_date, 1), 1))
            .dim(" to date   remaining ")
            .add(role, gauge::percent_left_now(state, slo, figures));
    }
    words
        .dim("   remaining ")
        .add(role, gauge::percent_left_now(state, slo, figures))
        .dim(safe!(", {} of full outage", text::age(outage as i64)))
}

/// Where it comes from: source, age, and every query that is on the screen.
fn queries(state: &State, slo: &Slo) -> Vec<Words> {
    let server = state.world.source(slo.meta.cluster).map(|source| source.name.safe().clone()).unwrap_or_default();
    let age = match slo.at {
        Some(at) => safe!("evaluated {} ago", facts::since(state, slo.meta.cluster, Some(at))),
        None => Safe::of("not evaluated yet"),
    };
    let head = Words::of(Role::Dim, "source ").text(slo.source.as_str()).dim(safe!(
        " at {}, counted as {}, {}",
        server,
        slo.method,
        age
    ));
    let rows = slo.queries.iter().map(|(what, query)| Words::of(Role::Dim, safe!("{}  ", what)).dim(query));
    std::iter::once(head).chain(rows).collect()
}

/// What was left over the window: a column for each point, gaps where nothing is known.
fn chart(pen: &mut Pen<'_>, slo: &Slo) {
    const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    const AXIS: u16 = 7;
    let (width, height) = (pen.width().saturating_sub(AXIS), pen.height().saturating_sub(1));
    let known: Vec<f64> = slo.history.iter().flatten().copied().collect();
    let (low, high) = known.iter().fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(*value), high.max(*value)));
    let span = (high - low).max(1e-6);
    let label = |value: f64| safe!("{} %", text::decimal(value * 100.0, 0));
    pen.cell(0, 0, AXIS - 1, Lean::Right, &Words::of(Role::Dim, label(high)));
    pen.cell(0, height.saturating_sub(1), AXIS - 1, Lean::Right, &Words::of(Role::Dim, label(low)));
    for x in 0..width {
        let at = usize::from(x) * slo.history.len() / usize::from(width.max(1));
        let Some(value) = slo.history.get(at).copied().flatten() else {
            pen.write(AXIS + x, height.saturating_sub(1), 1, &Words::of(Role::Faint, "·"));
            continue;
        };
        let eighths = ((value - low) / span * f64::from(height) * 8.0).round() as u16;
        let role = if value < 0.05 {
            Role::Bad
        } else if value < 0.20 {
            Role::Wait
        } else {
            Role::Quiet
        };
        for row in 0..height {
            let part = eighths.saturating_sub(row * 8).min(8);
            pen.write(AXIS + x, height - 1 - row, 1, &Words::of(role, BARS[usize::from(part)]));
        }
    }
    pen.both(
        height,
        &Words::of(
            Role::Dim,
            if slo.rolling { safe!("       {} ago", slo.window_text) } else { Safe::of("       its begin") },
        ),
        &Words::of(Role::Dim, "left of the budget · now"),
    );
}
