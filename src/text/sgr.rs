//! Colours and attributes that a log line asks for. Conceal and blink are never taken over, and a
//! text is never drawn in (almost) its own background.

/// A colour as a log names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Colour {
    /// 0–15 the terminal's own, 16–231 the cube, 232–255 grey.
    Index(u8),
    Rgb(u8, u8, u8),
}

/// What SGR sequences have asked for so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Sgr {
    pub fg: Option<Colour>,
    pub bg: Option<Colour>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub reverse: bool,
    pub strike: bool,
}

/// Least contrast between a text and its background (WCAG, large text).
pub const CONTRAST: f64 = 3.0;

impl Sgr {
    /// Takes the parameters of one `CSI … m` in; what is not allowed is left out.
    pub(super) fn apply(&mut self, parameters: &str) {
        let mut fields = parameters.split(';');
        while let Some(field) = fields.next() {
            let mut parts = field.split(':');
            let code: u16 = match parts.next().unwrap_or_default() {
                "" => 0,
                digits => digits.parse().unwrap_or(u16::MAX),
            };
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = parts.next() != Some("0"),
                21 => self.underline = true,
                7 => self.reverse = true,
                9 => self.strike = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.reverse = false,
                29 => self.strike = false,
                30..=37 => self.fg = Some(Colour::Index(code as u8 - 30)),
                39 => self.fg = None,
                40..=47 => self.bg = Some(Colour::Index(code as u8 - 40)),
                49 => self.bg = None,
                90..=97 => self.fg = Some(Colour::Index(code as u8 - 82)),
                100..=107 => self.bg = Some(Colour::Index(code as u8 - 92)),
                // 58 (colour of the underline) is read only to skip its parameters.
                38 | 48 | 58 => {
                    let rest: Vec<&str> = parts.collect();
                    let colour = if rest.is_empty() { extended(&mut fields) } else { subparameters(&rest) };
                    match code {
                        38 => self.fg = colour.or(self.fg),
                        48 => self.bg = colour.or(self.bg),
                        _ => {}
                    }
                }
                // 5, 6 (blink) and 8 (conceal) above all.
                _ => {}
            }
        }
    }

    /// The same, readable: against its own background at least [`CONTRAST`].
    pub(super) fn legible(mut self) -> Self {
        if let Some(bg) = self.bg {
            self.fg = Some(match self.fg {
                Some(fg) => legible(fg, bg),
                None => opposite(bg),
            });
            // Dim halves a contrast that was chosen to be just enough.
            self.dim = false;
        }
        self
    }
}

/// `5;n` or `2;r;g;b` from the fields that follow.
fn extended<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<Colour> {
    let mut number = || fields.next().and_then(|field| field.parse::<u8>().ok());
    match number()? {
        5 => Some(Colour::Index(number()?)),
        2 => Some(Colour::Rgb(number()?, number()?, number()?)),
        _ => None,
    }
}

/// `5:n`, `2:r:g:b` or `2::r:g:b` (with the empty colour space of ITU T.416).
fn subparameters(parts: &[&str]) -> Option<Colour> {
    let number = |part: &&str| part.parse::<u8>().ok();
    match parts {
        ["5", n] => Some(Colour::Index(number(n)?)),
        ["2", r, g, b] | ["2", _, r, g, b, ..] => Some(Colour::Rgb(number(r)?, number(g)?, number(b)?)),
        _ => None,
    }
}

/// `fg`, or black or white where it could not be read on `bg`.
#[must_use]
pub fn legible(fg: Colour, bg: Colour) -> Colour {
    if contrast(fg, bg) >= CONTRAST { fg } else { opposite(bg) }
}

/// Black or white, whichever is seen better on it. Cube colours: terminals leave these alone.
fn opposite(bg: Colour) -> Colour {
    const BLACK: Colour = Colour::Index(16);
    const WHITE: Colour = Colour::Index(231);
    if contrast(BLACK, bg) >= contrast(WHITE, bg) { BLACK } else { WHITE }
}

/// Contrast ratio of WCAG 2, 1 to 21, with xterm's values for the first sixteen colours.
#[must_use]
pub fn contrast(a: Colour, b: Colour) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: Colour) -> f64 {
    let (r, g, b) = rgb(colour);
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// Red, green and blue of a colour in xterm's palette.
#[must_use]
pub const fn rgb(colour: Colour) -> (u8, u8, u8) {
    const BASE: [(u8, u8, u8); 16] = [
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
    const fn level(step: u8) -> u8 {
        if step == 0 { 0 } else { 55 + step * 40 }
    }
    match colour {
        Colour::Rgb(r, g, b) => (r, g, b),
        Colour::Index(n @ 0..=15) => BASE[n as usize],
        Colour::Index(n @ 16..=231) => {
            let n = n - 16;
            (level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        Colour::Index(n @ 232..) => {
            let grey = 8 + (n - 232) * 10;
            (grey, grey, grey)
        }
    }
}
