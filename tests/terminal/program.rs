//! A small program over `quarterdeck::term` alone, for what the real one never does: panic on
//! request, write to standard error, say what it was told. It is this test binary, started again
//! behind a pseudo-terminal; as a test it does nothing.

use std::io::Write;
use std::path::Path;

use portable_pty::CommandBuilder;
use quarterdeck::term::{Caps, Events, Screen, Session, Stop, TermEvent, panicking};
use quarterdeck::text;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const MODE: &str = "QUARTERDECK_TEST_PROGRAM";
const NOTES: &str = "QUARTERDECK_TEST_NOTES";

/// How to start it. `mode`: `run`, or `start` to panic before the first frame.
pub fn command(mode: &str, notes: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["terminal::program::program", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(MODE, mode);
    command.env(NOTES, notes);
    command
}

#[test]
fn program() {
    let Ok(mode) = std::env::var(MODE) else { return };
    let hook = panicking(std::thread::current().id(), |info| format!("report: {info}"));
    std::panic::set_hook(Box::new(hook));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let code = runtime.block_on(run(&mode));
    runtime.shutdown_background();
    // Past the test harness, which would print over the end.
    std::process::exit(i32::from(code));
}

async fn run(mode: &str) -> u8 {
    let notes = std::env::var(NOTES).unwrap();
    let mut events = Events::start().unwrap();
    let session = match Session::enter(Some(Path::new(&notes))) {
        Ok(session) => session,
        Err(refusal) => {
            to_stderr(&format!("refused: {refusal}"));
            return 2;
        }
    };
    assert_ne!(mode, "start", "a panic during the start");
    let mut screen = Screen::new(Caps::detect(), text::ascii::symbol).unwrap();
    let mut told: Vec<String> = vec!["ready".to_owned()];
    loop {
        let drawn = screen.draw(|frame| {
            let area = frame.area();
            let size = format!("size {}x{}", area.width, area.height);
            let rows = told.iter().rev().take(6).chain([&size]);
            for (y, row) in rows.enumerate().take(usize::from(area.height)) {
                frame.buffer_mut().set_stringn(0, y as u16, row, usize::from(area.width), ratatui::style::Color::Green);
            }
        });
        if drawn.is_err() {
            return Stop::Lost.exit_code();
        }
        let event = events.next().await.unwrap();
        told.push(format!("{} {}", told.len(), word(&event)));
        match event {
            TermEvent::Stop(stop) => return stop.exit_code(),
            TermEvent::Suspend | TermEvent::Key(KeyEvent { code: KeyCode::Char('z'), .. })
                if session.suspend().is_err() =>
            {
                told.push("orphaned".to_owned());
            }
            TermEvent::Continued => {
                session.resume().unwrap();
                screen.repaint().unwrap();
            }
            TermEvent::Key(KeyEvent { code: KeyCode::Char(letter), modifiers: KeyModifiers::NONE, .. }) => match letter
            {
                'q' => return 0,
                'p' => panic!("a panic of the screen"),
                't' => drop(tokio::spawn(async { panic!("a panic of a task") }).await),
                'e' => to_stderr("\x1b[31mwritten to standard error"),
                'c' => screen.tty().copy("copied\n").unwrap(),
                'b' => screen.tty().bell().unwrap(),
                // Busy and deaf: the loop never comes back.
                'd' => loop {
                    std::thread::park();
                },
                _ => {}
            },
            _ => {}
        }
    }
}

fn to_stderr(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// An event in letters that the screen can show.
fn word(event: &TermEvent) -> String {
    match event {
        TermEvent::Key(key) => format!("key {:?} {:?}", key.code, key.modifiers.bits()),
        TermEvent::Paste(text) => format!("paste {text:?}"),
        other => format!("{other:?}"),
    }
}
