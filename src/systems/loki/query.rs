//! The query for the lines of a pod, or of the pods of a workload (apis.md §8.2). Names come from outside: each
//! stands in its query as a Go string, and in a pattern letter by letter.

use crate::model::Kind;
use crate::model::log::StoredPods;
use crate::model::scope::LogLabels;

/// Letters that Kubernetes makes names of.
const SAFE: &str = "[bcdfghjklmnpqrstvwxz2456789]";
/// A made name keeps so much of the name that it is made from.
const BASE: usize = 58;

/// Whose lines are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its name here.
    pub cluster: &'a str,
    pub namespace: &'a str,
    pub pods: &'a StoredPods,
    pub container: Option<&'a str>,
}

/// `{namespace="production",pod="checkout-7d9f",container="app"}`. What is no label of the lines may stand beside them
/// (structured metadata), and is asked for behind the selector. `known`: the labels there are; `None`: all of ours.
#[must_use]
pub fn of(asked: Asked<'_>, labels: &LogLabels, known: Option<&[String]>) -> String {
    let is_label = |name: &String| known.is_none_or(|known| known.contains(name));
    let (mut inside, mut behind) = (Vec::new(), String::new());
    let mut add = |name: &String, operator: &str, value: &str| {
        let part = format!("{name}{operator}{}", quoted(value));
        if is_label(name) {
            inside.push(part);
        } else {
            behind.push_str(" | ");
            behind.push_str(&part);
        }
    };
    if let Some(cluster) = &labels.cluster {
        add(&cluster.label, "=", cluster.value(asked.cluster));
    }
    add(&labels.namespace, "=", asked.namespace);
    match asked.pods {
        StoredPods::One(name) => add(&labels.pod, "=", name.raw()),
        StoredPods::Of(kind, name) => add(&labels.pod, "=~", &pattern(*kind, name.raw())),
    }
    if let Some(container) = asked.container {
        add(&labels.container, "=", container);
    }
    format!("{{{}}}{behind}", inside.join(","))
}

/// How the pods of a workload are named. Loki's patterns hold for the whole of a value.
fn pattern(kind: Kind, name: &str) -> String {
    let base = format!("{name}-");
    let suffix = format!("{SAFE}{{5}}");
    match kind {
        Kind::StatefulSet => format!("{}[0-9]+", literally(&base)),
        // Of an indexed Job the index stands in between.
        Kind::BatchJob => format!("{}([0-9]+-)?{suffix}", literally(cut(&base))),
        // The name of the ReplicaSet, and what it adds to that. A hash of fewer letters is so rare that it is a name:
        // `web-db-x2p9k` is of a DaemonSet `web-db`.
        Kind::Deployment | Kind::Rollout if cut(&base).len() == base.len() && base.len() + 11 <= BASE => {
            format!("{}{SAFE}{{6,10}}-{suffix}", literally(&base))
        }
        Kind::Deployment | Kind::Rollout => format!("{}[a-z0-9-]+", literally(cut(&base))),
        _ => format!("{}{suffix}", literally(cut(&base))),
    }
}

fn cut(base: &str) -> &str {
    base.char_indices().nth(BASE).map_or(base, |(at, _)| &base[..at])
}

