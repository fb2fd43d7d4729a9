//! The section `edges`: one record an edge, in the order of the nodes they lead from.

use crate::snapshot::SnapshotError;
use crate::snapshot::kind::EdgeType;
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::numbers::{self, BLOCK, Divisor, Doubt, Ends, Fours, Separator};
use crate::snapshot::parser::nodes::Nodes;
use crate::snapshot::parser::{Pulse, capacity, string_index, too_many};
use crate::snapshot::scanner::Scanner;
use crate::snapshot::spare::room;
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
        mut pulse: Pulse<'_>,
    ) -> Result<Edges, SnapshotError> {
        let capacity = capacity(layout.edge_count, layout.edge_fields, scanner.bytes_left());
        let mut edges = Edges {
            targets: room(capacity),
            names: room(capacity),
            types: room(capacity),
            ..Edges::default()
        };
        let fields = Fields::new(layout, node_count);
        let mut block = Block::new();
        let mut record = [0_u64; MAX_FIELDS];
        // Up to here a block was found unusual: it is read record by record.
        let mut careful_until = 0;
        let mut more = scanner.open(b'[', b']')?;
        while more {
            let start = scanner.at();
            more = scanner.record(&mut record[..layout.edge_fields])?;
            edges.push(&fields, layout, &record, start)?;
            if scanner.at() < careful_until || !fields.plain {
                if edges.types.len().is_multiple_of(1 << 16) {
                    pulse.beat(scanner.at())?;
                }
                continue;
            }
            loop {
                pulse.beat(scanner.at())?;
                let start = scanner.at();
                let (bytes, at) = scanner.window()?;
                let consumed = cpu::run(FastBlock {
                    edges: &mut edges,
                    fields: &fields,
                    block: &mut block,
                    bytes,
                    at,
                });
                if consumed == 0 {
                    careful_until = start + BLOCK as u64;
                    break;
                }
                scanner.advance(at + consumed);
                if edges.types.len() >= u32::MAX as usize {
                    return Err(too_many(start, "edges"));
                }
            }
        }
        Ok(edges)
    }

    /// One record, read with care.
    fn push(
        &mut self,
        fields: &Fields,
        layout: &Layout,
        record: &[u64; MAX_FIELDS],
        start: u64,
    ) -> Result<(), SnapshotError> {
        let [kind, name, to] = [layout.edge_type, layout.edge_name, layout.edge_to]
            .map(|position| record[position & 15]);
        let node_fields = layout.node_fields as u64;
        let target = to / node_fields;
        if target >= (fields.node_count as u64).min(u64::from(u32::MAX))
            || target * node_fields != to
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
        let (kind, mask) = fields.types[kind.min(15) as usize];
        self.max_name = self
            .max_name
            .max(string_index(u64::from(narrow & mask), start)?);
        self.max_target = self.max_target.max(target as usize);
        self.targets.push(target as u32);
        self.names.push(narrow);
        self.types.push(kind);
        if self.types.len() >= u32::MAX as usize {
            return Err(too_many(start, "edges"));
        }
        Ok(())
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
    /// The fields lie as they always did: type, name or index, target.
    plain: bool,
    by_node: Divisor,
    node_count: usize,
    /// Type by its number in the file; the second value masks names that are no strings.
    types: [(u8, u32); 16],
}

impl Fields {
    fn new(layout: &Layout, node_count: usize) -> Fields {
        let mut types = [(EdgeType::Other as u8, u32::MAX); 16];
        for (entry, &kind) in types.iter_mut().zip(&layout.edge_types) {
            *entry = (kind as u8, if kind.is_indexed() { 0 } else { u32::MAX });
        }
        Fields {
            plain: layout.edge_fields == 3
                && [layout.edge_type, layout.edge_name, layout.edge_to] == [0, 1, 2],
            by_node: Divisor::new(layout.node_fields as u64),
            node_count,
            types,
        }
    }
}

const MAX_RECORDS: usize = numbers::max_records(3);

/// A block's commas, and what is read from it before it is known to be sound.
struct Block {
    ends: Ends,
    targets: [u32; MAX_RECORDS],
    names: [u32; MAX_RECORDS],
    types: [u8; MAX_RECORDS],
}

impl Block {
    fn new() -> Box<Block> {
        Box::new(Block {
            ends: Ends::new(),
            targets: [0; MAX_RECORDS],
            names: [0; MAX_RECORDS],
            types: [0; MAX_RECORDS],
        })
    }
}

/// The whole records of the block at `at`; the output is how many bytes they took, or 0 if any is unusual.
struct FastBlock<'a> {
    edges: &'a mut Edges,
    fields: &'a Fields,
    block: &'a mut Block,
    bytes: &'a [u8],
    at: usize,
}

impl cpu::Work for FastBlock<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<D: cpu::Decimals>(self, decimals: D) -> usize {
        let FastBlock {
            edges,
            fields,
            block,
            bytes,
            at,
        } = self;
        let Block {
            ends,
            targets,
            names,
            types,
        } = block;
        ends.find(bytes, at);
        // Two edges at a time; one that is left over begins the next block.
        let ends = ends.records(6);
        let separator = Separator::before(bytes, at);
        let mut doubt = Doubt::default();
        let mut fours = Fours::new(decimals);
        let mut start = at;
        let (mut max_name, mut max_target) = (0, 0);
        let mut count = 0;
        for ends in ends.as_chunks::<6>().0 {
            let (Some(types), Some(names), Some(targets)) = (
                types.get_mut(count..count + 2),
                names.get_mut(count..count + 2),
                targets.get_mut(count..count + 2),
            ) else {
                return 0;
            };
            let [a, b, c, d, e, f] = ends.map(|end| end as usize);
            let digits = [doubt.digit(bytes, start, a), doubt.digit(bytes, c + 1, d)];
            let places = [
                (a + 1, b),
                (d + 1, e),
                (b + 1, separator.strip(bytes, c, &mut doubt)),
                (e + 1, separator.strip(bytes, f, &mut doubt)),
            ];
            let [name, next_name, to, next_to] = fours.read(bytes, places, &mut doubt);
            for (at, (index, to)) in [(name, to), (next_name, next_to)].into_iter().enumerate() {
                let (kind, mask) = fields.types[usize::from(digits[at] & 15)];
                let name = doubt.narrow(index);
                max_name = max_name.max(name & mask);
                let (node, rest) = fields.by_node.divide(to);
                doubt.zero(rest);
                let target = doubt.narrow(node);
                max_target = max_target.max(target);
                (types[at], names[at], targets[at]) = (kind, name, target);
            }
            count += 2;
            start = f + 1;
        }
        let max_target = max_target as usize;
        if !doubt.none()
            || !fours.are_sound()
            || max_name == u32::MAX
            || max_target >= fields.node_count
            || start == at
        {
            return 0;
        }
        edges.targets.extend_from_slice(&targets[..count]);
        edges.names.extend_from_slice(&names[..count]);
        edges.types.extend_from_slice(&types[..count]);
        edges.max_name = edges.max_name.max(max_name);
        edges.max_target = edges.max_target.max(max_target);
        start - at
    }
}
