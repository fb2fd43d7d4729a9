//! Places in generated files to places in the files people wrote, where a source map lies beside the script or in it.
//!
//! The files are read when a report is made, on the machine it is made on: a script that is not there keeps its place.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::snapshot::place::Place;
use crate::snapshot::sourcemap::{self, SourceMap};
use crate::snapshot::suspect::Suspect;

/// No script of a program is larger, and no map of one.
const MAX_BYTES: u64 = 256 << 20;

/// Source maps by script, read once.
#[derive(Default)]
pub struct Originals {
    maps: HashMap<String, Option<(PathBuf, SourceMap)>>,
}

impl Originals {
    /// Replaces the places of `suspect`, and mentions of its own in the sentence, by original ones.
    pub fn apply(&mut self, suspect: &mut Suspect) {
        if let Some(place) = &mut suspect.location {
            let before = place.text();
            self.replace(place);
            suspect.sentence = suspect.sentence.replace(&before, &place.text());
        }
        for place in suspect
            .path
            .iter_mut()
            .filter_map(|step| step.location.as_mut())
        {
            self.replace(place);
        }
    }

    fn replace(&mut self, place: &mut Place) {
        let entry = self
            .maps
            .entry(place.url.clone())
            .or_insert_with(|| read(&place.url));
        let Some((directory, map)) = entry else {
            return;
        };
        let Some(original) =
            map.lookup(place.line.saturating_sub(1), place.column.saturating_sub(1))
        else {
            return;
        };
        let url = if original.source.contains("://") || Path::new(&original.source).is_absolute() {
            original.source
        } else {
            normal(&directory.join(original.source))
                .to_string_lossy()
                .into_owned()
        };
        *place = Place {
            url,
            line: original.line + 1,
            column: original.column + 1,
        };
    }
}

fn read(url: &str) -> Option<(PathBuf, SourceMap)> {
    let path = Path::new(url.strip_prefix("file://").unwrap_or(url));
    if !path.is_absolute() {
        return None;
    }
    let directory = path.parent()?.to_owned();
    let script = read_text(path)?;
    let text = match sourcemap::mapping_url(&script) {
        Some(url) if url.starts_with("data:") => sourcemap::data_url(url)?,
        Some(url) if !url.contains("://") => read_text(&directory.join(url))?,
        _ => read_text(Path::new(&format!("{}.map", path.display())))?,
    };
    Some((directory, SourceMap::parse(&text)?))
}

fn read_text(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

/// `/app/dist/../src/a.ts` as `/app/src/a.ts`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
