//! A heap analysed as it comes from V8: no file, and of the graph nothing is left but a capture.

use crate::captured::{self, Captured};
use crate::error::Error;
use crate::snapshot::heap::Heap;
use crate::snapshot::reader::Input;
use crate::snapshot::{OnProgress, SnapshotError};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Pieces of the text that may wait for the analysis, 1 MiB each from V8.
const WAITING: usize = 8;

/// What is to be found out.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Earlier captures to compare with, oldest first.
    pub since: Vec<Vec<u8>>,
    /// Suspects, at most.
    pub top_suspects: Option<usize>,
    /// Bytes of growth below which nothing is suspected.
    pub min_growth_bytes: Option<u64>,
    /// Look for source maps.
    pub source_maps: Option<bool>,
}

/// The same, ready to be worked out.
pub struct Analysis {
    earlier: Vec<Captured>,
    wanted: Wanted,
}

impl Analysis {
    /// Reads the earlier captures.
    pub fn new(mut wanted: Wanted) -> Result<Self, Error> {
        let earlier = std::mem::take(&mut wanted.since);
        let earlier = earlier.iter().map(|bytes| Captured::decode(bytes));
        Ok(Self {
            earlier: earlier.collect::<Result<_, _>>().map_err(Error::Analysis)?,
            wanted,
        })
    }

    /// The capture of the heap whose text is `input`.
    pub fn run(&self, input: Input, progress: OnProgress<'_>) -> Result<Vec<u8>, SnapshotError> {
        let heap = Heap::from_stream(input, progress)?;
        let defaults = captured::Options::default();
        let Wanted {
            top_suspects,
            min_growth_bytes,
            source_maps,
            ..
        } = self.wanted;
        captured::of(
            &heap,
            &self.earlier,
            &captured::Options {
                progress: Some(progress),
                top_suspects: top_suspects.unwrap_or(defaults.top_suspects),
                min_growth_bytes: min_growth_bytes.unwrap_or(defaults.min_growth_bytes),
                source_maps: source_maps.unwrap_or(defaults.source_maps),
            },
        )
    }
}

/// Text in memory; each piece is let go once it is read.
#[derive(Default)]
pub struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    at: usize,
}

impl Pieces {
    /// Adds one.
    pub fn push(&mut self, piece: &[u8]) {
        self.pieces.push_back(piece.to_vec());
    }

    /// To be read from the first to the last.
    pub fn into_input(self) -> Input {
        Input::plain(Box::new(self), Path::new("(capture)"))
    }
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.pieces.front() else {
            return Ok(0);
        };
        let count = room.len().min(piece.len() - self.at);
        room[..count].copy_from_slice(&piece[self.at..self.at + count]);
        self.at += count;
        if self.at == piece.len() {
            self.pieces.pop_front();
            self.at = 0;
        }
        Ok(count)
    }
}

/// Pieces as another thread sends them.
struct Incoming {
    pieces: Receiver<Vec<u8>>,
    current: Pieces,
}

impl Read for Incoming {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.current.pieces.is_empty() {
            match self.pieces.recv() {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => self.current.pieces.push_back(piece),
                // The end, or the sender has given up: the parser knows which.
                Err(_) => return Ok(0),
            }
        }
        self.current.read(room)
    }
}

/// An analysis on a thread of its own, which is handed the text piece by piece.
pub struct Beside {
    sender: SyncSender<Vec<u8>>,
    thread: JoinHandle<Result<Vec<u8>, Error>>,
    aborted: Arc<AtomicBool>,
}

impl Beside {
    /// Begins one.
    pub fn start(wanted: Wanted) -> Result<Self, Error> {
        let analysis = Analysis::new(wanted)?;
        let (sender, pieces) = sync_channel(WAITING);
        let aborted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&aborted);
        let thread = std::thread::Builder::new()
            .name("leakwatch-look".into())
            .spawn(move || {
                let incoming = Incoming {
                    pieces,
                    current: Pieces::default(),
                };
                let input = Input::plain(Box::new(incoming), Path::new("(capture)"));
                let go_on = |_| !seen.load(Ordering::Acquire);
                analysis.run(input, &go_on).map_err(Error::Analysis)
            })
            .map_err(|_| {
                Error::SnapshotFailed("the thread that would analyse it could not be started")
            })?;
        Ok(Self {
            sender,
            thread,
            aborted,
        })
    }

    /// Hands over a piece; false once it has ended early.
    pub fn write(&self, piece: &[u8]) -> bool {
        self.sender.send(piece.to_vec()).is_ok()
    }

    /// How to end it from elsewhere.
    pub fn abort_handle(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.aborted)
    }

    /// Waits for the capture.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        drop(self.sender);
        let failed = Error::SnapshotFailed("the analysis failed by a fault of leakwatch's own");
        match self.thread.join() {
            _ if self.aborted.load(Ordering::Acquire) => Err(Error::Aborted),
            Ok(result) => result,
            Err(_) => Err(failed),
        }
    }
}
