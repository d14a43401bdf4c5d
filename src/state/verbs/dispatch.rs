//! Starting a workflow or a pipeline by hand: for which one, what the dialog says before, what proves it afterwards.

use std::sync::Arc;

use super::facts;
use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::access::Right;
use crate::model::images::Reference;
use crate::model::masked;
use crate::model::pipelines::Run;
use crate::model::scope::PipelineOf;
use crate::model::source::{FeedId, FeedStatus};
use crate::model::workflows::{Dispatchable, Input, InputKind};
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use crate::safe;
use crate::state::form::Form;
use crate::state::ui::{Pane, Place, RowId};
use crate::state::world::Feed;
use crate::state::{State, access, catalogue, environment, lists};
use crate::text::{Safe, plural};

/// As GitHub names what began so.
const EVENT: &str = "workflow_dispatch";
/// Seconds: the server's clock and ours may be so far apart.
const SLACK: i64 = 120;
/// Inputs with a line of their own.
const LINES: usize = 5;

/// The form for the workflow or the pipeline of the run that is looked at.
pub fn form(state: &State) -> Result<Form, Safe> {
    if let Some(why) = &state.read_only {
        return Err(safe!("read-only: {}", why));
    }
    if let Some(image) = super::docker::looked_at(state) {
        return of_image(state, &image);
    }
    let Some(id) = super::target(state).filter(|id| id.kind.is_run()) else { return of_repository(state) };
    let run = state.world.runs.get(&id.uid).ok_or_else(|| Safe::of("it is gone"))?;
    match run.kind {
        Kind::PipelineRun => return of_pipeline(state, run),
        Kind::Execution => return of_execution(state, run),
        Kind::LoneTaskRun => return Err(Safe::of("a TaskRun of its own has no Pipeline: run it again")),
        _ => {}
    }
    let path = file_of(run);
    if path.is_empty() {
        return Err(Safe::of("GitHub does not say which file the run is of"));
    }
    let repositories = repositories(state, run.meta.cluster, run.repository());
    let target = ObjectId {
        cluster: run.meta.cluster,
        kind: Kind::Workflow,
        namespace: run.repository().clone(),
        name: run.workflow.clone(),
        uid: Uid::new(run.meta.cluster, &format!("{} {path}", run.repository().raw())),
    };
    super::offer::may_act(state, Command::DispatchWorkflow, &target)?;
    let mut form = Form::new(target, Name::new(path), branch_of(Some(run)));
    form.at = 1 + usize::from(repositories.len() > 1);
    form.repositories = Some(repositories);
    Ok(form)
}

/// Where no run is looked at: a Pipeline of Tekton that never ran, else the workflow is chosen, of the repository of
/// the runners that are looked at, else of the first that is read.
fn of_repository(state: &State) -> Result<Form, Safe> {
    let none = || Safe::of("select a run first: it is its workflow or pipeline that is started");
    let selected = lists::selected(state, &state.ui.list_id());
    let named = match (&state.ui.place, selected) {
        (Place::Runners, Some(RowId::Pool(repository, _))) => Some(repository),
        (Place::Deck, _) if state.ui.pane != Pane::Pipelines => return Err(none()),
        (Place::Lane(service), _) => return of_service(state, Some(&service.name)).ok_or_else(none)?,
        (Place::Deck | Place::Pipelines | Place::Runners, None) => None,
        _ => return Err(none()),
    };
    match named.is_none().then(|| of_service(state, None)).flatten() {
        Some(Ok(form)) => Ok(form),
        Some(Err(why)) => of_workflows(state, named).ok().flatten().ok_or(why),
        None => of_workflows(state, named)?.ok_or_else(none),
    }
}

/// For a workflow of this repository, else of the first that is read; `None` where no GitHub is read.
fn of_workflows(state: &State, named: Option<Name>) -> Result<Option<Form>, Safe> {
    let mut hosts = state.world.of_system(SystemId::GitHub).filter(|host| host.unusable.is_none());
    let found = match named {
        Some(name) => catalogue::host_of(state, &name).map(|host| (host, name)),
        None => hosts.find_map(|host| Some((host.id, host.namespaces.iter().flatten().next()?.clone()))),
    };
    let Some((source, repository)) = found else { return Ok(None) };
    let target = ObjectId {
        cluster: source,
        kind: Kind::Workflow,
        name: Name::new(""),
        uid: Uid::new(source, &format!("{} ", repository.raw())),
        namespace: repository.clone(),
    };
    super::offer::may_act(state, Command::DispatchWorkflow, &target)?;
    let mut form = Form::new(target, Name::new(""), Name::new(""));
    form.repositories = Some(repositories(state, source, &repository));
    Ok(Some(form))
}

