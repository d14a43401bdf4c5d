//! The frames of a log without a TTY (apis.md §9): `[stream 0|1|2, 0, 0, 0, length u32 BE]`, then so
//! many bytes. Pure. A frame is not a line: the engine writes what the container wrote at once, and
//! cuts a long line into several, each with its time before it. Lines of stdout and of stderr are put
//! together apart from each other.
//!
//! A frame is never collected: its bytes go on as they come, so its length needs no memory, and a
//! length that no engine writes is named instead of waited for.

use super::super::lines::{LINE_LIMIT, Lines};
use crate::safe;
use crate::text::Safe;

/// Engines write frames of some 16 KiB; those of a driver that joins lines are larger.
const FRAME_LIMIT: usize = 16 << 20;
const HEADER: usize = 8;
/// `2026-11-21T02:00:00.123456789Z `.
const STAMP: usize = 31;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Frames {
    header: Vec<u8>,
    /// Of the frame that is being read.
    left: usize,
    stream: usize,
    /// The frame's first bytes, while they may be the time before the rest of a line.
    stamp: Option<Vec<u8>>,
    /// The unfinished line of each stream.
    parts: [Vec<u8>; 3],
}

impl Frames {
    /// Takes bytes of the body in. `Err`: no engine writes this.
    pub fn push(&mut self, mut bytes: &[u8], lines: &mut Lines) -> Result<(), Safe> {
        while !bytes.is_empty() {
            if self.left == 0 {
                let missing = HEADER - self.header.len();
                let (head, rest) = bytes.split_at(missing.min(bytes.len()));
                self.header.extend_from_slice(head);
                bytes = rest;
                if self.header.len() == HEADER {
                    self.begin()?;
                }
                continue;
            }
            let (payload, rest) = bytes.split_at(self.left.min(bytes.len()));
            self.left -= payload.len();
            bytes = rest;
            self.payload(payload, lines);
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Safe> {
        let header = std::mem::take(&mut self.header);
        let [stream, 0, 0, 0, a, b, c, d] = header[..] else {
            return Err(Safe::of("the log is not framed as a Docker Engine frames it; has the container a TTY?"));
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if stream > 2 {
            return Err(Safe::of("the log is not framed as a Docker Engine frames it; has the container a TTY?"));
        }
        if length > FRAME_LIMIT {
            let limit = FRAME_LIMIT >> 20;
            return Err(safe!(
                "a frame of {} MiB is announced, the limit is {} MiB; nothing of it was read",
                length >> 20,
                limit
            ));
        }
        self.stream = usize::from(stream);
        self.left = length;
        self.stamp = (!self.parts[self.stream].is_empty()).then(Vec::new);
        Ok(())
    }

    /// Some bytes of the frame that is being read.
    fn payload(&mut self, payload: &[u8], lines: &mut Lines) {
        let Some(mut stamp) = self.stamp.take() else { return self.text(payload, lines) };
        stamp.extend_from_slice(payload);
        if stamp.len() < STAMP && self.left > 0 {
            self.stamp = Some(stamp);
            return;
        }
        // The rest of a long line: the time before it stands in the middle of that line.
        let rest = stamp.get(STAMP..).filter(|_| is_stamp(&stamp));
        self.text(rest.unwrap_or(&stamp), lines);
    }

    fn text(&mut self, mut bytes: &[u8], lines: &mut Lines) {
        let part = &mut self.parts[self.stream];
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            if part.is_empty() {
                lines.push(line);
            } else {
                extend(part, line);
                // What was cut off took the line feed with it.
                if part.last() != Some(&b'\n') {
                    part.push(b'\n');
                }
                lines.push(part);
                part.clear();
                part.shrink_to(STAMP);
            }
        }
        extend(part, bytes);
    }

    /// The stream ended: what is unfinished is a line, too.
    pub fn finish(&mut self, lines: &mut Lines) {
        for part in &mut self.parts {
            if !part.is_empty() {
                part.push(b'\n');
                lines.push(part);
            }
        }
        *self = Self::default();
    }
}

/// No more of a line than is shown of one, and a byte: so it counts as cut.
fn extend(part: &mut Vec<u8>, bytes: &[u8]) {
    let room = (LINE_LIMIT + 1).saturating_sub(part.len());
    part.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn is_stamp(bytes: &[u8]) -> bool {
    bytes.len() >= STAMP
        && bytes[STAMP - 1] == b' '
        && bytes[STAMP - 2] == b'Z'
        && bytes[4] == b'-'
        && bytes[10] == b'T'
}
