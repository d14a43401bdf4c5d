//! Why a connection failed, in words: the server first, then what it did, then what to look at.
//! The libraries' own words are kept for what is not known here.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use rustls::{CertificateError, InvalidMessage};

use super::error::chain;
use super::proxy::ProxyError;

/// Names of a certificate that are told; it may have hundreds.
const NAMES: usize = 3;

/// Where the operator sets what may be wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// After "check the port": where the address is written.
    pub(super) place: &'static str,
    /// What to do about a certificate of an unknown authority.
    pub(super) authority: &'static str,
}

/// A cluster's.
pub(super) const KUBECONFIG: Setting =
    Setting { place: "in the kubeconfig", authority: "check certificate-authority-data in the kubeconfig" };

/// One line: `https://10.0.0.1:6443 refused the connection; is it running?`.
pub(super) fn sentence(server: &str, error: &(dyn StdError + 'static)) -> String {
    sentence_for(server, error, KUBECONFIG)
}

/// [`sentence`] of a server that is set elsewhere.
pub(super) fn sentence_for(server: &str, error: &(dyn StdError + 'static), setting: Setting) -> String {
    match words(error, setting) {
        Some(words) => format!("{server} {words}"),
        None => format!("{server}: {}", chain(error)),
    }
}

/// What the innermost error that is known means.
fn words(error: &(dyn StdError + 'static), setting: Setting) -> Option<String> {
    let mut known = None;
    let mut cause = Some(error);
    while let Some(inner) = cause {
        known = of_one(inner, setting).or(known);
        cause = inner.source();
    }
    known
}

fn of_one(error: &(dyn StdError + 'static), setting: Setting) -> Option<String> {
    if let Some(proxy) = error.downcast_ref::<ProxyError>() {
        return Some(proxy.to_string());
    }
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return of_tls(tls, setting);
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        // What an I/O error wraps is not among its causes.
        let wrapped = io.get_ref().and_then(|inner| words(inner, setting));
        return wrapped.or_else(|| of_io(io, setting));
    }
    // Errors whose types are private to the HTTP library.
    match error.to_string().as_str() {
        // Closed while it was asked, or in the moment before.
        "connection closed before message completed" | "connection was not ready" | "operation was canceled" => {
            of_io(&ErrorKind::UnexpectedEof.into(), setting)
        }
        // What speaks first is no web server: SSH, SMTP, FTP greet whoever comes.
        "received unexpected message from connection" => {
            Some(format!("speaks before it is asked, as SSH or SMTP does; check the port {}", setting.place))
        }
        "invalid HTTP version parsed" | "invalid HTTP status-code parsed" | "invalid HTTP header parsed" => {
            Some(format!("does not speak HTTP on this port; check the port {}", setting.place))
        }
        "proxy authorization required" => {
            Some("is behind a proxy that wants a password (407); check HTTPS_PROXY".to_owned())
        }
        _ => None,
    }
}

fn of_io(error: &io::Error, setting: Setting) -> Option<String> {
    let place = setting.place;
    if error.to_string().starts_with("failed to lookup address information") {
        return Some(format!("cannot be found: no address for its name; check the name {place}, DNS or the VPN"));
    }
    let words = match error.kind() {
        ErrorKind::ConnectionRefused => {
            return Some(format!("refused the connection; check that it runs and the port {place}"));
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            "cannot be reached: no route to it; check the network or the VPN"
        }
        ErrorKind::TimedOut => "did not take the connection in time; check the network or the VPN",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            "reset the connection; look at its log, or at the proxy in between"
        }
        ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            "closed the connection before it had answered; is it starting or stopping?"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

fn of_tls(error: &rustls::Error, setting: Setting) -> Option<String> {
    let place = setting.place;
    let of_certificate = |what: &str| Some(format!("has a certificate {what}"));
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => {
                of_certificate(&format!("of an unknown authority; {}", setting.authority))
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                of_certificate("that has expired; renew it, or check the clock here")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                of_certificate("that is not valid yet; check the clock here")
            }
            CertificateError::NotValidForName => of_certificate(&format!("for another name; check the server {place}")),
            CertificateError::NotValidForNameContext { presented, .. } => {
                of_certificate(&format!("{}; check the server {place}", other_names(presented)))
            }
            // A type of a library below; `openssl req -x509` makes such a one.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                of_certificate(&format!("that it signed itself; {}", setting.authority))
            }
            _ => None,
        },
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Some(format!("does not speak TLS on this port; check the server {place}"))
        }
        _ => None,
    }
}

/// `for other names: a, b, c and 12 more`.
fn other_names(presented: &[String]) -> String {
    let plain = |name: &String| match name.split_once("(\"") {
        // As the library prints them: `DnsName("kubernetes")`.
        Some((_, rest)) => rest.trim_end_matches("\")").to_owned(),
        None => name.clone(),
    };
    let names = presented.iter().take(NAMES).map(plain).collect::<Vec<_>>().join(", ");
    let more = match presented.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("for other names: {names}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error of a library with a cause, as they come.
    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Outer(#[source] Box<dyn StdError + Send + Sync>);

    fn io(kind: ErrorKind) -> Box<dyn StdError + Send + Sync> {
        Box::new(io::Error::from(kind))
    }

    fn tls(error: rustls::Error) -> Box<dyn StdError + Send + Sync> {
        Box::new(io::Error::new(ErrorKind::InvalidData, error))
    }

    fn certificate(error: CertificateError) -> Box<dyn StdError + Send + Sync> {
        tls(rustls::Error::InvalidCertificate(error))
    }

    #[test]
    fn every_way_to_fail_has_its_sentence() {
        let wrong_host = CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("api.example.com").unwrap().to_owned(),
            presented: (0..40).map(|n| format!("DnsName(\"name-{n}\")")).collect(),
        };
        let dns = "failed to lookup address information: Name or service not known";
        let table = [
            (io(ErrorKind::ConnectionRefused), "refused the connection"),
            (io(ErrorKind::NetworkUnreachable), "no route to it"),
            (Box::new(io::Error::other(dns)), "no address for its name"),
            (io(ErrorKind::TimedOut), "in time"),
            (io(ErrorKind::ConnectionReset), "reset the connection"),
            (io(ErrorKind::UnexpectedEof), "closed the connection"),
            (certificate(CertificateError::UnknownIssuer), "unknown authority"),
            (certificate(CertificateError::Expired), "has expired"),
            (certificate(CertificateError::NotValidYet), "not valid yet"),
            (certificate(wrong_host), "other names: name-0, name-1, name-2 and 37 more"),
            (tls(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)), "does not speak TLS"),
        ];
        let mut told = std::collections::BTreeSet::new();
        for (cause, wanted) in table {
            let said = sentence("https://10.0.0.1:6443", &Outer(cause));
            assert!(said.starts_with("https://10.0.0.1:6443 ") && said.contains(wanted), "{wanted}: {said}");
            assert!(said.len() < 200 && !said.contains("client error"), "{said}");
            assert!(told.insert(said.clone()), "two ways, one sentence: {said}");
        }
    }

    #[test]
    fn what_is_not_known_keeps_the_words_of_the_library() {
        let said = sentence("https://x", &Outer(Box::new(io::Error::other("odd"))));
        assert_eq!(said, "https://x: client error (Connect): odd");
    }
}