/// With every letter that means something in a pattern taken as it is.
fn literally(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '-' | '_') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// A Go string.
#[must_use]
pub fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            letter if letter.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;
    use crate::model::scope::ClusterLabel;

    fn query(pods: &StoredPods, container: Option<&str>, known: Option<&[&str]>) -> String {
        let known: Option<Vec<String>> = known.map(|all| all.iter().map(|name| (*name).to_owned()).collect());
        of(
            Asked { cluster: "eks-prod", namespace: "production", pods, container },
            &LogLabels::default(),
            known.as_deref(),
        )
    }

    #[test]
    fn a_pod_is_asked_for_by_its_labels_or_by_what_stands_beside_them() {
        let pod = StoredPods::One(Name::new("checkout-7d9f"));
        assert_eq!(query(&pod, Some("app"), None), r#"{namespace="production",pod="checkout-7d9f",container="app"}"#);
        assert_eq!(
            query(&pod, Some("app"), Some(&["namespace", "container"])),
            r#"{namespace="production",container="app"} | pod="checkout-7d9f""#
        );
        assert_eq!(query(&pod, None, Some(&["namespace", "pod"])), r#"{namespace="production",pod="checkout-7d9f"}"#);
    }

    /// Two clusters whose lines one store keeps: each is asked for by its own name.
    #[test]
    fn lines_of_two_clusters_are_told_apart_by_their_label() {
        let label = |names: &[(&str, &str)]| LogLabels {
            cluster: Some(ClusterLabel {
                label: "k8s_cluster".to_owned(),
                names: names.iter().map(|(here, there)| ((*here).to_owned(), (*there).to_owned())).collect(),
            }),
            ..LogLabels::default()
        };
        let pods = StoredPods::One(Name::new("checkout-7d9f"));
        let of = |cluster, labels: &LogLabels, known: Option<&[String]>| {
            of(Asked { cluster, namespace: "production", pods: &pods, container: None }, labels, known)
        };
        let (plain, named) = (label(&[]), label(&[("eks-prod", "prod-eu")]));
        let query = |value: &str| format!(r#"{{k8s_cluster="{value}",namespace="production",pod="checkout-7d9f"}}"#);
        assert_eq!(of("eks-prod", &plain, None), query("eks-prod"));
        assert_eq!(of("eks-prod", &named, None), query("prod-eu"));
        assert_eq!(of("eks-us", &named, None), query("eks-us"));
        let known = ["namespace".to_owned(), "pod".to_owned()];
        let beside = r#"{namespace="production",pod="checkout-7d9f"} | k8s_cluster="prod-eu""#;
        assert_eq!(of("eks-prod", &named, Some(&known)), beside);
    }

    #[test]
    fn nothing_in_a_name_ends_its_string_or_its_pattern() {
        let odd = StoredPods::One(Name::new("a\"} |= \"x\\\n\u{7}ü"));
        assert_eq!(query(&odd, None, None), "{namespace=\"production\",pod=\"a\\\"} |= \\\"x\\\\\\n\\u0007ü\"}");
        let set = StoredPods::Of(Kind::StatefulSet, Name::new("db.v1.*(x)"));
        let wanted = r#"{namespace="production",pod=~"db\\.v1\\.\\*\\(x\\)-[0-9]+"}"#;
        assert_eq!(query(&set, None, None), wanted);
    }

    #[test]
    fn the_pods_of_a_workload_are_told_from_those_of_its_namesakes() {
        let table = [
            (Kind::ReplicaSet, "web-5d4f8", "web-5d4f8-x2p9k", "web-5d4f8-x2p9k-1"),
            (Kind::Deployment, "web", "web-5d4f8c7b9-x2p9k", "web-worker-x2p9k"),
            (Kind::Deployment, "web", "web-5d4f8c7b9-x2p9k", "web-db-x2p9k"),
            (Kind::Rollout, "web", "web-5d4f8c7b9-x2p9k", "webhook-5d4f8-x2p9k"),
            (Kind::StatefulSet, "db", "db-12", "db-x-0"),
            (Kind::DaemonSet, "agent", "agent-x2p9k", "agent-a-x2p9k"),
            (Kind::BatchJob, "nightly", "nightly-3-x2p9k", "nightly-extra-x2p9k"),
            (Kind::BatchJob, "nightly", "nightly-x2p9k", "nightly2-x2p9k"),
        ];
        for (kind, name, its, other) in table {
            let pattern = regex::Regex::new(&format!("^(?:{})$", pattern(kind, name))).unwrap();
            assert!(pattern.is_match(its), "{kind:?} {its}: {pattern}");
            assert!(!pattern.is_match(other), "{kind:?} {other}: {pattern}");
        }
        // A made name keeps the first 58 letters of a long one.
        let long = "a".repeat(70);
        let pattern = regex::Regex::new(&format!("^(?:{})$", pattern(Kind::ReplicaSet, &long))).unwrap();
        assert!(pattern.is_match(&format!("{}x2p9k", "a".repeat(58))));
    }
}
