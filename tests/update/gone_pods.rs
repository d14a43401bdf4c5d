//! The log of a workload without pods: when a store of logs is asked, and what is said where none is.

use quarterdeck::command::Command;
use quarterdeck::model::log::LogOf;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::update::Msg;
use serde_json::json;

use super::world::{CLUSTER, Console, namespace};

fn source(id: u16, system: SystemId) -> SourceScope {
    SourceScope {
        id: SourceId(id),
        system,
        name: Name::new("other"),
        server: Safe::of(""),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    }
}

/// On the page of a Deployment; of the pods of its cluster nothing has been heard.
fn on_page(sources: &[SourceScope]) -> Console {
    let mut console = Console::empty();
    console.state.world.sources.extend(sources.iter().cloned());
    console.list(Kind::Namespace, &[namespace("dev")]);
    let meta = json!({ "name": "web", "namespace": "production", "uid": "web", "resourceVersion": "7" });
    console.list(Kind::Deployment, &[json!({ "metadata": meta, "spec": { "replicas": 0 }, "status": {} })]);
    console.list(Kind::ReplicaSet, &[]);
    let id = console.state.world.deployments.rows()[0].meta.id(Kind::Deployment);
    console.state.ui.place = Place::Workload(id);
    console
}

fn pods(console: &mut Console, cluster: SourceId, event: FeedEvent) {
    console.send(Msg::Feed(FeedId { cluster, kind: Kind::Pod, namespace: None }, event));
}

fn denied() -> FeedEvent {
    FeedEvent::Status(FeedStatus::Denied { message: Safe::of("pods is forbidden") })
}

fn is_stored(console: &Console) -> bool {
    console.state.log.as_ref().is_some_and(|log| matches!(log.request.of, LogOf::Stored(_)))
}

#[test]
fn only_the_pods_of_its_own_cluster_must_be_known() {
    let (loki, other) = (source(9, SystemId::Loki), source(8, SystemId::Kubernetes));
    for (own, elsewhere) in [(true, false), (false, true)] {
        let mut console = on_page(&[loki.clone(), other.clone()]);
        for (cluster, is_read) in [(CLUSTER, own), (other.id, elsewhere)] {
            if is_read {
                pods(&mut console, cluster, FeedEvent::ListBegins);
                pods(&mut console, cluster, FeedEvent::Listed);
            } else {
                pods(&mut console, cluster, denied());
            }
        }
        console.press(Command::Logs);
        assert_eq!(is_stored(&console), own, "{}", console.toast());
        if !own {
            assert_eq!(console.toast(), "whether it has pods is not known: pods is forbidden");
        }
    }
    // While they come.
    let mut console = on_page(&[loki]);
    pods(&mut console, CLUSTER, FeedEvent::ListBegins);
    console.press(Command::Logs);
    assert_eq!(console.toast(), "whether it has pods is not known: the pods of its namespace are being read");
}

#[test]
fn a_store_is_to_be_named_only_where_there_is_none() {
    let unusable = SourceScope { unusable: Some(Safe::of("mend its address")), ..source(9, SystemId::Loki) };
    for (sources, expected) in [(vec![], "name a Loki in sources.loki"), (vec![unusable], "mend its address")] {
        let mut console = on_page(&sources);
        pods(&mut console, CLUSTER, FeedEvent::ListBegins);
        pods(&mut console, CLUSTER, FeedEvent::Listed);
        console.press(Command::Logs);
        let said = console.toast();
        assert!(said.starts_with("there is no pod here") && said.contains(expected), "{said}");
        assert!(!is_stored(&console));
    }
}

#[test]
fn where_there_are_several_clusters_the_title_says_that_the_lines_may_be_of_any() {
    let other = source(8, SystemId::Kubernetes);
    for (several, sources) in [(false, vec![]), (true, vec![other])] {
        let mut console = on_page(&sources);
        console.state.world.sources.push(source(9, SystemId::Loki));
        pods(&mut console, CLUSTER, FeedEvent::ListBegins);
        pods(&mut console, CLUSTER, FeedEvent::Listed);
        console.press(Command::Logs);
        let screen = super::weights::screen(&console);
        assert!(screen.contains("Loki's lines of "), "{screen}");
        assert_eq!(screen.contains("Z · of any cluster"), several, "{screen}");
    }
}
