//! Leaks that others met before: patterns on a suspect's signature, from `known_leaks.json`.

use serde_json::Value;

use crate::snapshot::suspect::Suspect;

/// A leak that is known, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLeak {
    /// Stable name.
    pub id: String,
    /// What happens, in one line.
    pub title: String,
    /// Versions of Node it affects, as a range.
    pub node: Option<String>,
    /// Package it comes from.
    pub package: Option<String>,
    /// What is to be said about versions that a range cannot.
    pub note: Option<String>,
    /// What to do.
    pub advice: String,
    /// Where it was reported.
    pub reference: String,
}

struct Pattern {
    kinds: Vec<String>,
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
    leak: KnownLeak,
}

/// The known leaks, in the order in which they are tried.
pub struct KnownLeaks(Vec<Pattern>);

impl KnownLeaks {
    /// The list that comes with leakwatch.
    pub fn builtin() -> KnownLeaks {
        // A test reads the whole list; a list that cannot be read knows nothing.
        KnownLeaks::parse(include_str!("known_leaks.json")).unwrap_or(KnownLeaks(Vec::new()))
    }

    /// Reads a list; `None` if it is no such list.
    pub fn parse(text: &str) -> Option<KnownLeaks> {
        let value: Value = serde_json::from_str(text).ok()?;
        value["leaks"]
            .as_array()?
            .iter()
            .map(Pattern::parse)
            .collect::<Option<Vec<_>>>()
            .map(KnownLeaks)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first leak whose pattern fits.
    pub fn find(&self, suspect: &Suspect) -> Option<&KnownLeak> {
        self.0
            .iter()
            .find(|pattern| pattern.fits(suspect))
            .map(|pattern| &pattern.leak)
    }
}

impl Pattern {
    fn parse(value: &Value) -> Option<Pattern> {
        let list = |key: &str| -> Vec<String> {
            let items = value[key].as_array().map(Vec::as_slice).unwrap_or_default();
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let affects = &value["affects"];
        Some(Pattern {
            kinds: list("kinds"),
            all: list("all"),
            any: list("any"),
            none: list("none"),
            leak: KnownLeak {
                id: text(&value["id"])?,
                title: text(&value["title"])?,
                node: text(&affects["node"]),
                package: text(&affects["package"]),
                note: text(&affects["note"]),
                advice: text(&value["advice"])?,
                reference: text(&value["reference"])?,
            },
        })
    }

    fn fits(&self, suspect: &Suspect) -> bool {
        let signature = suspect.signature.as_str();
        // The signature begins at the holder and leaves properties out; a telling name may stand further up or in them.
        let edges = || suspect.path.iter().map(|step| step.edge.as_str());
        let has = |part: &String| {
            signature.contains(part.as_str())
                || edges().any(|edge| edge == part)
                || suspect.name.contains(part.as_str())
        };
        (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == suspect.kind.name()))
            && self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
            && !self.none.iter().any(has)
            && !(self.all.is_empty() && self.any.is_empty())
    }
}
