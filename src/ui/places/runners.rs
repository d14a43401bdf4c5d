//! Runners by what jobs ask of them: how many are free, how many jobs wait for them and how long, and why
//! not all of them may be known.

use super::View;
use crate::config::theme::Role;
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::layout::Page;
use crate::state::lists::{self, Item, Line};
use crate::state::runners::{self, Pool};
use crate::state::ui::{ListId, Place};
use crate::state::{State, derived};
use crate::text::{Safe, plural};
use crate::ui::facts;
use crate::ui::notice::{self, About};
use crate::ui::panes;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::Sign;
use crate::ui::table::{left, named, right};

static RUNNERS: View = View {
    title: "RUNNERS",
    kinds: &[Kind::Run],
    about: About { what: "label sets", when_empty: "", when_absent: "" },
    columns: &[
        left("status", 12, 0, 0),
        left("labels", 20, 3, 0),
        // The same labels stand once for each repository: without its name rows look alike.
        named("repository", 14, 1, 0),
        right("free", 5, 1),
        right("busy", 5, 3),
        right("offline", 7, 4),
        right("queued", 6, 0),
        right("since", 6, 2),
        left("what else is known", 20, 4, 5),
    ],
    cells,
};

/// Draws the place: the rows, or why there are none.
pub(super) fn draw(state: &State, pen: &mut Pen<'_>, page: &Page) {
    let list = ListId::Place(Place::Runners);
    let mut title = pen.within(page.title);
    if state.world.of_system(SystemId::GitHub).next().is_none() {
        title.title(0, Role::Title, RUNNERS.title, &Words::new());
        let why = "Runners come with the pipelines of GitHub, and no repository is named.";
        let next = "Give a service of the configuration its repo, or start inside a clone.";
        return panes::no_source(&mut pen.within(page.rows), why, next);
    }
    if lists::total(state, &list) > 0 {
        return super::list(state, pen, page, &RUNNERS);
    }
    title.title(0, Role::Title, RUNNERS.title, &read(state));
    let mut refused = Vec::new();
    let mut lists = 0;
    for row in state.world.details.all_runners() {
        lists += 1;
        refused.extend([&row.own, &row.shared].into_iter().filter_map(|part| part.as_ref().err()));
    }
    let (head, why, next) = match (lists, refused.first()) {
        (0, _) => (Words::of(Role::Move, "◌ ").add(Role::Move, "reading the runners …"), None, Words::new()),
        (_, Some(why)) => {
            let next = "Whether there are any is not known. Everything else here goes on working.";
            let head = Words::of(Role::Bad, "⚠ ").add(Role::Bad, "no runner may be seen");
            (head, Some(*why), Words::of(Role::Dim, next))
        }
        (_, None) => {
            let next = "No runner is registered; machines that GitHub hosts are in no list, and no job waits for one.";
            (Words::of(Role::Dim, "• ").text("no runners"), None, Words::of(Role::Dim, next))
        }
    };
    notice::lines(&mut pen.within(page.rows), &head, why, &next);
}

/// Of how many of the runs that move the jobs are counted here, where it is not all of them.
pub(super) fn read(state: &State) -> Words {
    let demand = derived::demand(state);
    if demand.read >= demand.runs {
        return Words::new();
    }
    Words::of(Role::Wait, safe!("jobs of {} of {} runs were read", demand.read, demand.runs)).dim(" · ")
}

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let Item::Pool(pool) = &line.item else { return Vec::new() };
    let sign = sign(pool);
    let number = |count: usize, role| {
        let words = if pool.is_unknown() { Safe::of("–") } else { safe!("{}", count) };
        Words::of(if count == 0 { Role::Dim } else { role }, words)
    };
    let labels = if pool.labels.is_empty() {
        Safe::of(if pool.queued + pool.running > 0 { "any" } else { "–" })
    } else {
        Safe::join(&pool.labels, ", ")
    };
    let role = if pool.is_short() && !pool.hosted { Role::Wait } else { Role::Text };
    let queued = Words::of(if pool.queued == 0 { Role::Dim } else { role }, safe!("{}", pool.queued));
    let since = pool.since.map_or_else(Words::new, |since| Words::of(role, facts::ago(state, Some(since))));
    let unseen = match &pool.larger {
        Some(row) => safe!("GitHub hosts them: {}", runners::words_of(row)),
        None if pool.hosted => Safe::of("GitHub hosts them and lists none"),
        None => others(pool),
    };
    vec![
        sign.words(),
        Words::of(sign.name_role(), labels),
        Words::of(Role::Dim, &pool.repository),
        number(pool.count.idle, Role::Text),
        number(pool.count.busy, Role::Text),
        number(pool.count.offline, Role::Bad),
        queued,
        since,
        Words::of(Role::Dim, unseen),
    ]
}

/// Why there may be others than those that are counted.
fn others(pool: &Pool) -> Safe {
    if pool.unseen.is_empty() && pool.is_unknown() {
        return Safe::of("no runner we may see has these labels");
    }
    Safe::join(&pool.unseen, "; ")
}

fn sign(pool: &Pool) -> Sign {
    let count = &pool.count;
    match () {
        () if pool.larger.as_ref().is_some_and(|row| row.status.as_str() != "Ready") => {
            Sign::new(Role::Wait, "▲", Safe::of("not ready"))
        }
        () if pool.hosted && pool.queued > 0 => Sign::new(Role::Move, "◌", Safe::of("hosted")),
        () if pool.hosted => Sign::new(Role::Quiet, "●", Safe::of("hosted")),
        () if !pool.listed => Sign::new(Role::Unknown, "?", Safe::of("not known")),
        () if count.all() == 0 => Sign::new(Role::Unknown, "?", Safe::of("none seen")),
        () if count.offline == count.all() => Sign::new(Role::Bad, "✖", Safe::of("offline")),
        () if pool.is_short() => Sign::new(Role::Wait, "‖", Safe::of("none free")),
        () if count.idle == 0 => Sign::new(Role::Move, "◌", Safe::of("busy")),
        () => Sign::new(Role::Quiet, "●", Safe::of("free")),
    }
}

/// One in full.
pub(super) fn words(pool: &Pool) -> Words {
    let waiting = plural(pool.queued as u64, "job waits", "jobs wait");
    Words::of(Role::Strong, Safe::join(&pool.labels, ", "))
        .dim("   ")
        .text(if pool.count.all() > 0 { pool.count.words() } else { Safe::of("none is seen") })
        .dim("   ")
        .text(waiting)
        .dim("   ")
        .dim(others(pool))
}
