//! R11–R19 of the program itself, in the demo: it needs no cluster and nothing of the user.

use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use portable_pty::CommandBuilder;
use quarterdeck::command::Command;

use super::shell::{self, Run, assert_modes_off};
use crate::pty::{self, Home, Pty};

const ROUNDS: usize = 2;
/// The longest that an end may take; the machine that runs the tests may be busy with others.
const END: Duration = Duration::from_secs(15);
/// Of the header, in every size and view: the console is up and drawing.
const UP: &str = "k8s";

fn demo() -> CommandBuilder {
    console(&["demo"])
}

fn console(args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(args);
    command
}

#[test]
fn r11_quit_ends_with_0_and_the_terminal_as_before() {
    for _ in 0..ROUNDS {
        let mut run = Run::around(&Arc::new(Home::new()), &demo(), &[]);
        run.pty.wait_text(UP);
        run.pty.press(Command::Quit);
        assert_eq!(run.ended_cleanly(END), 0);
    }
}

#[test]
fn a_first_start_makes_a_state_folder_that_only_its_owner_may_enter() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Arc::new(Home::new());
    let mut run = Run::around(&home, &console(&[]), &[]);
    run.pty.wait_text(UP);
    run.pty.press(Command::Quit);
    assert_eq!(run.ended_cleanly(END), 0);
    for folder in [home.state(), home.state().join("log")] {
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
    }
    let mode = std::fs::metadata(home.state().join("journal")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn r11_each_signal_ends_with_its_code_and_the_terminal_as_before() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        for _ in 0..ROUNDS {
            let run = Run::around(&Arc::new(Home::new()), &demo(), &[]);
            run.pty.wait_text(UP);
            pty::signal(run.program(), name);
            assert_eq!(run.ended_cleanly(END), code, "{name}");
        }
    }
}

#[test]
fn r11_a_signal_during_the_start_is_no_other_end() {
    for _ in 0..ROUNDS {
        let run = Run::around(&Arc::new(Home::new()), &demo(), &[]);
        // The first bytes of the session, long before the first complete frame.
        run.pty.wait_raw("the terminal is taken", END, |raw| raw.windows(8).any(|bytes| bytes == b"\x1b[?1049h"));
        pty::signal(run.program(), "TERM");
        let code = run.wait_said("code", 1, END);
        assert!(code == "143", "{code}");
        assert_modes_off(&run.pty.raw());
    }
}

#[test]
fn r11_an_error_at_the_start_never_touches_the_screen() {
    for args in [&["demo", "no-such-story"][..], &["demo", "--theme", "no-such-theme"], &["--no-such-flag"]] {
        let run = Run::around(&Arc::new(Home::new()), &console(args), &[]);
        assert_eq!(run.ended_cleanly(END), 2, "{args:?}");
        assert!(!run.pty.raw().contains(&0x1b), "{args:?}: {}", run.pty.screen());
    }
}

#[test]
fn r13_the_terminal_is_gone_and_so_is_the_program() {
    let (code, used) = shell::hang_up(&demo(), UP, END);
    assert_eq!(code, 129);
    // What the start itself takes in a debug build is in it; a spin would take seconds.
    assert!(used <= 3.0, "it burnt {used} s of processor time");
}

#[test]
fn r14_suspended_and_continued_the_screen_is_whole() {
    let mut run = Run::as_job(&demo());
    run.pty.wait_text(UP);
    for round in 1..=ROUNDS {
        run.pty.press(Command::Suspend);
        assert_eq!(Some(run.wait_said("stopped", round, END)), run.said("before"));
        assert_modes_off(&run.pty.raw());
        run.pty.resize(100 + round as u16, 30);
        run.pty.send(b"\n");
        let screen = run.pty.wait_for("the screen is back", END, |screen| screen.contains(UP));
        assert!(!screen.contains("stopped="), "nothing of the shell is left on it");
        assert!(run.pty.look(vt100::Screen::alternate_screen));
    }
    run.pty.press(Command::ShowRollouts);
    run.pty.press(Command::Quit);
    assert_eq!(run.ended_cleanly(END), 0);
}

#[test]
fn r14_without_job_control_it_says_why_it_does_not_stop() {
    let mut pty = Pty::spawn(&["demo"], &[], (120, 36));
    pty.wait_text(UP);
    pty.press(Command::Suspend);
    pty.wait_text("cannot be suspended");
    pty.signal("TSTP");
    pty.press(Command::Quit);
    assert_eq!(pty.wait_exit(END).exit_code(), 0);
}

fn plain(args: &[&str], home: &Home) -> Process {
    let mut process = Process::new(env!("CARGO_BIN_EXE_quarterdeck"));
    process.args(args).env_clear().envs(home.environment()).current_dir(home.path());
    process
}

#[test]
fn r15_without_a_terminal_one_line_and_2() {
    let home = Home::new();
    let file = std::fs::File::create(home.path().join("out")).unwrap();
    let ways: [(&str, Process); 3] = [
        ("nothing to read", {
            let mut process = plain(&["demo"], &home);
            process.stdin(Stdio::null()).stdout(Stdio::piped());
            process
        }),
        ("stdout a file", {
            let mut process = plain(&["demo"], &home);
            process.stdin(Stdio::null()).stdout(file);
            process
        }),
        ("stdin closed", {
            let mut process = Process::new("sh");
            process.args(["-c", "\"$0\" <&-", env!("CARGO_BIN_EXE_quarterdeck")]);
            process.env_clear().envs(home.environment());
            process
        }),
    ];
    for (way, mut process) in ways {
        let output = process.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{way}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.lines().count() == 1 && said.contains("no terminal"), "{way}: {said}");
        assert!(!said.contains('\x1b') && output.stdout.is_empty(), "{way}");
    }
    assert_eq!(std::fs::read(home.path().join("out")).unwrap(), b"");
}

