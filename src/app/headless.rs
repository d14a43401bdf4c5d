//! The console without a terminal: the same state, loop and drawing over a buffer, for tests that
//! tell an operator's story. Keys are pressed by what they mean; nothing sleeps, everything waits
//! for a condition with a deadline.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Core, Outside, Setup};
use crate::command::{Command, Key, KeyCode};
use crate::config::theme::Theme;
use crate::state::State;
use crate::state::ui::{ConfirmField, Overlay, Tier};
use crate::state::verbs;
use crate::ui;
use crate::update::Msg;

/// From one key to the next: the fastest hand is slower.
const BETWEEN_KEYS: Duration = Duration::from_millis(20);

/// A condition did not come true in time; what stood on the screen instead.
#[derive(Debug, thiserror::Error)]
#[error("waited for {what} in vain; the screen says:\n{screen}")]
pub struct Lost {
    pub what: String,
    pub screen: String,
}

/// A console in memory.
#[derive(Debug)]
pub struct Headless {
    core: Core,
    theme: Theme,
    terminal: Terminal<TestBackend>,
    keys: mpsc::UnboundedSender<Msg>,
    input: mpsc::UnboundedReceiver<Msg>,
    /// What went to the clipboard, and whether somebody quit.
    pub outside: Vec<Outside>,
}

impl Headless {
    /// Starts it, draws the first frame, then connects. Inside a runtime.
    pub fn start(setup: Setup, size: (u16, u16)) -> std::io::Result<Self> {
        let theme = setup.theme.clone();
        let Ok(terminal) = Terminal::new(TestBackend::new(size.0, size.1));
        let (keys, input) = mpsc::unbounded_channel();
        let core = Core::new(setup, size);
        let mut console = Self { core, theme, terminal, keys, input, outside: Vec::new() };
        console.draw();
        console.core.connect();
        Ok(console)
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.core.state
    }

    /// The cells as drawn last.
    #[must_use]
    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// The text as drawn last, a line per row.
    #[must_use]
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in buffer.area.top()..buffer.area.bottom() {
            let mut line = String::new();
            for x in buffer.area.left()..buffer.area.right() {
                if let Some(cell) = buffer.cell((x, y)) {
                    line.push_str(cell.symbol());
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Presses the key that means the command where the console stands now. False if none does.
    pub fn press(&mut self, command: Command) -> bool {
        let scopes = verbs::scopes(&self.core.state);
        let keymap = &self.core.state.keymap;
        let key = keymap.keys_of(command).into_iter().find(|key| keymap.lookup(&scopes, *key) == Some(command));
        if let Some(key) = key {
            self.key(key);
        }
        key.is_some()
    }

    /// Presses a key that is no command: text, Enter, Tab.
    pub fn key(&mut self, key: Key) {
        // The receiver is in `self`.
        let _ = self.keys.send(Msg::Key(key));
    }

    /// Types text into what is open, key by key as a hand does: what comes at once is a paste.
    pub async fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.key(Key::plain(KeyCode::Char(c)));
            // The loop goes on until the next key; a turn that is cut short has taken nothing in.
            let pause = async {
                loop {
                    self.turn().await;
                }
            };
            let _: Result<(), _> = timeout(BETWEEN_KEYS, pause).await;
        }
    }

    /// Sends any message as the terminal would.
    pub fn send(&mut self, msg: Msg) {
        // The receiver is in `self`.
        let _ = self.keys.send(msg);
    }

    /// Waits until the screen is as wanted.
    pub async fn wait_until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<(), Lost> {
        self.wait_for(what, |console| wanted(&console.screen())).await
    }

    /// Waits until something holds of the console; a minute at most.
    pub async fn wait_for(&mut self, what: &str, holds: impl Fn(&Self) -> bool) -> Result<(), Lost> {
        const DEADLINE: Duration = Duration::from_mins(1);
        let reached = timeout(DEADLINE, async {
            while !holds(self) {
                self.turn().await;
            }
        })
        .await;
        reached.map_err(|_| Lost { what: what.to_owned(), screen: self.screen() })
    }

    /// Confirms the open dialog as its tier asks: waits until it takes keys, then `y`, or the name
    /// and Enter.
    pub async fn confirm(&mut self) -> Result<(), Lost> {
        self.takes_keys().await?;
        let Some(Overlay::Confirm(confirm)) = &self.core.state.ui.overlay else { return Ok(()) };
        match confirm.tier.clone() {
            Tier::Yes => {
                self.press(Command::ConfirmYes);
            }
            Tier::Typed { expected } => {
                // What arrives meanwhile changes its words, and then it is to be read again first.
                for letter in expected.chars() {
                    self.takes_keys().await?;
                    self.type_text(letter.encode_utf8(&mut [0; 4])).await;
                }
                self.takes_keys().await?;
                self.key(Key::plain(KeyCode::Enter));
            }
        }
        self.wait_for("the dialog to close", |console| console.state().ui.overlay.is_none()).await
    }

    async fn takes_keys(&mut self) -> Result<(), Lost> {
        self.wait_for("a dialog that takes keys", |console| match &console.state().ui.overlay {
            Some(Overlay::Confirm(confirm)) => {
                confirm.focus == ConfirmField::Typed && confirm.takes_keys(console.state().now.mono)
            }
            _ => false,
        })
        .await
    }

    /// One turn of the loop, drawn.
    pub async fn turn(&mut self) {
        let step = self.core.turn(&mut self.input).await;
        self.outside.extend(step.outside);
        self.draw();
    }

    /// Ends the tasks and writes what is still to be written.
    pub async fn finish(self) {
        self.core.finish().await;
    }

    fn draw(&mut self) {
        let size = self.core.state.ui.size;
        if self.terminal.backend().buffer().area.as_size() != ratatui::layout::Size::from(size) {
            self.terminal.backend_mut().resize(size.0, size.1);
        }
        let theme = &self.theme;
        let state = self.core.frame();
        let Ok(_) = self.terminal.draw(|frame| ui::draw(state, theme, frame));
        self.core.drawn(size);
    }
}
