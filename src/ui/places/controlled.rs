//! StatefulSets, DaemonSets and Jobs in lists and on their page, and what stands beside a workload.

use std::sync::Arc;

use super::{details, pages, rows};
use crate::config::theme::Role;
use crate::model::ObjectId;
use crate::model::workloads::{Beside, Controlled, Probe, Update};
use crate::safe;
use crate::state::layout::Page;
use crate::state::matrix::Workload;
use crate::state::{State, limits, shared, workload_status};
use crate::text::Safe;
use crate::ui::panes::beside;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::Sign;
use crate::ui::{facts, signs};

/// status, name, environment, version, ready, drift, soak, hold, kind, why, age.
pub(super) fn cells(state: &State, row: &Arc<Controlled>) -> Vec<Words> {
    let of = &Workload::Controlled(Arc::clone(row));
    let status = workload_status::status(row);
    let sign = signs::verdict(status.verdict);
    let place = shared::place(state, row.meta.cluster, &row.meta.namespace);
    let calm = sign.role == Role::Quiet;
    vec![
        sign.words(),
        Words::of(sign.name_role(), &row.meta.name),
        Words::of(Role::Dim, &place),
        Words::of(if calm { Role::Dim } else { Role::Text }, facts::version_of(&row.images)),
        ready(row),
        beside::drift(state, of),
        beside::soak(state, of),
        beside::hold(state, of),
        Words::of(Role::Dim, workload_status::word(row.kind)),
        rows::why(state, &row.meta, if calm { Safe::default() } else { status.message }),
        Words::of(Role::Dim, facts::age(state, &row.meta)),
    ]
}

/// Of a Job what has come to its end.
fn ready(row: &Controlled) -> Words {
    match row.update {
        Update::Job { .. } => rows::ready(row.replicas.available, row.replicas.desired),
        Update::Stateful { .. } | Update::Daemon { .. } => rows::ready(row.replicas.ready, row.replicas.desired),
    }
}

/// Its page: what kubectl says of it, its pods, what stands beside it, events.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(row) = state.world.controlled.get(&id.uid).map(Arc::clone) else {
        return pages::gone(state, pen, page, id);
    };
    let status = workload_status::status(&row);
    pages::title(state, pen, page, id, signs::verdict(status.verdict).words());
    let mut area = pen.within(page.facts);
    details::paragraph(&mut area, 0, &Words::of(Role::Text, status.message));
    area.left(1, &probes(&row.template.probes));
    let counts = row.replicas;
    let line = match row.update {
        Update::Job { active, failed, backoff_limit, .. } => Words::of(Role::Dim, "completed ")
            .then(rows::ready(counts.available, counts.desired))
            .dim("   active ")
            .text(safe!("{}", active))
            .dim("   failed ")
            .text(safe!("{}", failed))
            .dim(safe!(" of {} allowed", backoff_limit)),
        Update::Stateful { .. } | Update::Daemon { .. } => Words::of(Role::Dim, "ready ")
            .then(rows::ready(counts.ready, counts.desired))
            .dim("   updated ")
            .text(facts::of(counts.updated, counts.desired))
            .dim("   available ")
            .text(facts::of(counts.available, counts.desired)),
    };
    area.left(2, &line);
    area.left(3, &pages::images(area.width(), &row.images, row.managed_by.as_ref()));
    if let Some(owner) = &row.meta.owner {
        area.left(4, &Words::of(Role::Dim, "made by ").text(safe!("{} {}", owner.kind, owner.name)));
    }
    pages::tree(state, pen, page, id, None);
}

/// `probes readiness GET :8080/healthz`; nothing where there are none.
pub(super) fn probes(all: &[Probe]) -> Words {
    if all.is_empty() {
        return Words::new();
    }
    let several = all.iter().any(|probe| probe.container != all[0].container);
    let one = |probe: &Probe| {
        if several {
            safe!("{} {} {}", probe.container, probe.kind, probe.what)
        } else {
            safe!("{} {}", probe.kind, probe.what)
        }
    };
    let words: Vec<Safe> = all.iter().map(one).collect();
    Words::of(Role::Dim, "probes ").text(Safe::join(&words, "   "))
}

/// name, state, detail, age: a row beside a workload.
pub(super) fn beside(state: &State, row: &Beside) -> Vec<Words> {
    let word = limits::word(row);
    let sign = match (limits::is_short(row), word) {
        (true, _) => Sign::new(Role::Wait, "▲", Safe::of(word)),
        (false, "scaling") => Sign::new(Role::Move, "◌", Safe::of(word)),
        (false, "not counted") => Sign::new(Role::Unknown, "?", Safe::of(word)),
        (false, word) => Sign::new(Role::Dim, "·", Safe::of(word)),
    };
    vec![
        sign.mark().dim(short(row)).dim(" ").add(sign.name_role(), &row.meta.name),
        Words::of(sign.role, sign.word.clone()),
        Words::of(if sign.role == Role::Dim { Role::Dim } else { Role::Text }, limits::words(row)),
        Words::of(Role::Dim, facts::age(state, &row.meta)),
    ]
}

/// As kubectl shortens it.
fn short(row: &Beside) -> &'static str {
    use crate::model::workloads::What;
    match &row.what {
        What::Autoscaler(_) => "hpa",
        What::Budget(_) => "pdb",
        What::Quota(_) => "quota",
        What::Policy(_) => "netpol",
        What::Lock(_) => "lock",
    }
}
