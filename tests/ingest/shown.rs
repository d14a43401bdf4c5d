//! Reads what `kubectl argo rollouts get rollout --no-color` printed, ages left out.

/// What the tool showed, row by row, in its own words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// `Name`, `Status`, `Message`, `Strategy`, `Step`, `SetWeight`, `Desired`, … as printed.
    pub fields: Vec<(String, String)>,
    pub images: Vec<String>,
    pub tree: Vec<Row>,
}

/// A row of the tree below the Rollout itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub depth: usize,
    pub name: String,
    /// `Revision` for `# revision:2`.
    pub kind: String,
    pub status: String,
    /// `delay` without its time.
    pub info: Vec<String>,
}

pub fn parse(text: &str) -> Shown {
    let (head, tree) = text.split_once("\n\n").expect("an empty line between summary and tree");
    let mut shown = Shown::default();
    let mut in_images = false;
    for line in head.lines() {
        let (label, value) = line.split_at(line.len().min(17));
        let (label, value) = (label.trim().trim_end_matches(':'), value.trim());
        // A long label pushes its value to the right; none of ours does.
        match label {
            "Images" => in_images = true,
            "" => {}
            _ => in_images = false,
        }
        if in_images {
            shown.images.push(value.to_owned());
        } else if label == "Status" {
            shown.fields.push((label.to_owned(), after_icon(value)));
        } else if label != "Replicas" {
            shown.fields.push((label.to_owned(), value.to_owned()));
        }
    }
    let mut lines = tree.lines();
    let header: Vec<char> = lines.next().expect("a header").chars().collect();
    let column = |word: &str| {
        let word: Vec<char> = word.chars().collect();
        header.windows(word.len()).position(|window| window == word).expect("a column")
    };
    let columns = [column("KIND"), column("STATUS"), column("AGE"), column("INFO")];
    let root = lines.next().expect("the rollout itself");
    assert!(root.starts_with('⟳'), "{root}");
    shown.tree = lines.filter(|line| !line.trim().is_empty()).map(|line| row(line, columns)).collect();
    shown
}

fn after_icon(text: &str) -> String {
    let text = text.trim();
    match text.split_once(' ') {
        Some((icon, word)) if icon.chars().count() == 1 => word.trim().to_owned(),
        _ => text.to_owned(),
    }
}

fn row(line: &str, [kind, status, age, info]: [usize; 4]) -> Row {
    let chars: Vec<char> = line.chars().collect();
    let cut = |from: usize, to: usize| {
        let (from, to) = (from.min(chars.len()), to.min(chars.len()));
        chars[from..to].iter().collect::<String>().trim().to_owned()
    };
    let first: String = cut(0, kind);
    let branches = chars.iter().take_while(|c| matches!(c, '│' | '├' | '└' | '─' | ' ')).count();
    let name = after_icon(&first.chars().skip_while(|c| matches!(c, '│' | '├' | '└' | '─' | ' ')).collect::<String>());
    let revision = name.starts_with("revision:");
    Row {
        depth: branches / 3,
        kind: if revision { "Revision".to_owned() } else { cut(kind, status) },
        status: after_icon(&cut(status, age)),
        info: cut(info, usize::MAX)
            .split(',')
            .filter(|word| !word.is_empty())
            .map(|word| if word.starts_with("delay:") { "delay".to_owned() } else { word.to_owned() })
            .collect(),
        name,
    }
}
