//! A snapshot's JSON in, a [`Graph`] out.
//!
//! The sections are read in the order in which V8 has always written them: header, nodes, edges, (traces, samples,)
//! locations, strings. Nothing is believed: counts in the header only size buffers, as far as the file is long enough
//! to hold what they promise.

use crate::snapshot::SnapshotError;
use crate::snapshot::graph::{Graph, Location, NO_LOCATION};
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::progress::{Phase, Reporter};
use crate::snapshot::reader::Source;
use crate::snapshot::scanner::Scanner;
use crate::snapshot::sizes::Sizes;
use crate::snapshot::strings::StringTable;

/// Parses a whole snapshot.
pub(crate) fn parse(source: Source, reporter: Reporter<'_>) -> Result<Graph, SnapshotError> {
    let mut parser = Parser {
        reporter,
        ..Parser::default()
    };
    parser.file(&source)?;
    parser.finish(source)
}

/// Records between two looks at how far the file is mapped and read.
const STRIDE: usize = 1 << 16;

#[derive(Default)]
struct Parser<'r> {
    reporter: Reporter<'r>,
    layout: Option<Layout>,
    node_types: Vec<u8>,
    node_names: Vec<u32>,
    node_ids: Vec<u32>,
    sizes: Sizes,
    first_edges: Vec<u32>,
    edge_targets: Vec<u32>,
    edge_names: Vec<u32>,
    edge_types: Vec<u8>,
    locations: Vec<Location>,
    location_of: Vec<u32>,
    strings: Option<Vec<u64>>,
    /// Tables of WeakMaps: (string naming a pair, id of the table).
    weak_pairs: Vec<(u32, u32)>,
    has_edges: bool,
    max_string: u32,
    released: usize,
    /// Bytes mapped so far.
    mapped: usize,
}

