//! Numbers as people read them: one way for messages, verdicts and reports.

/// `1.2 MB`: powers of 1,000, one decimal below 10, as Node's own tools and disk makers count.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 9.95 {
        format!("{} {unit}", tenths(value))
    } else {
        format!("{} {unit}", value.round() as u64)
    }
}

/// `1.2`. By whole numbers: the library's way of writing fractions is 17 KB of the binary.
pub fn tenths(value: f64) -> String {
    let tenths = (value.abs() * 10.0).round() as u64;
    let sign = if value < 0.0 && tenths > 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// `17 %` of a share of 0.17.
pub fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0).round() as u64)
}

/// The same of a difference or a rate: rounded to whole bytes, with its sign.
pub fn signed_bytes(value: f64) -> String {
    let size = value.abs().round() as u64;
    let sign = if value < 0.0 && size > 0 { "-" } else { "" };
    format!("{sign}{}", bytes(size))
}

/// `2,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [tenths(0.04), tenths(-0.26), tenths(-0.01), tenths(12.96)],
            ["0.0", "-0.3", "0.0", "13.0"]
        );
        assert_eq!([percent(0.004), percent(0.995)], ["0 %", "100 %"]);
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_951, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (15_348_848, "15 MB"),
            (4_345_298_944, "4.3 GB"),
            (u64::MAX, "18 EB"),
        ];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn differences_have_a_sign() {
        let cases = [
            (-0.4, "0 B"),
            (-1900.0, "-1.9 kB"),
            (999.7, "1.0 kB"),
            (f64::MAX, "18 EB"),
        ];
        for (value, text) in cases {
            assert_eq!(signed_bytes(value), text);
        }
    }
}
