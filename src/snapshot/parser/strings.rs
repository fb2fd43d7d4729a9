//! The section `strings`: kept as it is written, with the place of each string.

use crate::snapshot::SnapshotError;
use crate::snapshot::parser::weak_maps::{self, Pair};
use crate::snapshot::parser::{Pulse, too_many};
use crate::snapshot::scanner::{Scanner, unfinished_string};
use crate::snapshot::strings::{StringTable, length};

/// The table, and what its text says about WeakMaps.
pub(super) struct Strings {
    pub(super) table: StringTable,
    pub(super) weak_pairs: Vec<Pair>,
}

impl Strings {
    pub(super) fn read(
        scanner: &mut Scanner,
        mut pulse: Pulse<'_>,
    ) -> Result<Strings, SnapshotError> {
        let mut more = scanner.open(b'[', b']')?;
        let (base, text) = scanner.rest(|at| pulse.beat(at))?;
        let mut starts = Vec::new();
        let mut weak_pairs = Vec::new();
        let mut at = 0;
        while more {
            at = skip_space(&text, at);
            if text.get(at) != Some(&b'"') {
                scanner.resume(&text[at..], base + at as u64);
                return Err(scanner.expect(b'"').err().unwrap_or(SnapshotError::Aborted));
            }
            let start = at + 1;
            let Some(length) = length(&text[start..]) else {
                return Err(unfinished_string(
                    base + text.len() as u64,
                    base + start as u64,
                ));
            };
            if let Some(table) = weak_maps::table_of(&text[start..start + length]) {
                let name = starts.len() as u32;
                weak_pairs.push(Pair { name, table });
            }
            starts.push(start as u64);
            at = skip_space(&text, start + length + 1);
            if text.get(at) == Some(&b',') {
                at += 1;
            } else {
                scanner.resume(&text[at..], base + at as u64);
                more = scanner.more(b']')?;
            }
            if starts.len().is_multiple_of(1 << 16) {
                if starts.len() >= u32::MAX as usize {
                    return Err(too_many(base + start as u64, "strings"));
                }
                pulse.beat(base + at as u64)?;
            }
        }
        if starts.is_empty() {
            scanner.resume(&text, base);
        }
        Ok(Strings {
            table: StringTable::new(text, starts),
            weak_pairs,
        })
    }
}

#[inline(always)]
fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}
