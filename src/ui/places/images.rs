//! Images of the registries: the list, and the page of one with its platforms and who runs it.

use super::View;
use crate::config::theme::Role;
use crate::model::builds::{CatalogueImage, Commit};
use crate::model::images::{Image, Platform, Variant};
use crate::model::{Kind, ObjectId, SystemId};
use crate::safe;
use crate::state::catalogue::{self, Standing};
use crate::state::freshness::{self, Freshness};
use crate::state::images::{self, Runs, Use};
use crate::state::layout::Page;
use crate::state::lists::{self, Item, Line};
use crate::state::ui::{ListId, Place};
use crate::state::{State, environment, nodes, shared};
use crate::text::{self, Safe};
use crate::ui::facts;
use crate::ui::notice::{self, About};
use crate::ui::panes::{self, pipelines};
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::{self, Sign};
use crate::ui::table::{left, named, right};

pub(super) static IMAGES: View = View {
    title: "IMAGES",
    kinds: KINDS,
    about: About {
        what: "images",
        when_empty: "Tags appear here as soon as something runs them, or a recent run has built them.",
        when_absent: "Check the names under images of your services, and the login in sources.registries.",
    },
    columns: &[
        left("status", 16, 1, 0),
        named("image", 20, 2, 0),
        left("platforms", 20, 2, 1),
        right("age", 6, 2),
        left("commit", 7, 0, 3),
        left("run", 14, 1, 4),
        left("runs in", 16, 2, 2),
        left("digest", 19, 0, 5),
        left("repository", 18, 1, 6),
    ],
    cells,
};

const KINDS: &[Kind] = &[Kind::Image];

/// Draws the place: the rows, or why there are none.
pub(super) fn draw(state: &State, pen: &mut Pen<'_>, page: &Page) {
    let list = ListId::Place(Place::Images);
    let mut title = pen.within(page.title);
    if state.world.of_system(SystemId::Registry).next().is_none() {
        title.title(0, Role::Title, IMAGES.title, &Words::new());
        let why = "Images come from container registries, and no service of the configuration names its images.";
        let next = "Write images: [ghcr.io/OWNER/NAME] under a service in config.yaml, or a catalogue in images:.";
        return panes::no_source(&mut pen.within(page.rows), why, next);
    }
    let freshness = freshness::of_kinds(state, KINDS);
    if let (0, Freshness::Denied { why }) = (lists::total(state, &list), &freshness) {
        let sign = signs::freshness(&freshness);
        title.title(0, Role::Title, IMAGES.title, &sign.words());
        let head = sign.mark().add(sign.role, "not allowed to read images, or there are none");
        let next = Words::of(Role::Dim, "Everything else here goes on working.");
        return notice::lines(&mut pen.within(page.rows), &head, Some(why), &next);
    }
    super::list(state, pen, page, &IMAGES);
}

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let image = match &line.item {
        Item::Image(image) => image,
        Item::Folder(entry) => return unlisted(entry),
        _ => return Vec::new(),
    };
    let sign = sign(state, image);
    vec![
        sign.words(),
        Words::of(sign.name_role(), image.words()),
        told(state, image, without_os),
        Words::of(Role::Dim, facts::age(state, &image.meta)),
        images::commit(image).map_or_else(Words::new, |commit| Words::of(Role::Dim, pipelines::short(&commit))),
        run(state, image),
        environments(state, image),
        image.digest().map_or_else(Words::new, |digest| Words::of(Role::Dim, digest.short())),
        Words::of(Role::Dim, image.repository()),
    ]
}

/// One of the catalogue of which no image is known: it can be built all the same.
fn unlisted(entry: &CatalogueImage) -> Vec<Words> {
    let repository = entry.image.raw();
    let last = Safe::identity(repository.rsplit_once('/').map_or(repository, |(_, last)| last));
    let folder = safe!("no image is known; built from {} of {}", Safe::identity(&entry.folder), entry.repository);
    let mut cells = vec![
        Words::of(Role::Unknown, "? ").add(Role::Unknown, "not known"),
        Words::of(Role::Text, safe!("{}:{}", last, entry.tag)),
        Words::of(Role::Dim, folder),
    ];
    cells.extend((3..8).map(|_| Words::new()));
    cells.push(Words::of(Role::Dim, &entry.image));
    cells
}

