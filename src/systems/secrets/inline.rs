//! Secrets inside of a text: `password=hunter2`, `token: abc`, `--api-key=…`, wherever in a line they stand.

use super::MASK;
use crate::model::masked;

/// The text without what stands behind such a name, and how many were masked.
pub(super) fn mask(text: &str) -> (String, usize) {
    let (mut out, mut from, mut count) = (String::new(), 0, 0);
    for (at, sign) in text.char_indices().filter(|(_, c)| matches!(c, '=' | ':' | ' ')) {
        if at < from {
            continue;
        }
        let Some(value) = name(&text[..at], sign, &text[at + 1..]).and_then(|name| value(text, at + 1, name)) else {
            continue;
        };
        out.push_str(&text[from..value.start]);
        out.push_str(MASK);
        (from, count) = (value.end, count + 1);
    }
    out.push_str(&text[from..]);
    (out, count)
}

/// The name before a sign, where it says that what follows is a secret.
fn name<'a>(before: &'a str, sign: char, after: &str) -> Option<&'a str> {
    // A comparison, an address.
    if after.starts_with('=') && sign == '=' || before.ends_with(['=', '!', '<', '>']) || after.starts_with("//") {
        return None;
    }
    let before = if sign == '=' { before.trim_end_matches([' ', ':']) } else { before };
    let before = before.trim_end_matches(['"', '\'', '\\']);
    let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c)));
    let start = start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let name = &before[start..];
    // A part of a path or of an image.
    if before[..start].ends_with('/') || super::PLACES.contains(&name) {
        return None;
    }
    let is = match sign {
        // `--token abc`.
        ' ' => name.starts_with("--") && masked::ends_secret(name) && !after.trim_start().starts_with('-'),
        // `token-service:1.2` is an image.
        ':' if !after.starts_with([' ', '"', '\'', '\\', '\t']) => masked::ends_secret(name),
        _ => masked::is_plainly_secret(name),
    };
    is.then_some(name)
}

/// Where the value stands that begins at or after `from`; none where there is nothing to hide.
fn value(text: &str, from: usize, name: &str) -> Option<std::ops::Range<usize>> {
    let rest = &text[from..];
    let from = from + rest.len() - rest.trim_start_matches([' ', '\t', '\\']).len();
    let rest = &text[from..];
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let start = from + usize::from(quote.is_some());
    let rest = &text[start..];
    let whole = name.to_ascii_lowercase().ends_with("authorization");
    let end = rest.find(|c: char| match quote {
        Some(quote) => c == quote || c == '\n',
        None if whole => matches!(c, '"' | '\'' | '\n'),
        None => c.is_whitespace() || ",;&)}]\"'".contains(c),
    });
    let value = rest[..end.unwrap_or(rest.len())].trim_end_matches('\\');
    let nothing = value.is_empty()
        || value.contains(MASK)
        || matches!(value, "true" | "false" | "null" | "|" | "|-" | ">" | ">-");
    (!nothing).then(|| start..start + value.len())
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn what_stands_behind_the_name_of_a_secret_is_masked_and_nothing_else() {
        for (text, expected) in [
            ("password=hunter2", "password=••••••"),
            ("password = hunter2", "password = ••••••"),
            ("token: hunter2", "token: ••••••"),
            ("token:hunter2", "token:••••••"),
            ("mode=fast;DB_PASSWORD=hunter2;x=1", "mode=fast;DB_PASSWORD=••••••;x=1"),
            ("run --api-key=hunter2 --mode=fast", "run --api-key=•••••• --mode=fast"),
            ("run --password hunter2 -v", "run --password •••••• -v"),
            ("run --password -v", "run --password -v"),
            ("Authorization: Bearer hunter2", "Authorization: ••••••"),
            ("-H 'Authorization: Basic hunter2' -v", "-H 'Authorization: ••••••' -v"),
            (r#"{\"password\":\"hunter2\",\"a\":1"#, r#"{\"password\":\"••••••\",\"a\":1"#),
            (r#"passwd="hunter 2" x"#, r#"passwd="••••••" x"#),
            ("client_secret=hunter2&scope=all", "client_secret=••••••&scope=all"),
            // Names, places and images are none.
            ("token-service:1.2.3", "token-service:1.2.3"),
            ("ghcr.io/shop/secret:1.2.3", "ghcr.io/shop/secret:1.2.3"),
            ("/var/run/secrets/token:ro", "/var/run/secrets/token:ro"),
            ("secretName: till-tls", "secretName: till-tls"),
            ("secret \"till\" not found", "secret \"till\" not found"),
            ("token == x", "token == x"),
            ("password: |", "password: |"),
            ("key: value", "key: value"),
            ("größe=1 Passwort=2", "größe=1 Passwort=2"),
            ("", ""),
        ] {
            let (out, count) = mask(text);
            assert_eq!(out, expected, "{text}");
            assert_eq!(count, usize::from(text != expected), "{text}");
        }
    }
}
