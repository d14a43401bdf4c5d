//! Inputs whose values nobody else should read: known by their names, since GitHub marks none.

use super::Name;

/// What the name of an input says that its value must not be seen: words that hold a secret anywhere in
/// it, `key` as a word of its own.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 7] = ["token", "password", "passwd", "passphrase", "secret", "credential", "apikey"];
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        // `apiKey`: a capital begins a word.
        if !c.is_alphanumeric() || (c.is_uppercase() && small) {
            words.push(String::new());
        }
        small = c.is_lowercase();
        words.last_mut().into_iter().filter(|_| c.is_alphanumeric()).for_each(|word| word.extend(c.to_lowercase()));
    }
    let whole = words.concat();
    PARTS.iter().any(|part| whole.contains(part)) || words.iter().any(|word| word == "key" || word == "keys")
}

/// As the journal keeps the value of an input: of a secret only that there was one.
#[must_use]
pub fn kept(name: &Name, value: &Name) -> String {
    let hidden = is_secret(name.raw()) && !value.raw().is_empty();
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
}
