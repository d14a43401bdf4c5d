//! The configuration: YAML in, validated settings out, everything that is wrong told at once.
//!
//! | Source | What it may say | Wins over |
//! |---|---|---|
//! | flags | cluster, namespaces, theme, keymap | all below |
//! | `QUARTERDECK_…` | anything, one value each | the files |
//! | `.quarterdeck.yaml`, upwards from the working directory | services | services of that name below |
//! | `--config PATH`, else `config.yaml` of the user's folder | anything | what is discovered |
//!
//! A file of a working directory comes with a clone and belongs to whoever wrote it: it may name
//! services, and neither servers, nor secrets, nor how much an action asks.

mod argocd;
mod catalogue;
mod clusters;
mod environments;
mod files;
mod grafana;
mod logs;
mod notify;
mod objectives;
mod overrides;
mod secret;
mod services;
mod sources;
mod tree;
mod unbuilt;
pub(crate) mod urls;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use self::objectives::Owned;
use self::tree::{Faults, Fields, Node, Origin};
use self::unbuilt::Unbuilt;
use super::errors::{ConfigErrors, quote, quoted, suggest};
use crate::model::Name;
use crate::model::images::Reference;
use crate::model::scope::{GitHubSource, Login, RegistrySource, Settings, Sources};
use crate::text::Safe;

pub use clusters::Target;
pub use unbuilt::Section;

const KEYS: [&str; 10] = [
    "version",
    "services",
    "images",
    "environments",
    "promotion",
    "budget-policy",
    "sources",
    "notify",
    "theme",
    "keymap",
];

/// What a file in a working directory may say.
const LOCAL_KEYS: [&str; 2] = ["version", "services"];

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// `--config`.
    pub file: Option<&'a Path>,
    /// The user's configuration folder.
    pub folder: Option<&'a Path>,
    /// The working directory.
    pub working: Option<&'a Path>,
    pub environment: &'a [(String, String)],
}

/// The configuration, validated.
#[derive(Debug, Default)]
pub struct Config {
    pub settings: Settings,
    /// Only what the configuration names; nothing discovered.
    pub sources: Sources,
    /// It says which sources there are, so that none is looked for.
    pub names_sources: bool,
    /// Where its environments run.
    pub targets: Vec<Target>,
    pub theme: Option<Chosen>,
    pub keymap: Option<Chosen>,
    /// Sections that are kept for systems that are not spoken to yet.
    pub unbuilt: Vec<Section>,
    /// What of the OpenSLO files may be meant otherwise; it keeps nothing from starting.
    pub warnings: ConfigErrors,
}

/// The objectives of all services, and what may be meant otherwise in their files.
#[derive(Default)]
struct Slos {
    found: Owned,
    warnings: Faults,
}

/// A theme or a keymap, and where it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub word: String,
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl Chosen {
    /// Puts the place of the choice where a loader said only which kind of file was not found.
    #[must_use]
    pub fn blame(&self, mut errors: ConfigErrors, flag: &str) -> ConfigErrors {
        for (file, error) in &mut errors.errors {
            if file == flag {
                file.clone_from(&self.file);
                (error.line, error.column) = (self.line, self.column);
            }
        }
        errors
    }
}

/// The text of a plain file of a sensible length, or why there is none.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    files::read(path)
}

/// Reads the files and the environment. Without any of them everything is empty, which is no mistake.
pub fn load(given: Given) -> Result<Config, ConfigErrors> {
    let (config, errors) = read_all(given);
    if errors.errors.is_empty() { Ok(config) } else { Err(errors) }
}

