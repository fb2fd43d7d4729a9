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

    /// Whether the version of Node is among those it affects, as far as either is known.
    fn affects(&self, version: Option<&str>) -> bool {
        match (version.and_then(Version::parse), &self.leak.node) {
            (Some(version), Some(range)) => satisfies(version, range),
            _ => true,
        }
    }

    fn fits(&self, suspect: &Suspect) -> bool {
        let signature = suspect.signature.as_str();
        // The signature begins at the holder and leaves properties out; a telling name may stand further up or in them.
        let places = || {
            let own = suspect.location.iter();
            own.chain(
                suspect
                    .path
                    .iter()
                    .filter_map(|step| step.location.as_ref()),
            )
        };
        let has = |part: &String| {
            signature.contains(part.as_str())
                || suspect.path.iter().any(|step| {
                    step.edge == *part
                        || step
                            .edge
                            .strip_prefix("<symbol ")
                            .is_some_and(|symbol| symbol.trim_end_matches('>') == part)
                })
                || suspect.name.contains(part.as_str())
                || places().any(|place| place.url.contains(part.as_str()))
        };
        (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == suspect.kind.name()))
            && self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
            && !self.none.iter().any(has)
            && !(self.all.is_empty() && self.any.is_empty())
            && self.affects(suspect.node_version.as_deref())
    }
}

/// Major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl Version {
    /// `v16.17.0`, `16.17`; what comes after a hyphen does not count.
    fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts = text.split('-').next()?.split('.');
        let mut part = |missing: Option<u32>| match parts.next() {
            Some(part) => part.parse().ok(),
            None => missing,
        };
        Some(Version(part(None)?, part(Some(0))?, part(Some(0))?))
    }
}

/// `>=11.0.0 <12.16.0 || >=13.0.0 <13.6.0`: all comparators of one of the alternatives.
fn satisfies(version: Version, range: &str) -> bool {
    range.split("||").any(|alternative| {
        alternative.split_whitespace().all(|comparator| {
            let bound = |text: &str| Version::parse(text);
            if let Some(bound) = comparator.strip_prefix(">=").and_then(bound) {
                version >= bound
            } else if let Some(bound) = comparator.strip_prefix('<').and_then(bound) {
                version < bound
            } else {
                bound(comparator) == Some(version)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let within =
            |version: &str, range: &str| satisfies(Version::parse(version).unwrap(), range);
        let range = ">=11.0.0 <12.16.0 || >=13.0.0 <13.6.0";
        for (version, affected) in [
            ("v12.15.0", true),
            ("12.9.1", true),
            ("12.16.0", false),
            ("13.5.0", true),
            ("13.10.0", false),
            ("10.24.1", false),
            ("v11.0.0-nightly2018", true),
        ] {
            assert_eq!(within(version, range), affected, "{version}");
        }
        assert_eq!(Version::parse("new"), None);
    }

    #[test]
    fn every_entry_has_ranges_that_can_be_read() {
        let known = KnownLeaks::builtin();
        assert!(known.len() >= 12);
        for pattern in &known.0 {
            let leak = &pattern.leak;
            assert!(leak.reference.starts_with("https://"), "{}", leak.id);
            for comparator in leak.node.iter().flat_map(|range| range.split_whitespace()) {
                let bound = comparator.trim_start_matches(['>', '<', '=']);
                assert!(
                    comparator == "||" || Version::parse(bound).is_some(),
                    "{}",
                    leak.id
                );
            }
        }
    }
}
