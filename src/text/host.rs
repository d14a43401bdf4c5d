//! Addresses: what of them may be shown, and which of them never leave this machine.

/// An address without what may be a password: whatever stands before the last `@` goes, for a password
/// may hold a slash, though it should not.
#[must_use]
pub fn without_user(url: &str) -> String {
    let bare = |part: &str| part.rsplit('@').next().unwrap_or_default().to_owned();
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{}://{}", bare(scheme), bare(rest)),
        None => bare(url),
    }
}

/// A host, as it stands in a URL, that is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_an_address_that_may_be_a_password_is_left() {
        for (url, shown) in [
            ("https://ada:pw@git.example/acme", "https://git.example/acme"),
            ("https://ada:p/w@git.example", "https://git.example"),
            ("ada:pw@git.example", "git.example"),
            ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
            ("git.example", "git.example"),
        ] {
            assert_eq!(without_user(url), shown, "{url}");
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.8.0.1", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "localhost.example", "10.0.0.1", "0.0.0.0", "127.0.0.1.example", "[::2]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
