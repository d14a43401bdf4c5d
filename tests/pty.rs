//! The built program behind a pseudo-terminal: what it paints is read back cell by cell, what a
//! person would press is written to it, and every byte it ever sent is kept.
//!
//! Nothing here sleeps: a reader thread feeds the emulator and wakes whoever waits for a screen.
//! The program gets a home of its own and an empty environment, so neither the kubeconfig nor the
//! tokens of whoever runs the tests are ever read.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use quarterdeck::command::{Command, Key, KeyCode};

/// How long a test waits for something that comes at once on an idle machine. Generous: a test
/// that needs it at all has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A home folder that is thrown away: state, configuration and cache of one or several runs.
#[derive(Debug)]
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a temporary folder"));
        for folder in ["config", "state", "cache", "data", "run", "tmp"] {
            std::fs::create_dir(home.path().join(folder)).expect("a folder in the home");
        }
        home
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// `$XDG_STATE_HOME/quarterdeck`: journal and log.
    pub fn state(&self) -> PathBuf {
        self.path().join("state/quarterdeck")
    }

    /// `$XDG_CONFIG_HOME/quarterdeck`: themes and keymaps.
    pub fn config(&self) -> PathBuf {
        self.path().join("config/quarterdeck")
    }

    /// The whole environment of a run: what a login shell would set, all of it pointing in here.
    pub fn environment(&self) -> Vec<(String, String)> {
        let inside = |folder: &str| self.path().join(folder).to_string_lossy().into_owned();
        let mut all: Vec<(String, String)> = [
            ("HOME", inside("")),
            ("XDG_CONFIG_HOME", inside("config")),
            ("XDG_STATE_HOME", inside("state")),
            ("XDG_CACHE_HOME", inside("cache")),
            ("XDG_DATA_HOME", inside("data")),
            ("XDG_RUNTIME_DIR", inside("run")),
            ("TMPDIR", inside("tmp")),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            // Nothing is discovered: the machine's Docker is none of a test's business.
            ("QUARTERDECK_SOURCES", "{}".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Ok(path) = std::env::var("PATH") {
            all.push(("PATH".to_owned(), path));
        }
        all
    }
}

/// What the reader thread and the waiting thread leave behind.
struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The last writer of the terminal is gone.
    closed: bool,
    exit: Option<ExitStatus>,
}

impl Seen {
    /// It has ended, and nothing more can come.
    fn ended(&self) -> bool {
        self.closed && self.exit.is_some()
    }
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A running program and its terminal. Killed when dropped.
pub struct Pty {
    seen: Shared,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    pid: u32,
    home: Arc<Home>,
}

impl Pty {
    /// Starts `quarterdeck ARGS` in a fresh home. `env` is added to (or replaces) the environment
    /// of [`Home::environment`]; `size` is columns × rows.
    pub fn spawn(args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Self {
        Self::spawn_in(&Arc::new(Home::new()), args, env, size)
    }

    /// The same in a home that outlives the run, or that an earlier run has used.
    pub fn spawn_in(home: &Arc<Home>, args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.args(args);
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(home.path());
        Self::spawn_command(home, command, size)
    }

    /// Any program, for what needs a shell or a stranger's environment around ours.
    pub fn spawn_command(home: &Arc<Home>, command: CommandBuilder, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(columns, rows)).expect("a pseudo-terminal");
        let reader = pair.master.try_clone_reader().expect("the terminal's output");
        let keyboard = pair.master.take_writer().expect("the terminal's input");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let parser = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
        let seen = Seen { parser, raw: Vec::new(), closed: false, exit: None };
        let seen: Shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let pid = child.process_id().expect("a process id");
        read_in_background(Arc::clone(&seen), reader);
        wait_in_background(Arc::clone(&seen), child);
        Self { seen, master: pair.master, keyboard, pid, home: Arc::clone(home) }
    }

    pub fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The terminal itself, for its settings (termios).
    pub fn master(&self) -> &dyn MasterPty {
        &*self.master
    }

    /// What stands on the screen now: a line for each row, blanks at the end cut off.
    pub fn screen(&self) -> String {
        self.lock().parser.screen().contents()
    }

    /// Looks at cells, colours, cursor or modes of the emulator.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.lock().parser.screen())
    }

    /// Every byte the program has sent since it started.
    pub fn raw(&self) -> Vec<u8> {
        self.lock().raw.clone()
    }

