//! A Prometheus under `/prometheus`, with the answers and the errors of a real one. Its series are a
//! function of the world's time and of what people did; nothing is stored.

mod aggregate;
mod arms;
mod binary;
mod encode;
mod eval;
mod flow;
mod functions;
mod labels;
mod listed;
mod params;
mod range;
mod rules;
mod series;
mod snapshot;

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub(super) use self::rules::Rules;
pub(super) use self::snapshot::Snapshot;

use self::eval::{Answer, Eval, Sample};
use self::labels::Labels;
use self::params::Params;
use crate::demo::server::Shared;

/// More points of one series than this are refused.
const RESOLUTION: i64 = 11_000;

/// A refused request.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    code: StatusCode,
    kind: &'static str,
    error: String,
}

impl Failure {
    fn bad_data(error: impl Into<String>) -> Self {
        Self { code: StatusCode::BAD_REQUEST, kind: "bad_data", error: error.into() }
    }

    fn execution(error: impl Into<String>) -> Self {
        Self { code: StatusCode::UNPROCESSABLE_ENTITY, kind: "execution", error: error.into() }
    }

    fn parameter(name: &str, error: impl std::fmt::Display) -> Self {
        Self::bad_data(format!("invalid parameter \"{name}\": {error}"))
    }
}

/// Data and warnings.
struct Good {
    data: String,
    warnings: Vec<String>,
}

impl Good {
    fn of(data: impl Into<String>) -> Self {
        Self { data: data.into(), warnings: Vec::new() }
    }
}

/// Answers a request whose path is `path` below `/prometheus`.
pub(super) fn answer(shared: &Shared, method: &Method, uri: &Uri, path: &[&str], body: &Bytes) -> Response {
    let (snapshot, now) = {
        let mut world = shared.world();
        (world.prometheus(), world.now.as_millisecond())
    };
    if let ["-", "healthy" | "ready"] = path {
        return "Prometheus Server is Healthy.\n".into_response();
    }
    let ["api", "v1", rest @ ..] = path else { return (StatusCode::NOT_FOUND, "404 page not found\n").into_response() };
    let posted = *method == Method::POST && matches!(rest, ["query" | "query_range" | "series" | "labels"]);
    if *method != Method::GET && !posted {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let params = Params::of(uri, body);
    let told = match rest {
        ["query"] => instant(&snapshot, &params, now),
        ["query_range"] => ranged(&snapshot, &params, now),
        ["rules"] => Ok(Good::of(listed::rules(&snapshot, &params, now))),
        ["alerts"] => Ok(Good::of(listed::alerts(&snapshot, now))),
        ["series"] => listed::series(&snapshot, &params, now),
        ["labels"] => listed::labels(&snapshot, &params, now),
        ["label", name, "values"] => listed::values(&snapshot, name, &params, now),
        ["status", "buildinfo"] => Ok(Good::of(build().to_string())),
        ["status", "runtimeinfo"] => Ok(Good::of(json!({ "storageRetention": "60d" }).to_string())),
        ["status", "flags"] => Ok(Good::of(json!({ "storage.tsdb.retention.time": "60d" }).to_string())),
        _ => return (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
    };
    respond(told)
}

fn respond(told: Result<Good, Failure>) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    match told {
        Ok(good) if good.warnings.is_empty() => {
            (json, format!("{{\"status\":\"success\",\"data\":{}}}", good.data)).into_response()
        }
        Ok(good) => {
            let warnings = serde_json::Value::from(good.warnings);
            (json, format!("{{\"status\":\"success\",\"data\":{},\"warnings\":{warnings}}}", good.data)).into_response()
        }
        Err(failure) => {
            let body = json!({ "status": "error", "errorType": failure.kind, "error": failure.error });
            (failure.code, json, body.to_string()).into_response()
        }
    }
}

fn build() -> serde_json::Value {
    json!({
        "version": "2.42.0", "revision": "demo", "branch": "demo", "buildUser": "demo",
        "buildDate": "20260604-00:58:54", "goVersion": "go1.19.8",
    })
}

/// Reads an expression; a parse error in Prometheus' words.
fn expression(params: &Params) -> Result<promql_parser::parser::Expr, Failure> {
    let query = params.get("query").unwrap_or_default();
    let wrong = |error: &str| Failure::parameter("query", format!("1:{}: parse error: {error}", query.len() + 1));
    if query.trim().is_empty() {
        return Err(wrong("no expression found in input"));
    }
    // The parser is recursive; nobody nests so deep.
    if query.len() > 16_384 || query.matches('(').count() > 200 {
        return Err(wrong("expression is too long"));
    }
    promql_parser::parser::parse(query).map_err(|error| wrong(&error))
}

fn instant(snapshot: &Snapshot, params: &Params, now: i64) -> Result<Good, Failure> {
    let at = params.time("time")?.unwrap_or(now);
    let expr = expression(params)?;
    let mut eval = Eval::instant(snapshot, at, now);
    if let Some(lookback) = params.duration("lookback_delta")? {
        eval.lookback = lookback;
    }
    let answer = eval.eval(&expr, at).map_err(Failure::execution)?;
    let mut warnings = Vec::new();
    let data = match answer {
        Answer::Scalar(value) => encode::scalar(at, value),
        Answer::Text(text) => encode::text(at, &text),
        Answer::Vector(mut samples) => {
            unique(&samples)?;
            truncate(&mut samples, params, &mut warnings);
            encode::vector(at, &samples)
        }
        Answer::Matrix(mut series) => {
            truncate(&mut series, params, &mut warnings);
            encode::matrix(&series)
        }
    };
    Ok(Good { data, warnings })
}

fn truncate<T>(list: &mut Vec<T>, params: &Params, warnings: &mut Vec<String>) {
    let limit = params.get("limit").and_then(|limit| limit.parse::<usize>().ok()).filter(|limit| *limit > 0);
    if let Some(limit) = limit.filter(|limit| *limit < list.len()) {
        list.truncate(limit);
        warnings.push("results truncated due to limit".to_owned());
    }
}

/// No two elements of a vector may have the same labels.
fn unique(samples: &[Sample]) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeSet::new();
    if samples.iter().all(|sample| seen.insert(&sample.labels)) {
        return Ok(());
    }
    Err(Failure::execution("vector cannot contain metrics with the same labelset"))
}