/// How an image stands, as glyph and word.
pub(super) fn sign(state: &State, image: &Image) -> Sign {
    let missing = images::missing(state, image);
    match (&image.manifest, missing.first()) {
        (Err(_), _) => Sign::new(Role::Unknown, "?", Safe::of("not known")),
        (Ok(_), Some(platform)) => Sign::new(Role::Bad, "✖", safe!("no {}", without_os(platform))),
        (Ok(_), None) if catalogue::is_stale(state, image) => Sign::new(Role::Wait, "◐", Safe::of("stale")),
        (Ok(manifest), None) if manifest.unread.is_some() => Sign::new(Role::Wait, "◐", Safe::of("not whole")),
        (Ok(_), None) if images::wanted(state, image.repository().raw()).is_empty() => {
            Sign::new(Role::Quiet, "●", Safe::of("there"))
        }
        (Ok(_), None) => Sign::new(Role::Quiet, "✔", Safe::of("complete")),
    }
}

/// `arm64` of `linux/arm64`: nearly all of them are for one system.
fn without_os(platform: &Platform) -> Safe {
    let words = platform.words();
    words.as_str().strip_prefix("linux/").map(Safe::line).unwrap_or(words)
}

/// `linux/amd64 · linux/arm64 missing`; why it is not known.
pub(in crate::ui) fn platforms(state: &State, image: &Image) -> Words {
    let words = told(state, image, Platform::words);
    match nodes_of(state, image) {
        Some((role, nodes)) => words.dim("   ").add(role, nodes),
        None => words,
    }
}

/// How many nodes the missing platforms are for; why that is not known.
fn nodes_of(state: &State, image: &Image) -> Option<(Role, Safe)> {
    let missing = images::missing(state, image);
    let doubt = nodes::doubt_of(state, image).map_or_else(Safe::default, |why| safe!(" ({})", why));
    if missing.is_empty() {
        let foreign = nodes::foreign(state, image);
        let words: Vec<Safe> = foreign.iter().map(|(_, words)| words.clone()).collect();
        let words = safe!("{}: it cannot run there{}", Safe::join(&words, ", "), doubt);
        return (!foreign.is_empty()).then_some((Role::Wait, words));
    }
    if let Some(Err(why)) = nodes::of(state, image) {
        return Some((Role::Unknown, why));
    }
    let words: Vec<Safe> = missing.iter().filter_map(|platform| nodes::like(state, image, platform)).collect();
    (!words.is_empty()).then(|| (Role::Bad, safe!("{}{}", Safe::join(&words, ", "), doubt)))
}

fn told(state: &State, image: &Image, name: fn(&Platform) -> Safe) -> Words {
    let manifest = match &image.manifest {
        Ok(manifest) => manifest,
        Err(why) => return Words::of(Role::Unknown, why),
    };
    // What is missing is what this is read for: it stands first, where nothing cuts it off.
    let mut words = Words::new();
    for platform in images::missing(state, image) {
        words = words.add(Role::Bad, safe!("{} missing", name(&platform))).dim(" · ");
    }
    let named = manifest.variants.iter().map(|variant| match &variant.platform {
        Some(platform) => name(platform),
        None => Safe::of("platform not known"),
    });
    let named: Vec<Safe> = named.collect();
    if named.is_empty() { words.dim("no platform at all") } else { words.text(Safe::join(&named, ", ")) }
}

/// `ci-cd-pipeline #4812`, with how it stands.
fn run(state: &State, image: &Image) -> Words {
    images::run(state, image).map_or_else(Words::new, |run| {
        let sign = signs::pipeline(&run.status, run.conclusion.as_ref());
        sign.mark().add(Role::Text, safe!("#{}", run.number)).dim(" ").dim(run.workflow.safe())
    })
}

