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
    let lines = entry_lines(text);
    let mut suppressions = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let wrong = |what: String| {
            let line = lines.get(index).copied().unwrap_or(1);
            usage(format!("line {line}, entry {}: {what}", index + 1))
        };
        let text = |key: &str| {
            let text = entry[key]
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty());
            text.map(str::to_owned)
                .ok_or_else(|| wrong(format!("it has no \"{key}\"")))
        };
        let (fingerprint, reason, expires) =
            (text("fingerprint")?, text("reason")?, text("expires")?);
        if fingerprint.len() != 16 || !fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong(format!(
                "\"{fingerprint}\" is no fingerprint, which has 16 hexadecimal digits"
            )));
        }
        if !is_date(&expires) {
            return Err(wrong(format!(
                "\"{expires}\" is no date of the form YYYY-MM-DD"
            )));
        }
        suppressions.push(Suppression {
            fingerprint: fingerprint.to_ascii_lowercase(),
            reason,
            expires,
        });
    }
    Ok(suppressions)
}

/// The lines on which the entries of the list begin, from 1; `text` is JSON.
fn entry_lines(text: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let (mut line, mut depth, mut in_string, mut escaped) = (1, 0, false, false);
    let start = text.find("\"suppress\"").unwrap_or(0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => line += 1,
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth == 3 && at > start {
                    lines.push(line);
                }
            }
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    lines
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

/// A day that a calendar can have; whether it has it does not matter to the comparison.
fn is_date(text: &str) -> bool {
    let is_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    is_form && ("01"..="12").contains(&&text[5..7]) && ("01"..="31").contains(&&text[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_need_a_reason_and_a_date() {
        let entry = |text: &str| parse(&format!(r#"{{"suppress":[{text}]}}"#));
        assert!(
            entry(r#"{"fingerprint":"81a381a381a381a3","reason":"known","expires":"2027-01-31"}"#)
                .is_ok()
        );
        for bad in [
            r#"{"fingerprint":"81a381a381a381a3","expires":"2027-01-31"}"#,
            r#"{"fingerprint":"81a381a381a381a3","reason":" ","expires":"2027-01-31"}"#,
            r#"{"fingerprint":"81a381a381a381a3","reason":"known","expires":"soon"}"#,
            r#"{"fingerprint":"81a381a381a381a3","reason":"known","expires":"2027-13-01"}"#,
            r#"{"fingerprint":"81a381a381a381a3","reason":"known"}"#,
            r#"{"fingerprint":"81a3","reason":"known","expires":"2027-01-31"}"#,
        ] {
            assert_eq!(
                entry(bad).unwrap_err().code(),
                "ERR_LEAKWATCH_USAGE",
                "{bad}"
            );
        }
    }

    #[test]
    fn errors_name_the_line() {
        let text = "{\n  \"suppress\": [\n    { \"fingerprint\": \"81a381a381a381a3\", \"reason\": \"a { in it\",\n      \"expires\": \"2027-01-31\" },\n    { \"fingerprint\": \"81a381a381a381a3\" }\n  ]\n}";
        let error = parse(text).unwrap_err().to_string();
        assert_eq!(
            error,
            "the suppress file: line 5, entry 2: it has no \"reason\""
        );
        let error = parse("{\n\"suppress\": [\n}").unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
