//! Generated positions to original ones: source maps, revision 3, plain and sectioned.
//!
//! Written here because the maintained crate brings Unicode tables of URL handling with it, several times the size of
//! the engine, for a format of five numbers.

use serde_json::Value;

/// One stretch of generated code that maps to an original position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    line: u32,
    column: u32,
    source: u32,
    original_line: u32,
    original_column: u32,
}

/// A source map, ready for lookups.
#[derive(Debug, Default)]
pub struct SourceMap {
    sources: Vec<String>,
    /// Sorted by generated position.
    segments: Vec<Segment>,
}

/// An original position; line and column from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The source as the map names it, with its `sourceRoot`.
    pub source: String,
    /// Line, from 0.
    pub line: u32,
    /// Column, from 0.
    pub column: u32,
}

impl SourceMap {
    /// Reads a map; `None` for anything else.
    pub fn parse(text: &str) -> Option<SourceMap> {
        // Some servers guard JSON with this line.
        let text = text.strip_prefix(")]}'").map_or(text, |rest| {
            rest.split_once('\n').map_or("", |parts| parts.1)
        });
        let value: Value = serde_json::from_str(text).ok()?;
        let mut map = SourceMap::default();
        match value["sections"].as_array() {
            Some(sections) => {
                for section in sections {
                    let line = u32::try_from(section["offset"]["line"].as_u64()?).ok()?;
                    let column = u32::try_from(section["offset"]["column"].as_u64()?).ok()?;
                    map.add(&section["map"], line, column)?;
                }
            }
            None => map.add(&value, 0, 0)?,
        }
        map.segments.sort_unstable();
        Some(map)
    }

    /// The original of a generated position: that of the last stretch which begins at or before it, on its line.
    pub fn lookup(&self, line: u32, column: u32) -> Option<Original> {
        let after = self
            .segments
            .partition_point(|segment| (segment.line, segment.column) <= (line, column));
        let segment = self.segments.get(after.checked_sub(1)?)?;
        if segment.line != line {
            return None;
        }
        Some(Original {
            source: self.sources.get(segment.source as usize)?.clone(),
            line: segment.original_line,
            column: segment.original_column,
        })
    }

    fn add(&mut self, value: &Value, first_line: u32, first_column: u32) -> Option<()> {
        let root = value["sourceRoot"].as_str().unwrap_or_default();
        let first_source = u32::try_from(self.sources.len()).ok()?;
        for source in value["sources"].as_array()? {
            let source = source.as_str().unwrap_or_default();
            let separator = if root.is_empty() || root.ends_with('/') {
                ""
            } else {
                "/"
            };
            self.sources.push(format!("{root}{separator}{source}"));
        }
        let (mut source, mut original_line, mut original_column) = (0_i64, 0_i64, 0_i64);
        for (line, text) in value["mappings"].as_str()?.split(';').enumerate() {
            let mut column: i64 = 0;
            for fields in text.split(',').filter(|fields| !fields.is_empty()) {
                let numbers = decode(fields)?;
                column += numbers[0];
                let [_, source_step, line_step, column_step, ..] = numbers[..] else {
                    continue;
                };
                source += source_step;
                original_line += line_step;
                original_column += column_step;
                let line = u32::try_from(line).ok()?;
                let shift = if line == 0 { first_column } else { 0 };
                self.segments.push(Segment {
                    line: first_line.checked_add(line)?,
                    column: u32::try_from(column).ok()?.checked_add(shift)?,
                    source: first_source.checked_add(u32::try_from(source).ok()?)?,
                    original_line: u32::try_from(original_line).ok()?,
                    original_column: u32::try_from(original_column).ok()?,
                });
            }
        }
        Some(())
    }
}

/// Base-64 VLQ: six bits a letter, the sixth says that more follow, the lowest of the number is its sign.
fn decode(text: &str) -> Option<Vec<i64>> {
    let mut numbers = Vec::with_capacity(5);
    let (mut number, mut shift) = (0_i64, 0_u32);
    for letter in text.bytes() {
        let digit = i64::from(base64_digit(letter)?);
        if shift > 30 {
            return None;
        }
        number |= (digit & 31) << shift;
        if digit & 32 != 0 {
            shift += 5;
            continue;
        }
        numbers.push(if number & 1 != 0 {
            -(number >> 1)
        } else {
            number >> 1
        });
        (number, shift) = (0, 0);
    }
    (shift == 0 && !numbers.is_empty()).then_some(numbers)
}

fn base64_digit(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The text of a `data:` URL in base 64, as inline maps are written.
pub(crate) fn data_url(url: &str) -> Option<String> {
    let (head, body) = url.strip_prefix("data:")?.split_once(',')?;
    if !head.ends_with(";base64") {
        return None;
    }
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for letter in body.bytes().filter(|&letter| letter != b'=') {
        bits = bits << 6 | u32::from(base64_digit(letter)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The URL in the last `//# sourceMappingURL=` comment of a script.
pub(crate) fn mapping_url(script: &str) -> Option<&str> {
    let at = script.rfind("//# sourceMappingURL=")?;
    let url = script[at..].split_once('=')?.1;
    url.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_stretch_a_position_is_in() {
        // Line 0: column 0 → a.ts 0:0, column 9 → a.ts 2:4; line 1: column 2 → b.ts 1:0.
        let text = r#"{"version":3,"sourceRoot":"src","sources":["a.ts","b.ts"],"mappings":"AAAA,SAEI;ECDJ"}"#;
        let map = SourceMap::parse(text).unwrap();
        let found = |line, column| {
            map.lookup(line, column)
                .map(|at| (at.source, at.line, at.column))
        };
        assert_eq!(found(0, 8), Some(("src/a.ts".into(), 0, 0)));
        assert_eq!(found(0, 20), Some(("src/a.ts".into(), 2, 4)));
        assert_eq!(found(1, 2), Some(("src/b.ts".into(), 1, 0)));
        assert_eq!(found(1, 1), None);
        assert_eq!(found(7, 0), None);
    }

    #[test]
    fn refuses_what_is_no_map() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"sources":[],"mappings":"!!"}"#,
            r#"{"sources":[],"mappings":"ggggggggggA"}"#,
        ] {
            assert!(SourceMap::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn reads_inline_maps() {
        let script =
            "x();\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,eyJhIjoxfQ==\n";
        assert_eq!(
            data_url(mapping_url(script).unwrap()).unwrap(),
            r#"{"a":1}"#
        );
    }
}
