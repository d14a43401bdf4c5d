//! Which environment an object is in, and which environments are protected. The configuration has the
//! first word; where it says nothing, it is the namespace's label `environment`, else the namespace's
//! name, and names that contain `prod` or `live` are protected.

use super::ui::{Place, RowId};
use super::{State, gitops, lists, runs};
use crate::model::pipelines::{Run, RunStatus};
use crate::model::scope::{Environment, Protection};
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId};

/// The environment of a namespace.
#[must_use]
pub fn of(state: &State, cluster: SourceId, namespace: &Name) -> Name {
    if let Some(environment) = configured(state, cluster, namespace) {
        return environment.name.clone();
    }
    let rows = state.world.namespaces.rows();
    // They stand in the order of cluster and name.
    let at = rows.partition_point(|row| (row.meta.cluster, &row.meta.name) < (cluster, namespace));
    rows.get(at)
        .filter(|row| row.meta.cluster == cluster && row.meta.name == *namespace)
        .and_then(|row| row.environment.clone())
        .unwrap_or_else(|| namespace.clone())
}

/// What the configuration says of this place: the entry that names both its cluster and its namespace,
/// else the one that names its namespace, else the one that is the whole cluster.
#[must_use]
pub fn configured<'a>(state: &'a State, cluster: SourceId, namespace: &Name) -> Option<&'a Environment> {
    let all = &state.settings.environments;
    if all.is_empty() {
        return None;
    }
    let cluster = &state.world.source(cluster)?.name;
    let fits = |environment: &&Environment| {
        environment.cluster.as_ref().is_none_or(|name| name == cluster)
            && environment.namespace.as_ref().is_none_or(|name| name == namespace)
            // One that names neither stands for its protection and its place in the order alone.
            && (environment.cluster.is_some() || environment.namespace.is_some())
    };
    let exact = |environment: &&Environment| (environment.namespace.is_some(), environment.cluster.is_some());
    // Of equals the first of the file.
    all.iter().rev().filter(fits).max_by_key(exact)
}

/// The environment of an object; `None` of what stands in none: a run that deploys nowhere that its
/// words tell, an objective, a container of a Docker Engine.
#[must_use]
pub fn of_object(state: &State, id: &ObjectId) -> Option<Name> {
    match id.kind {
        Kind::Run | Kind::Execution => of_run(state, state.world.runs.get(&id.uid)?),
        // What its words do not tell, its namespace does.
        Kind::PipelineRun | Kind::LoneTaskRun => {
            let named = of_run(state, state.world.runs.get(&id.uid)?);
            named.or_else(|| Some(of(state, id.cluster, &id.namespace)))
        }
        Kind::Job | Kind::TaskRun | Kind::Stage => {
            of_run(state, state.world.runs.get(&state.world.details.job(&id.uid)?.run)?)
        }
        Kind::CiPipeline | Kind::Workflow | Kind::Build => of_texts(state, &[id.name.raw()]),
        Kind::Container => of_texts(state, &[id.name.raw(), id.namespace.raw()]),
        // It lives in Argo CD's namespace; what it keeps does not.
        Kind::Application => {
            let row = state.world.applications.get(&id.uid)?;
            let places = gitops::places(state, row)?;
            let all = places.into_iter().map(|(cluster, namespace)| of(state, cluster, &namespace));
            all.max_by_key(|name| (is_protected(state, name), rank(state, name)))
        }
        _ => is_in_a_cluster(id).then(|| of(state, id.cluster, &id.namespace)),
    }
}

/// Where a run deploys, as far as it says so. GitHub names an environment only to those who may
/// approve it, so this reads what a person would: a word of the workflow's name or file, of the branch
/// or of a job that waits, which is the name of a configured environment (the last one that a change
/// comes to, if several are named), else `prod`, `production` or `live`. Whole words only: `deliver`
/// and `product-page` are neither.
#[must_use]
pub fn of_run(state: &State, run: &Run) -> Option<Name> {
    let jobs = runs::current_jobs(state, run).into_iter().flat_map(|jobs| &jobs.jobs);
    let waiting = jobs.filter(|job| job.status == RunStatus::Waiting).map(|job| job.id.name.raw());
    let texts = [run.workflow.raw(), run.path.raw(), run.branch.as_ref().map_or("", Name::raw)];
    let texts: Vec<&str> = texts.into_iter().chain(waiting).collect();
    of_texts(state, &texts)
}

fn of_texts(state: &State, texts: &[&str]) -> Option<Name> {
    let configured = state.settings.environments.iter().rev();
    if let Some(found) = configured.map(|row| &row.name).find(|name| texts.iter().any(|text| names(text, name.raw()))) {
        return Some(found.clone());
    }
    let production = ["production", "prod", "live"];
    production.into_iter().find(|word| texts.iter().any(|text| names(text, word))).map(Name::new)
}

/// Where a start by hand leads: of all the environments that are chosen in its inputs or named in its
/// words the one that is guarded most, and of equals the last one that a change comes to.
#[must_use]
pub fn of_start<'a>(
    state: &State,
    chosen: impl Iterator<Item = Name>,
    words: impl Iterator<Item = &'a str>,
) -> Option<Name> {
    let told = words.filter_map(|text| of_texts(state, &[text]));
    chosen.chain(told).max_by_key(|name| (is_protected(state, name), rank(state, name)))
}

