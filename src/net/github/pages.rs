//! Lists in pages (apis.md §6.1): the next one is where the server's `Link` says, as long as that is
//! the same server, a page not read yet, and not one too many. A list is whole or an error.

use std::collections::HashSet;

use bytes::Bytes;
use http::{HeaderMap, Uri, header};
use jiff::Timestamp;

use super::etag::Etags;
use super::stack::Origin;
use super::{GitHub, Got, Read, Share};
use crate::net::error::NetError;

/// A longer list is none that is watched here.
const PAGES: usize = 50;

/// A list, or that it is as it was.
#[derive(Debug, Clone)]
pub enum Listed {
    Unchanged {
        date: Option<Timestamp>,
    },
    /// Its pages, and the server's clock.
    Pages {
        bodies: Vec<Bytes>,
        /// There are more than were asked for.
        more: bool,
        date: Option<Timestamp>,
    },
}

impl GitHub {
    /// The first `most` pages of a list; all of them for `None`.
    pub async fn list(&self, path: &str, most: Option<usize>, etags: &mut Etags) -> Result<Listed, NetError> {
        let listed = self.list_pages(path, most.unwrap_or(PAGES), etags).await;
        if matches!(listed, Err(NetError::Paging(_))) {
            // Nothing was made of these pages: "unchanged" would say that something was.
            etags.forget_from(path);
        }
        listed
    }

    async fn list_pages(&self, path: &str, most: usize, etags: &mut Etags) -> Result<Listed, NetError> {
        if let Some(listed) = self.unchanged(path, most, etags).await? {
            return Ok(listed);
        }
        let mut bodies = Vec::new();
        let (mut seen, mut at, mut date) = (HashSet::new(), path.to_owned(), None);
        loop {
            seen.insert(at.clone());
            etags.forget(&at);
            let read = self.fresh(&at).await?;
            let next = self.keep(&at, &read, etags);
            date = read.date.or(date);
            bodies.push(read.body);
            match next {
                Some(next) if bodies.len() < most => {
                    if !self.is_here(&next) {
                        return Err(NetError::Paging(
                            "the next page of the list is on another server, which is not asked".to_owned(),
                        ));
                    }
                    if seen.contains(&next) {
                        return Err(NetError::Paging("the list never ends: the same page is named again".to_owned()));
                    }
                    at = next;
                }
                Some(_) if most == PAGES => {
                    return Err(NetError::Paging(format!("the list is longer than {PAGES} pages")));
                }
                next => return Ok(Listed::Pages { bodies, more: next.is_some(), date }),
            }
        }
    }

    /// Asks for the pages known from last time. `None`: one has changed, and all are read anew; but a
    /// list of one page comes with this answer.
    async fn unchanged(&self, path: &str, most: usize, etags: &mut Etags) -> Result<Option<Listed>, NetError> {
        let (mut at, mut pages) = (path.to_owned(), 0);
        let mut seen = HashSet::new();
        loop {
            if !seen.insert(at.clone()) {
                return Ok(None);
            }
            let Some(etag) = etags.of(&at).map(str::to_owned) else { return Ok(None) };
            match self.read(&at, Some(&etag), Share::Ours).await? {
                Got::Fresh(read) => {
                    let next = self.keep(&at, &read, etags);
                    let whole = pages == 0 && (next.is_none() || most == 1);
                    let listed = || Listed::Pages { bodies: vec![read.body], more: next.is_some(), date: read.date };
                    return Ok(whole.then(listed));
                }
                Got::Unchanged(date) => {
                    pages += 1;
                    match etags.next(&at) {
                        Some(next) if pages < most => at = next.to_owned(),
                        _ => return Ok(Some(Listed::Unchanged { date })),
                    }
                }
            }
        }
    }

    async fn fresh(&self, path: &str) -> Result<Read, NetError> {
        match self.read(path, None, Share::Ours).await? {
            Got::Fresh(read) => Ok(read),
            Got::Unchanged(_) => Err(NetError::Paging("the answer says unchanged, and nothing was known".to_owned())),
        }
    }

    /// Remembers a page; where the next one is.
    fn keep(&self, at: &str, read: &Read, etags: &mut Etags) -> Option<String> {
        let next = next_of(&read.headers);
        let etag = read.headers.get(header::ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
        // A page that leads elsewhere is asked for whole each time, to say so each time.
        let etag = etag.filter(|_| next.as_ref().is_none_or(|next| self.is_here(next)));
        etags.keep(at, etag, next.clone());
        next
    }

    fn is_here(&self, url: &str) -> bool {
        url.parse::<Uri>().ok().as_ref().and_then(Origin::of).as_ref() == Some(&self.inner.origin)
    }
}

/// `<https://…>; rel="next"`.
fn next_of(headers: &HeaderMap) -> Option<String> {
    headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok()).find_map(|text| {
        text.split(',').find_map(|link| {
            let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
            let next = rest.split(';').any(|part| {
                let (name, value) = part.trim().split_once('=').unwrap_or_default();
                name.eq_ignore_ascii_case("rel")
                    && value.trim_matches('"').split_ascii_whitespace().any(|rel| rel == "next")
            });
            next.then(|| address.to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::LINK, text.parse().unwrap());
            next_of(&headers)
        };
        let next = Some("https://x/y?page=2".to_owned());
        assert_eq!(of("<https://x/y?page=1>; rel=\"prev\", <https://x/y?page=2>; rel=\"next\""), next);
        assert_eq!(of("<https://x/y?page=2>; type=a; rel=next"), next);
        for none in ["", "<https://x/y", "https://x/y; rel=\"next\"", "<https://x/y>; rel=\"last\"", ", ,;=,<>"] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }
}
