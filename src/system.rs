//! What the machine and its cgroup have left.

use crate::headroom::Free;
use crate::v8::os;
use std::fs;
use std::path::{Path, PathBuf};

/// A limit at or above this is "none" in cgroup v1, which has no word for it.
const NO_LIMIT: u64 = 1 << 60;

/// Reads everything [`crate::headroom::check`] compares with.
pub fn free(directory: &Path) -> Free {
    Free {
        cgroup: cgroup_left(),
        system: memory_available(),
        disk: os::free_disk(directory),
        together: cgroups().iter().any(Cgroup::dies_together),
    }
}

/// The tightest memory limit this process lives under, in bytes.
pub fn memory_limit() -> Option<u64> {
    let cgroup = cgroups().iter().filter_map(|c| c.limit()).min();
    let total = memory_info("MemTotal:");
    cgroup.into_iter().chain(total).min()
}

fn memory_available() -> Option<u64> {
    memory_info("MemAvailable:")
}

fn memory_info(field: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    field_of(&text, field)?.checked_mul(1024)
}

fn field_of(text: &str, field: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
}

fn cgroup_left() -> Option<u64> {
    cgroups().iter().filter_map(Cgroup::left).min()
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

struct Cgroup {
    version: Version,
    directory: PathBuf,
}

impl Cgroup {
    fn number(&self, file: &str) -> Option<u64> {
        let text = fs::read_to_string(self.directory.join(file)).ok()?;
        text.trim().parse().ok()
    }

    fn limit(&self) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.limit_in_bytes",
            Version::Two => "memory.max",
        };
        self.number(file).filter(|&limit| limit < NO_LIMIT)
    }

    fn dies_together(&self) -> bool {
        self.number("memory.oom.group") == Some(1)
    }

    /// Page cache that the kernel would give up first does not count as used.
    fn left(&self) -> Option<u64> {
        let (usage, inactive) = match self.version {
            Version::One => ("memory.usage_in_bytes", "total_inactive_file "),
            Version::Two => ("memory.current", "inactive_file "),
        };
        let limit = self.limit()?;
        let used = self.number(usage)?;
        let cache = fs::read_to_string(self.directory.join("memory.stat"))
            .ok()
            .and_then(|text| field_of(&text, inactive))
            .unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(cache)))
    }
}

/// This process's memory cgroup and its ancestors: each may set a limit.
fn cgroups() -> Vec<Cgroup> {
    let Ok(text) = fs::read_to_string("/proc/self/cgroup") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (version, root) = if controllers.is_empty() {
            (Version::Two, Path::new("/sys/fs/cgroup"))
        } else if controllers.split(',').any(|c| c == "memory") {
            (Version::One, Path::new("/sys/fs/cgroup/memory"))
        } else {
            continue;
        };
        // Inside a container the path may be the host's; then only the root
        // of the mount exists, and that is the container's own group.
        let own = root.join(path.trim_start_matches('/'));
        for directory in own.ancestors().take_while(|d| d.starts_with(root)) {
            if directory.is_dir() {
                found.push(Cgroup {
                    version,
                    directory: directory.to_path_buf(),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_name() {
        let text = "MemTotal:       24601 kB\nMemAvailable:    123 kB\n";
        assert_eq!(field_of(text, "MemAvailable:"), Some(123));
        assert_eq!(field_of(text, "SwapFree:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells() {
        assert!(memory_available().unwrap() > 0);
        assert!(memory_limit().unwrap() > 0);
        assert!(free(Path::new(".")).disk.unwrap() > 0);
        assert_eq!(free(Path::new("/no such folder")).disk, None);
    }

    #[test]
    fn limits_of_both_versions_are_read() {
        let directory = std::env::temp_dir().join(format!("leakwatch-cg-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let write = |name: &str, text: &str| fs::write(directory.join(name), text).unwrap();
        write("memory.max", "1000\n");
        write("memory.current", "900\n");
        write("memory.stat", "anon 5\ninactive_file 300\n");
        write("memory.limit_in_bytes", "9223372036854771712\n");
        let of = |version| Cgroup {
            version,
            directory: directory.clone(),
        };
        assert_eq!(of(Version::Two).left(), Some(400));
        assert_eq!(of(Version::One).limit(), None);
        assert!(!of(Version::Two).dies_together());
        write("memory.oom.group", "1\n");
        assert!(of(Version::Two).dies_together());
        write("memory.max", "max\n");
        assert_eq!(of(Version::Two).left(), None);
        fs::remove_dir_all(&directory).unwrap();
    }
}
