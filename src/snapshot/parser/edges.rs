//! The section `edges`: one record an edge, in the order of the nodes they lead from.

use crate::snapshot::SnapshotError;
use crate::snapshot::commas::{self, Ends};
use crate::snapshot::divisor::Divisor;
use crate::snapshot::kind::EdgeType;
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::numbers::{Doubt, Fours, Separator};
use crate::snapshot::parser::column::Column;
use crate::snapshot::parser::nodes::Nodes;
use crate::snapshot::parser::records::{self, Blocks, Records};
use crate::snapshot::parser::{Pulse, capacity, string_index, too_many};
use crate::snapshot::scanner::Scanner;
use crate::v8::cpu;

/// The edges as a struct of arrays; see [`crate::snapshot::graph::Graph`].
#[derive(Default)]
pub(super) struct Edges {
    pub(super) targets: Vec<u32>,
    pub(super) names: Vec<u32>,
    pub(super) types: Vec<u8>,
    pub(super) max_name: u32,
    pub(super) max_target: usize,
}

impl Edges {
    /// `node_count` is what targets must be below.
    pub(super) fn read(
        scanner: &mut Scanner,
        layout: &Layout,
        node_count: usize,
        pulse: Pulse<'_>,
    ) -> Result<Edges, SnapshotError> {
        let capacity = capacity(layout.edge_count, layout.edge_fields, scanner.bytes_left());
        let mut reader = Reader {
            targets: Column::new(capacity, MAX_RECORDS),
            names: Column::new(capacity, MAX_RECORDS),
            types: Column::new(capacity, MAX_RECORDS),
            max_name: 0,
            max_target: 0,
            fields: Fields::new(layout, node_count),
            ends: Ends::new(),
        };
        records::read(scanner, pulse, &mut reader)?;
        Ok(Edges {
            targets: reader.targets.finish(),
            names: reader.names.finish(),
            types: reader.types.finish(),
            max_name: reader.max_name,
            max_target: reader.max_target as usize,
        })
    }

    /// Whether there are as many as `nodes` have, and as the header promises.
    pub(super) fn check(
        &self,
        scanner: &Scanner,
        nodes: &Nodes,
        layout: &Layout,
    ) -> Result<(), SnapshotError> {
        let found = self.types.len();
        let expected = nodes.edge_count();
        if found != expected {
            return Err(SnapshotError::corrupt(
                scanner.at(),
                format!("the nodes have {expected} edges, but {found} follow"),
            ));
        }
        if layout.edge_count != 0 && layout.edge_count != found as u64 {
            let promised = layout.edge_count;
            return Err(SnapshotError::corrupt(
                scanner.at(),
                format!("the header promises {promised} edges, but there are {found}"),
            ));
        }
        Ok(())
    }
}

/// How to read an edge of this file.
struct Fields {
    count: usize,
    /// Where in the record these lie.
    kind: usize,
    name: usize,
    to: usize,
    /// The fields lie as they always did: type, name or index, target.
    plain: bool,
    node_fields: u64,
    by_node: Divisor,
    node_count: usize,
    /// Targets may have nine digits.
    ninth: bool,
    /// Type by its number in the file.
    types: [u8; 16],
}

impl Fields {
    fn new(layout: &Layout, node_count: usize) -> Fields {
        let mut types = [EdgeType::Other as u8; 16];
        for (entry, &kind) in types.iter_mut().zip(&layout.edge_types) {
            *entry = kind as u8;
        }
        Fields {
            count: layout.edge_fields,
            kind: layout.edge_type & 15,
            name: layout.edge_name & 15,
            to: layout.edge_to & 15,
            plain: layout.edge_fields == 3
                && [layout.edge_type, layout.edge_name, layout.edge_to] == [0, 1, 2]
                && Divisor::RANGE.contains(&layout.node_fields),
            node_fields: layout.node_fields as u64,
            by_node: Divisor::new(layout.node_fields),
            ninth: node_count.saturating_mul(layout.node_fields) > 100_000_000,
            node_count,
            types,
        }
    }
}

/// Records read together.
const GROUP: usize = 4;

/// The most edges of a block, in whole groups.
const MAX_RECORDS: usize = commas::max_records(3).next_multiple_of(GROUP);

struct Reader {
    targets: Column<u32>,
    names: Column<u32>,
    types: Column<u8>,
    max_name: u32,
    max_target: u32,
    fields: Fields,
    ends: Ends,
}

