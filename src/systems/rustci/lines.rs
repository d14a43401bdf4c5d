//! The lines of a stage's log out of an execution that is read again and again: what was not there
//! before (apis.md §11.1: there is no log of its own). Pure.

use std::collections::HashSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::ingest::{Execution, LogEntry, Output};

/// How far the log of one stage has been told.
#[derive(Debug, Default)]
pub struct Diff {
    /// Entries of `logs[]`, of whatever stage.
    entries: usize,
    /// Steps whose output was told, by their places.
    outputs: HashSet<(usize, usize)>,
}

impl Diff {
    /// What is new of the stage of this name at this place, line by line, oldest first.
    pub fn take(&mut self, execution: &Execution, stage: &str, at: usize) -> String {
        // A server that was started anew may know fewer; what comes then is new.
        let known = self.entries.min(execution.logs.len());
        let new = execution.logs[known..].iter();
        self.entries = execution.logs.len();
        let entries = new.filter(|entry| entry.stage == stage || entry.stage.is_empty());
        let mut lines: Vec<(Option<Timestamp>, String)> = entries.map(|entry| (entry.time, of_entry(entry))).collect();
        for output in execution.output.iter().filter(|output| output.place.0 == at) {
            if self.outputs.insert(output.place) && !is_in_logs(&execution.logs, output) {
                lines.push((output.ended, of_output(output)));
            }
        }
        // Stable, so that what has one time keeps the server's order.
        lines.sort_by_key(|(time, _)| *time);
        lines.into_iter().map(|(_, text)| text).collect()
    }
}

/// The server writes a step's output among its messages, or it does not.
fn is_in_logs(logs: &[LogEntry], output: &Output) -> bool {
    let first = output.stdout.lines().chain(output.stderr.lines()).map(str::trim).find(|line| !line.is_empty());
    let of_step = |entry: &&LogEntry| entry.stage == output.stage && entry.step == output.step;
    first.is_none_or(|first| logs.iter().filter(of_step).any(|entry| entry.message.contains(first)))
}

fn of_entry(entry: &LogEntry) -> String {
    let level = entry.level.to_ascii_uppercase();
    let place = match (entry.stage.is_empty(), entry.step.is_empty()) {
        (true, _) => "[execution] ".to_owned(),
        (false, true) => String::new(),
        (false, false) => format!("[{}] ", entry.step),
    };
    let level = if level.is_empty() { level } else { format!("{level} ") };
    each(entry.time, &format!("{level}{place}"), &entry.message)
}

fn of_output(output: &Output) -> String {
    // Much that is no error is written to stderr.
    let head = format!("[{}] ", output.step);
    let mut text = each(output.ended, &head, &output.stdout);
    text.push_str(&each(output.ended, &head, &output.stderr));
    if let Some(code) = output.exit_code.filter(|code| *code != 0) {
        text.push_str(&each(output.ended, &format!("ERROR [{}] ", output.step), &format!("exit code {code}")));
    }
    text
}

/// Each line of a text with its time before it.
fn each(time: Option<Timestamp>, head: &str, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if let Some(time) = time {
            // Writing to a String cannot fail.
            let _ = write!(out, "{time} ");
        }
        let _ = writeln!(out, "{head}{line}");
    }
    out
}
