//! The writer from outside: whole files or none, whoever else is writing.

use flate2::read::GzDecoder;
use leakwatch::snapshot::target::Compression;
use leakwatch::snapshot::temporary::remove_abandoned;
use leakwatch::snapshot::writer::Writer;
use proptest::prelude::*;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const ALL: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

/// A folder of the test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("leakwatch-writer-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into()
            })
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn content(path: &Path, compression: Compression) -> Vec<u8> {
    let bytes = fs::read(path).expect("the file");
    match compression {
        Compression::None => bytes,
        Compression::Gzip => {
            let mut plain = Vec::new();
            let mut decoder = GzDecoder::new(bytes.as_slice());
            decoder.read_to_end(&mut plain).expect("gzip");
            plain
        }
        Compression::Zstd => zstd::stream::decode_all(bytes.as_slice()).expect("zstd"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the pieces, empty ones among them, the file is their concatenation.
    #[test]
    fn what_goes_in_comes_out(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 0..50),
        which in 0_usize..3,
    ) {
        let (folder, compression) = (Folder::new(), ALL[which]);
        let path = folder.file("a");
        let writer = Writer::create(&path, compression).expect("a writer");
        for chunk in &chunks {
            prop_assert!(writer.write(chunk));
        }
        let written = writer.finish().expect("a file");
        prop_assert_eq!(&written.path, &path);
        prop_assert_eq!(written.bytes, fs::metadata(&path).expect("metadata").len());
        prop_assert_eq!(content(&path, compression), chunks.concat());
        prop_assert_eq!(folder.names(), vec!["a".to_owned()]);
    }

    /// Dropped or cancelled at any point, nothing is left, and an older file stays.
    #[test]
    fn given_up_leaves_what_was(sent in 0_usize..40, which in 0_usize..3, cancel in any::<bool>()) {
        let folder = Folder::new();
        let path = folder.file("a");
        fs::write(&path, "older").expect("the older file");
        let writer = Writer::create(&path, ALL[which]).expect("a writer");
        for _ in 0..sent {
            writer.write(&[7; 3000]);
        }
        if cancel {
            writer.cancel_handle().cancel();
            let error = writer.finish().expect_err("it was cancelled");
            prop_assert_eq!(error.code(), "ERR_LEAKWATCH_ABORTED");
        } else {
            drop(writer);
        }
        prop_assert_eq!(fs::read(&path).expect("the older file"), b"older");
        prop_assert_eq!(folder.names(), vec!["a".to_owned()]);
    }
}

/// Isolates write at the same time, into one folder and for one name: each file
/// is one writer's, never a mixture.
#[test]
fn concurrent_writers_do_not_mix() {
    const WRITERS: u8 = 16;
    let folder = Folder::new();
    let (shared, start) = (folder.file("shared"), Barrier::new(WRITERS.into()));
    thread::scope(|scope| {
        for number in 0..WRITERS {
            let (folder, shared, start) = (&folder, &shared, &start);
            scope.spawn(move || {
                let own = folder.file(&format!("own-{number}"));
                let compression = ALL[usize::from(number) % 2];
                start.wait();
                let both = [
                    Writer::create(&own, compression).expect("a writer"),
                    Writer::create(shared, Compression::None).expect("a writer"),
                ];
                for _ in 0..100 {
                    both.iter()
                        .for_each(|writer| assert!(writer.write(&[number; 1000])));
                }
                for writer in both {
                    writer.finish().expect("a file");
                }
                assert_eq!(content(&own, compression), vec![number; 100_000]);
            });
        }
    });
    let last = content(&shared, Compression::None);
    assert_eq!(last, vec![last[0]; 100_000]);
    assert_eq!(folder.names().len(), usize::from(WRITERS) + 1);
}

/// A cancel from another thread comes before the name or after it: no third way.
#[test]
fn a_racing_cancel_leaves_a_whole_file_or_none() {
    for round in 0..60 {
        let folder = Folder::new();
        let path = folder.file("a");
        let writer = Writer::create(&path, ALL[round % 3]).expect("a writer");
        for _ in 0..20 {
            writer.write(&[1; 10_000]);
        }
        let cancel = writer.cancel_handle();
        let result = thread::scope(|scope| {
            scope.spawn(move || cancel.cancel());
            writer.finish()
        });
        match result {
            Ok(written) => {
                assert_eq!(content(&written.path, ALL[round % 3]), vec![1; 200_000]);
            }
            Err(error) => {
                assert_eq!(error.code(), "ERR_LEAKWATCH_ABORTED");
                assert_eq!(folder.names(), Vec::<String>::new());
            }
        }
    }
}

/// The target became a folder while the file was written: an error, no rest.
#[test]
fn a_target_that_turns_into_a_folder() {
    let folder = Folder::new();
    let path = folder.file("a");
    let writer = Writer::create(&path, Compression::None).expect("a writer");
    writer.write(b"text");
    fs::create_dir(&path).expect("a folder in its place");
    let error = writer.finish().expect_err("it cannot be renamed");
    assert!(
        error.code().starts_with("ERR_LEAKWATCH_"),
        "{}",
        error.code()
    );
    assert_eq!(folder.names(), vec!["a".to_owned()]);
}

/// The folder went away meanwhile: an error that names it.
#[test]
fn a_folder_that_goes_away() {
    let folder = Folder::new();
    let inner = folder.file("inner");
    fs::create_dir(&inner).expect("a folder");
    let writer = Writer::create(&inner.join("a"), Compression::Gzip).expect("a writer");
    writer.write(&[0; 100_000]);
    fs::remove_dir_all(&inner).expect("it goes");
    let error = writer.finish().expect_err("there is no folder");
    assert_eq!(error.code(), "ERR_LEAKWATCH_NO_DIRECTORY", "{error}");
    assert_eq!(folder.names(), Vec::<String>::new());
}

/// A cancelled writer goes on taking what it is given: the isolate in the middle
/// of V8's serialiser must never wait for ever.
#[test]
fn a_cancelled_writer_does_not_block() {
    let folder = Folder::new();
    let writer = Writer::create(&folder.file("a"), Compression::None).expect("a writer");
    writer.cancel_handle().cancel();
    // Several times what the queue holds.
    for _ in 0..200 {
        writer.write(&[0; 1 << 16]);
    }
    assert!(writer.finish().is_err());
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn one_name_for_two_files_of_our_own_naming_is_none_for_the_second() {
    let folder = Folder::new();
    let target = folder.file("leakwatch-20261121T043012345Z-1-0-1.heapsnapshot.gz");
    let write = |byte: u8| {
        let writer = Writer::create(&target, Compression::Gzip).expect("a writer");
        assert!(writer.write(&[byte; 9]));
        writer
    };
    // Under way at the same time, as by two loads of the library or in two containers.
    let both = [write(b'a'), write(b'b')];
    let written = both.map(|writer| writer.finish().expect("a file").path);
    assert_eq!(written[0], target);
    assert_ne!(written[1], target);
    assert_eq!(content(&written[0], Compression::Gzip), b"aaaaaaaaa");
    assert_eq!(content(&written[1], Compression::Gzip), b"bbbbbbbbb");
    assert_eq!(folder.names().len(), 2);
}

#[test]
fn a_name_of_the_callers_is_written_anew() {
    let folder = Folder::new();
    let target = folder.file("mine.heapsnapshot");
    for byte in [b'a', b'b'] {
        let writer = Writer::create(&target, Compression::None).expect("a writer");
        assert!(writer.write(&[byte; 9]));
        assert_eq!(writer.finish().expect("a file").path, target);
    }
    assert_eq!(content(&target, Compression::None), b"bbbbbbbbb");
    assert_eq!(folder.names().len(), 1);
}

#[test]
fn hidden_files_that_are_there_are_in_nobodys_way() {
    let folder = Folder::new();
    // Of another container's process of our number, or of one that died.
    for number in 0..500 {
        let name = format!(".leakwatch-{}-{number}.tmp", std::process::id());
        fs::write(folder.file(&name), "theirs").expect("a file");
    }
    let target = folder.file("a");
    let writer = Writer::create(&target, Compression::None).expect("a writer");
    assert!(writer.write(b"ours"));
    writer.finish().expect("a file");
    assert_eq!(fs::read(&target).expect("the file"), b"ours");
    let theirs = folder.names().len() - 1;
    assert_eq!(theirs, 500);
}

#[test]
fn only_what_nobody_holds_is_abandoned() {
    let folder = Folder::new();
    let path = folder.file(".leakwatch-1-0.tmp");
    let held = fs::File::create(&path).expect("a file");
    held.lock().expect("a lock");
    assert!(!remove_abandoned(&path));
    drop(held);
    assert!(remove_abandoned(&path));
    assert!(!remove_abandoned(&path), "it is gone");
    assert!(!remove_abandoned(&folder.0), "a folder");
}
