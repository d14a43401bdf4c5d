//! Who asks, where the server wants to know: a JWT with its end and its permissions. What it is signed
//! with is not looked at: this server has nothing to protect.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

use super::errors::Refusal;

pub(super) fn check(headers: &HeaderMap, right: &str, now: Timestamp) -> Result<(), Refusal> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bearer = text(header::AUTHORIZATION).strip_prefix("Bearer ").map(str::to_owned);
    let cookie = || text(header::COOKIE).split("; ").find_map(|pair| pair.strip_prefix("token=")).map(str::to_owned);
    let Some(token) = bearer.or_else(cookie) else {
        return Err(Refusal::of(401, "You are not logged in, please provide a token"));
    };
    let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    let Some(claims) = claims else { return Err(Refusal::of(401, "Invalid token")) };
    if claims["exp"].as_i64().is_none_or(|exp| exp <= now.as_second()) {
        return Err(Refusal::of(401, "Token has expired"));
    }
    let has = |wanted: &str| claims["permissions"].as_array().is_some_and(|all| all.iter().any(|one| one == wanted));
    if has(right) { Ok(()) } else { Err(Refusal::of(403, &format!("Missing permission: {right}"))) }
}
