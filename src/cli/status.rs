//! `quarterdeck status`: the world as data, or as a short table.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::args::{Look, Scope, Status};
use super::folders::Folders;
use super::{FAILED, TIMED_OUT, USAGE, complain, console, runtime, world};
use crate::app::{Core, Recorder, Setup};
use crate::clock::Clock;
use crate::command::Keymap;
use crate::config::theme::{self, Depth, Glyphs};
use crate::journal::Journal;
use crate::model::nodes;
use crate::model::source::{FeedId, FeedStatus};
use crate::model::{Kind, Name, ObjectId, SourceId};
use crate::state::report::{Report, report};
use crate::state::rollout_phase::percent_of;
use crate::state::ui::Place;
use crate::state::{State, interest};
use crate::term::Caps;
use crate::text::{self, Safe};

pub(crate) fn run(scope: &Scope, look: &Look, options: Status) -> u8 {
    // A journal that cannot be found leaves the list of operations empty; nothing is sent from here.
    let folders = Folders::of_user().ok();
    // A theme that does not exist is a mistake here as well, though nothing is drawn.
    let loaded = console::all_settings(scope, look, folders.as_ref(), &world::surroundings(), Caps::detect());
    let config = match loaded {
        Ok((config, _)) => config,
        Err(errors) => return complain(USAGE, &errors.to_string()),
    };
    let state = folders.map(|folders| folders.state).unwrap_or_default();
    let theme = match theme::load(None, None, Depth::Mono, Glyphs::Ascii) {
        Ok(theme) => theme,
        Err(errors) => return complain(FAILED, &errors.to_string()),
    };
    let setup = Setup {
        specs: world::specs(scope, &config),
        settings: Arc::new(config.settings),
        keymap: Keymap::default(),
        theme,
        clock: Clock::system(),
        log_memory: 0,
        place: Place::Deck,
        badge: None,
        recorder: Recorder::new(Journal::read(&state)),
        saves: None,
        durations: None,
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return complain(FAILED, &format!("the runtime cannot be started: {error}")),
    };
    let code = runtime.block_on(watch(setup, options));
    runtime.shutdown_background();
    match code {
        Ok(code) => code,
        // Whoever read it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => complain(FAILED, &format!("standard output cannot be written: {error}")),
    }
}

async fn watch(setup: Setup, options: Status) -> io::Result<u8> {
    let mut core = Core::new(setup, (0, 0));
    core.state.reports = true;
    // Nobody types here; the sender is kept so that the queue stays open.
    let (_keys, mut input) = mpsc::unbounded_channel();
    core.connect();
    let answered = timeout(options.timeout, async {
        while !all_answered(&core.state) {
            core.turn(&mut input).await;
        }
    })
    .await
    .is_ok();
    let mut last = report(&core.state);
    print(&last, options)?;
    if !options.watch {
        core.finish().await;
        return Ok(if answered { 0 } else { TIMED_OUT });
    }
    loop {
        core.turn(&mut input).await;
        let now = report(&core.state);
        if differs(&last, &now) {
            print(&now, options)?;
            last = now;
        }
    }
}

/// Every source has said what it has, or why it has nothing, once.
fn all_answered(state: &State) -> bool {
    state.world.feeds.values().all(|feed| {
        feed.complete
            || feed.stopped.is_some()
            || matches!(feed.status, FeedStatus::Denied { .. } | FeedStatus::Absent { .. } | FeedStatus::Failed { .. })
    }) && is_read(state)
}

/// So is what hangs on it; of a repository whose runs cannot be read nothing else is asked.
fn is_read(state: &State) -> bool {
    let asked = interest::of(state);
    let live = |source: SourceId, name: &Name| {
        let feed = FeedId { cluster: source, kind: Kind::Run, namespace: Some(name.clone()) };
        state.world.feeds.get(&feed).is_some_and(|feed| matches!(feed.status, FeedStatus::Live))
    };
    let details = &state.world.details;
    let nodes = |(of, depth): (&SourceId, &nodes::Depth)| {
        details.nodes(*of).is_some_and(|nodes| nodes.as_ref().map_or(true, |all| all.depth() >= *depth))
    };
    // Of a host with few requests left they are not read.
    let queued = |run: &ObjectId| {
        let spared = details.quotas.get(&run.cluster).is_some_and(|quota| !quota.has_plenty());
        spared || !live(run.cluster, &run.namespace) || details.jobs(&run.uid).is_some()
    };
    asked.nodes.iter().all(nodes)
        && asked.queued.iter().all(queued)
        && asked.differences.iter().all(|it| details.differences(&it.application.uid).is_some())
        && asked.jobs.iter().all(|run| details.jobs(&run.uid).is_some())
        && asked.runners.iter().all(|(of, name)| !live(*of, name) || details.runners(*of, name).is_some())
        && asked.security.iter().all(|(of, name)| !live(*of, name) || details.security(*of, name).is_some())
}