#[test]
fn r15_standard_output_a_pipe_although_the_keyboard_is_a_terminal() {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "\"$0\" demo | od -An -c", env!("CARGO_BIN_EXE_quarterdeck")]);
    let run = Run::around(&Arc::new(Home::new()), &command, &[]);
    run.ended_cleanly(END);
    assert!(!run.pty.raw().contains(&0x1b));
    assert!(run.pty.screen().contains("standard output is no terminal"), "{}", run.pty.screen());
}

#[test]
fn r15_status_needs_no_terminal() {
    let home = Home::new();
    let output = plain(&["status", "--json", "--timeout", "1s"], &home).stdin(Stdio::null()).output().unwrap();
    assert!(output.stdout.starts_with(b"{"), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.contains(&0x1b));
}

/// Parameters of every rendition that was sent.
fn renditions(raw: &str) -> impl Iterator<Item = &str> {
    raw.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    })
}

#[test]
fn r16_every_terminal_starts_takes_keys_and_ends() {
    const KEYS: [Command; 10] = [
        Command::NextPane,
        Command::Down,
        Command::ShowRollouts,
        Command::Down,
        Command::Open,
        Command::Leave,
        Command::ShowEnvironments,
        Command::Bottom,
        Command::Up,
        Command::ShowDeck,
    ];
    for term in ["linux", "xterm", "xterm-256color", "tmux-256color", "xterm-kitty", "nonsense"] {
        for (no_color, lang) in [("", "C.UTF-8"), ("1", "C.UTF-8"), ("", "C"), ("1", "C")] {
            let env = [("TERM", term), ("NO_COLOR", no_color), ("LANG", lang)];
            let mut run = Run::around(&Arc::new(Home::new()), &demo(), &env);
            run.pty.wait_text(UP);
            for key in KEYS.into_iter().chain(KEYS) {
                run.pty.press(key);
            }
            run.pty.press(Command::Quit);
            assert_eq!(run.ended_cleanly(END), 0, "{env:?}");
            let raw = String::from_utf8(run.pty.raw()).unwrap();
            if lang == "C" {
                assert!(raw.is_ascii(), "{env:?}");
            }
            if no_color == "1" {
                for parameters in renditions(&raw) {
                    let attributes =
                        parameters.split(';').all(|n| ["", "0", "1", "2", "3", "4", "7", "9"].contains(&n));
                    assert!(attributes, "{env:?}: a colour: {parameters}");
                }
            }
            let few = term != "xterm-kitty" && !term.contains("256");
            assert!(
                !few || renditions(&raw).all(|parameters| !parameters.contains("8;")),
                "{env:?}: more than 16 colours"
            );
        }
    }
}

#[test]
fn r16_a_terminal_that_cannot_place_text_is_refused() {
    for term in ["dumb", ""] {
        let run = Run::around(&Arc::new(Home::new()), &demo(), &[("TERM", term)]);
        assert_eq!(run.ended_cleanly(END), 2);
        assert!(!run.pty.raw().contains(&0x1b));
        assert!(run.pty.screen().contains("TERM is"), "{}", run.pty.screen());
    }
}

#[test]
fn r17_a_terminal_of_any_size_does_not_end_it() {
    let mut run = Run::around(&Arc::new(Home::new()), &demo(), &[]);
    run.pty.wait_text(UP);
    for (columns, rows) in [(0, 0), (1, 1), (65_535, 1), (1, 65_535), (20, 5), (400, 100), (120, 36)] {
        run.pty.resize(columns, rows);
    }
    run.pty.wait_text(UP);
    run.pty.press(Command::Quit);
    assert_eq!(run.ended_cleanly(END), 0);
}

#[test]
fn r18_late_answers_do_nothing() {
    let mut run = Run::around(&Arc::new(Home::new()), &demo(), &[]);
    run.pty.wait_text(UP);
    // Each holds letters that are keys of the Deck.
    run.pty.send(b"\x1b[?62;22c\x1b]11;rgb:aaaa/qqqq/dddd\x1b\\\x1bP>|quarterdeck(q)\x1b\\\x1b[24;80R\x1b[?1u");
    run.pty.press(Command::ShowRollouts);
    run.pty.wait_text("rollouts");
    run.pty.press(Command::Quit);
    assert_eq!(run.ended_cleanly(END), 0);
}

#[test]
fn r19_killed_the_terminal_is_put_right_by_tty_reset() {
    let home = Arc::new(Home::new());
    let mut run = Run::killed(&home, &console(&[]));
    run.pty.wait_raw("a frame", END, |raw| raw.windows(8).any(|bytes| bytes == b"\x1b[?2026l"));
    pty::signal(run.program(), "KILL");
    let left = run.wait_said("left", 1, END);
    assert_ne!(Some(left), run.said("before"), "killed, it cannot give anything back");
    run.pty.send(b"\r\n");
    assert_eq!(run.ended_cleanly(END), 137);
}