    /// Waits until the screen satisfies `wanted` and returns it.
    ///
    /// # Panics
    /// With the screen as it stands when `patience` has run out or the program has ended.
    pub fn wait_for(&self, what: &str, patience: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let (lock, changed) = &*self.seen;
        let guard = lock.lock().expect("the reader lives");
        let (guard, timeout) = changed
            .wait_timeout_while(guard, patience, |seen| !wanted(&seen.parser.screen().contents()) && !seen.ended())
            .expect("the reader lives");
        let screen = guard.parser.screen().contents();
        if wanted(&screen) {
            return screen;
        }
        let why = match &guard.exit {
            Some(status) => format!("the program ended ({status})"),
            None if timeout.timed_out() => format!("not within {patience:?}"),
            None => "woken for nothing".to_owned(),
        };
        drop(guard);
        panic!("{what}: {why}; the screen:\n{}", framed(&screen));
    }

    /// Whether the screen satisfies `wanted` before `patience` has run out.
    pub fn within(&self, patience: Duration, wanted: impl Fn(&str) -> bool) -> bool {
        let (lock, changed) = &*self.seen;
        let guard = lock.lock().expect("the reader lives");
        let (guard, _) = changed
            .wait_timeout_while(guard, patience, |seen| !wanted(&seen.parser.screen().contents()) && !seen.ended())
            .expect("the reader lives");
        wanted(&guard.parser.screen().contents())
    }

    /// Waits until `text` is somewhere on the screen.
    pub fn wait_text(&self, text: &str) -> String {
        self.wait_for(&format!("`{text}` on the screen"), PATIENCE, |screen| screen.contains(text))
    }

    /// Waits until the bytes sent so far satisfy `wanted`.
    pub fn wait_raw(&self, what: &str, patience: Duration, wanted: impl Fn(&[u8]) -> bool) {
        let (lock, changed) = &*self.seen;
        let guard = lock.lock().expect("the reader lives");
        let (guard, _) = changed
            .wait_timeout_while(guard, patience, |seen| !wanted(&seen.raw) && !seen.ended())
            .expect("the reader lives");
        let (found, tail) = (wanted(&guard.raw), guard.raw.len().saturating_sub(400));
        let tail = String::from_utf8_lossy(&guard.raw[tail..]).escape_debug().to_string();
        drop(guard);
        assert!(found, "{what}: not within {patience:?}; the last bytes: {tail}");
    }

    /// Waits for the end of the program and of its output.
    pub fn wait_exit(&self, patience: Duration) -> ExitStatus {
        let (lock, changed) = &*self.seen;
        let guard = lock.lock().expect("the reader lives");
        let (guard, _) = changed.wait_timeout_while(guard, patience, |seen| !seen.ended()).expect("the reader lives");
        let screen = guard.parser.screen().contents();
        let exit = guard.exit.clone();
        drop(guard);
        exit.unwrap_or_else(|| panic!("still running after {patience:?}; the screen:\n{}", framed(&screen)))
    }

    /// Its exit, if it has ended.
    pub fn exit(&self) -> Option<ExitStatus> {
        self.lock().exit.clone()
    }

    /// Presses the key that the default keymap binds to the command.
    pub fn press(&mut self, command: Command) {
        self.key(key_of(command));
    }

    /// Presses one key as a terminal sends it.
    pub fn key(&mut self, key: Key) {
        let bytes = bytes_of(key);
        self.send(&bytes);
    }

