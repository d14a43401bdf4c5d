//! A shell around a program: it notes the terminal's settings before and after, and can stop and
//! continue it as a job.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::pty::{Home, PATIENCE, Pty};

/// Says the settings, its own process id, runs the program, says the settings and its exit code.
const AROUND: &str = r#"
printf 'before=%s;\r\n' "$(stty -g)"
sh -c 'printf "pid=%s;\r\n" $$; exec "$@"' program "$@"
code=$?
printf '\r\nafter=%s;\r\ncode=%s;\r\n' "$(stty -g)" "$code"
"#;

/// The same with job control: each time the program stops, the settings are said, a line is read,
/// and it is continued.
const JOBS: &str = r#"
set -m
printf 'before=%s;\r\n' "$(stty -g)"
sh -c 'printf "pid=%s;\r\n" $$; exec "$@"' program "$@"
code=$?
# 128 + SIGSTOP or SIGTSTP, on Linux and on macOS; no exit code of the program is one of these.
while case $code in 145|146|147|148) true;; *) false;; esac; do
  printf '\r\nstopped=%s;\r\n' "$(stty -g)"
  read line
  fg >/dev/null
  code=$?
done
printf '\r\nafter=%s;\r\ncode=%s;\r\n' "$(stty -g)" "$code"
"#;

/// The program is killed; what it left is said, a byte is waited for (the terminal is raw), and
/// `tty-reset` puts it right. The terminal's settings are unusual ones before.
const KILLED: &str = r#"
stty intr ^X -ixon
printf 'before=%s;\r\n' "$(stty -g)"
sh -c 'printf "pid=%s;\r\n" $$; exec "$@"' program "$@"
code=$?
printf '\r\nleft=%s;\r\n' "$(stty -g)"
head -c 1 >/dev/null
"$1" tty-reset
printf '\r\nafter=%s;\r\ncode=%s;\r\n' "$(stty -g)" "$code"
"#;

/// A program inside a shell inside a terminal.
pub struct Run {
    pub pty: Pty,
}

impl Run {
    pub fn around(home: &Arc<Home>, command: &CommandBuilder, env: &[(&str, &str)]) -> Self {
        Self::start(AROUND, command, env, home)
    }

    pub fn as_job(command: &CommandBuilder) -> Self {
        Self::start(JOBS, command, &[], &Arc::new(Home::new()))
    }

    pub fn killed(home: &Arc<Home>, command: &CommandBuilder) -> Self {
        Self::start(KILLED, command, &[], home)
    }

    fn start(script: &str, inner: &CommandBuilder, env: &[(&str, &str)], home: &Arc<Home>) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script, "sh"]);
        command.args(inner.get_argv());
        environment(&mut command, home, inner);
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(home.path());
        Self { pty: Pty::spawn_command(home, command, (80, 24)) }
    }

    /// What was last said as `NAME=…;`.
    pub fn said(&self, name: &str) -> Option<String> {
        all_said(&self.pty.raw(), name).pop()
    }

    /// Waits until something was said `times` times, and returns the last.
    pub fn wait_said(&self, name: &str, times: usize, patience: Duration) -> String {
        self.pty.wait_raw(&format!("{name} said {times} times"), patience, |raw| all_said(raw, name).len() >= times);
        self.said(name).unwrap()
    }

    /// The program's process id.
    pub fn program(&self) -> u32 {
        self.wait_said("pid", 1, PATIENCE).parse().unwrap()
    }

    /// Waits for the end; the exit code. The settings must be those of before, and every mode off.
    pub fn ended_cleanly(&self, patience: Duration) -> i32 {
        let code = self.wait_said("code", 1, patience).parse().unwrap();
        assert_eq!(self.said("before"), self.said("after"), "the terminal's settings");
        assert_modes_off(&self.pty.raw());
        code
    }
}

/// The home's environment and, of the program's own, what speaks to it.
pub fn environment(command: &mut CommandBuilder, home: &Home, inner: &CommandBuilder) {
    command.env_clear();
    for (name, value) in home.environment() {
        command.env(name, value);
    }
    for (name, value) in inner.iter_extra_env_as_str().filter(|(name, _)| name.starts_with("QUARTERDECK_")) {
        command.env(name, value);
    }
}

fn all_said(raw: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let start = format!("{name}=");
    text.match_indices(&start)
        .filter_map(|(at, _)| text[at + start.len()..].split_once(';'))
        .map(|(value, _)| value.to_owned())
        .collect()
}

/// Every mode that was switched on was switched off after, and the screen of before was called
/// back as often as the other one was.
pub fn assert_modes_off(raw: &[u8]) {
    let text = String::from_utf8_lossy(raw);
    for mode in ["1049", "2004", "2026"] {
        let (on, off) = (format!("\x1b[?{mode}h"), format!("\x1b[?{mode}l"));
        assert!(text.rfind(&off) >= text.rfind(&on), "mode {mode} is left on");
    }
    assert!(text.rfind("\x1b[?25h") >= text.rfind("\x1b[?25l"), "the cursor is left hidden");
    let count = |what: &str| text.matches(what).count();
    assert_eq!(count("\x1b[?1049h"), count("\x1b[?1049l"), "given back exactly as often as taken");
}

/// Takes the terminal away as soon as the program shows a text, with SIGHUP ignored as under nohup.
/// Returns its exit code and the processor time it used, in seconds.
pub fn hang_up(inner: &CommandBuilder, shows: &str, patience: Duration) -> (i32, f64) {
    // What the shell says of the time its child has used: minutes and seconds, user and system.
    const TIMED: &str = r#"trap '' HUP; "$@"; printf 'code=%s\n' $? >"$OUT"; times >>"$OUT""#;
    let home = Home::new();
    let out = home.path().join("times");
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", TIMED, "sh"]);
    command.args(inner.get_argv());
    environment(&mut command, &home, inner);
    command.env("OUT", &out);
    let mut child = until_shown(command, shows);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait()));
    receiver.recv_timeout(patience).expect("it ends").unwrap();
    let said = std::fs::read_to_string(&out).unwrap();
    let mut lines = said.lines();
    let code = lines.next().unwrap().strip_prefix("code=").unwrap().parse().unwrap();
    (code, lines.nth(1).unwrap().split_whitespace().map(seconds).sum())
}

/// A terminal that can be taken away: nothing else holds it open, and it is gone on return.
fn until_shown(command: CommandBuilder, shows: &str) -> Box<dyn Child + Send + Sync> {
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut reader = pair.master.try_clone_reader().unwrap();
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(shows.len()).any(|bytes| bytes == shows.as_bytes()) {
        let read = reader.read(&mut buffer).unwrap();
        assert!(read > 0, "it ended before it showed {shows}: {}", seen.escape_ascii());
        seen.extend_from_slice(&buffer[..read]);
    }
    child
}

/// `0m0.012s`.
fn seconds(time: &str) -> f64 {
    let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap();
    minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
}
