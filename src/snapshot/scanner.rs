//! A cursor over JSON bytes, made for integer arrays of hundreds of megabytes.
//!
//! V8 writes unsigned decimals between commas, with a newline before each record until Node 24 and none after. The fast
//! path takes a number and its comma from one or two 8-byte loads without a branch per digit; everything
//! else (newlines, longer numbers, the last bytes) takes the careful path.

use crate::snapshot::SnapshotError;

/// A position in the bytes of a snapshot.
#[derive(Clone)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Scanner<'a> {
        Scanner { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space, without consuming it.
    pub(crate) fn peek(&mut self, expected: &str) -> Result<u8, SnapshotError> {
        self.skip_space();
        match self.bytes.get(self.at) {
            Some(&byte) => Ok(byte),
            None => Err(SnapshotError::Truncated {
                at: self.at as u64,
                expected: expected.into(),
            }),
        }
    }

    /// Consumes `byte`, after white space.
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), SnapshotError> {
        if self.bytes.get(self.at) == Some(&byte) {
            self.at += 1;
            return Ok(());
        }
        let wanted = format_byte(byte);
        let found = self.peek(&wanted)?;
        if found != byte {
            return Err(SnapshotError::corrupt(
                self.at,
                format!("{wanted} expected, found {}", format_byte(found)),
            ));
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
                self.at,
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

    /// A whole record of `N` numbers and the separator to the next, taken at once. `false`, with nothing consumed, where
    /// the record is the last or anything is unusual: the careful calls below read it then.
    #[inline(always)]
    pub(crate) fn record<const N: usize>(&mut self, fields: &mut [u64]) -> bool {
        let mut at = self.at;
        for (index, field) in fields.iter_mut().take(N).enumerate() {
            // Third come ids and targets, of seven or eight digits as it falls: a branch would be a coin toss.
            let read = if index == 2 {
                long_digits(self.bytes, at)
            } else {
                digits(self.bytes, at)
            };
            let Some((value, digits)) = read else {
                return false;
            };
            *field = value;
            at += digits;
            if index + 1 < N {
                if self.bytes.get(at) != Some(&b',') {
                    return false;
                }
                at += 1;
            }
        }
        at += match self.bytes.get(at..at + 2) {
            Some([b',', b'0'..=b'9']) => 1,
            Some(b"\n,") => 2,
            _ => return false,
        };
        self.at = at;
        true
    }

    /// An unsigned number followed by a comma, which is consumed: every field but the last of an array.
    #[inline(always)]
    pub(crate) fn field(&mut self) -> Result<u64, SnapshotError> {
        if let Some((value, digits)) = digits(self.bytes, self.at)
            && self.bytes.get(self.at + digits) == Some(&b',')
        {
            self.at += digits + 1;
            return Ok(value);
        }
        self.field_slowly()
    }

    /// An unsigned number; what follows is left in place.
    #[inline(always)]
    pub(crate) fn last_field(&mut self) -> Result<u64, SnapshotError> {
        if let Some((value, digits)) = digits(self.bytes, self.at) {
            self.at += digits;
            return Ok(value);
        }
        self.number()
    }

    /// After the last field of a record: `true` if another record follows, consuming its separator.
    #[inline(always)]
    pub(crate) fn next_record(&mut self) -> Result<bool, SnapshotError> {
        match self.bytes.get(self.at..self.at + 2) {
            Some([b',', b'0'..=b'9']) => {
                self.at += 1;
                Ok(true)
            }
            Some(b"\n,") => {
                self.at += 2;
                Ok(true)
            }
            _ => self.more(b']'),
        }
    }

    #[cold]
    fn field_slowly(&mut self) -> Result<u64, SnapshotError> {
        let value = self.number()?;
        self.expect(b',')?;
        Ok(value)
    }

    /// An unsigned number, digit by digit, after white space.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> Result<u64, SnapshotError> {
        let first = self.peek("a number")?;
        let start = self.at;
        if !first.is_ascii_digit() {
            return Err(SnapshotError::corrupt(
                start,
                format!("a number expected, found {}", format_byte(first)),
            ));
        }
        let mut value: u64 = 0;
        while let Some(&byte) = self.bytes.get(self.at) {
            if !byte.is_ascii_digit() {
                break;
            }
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(byte - b'0')))
                .ok_or_else(|| SnapshotError::corrupt(start, "a number beyond 64 bits"))?;
            self.at += 1;
        }
        Ok(value)
    }

    /// A string; returns the range between its quotes, still escaped.
    pub(crate) fn string(&mut self) -> Result<(usize, usize), SnapshotError> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            let rest = &self.bytes[self.at..];
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(offset) if rest[offset] == b'"' => {
                    let end = self.at + offset;
                    self.at = end + 1;
                    return Ok((start, end));
                }
                Some(offset) if self.at + offset + 1 < self.bytes.len() => self.at += offset + 2,
                _ => {
                    return Err(SnapshotError::Truncated {
                        at: self.bytes.len() as u64,
                        expected: format!("the end of the string that begins at byte {start}"),
                    });
                }
            }
        }
    }

    /// Skips one value of any kind. Nesting is counted, not recursed into, so that no input exhausts the stack.
    pub(crate) fn skip_value(&mut self) -> Result<(), SnapshotError> {
        let mut depth = 0_usize;
        loop {
            match self.peek("a value")? {
                b'"' => {
                    self.string()?;
                }
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
                    let rest = &self.bytes[self.at..];
                    let end = rest
                        .iter()
                        .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'+' | b'.' | b'E'));
                    self.at += end.unwrap_or(rest.len());
                }
                other => {
                    return Err(SnapshotError::corrupt(
                        self.at,
                        format!("a value expected, found {}", format_byte(other)),
                    ));
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

/// One to fifteen digits from `at` on, and how many; `None` where the fast path does not apply.
#[inline(always)]
fn digits(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let (value, digits) = word_of_digits(bytes, at)?;
    if digits < 8 {
        return (digits > 0).then_some((value, digits));
    }
    // Targets of edges have eight digits or more from ten million fields on.
    let (rest, more) = word_of_digits(bytes, at + 8)?;
    (more < 8).then(|| (value * POWERS_OF_TEN[more] + rest, 8 + more))
}

const POWERS_OF_TEN: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The number that the digits among the eight bytes from `at` on begin with, and how many there are; `None` near the end.
///
/// The eight bytes are one little-endian word. A byte is a digit iff its high nibble is 3 and stays so when 6 is added.
/// Digits are shifted up so that the last of them weighs least, then summed in pairs, fours, eights.
#[inline(always)]
fn word_of_digits(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let word = word_at(bytes, at)?;
    let digits = digit_count(word);
    if digits == 0 {
        return Some((0, 0));
    }
    Some((sum(word << (64 - 8 * digits)), digits))
}

/// The same as [`digits`] without a branch on whether there are more than seven.
#[inline(always)]
fn long_digits(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let (first, second) = (word_at(bytes, at)?, word_at(bytes, at + 8)?);
    let count = digit_count(first);
    let more = digit_count(second) * (count / 8);
    if count == 0 || more == 8 {
        return None;
    }
    let value = sum(first << (64 - 8 * count));
    // In two steps, since all 64 bits go where there are no more digits.
    let rest = sum((second << (56 - 8 * more)) << 8);
    Some((value * POWERS_OF_TEN[more] + rest, count + more))
}

#[inline(always)]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// How many of the bytes are digits before the first that is none.
#[inline(always)]
fn digit_count(word: u64) -> usize {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREES: u64 = 0x3030_3030_3030_3030;
    let not_digit =
        ((word & HIGH) ^ THREES) | ((word.wrapping_add(0x0606_0606_0606_0606) & HIGH) ^ THREES);
    (not_digit.trailing_zeros() / 8) as usize
}

/// Eight digits, the last in the highest byte; bytes of zero count as the digit 0.
#[inline(always)]
fn sum(word: u64) -> u64 {
    let word = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (word.wrapping_mul(10).wrapping_add(word >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xffff_ffff
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

    #[test]
    fn reads_numbers_of_every_length_before_every_separator() {
        for value in [
            0,
            7,
            42,
            999,
            1000,
            65_535,
            123_456,
            9_999_999,
            12_345_678,
            123_456_789,
            u64::MAX,
        ] {
            for tail in [",1]        ", ",1]", ",\n1]", ",1]                "] {
                let text = format!("{value}{tail}");
                if let Some((long, count)) = long_digits(text.as_bytes(), 0) {
                    assert_eq!((long, count), (value, value.to_string().len()), "{text}");
                }
                let mut scanner = Scanner::new(text.as_bytes());
                assert_eq!(scanner.field().unwrap(), value, "{text}");
                assert_eq!(scanner.last_field().unwrap(), 1, "{text}");
                assert!(!scanner.next_record().unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn refuses_what_only_looks_like_digits() {
        // ':' follows '9' in ASCII and '/' precedes '0'; both share or nearly share their high nibble.
        for text in [
            "12:4567,",
            "1/345678,",
            "-1,345678",
            "1e5,5678",
            "18446744073709551616,",
        ] {
            assert!(Scanner::new(text.as_bytes()).field().is_err(), "{text}");
        }
    }

    #[test]
    fn skips_nested_values_without_recursion() {
        let deep = format!("{}{}x", "[".repeat(100_000), "]".repeat(100_000));
        let mut scanner = Scanner::new(deep.as_bytes());
        scanner.skip_value().unwrap();
        assert_eq!(scanner.at(), 200_000);
    }
}
