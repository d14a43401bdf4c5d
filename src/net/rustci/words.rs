//! What a RustCI server's refusals mean (apis.md §11.3). Its own error has three shapes, and what
//! axum refuses before it comes as plain text; each gives one sentence, with nothing left out.

use jiff::Timestamp;
use serde_json::Value;

/// The body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// What the server says, and what it advises.
    Told {
        says: String,
        advice: String,
    },
    /// A web page: somebody else answers.
    Page,
    Empty,
}

impl Body {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim();
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => Self::of_object(&Value::Object(fields)),
            Ok(Value::String(said)) if !said.trim().is_empty() => Self::said(said.trim(), ""),
            // Pages come with a wrong type, too.
            _ if text.starts_with('<') => Self::Page,
            _ if text.is_empty() => Self::Empty,
            _ => Self::said(text, ""),
        }
    }

    /// `{"error": "…", "status": 400}`, `{"error": "…", "message": "…", "details": …, "suggestions": […]}`
    /// or `{"error": {"code": "…", "message": "…", "details": …, "recovery_suggestions": […]}}`.
    fn of_object(whole: &Value) -> Self {
        let inner = whole.get("error").filter(|error| error.is_object()).unwrap_or(whole);
        let text = |of: &Value, field: &str| of.get(field).map(flat).filter(|text| !text.is_empty());
        let mut parts: Vec<String> = Vec::new();
        let mut add = |part: Option<String>| {
            if let Some(part) = part.filter(|part| !parts.iter().any(|known| known.contains(part.as_str()))) {
                parts.push(part);
            }
        };
        add(whole.get("error").filter(|error| error.is_string()).map(flat).filter(|text| !text.is_empty()));
        add(text(inner, "message"));
        add(text(inner, "details"));
        add(text(inner, "code"));
        let advice = text(inner, "suggestions").or_else(|| text(inner, "recovery_suggestions"));
        if parts.is_empty() {
            // Some other JSON: it is shown as it is rather than not at all.
            parts.push(flat(whole));
        }
        Self::said(&parts.join(": "), advice.as_deref().unwrap_or_default())
    }

    fn said(says: &str, advice: &str) -> Self {
        Self::Told { says: says.to_owned(), advice: advice.to_owned() }
    }
}

/// A field of whatever type in one line.
fn flat(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => items.iter().map(flat).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, field)| (name, flat(field))).filter(|(_, text)| !text.is_empty());
            pairs.map(|(name, text)| format!("{name} {text}")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// One sentence: who, what it says, what helps. `token`: where it is from, and when it says it expires.
pub(super) fn sentence(server: &str, code: u16, body: &Body, token: Option<(&str, Option<Timestamp>)>) -> String {
    let (says, advice) = match body {
        Body::Page => {
            let next = "a login or a proxy is in between; check the address in sources.rustci.url";
            return format!("{server} answers with a web page, not as RustCI does: {next}");
        }
        Body::Empty => (String::new(), String::new()),
        Body::Told { says, advice } => (format!(": {says}"), advice.clone()),
    };
    let own = next(code, token);
    let next = match (advice.is_empty(), own.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("; {own}"),
        (false, true) => format!("; {advice}"),
        (false, false) => format!("; {advice}; {own}"),
    };
    format!("RustCI {}{says}{next}", meaning(code))
}

/// The server's map of codes.
fn meaning(code: u16) -> &'static str {
    match code {
        200..=299 => "answers with something that is none of its answers",
        401 => "wants to know who asks",
        403 => "forbids it",
        404 => "does not know it",
        405 => "does not take this request",
        413 => "takes no file so large",
        415 => "does not take this type of content",
        422 => "cannot use it",
        429 => "is throttling",
        501 => "cannot do this",
        502 => "cannot reach what it needs (GitHub, Kubernetes), or a proxy cannot reach RustCI",
        503 | 504 => "is not there behind its proxy, or not ready",
        500.. => "has trouble of its own",
        _ => "refuses it",
    }
}

fn next(code: u16, token: Option<(&str, Option<Timestamp>)>) -> String {
    match (code, token) {
        (401, None) => "give sources.rustci.token".to_owned(),
        (401, Some((from, Some(expiry)))) => {
            let expiry = expiry.strftime("%Y-%m-%d %H:%M UTC");
            format!("the token of {from} says that it expires at {expiry}; log in again and put the new one there")
        }
        (401, Some((from, None))) => format!("renew the token of {from}"),
        (403, _) => "the token needs ReadPipelines, WritePipelines or ExecutePipelines".to_owned(),
        (500, _) => "is its database connected? quarterdeck doctor asks".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, body: &str) -> String {
        sentence("https://ci.example", code, &Body::of(body.as_bytes()), None)
    }

    #[test]
    fn each_of_the_three_shapes_gives_its_sentence() {
        let short = r#"{"error":"Invalid YAML configuration: missing field `stages` at line 3","status":400,"timestamp":"2026-07-14T10:00:00Z"}"#;
        assert_eq!(said(400, short), "RustCI refuses it: Invalid YAML configuration: missing field `stages` at line 3");
        let docs = r#"{"error":"validation_failed","message":"Pipeline has no stages","details":"stages: []","suggestions":["add a stage","see /docs"],"timestamp":"x"}"#;
        assert_eq!(
            said(422, docs),
            "RustCI cannot use it: validation_failed: Pipeline has no stages: stages: []; add a stage, see /docs"
        );
        let nested = r#"{"error":{"code":"PIPELINE_INVALID","message":"Bad trigger","details":{"field":"trigger_type","max":50},"recovery_suggestions":["use manual"]},"request_id":"r1","timestamp":"x","path":"/","method":"POST"}"#;
        let told = said(400, nested);
        assert!(
            told.starts_with("RustCI refuses it: Bad trigger: field trigger_type, max 50: PIPELINE_INVALID"),
            "{told}"
        );
        assert!(told.ends_with("; use manual"), "{told}");
    }

    #[test]
    fn plain_text_a_page_and_nothing_are_sentences_too() {
        let rejection =
            "Failed to deserialize the JSON body into the target type: missing field `trigger_type` at line 1";
        assert_eq!(said(422, rejection), format!("RustCI cannot use it: {rejection}"));
        assert!(said(200, "<!doctype html><title>Login</title>").contains("web page"));
        assert_eq!(said(404, ""), "RustCI does not know it");
        assert_eq!(said(400, "\"only a string\""), "RustCI refuses it: only a string");
        assert_eq!(
            said(500, r#"{"odd":[1,{"a":null}]}"#),
            "RustCI has trouble of its own: odd 1; is its database connected? quarterdeck doctor asks"
        );
        assert_eq!(said(400, "[]"), "RustCI refuses it: []");
    }

    #[test]
    fn who_is_not_known_hears_what_helps() {
        let body = Body::of(br#"{"error":"Invalid token or user doesn't exist","status":401}"#);
        let none = sentence("x", 401, &body, None);
        assert!(none.ends_with("give sources.rustci.token"), "{none}");
        let expiry = Timestamp::from_second(1_784_000_000).ok();
        let expired = sentence("x", 401, &body, Some(("$CI_TOKEN", expiry)));
        assert!(expired.contains("$CI_TOKEN says that it expires at 2026-07-14 03:33 UTC"), "{expired}");
    }
}
