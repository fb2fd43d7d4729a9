//! The string table: offsets into the snapshot's bytes, decoded when asked for.

use std::borrow::Cow;

/// The text of a snapshot's strings and where each begins. Eight bytes a string beside its text.
#[derive(Debug, Default)]
pub struct StringTable {
    /// From the first string to the end of the file, as it is written there.
    text: Vec<u8>,
    /// Offset of the first byte after the opening quote.
    starts: Vec<u64>,
}

impl StringTable {
    pub(crate) fn new(text: Vec<u8>, starts: Vec<u64>) -> StringTable {
        StringTable { text, starts }
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The bytes between the quotes, still escaped; empty for an index the file does not have.
    pub fn raw(&self, index: u32) -> &[u8] {
        let Some(&start) = self.starts.get(index as usize) else {
            return &[];
        };
        let rest = self.text.get(start as usize..).unwrap_or_default();
        &rest[..length(rest).unwrap_or(rest.len())]
    }

    /// The string itself. Lone surrogates and bytes that are no UTF-8 become U+FFFD.
    pub fn decode(&self, index: u32) -> Cow<'_, str> {
        unescape(self.raw(index))
    }
}

/// Bytes before the quote that ends a string; `None` if there is none.
#[inline]
pub(crate) fn length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[found] == b'"' {
            return Some(found);
        }
        at = found + 2;
    }
}

/// Undoes JSON's escapes.
pub(crate) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(offset) = memchr::memchr(b'\\', rest) {
        text.push_str(&String::from_utf8_lossy(&rest[..offset]));
        let (decoded, used) = unescape_one(&rest[offset..]);
        text.push(decoded);
        rest = &rest[(offset + used).min(rest.len())..];
    }
    text.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(text)
}

/// One escape at the start of `raw`: the character and the bytes it took.
fn unescape_one(raw: &[u8]) -> (char, usize) {
    match raw.get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => {
            let Some(unit) = hex(raw, 2) else {
                return (char::REPLACEMENT_CHARACTER, 2);
            };
            if (0xd800..0xdc00).contains(&unit)
                && raw.get(6..8) == Some(b"\\u")
                && let Some(low) = hex(raw, 8)
                && (0xdc00..0xe000).contains(&low)
            {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return (
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                    12,
                );
            }
            (
                char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                6,
            )
        }
        Some(&other) => (other as char, 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

fn hex(raw: &[u8], from: usize) -> Option<u32> {
    let digits = raw.get(from..from + 4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_escapes_pairs_and_lone_surrogates() {
        assert_eq!(unescape(br#"a\"b\\c\n\u00e9\ud83d\ude00"#), "a\"b\\c\né😀");
        assert_eq!(unescape(br"\ud83dx"), "\u{fffd}x");
        assert_eq!(unescape(br"\u12"), "\u{fffd}12");
    }
}
