//! The canary beside the stable arm: value, trend, verdict with its interval (slo.md §3.4).
//!
//! ```text
//!              canary              stable
//!  errors      0.31 %  ▁▂▃▅▇▇      0.12 %  ▂▂▁▂▂▁    ⚠ worse +0.12…+0.21 pp · n 9 412 · δ 0.05
//!  p95         212 ms  ▃▃▃▃▄▄      205 ms  ▃▃▃▃▃▃    +7 ms
//! ```

mod paired;

use std::time::Duration;

use super::pen::{Lean, Pen, Words};
use super::{facts, gauge};
use crate::config::theme::Role;
use crate::model::Kind;
use crate::model::rollouts::Rollout;
use crate::model::slo::{Arm, ArmMetric, ArmVerdict, Comparison, Reading, SeriesShift};
use crate::safe;
use crate::state::details::Compared;
use crate::state::ui::Place;
use crate::state::{State, arms, canary, freshness, readings};
use crate::text::{self, Safe};

pub use paired::TALL;

/// Columns of a trend.
const TREND: u16 = 5;
/// From so many columns on a trend stands beside each value.
const WIDE: u16 = 60;

/// A comparison that was not read again for so long is of then: three turns of the poll.
const OLD: Duration = Duration::from_secs(30);

/// Comparisons of the current rollout; those of an earlier one say nothing about this version.
#[must_use]
pub fn of(state: &State, rollout: &Rollout) -> Vec<Compared> {
    let began = arms::began(state, rollout);
    let all = state.world.details.comparisons(&rollout.meta.uid);
    all.filter(|compared| compared.row.query.since == began).cloned().collect()
}

/// The table from a line on; the line after it.
pub fn draw(state: &State, pen: &mut Pen<'_>, y: u16, rollout: &Rollout) -> u16 {
    let rows = of(state, rollout);
    if rows.is_empty() {
        return waiting(state, pen, y, rollout);
    }
    let name = rows.iter().map(|compared| compared.row.query.label.width()).max().unwrap_or(6).clamp(6, 14) as u16;
    if pen.height() >= paired::TALL {
        return below_each_other(state, pen, y, name, rollout, &rows);
    }
    let columns = Columns::new(name, pen.width());
    let gone = rollout.abort || !arms::is_two_armed(rollout);
    pen.cell(columns.canary, y, VALUE, Lean::Right, &Words::of(Role::Dim, "canary"));
    pen.cell(columns.stable, y, VALUE, Lean::Right, &Words::of(Role::Dim, "stable"));
    let doubtful = rows.iter().find(|compared| is_doubtful(state, compared));
    legend(pen, y, &columns, doubtful.is_none() && !gone);
    if let Some(compared) = doubtful.or_else(|| rows.first().filter(|_| gone)) {
        let words = Words::of(
            Role::Unknown,
            safe!("as of {} ago", facts::since(state, compared.source, Some(compared.row.at))),
        );
        pen.write(columns.verdict, y, pen.width(), &words);
    }
    let mut y = y + 1;
    for compared in &rows {
        let row = &*compared.row;
        let doubt = is_doubtful(state, compared);
        // What may have changed since decides nothing: neither a verdict nor a colour.
        let loud = if doubt { Role::Unknown } else { verdict(row, text::count).1 };
        pen.cell(0, y, name, Lean::Left, &Words::of(Role::Text, &row.query.label));
        let canary = if loud == Role::Quiet { Role::Text } else { loud };
        arm(pen, y, columns.canary, &row.canary, row, canary);
        arm(pen, y, columns.stable, &row.stable, row, if doubt { Role::Unknown } else { Role::Text });
        if columns.trends {
            let most = highest(row);
            let bars = if doubt || matches!(loud, Role::Quiet | Role::Text) { Role::Dim } else { loud };
            pen.write(columns.canary + VALUE + 1, y, TREND, &trend(&row.canary.history, most, bars, TREND));
            pen.write(columns.stable + VALUE + 1, y, TREND, &trend(&row.stable.history, most, Role::Dim, TREND));
        }
        y = if doubt { y + 1 } else { verdict_at(state, pen, y, &columns, row) };
    }
    y
}

