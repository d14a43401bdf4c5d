//! The context of a build as an archive (POSIX ustar): names, contents, which of them may be run, and links
//! as links. Owners and times are left out, so that the same folder is the same archive.

/// Blocks of an archive.
pub(super) const BLOCK: usize = 512;

/// What stands before the content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    File { size: u64, runs: bool },
    Folder,
    Link { to: &'a str },
}

/// The header of an entry; of one with a long name two more blocks or more before it.
pub(super) fn header(path: &str, kind: Kind<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let to = if let Kind::Link { to } = kind { to } else { "" };
    let mut records = String::new();
    if path.len() > 100 {
        record(&mut records, "path", path);
    }
    if to.len() > 100 {
        record(&mut records, "linkpath", to);
    }
    if !records.is_empty() {
        bytes.extend(plain("PaxHeader", b'x', records.len() as u64, 0o644, ""));
        bytes.extend_from_slice(records.as_bytes());
        bytes.extend(padding(records.len() as u64));
    }
    bytes.extend(match kind {
        Kind::File { size, runs } => plain(path, b'0', size, if runs { 0o755 } else { 0o644 }, ""),
        Kind::Folder => plain(path, b'5', 0, 0o755, ""),
        Kind::Link { to } => plain(path, b'2', 0, 0o777, to),
    });
    bytes
}

/// `LENGTH path=NAME\n`, where the length counts itself.
fn record(records: &mut String, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend([length.to_string().as_str(), " ", key, "=", value, "\n"]);
}

fn plain(path: &str, kind: u8, size: u64, mode: u32, to: &str) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let mut put = |at: usize, length: usize, text: &[u8]| {
        let length = length.min(text.len());
        block[at..at + length].copy_from_slice(&text[..length]);
    };
    put(0, 100, path.as_bytes());
    put(100, 8, format!("{mode:07o}").as_bytes());
    put(108, 8, b"0000000");
    put(116, 8, b"0000000");
    // Beyond 8 GiB the field is too short; such a file is refused before.
    put(124, 12, format!("{size:011o}").as_bytes());
    put(136, 12, b"00000000000");
    put(148, 8, b"        ");
    put(156, 1, &[kind]);
    put(157, 100, to.as_bytes());
    put(257, 8, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// What fills the last block of a content.
pub(super) fn padding(size: u64) -> Vec<u8> {
    let rest = (size % BLOCK as u64) as usize;
    vec![0; if rest == 0 { 0 } else { BLOCK - rest }]
}

/// The end of an archive.
pub(super) fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_its_name_size_and_sum() {
        let block = header("src/main.rs", Kind::File { size: 1_234, runs: true });
        assert_eq!(block.len(), BLOCK);
        assert!(block.starts_with(b"src/main.rs\0"));
        assert_eq!((&block[100..107], &block[124..135], block[156]), (&b"0000755"[..], &b"00000002322"[..], b'0'));
        let mut again = block.clone();
        again[148..156].copy_from_slice(b"        ");
        let sum: u32 = again.iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(&block[148..154], format!("{sum:06o}").as_bytes());
    }

    #[test]
    fn a_long_name_stands_before() {
        let long = "d/".repeat(80);
        let blocks = header(&long, Kind::Folder);
        assert_eq!((blocks.len(), blocks[156], blocks[2 * BLOCK + 156]), (3 * BLOCK, b'x', b'5'));
        let text = String::from_utf8_lossy(&blocks[BLOCK..BLOCK + 172]).into_owned();
        assert!(text.starts_with("170 path=d/d/"), "{text}");
        assert_eq!(text.find('\n'), Some(169));
    }

    #[test]
    fn contents_fill_whole_blocks() {
        for (size, wanted) in [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)] {
            assert_eq!(padding(size).len(), wanted, "{size}");
        }
    }
}
