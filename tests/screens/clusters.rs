//! Two clusters with the same namespaces and no word of the configuration on them: every row says whose
//! it is, and where there is but one cluster, none does.

use quarterdeck::model::Kind;
use quarterdeck::state::State;
use quarterdeck::state::ui::{ListId, Pane, Place};
use quarterdeck::update::settle;
use serde_json::json;

use super::matrix::{hear, namespace, state, workload};
use super::shot::{draw, text, theme};

/// The namespaces of each cluster, in each of them one workload of a kind.
fn world(clusters: &[&[&str]]) -> State {
    let mut state = state(clusters.len() as u8);
    for (cluster, namespaces) in (0u8..).zip(clusters) {
        let rows = |kind, name: &str| {
            let version = |at: usize| format!("{}.{cluster}.{at}", &name[..1]);
            let all = namespaces.iter().enumerate();
            all.map(|(at, place)| workload(kind, place, name, &version(at))).collect::<Vec<_>>()
        };
        let places: Vec<_> = namespaces.iter().map(|name| namespace(cluster, name, name)).collect();
        hear(&mut state, cluster, Kind::Namespace, &places);
        hear(&mut state, cluster, Kind::Deployment, &rows(Kind::Deployment, "web"));
        hear(&mut state, cluster, Kind::Rollout, &rows(Kind::Rollout, "checkout"));
        let pod = |name: &&str| {
            json!({ "metadata": { "name": format!("web-{cluster}-{name}"), "namespace": name, "uid": format!("p{cluster}{name}"),
                "resourceVersion": "1" }, "spec": { "containers": [{ "name": "app", "image": "web:1" }] },
                "status": { "phase": "Running" } })
        };
        hear(&mut state, cluster, Kind::Pod, &namespaces.iter().map(pod).collect::<Vec<_>>());
    }
    settle(&mut state);
    state
}

fn at(state: &mut State, place: Place, size: (u16, u16)) -> String {
    (state.ui.place, state.ui.size) = (place, size);
    settle(state);
    text(&draw(state, &theme("deck"), size))
}

const SIZES: [(u16, u16); 3] = [(80, 24), (160, 48), (220, 60)];

#[test]
fn rows_of_two_clusters_with_the_same_namespaces_name_theirs() {
    let mut state = world(&[&["shop-prod"], &["shop-prod"]]);
    for size in SIZES {
        state.ui.pane = Pane::Environments;
        for place in [Place::Deck, Place::Environments, Place::Rollouts, Place::Pods, Place::Access] {
            let screen = at(&mut state, place.clone(), size);
            for cluster in ["cluster-0", "cluster-1"] {
                // Where there is little room the middle of it is left out.
                let end = cluster.replace("clust", "");
                let told = screen.lines().any(|line| line.contains("sho") && line.contains(&end));
                // A pod's namespace has no column where there is little room; its own name tells it there.
                assert!(told || (place == Place::Pods && size.0 == 80), "{place:?} at {size:?}: {cluster}\n{screen}");
            }
        }
    }
}

#[test]
fn an_environment_of_two_clusters_has_a_column_for_each() {
    let mut state = world(&[&["shop-prod"], &["shop-prod"]]);
    let screen = at(&mut state, Place::Environments, (160, 48));
    let heading =
        screen.lines().find(|line| line.contains("shop-prod@cluster-0")).unwrap_or_else(|| panic!("{screen}"));
    assert!(heading.contains("shop-prod@cluster-1"), "{screen}");
    let row = screen.lines().find(|line| line.contains("web ")).unwrap_or_else(|| panic!("{screen}"));
    let (first, second) = (row.find("w.0.0"), row.find("w.1.0"));
    assert!(first < second && first.is_some(), "each in its own: {row}");
    assert!(!screen.contains("+1 more"), "none hides behind another:\n{screen}");
}

#[test]
fn what_one_cluster_alone_has_is_named_as_before() {
    for clusters in [&[&["shop-dev", "shop-prod"][..]][..], &[&["shop-prod"], &["shop-dev"]]] {
        let mut state = world(clusters);
        for place in [Place::Deck, Place::Environments, Place::Rollouts, Place::Pods, Place::Access] {
            let screen = at(&mut state, place.clone(), (160, 48));
            assert!(!screen.contains("@cluster"), "{place:?}\n{screen}");
        }
    }
    let mut state = world(&[&["shop-dev", "shop-prod"], &["shop-prod"]]);
    let screen = at(&mut state, Place::Environments, (160, 48));
    assert!(!screen.contains("shop-dev@") && screen.contains("shop-prod@cluster-1"), "{screen}");
}

#[test]
fn the_rows_of_one_cluster_are_found_by_its_name() {
    let mut state = world(&[&["shop-prod"], &["shop-prod"]]);
    for place in [Place::Environments, Place::Pods, Place::Rollouts] {
        let entry = state.ui.lists.entry(ListId::Place(place.clone())).or_default();
        entry.filter = "@cluster-1".to_owned();
        let screen = at(&mut state, place.clone(), (160, 48));
        let rows = screen.lines().skip_while(|line| !line.contains("status  ")).skip(1);
        let of = |end: &str| rows.clone().filter(|line| line.contains(" sho") && line.contains(end)).count();
        assert!(of("ster-1") > 0 && of("ster-0") == 0, "{place:?}\n{screen}");
    }
}

/// Those of the first cluster stand before those of the second, whichever namespaces were named.
#[test]
fn what_may_be_done_is_told_cluster_by_cluster() {
    use quarterdeck::model::{Name, SourceId};
    let mut state = world(&[&["shop-dev", "shop-prod"], &["shop-prod"]]);
    state.world.sources[1].namespaces = Some(vec![Name::new("shop-prod")]);
    let rows = quarterdeck::state::access::rows(&state);
    let clusters: Vec<SourceId> = rows.iter().map(|row| row.source).collect();
    assert_eq!(clusters, [SourceId(0), SourceId(0), SourceId(1)]);
}

/// The word that is typed is the same for both: the title says which of them is meant.
#[test]
fn a_dialog_says_in_which_of_the_clusters() {
    use quarterdeck::action::{Action, Change};
    use quarterdeck::state::verbs;
    let state = world(&[&["shop-prod"], &["shop-prod"]]);
    for (row, cluster) in state.world.deployments.rows().iter().zip(["cluster-0", "cluster-1"]) {
        let change = Change::Scale { resource_version: row.meta.resource_version.clone(), from: 1, to: 2 };
        let confirm = verbs::preview(&state, &Action { target: row.meta.id(Kind::Deployment), change });
        assert!(confirm.title.as_str().ends_with(&format!("in shop-prod@{cluster}")), "{}", confirm.title.as_str());
    }
}
