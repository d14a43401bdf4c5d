//! What is looked at on this machine: configuration, terminal, journal.

use std::path::Path;

use super::{Finding, Subject, Verdict};
use crate::config::ConfigErrors;
use crate::config::settings::Config;
use crate::journal::{Journal, Standing};
use crate::term::{self, Caps, Colors};

/// The file, everything that is wrong with it, and what of it nothing reads yet.
pub(super) fn configuration(loaded: &Result<Config, ConfigErrors>) -> Vec<Finding> {
    let subject = Subject::new("configuration", "");
    let config = match loaded {
        Ok(config) => config,
        Err(errors) => {
            let next = "mend the file; no source is looked at before";
            return errors
                .to_string()
                .lines()
                .map(|line| subject.say("file", Verdict::Fail, line).then(next))
                .collect();
        }
    };
    let mut findings = vec![match &config.settings.file {
        Some(file) => subject.say("file", Verdict::Ok, format!("{} is read", file.as_str())),
        None => subject.say("file", Verdict::Ok, "there is none: what lies around is used, and said to be discovered"),
    }];
    findings.extend(config.unbuilt.iter().map(|section| {
        let message = format!("{} ({}) is kept, and nothing reads it yet", section.name, section.place);
        subject.say("section", Verdict::Warn, message)
    }));
    let of_files = config.warnings.errors.iter().map(|(file, error)| {
        let finding = subject.say(
            "objective",
            Verdict::Warn,
            format!("{file}:{}:{}: {}", error.line, error.column, error.message),
        );
        finding.then(error.hint.clone().unwrap_or_else(|| "mend it, if it is not meant so".to_owned()))
    });
    findings.extend(of_files);
    findings
}

/// From the environment alone; a question to the terminal could be answered into the shell.
pub(super) fn terminal(caps: Caps) -> Vec<Finding> {
    let subject = Subject::new("terminal", &std::env::var("TERM").unwrap_or_default());
    let mut findings = vec![match term::check() {
        Ok(()) => subject.say("kind", Verdict::Ok, "the console can be shown here"),
        Err(refusal) => subject
            .say("kind", Verdict::Warn, format!("{refusal}"))
            .then("the commands without a screen work all the same"),
    }];
    findings.push(match caps.colors {
        Colors::Mono => subject.say("colours", Verdict::Ok, "none (NO_COLOR, or TERM): states have signs and words"),
        Colors::Ansi16 => {
            subject.say("colours", Verdict::Warn, "16").then("set COLORTERM=truecolor if the terminal shows more")
        }
        Colors::Ansi256 => subject.say(
            "colours",
            Verdict::Ok,
            "256; COLORTERM=truecolor gives all of them where the terminal has them",
        ),
        Colors::True => subject.say("colours", Verdict::Ok, "all of them"),
    });
    findings.push(if caps.utf8 {
        subject.say("letters", Verdict::Ok, "UTF-8")
    } else {
        subject
            .say("letters", Verdict::Warn, "the locale is not UTF-8: signs are drawn in ASCII")
            .then("set LANG=C.UTF-8")
    });
    if let Ok((columns, rows)) = crossterm::terminal::size() {
        let size = format!("{columns} × {rows}");
        findings.push(if columns >= 80 && rows >= 24 {
            subject.say("size", Verdict::Ok, size)
        } else {
            subject.say("size", Verdict::Warn, size).then("80 × 24 is the least that is comfortable")
        });
    }
    findings.push(clipboard(&subject));
    findings
}

fn clipboard(subject: &Subject) -> Finding {
    let message = "copying uses OSC 52 and frames are marked as whole; neither is asked for, and terminals that \
                   do not know them leave them alone";
    let finding = subject.say("clipboard", Verdict::Ok, message);
    if std::env::var_os("TMUX").is_some() {
        return finding.then("in tmux: set -g set-clipboard on");
    }
    finding
}

/// Whether an intent could be written before something is sent.
pub(super) fn journal(folder: Result<&Path, &String>) -> Vec<Finding> {
    let folder = match folder {
        Ok(folder) => folder,
        Err(why) => return vec![Subject::new("journal", "").say("folder", Verdict::Fail, why.clone())],
    };
    let subject = Subject::new("journal", &folder.display().to_string());
    if !folder.exists() {
        // Not made here: the nearest folder that is there tells whether it could be.
        let above = folder.ancestors().find(|folder| folder.exists());
        return vec![if above.is_some_and(writable) {
            subject.say("folder", Verdict::Ok, "is made when the console starts")
        } else {
            subject
                .say("folder", Verdict::Fail, "cannot be made: nothing could be sent")
                .then("make it writable, or set XDG_STATE_HOME to a folder that is")
        }];
    }
    vec![match Journal::look(folder) {
        Standing::Free => subject.say("folder", Verdict::Ok, "intents can be written"),
        Standing::Held(pid) => subject
            .say("folder", Verdict::Warn, format!("another quarterdeck (pid {pid}) holds the journal and can act"))
            .then("quit that one to act from another; a console that waits takes over by itself"),
        Standing::Unknown(why) => subject
            .say(
                "folder",
                Verdict::Warn,
                format!(
                    "intents can be written; whether another quarterdeck holds the journal is unknown: {}",
                    why.as_str()
                ),
            )
            .then("start the console: it says so when another one holds it"),
        Standing::Unusable(why) => subject
            .say("folder", Verdict::Fail, why.as_str())
            .then("make it writable, or set XDG_STATE_HOME to a folder that is"),
    }]
}

fn writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}
