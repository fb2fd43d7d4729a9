//! A cursor over JSON that is read through a window: careful, exact about what is wrong and at which byte.
//!
//! Memory is one window, whatever the file's size, but for what [`Scanner::raw_value`] and [`Scanner::rest`] are asked to
//! hold. The long arrays of integers take the fast path of [`crate::snapshot::numbers`] over [`Scanner::window`].

mod values;

use crate::snapshot::SnapshotError;
use crate::snapshot::numbers::SLACK;
use crate::snapshot::reader::Input;

/// Bytes read at once: they stay in the second-level cache until they are parsed.
const WINDOW: usize = 256 << 10;

/// A position in the bytes of a snapshot.
pub(crate) struct Scanner {
    input: Option<Input>,
    /// The bytes from `base` on; those before `at` are consumed.
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    base: u64,
    /// Bytes from here on stay in the buffer.
    mark: Option<usize>,
}

impl Scanner {
    pub(crate) fn new(input: Input) -> Scanner {
        Scanner::from(input, 0)
    }

    /// A scanner of `input`, whose first byte is number `base`.
    pub(crate) fn from(input: Input, base: u64) -> Scanner {
        Scanner {
            input: Some(input),
            buffer: vec![0; WINDOW],
            at: 0,
            end: 0,
            base,
            mark: None,
        }
    }

    /// Number of the next byte.
    pub(crate) fn at(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Bytes that may follow: exact for a file, no bound for a stream.
    pub(crate) fn bytes_left(&self) -> u64 {
        let length = match &self.input {
            Some(input) => input.length(),
            None => Some(self.base + self.end as u64),
        };
        length.map_or(u64::MAX, |length| length.saturating_sub(self.at()))
    }

    /// Bytes in all, or as far as they are read where that is unknown.
    pub(crate) fn length(&self) -> u64 {
        let read = self.base + self.end as u64;
        self.input
            .as_ref()
            .and_then(Input::length)
            .map_or(read, |length| length.max(read))
    }

    /// The same file from byte `at` on, for another thread; `None` where it is no plain file.
    pub(crate) fn beside(&self, at: u64) -> Option<Scanner> {
        Some(Scanner::from(self.input.as_ref()?.beside(at)?, at))
    }

    /// What is read and not consumed, with the bytes before: the buffer and where in it the next byte is.
    pub(crate) fn window(&mut self) -> Result<(&[u8], usize), SnapshotError> {
        if self.end - self.at < WINDOW / 4 {
            self.fill()?;
        }
        Ok((&self.buffer[..self.end], self.at))
    }

    /// Consumes the window up to `at`, a place in the slice that [`Scanner::window`] returned.
    pub(crate) fn advance(&mut self, at: usize) {
        self.at = at;
    }

    /// Reads on; `false` at the end.
    fn fill(&mut self) -> Result<bool, SnapshotError> {
        let Some(input) = &mut self.input else {
            return Ok(false);
        };
        let keep = self
            .mark
            .unwrap_or(self.at)
            .min(self.at.saturating_sub(SLACK));
        self.buffer.copy_within(keep..self.end, 0);
        self.base += keep as u64;
        self.at -= keep;
        self.end -= keep;
        self.mark = self.mark.map(|mark| mark - keep);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end + WINDOW, 0);
        }
        let count = input.fill(&mut self.buffer[self.end..])?;
        self.end += count;
        Ok(count > 0)
    }

    /// The next byte, white space or not.
    #[inline]
    fn byte(&mut self) -> Result<Option<u8>, SnapshotError> {
        if self.at == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.at]))
    }

    /// The next byte that is not white space, without consuming it.
    pub(crate) fn peek(&mut self, expected: &str) -> Result<u8, SnapshotError> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => {
                    return Err(SnapshotError::Truncated {
                        at: self.at(),
                        expected: expected.into(),
                    });
                }
            }
        }
    }

    /// Consumes `byte`, after white space.
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), SnapshotError> {
        let wanted = || format_byte(byte);
        if self.byte()? != Some(byte) {
            let found = self.peek(&wanted())?;
            if found != byte {
                return Err(SnapshotError::corrupt(
                    self.at(),
                    format!("{} expected, found {}", wanted(), format_byte(found)),
                ));
            }
        }
        self.at += 1;
        Ok(())
    }

    /// After an element of an array or object: `true` at a comma, `false` at `close`.
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, SnapshotError> {
        let found = self.peek("a comma or the end of a list")?;
        if found == b',' {
            self.at += 1;
            Ok(true)
        } else if found == close {
            self.at += 1;
            Ok(false)
        } else {
            Err(SnapshotError::corrupt(
                self.at(),
                format!(
                    "a comma or {} expected, found {}",
                    format_byte(close),
                    format_byte(found)
                ),
            ))
        }
    }

    /// Opens an array or object: `true` if it has an element.
    pub(crate) fn open(&mut self, open: u8, close: u8) -> Result<bool, SnapshotError> {
        self.expect(open)?;
        if self.peek("the contents of a list")? == close {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// A record of numbers with commas between them: as many as there are `fields`. `true` if another record follows.
    pub(crate) fn record(&mut self, fields: &mut [u64]) -> Result<bool, SnapshotError> {
        for (index, field) in fields.iter_mut().enumerate() {
            if index > 0 {
                self.expect(b',')?;
            }
            *field = self.number()?;
        }
        self.more(b']')
    }

    /// An unsigned number, digit by digit, after white space.
    pub(crate) fn number(&mut self) -> Result<u64, SnapshotError> {
        let first = self.peek("a number")?;
        let start = self.at();
        if !first.is_ascii_digit() {
            return Err(SnapshotError::corrupt(
                start,
                format!("a number expected, found {}", format_byte(first)),
            ));
        }
        let mut value: u64 = 0;
        while let Some(byte @ b'0'..=b'9') = self.byte()? {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(byte - b'0')))
                .ok_or_else(|| SnapshotError::corrupt(start, "a number beyond 64 bits"))?;
            self.at += 1;
        }
        Ok(value)
    }

    /// The key of an object's member with its colon: where it begins, and its first bytes, still escaped.
    pub(crate) fn key(&mut self) -> Result<(u64, Vec<u8>), SnapshotError> {
        /// Longer than any key that means something.
        const KEPT: usize = 40;
        self.peek("a key")?;
        let start = self.at() + 1;
        let mut key = Vec::new();
        self.string(|piece| {
            let room = KEPT - key.len().min(KEPT);
            key.extend_from_slice(&piece[..piece.len().min(room)]);
        })?;
        self.expect(b':')?;
        Ok((start, key))
    }

    /// A string, handed out piece by piece, still escaped.
    fn string(&mut self, mut piece: impl FnMut(&[u8])) -> Result<(), SnapshotError> {
        self.expect(b'"')?;
        let start = self.at();
        loop {
            let rest = &self.buffer[self.at..self.end];
            let found = memchr::memchr2(b'"', b'\\', rest);
            let length = found.unwrap_or(rest.len());
            piece(&rest[..length]);
            let escape = found.is_some_and(|at| rest[at] == b'\\');
            self.at += length + usize::from(found.is_some());
            if found.is_some() && !escape {
                return Ok(());
            }
            let Some(byte) = self.byte()? else {
                return Err(unfinished_string(self.at(), start));
            };
            if escape {
                piece(&[b'\\', byte]);
                self.at += 1;
            }
        }
    }
}

