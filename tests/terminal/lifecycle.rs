//! R11–R19 of the terminal alone: taken, stopped, continued, lost, given back.

use std::sync::Arc;
use std::time::Duration;

use super::program;
use super::shell::{self, Run, assert_modes_off};
use crate::pty::{self, Home, PATIENCE, Pty};

/// Rounds of what ends, stops or breaks: enough to meet a race, few enough to be run every day.
const ROUNDS: usize = 3;
/// The longest that an end may take; the machine that runs the tests may be busy with others.
const END: Duration = Duration::from_secs(10);

fn run(mode: &str) -> Run {
    let home = Arc::new(Home::new());
    Run::around(&home, &program::command(mode, &home.path().join("run")), &[])
}

#[test]
fn r11_a_key_ends_it_with_0_and_the_terminal_as_before() {
    for _ in 0..ROUNDS {
        let mut run = run("run");
        run.pty.wait_text("ready");
        run.pty.type_text("q");
        assert_eq!(run.ended_cleanly(END), 0);
    }
}

#[test]
fn r11_a_signal_ends_it_with_its_code_and_the_terminal_as_before() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        for _ in 0..ROUNDS {
            let run = run("run");
            run.pty.wait_text("ready");
            pty::signal(run.program(), name);
            assert_eq!(run.ended_cleanly(END), code, "{name}");
        }
    }
}

#[test]
fn r11_a_loop_that_does_not_answer_is_ended_without_it() {
    let mut run = run("run");
    run.pty.wait_text("ready");
    run.pty.type_text("d");
    pty::signal(run.program(), "TERM");
    assert_eq!(run.ended_cleanly(END), 143);
}

#[test]
fn r11_a_panic_of_the_screen_is_reported_after_the_terminal_is_back() {
    for (mode, words) in [("run", "a panic of the screen"), ("start", "a panic during the start")] {
        for _ in 0..ROUNDS {
            let mut run = run(mode);
            if mode == "run" {
                run.pty.wait_text("ready");
                run.pty.type_text("p");
            }
            assert_eq!(run.ended_cleanly(END), 101, "{mode}");
            let raw = String::from_utf8_lossy(&run.pty.raw()).into_owned();
            assert!(raw.rfind("report: ") > raw.rfind("\x1b[?1049l"), "the report comes after the screen");
            assert!(run.pty.screen().contains(words), "and can be read: {}", run.pty.screen());
        }
    }
}

#[test]
fn r12_a_panic_of_a_task_leaves_the_screen_alone() {
    let mut run = run("run");
    run.pty.wait_text("ready");
    run.pty.type_text("t");
    run.pty.wait_text("1 key Char('t')");
    let raw = String::from_utf8_lossy(&run.pty.raw()).into_owned();
    assert!(!raw.contains("\x1b[?1049l") && !raw.contains("a panic of a task"));
    run.pty.type_text("q");
    assert_eq!(run.ended_cleanly(END), 0);
}

#[test]
fn r20_standard_error_does_not_write_on_the_screen() {
    let mut run = run("run");
    run.pty.wait_text("ready");
    run.pty.type_text("e");
    run.pty.wait_text("1 key Char('e')");
    run.pty.type_text("q");
    assert_eq!(run.ended_cleanly(END), 0);
    assert!(!String::from_utf8_lossy(&run.pty.raw()).contains("written to standard error"));
}

#[test]
fn r13_a_terminal_that_is_gone_ends_it_although_hangups_are_ignored() {
    let notes = Home::new();
    let (code, used) = shell::hang_up(&program::command("run", &notes.path().join("run")), "ready", END);
    assert_eq!(code, 129);
    assert!(used <= 0.2, "it burnt {used} s of processor time");
}

