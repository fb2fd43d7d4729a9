//! What is left of a heap for later comparisons: a tree of shapes, each of which stands for the nodes of its kind at its
//! place in the dominator tree. A few thousand of them, about 30 bytes each, whatever the heap's size.

use crate::snapshot::SnapshotError;

/// The most shapes that are kept, or read.
pub(crate) const MAX_SHAPES: usize = 4096;

/// Nodes of one kind, held in one way by those of another shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The shape of their dominators; the root's own.
    pub(crate) parent: u32,
    /// How they are held, and what they are: hashes of [`crate::snapshot::labels`].
    pub(crate) key: (u64, u64),
    pub(crate) count: u64,
    /// Bytes that would go with them.
    pub(crate) retained: u64,
    /// Bytes of themselves.
    pub(crate) own: u64,
    /// They hang at a property.
    pub(crate) is_property: bool,
    /// They hang at properties whose names are keys.
    pub(crate) is_entry: bool,
    /// Something below was left out.
    pub(crate) is_cut: bool,
}

/// Shapes with the root first and children side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    /// Shape `n`'s children are `first[n]..first[n + 1]`.
    first: Vec<u32>,
    /// Bytes that the largest of what was left out retains.
    floor: u64,
}

impl Shapes {
    /// Of shapes whose parents come before them; none of those left out retains more than `floor` bytes. And where each
    /// stood before.
    pub(crate) fn new(shapes: Vec<Shape>, floor: u64) -> (Shapes, Vec<usize>) {
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); shapes.len()];
        for (index, shape) in shapes.iter().enumerate().skip(1) {
            children[shape.parent as usize].push(index);
        }
        let mut order = Vec::with_capacity(shapes.len());
        if !shapes.is_empty() {
            order.push(0);
        }
        let mut at = 0;
        let mut moved = Vec::with_capacity(shapes.len());
        while at < order.len() {
            let mut shape = shapes[order[at]].clone();
            shape.parent = 0;
            moved.push(shape);
            order.extend(&children[order[at]]);
            at += 1;
        }
        let mut next = 1;
        for (parent, &old) in order.iter().enumerate() {
            for _ in &children[old] {
                moved[next].parent = parent as u32;
                next += 1;
            }
        }
        (Shapes::laid_out(moved, floor), order)
    }

    /// `shapes` are in the order of their parents.
    fn laid_out(shapes: Vec<Shape>, floor: u64) -> Shapes {
        let mut first = vec![0_u32; shapes.len() + 1];
        let mut next = 1;
        for (index, place) in first.iter_mut().enumerate() {
            *place = next as u32;
            while next < shapes.len() && shapes[next].parent as usize == index {
                next += 1;
            }
        }
        Shapes {
            shapes,
            first,
            floor,
        }
    }

    /// With what each retains added to what holds it.
    pub(crate) fn summed_up(mut self) -> Shapes {
        for shape in (1..self.shapes.len()).rev() {
            let Shape {
                parent, retained, ..
            } = self.shapes[shape];
            let holder = &mut self.shapes[parent as usize];
            holder.retained = holder.retained.saturating_add(retained);
        }
        self
    }

    /// All that is known of one.
    pub(crate) fn shape(&self, shape: u32) -> &Shape {
        &self.shapes[shape as usize]
    }

    /// Bytes that the largest of what was left out retains.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn len(&self) -> usize {
        self.shapes.len()
    }

    pub(crate) fn retained(&self, shape: u32) -> u64 {
        self.shapes[shape as usize].retained
    }

    pub(crate) fn count(&self, shape: u32) -> u64 {
        self.shapes[shape as usize].count
    }

    pub(crate) fn own(&self, shape: u32) -> u64 {
        self.shapes[shape as usize].own
    }

    pub(crate) fn key(&self, shape: u32) -> (u64, u64) {
        self.shapes[shape as usize].key
    }

    pub(crate) fn is_property(&self, shape: u32) -> bool {
        self.shapes[shape as usize].is_property
    }

    pub(crate) fn is_entry(&self, shape: u32) -> bool {
        self.shapes[shape as usize].is_entry
    }

    pub(crate) fn is_cut(&self, shape: u32) -> bool {
        self.shapes[shape as usize].is_cut
    }

    pub(crate) fn children(&self, shape: u32) -> std::ops::Range<u32> {
        self.first[shape as usize]..self.first[shape as usize + 1]
    }

    /// As bytes: the number of shapes, then each with its parent as the difference to the one before.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        write_number(out, self.shapes.len() as u64);
        write_number(out, self.floor);
        let mut parent = 0;
        for shape in &self.shapes {
            write_number(out, u64::from(shape.parent - parent));
            parent = shape.parent;
            out.extend(shape.key.0.to_le_bytes());
            out.extend(shape.key.1.to_le_bytes());
            out.push(
                u8::from(shape.is_property)
                    | u8::from(shape.is_entry) << 1
                    | u8::from(shape.is_cut) << 2,
            );
            for number in [shape.count, shape.retained, shape.own] {
                write_number(out, number);
            }
        }
    }

    /// The same back again; whatever `encode` cannot have written is refused.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Shapes, SnapshotError> {
        let mut reader = Reader { bytes, at: 0 };
        let count = reader.number()? as usize;
        if count == 0 || count > MAX_SHAPES {
            return Err(reader.refuse("the number of shapes is out of bounds"));
        }
        let floor = reader.number()?;
        let mut shapes: Vec<Shape> = Vec::with_capacity(count);
        let mut parent = 0_u64;
        for index in 0..count as u64 {
            parent = parent.saturating_add(reader.number()?);
            if parent >= index.max(1) {
                return Err(reader.refuse("a shape comes before its parent"));
            }
            let key = (reader.word()?, reader.word()?);
            let flags = reader.byte()?;
            if flags > 7 {
                return Err(reader.refuse("a shape has flags that are unknown"));
            }
            shapes.push(Shape {
                parent: parent as u32,
                key,
                count: reader.number()?,
                retained: reader.number()?,
                own: reader.number()?,
                is_property: flags & 1 > 0,
                is_entry: flags & 2 > 0,
                is_cut: flags & 4 > 0,
            });
        }
        if reader.at != bytes.len() {
            return Err(reader.refuse("something follows the last shape"));
        }
        Ok(Shapes::laid_out(shapes, floor))
    }
}

