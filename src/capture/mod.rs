//! Taking a snapshot of an isolate into a file: at once, or in a copy of the process (`forked`).

pub mod analysis;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub mod forked;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
#[path = "not_forked.rs"]
pub mod forked;

use crate::error::Error;
use crate::headroom::{self, Free, Work};
use crate::session::Session;
use crate::snapshot::target::{self, Compression, Names};
use crate::snapshot::temporary::directory_of;
use crate::snapshot::writer::Writer;
use crate::system;
use crate::v8::heap_profiler::TakeError;
use crate::v8::isolate::CurrentIsolate;
use analysis::{Beside, Wanted};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// What a capture comes to.
#[derive(Debug)]
pub enum Product {
    /// A file, whole and on disk: where, and its size.
    File(PathBuf, u64),
    /// What an analysis left.
    Capture(Vec<u8>),
}

/// What a copy is for.
pub enum Task {
    /// A file. Unless it is approved from the start, it gets no name before [`forked::Job::approve`].
    File {
        /// From the start.
        approved: bool,
    },
    /// An analysis in the copy.
    Analysis(Wanted),
}

/// What was taken in a copy.
#[derive(Debug)]
pub struct Forked {
    /// What came of it.
    pub product: Product,
    /// How long the isolate stood still, in milliseconds, failed copies included.
    pub pause_ms: f64,
    /// When the isolate was reached first.
    pub reached: Instant,
    /// Nodes of the graph.
    pub nodes: u64,
    /// Copies it took.
    pub attempts: u32,
}

/// Where the snapshot is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In a copy of the process, or here if that cannot be.
    Auto,
    /// In a copy of the process or not at all.
    Fork,
    /// Here.
    Inline,
}

impl Mode {
    /// The word in results: where it *was* taken.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto | Self::Fork => "fork",
            Self::Inline => "inline",
        }
    }
}

/// What the caller wants.
#[derive(Clone, Debug)]
pub struct CaptureOptions {
    /// A path, a directory or a template; `None` for the default name here.
    pub path: Option<String>,
    /// Compression of the file.
    pub compression: Compression,
    /// Skip the headroom check.
    pub force: bool,
    /// Keep V8's object ids, and so the snapshot tax, until the next snapshot.
    pub keep_ids: bool,
    /// Numbers in the snapshot as well (`exposeNumericValues`).
    pub numeric_values: bool,
    /// Where it is taken, if the caller can wait.
    pub mode: Mode,
    /// How far a copy gives way to everything else: 0 to 19.
    pub niceness: i32,
    /// How long a copy may take.
    pub timeout: Duration,
    /// How much memory a copy may allocate, in bytes; what is free if `None`.
    pub memory_limit: Option<u64>,
    /// Leave the text of strings out.
    pub redact: bool,
}

impl CaptureOptions {
    /// Whether a copy is to be tried first.
    pub fn forks(&self) -> bool {
        self.mode != Mode::Inline && !self.keep_ids && forked::supported().is_ok()
    }

    /// A snapshot in this process.
    pub fn here(&self) -> Work {
        Work::Here {
            compressed: self.is_compressed(),
        }
    }

    fn is_compressed(&self) -> bool {
        self.compression != Compression::None
    }

    /// Refuses work that the machine has no room for.
    pub fn check_headroom(&self, work: Work, room: Room<'_>) -> Result<(), Error> {
        if self.force {
            return Ok(());
        }
        let need = headroom::estimate(room.heap_used, room.nodes_per_byte, work);
        headroom::check(need, room.free, room.heap_used, room.directory)
    }

    /// Opens the file, before V8 has built anything.
    pub fn open(&self, path: &Path) -> Result<Writer, Error> {
        if self.redact {
            Writer::redacting(path, self.compression)
        } else {
            Writer::create(path, self.compression)
        }
    }
}

/// What a headroom check goes by.
pub struct Room<'a> {
    /// Of the isolate, in bytes.
    pub heap_used: u64,
    /// Of its graphs, as far as is known.
    pub nodes_per_byte: Option<f64>,
    /// What the machine has left.
    pub free: Free,
    /// Where the file goes.
    pub directory: &'a Path,
}

impl<'a> Room<'a> {
    /// Of work that ends in this file.
    pub fn of_file(path: &'a Path, heap_used: u64, nodes_per_byte: Option<f64>) -> Self {
        Self::within(directory_of(path), heap_used, nodes_per_byte)
    }

    /// Of work without a file.
    pub fn without_file(heap_used: u64, nodes_per_byte: Option<f64>) -> Self {
        Self::within(Path::new("/"), heap_used, nodes_per_byte)
    }

    fn within(directory: &'a Path, heap_used: u64, nodes_per_byte: Option<f64>) -> Self {
        Self {
            heap_used,
            nodes_per_byte,
            free: system::free(directory),
            directory,
        }
    }
}

/// Where a capture stands; fractions are of the phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// V8 builds its graph: objects done and in all.
    Build(u32, u32),
    /// The graph is written: bytes so far.
    Write(u64),
}

