//! Where a run's logs and data go.

use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};
use portcullis_demo::tools::Tools;

/// The directory of one stand of this process, not made yet.
pub fn of_stand(name: &str) -> Result<PathBuf> {
    static RUN: LazyLock<Result<PathBuf>> = LazyLock::new(of_run);
    match &*RUN {
        Ok(run) => Ok(run.join(name)),
        Err(error) => Err(anyhow!("{error:#}")),
    }
}

fn of_run() -> Result<PathBuf> {
    let runs = Tools::target()?.join("e2e");
    fs::create_dir_all(&runs).with_context(|| format!("cannot make {}", runs.display()))?;
    remove_old(&runs)?;
    let run = runs.join(process::id().to_string());
    // Not by `eprintln!`, which the test runner would keep for itself.
    writeln!(stderr(), "logs of this run: {}", run.display())?;
    Ok(run)
}

/// Removes the directories of ended processes, except the last one, whose logs a person may
/// be reading.
fn remove_old(runs: &Path) -> Result<()> {
    let mut old: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(runs)? {
        let entry = entry?;
        if !Path::new("/proc").join(entry.file_name()).exists() {
            old.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    old.sort();
    old.pop();
    for (_, path) in old {
        fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}
