//! A Loki of the demo's world, under `/loki` on its server: the lines of its pods, also of those that are gone.

use std::collections::{HashMap, VecDeque};
use std::sync::LazyLock;

use axum::extract::Query;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use regex::Regex;
use serde_json::{Value, json};

use super::kinds::Kind;
use super::logs::{self, Line};
use super::server::Shared;
use super::value::{items, text};
use super::world::World;

/// Pods that are gone and whose lines are kept.
const KEPT: usize = 512;
/// As Loki has it by default.
const MOST: usize = 5_000;

type Params = HashMap<String, String>;

/// Pods that are gone, and since when.
#[derive(Debug, Default)]
pub(super) struct Gone(VecDeque<(Timestamp, Value)>);

impl Gone {
    pub(super) fn keep(&mut self, at: Timestamp, pod: Value) {
        self.0.push_back((at, pod));
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }
}

/// Answers a request whose path is `path` below `/loki/api/v1`.
pub(super) fn answer(shared: &Shared, method: &Method, uri: &Uri, path: &[&str]) -> Response {
    if *method != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let params = Query::<Params>::try_from_uri(uri).map(|query| query.0).unwrap_or_default();
    let world = shared.world();
    let told = match path {
        ["labels"] => Ok(json!(["app", "container", "namespace", "pod"])),
        ["query_range"] => query_range(&world, &params),
        _ => return (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
    };
    match told {
        Ok(data) => {
            let body = json!({ "status": "success", "data": data }).to_string();
            ([(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response()
        }
        Err(why) => {
            (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], why).into_response()
        }
    }
}

fn query_range(world: &World, params: &Params) -> Result<Value, String> {
    let number = |name: &str| -> Result<Option<i128>, String> {
        let text = params.get(name).filter(|text| !text.is_empty());
        text.map(|text| text.parse().map_err(|_| format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
            .transpose()
    };
    let time = |nanos: Option<i128>, other: Timestamp| {
        nanos.and_then(|nanos| Timestamp::from_nanosecond(nanos).ok()).unwrap_or(other)
    };
    let hour = world.now.checked_sub(std::time::Duration::from_hours(1)).unwrap_or(world.now);
    let (start, end) = (time(number("start")?, hour), time(number("end")?, world.now));
    let limit = number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100);
    if limit > MOST {
        return Err(format!(
            "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {MOST})"
        ));
    }
    let selector = Selector::parse(params.get("query").map_or("", String::as_str))?;
    let mut all: Vec<(Timestamp, String, usize)> = Vec::new();
    let mut streams = Vec::new();
    let live = world.store.values(Kind::Pod, "").map(|(_, pod)| (world.now, pod));
    for (until, pod) in world.gone.0.iter().map(|(at, pod)| (*at, pod)).chain(live) {
        for container in items(pod, "/spec/containers") {
            let labels = labels(pod, text(container, "/name"));
            if selector.takes(&labels) {
                // The end is no part of the window.
                let span = (before(start), before(end).min(until));
                let lines = written(world, pod, text(container, "/name"), span);
                all.extend(lines.into_iter().map(|(at, line)| (at, line, streams.len())));
                streams.push((labels, Vec::new()));
            }
        }
    }
    all.sort_by_key(|(at, ..)| *at);
    let forward = params.get("direction").is_some_and(|word| word == "forward");
    let surplus = all.len().saturating_sub(limit);
    let taken = if forward { &all[..all.len() - surplus] } else { &all[surplus..] };
    for (at, line, stream) in taken {
        streams[*stream].1.push(json!([at.as_nanosecond().to_string(), line]));
    }
    let streams = streams.into_iter().filter(|(_, values)| !values.is_empty()).map(|(labels, mut values)| {
        if !forward {
            values.reverse();
        }
        let labels: serde_json::Map<String, Value> =
            labels.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({ "stream": labels, "values": values })
    });
    Ok(json!({ "resultType": "streams", "result": streams.collect::<Vec<_>>(), "stats": {} }))
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(std::time::Duration::from_nanos(1)).unwrap_or(at)
}

/// What a container wrote after the first and until the second moment, before its last restart and since.
fn written(world: &World, pod: &Value, container: &str, (from, to): (Timestamp, Timestamp)) -> Vec<Line> {
    let of = |previous| logs::open(world, pod, Some(container), previous).ok();
    let mut lines: Vec<Line> =
        [true, false].into_iter().filter_map(of).flat_map(|log| log.between(world, from, to)).collect();
    lines.sort();
    lines.dedup();
    lines
}

type Labels = Vec<(&'static str, String)>;

fn labels(pod: &Value, container: &str) -> Labels {
    let of = |pointer| text(pod, pointer).to_owned();
    vec![
        ("app", of("/metadata/labels/app")),
        ("container", container.to_owned()),
        ("namespace", of("/metadata/namespace")),
        ("pod", of("/metadata/name")),
    ]
}

/// `{namespace="x",pod=~"y-.*"}`, and `| pod="x"` behind it.
struct Selector(Vec<(String, Matcher)>);

enum Matcher {
    Is(String),
    Like(Regex),
}

impl Selector {
    fn parse(query: &str) -> Result<Self, String> {
        static PART: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r#"^(?:\{|,|\} *\| *| *\| *)([A-Za-z_]\w*)(=~|=)("(?:[^"\\]|\\.)*")"#).ok());
        let wrong = |at: usize| format!("parse error at line 1, col {}: syntax error: unexpected character", at + 1);
        let Some(part) = PART.as_ref().filter(|_| query.starts_with('{')) else { return Err(wrong(0)) };
        let (mut rest, mut all) = (query, Vec::new());
        while let Some(found) = part.captures(rest) {
            // A Go string of these letters is one of JSON, too.
            let value: String = serde_json::from_str(&found[3]).map_err(|_| wrong(query.len() - rest.len()))?;
            let matcher = match &found[2] {
                "=" => Matcher::Is(value),
                _ => Matcher::Like(
                    Regex::new(&format!("^(?:{value})$")).map_err(|error| format!("parse error: {error}"))?,
                ),
            };
            all.push((found[1].to_owned(), matcher));
            rest = &rest[found[0].len()..];
        }
        if all.is_empty() || !matches!(rest.trim(), "" | "}") {
            return Err(wrong(query.len() - rest.len()));
        }
        Ok(Self(all))
    }

    fn takes(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(name, matcher)| {
            let value = labels.iter().find(|(label, _)| label == name).map_or("", |(_, value)| value);
            match matcher {
                Matcher::Is(wanted) => wanted == value,
                Matcher::Like(pattern) => pattern.is_match(value),
            }
        })
    }
}
