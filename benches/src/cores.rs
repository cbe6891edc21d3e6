//! The machine's cores: one for what is measured, another for who asks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Who runs where.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    /// For the contender under load.
    pub measured: usize,
    /// For the load generator, and the server that ext_authz asks.
    pub load: usize,
}

impl Cores {
    /// The first two that this process may use.
    ///
    /// # Errors
    /// When there is only one.
    pub fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut usable = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        match (usable.next(), usable.next()) {
            (Some(measured), Some(load)) => Ok(Self { measured, load }),
            _ => bail!("two cores are needed: one for Envoy, one for the load"),
        }
    }
}

/// Binds all threads of a process to a core; threads that it starts later follow.
///
/// # Errors
/// When the process is gone.
pub fn pin(process: u32, core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let name = entry?.file_name();
        let thread: i32 = name.to_str().context("not a thread")?.parse()?;
        sched_setaffinity(Pid::from_raw(thread), &set)?;
    }
    Ok(())
}

/// Binds the calling thread to a core; threads that it starts later follow.
///
/// # Errors
/// When the system refuses.
pub fn pin_thread(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// What all threads of a process have spent on processors so far, in nanoseconds (`schedstat` of the
/// kernel's `sched-stats` document).
///
/// # Errors
/// When the process is gone.
pub fn spent_nanoseconds(process: u32) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(entry?.path().join("schedstat"))?;
        let spent = text.split_whitespace().next().context("no schedstat")?;
        sum += spent.parse::<u64>()?;
    }
    Ok(sum)
}

/// What a process keeps in memory, in bytes (`VmRSS` of `proc_pid_status(5)`).
///
/// # Errors
/// When the process is gone.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmRSS")?.parse::<u64>()? * 1024)
}

/// The processor's name, for the report.
pub fn processor() -> String {
    let text = fs::read_to_string(Path::new("/proc/cpuinfo")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':'));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}
