//! The log on the screen.

use std::path::Path;
use std::time::Duration;

use quarterdeck::command::Keymap;
use quarterdeck::config::theme::{self, Depth, Glyphs, Role, Theme};
use quarterdeck::model::Now;
use quarterdeck::model::log::{LogEvent, TailId};
use quarterdeck::state::State;
use quarterdeck::state::log::{Filter, Log, MEMORY, Pattern, Window};
use quarterdeck::text::Safe;
use quarterdeck::ui::panes;
use quarterdeck::ui::pen::Pen;
use quarterdeck::ui::style::style;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{chunk, request};

fn deck() -> Theme {
    theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap()
}

/// A state with this log open, 20 seconds after its start.
fn state(log: Log) -> State {
    let now = Now { wall: "2026-11-21T02:04:00Z".parse().unwrap(), mono: Duration::from_secs(20) };
    State { log: Some(log), ..State::new(now, Vec::new(), Keymap::default(), (80, 24)) }
}

fn story() -> Log {
    let mut log = Log::new(TailId(1), request(), MEMORY);
    log.apply(Duration::from_secs(1), LogEvent::Opened);
    for second in 10..20 {
        let at = |ms: u32| format!("2026-11-21T02:03:{second}.{ms:03}000000Z");
        let lines = [
            format!("{} GET /api/cart 200 12ms user=ana", at(1)),
            format!("{} level=warn msg=\"slow payment\" took=1.9s", at(250)),
            format!("{} ERROR payment declined: card \x1b[31mexpired\x1b[0m \u{202e}evil\x07", at(400)),
            format!("{} downloading 10 %\rdownloading 100 %", at(777)),
        ];
        log.apply(Duration::from_secs(second), LogEvent::Lines(chunk(lines)));
    }
    log
}

fn drawn(log: Log, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let theme = deck();
    panes::log::draw(&state(log), &mut Pen::new(&mut buffer, &theme));
    buffer
}

fn text(buffer: &Buffer) -> String {
    let row = |y| {
        let cells: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        cells.trim_end().to_owned()
    };
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}

fn snapshot(name: &str, log: Log, width: u16, height: u16) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/logs"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text(&drawn(log, width, height))));
}

#[test]
fn following() {
    snapshot("following", story(), 80, 12);
}

#[test]
fn scrolled_back_with_times() {
    let mut log = story();
    log.timestamps = true;
    log.scroll(-6, Window { width: 80, height: 10 });
    snapshot("scrolled", log, 80, 12);
}

#[test]
fn wrapped_wide_and_narrow() {
    let mut log = story();
    log.apply(Duration::from_secs(19), LogEvent::Lines(chunk([format!("long {}", "word ".repeat(60))])));
    log.wrap = true;
    snapshot("wrapped", log.clone(), 60, 12);
    snapshot("wide", log, 160, 12);
}

#[test]
fn filtered_searched_dropped_and_broken() {
    let mut log = Log::new(TailId(1), request(), 20_000);
    for second in 10..20 {
        let lines = (0..100)
            .map(|n| format!("2026-11-21T02:03:{second}Z request {second}{n:02} took {n} ms {}", "x".repeat(40)));
        log.apply(Duration::from_secs(second), LogEvent::Lines(chunk(lines)));
        log.ring.push(&chunk(["y".repeat(70_000)]), &log.filter.clone());
    }
    log.apply(
        Duration::from_secs(19),
        LogEvent::Lines(chunk((0..100).map(|n| format!("request 20{n:02} took {n} ms")))),
    );
    log.set_filter(Filter { keep: Pattern::new("7 ms"), drop: Pattern::new("1917") });
    log.search_for(Pattern::new("took 3"), Window { width: 80, height: 10 });
    log.apply(Duration::from_secs(20), LogEvent::Reconnecting { message: Safe::of("connection lost: reset by peer") });
    snapshot("filtered", log, 140, 12);
}

#[test]
fn what_stands_where_there_are_no_lines() {
    for (name, event) in [
        ("opening", None),
        ("silent", Some(LogEvent::Opened)),
        (
            "waiting",
            Some(LogEvent::Reconnecting {
                message: Safe::of(
                    "container \"app\" in pod \"checkout-1\" is waiting to start: ContainerCreating (400 BadRequest)",
                ),
            }),
        ),
        (
            "denied",
            Some(LogEvent::Failed {
                message: Safe::of(
                    "pods \"checkout-1\" is forbidden: User \"viewer\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"shop\" (403 Forbidden)",
                ),
            }),
        ),
        ("ended", Some(LogEvent::Ended)),
    ] {
        let mut log = Log::new(TailId(1), request(), MEMORY);
        if let Some(event) = event {
            log.apply(Duration::ZERO, event);
        }
        snapshot(name, log, 80, 8);
    }
}

#[test]
fn levels_and_matches_are_set_off() {
    let mut log = story();
    log.search_for(Pattern::new("declined"), Window { width: 80, height: 10 });
    let theme = deck();
    let buffer = drawn(log, 80, 12);
    let cell = |word: &str| {
        let rows = text(&buffer);
        let (y, line) = rows.lines().enumerate().take(11).filter(|(_, line)| line.contains(word)).last().unwrap();
        let x = line[..line.find(word).unwrap()].chars().count();
        buffer[(x as u16, y as u16)].clone()
    };
    assert_eq!(Some(cell("ERROR").fg), style(&theme, Role::Bad).fg);
    assert_eq!(Some(cell("warn").fg), style(&theme, Role::Wait).fg);
    assert_eq!(Some(cell("GET").fg), style(&theme, Role::Text).fg);
    assert_eq!(Some(cell("declined").fg), style(&theme, Role::Key).fg);
    assert_eq!(Some(cell("declined").bg), style(&theme, Role::Selected).bg);
    assert_eq!(Some(cell("evil").bg), style(&theme, Role::Selected).bg, "the whole line of the match");
}

/// Any size, any switch: the frame is drawn and nothing leaves its area.
#[test]
fn every_size_is_drawn() {
    for width in [0, 1, 5, 20, 79, 300] {
        for height in [0, 1, 2, 3, 24, 100] {
            for switches in 0..8 {
                let mut log = story();
                (log.wrap, log.timestamps, log.rewrites) = (switches & 1 > 0, switches & 2 > 0, switches & 4 > 0);
                drawn(log, width, height);
            }
        }
    }
}
