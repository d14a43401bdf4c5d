//! The one file of a form, out of `multipart/form-data`.

use super::errors::Refusal;

/// A part that holds a file.
pub(super) struct Part<'a> {
    pub(super) file: String,
    pub(super) content: &'a [u8],
}

/// The first part with one of these names.
pub(super) fn file<'a>(kind: &str, body: &'a [u8], fields: &[&str]) -> Result<Part<'a>, Refusal> {
    let broken = || Refusal::plain(400, "Error parsing `multipart/form-data` request");
    let boundary = kind.strip_prefix("multipart/form-data").and_then(|rest| rest.split("boundary=").nth(1));
    let Some(boundary) = boundary.map(|text| text.split(';').next().unwrap_or_default().trim_matches('"')) else {
        return Err(Refusal::plain(400, "Invalid `boundary` for `multipart/form-data` request"));
    };
    let line = format!("--{boundary}");
    let mut rest = body.strip_prefix(line.as_bytes()).ok_or_else(broken)?;
    let end = format!("\r\n{line}");
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head_end = find(part, b"\r\n\r\n").ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        let content = &part[head_end + 4..];
        let content_end = find(content, end.as_bytes()).ok_or_else(broken)?;
        let of = |name: &str| {
            let (_, rest) = head.split_once(&format!("{name}=\""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        // `filename="` ends in `name="`, too; the field's own comes first.
        if of(" name").is_some_and(|name| fields.contains(&name.as_str())) {
            return Ok(Part { file: of("filename").unwrap_or_default(), content: &content[..content_end] });
        }
        rest = &content[content_end + end.len()..];
    }
    Err(Refusal::of(400, "No file found in request. Use the field name 'pipeline', 'file' or 'yaml'"))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