/// The environments that run it, each once.
fn environments(state: &State, image: &Image) -> Words {
    let mut words = Words::new();
    let mut told: Vec<Safe> = Vec::new();
    for (user, runs) in images::users(state, image) {
        let place = shared::environment(state, user.workload.cluster, &user.environment);
        if told.contains(&place) {
            continue;
        }
        let apart = if told.is_empty() { "" } else { ", " };
        let role = if environment::is_protected(state, &user.environment) { Role::Text } else { Role::Dim };
        words = words.dim(apart).add(role, &place).add(Role::Wait, mark(runs));
        told.push(place);
    }
    words
}

const fn mark(runs: Runs) -> &'static str {
    match runs {
        Runs::Yes | Runs::ByName => "",
        Runs::Older => " (older)",
    }
}

/// The page of one.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(image) = state.world.images.get(&id.uid).cloned() else {
        return super::pages::gone(state, pen, page, id);
    };
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    let name = safe!("Image {}{}{}", image.repository(), if image.tagged { ":" } else { "@" }, image.meta.name);
    let right = super::and_trouble(sign(state, &image).words(), &freshness);
    pen.within(page.title).title(0, Role::Title, name, &right);
    let mut head = pen.within(page.facts);
    head.fade(super::is_old(&freshness));
    for (y, line) in (0..).zip(facts_of(state, &image)) {
        head.left(y, &line);
    }
    super::pages::tree(state, pen, page, id, None);
}

fn facts_of(state: &State, image: &Image) -> Vec<Words> {
    let manifest = match &image.manifest {
        Ok(manifest) => manifest,
        Err(why) => return vec![Words::of(Role::Unknown, "? ").add(Role::Unknown, why)],
    };
    let kind = if manifest.index { "index" } else { "one image, no index" };
    let mut first = Words::of(Role::Dim, "digest ").text(manifest.digest.short()).dim(safe!("   {}", kind));
    if manifest.attestations > 0 {
        let count = text::plural(manifest.attestations as u64, "attestation", "attestations");
        first = first.dim(safe!("   {}, no platform", count));
    }
    let age = image.meta.created.map(|_| safe!("{} ago", facts::age(state, &image.meta)));
    let built = Words::of(Role::Dim, "built ").text(age.unwrap_or_else(|| Safe::of("at a time it does not say")));
    let built = match images::commit(image) {
        Some(commit) => built.dim("   commit ").add(Role::Strong, pipelines::short(&commit)),
        None => built.dim("   ").add(Role::Unknown, "it does not say of which commit"),
    };
    let built = match images::run(state, image) {
        Some(run) => built.dim("  ").text(&run.title).dim("   by ").then(self::run(state, image)),
        None => built,
    };
    let mut lines = vec![first, built, Words::of(Role::Dim, "platforms ").then(platforms(state, image))];
    lines.extend(folder(state, image));
    if let Some(why) = &manifest.unread {
        lines.push(Words::of(Role::Wait, "◐ ").add(Role::Wait, safe!("not read whole: {}", why)));
    }
    if let Some(source) = &manifest.source {
        lines.push(Words::of(Role::Dim, source));
    }
    lines
}

/// Whether its folder was changed since it was built.
fn folder(state: &State, image: &Image) -> Option<Words> {
    let entry = catalogue::entry(state, image.repository().raw())?;
    let standing = catalogue::standing(state, image)?;
    let folder = if entry.folder.is_empty() { Safe::of("the repository") } else { Safe::identity(&entry.folder) };
    let words = Words::of(Role::Dim, "folder ").text(&folder).dim(" of ").text(&entry.repository).dim("   ");
    let commit = |words: Words, last: &Commit| {
        let at = safe!("  {} ago", facts::since(state, image.meta.cluster, last.at));
        words.add(Role::Strong, pipelines::short(&last.sha)).dim("  ").text(&last.title).dim(at)
    };
    Some(match &standing {
        Standing::Current(last) => commit(words.add(Role::Quiet, "✔ ").dim("has its last change "), last),
        Standing::Stale { last, later } => {
            let later = text::plural(*later, "commit later", "commits later");
            commit(words.add(Role::Wait, "◐ changed since it was built ").dim(later).dim("  "), last)
        }
        Standing::Diverged(last) => {
            commit(words.add(Role::Wait, "? built from another branch; the last change is "), last)
        }
        Standing::Unknown(why) => words.add(Role::Unknown, "? ").add(Role::Unknown, why),
    })
}

