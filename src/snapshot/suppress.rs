//! The suppress file: suspects that were looked at, with a reason and a date after which to look again.
//!
//! ```json
//! { "suppress": [ { "fingerprint": "81a3…", "reason": "bounded by the number of tenants", "expires": "2027-01-31" } ] }
//! ```

use serde_json::Value;

use crate::snapshot::SnapshotError;
use crate::snapshot::suspect::Suspect;

/// One entry of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The suspect's fingerprint.
    pub fingerprint: String,
    /// Why it is no leak, or can wait.
    pub reason: String,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub expires: String,
}

/// What became of the suspects.
#[derive(Debug)]
pub struct Suppressed {
    /// Those that remain, ranked anew.
    pub kept: Vec<Suspect>,
    /// Those that are suppressed, with the entry that does it.
    pub suppressed: Vec<(Suspect, Suppression)>,
    /// Entries whose day has passed; their suspects are kept.
    pub expired: Vec<Suppression>,
}

/// Reads a suppress file. Every entry needs a fingerprint, a reason and a date: what nobody can explain or remember is
/// not to be hidden.
pub fn parse(text: &str) -> Result<Vec<Suppression>, SnapshotError> {
    let usage = |what: String| SnapshotError::Usage {
        what: format!("the suppress file: {what}"),
    };
    let value: Value = serde_json::from_str(text).map_err(|error| usage(error.to_string()))?;
    let entries = value["suppress"]
        .as_array()
        .ok_or_else(|| usage("it has no list \"suppress\"".into()))?;
    let mut suppressions = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let text = |key: &str| {
            let text = entry[key]
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty());
            text.map(str::to_owned)
                .ok_or_else(|| usage(format!("entry {} has no \"{key}\"", index + 1)))
        };
        let expires = text("expires")?;
        if !is_date(&expires) {
            return Err(usage(format!(
                "entry {}: \"{expires}\" is no date of the form YYYY-MM-DD",
                index + 1
            )));
        }
        suppressions.push(Suppression {
            fingerprint: text("fingerprint")?,
            reason: text("reason")?,
            expires,
        });
    }
    Ok(suppressions)
}

/// Takes out what `suppressions` name. `today`: `YYYY-MM-DD`; dates of this form compare as text.
pub fn apply(suspects: Vec<Suspect>, suppressions: &[Suppression], today: &str) -> Suppressed {
    let (expired, valid): (Vec<Suppression>, Vec<Suppression>) = suppressions
        .iter()
        .cloned()
        .partition(|entry| entry.expires.as_str() < today);
    let mut result = Suppressed {
        kept: Vec::new(),
        suppressed: Vec::new(),
        expired,
    };
    for mut suspect in suspects {
        match valid
            .iter()
            .find(|entry| entry.fingerprint == suspect.fingerprint)
        {
            Some(entry) => result.suppressed.push((suspect, entry.clone())),
            None => {
                suspect.rank = result.kept.len() + 1;
                result.kept.push(suspect);
            }
        }
    }
    result
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_need_a_reason_and_a_date() {
        let entry = |text: &str| parse(&format!(r#"{{"suppress":[{text}]}}"#));
        assert!(entry(r#"{"fingerprint":"a","reason":"known","expires":"2027-01-31"}"#).is_ok());
        for bad in [
            r#"{"fingerprint":"a","expires":"2027-01-31"}"#,
            r#"{"fingerprint":"a","reason":" ","expires":"2027-01-31"}"#,
            r#"{"fingerprint":"a","reason":"known","expires":"soon"}"#,
            r#"{"fingerprint":"a","reason":"known"}"#,
        ] {
            assert_eq!(
                entry(bad).unwrap_err().code(),
                "ERR_LEAKWATCH_USAGE",
                "{bad}"
            );
        }
    }
}
