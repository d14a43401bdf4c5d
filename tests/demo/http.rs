//! The least HTTP client that can read the demo's answers and streams. Every wait has a deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Http {
    address: String,
}

impl Http {
    pub fn new(url: &str) -> Self {
        Self { address: url.trim_start_matches("http://").to_owned() }
    }

    async fn open(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, BufReader<TcpStream>, bool) {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        let code = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut chunked = false;
        loop {
            line.clear();
            reader.read_line(&mut line).await.unwrap();
            chunked |= line.to_ascii_lowercase().starts_with("transfer-encoding: chunked");
            if line.trim().is_empty() {
                return (code, reader, chunked);
            }
        }
    }

    async fn whole(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
        tokio::time::timeout(PATIENCE, async {
            let (code, reader, chunked) = self.open(method, path, kind, body).await;
            let mut lines = Lines { reader, chunked, left: 0, text: String::new() };
            let text = if chunked {
                while lines.more().await {}
                lines.text
            } else {
                let mut text = String::new();
                lines.reader.read_to_string(&mut text).await.unwrap();
                text
            };
            (code, text)
        })
        .await
        .expect("an answer in time")
    }

    pub async fn text(&self, path: &str) -> (u16, String) {
        self.whole("GET", path, "application/json", "").await
    }

    pub async fn json(&self, path: &str) -> (u16, Value) {
        let (code, text) = self.text(path).await;
        (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}")))
    }

    /// GET that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let (code, value) = self.json(path).await;
        assert_eq!(code, 200, "{path}: {value}");
        value
    }

    pub async fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
        self.whole(method, path, kind, body).await
    }

    pub async fn patch(&self, path: &str, kind: &str, patch: &Value) -> (u16, Value) {
        let (code, text) = self.whole("PATCH", path, kind, &patch.to_string()).await;
        (code, serde_json::from_str(&text).unwrap())
    }

    /// A request with headers of its own; the answer's code, headers (names in lower case) and text.
    pub async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, BTreeMap<String, String>, String) {
        self.with_body(method, path, headers, "").await
    }

    /// As [`Self::exchange`], with a body.
    pub async fn with_body(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, BTreeMap<String, String>, String) {
        tokio::time::timeout(PATIENCE, async {
            let mut stream = TcpStream::connect(&self.address).await.unwrap();
            let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let mut lines = head.lines();
            let code = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let split =
                |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
            (code, lines.filter_map(split).collect(), body.to_owned())
        })
        .await
        .expect("an answer in time")
    }

    /// A stream of lines: a watch or a followed log.
    pub async fn stream(&self, path: &str) -> Lines {
        let (code, reader, chunked) = self.open("GET", path, "application/json", "").await;
        assert_eq!(code, 200, "{path}");
        Lines { reader, chunked, left: 0, text: String::new() }
    }
}

/// Lines of a body that is still being written.
pub struct Lines {
    reader: BufReader<TcpStream>,
    chunked: bool,
    left: usize,
    text: String,
}

impl Lines {
    /// Reads on; false at the end.
    async fn more(&mut self) -> bool {
        assert!(self.chunked, "streams are chunked");
        let mut line = String::new();
        if self.left == 0 {
            if self.reader.read_line(&mut line).await.unwrap() == 0 {
                return false;
            }
            self.left = usize::from_str_radix(line.trim(), 16).unwrap();
            if self.left == 0 {
                return false;
            }
        }
        let mut piece = vec![0; self.left];
        self.reader.read_exact(&mut piece).await.unwrap();
        self.left = 0;
        self.text.push_str(std::str::from_utf8(&piece).unwrap());
        self.reader.read_line(&mut line).await.unwrap();
        true
    }

    /// The next line, `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<String> {
        tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some((line, rest)) = self.text.split_once('\n') {
                    let (line, rest) = (line.to_owned(), rest.to_owned());
                    self.text = rest;
                    return Some(line);
                }
                if !self.more().await {
                    return None;
                }
            }
        })
        .await
        .expect("a line in time")
    }

    /// The next watch frame.
    pub async fn frame(&mut self) -> Option<Value> {
        self.next().await.map(|line| serde_json::from_str(&line).unwrap())
    }

    /// Frames up to and including the first that is wanted.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.frame().await.expect("the stream goes on");
            let found = wanted(&frame);
            frames.push(frame);
            if found {
                return frames;
            }
        }
    }
}