fn ranged(snapshot: &Snapshot, params: &Params, now: i64) -> Result<Good, Failure> {
    let missing = |name: &str| Failure::parameter(name, "cannot parse \"\" to a valid timestamp");
    let start = params.time("start")?.ok_or_else(|| missing("start"))?;
    let end = params.time("end")?.ok_or_else(|| missing("end"))?;
    if end < start {
        return Err(Failure::parameter("end", "end timestamp must not be before start time"));
    }
    let no_step = || Failure::parameter("step", "cannot parse \"\" to a valid duration");
    let step = params.duration("step")?.ok_or_else(no_step)?;
    if step <= 0 {
        return Err(Failure::parameter(
            "step",
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    }
    if (end - start) / step > RESOLUTION {
        return Err(Failure::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    let expr = expression(params)?;
    let eval = Eval::over(snapshot, (start, end), now);
    let mut series: std::collections::BTreeMap<Labels, Vec<(i64, f64)>> = std::collections::BTreeMap::new();
    let mut at = start;
    while at <= end {
        match eval.eval(&expr, at).map_err(Failure::execution)? {
            Answer::Scalar(value) => series.entry(Labels::default()).or_default().push((at, value)),
            Answer::Vector(samples) => {
                unique(&samples)?;
                for sample in samples {
                    series.entry(sample.labels).or_default().push((at, sample.value));
                }
            }
            _ => {
                let why = "invalid expression type for range query, must be Scalar or instant Vector";
                return Err(Failure::parameter("query", why));
            }
        }
        eval.forget();
        at += step;
    }
    let mut series: Vec<_> = series.into_iter().collect();
    let mut warnings = Vec::new();
    truncate(&mut series, params, &mut warnings);
    Ok(Good { data: encode::matrix(&series), warnings })
}

/// The snapshot of a world, taken anew when its story has turned.
#[derive(Debug)]
pub(super) struct Taken {
    turns: usize,
    snapshot: Arc<Snapshot>,
}

impl crate::demo::world::World {
    /// What its Prometheus has.
    pub(super) fn prometheus(&mut self) -> Arc<Snapshot> {
        let turns = self.story.turns();
        if let Some(taken) = self.taken.as_ref().filter(|taken| taken.turns == turns) {
            return Arc::clone(&taken.snapshot);
        }
        let snapshot = Arc::new(Snapshot::take(&self.scenario, &self.story, Arc::clone(&self.rules)));
        self.taken = Some(Taken { turns, snapshot: Arc::clone(&snapshot) });
        snapshot
    }
}
