//! A server behind TLS whose certificate is right, or wrong in one way; and the authorities that
//! signed it. Everything is made anew for each test.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Reply, Request};

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    Nothing,
    Expired,
    NotYet,
    OtherHost,
    /// Nobody's but its own, as `openssl req -x509` makes it.
    SelfSigned,
}

/// Signs certificates. Whoever does not know it trusts none of them.
pub struct Authority {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut of = CertificateParams::default();
        of.distinguished_name.push(DnType::CommonName, name);
        of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { certificate: of.self_signed(&key).unwrap(), key }
    }

    /// As a file of `SSL_CERT_FILE` or a kubeconfig holds it.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(self.certificate.der());
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// The file in this folder.
    pub fn file(&self, folder: &Path) -> String {
        let path = folder.join("authority.pem");
        std::fs::write(&path, self.pem()).unwrap();
        path.display().to_string()
    }

    fn config(&self, flaw: Flaw) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let name = if flaw == Flaw::OtherHost { "other.example" } else { "127.0.0.1" };
        let mut of = CertificateParams::new(vec![name.to_owned()]).unwrap();
        match flaw {
            Flaw::Expired => {
                of.not_before = rcgen::date_time_ymd(2020, 1, 1);
                of.not_after = rcgen::date_time_ymd(2021, 1, 1);
            }
            Flaw::NotYet => of.not_before = rcgen::date_time_ymd(4000, 1, 1),
            Flaw::SelfSigned => of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Flaw::Nothing | Flaw::OtherHost => {}
        }
        let made = match flaw {
            Flaw::SelfSigned => of.self_signed(&key),
            _ => of.signed_by(&key, &self.certificate, &self.key),
        };
        let chain = vec![CertificateDer::from(made.unwrap().der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        config.with_no_client_auth().with_single_cert(chain, key).unwrap()
    }

    /// Answers each request as the closure says, with a whole reply; one request per connection.
    pub fn serve(&self, flaw: Flaw, handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> TlsServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (config, handler, ended) =
            (Arc::new(self.config(flaw)), Arc::new(handler), Arc::new(AtomicBool::new(false)));
        let of_thread = Arc::clone(&ended);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if of_thread.load(Ordering::SeqCst) {
                    return;
                }
                let (config, handler) = (Arc::clone(&config), Arc::clone(&handler));
                // A client that refuses the certificate is what this is for.
                std::thread::spawn(move || drop(answer(stream, config, &*handler)));
            }
        });
        TlsServer { url: format!("https://{address}"), ended }
    }
}

/// Ends with the test.
pub struct TlsServer {
    pub url: String,
    ended: Arc<AtomicBool>,
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that takes connections.
        let _ = TcpStream::connect(self.url.trim_start_matches("https://"));
    }
}

fn answer(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    handler: &(dyn Fn(&Request) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut tls = StreamOwned::new(connection, stream);
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = tls.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let request = Request { method, path, head, body: Vec::new(), at: tokio::time::Instant::now() };
    let Reply::Whole(status, headers, body) = handler(&request) else { return Ok(()) };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n");
    tls.write_all(format!("{head}{body}").as_bytes())?;
    tls.conn.send_close_notify();
    tls.flush()
}
