//! Where a snapshot goes: a path, a directory or a template.

use crate::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The file's name where the caller names a directory or nothing at all.
pub const DEFAULT_NAME: &str = "leakwatch-{time}-{pid}-{tid}-{seq}.heapsnapshot";
/// Numbers the snapshots of this process, from 1.
static SEQUENCE: AtomicU64 = AtomicU64::new(1);

/// How the file's content is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As V8 writes it.
    None,
    /// RFC 1952, level 1: a fifth of the size at the speed V8 serialises.
    Gzip,
    /// RFC 8878, level 1: smaller and faster than gzip.
    Zstd,
}

impl Compression {
    fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// What the placeholders of a template stand for.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// `{tid}`: 0 on the main thread, otherwise `worker_threads.threadId`.
    pub thread_id: u32,
    /// `{time}`: UTC, as `20261121T043012345Z`.
    pub now: SystemTime,
}

/// Turns what the caller gave into the file's path.
///
/// `{pid}`, `{tid}`, `{time}` and `{seq}` are replaced; a directory gets
/// [`DEFAULT_NAME`]; the compression's extension is added if it is missing.
pub fn resolve(
    given: Option<&str>,
    compression: Compression,
    names: Names,
) -> Result<PathBuf, Error> {
    let given = given.unwrap_or(DEFAULT_NAME);
    if given.is_empty() || given.contains('\0') {
        return Err(Error::InvalidArgument {
            option: "path",
            why: "must be a non-empty string without NUL".into(),
        });
    }
    let expanded = expand(given, names)?;
    let is_directory = expanded.ends_with(std::path::is_separator) || Path::new(&expanded).is_dir();
    let mut path = if is_directory {
        Path::new(&expanded).join(expand(DEFAULT_NAME, names)?)
    } else {
        PathBuf::from(expanded)
    };
    let extension = compression.extension();
    if !path.to_string_lossy().ends_with(extension) {
        let mut with = path.into_os_string();
        with.push(extension);
        path = PathBuf::from(with);
    }
    Ok(path)
}

/// Whether a path has its name from [`DEFAULT_NAME`], so that nobody wants a
/// file of that name replaced.
pub fn is_generated(path: &Path) -> bool {
    const EXAMPLE: &[u8] = b"leakwatch-20261121T043012345Z-";
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.len() > EXAMPLE.len()
        && name.iter().zip(EXAMPLE).all(|(byte, example)| {
            byte == example || byte.is_ascii_digit() && example.is_ascii_digit()
        })
}

/// The same with the next number.
pub fn renumbered(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (start, suffix) = name.split_at(name.find('.').unwrap_or(name.len()));
    let start = &start[..start.rfind('-').unwrap_or(start.len())];
    path.with_file_name(format!("{start}-{}{suffix}", next_number()))
}

fn next_number() -> u64 {
    SEQUENCE.fetch_add(1, Ordering::Relaxed)
}

fn expand(template: &str, names: Names) -> Result<String, Error> {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let Some(close) = after.find('}') else {
            out.push_str(&rest[open..]);
            return Ok(out);
        };
        match &after[..close] {
            "pid" => out.push_str(&std::process::id().to_string()),
            "tid" => out.push_str(&names.thread_id.to_string()),
            "time" => out.push_str(&utc(names.now)),
            "seq" => out.push_str(&next_number().to_string()),
            other => {
                return Err(Error::InvalidArgument {
                    option: "path",
                    why: format!(
                        "unknown placeholder {{{other}}}; known are {{pid}}, {{tid}}, {{time}}, {{seq}}"
                    ),
                });
            }
        }
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// `20261121T043012345Z`: sorts by time and is a file name everywhere.
fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{millis:03}Z")
}

/// Days since 1970 to a date of the proleptic Gregorian calendar, by eras of
/// 400 years that start on 1 March (Howard Hinnant, `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            thread_id: 3,
            now: UNIX_EPOCH + Duration::from_millis(1_795_235_412_345),
        }
    }

    #[test]
    fn dates_of_known_days() {
        assert_eq!(utc(UNIX_EPOCH), "19700101T000000000Z");
        // date -u -d @951782400 and @1795235412
        assert_eq!(
            utc(UNIX_EPOCH + Duration::from_secs(951_782_400)),
            "20000229T000000000Z"
        );
        assert_eq!(utc(names().now), "20261121T043012345Z");
    }

    #[test]
    fn placeholders_are_filled_in() {
        let path = resolve(Some("x-{pid}-{tid}-{time}"), Compression::None, names());
        let expected = format!("x-{}-3-20261121T043012345Z", std::process::id());
        assert_eq!(path.unwrap(), PathBuf::from(expected));
        let (a, b) = (
            resolve(Some("{seq}"), Compression::None, names()).unwrap(),
            resolve(Some("{seq}"), Compression::None, names()).unwrap(),
        );
        assert_ne!(a, b);
    }

    #[test]
    fn a_directory_gets_a_name() {
        let path = resolve(Some("nowhere/"), Compression::Gzip, names()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("leakwatch-2026"), "{name}");
        assert!(name.ends_with(".heapsnapshot.gz"), "{name}");
        let here = resolve(Some("."), Compression::None, names()).unwrap();
        assert_ne!(here, PathBuf::from("."));
    }

    #[test]
    fn only_names_of_our_own_are_renumbered() {
        let ours = resolve(Some("nowhere/"), Compression::Zstd, names()).unwrap();
        assert!(is_generated(&ours));
        let next = renumbered(&ours);
        assert!(is_generated(&next));
        let until_number = |path: &Path| {
            let name = path.to_str().unwrap().rsplit_once('-').unwrap();
            (name.0.to_owned(), name.1.contains(".heapsnapshot.zst"))
        };
        assert_ne!(next, ours);
        assert_eq!(until_number(&next), until_number(&ours));
        for theirs in ["leakwatch-1.heapsnapshot", "a.heapsnapshot", "/"] {
            assert!(!is_generated(Path::new(theirs)), "{theirs}");
        }
    }

    #[test]
    fn the_extension_is_added_once() {
        for (given, expected) in [("a", "a.zst"), ("a.zst", "a.zst")] {
            let path = resolve(Some(given), Compression::Zstd, names()).unwrap();
            assert_eq!(path, PathBuf::from(expected));
        }
    }

    #[test]
    fn bad_templates_are_refused_by_name() {
        for bad in ["", "a\0b", "{process}"] {
            let error = resolve(Some(bad), Compression::None, names()).unwrap_err();
            assert_eq!(error.code(), "ERR_LEAKWATCH_INVALID_ARGUMENT");
        }
        // An open brace alone is a file name.
        let path = resolve(Some("a{pid"), Compression::None, names()).unwrap();
        assert_eq!(path, PathBuf::from("a{pid"));
    }
}
