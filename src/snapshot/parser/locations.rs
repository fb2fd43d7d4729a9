//! The section `locations`: where functions and constructors stand.

use crate::snapshot::SnapshotError;
use crate::snapshot::graph::{Location, NO_LOCATION};
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::scanner::Scanner;

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
    ) -> Result<Locations, SnapshotError> {
        let mut locations = Locations::default();
        let Some(positions) = layout.location else {
            scanner.skip_value()?;
            return Ok(locations);
        };
        let node_fields = layout.node_fields as u64;
        let mut record = [0_u64; MAX_FIELDS];
        let mut more = scanner.open(b'[', b']')?;
        if more {
            locations.of = vec![NO_LOCATION; node_count];
        }
        while more {
            let start = scanner.at();
            more = scanner.record(&mut record[..layout.location_fields])?;
            let [object, script, line, column] = positions.map(|position| record[position & 15]);
            let node = object / node_fields;
            if node >= node_count as u64 || node * node_fields != object {
                return Err(SnapshotError::corrupt(
                    start,
                    format!("a location is of {object}, where no node begins"),
                ));
            }
            // One script and line repeats for all objects of a class, often in a row.
            let location = Location {
                script: script as u32,
                line: line as u32,
                column: column as u32,
            };
            if locations.table.last() != Some(&location) {
                locations.table.push(location);
            }
            locations.of[node as usize] = locations.table.len() as u32 - 1;
        }
        Ok(locations)
    }
}
