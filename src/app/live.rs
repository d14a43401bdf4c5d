//! The console on a terminal.

use std::io;
use std::path::Path;

use ratatui::Frame;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::{Core, Outside, Setup, Step, input};
use crate::config::theme::Theme;
use crate::safe;
use crate::term::{self, Caps, Events, Refusal, Screen, Session, Stop, TermEvent};
use crate::text::Safe;
use crate::ui;
use crate::update::Msg;

/// How it ended.
#[derive(Debug, thiserror::Error)]
pub enum End {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the terminal cannot be written: {0}")]
    Terminal(#[from] io::Error),
}

/// What the terminal said, sorted by who answers it.
enum Heard {
    Suspend,
    Continued,
    Stop(u8),
}

/// Runs until somebody quits; the number is the exit code. `folder` is where the terminal's
/// settings are noted down for `tty-reset`.
pub async fn live(setup: Setup, caps: Caps, folder: Option<&Path>) -> Result<u8, End> {
    // Before the terminal is taken: a signal in between would end the program and leave it taken.
    let mut events = Events::start()?;
    let session = Session::enter(folder)?;
    let mut screen = Screen::new(caps, crate::text::ascii::symbol)?;
    let size = term::size();
    let theme = setup.theme.clone();
    let mut core = Core::new(setup, size);
    let code = run(&mut events, &session, &mut screen, &mut core, &theme).await;
    // Also after a terminal that failed: what the answers said is recorded.
    core.finish().await;
    Ok(code?)
}

/// The loop; the exit code is what ended it.
async fn run(
    events: &mut Events,
    session: &Session,
    screen: &mut Screen,
    core: &mut Core,
    theme: &Theme,
) -> io::Result<u8> {
    // Unbounded: a person cannot type faster than it is read.
    let (keys, mut pressed) = mpsc::unbounded_channel();
    let mut heard = Vec::new();
    loop {
        if core.is_dirty() {
            let state = core.frame();
            let mut area = Rect::default();
            let draw = |frame: &mut Frame<'_>| {
                area = frame.area();
                ui::draw(state, theme, frame);
            };
            // A terminal that takes no more bytes is one that is gone.
            if let Err(error) = screen.draw(draw) {
                tracing::warn!(%error, "the terminal is gone");
                return Ok(Stop::Lost.exit_code());
            }
            core.drawn((area.width, area.height));
        }
        core.connect();
        let step = loop {
            tokio::select! {
                biased;
                Some(event) = events.next() => hear(event, &keys, &mut heard),
                step = core.turn(&mut pressed) => {
                    if core.is_due(&step) || !step.outside.is_empty() {
                        break step;
                    }
                    continue;
                }
            }
            while let Some(event) = events.try_next() {
                hear(event, &keys, &mut heard);
            }
            if !heard.is_empty() {
                break Step::default();
            }
        };
        if let Some(code) = answer(session, screen, core, step, &mut heard)? {
            return Ok(code);
        }
    }
}

/// Passes keys on; remembers what only the owner of the terminal can answer.
fn hear(event: TermEvent, keys: &mpsc::UnboundedSender<Msg>, heard: &mut Vec<Heard>) {
    let msg = match event {
        TermEvent::Key(event) => input::key(event).map(Msg::Key),
        TermEvent::Paste(text) => Some(Msg::Paste(text)),
        TermEvent::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        TermEvent::Suspend => {
            heard.push(Heard::Suspend);
            None
        }
        TermEvent::Continued => {
            heard.push(Heard::Continued);
            None
        }
        TermEvent::Stop(stop) => {
            heard.push(Heard::Stop(stop.exit_code()));
            None
        }
    };
    if let Some(msg) = msg {
        // The receiver lives as long as the loop.
        let _ = keys.send(msg);
    }
}

/// What only the owner of the terminal can do. Some(code) ends the program.
fn answer(
    session: &Session,
    screen: &mut Screen,
    core: &mut Core,
    step: Step,
    heard: &mut Vec<Heard>,
) -> io::Result<Option<u8>> {
    for outside in step.outside {
        match outside {
            Outside::Copy(text) => screen.tty().copy(&text)?,
            Outside::Notify { answer, bell } => {
                let text = safe!("{} {}", answer.name, answer.words);
                screen.notify("quarterdeck", text.as_str(), bell)?;
            }
            Outside::Suspend => suspend(session, core),
            Outside::Quit => return Ok(Some(0)),
        }
    }
    for heard in heard.drain(..) {
        match heard {
            Heard::Suspend => suspend(session, core),
            Heard::Continued => resume(session, screen, core)?,
            Heard::Stop(code) => return Ok(Some(code)),
        }
    }
    Ok(None)
}

/// The stop may take effect a moment later: the terminal is taken again when SIGCONT says so.
fn suspend(session: &Session, core: &mut Core) {
    if let Err(orphaned) = session.suspend() {
        core.say(safe!("cannot be suspended: {}", Safe::line(&orphaned.to_string())));
    }
}

fn resume(session: &Session, screen: &mut Screen, core: &mut Core) -> io::Result<()> {
    session.resume()?;
    screen.repaint()?;
    let (columns, rows) = term::size();
    let mut step = Step::default();
    core.take(Msg::Resize(columns, rows), &mut step);
    core.take(Msg::Resumed, &mut step);
    core.soil();
    Ok(())
}
