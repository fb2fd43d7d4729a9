//! Where loaded objects keep the addresses of functions they import.
//!
//! A call to an imported function goes through a word in the caller's tables,
//! which the dynamic linker filled in. Filling in another address redirects the
//! call, in this process alone: a copy has its own pages.

use super::stand_ins::{self, StandIn};
use core::ffi::{CStr, c_int, c_void};
use std::collections::HashMap;

const DT_PLTRELSZ: i64 = 2;
const DT_STRTAB: i64 = 5;
const DT_SYMTAB: i64 = 6;
const DT_RELA: i64 = 7;
const DT_RELASZ: i64 = 8;
const DT_JMPREL: i64 = 23;

/// Relocations that are the plain address of a symbol: jump slot, data, word.
#[cfg(target_arch = "x86_64")]
const PLAIN: [u64; 3] = [7, 6, 1];
#[cfg(target_arch = "aarch64")]
const PLAIN: [u64; 3] = [1026, 1025, 257];

const PAGE: usize = 4096;

#[repr(C)]
struct Dynamic {
    tag: i64,
    value: usize,
}

#[repr(C)]
struct Rela {
    offset: usize,
    info: u64,
    addend: i64,
}

/// A word that is to hold another address in the copy.
struct Slot {
    at: *mut usize,
    to: usize,
}

/// All words to be changed in the copy.
#[derive(Default)]
pub struct Plan {
    slots: Vec<Slot>,
    /// First addresses of the pages they are on.
    pages: Vec<usize>,
    waits: bool,
}

// SAFETY: the addresses are only written to in a copy, which has one thread.
unsafe impl Send for Plan {}

/// Looks through everything that is loaded: about 1 ms.
pub fn plan() -> Plan {
    stand_ins::look_up();
    let mut search = Search {
        wanted: stand_ins::ALL
            .iter()
            .map(|stand_in| (stand_in.name.to_bytes(), stand_in))
            .collect(),
        plan: Plan::default(),
    };
    // SAFETY: the callback gets `search` back, alive for the whole call.
    unsafe { libc::dl_iterate_phdr(Some(on_object), (&raw mut search).cast()) };
    let mut plan = search.plan;
    plan.pages = plan
        .slots
        .iter()
        .map(|s| s.at as usize & !(PAGE - 1))
        .collect();
    plan.pages.sort_unstable();
    plan.pages.dedup();
    plan
}

impl Plan {
    /// Whether waiting on a condition variable can be replaced: without that a
    /// copy hangs more often than not.
    pub fn covers_waiting(&self) -> bool {
        self.waits
    }

    /// Redirects the calls; false if a page cannot be written.
    ///
    /// # Safety
    /// Only in a copy, while it has one thread.
    pub unsafe fn apply(&self) -> bool {
        for &page in &self.pages {
            // SAFETY: a page of a loaded object, read-only after relocation or not.
            let status = unsafe {
                libc::mprotect(
                    page as *mut c_void,
                    PAGE,
                    libc::PROT_READ | libc::PROT_WRITE,
                )
            };
            if status != 0 {
                return false;
            }
        }
        for slot in &self.slots {
            // SAFETY: the word holds a function's address, is aligned, and its
            // page was made writable just now.
            unsafe { slot.at.write(slot.to) };
        }
        true
    }
}

struct Search {
    wanted: HashMap<&'static [u8], &'static StandIn>,
    plan: Plan,
}

unsafe extern "C" fn on_object(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the linker passes a valid description, and `data` is ours.
    let (info, search) = unsafe { (&*info, &mut *data.cast::<Search>()) };
    let name = if info.dlpi_name.is_null() {
        &[][..]
    } else {
        // SAFETY: a string of the linker's.
        unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes()
    };
    let file = name.rsplit(|&b| b == b'/').next().unwrap_or_default();
    // The kernel's object has no relocations; the linker's own calls go nowhere else.
    if file.starts_with(b"linux-vdso") || file.starts_with(b"ld-linux") {
        return 0;
    }
    // SAFETY: the program headers of a loaded object.
    let headers =
        unsafe { core::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let base = info.dlpi_addr as usize;
    if let Some(dynamic) = headers.iter().find(|h| h.p_type == libc::PT_DYNAMIC) {
        let first = (base + dynamic.p_vaddr as usize) as *const Dynamic;
        // SAFETY: the dynamic section of a loaded object ends with a null tag.
        unsafe { search.object(base, first) };
    }
    0
}

impl Search {
    /// # Safety
    /// `entry` is the dynamic section of an object loaded at `base`.
    unsafe fn object(&mut self, base: usize, mut entry: *const Dynamic) {
        let mut found = [0_usize; 24];
        // SAFETY: up to the null tag.
        unsafe {
            while (*entry).tag != 0 {
                if let Some(slot) = found.get_mut((*entry).tag as usize) {
                    *slot = (*entry).value;
                }
                entry = entry.add(1);
            }
        }
        // glibc has made addresses of the offsets, musl has not.
        let address = |tag: i64| match found[tag as usize] {
            0 => 0,
            value if value < base => value + base,
            value => value,
        };
        let (symbols, strings) = (address(DT_SYMTAB), address(DT_STRTAB));
        if symbols == 0 || strings == 0 {
            return;
        }
        for (table, size) in [(DT_JMPREL, DT_PLTRELSZ), (DT_RELA, DT_RELASZ)] {
            let (first, bytes) = (address(table), found[size as usize]);
            if first == 0 {
                continue;
            }
            // SAFETY: the linker has worked through this very table.
            let relocations = unsafe {
                core::slice::from_raw_parts(first as *const Rela, bytes / size_of::<Rela>())
            };
            for relocation in relocations {
                // SAFETY: symbol and name are in the object's own tables.
                unsafe { self.relocation(base, relocation, symbols, strings) };
            }
        }
    }

    /// # Safety
    /// All addresses are of tables of one loaded object.
    unsafe fn relocation(&mut self, base: usize, rela: &Rela, symbols: usize, strings: usize) {
        let (symbol, kind) = ((rela.info >> 32) as usize, rela.info & 0xffff_ffff);
        if symbol == 0 || rela.addend != 0 || !PLAIN.contains(&kind) {
            return;
        }
        // SAFETY: an index into the symbol table, an offset into the strings.
        let name = unsafe {
            let symbol = &*(symbols as *const libc::Elf64_Sym).add(symbol);
            CStr::from_ptr((strings + symbol.st_name as usize) as *const _)
        };
        let Some(stand_in) = self.wanted.get(name.to_bytes()) else {
            return;
        };
        let at = (base + rela.offset) as *mut usize;
        if !at.is_aligned() {
            return;
        }
        self.plan.waits |= stand_in.name == stand_ins::WAIT;
        self.plan.slots.push(Slot {
            at,
            to: stand_in.address as usize,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_imports_malloc() {
        let plan = plan();
        let malloc = stand_ins::ALL.iter().find(|s| s.name == c"malloc").unwrap();
        assert!(plan.slots.iter().any(|s| s.to == malloc.address as usize));
        assert!(plan.pages.len() <= plan.slots.len());
    }
}
