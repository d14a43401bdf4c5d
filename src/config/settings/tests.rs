//! What is read, and what is said of what cannot be read.

use std::path::Path;

use tempfile::TempDir;

use super::{Config, Given, load};
use crate::model::Name;
use crate::model::scope::{OnFindings, Protection, SecretSource};

mod broken;
mod registries;

/// A folder with a configuration in it, and the files that it names.
fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir_all(folder.path().join("slo")).unwrap();
    std::fs::write(folder.path().join("slo/checkout.yaml"), SLO).unwrap();
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    folder
}

fn of(folder: &Path, environment: &[(&str, &str)]) -> Result<Config, String> {
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(Given { file: None, folder: Some(folder), working: None, environment: &environment })
        // The folder's name is another one every time.
        .map_err(|errors| errors.to_string().replace(&format!("{}/", folder.display()), ""))
}

fn read(text: &str) -> Result<Config, String> {
    of(folder(text).path(), &[])
}

fn told(text: &str) -> String {
    read(text).map(|_| ()).expect_err(text)
}

const SLO: &str = "apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout-availability }
spec:
  service: checkout
  indicator:
    metadata: { name: ratio }
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: { query: 'sum(rate(http_requests_total{code!~\"5..\"}[{{.window}}]))' }
        total:
          metricSource:
            type: Prometheus
            spec: { query: 'sum(rate(http_requests_total[{{.window}}]))' }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
";

/// The whole example of the product's description.
const EXAMPLE: &str = "version: 1
services:
  - name: checkout
    repo: acme/checkout
    images: [ghcr.io/acme/checkout]
    pipelines:
      - { github: ci-cd-pipeline.yml }
      - { tekton: build-and-test, namespace: ci-cd }
    platforms: [linux/amd64, linux/arm64]
    slos: [slo/checkout.yaml]                  # OpenSLO; Sloth, Pyrra and Grafana rules are discovered
    canary: { errors: 'rate(errors_of_{arm}[5m])', latency: 'rate(errors_of_{arm}[5m])' }   # where the analysis templates do not say
environments:
  - name: staging
    cluster: eks-staging                       # kubeconfig context, pinned at start
    namespace: staging
    argocd: app-staging
    gitops: { repo: acme/gitops, path: k8s/overlays/staging, branch: main, write: commit }
  - name: prod
    cluster: eks-prod
    namespace: production
    argocd: app-prod
    gitops: { repo: acme/gitops, path: k8s/overlays/prod, branch: main, write: pull-request }
    protection: typed-name                     # none | confirm | typed-name
    gates: { soak: 24h, budget-floor: 0.20, approvals: 1 }
