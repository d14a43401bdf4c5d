//! What Grafana answers. Pure.

use serde::Deserialize;

/// How many annotations there are in an answer to a search.
pub fn found(body: &[u8]) -> Result<usize, serde_json::Error> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(rename = "id")]
        _id: i64,
    }
    serde_json::from_slice::<Vec<Row>>(body).map(|rows| rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_counted_and_nothing_else_is() {
        assert_eq!(found(br#"[{"id":7,"text":"x"},{"id":8}]"#).unwrap(), 2);
        assert_eq!(found(b"[]").unwrap(), 0);
        for odd in [&b"{}"[..], b"[{}]", b"<html>", b""] {
            assert!(found(odd).is_err());
        }
    }
}
