//! Sources that nobody named: the clone one stands in, the variables and the socket that the usual
//! programs use too. Only where the configuration has no section `sources`.

use std::path::{Path, PathBuf};

use crate::config::settings::{Config, urls};
use crate::model::Name;
use crate::model::scope::{DockerSource, GitHubSource, HttpSource};
use crate::text::Safe;

/// What lies around the program when it starts.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) working: Option<PathBuf>,
    /// Where Docker's socket usually is.
    pub(crate) docker: PathBuf,
}

impl Surroundings {
    /// A variable that is set to something.
    fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Adds what was found to what is configured.
pub(crate) fn complete(config: &mut Config, around: &Surroundings) {
    let sources = &mut config.sources;
    if sources.github.as_ref().is_none_or(|github| github.repositories.is_empty())
        && let Some((url, repository)) = around.working.as_deref().and_then(|folder| remote(folder, around))
    {
        let discovered = Some(Safe::of("git remote origin"));
        let repositories = vec![Name::new(&repository)];
        match &mut sources.github {
            // The configuration says where; the clone says which.
            Some(github) if github.url == url => (github.repositories, github.discovered) = (repositories, discovered),
            Some(_) => {}
            None if config.names_sources => {}
            none => *none = Some(GitHubSource { url, token: None, repositories, discovered }),
        }
    }
    if config.names_sources {
        return;
    }
    if let Some(url) = around.variable("PROMETHEUS_URL") {
        // What is wrong with it is said by the pane: nobody wrote it for this program.
        sources.prometheus =
            Some(HttpSource { url: url.to_owned(), token: None, discovered: Some(Safe::of("PROMETHEUS_URL")) });
    }
    let docker = |host: &str, place: Safe| Some(DockerSource { host: host.to_owned(), discovered: Some(place) });
    if let Some(host) = around.variable("DOCKER_HOST") {
        sources.docker = docker(host, Safe::of("DOCKER_HOST"));
    } else if around.docker.exists() {
        let path = around.docker.display().to_string();
        sources.docker = docker(&format!("unix://{path}"), Safe::identity(&path));
    }
}

/// API and repository of the clone's remote `origin`, where it is one of GitHub.
fn remote(folder: &Path, around: &Surroundings) -> Option<(String, String)> {
    let git = folder.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let text = std::fs::read_to_string(git_config(&git)?).ok()?;
    let (host, repository) = parse(&origin(&text)?)?;
    let known =
        host == "github.com" || around.variable("GH_HOST").is_some_and(|known| known.eq_ignore_ascii_case(&host));
    // A token must not go to a host only because a clone names it.
    known
        .then(|| (urls::github(&format!("https://{host}")).ok(), repository))
        .and_then(|(url, name)| Some((url?, name)))
}

/// The configuration of a clone; a worktree's `.git` is a file that leads to it.
fn git_config(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.join("config"));
    }
    let text = std::fs::read_to_string(git).ok()?;
    let folder = git.parent()?.join(text.strip_prefix("gitdir:")?.trim());
    match std::fs::read_to_string(folder.join("commondir")) {
        Ok(common) => Some(folder.join(common.trim()).join("config")),
        Err(_) => Some(folder.join("config")),
    }
}

/// `url` of `[remote "origin"]`; the last one counts, as for git.
fn origin(text: &str) -> Option<String> {
    let mut inside = false;
    let mut url = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.replace(' ', "") == "[remote\"origin\"]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            url = Some(value.trim().trim_matches('"').to_owned());
        }
    }
    url
}