promotion: [dev, staging, canary, prod]
budget-policy: { critical: 0.80, critical-action: propose, emergency: 0.95, emergency-action: rollback, veto: 60s }
sources:
  github: { token: { command: [gh, auth, token] } }        # url: for GitHub Enterprise Server (or a test server)
  prometheus: { url: https://prometheus.example }
  alertmanager: { url: https://alertmanager.example }
notify: [ { slack: { url: { env: SLACK_WEBHOOK } }, on: [promoted, rolled-back, waiting] } ]
theme: deck
keymap: default
";

#[test]
fn the_whole_example_is_read() {
    let config = read(EXAMPLE).unwrap_or_else(|errors| panic!("{errors}"));
    let service = &config.settings.services[0];
    assert_eq!(service.repository.as_ref().unwrap().raw(), "acme/checkout");
    assert_eq!(service.workflows.iter().map(Name::raw).collect::<Vec<_>>(), ["ci-cd-pipeline.yml"]);
    let pipeline = &service.tekton[0];
    assert_eq!(pipeline.pipeline.raw(), "build-and-test");
    assert_eq!(pipeline.namespace.as_ref().map(Name::raw), Some("ci-cd"));
    assert_eq!(service.canary.errors.as_deref(), Some("rate(errors_of_{arm}[5m])"));
    let protection: Vec<_> = config.settings.environments.iter().map(|environment| environment.protection).collect();
    assert_eq!(protection, [None, Some(Protection::TypedName)]);
    assert_eq!(config.settings.promotion.len(), 4);
    let github = config.sources.github.as_ref().unwrap();
    assert_eq!(github.url, "https://api.github.com");
    assert_eq!(github.repositories.len(), 1);
    let command = ["gh", "auth", "token"].map(str::to_owned).to_vec();
    assert_eq!(github.token, Some(SecretSource::Command(command)));
    assert_eq!(config.sources.prometheus.as_ref().unwrap().url, "https://prometheus.example");
    let targets: Vec<_> = config.targets.iter().map(|target| target.context.as_deref()).collect();
    assert_eq!(targets, [Some("eks-staging"), Some("eks-prod")]);
    let theme = config.theme.as_ref().unwrap();
    assert_eq!((theme.word.as_str(), theme.line), ("deck", 32));
    assert!(config.settings.file.as_ref().unwrap().as_str().ends_with("config.yaml"));
    let kept: Vec<String> = config
        .unbuilt
        .iter()
        .map(|section| format!("{} {}", section.name, section.place.rsplit('/').next().unwrap()))
        .collect();
    insta::assert_snapshot!(kept.join("\n"), @r"
    environments[].argocd config.yaml:16
    environments[].gitops.write config.yaml:17
    environments[].gates config.yaml:24
    budget-policy config.yaml:26
    sources.alertmanager config.yaml:30
    notify[].slack config.yaml:31
    ");
}

#[test]
fn no_file_is_no_mistake_and_says_nothing() {
    let empty = TempDir::new().unwrap();
    let config = of(empty.path(), &[]).unwrap();
    assert_eq!(config.settings.file, None);
    assert!(!config.names_sources);
    // A file that names no sources leaves them to discovery, one that names them, even none, does not.
    assert!(!read("version: 1\ntheme: light\n").unwrap().names_sources);
    assert!(read("version: 1\nsources: {}\n").unwrap().names_sources);
}

#[test]
fn the_environment_wins_over_the_file() {
    let folder =
        folder("version: 1\nservices: [{ name: checkout }]\nsources: { prometheus: { url: https://a.example } }\n");
    let config = of(
        folder.path(),
        &[
            ("QUARTERDECK_SOURCES__PROMETHEUS__URL", "https://b.example"),
            ("QUARTERDECK_SOURCES__GITHUB__TOKEN", "{ env: TOKEN }"),
            ("QUARTERDECK_BUDGET_POLICY__CRITICAL_ACTION", "propose"),
            ("QUARTERDECK_SERVICES__0__REPO", "acme/checkout"),
            ("QUARTERDECK_THEME", "light"),
            ("QUARTERDECK_LOG", "debug"),
        ],
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.sources.prometheus.unwrap().url, "https://b.example");
    let github = config.sources.github.unwrap();
    assert_eq!(github.token, Some(SecretSource::Env("TOKEN".to_owned())));
    assert_eq!(github.repositories[0].raw(), "acme/checkout");
    assert_eq!(config.theme.unwrap().word, "light");
    // Without a file too.
    let none = TempDir::new().unwrap();
    let config = of(none.path(), &[("QUARTERDECK_SERVICES__0__NAME", "checkout")]).unwrap();
    assert_eq!(config.settings.services[0].name.raw(), "checkout");
}

#[test]
fn a_variable_that_nobody_reads_is_refused() {
    let none = TempDir::new().unwrap();
    let errors =
        of(none.path(), &[("QUARTERDECK_THEM", "light"), ("QUARTERDECK_LOG", "debug"), ("QUARTERDECK_LAB", "lab")]);
    let errors = errors.map(|_| ()).unwrap_err();
    assert!(errors.contains("$QUARTERDECK_THEM: unknown key \"them\"; did you mean \"theme\"?"), "{errors}");
    assert!(!errors.contains("LOG") && !errors.contains("LAB"), "{errors}");
}

#[test]
fn what_the_environment_says_wrong_is_told_with_its_name() {
    let folder = folder("version: 1\nservices: [{ name: checkout }]\n");
    let errors = of(
        folder.path(),
        &[
            ("QUARTERDECK_SOURCES__PROMETHEUS__URL", "prometheus.example"),
            ("QUARTERDECK_SOURCES__PROMETHEUS__TOKEN", "s3cr3t"),
            ("QUARTERDECK_SOURCE__GITHUB__URL", "https://x.example"),
            ("QUARTERDECK_SERVICES__7__REPO", "acme/checkout"),
            ("QUARTERDECK_SOURCES____URL", "x"),
        ],
    );
    let errors = errors.map(|_| ()).unwrap_err();
    assert!(!errors.contains("s3cr3t"), "{errors}");
    insta::assert_snapshot!(errors, @r#"
    $QUARTERDECK_SERVICES__7__REPO: the list has no such item: count from 0, up to 1 for a new one
    $QUARTERDECK_SOURCES__PROMETHEUS__TOKEN: a secret must not stand here; take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }
    $QUARTERDECK_SOURCES__PROMETHEUS__URL: "prometheus.example" is no URL; did you mean "https://prometheus.example"?
    $QUARTERDECK_SOURCES____URL: a part of its name is empty; two underscores go one level down, such as QUARTERDECK_SOURCES__GITHUB__URL
    $QUARTERDECK_SOURCE__GITHUB__URL: unknown key "source"; did you mean "sources"?
    "#);
}

#[test]
fn a_file_of_the_working_directory_adds_services_and_nothing_else() {
    let home =
        folder("version: 1\nservices:\n  - { name: checkout, repo: acme/old }\n  - { name: cart, repo: acme/cart }\n");
    let clone = TempDir::new().unwrap();
    let deep = clone.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let write = |text: &str| std::fs::write(clone.path().join(".quarterdeck.yaml"), text).unwrap();
    let given = Given { file: None, folder: Some(home.path()), working: Some(&deep), environment: &[] };
    write("version: 1\nservices: [{ name: checkout, repo: acme/checkout }]\n");
    let config = load(given).unwrap();
    let repositories: Vec<_> =
        config.settings.services.iter().map(|service| service.repository.as_ref().unwrap().raw()).collect();
    assert_eq!(repositories, ["acme/checkout", "acme/cart"]);
    assert!(config.settings.file.unwrap().as_str().contains(" and "));
    // It comes with a clone, and opens nothing outside of it.
    let outside = folder("kind: SLO\npassword: pa55word\n");
    let path = outside.path().join("config.yaml");
    write(&format!("version: 1\nservices: [{{ name: a, slos: [{}] }}]\n", path.display()));
    let errors = load(given).map(|_| ()).unwrap_err().to_string();
    assert!(errors.contains("lies outside the folder of this file") && !errors.contains("password"), "{errors}");
    write("version: 1\nsources: { github: { token: { command: [touch, owned] } } }\nservises: []\n");
    let errors = load(given).map(|_| ()).unwrap_err().to_string();
    let errors = errors.replace(&format!("{}/", clone.path().display()), "");
    insta::assert_snapshot!(errors, @r#"
    .quarterdeck.yaml:2:1: "sources" does not belong in a file of a working directory; it may name services only; put this into config.yaml of your own folder
    .quarterdeck.yaml:3:1: "servises" does not belong in a file of a working directory; did you mean "services"?
    "#);
}

#[test]
fn environments_say_which_clusters_and_namespaces_are_read() {
    let config = read(
        "version: 1\nenvironments:\n  - { name: a, cluster: one, namespace: x }\n  - { name: b, cluster: one, namespace: y }\n  - { name: c, cluster: two }\n  - { name: d, namespace: z }\n",
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    let targets: Vec<_> =
        config.targets.iter().map(|target| (target.context.as_deref(), target.namespaces.clone())).collect();
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(targets, [(Some("one"), names(&["x", "y"])), (Some("two"), None), (None, names(&["z"]))]);
}

#[test]
fn findings_keep_a_change_back_only_where_the_file_says_so() {
    let config = read(
        "version: 1
environments:
  - { name: dev }
  - { name: staging, namespace: s, gates: { findings: warn } }
  - { name: prod, namespace: p, gates: { findings: block } }
  - { name: eu, namespace: e, gates: {} }
",
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    let findings: Vec<_> = config.settings.environments.iter().map(|environment| environment.findings).collect();
    assert_eq!(findings, [OnFindings::Warn, OnFindings::Warn, OnFindings::Block, OnFindings::Warn]);
    // What is used is not told among what nothing reads yet; what stands beside it is.
    assert!(config.unbuilt.is_empty(), "{} sections are told", config.unbuilt.len());
    let beside = "version: 1\nenvironments: [{ name: prod, gates: { findings: block, approvals: 1 } }]\n";
    let config = read(beside).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.settings.environments[0].findings, OnFindings::Block);
    assert_eq!(
        config.unbuilt.iter().map(|section| section.name.as_str()).collect::<Vec<_>>(),
        ["environments[].gates"]
    );
}

#[test]
fn an_objective_has_one_file_and_goes_with_its_service() {
    let twice = "services: [{ name: a, slos: [slo/checkout.yaml] }, { name: b, slos: [slo/checkout.yaml] }]";
    let wanted = "config.yaml:2:70: slo/checkout.yaml has the objective \"checkout-availability\" once more";
    let said = told(&format!("version: 1\n{twice}\n"));
    assert!(said.contains(wanted), "{said}");
    // A service that is replaced takes its objectives along.
    let home = folder("version: 1\nservices: [{ name: a, slos: [slo/checkout.yaml] }]\n");
    let clone = TempDir::new().unwrap();
    std::fs::write(clone.path().join(".quarterdeck.yaml"), "version: 1\nservices: [{ name: a }]\n").unwrap();
    let given = Given { file: None, folder: Some(home.path()), working: Some(clone.path()), environment: &[] };
    assert!(load(given).unwrap().sources.objectives.is_empty());
}

/// So long that what compares every key with every other one is seen, and so short that what reads
/// each of them once is not.
#[test]
#[expect(clippy::disallowed_methods, reason = "two times of one run are held against each other")]
fn ten_times_as_many_unknown_keys_take_about_ten_times_as_long() {
    let took = |count: usize| {
        let keys = (0..count).map(|number| format!("key-{number}: 1")).collect::<Vec<_>>().join("\n");
        let folder = folder(&format!("version: 1\n{keys}"));
        let best = (0..3).map(|_| {
            let began = std::time::Instant::now();
            assert!(of(folder.path(), &[]).is_err());
            began.elapsed()
        });
        best.min().unwrap()
    };
    let (few, many) = (took(2_000), took(20_000));
    assert!(many < few * 40, "{few:?} for 2 000, {many:?} for 20 000");
}

#[test]
fn an_environment_of_the_promotion_that_nothing_names_is_told() {
    let config = read("version: 1\nenvironments: [{ name: prod }]\npromotion: [prod, moon]\n").unwrap();
    let told = config.warnings.to_string();
    assert!(told.contains("config.yaml:3:19: no environment is named \"moon\""), "{told}");
    assert!(!told.contains("\"prod\""), "{told}");
}
