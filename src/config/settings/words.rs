//! Single values of the configuration: what each must look like, and what to write instead.

use std::time::Duration;

use super::tree::{Faults, Fields, Node};
use crate::config::errors::quoted;
use crate::slo::promql;

/// What is wrong with a word and what to write.
pub(super) type Wrong = (String, Option<String>);

/// A value that passed its check, or a mistake more.
pub(super) fn checked<T>(
    node: &Node,
    name: &str,
    check: impl Fn(&str) -> Result<T, Wrong>,
    faults: &mut Faults,
) -> Option<T> {
    let word = node.word(name, faults)?;
    check(word).map_err(|(message, hint)| faults.tell(&node.at, message, hint)).ok()
}

/// The word of a field that `whose` cannot do without.
pub(super) fn needed<T>(
    fields: &Fields,
    key: &str,
    (whose, such_as): (&str, &str),
    check: impl Fn(&str) -> Result<T, Wrong>,
    faults: &mut Faults,
) -> Option<T> {
    match fields.get(key) {
        Some(node) => checked(node, key, check, faults),
        None if fields.strange => None,
        None => {
            faults.tell(fields.at, format!("{whose} has no {key}"), Some(format!("write {key}: {such_as}")));
            None
        }
    }
}

fn wrong<T>(message: impl Into<String>, hint: &str) -> Result<T, Wrong> {
    Err((message.into(), Some(hint.to_owned())))
}

/// A name of ours: of a service or an environment.
pub(super) fn name(word: &str) -> Result<String, Wrong> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if word.is_empty() || word.len() > 63 || !word.chars().all(plain) {
        return wrong(format!("{} is no name", quoted(word)), "up to 63 letters, digits, \"-\", \"_\" and \".\"");
    }
    Ok(word.to_owned())
}

/// Anything that is not empty and holds nothing invisible.
pub(super) fn text(word: &str) -> Result<String, Wrong> {
    if word.trim().is_empty() || word.chars().any(char::is_control) {
        return wrong(format!("{} is no name", quoted(word)), "something must stand here");
    }
    Ok(word.to_owned())
}

/// A namespace of Kubernetes.
pub(super) fn namespace(word: &str) -> Result<String, Wrong> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if word.is_empty() || word.len() > 63 || !word.chars().all(plain) || word.starts_with('-') || word.ends_with('-') {
        return wrong(
            format!("{} is no namespace", quoted(word)),
            "up to 63 small letters, digits and \"-\" between them",
        );
    }
    Ok(word.to_owned())
}

/// `owner/name`, or the address or folder of one that is read with the program `git`.
pub(super) fn any_repository(word: &str) -> Result<String, Wrong> {
    if let Some((scheme, rest)) = word.split_once("://") {
        let place =
            rest.split_once('/').filter(|(host, path)| !path.is_empty() && (!host.is_empty() || scheme == "file"));
        let secret = rest.split('/').next().is_some_and(|host| host.contains('@') && host.contains(':'));
        return match (scheme, place) {
            // Its text is shown, and kept nowhere safe.
            _ if scheme == "https" && secret => Err((
                "the address holds a password".to_owned(),
                Some("leave it out: git asks your credential helper".to_owned()),
            )),
            // What GitHub's API serves is asked there.
            ("https", Some(("github.com", path))) => repository(path.trim_end_matches('/').trim_end_matches(".git")),
            ("https" | "ssh" | "file", Some(_)) => Ok(word.to_owned()),
            _ => Err((
                format!("{} is no address that git is asked for", quoted(word)),
                Some("write owner/name, https://…, ssh://…, file:///… or user@host:path".to_owned()),
            )),
        };
    }
    let is_scp = word.split_once(':').is_some_and(|(host, path)| {
        let host = host.split_once('@').map_or("", |(_, host)| host);
        !word.starts_with('-') && !host.is_empty() && !host.starts_with('-') && !path.is_empty()
    });
    match word.strip_prefix("git@github.com:") {
        Some(path) => repository(path.trim_end_matches(".git")),
        None if is_scp || (word.starts_with('/') && word.len() > 1) => Ok(word.to_owned()),
        None => repository(word),
    }
}