pub(crate) fn unfinished_string(at: u64, start: u64) -> SnapshotError {
    SnapshotError::Truncated {
        at,
        expected: format!("the end of the string that begins at byte {start}"),
    }
}

fn format_byte(byte: u8) -> String {
    if byte.is_ascii_graphic() {
        format!("'{}'", byte as char)
    } else {
        format!("byte 0x{byte:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(text: &str) -> Scanner {
        Scanner::new(Input::from_bytes(text.as_bytes().to_vec()))
    }

    #[test]
    fn reads_records_before_every_separator() {
        for value in [0, 7, 999, 123_456, 12_345_678, u64::MAX] {
            for text in [format!("{value},1,2]"), format!(" {value}\n,1 ,2\n]")] {
                let mut scanner = scanner(&text);
                let mut fields = [0; 2];
                assert!(scanner.record(&mut fields).unwrap(), "{text}");
                assert_eq!(fields, [value, 1], "{text}");
                assert!(!scanner.record(&mut fields[..1]).unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn refuses_what_only_looks_like_digits() {
        for text in [
            "12:4567,",
            "1/345678,",
            "-1,345678",
            "1e5,5678",
            "18446744073709551616,",
        ] {
            assert!(scanner(text).record(&mut [0, 0]).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_may_lie_across_windows() {
        let text = format!(
            r#""{}\"{}":[1]"#,
            "a".repeat(WINDOW - 2),
            "b".repeat(WINDOW)
        );
        let mut scanner = scanner(&text);
        assert_eq!(scanner.key().unwrap().1, [b'a'; 40]);
        assert_eq!(scanner.raw_value(10).unwrap().1, b"[1]");
    }
}