/// What could be read, and everything that is wrong with the rest.
pub fn read_all(given: Given) -> (Config, ConfigErrors) {
    let mut faults = Faults::default();
    let main = files::main(given, &mut faults);
    let mut slos = Slos::default();
    let local = files::local(given, &mut slos.warnings, &mut faults);
    let mut names: Vec<&str> = Vec::new();
    names.extend(main.as_ref().map(|(origin, _)| origin.name.as_str()));
    names.extend(local.as_ref().map(|(origin, _)| origin.name.as_str()));
    let file = (!names.is_empty()).then(|| Safe::identity(&names.join(" and ")));
    // A broken tree must not be told a second time as an empty one.
    let mut root = main.as_ref().and_then(|(origin, text)| tree::read(text, origin, &mut faults));
    if let (Some((origin, _)), None, true) = (&main, &root, faults.is_empty()) {
        empty(origin, &mut faults);
    }
    let beside = local.as_ref().and_then(|(origin, text)| tree::read(text, origin, &mut faults));
    if let Some(root) = &root {
        version(root, &mut faults);
    }
    overrides::apply(&mut root, given.environment, given.working.unwrap_or(Path::new("")), &mut faults);
    let mut config = Config::default();
    let mut unbuilt = Unbuilt::default();
    if let Some(fields) = root.as_ref().and_then(|root| root.fields("configuration", &KEYS, &mut faults)) {
        read(&fields, &mut config, &mut slos, &mut unbuilt, &mut faults);
    }
    let own = images_of(&config);
    if let Some(root) = &beside {
        version(root, &mut faults);
        merge(root, &mut config, &mut slos, &mut faults);
    }
    config.sources.objectives = slos.found.into_iter().map(|(_, spec)| spec).collect();
    config.warnings = slos.warnings.into_errors();
    repositories(&mut config);
    images(&mut config, &own);
    config.targets = clusters::of(&config.settings.environments);
    config.unbuilt = unbuilt.sections;
    config.settings.file = file;
    (config, faults.into_errors())
}

fn empty(origin: &Arc<Origin>, faults: &mut Faults) {
    let at = tree::At { origin: Arc::clone(origin), line: 1, column: 1 };
    faults.tell(&at, "the file is empty", Some("begin it with version: 1".to_owned()));
}

/// `version: 1`, of every file.
fn version(root: &Node, faults: &mut Faults) {
    let tree::What::Map(entries) = &root.what else { return };
    match entries.iter().find(|entry| entry.key == "version") {
        None => faults.tell(&root.at, "the version is missing", Some("begin the file with version: 1".to_owned())),
        Some(entry) => {
            if let Some(word) = entry.value.word("version", faults)
                && word != "1"
            {
                let hint = Some("this program reads version 1".to_owned());
                faults.tell(&entry.value.at, format!("unknown version {}", quoted(word)), hint);
            }
        }
    }
}

fn read(fields: &Fields, config: &mut Config, slos: &mut Slos, unbuilt: &mut Unbuilt, faults: &mut Faults) {
    if let Some(node) = fields.get("services") {
        for read in services::read(node, faults) {
            objectives::read(&read, &mut slos.found, &mut slos.warnings, faults);
            config.settings.services.push(read.service);
        }
    }
    if let Some(node) = fields.get("images") {
        config.settings.catalogue = catalogue::read(node, faults);
    }
    if let Some(node) = fields.get("environments") {
        config.settings.environments = environments::read(node, unbuilt, faults);
    }
    if let Some(node) = fields.get("promotion") {
        config.settings.promotion =
            environments::promotion(node, &config.settings.environments, &mut slos.warnings, faults);
    }
    if let Some(entry) = fields.entry("budget-policy") {
        environments::budget_policy(entry, unbuilt, faults);
    }
    if let Some(node) = fields.get("sources") {
        config.names_sources = true;
        (config.sources, config.settings.grafana) = sources::read(node, unbuilt, faults);
        config.settings.logs_by_cluster =
            config.sources.loki.as_ref().is_some_and(|loki| loki.labels.cluster.is_some());
    }
    if let Some(entry) = fields.entry("notify") {
        config.settings.hooks = notify::read(entry, unbuilt, faults);
    }
    config.theme = chosen(fields, "theme", faults);
    config.keymap = chosen(fields, "keymap", faults);
}

