//! Which names a source mentions, and whether they may stand there.

use std::collections::BTreeSet;

use super::table::{Layer, SYSTEMS};

/// Why this path may not stand here, if so.
pub fn forbidden(
    layer: &Layer,
    here: &[String],
    path: &[String],
    modules: &BTreeSet<String>,
    packages: &BTreeSet<String>,
) -> Option<&'static str> {
    let may = |list: &[&str], name: &str| {
        (list.contains(&"*") && !list.contains(&format!("!{name}").as_str())) || list.contains(&name)
    };
    let second = path.get(1).map_or("", String::as_str);
    match path[0].as_str() {
        "crate" if second == "systems" && here[0] == "systems" => {
            // Another system's folder: `systems::X::…` where X is a folder that is not ours.
            let other = path.get(2).is_some_and(|system| {
                SYSTEMS.contains(&system.as_str())
                    // The files beside the folders are the table of all systems.
                    && here.get(1).is_some_and(|own| SYSTEMS.contains(&own.as_str()) && own != system)
            });
            other.then_some("is another system")
        }
        "crate" => {
            (modules.contains(second) && !may(layer.modules, second)).then_some("is not a layer this one may see")
        }
        "std" => layer.not_std.contains(&second).then_some("does input or output"),
        package if packages.contains(package) => {
            let part = format!("{package}::{second}");
            (!may(layer.packages, package) && !layer.packages.contains(&part.as_str()))
                .then_some("is a package this layer may not use")
        }
        _ => None,
    }
}

/// Every path in a file that starts at the crate, the standard library or a package, with its
/// line; `super` resolved, groups taken apart.
pub fn paths(text: &str, here: &[String], packages: &BTreeSet<String>) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let (line, token) = &tokens[at];
        match token.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.retain(|(_, opened)| *opened <= depth);
            }
            "mod" if tokens.get(at + 2).is_some_and(|(_, token)| token == "{") => {
                inline.push((tokens[at + 1].1.clone(), depth + 1));
            }
            start if at == 0 || tokens[at - 1].1 != "::" => {
                let begins = start == "crate" || start == "std" || start == "super" || packages.contains(start);
                if begins && tokens.get(at + 1).is_some_and(|(_, token)| token == "::") {
                    let mut module = here.to_vec();
                    module.extend(inline.iter().map(|(name, _)| name.clone()));
                    for path in expand(&tokens, at).0 {
                        found.push((*line, resolve(&module, path)));
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// `super::super::x` seen from `module` → `crate::…::x`.
pub fn resolve(module: &[String], path: Vec<String>) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    if ups == 0 {
        return path;
    }
    let mut absolute = vec!["crate".to_owned()];
    absolute.extend(module.iter().take(module.len().saturating_sub(ups)).cloned());
    absolute.extend(path.into_iter().skip(ups));
    absolute
}

/// The paths that begin at a token, groups taken apart, and where they end.
pub fn expand(tokens: &[(usize, String)], mut at: usize) -> (Vec<Vec<String>>, usize) {
    let mut path = Vec::new();
    loop {
        match tokens.get(at).map(|(_, token)| token.as_str()) {
            Some("{") => {
                let mut all = Vec::new();
                at += 1;
                while let Some((_, token)) = tokens.get(at) {
                    match token.as_str() {
                        "}" => return (all, at + 1),
                        "," => at += 1,
                        _ => {
                            let (inner, end) = expand(tokens, at);
                            all.extend(inner.into_iter().map(|inner| [path.clone(), inner].concat()));
                            at = end.max(at + 1);
                        }
                    }
                }
                return (all, at);
            }
            Some(part) if part == "*" || is_word(part) => path.push(part.to_owned()),
            _ => return (vec![path], at),
        }
        at += 1;
        if tokens.get(at).is_none_or(|(_, token)| token != "::") {
            return (vec![path], at);
        }
        at += 1;
    }
}

pub fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Words and the signs that paths are made of, with their lines; no comments, no strings.
pub fn tokens(text: &str) -> Vec<(usize, String)> {
    let letters: Vec<char> = text.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    let next = |at: usize| letters.get(at + 1).copied().unwrap_or(' ');
    while at < letters.len() {
        match letters[at] {
            '\n' => line += 1,
            '/' if next(at) == '/' => {
                while at + 1 < letters.len() && letters[at + 1] != '\n' {
                    at += 1;
                }
            }
            '/' if next(at) == '*' => {
                while at + 1 < letters.len() && !(letters[at] == '*' && letters[at + 1] == '/') {
                    line += usize::from(letters[at] == '\n');
                    at += 1;
                }
                at += 1;
            }
            'r' if raw_string(&letters, at).is_some() => {
                let end = raw_string(&letters, at).unwrap();
                line += letters[at..end].iter().filter(|letter| **letter == '\n').count();
                at = end - 1;
            }
            '"' => {
                at += 1;
                while at < letters.len() && letters[at] != '"' {
                    line += usize::from(letters[at] == '\n');
                    at += 1 + usize::from(letters[at] == '\\');
                }
            }
            // A character, not a lifetime: 'x' or '\…'.
            '\'' if next(at) == '\\' || letters.get(at + 2) == Some(&'\'') => {
                at += 2;
                while at < letters.len() && letters[at] != '\'' {
                    at += 1;
                }
            }
            ':' if next(at) == ':' => {
                found.push((line, "::".to_owned()));
                at += 1;
            }
            sign @ ('{' | '}' | ',' | '*' | ';') => found.push((line, sign.to_string())),
            first if first == '_' || first.is_alphanumeric() => {
                let start = at;
                while at + 1 < letters.len() && (letters[at + 1] == '_' || letters[at + 1].is_alphanumeric()) {
                    at += 1;
                }
                found.push((line, letters[start..=at].iter().collect()));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where a raw string that begins at `at` ends, if one does.
pub fn raw_string(letters: &[char], at: usize) -> Option<usize> {
    if at > 0 && (letters[at - 1] == '_' || letters[at - 1].is_alphanumeric()) && letters[at - 1] != 'b' {
        return None;
    }
    let hashes = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(at + 1 + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + 2 + hashes;
    while end < letters.len() {
        if letters[end] == '"'
            && letters[end + 1..].iter().take(hashes).filter(|letter| **letter == '#').count() == hashes
        {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    None
}