/// Each arm on a line of its own, then what the canary was exposed to.
fn below_each_other(state: &State, pen: &mut Pen<'_>, y: u16, name: u16, rollout: &Rollout, rows: &[Compared]) -> u16 {
    let gone = rollout.abort || !arms::is_two_armed(rollout);
    let doubtful = rows.iter().find(|compared| is_doubtful(state, compared));
    let mut y = y;
    if let Some(compared) = doubtful.or_else(|| rows.first().filter(|_| gone)) {
        let since = facts::since(state, compared.source, Some(compared.row.at));
        pen.left(y, &Words::of(Role::Unknown, safe!("compared {} ago", since)));
        y += 1;
    }
    for compared in rows {
        y = paired::draw(state, pen, y, name, compared);
    }
    if let Some(words) = so_far(state, rollout) {
        for line in words.wrap(pen.width()) {
            pen.left(y, &line);
            y += 1;
        }
    }
    y
}

/// `exposed 8.3 % of requests, 12 400 so far   traffic for 13m of 24h`.
fn so_far(state: &State, rollout: &Rollout) -> Option<Words> {
    let exposed = canary::exposed(state, rollout).and_then(|it| Some((it, it.share()?)));
    let told = exposed.map(|(it, share)| {
        Words::of(Role::Dim, "exposed ")
            .text(safe!("{} %", text::decimal(share * 100.0, places(share * 100.0))))
            .dim(safe!(" of requests, {} so far", text::count(it.canary)))
    });
    let since = dwell(state, rollout).map(|words| Words::of(Role::Dim, "   ").then(words));
    match (told, since) {
        (Some(told), Some(since)) => Some(told.then(since)),
        (told, since) => told.or(since),
    }
}

/// `traffic for 13m of 24h`.
pub fn dwell(state: &State, rollout: &Rollout) -> Option<Words> {
    let long = canary::dwell(state, rollout)?;
    let role = if long >= canary::DWELL { Role::Quiet } else { Role::Text };
    let of = text::age(canary::DWELL.as_secs() as i64);
    Some(Words::of(Role::Dim, "traffic for ").add(role, text::age(long.as_secs() as i64)).dim(safe!(" of {}", of)))
}

/// The verdict beside its arms, else below them: it is what the table is for, and never cut. What the
/// interval is held against goes with it where there is room; on the page of the rollout there is.
fn verdict_at(state: &State, pen: &mut Pen<'_>, y: u16, columns: &Columns, row: &Comparison) -> u16 {
    let verdict = verdict(row, text::count).0;
    let always = matches!(state.ui.place, Place::Rollout(_));
    let counted = row.canary.counts.zip(row.stable.counts).filter(|_| always && row.verdict.has_interval());
    let whole = match counted {
        _ if verdict.width() == 0 => Words::new(),
        Some((canary, stable)) => {
            bare(row).dim(safe!(" · {} vs {}", share_of(canary), share_of(stable))).then(margin(row))
        }
        None => verdict.clone().then(margin(row)),
    };
    let beside = pen.width().saturating_sub(columns.verdict);
    // A line more costs the measurements below theirs: rather the number of requests about.
    let brief = self::verdict(row, text::about).0;
    let forms = [&whole, &verdict, &brief];
    if let Some(words) = forms.into_iter().take(if always { 1 } else { 3 }).find(|w| w.width() <= beside) {
        pen.write(columns.verdict, y, pen.width(), words);
        return y + 1;
    }
    let x = columns.canary.saturating_sub(1);
    let below = pen.width().saturating_sub(x);
    let mut y = y + 1;
    for line in (if always || whole.width() <= below { whole } else { verdict }).wrap(below) {
        pen.write(x, y, pen.width(), &line);
        y += 1;
    }
    y
}

/// Without how many requests it rests on.
fn bare(row: &Comparison) -> Words {
    let mut bare = row.clone();
    bare.canary.counts = None;
    verdict(&bare, text::count).0
}

/// Failed of all: `93/30k`.
fn share_of((failed, all): (u64, u64)) -> Safe {
    safe!("{}/{}", text::about(failed), text::about(all))
}

/// What the letters of a verdict stand for, where there is room.
fn legend(pen: &mut Pen<'_>, y: u16, columns: &Columns, wanted: bool) {
    let room = pen.width().saturating_sub(columns.verdict);
    let words = ["canary − stable · n requests · δ is let pass", "canary − stable · n requests"];
    let words = words.map(|words| Words::of(Role::Dim, words));
    if let Some(words) = words.iter().find(|words| wanted && words.width() <= room) {
        pen.write(columns.verdict, y, room, words);
    }
}

