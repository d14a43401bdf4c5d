//! Themes, keymaps and flags: raw YAML in, validated settings out, all errors at once.
//!
//! A broken file stops the program before the screen is touched: every mistake is told with file,
//! line and column, and with the word that was probably meant. Files are the only thing read here.

mod colour;
pub mod errors;
pub mod keymap;
mod roles;
pub mod settings;
pub mod theme;
mod yaml;

use std::path::{Path, PathBuf};

pub use errors::{ConfigError, ConfigErrors};

/// What a flag chose: a name (looked for in the user's folder, then in the program), or a path.
struct Source {
    /// As shown in messages.
    file: String,
    text: String,
}

/// Finds the text of a theme or keymap. `folder` is `themes` or `keymaps` under the user's
/// configuration `dir`; `embedded` holds name and text of those in the program.
fn find(
    choice: &str,
    folder: &str,
    dir: Option<&Path>,
    embedded: &[(&'static str, &'static str)],
) -> Result<Source, ConfigErrors> {
    let is_path = choice.contains('/') || Path::new(choice).extension().is_some_and(|end| end == "yaml");
    if is_path {
        return read(Path::new(choice));
    }
    if let Some(file) = dir.map(|dir| dir.join(folder).join(format!("{choice}.yaml")))
        && file.exists()
    {
        return read(&file);
    }
    if let Some((name, text)) = embedded.iter().find(|(name, _)| *name == choice) {
        return Ok(Source { file: format!("{folder}/{name}.yaml"), text: (*text).to_owned() });
    }
    let own = dir.map(|dir| names_in(&dir.join(folder))).unwrap_or_default();
    let known: Vec<&str> = embedded.iter().map(|(name, _)| *name).chain(own.iter().map(String::as_str)).collect();
    let place = dir.map_or_else(String::new, |dir| {
        format!(" or put {}", dir.join(folder).join(format!("{}.yaml", errors::quote(choice))).display())
    });
    let mut error =
        ConfigError::new(0, 0, format!("there is no {} {}", folder.trim_end_matches('s'), errors::quoted(choice)));
    error.hint = Some(match errors::nearest(choice, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("use one of {}{place}", known.join(", ")),
    });
    Err(ConfigErrors::of(&format!("--{}", folder.trim_end_matches('s')), vec![error]))
}

/// The names of the user's own files, in order; those that could be typed.
fn names_in(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |file: std::fs::DirEntry| Some(file.file_name().to_str()?.strip_suffix(".yaml")?.to_owned());
    let mut names: Vec<String> = files.filter_map(name).filter(|name| errors::quote(name) == *name).take(64).collect();
    names.sort();
    names
}

fn read(path: &Path) -> Result<Source, ConfigErrors> {
    let file = errors::quote(&path.display().to_string());
    match settings::text_of(path) {
        Ok(text) => Ok(Source { file, text }),
        Err(why) => Err(ConfigErrors::of(&file, vec![ConfigError::new(0, 0, format!("cannot be read: {why}"))])),
    }
}

/// `$XDG_CONFIG_HOME/quarterdeck` for that configuration home.
#[must_use]
pub fn folder(config_home: &Path) -> PathBuf {
    config_home.join("quarterdeck")
}
