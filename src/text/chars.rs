//! Which characters may be seen as they are (reliability.md §1.2, points 3 and 4).

use std::borrow::Cow;
use std::fmt::Write as _;

/// A name of small letters, digits, dots and hyphens: it can be typed as it looks. One that is not
/// must be confirmed by a code instead, because another name may look the same.
#[must_use]
pub fn identity_is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

/// A character that must never reach a terminal on its own: control, invisible, reordering, or
/// without a meaning that everybody shares (private use).
#[must_use]
pub const fn is_hostile(c: char) -> bool {
    c.is_ascii_control() || !c.is_ascii() && (matches!(c, '\u{80}'..='\u{9f}') || is_ignorable(c))
}

/// A JSON document with everything a terminal must not see as `\u` escapes. Such characters stand only
/// inside its strings, and the serializer has escaped those below U+0020 itself.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    let escaped = |c: char| c == '\x7f' || (!c.is_ascii() && (is_hostile(c) || is_contextual(c)));
    if !document.contains(escaped) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 64);
    for c in document.chars() {
        if escaped(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Invisible, reordering, default-ignorable, unassigned for good, or private.
/// The joiners and the variation selectors 15 and 16 are not in it: they depend on what is around them.
const fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{10ffff}')
        || (c as u32) & 0xfffe == 0xfffe
}

/// Zero width joiner and non-joiner, variation selectors 15 and 16.
pub(super) const fn is_contextual(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Whether such a character may stay between these two.
pub(super) const fn fits(c: char, before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), after) = (before, after) else { return false };
    match c {
        '\u{fe0e}' | '\u{fe0f}' => is_pictograph(before) || (matches!(before, '0'..='9' | '#' | '*') && keycap(after)),
        '\u{200d}' => match after {
            Some(after) => {
                ((is_pictograph(before) || matches!(before, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'))
                    && is_pictograph(after))
                    || (is_joining(before) && is_joining(after))
            }
            None => false,
        },
        _ => match after {
            Some(after) => is_joining(before) && is_joining(after),
            None => false,
        },
    }
}

const fn keycap(c: Option<char>) -> bool {
    matches!(c, Some('\u{20e3}'))
}

const fn is_pictograph(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}'
        | '\u{231a}'..='\u{23ff}' | '\u{24c2}' | '\u{25aa}'..='\u{25fe}' | '\u{2600}'..='\u{27bf}'
        | '\u{2934}'..='\u{2935}' | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
        | '\u{1f000}'..='\u{1faff}')
}

/// Letters and signs of the scripts that are written with joiners: Arabic, Syriac, N'Ko, Mongolian,
/// Indic and Khmer.
const fn is_joining(c: char) -> bool {
    matches!(c,
        '\u{620}'..='\u{65f}' | '\u{66e}'..='\u{6ff}' | '\u{710}'..='\u{77f}' | '\u{7ca}'..='\u{7fa}'
        | '\u{8a0}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17b3}'
        | '\u{17b6}'..='\u{17d3}' | '\u{1820}'..='\u{1878}')
}

/// A space that is not the ASCII one: in an identity it looks like one.
pub(super) const fn is_odd_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// What stands for a character that may not be seen: `␛`, `␡`, `<9b>`, `<200b>`.
pub(super) fn push_mark(out: &mut String, c: char) {
    match c {
        '\0'..='\x1f' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
        '\x7f' => out.push('␡'),
        ' ' => out.push('␠'),
        // Writing to a String cannot fail.
        _ => drop(write!(out, "<{:02x}>", c as u32)),
    }
}
