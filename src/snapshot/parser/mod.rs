//! A snapshot's JSON in, a [`Graph`] out.
//!
//! The sections are read in the order in which V8 has always written them: header, nodes, edges, (traces, samples,)
//! locations, strings. Nothing is believed: counts in the header only size buffers, as far as the file is long enough
//! to hold what they promise. So memory follows from the bytes read: a record of a node takes 17 bytes for at least 10
//! in the file, of an edge 9 for at least 6, a string 8 for at least 3, beside its own text.

mod column;
mod edges;
mod locations;
mod nodes;
mod records;
mod strings;
pub(crate) mod weak_maps;

use crate::snapshot::SnapshotError;
use crate::snapshot::graph::Graph;
use crate::snapshot::layout::Layout;
use crate::snapshot::parser::edges::Edges;
use crate::snapshot::parser::locations::Locations;
use crate::snapshot::parser::nodes::Nodes;
use crate::snapshot::parser::strings::Strings;
use crate::snapshot::progress::{Phase, Reporter};
use crate::snapshot::reader::Input;
use crate::snapshot::scanner::Scanner;

/// Parses a whole snapshot, plain files on up to two `threads`.
pub(crate) fn parse(
    input: Input,
    threads: usize,
    reporter: Reporter<'_>,
) -> Result<Graph, SnapshotError> {
    let mut scanner = Scanner::new(input);
    let mut sections = Sections::default();
    sections.read(&mut scanner, threads, reporter)?;
    sections.finish(&scanner)
}

/// The longest header that is read. V8's are of two kilobytes.
const MAX_HEADER: usize = 1 << 20;

/// What has been read.
#[derive(Default)]
struct Sections {
    layout: Option<Layout>,
    nodes: Option<Nodes>,
    edges: Option<Edges>,
    locations: Locations,
    strings: Option<Strings>,
}

impl Sections {
    fn read(
        &mut self,
        scanner: &mut Scanner,
        threads: usize,
        reporter: Reporter<'_>,
    ) -> Result<(), SnapshotError> {
        if scanner.peek("a snapshot")? != b'{' {
            let (window, at) = scanner.window()?;
            let head = String::from_utf8_lossy(&window[at..window.len().min(at + 16)]);
            return Err(SnapshotError::Foreign {
                what: format!("it begins with {head:?}"),
                at: scanner.at(),
            });
        }
        let mut edges_ahead: Option<EdgesAhead> = None;
        let mut more = scanner.open(b'{', b'}')?;
        while more {
            let (start, key) = scanner.key()?;
            if self.layout.is_none() && key != b"snapshot" {
                let key = String::from_utf8_lossy(&key);
                return Err(SnapshotError::Foreign {
                    at: start,
                    what: format!("it begins with the key {key:?} instead of \"snapshot\""),
                });
            }
            let pulse = Pulse::new(reporter, scanner);
            match (key.as_slice(), &self.layout) {
                (b"snapshot", _) => {
                    let (at, header) = scanner.raw_value(MAX_HEADER)?;
                    self.layout = Some(Layout::parse(&header, at)?);
                }
                (b"nodes", Some(layout)) => {
                    let (nodes, ahead) = nodes_and_edges(scanner, layout, threads, pulse)?;
                    self.nodes = Some(nodes);
                    edges_ahead = ahead;
                }
                (b"edges", Some(layout)) => {
                    let Some(nodes) = &self.nodes else {
                        return Err(before(scanner, "edges", "nodes"));
                    };
                    scanner.peek("the edges")?;
                    let ahead = edges_ahead.take().filter(|ahead| {
                        ahead.begin == scanner.at() && ahead.edges.max_target < nodes.count()
                    });
                    let edges = match ahead {
                        Some(ahead) => {
                            *scanner = ahead.scanner;
                            ahead.edges
                        }
                        None => Edges::read(scanner, layout, nodes.count(), pulse)?,
                    };
                    edges.check(scanner, nodes, layout)?;
                    self.edges = Some(edges);
                }
                (b"locations", Some(layout)) => {
                    let count = self.nodes.as_ref().map_or(0, Nodes::count);
                    self.locations = Locations::read(scanner, layout, count, pulse)?;
                }
                (b"strings", _) => self.strings = Some(Strings::read(scanner, pulse)?),
                _ => scanner.skip_value()?,
            }
            more = scanner.more(b'}')?;
        }
        Ok(())
    }
}

