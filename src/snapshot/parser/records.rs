//! A long list of records: read a block at a time as V8 writes it, record by record where anything is unusual.

use crate::snapshot::SnapshotError;
use crate::snapshot::commas::BLOCK;
use crate::snapshot::layout::MAX_FIELDS;
use crate::snapshot::parser::Pulse;
use crate::snapshot::scanner::Scanner;
use crate::v8::cpu;

/// What the records of a section become.
pub(super) trait Records {
    /// Numbers in a record.
    fn fields(&self) -> usize;

    /// Whether the fields lie as they always did, so that blocks can be read.
    fn are_plain(&self) -> bool;

    /// Takes in one record, which begins at byte `start` of the file.
    fn push(&mut self, record: &[u64; MAX_FIELDS], start: u64) -> Result<(), SnapshotError>;

    /// Takes in the whole records of the block at `at` in `bytes`; returns how many bytes they took, or 0, having taken
    /// none, if any is unusual.
    fn push_block(&mut self, bytes: &[u8], at: usize) -> usize;

    /// Refuses more records than 32 bits can number; `start` is where the last of them began.
    fn check_count(&self, start: u64) -> Result<(), SnapshotError>;
}

/// Reading of whole blocks, for the instructions that the processor has.
pub(super) trait Blocks {
    /// What [`Records::push_block`] does. Mark it `#[inline(always)]`, or it is compiled for the baseline alone.
    fn read_block<D: cpu::Decimals>(&mut self, decimals: D, bytes: &[u8], at: usize) -> usize;
}

/// Has `reader` read the block at `at` as fast as the processor can.
pub(super) fn read_block<R: Blocks>(reader: &mut R, bytes: &[u8], at: usize) -> usize {
    cpu::run(Block { reader, bytes, at })
}

struct Block<'a, R> {
    reader: &'a mut R,
    bytes: &'a [u8],
    at: usize,
}

impl<R: Blocks> cpu::Work for Block<'_, R> {
    type Output = usize;

    #[inline(always)]
    fn run<D: cpu::Decimals>(self, decimals: D) -> usize {
        self.reader.read_block(decimals, self.bytes, self.at)
    }
}

/// Reads the list at the scanner's next byte.
pub(super) fn read(
    scanner: &mut Scanner,
    mut pulse: Pulse<'_>,
    records: &mut dyn Records,
) -> Result<(), SnapshotError> {
    /// Records between two reports where they are read one by one.
    const STEP: usize = 1 << 16;
    let fields = records.fields();
    let mut record = [0_u64; MAX_FIELDS];
    let mut slow = 0_usize;
    // Up to here a block was found unusual: it is read record by record.
    let mut careful_until = 0;
    let mut more = scanner.open(b'[', b']')?;
    while more {
        let start = scanner.at();
        more = scanner.record(&mut record[..fields])?;
        records.push(&record, start)?;
        records.check_count(start)?;
        if scanner.at() < careful_until || !records.are_plain() {
            slow += 1;
            if slow.is_multiple_of(STEP) {
                pulse.beat(scanner.at())?;
            }
            continue;
        }
        loop {
            pulse.beat(scanner.at())?;
            let start = scanner.at();
            let (bytes, at) = scanner.window()?;
            let consumed = records.push_block(bytes, at);
            if consumed == 0 {
                careful_until = start + BLOCK as u64;
                break;
            }
            scanner.advance(at + consumed);
            records.check_count(start)?;
        }
    }
    Ok(())
}
