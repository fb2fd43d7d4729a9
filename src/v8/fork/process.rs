//! The parent's end of a copy: watch, end, reap.

use std::io;

/// How a copy came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// What the scheduler says of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// It waits for something, rather than for a turn on a processor.
    pub asleep: bool,
    /// Processor time so far, in clock ticks.
    pub ticks: u64,
}

/// A copy of this process; ended and reaped when dropped.
///
/// It raises no SIGCHLD, so neither Node nor the app knows of it, and its
/// number cannot be given to another process before it is reaped here.
pub struct Child {
    pid: libc::pid_t,
    ended: Option<Ended>,
}

impl Child {
    pub(super) fn new(pid: libc::pid_t) -> Self {
        Self { pid, ended: None }
    }

    /// Its process number.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Ends it now.
    pub fn kill(&self) {
        if self.ended.is_none() {
            // SAFETY: the child is not reaped yet, so the number is its own.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
        }
    }

    /// Waits until it has ended, on any thread.
    pub fn wait(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.ended {
                return ended;
            }
            let mut status = 0;
            // SAFETY: waits for this child alone. `__WALL`, since it has no exit
            // signal.
            let pid = unsafe { libc::waitpid(self.pid, &raw mut status, libc::__WALL) };
            if pid == self.pid {
                self.ended = Some(if libc::WIFSIGNALED(status) {
                    Ended::Signal(libc::WTERMSIG(status))
                } else {
                    Ended::Code(libc::WEXITSTATUS(status))
                });
            } else if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                // Somebody else has reaped it, which takes an effort.
                self.ended = Some(Ended::Code(-1));
            }
        }
    }

    /// What it is doing just now; `None` where /proc does not say.
    pub fn sample(&self) -> Option<Sample> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        parse(&text)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        self.wait();
    }
}

/// `4242 (leakwatch) R 1 …`: state is the third field, user and system time the
/// 14th and 15th. The name may contain anything.
fn parse(stat: &str) -> Option<Sample> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let mut times = fields.skip(10);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(Sample {
        asleep: state == "S",
        ticks: user + system,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat() {
        let line = "42 (a) b) S 1 42 42 0 -1 4194304 100 0 0 0 7 3 0 0 39 19 1 0 1 1 1";
        let expected = Sample {
            asleep: true,
            ticks: 10,
        };
        assert_eq!(parse(line), Some(expected));
        assert_eq!(parse("42 (a"), None);
    }
}
