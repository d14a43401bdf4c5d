//! What Loki answers, into lines with their times. Pure. Unknown fields are passed over; an answer of another
//! shape is told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::model::scope::LogLabels;

/// Why an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("it is no answer of Loki's: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is no list of lines, but a {0}")]
    NoLines(String),
}

/// One line and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub nanos: i128,
    /// Of its labels, where they are told.
    pub pod: Option<String>,
    pub container: Option<String>,
    pub text: String,
}

/// A page of lines, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub lines: Vec<Line>,
    /// Entries that have no time or no text.
    pub left_out: usize,
    /// What is said of it behind its lines, a line each.
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(default)]
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    stream: BTreeMap<String, Value>,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

/// `/query_range` of a log query. `forward`: the oldest came first.
pub fn page(body: &[u8], labels: &LogLabels, forward: bool) -> Result<Page, IngestError> {
    /// Looked at first: the rows of another kind have another shape.
    #[derive(Deserialize)]
    struct Kinds {
        data: Kind,
    }
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "resultType")]
        kind: String,
    }
    let kind = serde_json::from_slice::<Kinds>(body)?.data.kind;
    if kind != "streams" {
        return Err(IngestError::NoLines(kind));
    }
    let answer: Answer = serde_json::from_slice(body)?;
    debug_assert_eq!(answer.data.kind, "streams");
    let mut page = Page::default();
    for mut stream in answer.data.result {
        // Lines of one stream and one time came the other way round, as all of them did.
        if !forward {
            stream.values.reverse();
        }
        let of = |name: &str| stream.stream.get(name).and_then(Value::as_str).map(str::to_owned);
        let (pod, container) = (of(&labels.pod), of(&labels.container));
        for row in stream.values {
            let nanos = row.first().and_then(Value::as_str).and_then(|text| text.parse::<i128>().ok());
            let nanos = nanos.filter(|nanos| Timestamp::from_nanosecond(*nanos).is_ok());
            match (nanos, row.get(1).and_then(Value::as_str)) {
                (Some(nanos), Some(text)) => {
                    let text = text.trim_end_matches(['\n', '\r']).to_owned();
                    page.lines.push(Line { nanos, pod: pod.clone(), container: container.clone(), text });
                }
                _ => page.left_out += 1,
            }
        }
    }
    // Stable: lines of one stream and one time stay in their order.
    page.lines.sort_by_key(|line| line.nanos);
    Ok(page)
}

/// `/labels`: nothing where no line is in these times.
pub fn labels(body: &[u8]) -> Result<Vec<String>, IngestError> {
    #[derive(Deserialize)]
    struct Labels {
        #[serde(default)]
        data: Option<Vec<String>>,
        status: String,
    }
    let told: Labels = serde_json::from_slice(body)?;
    if told.status == "success" { Ok(told.data.unwrap_or_default()) } else { Err(IngestError::NoLines(told.status)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_streams_stand_in_the_order_of_their_times() {
        let body = r#"{"status":"success","data":{"resultType":"streams","result":[
            {"stream":{"pod":"b","container":"app","odd":7},"values":[["1754300000000000003","third\n"],["1754300000000000001","first"]]},
            {"stream":{"pod":"a"},"values":[["1754300000000000002","second",{"trace":"x"}],["soon","x"],["1754300000000000009"]]}
        ],"stats":{}}}"#;
        let page = page(body.as_bytes(), &LogLabels::default(), true).unwrap();
        let told: Vec<_> = page.lines.iter().map(|line| (line.pod.as_deref(), line.text.as_str())).collect();
        assert_eq!(told, [(Some("b"), "first"), (Some("a"), "second"), (Some("b"), "third")]);
        assert_eq!(page.left_out, 2);
    }

    #[test]
    fn lines_of_one_time_stand_as_they_were_written_whichever_way_they_came() {
        let body = |one: &str, other: &str| {
            format!(
                r#"{{"data":{{"resultType":"streams","result":[{{"stream":{{}},"values":[["1754300000000000001","{one}"],["1754300000000000001","{other}"]]}}]}}}}"#
            )
        };
        for (body, forward) in [(body("a", "b"), true), (body("b", "a"), false)] {
            let page = page(body.as_bytes(), &LogLabels::default(), forward).unwrap();
            assert_eq!(page.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["a", "b"], "{forward}");
        }
    }

    #[test]
    fn what_is_no_list_of_lines_is_told() {
        let matrix =
            br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}]}}"#;
        assert!(page(matrix, &LogLabels::default(), true).unwrap_err().to_string().contains("but a matrix"));
        assert!(page(b"[]", &LogLabels::default(), true).is_err());
        assert!(page(b"{}", &LogLabels::default(), true).is_err());
        assert_eq!(labels(br#"{"status":"success","data":["app","pod"]}"#).unwrap(), ["app", "pod"]);
        // As Loki answers where it has no line.
        assert!(labels(br#"{"status":"success"}"#).unwrap().is_empty());
        assert!(labels(b"<html>").is_err());
    }
}