impl Parser<'_> {
    fn file(&mut self, source: &Source) -> Result<(), SnapshotError> {
        let mut scanner = Scanner::new(source);
        let first = scanner.peek("a snapshot")?;
        if first != b'{' {
            let head = String::from_utf8_lossy(&source[..source.len().min(16)]).into_owned();
            return Err(SnapshotError::Foreign {
                at: scanner.at() as u64,
                what: format!("it begins with {head:?}"),
            });
        }
        let mut more = scanner.open(b'{', b'}')?;
        while more {
            let (start, end) = scanner.string()?;
            scanner.expect(b':')?;
            let key = &source[start..end];
            if self.layout.is_none() && key != b"snapshot" {
                let key = String::from_utf8_lossy(&key[..key.len().min(40)]).into_owned();
                return Err(SnapshotError::Foreign {
                    at: start as u64,
                    what: format!("it begins with the key {key:?} instead of \"snapshot\""),
                });
            }
            match key {
                b"snapshot" => self.header(&mut scanner)?,
                b"nodes" => self.nodes(&mut scanner, source)?,
                b"edges" => self.edges(&mut scanner, source)?,
                b"locations" => self.locations(&mut scanner)?,
                b"strings" => self.strings(&mut scanner, source)?,
                _ => scanner.skip_value()?,
            }
            more = scanner.more(b'}')?;
        }
        Ok(())
    }

    fn header(&mut self, scanner: &mut Scanner<'_>) -> Result<(), SnapshotError> {
        scanner.peek("the header")?;
        let start = scanner.at();
        scanner.skip_value()?;
        self.layout = Some(Layout::parse(&scanner.bytes()[start..scanner.at()], start)?);
        Ok(())
    }

    fn nodes(&mut self, scanner: &mut Scanner<'_>, source: &Source) -> Result<(), SnapshotError> {
        let layout = self
            .layout
            .take()
            .ok_or_else(|| before(scanner, "nodes", "snapshot"))?;
        let result = match layout.node_fields {
            5 => self.nodes_of::<5>(&layout, scanner, source),
            6 => self.nodes_of::<6>(&layout, scanner, source),
            7 => self.nodes_of::<7>(&layout, scanner, source),
            8 => self.nodes_of::<8>(&layout, scanner, source),
            _ => self.nodes_of::<0>(&layout, scanner, source),
        };
        self.layout = Some(layout);
        result
    }

    /// `N` is the number of fields, or 0 where it is not one of the usual ones.
    fn nodes_of<const N: usize>(
        &mut self,
        layout: &Layout,
        scanner: &mut Scanner<'_>,
        source: &Source,
    ) -> Result<(), SnapshotError> {
        let count = if N == 0 { layout.node_fields } else { N };
        let capacity = capacity(layout.node_count, count, source.len() - scanner.at());
        self.node_types = Vec::with_capacity(capacity);
        self.node_names = Vec::with_capacity(capacity);
        self.node_ids = Vec::with_capacity(capacity);
        self.sizes = Sizes::with_capacity(capacity);
        self.first_edges = Vec::with_capacity(capacity + 1);
        let types: Vec<u8> = layout.node_types.iter().map(|&kind| kind as u8).collect();
        let mut first_edge: u64 = 0;
        let mut max_name: u64 = 0;
        let mut fields = [0_u64; MAX_FIELDS];
        let mut more = scanner.open(b'[', b']')?;
        while more {
            let start = scanner.at();
            if N == 0 || !scanner.record::<N>(&mut fields) {
                for field in &mut fields[..count - 1] {
                    *field = scanner.field()?;
                }
                fields[count - 1] = scanner.last_field()?;
                more = scanner.next_record()?;
            }

            let kind = types
                .get(fields[layout.node_type & 15] as usize)
                .copied()
                .unwrap_or(NodeType::Other as u8);
            let detachedness = match layout.node_detachedness {
                Some(position) => (fields[position & 15] & 3) as u8,
                None => 0,
            };
            self.node_types.push(kind | detachedness << 5);
            let name = fields[layout.node_name & 15];
            max_name = max_name.max(name);
            self.node_names.push(name as u32);
            let id = fields[layout.node_id & 15];
            if id > u64::from(u32::MAX) {
                return Err(SnapshotError::corrupt(
                    start,
                    format!("a node has the id {id}, beyond 32 bits"),
                ));
            }
            self.node_ids.push(id as u32);
            self.sizes.push(fields[layout.node_size & 15]);
            self.first_edges.push(first_edge as u32);
            first_edge += fields[layout.node_edges & 15];
            if first_edge > u64::from(u32::MAX) {
                return Err(too_many(start, "edges"));
            }
            if self.node_types.len().is_multiple_of(STRIDE) {
                self.pause(scanner, source)?;
            }
        }
        self.first_edges.push(first_edge as u32);
        self.note_string(max_name, scanner.at())?;
        let found = self.node_types.len() as u64;
        if found >= u64::from(u32::MAX) {
            return Err(too_many(scanner.at(), "nodes"));
        }
        if found == 0 {
            return Err(SnapshotError::corrupt(
                scanner.at(),
                "the snapshot has no nodes",
            ));
        }
        if layout.node_count != 0 && layout.node_count != found {
            let promised = layout.node_count;
            return Err(SnapshotError::corrupt(
                scanner.at(),
                format!("the header promises {promised} nodes, but there are {found}"),
            ));
        }
        Ok(())
    }

    fn edges(&mut self, scanner: &mut Scanner<'_>, source: &Source) -> Result<(), SnapshotError> {
        let layout = self
            .layout
            .take()
            .ok_or_else(|| before(scanner, "edges", "snapshot"))?;
        if self.node_types.is_empty() {
            return Err(before(scanner, "edges", "nodes"));
        }
        let result = match layout.node_fields {
            5 => self.edges_of::<5>(&layout, scanner, source),
            6 => self.edges_of::<6>(&layout, scanner, source),
            7 => self.edges_of::<7>(&layout, scanner, source),
            8 => self.edges_of::<8>(&layout, scanner, source),
            _ => self.edges_of::<0>(&layout, scanner, source),
        };
        self.layout = Some(layout);
        result
    }

    /// `N` is the number of fields of a *node*, by which every target is divided; 0 where it is not a usual one.
    fn edges_of<const N: usize>(
        &mut self,
        layout: &Layout,
        scanner: &mut Scanner<'_>,
        source: &Source,
    ) -> Result<(), SnapshotError> {
        let divisor = if N == 0 {
            layout.node_fields as u64
        } else {
            N as u64
        };
        let node_count = self.node_types.len() as u64;
        let expected = self.first_edges.last().copied().unwrap_or(0) as usize;
        let capacity = capacity(
            expected as u64,
            layout.edge_fields,
            source.len() - scanner.at(),
        );
        self.edge_targets = Vec::with_capacity(capacity);
        self.edge_names = Vec::with_capacity(capacity);
        self.edge_types = Vec::with_capacity(capacity);
        let plain = layout.edge_fields == 3
            && [layout.edge_type, layout.edge_name, layout.edge_to] == [0, 1, 2];
        // Type by number in this file; the second value masks names that are no strings.
        let mut types = [(EdgeType::Other as u8, u64::MAX); 16];
        for (entry, &kind) in types.iter_mut().zip(&layout.edge_types) {
            *entry = (kind as u8, if kind.is_indexed() { 0 } else { u64::MAX });
        }
        let mut max_name: u64 = 0;
        let mut fields = [0_u64; MAX_FIELDS];
        let mut more = scanner.open(b'[', b']')?;
        while more {
            let start = scanner.at();
            if !plain || !scanner.record::<3>(&mut fields) {
                for field in &mut fields[..layout.edge_fields - 1] {
                    *field = scanner.field()?;
                }
                fields[layout.edge_fields - 1] = scanner.last_field()?;
                more = scanner.next_record()?;
            }
            let [kind, name, to] = if plain {
                [fields[0], fields[1], fields[2]]
            } else {
                [layout.edge_type, layout.edge_name, layout.edge_to]
                    .map(|position| fields[position & 15])
            };
            let target = to / divisor;
            if target >= node_count || target * divisor != to {
                return Err(SnapshotError::corrupt(
                    start,
                    format!("an edge leads to {to}, where no node begins"),
                ));
            }
            if name > u64::from(u32::MAX) {
                return Err(SnapshotError::corrupt(
                    start,
                    format!("an edge has the name {name}, beyond 32 bits"),
                ));
            }
            let (kind, mask) = types[kind.min(15) as usize];
            max_name = max_name.max(name & mask);
            self.edge_targets.push(target as u32);
            self.edge_names.push(name as u32);
            self.edge_types.push(kind);
            if self.edge_targets.len().is_multiple_of(STRIDE) {
                if self.edge_targets.len() > expected {
                    break;
                }
                self.pause(scanner, source)?;
            }
        }
        self.has_edges = true;
        self.note_string(max_name, scanner.at())?;
        let found = self.edge_targets.len();
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

    fn locations(&mut self, scanner: &mut Scanner<'_>) -> Result<(), SnapshotError> {
        let Some((layout, positions)) = self
            .layout
            .as_ref()
            .and_then(|layout| Some((layout, layout.location?)))
        else {
            return scanner.skip_value();
        };
        let node_fields = layout.node_fields as u64;
        let count = layout.location_fields;
        let node_count = self.node_types.len() as u64;
        let mut fields = [0_u64; MAX_FIELDS];
        let mut more = scanner.open(b'[', b']')?;
        if more {
            self.location_of = vec![NO_LOCATION; self.node_types.len()];
        }
        while more {
            let start = scanner.at();
            for field in &mut fields[..count - 1] {
                *field = scanner.field()?;
            }
            fields[count - 1] = scanner.last_field()?;
            more = scanner.next_record()?;
            let [object, script, line, column] = positions.map(|position| fields[position & 15]);
            let node = object / node_fields;
            if node >= node_count || node * node_fields != object {
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
            if self.locations.last() != Some(&location) {
                self.locations.push(location);
            }
            self.location_of[node as usize] = self.locations.len() as u32 - 1;
        }
        Ok(())
    }

    fn strings(&mut self, scanner: &mut Scanner<'_>, source: &Source) -> Result<(), SnapshotError> {
        let capacity = capacity(
            u64::from(self.max_string) + 1,
            1,
            source.len() - scanner.at(),
        );
        let mut starts = Vec::with_capacity(capacity);
        let mut more = scanner.open(b'[', b']')?;
        while more {
            let (start, end) = scanner.string()?;
            more = scanner.more(b']')?;
            if let Some(table) = weak_map_table(&source[start..end]) {
                self.weak_pairs.push((starts.len() as u32, table));
            }
            starts.push(start as u64);
            if starts.len().is_multiple_of(STRIDE) {
                if starts.len() >= u32::MAX as usize {
                    return Err(too_many(start, "strings"));
                }
                self.pause(scanner, source)?;
            }
        }
        self.strings = Some(starts);
        Ok(())
    }

    fn finish(mut self, source: Source) -> Result<Graph, SnapshotError> {
        let end = source.len();
        let missing =
            |what: &str| SnapshotError::corrupt(end, format!("the snapshot has no {what}"));
        let layout = self.layout.take().ok_or(SnapshotError::Foreign {
            at: 0,
            what: "it has no \"snapshot\" header".into(),
        })?;
        if self.node_types.is_empty() {
            return Err(missing("\"nodes\""));
        }
        if !self.has_edges {
            return Err(missing("\"edges\""));
        }
        let strings = self.strings.take().ok_or_else(|| missing("\"strings\""))?;
        if self.max_string as usize >= strings.len() {
            let (index, count) = (self.max_string, strings.len());
            return Err(SnapshotError::corrupt(
                end,
                format!("string {index} is used, but there are {count}"),
            ));
        }
        source.release(self.released, end);
        let mut graph = Graph {
            source,
            strings: StringTable::new(strings),
            node_types: self.node_types,
            node_names: self.node_names,
            node_ids: self.node_ids,
            sizes: self.sizes,
            first_edges: self.first_edges,
            edge_targets: self.edge_targets,
            edge_names: self.edge_names,
            edge_types: self.edge_types,
            locations: self.locations,
            location_of: self.location_of,
            extra_native_bytes: layout.extra_native_bytes,
        };
        mark_weak_map_tables(&mut graph, &mut self.weak_pairs);
        Ok(graph)
    }

    fn note_string(&mut self, index: u64, at: usize) -> Result<(), SnapshotError> {
        let index = u32::try_from(index)
            .ok()
            .filter(|&index| index < u32::MAX)
            .ok_or_else(|| {
                SnapshotError::corrupt(at, format!("string {index} is used, beyond 32 bits"))
            })?;
        self.max_string = self.max_string.max(index);
        Ok(())
    }

    fn pause(&mut self, scanner: &Scanner<'_>, source: &Source) -> Result<(), SnapshotError> {
        /// Bytes between two reports; parsed pages are given back then.
        const REPORT: usize = 16 << 20;
        if scanner.at() + (2 << 20) > self.mapped {
            self.mapped = source.prefetch(scanner.at().max(self.mapped));
        }
        if scanner.at() - self.released < REPORT {
            return Ok(());
        }
        source.release(self.released, scanner.at());
        self.released = scanner.at();
        self.reporter
            .report(Phase::Parse, scanner.at(), source.len())
    }
}

/// How much to reserve: what is promised, if the rest of the file can hold it (two bytes a field at least).
fn capacity(promised: u64, fields: usize, bytes_left: usize) -> usize {
    (promised.min(u64::from(u32::MAX)) as usize).min(bytes_left / (2 * fields.max(1)))
}

fn before(scanner: &Scanner<'_>, section: &str, missing: &str) -> SnapshotError {
    SnapshotError::corrupt(
        scanner.at(),
        format!("\"{section}\" comes before \"{missing}\""),
    )
}

fn too_many(at: usize, what: &str) -> SnapshotError {
    SnapshotError::TooLarge {
        what: format!("more than 4,294,967,294 {what} by byte {at}"),
    }
}

/// The table's id, if `name` is that of an edge to a WeakMap's value:
/// `17 / part of key (Foo @5) -> value (Bar @7) pair in WeakMap (table @9)`.
fn weak_map_table(name: &[u8]) -> Option<u32> {
    if !name.first()?.is_ascii_digit() || name.last() != Some(&b')') {
        return None;
    }
    let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !name[digits..].starts_with(b" / part of key (") {
        return None;
    }
    let marker = b" pair in WeakMap (table @";
    let at = memchr::memmem::rfind(name, marker)? + marker.len();
    std::str::from_utf8(&name[at..name.len() - 1])
        .ok()?
        .parse()
        .ok()
}

/// Gives the edges from a WeakMap's table to its values a type of their own; see [`EdgeType::is_essential`].
fn mark_weak_map_tables(graph: &mut Graph, pairs: &mut [(u32, u32)]) {
    if pairs.is_empty() {
        return;
    }
    let names: rustc_hash::FxHashMap<u32, u32> = pairs.iter().copied().collect();
    let tables: rustc_hash::FxHashSet<u32> = pairs.iter().map(|pair| pair.1).collect();
    for node in 0..graph.node_count() as u32 {
        let id = graph.node_ids[node as usize];
        if !tables.contains(&id) {
            continue;
        }
        for index in graph.edge_range(node) {
            if graph.edge_types[index] == EdgeType::Internal as u8
                && names.get(&graph.edge_names[index]) == Some(&id)
            {
                graph.edge_types[index] = EdgeType::WeakMapTable as u8;
            }
        }
    }
}