fn chosen(fields: &Fields, key: &str, faults: &mut Faults) -> Option<Chosen> {
    let node = fields.get(key)?;
    let mut word = words::checked(node, key, words::text, faults)?;
    // A path begins where the file lies, not where the program was started.
    if word.contains('/') {
        word = node.at.origin.folder.join(&word).display().to_string();
    }
    Some(Chosen { word, file: node.at.origin.name.clone(), line: node.at.line, column: node.at.column })
}

/// Adds the services of the working directory; one of a name that is known already takes its place.
fn merge(root: &Node, config: &mut Config, slos: &mut Slos, faults: &mut Faults) {
    if let tree::What::Map(entries) = &root.what {
        for entry in entries.iter().filter(|entry| !LOCAL_KEYS.contains(&entry.key.as_str())) {
            let message = format!("{} does not belong in a file of a working directory", quoted(&entry.key));
            let hint = if KEYS.contains(&entry.key.as_str()) {
                "it may name services only; put this into config.yaml of your own folder".to_owned()
            } else {
                suggest(&entry.key, LOCAL_KEYS.into_iter())
            };
            faults.tell(&entry.at, message, Some(hint));
        }
    }
    // What does not belong is told above, with a better word than "unknown".
    let mut scratch = Faults::default();
    let Some(fields) = root.fields("file", &LOCAL_KEYS, &mut scratch) else {
        faults.tell(&root.at, "services are expected here", Some("begin it with version: 1".to_owned()));
        return;
    };
    let Some(node) = fields.get("services") else { return };
    for read in services::read(node, faults) {
        objectives::read(&read, &mut slos.found, &mut slos.warnings, faults);
        let all = &mut config.settings.services;
        match all.iter_mut().find(|service| service.name == read.service.name) {
            Some(service) => *service = read.service,
            None => all.push(read.service),
        }
    }
}

/// Whoever names repositories wants to see them, also without a section for GitHub.
fn repositories(config: &mut Config) {
    let mut all: Vec<_> = config.settings.services.iter().filter_map(|service| service.repository.clone()).collect();
    all.extend(config.settings.catalogue.iter().map(|image| image.repository.clone()));
    let mut seen = Vec::new();
    all.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    if all.is_empty() {
        return;
    }
    let github = config.sources.github.get_or_insert_with(|| GitHubSource {
        url: urls::GITHUB.to_owned(),
        token: None,
        repositories: Vec::new(),
        discovered: None,
    });
    github.repositories = all;
}

/// Registries that everybody knows.
const PUBLIC: [&str; 6] = ["docker.io", "ghcr.io", "quay.io", "gcr.io", "public.ecr.aws", "registry.gitlab.com"];

fn images_of(config: &Config) -> BTreeSet<Name> {
    let built = config.settings.catalogue.iter().map(|entry| entry.image.clone());
    config.settings.services.iter().flat_map(|service| service.images.clone()).chain(built).collect()
}

/// Whoever names images wants to see them, also where nobody is named to their registry. A file of a
/// working directory names no servers: its images are looked at where the user's own file (`own`) or
/// everybody goes.
fn images(config: &mut Config, own: &BTreeSet<Name>) {
    let all = images_of(config);
    let registries = &mut config.sources.registries;
    for image in all {
        let host = Reference::parts(image.raw()).0.to_owned();
        let known = own.contains(&image) || PUBLIC.contains(&host.as_str());
        if !known && registries.iter().all(|source| source.host != host) {
            continue;
        }
        match registries.iter_mut().find(|source| source.host == host) {
            Some(source) => source.repositories.push(image),
            None => registries.push(RegistrySource {
                host,
                url: None,
                login: Login::Anonymous,
                repositories: vec![image],
                discovered: None,
            }),
        }
    }
    registries.sort_by(|a, b| a.host.cmp(&b.host));
}

/// The place of a file as it is shown.
fn shown(path: &Path) -> String {
    quote(&path.display().to_string())
}
