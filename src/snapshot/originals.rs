//! Places in generated code to places in the files people wrote, where a source map is to be had.
//!
//! The script's own source comes first, as it is in the snapshot: what is transformed while it is loaded (Jest, ts-node, tsx)
//! has its map inline and is in no file. Then the file and what lies beside it, read when a report is made, on the machine
//! it is made on. A script without either keeps its places.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::snapshot::graph::Graph;
use crate::snapshot::kind::NodeType;
use crate::snapshot::place::Place;
use crate::snapshot::scripts::{Scripts, text_of};
use crate::snapshot::sourcemap::{self, SourceMap};
use crate::snapshot::suspect::Suspect;

/// No script of a program is larger, and no map of one.
const MAX_BYTES: u64 = 256 << 20;

/// Source maps by script, read once.
pub(crate) struct Originals<'g> {
    graph: &'g Graph,
    scripts: &'g Scripts,
    maps: HashMap<String, Option<(PathBuf, SourceMap)>>,
}

impl<'g> Originals<'g> {
    pub(crate) fn new(graph: &'g Graph, scripts: &'g Scripts) -> Originals<'g> {
        let maps = HashMap::new();
        Originals {
            graph,
            scripts,
            maps,
        }
    }

    /// Replaces the places of `suspect`, and mentions of its own in the sentence, by original ones.
    pub(crate) fn apply(&mut self, suspect: &mut Suspect) {
        if let Some(place) = suspect.location.take() {
            let before = place.text();
            let original = self.of(place);
            suspect.sentence = suspect.sentence.replace(&before, &original.text());
            suspect.location = Some(original);
        }
        for step in &mut suspect.path {
            step.location = step.location.take().map(|place| self.of(place));
        }
    }

    /// The original of `place`, or itself.
    pub(crate) fn of(&mut self, place: Place) -> Place {
        if !self.maps.contains_key(&place.url) {
            let map = self.read(&place.url);
            self.maps.insert(place.url.clone(), map);
        }
        let Some(Some((directory, map))) = self.maps.get(&place.url) else {
            return place;
        };
        let Some(original) =
            map.lookup(place.line.saturating_sub(1), place.column.saturating_sub(1))
        else {
            return place;
        };
        let url = if original.source.contains("://") || Path::new(&original.source).is_absolute() {
            original.source
        } else {
            normal(&directory.join(original.source))
                .to_string_lossy()
                .into_owned()
        };
        Place {
            url,
            line: original.line + 1,
            column: original.column + 1,
        }
    }

    fn read(&self, url: &str) -> Option<(PathBuf, SourceMap)> {
        let path = Path::new(url.strip_prefix("file://").unwrap_or(url));
        if !path.is_absolute() {
            return None;
        }
        let directory = path.parent()?.to_owned();
        let map = self.inline(url).or_else(|| beside(path, &directory))?;
        Some((directory, map))
    }

    /// The map in the source that ran.
    fn inline(&self, url: &str) -> Option<SourceMap> {
        let mut source = self.scripts.source(url)?;
        // Jest's transformed files begin with a checksum that it cuts off: the end, and with it the map, is that of the whole.
        if self.graph.kind(source) == NodeType::SlicedString {
            source = self.graph.follow(source, "parent")?;
        }
        let source = text_of(self.graph, source)?;
        SourceMap::parse(&sourcemap::data_url(sourcemap::mapping_url(&source)?)?)
    }
}

/// The map in the script's file, in the one that it names, or in the one that is called like it.
fn beside(path: &Path, directory: &Path) -> Option<SourceMap> {
    let script = read_text(path)?;
    let text = match sourcemap::mapping_url(&script) {
        Some(url) if url.starts_with("data:") => sourcemap::data_url(url)?,
        Some(url) if !url.contains("://") => read_text(&directory.join(url))?,
        _ => read_text(Path::new(&format!("{}.map", path.display())))?,
    };
    SourceMap::parse(&text)
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
