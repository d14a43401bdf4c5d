//! Globs as Argo CD's projects use them (`gobwas/glob` without separators): `*` and `**` for anything, `?` for one
//! character, `[a-c]`, `[!x]`, `{one,two}`, `\` before what is meant as it stands.

/// How deep alternatives may stand in each other, and how many steps a match may take.
const DEEP: usize = 4;
const STEPS: usize = 20_000;

/// Whether all of the text is what the pattern means; a pattern that is none fits nothing.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut steps = STEPS;
    fits(&pattern, &text, 0, &mut steps)
}

fn fits(pattern: &[char], text: &[char], depth: usize, steps: &mut usize) -> bool {
    let Some(left) = steps.checked_sub(1) else { return false };
    *steps = left;
    match pattern.first() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[pattern.iter().take_while(|c| **c == '*').count()..];
            (0..=text.len()).any(|from| fits(rest, &text[from..], depth, steps))
        }
        Some('?') => !text.is_empty() && fits(&pattern[1..], &text[1..], depth, steps),
        Some('[') => match (class(&pattern[1..]), text.first()) {
            (Some((length, has)), Some(c)) => has(*c) && fits(&pattern[1 + length..], &text[1..], depth, steps),
            _ => false,
        },
        Some('{') if depth < DEEP => match alternatives(&pattern[1..]) {
            Some((length, all)) => all.iter().any(|one| {
                let whole = [*one, &pattern[1 + length..]].concat();
                fits(&whole, text, depth + 1, steps)
            }),
            None => false,
        },
        Some('\\') if pattern.len() > 1 => {
            text.first() == Some(&pattern[1]) && fits(&pattern[2..], &text[1..], depth, steps)
        }
        Some(c) => text.first() == Some(c) && fits(&pattern[1..], &text[1..], depth, steps),
    }
}

/// What stands between brackets: its length with the closing one, and which characters it means.
fn class(rest: &[char]) -> Option<(usize, impl Fn(char) -> bool + use<>)> {
    let end = rest.iter().position(|c| *c == ']').filter(|end| *end > 0)?;
    let (not, inner) = match &rest[..end] {
        ['!' | '^', inner @ ..] if !inner.is_empty() => (true, inner.to_vec()),
        inner => (false, inner.to_vec()),
    };
    let has = move |c: char| match inner.as_slice() {
        [low, '-', high] => (*low..=*high).contains(&c) != not,
        all => all.contains(&c) != not,
    };
    Some((end + 1, has))
}

/// What stands between braces, apart by its commas, and its length with the closing one.
fn alternatives(rest: &[char]) -> Option<(usize, Vec<&[char]>)> {
    let (mut depth, mut from, mut all) = (0, 0, Vec::new());
    for (at, c) in rest.iter().enumerate() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                all.push(&rest[from..at]);
                return Some((at + 1, all));
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(&rest[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_glob_fits_the_whole_name() {
        for (pattern, text, expected) in [
            ("*", "anything", true),
            ("*", "", true),
            ("**", "a/b", true),
            ("web", "web", true),
            ("web", "web-1", false),
            ("web*", "web-1", true),
            ("*-prod", "web-prod", true),
            ("*-prod", "web-prod-2", false),
            ("web-?", "web-1", true),
            ("web-?", "web-12", false),
            ("https://*.example", "https://a.b.example", true),
            ("[wx]eb", "web", true),
            ("[a-c]1", "b1", true),
            ("[!a-c]1", "b1", false),
            ("[a", "a", false),
            ("{web,api}-*", "api-1", true),
            ("{web,a{b,c}}", "ac", true),
            ("{web,api", "web", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
        }
        let slow = "*a".repeat(30);
        assert!(!glob(&slow, &"a".repeat(60).replace('a', "b")), "it ends");
    }
}
