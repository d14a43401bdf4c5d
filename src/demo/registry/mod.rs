//! The container registry of a world, under `/registry` on its server: token flow, tags, indexes with
//! their attestations, manifests and configurations, as GHCR answers. What it holds is what the runs of
//! the world's repositories have pushed by now.

mod content;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::server::Shared;
use super::value::hash;
use super::world::World;
use content::{Document, Image};

/// Where it stands on the server.
pub(super) const PREFIX: &str = "/registry";
/// What images name.
pub(super) const HOST: &str = "ghcr.io";
/// Tags of a page, unless fewer are asked for.
const PAGE: usize = 100;

type Params = HashMap<String, String>;

/// The routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

/// The image repositories of a world, with their host.
pub(super) fn repositories(world: &World) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for workload in &world.scenario.workloads {
        if workload.image.starts_with(HOST) && !all.contains(&workload.image) {
            all.push(workload.image.clone());
        }
    }
    for entry in &world.scenario.catalogue {
        if !all.contains(&entry.image) {
            all.push(entry.image.clone());
        }
    }
    all
}

/// What `image` (`ghcr.io/shop/checkout:1.43.0`) is now: its digest, and whether it runs on this
/// platform. `None`: the registry has nothing of that name.
pub(super) fn pulled(world: &World, image: &str, platform: &str) -> Option<(String, bool)> {
    let (repository, tag) = image.strip_prefix(HOST)?.strip_prefix('/')?.rsplit_once(':')?;
    let found = content::of(world, repository).into_iter().find(|image| image.tags.iter().any(|known| known == tag))?;
    let runs = found.platforms.iter().any(|known| known == platform);
    Some((found.index().digest, runs))
}

/// Takes an image from an engine, for its one platform; its digest, or nothing where the registry has no
/// repository of that name.
pub(super) fn push(world: &mut World, image: &str, tag: &str, commit: &str) -> Option<String> {
    if !repositories(world).iter().any(|known| known == image) {
        return None;
    }
    let repository = image.strip_prefix(HOST)?.strip_prefix('/')?.to_owned();
    let by_hand = ByHand { repository, tag: tag.to_owned(), commit: commit.to_owned(), at: world.now };
    let digest = content::by_hand(&by_hand).index().digest;
    world.pushed.push(by_hand);
    Some(digest)
}

/// An image that no run has pushed.
#[derive(Debug, Clone)]
pub(super) struct ByHand {
    repository: String,
    tag: String,
    commit: String,
    at: jiff::Timestamp,
}

async fn answer(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let params = Query::<Params>::try_from_uri(&uri).map(|query| query.0).unwrap_or_default();
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let base = format!("http://{}{PREFIX}", text(header::HOST));
    let authorization = text(header::AUTHORIZATION);
    if !matches!(method, Method::GET | Method::HEAD) {
        return failure(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "the demo's registry is only read");
    }
    match parts[..] {
        ["token"] => {
            let scope = params.get("scope").map_or("", String::as_str);
            // As GHCR: no time of its own.
            json_of(&json!({ "token": token(scope) }))
        }
        ["_blobs", owner, name, digest] if !authorization.is_empty() => {
            // As the stores behind registries do with a header that is not for them.
            let message = format!("{owner}/{name}/{digest} takes one kind of authorization only");
            failure(StatusCode::BAD_REQUEST, "INVALID", &message)
        }
        ["_blobs", owner, name, digest] => {
            let images = content::of(&shared.world(), &format!("{owner}/{name}"));
            served(images.iter().flat_map(Image::blobs).find(|it| it.digest == digest), "BLOB_UNKNOWN")
        }
        ["v2"] => match authorization.strip_prefix("Bearer ") {
            Some(_) => json_of(&json!({})),
            None => unauthorized(&base, "user/image"),
        },
        ["v2", owner, name, ref rest @ ..] => {
            let repository = format!("{owner}/{name}");
            let scope = format!("repository:{repository}:pull");
            if authorization.strip_prefix("Bearer ") != Some(token(&scope).as_str()) {
                return unauthorized(&base, &repository);
            }
            let images = content::of(&shared.world(), &repository);
            below(&base, &repository, &images, rest, &params)
        }
        _ => failure(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "page not found"),
    }
}

fn below(base: &str, repository: &str, images: &[Image], rest: &[&str], params: &Params) -> Response {
    if images.is_empty() {
        return failure(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry");
    }
    match rest {
        ["tags", "list"] => tags(repository, images, params),
        ["manifests", reference] => {
            let tagged = images.iter().find(|image| image.tags.iter().any(|tag| tag == reference)).map(Image::index);
            let found = tagged.or_else(|| images.iter().flat_map(Image::manifests).find(|it| it.digest == *reference));
            served(found, "MANIFEST_UNKNOWN")
        }
        ["blobs", digest] => {
            let to = format!("{base}/_blobs/{repository}/{digest}?signed=1");
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        _ => failure(StatusCode::NOT_FOUND, "UNSUPPORTED", "page not found"),
    }
}

/// In order of their letters, never of time.
fn tags(repository: &str, images: &[Image], params: &Params) -> Response {
    let mut all: Vec<&String> = images.iter().flat_map(|image| &image.tags).collect();
    all.sort();
    let count = params.get("n").and_then(|count| count.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let from = params.get("last").map_or(0, |last| all.partition_point(|tag| *tag <= last));
    let page: Vec<&String> = all.iter().skip(from).take(count).copied().collect();
    let body = json!({ "name": repository, "tags": page });
    match page.last().filter(|_| from + page.len() < all.len()) {
        Some(last) => {
            let link = format!("<{PREFIX}/v2/{repository}/tags/list?last={last}&n={count}>; rel=\"next\"");
            ([(header::LINK, link)], json_of(&body)).into_response()
        }
        None => json_of(&body),
    }
}

/// What a token server here gives for a scope.
fn token(scope: &str) -> String {
    format!("demo-{:016x}", hash(scope))
}

fn unauthorized(base: &str, repository: &str) -> Response {
    let challenge = format!("Bearer realm=\"{base}/token\",service=\"{HOST}\",scope=\"repository:{repository}:pull\"");
    let body = failure(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required");
    ([(header::WWW_AUTHENTICATE, challenge)], body).into_response()
}

fn served(found: Option<Document>, unknown: &str) -> Response {
    match found {
        Some(Document { kind, digest, body }) => {
            ([(header::CONTENT_TYPE, kind.to_owned()), (content::DIGEST, digest)], body).into_response()
        }
        None => failure(StatusCode::NOT_FOUND, unknown, "not known to registry"),
    }
}

fn json_of(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "code": code, "message": message }] }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
