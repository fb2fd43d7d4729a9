//! Memory that a copy of this process would lack.
//!
//! V8 (Node 18 and later) marks its heap `MADV_DONTFORK`, so that spawning a
//! program need not copy page tables that it drops at once. A copy which is to
//! take a snapshot needs them: they are marked inheritable for the moment.
//!
//! The marks are the process's, so captures of several isolates share them: the
//! last one that needs them puts them back.

use parking_lot::Mutex;
use std::io;
use std::ops::Range;

/// V8's pages begin at multiples of this.
const V8_PAGE: usize = 256 << 10;

/// What is inheritable on our account, and how many captures need it.
static HELD: Mutex<Held> = Mutex::new(Held {
    users: 0,
    ranges: Vec::new(),
    known: Vec::new(),
});

struct Held {
    users: usize,
    ranges: Vec<Range<usize>>,
    /// All private anonymous memory when the marks were last looked at, sorted.
    known: Vec<Range<usize>>,
}

/// V8's heap is inheritable as long as one of these lives.
pub struct Inherited(());

impl Inherited {
    /// Marks it so.
    pub fn acquire() -> io::Result<Self> {
        let text = std::fs::read_to_string("/proc/self/smaps")?;
        let mut held = HELD.lock();
        held.users += 1;
        held.look(&text);
        Ok(Self(()))
    }

    /// Whether nothing that may be V8's was mapped since: 0.1 ms, for the last
    /// moment. Only smaps tells who has the mark, and takes too long for that.
    pub fn is_current(&self) -> bool {
        let held = HELD.lock();
        if held.ranges.is_empty() {
            return true;
        }
        let Ok(text) = std::fs::read_to_string("/proc/self/maps") else {
            return true;
        };
        text.lines()
            .filter_map(private_anonymous)
            .flat_map(|range| uncovered(range, &held.known))
            .all(|range| !range.start.is_multiple_of(V8_PAGE))
    }

    /// Looks again, and marks what is new.
    pub fn refresh(&self) -> io::Result<()> {
        let text = std::fs::read_to_string("/proc/self/smaps")?;
        HELD.lock().look(&text);
        Ok(())
    }
}

impl Drop for Inherited {
    fn drop(&mut self) {
        let mut held = HELD.lock();
        held.users -= 1;
        if held.users > 0 {
            return;
        }
        for range in std::mem::take(&mut held.ranges) {
            advise(&range, libc::MADV_DONTFORK);
        }
    }
}

impl Held {
    /// Takes in what smaps says. Nothing is guessed: memory of others that got
    /// the mark would be missing in the children of Node's own.
    fn look(&mut self, smaps: &str) {
        let (known, marked) = private_memory(smaps);
        self.known = known;
        for range in marked {
            self.inherit(range);
        }
    }

    fn inherit(&mut self, range: Range<usize>) {
        // Noted first: whatever happens, it is put back.
        self.ranges.push(range.clone());
        advise(&range, libc::MADV_DOFORK);
    }
}

fn advise(range: &Range<usize>, advice: libc::c_int) {
    // SAFETY: both kinds of advice change what a future fork copies, and nothing
    // about the memory. Parts that are no longer mapped are passed over.
    unsafe { libc::madvise(range.start as *mut _, range.len(), advice) };
}

/// Private anonymous memory in the text of smaps: all of it, and what of it is
/// not inherited.
fn private_memory(smaps: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let (mut known, mut marked) = (Vec::new(), Vec::new());
    let mut current = None;
    for line in smaps.lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            let has = |flag| flags.split_whitespace().any(|f| f == flag);
            if let Some(range) = current.take()
                && has("dc")
                && !has("io")
                && !has("pf")
            {
                marked.push(range);
            }
        } else if line.starts_with(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c)) {
            current = private_anonymous(line);
            known.extend(current.clone());
        }
    }
    (known, marked)
}

/// `7f0c4c000000-7f0c4c021000 rw-p 00000000 00:00 0`, perhaps with a name in brackets.
fn private_anonymous(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let permissions = words.next()?;
    let (_offset, _device, inode) = (words.next()?, words.next()?, words.next()?);
    let name = words.next().unwrap_or("[anon:");
    if !permissions.ends_with('p') || inode != "0" || !name.starts_with("[anon:") {
        return None;
    }
    let number = |text| usize::from_str_radix(text, 16).ok();
    Some(number(start)?..number(end)?)
}

/// What of `range` is in none of the sorted `known`.
fn uncovered(range: Range<usize>, known: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    let mut from = range.start;
    let first = known.partition_point(|k| k.end <= range.start);
    for k in known[first..].iter().take_while(|k| k.start < range.end) {
        if k.start > from {
            left.push(from..k.start);
        }
        from = from.max(k.end);
    }
    if from < range.end {
        left.push(from..range.end);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
00400000-00500000 r-xp 00000000 08:01 42                                 /usr/bin/node
VmFlags: rd ex mr mw me dc 
10000000-10040000 rw-p 00000000 00:00 0 
Rss:                 256 kB
VmFlags: rd wr mr mw me dc ac sd 
20000000-20040000 rw-p 00000000 00:00 0                                  [anon:v8]
VmFlags: rd wr mr mw me dc 
30000000-30040000 rw-p 00000000 00:00 0 
VmFlags: rd wr mr mw me ac sd 
a0000000-a0040000 rw-p 00000000 00:00 0 
VmFlags: rd wr io dc pf 
b0000000-b0040000 rw-s 00000000 00:01 7                                  /dev/zero (deleted)
VmFlags: rd wr sh dc 
7ffc0000-7ffd0000 rw-p 00000000 00:00 0                                  [stack]
VmFlags: rd wr gd ac 
";

    #[test]
    fn only_private_memory_without_a_device_is_marked() {
        let (known, marked) = private_memory(SMAPS);
        assert_eq!(marked, [0x1000_0000..0x1004_0000, 0x2000_0000..0x2004_0000]);
        assert_eq!(known.len(), 4);
    }

    #[test]
    fn what_is_new_is_what_nothing_covers() {
        let known = [10..20, 30..40];
        assert_eq!(uncovered(0..50, &known), [0..10, 20..30, 40..50]);
        assert_eq!(uncovered(10..20, &known), []);
        assert_eq!(
            uncovered(15..35, &known),
            vec![Range { start: 20, end: 30 }]
        );
        assert_eq!(
            uncovered(45..46, &known),
            vec![Range { start: 45, end: 46 }]
        );
    }

    /// V8's flag, by smaps' own word, for the one mapping at `at`.
    fn is_marked(at: usize) -> bool {
        let text = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let (_, marked) = private_memory(&text);
        marked.iter().any(|range| range.contains(&at))
    }

    #[test]
    fn the_last_user_puts_the_marks_back() {
        let len = V8_PAGE * 2;
        // SAFETY: new memory at a place of the kernel's choice, given back below.
        let page = unsafe {
            let page = libc::mmap(
                core::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            libc::madvise(page, len, libc::MADV_DONTFORK);
            page
        };
        let at = page as usize;
        assert!(is_marked(at));
        let (first, second) = (Inherited::acquire().unwrap(), Inherited::acquire().unwrap());
        second.refresh().unwrap();
        assert!(!is_marked(at));
        drop(first);
        assert!(!is_marked(at));
        drop(second);
        assert!(is_marked(at));
        // SAFETY: mapped above, used by nobody else.
        unsafe { libc::munmap(page, len) };
    }
}
