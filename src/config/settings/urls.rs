//! Addresses of servers. Only `https` leaves the machine; nothing secret may stand in a URL, and one
//! that might hold something secret is never printed.

use super::words::Wrong;
use crate::config::errors::quoted;
use crate::text::is_loopback;

fn wrong<T>(message: impl Into<String>, hint: &str) -> Result<T, Wrong> {
    Err((message.into(), Some(hint.to_owned())))
}

/// A URL of http, without what no API needs. Without the slash at its end.
pub(super) fn http(word: &str) -> Result<String, Wrong> {
    let Some((scheme, rest)) = word.split_once("://") else {
        if word.contains('@') {
            return wrong("this is no URL", "such as https://prometheus.example");
        }
        let near = format!("https://{word}");
        let hint = if !word.is_empty() && http(&near).is_ok() {
            format!("did you mean {}?", quoted(&near))
        } else {
            "such as https://prometheus.example".to_owned()
        };
        return Err((format!("{} is no URL", quoted(word)), Some(hint)));
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return wrong(
            "a URL must not hold a user or a password",
            "leave them out, and name the token apart: token: { env: NAME }",
        );
    }
    if path.contains(['?', '#']) {
        return wrong("a URL must end with its path", "leave out what begins with \"?\" or \"#\"");
    }
    let host = host(authority).filter(|_| !path.contains(|c: char| c.is_whitespace() || c.is_control()));
    let Some(host) = host else {
        return wrong(format!("{} is no URL", quoted(word)), "such as https://prometheus.example:9090");
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => {
            return wrong(
                format!("{} would be read in the open", quoted(word)),
                "use https://; http:// is for this machine only (127.0.0.1, localhost)",
            );
        }
        _ => {
            return wrong(format!("{} is no URL of a web server", quoted(word)), "begin it with https://");
        }
    }
    Ok(word.trim_end_matches('/').to_owned())
}

/// The host of `host:port`, when both are well formed.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some("0"))?)
    } else {
        authority.split_once(':').unwrap_or((authority, "0"))
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    (!host.is_empty() && host.chars().all(plain) && port.parse::<u16>().is_ok()).then_some(host)
}

/// The host of a registry as images name it: `ghcr.io`, `127.0.0.1:5000`, `docker.io`.
pub(super) fn registry(word: &str) -> Result<String, Wrong> {
    let help = "such as ghcr.io, docker.io or 127.0.0.1:5000, as the images name it";
    if word.contains('@') {
        return wrong("this is no host of a registry", help);
    }
    if let Some((_, rest)) = word.split_once("://") {
        let rest = rest.trim_end_matches('/');
        let near = host(rest).map(|_| format!("did you mean {}?", quoted(rest)));
        return Err((format!("{} is an address, not a host", quoted(word)), near.or_else(|| Some(help.to_owned()))));
    }
    if host(word).is_none() || word.contains('/') {
        return wrong(format!("{} is no host of a registry", quoted(word)), help);
    }
    Ok(match word.to_ascii_lowercase().as_str() {
        "index.docker.io" | "registry-1.docker.io" | "hub.docker.com" => "docker.io".to_owned(),
        other => other.to_owned(),
    })
}

/// The base of a GitHub API: that of github.com and of an Enterprise Server has a place of its own.
pub(crate) fn github(word: &str) -> Result<String, (String, Option<String>)> {
    let url = http(word)?;
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    if rest.contains('/') {
        return Ok(url);
    }
    Ok(match rest {
        "github.com" | "www.github.com" | "api.github.com" => GITHUB.to_owned(),
        authority if host(authority).is_some_and(is_loopback) => url,
        _ => format!("{url}/api/v3"),
    })
}

/// The API of github.com.
pub(crate) const GITHUB: &str = "https://api.github.com";

/// A Docker Engine on this machine.
pub(super) fn docker(word: &str) -> Result<String, Wrong> {
    let help = "such as unix:///var/run/docker.sock, or tcp://127.0.0.1:2375 on this machine";
    match word.split_once("://") {
        Some(("unix", path)) if path.starts_with('/') && path.len() > 1 => Ok(word.to_owned()),
        Some(("unix", path)) => {
            let hint =
                format!("write the whole path: {}", quoted(&format!("unix:///{}", path.trim_start_matches('/'))));
            Err((format!("{} names no socket", quoted(word)), Some(hint)))
        }
        Some(("tcp" | "http", rest)) => {
            if rest.contains('@') {
                return wrong("a Docker host must not hold a user or a password", help);
            }
            match host(rest.trim_end_matches('/')) {
                Some(name) if is_loopback(name) => Ok(format!("tcp://{}", rest.trim_end_matches('/'))),
                Some(_) => wrong(
                    format!("{} would be read and commanded in the open", quoted(word)),
                    "reach a remote engine through a tunnel: ssh -L 2375:/var/run/docker.sock HOST",
                ),
                None => wrong(format!("{} is no address", quoted(word)), help),
            }
        }
        Some(("ssh", _)) => wrong(
            "ssh:// is not spoken",
            "reach it through a tunnel: ssh -L 2375:/var/run/docker.sock HOST, and name tcp://127.0.0.1:2375",
        ),
        _ if word.contains('@') => wrong("this is no Docker host", help),
        _ => wrong(format!("{} is no Docker host", quoted(word)), help),
    }
}
