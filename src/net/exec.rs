//! Exec credential plug-ins, run by us: kube would give them the terminal's input and its error
//! output, wait for them without end, and put their standard output, token included, in its error.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use jiff::Timestamp;
use kube::config::{AuthInfo, ExecConfig};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::text::Safe;

/// More than this from a plug-in is not a credential.
const STDOUT_LIMIT: u64 = 64 * 1024;
const STDERR_LIMIT: u64 = 8 * 1024;

/// What a plug-in answered. Holds secrets: no `Debug`.
pub(super) struct Answer {
    status: Status,
    pub(super) expires: Option<Timestamp>,
}

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Answer {
    /// The kubeconfig's user with this credential instead of the plug-in.
    pub(super) fn apply(&self, user: &AuthInfo) -> Result<AuthInfo, String> {
        // Through serde, because kube's secret type is not ours to name.
        let pem = |text: &String| base64::engine::general_purpose::STANDARD.encode(text);
        let mut fields = serde_json::Map::new();
        if let Some(token) = &self.status.token {
            fields.insert("token".to_owned(), token.trim().into());
        }
        if let (Some(certificate), Some(key)) = (&self.status.client_certificate_data, &self.status.client_key_data) {
            fields.insert("client-certificate-data".to_owned(), pem(certificate).into());
            fields.insert("client-key-data".to_owned(), pem(key).into());
        }
        let mut auth: AuthInfo = serde_json::from_value(fields.into())
            .map_err(|_| "the exec plug-in's answer does not fit a credential".to_owned())?;
        auth.impersonate.clone_from(&user.impersonate);
        auth.impersonate_uid.clone_from(&user.impersonate_uid);
        auth.impersonate_groups.clone_from(&user.impersonate_groups);
        auth.impersonate_user_extra.clone_from(&user.impersonate_user_extra);
        Ok(auth)
    }
}

/// Runs the plug-in. The error names it and quotes the last line of its error output, never its
/// standard output.
pub(super) async fn run(plugin: &ExecConfig, deadline: Duration) -> Result<Answer, String> {
    let name = plugin.command.as_deref().ok_or("the kubeconfig's exec entry names no command")?;
    let out = output(command(plugin, name), &format!("exec plug-in {name}"), deadline).await;
    let out = out.map_err(|failed| match failed {
        Failed::NotStarted(error) => {
            let hint = plugin.install_hint.as_deref().and_then(|hint| hint.trim().lines().next()).unwrap_or_default();
            format!("exec plug-in {name} did not start: {error}. Install it or mend the kubeconfig. {hint}")
                .trim_end()
                .to_owned()
        }
        Failed::Refused(said) => format!("{said}. Run it in a shell, or log in again"),
        Failed::Other(said) => said,
    })?;
    parse(name, &out)
}

/// Why a program gave nothing. Its standard output never stands here.
pub(super) enum Failed {
    NotStarted(std::io::Error),
    /// It ended with an error, which is quoted.
    Refused(String),
    Other(String),
}

/// What a program prints, up to [`STDOUT_LIMIT`], without the terminal and within the deadline; `who`
/// stands at the beginning of what is said of it.
pub(super) async fn output(command: tokio::process::Command, who: &str, deadline: Duration) -> Result<Vec<u8>, Failed> {
    fed(command, who, deadline, &[]).await
}

/// Tells a program something: `input` on its standard input. What it prints is not looked at.
pub async fn told(
    words: &[String],
    environment: &[(&str, &str)],
    input: &[u8],
    deadline: Duration,
) -> Result<(), Safe> {
    let Some((program, arguments)) = words.split_first() else { return Err(Safe::of("the command names no program")) };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).envs(environment.iter().copied());
    match fed(command, program, deadline, input).await {
        Ok(_) => Ok(()),
        Err(Failed::NotStarted(error)) => Err(Safe::line(&format!("{program} did not start: {error}"))),
        Err(Failed::Refused(said) | Failed::Other(said)) => Err(Safe::line(&said)),
    }
}

