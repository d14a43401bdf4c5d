//! When a token says that it expires. Nothing of it is verified: that is the server's task, and this
//! is only a word to its owner.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// `exp` of the claims, seconds. `None` when it is no JWT, or one that does not say.
pub(super) fn expiry(token: &SecretString) -> Option<Timestamp> {
    let mut parts = token.expose_secret().split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    let exp = claims.get("exp")?;
    let seconds = exp.as_i64().or_else(|| exp.as_f64().filter(|exp| exp.abs() < 1e12).map(|exp| exp as i64))?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(claims: &str) -> Option<Timestamp> {
        let claims = URL_SAFE_NO_PAD.encode(claims);
        expiry(&SecretString::from(format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln")))
    }

    #[test]
    fn the_expiry_is_read_and_nothing_else_breaks_it() {
        let told = Timestamp::from_second(1_784_000_000).unwrap();
        assert_eq!(of(r#"{"sub":"ana","exp":1784000000}"#), Some(told));
        assert_eq!(of(r#"{"exp":1784000000.5}"#), Some(told));
        for none in [r#"{"sub":"ana"}"#, r#"{"exp":"soon"}"#, r#"{"exp":9e99}"#, r#"{"exp":null}"#, "[]", "no json", ""]
        {
            assert_eq!(of(none), None, "{none}");
        }
        for none in ["", "a.b", "a.b.c.d", "a.%%.c", "a..c", "..", "ghp_1234"] {
            assert_eq!(expiry(&SecretString::from(none.to_owned())), None, "{none}");
        }
    }
}