/// Ages, the time of day, when a figure was evaluated and what is left of a period change always; they
/// are no news.
fn differs(a: &Report, b: &Report) -> bool {
    let plain = |report: &Report| {
        let mut report = report.clone();
        report.at = jiff::Timestamp::UNIX_EPOCH;
        for source in &mut report.sources {
            source.age_seconds = None;
        }
        for slo in &mut report.slos {
            (slo.at, slo.resets_in_seconds) = (None, None);
        }
        for row in &mut report.blocked {
            row.sentence = timeless(&row.sentence);
        }
        for row in &mut report.waiting {
            row.sentence = timeless(&row.sentence);
        }
        report
    };
    plain(a) != plain(b)
}

/// A sentence without the spans that count on by themselves: `3m20s`, `41s`.
fn timeless(sentence: &str) -> String {
    let is_span = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        word.starts_with(|letter: char| letter.is_ascii_digit())
            && word.ends_with(['s', 'm', 'h', 'd'])
            && word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, 's' | 'm' | 'h' | 'd'))
    };
    sentence.split(' ').filter(|word| !is_span(word)).collect::<Vec<_>>().join(" ")
}

fn print(report: &Report, options: Status) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if options.json {
        let document = if options.watch { serde_json::to_string(report) } else { serde_json::to_string_pretty(report) };
        writeln!(out, "{}", text::json(&document.map_err(io::Error::other)?))?;
    } else {
        out.write_all(table(report).as_bytes())?;
    }
    out.flush()
}

/// A few lines for a person. Everything from outside passes [`Safe`].
fn table(report: &Report) -> String {
    let mut rows: Vec<Vec<String>> = vec![];
    let name = |text: &str| Safe::identity(text).as_str().to_owned();
    let line = |text: &str| Safe::line(text).as_str().to_owned();
    for source in &report.sources {
        rows.push(vec![
            "source".to_owned(),
            name(&source.target),
            source.system.to_owned(),
            source.status.to_owned(),
            line(source.message.as_deref().unwrap_or("")),
        ]);
    }
    for row in &report.rollouts {
        let step = row.step.as_ref().map_or_else(String::new, |step| format!("step {}/{}", step.index, step.count));
        let weight = row
            .weight
            .as_ref()
            .map_or_else(String::new, |weight| percent_of(weight.actual, weight.max).as_str().to_owned());
        let message = line(row.message.as_deref().unwrap_or(""));
        rows.push(vec![
            "rollout".to_owned(),
            name(&format!("{}/{}", row.namespace, row.name)),
            name(&row.environment),
            line(&row.status),
            [step, weight, message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  "),
        ]);
    }
    for row in &report.deployments {
        rows.push(vec![
            "deployment".to_owned(),
            name(&format!("{}/{}", row.namespace, row.name)),
            name(&row.environment),
            row.rollout.status.to_owned(),
            line(&row.rollout.message),
        ]);
    }
    for row in &report.blocked {
        rows.push(vec!["blocked".to_owned(), line(&row.sentence)]);
    }
    align(&rows)
}

/// Columns as wide as their widest word; the last one and short rows run free.
fn align(rows: &[Vec<String>]) -> String {
    const COLUMNS: usize = 4;
    let width = |column: usize| {
        rows.iter().filter(|row| row.len() > COLUMNS).map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut out = String::new();
        for (column, cell) in row.iter().enumerate() {
            let wide = if row.len() > COLUMNS || column == 0 { widths.get(column).copied().unwrap_or(0) } else { 0 };
            // Writing to a String cannot fail.
            let _ = write!(out, "{cell:wide$}  ");
        }
        text.push_str(out.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_counts_seconds_says_nothing_new() {
        let said = |span: &str| timeless(&format!("2 of 3 pods are ready, for {span}; next try in {span}."));
        assert_eq!(said("41s"), said("1h2m"));
        assert!(said("9s").contains("2 of 3 pods"));
        assert_ne!(timeless("2 of 3 pods for 9s"), timeless("1 of 3 pods for 9s"));
    }

    #[test]
    fn columns_stand_below_each_other() {
        let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["a", "long name", "x", "live", ""]), row(["bb", "b", "yy", "ok", "the rest"])];
        assert_eq!(align(&rows), "a   long name  x   live\nbb  b          yy  ok    the rest\n");
    }
}
