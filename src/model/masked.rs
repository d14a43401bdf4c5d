//! Inputs whose values nobody else should read: known by their names and by what the values look like,
//! since GitHub marks none. One too many is hidden rather than one too few.

use super::Name;

/// Anywhere in the name, however it is written.
const PARTS: [&str; 9] =
    ["token", "password", "passwd", "passphrase", "secret", "credential", "apikey", "private", "connectionstring"];
/// Too short to be looked for inside of other words: `compass`, `keyboard`, `author`.
const WORDS: [&str; 19] = [
    "key",
    "keys",
    "pass",
    "pgpass",
    "pwd",
    "pat",
    "auth",
    "oauth",
    "bearer",
    "dsn",
    "otp",
    "pin",
    "cert",
    "certs",
    "creds",
    "webhook",
    "sas",
    "authorization",
    "cookie",
];
/// How tokens begin whose makers mark them.
const MARKS: [&str; 9] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-"];
/// A JSON object in base64, as JWTs begin; shorter ones are words.
const JWT: (&str, usize) = ("eyJ", 16);

/// What the name of an input says that its value must not be seen.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        // `apiKey`: a capital begins a word.
        if !c.is_alphabetic() || (c.is_uppercase() && small) {
            words.push(String::new());
        }
        small = c.is_lowercase();
        words.last_mut().into_iter().filter(|_| c.is_alphabetic()).for_each(|word| word.extend(c.to_lowercase()));
    }
    let whole = words.concat();
    PARTS.iter().any(|part| whole.contains(part)) || words.iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The same of a word inside of a text, where fewer words are names.
#[must_use]
pub fn is_plainly_secret(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    PARTS.iter().any(|part| letters.contains(part)) || letters.ends_with("authorization")
}

/// Its last word says so: `db-password`, and not `token-service`.
#[must_use]
pub fn ends_secret(name: &str) -> bool {
    let last = name.trim_end_matches(|c: char| c.is_ascii_digit()).rsplit(['-', '_', '.']).next().unwrap_or_default();
    is_plainly_secret(last)
}

/// A value that is a secret whatever its input is called: a token, a private key, an address with a password.
#[must_use]
pub fn looks_secret(value: &str) -> bool {
    let (jwt, long) = JWT;
    let is_token =
        |word: &str| MARKS.iter().any(|mark| word.starts_with(mark)) || (word.starts_with(jwt) && word.len() >= long);
    let mut words = value.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
    value.contains("-----BEGIN") || words.any(is_token) || value.split("://").skip(1).any(names_somebody)
}

/// What follows `://` begins with somebody's name. That of `git` is everybody's.
fn names_somebody(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@').is_some_and(|(who, _)| !who.is_empty() && who != "git")
}

/// The value of this input must not be seen.
#[must_use]
pub fn hides(name: &Name, value: &Name) -> bool {
    is_secret(name.raw()) || looks_secret(value.raw())
}

/// As the journal keeps the value of an input: of a secret only that there was one.
#[must_use]
pub fn kept(name: &Name, value: &Name) -> String {
    let hidden = hides(name, value) && !value.raw().is_empty();
    if hidden { "(not kept)".to_owned() } else { value.raw().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whether_its_value_is_a_secret() {
        for (name, secret) in [
            ("token", true),
            ("api-token", true),
            ("DB_PASSWORD", true),
            ("clientSecret", true),
            ("apiKey", true),
            ("signing.key", true),
            ("APIKEY", true),
            ("DB_PASS", true),
            ("PGPASS", true),
            ("admin_pwd", true),
            ("GH_PAT", true),
            ("auth", true),
            ("oauth2", true),
            ("bearer", true),
            ("sentryDsn", true),
            ("connection-string", true),
            ("ConnectionString", true),
            ("webhook", true),
            ("private", true),
            ("otp", true),
            ("pin", true),
            ("tls.cert", true),
            ("credentials", true),
            ("sas2", true),
            ("Authorization", true),
            ("Set-Cookie", true),
            ("compass", false),
            ("author", false),
            ("pattern", false),
            ("path", false),
            ("spinner", false),
            ("monkey", false),
            ("keyboard", false),
            ("note", false),
            ("", false),
        ] {
            assert_eq!(is_secret(name), secret, "{name}");
            let kept = kept(&Name::new(name), &Name::new("s3cret"));
            assert_eq!(kept.contains("s3cret"), !secret, "{name}: {kept}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_secret_is_not_kept_whatever_its_name() {
        for (value, secret) in [
            ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", true),
            ("github_pat_11AAAA", true),
            ("gho_16C7e42F", true),
            ("Bearer glpat-xyz", true),
            ("eyJhbGciOiJIUzI1NiJ9.e30.abc", true),
            ("-----BEGIN PRIVATE KEY-----\nMII", true),
            ("postgres://shop:hunter2@db:5432/shop", true),
            ("https://t0ken@example.org/a", true),
            ("https://example.org/a@b", false),
            ("ssh://git@example.org/acme/shop", false),
            ("eyJ", false),
            ("v1.2.3", false),
            ("", false),
        ] {
            assert_eq!(looks_secret(value), secret, "{value}");
            let kept = kept(&Name::new("note"), &Name::new(value));
            assert_eq!(kept == value, !secret, "{value}: {kept}");
        }
    }
}
