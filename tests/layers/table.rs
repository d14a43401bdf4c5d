//! The table: which module may know which.

/// What a part of `src` may name: modules of ours, packages, and parts of the standard library it
/// must leave alone.
pub struct Layer {
    pub modules: &'static [&'static str],
    pub packages: &'static [&'static str],
    pub not_std: &'static [&'static str],
}

pub const PURE: &[&str] = &["fs", "net", "process", "thread", "env", "io", "os"];
pub const TEXT: &[&str] = &["jiff", "serde", "thiserror", "unicode_width", "unicode_segmentation"];

/// The table. `None`: not in it, so nothing may stand there.
pub fn layer(module: &[String]) -> Option<Layer> {
    let ingest = module.len() > 2 && module[2].starts_with("ingest");
    Some(match module[0].as_str() {
        "text" => Layer { modules: &["text"], packages: TEXT, not_std: PURE },
        "model" => Layer { modules: &["model", "text"], packages: TEXT, not_std: PURE },
        "clock" => Layer { modules: &["model"], packages: TEXT, not_std: PURE },
        "command" => Layer { modules: &["command", "model", "text"], packages: TEXT, not_std: PURE },
        "slo" => Layer {
            modules: &["slo", "model", "text"],
            packages: &["jiff", "promql_parser", "serde", "serde_json", "serde_yaml", "thiserror"],
            not_std: PURE,
        },
        "action" => Layer { modules: &["action", "model", "text"], packages: TEXT, not_std: PURE },
        "state" => Layer {
            modules: &["state", "slo", "action", "command", "model", "text"],
            packages: &[
                "jiff",
                "serde",
                "regex",
                "tui_textarea",
                "ratatui::layout",
                "unicode_width",
                "unicode_segmentation",
            ],
            not_std: PURE,
        },
        "update" => Layer {
            modules: &["update", "state", "slo", "action", "command", "model", "text"],
            packages: &[
                "jiff",
                "serde",
                "regex",
                "tui_textarea",
                "ratatui::layout",
                "unicode_width",
                "unicode_segmentation",
            ],
            not_std: PURE,
        },
        "config" => Layer {
            modules: &["config", "slo", "command", "model", "text"],
            packages: &["etcetera", "jiff", "rustix", "serde", "serde_yaml", "thiserror"],
            not_std: &["net", "process", "thread"],
        },
        "ui" => Layer {
            modules: &["ui", "state", "slo", "config", "action", "command", "model", "text"],
            packages: &["jiff", "ratatui", "tui_textarea", "unicode_width", "unicode_segmentation"],
            not_std: PURE,
        },
        "term" => Layer {
            modules: &["term"],
            packages: &[
                "crossterm",
                "futures",
                "ratatui",
                "rustix",
                "thiserror",
                "tokio",
                "tokio_util",
                "tracing",
                "unicode_width",
            ],
            not_std: &["net"],
        },
        "net" => Layer { modules: &["net", "clock", "model", "text"], packages: CLIENTS, not_std: &[] },
        "systems" if ingest => Layer {
            modules: &["systems", "slo", "model", "text"],
            packages: &["base64", "jiff", "serde", "serde_json", "serde_yaml", "kube", "k8s_openapi", "thiserror"],
            not_std: PURE,
        },
        "systems" => Layer {
            modules: &["systems", "net", "slo", "action", "model", "text", "clock"],
            packages: CLIENTS,
            not_std: &["fs", "process"],
        },
        "journal" => Layer {
            modules: &["journal", "action", "model", "text"],
            packages: &["jiff", "rustix", "serde", "serde_json", "thiserror", "tracing"],
            not_std: &["net", "process"],
        },
        "demo" => Layer {
            modules: &["demo", "clock"],
            packages: &[
                "async_stream",
                "axum",
                "base64",
                "flate2",
                "futures",
                "http",
                "jiff",
                "hashing",
                "promql_parser",
                "regex",
                "serde",
                "serde_json",
                "serde_yaml",
                "thiserror",
                "tokio",
                "tokio_util",
                "tracing",
            ],
            not_std: &["process"],
        },
        "app" | "cli" | "main" | "lib" => Layer { modules: ANY, packages: ANY, not_std: &[] },
        _ => return None,
    })
}

/// The folders of `systems`, one for each upstream system.
pub const SYSTEMS: &[&str] = &[
    "alertmanager",
    "argocd",
    "docker",
    "git",
    "github",
    "gitops",
    "grafana",
    "helm",
    "istio",
    "kubernetes",
    "loki",
    "notify",
    "prometheus",
    "registry",
    "rollouts",
    "rustci",
    "tekton",
];

pub const ANY: &[&str] = &["*"];
/// Clients of every kind, and nothing of the terminal, the command line or the demo's server.
pub const CLIENTS: &[&str] = &["*", "!axum", "!clap", "!color_eyre", "!crossterm", "!ratatui", "!tui_textarea"];
