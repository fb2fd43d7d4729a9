//! The section `nodes`: one record a node.

use crate::snapshot::SnapshotError;
use crate::snapshot::kind::NodeType;
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::numbers::{self, BLOCK, Doubt, Ends, Fours, Separator};
use crate::snapshot::parser::{Pulse, capacity, string_index, too_many};
use crate::snapshot::scanner::Scanner;
use crate::snapshot::sizes::Sizes;
use crate::snapshot::spare::room;
use crate::v8::cpu;

/// The nodes as a struct of arrays; see [`crate::snapshot::graph::Graph`].
#[derive(Default)]
pub(super) struct Nodes {
    pub(super) types: Vec<u8>,
    pub(super) names: Vec<u32>,
    pub(super) ids: Vec<u32>,
    pub(super) sizes: Sizes,
    /// One more than there are nodes.
    pub(super) first_edges: Vec<u32>,
    pub(super) max_name: u32,
    /// Edges of all nodes so far.
    edges: u64,
}

impl Nodes {
    pub(super) fn count(&self) -> usize {
        self.types.len()
    }

    /// Edges that the nodes have together.
    pub(super) fn edge_count(&self) -> usize {
        self.edges as usize
    }

    pub(super) fn read(
        scanner: &mut Scanner,
        layout: &Layout,
        mut pulse: Pulse<'_>,
    ) -> Result<Nodes, SnapshotError> {
        let capacity = capacity(layout.node_count, layout.node_fields, scanner.bytes_left());
        let mut nodes = Nodes {
            types: room(capacity),
            names: room(capacity),
            ids: room(capacity),
            sizes: Sizes::with_capacity(capacity),
            first_edges: room(capacity + 1),
            ..Nodes::default()
        };
        let fields = Fields::new(layout);
        let mut block = Block::new();
        let mut record = [0_u64; MAX_FIELDS];
        // Up to here a block was found unusual: it is read record by record.
        let mut careful_until = 0;
        let mut more = scanner.open(b'[', b']')?;
        while more {
            let start = scanner.at();
            more = scanner.record(&mut record[..fields.count])?;
            nodes.push(&fields, &record, start)?;
            if scanner.at() < careful_until {
                continue;
            }
            loop {
                pulse.beat(scanner.at())?;
                let start = scanner.at();
                let (bytes, at) = scanner.window()?;
                let consumed = cpu::run(FastBlock {
                    nodes: &mut nodes,
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
                if nodes.edges > u64::from(u32::MAX) {
                    return Err(too_many(start, "edges"));
                }
                if nodes.count() >= u32::MAX as usize {
                    return Err(too_many(start, "nodes"));
                }
            }
        }
        nodes.first_edges.push(nodes.edges as u32);
        nodes.check(layout, scanner.at())?;
        Ok(nodes)
    }

    /// One record, read with care.
    fn push(
        &mut self,
        fields: &Fields,
        record: &[u64; MAX_FIELDS],
        start: u64,
    ) -> Result<(), SnapshotError> {
        self.types.push(fields.kind(record));
        let name = string_index(record[fields.name], start)?;
        self.max_name = self.max_name.max(name);
        self.names.push(name);
        let id = record[fields.id];
        let Ok(id) = u32::try_from(id) else {
            return Err(SnapshotError::corrupt(
                start,
                format!("a node has the id {id}, beyond 32 bits"),
            ));
        };
        self.ids.push(id);
        self.sizes.push(record[fields.size]);
        self.first_edges.push(self.edges as u32);
        self.edges = self.edges.saturating_add(record[fields.edges]);
        if self.edges > u64::from(u32::MAX) {
            return Err(too_many(start, "edges"));
        }
        if self.count() >= u32::MAX as usize {
            return Err(too_many(start, "nodes"));
        }
        Ok(())
    }

    fn check(&self, layout: &Layout, at: u64) -> Result<(), SnapshotError> {
        let found = self.count() as u64;
        if found == 0 {
            return Err(SnapshotError::corrupt(at, "the snapshot has no nodes"));
        }
        if layout.node_count != 0 && layout.node_count != found {
            let promised = layout.node_count;
            return Err(SnapshotError::corrupt(
                at,
                format!("the header promises {promised} nodes, but there are {found}"),
            ));
        }
        Ok(())
    }
}

/// Where the fields of a node lie in its record.
struct Fields {
    count: usize,
    kind: usize,
    name: usize,
    id: usize,
    size: usize,
    edges: usize,
    /// `count` where there is none; that entry of a record is always 0.
    detachedness: usize,
    /// The four fields of many digits.
    long: [u8; 4],
    /// The others.
    short: Vec<u8>,
    kinds: [u8; 32],
}

impl Fields {
    fn new(layout: &Layout) -> Fields {
        let mut kinds = [NodeType::Other as u8; 32];
        for (entry, &kind) in kinds.iter_mut().zip(&layout.node_types) {
            *entry = kind as u8;
        }
        let long = [
            layout.node_name,
            layout.node_id,
            layout.node_size,
            layout.node_edges,
        ]
        .map(|field| field as u8 & 15);
        let mut short: Vec<u8> = (0..layout.node_fields as u8).collect();
        short.retain(|field| !long.contains(field));
        Fields {
            long,
            short,
            count: layout.node_fields,
            kind: layout.node_type & 15,
            name: layout.node_name & 15,
            id: layout.node_id & 15,
            size: layout.node_size & 15,
            edges: layout.node_edges & 15,
            detachedness: layout.node_detachedness.unwrap_or(MAX_FIELDS - 1) & 15,
            kinds,
        }
    }

    /// The node's type in bits 0–4, its detachedness in bits 5–6.
    #[inline(always)]
    fn kind(&self, record: &[u64; MAX_FIELDS]) -> u8 {
        let kind = record[self.kind].min(31) as usize;
        self.kinds[kind] | ((record[self.detachedness] & 3) as u8) << 5
    }
}

/// The most nodes of a block: they have five fields at least.
const MAX_RECORDS: usize = numbers::max_records(5);

/// A block's commas, and what is read from it before it is known to be sound.
struct Block {
    ends: Ends,
    types: [u8; MAX_RECORDS],
    names: [u32; MAX_RECORDS],
    ids: [u32; MAX_RECORDS],
    sizes: [u32; MAX_RECORDS],
    first_edges: [u32; MAX_RECORDS],
}

impl Block {
    fn new() -> Box<Block> {
        Box::new(Block {
            ends: Ends::new(),
            types: [0; MAX_RECORDS],
            names: [0; MAX_RECORDS],
            ids: [0; MAX_RECORDS],
            sizes: [0; MAX_RECORDS],
            first_edges: [0; MAX_RECORDS],
        })
    }
}

/// The whole records of the block at `at`; the output is how many bytes they took, or 0 if any is unusual.
struct FastBlock<'a> {
    nodes: &'a mut Nodes,
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
            nodes,
            fields,
            block,
            bytes,
            at,
        } = self;
        let Block {
            ends,
            types,
            names,
            ids,
            sizes,
            first_edges,
        } = block;
        ends.find(bytes, at);
        let ends = ends.records(fields.count);
        let separator = Separator::before(bytes, at);
        let mut doubt = Doubt::default();
        let mut fours = Fours::new(decimals);
        let mut record = [0_u64; MAX_FIELDS];
        let mut start = at;
        let mut edges = nodes.edges;
        let mut max_name = 0;
        let mut count = 0;
        for ends in ends.chunks_exact(fields.count) {
            if count >= MAX_RECORDS {
                return 0;
            }
            let last = fields.count - 1;
            let stop = separator.strip(bytes, ends[last] as usize, &mut doubt);
            let place = |field: u8| {
                let field = usize::from(field);
                let start = match field.checked_sub(1) {
                    Some(before) => ends[before] as usize + 1,
                    None => start,
                };
                let stop = if field == last {
                    stop
                } else {
                    ends[field] as usize
                };
                (start, stop)
            };
            let four = fours.read(bytes, fields.long.map(place), &mut doubt);
            for (&field, value) in fields.long.iter().zip(four) {
                record[usize::from(field & 15)] = value;
            }
            for &field in &fields.short {
                let (start, stop) = place(field);
                record[usize::from(field & 15)] = doubt.number(bytes, start, stop);
            }
            start = ends[last] as usize + 1;
            let name = doubt.narrow(record[fields.name]);
            max_name = max_name.max(name);
            types[count] = fields.kind(&record);
            names[count] = name;
            ids[count] = doubt.narrow(record[fields.id]);
            // The largest sizes are kept elsewhere.
            let size = record[fields.size];
            sizes[count] = size as u32;
            doubt.narrow(size.saturating_add(1));
            first_edges[count] = edges as u32;
            edges += u64::from(doubt.narrow(record[fields.edges]));
            count += 1;
        }
        if !doubt.none() || !fours.are_sound() || max_name == u32::MAX || start == at {
            return 0;
        }
        nodes.types.extend_from_slice(&types[..count]);
        nodes.names.extend_from_slice(&names[..count]);
        nodes.ids.extend_from_slice(&ids[..count]);
        nodes.sizes.extend(&sizes[..count]);
        nodes.first_edges.extend_from_slice(&first_edges[..count]);
        nodes.edges = edges;
        nodes.max_name = nodes.max_name.max(max_name);
        start - at
    }
}
