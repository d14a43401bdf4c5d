//! Error budget: the objectives with the least left first, each as a gauge.

use std::sync::Arc;

use super::pipelines::indent;
use super::title;
use crate::config::theme::Role;
use crate::model::slo::{Reading, Slo};
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::State;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::{GAUGE, cut_top, gauges};
use crate::state::lists::{self, Item};
use crate::state::slos::{self, Standing};
use crate::state::ui::{ListId, Pane};
use crate::text::Safe;
use crate::ui::notice::{self, About};
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{self, mark};
use crate::ui::{gauge, places, signs};

pub const ABOUT: About = About {
    what: "objectives",
    when_empty: "Recording rules of Sloth are found by themselves (sloth_slo_info); OpenSLO files are named \
                 under services[].slos in the configuration.",
    when_absent: "Is this a Prometheus? Its address is sources.prometheus.url in the configuration.",
};

const WHY: &str = "Objectives, burn rates and alerts come from Prometheus.";
const NEXT: &str = "Name it in config.yaml as sources: prometheus: { url: https://… }, or set PROMETHEUS_URL.";

const DENIED: &str = "Next: a token that may read, as sources: prometheus: { token: { env: NAME } }. Everything else \
                      here goes on working.";

/// Which objectives are among those left out: `: payments-availability, web-latency`.
pub(in crate::ui) fn unread(state: &State) -> Words {
    let names: Vec<Safe> = state.world.details.unread_objectives().cloned().collect();
    if names.is_empty() {
        return Words::new();
    }
    Words::of(Role::Wait, safe!(": {}", Safe::join(names.iter(), ", ").truncate(60)))
}

pub fn draw(state: &State, pen: &mut Pen<'_>, focused: bool) {
    let list = ListId::Pane(Pane::Budget);
    let freshness = freshness::of_kinds(state, &[Kind::Slo]);
    let body = indent(cut_top(pen.area(), 1).1);
    if is_missing(state) {
        title(pen, focused, "ERROR BUDGET", &Words::new());
        return missing(&mut pen.within(body));
    }
    let len = lists::len(state, &list);
    let (large, lines) = gauges(body.height, len);
    let room = usize::from(large + lines);
    let order = if len > room { safe!("worst {} of {}", room, len) } else { Safe::of("worst first") };
    let right = if len > 0 { Words::of(Role::Dim, order) } else { Words::new() };
    title(pen, focused, "ERROR BUDGET", &places::and_trouble(right, &freshness).then(unread(state)));
    if len == 0 {
        let filtered = lists::total(state, &list) > 0;
        return notice(state, &mut pen.within(body), filtered);
    }
    let top = table::top(state, &list, large + lines);
    let selected = state.ui.list(&list).and_then(|list| list.selected.as_ref());
    let shown = lists::rows(state, &list, top..top + room.max(1));
    let slos = |lines: &[lists::Line]| lines.iter().filter_map(|line| slo_of(&line.item)).collect::<Vec<_>>();
    let columns = gauge::Columns::new(state, &slos(shown.get(usize::from(large)..).unwrap_or_default()), body.width);
    let mut rest = body;
    for (number, line) in shown.iter().enumerate() {
        let is_large = number < usize::from(large);
        let (row, below) = cut_top(rest, if is_large { GAUGE } else { 1 });
        rest = below;
        if selected == Some(&line.id) && focused {
            let whole = pen.area();
            mark(&mut pen.within(ratatui::layout::Rect { x: whole.x, width: 1, ..row }), 0, 0, 1, true);
        }
        if let Some(slo) = slo_of(&line.item) {
            let mut pen = pen.within(row);
            let reading = slos::figures(state, &slo);
            if !is_large {
                gauge::line(state, &mut pen, &slo, &reading, &columns);
                continue;
            }
            let slo = &slo;
            pen.both(0, &gauge::name(slo), &gauge::left_now(state, slo, &reading));
            gauge::bar(&mut pen, 1, slo, &reading);
            let width = pen.width();
            pen.left(2, &gauge::below(state, slo, &reading, width));
        }
    }
}

fn slo_of(item: &Item) -> Option<Arc<Slo>> {
    match item {
        Item::Slo(slo) => Some(Arc::clone(slo)),
        _ => None,
    }
}

/// There is nothing to list, and what to do about it is Prometheus' own.
#[must_use]
pub fn special(state: &State) -> bool {
    matches!(freshness::of_kinds(state, &[Kind::Slo]), Freshness::Denied { .. } | Freshness::Live { .. })
}

/// Why there are no rows.
pub fn notice(state: &State, pen: &mut Pen<'_>, filtered: bool) {
    let freshness = freshness::of_kinds(state, &[Kind::Slo]);
    let sign = signs::freshness(&freshness);
    match &freshness {
        _ if filtered => notice::draw(state, pen, &ABOUT, &freshness, true),
        Freshness::Denied { why } => notice::lines(
            pen,
            &sign.mark().add(sign.role, "not allowed to ask Prometheus"),
            Some(why),
            &Words::of(Role::Dim, DENIED),
        ),
        Freshness::Live { .. } => {
            let source = state.world.of_system(SystemId::Prometheus).next();
            let name = source.map(|source| source.name.safe().clone()).unwrap_or_default();
            let head = Words::of(Role::Dim, "• ").text(safe!("no objectives in {}", name));
            notice::lines(pen, &head, None, &Words::of(Role::Dim, ABOUT.when_empty));
        }
        _ => notice::draw(state, pen, &ABOUT, &freshness, false),
    }
}

/// No Prometheus is known at all.
#[must_use]
pub fn is_missing(state: &State) -> bool {
    state.world.of_system(SystemId::Prometheus).next().is_none()
}

/// What to do about it.
pub fn missing(pen: &mut Pen<'_>) {
    super::no_source(pen, WHY, NEXT);
}

/// What it comes to in one line: the worst objective, and how many tell nothing.
#[must_use]
pub fn summary(state: &State) -> Words {
    if is_missing(state) {
        return Words::of(Role::Dim, "no source is configured");
    }
    let freshness = freshness::of_kinds(state, &[Kind::Slo]);
    let all = slos::ordered(state);
    let Some(worst) = all.first() else {
        let sign = signs::freshness(&freshness);
        return if freshness.is_live() { Words::of(Role::Dim, "no objectives") } else { sign.words() };
    };
    let reading = slos::figures(state, worst);
    let loud = match &reading {
        Reading::Value(figures) => match slos::standing(worst, figures) {
            Standing::Calm => Role::Text,
            _ => gauge::role(worst, figures),
        },
        _ => Role::Unknown,
    };
    let mut words = Words::of(loud, &worst.service).dim(" ").then(gauge::left(state, worst, &reading));
    if let Some(rate) = slos::rate(worst, "5m").and_then(Reading::value).filter(|rate| **rate > 1.0) {
        words = words.add(loud, safe!(", burning {}", gauge::times(*rate)));
    }
    let silent = all.iter().skip(1).filter(|slo| slos::figures(state, slo).value().is_none()).count();
    if silent > 0 && !matches!(freshness, Freshness::Stale { .. } | Freshness::Failed { .. }) {
        words = words.dim("   ").add(Role::Unknown, safe!("{} without a figure", silent));
    }
    words
}
