//! The terminal's settings of before, in a file, for the day on which nobody could give them back
//! (`kill -9`, out of memory, lost connection): `quarterdeck tty-reset` reads it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::stdio;
use rustix::termios::{
    self, ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios,
};

use super::session::{RESTORE, write_all};

/// The special characters that are kept; raw mode changes the last two only.
const CODES: [SpecialCodeIndex; 10] = [
    SpecialCodeIndex::VINTR,
    SpecialCodeIndex::VQUIT,
    SpecialCodeIndex::VERASE,
    SpecialCodeIndex::VKILL,
    SpecialCodeIndex::VEOF,
    SpecialCodeIndex::VSTART,
    SpecialCodeIndex::VSTOP,
    SpecialCodeIndex::VSUSP,
    SpecialCodeIndex::VMIN,
    SpecialCodeIndex::VTIME,
];

/// A note about the terminal in use; removed at an orderly end.
#[derive(Debug)]
pub(super) struct Saved {
    path: PathBuf,
}

impl Saved {
    /// Writes the settings down, unless they are those of a terminal that was left raw and a note
    /// of an earlier run knows better ones.
    pub(super) fn note(folder: &Path, now: &Termios) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = path(folder)?;
        if now.local_modes.contains(LocalModes::ICANON) || !path.exists() {
            let mut options = fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            writeln!(file, "{}", encode(now))?;
        }
        Ok(Self { path })
    }

    pub(super) fn forget(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "the note about the terminal was not removed");
        }
    }
}

/// What [`reset`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The settings of before are back.
    Saved,
    /// No note was found: echo, line editing and signals are on.
    Sane,
}

/// Puts the terminal of standard input right: every mode off, then the settings noted down in
/// `folder`, or sane ones.
pub fn reset(folder: Option<&Path>) -> io::Result<Reset> {
    let terminal = stdio::stdin();
    let mut settings = termios::tcgetattr(terminal)?;
    let note = folder.and_then(|folder| path(folder).ok());
    let saved = note.as_deref().and_then(|note| fs::read_to_string(note).ok());
    let found = saved.is_some_and(|text| decode(&text, &mut settings).is_some());
    if !found {
        sane(&mut settings);
    }
    // Drawing goes to where the person looks, and only there.
    if termios::isatty(stdio::stdout()) {
        write_all(RESTORE);
    }
    termios::tcsetattr(terminal, OptionalActions::Now, &settings)?;
    if let (true, Some(note)) = (found, note) {
        // Its run is over; the next one makes a note of its own.
        let _ = fs::remove_file(note);
    }
    Ok(if found { Reset::Saved } else { Reset::Sane })
}

fn path(folder: &Path) -> io::Result<PathBuf> {
    let name = termios::ttyname(stdio::stdin(), Vec::new())?;
    let name: String =
        name.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok(folder.join(format!("tty{name}")))
}

fn encode(settings: &Termios) -> String {
    let modes = [
        settings.input_modes.bits(),
        settings.output_modes.bits(),
        settings.control_modes.bits(),
        settings.local_modes.bits(),
    ];
    let modes = modes.iter().map(|bits| format!("{bits:x}"));
    let codes = CODES.into_iter().map(|code| format!("{:x}", settings.special_codes[code]));
    modes.chain(codes).collect::<Vec<_>>().join(":")
}

fn decode(text: &str, settings: &mut Termios) -> Option<()> {
    let fields: Vec<&str> = text.trim().split(':').collect();
    let (modes, codes) = fields.split_at_checked(4)?;
    let codes: Vec<u8> = codes.iter().map(|code| hex(code)).collect::<Option<_>>()?;
    if codes.len() != CODES.len() {
        return None;
    }
    settings.input_modes = InputModes::from_bits_retain(hex(modes[0])?);
    settings.output_modes = OutputModes::from_bits_retain(hex(modes[1])?);
    settings.control_modes = ControlModes::from_bits_retain(hex(modes[2])?);
    settings.local_modes = LocalModes::from_bits_retain(hex(modes[3])?);
    for (index, code) in CODES.into_iter().zip(codes) {
        settings.special_codes[index] = code;
    }
    Some(())
}

/// The modes have 32 bits on Linux and 64 on macOS.
fn hex<T: TryFrom<u64>>(text: &str) -> Option<T> {
    u64::from_str_radix(text, 16).ok()?.try_into().ok()
}

/// What `stty sane` sets of the things that raw mode clears.
fn sane(settings: &mut Termios) {
    settings.input_modes |= InputModes::BRKINT | InputModes::ICRNL | InputModes::IXON;
    settings.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    settings.local_modes |= LocalModes::ICANON
        | LocalModes::ISIG
        | LocalModes::IEXTEN
        | LocalModes::ECHO
        | LocalModes::ECHOE
        | LocalModes::ECHOK;
    settings.special_codes[SpecialCodeIndex::VMIN] = 1;
    settings.special_codes[SpecialCodeIndex::VTIME] = 0;
}
