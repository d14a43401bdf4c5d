//! How a presented line falls into rows of a width, and the part of it that a window shows.
//! Byte ranges only: nothing is copied.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The rows of a wrapped text, at least one; a cluster is never split. `width` in columns.
#[must_use]
pub fn wrap(text: &str, width: u16) -> Vec<Range<usize>> {
    let width = usize::from(width.max(1));
    if text.is_ascii() {
        let rows = text.len().div_ceil(width).max(1);
        return (0..rows).map(|row| row * width..((row + 1) * width).min(text.len())).collect();
    }
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, cluster) in text.grapheme_indices(true) {
        let columns = cluster.width();
        if used + columns > width && at > start {
            rows.push(start..at);
            (start, used) = (at, 0);
        }
        used += columns;
    }
    rows.push(start..text.len());
    rows
}

/// The part of a text that a window of `width` columns shows after `left` columns are scrolled off.
#[must_use]
pub fn window(text: &str, left: u16, width: u16) -> Range<usize> {
    let (left, width) = (usize::from(left), usize::from(width));
    if text.is_ascii() {
        let start = left.min(text.len());
        return start..(start + width).min(text.len());
    }
    let mut start = None;
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        let columns = cluster.width();
        if start.is_none() && used >= left {
            start = Some(at);
        }
        if start.is_some() && used + columns > left + width {
            return start.unwrap_or(at)..at;
        }
        used += columns;
    }
    start.unwrap_or(text.len())..text.len()
}
