//! Colours as files write them and as terminals have them: true, 256, sixteen, none.

use super::roles::Depth;

/// A colour as the terminal is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The terminal's own.
    Default,
    /// One of the 16, by number.
    Ansi(u8),
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// A palette entry: the colour, and the one of sixteen that stands for it where there are no more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) rgb: (u8, u8, u8),
    pub(super) ansi: Option<Colour>,
}

pub(super) fn hex(text: &str) -> Option<(u8, u8, u8)> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

pub(super) const ANSI: &[&str] = &[
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
    "default",
];

pub(super) fn ansi(name: &str) -> Option<Colour> {
    let number = ANSI.iter().position(|known| *known == name)?;
    Some(if number < 16 { Colour::Ansi(number as u8) } else { Colour::Default })
}

/// The colour in the number of colours there are.
pub(super) fn at(paint: Paint, depth: Depth) -> Colour {
    let (r, g, b) = paint.rgb;
    match depth {
        Depth::True => Colour::Rgb(r, g, b),
        Depth::Ansi256 => Colour::Indexed(indexed(paint.rgb)),
        Depth::Ansi16 => paint.ansi.unwrap_or_else(|| Colour::Ansi(sixteen(paint.rgb))),
        Depth::Mono => Colour::Default,
    }
}

/// The nearest of the 216 colours of the cube and the 24 greys.
fn indexed(rgb: (u8, u8, u8)) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |value: u8| (0..6).min_by_key(|at| LEVELS[*at].abs_diff(value)).unwrap_or(0);
    let (r, g, b) = (nearest(rgb.0), nearest(rgb.1), nearest(rgb.2));
    let cube = (LEVELS[r], LEVELS[g], LEVELS[b]);
    let mean = (u32::from(rgb.0) + u32::from(rgb.1) + u32::from(rgb.2)) / 3;
    let step = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * step;
    if apart(rgb, (grey, grey, grey)) < apart(rgb, cube) { 232 + step } else { (16 + 36 * r + 6 * g + b) as u8 }
}

/// The nearest of the sixteen, as xterm draws them.
fn sixteen(rgb: (u8, u8, u8)) -> u8 {
    const COLOURS: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    (0..16).min_by_key(|at| apart(rgb, COLOURS[usize::from(*at)])).unwrap_or(7)
}

fn apart(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_the_nearest_there_are() {
        assert_eq!(indexed((255, 0, 0)), 196);
        assert_eq!(indexed((18, 22, 28)), 233);
        assert_eq!(sixteen((250, 10, 10)), 9);
    }
}
