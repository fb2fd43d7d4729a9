//! The section `nodes`: one record a node.

use rustc_hash::FxHashMap;

use crate::snapshot::SnapshotError;
use crate::snapshot::commas::{self, Ends};
use crate::snapshot::kind::NodeType;
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::numbers::{Doubt, Fours, Separator};
use crate::snapshot::parser::column::Column;
use crate::snapshot::parser::records::{self, Blocks, Records};
use crate::snapshot::parser::{Pulse, capacity, string_index, too_many};
use crate::snapshot::scanner::Scanner;
use crate::snapshot::sizes::Sizes;
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
        pulse: Pulse<'_>,
    ) -> Result<Nodes, SnapshotError> {
        let capacity = capacity(layout.node_count, layout.node_fields, scanner.bytes_left());
        let mut reader = Reader {
            types: Column::new(capacity, MAX_RECORDS),
            names: Column::new(capacity, MAX_RECORDS),
            ids: Column::new(capacity, MAX_RECORDS),
            sizes: Column::new(capacity, MAX_RECORDS),
            big_sizes: FxHashMap::default(),
            first_edges: Column::new(capacity + 1, MAX_RECORDS),
            max_name: 0,
            edges: 0,
            fields: Fields::new(layout),
            ends: Ends::new(),
        };
        records::read(scanner, pulse, &mut reader)?;
        reader.first_edges.push(reader.edges as u32);
        let nodes = Nodes {
            types: reader.types.finish(),
            names: reader.names.finish(),
            ids: reader.ids.finish(),
            sizes: Sizes::new(reader.sizes.finish(), reader.big_sizes),
            first_edges: reader.first_edges.finish(),
            max_name: reader.max_name,
            edges: reader.edges,
        };
        nodes.check(layout, scanner.at())?;
        Ok(nodes)
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
    /// The fields are V8's, in its order, with one or two more.
    plain: bool,
    kinds: [u8; 32],
}

impl Fields {
    fn new(layout: &Layout) -> Fields {
        let mut kinds = [NodeType::Other as u8; 32];
        for (entry, &kind) in kinds.iter_mut().zip(&layout.node_types) {
            *entry = kind as u8;
        }
        Fields {
            plain: matches!(layout.node_fields, 6 | 7)
                && [
                    layout.node_type,
                    layout.node_name,
                    layout.node_id,
                    layout.node_size,
                    layout.node_edges,
                ] == [0, 1, 2, 3, 4],
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
    fn kind(&self, kind: u64, detachedness: u64) -> u8 {
        self.kinds[kind.min(31) as usize] | ((detachedness & 3) as u8) << 5
    }
}

/// The most nodes of a block: they have five fields at least.
const MAX_RECORDS: usize = commas::max_records(5);

struct Reader {
    types: Column<u8>,
    names: Column<u32>,
    ids: Column<u32>,
    sizes: Column<u32>,
    big_sizes: FxHashMap<u32, u64>,
    first_edges: Column<u32>,
    max_name: u32,
    /// Edges of all nodes so far.
    edges: u64,
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
        let kind = fields.kind(record[fields.kind], record[fields.detachedness]);
        self.types.push(kind);
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
        let size = record[fields.size];
        let small = Sizes::small(size);
        if small.is_none() {
            self.big_sizes.insert(self.sizes.len() as u32, size);
        }
        self.sizes.push(small.unwrap_or(Sizes::BIG));
        self.first_edges.push(self.edges as u32);
        self.edges = self.edges.saturating_add(record[fields.edges]);
        Ok(())
    }

    fn push_block(&mut self, bytes: &[u8], at: usize) -> usize {
        records::read_block(self, bytes, at)
    }

    fn check_count(&self, start: u64) -> Result<(), SnapshotError> {
        if self.edges > u64::from(u32::MAX) {
            return Err(too_many(start, "edges"));
        }
        if self.types.len() >= u32::MAX as usize {
            return Err(too_many(start, "nodes"));
        }
        Ok(())
    }
}

impl Blocks for Reader {
    #[inline(always)]
    fn read_block<D: cpu::Decimals>(&mut self, decimals: D, bytes: &[u8], at: usize) -> usize {
        match self.fields.count {
            6 => self.push_records::<6, D>(decimals, bytes, at),
            7 => self.push_records::<7, D>(decimals, bytes, at),
            _ => 0,
        }
    }
}

impl Reader {
    /// Nodes of `FIELDS` fields.
    #[inline(always)]
    fn push_records<const FIELDS: usize, D: cpu::Decimals>(
        &mut self,
        decimals: D,
        bytes: &[u8],
        at: usize,
    ) -> usize {
        let fields = &self.fields;
        self.ends.find(bytes, at);
        let ends = self.ends.records(FIELDS);
        let types = self.types.room::<MAX_RECORDS>();
        let names = self.names.room::<MAX_RECORDS>();
        let ids = self.ids.room::<MAX_RECORDS>();
        let sizes = self.sizes.room::<MAX_RECORDS>();
        let first_edges = self.first_edges.room::<MAX_RECORDS>();
        let separator = Separator::before(bytes, at);
        let mut doubt = Doubt::default();
        let mut fours = Fours::new(decimals);
        let mut start = at;
        let mut edges = self.edges;
        let mut max_name = 0;
        let mut count = 0;
        for ends in ends.as_chunks::<FIELDS>().0 {
            if count >= MAX_RECORDS {
                return 0;
            }
            let mut places = [(0, 0); FIELDS];
            for (place, &end) in places.iter_mut().zip(ends) {
                *place = (start, end as usize);
                start = end as usize + 1;
            }
            places[FIELDS - 1].1 = separator.strip(bytes, places[FIELDS - 1].1, &mut doubt);
            let kind = doubt.small(bytes, places[0].0, places[0].1);
            let long = [places[1], places[2], places[3], places[4]];
            let [name, id, size, edge_count] = fours.read(bytes, long, &mut doubt);
            let mut detachedness = 0;
            for (field, &(start, end)) in places.iter().enumerate().skip(5) {
                let value = doubt.digit_or_number(bytes, start, end);
                if field == fields.detachedness {
                    detachedness = value;
                }
            }
            max_name = max_name.max(name);
            types[count] = fields.kind(u64::from(kind), detachedness);
            names[count] = name;
            ids[count] = id;
            // The largest sizes are kept elsewhere.
            sizes[count] = size;
            doubt.zero(u64::from(size == Sizes::BIG));
            first_edges[count] = edges as u32;
            edges += u64::from(edge_count);
            count += 1;
        }
        if !doubt.none() || !fours.are_sound() || max_name == u32::MAX || start == at {
            return 0;
        }
        self.types.took(count);
        self.names.took(count);
        self.ids.took(count);
        self.sizes.took(count);
        self.first_edges.took(count);
        self.edges = edges;
        self.max_name = self.max_name.max(max_name);
        start - at
    }
}
