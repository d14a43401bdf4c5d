//! Why an engine did not do what it was asked for, with the next step. Its own words are Go's: they name
//! what happened last, and seldom what helps.

use crate::action::Change;
use crate::model::images::Reference;

/// A sentence for what the engine said of this change.
pub(super) fn refused(change: &Change, image: &str, code: u16, said: &str) -> String {
    let said = said.trim();
    let low = said.to_ascii_lowercase();
    let host = Reference::parse(image).map(|image| Reference::parts(&image.repository).0.to_owned());
    let host = host.unwrap_or_else(|| "its registry".to_owned());
    let has = |words: &[&str]| words.iter().any(|word| low.contains(word));
    if has(&["no space left on device", "disk quota exceeded"]) {
        return "the engine's disk is full: docker system df tells what takes room, docker system prune frees it"
            .to_owned();
    }
    if code == 404 && matches!(change, Change::RestartContainer { .. }) || has(&["no such container"]) {
        return "the container is gone: refresh the list".to_owned();
    }
    let of_registry = !matches!(change, Change::RestartContainer { .. });
    if of_registry && has(&["toomanyrequests", "too many requests", "rate limit"]) {
        return format!("{host} takes no more requests for now: {}; log in, or wait", first_line(said));
    }
    if of_registry && has(&["no such host", "connection refused", "i/o timeout", "network is unreachable", "tls: "]) {
        return format!(
            "the engine does not reach {host}: {}; look at its network or proxy, not at this machine's",
            first_line(said)
        );
    }
    if matches!(change, Change::PushImage { .. }) && has(&["does not exist locally", "no such image"]) {
        return format!("the engine has no image {image} any more: build it again");
    }
    if of_registry
        && (code == 401
            || has(&[
                "unauthorized",
                "authentication required",
                "no basic auth",
                "access denied",
                "access forbidden",
                "denied: ",
                "incorrect username",
            ]))
    {
        return match change {
            Change::PushImage { .. } => {
                format!("{host} takes no push from you: give it a login with write access in sources.registries.{host}")
            }
            _ => format!("{host} wants a login, or there is no such image: give one in sources.registries.{host}"),
        };
    }
    if of_registry && has(&["manifest unknown", "not found", "no matching manifest"]) {
        let what =
            if has(&["no matching manifest"]) { "has it for other platforms only" } else { "has nothing of that name" };
        return match change {
            Change::PullImage { .. } => format!("{host} {what}: {image}"),
            _ => format!("{}; check the names in the Dockerfile", first_line(said)),
        };
    }
    if code == 409 {
        return format!("something else is done with it just now: {}; try again in a moment", first_line(said));
    }
    if has(&["failed to read dockerfile", "cannot locate specified dockerfile", "dockerfile parse error"]) {
        return format!("{}; mend the Dockerfile", first_line(said));
    }
    first_line(said)
}

/// Go's errors may go on for pages.
fn first_line(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default().trim_end_matches(['.', ' ']);
    if line.is_empty() {
        "the engine gives no reason; look at its log".to_owned()
    } else {
        line.chars().take(300).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Name;
    use crate::model::builds::BuildPlan;
    use crate::text::Safe;

    #[test]
    fn every_refusal_has_a_sentence_with_a_next_step() {
        let restart = Change::RestartContainer { state: Safe::of("running"), started: None };
        let pull = Change::PullImage { image: Name::new("ghcr.io/acme/a:1") };
        let push = Change::PushImage { id: Safe::of("sha256:1") };
        let build = Change::BuildImage { plan: Arc::new(BuildPlan::told("ghcr.io/acme/a:1", "a", "Dockerfile", None)) };
        let table = [
            (&restart, 404, "No such container: 12ab", "the container is gone: refresh"),
            (&restart, 409, "container is marked for removal", "try again in a moment"),
            (&restart, 500, "mkdir /x: no space left on device", "docker system prune"),
            (&restart, 500, "", "look at its log"),
            (
                &pull,
                404,
                "manifest for ghcr.io/acme/a:1 not found: manifest unknown",
                "ghcr.io has nothing of that name",
            ),
            (
                &pull,
                500,
                "Get \"https://ghcr.io/v2/\": unauthorized: authentication required",
                "sources.registries.ghcr.io",
            ),
            (&pull, 0, "no matching manifest for linux/arm64 in the manifest list entries", "other platforms only"),
            (
                &pull,
                500,
                "Get \"https://ghcr.io/v2/\": dial tcp: lookup ghcr.io: no such host",
                "does not reach ghcr.io",
            ),
            (&pull, 0, "toomanyrequests: You have reached your pull rate limit", "log in, or wait"),
            (&pull, 0, "failed to register layer: write /usr/x: no space left on device", "docker system df"),
            (&push, 0, "denied: permission_denied: write_package", "login with write access"),
            (&push, 404, "An image does not exist locally with the tag: x", "build it again"),
            (&push, 401, "no basic auth credentials", "login with write access"),
            (&build, 400, "dockerfile parse error line 2: unknown instruction: RUNN", "mend the Dockerfile"),
            (
                &build,
                0,
                "pull access denied for nothing, repository does not exist or may require 'docker login'",
                "wants a login",
            ),
            (&build, 0, "The command '/bin/sh -c false' returned a non-zero code: 1", "returned a non-zero code: 1"),
        ];
        for (change, code, said, wanted) in table {
            let told = refused(change, "ghcr.io/acme/a:1", code, said);
            assert!(told.contains(wanted), "{said}: {told}");
            assert!(told.len() < 330, "{told}");
        }
    }
}
