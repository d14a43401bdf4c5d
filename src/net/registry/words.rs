//! What the answers of a registry say: errors, tags, the next page, the digest of bytes.

use http::{HeaderMap, HeaderName};
use serde::Deserialize;

/// The first of `{"errors":[{code,message}]}`.
pub(super) fn error(body: &[u8]) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let one = serde_json::from_slice::<Errors>(body).ok()?.errors.into_iter().next()?;
    Some((one.code, one.message))
}

/// Why it says no, and what to do. To who may not look, many registries say what they say of what is
/// not there (apis.md §10).
pub(super) fn refused(host: &str, repository: &str, code: u16, said: &str, login: bool, page: bool) -> String {
    let name = if repository.is_empty() { host.to_owned() } else { format!("{host}/{repository}") };
    let next = if login {
        "check the name, and that the login of sources.registries may pull it"
    } else {
        "check the name, or give sources.registries a login that may pull it"
    };
    match code {
        401 | 403 | 404 if !page => format!("{name}: not found or no access; {next}"),
        401 | 403 => format!("{host} is behind a login of its own; check its address in sources.registries"),
        404 => format!("{host} has no registry at this address; check it in sources.registries"),
        407 => format!("{host} is behind a proxy that wants a password; check HTTPS_PROXY"),
        300..=399 => format!("{host} sends on to another place; check its address in sources.registries"),
        502..=504 => format!("{host} is not reached by the proxy in front of it; it is asked again by itself"),
        _ if said.is_empty() => format!("{host} answers with an error; it is asked again by itself"),
        _ => format!("{host} says: {said}"),
    }
}

/// `{"name":…,"tags":[…]}`; of a repository without tags `null`.
pub(super) fn tags(body: &[u8]) -> Option<Vec<String>> {
    // The key must be there: an answer without it is no list.
    let mut page: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
    match page.remove("tags")? {
        serde_json::Value::Array(tags) => Some(tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()),
        serde_json::Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// `</v2/…>; rel="next"`.
pub(super) fn next<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let links = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|value| value.split(',')).find_map(|link| {
        let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        let rel = rest.split(';').any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next"));
        rel.then_some(address)
    })
}

/// `sha256:…` of these bytes; `None` of an algorithm that is not known.
pub(super) fn digest(algorithm: &str, body: &[u8]) -> Option<String> {
    use std::fmt::Write as _;
    let by = match algorithm {
        "sha256" => &hashing::digest::SHA256,
        "sha512" => &hashing::digest::SHA512,
        _ => return None,
    };
    let mut text = format!("{algorithm}:");
    for byte in hashing::digest::digest(by, body).as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest("sha256", b"").unwrap(), empty);
        assert_eq!(digest("md5", b""), None);
        assert!(digest("sha512", b"").unwrap().starts_with("sha512:cf83e1357eefb8bd"));
    }

    #[test]
    fn tags_are_read_page_after_page() {
        assert_eq!(tags(br#"{"name":"a","tags":["1","2",null]}"#), Some(vec!["1".to_owned(), "2".to_owned()]));
        assert_eq!(tags(br#"{"name":"a","tags":null}"#), Some(Vec::new()));
        assert_eq!(tags(b"[]"), None);
        assert_eq!(tags(br#"{"name":"a"}"#), None);
        let mut headers = HeaderMap::new();
        assert_eq!(next(&headers, &http::header::LINK), None);
        headers.insert(http::header::LINK, "</v2/a/tags/list?last=2&n=2>; rel=\"next\"".parse().unwrap());
        assert_eq!(next(&headers, &http::header::LINK), Some("/v2/a/tags/list?last=2&n=2"));
    }

    #[test]
    fn what_is_absent_and_what_is_forbidden_are_told_as_one() {
        for code in [401, 403, 404] {
            let said = refused("ghcr.io", "shop/checkout", code, "denied", false, false);
            assert!(said.starts_with("ghcr.io/shop/checkout: not found or no access; "), "{said}");
            assert!(said.contains("give sources.registries a login"), "{said}");
        }
        assert!(refused("ghcr.io", "a", 403, "", true, true).contains("behind a login of its own"));
        assert_eq!(refused("r", "a", 500, "no space left", false, false), "r says: no space left");
        assert_eq!(error(br#"{"errors":[{"code":"DENIED","message":"no"}]}"#), Some(("DENIED".into(), "no".into())));
    }
}