/// A platform it has.
pub(super) fn variant(variant: &Variant) -> Vec<Words> {
    let (sign, name) = match &variant.platform {
        Some(platform) => (Sign::new(Role::Quiet, "✔", Safe::of("there")), platform.words()),
        None => (Sign::new(Role::Unknown, "?", Safe::of("not known")), Safe::of("platform not known")),
    };
    let size = variant.size.map_or_else(|| Safe::of("size not read"), megabytes);
    vec![
        sign.mark().add(Role::Text, name),
        Words::of(sign.role, sign.word),
        Words::of(Role::Dim, safe!("{}  {}", size, variant.digest.short())),
        Words::new(),
    ]
}

/// `48.2 MB to pull`: as registries and `docker pull` count.
fn megabytes(bytes: u64) -> Safe {
    safe!("{} MB to pull", text::decimal(bytes as f64 / 1e6, 1))
}

/// One it lacks.
pub(super) fn missing(state: &State, platform: &Platform) -> Vec<Words> {
    let image = match &state.ui.place {
        Place::Image(id) => state.world.images.get(&id.uid),
        _ => None,
    };
    let nodes = image.and_then(|image| nodes::like(state, image, platform));
    let asks = Safe::of("the service asks for it; pods on such nodes cannot start");
    let why = match nodes {
        Some(nodes) => safe!("{}; {}", asks, nodes),
        None => asks,
    };
    vec![
        Words::of(Role::Bad, "✖ ").add(Role::Bad, platform.words()),
        Words::of(Role::Bad, "missing"),
        Words::of(Role::Text, why),
        Words::new(),
    ]
}

/// A workload that runs it.
pub(super) fn user(state: &State, user: &Use, runs: Runs) -> Vec<Words> {
    let sign = match runs {
        Runs::Yes => Sign::new(Role::Quiet, "●", Safe::of("runs it")),
        Runs::ByName => Sign::new(Role::Move, "◌", Safe::of("names it")),
        Runs::Older => Sign::new(Role::Wait, "◐", Safe::of("runs older")),
    };
    let pods = text::plural(user.pods as u64, "pod", "pods");
    let how = match runs {
        Runs::Yes => Words::new(),
        Runs::ByName => Words::of(Role::Dim, "  no pod says yet what it got"),
        Runs::Older => Words::of(Role::Wait, "  what this tag named before"),
    };
    let role = if environment::is_protected(state, &user.environment) { Role::Strong } else { Role::Text };
    let place = shared::environment(state, user.workload.cluster, &user.environment);
    vec![
        sign.mark().add(role, &user.workload.name).dim(" in ").add(role, place),
        Words::of(sign.role, sign.word),
        Words::of(Role::Dim, pods).then(how),
        Words::new(),
    ]
}

/// What a run has built: one line for its page.
pub(super) fn of_run(state: &State, run: &crate::model::pipelines::Run) -> Option<Words> {
    let built = images::of_run(state, run);
    let first = built.first()?;
    let mut words =
        Words::of(Role::Dim, "image ").add(Role::Text, first.words()).dim("  ").then(platforms(state, first));
    let others = built.iter().skip(1).filter(|image| image.digest() != first.digest()).count();
    if others > 0 {
        words = words.dim(safe!("  and {} more", text::count(others as u64)));
    }
    Some(words)
}
