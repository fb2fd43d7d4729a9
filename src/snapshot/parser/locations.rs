//! The section `locations`: where functions and constructors stand.

use crate::snapshot::SnapshotError;
use crate::snapshot::commas::{self, Ends};
use crate::snapshot::divisor::Divisor;
use crate::snapshot::graph::{Location, NO_LOCATION};
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::numbers::{Doubt, Fours, Separator};
use crate::snapshot::parser::records::{self, Records};
use crate::snapshot::parser::{Pulse, too_many};
use crate::snapshot::scanner::Scanner;
use crate::v8::cpu;

/// Locations, each once where it repeats in a row, and which node has which.
#[derive(Default)]
pub(super) struct Locations {
    pub(super) table: Vec<Location>,
    /// Index into `table` by node, or `NO_LOCATION`; empty if there are none.
    pub(super) of: Vec<u32>,
}

impl Locations {
    pub(super) fn read(
        scanner: &mut Scanner,
        layout: &Layout,
        node_count: usize,
        pulse: Pulse<'_>,
    ) -> Result<Locations, SnapshotError> {
        let Some(positions) = layout.location else {
            scanner.skip_value()?;
            return Ok(Locations::default());
        };
        let mut reader = Reader {
            locations: Locations::default(),
            fields: layout.location_fields,
            positions: positions.map(|position| position & 15),
            node_fields: layout.node_fields as u64,
            node_count,
            ninth: node_count.saturating_mul(layout.node_fields) > 100_000_000,
            plain: layout.location_fields == FIELDS
                && positions == [0, 1, 2, 3]
                && Divisor::RANGE.contains(&layout.node_fields),
            by_node: Divisor::new(layout.node_fields),
            ends: Ends::new(),
            block: Box::new([[0; FIELDS]; MAX_RECORDS]),
        };
        records::read(scanner, pulse, &mut reader)?;
        Ok(reader.locations)
    }
}

/// Object, script, line, column.
const FIELDS: usize = 4;

const MAX_RECORDS: usize = commas::max_records(FIELDS);

struct Reader {
    locations: Locations,
    fields: usize,
    positions: [usize; FIELDS],
    node_fields: u64,
    node_count: usize,
    /// Objects may have nine digits.
    ninth: bool,
    plain: bool,
    by_node: Divisor,
    ends: Ends,
    /// What is read of a block before it is known to be sound.
    block: Box<[[u32; FIELDS]; MAX_RECORDS]>,
}

impl Records for Reader {
    fn fields(&self) -> usize {
        self.fields
    }

    fn are_plain(&self) -> bool {
        self.plain
    }

    fn push(&mut self, record: &[u64; MAX_FIELDS], start: u64) -> Result<(), SnapshotError> {
        let [object, script, line, column] = self.positions.map(|position| record[position]);
        let node = object / self.node_fields;
        if node >= self.node_count as u64 || node * self.node_fields != object {
            return Err(SnapshotError::corrupt(
                start,
                format!("a location is of {object}, where no node begins"),
            ));
        }
        let place = [script, line, column].map(|number| number as u32);
        self.locations.add(node as usize, place, self.node_count);
        Ok(())
    }

    /// The same on every processor: there are too few to compile this twice.
    fn push_block(&mut self, bytes: &[u8], at: usize) -> usize {
        self.ends.find(bytes, at);
        let ends = self.ends.records(FIELDS);
        let separator = Separator::before(bytes, at);
        let mut doubt = Doubt::default();
        let mut fours = Fours::new(cpu::OneByOne);
        let mut start = at;
        let mut count = 0;
        let mut rests = 0;
        for (ends, record) in ends.as_chunks::<FIELDS>().0.iter().zip(&mut *self.block) {
            let mut places = [(0, 0); FIELDS];
            for (place, &end) in places.iter_mut().zip(ends) {
                *place = (start, end as usize);
                start = end as usize + 1;
            }
            places[FIELDS - 1].1 = separator.strip(bytes, places[FIELDS - 1].1, &mut doubt);
            *record = fours.read_long(bytes, places, self.ninth, &mut doubt);
            let (node, rest) = self.by_node.divide(record[0]);
            rests |= rest | u32::from(node as usize >= self.node_count);
            record[0] = node;
            count += 1;
        }
        if !doubt.none() || !fours.are_sound() || rests != 0 || start == at {
            return 0;
        }
        for &[node, ref place @ ..] in &self.block[..count] {
            self.locations.add(node as usize, *place, self.node_count);
        }
        start - at
    }

    fn check_count(&self, start: u64) -> Result<(), SnapshotError> {
        if self.locations.table.len() >= u32::MAX as usize {
            return Err(too_many(start, "locations"));
        }
        Ok(())
    }
}

impl Locations {
    #[inline(always)]
    fn add(&mut self, node: usize, [script, line, column]: [u32; 3], node_count: usize) {
        if self.of.is_empty() {
            self.of = vec![NO_LOCATION; node_count];
        }
        // One script and line repeats for all objects of a class, often in a row.
        let location = Location {
            script,
            line,
            column,
        };
        if self.table.last() != Some(&location) {
            self.table.push(location);
        }
        self.of[node] = self.table.len() as u32 - 1;
    }
}
