//! Sentences: our own words with safe parts between them. What is not a [`SafePart`] does not
//! compile, so a raw string cannot slip into a sentence.

use std::sync::Arc;

use super::safe::{Run, Safe};

mod sealed {
    /// Takes the parts of a sentence.
    #[derive(Debug, Default)]
    pub struct Builder {
        pub(super) text: String,
        pub(super) runs: Vec<super::Run>,
    }

    pub trait Sealed {
        fn append(&self, out: &mut Builder);
    }
}
pub(crate) use sealed::{Builder, Sealed};

/// What may stand in a sentence: [`Safe`], our own words, numbers.
pub trait SafePart: Sealed {}
impl<T: Sealed + ?Sized> SafePart for T {}

impl Builder {
    pub(crate) fn own(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    pub(crate) fn safe(&mut self, part: &Safe) {
        let shift = self.text.len() as u32;
        self.text.push_str(part.as_str());
        self.runs.extend(part.runs().iter().map(|run| Run {
            start: run.start + shift,
            end: run.end + shift,
            kind: run.kind,
        }));
    }

    pub(crate) fn finish(self) -> Safe {
        Safe::made(Arc::from(self.text), self.runs)
    }
}

impl Sealed for Safe {
    fn append(&self, out: &mut Builder) {
        out.safe(self);
    }
}

impl Sealed for &'static str {
    fn append(&self, out: &mut Builder) {
        out.own(self);
    }
}

impl<T: Sealed> Sealed for &T {
    fn append(&self, out: &mut Builder) {
        (**self).append(out);
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {
        $(impl Sealed for $kind {
            fn append(&self, out: &mut Builder) {
                use std::fmt::Write as _;
                // Writing to a String cannot fail.
                let _ = write!(out.text, "{self}");
            }
        })*
    };
}
numbers!(u8, u16, u32, u64, usize, i32, i64);

/// The function behind [`crate::safe!`]: each `{}` of our own words is replaced by the next part.
#[must_use]
pub fn compose(words: &'static str, parts: &[&dyn SafePart]) -> Safe {
    let mut out = Builder::default();
    let mut parts = parts.iter();
    let mut rest = words;
    while let Some(at) = rest.find("{}") {
        out.own(&rest[..at]);
        if let Some(part) = parts.next() {
            part.append(&mut out);
        }
        rest = &rest[at + 2..];
    }
    out.own(rest);
    out.finish()
}

/// How many `{}` our own words have; [`crate::safe!`] compares it with its arguments at compile time.
#[must_use]
pub const fn placeholders(words: &str) -> usize {
    let bytes = words.as_bytes();
    let (mut count, mut at) = (0, 0);
    while at + 1 < bytes.len() {
        if bytes[at] == b'{' && bytes[at + 1] == b'}' {
            count += 1;
            at += 1;
        }
        at += 1;
    }
    count
}

/// A [`Safe`] from our own words and safe parts: `safe!("{} of {}", name, 3)`. Only plain `{}`.
///
/// A text that was not presented is no part of a sentence:
/// ```compile_fail,E0277
/// let raw: String = std::env::args().collect();
/// quarterdeck::safe!("hello {}", raw);
/// ```
#[macro_export]
macro_rules! safe {
    ($words:literal $(, $part:expr)* $(,)?) => {{
        const _: () = assert!(
            $crate::text::placeholders($words) == 0 $(+ { let _ = stringify!($part); 1 })*,
            "as many placeholders as parts"
        );
        $crate::text::compose($words, &[$(&$part),*])
    }};
}