impl Sections {
    fn finish(self, scanner: &Scanner) -> Result<Graph, SnapshotError> {
        let end = scanner.at();
        let missing =
            |what: &str| SnapshotError::corrupt(end, format!("the snapshot has no {what}"));
        let layout = self.layout.ok_or(SnapshotError::Foreign {
            at: 0,
            what: "it has no \"snapshot\" header".into(),
        })?;
        let nodes = self.nodes.ok_or_else(|| missing("\"nodes\""))?;
        let edges = self.edges.ok_or_else(|| missing("\"edges\""))?;
        let strings = self.strings.ok_or_else(|| missing("\"strings\""))?;
        let max_string = nodes.max_name.max(edges.max_name);
        let count = strings.table.len();
        if max_string as usize >= count {
            return Err(SnapshotError::corrupt(
                end,
                format!("string {max_string} is used, but there are {count}"),
            ));
        }
        let mut graph = Graph {
            file_bytes: scanner.length(),
            strings: strings.table,
            node_types: nodes.types,
            node_names: nodes.names,
            node_ids: nodes.ids,
            sizes: nodes.sizes,
            first_edges: nodes.first_edges,
            edge_targets: edges.targets,
            edge_names: edges.names,
            edge_types: edges.types,
            locations: self.locations.table,
            location_of: self.locations.of,
            extra_native_bytes: layout.extra_native_bytes,
        };
        weak_maps::mark_tables(&mut graph, &strings.weak_pairs);
        Ok(graph)
    }
}

/// Edges that were read while the nodes were.
struct EdgesAhead {
    /// Where their list begins.
    begin: u64,
    edges: Edges,
    /// Where it ended.
    scanner: Scanner,
}

/// Reads the nodes, and beside them the edges, if there is a thread for them and enough to do.
fn nodes_and_edges(
    scanner: &mut Scanner,
    layout: &Layout,
    threads: usize,
    pulse: Pulse<'_>,
) -> Result<(Nodes, Option<EdgesAhead>), SnapshotError> {
    /// Bytes below which a thread is not worth its start.
    const WORTH_A_THREAD: u64 = 16 << 20;
    // The shortest nodes there could be are skipped unseen.
    let shortest = 2 * (layout.node_fields as u64).saturating_mul(layout.node_count);
    let after = scanner.at().saturating_add(shortest);
    let ahead = if threads > 1 && scanner.bytes_left() > shortest.max(WORTH_A_THREAD) {
        scanner.beside(after)
    } else {
        None
    };
    let Some(mut ahead) = ahead else {
        return Ok((Nodes::read(scanner, layout, pulse)?, None));
    };
    std::thread::scope(|scope| {
        let edges = scope.spawn(move || {
            // Lists of numbers have no quotes: the first is that of the next key.
            let found = ahead.skip_to(b'"')? && ahead.key()?.1 == b"edges";
            if !found {
                return Ok(None);
            }
            ahead.peek("the edges")?;
            let begin = ahead.at();
            // Which targets there are is known later.
            let edges = Edges::read(&mut ahead, layout, usize::MAX, pulse.silent())?;
            Ok::<_, SnapshotError>(Some(EdgesAhead {
                begin,
                edges,
                scanner: ahead,
            }))
        });
        let nodes = Nodes::read(scanner, layout, pulse);
        // What is wrong with the edges is found again, and said, when it is their turn.
        let edges = match edges.join() {
            Ok(edges) => edges.ok().flatten(),
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok((nodes?, edges))
    })
}

/// Progress reports, and the question whether to stop, every so many bytes.
#[derive(Clone, Copy)]
struct Pulse<'r> {
    reporter: Reporter<'r>,
    total: u64,
    next: u64,
}

impl<'r> Pulse<'r> {
    fn new(reporter: Reporter<'r>, scanner: &Scanner) -> Pulse<'r> {
        Pulse {
            reporter,
            total: scanner.length(),
            next: 0,
        }
    }

    /// Reports nothing: another thread does.
    fn silent(self) -> Pulse<'r> {
        Pulse {
            reporter: Reporter::default(),
            ..self
        }
    }

    fn beat(&mut self, at: u64) -> Result<(), SnapshotError> {
        /// Bytes between two reports.
        const STEP: u64 = 16 << 20;
        if at < self.next {
            return Ok(());
        }
        self.next = at + STEP;
        self.reporter
            .report(Phase::Parse, at as usize, self.total.max(at) as usize)
    }
}

/// How much to reserve: what is promised, if the rest of the file can hold it (two bytes a field at least). A stream,
/// whose length is not known, is believed up to a million.
fn capacity(promised: u64, fields: usize, bytes_left: u64) -> usize {
    let most = match bytes_left {
        u64::MAX => 1 << 20,
        left => left / (2 * fields.max(1)) as u64,
    };
    promised.min(u64::from(u32::MAX)).min(most) as usize
}

fn before(scanner: &Scanner, section: &str, missing: &str) -> SnapshotError {
    SnapshotError::corrupt(
        scanner.at(),
        format!("\"{section}\" comes before \"{missing}\""),
    )
}

fn too_many(at: u64, what: &str) -> SnapshotError {
    SnapshotError::TooLarge {
        what: format!("more than 4,294,967,294 {what} by byte {at}"),
    }
}

/// The index of a string, which must fit into 32 bits.
fn string_index(index: u64, at: u64) -> Result<u32, SnapshotError> {
    u32::try_from(index)
        .ok()
        .filter(|&index| index < u32::MAX)
        .ok_or_else(|| {
            SnapshotError::corrupt(at, format!("string {index} is used, beyond 32 bits"))
        })
}
