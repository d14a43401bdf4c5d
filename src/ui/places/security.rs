//! What scanners found in the repository of a run: by tool and severity, what is new since the commit that
//! is deployed, and secrets that lie open. Off, never scanned, not allowed and failed are told apart.

use super::{View, details};
use crate::config::theme::Role;
use crate::model::security::{Part, Severity, Since};
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::state::layout::{Page, cut_top};
use crate::state::lists::{self, Item, Line};
use crate::state::security::{self, Row};
use crate::state::ui::{ListId, Place};
use crate::state::{State, derived, freshness};
use crate::text::{Safe, plural};
use crate::ui::facts;
use crate::ui::notice;
use crate::ui::notice::About;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::{self, Sign};
use crate::ui::table::{self, left, right};

static FINDINGS: View = View {
    title: "SECURITY",
    kinds: &[Kind::Run],
    about: About { what: "findings", when_empty: "", when_absent: "" },
    columns: &[
        left("severity", 11, 0, 0),
        left("since deploy", 12, 0, 1),
        left("tool", 10, 1, 2),
        left("rule", 18, 2, 0),
        left("what", 24, 4, 3),
        left("where", 16, 2, 4),
        left("commit", 7, 0, 6),
        left("branch", 8, 1, 7),
        right("age", 6, 5),
    ],
    cells,
};

/// Draws the page.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let name = security::title(state, &id.uid).unwrap_or_else(|| id.name.safe().clone());
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    let title = safe!("{} · {}", Safe::of(FINDINGS.title), name);
    pen.within(page.title).title(0, Role::Title, title, &signs::freshness(&freshness).words());
    let (Some(found), Some(read)) = (derived::security(state, &id.uid), security::read(state, &id.uid)) else {
        let head = if state.world.runs.get(&id.uid).is_some() {
            Words::of(Role::Move, "◌ ").add(Role::Move, "reading what scanners found …")
        } else {
            Words::of(Role::Dim, "• ").text("the run is gone")
        };
        return notice::lines(&mut pen.within(page.facts), &head, None, &Words::new());
    };
    let mut head = pen.within(page.facts);
    let scanned = of_part("code scanning", &read.findings, |rows| {
        if rows.is_empty() { Safe::of("nothing is open") } else { security::by_tool(rows) }
    });
    let y = details::paragraph(&mut head, 0, &scanned);
    let new = match &found.news {
        Ok(news) if news.is_well() => Words::of(Role::Quiet, "✔ ").text(news.words()),
        Ok(news) if news.new > 0 => Words::of(Role::Bad, "✖ ").text(news.words()),
        Ok(news) => Words::of(Role::Unknown, "? ").text(news.words()),
        Err(why) => Words::of(Role::Unknown, "? ").text(safe!("new since the deployed commit: not known; {}", why)),
    };
    let y = details::paragraph(&mut head, y, &new);
    let secrets = of_part("secret scanning", &read.secrets, |rows| match rows.len() as u64 {
        0 => Safe::of("no secret lies open"),
        count => plural(count, "secret lies open", "secrets lie open"),
    });
    details::paragraph(&mut head, y, &secrets);
    rows(state, pen, page, id);
}

fn rows(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let list = ListId::Place(Place::Security(id.clone()));
    if lists::len(state, &list) == 0 {
        if lists::total(state, &list) > 0 {
            let head = Words::of(Role::Dim, "• ").text("no finding passes the filter");
            notice::lines(&mut pen.within(page.rows), &head, None, &Words::new());
        }
        return;
    }
    table::heading(&mut pen.within(page.heading), FINDINGS.columns);
    let body = cut_top(page.rows, 0).1;
    table::rows(state, &list, &mut pen.within(body), FINDINGS.columns, &mut |line| cells(state, line));
}

/// What is known of one of them, or why nothing is.
fn of_part<T>(name: &'static str, part: &Part<T>, words: impl Fn(&[T]) -> Safe) -> Words {
    let label = Words::of(Role::Dim, Safe::of(name).pad_end(16)).dim(" ");
    match part {
        Ok(rows) if rows.rows.is_empty() && !rows.is_whole() => {
            label.add(Role::Unknown, "? none of them can be read here")
        }
        Ok(rows) => {
            let said = label.text(words(&rows.rows));
            let said = if rows.more { said.add(Role::Wait, ", and more than were read") } else { said };
            if rows.left_out > 0 { said.add(Role::Wait, safe!(", {} not readable here", rows.left_out)) } else { said }
        }
        Err(why) => label.add(Role::Unknown, "? ").text(security::words(why)),
    }
}

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let Item::Security(row) = &line.item else { return Vec::new() };
    let cluster = match &state.ui.place {
        Place::Security(id) => id.cluster,
        _ => return Vec::new(),
    };
    let age = |at| Words::of(Role::Dim, facts::since(state, cluster, at));
    match &**row {
        Row::Finding(since, row) => {
            let sign = severity(row.severity);
            let (role, word) = match since {
                Since::New => (Role::Bad, "new"),
                Since::Before => (Role::Dim, "known"),
                Since::Elsewhere => (Role::Dim, "other branch"),
                Since::Unknown => (Role::Unknown, "not known"),
            };
            vec![
                sign.words(),
                Words::of(role, word),
                Words::of(Role::Text, &row.tool),
                Words::of(sign.name_role(), &row.rule),
                Words::of(Role::Dim, &row.words),
                Words::of(Role::Dim, row.place.clone().unwrap_or_default()),
                Words::of(Role::Dim, row.commit.columns(0..7)),
                Words::of(Role::Dim, row.branch.name()),
                age(row.created),
            ]
        }
        Row::Secret(row) => {
            let works = row.validity.as_ref().is_some_and(|word| word.as_str() == "active");
            let validity = row.validity.clone().unwrap_or_else(|| Safe::of("not tried"));
            vec![
                Sign::new(Role::Bad, "✖", Safe::of("secret")).words(),
                Words::new(),
                Words::of(Role::Text, "secrets"),
                Words::of(Role::Strong, &row.kind),
                Words::of(if works { Role::Bad } else { Role::Dim }, safe!("validity {}", validity)),
                Words::new(),
                Words::new(),
                Words::new(),
                age(row.created),
            ]
        }
    }
}

fn severity(severity: Severity) -> Sign {
    let word = Safe::of(severity.as_str());
    match severity {
        Severity::Critical | Severity::High => Sign::new(Role::Bad, "✖", word),
        Severity::Medium | Severity::Error => Sign::new(Role::Wait, "▲", word),
        Severity::Low | Severity::Warning | Severity::Note => Sign::new(Role::Dim, "·", word),
        Severity::Unknown => Sign::new(Role::Unknown, "?", word),
    }
}
