//! Lists and tables as a line in which they are typed: whatever they hold, the line gives it back.

/// A character, and whether it stands behind a backslash.
type Letter = (char, bool);

/// What stands between the commas. A backslash takes its meaning from a comma, a blank, `=`, `"` and
/// another backslash; before anything else it is a backslash.
fn parts(typed: &str) -> Vec<Vec<Letter>> {
    let mut all = Vec::new();
    let mut part = Vec::new();
    let mut chars = typed.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next_if(|next| matches!(next, ',' | '=' | '"' | '\\') || next.is_whitespace()) {
                Some(next) => part.push((next, true)),
                None => part.push((c, false)),
            },
            ',' => all.push(std::mem::take(&mut part)),
            c => part.push((c, false)),
        }
    }
    all.push(part);
    all
}

/// Without the blanks around it; one behind a backslash is none of them.
fn trimmed(part: &[Letter]) -> String {
    let blank = |(c, meant): &Letter| c.is_whitespace() && !meant;
    let from = part.iter().position(|letter| !blank(letter)).unwrap_or(part.len());
    let to = part.iter().rposition(|letter| !blank(letter)).map_or(from, |at| at + 1);
    part.get(from..to).unwrap_or_default().iter().map(|(c, _)| *c).collect()
}

/// The items of a list as it is typed; an item that is empty is written `""`.
#[must_use]
pub fn pieces(typed: &str) -> Vec<String> {
    let item = |part: Vec<Letter>| {
        let text = trimmed(&part);
        let meant = part.iter().any(|(_, meant)| *meant);
        match text.as_str() {
            "" => None,
            EMPTY if !meant => Some(String::new()),
            _ => Some(text),
        }
    };
    parts(typed).into_iter().filter_map(item).collect()
}

const EMPTY: &str = "\"\"";

/// `key=value` of such a list; what is none is left out.
#[must_use]
pub fn pairs(typed: &str) -> Vec<(String, String)> {
    let pair = |part: Vec<Letter>| {
        let at = part.iter().position(|letter| *letter == ('=', false))?;
        Some((trimmed(part.get(..at)?), trimmed(part.get(at + 1..)?)))
    };
    parts(typed).into_iter().filter_map(pair).collect()
}

/// A list as it is typed: [`pieces`] gives back the same items.
#[must_use]
pub fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let item = |item: &str| match item {
        "" => EMPTY.to_owned(),
        EMPTY => "\\\"\\\"".to_owned(),
        item => escaped(item, false),
    };
    items.map(item).collect::<Vec<_>>().join(", ")
}

/// The same of an object: [`pairs`] gives back the same keys and values.
#[must_use]
pub fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let row = |(key, value)| format!("{}={}", escaped(key, true), escaped(value, false));
    rows.map(row).collect::<Vec<_>>().join(", ")
}

fn escaped(text: &str, key: bool) -> String {
    let (from, to) = (text.len() - text.trim_start().len(), text.trim_end().len());
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let edge = c.is_whitespace() && (at < from || at >= to);
        // A blank in the middle may stand behind a backslash of the text, which is then told apart.
        if matches!(c, ',' | '\\') || edge || (key && c == '=') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever an item may be made of.
    const ODD: [&str; 22] = [
        "a",
        "",
        " ",
        "  a b  ",
        "a,b",
        ",",
        "\\",
        "\\\\",
        "a\\",
        "\\,",
        "\\ a",
        "a \\ ",
        "\"",
        "\"\"",
        "\"a, b\"",
        "\\\"",
        "key=value",
        "=",
        "größe 雪 🚀\u{301}",
        "\u{a0}a\u{3000}",
        "\ttab\t",
        "two\nlines\n",
    ];

    #[test]
    fn whatever_an_array_holds_is_what_comes_of_the_text_for_it() {
        assert_eq!((list([].into_iter()), pieces("")), (String::new(), Vec::new()));
        for one in ODD {
            assert_eq!(pieces(&list([one].into_iter())), [one], "{one:?} as {:?}", list([one].into_iter()));
            for other in ODD {
                let typed = list([one, other, one].into_iter());
                assert_eq!(pieces(&typed), [one, other, one], "{typed:?}");
            }
        }
        assert_eq!(pieces(&list(ODD.into_iter())), ODD);
    }

    #[test]
    fn whatever_an_object_holds_is_what_comes_of_the_text_for_it() {
        assert_eq!((table([].into_iter()), pairs("")), (String::new(), Vec::new()));
        for key in ODD {
            for value in ODD {
                let typed = table([(key, value), ("z", key)].into_iter());
                let wanted = [(key, value), ("z", key)].map(|(key, value)| (key.to_owned(), value.to_owned()));
                assert_eq!(pairs(&typed), wanted, "{typed:?}");
            }
        }
    }

    #[test]
    fn what_people_type_is_taken_as_they_mean_it() {
        for (typed, wanted) in [
            ("a, b ,c", &["a", "b", "c"][..]),
            ("a,,b,", &["a", "b"]),
            (" ", &[]),
            ("\"\"", &[""]),
            ("a, \"\", b", &["a", "", "b"]),
            ("\\\"\\\"", &["\"\""]),
            ("C:\\dir\\file", &["C:\\dir\\file"]),
            ("a\\,b", &["a,b"]),
            ("\\ a", &[" a"]),
            ("say \"hi\"", &["say \"hi\""]),
            ("a\\", &["a\\"]),
        ] {
            assert_eq!(pieces(typed), wanted, "{typed:?}");
        }
        let rows =
            |typed: &str| pairs(typed).into_iter().map(|(key, value)| format!("{key}|{value}")).collect::<Vec<_>>();
        assert_eq!(rows("a = 1, b=x=y, c=, d, e\\=f=g"), ["a|1", "b|x=y", "c|", "e=f|g"]);
    }
}