/// Seven bits a byte, the lowest first.
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn refuse(&self, what: &str) -> SnapshotError {
        SnapshotError::Corrupt {
            at: self.at as u64,
            what: what.into(),
        }
    }

    fn byte(&mut self) -> Result<u8, SnapshotError> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| self.refuse("the shapes end early"))?;
        self.at += 1;
        Ok(byte)
    }

    fn word(&mut self) -> Result<u64, SnapshotError> {
        let mut word = [0; 8];
        for byte in &mut word {
            *byte = self.byte()?;
        }
        Ok(u64::from_le_bytes(word))
    }

    fn number(&mut self) -> Result<u64, SnapshotError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.refuse("a number beyond 64 bits"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn shape(parent: u32, retained: u64) -> Shape {
        Shape {
            parent,
            key: (retained * 7, u64::MAX - retained),
            count: retained / 3,
            retained,
            own: retained / 2,
            is_property: retained.is_multiple_of(2),
            is_entry: retained.is_multiple_of(3),
            is_cut: retained.is_multiple_of(5),
        }
    }

    fn some() -> Shapes {
        // Recorded largest first, not level by level.
        let parents = [0, 0, 1, 1, 0, 4, 2, 4];
        let list = parents
            .iter()
            .zip(1..)
            .map(|(&parent, size)| shape(parent, size * 1_000_003));
        Shapes::new(list.collect(), 12345).0
    }

    #[test]
    fn children_lie_side_by_side() {
        let shapes = some();
        assert_eq!(shapes.children(0), 1..3);
        assert_eq!(shapes.children(1), 3..5);
        assert_eq!(shapes.children(2), 5..7);
        let sizes = |shape| -> Vec<u64> {
            shapes
                .children(shape)
                .map(|child| shapes.retained(child) / 1_000_003)
                .collect()
        };
        assert_eq!([sizes(0), sizes(1), sizes(2)], [[2, 5], [3, 4], [6, 8]]);
        assert_eq!(sizes(3), [7]);
        assert_eq!((1..8).map(|n| shapes.children(n).len()).sum::<usize>(), 5);
    }

    #[test]
    fn bytes_give_the_same_back_and_nothing_else_is_taken() {
        let shapes = some();
        let mut bytes = Vec::new();
        shapes.encode(&mut bytes);
        assert_eq!(Shapes::decode(&bytes).unwrap(), shapes);
        for length in 0..bytes.len() {
            assert!(Shapes::decode(&bytes[..length]).is_err(), "{length}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Shapes::decode(&longer).is_err());
        let mut many = Vec::new();
        write_number(&mut many, MAX_SHAPES as u64 + 1);
        many.resize(1 << 20, 0);
        assert!(Shapes::decode(&many).is_err());
        // A child before its parent, flags that do not exist: an error or a tree, never a panic or an endless walk.
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                if let Ok(shapes) = Shapes::decode(&bad) {
                    let children = (0..shapes.len() as u32).map(|n| shapes.children(n).len());
                    assert_eq!(children.sum::<usize>(), shapes.len() - 1);
                }
            }
        }
    }
}
