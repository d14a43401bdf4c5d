//! Hostile texts, to be put wherever an outside text can stand: names, messages, annotations, log
//! lines. Each stands between two words of its own; a view passes when both can be read and nothing
//! but the console's own grammar was sent.

use quarterdeck::text::Profile;

/// A hostile text.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub payload: &'static [u8],
    /// What of the payload a reader of a *name* must see: that there was something.
    pub shows: &'static str,
}

impl Case {
    /// Its number in [`CASES`], so that its words are its own.
    fn number(&self) -> usize {
        CASES.iter().position(|case| case.name == self.name).unwrap()
    }

    pub fn before(&self) -> String {
        format!("qa{:02}", self.number())
    }

    pub fn after(&self) -> String {
        format!("qz{:02}", self.number())
    }

    /// Word, payload, word.
    pub fn bytes(&self) -> Vec<u8> {
        [self.before().as_bytes(), self.payload, self.after().as_bytes()].concat()
    }

    /// The same as JSON can carry it; `None` where the payload is no text at all.
    pub fn text(&self) -> Option<String> {
        String::from_utf8(self.bytes()).ok()
    }

    /// The two things that must be readable. In a line a carriage return overwrites the first word;
    /// the mark says so in its place.
    pub fn marks(&self, profile: Profile) -> [String; 2] {
        let rewritten = profile == Profile::Line && self.payload.contains(&b'\r') && !self.payload.ends_with(b"\r\n");
        [if rewritten { "␍×1".to_owned() } else { self.before() }, self.after()]
    }
}

const fn case(name: &'static str, payload: &'static [u8], shows: &'static str) -> Case {
    Case { name, payload, shows }
}

const fn text(name: &'static str, payload: &'static str, shows: &'static str) -> Case {
    Case { name, payload: payload.as_bytes(), shows }
}

