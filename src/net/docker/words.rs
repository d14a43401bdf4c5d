//! What went wrong on the way to an engine: its address first, then what happened, then the next step.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use bollard::errors::Error as BollardError;

use crate::net::error::{NetError, chain};
use crate::net::failure::{Setting, sentence_for};

/// An engine's address as it is told, and where it is mended: `in DOCKER_HOST`.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) url: String,
    pub(super) place: &'static str,
}

impl At {
    /// What to look at when a port does not answer.
    fn setting(&self) -> Setting {
        Setting { place: self.place, authority: "use its socket, or a port without TLS" }
    }
}

pub(super) fn in_the_open(url: &str) -> String {
    format!(
        "{url} would be read in the open; reach it through a tunnel (ssh -L 2375:/var/run/docker.sock HOST) and name tcp://127.0.0.1:2375"
    )
}

pub(super) fn no_address(url: &str) -> String {
    let url = if url.is_empty() { "an empty word" } else { url };
    format!("{url} is no address of a Docker Engine; write unix:///var/run/docker.sock or tcp://HOST:2375")
}

pub(super) fn other_way(url: &str, scheme: &str) -> String {
    let next = match scheme {
        "https" => "an engine behind TLS is not read by this version; use its socket, or a port without TLS",
        "ssh" => "no ssh is started from here; forward its socket (ssh -L /run/user/docker.sock:/var/run/docker.sock)",
        _ => "write unix:///var/run/docker.sock or tcp://HOST:2375",
    };
    format!("{url}: {next}")
}

/// The socket could not be connected to.
pub(super) fn of_socket(at: &At, path: &Path, error: &io::Error) -> String {
    let At { url, place } = at;
    let next = match error.kind() {
        ErrorKind::NotFound => match path.parent() {
            Some(parent) if !parent.is_dir() => {
                format!("does not exist, nor does its directory; check the path {place}")
            }
            _ => "does not exist; is the Docker daemon running? (systemctl start docker)".to_owned(),
        },
        ErrorKind::PermissionDenied => {
            "may not be opened by you; add yourself to the group docker (usermod -aG docker USER) and log in again"
                .to_owned()
        }
        ErrorKind::ConnectionRefused if path.is_file() => format!("is no socket; check the path {place}"),
        ErrorKind::ConnectionRefused => {
            "is there, but nobody listens on it; the Docker daemon has stopped (systemctl restart docker)".to_owned()
        }
        ErrorKind::InvalidInput => format!("is longer than the path of a socket may be; name a shorter one {place}"),
        _ => return format!("{url} cannot be connected to: {error}; check the path {place}"),
    };
    format!("{url} {next}")
}

pub(super) fn of_tcp(at: &At, error: &(dyn StdError + 'static)) -> String {
    sentence_for(&at.url, error, at.setting())
}

/// The connection stood and broke.
pub(super) fn of_exchange(at: &At, error: &hyper::Error) -> String {
    let At { url, place } = at;
    if error.is_parse() {
        return format!("{url} answers, but not in HTTP; check the port {place}, or whether it wants TLS");
    }
    if error.is_incomplete_message() {
        return format!("{url} closed the connection before it answered; is the daemon just starting or stopping?");
    }
    sentence_for(&at.url, error, at.setting())
}

pub(super) fn unanswered(at: &At, after: Duration) -> String {
    let At { url, .. } = at;
    format!("{url} did not take the connection within {} s; check the network or the VPN", after.as_secs_f32())
}

pub(super) fn silent(at: &At, after: Duration) -> String {
    let At { url, .. } = at;
    format!(
        "{url} took the connection and did not answer within {} s; the daemon hangs, or this is no Docker Engine",
        after.as_secs_f32()
    )
}

pub(super) fn no_engine(at: &At) -> String {
    let At { url, place } = at;
    format!("{url} answers, but not as a Docker Engine does; check the address {place}")
}

/// Carries an error of ours through bollard.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Ours(NetError);

pub(super) fn into_bollard(error: NetError) -> BollardError {
    BollardError::IOError { err: io::Error::other(Ours(error)) }
}

/// What bollard says, in our words.
pub(super) fn of_bollard(at: &At, error: BollardError) -> NetError {
    let At { url, place } = at;
    match error {
        BollardError::IOError { err } => match err.get_ref().and_then(|inner| inner.downcast_ref::<Ours>()) {
            Some(Ours(ours)) => ours.clone(),
            None => NetError::Connect(sentence_for(url, &err, at.setting())),
        },
        BollardError::DockerResponseServerError { status_code: code @ (400 | 426), message }
            if message.contains("HTTPS") || message.contains("TLS") =>
        {
            let message = format!("{url} wants TLS, which this version does not speak with it; use its socket");
            NetError::Api { code, reason: String::new(), message, retry_after: None }
        }
        BollardError::DockerResponseServerError { status_code: code, message } => {
            let what = match code {
                401 | 403 => "may not be read by you".to_owned(),
                404 => format!("has no Docker API there; check the address {place}"),
                300..=399 => format!("sends elsewhere; is it a Docker Engine? check the address {place}"),
                407 => format!("is behind a proxy that wants a password; check the address {place}"),
                500.. => format!("cannot answer now: {}; look at the daemon's log", first_line(&message)),
                _ => format!("refuses: {}; check the address {place}", first_line(&message)),
            };
            NetError::Api { code, reason: String::new(), message: format!("{url} {what}"), retry_after: None }
        }
        BollardError::HyperResponseError { err } => NetError::Connect(of_exchange(at, &err)),
        BollardError::RequestTimeoutError => NetError::Connect(silent(at, Duration::from_secs(2))),
        BollardError::APIVersionParseError { .. }
        | BollardError::JsonSerdeError { .. }
        | BollardError::JsonDataError { .. }
        | BollardError::StrParseError { .. } => NetError::Connect(no_engine(at)),
        other => NetError::Connect(format!("{url}: {}", chain(&other))),
    }
}

/// An error page is HTML of any length.
fn first_line(message: &str) -> &str {
    match message.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() && line.len() < 200 && !line.starts_with('<') => line,
        _ => "it gives no reason",
    }
}
