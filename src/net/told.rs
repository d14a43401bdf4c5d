//! What of a login must not come back. A server, or a gateway before it, may repeat in an error what it was sent;
//! such a text goes to the screen, to `status --json` and into the journal.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret as _, SecretString};

/// As everywhere in this program.
const HIDDEN: &str = "••••••";
/// Shorter ones stand in too many words by chance.
const LEAST: usize = 6;
/// Each server has one or two, and a new one each hour at most.
const MOST: usize = 256;

/// What was sent to name us in this run, the newest last.
static SENT: RwLock<VecDeque<SecretString>> = RwLock::new(VecDeque::new());

/// Remembers what names us to a server.
pub(super) fn keep(secret: &str) {
    let is_it = |known: &SecretString| known.expose_secret() == secret;
    if secret.len() < LEAST || SENT.read().unwrap_or_else(PoisonError::into_inner).iter().any(is_it) {
        return;
    }
    let mut sent = SENT.write().unwrap_or_else(PoisonError::into_inner);
    sent.push_back(SecretString::from(secret));
    if sent.len() > MOST {
        sent.pop_front();
    }
}

/// The text of a server without what names us to any, and without what stands behind the name of a way to log in.
pub(super) fn without_logins(mut text: String) -> String {
    for secret in SENT.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if text.contains(secret.expose_secret()) {
            text = text.replace(secret.expose_secret(), HIDDEN);
        }
    }
    without_schemes(text)
}

/// A credential that was renewed beside us is known by what it stands behind.
fn without_schemes(text: String) -> String {
    let mut left = Vec::new();
    let mut behind = false;
    let mut changed = false;
    for word in text.split(' ') {
        let hides = behind && is_credential(word);
        changed |= hides;
        left.push(if hides { HIDDEN } else { word });
        behind = ["bearer", "basic", "token"].iter().any(|scheme| word.to_ascii_lowercase().ends_with(scheme));
    }
    if changed { left.join(" ") } else { text }
}

/// Long, of the letters of a token, and no word of a sentence: it has a digit.
fn is_credential(word: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"._~+/=-\"',;)".contains(&byte);
    word.len() >= 12 && word.bytes().all(letters) && word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_named_us_is_in_no_text_and_what_is_no_login_stays() {
        keep("hunter2-of-the-test");
        keep("short");
        for (said, left) in [
            (
                "rejected header Authorization: Bearer hunter2-of-the-test",
                "rejected header Authorization: Bearer ••••••",
            ),
            ("(hunter2-of-the-test)", "(••••••)"),
            ("old: Bearer eyJhbGciOi.J9x, gone", "old: Bearer •••••• gone"),
            ("Authorization: Basic dXNlcjpwYXNzd29yZDE=", "Authorization: Basic ••••••"),
            ("a short word", "a short word"),
            ("bearer authentication required", "bearer authentication required"),
            ("the token expired 12 hours ago", "the token expired 12 hours ago"),
            ("", ""),
        ] {
            assert_eq!(without_logins(said.to_owned()), left);
        }
    }
}