/// Those of the host, for the form to choose of.
fn repositories(state: &State, source: SourceId, this: &Name) -> Vec<Name> {
    let all = state.world.source(source).and_then(|source| source.namespaces.clone()).unwrap_or_default();
    if all.contains(this) { all } else { vec![this.clone()] }
}

/// Of Tekton: the Pipeline in the namespace of the run, which says what stands in the fields at first.
fn of_pipeline(state: &State, run: &Run) -> Result<Form, Safe> {
    pipeline_form(state, (run.meta.cluster, &run.meta.namespace), &run.workflow, run.meta.name.clone())
}

/// `from`: the run that it is started from; empty without one.
fn pipeline_form(
    state: &State,
    (cluster, namespace): (SourceId, &Name),
    pipeline: &Name,
    from: Name,
) -> Result<Form, Safe> {
    let target = ObjectId {
        cluster,
        kind: Kind::Pipeline,
        namespace: namespace.clone(),
        name: pipeline.clone(),
        uid: Uid::new(cluster, &format!("{}/{}", namespace.raw(), pipeline.raw())),
    };
    super::offer::may_act(state, Command::DispatchWorkflow, &target)?;
    access::check(state, &target, &[Right::CreatePipelineRuns])?;
    Ok(Form::new(target, from, pipeline.clone()))
}

/// The newest run of a Pipeline that a service names.
fn newest_of<'a>(state: &'a State, one: &PipelineOf) -> Option<&'a Arc<Run>> {
    let its = |run: &&Arc<Run>| {
        run.kind == Kind::PipelineRun
            && run.workflow == one.pipeline
            && one.namespace.as_ref().is_none_or(|namespace| *namespace == run.meta.namespace)
    };
    state.world.runs.rows().iter().filter(its).max_by_key(|run| run.created)
}

/// The first Pipeline that a service names and that never ran: no row leads to it. Of the service of a lane one that
/// ran, too. A refusal only where none of them can be started.
fn of_service(state: &State, lane: Option<&Name>) -> Option<Result<Form, Safe>> {
    let services = state.settings.services.iter().filter(|service| lane.is_none_or(|name| service.name == *name));
    let named: Vec<&PipelineOf> = services.flat_map(|service| &service.tekton).collect();
    let never = named.iter().filter(|one| newest_of(state, one).is_none()).filter_map(|one| without_run(state, one));
    let ran = lane.and_then(|_| named.iter().find_map(|one| newest_of(state, one)));
    let all: Vec<Result<Form, Safe>> = never.chain(ran.map(|run| of_pipeline(state, run))).collect();
    let best = all.iter().position(Result::is_ok).unwrap_or(0);
    all.into_iter().nth(best)
}

/// In the cluster that reads the namespace it is to run in.
fn without_run(state: &State, one: &PipelineOf) -> Option<Result<Form, Safe>> {
    let namespace = one.namespace.as_ref()?;
    // A cluster without Tekton says so, and starts nothing.
    let reads = |(id, feed): &(&FeedId, &Feed)| {
        id.kind == Kind::PipelineRun
            && id.namespace.as_ref().is_none_or(|name| name == namespace)
            && !matches!(feed.status, FeedStatus::Absent { .. })
    };
    let feeds = || state.world.feeds.iter().filter(reads);
    // That it never ran is known only of a list that was read to its end.
    let whole = feeds().find(|(_, feed)| facts::trouble(state, feed).is_none());
    let Some((id, _)) = whole else {
        let why = feeds().find_map(|(_, feed)| facts::trouble(state, feed))?;
        return Some(Err(safe!("whether {} ever ran is not known: {}", one.pipeline, why)));
    };
    Some(pipeline_form(state, (id.cluster, namespace), &one.pipeline, Name::new("")))
}

/// Of a RustCI server: what an execution can be told of its source.
fn of_execution(state: &State, run: &Run) -> Result<Form, Safe> {
    let id = Uid::new(run.meta.cluster, run.path.raw());
    let pipeline = state.world.details.pipeline(&id).ok_or_else(|| Safe::of("its pipeline is gone"))?;
    super::offer::may_act(state, Command::DispatchWorkflow, &pipeline.id)?;
    let input = |name: &str, description: &'static str, kind| Input {
        name: Name::new(name),
        description: Safe::of(description),
        required: false,
        default: None,
        kind,
    };
    let given = Dispatchable {
        id: 0,
        name: pipeline.id.name.clone(),
        sha: Name::new(""),
        inputs: vec![
            input("commit", "the commit to build, or its beginning", InputKind::Commit),
            input("repository", "where the source is, as the pipeline understands it", InputKind::Text),
        ],
        takes_over: false,
    };
    let mut form = Form::new(pipeline.id.clone(), Name::new(""), branch_of(Some(run)));
    form.given = Some(Arc::new(given));
    Ok(form)
}

