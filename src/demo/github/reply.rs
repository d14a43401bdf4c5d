//! How answers are sent: conditional ones, pages, limits, refusals.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Params;
use super::quota::{Quota, Standing};
use crate::demo::value::{hash, set};

const RATE_LIMIT: &str = include_str!("../../../demo/recordings/github/rate_limit.json");
const DOCS: &str = "https://docs.github.com/rest";

/// A request, as far as its answer depends on it.
pub(super) struct Asked<'a> {
    pub(super) base: &'a str,
    pub(super) uri: &'a Uri,
    pub(super) params: &'a Params,
    /// `If-None-Match`.
    pub(super) known: &'a str,
    pub(super) token: &'a str,
}

/// An answer before it has its headers.
pub(super) enum Reply {
    Json {
        code: StatusCode,
        etag: Option<String>,
        body: Value,
        link: Option<String>,
    },
    Unchanged {
        etag: String,
    },
    Redirect(String),
    /// Of a repository that has another name now.
    Moved {
        code: StatusCode,
        to: String,
    },
    /// Too much was asked; seconds to wait if the server names them.
    Limited {
        message: String,
        wait: Option<u64>,
    },
}

impl Reply {
    /// 200 with an etag of its content.
    pub(super) fn json(body: Value) -> Self {
        let etag = Some(tag(&body.to_string()));
        Self::Json { code: StatusCode::OK, etag, body, link: None }
    }

    pub(super) fn refused(code: StatusCode, message: &str) -> Self {
        let body = json!({ "message": message, "documentation_url": DOCS, "status": code.as_str() });
        Self::Json { code, etag: None, body, link: None }
    }

    pub(super) fn not_found() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(super) fn with_link(self, link: Option<String>) -> Self {
        match self {
            Self::Json { code, etag, body, .. } => Self::Json { code, etag, body, link },
            other => other,
        }
    }
}

impl Asked<'_> {
    /// The page that is asked for, and the way to the others.
    pub(super) fn page<'i, T>(&self, all: &'i [T]) -> (&'i [T], Option<String>) {
        let number = |name: &str| self.params.get(name).and_then(|text| text.parse::<usize>().ok());
        let each = number("per_page").unwrap_or(30).clamp(1, 100);
        let page = number("page").unwrap_or(1).max(1);
        let last = all.len().div_ceil(each).max(1);
        let from = (page - 1).saturating_mul(each).min(all.len());
        let shown = &all[from..(from + each).min(all.len())];
        let mut links = Vec::new();
        if page > 1 {
            links.push(self.link(page.min(last + 1) - 1, "prev"));
        }
        if page < last {
            links.push(self.link(page + 1, "next"));
            links.push(self.link(last, "last"));
        }
        if page > 1 {
            links.push(self.link(1, "first"));
        }
        (shown, (!links.is_empty()).then(|| links.join(", ")))
    }

    fn link(&self, page: usize, rel: &str) -> String {
        let query = self.uri.query().unwrap_or_default().split('&');
        let mut query: Vec<&str> = query.filter(|part| !part.is_empty() && !part.starts_with("page=")).collect();
        let page = format!("page={page}");
        query.push(&page);
        format!("<{}{}?{}>; rel=\"{rel}\"", self.base, self.uri.path(), query.join("&"))
    }
}

/// An etag from what the answer is made of, so an unchanged one need not be written.
pub(super) fn unless_known(asked: &Asked, state: &str, body: impl FnOnce() -> Value) -> Reply {
    let etag = tag(&format!("{}{}{state}", asked.base, asked.uri));
    if asked.known.split(',').any(|known| known.trim() == etag) {
        return Reply::Unchanged { etag };
    }
    Reply::Json { code: StatusCode::OK, etag: Some(etag), body: body(), link: None }
}

fn tag(text: &str) -> String {
    format!("W/\"{:016x}{:016x}\"", hash(text), hash(&format!("{text}.")))
}