/// Prometheus does not answer, or was not asked for a while.
fn is_doubtful(state: &State, compared: &Compared) -> bool {
    !freshness::of_kind(state, compared.source, Kind::Slo).is_live()
        || state.now.mono.saturating_sub(compared.heard) > OLD
}

/// How much worse, in percentage points, is still let pass: ` · δ 0.05`.
fn margin(row: &Comparison) -> Words {
    match row.verdict {
        ArmVerdict::Worse { .. }
        | ArmVerdict::NotWorse { .. }
        | ArmVerdict::Inconclusive { .. }
        | ArmVerdict::EnvironmentDegraded { .. } => {
            let points = f64::from(row.query.margin_ppb) / 1e7;
            let words = Words::of(Role::Dim, safe!(" · δ {} pp", readings::short(&text::decimal(points, 7))));
            match row.query.slow_over {
                Some(bound) => words.dim(safe!(" · over {}", value_of(bound.as_secs_f64(), ArmMetric::Latency))),
                None => words,
            }
        }
        _ => Words::new(),
    }
}

/// Columns of a value, as `100.0 %` and `12.34 s` need.
const VALUE: u16 = 7;

struct Columns {
    canary: u16,
    stable: u16,
    verdict: u16,
    trends: bool,
}

impl Columns {
    fn new(name: u16, width: u16) -> Self {
        let trends = width >= WIDE;
        let arm = if trends { VALUE + 1 + TREND } else { VALUE + 1 };
        let canary = name + 1;
        // Values lean right: they bring air of their own.
        let stable = canary + arm + 1;
        let verdict = stable + arm + 2;
        Self { canary, stable, verdict, trends }
    }
}

/// Before anything was compared: what is waited for, or what is missing.
fn waiting(state: &State, pen: &mut Pen<'_>, y: u16, rollout: &Rollout) -> u16 {
    if !arms::is_two_armed(rollout) || rollout.abort || super::panes::budget::is_missing(state) {
        return y;
    }
    let words = if arms::queries(state, rollout).is_empty() {
        "canary and stable are not compared: no analysis asks Prometheus about the canary, and services[].canary is not set"
    } else {
        "comparing canary and stable …"
    };
    let mut y = y;
    for line in Words::of(Role::Dim, words).wrap(pen.width()) {
        pen.left(y, &line);
        y += 1;
    }
    y
}

fn arm(pen: &mut Pen<'_>, y: u16, x: u16, arm: &Arm, row: &Comparison, role: Role) {
    let words = match (&arm.value, arm.value.shown()) {
        (Reading::Value(value), _) => Words::of(role, value_of(*value, row.query.metric)),
        (Reading::NoTraffic { .. }, _) => Words::of(Role::Unknown, "idle"),
        (Reading::NoData { .. }, _) => Words::of(Role::Unknown, "no data"),
        (Reading::Unreachable { .. } | Reading::Invalid { .. }, _) => Words::of(Role::Unknown, "?"),
        (_, Some(value)) => Words::of(Role::Unknown, value_of(*value, row.query.metric)),
        (_, None) => Words::of(Role::Unknown, "–"),
    };
    pen.cell(x, y, VALUE, Lean::Right, &words);
}

/// `0.31 %`, `212 ms`, `1.20 s`.
fn value_of(value: f64, metric: ArmMetric) -> Safe {
    match metric {
        ArmMetric::Errors | ArmMetric::Slow => safe!("{} %", text::decimal(value * 100.0, places(value * 100.0))),
        ArmMetric::Latency if value < 1.0 => safe!("{} ms", text::decimal(value * 1000.0, 0)),
        ArmMetric::Latency => safe!("{} s", text::decimal(value, 2)),
    }
}

/// Enough decimals to tell small shares apart.
fn places(percent: f64) -> usize {
    match percent.abs() {
        10.0.. => 1,
        0.1.. => 2,
        0.01.. => 3,
        value if value <= 0.0 => 2,
        _ => 4,
    }
}

