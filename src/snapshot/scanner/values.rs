//! Whole values and the rest of the text: kept as they are written, or skipped.

use super::{Scanner, format_byte};
use crate::snapshot::SnapshotError;
use crate::snapshot::reader::Input;

impl Scanner {
    /// One value of any kind, as it is written: where it begins, and its bytes, `limit` at the most.
    pub(crate) fn raw_value(&mut self, limit: usize) -> Result<(u64, Vec<u8>), SnapshotError> {
        self.peek("a value")?;
        let start = self.at();
        self.mark = Some(self.at);
        self.skip_within(start.saturating_add(limit as u64))?;
        let from = self.mark.take().unwrap_or(self.at);
        Ok((start, self.buffer[from..self.at].to_vec()))
    }

    /// Skips one value of any kind. Nesting is counted, not recursed into, so that no input exhausts the stack.
    pub(crate) fn skip_value(&mut self) -> Result<(), SnapshotError> {
        self.skip_within(u64::MAX)
    }

    fn skip_within(&mut self, limit: u64) -> Result<(), SnapshotError> {
        let mut depth = 0_usize;
        loop {
            let byte = self.peek("a value")?;
            if self.at() > limit {
                return Err(SnapshotError::corrupt(limit, "the header is too long"));
            }
            match byte {
                b'"' => self.string(|_| ())?,
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b']' | b'}' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                b'0'..=b'9' | b'-' | b't' | b'f' | b'n' => {
                    while let Some(b'0'..=b'9' | b'a'..=b'z' | b'-' | b'+' | b'.' | b'E') =
                        self.byte()?
                    {
                        self.at += 1;
                    }
                }
                other => {
                    return Err(SnapshotError::corrupt(
                        self.at(),
                        format!("a value expected, found {}", format_byte(other)),
                    ));
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Everything from here to the end, and the number of its first byte; `report` is told how far reading got.
    /// Go on with [`Scanner::resume`].
    pub(crate) fn rest(
        &mut self,
        mut report: impl FnMut(u64) -> Result<(), SnapshotError>,
    ) -> Result<(u64, Vec<u8>), SnapshotError> {
        /// Bytes between two reports.
        const STEP: usize = 16 << 20;
        let start = self.at();
        let mut bytes = Vec::new();
        if let Some(length) = self.input.as_ref().and_then(Input::length) {
            bytes.reserve_exact(length.saturating_sub(start) as usize);
        }
        bytes.extend_from_slice(&self.buffer[self.at..self.end]);
        if let Some(mut input) = self.input.take() {
            loop {
                let filled = bytes.len();
                let step = match input.length() {
                    Some(length) => length.saturating_sub(start).saturating_sub(filled as u64),
                    None => STEP as u64,
                };
                // What a file has grown by since it was opened is not asked for.
                bytes.resize(filled + (step as usize).min(STEP), 0);
                let count = input.fill(&mut bytes[filled..])?;
                bytes.truncate(filled + count);
                if count == 0 {
                    break;
                }
                report(start + bytes.len() as u64)?;
            }
        }
        Ok((start, bytes))
    }

    /// Goes on with `bytes`, the first of which is number `base`, and nothing after them.
    pub(crate) fn resume(&mut self, bytes: &[u8], base: u64) {
        self.buffer = bytes.to_vec();
        (self.at, self.end, self.base) = (0, bytes.len(), base);
    }

    /// Consumes everything before the next `byte`, wherever that is; `false` if there is none.
    pub(crate) fn skip_to(&mut self, byte: u8) -> Result<bool, SnapshotError> {
        loop {
            if let Some(found) = memchr::memchr(byte, &self.buffer[self.at..self.end]) {
                self.at += found;
                return Ok(true);
            }
            self.at = self.end;
            if !self.fill()? {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(text: &str) -> Scanner {
        Scanner::new(Input::from_bytes(text.as_bytes().to_vec()))
    }

    #[test]
    fn skips_nested_values_without_recursion() {
        let deep = format!("{}{}x", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut scanner = scanner(&deep);
        scanner.skip_value().unwrap();
        assert_eq!(scanner.at(), 2_000_000);
    }
}
