//! `.dockerignore`: which files of a context are not sent. The classic builder does not leave them out by
//! itself, so it is done while the context is packed; the rules are Docker's, the last that fits wins.

/// The rules of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// `!pattern`: it is sent all the same.
    back: bool,
    parts: Vec<String>,
}

impl Ignored {
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rules = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let line = line.trim();
            let (back, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let parts = clean(pattern);
            (!parts.is_empty()).then_some(Rule { back, parts })
        });
        Self { rules: rules.collect() }
    }

    /// Whether this path (`src/main.rs`, with `/`) stays here.
    #[must_use]
    pub fn leaves_out(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let mut out = false;
        for rule in &self.rules {
            // What fits a folder fits everything below it.
            if rule.back == out && (1..=parts.len()).any(|length| fits(&rule.parts, &parts[..length])) {
                out = !rule.back;
            }
        }
        out
    }

    /// Whether nothing below this folder can be sent: then it need not be walked.
    #[must_use]
    pub fn leaves_out_all(&self, folder: &str) -> bool {
        self.leaves_out(folder) && !self.rules.iter().any(|rule| rule.back)
    }
}

/// Without `.`, with `..` resolved, as Go's `filepath.Clean` does.
fn clean(pattern: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    parts
}

fn fits(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            fits(rest, path) || path.split_first().is_some_and(|(_, below)| fits(pattern, below))
        }
        (Some((first, rest)), Some((name, below))) => {
            let (first, name): (Vec<char>, Vec<char>) = (first.chars().collect(), name.chars().collect());
            part_fits(&first, &name) && fits(rest, below)
        }
        _ => false,
    }
}

/// One name against `*`, `?`, `[a-z]`, `\x`. Goes back to the last star only, so it costs little however
/// many there are.
fn part_fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut done, mut star) = (0, 0, None);
    while done < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, done));
            at += 1;
        } else if let Some(length) = one_fits(&pattern[at..], name[done]) {
            at += length;
            done += 1;
        } else if let Some((place, taken)) = star {
            star = Some((place, taken + 1));
            (at, done) = (place + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// How much of the pattern fits this letter.
fn one_fits(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => class(&pattern[1..], c).filter(|(holds, _)| *holds).map(|(_, length)| 1 + length),
        '\\' if pattern.len() > 1 => (pattern[1] == c).then_some(2),
        wanted => (*wanted == c).then_some(1),
    }
}

/// Whether the class that begins here holds the letter, and how long it is with its bracket.
fn class(pattern: &[char], c: char) -> Option<(bool, usize)> {
    let not = matches!(pattern.first(), Some('^' | '!'));
    let mut at = usize::from(not);
    let mut holds = false;
    let first = at;
    while let Some(&from) = pattern.get(at) {
        if from == ']' && at > first {
            return Some((holds != not, at + 1));
        }
        let to = match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(&to)) if to != ']' => {
                at += 2;
                to
            }
            _ => from,
        };
        holds |= (from..=to).contains(&c);
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_dockers() {
        let table = [
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("**/*.md", "docs/a/README.md", true),
            ("**/*.md", "README.md", true),
            ("*.md\n!README.md", "README.md", false),
            ("!README.md\n*.md", "README.md", true),
            ("node_modules", "node_modules/a/b.js", true),
            ("/target/", "target/debug/x", true),
            ("./a/../b", "b/c", true),
            ("*/temp*", "a/temporary.txt", true),
            ("*/temp*", "a/b/temporary.txt", false),
            ("temp?", "temp1", true),
            ("temp?", "temp", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[a", "a", false),
            ("# no rule\n", "# no rule", false),
            ("dir\n!dir/keep", "dir/keep", false),
            ("dir\n!dir/keep", "dir/other", true),
            ("**", "a/b", true),
            ("", "a", false),
            (".git", ".git/config", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
        ];
        for (rules, path, wanted) in table {
            assert_eq!(Ignored::parse(rules).leaves_out(path), wanted, "{rules:?} {path}");
        }
    }

    #[test]
    fn a_folder_is_walked_when_something_in_it_may_be_sent() {
        assert!(Ignored::parse("dir").leaves_out_all("dir"));
        assert!(!Ignored::parse("dir\n!dir/keep").leaves_out_all("dir"));
        assert!(!Ignored::parse("*.md").leaves_out_all("dir"));
    }
}
