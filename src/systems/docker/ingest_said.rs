//! What an engine says while it builds, pulls or pushes: JSON objects, one a line (apis.md §9). The status
//! line was 200 long before something went wrong, so what went wrong stands among them.

use serde_json::Value;

/// Of a message; a longer one is passed over.
const LIMIT: usize = 256 << 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Of a build, as its instructions write it: lines, or parts of them.
    Text(String),
    /// Of a layer (or of the whole, without an id): what is done with it.
    Status {
        id: String,
        text: String,
    },
    Failed(String),
    /// The image that was built.
    Image(String),
    /// The digest that the registry has now.
    Pushed(String),
}

/// Bytes into messages.
#[derive(Debug, Default)]
pub struct Messages {
    rest: Vec<u8>,
    skipping: bool,
}

impl Messages {
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut found = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if !self.skipping && self.rest.len() + piece.len() <= LIMIT {
                self.rest.extend_from_slice(piece);
            } else {
                self.rest.clear();
                self.skipping = !whole;
            }
            if whole {
                found.extend(message(&self.rest));
                self.rest.clear();
            }
        }
        found
    }

    /// The last one may have no end of line.
    pub fn finish(&mut self) -> Vec<Said> {
        message(&std::mem::take(&mut self.rest))
    }
}

fn message(line: &[u8]) -> Vec<Said> {
    let Ok(whole) = serde_json::from_slice::<Value>(line) else { return Vec::new() };
    let text = |pointer: &str| whole.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut found = Vec::new();
    if let Some(stream) = text("/stream") {
        found.push(Said::Text(stream.to_owned()));
    }
    if let Some(status) = text("/status") {
        found.push(Said::Status { id: text("/id").unwrap_or_default().to_owned(), text: status.to_owned() });
    }
    if let Some(id) = text("/aux/ID") {
        found.push(Said::Image(id.to_owned()));
    }
    if let Some(digest) = text("/aux/Digest") {
        found.push(Said::Pushed(digest.to_owned()));
    }
    if let Some(error) = text("/errorDetail/message").or_else(|| text("/error")) {
        found.push(Said::Failed(error.to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_across_the_pieces_they_come_in() {
        let text = concat!(
            "{\"stream\":\"Step 1/2 : FROM busybox\\n\"}\r\n",
            "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"a1\"}\r\n",
            "{\"aux\":{\"ID\":\"sha256:12\"}}\r\n",
            "{\"aux\":{\"Tag\":\"live\",\"Digest\":\"sha256:34\",\"Size\":527}}\n",
            "no JSON\n",
            "{\"errorDetail\":{\"code\":1,\"message\":\"returned a non-zero code: 1\"},\"error\":\"x\"}",
        );
        let wanted = vec![
            Said::Text("Step 1/2 : FROM busybox\n".to_owned()),
            Said::Status { id: "a1".to_owned(), text: "Pulling fs layer".to_owned() },
            Said::Image("sha256:12".to_owned()),
            Said::Pushed("sha256:34".to_owned()),
            Said::Failed("returned a non-zero code: 1".to_owned()),
        ];
        for size in [1, 7, 64, 4096] {
            let mut messages = Messages::default();
            let mut found: Vec<Said> = text.as_bytes().chunks(size).flat_map(|part| messages.push(part)).collect();
            found.extend(messages.finish());
            assert_eq!(found, wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn a_message_without_end_is_passed_over() {
        let mut messages = Messages::default();
        let long = vec![b'x'; LIMIT + 1];
        assert_eq!(messages.push(&long), []);
        assert_eq!(messages.push(b"x\n{\"status\":\"a\"}\n").len(), 1);
    }
}