fn is_repository(word: &str) -> bool {
    let owner = |part: &str| part.len() <= 39 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let name = |part: &str| {
        part.len() <= 100
            && !matches!(part, "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let parts = word.split_once('/');
    parts.is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty() && owner(first) && name(rest))
}

/// `owner/name`.
pub(super) fn repository(word: &str) -> Result<String, Wrong> {
    if is_repository(word) {
        return Ok(word.to_owned());
    }
    // A URL of a clone ends in both parts.
    let parts: Vec<&str> = word.trim_end_matches(".git").rsplit(['/', ':']).take(2).collect();
    let near = match parts[..] {
        [rest, first] if word.contains("://") || word.contains('@') => {
            Some(format!("{first}/{rest}")).filter(|near| is_repository(near))
        }
        _ => None,
    };
    // The text of a URL may hold a password.
    match near {
        Some(near) => {
            Err(("a repository is named by owner and name".to_owned(), Some(format!("did you mean \"{near}\"?"))))
        }
        None if word.contains('@') => wrong("this is no repository", "write owner/name, such as acme/checkout"),
        None => wrong(format!("{} is no repository", quoted(word)), "write owner/name, such as acme/checkout"),
    }
}

/// The repository of an image, without tag and digest.
pub(super) fn image(word: &str) -> Result<String, Wrong> {
    let last = word.rsplit('/').next().unwrap_or(word);
    if let Some((before, _)) = last.split_once([':', '@']) {
        let without = format!("{}{before}", &word[..word.len() - last.len()]);
        return Err((
            format!("{} names one version of an image", quoted(word)),
            Some(format!("write it without tag and digest: {}", quoted(&without))),
        ));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | '/' | ':');
    if word.is_empty() || word.starts_with('/') || word.contains("//") || !word.chars().all(plain) {
        return wrong(format!("{} is no image", quoted(word)), "such as ghcr.io/acme/checkout");
    }
    Ok(word.to_owned())
}

/// A workflow file of GitHub Actions.
pub(super) fn workflow(word: &str) -> Result<String, Wrong> {
    let file = word.strip_prefix(".github/workflows/").unwrap_or(word);
    let ends = [".yml", ".yaml"].iter().any(|end| file.strip_suffix(end).is_some_and(|stem| !stem.is_empty()));
    if !ends || file.contains('/') {
        return wrong(format!("{} is no workflow file", quoted(word)), "such as ci.yml, a file of .github/workflows");
    }
    Ok(file.to_owned())
}

/// `linux/amd64`.
pub(super) fn platform(word: &str) -> Result<String, Wrong> {
    let parts: Vec<&str> = word.split('/').collect();
    let plain = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(plain) {
        return wrong(format!("{} is no platform", quoted(word)), "such as linux/amd64 or linux/arm64");
    }
    Ok(word.to_owned())
}

/// A query that is asked once for each arm of a canary.
pub(super) fn query_of_arm(word: &str) -> Result<String, Wrong> {
    if word.trim().is_empty() {
        return wrong("the query is empty", "write PromQL with {arm} where the arm's name belongs");
    }
    if !word.contains("{arm}") {
        return wrong(
            "the query would be the same for both arms",
            "put {arm} where the name of the arm belongs, such as service=\"checkout-{arm}\"",
        );
    }
    if let Some(why) = promql::fault_of_placeholder(word) {
        return wrong(
            format!("the query is no PromQL: {}", quoted(why.lines().next().unwrap_or_default())),
            "{arm} becomes \"canary\" and \"stable\" before it is asked; try it so in Prometheus",
        );
    }
    Ok(word.to_owned())
}

/// `24h`, `1h30m`, `60s`; never nothing.
pub(super) fn duration(word: &str) -> Result<Duration, Wrong> {
    let help = "a number with its unit, such as 30s, 15m, 24h, 7d, or several: 1h30m";
    let mut rest = word;
    let mut all: Option<u64> = Some(0);
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return wrong(format!("{} is no duration", quoted(word)), help),
        };
        let Ok(number) = number.parse::<u64>() else {
            return wrong(format!("{} is no duration", quoted(word)), help);
        };
        // Big units first, each once.
        if millis >= last {
            return wrong(format!("{} is no duration", quoted(word)), help);
        }
        last = millis;
        all = all.and_then(|all| all.checked_add(number.checked_mul(millis)?));
        rest = after;
    }
    match all {
        Some(0) => wrong(format!("{} lasts no time at all", quoted(word)), help),
        Some(millis) if millis <= 366 * 86_400_000 => Ok(Duration::from_millis(millis)),
        _ => wrong(format!("{} is longer than a year", quoted(word)), help),
    }
}