/// What a program prints.
pub async fn answered(words: &[&str], deadline: Duration) -> Result<Vec<u8>, Safe> {
    let Some((program, arguments)) = words.split_first() else { return Err(Safe::of("the command names no program")) };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments);
    match fed(command, program, deadline, &[]).await {
        Ok(printed) => Ok(printed),
        Err(Failed::NotStarted(error)) => Err(Safe::line(&format!("{program} did not start: {error}"))),
        Err(Failed::Refused(said) | Failed::Other(said)) => Err(Safe::line(&said)),
    }
}

async fn fed(
    mut command: tokio::process::Command,
    who: &str,
    deadline: Duration,
    input: &[u8],
) -> Result<Vec<u8>, Failed> {
    // Its own process group, so that the terminal's signals and questions pass it by.
    command.process_group(0).kill_on_drop(true);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Failed::NotStarted)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failed::Other(format!("{who} has no output")));
    };
    let pipe = child.stdin.take();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let group = Group(child.id());
    let finished = tokio::time::timeout(deadline, async {
        let feed = async {
            if let Some(mut pipe) = pipe {
                // Who does not read it need not.
                let _ = pipe.write_all(input).await;
            }
        };
        // A program that goes on writing meets a closed pipe, not a full one.
        let (a, b, ()) =
            tokio::join!(taken(stdout, STDOUT_LIMIT, &mut out), taken(stderr, STDERR_LIMIT, &mut err), feed);
        a.and(b)?;
        child.wait().await
    })
    .await;
    let status = match finished {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => return Err(Failed::Other(format!("{who}: {error}"))),
        Err(_) => {
            return Err(Failed::Other(format!(
                "{who} gave no answer within {} s; run it in a shell to see what it waits for",
                deadline.as_secs_f32()
            )));
        }
    };
    // What it left running on purpose (an agent that keeps a login) may stay.
    group.leave();
    if out.len() as u64 >= STDOUT_LIMIT {
        return Err(Failed::Other(format!("{who} prints more than {} KiB", STDOUT_LIMIT >> 10)));
    }
    if !status.success() {
        let said = String::from_utf8_lossy(&err);
        let said = said.trim().lines().last().unwrap_or("it said nothing").to_owned();
        return Err(Failed::Refused(format!("{who} failed ({status}): {said}")));
    }
    Ok(out)
}

/// The first bytes of a pipe, which is closed then.
async fn taken(pipe: impl tokio::io::AsyncRead + Unpin, most: u64, into: &mut Vec<u8>) -> std::io::Result<usize> {
    pipe.take(most).read_to_end(into).await
}

/// The plug-in and all it started, by its leader. Ended when dropped: at the deadline, and when
/// nobody waits for the answer any more.
struct Group(Option<u32>);

impl Group {
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(group) = leader {
            // It may have ended this moment.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

fn command(plugin: &ExecConfig, name: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(name);
    command.args(plugin.args.iter().flatten());
    for variable in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    for variable in plugin.drop_env.iter().flatten() {
        command.env_remove(variable);
    }
    let mut info = serde_json::json!({
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": { "interactive": false },
    });
    if plugin.provide_cluster_info
        && let Some(cluster) = &plugin.cluster
        && let Ok(cluster) = serde_json::to_value(cluster)
    {
        info["spec"]["cluster"] = cluster;
    }
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    command
}

fn parse(name: &str, stdout: &[u8]) -> Result<Answer, String> {
    // The parser's own words may quote the text, and with it the token.
    let wrong = || format!("exec plug-in {name} did not print an ExecCredential");
    // JSON is YAML; some plug-ins print YAML, and client-go takes it.
    let text = std::str::from_utf8(stdout).map_err(|_| wrong())?;
    let credential: ExecCredential = serde_yaml::from_str(text).map_err(|_| wrong())?;
    let status = credential.status.ok_or_else(wrong)?;
    if status.token.is_none() && status.client_certificate_data.is_none() {
        return Err(format!("exec plug-in {name} printed neither a token nor a certificate"));
    }
    let expires = match &status.expiration_timestamp {
        Some(text) => Some(text.parse().map_err(|_| format!("exec plug-in {name}: expirationTimestamp is no time"))?),
        None => None,
    };
    Ok(Answer { status, expires })
}