/// The form for the workflow that builds an image of the catalogue.
fn of_image(state: &State, image: &Name) -> Result<Form, Safe> {
    let repository = Reference::parse(image.raw()).map(|image| image.repository).unwrap_or_default();
    let entry = catalogue::entry(state, &repository)
        .ok_or_else(|| safe!("{} is not in the catalogue: name its folder in images: of config.yaml", image))?;
    let file = entry.workflow.as_ref().ok_or_else(|| {
        safe!(
            "no workflow builds {}: name it in images: of config.yaml (workflow: FILE), or build it here",
            entry.image
        )
    })?;
    let host = catalogue::host_of(state, &entry.repository);
    let host = host.ok_or_else(|| safe!("no GitHub reads {}", entry.repository))?;
    let path = format!(".github/workflows/{}", file.raw());
    let mine = |run: &&std::sync::Arc<Run>| *run.repository() == entry.repository && file_of(run) == path;
    let newest = state.world.runs.rows().iter().filter(mine).max_by_key(|run| (run.created, run.number));
    let target = ObjectId {
        cluster: host,
        kind: Kind::Workflow,
        namespace: entry.repository.clone(),
        name: newest.map_or_else(|| file.clone(), |run| run.workflow.clone()),
        uid: Uid::new(host, &format!("{} {path}", entry.repository.raw())),
    };
    super::offer::may_act(state, Command::DispatchWorkflow, &target)?;
    // Of a workflow that has never run nobody says on which branch: it is typed.
    Ok(Form::new(target, Name::new(&path), branch_of(newest.map(AsRef::as_ref))))
}

/// The branch as GitHub writes it, which is what it is asked for.
fn branch_of(run: Option<&Run>) -> Name {
    run.and_then(|run| run.branch.clone()).unwrap_or_else(|| Name::new(""))
}

/// `path` may name a branch behind the file.
fn file_of(run: &Run) -> &str {
    let path = run.path.raw();
    path.split_once('@').map_or(path, |(path, _)| path)
}

/// What was filled in, as an action.
pub fn action(state: &State, form: &Form, workflow: &Dispatchable) -> Result<Action, Safe> {
    if let Some((_, why)) = form.problem() {
        return Err(why);
    }
    super::offer::may_act(state, Command::DispatchWorkflow, &form.target)?;
    let inputs = form.inputs();
    // The run whose page it was started on may be gone, or of another Pipeline than the one that was named.
    let alone = form.target.kind == Kind::Pipeline && !workflow.takes_over;
    let change = Change::Dispatch {
        path: if alone { Name::new("") } else { form.path.clone() },
        reference: form.reference.clone(),
        sha: workflow.sha.clone(),
        environment: environment(state, form, &inputs),
        inputs,
        last: last(state, &form.target, form.path.raw()),
    };
    let mut target = form.target.clone();
    if target.kind == Kind::Pipeline {
        // Another one may have been named.
        target.uid = Uid::new(target.cluster, &format!("{}/{}", target.namespace.raw(), form.reference.raw()));
        target.name = form.reference.clone();
    }
    access::may(state, Action { target, change })
}

/// Where it leads: a value of any kind may name the place, and so may the workflow, its file and the
/// branch; what stands in a namespace is where that is.
fn environment(state: &State, form: &Form, inputs: &[(Name, Name)]) -> Option<Name> {
    let target = &form.target;
    let namespace = (target.kind == Kind::Pipeline).then(|| environment::of(state, target.cluster, &target.namespace));
    let words = [target.name.raw(), form.path.raw(), form.reference.raw()].into_iter();
    let shown = inputs.iter().filter(|(name, value)| !masked::hides(name, value));
    let words = words.chain(shown.map(|(_, value)| value.raw()));
    environment::of_start(state, form.environments().chain(namespace), words)
}

/// The same action as things stand now.
pub(super) fn again(state: &State, action: &Action) -> Result<Action, Safe> {
    super::offer::may_act(state, Command::DispatchWorkflow, &action.target)?;
    let mut action = action.clone();
    if let Change::Dispatch { path, last, .. } = &mut action.change {
        *last = self::last(state, &action.target, path.raw());
    }
    access::may(state, action)
}

/// The newest run there is, where nothing else tells one that was asked for from it.
fn last(state: &State, target: &ObjectId, path: &str) -> Option<Uid> {
    match target.kind {
        Kind::Workflow => newest(state, target, path),
        Kind::CiPipeline => super::pipeline::newest(state, target).map(|run| run.meta.uid.clone()),
        _ => None,
    }
}

/// Runs of this workflow that somebody started by hand.
fn by_hand<'a>(state: &'a State, target: &'a ObjectId, path: &'a str) -> impl Iterator<Item = &'a Run> {
    let rows = state.world.runs.rows().iter().map(AsRef::as_ref);
    rows.filter(move |run: &&Run| {
        run.kind == Kind::Run
            && run.meta.cluster == target.cluster
            && *run.repository() == target.namespace
            && run.event.as_str() == EVENT
            && file_of(run) == path
    })
}

