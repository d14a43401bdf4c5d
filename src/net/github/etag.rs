//! What was read before and may not have changed: per page its `ETag` and the page after it. The
//! bodies are not kept; whoever holds one of these has made what it needs of them.

use std::collections::VecDeque;

/// Pages that are remembered; the oldest goes.
const MOST: usize = 256;

/// Of one reader: one that starts anew has nothing, and asks for everything.
#[derive(Debug, Default)]
pub struct Etags {
    pages: VecDeque<Page>,
}

#[derive(Debug)]
struct Page {
    path: String,
    etag: String,
    next: Option<String>,
}

impl Etags {
    pub(super) fn of(&self, path: &str) -> Option<&str> {
        self.page(path).map(|page| page.etag.as_str())
    }

    pub(super) fn next(&self, path: &str) -> Option<&str> {
        self.page(path)?.next.as_deref()
    }

    fn page(&self, path: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.path == path)
    }

    pub(super) fn keep(&mut self, path: &str, etag: Option<String>, next: Option<String>) {
        self.forget(path);
        let Some(etag) = etag else { return };
        if self.pages.len() >= MOST {
            self.pages.pop_front();
        }
        self.pages.push_back(Page { path: path.to_owned(), etag, next });
    }

    /// The next answer to this path is whole.
    pub fn forget(&mut self, path: &str) {
        self.pages.retain(|page| page.path != path);
    }

    /// As [`Self::forget`], with the pages that follow.
    pub(super) fn forget_from(&mut self, path: &str) {
        let mut at = Some(path.to_owned());
        while let Some(path) = at.take() {
            at = self.next(&path).map(str::to_owned);
            self.forget(&path);
        }
    }

    /// Pages that are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_bounded_and_forgets_the_oldest() {
        let mut etags = Etags::default();
        for n in 0..1_000 {
            etags.keep(&format!("/{n}"), Some(format!("\"{n}\"")), None);
            etags.keep("/0", Some("\"0\"".to_owned()), Some("/0?page=2".to_owned()));
        }
        assert_eq!(etags.len(), MOST);
        assert_eq!((etags.of("/0"), etags.next("/0")), (Some("\"0\""), Some("/0?page=2")));
        assert_eq!((etags.of("/1"), etags.of("/999")), (None, Some("\"999\"")));
        etags.keep("/0", None, None);
        assert_eq!(etags.of("/0"), None);
    }
}
