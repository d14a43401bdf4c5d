//! The parameters of a request, from its address and from a posted form.

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::Uri;
use jiff::Timestamp;

use super::Failure;
use super::eval::millis;

/// See the module.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(uri: &Uri, body: &Bytes) -> Self {
        let mut pairs = pairs(uri);
        let form = std::str::from_utf8(body).ok().and_then(|form| format!("/?{form}").parse::<Uri>().ok());
        pairs.extend(form.iter().flat_map(self::pairs));
        Self(pairs)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(has, _)| has == name).map(|(_, value)| value.as_str())
    }

    /// Milliseconds, of seconds or of RFC 3339.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e12);
        let at = number.map(|seconds| (seconds * 1_000.0).round() as i64);
        let at = at.or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond));
        at.map(Some).ok_or_else(|| Failure::parameter(name, format!("cannot parse \"{text}\" to a valid timestamp")))
    }

    /// Milliseconds, of seconds or of `5m`.
    pub(super) fn duration(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e12);
        let span = number.map(|seconds| (seconds * 1_000.0).round() as i64);
        let span = span.or_else(|| promql_parser::util::parse_duration(text).ok().map(millis));
        span.map(Some).ok_or_else(|| Failure::parameter(name, format!("cannot parse \"{text}\" to a valid duration")))
    }
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|query| query.0).unwrap_or_default()
}
