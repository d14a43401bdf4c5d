//! What a refusal means, and what to do: the server first, then what it says, then where that is mended.

use std::time::Duration;

use serde_json::Value;

/// How a server is told of, and where it is set.
pub(in crate::net) struct Manner {
    /// `Loki`.
    pub(in crate::net) what: &'static str,
    /// `answer of Loki`.
    pub(in crate::net) answer: &'static str,
    /// `in sources.loki.url`.
    pub(in crate::net) place: &'static str,
    /// `sources.loki`: where the login is named.
    pub(in crate::net) login: &'static str,
    /// `sources.loki.ca`.
    pub(in crate::net) ca: &'static str,
    /// What to do about a certificate of an unknown authority.
    pub(in crate::net) authority: &'static str,
    /// `write it as https://loki.example`.
    pub(in crate::net) example: &'static str,
    /// What helps where the server says this; what is found first counts.
    pub(in crate::net) known: &'static [(&'static str, &'static str)],
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Write,
}

/// A refusal.
pub(super) struct Said<'a> {
    pub(super) code: u16,
    /// It is a page for people.
    pub(super) page: bool,
    pub(super) body: &'a [u8],
    pub(super) login: bool,
    /// `Retry-After`.
    pub(super) after: Option<Duration>,
    pub(super) deed: Deed,
}

impl Manner {
    pub(super) fn sentence(&self, url: &str, said: &Said<'_>) -> String {
        let words = first_words(said.body);
        // Pages come with a wrong type, too.
        if said.page || words.starts_with('<') {
            let place = self.place;
            return match said.code {
                502..=504 => format!("{url} is not reached by the proxy in front of it; check that {} runs", self.what),
                _ => format!(
                    "{url} answers with a web page, not as {} does: a login or a proxy is in between; check the address {place}",
                    self.what
                ),
            };
        }
        let told = if words.is_empty() { String::new() } else { format!(": {words}") };
        if let Some((_, next)) = self.known.iter().find(|(part, _)| words.contains(part)) {
            return match said.deed {
                Deed::Read => format!("{url} refuses the query{told}; {next}"),
                Deed::Write => format!("{url} refuses it{told}; {next}"),
            };
        }
        let (what, login) = (self.what, self.login);
        match said.code {
            401 if said.login => format!("{url} does not accept the login{told}; renew what {login} names"),
            401 => format!("{url} wants to know who asks{told}; give {login} a token, or a username and a password"),
            403 if said.deed == Deed::Write => {
                format!("{url} forbids it{told}; ask for the right to do it, or check {login}")
            }
            403 => format!("{url} forbids it{told}; ask for the right to read, or check {login}"),
            404 => format!("{url} has no {what} at this path{told}; check the path {}", self.place),
            407 => format!("{url} is behind a proxy that wants a password; check HTTP_PROXY and HTTPS_PROXY"),
            429 => {
                let after = said.after.map(|after| format!(" for {}", crate::text::duration(after).as_str()));
                let next = if said.deed == Deed::Write { "ask again later" } else { "a smaller window asks for less" };
                format!("{url} is throttling{}{told}; {next}", after.unwrap_or_default())
            }
            502..=504 => format!("{url} is not there behind its proxy, or not ready{told}; check that {what} runs"),
            500.. => format!("{url} has trouble of its own{told}; look at its log"),
            _ => format!("{url} refuses it{told}"),
        }
    }
}

/// What a server that speaks gRPC behind says by the code of its own.
pub(super) fn reason(body: &[u8]) -> &'static str {
    let code = serde_json::from_slice::<Value>(body).ok().and_then(|said| said.get("code")?.as_i64());
    if code == Some(5) { "NotFound" } else { "" }
}

/// Plain text, or the `message` of an object.
fn first_words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let told = match serde_json::from_str::<Value>(text.trim()) {
        Ok(Value::Object(fields)) => ["message", "error"]
            .into_iter()
            .find_map(|name| fields.get(name).and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned(),
        _ => text.into_owned(),
    };
    let line = told.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{} …", &line[..at]),
        None => line.to_owned(),
    }
}