pub const CASES: &[Case] = &[
    // Sequences that draw, erase or move.
    text("erase", "\x1b[2J", "␛[2J"),
    text("home", "\x1b[H", "␛[H"),
    text("scroll region", "\x1b[5;10r", "␛[5;10r"),
    text("alternate screen", "\x1b[?1049l", "␛[?1049l"),
    text("hide cursor", "\x1b[?25l", "␛[?25l"),
    text("mouse", "\x1b[?1003h", "␛[?1003h"),
    text("synchronized update", "\x1b[?2026h", "␛[?2026h"),
    text("reset", "\x1bc", "␛c"),
    text("line drawing", "\x1b(0", "␛(0"),
    text("shift out", "\x0e", "␎"),
    text("shift in", "\x0f", "␏"),
    text("many parameters", "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18H", "␛[1;2"),
    text("two escapes", "\x1b\x1b[31m", "␛␛"),
    // Strings: titles, links, clipboard, files, passthrough.
    text("title, bell", "\x1b]0;owned\x07", "␛]0;owned␇"),
    text("title, terminator", "\x1b]2;owned\x1b\\", "␛]2;owned␛"),
    text("link", "\x1b]8;;http://evil.example\x1b\\ok\x1b]8;;\x1b\\", "http://evil.example"),
    text("clipboard write", "\x1b]52;c;cm0gLXJmIC8K\x07", "␛]52;c;"),
    text("clipboard read", "\x1b]52;c;?\x07", "␛]52;c;?"),
    text("palette question", "\x1b]4;1;?\x07", "␛]4;1;?"),
    text("colour question", "\x1b]11;?\x1b\\", "␛]11;?"),
    text("font", "\x1b]50;?\x07", "␛]50;?"),
    text("folder", "\x1b]7;file://host/etc\x07", "file://host/etc"),
    text("notification", "\x1b]777;notify;a;b\x07", "notify;a;b"),
    text("file", "\x1b]1337;File=inline=1:AAAA\x07", "File=inline"),
    text("settings question", "\x1bP$q\"p\x1b\\", "␛P$q"),
    text("sixel", "\x1bPq#0;2;0;0;0\x1b\\", "␛Pq#0"),
    text("tmux passthrough", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\", "tmux;"),
    text("graphics", "\x1b_Gf=24,s=1,v=1;AAAA\x1b\\", "␛_Gf=24"),
    text("privacy message", "\x1b^hidden\x1b\\", "␛^hidden"),
    text("start of string", "\x1bXhidden\x1b\\", "␛Xhidden"),
    // Unfinished ones must not swallow what follows.
    text("unfinished title", "\x1b]0;never ends ", "never ends"),
    text("unfinished device string", "\x1bPnever ends ", "never ends"),
    text("unfinished application command", "\x1b_never ends ", "never ends"),
    text("unfinished privacy message", "\x1b^never ends ", "never ends"),
    text("unfinished start of string", "\x1bXnever ends ", "never ends"),
    text("unfinished sequence", "\x1b[38;5;", "␛[38;5;"),
    text("escape alone", "\x1b", "␛"),
    // Questions whose answer would be typed.
    text("attributes question", "\x1b[c", "␛[c"),
    text("position question", "\x1b[6n", "␛[6n"),
    text("version question", "\x1b[>q", "␛[>q"),
    text("title question", "\x1b[21t", "␛[21t"),
    text("enquiry", "\x05", "␅"),
    // C1, as characters and as raw bytes.
    text("C1 sequence", "\u{9b}2J", "<9b>2J"),
    text("C1 string", "\u{9d}0;owned\u{9c}", "<9d>0;owned<9c>"),
    text("next line", "\u{85}", "<85>"),
    case("raw C1 sequence", b"\x9b2J", "<9b>2J"),
    case("raw C1 string", b"\x9d0;owned\x9c", "<9d>0;owned<9c>"),
    // Controls.
    text("nul", "\0", "␀"),
    text("bell", "\x07", "␇"),
    text("backspaces", "secret\x08\x08\x08\x08\x08\x08public", "secret␈␈␈␈␈␈public"),
    text("delete", "\x7f", "␡"),
    text("vertical tab", "\x0b", "␋"),
    text("form feed", "\x0c", "␌"),
    text("carriage return", "\r", "␍"),
    text("line feed", "\n", "␊"),
    text("both", "\r\n", "␍␊"),
    text("tab", "\t", "␉"),
    // Colours that hide.
    text("conceal", "\x1b[8m", "␛[8m"),
    text("blink", "\x1b[5m", "␛[5m"),
    text("black on black", "\x1b[30;40m", "␛[30;40m"),
    // What cannot be seen, or turns what can.
    text("zero width space", "\u{200b}", "<200b>"),
    text("joiner", "\u{200d}", "<200d>"),
    text("non-joiner", "\u{200c}", "<200c>"),
    text("right-to-left override", "\u{202e}", "<202e>"),
    text("isolate", "\u{2066}x\u{2069}", "<2066>x<2069>"),
    text("left-to-right mark", "\u{200e}", "<200e>"),
    text("arabic letter mark", "\u{61c}", "<61c>"),
    text("soft hyphen", "\u{ad}", "<ad>"),
    text("byte order mark", "\u{feff}", "<feff>"),
    text("word joiner", "\u{2060}", "<2060>"),
    text("tags", "\u{e0070}\u{e0072}", "<e0070><e0072>"),
    text("line separator", "\u{2028}", "<2028>"),
    text("paragraph separator", "\u{2029}", "<2029>"),
    text("hangul filler", "\u{3164}", "<3164>"),
    text("halfwidth filler", "\u{ffa0}", "<ffa0>"),
    text("empty braille", "\u{2800}", "<2800>"),
    text("grapheme joiner", "\u{34f}", "<34f>"),
    text("mongolian separator", "\u{180e}", "<180e>"),
    text("variation selector", "\u{fe0f}", "<fe0f>"),
    text("variation selector 17", "\u{e0100}", "<e0100>"),
    text("private use", "\u{e0b0}", "<e0b0>"),
    text("noncharacter", "\u{ffff}", "<ffff>"),
    text("interlinear", "\u{fff9}", "<fff9>"),
    text("invisible music", "\u{1d173}", "<1d173>"),
    text("no-break space", "\u{a0}", "<a0>"),
    text("ideographic space", "\u{3000}", "<3000>"),
    // What swells.
    text(
        "pile of marks",
        concat!("e", "\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}\u{30d}"),
        "…",
    ),
    text("mark without a base", "\u{200b}\u{301}", "◌\u{301}"),
    text("pile of jamo", "ᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀᄀ", "…"),
    text("family", "👩\u{200d}👩\u{200d}👧\u{200d}👦", "👩"),
    // Bytes that are no text.
    case("overlong", b"\xc0\xaf", "<c0><af>"),
    case("surrogate", b"\xed\xa0\x80", "<ed><a0><80>"),
    case("beyond unicode", b"\xf4\x90\x80\x80", "<f4><90><80><80>"),
    case("cut short", b"\xe2\x82", "<e2><82>"),
    // Markup of other programs.
    text("markup", "[red::b]", "[red::b]"),
    text("build command", "##vso[task.setvariable]x", "##vso[task.setvariable]x"),
];

#[test]
fn the_corpus_is_large_and_its_names_are_unique() {
    assert!(CASES.len() >= 60);
    let names: std::collections::BTreeSet<_> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), CASES.len());
}