/// The verdict in words with its interval and how many requests it rests on, and how loud it is.
fn verdict(row: &Comparison, count: fn(u64) -> Safe) -> (Words, Role) {
    let seen = || match row.canary.counts {
        Some((_, all)) => safe!(" · n {}", count(all)),
        None => Safe::of(""),
    };
    let told =
        |role, word: &'static str, lo, hi| (Words::of(role, word).dim(" ").dim(interval(lo, hi)).dim(seen()), role);
    match &row.verdict {
        ArmVerdict::Worse { lo, hi } => told(Role::Wait, "⚠ worse", *lo, *hi),
        ArmVerdict::NotWorse { lo, hi } => told(Role::Quiet, "✔ not worse", *lo, *hi),
        ArmVerdict::Inconclusive { lo, hi } => {
            let (words, _) = told(Role::Text, "? inconclusive", *lo, *hi);
            (words, Role::Text)
        }
        ArmVerdict::EnvironmentDegraded { lo, hi, burn } => {
            let (words, role) = told(Role::Wait, "⚠ environment degraded", *lo, *hi);
            (words.dim(safe!(" · stable burns {}", gauge::times(*burn))), role)
        }
        ArmVerdict::Insufficient { have, need, eta } => {
            let words = Words::of(Role::Dim, "· too few requests: ")
                .text(text::count(*have))
                .dim(safe!(" of {}", text::count(*need)));
            let words = match eta {
                Some(eta) => words.dim(safe!(", ~{}", text::age(eta.as_secs() as i64))),
                None => words,
            };
            (words, Role::Text)
        }
        ArmVerdict::Higher(shift) => (Words::of(Role::Wait, "⚠ slower ").dim(shifted(shift)), Role::Wait),
        ArmVerdict::NotHigher(shift) => (Words::of(Role::Quiet, "✔ not slower ").dim(shifted(shift)), Role::Quiet),
        ArmVerdict::FewPoints { have, need, eta } => {
            let rest = eta.map_or_else(Safe::default, |eta| safe!(", ~{}", text::age(eta.as_secs() as i64)));
            let few = safe!(" · too few points: {} of {}{}", text::count(*have), text::count(*need), rest);
            (apart(row).dim(few), Role::Text)
        }
        ArmVerdict::None => (apart(row), Role::Text),
    }
}

/// `+21 ms (+11…+29) · 60 points`: the median of the differences and its 98 % interval.
fn shifted(shift: &SeriesShift) -> Safe {
    let told = |seconds: f64| {
        let by = seconds * 1000.0;
        safe!("{}{}", if by.round() < 0.0 { "−" } else { "+" }, text::decimal(by.abs(), 0))
    };
    safe!("{} ms ({}…{}) · {} points", told(shift.median), told(shift.lo), told(shift.hi), shift.points)
}

/// Of two latencies that are not compared: how far they are apart.
fn apart(row: &Comparison) -> Words {
    let (Some(canary), Some(stable)) = (row.canary.value.value(), row.stable.value.value()) else {
        return Words::new();
    };
    if row.query.metric != ArmMetric::Latency {
        return Words::of(Role::Dim, "requests are not counted");
    }
    let by = (canary - stable) * 1000.0;
    let sign = if by.round() < 0.0 { "−" } else { "+" };
    Words::of(Role::Dim, safe!("{}{} ms", sign, text::decimal(by.abs(), 0)))
}

/// Canary − stable in percentage points: `+0.12…+0.21 pp`.
fn interval(lo: f64, hi: f64) -> Safe {
    let (lo, hi) = (lo * 100.0, hi * 100.0);
    let places = places(lo.abs().max(hi.abs()));
    let signed = |value: f64| {
        let digits = text::decimal(value.abs(), places);
        safe!("{}{}", if value < 0.0 { "−" } else { "+" }, digits)
    };
    safe!("{}…{} pp", signed(lo), signed(hi))
}

/// The highest of both arms: they share a scale, so that bars can be compared.
fn highest(row: &Comparison) -> f64 {
    let all = row.canary.history.iter().chain(&row.stable.history).flatten();
    all.fold(0.0_f64, |most, value| most.max(*value))
}

/// The last half hour in a few bars; a gap stays a gap.
fn trend(history: &[Option<f64>], most: f64, role: Role, columns: u16) -> Words {
    // Not the full block: lines above each other must not touch.
    const BARS: [&str; 7] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇"];
    let mut words = Words::new();
    let columns = usize::from(columns).min(history.len());
    for column in 0..columns {
        let part = &history[column * history.len() / columns..(column + 1) * history.len() / columns];
        let known: Vec<f64> = part.iter().flatten().copied().collect();
        let value = known.iter().sum::<f64>() / known.len() as f64;
        words = match value {
            value if value.is_nan() => words.add(Role::Faint, "·"),
            value if most > 0.0 => words.add(role, BARS[((value / most * 6.0).round() as usize).min(6)]),
            _ => words.add(role, BARS[0]),
        };
    }
    words
}
