//! A file mapped read-only: the one unsafe call the analysis needs.

use std::fs::File;
use std::io;
use std::ops::Deref;

/// A read-only private mapping of a whole file.
pub struct FileMap(memmap2::Mmap);

impl FileMap {
    /// Maps `file`. An empty file cannot be mapped and is an error of kind `InvalidInput` on most platforms.
    pub fn new(file: &File) -> io::Result<FileMap> {
        // SAFETY: the mapping is read-only and handed out as `&[u8]` for as long as `self` lives. The remaining risk is
        // a file that somebody truncates while it is read (SIGBUS); snapshots are written to a temporary name and
        // renamed when whole, and every reader of mapped files shares that risk.
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(FileMap(map))
    }

    /// Maps the pages of `from..to` at once, which costs less than one fault for every few of them.
    pub fn prefetch(&self, from: usize, to: usize) {
        #[cfg(target_os = "linux")]
        {
            let to = to.min(self.0.len());
            if from < to {
                // Advice only: kernels before 5.14 refuse it and fault page by page.
                drop(
                    self.0
                        .advise_range(memmap2::Advice::PopulateRead, from, to - from),
                );
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (from, to);
    }

    /// Gives the pages of `from..to` back to the kernel. They stay in the page cache and are read again on access;
    /// only the resident set of this process shrinks. Addresses are narrowed to whole pages.
    pub fn release(&self, from: usize, to: usize) {
        #[cfg(unix)]
        {
            const PAGE: usize = 4096;
            let first = from.next_multiple_of(PAGE);
            let last = to.min(self.0.len()) / PAGE * PAGE;
            if first < last {
                // SAFETY: a private read-only mapping of a file has no dirty pages, so that dropping them loses
                // nothing: the next access reads the same bytes from the page cache.
                let result = unsafe {
                    self.0.unchecked_advise_range(
                        memmap2::UncheckedAdvice::DontNeed,
                        first,
                        last - first,
                    )
                };
                // Advice only: a kernel which refuses costs memory, never correctness.
                drop(result);
            }
        }
        #[cfg(not(unix))]
        let _ = (from, to);
    }
}

impl Deref for FileMap {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
