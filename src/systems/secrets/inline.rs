//! Secrets inside of a text: `password=hunter2`, `token: abc`, `--api-key=…`, wherever in a line they stand.

use std::ops::Range;

use super::MASK;
use crate::model::masked;

/// What stands for a text that is opened and closed: `"`, or `\"` inside of another.
#[derive(Clone, Copy)]
struct Quote {
    mark: char,
    slashes: usize,
}

impl Quote {
    /// One with more backslashes before it belongs to what is quoted.
    const fn closes(self, c: char, slashes: usize) -> bool {
        self.mark == c && slashes <= self.slashes
    }
}

/// A sign that a value may follow, and where it stands.
struct Sign<'a> {
    text: &'a str,
    at: usize,
    mark: char,
    /// The quote that what is there stands in.
    open: Option<Quote>,
}

/// The text without what stands behind such a name, and how many were masked.
pub(super) fn mask(text: &str) -> (String, usize) {
    let (mut out, mut from, mut count) = (String::new(), 0, 0);
    let (mut open, mut slashes, mut last): (Option<Quote>, usize, char) = (None, 0, '\n');
    for (at, c) in text.char_indices() {
        match c {
            '\n' => open = None,
            '"' | '\'' if open.is_some_and(|quote| quote.closes(c, slashes)) => open = None,
            // Not that of `don't`.
            '"' | '\'' if open.is_none() && !(c == '\'' && last.is_alphanumeric()) => {
                open = Some(Quote { mark: c, slashes });
            }
            '=' | ':' | ' ' if at >= from => {
                if let Some(value) = (Sign { text, at, mark: c, open }).value() {
                    out.push_str(&text[from..value.start]);
                    out.push_str(MASK);
                    (from, count) = (value.end, count + 1);
                }
            }
            _ => {}
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        last = c;
    }
    out.push_str(&text[from..]);
    (out, count)
}

impl<'a> Sign<'a> {
    fn after(&self) -> &'a str {
        &self.text[self.at + 1..]
    }

    /// The name before it, where it says that what follows is a secret.
    fn name(&self) -> Option<&'a str> {
        let (before, sign, after) = (&self.text[..self.at], self.mark, self.after());
        // A comparison, an address.
        if after.starts_with('=') && sign == '=' || before.ends_with(['=', '!', '<', '>']) || after.starts_with("//") {
            return None;
        }
        let before = if sign == '=' { before.trim_end_matches([' ', ':', '+', '?']) } else { before };
        let before = before.trim_end_matches(['"', '\'', '\\']);
        let start = before.rfind(|c: char| !is_of_name(c));
        let start = start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let (before, name) = before.split_at(start);
        // A part of a path or of an image. The `key` of an address is none of an object.
        if before.ends_with('/') && sign != '=' || super::PLACES.contains(&name) && !before.ends_with(['?', '&']) {
            return None;
        }
        let is = match sign {
            '=' => masked::is_secret(name),
            // `--token abc`.
            ' ' => name.starts_with("--") && masked::is_secret(name) && !after.trim_start().starts_with('-'),
            // `token-service:1.2` is an image.
            _ if !after.starts_with([' ', '"', '\'', '\\', '\t']) => masked::ends_secret(name),
            _ => masked::is_plainly_secret(name),
        };
        is.then_some(name)
    }

    /// Where the secret stands that follows; none where there is nothing to hide.
    fn value(&self) -> Option<Range<usize>> {
        let name = self.name()?;
        let rest =
            self.after().trim_start_matches(|c| matches!(c, ' ' | '\t' | '\\') || (c == '>' && self.mark == '='));
        let gap = &self.after()[..self.after().len() - rest.len()];
        let slashes = gap.len() - gap.trim_end_matches('\\').len();
        let opens = |c: &char| matches!(c, '"' | '\'') && !self.open.is_some_and(|quote| quote.closes(*c, slashes));
        let quote = rest.chars().next().filter(opens).map(|mark| Quote { mark, slashes });
        let rest = &rest[usize::from(quote.is_some())..];
        // Behind a blank there may be several words.
        let spaced = self.mark != ' ' && gap.contains([' ', '\t']);
        let whole = spaced || quote.is_some() || name.to_ascii_lowercase().ends_with("authorization");
        let all = end(rest, quote.or(self.open), true);
        let length = if whole {
            all
        } else {
            let within = brackets(&rest[..all]);
            within + end(&rest[within..], self.open, false)
        };
        let value = rest[..length].trim_end_matches(['\\', ' ', '\t', '\r']);
        let nothing = matches!(value, "" | MASK | "true" | "false" | "null" | "|" | "|-" | ">" | ">-" | "{" | "[");
        let start = self.text.len() - rest.len();
        (!nothing).then(|| start..start + value.len())
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

/// How long the part in brackets is that a value begins with, to the last that closes: `{hun;ter2}`, `["a","b"]`.
fn brackets(line: &str) -> usize {
    let close = match line.chars().next() {
        Some('{') => '}',
        Some('[') => ']',
        _ => return 0,
    };
    line.rfind(close).map_or(line.len(), |at| at + 1)
}

/// Where a value ends: with the quote that it stands in, with the line, and if it is not the `whole` of that
/// with what stands between values.
fn end(rest: &str, quote: Option<Quote>, whole: bool) -> usize {
    let mut slashes = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if c == '\n' || (!whole && separates(c, &rest[at + c.len_utf8()..])) {
            return at;
        }
        if quote.is_some_and(|quote| quote.closes(c, slashes)) {
            match next {
                // `'hun''ter2'`.
                Some(next) if next == c => drop(chars.next()),
                Some(next) if next.is_alphanumeric() => {}
                _ => return at,
            }
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
    }
    rest.len()
}

/// It may as well belong to the secret, unless what follows says that it does not.
fn separates(c: char, after: &str) -> bool {
    match c {
        '&' => after.trim_start_matches(is_of_name).starts_with('=') && after.starts_with(is_of_name),
        ',' | ';' | ')' | '}' | ']' => after.is_empty() || after.starts_with(char::is_whitespace),
        _ => c.is_whitespace(),
    }
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
            ("mode=fast;DB_PASSWORD=hunter2;x=1", "mode=fast;DB_PASSWORD=••••••"),
            ("mode=fast;Pwd=hunter2", "mode=fast;Pwd=••••••"),
            ("env DB_PASS=hunter2 serve", "env DB_PASS=•••••• serve"),
            ("serve --signing-key=hunter2", "serve --signing-key=••••••"),
            ("serve --signing-key hunter2 x", "serve --signing-key •••••• x"),
            ("DB_PASS+=hunter2 x", "DB_PASS+=•••••• x"),
            ("conf/DB_PASS=hunter2 x", "conf/DB_PASS=•••••• x"),
            ("GET https://x.example/?key=hunter2&a=1", "GET https://x.example/?key=••••••&a=1"),
            // All of the value.
            ("passphrase: correct horse battery", "passphrase: ••••••"),
            ("password = correct horse; battery\nx", "password = ••••••\nx"),
            ("password=hun;ter2", "password=••••••"),
            ("password=hun,ter2&x", "password=••••••"),
            ("password=hun)t}e]r2; x", "password=••••••; x"),
            ("login(token=hunter2) x", "login(token=••••••) x"),
            (r#"password=hun"ter2 x"#, "password=•••••• x"),
            (r#"password="hun\"ter2" x"#, r#"password="••••••" x"#),
            (r#"{\"password\":\"hun\\\"ter2\",\"a\":1"#, r#"{\"password\":\"••••••\",\"a\":1"#),
            ("password: 'hun''ter2' x", "password: '••••••' x"),
            (r#"password = """hunter2""" x"#, r#"password = "••••••" x"#),
            ("'password' => 'hunter2', x", "'password' => '••••••', x"),
            ("don't password=hun'ter2 x", "don't password=•••••• x"),
            (r#"["--password=hunter2","-v"]"#, r#"["--password=••••••","-v"]"#),
            ("-H 'X-Token: hun\"ter 2' -v", "-H 'X-Token: ••••••' -v"),
            ("-H 'X-Token: ' -v", "-H 'X-Token: ' -v"),
            ("Pwd={hun ter;2};x", "Pwd=••••••"),
            ("Pwd={hun ter;2} x", "Pwd=•••••• x"),
            (r#"credentials={"a": "hunter2"} x"#, "credentials=•••••• x"),
            (r#"x "secret": {"#, r#"x "secret": {"#),
            ("password: hunter2 ••••••", "password: ••••••"),
            ("password: ••••••", "password: ••••••"),
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