/// GitHub's ids rise.
fn number(uid: &Uid) -> u64 {
    uid.raw().parse().unwrap_or(0)
}

fn newest(state: &State, target: &ObjectId, path: &str) -> Option<Uid> {
    by_hand(state, target, path).map(|run| &run.meta.uid).max_by_key(|uid| number(uid)).cloned()
}

/// Whether the run that was asked for is in the list.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    let Change::Dispatch { path, reference, last, .. } = &operation.action.change else {
        return Verdict::Lost(Safe::of("a workflow can be started, nothing else"));
    };
    if target.kind == Kind::Pipeline {
        return pipeline_shows(state, operation);
    }
    if let Some(id) = &operation.made {
        return match state.world.runs.get(&Uid::new(target.cluster, id.raw())) {
            Some(_) => Verdict::Seen,
            None => Verdict::Waiting(safe!("run {} in the list", id)),
        };
    }
    let last = last.as_ref().map_or(0, number);
    // A run that is told late may be an old one.
    let since = operation.started.as_second() - SLACK;
    let newer = |run: &Run| {
        number(&run.meta.uid) > last
            && run.created.is_some_and(|created| created.as_second() >= since)
            && run.branch.as_ref().is_some_and(|branch| branch == reference)
    };
    if by_hand(state, target, path.raw()).any(newer) {
        Verdict::Seen
    } else {
        Verdict::Waiting(Safe::of("a newer run of it in the list"))
    }
}

/// Whether the run that the answer named is in the list.
fn pipeline_shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    let Some(made) = &operation.made else { return Verdict::Waiting(Safe::of("the new run to be listed")) };
    let is_it = |run: &Arc<Run>| {
        run.kind == Kind::PipelineRun
            && run.meta.cluster == target.cluster
            && run.meta.namespace == target.namespace
            && run.meta.name == *made
    };
    let listed = state.world.runs.rows().iter().any(is_it);
    if listed { Verdict::Seen } else { Verdict::Waiting(safe!("{} to be listed", made)) }
}

/// What the dialog says before.
pub(super) fn words(action: &Action, words: &mut Words) {
    let Change::Dispatch { path, reference, inputs, .. } = &action.change else { return };
    words.expects = Safe::of("the new run in the list");
    match action.target.kind {
        Kind::Pipeline => {
            words.summary = safe!("a new PipelineRun of {}", reference);
            words.line("pipeline", reference.safe().clone());
            if !path.raw().is_empty() {
                words.line("as in", path.safe().clone());
            }
        }
        Kind::CiPipeline => {
            words.summary = Safe::of("a new execution of all its stages");
            let branch = if reference.raw().is_empty() { Safe::of("none named") } else { reference.safe().clone() };
            words.line("branch", branch);
        }
        _ => {
            words.summary = safe!("a new run at {}", reference);
            words.line("workflow", path.safe().clone());
            words.line("ref", reference.safe().clone());
        }
    }
    let pair = |(name, value): &(Name, Name)| match value.raw() {
        "" => safe!("{}: (empty)", name),
        text if masked::hides(name, value) => {
            safe!("{}: {}, not shown", name, plural(text.chars().count() as u64, "character", "characters"))
        }
        _ => safe!("{}: {}", name, value),
    };
    let all: Vec<Safe> = inputs.iter().map(pair).collect();
    match all.len() {
        0 => words.line("inputs", Safe::of("none")),
        1..=LINES => words.lines("inputs", all),
        _ => words.line("inputs", Safe::join(all.iter(), " · ")),
    }
    let (will, not, undo) = match action.target.kind {
        Kind::Pipeline => (
            if path.raw().is_empty() {
                safe!("run {} with these parameters, as the namespace's default service account", reference)
            } else {
                safe!("run {} with these parameters; workspaces and service account are those of {}", reference, path)
            },
            Safe::of("begin if the Pipeline has changed since the form was read"),
            Safe::of("cancel ends the new run; what its tasks did until then stays done"),
        ),
        Kind::CiPipeline => (
            Safe::of("start it as by hand (trigger_type manual), and mark it with this operation"),
            Safe::of("begin if another execution of it came since you looked"),
            Safe::of("cancel marks it as cancelled; what its steps did until then stays done"),
        ),
        _ => (
            safe!("start the workflow on the newest commit of {}, in your name", reference),
            Safe::of("begin if the workflow's file has changed since the form was read"),
            Safe::of("cancel ends the run; what its jobs did until then stays done"),
        ),
    };
    words.line("this will", will);
    words.lines("it will not", vec![Safe::of("be sent twice: each request that arrives is a run of its own"), not]);
    words.line("undo", undo);
}