impl Records for Reader {
    fn fields(&self) -> usize {
        self.fields.count
    }

    fn are_plain(&self) -> bool {
        self.fields.plain
    }

    fn push(&mut self, record: &[u64; MAX_FIELDS], start: u64) -> Result<(), SnapshotError> {
        let fields = &self.fields;
        let [kind, name, to] = [fields.kind, fields.name, fields.to].map(|at| record[at]);
        let target = to / fields.node_fields;
        if target >= (fields.node_count as u64).min(u64::from(u32::MAX))
            || target * fields.node_fields != to
        {
            return Err(SnapshotError::corrupt(
                start,
                format!("an edge leads to {to}, where no node begins"),
            ));
        }
        let Ok(narrow) = u32::try_from(name) else {
            return Err(SnapshotError::corrupt(
                start,
                format!("an edge has the name {name}, beyond 32 bits"),
            ));
        };
        let kind = fields.types[kind.min(15) as usize];
        let text = string_index(u64::from(text_of(kind, narrow)), start)?;
        self.max_name = self.max_name.max(text);
        self.max_target = self.max_target.max(target as u32);
        self.targets.push(target as u32);
        self.names.push(narrow);
        self.types.push(kind);
        Ok(())
    }

    fn push_block(&mut self, bytes: &[u8], at: usize) -> usize {
        records::read_block(self, bytes, at)
    }

    fn check_count(&self, start: u64) -> Result<(), SnapshotError> {
        if self.types.len() >= u32::MAX as usize {
            return Err(too_many(start, "edges"));
        }
        Ok(())
    }
}

impl Blocks for Reader {
    #[inline(always)]
    fn read_block<D: cpu::Decimals>(&mut self, decimals: D, bytes: &[u8], at: usize) -> usize {
        let fields = &self.fields;
        self.ends.find(bytes, at);
        // Edges that are left over begin the next block.
        let ends = self.ends.records(3 * GROUP);
        let types = self.types.room::<MAX_RECORDS>();
        let names = self.names.room::<MAX_RECORDS>();
        let targets = self.targets.room::<MAX_RECORDS>();
        let separator = Separator::before(bytes, at);
        let mut doubt = Doubt::default();
        let mut fours = Fours::new(decimals);
        let mut start = at;
        let mut count = 0;
        let groups = types
            .as_chunks_mut::<GROUP>()
            .0
            .iter_mut()
            .zip(names.as_chunks_mut::<GROUP>().0)
            .zip(targets.as_chunks_mut::<GROUP>().0);
        for (ends, ((types, names), targets)) in
            ends.as_chunks::<{ 3 * GROUP }>().0.iter().zip(groups)
        {
            let mut name_places = [(0, 0); GROUP];
            let mut target_places = [(0, 0); GROUP];
            for (edge, ends) in ends.as_chunks::<3>().0.iter().enumerate() {
                let [a, b, c] = ends.map(|end| end as usize);
                let digit = doubt.digit(bytes, start, a);
                types[edge] = fields.types[usize::from(digit & 15)];
                name_places[edge] = (a + 1, b);
                target_places[edge] = (b + 1, separator.strip(bytes, c, &mut doubt));
                start = c + 1;
            }
            *names = fours.read(bytes, name_places, &mut doubt);
            *targets = fours.read_long(bytes, target_places, fields.ninth, &mut doubt);
            count += GROUP;
        }
        let (mut max_name, mut max_target, mut rests) = (0, 0, 0);
        for (&name, &kind) in names[..count].iter().zip(&types[..count]) {
            max_name = max_name.max(text_of(kind, name));
        }
        for target in &mut targets[..count] {
            let (node, rest) = fields.by_node.divide(*target);
            rests |= rest;
            max_target = max_target.max(node);
            *target = node;
        }
        if !doubt.none()
            || !fours.are_sound()
            || rests != 0
            || max_name == u32::MAX
            || max_target as usize >= fields.node_count
            || start == at
        {
            return 0;
        }
        self.targets.took(count);
        self.names.took(count);
        self.types.took(count);
        self.max_name = self.max_name.max(max_name);
        self.max_target = self.max_target.max(max_target);
        start - at
    }
}

/// The string that names an edge, or 0 where its name is a number.
#[inline(always)]
fn text_of(kind: u8, name: u32) -> u32 {
    if kind == EdgeType::Element as u8 || kind == EdgeType::Hidden as u8 {
        0
    } else {
        name
    }
}
