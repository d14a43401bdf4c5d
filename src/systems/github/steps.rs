//! A job's log cut at the beginnings of its steps. GitHub gives a job's log in one piece and tells when
//! each step began, to the second; a line before the first of a step's lines names it. Where two steps
//! share a second the runner's own first words of a step decide.

use jiff::Timestamp;

use crate::model::pipelines::{Conclusion, JobStep};
use crate::systems::lines::Lines;

/// Stands before the name of a step; no runner writes it.
pub(super) const MARK: &str = "##[step]";
/// Of a line's beginning: its time and the mark that a runner may have put behind it.
const HEAD: usize = 80;
/// How a runner begins what a step writes.
const BEGINS: [&[u8]; 4] =
    [b"##[group]Run ", b"Post job cleanup.", b"Cleaning up orphan processes", b"Evaluate and set job"];

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// When each began that ran (seconds), when the one before it had ended, and what is said of it.
    all: Vec<(i64, Option<i64>, String)>,
    next: usize,
    /// The beginning of a line that has not come whole.
    head: Vec<u8>,
    /// The rest of a line whose beginning was looked at.
    within: bool,
}

impl Steps {
    pub(super) fn of(steps: &[JobStep]) -> Self {
        let ran = |step: &&JobStep| step.conclusion != Some(Conclusion::Skipped) && step.started.is_some();
        let mut all: Vec<(i64, Option<i64>, String)> = Vec::new();
        let mut before = None;
        for step in steps.iter().filter(ran) {
            let Some(began) = step.started.map(Timestamp::as_second) else { continue };
            // In the order of their beginnings: what runs after the job has a number of its own.
            let how = step.conclusion.as_ref().filter(|how| **how != Conclusion::Success);
            let how = how.map_or_else(String::new, |how| format!("  ({})", how.as_str().replace('_', " ")));
            all.push((began, before, format!("{}. {}{how}", step.number, step.name.as_str())));
            before = step.completed.map(Timestamp::as_second);
        }
        Self { all, ..Self::default() }
    }

    /// Takes bytes in, whole lines or not, and gives them on with the names of steps between them.
    pub(super) fn push(&mut self, bytes: &[u8], lines: &mut Lines) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if self.within {
                lines.push(piece);
            } else {
                self.head.extend_from_slice(piece);
                if !whole && self.head.len() < HEAD {
                    continue;
                }
                self.flush(lines);
            }
            self.within = !whole;
        }
    }

    /// What is unfinished will not be longer.
    pub(super) fn flush(&mut self, lines: &mut Lines) {
        let head = std::mem::take(&mut self.head);
        if head.is_empty() {
            return;
        }
        if let Some((time, second, message)) = split(&head) {
            while let Some((began, before, title)) = self.all.get(self.next) {
                let shared = second == *began && before.is_none_or(|ended| ended >= *began) && self.next > 0;
                let here = second > *began || (second == *began && !shared) || (shared && begins(message));
                if !here {
                    break;
                }
                lines.push(format!("{time} {MARK}{title}\n").as_bytes());
                self.next += 1;
                if second == *began {
                    // Another of the same second begins with a line of its own.
                    break;
                }
            }
        }
        lines.push(&head);
    }
}

fn begins(message: &[u8]) -> bool {
    BEGINS.iter().any(|words| message.starts_with(words))
}

/// The time of a line as it is written, its second, and the message.
fn split(line: &[u8]) -> Option<(&str, i64, &[u8])> {
    let space = line.iter().take(40).position(|byte| *byte == b' ')?;
    let time = std::str::from_utf8(&line[..space]).ok()?;
    let second = time.parse::<Timestamp>().ok()?.as_second();
    Some((time, second, &line[space + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pipelines::RunStatus;
    use crate::text::Safe;

    fn step(number: u32, name: &'static str, from: u32, to: u32, how: Conclusion) -> JobStep {
        let at = |second: u32| Some(format!("2026-11-21T12:00:{second:02}Z").parse().unwrap());
        JobStep {
            number,
            name: Safe::of(name),
            status: RunStatus::Completed,
            conclusion: Some(how),
            started: at(from),
            completed: at(to),
        }
    }

    fn cut(steps: &[JobStep], log: &str, piece: usize) -> Vec<String> {
        let (mut cutter, mut lines) = (Steps::of(steps), Lines::default());
        for part in log.as_bytes().chunks(piece) {
            cutter.push(part, &mut lines);
        }
        cutter.flush(&mut lines);
        lines.finish();
        let chunk = lines.take().unwrap();
        let text = String::from_utf8(chunk.bytes.to_vec()).unwrap();
        // Without their times.
        text.lines().map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned()).collect()
    }

    const LOG: &str = "2026-11-21T12:00:01.1000000Z Current runner version\n\
        2026-11-21T12:00:03.2000000Z Complete job name: e2e\n\
        2026-11-21T12:00:03.4000000Z ##[group]Run npm test\n\
        2026-11-21T12:00:09.9000000Z ##[error]3 failed\n\
        2026-11-21T12:00:10.1000000Z Post job cleanup.\n\
        2026-11-21T12:00:12.0000000Z Cleaning up orphan processes";

    #[test]
    fn a_log_is_cut_where_its_steps_begin_whatever_pieces_it_comes_in() {
        let steps = [
            step(1, "Set up job", 1, 3, Conclusion::Success),
            step(2, "Run npm test", 3, 9, Conclusion::Failure),
            step(3, "Upload", 9, 9, Conclusion::Skipped),
            step(6, "Post checkout", 10, 10, Conclusion::Success),
            step(7, "Complete job", 11, 12, Conclusion::Success),
        ];
        let wanted = [
            "##[step]1. Set up job",
            "Current runner version",
            // The second that both share: the runner's own words say where.
            "Complete job name: e2e",
            "##[step]2. Run npm test  (failure)",
            "##[group]Run npm test",
            "##[error]3 failed",
            "##[step]6. Post checkout",
            "Post job cleanup.",
            "##[step]7. Complete job",
            "Cleaning up orphan processes",
        ];
        for piece in [1, 7, 80, 10_000] {
            assert_eq!(cut(&steps, LOG, piece), wanted, "{piece}");
        }
    }

    #[test]
    fn a_log_without_steps_or_times_comes_as_it_is() {
        let steps = [step(1, "Set up job", 1, 3, Conclusion::Success)];
        // Without the first word, which is a time as a rule.
        assert_eq!(cut(&steps, "no time\n\nanother line\n", 5), ["time", "", "line"]);
        assert_eq!(cut(&[], LOG, 9).len(), 6);
    }
}