/// Host and `owner/name` of a clone's URL, however it is written.
fn parse(url: &str) -> Option<(String, String)> {
    let (authority, path) = match url.split_once("://") {
        Some(("https" | "http" | "ssh" | "git" | "git+ssh", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        // git@github.com:acme/checkout.git
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    // GitHub's ssh over the port of https.
    let host = if host == "ssh.github.com" { "github.com".to_owned() } else { host };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (owner, name) = path.split_once('/')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    (plain(owner) && plain(name) && plain(&host)).then(|| (host, format!("{owner}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remotes_of_github_are_known_however_they_are_written() {
        let table = [
            ("git@github.com:acme/checkout.git", Some(("github.com", "acme/checkout"))),
            ("https://github.com/acme/checkout", Some(("github.com", "acme/checkout"))),
            ("https://ada:ghp_secret@github.com/acme/checkout.git/", Some(("github.com", "acme/checkout"))),
            ("ssh://git@ssh.github.com:443/acme/checkout.git", Some(("github.com", "acme/checkout"))),
            ("ssh://git@github.corp.example:2222/acme/a.b_c", Some(("github.corp.example", "acme/a.b_c"))),
            ("git://GitHub.com/acme/checkout", Some(("github.com", "acme/checkout"))),
            ("/srv/git/checkout.git", None),
            ("../checkout", None),
            ("file:///srv/checkout", None),
            ("https://github.com/acme", None),
            ("https://github.com/acme/checkout/tree", None),
            ("git@github.com:../x", None),
            ("git@github.com:acme/..", None),
            ("", None),
        ];
        for (url, wanted) in table {
            let wanted = wanted.map(|(host, name)| (host.to_owned(), name.to_owned()));
            assert_eq!(parse(url), wanted, "{url}");
        }
    }

    fn around(folder: &Path, environment: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            working: Some(folder.to_path_buf()),
            docker: folder.join("docker.sock"),
        }
    }

    fn clone_of(url: &str) -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::create_dir_all(folder.path().join(".git")).unwrap();
        let text = format!(
            "[core]\n\tbare = false\n[remote \"upstream\"]\n\turl = git@github.com:other/x.git\n[remote \"origin\"]\n\turl = {url}\n\tfetch = +refs\n"
        );
        std::fs::write(folder.path().join(".git/config"), text).unwrap();
        folder
    }

    #[test]
    fn without_a_configuration_what_lies_around_is_used_and_said_to_be_discovered() {
        let clone = clone_of("git@github.com:acme/checkout.git");
        let deeper = clone.path().join("src/deep");
        std::fs::create_dir_all(&deeper).unwrap();
        std::fs::write(clone.path().join("docker.sock"), "").unwrap();
        let mut place = around(&deeper, &[("PROMETHEUS_URL", "https://prometheus.example")]);
        place.docker = clone.path().join("docker.sock");
        let mut config = Config::default();
        complete(&mut config, &place);
        let github = config.sources.github.unwrap();
        assert_eq!(github.url, "https://api.github.com");
        assert_eq!(github.repositories, [Name::new("acme/checkout")]);
        assert_eq!(github.discovered.unwrap().as_str(), "git remote origin");
        assert_eq!(config.sources.prometheus.unwrap().discovered.unwrap().as_str(), "PROMETHEUS_URL");
        assert!(config.sources.docker.unwrap().host.ends_with("/docker.sock"));
    }

    #[test]
    fn a_configuration_that_names_sources_is_the_last_word() {
        let clone = clone_of("git@github.com:acme/checkout.git");
        let place = around(clone.path(), &[("PROMETHEUS_URL", "https://x"), ("DOCKER_HOST", "tcp://127.0.0.1:1")]);
        let mut config = Config { names_sources: true, ..Config::default() };
        complete(&mut config, &place);
        assert_eq!(config.sources, crate::model::scope::Sources::default());
        // It names the host and leaves the repository to the clone.
        let github =
            |url: &str| GitHubSource { url: url.to_owned(), token: None, repositories: Vec::new(), discovered: None };
        config.sources.github = Some(github("https://api.github.com"));
        complete(&mut config, &place);
        assert_eq!(config.sources.github.unwrap().repositories, [Name::new("acme/checkout")]);
        // Another host has nothing to do with this clone.
        config.sources.github = Some(github("https://ghe.example/api/v3"));
        complete(&mut config, &place);
        assert!(config.sources.github.unwrap().repositories.is_empty());
    }

    #[test]
    fn a_host_that_is_not_known_to_be_githubs_is_not_asked() {
        let clone = clone_of("https://gitlab.com/acme/checkout.git");
        let mut config = Config::default();
        complete(&mut config, &around(clone.path(), &[]));
        assert!(config.sources.github.is_none());
        // A label of the name proves nothing: anybody may have one.
        let clone = clone_of("https://github.corp.example/acme/checkout.git");
        complete(&mut config, &around(clone.path(), &[("GH_ENTERPRISE_TOKEN", "secret")]));
        assert!(config.sources.github.is_none());
        let clone = clone_of("git@git.corp.example:acme/checkout.git");
        complete(&mut config, &around(clone.path(), &[]));
        assert!(config.sources.github.is_none());
        complete(&mut config, &around(clone.path(), &[("GH_HOST", "git.corp.example")]));
        assert_eq!(config.sources.github.unwrap().url, "https://git.corp.example/api/v3");
    }

    #[test]
    fn a_worktree_leads_to_its_clone() {
        let clone = clone_of("git@github.com:acme/checkout.git");
        let worktree = clone.path().join(".git/worktrees/two");
        std::fs::create_dir_all(&worktree).unwrap();
        std::fs::write(worktree.join("commondir"), "../..\n").unwrap();
        let other = tempfile::TempDir::new().unwrap();
        std::fs::write(other.path().join(".git"), format!("gitdir: {}\n", worktree.display())).unwrap();
        let mut config = Config::default();
        complete(&mut config, &around(other.path(), &[]));
        assert_eq!(config.sources.github.unwrap().repositories, [Name::new("acme/checkout")]);
    }
}