/// `created`: `>=2026-07-01`, `<2026-07-01T00:00:00Z`, `2026-07-01..2026-07-31` or one day.
pub(super) fn within(range: &str, time: Timestamp) -> bool {
    let text = time.to_string();
    // Dates sort as text; the end of a day is after all its times.
    let from = |bound: &str| text.as_str() >= bound;
    let until = |bound: &str| text.as_str() <= bound || text.starts_with(bound);
    if let Some((low, high)) = range.split_once("..") {
        return (low == "*" || from(low)) && (high == "*" || until(high));
    }
    match range.as_bytes() {
        [b'>', b'=', ..] => from(&range[2..]),
        [b'<', b'=', ..] => until(&range[2..]),
        [b'>', ..] => !until(&range[1..]),
        [b'<', ..] => !from(&range[1..]),
        _ => text.starts_with(range),
    }
}

/// GET /rate_limit.
pub(super) fn rate_limit(standing: &Standing) -> Reply {
    let mut body: Value = serde_json::from_str(RATE_LIMIT).unwrap_or_default();
    let now = json!({
        "limit": standing.limit, "used": standing.used,
        "remaining": standing.remaining(), "reset": standing.reset.as_second(),
    });
    set(&mut body, "/resources/core", now.clone());
    set(&mut body, "/rate", now);
    Reply::Json { code: StatusCode::OK, etag: None, body, link: None }
}

pub(super) fn spent(token: &str) -> Reply {
    let message = if token.is_empty() {
        "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher rate \
         limit. Check out the documentation for more details.)"
    } else {
        "API rate limit exceeded for user ID 583231."
    };
    Reply::Limited { message: message.to_owned(), wait: None }
}

pub(super) fn too_fast(seconds: u64) -> Reply {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Reply::Limited { message: message.to_owned(), wait: Some(seconds) }
}

/// The real server wants to know who asks.
pub(super) fn no_agent() -> Response {
    let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header \
                   (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).";
    (StatusCode::FORBIDDEN, message).into_response()
}

/// Counts the answer and gives it its headers.
pub(super) fn finish(reply: Reply, asked: &Asked, quota: &mut Quota, now: Timestamp) -> Response {
    let free = asked.uri.path() == "/rate_limit"
        || matches!(reply, Reply::Unchanged { .. }) && !asked.token.is_empty()
        || matches!(reply, Reply::Limited { .. });
    if !free {
        quota.count(asked.token, now);
    }
    let mut response = match reply {
        Reply::Json { code, etag, body, link } => {
            let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            let mut response = (code, kind, body.to_string()).into_response();
            let headers = [("etag", etag), ("link", link)];
            for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                put(&mut response, name, &value);
            }
            response
        }
        Reply::Unchanged { etag } => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            put(&mut response, "etag", &etag);
            response
        }
        Reply::Redirect(to) => {
            let mut response = StatusCode::FOUND.into_response();
            put(&mut response, "location", &to);
            response
        }
        Reply::Moved { code, to } => {
            let said = code.canonical_reason().unwrap_or_default();
            let body = json!({ "message": said, "url": to, "documentation_url": DOCS });
            let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            let mut response = (code, kind, body.to_string()).into_response();
            put(&mut response, "location", &to);
            response
        }
        Reply::Limited { message, wait } => {
            let body = json!({ "message": message, "documentation_url": format!("{DOCS}/overview/rate-limits-for-the-rest-api"), "status": "403" });
            let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            let mut response = (StatusCode::FORBIDDEN, kind, body.to_string()).into_response();
            if let Some(wait) = wait {
                put(&mut response, "retry-after", &wait.to_string());
            }
            response
        }
    };
    let standing = quota.standing(asked.token, now);
    let numbers = [
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining().to_string()),
        ("x-ratelimit-used", standing.used.to_string()),
        ("x-ratelimit-reset", standing.reset.as_second().to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("x-github-api-version-selected", "2022-11-28".to_owned()),
        ("cache-control", "private, max-age=60, s-maxage=60".to_owned()),
    ];
    for (name, value) in numbers {
        put(&mut response, name, &value);
    }
    if !asked.token.is_empty() {
        // As of a classic token.
        put(&mut response, "x-oauth-scopes", "repo, workflow");
    }
    response
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
