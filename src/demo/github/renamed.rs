//! A repository that had another name: whoever asks under that one is sent to its number, which stays the same
//! (apis.md §6.1). A read is sent there for good, a write for now.

use axum::http::{Method, StatusCode, Uri};

use super::book::Book;
use super::reply::Reply;
use crate::demo::value::hash;

/// What it was called, and what it is called now.
const FORMER: [(&str, &str); 1] = [("shop/till", "shop/checkout")];

/// The number of a repository, whatever it is called.
pub(super) fn id(repository: &str) -> u64 {
    hash(repository) % 900_000_000
}

/// `repositories/77/…` is `repos/shop/checkout/…`.
pub(super) fn by_name(book: &Book, parts: &[&str]) -> Option<Vec<String>> {
    let ["repositories", number, rest @ ..] = parts else { return None };
    let number: u64 = number.parse().ok()?;
    let repository = book.repositories.iter().find(|it| id(&it.name) == number)?;
    let name = ["repos"].into_iter().chain(repository.name.split('/'));
    Some(name.chain(rest.iter().copied()).map(str::to_owned).collect())
}

/// Where a path under a former name leads.
pub(super) fn moved(parts: &[&str], method: &Method, base: &str, uri: &Uri) -> Option<Reply> {
    let ["repos", owner, name, rest @ ..] = parts else { return None };
    let full = format!("{owner}/{name}");
    let (_, now) = FORMER.iter().find(|(former, _)| former.eq_ignore_ascii_case(&full))?;
    let mut to = format!("{base}/repositories/{}", id(now));
    for part in rest {
        to.push('/');
        to.push_str(part);
    }
    if let Some(query) = uri.query() {
        to.push('?');
        to.push_str(query);
    }
    let reads = method == Method::GET || method == Method::HEAD;
    Some(Reply::Moved { code: if reads { StatusCode::MOVED_PERMANENTLY } else { StatusCode::TEMPORARY_REDIRECT }, to })
}
