//! Rows in order of size. One sort serves them all: each further instance of the library's is 7 KB of the binary.

/// Sorts the larger `size` first, then by the beginning of `name`.
pub(crate) fn largest_first(size: u64, name: &str) -> u128 {
    let mut beginning = [0; 8];
    for (to, from) in beginning.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    u128::from(!size) << 64 | u128::from(u64::from_be_bytes(beginning))
}

/// The same for sizes that may be negative.
pub(crate) fn most_grown_first(change: i64, name: &str) -> u128 {
    largest_first(change as u64 ^ 1 << 63, name)
}

/// A key, and what tells equal ones apart.
pub(crate) type Keyed = (u128, u32);

pub(crate) fn sort(keyed: &mut [Keyed]) {
    keyed.sort_unstable();
}

/// Positions of `keys` by key; equal ones as they come.
pub(crate) fn order(keys: impl Iterator<Item = u128>) -> Vec<u32> {
    let mut keyed: Vec<Keyed> = keys.zip(0..).collect();
    sort(&mut keyed);
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// `rows` by key; equal ones as they come.
pub(crate) fn sorted<T>(rows: Vec<T>, key: impl Fn(&T) -> u128) -> Vec<T> {
    let order = order(rows.iter().map(key));
    let mut rows: Vec<Option<T>> = rows.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| rows[at as usize].take())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_come_before_names_and_both_before_the_place() {
        let rows = vec![(3, "b"), (5, "z"), (3, "a"), (u64::MAX, ""), (3, "b")];
        let sorted = sorted(rows, |row| largest_first(row.0, row.1));
        assert_eq!(
            sorted,
            [(u64::MAX, ""), (5, "z"), (3, "a"), (3, "b"), (3, "b")]
        );
        let changes = [-1, i64::MAX, 0, i64::MIN];
        let keys = changes.iter().map(|&change| most_grown_first(change, ""));
        assert_eq!(order(keys), [1, 2, 0, 3]);
    }
}