#[test]
fn r14_stopped_and_continued_with_another_size_it_paints_everything_again() {
    let home = Home::new();
    let mut run = Run::as_job(&program::command("run", &home.path().join("run")));
    run.pty.wait_text("ready");
    for round in 1..=ROUNDS {
        run.pty.type_text("z");
        let settings = run.wait_said("stopped", round, END);
        assert_eq!(Some(settings), run.said("before"), "a shell gets its own settings");
        assert_modes_off(&run.pty.raw());
        let (columns, rows) = (70 + round as u16, 20);
        run.pty.resize(columns, rows);
        run.pty.send(b"\n");
        run.pty.wait_text(&format!("size {columns}x{rows}"));
        run.pty.wait_text("Continued");
        assert!(run.pty.look(vt100::Screen::alternate_screen));
    }
    run.pty.type_text("q");
    assert_eq!(run.ended_cleanly(END), 0);
}

#[test]
fn r14_stopped_from_outside_it_takes_the_terminal_again() {
    let home = Home::new();
    let mut run = Run::as_job(&program::command("run", &home.path().join("run")));
    run.pty.wait_text("ready");
    pty::signal(run.program(), "TSTP");
    assert_eq!(Some(run.wait_said("stopped", 1, END)), run.said("before"));
    run.pty.send(b"\n");
    run.pty.wait_text("Continued");
    pty::signal(run.program(), "STOP");
    run.wait_said("stopped", 2, END);
    run.pty.send(b"\n");
    run.pty.wait_for("continued twice", PATIENCE, |screen| screen.matches("Continued").count() == 2);
    run.pty.type_text("q");
    run.wait_said("code", 1, END);
    assert_eq!(run.said("before"), run.said("after"));
}

#[test]
fn r14_without_a_shell_above_it_does_not_stop() {
    let home = Arc::new(Home::new());
    let inner = program::command("run", &home.path().join("run"));
    let mut command = inner.clone();
    shell::environment(&mut command, &home, &inner);
    let mut pty = Pty::spawn_command(&home, command, (80, 24));
    pty.wait_text("ready");
    pty.type_text("z");
    pty.wait_text("orphaned");
    pty.signal("TSTP");
    pty.wait_text("Suspend");
    pty.type_text("q");
    assert_eq!(pty.wait_exit(END).exit_code(), 0);
}

#[test]
fn r16_the_terminal_is_refused_where_it_cannot_place_text() {
    for term in ["dumb", ""] {
        let home = Arc::new(Home::new());
        let run = Run::around(&home, &program::command("run", &home.path().join("run")), &[("TERM", term)]);
        assert_eq!(run.wait_said("code", 1, END), "2");
        assert!(!run.pty.raw().contains(&0x1b), "not one escape");
        assert!(run.pty.screen().contains("refused: TERM is"), "{}", run.pty.screen());
    }
}

#[test]
fn r18_late_answers_of_the_terminal_are_no_keys() {
    let mut run = run("run");
    run.pty.wait_text("ready");
    run.pty.send(b"\x1b[?62;22c\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\\x1bP>|XTerm(390)\x1b\\\x1b[24;80R");
    run.pty.type_text("x");
    let screen = run.pty.wait_text("1 key Char('x')");
    assert_eq!(screen.matches("key").count(), 1, "{screen}");
    // An escape alone is the key, after a moment.
    run.pty.send(b"\x1b");
    run.pty.wait_text("2 key Esc");
    run.pty.type_text("q");
    assert_eq!(run.ended_cleanly(END), 0);
}

#[test]
fn the_clipboard_and_the_bell_reach_the_terminal() {
    let mut run = run("run");
    run.pty.wait_text("ready");
    run.pty.type_text("cb");
    run.pty.wait_text("2 key Char('b')");
    let raw = run.pty.raw();
    let raw = String::from_utf8_lossy(&raw);
    assert!(raw.contains("\x1b]52;c;Y29waWVk\x1b\\") && raw.contains('\x07'));
    run.pty.type_text("q");
    assert_eq!(run.ended_cleanly(END), 0);
}
