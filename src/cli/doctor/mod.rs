//! `quarterdeck doctor`: looks at everything the console needs, side by side, and says of each what
//! was found and what to do next. Nothing is changed and nothing is sent but questions.

mod argocd;
mod grafana;
mod kin;
mod local;
mod loki;
mod registry;
mod rights;
mod rustci;
mod sources;

use std::io::{self, Write as _};

use serde::Serialize;

use super::args::{Doctor, Look, Scope};
use super::folders::Folders;
use super::{FAILED, complain, console, runtime, world};
use crate::clock::Clock;
use crate::term::Caps;
use crate::text::{self, Safe};

/// How a thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    /// It works, or is not needed, and somebody may want to know.
    Warn,
    /// Something that is asked for does not work.
    Fail,
}

/// One line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// `kubernetes`, `github`, `terminal` …
    pub(crate) area: &'static str,
    /// Which of them: the context, the host, the file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) target: String,
    /// `reach`, `permission`, `clock` …
    pub(crate) check: &'static str,
    pub(crate) status: Verdict,
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// Whose findings these are; makes them.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) area: &'static str,
    pub(crate) target: String,
}

impl Subject {
    pub(crate) fn new(area: &'static str, target: &str) -> Self {
        Self { area, target: target.to_owned() }
    }

    pub(crate) fn say(&self, check: &'static str, status: Verdict, message: impl Into<String>) -> Finding {
        let (area, target) = (self.area, self.target.clone());
        Finding { area, target, check, status, message: message.into(), next: None }
    }
}

impl Finding {
    pub(crate) fn then(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u8,
    ok: bool,
    findings: &'a [Finding],
}

pub(crate) fn run(scope: &Scope, look: &Look, options: Doctor) -> u8 {
    let folders = Folders::of_user();
    let around = world::surroundings();
    let caps = Caps::detect();
    let loaded = console::all_settings(scope, look, folders.as_ref().ok(), &around, caps).map(|(config, _)| config);
    let mut findings = local::configuration(&loaded);
    if let Ok(config) = &loaded {
        let specs = world::specs(scope, config);
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => return complain(FAILED, &format!("the runtime cannot be started: {error}")),
        };
        findings.extend(runtime.block_on(sources::look(specs, &config.settings.services, Clock::system())));
        // A credential plug-in that hangs must not keep the program.
        runtime.shutdown_background();
    }
    findings.extend(local::terminal(caps));
    findings.extend(local::journal(folders.as_ref().map(|folders| folders.state.as_path())));
    let ok = findings.iter().all(|finding| finding.status != Verdict::Fail);
    match print(&findings, ok, caps, options) {
        Ok(()) => u8::from(!ok) * FAILED,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => u8::from(!ok) * FAILED,
        Err(error) => complain(FAILED, &format!("standard output cannot be written: {error}")),
    }
}

fn print(findings: &[Finding], ok: bool, caps: Caps, options: Doctor) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if options.json {
        let document = serde_json::to_string_pretty(&Report { version: 1, ok, findings }).map_err(io::Error::other)?;
        writeln!(out, "{}", text::json(&document))?;
    } else {
        for finding in findings {
            for line in lines(finding, caps.utf8) {
                writeln!(out, "{line}")?;
            }
        }
    }
    out.flush()
}

/// A sign, a word, what was found; below it the next step. Nothing of it can reach the terminal as a
/// command.
fn lines(finding: &Finding, utf8: bool) -> Vec<String> {
    let (sign, word) = match finding.status {
        Verdict::Ok => ("✔", "ok  "),
        Verdict::Warn => ("⚠", "warn"),
        Verdict::Fail => ("✖", "fail"),
    };
    let sign = if utf8 { format!("{sign} {word}") } else { word.to_owned() };
    let subject = if finding.target.is_empty() {
        finding.area.to_owned()
    } else {
        format!("{} {}", finding.area, Safe::identity(&finding.target).as_str())
    };
    let message = Safe::line(&finding.message);
    let mut lines = vec![format!("{sign}  {subject}  {}: {}", finding.check, message.as_str())];
    let arrow = if utf8 { "→" } else { "->" };
    lines.extend(finding.next.as_ref().map(|next| format!("         {arrow} {}", Safe::line(next).as_str())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_sign_a_word_and_the_next_step() {
        let subject = Subject::new("kubernetes", "eks-prod");
        let finding = subject.say("reach", Verdict::Fail, "refused\x1b[31m the connection").then("start it");
        assert_eq!(
            lines(&finding, true),
            ["✖ fail  kubernetes eks-prod  reach: refused the connection", "         → start it"]
        );
        assert!(lines(&finding, false).iter().all(|line| line.is_ascii()), "{:?}", lines(&finding, false));
    }
}