/// A snapshot that is serialised but not necessarily on disk yet.
pub struct Captured {
    /// Finishes the file.
    pub writer: Writer,
    /// Where it will be.
    pub path: PathBuf,
    /// How long the isolate stood still, in milliseconds.
    pub pause_ms: f64,
    /// Nodes of the graph.
    pub nodes: u64,
}

impl Captured {
    /// Waits until the file is whole and returns its size in bytes.
    pub fn finish(self) -> Result<(PathBuf, u64), Error> {
        let written = self.writer.finish()?;
        Ok((written.path, written.bytes))
    }
}

/// Where a file would go: the path, or why not. No JavaScript, no V8.
pub fn resolve(options: &CaptureOptions, thread_id: u32) -> Result<PathBuf, Error> {
    let names = Names {
        thread_id,
        now: SystemTime::now(),
    };
    target::resolve(options.path.as_deref(), options.compression, names)
}

/// Builds and serialises a snapshot of the current isolate, which stands still
/// for all of it. The file is finished by [`Captured::finish`].
///
/// `progress` runs no JavaScript while the graph is built; false gives up.
pub fn capture(
    session: &Session,
    isolate: CurrentIsolate,
    options: &CaptureOptions,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Captured, Error> {
    let _busy = session.begin_capture()?;
    let path = resolve(options, session.thread_id())?;
    let heap_used = isolate
        .heap_statistics()
        .map_or(0, |statistics| statistics.used_heap_size);
    // The folder is tried first: a missing one is the commoner mistake.
    let writer = options.open(&path)?;
    let room = Room::of_file(&path, heap_used, session.nodes_per_byte());
    options.check_headroom(options.here(), room)?;

    let mut write = |chunk: &[u8]| writer.write(chunk);
    let taken = take(session, isolate, options, heap_used, progress, &mut write)?;
    if taken.nodes == 0 {
        let why = writer.finish().err();
        return Err(why.unwrap_or(Error::SnapshotFailed("serialising it ended early")));
    }
    Ok(Captured {
        writer,
        path,
        pause_ms: taken.pause_ms,
        nodes: taken.nodes,
    })
}

/// The same into an analysis on another thread; there is no file.
pub fn analyse(
    session: &Session,
    isolate: CurrentIsolate,
    options: &CaptureOptions,
    beside: &Beside,
) -> Result<Taken, Error> {
    let _busy = session.begin_capture()?;
    let heap_used = isolate
        .heap_statistics()
        .map_or(0, |statistics| statistics.used_heap_size);
    let room = Room::without_file(heap_used, session.nodes_per_byte());
    options.check_headroom(Work::ForkedAnalysis, room)?;
    let mut write = |chunk: &[u8]| beside.write(chunk);
    let taken = take(
        session,
        isolate,
        options,
        heap_used,
        &mut |_| true,
        &mut write,
    )?;
    if taken.nodes == 0 {
        return Err(Error::SnapshotFailed("serialising it ended early"));
    }
    Ok(taken)
}

/// What V8 gave, and for how long the isolate stood still.
pub struct Taken {
    /// Nodes of the graph; 0 if nobody took all of the text.
    pub nodes: u64,
    /// In milliseconds.
    pub pause_ms: f64,
}

fn take(
    session: &Session,
    isolate: CurrentIsolate,
    options: &CaptureOptions,
    heap_used: u64,
    progress: &mut dyn FnMut(Progress) -> bool,
    write: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Taken, Error> {
    let start = Instant::now();
    isolate.build_line_ends();
    let recorder = session.recorder();
    let nodes = recorder.without_baselines(|| -> Result<u64, Error> {
        let snapshot = isolate
            .take_heap_snapshot(options.numeric_values, &mut |done, total| {
                progress(Progress::Build(done, total))
            })
            .map_err(|error| match error {
                TakeError::Aborted => Error::Aborted,
                TakeError::Unavailable => unavailable(),
            })?;
        let nodes = snapshot.nodes_count();
        let (mut sent, mut given_up) = (0, false);
        let whole = snapshot.serialize(&mut |chunk| {
            sent += chunk.len() as u64;
            given_up = !progress(Progress::Write(sent));
            !given_up && write(chunk)
        });
        if given_up {
            return Err(Error::Aborted);
        }
        // If the writer failed, it knows why.
        Ok(if whole { nodes } else { 0 })
    });
    // Whatever happened, ids that nobody asked for must not slow the service.
    let whole = matches!(nodes, Ok(nodes) if nodes > 0);
    session.end_ids(isolate, options.keep_ids && whole);
    let nodes = nodes?;
    if nodes > 0 {
        session.learn(nodes, heap_used);
    }
    Ok(Taken {
        nodes,
        pause_ms: start.elapsed().as_secs_f64() * 1000.0,
    })
}

fn unavailable() -> Error {
    Error::Unavailable {
        what: "snapshot",
        why: "this host exports no heap profiler; snapshots go through node:v8 instead".into(),
    }
}