    /// Types text, a key at a time.
    pub fn type_text(&mut self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Pastes text as a terminal with bracketed paste does.
    pub fn paste(&mut self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // A program that has just ended no longer reads; whoever waits for a screen hears of it.
        if self.keyboard.write_all(bytes).and_then(|()| self.keyboard.flush()).is_err() {
            assert!(self.exit().is_some(), "the terminal takes no input, and the program still runs");
        }
    }

    /// Resizes the terminal, emulator and program alike (SIGWINCH).
    pub fn resize(&self, columns: u16, rows: u16) {
        self.lock().parser.set_size(at_least_one(rows), at_least_one(columns));
        self.master.resize(pty_size(columns, rows)).expect("the terminal is resized");
    }

    /// Sends a signal by name (`TERM`, `STOP`, …) to the program.
    pub fn signal(&self, name: &str) {
        assert!(self.exit().is_none(), "no signal to a program that has ended");
        signal(self.pid, name);
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("the reader lives")
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let exited = self.seen.0.lock().is_ok_and(|seen| seen.exit.is_some());
        if !exited {
            signal(self.pid, "KILL");
        }
    }
}

/// Sends a signal to a process that this test started. The shell's own `kill`: no unsafe code.
pub fn signal(pid: u32, name: &str) {
    let sent = std::process::Command::new("sh")
        .args(["-c", "kill -s \"$0\" \"$1\"", name, &pid.to_string()])
        .output()
        .expect("a shell");
    // Whoever is to be killed may have ended by itself.
    let said = String::from_utf8_lossy(&sent.stderr);
    assert!(sent.status.success() || name == "KILL", "signal {name} to {pid}: {said}");
}

/// The key of a command in the default keymap: the shortest, or the first of equals.
pub fn key_of(command: Command) -> Key {
    let keymap = quarterdeck::config::keymap::load(None, None).expect("the embedded keymap is sound");
    *keymap.keys_of(command).first().unwrap_or_else(|| panic!("no key is bound to {command:?}"))
}

/// What a terminal sends for a key.
pub fn bytes_of(key: Key) -> Vec<u8> {
    let csi = |rest: &str| format!("\x1b[{rest}").into_bytes();
    let mut bytes = match key.code {
        KeyCode::Char(letter) if key.ctrl => vec![(letter.to_ascii_lowercase() as u8) & 0x1f],
        KeyCode::Char(letter) => letter.to_string().into_bytes(),
        KeyCode::Enter => b"\r".to_vec(),
        KeyCode::Esc => b"\x1b".to_vec(),
        KeyCode::Tab if key.shift => csi("Z"),
        KeyCode::Tab => b"\t".to_vec(),
        KeyCode::Backspace => b"\x7f".to_vec(),
        KeyCode::Delete => csi("3~"),
        KeyCode::Up => csi("A"),
        KeyCode::Down => csi("B"),
        KeyCode::Right => csi("C"),
        KeyCode::Left => csi("D"),
        KeyCode::Home => csi("H"),
        KeyCode::End => csi("F"),
        KeyCode::PageUp => csi("5~"),
        KeyCode::PageDown => csi("6~"),
        KeyCode::F(n @ 1..=4) => format!("\x1bO{}", char::from(b'O' + n)).into_bytes(),
        KeyCode::F(n) => {
            let code = [15, 17, 18, 19, 20, 21, 23, 24].get(usize::from(n).wrapping_sub(5)).expect("f1 to f12");
            csi(&format!("{code}~"))
        }
    };
    if key.alt {
        bytes.insert(0, 0x1b);
    }
    bytes
}

fn read_in_background(seen: Shared, mut reader: Box<dyn Read + Send>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        loop {
            // Linux answers EIO when the last writer is gone; any other end is an end as well.
            let read = reader.read(&mut buffer).unwrap_or(0);
            let Ok(mut guard) = seen.0.lock() else { return };
            if read == 0 {
                guard.closed = true;
            } else {
                guard.parser.process(&buffer[..read]);
                guard.raw.extend_from_slice(&buffer[..read]);
            }
            drop(guard);
            seen.1.notify_all();
            if read == 0 {
                return;
            }
        }
    });
}

fn wait_in_background(seen: Shared, mut child: Box<dyn Child + Send + Sync>) {
    std::thread::spawn(move || {
        let status = child.wait().expect("the program can be waited for");
        if let Ok(mut guard) = seen.0.lock() {
            guard.exit = Some(status);
        }
        seen.1.notify_all();
    });
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// The emulator has no empty screen; the terminal may be told 0 × 0.
fn at_least_one(length: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(length).unwrap_or(std::num::NonZero::<u16>::MIN)
}

fn framed(screen: &str) -> String {
    screen.lines().map(|line| format!("  │{line}")).collect::<Vec<_>>().join("\n")
}

/// The harness itself, with a shell in place of our program.
mod tests {
    use super::*;

    fn shell(script: &str) -> Pty {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script]);
        Pty::spawn_command(&Arc::new(Home::new()), command, (40, 5))
    }

    #[test]
    fn what_is_typed_arrives_and_what_is_painted_is_seen() {
        let mut pty = shell("printf 'name? '; read name; printf '\\033[2Jhello %s' \"$name\"; exit 3");
        pty.wait_text("name?");
        pty.type_text("ana");
        pty.key(Key::plain(KeyCode::Enter));
        pty.wait_text("hello ana");
        assert_eq!(pty.wait_exit(PATIENCE).exit_code(), 3);
        assert!(!pty.screen().contains("name?"), "the emulator clears the screen");
        assert!(pty.raw().windows(4).any(|bytes| bytes == b"\x1b[2J"), "every byte is kept");
    }

    #[test]
    fn a_new_size_and_a_signal_reach_the_program() {
        let pty = shell("trap 'stty size' WINCH; trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done");
        pty.wait_text("up");
        pty.resize(70, 9);
        pty.wait_text("9 70");
        pty.signal("TERM");
        assert_eq!(pty.wait_exit(PATIENCE).exit_code(), 7);
    }
}