/// Whether a name stands in a text as a word of its own; digits at its end do not matter.
fn names(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphabetic());
    text.match_indices(&name)
        .any(|(at, found)| apart(text[..at].chars().next_back()) && apart(text[at + found.len()..].chars().next()))
}

/// The environment of what the operator looks at: the highlighted row, else the object whose page
/// this is, else the only one of the scope. `None` where there is none to name.
#[must_use]
pub fn here(state: &State) -> Option<Name> {
    let row = lists::selected(state, &state.ui.list_id());
    if let Some(RowId::Object(id)) = &row
        && let Some(environment) = of_object(state, id)
    {
        return Some(environment);
    }
    if let Some(RowId::Operation(id)) = &row {
        let operation = state.operations.iter().find(|operation| operation.id == *id)?;
        return Some(operation.environment.clone()).filter(|name| !name.raw().is_empty());
    }
    if let Place::Workload(id)
    | Place::Rollout(id)
    | Place::Run(id)
    | Place::Pod(id)
    | Place::Analysis(id)
    | Place::Sheet(id, _)
    | Place::Application(id)
    | Place::Release(id)
    | Place::Lane(id)
    | Place::Log(id) = &state.ui.place
        && let Some(environment) = of_object(state, id)
    {
        return Some(environment);
    }
    only(state)
}

/// Runs, objectives and containers of a Docker Engine stand in no namespace of a cluster.
const fn is_in_a_cluster(id: &ObjectId) -> bool {
    match id.kind.system() {
        SystemId::Kubernetes | SystemId::Rollouts | SystemId::Helm | SystemId::ArgoCd => true,
        SystemId::Tekton => matches!(id.kind, Kind::Pipeline),
        SystemId::GitHub
        | SystemId::RustCi
        | SystemId::Prometheus
        | SystemId::Docker
        | SystemId::Registry
        | SystemId::Loki
        | SystemId::Grafana
        | SystemId::ArgoServer => false,
    }
}

/// The environment of the whole scope, where it is one.
fn only(state: &State) -> Option<Name> {
    let mut names = state.world.clusters().flat_map(|cluster| -> Vec<Name> {
        if let Some(names) = &cluster.namespaces {
            return names.iter().map(|name| of(state, cluster.id, name)).collect();
        }
        let rows = state.world.namespaces.rows().iter().filter(|row| row.meta.cluster == cluster.id);
        rows.map(|row| of(state, cluster.id, &row.meta.name)).collect()
    });
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

/// An action there asks for the environment's name.
#[must_use]
pub fn is_protected(state: &State, environment: &Name) -> bool {
    let configured = state.settings.environments.iter().find(|known| known.name == *environment);
    match configured.and_then(|known| known.protection) {
        Some(protection) => protection == Protection::TypedName,
        None => sounds_protected(environment),
    }
}

/// By its name alone.
fn sounds_protected(environment: &Name) -> bool {
    let name = environment.raw().to_lowercase();
    name.contains("prod") || name.contains("live")
}

/// The order in which a change travels: as the configuration has it, else development first and
/// production last.
#[must_use]
pub fn rank(state: &State, environment: &Name) -> usize {
    let settings = &state.settings;
    let place = if settings.promotion.is_empty() {
        // Without an order of its own the file is one.
        settings.environments.iter().position(|known| known.name == *environment)
    } else {
        settings.promotion.iter().position(|name| name == environment)
    };
    // What the configuration does not order comes after what it does.
    let beyond = settings.promotion.len().max(settings.environments.len());
    place.unwrap_or_else(|| beyond + usize::from(stage(environment)))
}

/// By its name alone.
fn stage(environment: &Name) -> u8 {
    let name = environment.raw().to_lowercase();
    let stages: [&[&str]; 4] = [&["dev", "sandbox"], &["test", "qa", "ci"], &["stag", "preprod", "uat"], &["canary"]];
    for (rank, words) in stages.iter().enumerate() {
        if words.iter().any(|word| name.contains(word)) {
            return rank as u8;
        }
    }
    if sounds_protected(environment) { 9 } else { 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_named_by_a_whole_word() {
        for (text, name, expected) in [
            ("deploy-prod", "prod", true),
            ("Deploy to PROD (eu)", "prod", true),
            (".github/workflows/prod.yml", "prod", true),
            ("prod2", "prod", true),
            ("product-page", "prod", false),
            ("deliver", "live", false),
            ("preprod", "prod", false),
            ("éprod", "prod", false),
            ("", "prod", false),
        ] {
            assert_eq!(names(text, name), expected, "{text}");
        }
    }

    #[test]
    fn production_is_protected_and_comes_last() {
        for name in ["prod", "production", "EU-Live", "shop-prod-2"] {
            assert!(sounds_protected(&Name::new(name)), "{name}");
        }
        for name in ["staging", "dev", "default", "pro"] {
            assert!(!sounds_protected(&Name::new(name)), "{name}");
        }
        let mut names = ["production", "shop", "staging", "dev"].map(Name::new);
        names.sort_by_key(stage);
        assert_eq!(names.map(|name| name.raw().to_owned()), ["dev", "staging", "shop", "production"]);
    }
}
