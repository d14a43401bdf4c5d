//! A file that describes a pipeline, read once: what the dialog shows is what is sent.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::action::PipelineFile;
use crate::model::Name;
use crate::safe;
use crate::text::Safe;

/// What the server takes (apis.md §11.1).
const LIMIT: u64 = 10 << 20;

/// As far as it is shown before; whether it is right, the server says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    name: Option<String>,
    stages: Vec<Stage>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stage {
    name: String,
}

/// Reads the file, or says why it cannot be uploaded. `~` is the home folder.
pub(super) fn read(typed: &str, folder: Option<&Path>, home: Option<&Path>) -> Result<PipelineFile, Safe> {
    let path = match (typed.strip_prefix("~/"), home, folder) {
        (Some(rest), Some(home), _) => home.join(rest),
        (_, _, Some(folder)) => folder.join(typed),
        _ => PathBuf::from(typed),
    };
    let shown = Safe::identity(&path.display().to_string());
    let bytes = bytes_of(&path).map_err(|why| safe!("{}: {}", shown, why))?;
    let kind = path.extension().and_then(|kind| kind.to_str()).map(str::to_ascii_lowercase);
    if !matches!(kind.as_deref(), Some("yaml" | "yml")) {
        return Err(safe!("{}: the server takes files that end in .yaml or .yml only", shown));
    }
    let count = bytes.len() as u64;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        safe!("{}: it is not UTF-8: byte {} is no part of a letter", shown, at as u64 + 1)
    })?;
    if text.trim().is_empty() {
        return Err(safe!("{}: it is empty", shown));
    }
    let wire: Wire = serde_yaml::from_str(&text).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(PipelineFile {
        name: Name::new(&name),
        path: shown,
        pipeline: wire.name.as_deref().map(Name::new),
        stages: wire.stages.iter().map(|stage| Safe::identity(&stage.name)).collect(),
        bytes: count,
        text: Arc::from(text),
    })
}

/// At most what the server takes; a pipe or a device has no end and is not opened.
fn bytes_of(path: &Path) -> Result<Vec<u8>, Safe> {
    let wrong = |error: std::io::Error| Safe::line(&error.to_string());
    if !std::fs::metadata(path).map_err(wrong)?.is_file() {
        return Err(Safe::of("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(wrong)?.take(LIMIT + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > LIMIT {
        return Err(Safe::of("it is larger than 10 MiB, which the server does not take"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, content: &[u8]) -> Result<PipelineFile, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        read(name, Some(folder.path()), None).map_err(|why| why.as_str().to_owned())
    }

    #[test]
    fn a_file_is_read_with_what_it_says_of_itself() {
        let file =
            of("nightly.yml", b"name: nightly\nstages:\n  - name: build\n    steps: []\n  - name: test\n").unwrap();
        assert_eq!(file.pipeline.unwrap().raw(), "nightly");
        assert_eq!(file.stages.iter().map(Safe::as_str).collect::<Vec<_>>(), ["build", "test"]);
        assert_eq!((file.name.raw(), file.bytes), ("nightly.yml", 67));
        let odd = of("odd.yaml", b"stages: 3\nname: [x]\n").unwrap();
        assert!(odd.pipeline.is_none() && odd.stages.is_empty(), "the server says what is wrong with it");
    }

    #[test]
    fn what_the_server_would_not_take_is_not_read() {
        let whys: [(&str, Vec<u8>, &str); 5] = [
            ("a.txt", b"name: x".to_vec(), "end in .yaml or .yml"),
            ("a.yaml", b"name: \xff".to_vec(), "not UTF-8: byte 7"),
            ("b.yaml", b" \n".to_vec(), "is empty"),
            ("c.yaml", vec![b'#'; (10 << 20) + 1], "larger than 10 MiB"),
            ("d.yaml", vec![0xc3], "not UTF-8: byte 1"),
        ];
        for (name, content, wanted) in whys {
            let why = of(name, &content).unwrap_err();
            assert!(why.contains(wanted), "{name}: {why}");
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, wanted) in [("none.yaml", "No such file"), (".", "no file")] {
            let why = read(name, Some(folder.path()), None).unwrap_err();
            assert!(why.as_str().contains(wanted), "{name}: {why:?}");
        }
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("x.yaml"), "name: x").unwrap();
        assert!(read("~/x.yaml", Some(folder.path()), Some(home.path())).is_ok());
    }
}
