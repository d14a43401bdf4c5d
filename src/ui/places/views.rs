//! The list views: environments, all pods, rollouts, containers, journal.

use std::borrow::Cow;

use super::{View, containers, rows};
use crate::model::Kind;
use crate::state::ui::Place;
use crate::state::{State, derived};
use crate::ui::notice::About;
use crate::ui::table::{Column, left, named, right, told};

pub(super) static ENVIRONMENTS: View = View {
    title: "ENVIRONMENTS",
    kinds: &[Kind::Deployment, Kind::Rollout, Kind::Namespace],
    about: About {
        what: "workloads",
        when_empty: "Deployments and Rollouts appear here as soon as there are some. -n and -A choose the namespaces.",
        when_absent: "Is this a Kubernetes API server? Choose another with --context.",
    },
    columns: &[
        left("status", 14, 0, 0),
        named("name", 18, 2, 0),
        named("environment", 11, 1, 2),
        left("version", 12, 1, 1),
        right("ready", 6, 3),
        left("drift", 16, 2, 5),
        right("soak", 5, 6),
        left("hold", 19, 0, 7),
        left("kind", 10, 0, 9),
        told("why", 20, 4, 4),
        right("age", 6, 8),
    ],
    cells: rows::workload,
};

/// Those that have something to say: of drift and holds where any row has one.
pub(super) fn columns<'a>(state: &State, view: &'a View) -> Cow<'a, [Column]> {
    if state.ui.place != Place::Environments {
        return Cow::Borrowed(view.columns);
    }
    let told = derived::told(state);
    let is_empty = |column: &Column| match column.title {
        "drift" => !told.drift,
        "hold" => !told.hold,
        _ => false,
    };
    view.columns.iter().map(|column| if is_empty(column) { column.left_out() } else { *column }).collect()
}

pub(super) static PODS: View = View {
    title: "PODS",
    kinds: &[Kind::Pod],
    about: About {
        what: "pods",
        when_empty: "Pods appear here as soon as there are some. -n and -A choose the namespaces.",
        when_absent: "Is this a Kubernetes API server? Choose another with --context.",
    },
    columns: &[
        left("status", 18, 0, 0),
        named("name", 26, 3, 0),
        right("ready", 5, 2),
        right("restarts", 8, 3),
        right("age", 6, 1),
        named("namespace", 12, 1, 4),
        left("node", 12, 1, 5),
        told("why", 20, 4, 6),
    ],
    cells: rows::pod,
};

pub(super) static ROLLOUTS: View = View {
    title: "ROLLOUTS",
    kinds: &[Kind::Rollout],
    about: About {
        what: "rollouts",
        when_empty: "Rollouts appear here as soon as there are some. -n and -A choose the namespaces.",
        when_absent: "Argo Rollouts is not installed there. Deployments are in the view of environments.",
    },
    columns: &[
        left("status", 13, 0, 0),
        named("name", 18, 2, 0),
        named("environment", 12, 1, 2),
        left("strategy", 9, 0, 6),
        right("step", 8, 3),
        right("weight", 6, 1),
        left("version", 12, 2, 5),
        right("ready", 5, 4),
        told("why", 20, 4, 4),
        right("age", 6, 7),
    ],
    cells: rows::rollout,
};

pub(super) static CONTAINERS: View = View {
    title: "CONTAINERS",
    kinds: &[Kind::Container],
    about: About {
        what: "containers",
        when_empty: "Containers appear here as soon as the engine has some, stopped ones included.",
        when_absent: "Name the engine with DOCKER_HOST, or sources.docker.host in config.yaml.",
    },
    columns: &[
        left("state", 14, 0, 0),
        named("name", 22, 3, 0),
        told("image", 22, 2, 3),
        left("status", 24, 2, 2),
        right("cpu", 6, 4),
        right("memory", 9, 5),
        right("restarts", 8, 6),
        left("ports", 24, 1, 7),
        right("age", 6, 1),
    ],
    cells: containers::cells,
};

pub(super) static JOURNAL: View = View {
    title: "JOURNAL",
    kinds: &[],
    about: About {
        what: "actions",
        when_empty: "Every action taken from here is kept with its reason, its request and what was seen of it.",
        when_absent: "",
    },
    columns: &[
        right("time", 9, 1),
        left("outcome", 11, 0, 0),
        left("action", 8, 0, 0),
        named("object", 20, 1, 0),
        named("environment", 12, 1, 3),
        left("what", 24, 3, 2),
        left("reason", 16, 2, 4),
    ],
    cells: rows::operation,
};
