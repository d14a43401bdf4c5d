//! Probes of containers as templates write them.

use serde::Deserialize;

use super::meta::Pool;
use super::wire::{List, Obj, Text};
use crate::model::workloads::Probe;
use crate::text::Safe;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProbeWire<'a> {
    #[serde(borrow)]
    http_get: Obj<HttpWire<'a>>,
    #[serde(borrow)]
    tcp_socket: Obj<PortWire<'a>>,
    #[serde(borrow)]
    grpc: Obj<PortWire<'a>>,
    #[serde(borrow)]
    exec: Obj<ExecWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HttpWire<'a> {
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    port: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortWire<'a> {
    #[serde(borrow)]
    port: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ExecWire<'a> {
    #[serde(borrow)]
    command: List<Text<'a>>,
}

pub fn probe(kind: &'static str, container: &str, wire: &ProbeWire<'_>, pool: &mut Pool) -> Probe {
    let what = if let Some(http) = &wire.http_get.0 {
        format!("GET :{}{}", http.port.as_str(), http.path.some().unwrap_or("/"))
    } else if let Some(tcp) = &wire.tcp_socket.0 {
        format!("TCP :{}", tcp.port.as_str())
    } else if let Some(grpc) = &wire.grpc.0 {
        format!("gRPC :{}", grpc.port.as_str())
    } else if let Some(exec) = &wire.exec.0 {
        // Its arguments may be long, and may name what nobody should read here.
        format!("exec {}", exec.command.0.first().map_or("", Text::as_str))
    } else {
        "nothing known here".to_owned()
    };
    Probe { container: pool.line(container), kind, what: Safe::line(&what) }
}
