//! What stands in for a text.

/// `<string 16-31>`: powers of two, so that no length is exact.
pub(super) fn length_class(what: &str, length: usize) -> String {
    if length == 0 {
        return String::new();
    }
    let from = 1_usize << length.ilog2();
    format!("<{what} {from}-{}>", 2 * from - 1)
}

/// `<div id="a" class="b">` keeps its tag, a name with an address in it what stands before it.
pub(super) fn tag(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    match text.find(' ') {
        Some(space) if text.starts_with('<') => Some(format!("{}>", &text[..space])),
        _ if text.contains("://") => Some(length_class("url", raw.len())),
        _ => None,
    }
}

/// What of a name that is kept may yet tell a secret. `None` where nothing does.
pub(super) fn name(raw: &[u8]) -> Option<String> {
    weak_pair(raw).or_else(|| page(raw))
}

/// `Window / https://example.org/?token=…`: a page's address is no script's.
fn page(raw: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(raw, b" / ")?;
    let address = &raw[at + 3..];
    memchr::memmem::find(address, b"://")?;
    let class = String::from_utf8_lossy(&raw[..at]);
    Some(format!("{class} / {}", length_class("url", address.len())))
}

/// `3 / part of key (secret @5) -> value (…)`: names give way to ids. `None` for other strings.
fn weak_pair(raw: &[u8]) -> Option<String> {
    if !raw.first()?.is_ascii_digit()
        || memchr::memmem::find(raw, b" pair in WeakMap (table @").is_none()
    {
        return None;
    }
    let text = String::from_utf8_lossy(raw);
    let (number, _) = text.split_once(' ')?;
    // From the end: names may contain anything, ids may not.
    let (rest, table) = text.rsplit_once(" pair in WeakMap (table @")?;
    let ids = rest.rsplit_once('@').and_then(|(before, value)| {
        let key = before.rsplit_once(" -> value (")?.0.rsplit_once('@')?.1;
        Some((key, value))
    });
    let is_id = |id: &str| {
        id.strip_suffix(')')
            .is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    Some(match ids {
        Some((key, value)) if is_id(value) && is_id(key) && is_id(table) => format!(
            "{number} / part of key (key @{key} -> value (value @{value} pair in WeakMap (table @{table}"
        ),
        _ => length_class("pair", raw.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_classes() {
        assert_eq!(length_class("string", 0), "");
        assert_eq!(length_class("string", 1), "<string 1-1>");
        assert_eq!(length_class("string", 31), "<string 16-31>");
    }

    #[test]
    fn names_lose_what_is_no_name() {
        let name = |text: &str| name(text.as_bytes());
        assert_eq!(name("Session"), None);
        assert_eq!(name("/app/a.js"), None);
        assert_eq!(name("file:///app/a.js"), None);
        assert_eq!(
            name("Window / https://a.example/?token=1").as_deref(),
            Some("Window / <url 16-31>")
        );
        assert_eq!(
            name("3 / part of key (SECRET @5) -> value (hunter2 @7) pair in WeakMap (table @3)")
                .as_deref(),
            Some("3 / part of key (key @5) -> value (value @7) pair in WeakMap (table @3)")
        );
    }
}