/// 0 to 1.
pub(super) fn ratio(word: &str) -> Result<f64, Wrong> {
    let percent = |number: f64| format!("did you mean {}?", number / 100.0);
    if let Some(number) = word.strip_suffix('%') {
        let hint = number.trim().parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number)).map(percent);
        return Err((
            format!("{} is no ratio", quoted(word)),
            hint.or_else(|| Some("a number from 0 to 1, such as 0.80".to_owned())),
        ));
    }
    match word.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        Ok(number) if number > 1.0 && number <= 100.0 => {
            Err((format!("{} is out of range: a ratio is from 0 to 1", quoted(word)), Some(percent(number))))
        }
        Ok(_) => wrong(format!("{} is out of range", quoted(word)), "a ratio is from 0 to 1, such as 0.80"),
        Err(_) => wrong(format!("{} is no ratio", quoted(word)), "a number from 0 to 1, such as 0.80"),
    }
}

/// A small whole number.
pub(super) fn count(word: &str) -> Result<u8, Wrong> {
    match word.parse::<u8>() {
        Ok(number) if number <= 10 => Ok(number),
        _ => wrong(format!("{} is no number of people", quoted(word)), "a whole number from 0 to 10"),
    }
}

/// The name of a variable of the environment.
pub(super) fn variable(word: &str) -> Result<String, Wrong> {
    // Printed nowhere: whoever writes a token here did not mean to show it.
    if looks_secret(word) {
        return wrong("this looks like a token itself", "name the variable that holds it: { env: GITHUB_TOKEN }");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if word.is_empty() || !word.chars().all(plain) || word.starts_with(|c: char| c.is_ascii_digit()) {
        return wrong(
            "this is no name of an environment variable",
            "letters, digits and \"_\", such as { env: GITHUB_TOKEN }",
        );
    }
    Ok(word.to_owned())
}

/// Begins as tokens do.
pub(super) fn looks_secret(word: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "ghp_",
        "gho_",
        "ghs_",
        "ghu_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xox",
        "eyJ",
        "AKIA",
        "Bearer ",
        "-----BEGIN",
    ];
    BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::any_repository;

    #[test]
    fn a_repository_is_named_or_has_an_address_that_git_is_asked_for() {
        for (word, expected) in [
            ("acme/gitops", Some("acme/gitops")),
            ("https://github.com/acme/gitops.git", Some("acme/gitops")),
            ("git@github.com:acme/gitops.git", Some("acme/gitops")),
            ("https://git.example/acme/gitops.git", Some("https://git.example/acme/gitops.git")),
            ("ssh://git@git.example:7999/acme/gitops", Some("ssh://git@git.example:7999/acme/gitops")),
            ("git@git.example:acme/gitops", Some("git@git.example:acme/gitops")),
            ("file:///srv/git/gitops.git", Some("file:///srv/git/gitops.git")),
            ("/srv/git/gitops.git", Some("/srv/git/gitops.git")),
            ("https://ana:secret@git.example/acme/gitops", None),
            ("http://git.example/acme/gitops", None),
            ("ext::sh -c x", None),
            ("https://git.example", None),
            ("-oProxyCommand=x@host:path", None),
            ("x@-oProxyCommand=x:path", None),
            ("gitops", None),
            ("", None),
        ] {
            assert_eq!(any_repository(word).ok().as_deref(), expected, "{word}");
        }
    }
}
