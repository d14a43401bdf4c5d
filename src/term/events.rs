//! What the terminal and the system tell: keys, sizes, signals, and that the terminal is gone.
//!
//! The keyboard has a thread of its own that waits in `poll`, so that a hang-up is seen at once
//! and nothing spins on a terminal that no longer exists (reliability.md, M13).

use std::time::Duration;

use crossterm::event::KeyEvent;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::stdio;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::input::{Input, Parser};
use super::session;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    Key(KeyEvent),
    /// Bracketed paste, as it came.
    Paste(String),
    /// Columns and rows.
    Resize(u16, u16),
    /// Somebody asks the program to stop for now (SIGTSTP): [`session::Session::suspend`].
    Suspend,
    /// It was continued: [`session::Session::resume`], then paint everything.
    Continued,
    /// End now, in order.
    Stop(Stop),
}

/// Why the program must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Interrupt,
    Terminate,
    Hangup,
    Quit,
    /// The terminal is gone, signal or not.
    Lost,
}

impl Stop {
    /// What a shell reports for that signal.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
            Self::Hangup | Self::Lost => 129,
            Self::Quit => 131,
        }
    }
}

/// How long the loop may take to end in order before it is ended.
const GRACE: Duration = Duration::from_millis(800);
/// After an escape alone.
const ESCAPE: Duration = Duration::from_millis(40);
/// After the beginning of a longer sequence.
const SEQUENCE: Duration = Duration::from_millis(500);

/// The stream of events. Unbounded: a person cannot type faster than it is read.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<TermEvent>,
}

impl Events {
    /// Begins to listen. Call it once, inside the runtime, before the terminal is taken: a signal
    /// that nobody listens for would end the program and leave it taken.
    pub fn start() -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
            SignalKind::window_change(),
            SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()),
            SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()),
        ] {
            let mut signals = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    let Some(event) = meaning(kind) else { continue };
                    if tell(&sender, event).is_err() {
                        return;
                    }
                }
            });
        }
        std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || read(&sender))?;
        Ok(Self { receiver })
    }

    /// The next event. `None` never comes before the end of the program.
    pub async fn next(&mut self) -> Option<TermEvent> {
        self.receiver.recv().await
    }

    /// The next event, if one has come already.
    pub fn try_next(&mut self) -> Option<TermEvent> {
        self.receiver.try_recv().ok()
    }
}

fn meaning(kind: SignalKind) -> Option<TermEvent> {
    let number = kind.as_raw_value();
    Some(if kind == SignalKind::interrupt() {
        TermEvent::Stop(Stop::Interrupt)
    } else if kind == SignalKind::terminate() {
        TermEvent::Stop(Stop::Terminate)
    } else if kind == SignalKind::hangup() {
        TermEvent::Stop(Stop::Hangup)
    } else if kind == SignalKind::quit() {
        TermEvent::Stop(Stop::Quit)
    } else if kind == SignalKind::window_change() {
        let (columns, rows) = session::size();
        TermEvent::Resize(columns, rows)
    } else if number == rustix::process::Signal::TSTP.as_raw() {
        TermEvent::Suspend
    } else if number == rustix::process::Signal::CONT.as_raw() {
        TermEvent::Continued
    } else {
        return None;
    })
}

/// Passes an event on. One that ends the program is given a time: a loop that is stuck (a terminal
/// that takes no more output, say) is ended without its help.
fn tell(sender: &mpsc::UnboundedSender<TermEvent>, event: TermEvent) -> Result<(), ()> {
    if let TermEvent::Stop(stop) = event {
        let end = move || {
            std::thread::sleep(GRACE);
            session::leave();
            std::process::exit(i32::from(stop.exit_code()));
        };
        // Without the thread the loop still ends by itself.
        let _ = std::thread::Builder::new().name("grace".to_owned()).spawn(end);
    }
    sender.send(event).map_err(drop)
}

/// The keyboard's thread.
fn read(sender: &mpsc::UnboundedSender<TermEvent>) {
    let stdin = stdio::stdin();
    let mut parser = Parser::default();
    let mut buffer = [0; 4096];
    loop {
        let wait = if !parser.is_waiting() {
            None
        } else if parser.is_ambiguous() {
            Some(ESCAPE)
        } else {
            Some(SEQUENCE)
        };
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        let ready = rustix::event::poll(&mut fds, wait.as_ref());
        let flags = fds[0].revents();
        let found = match ready {
            Err(Errno::INTR) => continue,
            Ok(0) => parser.timeout(),
            Ok(_) if flags.contains(PollFlags::IN) => match rustix::io::read(stdin, &mut buffer) {
                Ok(read) if read > 0 => parser.feed(&buffer[..read]),
                Err(Errno::INTR | Errno::AGAIN) => continue,
                // End of file, EIO: nobody is there any more.
                _ => break,
            },
            _ => break,
        };
        for input in found {
            let event = match input {
                Input::Key(key) => TermEvent::Key(key),
                Input::Paste(text) => TermEvent::Paste(text),
            };
            if tell(sender, event).is_err() {
                return;
            }
        }
    }
    let _ = tell(sender, TermEvent::Stop(Stop::Lost));
}
